"""Text in colors, as codes for terminals."""

from collections.abc import Iterable
from functools import cache

_YELLOW = "color(136)"
"""What is drawn for yellow, which cannot be read on a white terminal; this one can on white and on black."""


def inked(pieces: Iterable[tuple[str, str | None]]) -> str:
    """Return texts one after the other, each in its style, in rich's words."""
    return "".join(text if style is None else styled(text, style) for text, style in pieces)


def styled(text: str, style: str) -> str:
    """Return a text in a style, in rich's words; no line break is styled."""
    before, after = _codes(style)
    return "\n".join(f"{before}{line}{after}" if line else "" for line in text.split("\n"))


@cache
def _codes(style: str) -> tuple[str, str]:
    """Return the codes that begin and end a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    ink = style.replace("yellow", _YELLOW)
    before, _, after = Style.parse(ink).render("\0", color_system=ColorSystem.EIGHT_BIT).partition("\0")
    return before, after
