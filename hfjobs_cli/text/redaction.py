"""Redact secrets: what looks like one by its name, the token, and values that are known to be secret.

Errors of the Hub may repeat what was sent. The program's own words are left alone: a secret may be a word such as
`alice`, which is also a namespace.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

MASK = "***"

# Compiled when they are used: each start imports this module, and few need the patterns.
_NAME = (
    r"(?i)(?:^|[^a-z])(?:token|secret|password|passwd|passphrase|credentials?"
    r"|(?:api|access|private|auth|secret)[-_]?key)(?:$|[^a-z])"
)
_TOKEN = r"\bhf_[A-Za-z0-9]{8,}"  # noqa: S105 - a pattern
_QUERY_VALUE = r"(?P<name>[^&=]*)=[^&]*"
_SIGNED = r"(?i)(?:^|-)(?:sig|signature|key|auth|jwt)$"
"""Query parameters that sign a URL, and so give access to anyone who has it: `X-Amz-Signature`, `sig`."""

_NAMED = r"(?s)(-{0,2}[\w-]+)(=?)(.*)"
"""A word that may be an option or a variable, with or without a value."""


def looks_secret(name: str) -> bool:
    """Return whether a variable or option of this name is likely to be a secret: `WANDB_API_KEY`, `--hf-token`."""
    return bool(re.search(_NAME, name))


def masked(text: str) -> str:
    """Return a text with tokens of the Hub masked."""
    return re.sub(_TOKEN, MASK, text)


def masked_value(name: str, value: str) -> str:
    """Return the value of a variable, or a mask if it looks like a secret."""
    return MASK if looks_secret(name) and value else masked(value)


def masked_words(words: Iterable[str]) -> list[str]:
    """Return the words of a command with values masked that look like secrets: `--token ***`, `API_KEY=***`."""
    found: list[str] = []
    is_next = False
    for word in words:
        named = re.fullmatch(_NAMED, word)
        is_named = named is not None and looks_secret(named[1])
        if is_next:
            found.append(MASK)
        elif named is not None and is_named and named[2]:
            found.append(f"{named[1]}={MASK}")
        else:
            found.append(masked(word))
        is_next = not is_next and is_named and word.startswith("-") and "=" not in word
    return found


def without_password(address: str) -> str:
    """Return a URL without its password and without query values that look like secrets."""
    scheme, separator, rest = address.partition("://")
    if not separator:
        return address
    place, question, query = rest.partition("?")
    host, slash, path = place.partition("/")
    login, at, host = host.rpartition("@")
    if at:
        user, colon, _ = login.partition(":")
        host = f"{user}:{MASK}@{host}" if colon else f"{MASK}@{host}"
    query, hash_, _ = query.partition("#")
    return f"{scheme}://{host}{slash}{path}{question}{re.sub(_QUERY_VALUE, _masked_pair, query)}{hash_}"


def _masked_pair(pair: re.Match[str]) -> str:
    name = pair["name"]
    return f"{name}={MASK}" if looks_secret(name) or re.search(_SIGNED, name) else masked(pair[0])


LEAST_TOKEN = 8
"""The shortest token that is redacted; a shorter one may be a part of any word."""

LEAST_SECRET = 4
"""The shortest secret that is redacted; shorter ones are parts of ordinary words."""

_LEAST_PART = 8
"""The shortest line of a multi-line secret, and the shortest part of one in base64, that is redacted."""

_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_BLANK = r"(?:\s|%20|%0[9AaDd]|\+|\\+[nrt]|&#(?:9|10|13|32|[xX](?:0?9|0?[aAdD]|20));)+"
_QUOTED = r"(?s)'(?:[^'\\]|\\.)*(?:'|$)|\"(?:[^\"\\]|\\.)*(?:\"|$)"
_CUT = "..."


def without_token(text: str, token: str | None, shown: str = "<TOKEN>") -> str:
    """Redact the token of the session in a text, unless it is shorter than LEAST_TOKEN."""
    return text.replace(token, shown) if token and len(token) >= LEAST_TOKEN else text


def without_secrets(text: str, secrets: Collection[str]) -> str:
    """Redact secrets in text from outside, also single lines of multi-line secrets.

    They are found as they are, with other blanks, and as URLs, JSON, HTML and base64 spell them. The text must be
    whole: a part of a secret is not found.
    """
    pattern = _pattern(frozenset(secrets))
    return text if pattern is None else pattern.sub(MASK, text)


def quotes_without_secrets(text: str, secrets: Collection[str]) -> str:
    """Redact secrets in the quoted values of an error message of this program.

    A value that ends with three dots was cut, maybe within a secret, so all of it is masked.
    """
    pattern = _pattern(frozenset(secrets))
    if pattern is None:
        return text
    return re.sub(_QUOTED, lambda quoted: MASK if quoted[0].endswith(_CUT) else pattern.sub(MASK, quoted[0]), text)


@lru_cache(maxsize=8)
def _pattern(secrets: frozenset[str]) -> re.Pattern[str] | None:
    """Return a pattern that matches any of the secrets; None if all are too short."""
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
    """Return a pattern for a character as it is and as URLs, JSON and HTML escape it; any blanks match any others."""
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
    """Yield the base64 of a secret, alone or after other bytes: their number modulo 3 changes the encoding."""
    for before, lost in ((0, 0), (1, 2), (2, 3)):
        encoded = b2a_base64(bytes(before) + secret, newline=False).decode("ascii")
        certain = encoded.rstrip("=")
        if encoded != certain:
            certain = certain[:-1]  # some of its bits belong to the next byte
        for text in {certain[lost:], encoded if not before else ""}:
            if len(text) >= _LEAST_PART:
                yield text
                yield text.replace("+", "-").replace("/", "_")
