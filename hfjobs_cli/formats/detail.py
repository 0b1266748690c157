"""`--format page`: a summary of a job, with its times as a bar, or of a schedule with its runs.

`facts_of` returns what a summary says, as rows of a label and a text. The page for a browser uses it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.jobspec.packing import unpacked
from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.describe_result import Description, Run, Runs, SameLaunch
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.kind import formatted
from hfjobs_cli.models.schedule import STATE_STYLES, ScheduledJob
from hfjobs_cli.models.spec import PACKED_VARIABLES, JobVolume, SpecFields
from hfjobs_cli.text.redaction import masked_value, masked_words
from hfjobs_cli.text.terminal_text import block, cell_width, cut, join_pieces, quoted
from hfjobs_cli.text.values import age, percent, span, timestamp

_WIDEST = 100
"""The widest line, also in a pipe: longer ones are hard to read."""

MOST_LINES = 6
"""How many lines of a command, or of one line of its output, are shown."""

_LONGEST_VALUE = 200
"""How many characters of the value of a variable are shown."""

_MOST_VALUES = 40
"""How many lines of variables and of volumes are shown."""

_LABEL = 13
"""How wide the labels on the left are, with the blanks after them."""

_BAR = 48
"""The widest bar of times."""

_LEAST_MESSAGE = 16
"""The least width for the message of a run; with less room there is none."""

Piece = tuple[str, "str | None"]


class Period(NamedTuple):
    """A part of the time of a job: what it did, for how long (None if not known), and its style."""

    word: str
    seconds: float | None
    style: str | None


class Fact(NamedTuple):
    """A row of a summary: a label and a text; a terminal shows at most `most` of its lines.

    With `periods` a bar is drawn instead of the text. `moments` are the times in its lines, if these are times.
    """

    label: str
    text: str
    most: int = MOST_LINES
    periods: tuple[Period, ...] = ()
    moments: tuple[datetime, ...] = ()


def render(records: Iterable[Description], view: View) -> None:
    """Write a page for each job, a blank line between two; nothing if reading them fails."""
    for number, each in enumerate(list(records)):
        pieces = [("\n", None)] * (number > 0) + list(_page(each, view))
        view.write(join_pieces(pieces, color=view.color))


def _page(each: Description, view: View) -> Iterator[Piece]:
    yield from _head(each, view)
    for fact in facts_of(each, view):
        yield from _bar(fact, view) if fact.periods else _wrapped(fact.label, fact.text, view, fact.most)
    if each.runs is not None and each.runs.newest:
        yield "\nLast runs\n", "bold"
        yield from _runs(each.runs.newest, view)
    if each.last_lines:
        yield "\nLast lines\n", "bold"
        for line in each.last_lines:
            yield from ((f"  {part}\n", None) for part in _block(line, 2, view))
    if each.next:
        yield "\nNext\n", "bold"
        yield from _steps(each, view)


def _head(each: Description, view: View) -> Iterator[Piece]:
    subject = each.subject
    state = str(subject.status)
    name = view.spell(each.name or f"unnamed {each.type}")
    yield f"{cut(name, _width(view) - len(state) - 2, '...')}  ", "bold"
    yield view.spell(state), {**STATE_STYLES, **STAGE_STYLES}.get(state)
    yield f"\n{view.spell(place(each))}\n\n", None
    for sentence in sentences(each):
        yield from _wrapped("", sentence, view)
    yield "\n", None


_LEAST_CELLS = 3
"""How many cells of a run are always shown: id, age and status."""


def _runs(newest: list[Run], view: View) -> Iterator[Piece]:
    """Yield a line for each run, with its message if there is room."""
    rows = [
        (
            view.spell(run.id),
            relative_time(run.created_at, view),
            view.spell(run.status or "-"),
            "-" if run.running_secs is None else span(run.running_secs),
            amount(run.cost_usd, run.cost_is_estimated),
        )
        for run in newest
    ]
    widths = [max(cell_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    while len(widths) > _LEAST_CELLS and sum(widths) + 2 * len(widths) > _width(view):
        widths.pop()
    for run, row in zip(newest, rows, strict=True):
        cells = [f"{cell}{' ' * (width - cell_width(cell))}" for cell, width in zip(row, widths, strict=False)]
        yield f"  {cells[0]}  {cells[1]}  ", None
        yield cells[2], STAGE_STYLES.get(run.status or "")
        rest = "".join(f"  {cell}" for cell in cells[_LEAST_CELLS:])
        room = _width(view) - sum(widths) - 2 * len(widths) - 2
        message = view.spell((run.message or "").partition("\n")[0])
        shown = cut(message, room, "…" if view.holds("…") else "...") if room >= _LEAST_MESSAGE else ""
        yield f"{rest}  {shown}".rstrip() + "\n", None


def _width(view: View) -> int:
    return min(view.width or _WIDEST, _WIDEST)


def _wrapped(label: str, text: str, view: View, most: int = MOST_LINES) -> Iterator[Piece]:
    """Yield a wrapped text beside its label, or from the left edge without one.

    Line breaks in the text are kept, so that a script in a command stays readable.
    """
    if not text:
        return
    start = " " * _LABEL if label else ""
    lines = _block(text.rstrip("\n"), len(start), view, most)
    if label:
        yield f"{label:<{_LABEL}}", "bold"
    yield f"\n{start}".join(lines) + "\n", None


def _block(text: str, indent: int, view: View, most: int = MOST_LINES) -> list[str]:
    lines = (view.spell(line) for line in text.split("\n"))
    return block(lines, max(20, _width(view) - indent), most if view.folds else None, "…" if view.holds("…") else "...")


def _bar(fact: Fact, view: View) -> Iterator[Piece]:
    """Yield periods as a bar, followed by a legend. If all are 0 seconds, only the legend."""
    signs = "─━·" if view.holds("─━·") else "-=."
    room = max(10, min(_BAR, _width(view) - _LABEL))
    lengths = _lengths([period.seconds or 0.0 for period in fact.periods], room)
    yield f"{fact.label:<{_LABEL}}", "bold"
    for sign, length, period in zip(signs, lengths, fact.periods, strict=True):
        if length:
            yield sign * length, period.style
    if any(lengths):
        yield f"\n{' ' * _LABEL}", None
    words = [
        f"{sign} {period.word} {span(period.seconds)}"
        for sign, period in zip(signs, fact.periods, strict=True)
        if period.seconds is not None
    ]
    yield f"{'  '.join(words)}\n", None


def _lengths(seconds: list[float], room: int) -> list[int]:
    """Return how many cells of the bar each length of time gets: at least one unless it is 0."""
    total = sum(seconds)
    if not total:
        return [0] * len(seconds)
    found = [max(1, round(each / total * room)) if each else 0 for each in seconds]
    found[found.index(max(found))] += room - sum(found)
    return found


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


def facts_of(each: Description, view: View) -> Iterator[Fact]:
    """Yield the rows of a job or schedule, without empty ones."""
    if each.schedule is not None:
        yield from (fact for fact in _of_schedule(each, each.schedule, view) if fact.text)
    if each.job is not None:
        yield from (fact for fact in _of_job(each, each.job, view) if fact.text or fact.periods)


def place(each: Description) -> str:
    """Return the URL of a job, or the owner of a schedule."""
    return (each.job.url if each.job is not None else f"schedule of {each.subject.owner}") or each.subject.id


def sentences(each: Description) -> list[str]:
    """Return a sentence about the status, and one about what started it."""
    return [each.why, " ".join(filter(None, (each.started_by, each.family)))]


def _of_job(each: Description, job: JobInfo, view: View) -> Iterator[Fact]:
    yield Fact("Id", job.id)
    yield from _spec(job)
    yield Fact("Addresses", "\n".join(job.status.expose_urls or ()))
    yield _moments("Created", job.created_at, view=view)
    yield Fact("Times", "", periods=_times(each, job))
    yield Fact("Cost", _cost(each, job))
    yield Fact("Same launch", _same(each.same_launch, view))


def _of_schedule(each: Description, schedule: ScheduledJob, view: View) -> Iterator[Fact]:
    runs = each.runs
    yield Fact("Id", schedule.id)
    overlap = ", runs may overlap" if schedule.concurrency else ""
    yield Fact("Schedule", f"{schedule.schedule or '-'} (UTC){overlap}")
    yield _moments("Next runs", *(runs.next_at if runs else ()), view=view)
    yield from _spec(schedule.job_spec)
    yield _moments("Created", schedule.created_at, view=view)
    if runs is None:
        return
    yield Fact(f"Last {runs.days} days", _counted(runs))
    if cost := amount(runs.cost_usd, runs.cost_is_estimated):
        yield Fact("Cost", f"{cost} in the last {runs.days} days")


def _spec(spec: SpecFields) -> Iterator[Fact]:
    """Yield the rows of a job spec: image, command, hardware, variables. Values that look like secrets are masked."""
    yield Fact("Image", spec.image or "-")
    yield Fact("Command", quoted(masked_words(spec.words)))
    yield Fact("Hardware", _hardware(spec))
    labels = sorted((spec.labels or {}).items())
    yield Fact("Labels", ", ".join(f"{key}={value}" for key, value in labels if key != "name"))
    variables = sorted((spec.environment or {}).items())
    shown = [f"{key}={_shortened(masked_value(key, value))}" for key, value in variables if key not in PACKED_VARIABLES]
    yield Fact("Variables", "\n".join(shown), _MOST_VALUES)
    yield Fact("Files", _files(spec))
    yield Fact("Secrets", ", ".join(sorted(spec.secrets or ())))
    yield Fact("Volumes", "\n".join(map(_volume, spec.volumes or ())), _MOST_VALUES)
    public = spec.expose_public or ()
    ports = dict.fromkeys([*(spec.expose or ()), *public])
    yield Fact("Ports", ", ".join(f"{port}{' (public)' if port in public else ''}" for port in ports))
    if spec.network is not None and spec.network.group:
        aliases = f" as {', '.join(spec.network.aliases)}" if spec.network.aliases else ""
        yield Fact("Network", f"{spec.network.group}{aliases}")


def _times(each: Description, job: JobInfo) -> tuple[Period, ...]:
    """Return how long a job waited, ran, and may still run; nothing if it neither waited nor ran."""
    waited, ran = each.waited_secs, each.ran_secs
    if waited is None and ran is None:
        return ()
    stage, timeout = job.status.stage or "", job.timeout
    left = max(0.0, timeout - ran) if stage == "RUNNING" and timeout is not None and ran is not None else 0.0
    return (
        Period("waited", waited, STAGE_STYLES["SCHEDULING"]),
        Period("ran", ran, STAGE_STYLES.get(stage)),
        Period("left", left or None, None),
    )


def amount(usd: float | None, is_estimated: bool | None) -> str:
    """Format a cost; nothing if it is not known."""
    return "" if usd is None else str(Cost(Decimal(str(usd)), bool(is_estimated)))


def relative_time(moment: datetime | None, view: View) -> str:
    """Format a time as tables do: as an age if the reader prefers that."""
    if moment is None:
        return "-"
    return formatted(moment, view.now if view.reader.has_relative_times else None) or "-"


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


def _files(spec: SpecFields) -> str:
    """Return the local files that are sent with a job: `train.py (1,204 bytes)`."""
    found = unpacked(spec.environment or {}) or {}
    return ", ".join(
        f"{name} ({len(content):,} {'byte' if len(content) == 1 else 'bytes'})" for name, content in found.items()
    )


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "..."


def _volume(volume: JobVolume) -> str:
    """Format a volume as `/data: dataset alice/cards@main/train, read only`."""
    return f"{volume.mount_path or '?'}: {volume.described}"


def _hardware(spec: SpecFields) -> str:
    limit = f"timeout {span(spec.timeout)}" if spec.timeout is not None else None
    tries = f"up to {spec.retry + 1:g} attempts" if spec.retry else None
    return ", ".join(filter(None, (spec.flavor or "-", spec.arch, limit, tries)))


def _moments(label: str, *given: datetime | None, view: View) -> Fact:
    """Return a row of times, one a line, each with its age if the reader prefers that."""
    known = tuple(moment for moment in given if moment is not None)
    ages = [f" ({age(moment, view.now)})" if view.reader.has_relative_times else "" for moment in known]
    lines = (f"{timestamp(moment)}{suffix}" for moment, suffix in zip(known, ages, strict=True))
    return Fact(label, "\n".join(lines), moments=known)


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
    last = f", last {relative_time(when, view)}" if when is not None else ""
    return f"{same.completed} of {ended} earlier jobs completed{among}{last} ({same.last_good})"
