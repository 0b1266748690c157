"""`--format page`: a job on a page, with its times as a bar, or a schedule with its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.styling import inked
from hfjobs_cli.jobspec.unpacking import unpacked
from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.description import Description, Run, Runs, SameLaunch
from hfjobs_cli.models.fields import formatted
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.packed_files import VARIABLES
from hfjobs_cli.models.schedule import STATE_STYLES, ScheduledJob
from hfjobs_cli.models.spec import Described, JobVolume
from hfjobs_cli.text.numbers import percent
from hfjobs_cli.text.secrets import masked_value, masked_words
from hfjobs_cli.text.times import age, span, timestamp
from hfjobs_cli.text.widths import block, cell_width, cut
from hfjobs_cli.text.words import quoted

_WIDEST = 100
"""Longer lines are hard to read; a pipe gets them too."""

_LABEL = 13
"""How wide the labels to the left are, with blanks behind them."""

_BAR = 48
_MOST_LINES = 6
"""How many lines of a command are shown, and of a line that it wrote."""

_LONGEST_VALUE = 200
"""How many characters of the value of a variable are shown."""

_MOST_VALUES = 40
"""How many lines of variables and of volumes are shown."""

_LEAST_MESSAGE = 16
"""How much room there must be beside a run for its message."""

Piece = tuple[str, "str | None"]


def render(records: Iterable[Description], view: View) -> None:
    """Write a page for each job, a blank line between two; nothing if reading them fails."""
    for number, each in enumerate(list(records)):
        pieces = [("\n", None)] * (number > 0) + list(_page(each, view))
        view.write(inked(pieces) if view.color else "".join(text for text, _ in pieces))


def _page(each: Description, view: View) -> Iterator[Piece]:
    yield from _head(each, view)
    if each.schedule is not None:
        yield from _of_schedule(each, each.schedule, view)
    if each.job is not None:
        yield from _of_job(each, each.job, view)
    if each.next:
        yield "\nNext\n", "bold"
        yield from _steps(each, view)


def _head(each: Description, view: View) -> Iterator[Piece]:
    subject = each.subject
    state = str(subject.status)
    place = each.job.url if each.job is not None else f"schedule of {subject.owner}"
    what = each.type
    name = view.spell(each.name or f"unnamed {what}")
    yield f"{cut(name, _width(view) - len(state) - 2, '...')}  ", "bold"
    yield view.spell(state), {**STATE_STYLES, **STAGE_STYLES}.get(state)
    yield f"\n{view.spell(place or subject.id)}\n\n", None
    yield from _wrapped("", each.why, view)
    yield from _wrapped("", " ".join(filter(None, (each.started_by, each.family))), view)
    yield "\n", None


def _of_job(each: Description, job: JobInfo, view: View) -> Iterator[Piece]:
    yield from _wrapped("Id", job.id, view)
    yield from _spec(job, view)
    yield from _wrapped("Addresses", "\n".join(job.status.expose_urls or ()), view)
    yield from _wrapped("Created", _moment(job.created_at, view), view)
    yield from _times(each, job, view)
    yield from _wrapped("Cost", _cost(each, job), view)
    yield from _wrapped("Same launch", _same(each.same_launch, view), view)
    if each.last_lines:
        yield "\nLast lines\n", "bold"
        for line in each.last_lines:
            yield from ((f"  {part}\n", None) for part in _block(line, 2, view))


def _of_schedule(each: Description, schedule: ScheduledJob, view: View) -> Iterator[Piece]:
    runs = each.runs
    yield from _wrapped("Id", schedule.id, view)
    overlap = ", runs may overlap" if schedule.concurrency else ""
    yield from _wrapped("Schedule", f"{schedule.schedule or '-'} (UTC){overlap}", view)
    yield from _wrapped("Next runs", "\n".join(_moment(at, view) for at in runs.next_at) if runs else "", view)
    yield from _spec(schedule.job_spec, view)
    yield from _wrapped("Created", _moment(schedule.created_at, view), view)
    if runs is None:
        return
    yield from _wrapped(f"Last {runs.days} days", _counted(runs), view)
    if cost := _amount(runs.cost_usd, runs.cost_is_estimated):
        yield from _wrapped("Cost", f"{cost} in the last {runs.days} days", view)
    if runs.newest:
        yield "\nLast runs\n", "bold"
        yield from _runs(runs.newest, view)


def _amount(usd: float | None, is_estimated: bool | None) -> str:
    return "" if usd is None else str(Cost(Decimal(str(usd)), bool(is_estimated)))


def _counted(runs: Runs) -> str:
    """Return how runs ended: `30 runs: 28 completed, 2 failed; 93% succeeded; ran 5h2m`."""
    counts = {
        "completed": runs.completed,
        "failed": runs.failed,
        "canceled": runs.canceled,
        "still active": runs.active,
    }
    total = sum(counts.values())
    if not total:
        return "no runs"
    ended = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    success = "" if runs.success_rate is None else f"; {percent(runs.success_rate)} succeeded"
    return f"{total:,} {'run' if total == 1 else 'runs'}: {ended}{success}; ran {span(runs.running_secs)}"


def _runs(newest: list[Run], view: View) -> Iterator[Piece]:
    """Yield a line for each run, with its message if there is room."""
    rows = [
        (
            view.spell(run.id),
            "-" if run.created_at is None else _relative(run.created_at, view),
            view.spell(run.status or "-"),
            "-" if run.running_secs is None else span(run.running_secs),
            _amount(run.cost_usd, run.cost_is_estimated),
        )
        for run in newest
    ]
    widths = [max(cell_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for run, row in zip(newest, rows, strict=True):
        cells = [f"{cell}{' ' * (width - cell_width(cell))}" for cell, width in zip(row, widths, strict=True)]
        yield f"  {cells[0]}  {cells[1]}  ", None
        yield cells[2], STAGE_STYLES.get(run.status or "")
        rest = f"  {cells[3]}  {cells[4]}"
        room = _width(view) - sum(widths) - 2 * len(widths) - 2
        message = view.spell((run.message or "").partition("\n")[0])
        shown = cut(message, room, "…" if view.holds("…") else "...") if room >= _LEAST_MESSAGE else ""
        yield f"{rest}  {shown}".rstrip() + "\n", None


def _spec(spec: Described, view: View) -> Iterator[Piece]:
    """Yield the rows of a job spec: image, command, hardware, variables. Values that look like secrets are masked."""
    yield from _wrapped("Image", spec.image or "-", view)
    yield from _wrapped("Command", quoted(masked_words(spec.words)), view)
    yield from _wrapped("Hardware", _hardware(spec), view)
    labels = sorted((spec.labels or {}).items())
    yield from _wrapped("Labels", ", ".join(f"{key}={value}" for key, value in labels if key != "name"), view)
    variables = sorted((spec.environment or {}).items())
    shown = [f"{key}={_shortened(masked_value(key, value))}" for key, value in variables if key not in VARIABLES]
    yield from _wrapped("Variables", "\n".join(shown), view, _MOST_VALUES)
    yield from _wrapped("Files", _files(spec), view)
    yield from _wrapped("Secrets", ", ".join(sorted(spec.secrets or ())), view)
    yield from _wrapped("Volumes", "\n".join(map(_volume, spec.volumes or ())), view, _MOST_VALUES)
    public = spec.expose_public or ()
    ports = dict.fromkeys([*(spec.expose or ()), *public])
    yield from _wrapped("Ports", ", ".join(f"{port}{' (public)' if port in public else ''}" for port in ports), view)
    if spec.network is not None and spec.network.group:
        aliases = f" as {', '.join(spec.network.aliases)}" if spec.network.aliases else ""
        yield from _wrapped("Network", f"{spec.network.group}{aliases}", view)


def _files(spec: Described) -> str:
    """Return the local files that travel with it: `train.py (1,204 bytes)`."""
    found = unpacked(spec.environment or {}) or {}
    return ", ".join(
        f"{name} ({len(content):,} {'byte' if len(content) == 1 else 'bytes'})" for name, content in found.items()
    )


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "..."


def _volume(volume: JobVolume) -> str:
    """Format a volume as `/data: dataset alice/cards@main/train, read only`."""
    return f"{volume.mount_path or '?'}: {volume.described}"


def _width(view: View) -> int:
    return min(view.width or _WIDEST, _WIDEST)


def _wrapped(label: str, text: str, view: View, most: int = _MOST_LINES) -> Iterator[Piece]:
    """Yield a wrapped text beside its label, or from the left edge without one.

    The lines of a text stay lines: a script in a command is read as one.
    """
    if not text:
        return
    start = " " * _LABEL if label else ""
    lines = _block(text.rstrip("\n"), len(start), view, most)
    if label:
        yield f"{label:<{_LABEL}}", "bold"
    yield f"\n{start}".join(lines) + "\n", None


def _block(text: str, indent: int, view: View, most: int = _MOST_LINES) -> list[str]:
    lines = (view.spell(line) for line in text.split("\n"))
    return block(lines, max(20, _width(view) - indent), most if view.folds else None, "…" if view.holds("…") else "...")


def _hardware(spec: Described) -> str:
    limit = f"timeout {span(spec.timeout)}" if spec.timeout is not None else None
    tries = f"up to {spec.retry + 1:g} attempts" if spec.retry else None
    return ", ".join(filter(None, (spec.flavor or "-", spec.arch, limit, tries)))


def _moment(moment: datetime | None, view: View) -> str:
    """Format a moment, with how long ago or ahead it is if the reader wants that."""
    if moment is None:
        return ""
    return f"{timestamp(moment)}{f' ({age(moment, view.now)})' if view.reader.has_relative_times else ''}"


def _relative(moment: datetime, view: View) -> str:
    return formatted(moment, view.now if view.reader.has_relative_times else None) or "-"


def _times(each: Description, job: JobInfo, view: View) -> Iterator[Piece]:
    """Yield the bar of waiting and running time, and of the time left, followed by a legend.

    There is no bar of a job that took no second.
    """
    waited, ran = each.waited_secs, each.ran_secs
    if waited is None and ran is None:
        return
    stage, timeout = job.status.stage or "", job.timeout
    left = max(0.0, timeout - ran) if stage == "RUNNING" and timeout is not None and ran is not None else 0.0
    signs = "─━·" if view.holds("─━·") else "-=."
    room = max(10, min(_BAR, _width(view) - _LABEL))
    lengths = _lengths([waited or 0.0, ran or 0.0, left], room)
    styles = (STAGE_STYLES["SCHEDULING"], STAGE_STYLES.get(stage), None)
    yield f"{'Times':<{_LABEL}}", "bold"
    for sign, length, style in zip(signs, lengths, styles, strict=True):
        if length:
            yield sign * length, style
    if any(lengths):
        yield f"\n{' ' * _LABEL}", None
    words = [
        f"{sign} {word} {span(seconds)}"
        for sign, word, seconds in zip(signs, ("waited", "ran", "left"), (waited, ran, left or None), strict=True)
        if seconds is not None
    ]
    yield f"{'  '.join(words)}\n", None


def _lengths(seconds: list[float], room: int) -> list[int]:
    """Share cells among lengths of time, one at least for each that is not 0."""
    total = sum(seconds)
    if not total:
        return [0] * len(seconds)
    found = [max(1, round(each / total * room)) if each else 0 for each in seconds]
    found[found.index(max(found))] += room - sum(found)
    return found


def _cost(each: Description, job: JobInfo) -> str:
    if each.cost is None:
        return ""
    if job.status.stage == "SCHEDULING":
        return "nothing while waiting"
    so_far = " so far" if job.status.stage == "RUNNING" else ""
    known = " (estimated from the price of the flavor)" if each.cost_is_estimated else " (billed)"
    return f"{each.cost}{so_far}{known}"


def _same(same: SameLaunch | None, view: View) -> str:
    """Return whether the same image, command and flavor worked before."""
    if same is None:
        return ""
    among = "" if same.is_whole else " among the newest jobs"
    ended = same.completed + same.failed
    if not ended:
        return f"no earlier jobs{among} (same image, command and flavor)"
    if not same.completed:
        return f"no earlier job completed, {same.failed} failed{among}"
    when = same.last_good_at
    last = f", last {_relative(when, view)}" if when is not None else ""
    return f"{same.completed} of {ended} earlier jobs completed{among}{last} ({same.last_good})"


def _steps(each: Description, view: View) -> Iterator[Piece]:
    """Yield the next commands, with their purposes beside them if there is room."""
    steps = [(view.spell(step.command), view.spell(step.purpose)) for step in each.next]
    widest = max((cell_width(command) for command, _ in steps), default=0)
    beside = all(widest + cell_width(purpose) + 6 <= _width(view) for _, purpose in steps)
    for command, purpose in steps:
        if beside:
            yield f"  {command}{' ' * (widest - cell_width(command))}  # {purpose}\n", None
        else:
            yield f"  # {purpose}\n  {command}\n", None
