"""Numbers as people type them, in ASCII digits. Python also reads other scripts, `1_000`, ` 5`, `+5`, `inf`, `nan`."""

from math import isfinite

MAX_DIGITS = 4000
"""More are no number to Python itself, which takes too long for them."""

_CHARACTERS = frozenset("0123456789.eE+-")


def digits(text: str) -> int | None:
    """Return the number that digits spell, None for all other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def whole(text: str) -> int | None:
    """Return a whole number, which may be below zero, None for what is none."""
    found = digits(text.removeprefix("-"))
    return -found if found is not None and text.startswith("-") else found


def number(text: str) -> float | None:
    """Return a number as `2`, `-0.5`, `.5` or `1e3`, None for what is none, or more than a float holds."""
    if not _CHARACTERS.issuperset(text) or text.startswith("+"):
        return None
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
