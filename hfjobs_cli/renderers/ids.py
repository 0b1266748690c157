"""`--quiet`: ids only, one a line, as soon as they are known."""

from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write one id a line."""
    for job in jobs:
        view.write(view.spell(job.id) + "\n")
