"""Keys of a Windows console."""

from __future__ import annotations

import sys
import threading
import time
from typing import TextIO

from hfjobs_cli.tui.keyboard import decode

if sys.platform == "win32":
    import msvcrt

    _POLL_SECS = 0.03
    _SPECIAL = {
        "H": "up",
        "P": "down",
        "I": "page-up",
        "Q": "page-down",
        "G": "home",
        "O": "end",
    }

    class WindowsKeyboard:
        """Keys of the Windows console, which is polled: it offers no way to wait for several events."""

        def __init__(self, stdin: TextIO) -> None:
            """Take no keys yet."""
            self._is_console = stdin.isatty()
            self._woken = threading.Event()

        def open(self) -> None:
            """Begin to take keys, which the console does not echo when they are taken one by one."""

        def close(self) -> None:
            """Drop the keys that nobody has taken."""
            while self._is_console and msvcrt.kbhit():
                msvcrt.getwch()

        def wait(self, seconds: float) -> list[str]:
            """Return the keys that are pressed, after at most so long; none also when woken."""
            end = time.monotonic() + seconds
            while True:
                keys = self._typed()
                if keys or self._woken.is_set() or time.monotonic() >= end:
                    self._woken.clear()
                    return keys
                time.sleep(min(_POLL_SECS, max(0.0, end - time.monotonic())))

        def wake(self) -> None:
            """End a wait at once. This may be called in any thread, and from a signal handler."""
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
                    keys += decode(character)
            return keys
