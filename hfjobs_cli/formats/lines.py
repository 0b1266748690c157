"""Formats of a line per record: ids (`-q`), `csv`, `tsv`, `markdown`, `command`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from hfjobs_cli.errors import HfJobsError, OutputFailed, ReaderGone
from hfjobs_cli.formats.renderer import Render, View
from hfjobs_cli.jobspec.command_line import command_line, schedule_line
from hfjobs_cli.jobspec.existing import described, described_schedule
from hfjobs_cli.models.record import Record

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob


def render_ids(records: Iterable[Record], view: View) -> None:
    """Write one id a line, or what else a record is asked for by."""
    for record in records:
        view.write(view.spell(view.kind.key_of(record)) + "\n")


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count, too
"""How a text begins that a spreadsheet runs."""


def _render_delimited(delimiter: str, line_end: str, records: Iterable[Record], view: View) -> None:
    """Write the names of the columns, then a line for each record; nothing if reading the first one fails."""
    import csv
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")  # it quotes what holds either

    def write(values: Sequence[Any]) -> None:
        # On a terminal a value must not draw what it likes; in a pipe it is whole.
        harmless = view.spell if view.for_eyes else str
        texts = [harmless(value) if isinstance(value, str) else value for value in values]
        writer.writerow([*map(_safe, texts)] if view.safe_cells else texts)
        view.write(buffer.getvalue().removesuffix("\r\n") + line_end)
        buffer.seek(0)
        buffer.truncate()

    records = iter(records)
    first = list(islice(records, 1))
    write([column.name for column in view.columns])
    for record in chain(first, records):
        write([column.value(record, view.now) for column in view.columns])


def _safe(value: Any) -> Any:
    """Return a text that a spreadsheet would take for a formula behind an apostrophe, as OWASP advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


render_csv: Render = partial(_render_delimited, ",", "\r\n")
render_tsv: Render = partial(_render_delimited, "\t", "\n")


_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$#!])")
"""What GitHub's Markdown takes for more than itself in a cell: emphasis, code, links, HTML, entities, formulas."""


def render_markdown(records: Iterable[Record], view: View) -> None:
    """Write two lines of header, then a row for each record; nothing if reading the first one fails."""

    def write(cells: Sequence[str]) -> None:
        view.write(f"| {' | '.join(cells)} |\n")

    records = iter(records)
    first = list(islice(records, 1))
    write([_escaped(column.header, view) for column in view.columns])
    write(["---"] * len(view.columns))
    for record in chain(first, records):
        write([_escaped(column.cell(record, view.now, False) or "", view) for column in view.columns])


def _escaped(text: str, view: View) -> str:
    return _MARKUP.sub(r"\\\1", view.spell(text))


Made = TypeVar("Made", "JobInfo", "ScheduledJob")


def render_jobs(jobs: Iterable[JobInfo], view: View) -> None:
    """Write a line for each job. Its secrets are named, and taken from the environment of whoever runs the line."""

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
    """Say of what there is no command line. Raises HfJobsError."""
    try:
        yield
    except HfJobsError as error:
        raise HfJobsError(
            f"{what} cannot be written as a command line: {error.message}", hint=f"'{shown_by}' shows all of it"
        ) from None
