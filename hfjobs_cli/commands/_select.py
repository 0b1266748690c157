"""Select jobs by filters, and act on several of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from hfjobs_cli.errors import HfJobsError, NotRunning, UsageError
from hfjobs_cli.hub.concurrency import results_parallel
from hfjobs_cli.models.job import KIND
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.filters import JobFilter, Page, Scan, parse_filter
from hfjobs_cli.query.references import JOBS, JobReference, ReferenceSyntax
from hfjobs_cli.text.values import check_name, parse_time_option

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Filters
    from hfjobs_cli.cli.schedule_options import ScheduleSelection
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.hub.listing import ParallelListing
    from hfjobs_cli.hub.saved_jobs import Snapshot
    from hfjobs_cli.models.job import JobInfo


_CONDITION = re.compile(r"[a-z][\w.]*(?:!?=|[<>])")
"""The beginning of a filter, which is not a reference: `status=error`."""


def is_by_filters(
    words: list[str] | None, filters: Filters | ScheduleSelection, syntax: ReferenceSyntax = JOBS
) -> bool:
    """Return whether filters select the records, not references. Raises UsageError if both are given, or neither."""
    if condition := next((word for word in words or () if _CONDITION.match(word)), None):
        raise UsageError(f"'{condition}' is not a {syntax.noun}", hint=f"did you mean --filter '{condition}'?")
    if words and (filters.are_given or filters.limit):
        raise UsageError(f"{syntax.plural} and filters cannot be used together", hint="remove one of them")
    if not words and not filters.are_given:
        raise UsageError(
            f"no {syntax.plural} given",
            hint="use an ID or @latest, or select with --name NAME, --label KEY=VALUE, or -a for all",
        )
    return not words


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
    history: ParallelListing | None = None
    pages: Iterable[Page]
    asked = (namespace, wanted.stages, wanted.labels, wanted.earliest)
    if snapshot is not None:
        pages = snapshot.pages(namespace)
    elif limit or may_stop:
        pages = session.client.list_jobs(*asked)
    else:
        pages = history = session.client.all_jobs(*asked, tells_total=session.shows_progress)

    def page_read(scan: Scan) -> None:
        session.flush()  # records arrive as they are written
        total = history.total if history else None
        read = f"{scan.read:,} jobs read" if total is None else f"{scan.read:,} of about {total:,} jobs read"
        session.progress(f"{read}, {scan.matched:,} match ...")

    return Scan(pages, wanted, limit, page_read)


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


T = TypeVar("T")


def show_results(session: Session, listing: Listing, results: Sequence[Any]) -> None:
    """Show the successful results; errors are reported at the end, in order, and decide the exit code."""
    session.failures += [result for result in results if isinstance(result, HfJobsError)]
    listing.show([result for result in results if not isinstance(result, HfJobsError)])


def done_to_each(
    session: Session, references: Sequence[JobReference], act: Callable[[JobReference], T], done: str
) -> Iterator[T]:
    """Yield the result of `act` for each job, in order, run in parallel; errors are reported at the end.

    After Ctrl-C the jobs that may or may not be `done` (a word: canceled) are named.
    """
    todo = list(dict.fromkeys(references))  # once for a job that is named twice
    try:
        for result in results_parallel(act, list(todo)):
            if isinstance(result, HfJobsError):
                session.failures.append(result)
            else:
                yield result
            del todo[0]
    except KeyboardInterrupt:
        session.notice(f"these may or may not have been {done}: {' '.join(map(str, todo))}")
        raise


def is_running(job: JobInfo) -> bool:
    """Return whether a job runs now."""
    return job.status.stage == "RUNNING"


def not_running(job: JobInfo) -> NotRunning:
    """Return the error for a job that is not running, with its status and the next step."""
    name = JobReference.of(job, None)
    why = f": {job.status.message}" if job.status.message else ""
    again, begins = f"run it again with 'hfjobs duplicate {name}'", f"wait for it with 'hfjobs logs -f {name}'"
    return NotRunning(f"job {job.id} is not running: {job.status}{why}", hint=again if job.has_ended else begins)


def refused(session: Session, reference: JobReference, error: HfJobsError) -> HfJobsError:
    """Return the reason for a refused request: that the job is not running, or else `error`."""
    try:
        job = session.client.inspect_job(reference)
    except HfJobsError:
        return error
    return error if is_running(job) else not_running(job)
