"""Style text with escape codes for terminals."""

from collections.abc import Iterable
from functools import cache

_YELLOW = "color(136)"
"""Replaces yellow, which cannot be read on a white terminal; this color can be read on white and on black."""


def inked(pieces: Iterable[tuple[str, str | None]]) -> str:
    """Return texts joined, each in its style, named as in rich."""
    return "".join(text if style is None else styled(text, style) for text, style in pieces)


def styled(text: str, style: str) -> str:
    """Return a text in a style, named as in rich. Line breaks are not styled."""
    before, after = _codes(style)
    return "\n".join(f"{before}{line}{after}" if line else "" for line in text.split("\n"))


@cache
def _codes(style: str) -> tuple[str, str]:
    """Return the escape codes that begin and end a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    ink = style.replace("yellow", _YELLOW)
    before, _, after = Style.parse(ink).render("\0", color_system=ColorSystem.EIGHT_BIT).partition("\0")
    return before, after
