"""Split the text of a template into tokens, and read Go's literals."""

from __future__ import annotations

import math
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

_ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_LENGTHS = {"x": 2, "u": 4, "U": 8}
_INT64 = range(-(2**63), 2**63)
_BASES = {"0x": 16, "0o": 8, "0b": 2}


def unquote(quoted: str) -> str:
    """Return the value of a quoted string. Raises ValueError.

    Bytes that are not UTF-8, such as `"\\xff"`, become U+FFFD.
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
    """Return the code point of a character constant. Raises ValueError."""
    body = quoted[1:-1]
    if not body:
        raise ValueError("it is empty")
    piece, end = _character(body, 0, "'")
    if end != len(body):
        raise ValueError("more than one character")
    return piece[0] if len(piece) == 1 else ord(piece.decode("utf-8", "surrogatepass"))


def _character(body: str, at: int, quote: str) -> tuple[bytes, int]:
    """Read one character, which may be escaped; return its bytes, and the offset of the next one."""
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
            raise ValueError(f"'{body[at:end]}' is not a character")
        return chr(code).encode(), end
    if letter in "01234567":
        code = _digits(body[at + 1 : at + 4], 3, 8)
        if code > 255:
            raise ValueError(f"'{body[at : at + 4]}' is not a character")
        return bytes([code]), at + 4
    raise ValueError(f"unknown escape '\\{letter}'")


def _digits(text: str, length: int, base: int) -> int:
    if len(text) != length or not text.isalnum() or not text.isascii():
        raise ValueError(f"an escape needs {length} digits")
    return int(text, base)


def number(text: str) -> tuple[int | float | complex, int | None]:
    """Return the value of a number, and its value as a whole number, None if it is not whole. Raises ValueError.

    A whole number may be up to twice the largest int of Go, which refuses it only when it is used.
    """
    if text[0] == "'":
        code = unquote_character(text)
        return code, code
    if text.endswith("i"):
        return _complex(text)
    if not any(char in text for char in ".eEpP") or (text.lstrip("+-")[:2].lower() == "0x" and "p" not in text.lower()):
        whole = _integer(text)
        if not -(2**63) <= whole < (2**63 if text[0] == "+" else 2**64):
            raise ValueError("too large")
        return whole, whole if whole in _INT64 else None
    real = _float(text)
    return real, int(real) if real.is_integer() and int(real) in _INT64 else None


def _complex(text: str) -> tuple[complex, int | None]:
    cut = max(text.rfind("+"), text.rfind("-"))
    # Neither a leading sign nor that of an exponent separates the two numbers.
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
        raise ValueError("no digits")
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
            raise ValueError("too large") from None
    else:
        value = float(text)
    if math.isinf(value):
        raise ValueError("too large")
    return value


def _check_underscores(text: str) -> None:
    """Raise ValueError unless each underscore stands between digits."""
    for at, char in enumerate(text):
        around = (text[at - 1 : at] + text[at + 1 : at + 2]).lower().replace("x", "0")
        if char == "_" and not (len(around) == 2 and all(other in "0123456789abcdef" for other in around)):
            raise ValueError("an underscore must be between digits")


LEFT, RIGHT = "{{", "}}"
SPACES = " \t\r\n"


class Kind(Enum):
    """The kinds of tokens."""

    TEXT = "text"
    LEFT = LEFT
    RIGHT = RIGHT
    SPACE = "space"
    KEYWORD = "keyword"
    IDENTIFIER = "name"
    FIELD = "field"
    VARIABLE = "variable"
    DOT = "'.'"
    NIL = "nil"
    BOOL = "true or false"
    NUMBER = "number"
    CHARACTER = "character constant"
    STRING = "string"
    RAW_STRING = "raw string"
    PIPE = "'|'"
    ASSIGN = "'='"
    DECLARE = "':='"
    LEFT_PAREN = "'('"
    RIGHT_PAREN = "')'"
    OTHER = "character"
    ERROR = "error"
    END = "the end of the template"


KEYWORDS = ("block", "break", "continue", "define", "else", "end", "if", "range", "template", "with")
_WORDS = dict.fromkeys(KEYWORDS, Kind.KEYWORD) | {"nil": Kind.NIL, "true": Kind.BOOL, "false": Kind.BOOL}
_SINGLE = {"=": Kind.ASSIGN, "|": Kind.PIPE, "(": Kind.LEFT_PAREN, ")": Kind.RIGHT_PAREN}


class Token(NamedTuple):
    """A token, and its offset. The text of an ERROR is its message."""

    kind: Kind
    text: str
    at: int


class _Bad(Exception):
    """The text at an offset is not valid."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`; the last is END, or ERROR at text that is not valid."""
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def run(self) -> Iterator[Token]:
        try:
            while self.at < len(self.text):
                yield from self._text()
                if self.at < len(self.text):
                    yield from self._action()
        except _Bad as bad:
            yield Token(Kind.ERROR, str(bad), bad.at)
            return
        yield Token(Kind.END, "", self.at)

    def _text(self) -> Iterator[Token]:
        """Read up to the next action, or to the end."""
        start, self.at = self.at, self.text.find(LEFT, self.at)
        if self.at < 0:
            self.at = len(self.text)
        text = self.text[start : self.at]
        if self._trims_before(self.at + len(LEFT)):
            text = text.rstrip(SPACES)
        if text:
            yield Token(Kind.TEXT, text, start)

    def _action(self) -> Iterator[Token]:
        """Read an action with its delimiters; a comment has no tokens."""
        start = self.at
        self.at += len(LEFT)
        if self._trims_before(self.at):
            self.at += 2
        if self.text.startswith("/*", self.at):
            self._comment(start)
            return
        yield Token(Kind.LEFT, LEFT, start)
        parens = 0
        while not self._at_right():
            if self.at == len(self.text):
                raise _Bad("the action is not closed with '}}'", start)
            token = self._token()
            parens += (token.kind is Kind.LEFT_PAREN) - (token.kind is Kind.RIGHT_PAREN)
            if parens < 0:
                raise _Bad("unexpected ')'", token.at)
            yield token
        if parens:
            raise _Bad("a '(' is not closed", self.at)
        yield Token(Kind.RIGHT, RIGHT, self.at)
        self._leave()

    def _comment(self, start: int) -> None:
        end = self.text.find("*/", self.at + 2)
        if end < 0:
            raise _Bad("the comment is not closed with '*/'", start)
        self.at = end + 2
        if not self._at_right():
            raise _Bad("a comment must be an action of its own: '}}' must follow '*/'", self.at)
        self._leave()

    def _trims_before(self, at: int) -> bool:
        """Return whether the marker `- ` stands at an offset."""
        return self.text.startswith("-", at) and self.text[at + 1 : at + 2] in tuple(SPACES)

    def _trims_after(self) -> bool:
        """Return whether ` -}}` comes next."""
        return self.text[self.at : self.at + 1] in tuple(SPACES) and self.text.startswith("-" + RIGHT, self.at + 1)

    def _at_right(self) -> bool:
        return self.text.startswith(RIGHT, self.at) or self._trims_after()

    def _leave(self) -> None:
        """Skip the right delimiter, and the white space that it trims."""
        if not self._trims_after():
            self.at += len(RIGHT)
            return
        self.at += 2 + len(RIGHT)
        while self.at < len(self.text) and self.text[self.at] in SPACES:
            self.at += 1

    def _token(self) -> Token:
        """Read one token inside an action."""
        start, char = self.at, self.text[self.at]
        if char in SPACES:
            return self._space()
        if char in _SINGLE:
            return self._take(_SINGLE[char], start + 1)
        if char == ":":
            if not self.text.startswith(":=", start):
                raise _Bad("':' should be ':='", start)
            return self._take(Kind.DECLARE, start + 2)
        if char in "\"'":
            return self._quoted(char)
        if char == "`":
            end = self.text.find("`", start + 1)
            if end < 0:
                raise _Bad("the raw string is not closed with '`'", start)
            return self._take(Kind.RAW_STRING, end + 1)
        if char == "$":
            return self._name(Kind.VARIABLE, Kind.VARIABLE)
        if char == "." and not _is_digit(self.text[start + 1 : start + 2]):
            return self._name(Kind.FIELD, Kind.DOT)
        if char in "+-." or _is_digit(char):
            return self._number()
        if is_alphanumeric(char):
            token = self._name(Kind.IDENTIFIER, Kind.IDENTIFIER)
            return token._replace(kind=_WORDS.get(token.text, Kind.IDENTIFIER))
        if char.isascii() and char.isprintable():
            return self._take(Kind.OTHER, start + 1)
        raise _Bad(f"unexpected character {char!a}", start)

    def _take(self, kind: Kind, end: int) -> Token:
        start, self.at = self.at, end
        return Token(kind, self.text[start:end], start)

    def _space(self) -> Token:
        end = self.at
        while self.text[end : end + 1] in tuple(SPACES):
            end += 1
        # The last space belongs to ` -}}`.
        return self._take(Kind.SPACE, end - self.text.startswith("-" + RIGHT, end))

    def _quoted(self, quote: str) -> Token:
        what = "string" if quote == '"' else "character constant"
        end = self.at + 1
        while self.text[end : end + 1] != quote:
            end += 1 + self.text.startswith("\\", end)
            if end >= len(self.text) or self.text[end - 1] == "\n" or self.text[end] == "\n":
                raise _Bad(f"the {what} is not closed with {quote}", self.at)
        return self._take(Kind.STRING if quote == '"' else Kind.CHARACTER, end + 1)

    def _name(self, kind: Kind, alone: Kind) -> Token:
        """Read the rest of a name after its first character; without a rest, the token is of the kind `alone`."""
        end = self.at + 1
        while is_alphanumeric(self.text[end : end + 1]):
            end += 1
        if not self._may_end_at(end):
            char = self.text[end]
            hint = ' (for names with other characters, use: index .object "name")' if kind is Kind.FIELD else ""
            raise _Bad(f"unexpected character {char!a} in a name{hint}", end)
        return self._take(alone if end == self.at + 1 else kind, end)

    def _may_end_at(self, end: int) -> bool:
        """Return whether a name may end here."""
        return self.text[end : end + 1] in ("", *SPACES, *".,|:)(") or self.text.startswith(RIGHT, end)

    def _number(self) -> Token:
        end = self._scan_number(self.at)
        if self.text[end : end + 1] in ("+", "-"):
            end = self._scan_number(end)
            if self.text[end - 1] != "i":
                raise _Bad(f"'{self.text[self.at : end]}' is not a number", self.at)
        return self._take(Kind.NUMBER, end)

    def _scan_number(self, start: int) -> int:
        """Return where a number ends; whether it is valid is checked later."""
        end = start + (self.text[start] in "+-")
        digits, exponent = "0123456789_", "eE"
        if self.text.startswith("0", end):
            prefix = self.text[end + 1 : end + 2].lower()
            digits = {"x": "0123456789abcdefABCDEF_", "o": "01234567_", "b": "01_"}.get(prefix, digits)
            exponent = {"x": "pP", "o": "", "b": ""}.get(prefix, exponent)
            end += 2 if prefix in ("x", "o", "b") else 1
        end = self._skip(end, digits)
        if self.text.startswith(".", end):
            end = self._skip(end + 1, digits)
        if exponent and self.text[end : end + 1] in tuple(exponent):
            end += 1 + (self.text[end + 1 : end + 2] in ("+", "-"))
            end = self._skip(end, "0123456789_")
        end += self.text.startswith("i", end)
        if is_alphanumeric(self.text[end : end + 1]):
            raise _Bad(f"'{self.text[start : end + 1]}' is not a number", start)
        return end

    def _skip(self, at: int, chars: str) -> int:
        while at < len(self.text) and self.text[at] in chars:
            at += 1
        return at


def is_alphanumeric(char: str) -> bool:
    """Return whether a name may contain the character: a letter, a decimal digit or `_`."""
    return char == "_" or char.isalpha() or char.isdecimal()


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdecimal()
