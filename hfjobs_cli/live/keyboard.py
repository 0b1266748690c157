"""Keys as they are pressed, one by one and without an echo. What a key is, `keys` says."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO


class Keyboard(Protocol):
    """Where keys come from. It is opened for as long as they are wanted, and then leaves the terminal as it was."""

    def open(self) -> None:
        """Begin to take keys, without an echo."""

    def close(self) -> None:
        """Leave the terminal as it was; keys that nobody has taken are dropped."""

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that are pressed, after at most so long; none also when woken."""

    def wake(self) -> None:
        """End a wait at once. This may be called in any thread, and from a signal handler."""


def keyboard_of(stdin: TextIO) -> Keyboard:
    """Return the keyboard behind a stream. One that is no terminal has no keys."""
    if sys.platform == "win32":
        from hfjobs_cli.live.keyboard_windows import WindowsKeyboard

        return WindowsKeyboard(stdin)
    else:  # noqa: RET505 - what comes after a return would be checked as code of the other system
        from hfjobs_cli.live.keyboard_posix import PosixKeyboard

        return PosixKeyboard(stdin)
