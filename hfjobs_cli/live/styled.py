"""Lines made of pieces of text with styles, as text that a terminal understands. Colours are rich's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from hfjobs_cli.text.escapes import printable
from hfjobs_cli.text.widths import cell_width


class Piece(NamedTuple):
    """A piece of text, and its style in rich's words, None for none."""

    text: str
    style: str | None = None


Line = Sequence[Piece]


class Canvas(NamedTuple):
    """How wide lines may be, whether they may have styles, and whether the terminal can show every character."""

    width: int
    color: bool
    is_unicode: bool = True

    def cell(self, text: str, width: int, style: str | None = None, *, right: bool = False) -> Piece:
        """Return untrusted text, harmless, cut and filled up to a width."""
        shown = self.cut(self.spelled(text), width)
        blanks = " " * (width - cell_width(shown))
        return Piece(blanks + shown if right else shown + blanks, style)

    def cut(self, text: str, width: int) -> str:
        """Return text, cut and marked if it is too wide."""
        if cell_width(text) <= width:
            return text
        mark = "…" if self.is_unicode else "."
        if text.isascii():
            return text[: max(0, width - 1)] + mark[:width]
        from rich.cells import set_cell_size

        return set_cell_size(text, max(0, width - 1)) + mark[:width]

    def spelled(self, text: str) -> str:
        """Return untrusted text harmless and on one line, in characters that the terminal has."""
        shown = printable(text)
        return shown if self.is_unicode else shown.encode("ascii", "backslashreplace").decode()

    def line(self, pieces: Iterable[Piece]) -> str:
        """Return a line no wider than there is room for, without blanks at its end."""
        room = self.width
        parts: list[str] = []
        for text, style in pieces:
            shown = self.cut(text, room)
            room -= cell_width(shown)
            parts.append(_styled(shown, style) if style is not None and self.color else shown)
            if room <= 0:
                break
        return "".join(parts) if parts and parts[-1].endswith("m") else "".join(parts).rstrip()


def _styled(text: str, style: str) -> str:
    before, after = _codes(style)
    return f"{before}{text}{after}" if text else ""


@cache
def _codes(style: str) -> tuple[str, str]:
    """Return what stands before and behind a text in a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    before, _, after = Style.parse(style).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    return before, after
