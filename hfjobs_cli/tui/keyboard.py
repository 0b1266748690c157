"""Keys as they are pressed, one by one and without an echo: of a terminal with termios, and of a Windows console."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time
from typing import Any, Protocol, TextIO

from hfjobs_cli.text.values import digits

if sys.platform == "win32":
    import msvcrt
else:
    import termios
    import tty


class Keyboard(Protocol):
    """Reads keys. It is open while keys are needed, and restores the terminal afterwards."""

    def open(self) -> None:
        """Start reading keys without echo. Ctrl-C still interrupts."""

    def close(self) -> None:
        """Restore the terminal; keys that were not read are dropped."""

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that are pressed, after at most `seconds`; none also when woken."""

    def wake(self) -> None:
        """End a wait at once. This may be called in any thread, and from a signal handler."""


def keyboard_of(stdin: TextIO) -> Keyboard:
    """Return the keyboard of a stream; without a terminal it has no keys."""
    if sys.platform == "win32":
        return _WindowsKeyboard(stdin)
    else:  # noqa: RET505 - what comes after a return would be checked as code of the other system
        return _PosixKeyboard(stdin)


if sys.platform != "win32":
    _ESCAPE_SECS = 0.03
    """How long after an escape the rest of a key's sequence may come. After that it was the key Escape."""

    class _PosixKeyboard:
        """Keys of the terminal that stdin is. In the background, where reading them would stop us, there are none."""

        def __init__(self, stdin: TextIO) -> None:
            self._fd = _terminal(stdin)
            self._modes: list[Any] | None = None
            # It is never closed: other threads may write to it at any time, when its number could be another file's.
            self._wake_reader, self._wake_writer = os.pipe()
            os.set_blocking(self._wake_reader, False)
            os.set_blocking(self._wake_writer, False)

        def open(self) -> None:
            if self._fd is None:
                return
            try:
                self._modes = termios.tcgetattr(self._fd)
                tty.setcbreak(self._fd, termios.TCSANOW)
            except termios.error:  # the terminal is gone
                self._fd = None

        def close(self) -> None:
            if self._fd is not None and self._modes is not None:
                with contextlib.suppress(termios.error):
                    termios.tcflush(self._fd, termios.TCIFLUSH)
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)
            self._modes = None

        def wait(self, seconds: float) -> list[str]:
            wanted = [self._wake_reader] if self._fd is None else [self._wake_reader, self._fd]
            ready, _, _ = select.select(wanted, [], [], max(0.0, seconds))
            if self._wake_reader in ready:
                with contextlib.suppress(BlockingIOError):
                    while os.read(self._wake_reader, 1024):
                        pass
            return _decode(self._typed()) if self._fd in ready else []

        def wake(self) -> None:
            with contextlib.suppress(BlockingIOError):  # it is full, so the wait ends anyway
                os.write(self._wake_writer, b"\0")

        def _typed(self) -> str:
            assert self._fd is not None  # noqa: S101 - there is something to read
            try:
                typed = os.read(self._fd, 4096)
                if typed.endswith((b"\x1b", b"\x1b[", b"\x1bO")) and select.select([self._fd], [], [], _ESCAPE_SECS)[0]:
                    typed += os.read(self._fd, 4096)
            except OSError:
                typed = b""
            if not typed:  # the terminal is gone, and would be ready forever
                self._fd = None
            return typed.decode(errors="ignore")

    def _terminal(stdin: TextIO) -> int | None:
        """Return the descriptor of the terminal that a stream is, None unless this process is in its foreground."""
        try:
            fd = stdin.fileno()
            return fd if os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp() else None
        except (OSError, ValueError):  # not a file, or closed, or the terminal of another session
            return None


if sys.platform == "win32":
    _POLL_SECS = 0.03
    _SPECIAL = {
        "H": "up",
        "P": "down",
        "I": "page-up",
        "Q": "page-down",
        "G": "home",
        "O": "end",
    }

    class _WindowsKeyboard:
        """Keys of a Windows console. It is polled, as it offers no way to wait for several events."""

        def __init__(self, stdin: TextIO) -> None:
            self._is_console = stdin.isatty()
            self._woken = threading.Event()

        def open(self) -> None:
            pass  # the console does not echo keys that are read one by one

        def close(self) -> None:
            while self._is_console and msvcrt.kbhit():
                msvcrt.getwch()

        def wait(self, seconds: float) -> list[str]:
            end = time.monotonic() + seconds
            while True:
                keys = self._typed()
                if keys or self._woken.is_set() or time.monotonic() >= end:
                    self._woken.clear()
                    return keys
                time.sleep(min(_POLL_SECS, max(0.0, end - time.monotonic())))

        def wake(self) -> None:
            self._woken.set()

        def _typed(self) -> list[str]:
            keys = []
            while self._is_console and msvcrt.kbhit():
                character = msvcrt.getwch()
                if character == "\x03":
                    raise KeyboardInterrupt
                if character in ("\x00", "\xe0"):
                    special = _SPECIAL.get(msvcrt.getwch())
                    keys += [special] if special else []
                else:
                    keys += _decode(character)
            return keys


_SEQUENCES = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1b[5~": "page-up",
    "\x1b[6~": "page-down",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1bOH": "home",
    "\x1bOF": "end",
    "\x1b[1~": "home",
    "\x1b[4~": "end",
}
_CHARACTERS = {"\r": "enter", "\n": "enter", "\x1b": "escape", "\x7f": "backspace", "\x08": "backspace"}


def _decode(text: str) -> list[str]:
    """Decode the keys in the input of a terminal; unknown ones are ignored."""
    keys = []
    place = 0
    while place < len(text):
        length = _sequence_length(text, place)
        piece = text[place : place + length]
        place += length
        key = _SEQUENCES.get(piece) or _CHARACTERS.get(piece) or (piece if piece.isprintable() else None)
        if key is not None:
            keys.append(key)
    return keys


def _sequence_length(text: str, start: int) -> int:
    """Return the length of the sequence of one key: an escape, `[` or `O`, numbers, and a letter or `~`."""
    if text[start] != "\x1b" or text[start + 1 : start + 2] not in ("[", "O"):
        return 1
    for place in range(start + 2, len(text)):
        if digits(text[place]) is None and text[place] not in ";?<":
            return place + 1 - start
    return len(text) - start
