"""Measure, cut and wrap text by character cells; CJK characters and emojis take two."""

import textwrap
from collections.abc import Iterable

GAP = 2
"""Blanks between two columns."""

HELP_COLUMNS = 80
"""How wide help is, everywhere."""

MAX_PADDED = 250
"""How wide a column is made where nothing is cut; a longer cell just takes more. A script can be 200 KB."""


def cell_width(text: str) -> int:
    """Return how many character cells `text` takes."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # 2 ms, and most output is plain ASCII

    return cell_len(text)


_LONG = 50_000
"""How many characters a line has that is parted wherever it must be, and looked at as far as it is shown."""


_LEAST_TAIL = 6
"""How much of the end of a text must have room beside its beginning, to be shown."""


def cut(text: str, width: int, ellipsis: str) -> str:
    """Return `text`, cut and marked with `ellipsis` if it is wider than `width`."""
    if cell_width(text) <= width:
        return text
    room = max(0, width - len(ellipsis))
    if text.isascii():
        return text[:room].rstrip() + ellipsis[:width]
    from rich.cells import set_cell_size

    return set_cell_size(text, room).rstrip() + ellipsis[:width]


def cut_middle(text: str, width: int, ellipsis: str) -> str:
    """Return `text`, cut in its middle if it is wider than `width`: its end may say as much as its beginning."""
    if cell_width(text) <= width:
        return text
    tail = (width - len(ellipsis)) // 2
    if tail < _LEAST_TAIL:
        return cut(text, width, ellipsis)
    end = text[-tail:]
    while cell_width(end) > tail:
        end = end[1:]
    end = end.lstrip()
    return cut(text, width - cell_width(end), ellipsis) + end


def block(lines: Iterable[str], room: int, most: int | None, ellipsis: str) -> list[str]:
    """Return lines on as many as they take, of more than `most` the first ones, and how many are left out."""
    found: list[str] = []
    left_out = 0
    for line in lines:
        head = line if most is None or len(line) <= _LONG else line[: room * (most + 2)]
        found += _wrapped(head, room)
        left_out += (len(line) - len(head)) // room
    if most is None or len(found) + left_out <= most + 1:  # one line would stand for one
        return found
    return [*found[:most], f"{ellipsis} {len(found) - most + left_out:,} more lines"]


def _wrapped(text: str, room: int) -> list[str]:
    """Return a text of one line on as many as it takes, whose blanks in front say something, but not where it is cut.

    Where characters take two cells, lines are as short as if all did.
    """
    width = max(20, room if text.isascii() or cell_width(text) == len(text) else room // 2)
    if len(text) > _LONG:  # textwrap copies what is left of a word for each line
        return [text[at : at + width] for at in range(0, len(text), width)]
    lines = textwrap.wrap(text, width, break_on_hyphens=False, drop_whitespace=False)
    return [each.strip() if number else each.rstrip() for number, each in enumerate(lines)] or [""]


def padding(cell: int, column: int) -> str:
    """Return the blanks between a cell of some width and the next column."""
    return " " * (max(0, column - cell) + GAP)


def help_row(head: str, text: str) -> str:
    """Return a row of help: behind its `head` a text, which goes on below itself where 80 columns are too few."""
    below = " " * len(head)
    return textwrap.fill(
        text, HELP_COLUMNS, initial_indent=head, subsequent_indent=below, break_long_words=False, break_on_hyphens=False
    )
