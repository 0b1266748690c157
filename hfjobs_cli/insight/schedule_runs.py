"""Runs of schedules: past ones, their outcomes and costs, the next due times; and sentences about a schedule."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.insight.report import Tally
from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.describe_result import NextStep, Run, Runs
from hfjobs_cli.models.schedule import ScheduledJob
from hfjobs_cli.models.vocabulary import SCHEDULED_JOB, SUSPENDED
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.text.values import EARLIEST, age, span, timestamp

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.filters import Page

DAYS = 30
"""The number of days over which success and cost are computed."""

MAX_NEWEST = 10
"""The most past runs that are listed."""

MAX_NEXT = 3
"""The most future runs that are listed."""

CostOf = Callable[["JobInfo"], "Cost | None"]


class ScheduleRuns:
    """The runs of schedules in the last DAYS days. Each namespace is read once, when it is needed."""

    def __init__(self, read: Callable[[str | None, datetime], Iterable[Page]], now: datetime) -> None:
        """Request pages of jobs by `read`, from a namespace, and since a time."""
        self._read = read
        self._now = now
        self._lock = Lock()
        self._found: dict[str | None, dict[str, list[JobInfo]]] = {}

    def of(self, schedule: ScheduledJob) -> list[JobInfo]:
        """Return the runs of a schedule, newest first. Raises the errors of requests."""
        namespace = schedule.owner.name
        with self._lock:
            if namespace not in self._found:
                self._found[namespace] = self._read_all(namespace)
        return self._found[namespace].get(schedule.id, [])

    def _read_all(self, namespace: str | None) -> dict[str, list[JobInfo]]:
        """Return the runs of all schedules of a namespace by the id of the schedule."""
        since = self._now - timedelta(days=DAYS)
        found: dict[str, list[JobInfo]] = {}
        for page in self._read(namespace, since):
            for job in page.jobs:
                schedule = schedule_of(job)
                if schedule is not None and (job.created_at or EARLIEST) >= since:
                    found.setdefault(schedule, []).append(job)
        return {each: newest_first(jobs) for each, jobs in found.items()}

    def success(self, schedule: ScheduledJob) -> float | None:
        """Return completed / (completed + failed) runs; None without any."""
        rate: float | None = _tallied(self.of(schedule), lambda _job: None, self._now)["success_rate"]
        return rate

    def cost(self, schedule: ScheduledJob, cost_of: CostOf) -> Cost | None:
        """Return the cost of the runs; None if unknown."""
        return _cost(_tallied(self.of(schedule), cost_of, self._now))


def schedule_of(job: JobInfo) -> str | None:
    """Return the id of the schedule that started a job; None if no schedule did."""
    return job.initiator.id if job.initiator is not None and job.initiator.type == SCHEDULED_JOB else None


def newest_first(jobs: Iterable[JobInfo]) -> list[JobInfo]:
    """Sort jobs by age, newest first, without duplicates."""
    once = {job.id: job for job in jobs}
    return sorted(once.values(), key=lambda job: (job.created_at or EARLIEST, job.id), reverse=True)


def _tallied(jobs: Iterable[JobInfo], cost_of: CostOf, now: datetime) -> dict[str, Any]:
    tally = Tally()
    for job in jobs:
        tally.add(job, cost_of(job), now)
    return tally.values(tally.jobs, tally.usd)


def _cost(values: dict[str, Any]) -> Cost | None:
    usd = values["cost_usd"]
    return None if usd is None else Cost(Decimal(str(usd)), bool(values["cost_is_estimated"]))


def runs(schedule: ScheduledJob, counted: list[JobInfo], older: list[JobInfo], cost_of: CostOf, now: datetime) -> Runs:
    """Return the summary of the runs of a schedule: totals of `counted` ones, and a list that includes `older` ones."""
    values = _tallied(counted, cost_of, now)

    def run(job: JobInfo) -> Run:
        cost = cost_of(job)
        return Run(
            job.id,
            job.created_at,
            job.status.stage,
            job.status.message,
            job.running_secs(now),
            None if cost is None else float(cost.usd),
            None if cost is None else cost.is_estimated,
        )

    return Runs(
        days=DAYS,
        completed=values["completed"],
        failed=values["failed"],
        canceled=values["canceled"],
        active=values["active"],
        success_rate=values["success_rate"],
        running_secs=values["running_secs"],
        cost_usd=values["cost_usd"],
        cost_is_estimated=values["cost_is_estimated"],
        next_at=upcoming(schedule, now),
        newest=[run(job) for job in newest_first([*counted, *older])[:MAX_NEWEST]],
    )


def upcoming(schedule: ScheduledJob, now: datetime) -> list[datetime]:
    """Return the times of the next runs, the first one as reported by the Hub; none if the schedule is suspended."""
    first = schedule.status.next_job_run_at
    if schedule.status.state == SUSPENDED or first is None:
        return []
    found = [first]
    try:
        while len(found) < MAX_NEXT and (later := next_run(schedule.schedule or "", max(found[-1], now))) is not None:
            found.append(later)
    except UsageError:  # only the Hub can parse the expression
        return found
    return found


def outcome(schedule: ScheduledJob, now: datetime) -> str:
    """Return a sentence about the status of a schedule."""
    if schedule.status.state == SUSPENDED:
        reason = (schedule.suspend_reason or "").strip().rstrip(".")
        return f"It is suspended{f': {reason}' if reason else ''}."
    due = schedule.status.next_job_run_at
    if due is None:
        return "It is active; the Hub does not say when it runs next."
    left = (due - now).total_seconds()
    return f"It is active and runs next {f'in {span(left)}' if left >= 1 else 'now'}, at {timestamp(due)}."


def made_by(schedule: ScheduledJob, now: datetime) -> str:
    """Return a sentence about who created a schedule, and when."""
    who = schedule.initiator.name if schedule.initiator is not None else None
    when = f" {age(schedule.created_at, now)}" if schedule.created_at else ""
    return f"{who} created it{when}." if who else f"It was created{when}." if when else ""


def next_steps(schedule: ScheduledJob, found: Runs | None) -> list[NextStep]:
    """Return suggested next commands, the most useful one first."""
    return [NextStep(f"hfjobs {command}", purpose) for command, purpose in _steps(schedule, found)]


def _steps(schedule: ScheduledJob, found: Runs | None) -> Iterator[tuple[str, str]]:
    """Yield suggested commands, without `hfjobs`, and their purposes."""
    # With its namespace, a schedule of an organization is found faster, and also where organizations are not searched.
    owner = schedule.owner.name if schedule.owner.type == "org" else None
    before = f"{owner}/" if owner else ""
    name = f"{before}{schedule.id}"
    newest = found.newest if found else []
    failed = next((run for run in newest if run.status == "ERROR"), None)
    if failed is not None:
        yield f"describe {before}{failed.id}", "show why the last failed run failed"
    if newest:
        there = f"--namespace {shlex.quote(owner)} " if owner else ""
        yield f"ps -a {there}--initiator scheduled-job:{schedule.id}", "list its runs"
    if schedule.status.state == SUSPENDED:
        yield f"scheduled resume {name}", "resume it"
    active = any(run.status in ("RUNNING", "SCHEDULING") for run in newest)
    if schedule.concurrency or not active:  # else the Hub refuses
        yield f"scheduled trigger {name}", "run it now"
    if schedule.status.state != SUSPENDED:
        yield f"scheduled suspend {name}", "suspend it"
