"""Redact the token and secrets in text from outside: errors of the Hub may repeat what was sent.

What the program says itself is left alone: a secret may be a word as `alice`, which is also a namespace.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from hfjobs_cli.text.secrets import MASK

LEAST_SECRET = 4
"""How short a secret may be to be looked for; a shorter one is a part of any word."""

_LEAST_PART = 8
"""How short one line of a secret of several may be, and what is looked for of one in base64."""

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_ESCAPED = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_BLANK = r"(?:\s|%20|%0[9AaDd]|\+|\\+[nrt]|&#(?:9|10|13|32|[xX](?:0?9|0?[aAdD]|20));)+"
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*(?:'|$)|\"(?:[^\"\\]|\\.)*(?:\"|$)", re.DOTALL)
_CUT = "..."


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """Redact secrets in text from outside, also single lines of multi-line secrets.

    They are found as they are, with other blanks, and as URLs, JSON, HTML and base64 spell them. The text must be
    whole: a part of a secret is not found.
    """
    pattern = _pattern(frozenset(secrets))
    return text if pattern is None else pattern.sub(MASK, text)


def quotes_without_secrets(text: str, secrets: Collection[str]) -> str:
    """Return an error of this program in which values of others are quoted, without the secrets in those.

    One that was cut, which ends with three dots, may end within a secret, so nothing of it is shown.
    """
    pattern = _pattern(frozenset(secrets))
    if pattern is None:
        return text
    return _QUOTED.sub(lambda quoted: MASK if quoted[0].endswith(_CUT) else pattern.sub(MASK, quoted[0]), text)


@lru_cache(maxsize=8)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """Return what finds any of the secrets, None if there is none that can be looked for."""
    found: set[str] = set()
    for secret in secrets:
        lines = [line.strip() for line in secret.splitlines()]
        for text in (secret.strip(), *(line for line in lines if len(line) >= _LEAST_PART)):
            if len(text) >= LEAST_SECRET:
                found.add("".join(map(_formatted, re.findall(r"\s+|\S", text))))
        found.update(map(re.escape, _in_base64(secret.encode("utf-8", "replace"))))
    # The longest first: one may be a part of another.
    return re.compile("|".join(sorted(found, key=len, reverse=True))) if found else None


def _formatted(char: str) -> str:
    """Return a pattern for a character as it is, and as URLs, JSON and HTML spell it; for blanks, any blanks."""
    if char.isspace():
        return _BLANK
    if char.isalnum() and char.isascii():
        return char
    utf8 = char.encode("utf-8", "replace")
    utf16 = char.encode("utf-16-be", "replace")
    ways = [rf"\\*{re.escape(char)}"]
    ways.append("".join(f"%(?i:{byte:02x})" for byte in utf8))
    ways.append(r"\\+u(?i:" + r")\\+u(?i:".join(utf16[at : at + 2].hex() for at in range(0, len(utf16), 2)) + ")")
    ways.append(rf"&#0*{ord(char)};")
    ways.append(rf"&#[xX]0*(?i:{ord(char):x});")
    if char in _ENTITIES:
        ways.append(f"&(?i:{_ENTITIES[char]});")
    return f"(?:{'|'.join(ways)})"


def _in_base64(secret: bytes) -> Iterator[str]:
    """Yield a secret in base64, alone or behind other bytes, of which the number decides how it looks."""
    from base64 import b64encode

    for before, lost in ((0, 0), (1, 2), (2, 3)):
        encoded = b64encode(bytes(before) + secret).decode("ascii")
        certain = encoded.rstrip("=")
        if encoded != certain:
            certain = certain[:-1]  # of which some bits belong to what follows
        for text in {certain[lost:], encoded if not before else ""}:
            if len(text) >= _LEAST_PART:
                yield text
                yield text.replace("+", "-").replace("/", "_")
