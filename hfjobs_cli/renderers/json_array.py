"""`--format json`: one array, all or nothing."""

import json
from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write an array of whole jobs, one a line, or indented by `view.indent`. Nothing is written if reading fails."""
    ascii_only = not view.is_unicode
    objects = [job.as_object() for job in jobs]
    if view.indent is not None:
        text = json.dumps(objects, ensure_ascii=ascii_only, indent=view.indent)
    else:
        lines = ",\n".join(json.dumps(item, ensure_ascii=ascii_only) for item in objects)
        text = f"[\n{lines}\n]" if lines else "[]"
    view.write(text + "\n")
