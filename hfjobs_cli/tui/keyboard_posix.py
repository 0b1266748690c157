"""Keys on Linux, macOS and other systems that have termios."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import Any, TextIO

from hfjobs_cli.tui.keyboard import decode

if sys.platform != "win32":
    import termios
    import tty

    _ESCAPE_SECS = 0.03
    """How long after an escape the rest of a key's sequence may come. After that it was the key Escape."""

    class PosixKeyboard:
        """Keys of the terminal that stdin is. In the background, where taking them would stop us, there are none."""

        def __init__(self, stdin: TextIO) -> None:
            """Take no keys yet."""
            self._fd = _terminal(stdin)
            self._modes: list[Any] | None = None
            # Other threads write to it whenever they like, so it is not closed: its number could be another's then.
            self._wake_reader, self._wake_writer = os.pipe()
            os.set_blocking(self._wake_reader, False)
            os.set_blocking(self._wake_writer, False)

        def open(self) -> None:
            """Start reading keys without echo. Ctrl-C still sends a signal."""
            if self._fd is None:
                return
            try:
                self._modes = termios.tcgetattr(self._fd)
                tty.setcbreak(self._fd, termios.TCSANOW)
            except termios.error:  # the terminal is gone
                self._fd = None

        def close(self) -> None:
            """Leave the terminal as it was; keys that nobody has taken are dropped."""
            if self._fd is not None and self._modes is not None:
                with contextlib.suppress(termios.error):
                    termios.tcflush(self._fd, termios.TCIFLUSH)
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._modes)
            self._modes = None

        def wait(self, seconds: float) -> list[str]:
            """Return the keys that are pressed, after at most so long; none also when woken."""
            wanted = [self._wake_reader] if self._fd is None else [self._wake_reader, self._fd]
            ready, _, _ = select.select(wanted, [], [], max(0.0, seconds))
            if self._wake_reader in ready:
                with contextlib.suppress(BlockingIOError):
                    while os.read(self._wake_reader, 1024):
                        pass
            return decode(self._typed()) if self._fd in ready else []

        def wake(self) -> None:
            """End a wait at once. This may be called in any thread, and from a signal handler."""
            with contextlib.suppress(BlockingIOError):  # it is full, so that the wait ends anyway
                os.write(self._wake_writer, b"\0")

        def _typed(self) -> str:
            assert self._fd is not None  # noqa: S101 - there is something to read
            try:
                typed = os.read(self._fd, 4096)
                if typed.endswith((b"\x1b", b"\x1b[", b"\x1bO")) and select.select([self._fd], [], [], _ESCAPE_SECS)[0]:
                    typed += os.read(self._fd, 4096)
            except OSError:
                typed = b""
            if not typed:  # the terminal is gone, and would be ready for ever
                self._fd = None
            return typed.decode(errors="ignore")

    def _terminal(stdin: TextIO) -> int | None:
        """Return the descriptor of the terminal that a stream is, if this is the program that it belongs to."""
        try:
            fd = stdin.fileno()
            return fd if os.isatty(fd) and os.tcgetpgrp(fd) == os.getpgrp() else None
        except (OSError, ValueError):  # it is no file, or closed, or no terminal of ours
            return None
