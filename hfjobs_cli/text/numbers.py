"""Numbers as people type them and as JSON holds them, up to a bound.

People type ASCII digits; Python also reads other scripts, `1_000`, ` 5`, `+5`, `inf`, `nan`.
"""

from math import isfinite

MAX_DIGITS = 4000
"""More are no number to Python itself, which takes too long for them."""

LARGEST = 2**53 - 1
"""The largest number that is taken from a server or a file; beyond it not every program reads the same (RFC 8259, 6).

No time, size or price is larger, and sums of money need a bound to be exact.
"""

_CHARACTERS = frozenset("0123456789.eE+-")


def digits(text: str) -> int | None:
    """Return the number of a text of digits; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def percent(part: float) -> str:
    """Format a part of 1 as `23%`, and what is there but would be 0% as `<1%`."""
    return "<1%" if 0 < part < 0.005 else f"{part:.0%}"


def is_in_bounds(value: float) -> bool:
    """Return whether a number is one that is taken from a server or a file, which NaN is not."""
    return -LARGEST <= value <= LARGEST


def whole(text: str) -> int | None:
    """Parse a whole number, which may be negative; None if invalid."""
    found = digits(text.removeprefix("-"))
    return -found if found is not None and text.startswith("-") else found


def number(text: str) -> float | None:
    """Parse a number such as `2`, `-0.5`, `.5` or `1e3`; None if invalid or too large."""
    if not _CHARACTERS.issuperset(text) or text.startswith("+"):
        return None
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None
