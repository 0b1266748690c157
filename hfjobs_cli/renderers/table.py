"""`--format table`: a row a job, upper-case headers, blanks between columns, no boxes.

Widths are ours: a rich Table in a narrow place cuts ids and drops columns without a word. Colours are rich's.
"""

from collections.abc import Iterable, Iterator, Sequence

from hfjobs_cli.columns import DEFAULT_COLUMNS, Column
from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.layout import cut, fit
from hfjobs_cli.renderers.view import View
from hfjobs_cli.text import cell_width, padding

ABSENT = "-"
"""What a cell shows when there is nothing to say."""

STAGE_STYLES = {
    "RUNNING": "cyan",
    "SCHEDULING": "yellow",
    "COMPLETED": "green",
    "ERROR": "red",
    "CANCELED": "magenta",
    "DELETED": "magenta",
}


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write the header and a row for each job; nothing if reading the jobs fails."""
    rows = list(jobs)
    texts: dict[Column, list[str]] = {}
    natural: dict[Column, int] = {}

    def measure(column: Column) -> int:
        if column not in texts:
            texts[column] = _texts(column, rows, view)
            natural[column] = max(cell_width(text) for text in texts[column])
        return natural[column]

    fitted = fit(view.columns, measure, view.width)
    _tell_what_left(fitted, view)
    ellipsis = "…" if view.is_unicode else "."
    shown = [
        [cut(text, width, ellipsis) for text in texts[column]] if view.width and column.least else texts[column]
        for column, width in fitted
    ]
    draw = _colored if view.color else _plain
    view.write(draw(zip(*shown, strict=True), fitted))


def _texts(column: Column, jobs: Iterable[JobInfo], view: View) -> list[str]:
    """Return the header and the cells of a column, escaped."""
    cells = (column.cell(job, view.now, view.for_eyes) for job in jobs)
    return [column.header, *(ABSENT if cell is None else view.spell(cell) for cell in cells)]


def _tell_what_left(fitted: Iterable[tuple[Column, int]], view: View) -> None:
    """Name the columns that were asked for and found no room; those shown by default leave without a word."""
    shown = {column.name for column, _ in fitted}
    lost = [
        column.header
        for column in view.columns
        if column.name not in shown and (view.columns_asked or column.name not in DEFAULT_COLUMNS)
    ]
    if lost:
        view.remark(f"no room for {', '.join(lost)} at {view.width} columns; --no-trunc shows everything")


def _paddings(cells: Sequence[str], fitted: Sequence[tuple[Column, int]]) -> Iterator[str]:
    """Yield what comes after each cell: blanks up to the next column, or the end of the line."""
    for text, (_, width) in zip(cells[:-1], fitted[:-1], strict=True):
        yield padding(cell_width(text), width)
    yield "\n"


def _plain(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Column, int]]) -> str:
    """Return the lines as text without any code, so that a pipe needs no rich."""
    return "".join(
        cell + blanks for cells in lines for cell, blanks in zip(cells, _paddings(cells, fitted), strict=True)
    )


def _colored(lines: Iterable[Sequence[str]], fitted: Sequence[tuple[Column, int]]) -> str:
    """Return the lines with the stage in its colour. One Text for all: a rich Table takes ten times as long."""
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    names = [column.name for column, _ in fitted]
    text = Text()
    for cells in lines:
        for name, cell, blanks in zip(names, cells, _paddings(cells, fitted), strict=True):
            text.append(cell, STAGE_STYLES.get(cell) if name == "status" else None)
            text.append(blanks)
    output = StringIO()
    # Colour and width were decided before; rich must not look at the environment and decide again.
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
