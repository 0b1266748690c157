"""`--format table`: a row a record, upper-case headers, blanks between columns, no boxes.

Widths are ours: a rich Table in a narrow place cuts ids and drops columns without a word. Colours are rich's.
"""

from collections.abc import Iterable, Iterator, Sequence

from hfjobs_cli.records.field import Field
from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.ink import inked
from hfjobs_cli.renderers.layout import cut, fit
from hfjobs_cli.renderers.view import View
from hfjobs_cli.text.widths import cell_width, padding

ABSENT = "-"
"""What a cell shows when there is nothing to say."""


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
    _tell_what_left(fitted, view)
    ellipsis = "…" if view.is_unicode else "."
    shown = [
        [cut(text, width, ellipsis) for text in texts[column]] if view.width and column.about.least else texts[column]
        for column, width in fitted
    ]
    draw = _colored if view.color else _plain
    view.write(draw(zip(*shown, strict=True), fitted))


def _texts(column: Field, records: Iterable[Record], view: View) -> list[str]:
    """Return the header and the cells of a column, escaped."""
    cells = (column.cell(record, view.now, view.for_eyes) for record in records)
    return [column.header, *(ABSENT if cell is None else view.spell(cell) for cell in cells)]


def _tell_what_left(fitted: Iterable[tuple[Field, int]], view: View) -> None:
    """Name the columns that were asked for and found no room; those shown by default leave without a word."""
    shown = {column.name for column, _ in fitted}
    lost = [
        column.header
        for column in view.columns
        if column.name not in shown and (view.columns_asked or column.name not in view.kind.default_columns)
    ]
    if lost:
        view.remark(f"no room for {', '.join(lost)} at {view.width} columns; --no-trunc shows everything")


def _paddings(cells: Sequence[str], fitted: Sequence[tuple[Field, int]]) -> Iterator[str]:
    """Yield what comes after each cell: blanks up to the next column, or the end of the line."""
    for text, (_, width) in zip(cells[:-1], fitted[:-1], strict=True):
        yield padding(cell_width(text), width)
    yield "\n"


def _plain(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Field, int]]) -> str:
    """Return the lines as text without any code, so that a pipe needs no rich."""
    return "".join(
        cell + blanks for cells in lines for cell, blanks in zip(cells, _paddings(cells, fitted), strict=True)
    )


def _colored(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Field, int]]) -> str:
    """Return the lines with their colours."""
    styles = [column.about.styles for column, _ in fitted]
    return inked(
        piece
        for cells in lines
        for style, cell, blanks in zip(styles, cells, _paddings(cells, fitted), strict=True)
        for piece in ((cell, style.get(cell)), (blanks, None))
    )
