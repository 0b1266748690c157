"""Text of a template -> tokens, by the rules of Go's text/template."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

LEFT, RIGHT = "{{", "}}"
SPACES = " \t\r\n"


class Kind(Enum):
    """What a token is."""

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
    """A token, and the offset at which it stands. The text of an ERROR is its message."""

    kind: Kind
    text: str
    at: int


class _Bad(Exception):
    """What stands at an offset cannot be read."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at = at


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of `text`; the last is END, or ERROR where it cannot be read any further."""
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
        """Read an action with its delimiters, or a comment, of which nothing is left."""
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
            raise _Bad("a comment is an action by itself: '}}' must follow '*/'", self.at)
        self._leave()

    def _trims_before(self, at: int) -> bool:
        """Tell whether the marker `- ` stands at an offset."""
        return self.text.startswith("-", at) and self.text[at + 1 : at + 2] in tuple(SPACES)

    def _trims_after(self) -> bool:
        """Tell whether ` -}}` comes next."""
        return self.text[self.at : self.at + 1] in tuple(SPACES) and self.text.startswith("-" + RIGHT, self.at + 1)

    def _at_right(self) -> bool:
        return self.text.startswith(RIGHT, self.at) or self._trims_after()

    def _leave(self) -> None:
        """Step over the right delimiter, and over the white space that it trims."""
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
        # The last blank belongs to ` -}}`.
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
        """Read a name, of which the first character is known; without another it is `alone`."""
        end = self.at + 1
        while is_alphanumeric(self.text[end : end + 1]):
            end += 1
        if not self._may_end_at(end):
            char = self.text[end]
            hint = ' (a name with other characters is read with: index .object "name")' if kind is Kind.FIELD else ""
            raise _Bad(f"unexpected character {char!a} in a name{hint}", end)
        return self._take(alone if end == self.at + 1 else kind, end)

    def _may_end_at(self, end: int) -> bool:
        """Tell whether a name may end here."""
        return self.text[end : end + 1] in ("", *SPACES, *".,|:)(") or self.text.startswith(RIGHT, end)

    def _number(self) -> Token:
        end = self._scan_number(self.at)
        if self.text[end : end + 1] in ("+", "-"):
            end = self._scan_number(end)
            if self.text[end - 1] != "i":
                raise _Bad(f"'{self.text[self.at : end]}' is not a number", self.at)
        return self._take(Kind.NUMBER, end)

    def _scan_number(self, start: int) -> int:
        """Return where a number ends; whether it is one is found out later."""
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
    """Tell whether a name may hold the character: a letter, a decimal digit or `_`."""
    return char == "_" or char.isalpha() or char.isdecimal()


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdecimal()
