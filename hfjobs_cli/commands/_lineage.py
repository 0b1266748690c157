"""Read the parents and children of jobs, as far as a source of jobs knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from hfjobs_cli.commands._hub_or_file import Query
from hfjobs_cli.errors import NotFound, UsageError, one_of
from hfjobs_cli.insight.lineage import RUN, STARTERS, Lineage, Parent, parent_of, time_of_id
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.tree_node import JOB
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, SCHEDULED_JOB
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import EARLIEST, LATEST, check_name, is_name

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._hub_or_file import Source
    from hfjobs_cli.query.filters import Page


MAX_LOOKUPS = 50
"""How many jobs that are on no page are requested one by one."""

_SLACK = timedelta(minutes=1)
"""How much later than the time in its id something may have been created."""


class FamilyReader:
    """Reads the jobs that may be parents or children of a job, and counts jobs and pages.

    Relatives are searched in the namespaces of all ancestors. `is_whole` is False if the limit `most_pages` ended it.
    """

    def __init__(self, session: Session, source: Source, most_pages: int | None = None) -> None:
        """Read nothing yet."""
        self._session = session
        self._source = source
        self._most_pages = most_pages
        self._listings: dict[str | None, _Listing] = {}
        self._gone: set[str] = set()
        self._lookups = 0
        self.jobs: dict[str, JobInfo] = {}
        self.pages = 0
        self.is_whole = True

    def read(self, asked: JobInfo | Parent, namespace: str | None, others: Iterable[str] = ()) -> Lineage:
        """Return the lineage of a job, or of a schedule or webhook, with all relatives.

        `others` are further namespaces to search.
        """
        if isinstance(asked, JobInfo):
            self.jobs[asked.id] = asked
            namespace = asked.owner.name or namespace
        known = () if namespace is None and others else (namespace,)
        line, origin = self._line(asked)
        # A schedule or webhook is a root: unless pages are limited, the time to read back to is known at once.
        is_root_known = origin is not None and origin.type in STARTERS and self._most_pages is None
        since = self._bound(line, origin) if is_root_known else None
        for each in (*known, *others):
            self._open(each, since)
        while True:
            listing = self._unread(asked)
            if listing is None:
                _, origin = self._line(asked)
                unread = [] if origin is None or origin.who in self._gone else [origin.who]
                return Lineage(self.jobs.values(), self._names(origin, namespace), unread)
            self._read_page(listing)

    def _unread(self, asked: JobInfo | Parent) -> _Listing | None:
        """Return a listing with unread pages; None if there is none."""
        while True:
            line, origin = self._line(asked)
            bound = self._bound(line, origin)
            for listing in self._listings.values():
                if self.is_whole and not listing.is_over and listing.reached >= bound:
                    return listing
            if origin is None or origin.type != JOB or origin.who in self._gone or self._lookups == MAX_LOOKUPS:
                return None
            self._lookups += 1
            self._look_elsewhere(origin.who)

    def _line(self, asked: JobInfo | Parent) -> tuple[list[JobInfo], Parent | None]:
        """Return the known ancestors of a job, itself included, and the first that is unknown or is not a job.

        People and organizations are not ancestors to search for.
        """
        if isinstance(asked, Parent):
            return [], asked
        line = {asked.id: asked}
        parent = parent_of(asked)
        while parent is not None and parent.type == JOB and parent.who in self.jobs and parent.who not in line:
            line[parent.who] = self.jobs[parent.who]
            parent = parent_of(self.jobs[parent.who])
        is_over = parent is None or parent.who in line or parent.type not in (*STARTERS, JOB)
        return list(line.values()), None if is_over else parent

    def _bound(self, line: list[JobInfo], origin: Parent | None) -> datetime:
        """Return the time before which no relative can have been created."""
        oldest = min((job.created_at or EARLIEST for job in line), default=self._session.clock())
        made = None if origin is None else time_of_id(origin.who)
        if made is not None and made <= oldest:
            return made - _SLACK
        if origin is None or origin.who in self._gone:
            return oldest
        return LATEST if origin.type == JOB else EARLIEST

    def _look_elsewhere(self, identifier: str) -> None:
        """Request a job that was on no page, and open the listing of its namespace, which may have more relatives."""
        found = self._source.look_up([JobReference(None, identifier)]) if is_name(identifier) else []
        if not found:
            self._gone.add(identifier)
        for job in found:
            self.jobs[job.id] = job
            if job.owner.name:
                self._open(job.owner.name)

    def _open(self, namespace: str | None, since: datetime | None = None) -> None:
        """Open the listing of a namespace once; if the earliest time is known, it reads several pages at once."""
        key = None if self._source.is_saved else namespace
        if key not in self._listings:
            pages = self._source.pages(Query(key, since=since, reads_all=since is not None))
            self._listings[key] = _Listing(iter(pages), has_order=not self._source.is_saved)

    def _read_page(self, listing: _Listing) -> None:
        if self.pages == self._most_pages:
            self.is_whole = False
            return
        for job in listing.read():
            self.jobs.setdefault(job.id, job)
        self.pages += 1
        self._session.progress(f"{len(self.jobs):,} jobs read ...")

    def _names(self, origin: Parent | None, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of schedules if there is one in the family."""
        return None if origin is None or origin.type != SCHEDULED_JOB else self._source.schedule_names(namespace)


