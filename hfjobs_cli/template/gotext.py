"""Strings as Go converts them: in upper and lower case, escaped for HTML, JavaScript and URLs, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Callable
from json.encoder import encode_basestring
from typing import Any
from unicodedata import category
from urllib.parse import quote_plus

from hfjobs_cli.template.go_types import ABSENT, kind, sorted_keys
from hfjobs_cli.template.gofmt import MAX_DATA_DEPTH, TooDeep, decimal, format_float

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_JSON = str.maketrans(
    {"\u2028": "\\u2028", "\u2029": "\\u2029", **{chr(code): "\ufffd" for code in range(0xD800, 0xE000)}}
)


Shows = Callable[[str], bool]
"""Returns whether a text is written as it is. Other text is written with the escapes of the target language."""


def html_escaped(text: str, shows: Shows = lambda _: True) -> str:
    """Escape a text for HTML, which has no escapes for control characters."""
    escaped = text.translate(_HTML)
    return formatted(escaped, shows, lambda char: char if category(char) in ("Cc", "Cs") else f"&#{ord(char)};")


def js_escaped(text: str, shows: Shows = lambda _: True) -> str:
    """Escape a text for a string of JavaScript."""
    escaped = "".join(_JS.get(char) or (char if _is_plain(char) else _js_code(char)) for char in text)
    return formatted(escaped, shows, _js_code)


def js_escaped_as_go(text: str, _shows: Shows) -> str:
    """Escape a text for a string of JavaScript as Go does: with five digits beyond U+FFFF, though four are read."""
    return "".join(_JS.get(char) or (char if _is_plain(char) else f"\\u{ord(char):04X}") for char in text)


def _is_plain(char: str) -> bool:
    return char >= " " and (char <= "\x7f" or char.isprintable())


def _js_code(char: str) -> str:
    return u_escaped(char, "X")


def u_escaped(char: str, digits: str = "x") -> str:
    """Write a character as `\\u1234`, or as a surrogate pair, for JSON and JavaScript."""
    code = ord(char)
    codes = [code] if code < 0x10000 else [0xD7C0 + (code >> 10), 0xDC00 + (code & 0x3FF)]
    return "".join(f"\\u{each:04{digits}}" for each in codes)


def formatted(text: str, shows: Shows, spell: Callable[[str], str]) -> str:
    """Return `text`, with the characters that are not written as they are replaced by `spell`."""
    if text.isascii() and text.isprintable():
        return text
    return text if shows(text) else "".join(char if shows(char) else spell(char) for char in text)


def url_escaped(text: str, _shows: Shows = lambda _: True) -> str:
    """Escape a text for the query of a URL."""
    return quote_plus(text, safe="", errors="replace")


def lowered(text: str) -> str:
    """Return a text in lower case; one character becomes one character."""
    return text.lower() if text.isascii() else "".join(char.lower()[0] for char in text)


def uppered(text: str) -> str:
    """Return a text in upper case; one character becomes one character, or stays as it is."""
    return text.upper() if text.isascii() else "".join(map(_upper, text))


def _upper(char: str) -> str:
    return next((big for big in (char.upper(), char.title()) if len(big) == 1), char)


def titled(text: str) -> str:
    """Return a text with the first letter of each word in upper case."""
    result = []
    before = " "
    for char in text:
        big = char.title()
        result.append(big if _parts_words(before) and len(big) == 1 else char)
        before = char
    return "".join(result)


def _parts_words(char: str) -> bool:
    if char.isascii():
        return not (char.isalnum() or char == "_")
    return char.isspace()


def json_text(value: Any, depth: int = 0) -> str:
    """Format a value as JSON with sorted keys. Raises NotPlain and TooDeep; ValueError for NaN and infinity."""
    if depth > MAX_DATA_DEPTH:
        raise TooDeep
    what = kind(value)
    if what == "string":
        return encode_basestring(value).translate(_JSON)
    if what == "list":
        return f"[{','.join(json_text(item, depth + 1) for item in value)}]"
    if what == "map":
        return f"{{{','.join(f'{json_text(key)}:{json_text(value[key], depth + 1)}' for key in sorted_keys(value))}}}"
    if what == "float":
        return _json_float(value)
    if value is None or value is ABSENT:
        return "null"
    if what == "complex":
        raise ValueError("a complex number cannot be written as JSON")
    return str(value).lower() if what == "bool" else decimal(int(value))


def _json_float(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written as JSON")
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, _, exponent = format_float(value, "e", None).partition("e")
        return f"{mantissa}e{exponent[0]}{exponent[1:].lstrip('0')}"
    return format_float(value, "f", None)
