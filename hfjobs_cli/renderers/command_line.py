"""`--format command`: for each job or schedule the command line that makes it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hfjobs_cli.launch.command_line import command_line, schedule_line
from hfjobs_cli.launch.existing import described, described_schedule

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import ScheduledJob
    from hfjobs_cli.renderers.view import View


def render_jobs(jobs: Iterable[JobInfo], view: View) -> None:
    """Write a line for each job. Its secrets are named, and taken from the environment of whoever runs the line."""
    for job in jobs:
        _write(command_line(described(job), job.owner.name), view)


def render_schedules(schedules: Iterable[ScheduledJob], view: View) -> None:
    """Write such a line for each schedule."""
    for made in schedules:
        _write(schedule_line(described_schedule(made), made.owner.name), view)


def _write(line: str, view: View) -> None:
    view.write((line if view.holds(line) else view.spell(line)) + "\n")
