"""`--format jsonl`: one object a line, as soon as it is known."""

import json
from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write one whole job a line, keeping none of them."""
    ascii_only = not view.is_unicode
    for job in jobs:
        view.write(json.dumps(job.as_object(), ensure_ascii=ascii_only) + "\n")
