"""What a terminal sends for keys, as keys.

A key is its character, or one of `up`, `down`, `page-up`, `page-down`, `home`, `end`, `enter`, `escape`, `backspace`.
"""

from hfjobs_cli.text.numbers import digits

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
    """Return the keys in what a terminal sent. What is no key that is known here is left out."""
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
