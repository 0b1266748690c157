"""A screen that lives: painted when something changed, each second, and after a change of size, with its keys."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, TextIO

from hfjobs_cli.live.keyboard import keyboard_of
from hfjobs_cli.live.screen import Screen, Size

_Handler = Callable[[int, "FrameType | None"], Any]


class Live:
    """A terminal taken for a while. However that ends, it is given back as it was.

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
        """Say what is to stay on the terminal when it is given back."""
        self._last = lines

    def wake(self) -> None:
        """Say, in any thread, that there is something new to paint."""
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
