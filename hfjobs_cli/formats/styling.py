"""Styled text, drawn by rich."""

from collections.abc import Iterable


def inked(pieces: Iterable[tuple[str, str | None]]) -> str:
    """Return texts one after the other, each in its style, in rich's words. One Text for all: a Table takes longer."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    text = Text()
    for piece, style in pieces:
        text.append(piece, style)
    output = StringIO()
    # Color and width were decided before; rich must not look at the environment and decide again.
    console = Console(
        file=output,
        force_terminal=True,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
        width=80,
        height=25,
    )
    console.print(text, soft_wrap=True, end="", highlight=False)
    return output.getvalue()
