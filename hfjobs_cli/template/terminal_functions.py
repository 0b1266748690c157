"""Text for terminals: the colors of `color`, the cut text of `truncate`, the aligned rows of `tablerow` and `table`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hfjobs_cli.errors import one_of
from hfjobs_cli.text.terminal_text import MAX_PADDED, cell_width, padding

RESET = "\x1b[0m"

_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "default")
_ATTRIBUTES = {"b": "1", "d": "2", "u": "4", "B": "5", "i": "7", "s": "9", "h": ""}

_SEQUENCE = re.compile(r"\x1b\[[0-9;]*m|\x1b\]8;;[^\x1b]*\x1b\\")
_PIECE = re.compile(rf"(?s:{_SEQUENCE.pattern}|.)")

LINK = "\x1b]8;;"
END_OF_LINK = f"{LINK}\x1b\\"

ELLIPSIS = "..."

LEAST_FOR_ELLIPSIS = len(ELLIPSIS) + 2
"""The least width at which cut text ends with an ellipsis."""


def color_code(style: str) -> str:
    """Return the escape sequence that begins a style of gh: `FOREGROUND` or `FOREGROUND:BACKGROUND`.

    Each is a color, by name or as a number up to 255, optionally with `+` and attributes: `b`old, `d`im, `u`nderlined,
    `B`linking, `i`nverse, `s`truck through, `h`igh intensity. It is empty for the style `off` and for none. Raises
    ValueError.
    """
    if style in ("", "off"):
        return ""
    if style == "reset":
        return RESET
    foreground, _, background = style.partition(":")
    codes = ["0", *_codes(foreground, 30), *_codes(background, 40)]
    return f"\x1b[{';'.join(codes)}m"


def _codes(text: str, base: int) -> list[str]:
    name, _, attributes = text.partition("+")
    unknown = "".join(letter for letter in attributes if letter not in _ATTRIBUTES)
    if unknown:
        raise ValueError(f"unknown attribute '{unknown}' in '{text}', {one_of(unknown, _ATTRIBUTES)}")
    codes = [number for letter, number in _ATTRIBUTES.items() if number and letter in attributes]
    if name.isascii() and name.isdecimal() and int(name) < 256:
        return [*codes, str(base + 8), "5", name]
    if not name:
        return codes
    if name not in _NAMES:
        raise ValueError(f"unknown color '{name}', {one_of(name, _NAMES)}")
    place = 9 if name == "default" else _NAMES.index(name)
    return [*codes, str(base + place + 60 * ("h" in attributes and place < 9))]


class Table:
    """Rows that are collected until they are printed."""

    def __init__(self) -> None:
        """Begin without rows."""
        self._rows: list[list[str]] = []

    def add(self, cells: list[str]) -> None:
        """Add a row."""
        self._rows.append(cells)

    def take(self) -> str:
        """Return all rows as lines of text, and remove them."""
        rows, self._rows = self._rows, []
        return align(rows)


def align(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as lines with aligned cells; rows may have different lengths.

    Widths are counted in character cells; colors and links take none. The last cell of a row is not padded.
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


def shortened(text: str, width: int) -> str:
    """Return `text` cut to a width in character cells, as gh does: with an ellipsis, and a space for half a character.

    Colors and links take no width, and end where the text is cut.
    """
    if _width(text) <= width:
        return text
    tail = ELLIPSIS if width >= LEAST_FOR_ELLIPSIS else ""
    rest = width - len(tail)
    kept: list[str] = []
    sequence = ""
    for piece in _PIECE.findall(text):
        if piece[0] == "\x1b" and len(piece) > 1:
            sequence = piece
        elif (rest := rest - cell_width(piece)) < 0:
            break
        kept.append(piece)
    cut = "".join(kept) + tail
    if sequence and sequence not in (RESET, END_OF_LINK):
        cut += END_OF_LINK if sequence.startswith(LINK) else RESET
    return cut + " " * (_width(cut) < width)
