"""What changed between two polls of a listing of jobs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from hfjobs_cli.models.job import JobInfo


class Change(NamedTuple):
    """A change of a job: `added`, `changed` or `gone`. `stage` is the previous one, None for a new job.

    `job` is its current state; for one that is gone it may be the last known state.
    """

    event: str
    stage: str | None
    job: JobInfo

    def asdict(self) -> dict[str, object]:
        """Return the event as it is printed."""
        return {"event": self.event, "from": self.stage, "job": self.job}


def changes(before: Mapping[str, JobInfo], now: Mapping[str, JobInfo]) -> Iterator[Change]:
    """Yield the changes between two listings. Longer running times do not count."""
    for identifier, job in now.items():
        old = before.get(identifier)
        if old is None:
            yield Change("added", None, job)
        elif _lasting(old) != _lasting(job):
            yield Change("changed", old.status.stage, job)
    for identifier, job in before.items():
        if identifier not in now:
            yield Change("gone", job.status.stage, job)


def _lasting(job: JobInfo) -> JobInfo:
    """Return a job without the values that the Hub computes for each request."""
    return replace(job, durations=None)


def aged(jobs: Iterable[JobInfo], seconds: float) -> list[JobInfo]:
    """Return jobs with their running times advanced by `seconds`."""
    return [_aged(job, seconds) for job in jobs]


def _aged(job: JobInfo, seconds: float) -> JobInfo:
    durations = job.durations
    if durations is None or durations.running_secs is None or job.has_ended:
        return job
    return replace(job, durations=replace(durations, running_secs=durations.running_secs + seconds))
