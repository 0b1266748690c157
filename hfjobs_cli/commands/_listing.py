"""List records: which jobs the filters select, and how records are shown, new ones even if stdout fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import HfJobsError, OutputFailed, UsageError, conflict
from hfjobs_cli.formats.renderer import QUIET, RecordStream, Renderer, View, choose_renderer, formats_of
from hfjobs_cli.models.job import KIND
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.columns import choose_columns, parse_sort, replaces_columns, sort_records
from hfjobs_cli.query.filters import JobFilter, Page, Scan, parse_filter
from hfjobs_cli.query.references import JOBS, JobReference, ReferenceSyntax
from hfjobs_cli.text.terminal_text import cut
from hfjobs_cli.text.values import check_name, parse_time_option

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Filters, Output
    from hfjobs_cli.cli.schedule_options import ScheduleSelection
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.hub.listing import ParallelListing
    from hfjobs_cli.hub.saved_jobs import Snapshot
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kind import Field, Kind
    from hfjobs_cli.models.record import Record


def job_filter(session: Session, selection: Filters) -> JobFilter:
    """Return what the options ask for. Raises UsageError."""
    now = session.clock()
    return parse_filter(
        now,
        status=selection.status or (),
        all_=selection.all_,
        initiator=selection.initiator or (),
        label=selection.label or (),
        name=selection.name,
        filters=selection.filter_ or (),
        since=_moment(selection.since, now, "--since"),
        until=_moment(selection.until, now, "--until"),
        kind=session.bound(KIND),
    )


def _moment(text: str | None, now: datetime, option: str) -> datetime | None:
    return None if text is None else parse_time_option(text, now, option)


def scan(
    session: Session,
    wanted: JobFilter,
    namespace: str | None,
    limit: int = 0,
    *,
    may_stop: bool = False,
    snapshot: Snapshot | None = None,
) -> Scan:
    """Return a pass over the jobs of a namespace that are wanted, which begins when it is read. Raises UsageError.

    It reads ahead if there is no limit, unless the caller `may_stop` before the last job. With a `snapshot` the
    jobs are those in it.
    """
    if namespace is not None:
        check_name(namespace, "namespace")
    if wanted.names_schedules:
        if snapshot is not None:
            raise UsageError(f"{snapshot.name} has no names of schedules", hint="use the id, scheduled-job:ID")
        wanted = wanted.with_schedules(session.client.schedule_names(namespace))
    parallel: ParallelListing | None = None
    pages: Iterable[Page]
    asked = (namespace, wanted.stages, wanted.labels, wanted.earliest)
    if snapshot is not None:
        pages = snapshot.pages(namespace)
    elif limit or may_stop:
        pages = session.client.list_jobs(*asked)
    else:
        pages = parallel = session.client.all_jobs(*asked, tells_total=session.shows_progress)

    def page_read(so_far: Scan) -> None:
        session.flush()  # records arrive as they are written
        total = parallel.total if parallel else None
        read = f"{so_far.read:,} jobs read" if total is None else f"{so_far.read:,} of about {total:,} jobs read"
        session.progress(f"{read}, {so_far.matched:,} match ...")

    return Scan(pages, wanted, limit, page_read)


def filtered_jobs(session: Session, filters: Filters, namespace: str | None) -> list[JobInfo]:
    """Return the jobs that match the filters, newest first, with a note if there are none. Raises UsageError."""
    wanted = job_filter(session, filters)
    found = list(scan(session, wanted, namespace, filters.limit).jobs())
    if not found:
        session.note(none_found(wanted))
    return found


def none_found(wanted: JobFilter) -> str:
    """Return the message for no matching jobs."""
    is_default = wanted.stages == ACTIVE_STAGES
    return "no running or scheduling jobs match; -a includes finished ones" if is_default else "no jobs match"


_CONDITION = r"[a-z][\w.]*(?:!?=|[<>])"
"""The beginning of a filter, which is not a reference: `status=error`."""


def is_by_filters(
    words: list[str] | None, filters: Filters | ScheduleSelection, syntax: ReferenceSyntax = JOBS
) -> bool:
    """Return whether filters select the records, not references. Raises UsageError if both are given, or neither."""
    if condition := next((word for word in words or () if re.match(_CONDITION, word)), None):
        raise UsageError(f"'{condition}' is not a {syntax.noun}", hint=f"did you mean --filter '{condition}'?")
    if words and (filters.are_given or filters.limit):
        raise UsageError(f"{syntax.plural} and filters cannot be used together", hint="remove one of them")
    if not words and not filters.are_given:
        raise UsageError(
            f"no {syntax.plural} given",
            hint="use an ID or @latest, or select with --name NAME, --label KEY=VALUE, or -a for all",
        )
    return not words


Records = Sequence[Any] | RecordStream
"""Records in memory, or a stream that fetches them while they are written."""


class Listing:
    """The format, columns and order of records to show. The constructor checks all options, before any request."""

    def __init__(
        self,
        session: Session,
        output: Output,
        *,
        default: Renderer | None = None,
        sort: str | None = None,
        also: Sequence[str] = (),
        indent: int | None = None,
        is_one: bool = False,
    ) -> None:
        """Use the format `default` unless an option names another, with the columns `also` in tables.

        By default it is the first format of the kind, or a table if an option names columns but no format. `sort` is
        `--sort`, and `indent` is for json, which is an object, not an array, with `is_one`. `renderer` is the format.
        """
        self._session = session
        self._output = output
        self._indent = indent
        self._is_one = is_one
        self._order = parse_sort(output.kind, sort)
        self._columns = choose_columns(output.kind, output.columns, wide=output.wide, also=also)
        formats = formats_of(output.kind)
        default = default or next(iter(formats.values()))
        if (output.columns is not None or output.wide) and not default.has_columns:
            default = formats["table"]
        self.renderer = choose_renderer(
            output.kind, output.format_, json=output.json, quiet=output.quiet, default=default
        )
        if output.width is not None and output.no_trunc:
            raise conflict("--width", "--no-trunc")
        if output.safe_cells and self.renderer.name not in ("csv", "tsv"):
            raise UsageError(
                "--safe-cells applies only to csv and tsv", hint="add --format csv, or remove --safe-cells"
            )
        if output.columns is not None and not self.renderer.has_columns:
            with_columns = [each.name for each in formats.values() if each.has_columns]
            raise UsageError(
                f"--columns applies only to {', '.join(with_columns)}",
                hint="remove --columns, or use one of these formats",
            )

    @property
    def is_sorted(self) -> bool:
        """Return whether all records must be read before the first is shown."""
        return bool(self._order)

    def shows(self, name: str) -> bool:
        """Return whether a field may be seen: in columns if it is one of them, in all else but ids."""
        if self.renderer.has_columns:
            return any(column.name == name for column in self._columns) or self._is_ordered_by(name)
        return self.renderer is not QUIET or self._is_ordered_by(name)

    def _is_ordered_by(self, name: str) -> bool:
        return any(field.name == name for field, _ in self._order)

    @cached_property
    def view(self) -> View:
        """The view of stdout that the renderer gets."""
        return self._new_view()

    def _new_view(self) -> View:
        return new_view(
            self._session,
            self._output.kind,
            self._columns,
            columns_asked=replaces_columns(self._output.columns),
            full=self._output.no_trunc,
            width=self._output.width,
            indent=self._indent,
            safe_cells=self._output.safe_cells,
            is_one=self._is_one,
        )

    @property
    def plural(self) -> str:
        """The plural noun of the records."""
        return self._output.kind.plural

    def ordered(self, records: Iterable[Any]) -> list[Any]:
        """Return records in the order in which `show` would write them."""
        return sort_records(records, self._order, self._session.clock())

    def text(self, records: Sequence[Any], width: int) -> str:
        """Return records as text, for a terminal of this width and the current time."""
        written: list[str] = []
        view = self._new_view()
        width = self._output.width or width
        view = replace(view, write=written.append, notice=lambda _line: None, width=view.width and width)
        self.renderer.render(self._fetched(records), view)
        return "".join(written)

    def line(self, text: str, width: int) -> str:
        """Return a line of text, escaped and cut to a width."""
        view = self.view
        return cut(view.spell(text), width, "…" if view.is_unicode else ".")

    def show(self, records: Records, limit: int | None = None, *, last: Sequence[Any] = ()) -> None:
        """Write records, sorted ones up to `limit`, then the `last` ones, and flush stdout.

        Writing sends no requests, unless the records are a RecordStream.
        """
        shown: Records = self.ordered(records)[:limit] if self._order else records
        if last:
            shown = [*shown, *last] if isinstance(shown, Sequence) else RecordStream(chain(shown, last))
        if self.renderer.name == "table" and self._session.preferences.is_tty:
            shown = list(shown)
            if not shown:
                return  # a header says less than the line on stderr
        self.renderer.render(self._fetched(shown), self.view)
        self._session.flush()

    def show_results(self, results: Iterable[Any]) -> None:
        """Write the successful results; errors are reported at the end, in order, and decide the exit code."""
        found = list(results)
        self._session.failures += [each for each in found if isinstance(each, HfJobsError)]
        self.show([each for each in found if not isinstance(each, HfJobsError)])

    def _fetched(self, records: Records) -> Records:
        """Return records after requesting what their fields need, such as prices; a stream does so record by record."""
        kind = self._output.kind
        names = self._columns_and_fields()
        asking = [kind.fields[name] for name in kind.requested if name in names]
        if not asking:
            return records

        def fetched() -> Iterator[Any]:
            for record in records:
                for field in asking:
                    field.read(record, self.view.now)
                yield record

        return list(fetched()) if isinstance(records, Sequence) else RecordStream(fetched())

    def _columns_and_fields(self) -> set[str]:
        if self.renderer.has_columns:
            return {column.name for column in self._columns}
        return set(self.renderer.fields or ())


def new_view(
    session: Session,
    kind: Kind,
    columns: Sequence[Field],
    *,
    columns_asked: bool = False,
    full: bool = False,
    width: int | None = None,
    indent: int | None = None,
    is_one: bool = False,
    safe_cells: bool = False,
    on_stderr: bool = False,
) -> View:
    """Return the view of stdout for a renderer; `full` (`--no-trunc`) cuts nothing, `width` even a pipe.

    With `on_stderr` it is the view of stderr.
    """
    reader = session.stderr_preferences if on_stderr else session.preferences
    return View(
        kind=kind,
        write=session.write_stderr if on_stderr else session.write,
        notice=session.notice,
        reader=reader,
        now=session.clock(),
        columns=columns,
        columns_asked=columns_asked,
        width=width or (None if full else reader.width),
        indent=indent,
        is_one=is_one,
        safe_cells=safe_cells,
        folds=not full,
        endpoint=lambda: None if session.settings.is_demo else session.settings.endpoint,
    )


def id_and(what: Callable[[Any], str]) -> Renderer:
    """Return a format that writes the id of each record and a text, record by record."""

    def render(records: Iterable[Any], view: View) -> None:
        for each in records:
            view.write(f"{view.spell(each.id)}  {view.spell(what(each))}\n")

    return Renderer("brief", render, streams=True)


ID_AND_URL = id_and(lambda job: job.url or "")


def show_created(session: Session, listing: Listing, made: Sequence[Record]) -> None:
    """Show new jobs; if stdout fails, report their ids on stderr and raise OutputFailed."""
    try:
        listing.show(made)
    except BaseException as error:  # an installed format may raise anything
        session.report_created()
        raise error_of_showing(error) from None
    session.unreported_ids.clear()


def error_of_showing(error: BaseException) -> BaseException:
    """Return the error that ends the program when what exists cannot be shown.

    Neither a closed pipe (0), nor a template that fails (2), nor a format that exits may decide the exit code.
    """
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, HfJobsError):
        return OutputFailed(error.message, error.hint, error.details)
    if isinstance(error, SystemExit | GeneratorExit):
        said = f": {error}" if str(error) else ""
        return OutputFailed(f"the format stopped early ({type(error).__name__}{said})")
    return error


def announce(session: Session, job: JobInfo) -> None:
    """Report a new job on stderr; stdout is for its output."""
    session.notice(f"created {job.id}  {job.url or ''}".rstrip())
    for port, address in zip(job.expose or (), job.status.expose_urls or (), strict=False):
        session.notice(f"port {port}: {address}")
    if job.status.ssh_url is not None:
        session.notice(f"to open a shell in it: hfjobs ssh {JobReference.of(job, None)}")
