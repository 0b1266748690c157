"""Lines on a terminal that are painted again in place, and only where they changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from hfjobs_cli.text.widths import cell_width

_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_OPEN_WHOLE = "\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l"
"""Another screen than that with the command line, no cursor, and no line that goes on in the next one."""

_CLOSE_WHOLE = "\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l"

_OPEN_BELOW = "\x1b[?25l\x1b[?7l"
_CLOSE_BELOW = "\x1b[m\x1b[?7h\x1b[?25h"

_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know these show all that is between them at once; others take no notice."""


class Size(NamedTuple):
    """How many characters a terminal holds in a line, and how many lines."""

    columns: int
    lines: int


class Screen:
    """Lines on a terminal, on a screen of their own (`is_whole`) or below what is there.

    Lines may have colours, but nothing else that commands a terminal, and each is at most as wide as it is.
    """

    def __init__(self, write: Callable[[str], None], *, is_whole: bool = True) -> None:
        """Write to a terminal that obeys codes. `write` hands on at once what it gets."""
        self._write = write
        self._is_whole = is_whole
        self._size: Size | None = None
        self._painted: list[str] = []

    def open(self) -> None:
        """Take the terminal."""
        self._size, self._painted = None, []
        self._write(_OPEN_WHOLE if self._is_whole else _OPEN_BELOW)

    def lend(self) -> None:
        """Empty the screen for something else that writes on it, until it is opened again."""
        self._write("\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h")

    def close(self, last: Sequence[str] = ()) -> None:
        """Give the terminal back as it was, cursor and all; `last` are lines that stay.

        What is below the command line stays as it is, unless there are other lines to stay.
        """
        if self._is_whole:
            text = _CLOSE_WHOLE + "".join(f"{line}\n" for line in last)
        else:
            text = (self._below(list(last)) if last else "") + _CLOSE_BELOW
        self._painted = []
        self._write(text)

    def paint(self, lines: Sequence[str], size: Size) -> None:
        """Show these lines, as many of them as there is room for."""
        if self._is_whole:
            text = self._changed(list(lines[: size.lines]), size)
        else:
            text = self._below(list(lines[: size.lines - 1]))
        if text:
            self._write(f"{_HOLD}{text}{_SHOW}")

    def _changed(self, lines: list[str], size: Size) -> str:
        """Return what turns the painted lines of a whole screen into others. After a change of size all are new."""
        clear = ""
        if size != self._size:
            clear, self._painted, self._size = "\x1b[m\x1b[2J", [], size
        lines += [""] * (size.lines - len(lines))
        before = self._painted or [""] * size.lines
        self._painted = lines
        return clear + "".join(
            f"\x1b[{row};1H{line}{_rest(line, size.columns)}"
            for row, (line, old) in enumerate(zip(lines, before, strict=True), 1)
            if line != old
        )

    def _below(self, lines: list[str]) -> str:
        """Return what turns the painted lines below the command line into others. The cursor is below the last one."""
        before, self._painted = self._painted, lines
        same = next((place for place, pair in enumerate(zip(before, lines, strict=False)) if pair[0] != pair[1]), None)
        if same is None:
            same = min(len(before), len(lines))
        if same == len(before) == len(lines):
            return ""
        up = len(before) - same
        return (
            (f"\x1b[{up}A" if up else "")
            + "".join(f"\r{line}\x1b[K\n" for line in lines[same:])
            + ("\x1b[J" if len(lines) < len(before) else "")
        )


def _rest(line: str, columns: int) -> str:
    """Return what clears the rest of a line. There is none after one that is as wide as the terminal: where the cursor
    stands then, it would clear the last character.
    """
    return "" if cell_width(_CODE.sub("", line)) >= columns else "\x1b[K"
