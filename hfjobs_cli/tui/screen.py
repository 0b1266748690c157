"""Lines on a terminal, painted again where they changed, with keys and a clock."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, TextIO

from hfjobs_cli.preferences import Size
from hfjobs_cli.text.display import cell_width
from hfjobs_cli.tui.keyboard import keyboard_of

_CODE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

_OPEN_WHOLE = "\x1b[?1049h\x1b[2J\x1b[?25l\x1b[?7l"
"""Another screen than that with the command line, no cursor, and no line that goes on in the next one."""

_CLOSE_WHOLE = "\x1b[m\x1b[2J\x1b[H\x1b[?7h\x1b[?25h\x1b[?1049l"

_OPEN_BELOW = "\x1b[?25l\x1b[?7l"
_CLOSE_BELOW = "\x1b[m\x1b[?7h\x1b[?25h"

_HOLD, _SHOW = "\x1b[?2026h", "\x1b[?2026l"
"""Terminals that know these show all that is between them at once; others take no notice."""


class Screen:
    """Lines on a terminal, on a screen of their own (`is_whole`) or below what is there.

    Lines may have colors, but nothing else that commands a terminal, and each is at most as wide as it is.
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
        """Take nothing yet. `size` tells the present size of the terminal that `write` writes to."""
        self._screen = Screen(write, is_whole=is_whole)
        self._keyboard = keyboard_of(stdin)
        self._measure = size
        self._last: Sequence[str] = ()
        self._is_open = False
        self._stop_signal: int | None = None
        self._handlers: dict[int, Any] = {}

    @property
    def size(self) -> Size:
        """The present size of the terminal."""
        return self._measure()

    def __enter__(self) -> Live:
        """Take the terminal."""
        try:
            self._open()
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back, whatever happens meanwhile."""
        self._close()

    def paint(self, lines: Sequence[str]) -> None:
        """Show these lines."""
        self._screen.paint(lines, self.size)

    def leave(self, lines: Sequence[str]) -> None:
        """Set the lines that stay on the terminal after it is restored."""
        self._last = lines

    def wake(self) -> None:
        """Request a repaint, from any thread."""
        self._keyboard.wake()

    def turns(self, every_secs: float = 1.0) -> Iterator[str | None]:
        """Yield each key that is pressed, and None whenever it is time to paint: at first, then in each such time,
        after a key, when woken, and after a change of size.
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
        """Give the terminal back for a while, to another program for instance."""
        last, self._last = self._last, ()
        self._close()
        try:
            yield
        finally:
            self._last = last
            self._open()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Lend the screen, empty and with a cursor, to something that writes on it; all is painted again after that.

        Keys are still taken here.
        """
        self._screen.lend()
        try:
            yield
        finally:
            self._screen.open()

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that are pressed, after at most so long; none also when woken."""
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
        """Give the terminal back. A Ctrl-C in the middle of it must not leave half of it to be done."""
        try:
            self._give_back()
        except KeyboardInterrupt:
            self._give_back()
            raise

    def _give_back(self) -> None:
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
        """Do what Ctrl-Z asks for, with the terminal as it was, and take it again when told to go on."""
        self._stop_signal = None
        with self.suspended():
            os.kill(os.getpid(), number)
