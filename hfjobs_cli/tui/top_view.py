"""The screen of `top` as lines."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from textwrap import wrap
from typing import NamedTuple

from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.usage import percentage, rate
from hfjobs_cli.terminal import Preferences, Size
from hfjobs_cli.text.values import age, span
from hfjobs_cli.tui.screen import Canvas, Piece
from hfjobs_cli.tui.top_state import IDLE_PERCENT, LEAST_IDLE_SECS, Ended, Row, Series, Top

KEYS = {
    "up, k / down, j": "select a job; also Page Up, Page Down, Home and End",
    "Enter": "follow the logs of the job; q or Ctrl-C comes back",
    "d": "describe the job; q or Escape comes back",
    "o / O": "sort by the next, or the last, of: newest, name, runtime, cost, CPU, memory, GPU",
    "s": "open a shell in the job with ssh",
    "c": "cancel the job, after confirmation",
    "/": "show only jobs with a text in name, id, image, command, flavor or labels; Escape shows all",
    "?": "show this page",
    "q": "quit; Ctrl-C too",
}
"""The help of keys."""

_NOTE = (
    "Each bar is the mean of 10 seconds. Old values are dim. Costs with ~ are estimates from the price of the flavor. "
    "Any key goes back."
)
_FOOTER = "Enter logs  d page  o sort  / find  c cancel  ? help  q quit"
_DIM, _STRONG = "dim", "bold"
RECENT = timedelta(days=1)

_DETAILED_LINES = 18
"""The least number of lines at which the details of a job are shown."""


def drawn(state: Top, size: Size, now: datetime, reader: Preferences) -> list[str]:
    """Return the lines of the whole screen."""
    canvas = Canvas(size.columns, reader.color, reader.is_unicode)
    age_secs = (now - state.polled_at).total_seconds() if state.polled_at is not None else 0.0
    moment = Moment(now, age_secs)
    if state.mode == "help":
        return _help(canvas)
    details = _details(state, moment, canvas) if size.lines >= _DETAILED_LINES else []
    spare = size.lines - 3 - len(details) - max(1, len(state.shown)) - 2
    few = max(spare, 3 if size.lines < 30 else 8)
    least = min(few, 3 if size.lines < 30 else 8)
    ended = (
        _ended(recently_finished(state.ended, now)[:few], now, canvas) if size.lines > len(details) + least + 6 else []
    )
    room = max(1, size.lines - 3 - len(details) - len(ended))
    lines = [_title(state, canvas), *_table(state, room, moment, canvas), *details, *ended]
    lines = lines[: max(0, size.lines - 1)]
    return [*lines, *[""] * (size.lines - 1 - len(lines)), _footer(state, canvas)]


def _title(state: Top, canvas: Canvas) -> str:
    if state.polled_at is None:
        return canvas.line([Piece("hfjobs top", _STRONG), Piece(": loading ...")])
    stages = Counter(str(row.job.status).lower() or "with unknown status" for row in state.rows.values())
    counts = ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items())) or "no jobs"
    costs = [row.cost for row in state.rows.values() if row.cost is not None]
    total = sum((cost.usd for cost in costs[1:]), costs[0].usd) if costs else None
    spent = f", {costs[0]._replace(usd=total, is_estimated=True)} so far" if total is not None else ""
    order = f"; by {state.order}" if state.order else ""
    found = f"; {len(state.shown)} of {len(state.rows)} match '{state.filter}'" if state.filter else ""
    return canvas.line([Piece("hfjobs top", _STRONG), Piece(canvas.formatted(f": {counts}{spent}{order}{found}"))])


def _table(state: Top, room: int, moment: Moment, canvas: Canvas) -> list[str]:
    """Return the header and as many rows as fit, the selected one among them."""
    rows = state.shown
    table = columns(canvas, has_gpus=any(row.usage is not None and row.usage.gpu for row in rows))
    place = next((place for place, row in enumerate(rows) if row.job.id == state.chosen), 0)
    first = max(0, min(place - room // 2, len(rows) - room))
    lines = [
        row_line(row, table, moment, canvas, is_chosen=row.job.id == state.chosen) for row in rows[first : first + room]
    ]
    if not rows and state.polled_at is not None:
        lines = [canvas.line([Piece("  no running or scheduling jobs" + (" match" if state.rows else ""), _DIM)])]
    return [header(table, canvas), *lines]


def _details(state: Top, moment: Moment, canvas: Canvas) -> list[str]:
    """Return the details of the selected job that do not fit in its row."""
    row = state.chosen_row
    if row is None:
        return []
    job = row.job
    count = max(4, min(30, canvas.width // 2 - 32))
    what = [job.id, job.flavor, job.image, " ".join(job.words)]
    about = canvas.formatted("  ".join(each for each in what if each))
    return [
        "",
        canvas.line([Piece(canvas.formatted(job.name or "no name"), _STRONG), Piece(f"  {about}")]),
        *_figures(row, count, moment, canvas),
        canvas.line([Piece("wrote  ", _DIM), Piece(canvas.formatted(last_line(row, moment) or "no output yet"))]),
    ]


def _figures(row: Row, count: int, moment: Moment, canvas: Canvas) -> list[str]:
    """Return two lines with the metrics of the last minutes."""
    usage = row.usage
    if usage is None:
        text = "no metrics yet" if row.job.status.stage == "RUNNING" else "not running yet"
        return [canvas.line([Piece(text, _DIM)]), ""]
    half = canvas.width // 2

    def drawn_bars(series: Series, top: float | None = 100.0) -> str:
        return bars(series, count, top, moment, canvas).lstrip()

    cpu = f"CPU {drawn_bars(row.cpu)} {_percent(usage.cpu_usage_pct)}"
    cpu += f" of {usage.cores:g}" if usage.cores is not None else ""
    memory = f"MEM {drawn_bars(row.memory)} {_percent(usage.memory)} {usage.memory_usage or ''}"
    gpu = f"{idle_time(row) or 'GPU'} {drawn_bars(row.gpu)} {' '.join(map(percentage, usage.gpu))}"
    network = f"NET {drawn_bars(row.network, None)} in {_rate(usage.rx_bps)} out {_rate(usage.tx_bps)}"
    style = _DIM if row.is_stale(moment.now) else None
    return [
        canvas.line([canvas.cell(cpu, half, style), Piece(memory, style)]),
        canvas.line([canvas.cell(network, half, style), Piece(gpu if usage.gpu else "no GPU", style)]),
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else percentage(value)


def _rate(value: float | None) -> str:
    return "-" if value is None else rate(value)


def recently_finished(ended: Sequence[Ended], now: datetime) -> list[Ended]:
    """Return the jobs that finished in the last day."""
    return [each for each in ended if (moment := _end(each)) is not None and now - moment < RECENT]


def _end(ended: Ended) -> datetime | None:
    return ended.job.finished_at or ended.job.created_at


def _ended(ended: Sequence[Ended], now: datetime, canvas: Canvas) -> list[str]:
    """Return a line for each recently finished job, newest first."""
    if not ended:
        return []
    title = "RECENTLY FINISHED" if canvas.width >= _WIDE else "FINISHED"
    name = f"{title:<{_ended_name(canvas)}}"
    head = f"  {name}  {'STATUS':<10}  {'WHEN':<8}  {'RUNTIME':>7}  {'COST':>9}{'  WHY' * (canvas.width >= _WIDE)}"
    return ["", canvas.bar([Piece(head)], _HEADER), *(_ended_line(each, now, canvas) for each in ended)]


_WIDE = 72
"""The least width at which names of finished jobs have full width and reasons are shown."""


def _ended_name(canvas: Canvas) -> int:
    return 18 if canvas.width >= _WIDE else 13


def _ended_line(ended: Ended, now: datetime, canvas: Canvas) -> str:
    job = ended.job
    stage = str(job.status)
    moment = _end(ended)
    seconds = job.running_secs(now)
    gap = Piece("  ")
    return canvas.line(
        [
            gap,
            canvas.cell(job.name or job.id, _ended_name(canvas)),
            gap,
            canvas.cell(stage or "-", 10, STAGE_STYLES.get(stage)),
            gap,
            canvas.cell("-" if moment is None else age(moment, now), 8),
            gap,
            canvas.cell("-" if seconds is None else span(seconds), 7, right=True),
            gap,
            canvas.cell("-" if ended.cost is None else str(ended.cost), 9, right=True),
            *([gap, Piece(canvas.formatted(job.status.message or ""))] if canvas.width >= _WIDE else []),
        ]
    )


def _footer(state: Top, canvas: Canvas) -> str:
    """Return the footer: a question, a message, or the keys."""
    if state.mode == "cancel" and (row := state.chosen_row) is not None:
        name = f"{row.job.name} ({row.job.id})" if row.job.name else row.job.id
        return canvas.line([Piece(canvas.formatted(f"Cancel {name}? [y/N]"), _STRONG)])
    if state.mode == "filter":
        return canvas.line(
            [Piece(canvas.formatted(f"/{state.filter}"), _STRONG), Piece("_  Enter applies, Escape clears")]
        )
    message = state.message or state.trouble
    return canvas.line([Piece(canvas.formatted(message) if message else _FOOTER, None if message else _DIM)])


def _help(canvas: Canvas) -> list[str]:
    """Return the help page, wrapped to the width of the screen."""
    width = max(map(len, KEYS))
    keys = [
        canvas.line([Piece(f"  {key if place == 0 else '':<{width}}", _STRONG), Piece(f"  {part}")])
        for key, what in KEYS.items()
        for place, part in enumerate(wrap(what, max(1, canvas.width - width - 4)))
    ]
    return [
        canvas.line([Piece("hfjobs top", _STRONG), Piece(": a row for each unfinished job")]),
        "",
        *keys,
        "",
        *(canvas.line([Piece(part)]) for part in wrap(_NOTE, canvas.width)),
    ]


LEAST_LINE = 20
"""The least width of the column with the last line of a job, if a narrower layout of the others allows it."""

QUIET_SECS = 60.0
"""After this time without output, the age of the last line is shown."""

_ROW_DIM = "dim"
_HEADER, _CHOSEN = "bold reverse", "black on cyan"
_ABSENT = "-"


class Moment(NamedTuple):
    """The time of the frame, and the time since the last poll in seconds."""

    now: datetime
    age_secs: float


class Column(NamedTuple):
    """A column: its header, its width, and the function that formats its cell of a row."""

    header: str
    width: int
    show: Callable[[Row, Moment, Canvas, int], Piece]
    is_right: bool = False


class Table(NamedTuple):
    """The columns that are shown, and the gap between them."""

    columns: Sequence[Column]
    gap: Piece


class _Layout(NamedTuple):
    """The widths of columns, and which of them are shown."""

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
    _Layout(name=12, bars=3, gap=1, has_status=False, has_network=False),
)
"""From the widest to the narrowest."""


def columns(canvas: Canvas, *, has_gpus: bool) -> Table:
    """Return the columns of the widest layout with at least LEAST_LINE left for the last line, or of the narrowest."""
    tables = (_job_table(layout, canvas, has_gpus=has_gpus) for layout in _LAYOUTS)
    return next(
        (table for table in tables if table.columns[-1].show is _last_line and table.columns[-1].width >= LEAST_LINE),
        _job_table(_LAYOUTS[-1], canvas, has_gpus=has_gpus),
    )


def _job_table(layout: _Layout, canvas: Canvas, *, has_gpus: bool) -> Table:
    bars = layout.bars
    chosen = [Column("NAME", layout.name, _name)]
    chosen += [Column("STATUS", 10, _status)] * layout.has_status
    chosen += [Column("RUNTIME", 7, _runtime, is_right=True), Column("COST", 8, _cost, is_right=True)]
    chosen += [Column("CPU", bars + 5, _share(lambda row: row.cpu, bars, _load))]
    chosen += [Column("MEM", bars + 5, _share(lambda row: row.memory, bars, _load))]
    chosen += [Column("GPU", bars + 5, _share(lambda row: row.gpu, bars, _use))] * has_gpus
    chosen += [Column("NET", bars + 9, _network(bars))] * layout.has_network
    left = canvas.width - sum(column.width + layout.gap for column in chosen) - len("> ")
    last = Column("LAST LINE", left, _last_line)
    return Table([*chosen, *[last] * (left >= len(last.header))], Piece(" " * layout.gap))


def header(table: Table, canvas: Canvas) -> str:
    """Return the line above the jobs."""
    pieces = [Piece("  ")]
    for column in table.columns:
        pieces += [canvas.cell(column.header, column.width, right=column.is_right), table.gap]
    return canvas.bar(pieces, _HEADER)


def row_line(row: Row, table: Table, moment: Moment, canvas: Canvas, *, is_chosen: bool) -> str:
    """Return the line of a job. One that does not run has no metrics, but may have a reason."""
    line = partial(canvas.bar, style=_CHOSEN) if is_chosen else canvas.line
    pieces = [Piece("> " if is_chosen else "  ")]
    if row.job.status.stage == "RUNNING":
        for column in table.columns:
            pieces += [column.show(row, moment, canvas, column.width), table.gap]
        return line(pieces)
    stage = str(row.job.status)
    waited = row.job.waited_secs(moment.now)
    since = f" for {span(waited)}" if waited is not None else ""
    why = f": {row.job.status.message}" if row.job.status.message else ""
    pieces += [_name(row, moment, canvas, table.columns[0].width), table.gap]
    pieces += [Piece(canvas.formatted(stage), STAGE_STYLES.get(stage)), Piece(canvas.formatted(f"{since}{why}"))]
    return line(pieces)


def bars(series: Series, count: int, top: float | None, moment: Moment, canvas: Canvas) -> str:
    """Return a sparkline of the last values, from 0 to `top`, or to the greatest of them."""
    means = series.means(count, moment.now)
    if top is None:
        top = max((value for value in means if value is not None), default=0.0)
    return sparkline(means, top, is_unicode=canvas.is_unicode)


BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.:-=+*#"
"""The bars of a sparkline where Unicode cannot be shown."""


def sparkline(values: Sequence[float | None], top: float, *, is_unicode: bool = True) -> str:
    """Draw values from 0 to `top` as bars, unknown ones as spaces. Values above 0 are higher than the bar of 0."""
    bars = BARS if is_unicode else PLAIN_BARS
    return "".join(" " if value is None else bars[_height(value, top, len(bars) - 1)] for value in values)


def _height(value: float, top: float, highest: int) -> int:
    if top <= 0 or value <= 0:
        return 0
    return min(highest, math.ceil(value / top * highest))


def _name(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    return canvas.cell(row.job.name or row.job.id, width)


def _status(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    stage = str(row.job.status)
    return canvas.cell(stage or _ABSENT, width, STAGE_STYLES.get(stage))


def _runtime(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
    seconds = running_secs(row, moment)
    return canvas.cell(_ABSENT if seconds is None else span(seconds), width, right=True)


def running_secs(row: Row, moment: Moment) -> float | None:
    """Return the current running time of a job; the Hub's value is as of the last poll."""
    durations = row.job.durations
    if durations is not None and durations.running_secs is not None:
        return durations.running_secs + moment.age_secs
    return row.job.running_secs(moment.now)


