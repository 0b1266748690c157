"""`--format csv` and `tsv`: a record for each job, with the columns' names above, as soon as they are known.

Values are whole and exact: times are ISO 8601, lengths of time are seconds. RFC 4180 says how csv is quoted; tsv is
the same with tabs, and its lines end as lines of text do.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import View


def _render(delimiter: str, line_end: str, jobs: Iterable[JobInfo], view: View) -> None:
    """Write the names of the columns, then a record for each job; nothing if there is no first job for an error."""
    import csv
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=line_end)

    def write(values: Sequence[Any]) -> None:
        # On a terminal a value must not draw what it likes; in a pipe it is whole.
        harmless = view.spell if view.for_eyes else str
        writer.writerow([harmless(value) if isinstance(value, str) else value for value in values])
        view.write(buffer.getvalue())
        buffer.seek(0)
        buffer.truncate()

    header: list[str] | None = [column.name for column in view.columns]
    for job in jobs:
        if header:
            write(header)
            header = None
        write([column.value(job, view.now) for column in view.columns])
    if header:
        write(header)


Render = Callable[[Iterable[JobInfo], View], None]

render_csv: Render = partial(_render, ",", "\r\n")
render_tsv: Render = partial(_render, "\t", "\n")
