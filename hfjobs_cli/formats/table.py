"""`--format table`: rows of cells, with widths that fit the terminal."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.models.kind import SPARE_RANK, Field
from hfjobs_cli.models.record import ALWAYS_SHOWN, Record
from hfjobs_cli.text.terminal_text import GAP, MAX_PADDED, cell_width, cut, cut_middle, join_pieces, padding

ABSENT = "-"
"""The text of an empty cell."""


def render(records: Iterable[Record], view: View) -> None:
    """Write the header and a row for each record; nothing if reading them fails."""
    rows = list(records)
    texts: dict[Field, list[str]] = {}
    natural: dict[Field, int] = {}

    def measure(column: Field) -> int:
        if column not in texts:
            texts[column] = _texts(column, rows, view)
            natural[column] = max(cell_width(text) for text in texts[column])
        return natural[column]

    fitted = fit(view.columns, measure, view.width)
    _notice_missing(fitted, view)
    ellipsis = "…" if view.is_unicode else "."
    shown = [
        [_shortening(column)(text, width, ellipsis) for text in texts[column]]
        if view.width and column.meta.min_width
        else texts[column]
        for column, width in fitted
    ]
    draw = _colored if view.color else _plain
    view.write(draw(zip(*shown, strict=True), fitted))


def _shortening(column: Field) -> Callable[[str, int, str], str]:
    return cut_middle if column.meta.cuts_middle else cut


def _texts(column: Field, records: Iterable[Record], view: View) -> list[str]:
    """Return the header and the cells of a column, escaped."""
    cells = (view.cell(column, record) for record in records)
    return [column.header, *(ABSENT if cell is None else view.spell(cell) for cell in cells)]


def _notice_missing(fitted: Iterable[tuple[Field, int]], view: View) -> None:
    """Write a notice with the requested columns that do not fit. Default columns are left out silently."""
    shown = {column.name for column, _ in fitted}
    lost = [
        column.header
        for column in view.columns
        if column.name not in shown and (view.columns_asked or column.name not in view.kind.default_columns)
    ]
    if lost:
        view.notice(f"no room for {', '.join(lost)} at {view.width} columns; --no-trunc shows everything")


def _paddings(cells: Sequence[str], fitted: Sequence[tuple[Field, int]]) -> Iterator[str]:
    """Yield the text after each cell: blanks up to the next column, or the line end."""
    for text, (_, width) in zip(cells[:-1], fitted[:-1], strict=True):
        yield padding(cell_width(text), width)
    yield "\n"


def _plain(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Field, int]]) -> str:
    """Return the lines as plain text. This needs no rich, so output to a pipe starts sooner."""
    return "".join(
        cell + blanks for cells in lines for cell, blanks in zip(cells, _paddings(cells, fitted), strict=True)
    )


def _colored(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Field, int]]) -> str:
    """Return the lines with their colors."""
    styles = [column.meta.styles for column, _ in fitted]
    pieces = (
        piece
        for cells in lines
        for style, cell, blanks in zip(styles, cells, _paddings(cells, fitted), strict=True)
        for piece in ((cell, style.get(cell)), (blanks, None))
    )
    return join_pieces(pieces, color=True)


def fit(columns: Sequence[Field], measure: Callable[[Field], int], limit: int | None) -> list[tuple[Field, int]]:
    """Return the columns that fit in `limit` character cells, with their widths. `measure` returns the natural width.

    Elastic columns shrink first, the widest most. If that is not enough, spare columns are left out, then columns are
    replaced by their narrow variants, then columns are left out by rank. Columns for which there is room after all come
    back. Columns that are never left out, and the last remaining one, may be wider than `limit`.
    """
    if limit is None:
        return [(column, min(measure(column), MAX_PADDED)) for column in columns]

    def fits(chosen: Sequence[Field]) -> bool:
        least = (_least(column, measure(column)) for column in chosen)
        return sum(least) + GAP * (len(chosen) - 1) <= limit

    by_rank = sorted(columns, key=lambda column: column.meta.rank)
    variant = {column: column for column in columns}
    shown = set(columns)

    def chosen() -> list[Field]:
        return [variant[column] for column in columns if column in shown]

    for column in by_rank:
        if column.meta.rank < SPARE_RANK and not fits(chosen()):
            shown.discard(column)
    for column in by_rank:
        if column.narrow is not None and not fits(chosen()):
            variant[column] = column.narrow
    by_rank.sort(key=lambda column: variant[column].meta.rank)
    for column in by_rank:
        if column.meta.rank < ALWAYS_SHOWN and len(shown) > 1 and not fits(chosen()):
            shown.discard(column)
    for column in reversed(by_rank):
        if column not in shown:
            shown.add(column)
            if not fits(chosen()):
                shown.discard(column)
    for column in reversed(by_rank):
        narrow, variant[column] = variant[column], column
        if not fits(chosen()):
            variant[column] = narrow
    found = chosen()
    widths = _shrink(found, [measure(column) for column in found], limit - GAP * (len(found) - 1))
    return list(zip(found, widths, strict=True))


def _least(column: Field, width: int) -> int:
    """Return the least width of a column whose natural width is `width`."""
    return width if column.meta.min_width is None else min(width, column.meta.min_width)


def _shrink(columns: Sequence[Field], widths: Sequence[int], room: int) -> list[int]:
    """Return `widths` reduced to a sum of `room`, the widest elastic column first, but none below its least width."""
    floors = [_least(column, width) for column, width in zip(columns, widths, strict=True)]
    # No elastic column can be wider than the whole room; this bounds the loop below.
    shrunk = [max(floor, min(width, room)) for floor, width in zip(floors, widths, strict=True)]
    while sum(shrunk) > room:
        places = [place for place, width in enumerate(shrunk) if width > floors[place]]
        if not places:
            break
        shrunk[max(places, key=shrunk.__getitem__)] -= 1
    return shrunk