def _cost(row: Row, _moment: Moment, canvas: Canvas, width: int) -> Piece:
    return canvas.cell(_ABSENT if row.cost is None else str(row.cost), width, right=True)


def _load(value: float) -> str:
    """Return the color of a load: red when there is little left."""
    return "red" if value >= 90 else "yellow" if value >= 70 else "green"


def _use(value: float) -> str:
    """Return the color of the utilization of GPUs: red when they are paid for but idle."""
    return "red" if value < IDLE_PERCENT else "yellow" if value < 40 else "green"


def _share(
    read: Callable[[Row], Series], count: int, color: Callable[[float], str]
) -> Callable[[Row, Moment, Canvas, int], Piece]:
    """Return a function that formats a percentage: its sparkline and current value, in the color of that value."""

    def show(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
        series = read(row)
        figure = _ABSENT if series.last is None else percentage(series.last)
        text = f"{bars(series, count, 100.0, moment, canvas)} {figure:>4}"
        style = None if series.last is None else color(series.last)
        return canvas.cell(text, width, _ROW_DIM if row.is_stale(moment.now) else style)

    return show


def _network(count: int) -> Callable[[Row, Moment, Canvas, int], Piece]:
    def show(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
        figure = _ABSENT if row.network.last is None else rate(row.network.last)
        text = f"{bars(row.network, count, None, moment, canvas)} {figure:>8}"
        return canvas.cell(text, width, _ROW_DIM if row.is_stale(moment.now) else None)

    return show


def _last_line(row: Row, moment: Moment, canvas: Canvas, width: int) -> Piece:
    """Format the last line, after how long the GPUs have been idle, which is more important."""
    idle = idle_time(row)
    said = last_line(row, moment)
    return canvas.cell(f"{idle}  {said}" if idle else said, width, "yellow" if idle else None)


def idle_time(row: Row) -> str:
    """Format how long the GPUs of a job have been idle and what that cost: `GPU idle 12m, ~$0.40`; empty if short."""
    seconds = row.idle_secs
    if seconds < LEAST_IDLE_SECS or row.sampled_at is None:
        return ""
    minutes = row.job.billed_minutes(row.sampled_at)
    if row.cost is None or not minutes:
        return f"GPU idle {span(seconds)}"
    usd = row.cost.usd / minutes * Decimal(round(seconds)) / 60
    return f"GPU idle {span(seconds)}, {row.cost._replace(usd=usd, is_estimated=True)}"


def last_line(row: Row, moment: Moment) -> str:
    """Return the last line of the output of a job, after its age if that is long: the job may hang."""
    line = row.last_line
    if line is None:
        return ""
    if line.timestamp is None or (moment.now - line.timestamp).total_seconds() < QUIET_SECS:
        return line.data
    return f"({age(line.timestamp, moment.now)}) {line.data}"
