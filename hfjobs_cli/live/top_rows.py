"""The table of `top`: which columns there is room for, and a line for each job."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.live.series import Series, sparkline
from hfjobs_cli.live.styled import Canvas, Piece
from hfjobs_cli.live.top_state import Row
from hfjobs_cli.records.job import STAGE_STYLES
from hfjobs_cli.records.usage import percent, rate
from hfjobs_cli.text.times import age, span

LEAST_LINE = 20
"""How much room there should be for the last line of a job."""

QUIET_SECS = 60.0
"""After how long without a line it is told how long ago that was."""

_DIM, _STRONG = "dim", "bold"
_ABSENT = "-"


class Moment(NamedTuple):
    """When it is, and how many seconds ago the jobs were looked at."""

    now: datetime
    age_secs: float


class Column(NamedTuple):
    """A column: its header, its width, and what it shows of a row."""

    header: str
    width: int
    show: Callable[[Row, Moment, Canvas, int], Piece]
    is_right: bool = False


class Table(NamedTuple):
    """The columns that are shown, and what is between them."""

    columns: Sequence[Column]
    gap: Piece


class _Layout(NamedTuple):
    """How much room is given to what."""

    name: int
    bars: int
    gap: int
    has_status: bool
    has_network: bool


_LAYOUTS = (
    _Layout(name=18, bars=12, gap=2, has_status=True, has_network=True),
    _Layout(name=16, bars=8, gap=2, has_status=True, has_network=True),
    _Layout(name=16, bars=8, gap=2, has_status=True, has_network=False),
    _Layout(name=12, bars=6, gap=2, has_status=True, has_network=False),
    _Layout(name=12, bars=4, gap=1, has_status=True, has_network=False),
    _Layout(name=12, bars=4, gap=1, has_status=False, has_network=False),
)
"""From the widest to the narrowest."""


def columns(canvas: Canvas, *, has_gpus: bool) -> Table:
    """Return the columns that there is room for. The last lines get what is left, in the widest layout with enough."""
    tables = (_table(layout, canvas, has_gpus=has_gpus) for layout in _LAYOUTS)
    return next(
        (table for table in tables if table.columns[-1].width >= LEAST_LINE),
        _table(_LAYOUTS[-1], canvas, has_gpus=has_gpus),
    )


def _table(layout: _Layout, canvas: Canvas, *, has_gpus: bool) -> Table:
    bars = layout.bars
    chosen = [Column("NAME", layout.name, _name)]
    chosen += [Column("STATUS", 10, _status)] * layout.has_status
    chosen += [Column("RUNTIME", 7, _runtime, is_right=True), Column("COST", 8, _cost, is_right=True)]
    chosen += [Column("CPU", bars + 5, _share(lambda row: row.cpu, bars))]
    chosen += [Column("MEM", bars + 5, _share(lambda row: row.memory, bars))]
    chosen += [Column("GPU", bars + 5, _share(lambda row: row.gpu, bars))] * has_gpus
    chosen += [Column("NET", bars + 9, _network(bars))] * layout.has_network
    left = canvas.width - sum(column.width + layout.gap for column in chosen) - len("> ")
    return Table([*chosen, Column("LAST LINE", max(0, left), _last_line)], Piece(" " * layout.gap))


def header(table: Table, canvas: Canvas) -> str:
    """Return the line above the jobs."""
    pieces = [Piece("  ")]
    for column in table.columns:
        pieces += [canvas.cell(column.header, column.width, right=column.is_right), table.gap]
    return canvas.line(pieces)


def row_line(row: Row, table: Table, moment: Moment, canvas: Canvas, *, is_chosen: bool) -> str:
    """Return the line of a job. One that does not run has no figures, but a reason perhaps."""
    pieces = [Piece("> " if is_chosen else "  ", _STRONG if is_chosen else None)]
    if row.job.status.stage == "RUNNING":
        for column in table.columns:
            pieces += [column.show(row, moment, canvas, column.width), table.gap]
        return canvas.line(pieces)
    stage = str(row.job.status)
    waited = row.job.waited_secs(moment.now)
    since = f" for {span(waited)}" if waited is not None else ""
    why = f": {row.job.status.message}" if row.job.status.message else ""
    pieces += [_name(row, moment, canvas, table.columns[0].width), table.gap]
    pieces += [Piece(canvas.spelled(stage), STAGE_STYLES.get(stage)), Piece(canvas.spelled(f"{since}{why}"))]
    return canvas.line(pieces)


def bars(series: Series, count: int, top: float | None, moment: Moment, canvas: Canvas) -> str:
    """Return the bars of the last figures, from 0 to `top`, or to the greatest of them."""
    means = series.means(count, moment.now)
    if top is None:
        top = max((value for value in means if value is not None), default=0.0)
    return sparkline(means, top, is_unicode=canvas.is_unicode)


def _name(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    return canvas.cell(row.job.name or row.job.id, width)


def _status(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    stage = str(row.job.status)
    return canvas.cell(stage or _ABSENT, width, STAGE_STYLES.get(stage))


def _runtime(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
    seconds = running_secs(row, moment)
    return canvas.cell(_ABSENT if seconds is None else span(seconds), width, right=True)


def running_secs(row: Row, moment: Moment) -> float | None:
    """Return how long a job has run by now; what the Hub told of it was right when it was looked at."""
    durations = row.job.durations
    if durations is not None and durations.running_secs is not None:
        return durations.running_secs + moment.age_secs
    return row.job.running_secs(moment.now)


def _cost(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    return canvas.cell(_ABSENT if row.cost is None else str(row.cost), width, right=True)


def _share(read: Callable[[Row], Series], count: int) -> Callable[[Row, Moment, Canvas, int], Piece]:
    """Return what shows a share of a hundred: its bars, and the present figure."""

    def show(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
        series = read(row)
        figure = _ABSENT if series.last is None else percent(series.last)
        text = f"{bars(series, count, 100.0, moment, canvas)} {figure:>4}"
        return canvas.cell(text, width, _DIM if row.is_stale(moment.now) else None)

    return show


def _network(count: int) -> Callable[[Row, Moment, Canvas, int], Piece]:
    def show(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
        figure = _ABSENT if row.network.last is None else rate(row.network.last)
        text = f"{bars(row.network, count, None, moment, canvas)} {figure:>8}"
        return canvas.cell(text, width, _DIM if row.is_stale(moment.now) else None)

    return show


def _last_line(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
    return canvas.cell(last_line(row, moment), width)


def last_line(row: Row, moment: Moment) -> str:
    """Return the last line that a job wrote, and how long ago that was if it may hang."""
    line = row.last_line
    if line is None:
        return ""
    if line.timestamp is None or (moment.now - line.timestamp).total_seconds() < QUIET_SECS:
        return line.data
    return f"({age(line.timestamp, moment.now)}) {line.data}"
