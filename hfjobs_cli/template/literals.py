"""Numbers and quoted texts as they are written in Go."""

from __future__ import annotations

import math

_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_LENGTHS = {"x": 2, "u": 4, "U": 8}
_INT64 = range(-(2**63), 2**63)
_BASES = {"0x": 16, "0o": 8, "0b": 2}


def unquote(quoted: str) -> str:
    """Return what a string stands for, without its quotes. Raises ValueError.

    Bytes that are no UTF-8, as `"\\xff"` can write them, become U+FFFD.
    """
    body = quoted[1:-1]
    if quoted[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    found = bytearray()
    at = 0
    while at < len(body):
        piece, at = _character(body, at, quoted[0])
        found += piece
    return found.decode("utf-8", "surrogatepass" if any("\ud800" <= char <= "\udfff" for char in body) else "replace")


def unquote_character(quoted: str) -> int:
    """Return the code point that a character constant stands for. Raises ValueError."""
    body = quoted[1:-1]
    if not body:
        raise ValueError("it is empty")
    piece, end = _character(body, 0, "'")
    if end != len(body):
        raise ValueError("it holds more than one character")
    return piece[0] if len(piece) == 1 else ord(piece.decode("utf-8", "surrogatepass"))


def _character(body: str, at: int, quote: str) -> tuple[bytes, int]:
    """Read one character, perhaps escaped: its bytes, and where the next one begins."""
    char = body[at]
    if char != "\\":
        return char.encode("utf-8", "surrogatepass"), at + 1
    letter = body[at + 1]
    if letter == quote:
        return letter.encode(), at + 2
    if letter in _ESCAPES:
        return bytes([_ESCAPES[letter]]), at + 2
    if letter in _LENGTHS:
        end = at + 2 + _LENGTHS[letter]
        code = _digits(body[at + 2 : end], _LENGTHS[letter], 16)
        if letter == "x":
            return bytes([code]), end
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ValueError(f"'{body[at:end]}' is no character")
        return chr(code).encode(), end
    if letter in "01234567":
        code = _digits(body[at + 1 : at + 4], 3, 8)
        if code > 255:
            raise ValueError(f"'{body[at : at + 4]}' is no character")
        return bytes([code]), at + 4
    raise ValueError(f"unknown escape '\\{letter}'")


def _digits(text: str, length: int, base: int) -> int:
    if len(text) != length or not text.isalnum() or not text.isascii():
        raise ValueError(f"an escape needs {length} digits")
    return int(text, base)


def number(text: str) -> tuple[int | float | complex, int | None]:
    """Return the value of a number, and its value as a whole number, None if it is none. Raises ValueError.

    A whole number may be twice as large as Go's int holds; Go finds that out only when it is used.
    """
    if text[0] == "'":
        code = unquote_character(text)
        return code, code
    if text.endswith("i"):
        return _complex(text)
    if not any(char in text for char in ".eEpP") or (text.lstrip("+-")[:2].lower() == "0x" and "p" not in text.lower()):
        whole = _integer(text)
        if not -(2**63) <= whole < (2**63 if text[0] == "+" else 2**64):
            raise ValueError("it is too large")
        return whole, whole if whole in _INT64 else None
    real = _float(text)
    return real, int(real) if real.is_integer() and int(real) in _INT64 else None


def _complex(text: str) -> tuple[complex, int | None]:
    cut = max(text.rfind("+"), text.rfind("-"))
    # Neither the sign in front nor that of an exponent parts the two numbers.
    if cut > 0 and text[cut - 1] in "eEpP":
        cut = max(text.rfind("+", 0, cut), text.rfind("-", 0, cut))
    real, imaginary = (0.0, text[:-1]) if cut <= 0 else (_float(text[:cut]), text[cut:-1])
    value = complex(real, _float(imaginary))
    is_whole = value.imag == 0 and value.real.is_integer() and int(value.real) in _INT64
    return value, int(value.real) if is_whole else None


def _integer(text: str) -> int:
    sign = -1 if text[0] == "-" else 1
    digits = text.lstrip("+-").lower()
    base = _BASES.get(digits[:2], 8 if digits[:1] == "0" and len(digits) > 1 else 10)
    if not digits[:1].isdigit():
        raise ValueError("it has no digits")
    if base == 8 and digits[:2] != "0o":
        digits = "0o" + digits[1:]  # 017, which Python does not read
    return sign * int(digits, base)


def _float(text: str) -> float:
    if "0x" in text.lower():
        if "p" not in text.lower():
            raise ValueError("a hexadecimal fraction needs an exponent")
        _check_underscores(text)
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            raise ValueError("it is too large") from None
    else:
        value = float(text)
    if math.isinf(value):
        raise ValueError("it is too large")
    return value


def _check_underscores(text: str) -> None:
    """Raise ValueError unless each underscore stands between digits."""
    for at, char in enumerate(text):
        around = (text[at - 1 : at] + text[at + 1 : at + 2]).lower().replace("x", "0")
        if char == "_" and not (len(around) == 2 and all(other in "0123456789abcdef" for other in around)):
            raise ValueError("an underscore must stand between digits")