class _Listing:
    """Pages of one namespace, and how far back they have been read."""

    def __init__(self, pages: Iterator[Page], *, has_order: bool) -> None:
        self._pages = pages
        self._has_order = has_order
        self.reached = LATEST
        self.is_over = False

    def read(self) -> list[JobInfo]:
        """Return the jobs of the next page."""
        page = next(self._pages, None)
        if page is None:
            self.is_over = True
            return []
        self.is_over = not page.has_next
        created = [job.created_at for job in page.jobs if job.created_at is not None]
        # The Hub lists the newest first but does not promise it, so the order is checked on each page.
        if self._has_order and created and created == sorted(created, reverse=True):
            self.reached = min(self.reached, created[-1])
        return page.jobs


def with_ancestors(
    source: Source, seen: dict[str, JobInfo], chosen: list[str], namespace: str | None, lookups: int
) -> Lineage:
    """Return the lineage of jobs with their ancestors; ancestors missing from the pages are fetched, up to a limit."""
    asked: set[str] = set()
    while True:
        lineage = Lineage(seen.values())
        roots = {key: [key, *lineage.ancestors(key)][-1] for key in chosen}
        missing = sorted({root for root in roots.values() if ":" not in root and root not in seen} - asked)
        if not missing or len(asked) >= lookups:
            break
        todo = missing[: lookups - len(asked)]
        asked.update(todo)
        references = [JobReference(namespace, each) for each in todo if is_name(each)]
        seen.update((job.id, job) for job in source.look_up(references))
    is_named = any(root.startswith("scheduled-job:") for root in roots.values())
    names = source.schedule_names(namespace) if is_named else None
    return Lineage(seen.values(), names, missing if lookups else ())


def name_label(job: JobInfo) -> tuple[tuple[str, str], ...]:
    """Return the label by which the Hub finds jobs of the same name; none if it does not accept that name."""
    return (("name", job.name),) if job.name and is_name(job.name) else ()


def last_good(source: Source, job: JobInfo) -> JobInfo | None:
    """Return the newest completed job of the same name before a job, or None."""
    created = job.created_at or LATEST
    pages = source.pages(Query(job.owner.name, ("COMPLETED",), name_label(job)))
    older = (each for page in pages for each in page.jobs if (each.created_at or LATEST) < created)
    alike = (each for each in older if (each.name, each.owner.name) == (job.name, job.owner.name))
    found = (each for each in alike if each.status.stage == "COMPLETED")
    if source.is_saved:  # in whatever order
        return max(found, key=lambda each: each.created_at or EARLIEST, default=None)
    return next(found, None)


_ID = re.compile(r"[0-9a-f]{24}")


def starter(source: Source, text: str, namespace: str | None) -> Parent | None:
    """Return the schedule or webhook that a text names; None for a job. Raises UsageError or NotFound."""
    type_, colon, who = text.partition(":")
    if not colon or "//" in who:
        return None
    if type_ == "duplicated-job":
        raise UsageError(f"'{text}' is a job", hint=f"run: hfjobs tree {who}")
    if type_ in INITIATOR_TYPES and type_ not in STARTERS:
        raise UsageError(
            f"cannot show a tree of all jobs that {text} started", hint=f"run: hfjobs tree -a --initiator {text}"
        )
    if type_ not in STARTERS:
        raise UsageError(f"'{text}' has no tree", hint="use a job, scheduled-job:ID-OR-NAME or webhook:ID")
    is_named = type_ == SCHEDULED_JOB and not _ID.fullmatch(who)
    return Parent(type_, _schedule(source, who, namespace) if is_named else check_name(who, f"{type_} id"), RUN)


def _schedule(source: Source, name: str, namespace: str | None) -> str:
    """Return the id of the schedule of a name. Raises NotFound, or UsageError if there are several."""
    names = source.schedule_names(namespace)
    if names is None:
        raise UsageError(f"cannot look up the schedule named '{name}'", hint="use its id, scheduled-job:ID")
    found = [identifier for identifier, each in names.items() if name in (each, identifier)]
    if not found:
        known = sorted({each for each in names.values() if each})
        hint = one_of(name, known) if known else "there are no schedules in this namespace"
        raise NotFound(f"no schedule named '{name}'", hint=hint)
    if len(found) > 1:
        raise UsageError(f"{len(found)} schedules are named '{name}'", hint=f"use an id: {', '.join(found)}")
    return found[0]
