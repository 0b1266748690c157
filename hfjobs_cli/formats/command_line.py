"""`--format command`: for each job or schedule the command line that makes it again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import HfJobsError, OutputFailed, ReaderGone
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.jobspec.command_line import command_line, schedule_line
from hfjobs_cli.jobspec.from_job import described, described_schedule

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob

Made = TypeVar("Made", "JobInfo", "ScheduledJob")


def render_jobs(jobs: Iterable[JobInfo], view: View) -> None:
    """Write a command line for each job. Secrets are given by name, and read from the environment when it runs."""

    def line(job: JobInfo) -> str:
        new = described(job)
        with _refused(f"job {job.id}", f"hfjobs inspect {job.id}"):
            return command_line(new, job.owner.name, view.holds)

    _render_commands(jobs, line, view)


def render_schedules(schedules: Iterable[ScheduledJob], view: View) -> None:
    """Write such a line for each schedule."""

    def line(made: ScheduledJob) -> str:
        new = described_schedule(made)
        with _refused(f"schedule {made.id}", f"hfjobs scheduled inspect {made.id}"):
            return schedule_line(new, made.owner.name, view.now, view.holds)

    _render_commands(schedules, line, view)


def _render_commands(records: Iterable[Made], line: Callable[[Made], str], view: View) -> None:
    """Write a line for each record that has one. Raises HfJobsError in the end, which names those that have none."""
    failures: list[HfJobsError] = []
    for record in records:
        try:
            view.write(line(record) + "\n")
        except (OutputFailed, ReaderGone):
            raise
        except HfJobsError as error:
            failures.append(error)
    if failures:
        failures[0].details += tuple(f"error: {each.message}" for each in failures[1:])
        raise failures[0]


@contextmanager
def _refused(what: str, shown_by: str) -> Iterator[None]:
    """Raise HfJobsError for records without a command line."""
    try:
        yield
    except HfJobsError as error:
        raise HfJobsError(
            f"cannot write {what} as a command line: {error.message}", hint=f"use '{shown_by}' to show all of it"
        ) from None
