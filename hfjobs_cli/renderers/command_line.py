"""`--format command`: for each job the command line that starts it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hfjobs_cli.launch.command_line import command_line
from hfjobs_cli.launch.existing import described

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write a line for each job. Its secrets are named, and taken from the environment of whoever runs the line."""
    for job in jobs:
        line = command_line(described(job), job.owner.name)
        view.write((line if view.holds(line) else view.spell(line)) + "\n")
