"""Live output on a terminal: styled lines, repainted where they changed, with keys and a timer."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, NamedTuple, TextIO

from hfjobs_cli.terminal import Size
from hfjobs_cli.text.terminal_text import cell_width, cut, printable, styled
from hfjobs_cli.tui.keyboard import keyboard_of

_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_OPEN_WHOLE = "\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l"
"""Switch to the alternate screen, clear it, hide the cursor, and turn off line wrapping."""

_CLOSE_WHOLE = "\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l"

_OPEN_BELOW = "\x1b[?25l\x1b[?7l"
_CLOSE_BELOW = "\x1b[m\x1b[?7h\x1b[?25h"

_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"
"""Synchronized output: terminals show all that is between these at once, or ignore them."""


class Piece(NamedTuple):
    """A piece of text, and its style as rich names it, None for none."""

    text: str
    style: str | None = None


class Canvas(NamedTuple):
    """Formats lines by the width, color support and character set of a terminal."""

    width: int
    color: bool
    is_unicode: bool = True

    def cell(self, text: str, width: int, style: str | None = None, *, right: bool = False) -> Piece:
        """Return untrusted text escaped, and cut or padded to a width."""
        shown = self.cut(self.formatted(text), width)
        blanks = " " * (width - cell_width(shown))
        return Piece(blanks + shown if right else shown + blanks, style)

    def cut(self, text: str, width: int) -> str:
        """Return text, cut with an ellipsis if it is too wide."""
        return cut(text, width, "…" if self.is_unicode else ".")

    def formatted(self, text: str) -> str:
        """Return untrusted text escaped and on one line, in characters that the terminal can show."""
        shown = printable(text)
        return shown if self.is_unicode else shown.encode("ascii", "backslashreplace").decode()

    def line(self, pieces: Iterable[Piece]) -> str:
        """Return a line cut to the width of the terminal, without spaces at its end."""
        room = self.width
        parts: list[str] = []
        for text, style in pieces:
            shown = self.cut(text, room)
            room -= cell_width(shown)
            parts.append(styled(shown, style) if style is not None and self.color else shown)
            if room <= 0:
                break
        return "".join(parts) if parts and parts[-1].endswith("m") else "".join(parts).rstrip()

    def bar(self, pieces: Iterable[Piece], style: str) -> str:
        """Return a line in one style, padded to the width of the terminal."""
        text = self.cut("".join(text for text, _ in pieces).rstrip(), self.width)
        return self.line([Piece(text + " " * (self.width - cell_width(text)), style)])


class Screen:
    """Lines on the alternate screen of a terminal (`is_whole`), or below the command line.

    Lines may have colors but no other escape codes, and are at most as wide as the terminal.
    """

    def __init__(self, write: Callable[[str], None], *, is_whole: bool = True) -> None:
        """Write to a terminal with escape codes. `write` does not buffer."""
        self._write = write
        self._is_whole = is_whole
        self._size: Size | None = None
        self._painted: list[str] = []

    def open(self) -> None:
        """Prepare the terminal."""
        self._size, self._painted = None, []
        self._write(_OPEN_WHOLE if self._is_whole else _OPEN_BELOW)

    def lend(self) -> None:
        """Clear the screen for other output, until it is opened again."""
        self._write("\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h")

    def close(self, last: Sequence[str] = ()) -> None:
        """Restore the terminal. `last` are lines that stay on it.

        Lines below the command line stay too, unless `last` replaces them.
        """
        if self._is_whole:
            text = _CLOSE_WHOLE + "".join(f"{line}\n" for line in last)
        else:
            text = (self._below(list(last)) if last else "") + _CLOSE_BELOW
        self._painted = []
        self._write(text)

    def paint(self, lines: Sequence[str], size: Size) -> None:
        """Show these lines, as many as fit."""
        if self._is_whole:
            text = self._changed(list(lines[: size.lines]), size)
        else:
            text = self._below(list(lines[: size.lines - 1]))
        if text:
            self._write(f"{_HOLD}{text}{_SHOW}")

    def _changed(self, lines: list[str], size: Size) -> str:
        """Return the output that changes the lines of the alternate screen; all of them after a change of size."""
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
        """Return the output that changes the lines below the command line. It leaves the cursor below the last one."""
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
    """Return the code that clears the rest of a line. It is empty after a line as wide as the terminal, where it would
    clear the last character.
    """
    return "" if cell_width(_CODE.sub("", line)) >= columns else "\x1b[K"


_Handler = Callable[[int, "FrameType | None"], Any]


class Live:
    """A terminal in use for live output. It is always restored.

    with live:
        for key in live.turns():   # None when it is time to paint again
            live.paint(lines)
    """

    def __init__(
        self,
        stdin: TextIO,
        write: Callable[[str], None],
        size: Callable[[], Size],
        *,
        is_whole: bool = True,
    ) -> None:
        """Do nothing yet. `size` returns the current size of the terminal that `write` writes to."""
        self._screen = Screen(write, is_whole=is_whole)
        self._keyboard = keyboard_of(stdin)
        self._measure = size
        self._last: Sequence[str] = ()
        self._is_open = False
        self._stop_signal: int | None = None
        self._handlers: dict[int, Any] = {}

    @property
    def size(self) -> Size:
        """The current size of the terminal."""
        return self._measure()

    def __enter__(self) -> Live:
        """Prepare the terminal."""
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Restore the terminal."""
        self._close()

    def paint(self, lines: Sequence[str]) -> None:
        """Show these lines, as many as fit."""
        self._screen.paint(lines, self.size)

    def leave(self, lines: Sequence[str]) -> None:
        """Set the lines that stay on the terminal after it is restored."""
        self._last = lines

    def wake(self) -> None:
        """Request a repaint, from any thread."""
        self._keyboard.wake()

    def turns(self, every_secs: float = 1.0) -> Iterator[str | None]:
        """Yield each key that is pressed, and None whenever it is time to paint: at first, every `every_secs`, after
        keys, when woken, and after a change of size.
        """
        yield None
        due = time.monotonic() + every_secs
        while True:
            yield from self._keyboard.wait(due - time.monotonic())
            if self._stop_signal is not None:
                self._stop(self._stop_signal)
            if time.monotonic() >= due:
                due = time.monotonic() + every_secs
            yield None

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Restore the terminal for the block, for another program for instance."""
        last, self._last = self._last, ()
        self._close()
        try:
            yield
        finally:
            self._last = last
            self._open()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the screen, cleared and with a cursor, to other output for the block; then repaint everything.

        Keys are still read here.
        """
        self._screen.lend()
        try:
            yield
        finally:
            self._screen.open()

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that are pressed, after at most `seconds`; none also when woken."""
        return self._keyboard.wait(seconds)

    def _open(self) -> None:
        self._is_open = True
        if threading.current_thread() is threading.main_thread():
            for name, handler in (("SIGWINCH", self._resized), ("SIGTSTP", self._told_to_stop)):
                number = getattr(signal, name, None)
                if number is not None and number not in self._handlers:
                    self._handlers[number] = signal.signal(number, handler)
        self._keyboard.open()
        self._screen.open()

    def _close(self) -> None:
        """Restore the terminal completely, also if Ctrl-C interrupts it."""
        try:
            self._restore()
        except KeyboardInterrupt:
            self._restore()
            raise

    def _restore(self) -> None:
        try:
            if self._is_open:
                self._screen.close(self._last)
                self._is_open = False
        finally:
            self._keyboard.close()
            while self._handlers:
                number, handler = next(iter(self._handlers.items()))
                signal.signal(number, handler)
                del self._handlers[number]

    def _resized(self, _signal: int, _frame: FrameType | None) -> None:
        self._keyboard.wake()

    def _told_to_stop(self, number: int, _frame: FrameType | None) -> None:
        self._stop_signal = number
        self._keyboard.wake()

    def _stop(self, number: int) -> None:
        """Stop this process after Ctrl-Z, with the terminal restored; prepare it again when the process continues."""
        self._stop_signal = None
        with self.suspended():
            os.kill(os.getpid(), number)
