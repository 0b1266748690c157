"""Which jobs are meant: the options that filter, read, and the jobs that pass them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.errors import UsageError
from hfjobs_cli.query.filters import JobFilter, parse_filter
from hfjobs_cli.query.names import check_name
from hfjobs_cli.query.namings import JOBS, Naming
from hfjobs_cli.query.scan import Page, Scan
from hfjobs_cli.records.job import KIND
from hfjobs_cli.records.vocabulary import ACTIVE_STAGES

if TYPE_CHECKING:
    from hfjobs_cli.api.history import History
    from hfjobs_cli.api.snapshot import Snapshot
    from hfjobs_cli.cli.options import Filters
    from hfjobs_cli.cli.schedule_options import ScheduleSelection
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.records.job import JobInfo


def is_by_filters(words: list[str] | None, filters: Filters | ScheduleSelection, naming: Naming = JOBS) -> bool:
    """Tell whether filters choose what is meant, and not references. Raises UsageError if both do, or neither."""
    if words and (filters.are_given or filters.limit):
        raise UsageError(f"{naming.plural} are named or chosen by filters, not both", hint="leave out one of the two")
    if not words and not filters.are_given:
        raise UsageError(
            f"no {naming.noun} is named, and no filter chooses any",
            hint=f"name {naming.plural}, as ID or @latest, or choose them: --name NAME, --label KEY=VALUE, -a for all",
        )
    return not words


def filtered_jobs(session: Session, filters: Filters, namespace: str | None) -> list[JobInfo]:
    """Return the jobs that pass the filters, newest first, and say so if there are none. Raises UsageError."""
    wanted = job_filter(session, filters)
    found = list(scan(session, wanted, namespace, filters.limit).jobs())
    if not found:
        is_default = wanted.stages == ACTIVE_STAGES
        session.remark("no running or scheduling jobs match; -a looks at all" if is_default else "no jobs match")
    return found


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

    It reads ahead if there is no limit, unless whoever takes the jobs `may_stop` before the last. With a `snapshot` the
    jobs are those in it.
    """
    if namespace is not None:
        check_name(namespace, "namespace")
    if wanted.names_schedules:
        if snapshot is not None:
            raise UsageError(f"{snapshot.name} holds no names of schedules", hint="give the id, scheduled-job:ID")
        wanted = wanted.with_schedules(session.client.schedule_names(namespace))
    history: History | None = None
    pages: Iterable[Page]
    asked = (namespace, wanted.stages, wanted.labels, wanted.since)
    if snapshot is not None:
        pages = snapshot.pages(namespace)
    elif limit or may_stop:
        pages = session.client.list_jobs(*asked)
    else:
        pages = history = session.client.all_jobs(*asked, tells_total=session.shows_progress)

    def page_read(scan: Scan) -> None:
        session.flush()  # what is written as it comes should also arrive as it comes
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
    if text is None:
        return None
    from hfjobs_cli.query.moments import parse_moment  # its patterns take as long to make as the rest of this

    return parse_moment(text, now, option)
