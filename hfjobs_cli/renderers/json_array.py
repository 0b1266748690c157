"""`--format json`: one array, all or nothing."""

import json
from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write an array of whole jobs, one a line, or indented by `view.indent`. Nothing is written if reading fails."""
    ascii_only = not view.is_unicode
    if view.indent is not None:
        objects = [job.as_object() for job in jobs]
        view.write(json.dumps(objects, ensure_ascii=ascii_only, indent=view.indent) + "\n")
        return
    # As text a job takes a quarter of the memory that it takes as an object.
    lines = [json.dumps(job.as_object(), ensure_ascii=ascii_only) for job in jobs]
    view.write("[")
    for place, line in enumerate(lines):
        view.write((",\n" if place else "\n") + line)
    view.write("\n]\n" if lines else "]\n")
