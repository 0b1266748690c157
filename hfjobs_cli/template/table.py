"""Aligned columns for templates: the rows of `tablerow`, and of a whole template that begins with `table`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfjobs_cli.text.widths import MAX_PADDED, cell_width, padding

_SEQUENCE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")


class Table:
    """Rows that wait to be written."""

    def __init__(self) -> None:
        """Have no row."""
        self._rows: list[list[str]] = []

    def add(self, cells: list[str]) -> None:
        """Keep a row."""
        self._rows.append(cells)

    def take(self) -> str:
        """Return all rows as lines of text, and forget them."""
        rows, self._rows = self._rows, []
        return align(rows)


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines whose cells stand below each other, however many cells each has.

    Widths are counted in character cells; colours and links take none. What is last in its row is not padded.
    """
    widths: list[int] = []
    for cells in rows:
        widths += [0] * (len(cells) - 1 - len(widths))
        for place, cell in enumerate(cells[:-1]):
            widths[place] = max(widths[place], min(_width(cell), MAX_PADDED))
    return "".join(_line(cells, widths) for cells in rows)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell + padding(_width(cell), width) for cell, width in zip(cells[:-1], widths, strict=False)]
    return "".join([*padded, *cells[-1:], "\n"])


def _width(cell: str) -> int:
    return cell_width(_SEQUENCE.sub("", cell) if "\x1b" in cell else cell)
