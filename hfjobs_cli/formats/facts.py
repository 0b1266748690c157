"""What a summary says of a job or a schedule: rows of a label and a text, for the page in a terminal and for HTML."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.jobspec.unpacking import unpacked
from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.description import Description, Runs, SameLaunch
from hfjobs_cli.models.fields import formatted
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.packed_files import VARIABLES
from hfjobs_cli.models.schedule import ScheduledJob
from hfjobs_cli.models.spec import JobVolume, SpecFields
from hfjobs_cli.text.display import quoted
from hfjobs_cli.text.redaction import masked_value, masked_words
from hfjobs_cli.text.values import age, percent, span, timestamp

MOST_LINES = 6
"""How many lines of a command are shown, and of a line that it wrote."""

_LONGEST_VALUE = 200
"""How many characters of the value of a variable are shown."""

_MOST_VALUES = 40
"""How many lines of variables and of volumes are shown."""


class Period(NamedTuple):
    """A part of the time of a job: what it did, for how long (None if that is not known), and its style."""

    word: str
    seconds: float | None
    style: str | None


class Fact(NamedTuple):
    """A row of a summary. Its lines stay lines, of which at most `most` are shown in a terminal.

    One that has `periods` is drawn as a bar of them in place of a text. `moments` are those that its lines are.
    """

    label: str
    text: str
    most: int = MOST_LINES
    periods: tuple[Period, ...] = ()
    moments: tuple[datetime, ...] = ()


def of_description(each: Description, view: View) -> Iterator[Fact]:
    """Yield the facts of a job or a schedule, but for those that say nothing."""
    if each.schedule is not None:
        yield from (fact for fact in _of_schedule(each, each.schedule, view) if fact.text)
    if each.job is not None:
        yield from (fact for fact in _of_job(each, each.job, view) if fact.text or fact.periods)


def place(each: Description) -> str:
    """Return where a job or schedule is found: its URL, or whose schedule it is."""
    return (each.job.url if each.job is not None else f"schedule of {each.subject.owner}") or each.subject.id


def sentences(each: Description) -> list[str]:
    """Return what is said of its status, and of where it comes from."""
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
    shown = [f"{key}={_shortened(masked_value(key, value))}" for key, value in variables if key not in VARIABLES]
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
    """Return how long it waited, ran, and may go on; nothing if it did neither."""
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


def relative(moment: datetime | None, view: View) -> str:
    """Format a moment as tables do: how long ago it is if the reader wants that."""
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


def _hardware(spec: SpecFields) -> str:
    limit = f"timeout {span(spec.timeout)}" if spec.timeout is not None else None
    tries = f"up to {spec.retry + 1:g} attempts" if spec.retry else None
    return ", ".join(filter(None, (spec.flavor or "-", spec.arch, limit, tries)))


def _moments(label: str, *given: datetime | None, view: View) -> Fact:
    """Return moments, a line each, with how long ago or ahead each is if the reader wants that."""
    known = tuple(moment for moment in given if moment is not None)
    ages = [f" ({age(moment, view.now)})" if view.reader.has_relative_times else "" for moment in known]
    lines = (f"{timestamp(moment)}{told}" for moment, told in zip(known, ages, strict=True))
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
    last = f", last {relative(when, view)}" if when is not None else ""
    return f"{same.completed} of {ended} earlier jobs completed{among}{last} ({same.last_good})"
