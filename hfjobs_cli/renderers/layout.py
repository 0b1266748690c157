"""Widths of a table: which columns fit, how wide each is, and cutting a text to its width.

Widths are counted in character cells, of which a CJK character or an emoji takes two.
"""

from collections.abc import Callable, Sequence

from hfjobs_cli.records.field import NEVER_LEAVES, Field
from hfjobs_cli.text.widths import GAP, MAX_PADDED, cell_width


def cut(text: str, width: int, ellipsis: str) -> str:
    """Return `text`, cut and marked with `ellipsis` if it is wider than `width`."""
    if cell_width(text) <= width:
        return text
    room = width - len(ellipsis)
    if text.isascii():
        return text[:room].rstrip() + ellipsis
    from rich.cells import set_cell_size

    return set_cell_size(text, room).rstrip() + ellipsis


def fit(columns: Sequence[Field], measure: Callable[[Field], int], limit: int | None) -> list[tuple[Field, int]]:
    """Return the columns that fit in `limit` cells with their widths; `measure` tells how wide one would like to be.

    Elastic columns shrink first, the widest most. Then columns leave by rank, or make place for their narrow variant.
    Those that never leave, and the last one there is, may be wider than `limit`.
    """
    chosen = list(columns)
    while True:
        widths = [measure(column) for column in chosen]
        if limit is None:
            widths = [min(width, MAX_PADDED) for width in widths]
            break
        room = limit - GAP * (len(chosen) - 1)
        widths = _shrink(chosen, widths, room)
        leavers = [column for column in chosen if column.about.rank < NEVER_LEAVES]
        if sum(widths) <= room or not leavers:
            break
        leaver = min(leavers, key=lambda column: column.about.rank)
        narrow = leaver.narrow
        if len(chosen) == 1 and narrow is None:
            break  # something has to be shown
        place = chosen.index(leaver)
        chosen[place : place + 1] = [narrow] if narrow else []
    return list(zip(chosen, widths, strict=True))


def _shrink(columns: Sequence[Field], widths: Sequence[int], room: int) -> list[int]:
    """Return `widths` with elastic ones reduced, the widest first, until their sum is `room` or all are at least."""
    floors = [
        width if column.about.least is None else min(width, column.about.least)
        for column, width in zip(columns, widths, strict=True)
    ]
    # What an elastic column wants beyond the whole room cannot be had anyway; this bounds the loop below.
    shrunk = [max(floor, min(width, room)) for floor, width in zip(floors, widths, strict=True)]
    while sum(shrunk) > room:
        places = [place for place, width in enumerate(shrunk) if width > floors[place]]
        if not places:
            break
        shrunk[max(places, key=shrunk.__getitem__)] -= 1
    return shrunk
