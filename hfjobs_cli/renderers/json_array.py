"""`--format json`: one array, all or nothing."""

from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.json_text import encoder
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write an array of whole jobs, one a line, or indented by `view.indent`. Nothing is written if reading fails."""
    if view.indent is not None:
        view.write(encoder(view, view.indent)(list(jobs)) + "\n")
        return
    # As text a job takes 1.3 kB, as an object 3 kB.
    lines = list(map(encoder(view), jobs))
    view.write("[")
    for place, line in enumerate(lines):
        view.write((",\n" if place else "\n") + line)
    view.write("\n]\n" if lines else "]\n")
