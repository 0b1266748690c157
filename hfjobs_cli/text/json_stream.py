"""Parse JSON: one value, or a stream of values, concatenated or in an array, which may be endless."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

MAX_MIB = 20
MAX_CHARACTERS = MAX_MIB * 1024 * 1024
"""The longest value, line without a value, and gap between values; longer ones may be endless."""

_BETWEEN = re.compile(r"[\s,\[\]\ufeff]+")
_NEAR_END = 12
"""An error so near the end of the buffer may mean that more must be read: a word or escape may be cut off."""

MAX_DIGITS = 400
"""Longer whole numbers become infinite. Python refuses values that contain one of more than 4,300 digits."""


def loads(text: str | bytes) -> Any:
    """Parse a JSON text, with numbers of any length. Raises ValueError and RecursionError."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) <= MAX_DIGITS else float(digits)


_decode = json.JSONDecoder().raw_decode
_decode_long = json.JSONDecoder(parse_int=_number).raw_decode


class Broken(NamedTuple):
    """Placeholder for a parse error."""

    reason: str


class _Text:
    """The text that was read and not yet parsed. `line` is the line number of its first character."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self.line = 1
        self.text = ""
        self.at = 0
        self._pieces = iter(pieces)

    def grow(self) -> bool:
        """Double the text, so that large values are not parsed too often. Return False at the end."""
        kept = self.text[self.at :]
        more: list[str] = []
        for piece in self._pieces:
            more.append(piece)
            if sum(map(len, more)) >= len(kept):
                break
        self.text, self.at = kept + "".join(more), 0
        return bool(more)

    def use(self, end: int) -> str:
        """Continue at `end`, and return the text before it."""
        used = self.text[self.at : end]
        self.line += used.count("\n")
        self.at = end
        return used

    def leave_line(self) -> bool:
        """Continue at the next line. Return False if the line seems endless."""
        left = 0
        while (end := self.text.find("\n", self.at)) < 0:
            left += len(self.text) - self.at
            if left > MAX_CHARACTERS:
                return False
            self.use(len(self.text))
            if not self.grow():
                return True
        self.use(end)
        return True


def values(pieces: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """Yield each value with its line number; Broken for a parse error, then continue with the next line.

    It stops after a value, line or gap that seems endless.
    """
    text = _Text(pieces)
    depth = gap_size = 0
    while True:
        if text.at >= len(text.text) and not text.grow():
            if depth > 0:
                yield text.line, Broken("unexpected end inside an array")
            return
        if between := _BETWEEN.match(text.text, text.at):
            gap = text.use(between.end())
            depth += gap.count("[") - gap.count("]")
            gap_size += len(gap)
            if gap_size > MAX_CHARACTERS:
                yield text.line, Broken(f"more than {MAX_MIB} MiB without a value; the rest is ignored")
                return
            continue
        line, found, end = text.line, None, 0
        gap_size = 0
        try:
            try:
                found, end = _decode(text.text, text.at)
            except json.JSONDecodeError:
                raise
            except ValueError:  # it contains a number with thousands of digits
                found, end = _decode_long(text.text, text.at)
        except json.JSONDecodeError as error:
            if _may_go_on(error, text.text) and len(text.text) - text.at < MAX_CHARACTERS and text.grow():
                continue
            found = Broken(_reason(error, text))
        except RecursionError:
            found = Broken("nested too deeply")
        if not isinstance(found, Broken):
            text.use(end)
        elif not text.leave_line():
            yield line, Broken(f"longer than {MAX_MIB} MiB and not a job; the rest is ignored")
            return
        yield line, found


def _may_go_on(error: json.JSONDecodeError, text: str) -> bool:
    """Return whether the error may only mean that the rest is missing."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _NEAR_END


def _reason(error: json.JSONDecodeError, text: _Text) -> str:
    if _may_go_on(error, text.text) and error.pos > text.at:
        return "unexpected end inside a value"
    return f"invalid JSON: {error.msg[:1].lower()}{error.msg[1:]}"
