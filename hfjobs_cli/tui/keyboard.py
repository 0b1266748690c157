"""Keys as they are pressed, one by one and without an echo."""

from __future__ import annotations

import sys
from typing import Protocol, TextIO

from hfjobs_cli.text.values import digits


class Keyboard(Protocol):
    """Reads keys. It is open while keys are needed, and restores the terminal afterwards."""

    def open(self) -> None:
        """Begin to take keys, without an echo."""

    def close(self) -> None:
        """Leave the terminal as it was; keys that nobody has taken are dropped."""

    def wait(self, seconds: float) -> list[str]:
        """Return the keys that are pressed, after at most so long; none also when woken."""

    def wake(self) -> None:
        """End a wait at once. This may be called in any thread, and from a signal handler."""


def keyboard_of(stdin: TextIO) -> Keyboard:
    """Return the keyboard of a stream; without a terminal it has no keys."""
    if sys.platform == "win32":
        from hfjobs_cli.tui.keyboard_windows import WindowsKeyboard

        return WindowsKeyboard(stdin)
    else:  # noqa: RET505 - what comes after a return would be checked as code of the other system
        from hfjobs_cli.tui.keyboard_posix import PosixKeyboard

        return PosixKeyboard(stdin)


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


def decode(text: str) -> list[str]:
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
    """Return how long the sequence of one key is: an escape, `[` or `O`, numbers, and a letter or `~`."""
    if text[start] != "\x1b" or text[start + 1 : start + 2] not in ("[", "O"):
        return 1
    for place in range(start + 2, len(text)):
        if digits(text[place]) is None and text[place] not in ";?<":
            return place + 1 - start
    return len(text) - start
