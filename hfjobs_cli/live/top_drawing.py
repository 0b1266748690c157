"""The screen of `top` as lines: the jobs, one of them in detail, those that ended lately, and what can be pressed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from hfjobs_cli.live.screen import Size
from hfjobs_cli.live.series import Series
from hfjobs_cli.live.styled import Canvas, Piece
from hfjobs_cli.live.top_rows import Moment, bars, columns, header, last_line, row_line
from hfjobs_cli.live.top_state import Ended, Row, Top
from hfjobs_cli.records.job import STAGE_STYLES
from hfjobs_cli.records.usage import percent, rate
from hfjobs_cli.text.times import age, span

KEYS = {
    "up, k / down, j": "choose a job; page up, page down, home and end too",
    "Enter": "follow what the job writes; q or Ctrl-C comes back",
    "s": "open a shell in the job, with ssh",
    "c": "cancel the job, once you have said yes",
    "/": "show only jobs in whose name, id, image, command, flavor or labels a text is; Escape shows all",
    "?": "this page",
    "q": "quit; Ctrl-C too",
}
"""What keys do, for help."""

_FOOTER = "arrows move  Enter logs  s ssh  c cancel  / filter  ? help  q quit"
_DIM, _STRONG = "dim", "bold"
LATELY = timedelta(days=1)

_DETAILED_LINES = 18
"""From how many lines on there is room for the details of a job."""


def drawn(state: Top, size: Size, now: datetime, *, color: bool, is_unicode: bool = True) -> list[str]:
    """Return the lines of the whole screen."""
    canvas = Canvas(size.columns, color, is_unicode)
    age_secs = (now - state.looked_at).total_seconds() if state.looked_at is not None else 0.0
    moment = Moment(now, age_secs)
    if state.mode == "help":
        return _help(canvas)
    details = _details(state, moment, canvas) if size.lines >= _DETAILED_LINES else []
    few = 3 if size.lines < 30 else 8
    ended = _ended(lately(state.ended, now)[:few], now, canvas) if size.lines > len(details) + few + 6 else []
    room = max(1, size.lines - 3 - len(details) - len(ended))
    lines = [_title(state, canvas), *_table(state, room, moment, canvas), *details, *ended]
    lines = lines[: max(0, size.lines - 1)]
    return [*lines, *[""] * (size.lines - 1 - len(lines)), _footer(state, canvas)]


def _title(state: Top, canvas: Canvas) -> str:
    if state.looked_at is None:
        return canvas.line([Piece("hfjobs top", _STRONG), Piece(": asking the Hub ...")])
    stages = Counter(str(row.job.status).lower() or "of unknown status" for row in state.rows.values())
    counts = ", ".join(f"{count} {stage}" for stage, count in sorted(stages.items())) or "no jobs"
    costs = [row.cost for row in state.rows.values() if row.cost is not None]
    total = sum((cost.usd for cost in costs[1:]), costs[0].usd) if costs else None
    told = f", {costs[0]._replace(usd=total, is_estimated=True)} so far" if total is not None else ""
    found = f"; {len(state.shown)} of {len(state.rows)} match '{state.filter}'" if state.filter else ""
    return canvas.line([Piece("hfjobs top", _STRONG), Piece(canvas.spelled(f": {counts}{told}{found}"))])


def _table(state: Top, room: int, moment: Moment, canvas: Canvas) -> list[str]:
    """Return the header and as many rows as there is room for, the chosen one among them."""
    rows = state.shown
    table = columns(canvas, has_gpus=any(row.usage is not None and row.usage.gpu for row in rows))
    place = next((place for place, row in enumerate(rows) if row.job.id == state.chosen), 0)
    first = max(0, min(place - room // 2, len(rows) - room))
    lines = [
        row_line(row, table, moment, canvas, is_chosen=row.job.id == state.chosen) for row in rows[first : first + room]
    ]
    if not rows and state.looked_at is not None:
        lines = [canvas.line([Piece("  no running or scheduling jobs" + (" match" if state.rows else ""), _DIM)])]
    return [header(table, canvas), *lines]


def _details(state: Top, moment: Moment, canvas: Canvas) -> list[str]:
    """Return all that there is no room for in a row, of the chosen job."""
    row = state.chosen_row
    if row is None:
        return []
    job = row.job
    count = max(4, min(30, canvas.width // 2 - 32))
    what = [job.id, job.flavor, job.image, " ".join([*(job.command or ()), *(job.arguments or ())])]
    about = canvas.spelled("  ".join(each for each in what if each))
    return [
        "",
        canvas.line([Piece(canvas.spelled(job.name or "no name"), _STRONG), Piece(f"  {about}")]),
        *_figures(row, count, moment, canvas),
        canvas.line([Piece("wrote  ", _DIM), Piece(canvas.spelled(last_line(row, moment) or "nothing yet"))]),
    ]


def _figures(row: Row, count: int, moment: Moment, canvas: Canvas) -> list[str]:
    """Return two lines with the figures of the last minutes."""
    usage = row.usage
    if usage is None:
        text = "no figures yet" if row.job.status.stage == "RUNNING" else "does not run yet"
        return [canvas.line([Piece(text, _DIM)]), ""]
    half = canvas.width // 2

    def drawn_bars(series: Series, top: float | None = 100.0) -> str:
        return bars(series, count, top, moment, canvas).lstrip()

    cpu = f"CPU {drawn_bars(row.cpu)} {_percent(usage.cpu_usage_pct)}"
    cpu += f" of {usage.cores:g}" if usage.cores is not None else ""
    memory = f"MEM {drawn_bars(row.memory)} {_percent(usage.memory)} {usage.memory_usage or ''}"
    gpu = f"GPU {drawn_bars(row.gpu)} {' '.join(map(percent, usage.gpu))}"
    network = f"NET {drawn_bars(row.network, None)} in {_rate(usage.rx_bps)} out {_rate(usage.tx_bps)}"
    style = _DIM if row.is_stale(moment.now) else None
    return [
        canvas.line([canvas.cell(cpu, half, style), Piece(memory, style)]),
        canvas.line([canvas.cell(network, half, style), Piece(gpu if usage.gpu else "no GPU", style)]),
    ]


def _percent(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _rate(value: float | None) -> str:
    return "-" if value is None else rate(value)


def lately(ended: Sequence[Ended], now: datetime) -> list[Ended]:
    """Return those that ended in the last day."""
    return [each for each in ended if (moment := _end(each)) is not None and now - moment < LATELY]


def _end(ended: Ended) -> datetime | None:
    return ended.job.finished_at or ended.job.created_at


def _ended(ended: Sequence[Ended], now: datetime, canvas: Canvas) -> list[str]:
    """Return a line for each job that ended lately, the last one first."""
    if not ended:
        return []
    head = f"  {'ENDED LATELY':<18}  {'STATUS':<10}  {'WHEN':<8}  {'RUNTIME':>7}  {'COST':>9}  WHY"
    return ["", canvas.line([Piece(head)]), *(_ended_line(each, now, canvas) for each in ended)]


def _ended_line(ended: Ended, now: datetime, canvas: Canvas) -> str:
    job = ended.job
    stage = str(job.status)
    moment = _end(ended)
    seconds = job.running_secs(now)
    gap = Piece("  ")
    return canvas.line(
        [
            gap,
            canvas.cell(job.name or job.id, 18),
            gap,
            canvas.cell(stage or "-", 10, STAGE_STYLES.get(stage)),
            gap,
            canvas.cell("-" if moment is None else age(moment, now), 8),
            gap,
            canvas.cell("-" if seconds is None else span(seconds), 7, right=True),
            gap,
            canvas.cell("-" if ended.cost is None else str(ended.cost), 9, right=True),
            gap,
            Piece(canvas.spelled(job.status.message or "")),
        ]
    )


def _footer(state: Top, canvas: Canvas) -> str:
    """Return what is asked, or told, or what can be pressed."""
    if state.mode == "cancel" and (row := state.chosen_row) is not None:
        name = f"{row.job.name} ({row.job.id})" if row.job.name else row.job.id
        return canvas.line([Piece(canvas.spelled(f"Cancel {name}? [y/N]"), _STRONG)])
    if state.mode == "filter":
        return canvas.line([Piece(canvas.spelled(f"/{state.filter}"), _STRONG), Piece("_  Enter keeps, Escape drops")])
    told = state.message or state.trouble
    return canvas.line([Piece(canvas.spelled(told) if told else _FOOTER, None if told else _DIM)])


def _help(canvas: Canvas) -> list[str]:
    """Return a page about the keys."""
    width = max(map(len, KEYS))
    told = [canvas.line([Piece(f"  {key:<{width}}", _STRONG), Piece(f"  {what}")]) for key, what in KEYS.items()]
    return [
        canvas.line([Piece("hfjobs top", _STRONG), Piece(": a row for each job that has not ended")]),
        "",
        *told,
        "",
        canvas.line([Piece("Each bar is the mean of 10 seconds. Figures that are old are dim. Costs with ~ are")]),
        canvas.line([Piece("estimates from the price of the flavor. Any key goes back.")]),
    ]
