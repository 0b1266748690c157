"""`--format jsonl`: one object a line, as soon as it is known."""

from collections.abc import Iterable

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.json_text import encoder
from hfjobs_cli.renderers.view import View


def render(jobs: Iterable[JobInfo], view: View) -> None:
    """Write one whole job a line, keeping none of them."""
    encode = encoder(view)
    for job in jobs:
        view.write(encode(job) + "\n")
