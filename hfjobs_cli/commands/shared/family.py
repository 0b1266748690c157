"""The family of a job, read from the Hub: page by page, no further back than its root is old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused
from hfjobs_cli.provenance.lineage import STARTERS, Lineage, Parent, moment_of_id, parent_of
from hfjobs_cli.query.names import is_name
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.records.job import JobInfo
from hfjobs_cli.records.relative import JOB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.scan import Page

_EVER = datetime.min.replace(tzinfo=timezone.utc)
_NEVER = datetime.max.replace(tzinfo=timezone.utc)

_SLACK = timedelta(minutes=1)
"""How much later than its id says something may have been made."""


class FamilyReader:
    """Reads the jobs among which all relatives of one are, and counts what it read.

    A relative is looked for in the namespaces of all that the job came from. `is_whole` says that `most_pages` did not
    end it before.
    """

    def __init__(self, session: Session, most_pages: int | None = None) -> None:
        """Read nothing yet."""
        self._session = session
        self._most_pages = most_pages
        self._listings: dict[str | None, _Listing] = {}
        self._gone: set[str] = set()
        self.jobs: dict[str, JobInfo] = {}
        self.pages = 0
        self.is_whole = True

    def read(self, asked: JobInfo | Parent, namespace: str | None, others: Iterable[str] = ()) -> Lineage:
        """Return the lineage of a job, or of something that starts jobs, in which all its relatives are.

        They are looked for in `others`, which are namespaces, too.
        """
        if isinstance(asked, JobInfo):
            self.jobs[asked.id] = asked
            namespace = asked.owner.name or namespace
        known = () if namespace is None and others else (namespace,)
        for each in (*known, *others):
            self._open(each)
        while True:
            unread = self._unread(asked)
            if unread is None or not self.is_whole:
                return Lineage(self.jobs.values(), self._names(asked, namespace))
            self._read_page(unread)

    def _unread(self, asked: JobInfo | Parent) -> _Listing | None:
        """Return a listing of which more must be read, None if there is none."""
        while True:
            line, origin = self._line(asked)
            bound = self._bound(line, origin)
            for listing in self._listings.values():
                if not listing.is_over and listing.reached >= bound:
                    return listing
            if origin is None or origin.type != JOB or origin.who in self._gone:
                return None
            self._look_elsewhere(origin.who)

    def _line(self, asked: JobInfo | Parent) -> tuple[list[JobInfo], Parent | None]:
        """Return what is known of what the asked one came from, itself included, and what is not known or is no job.

        A person or an organisation is nothing to look for.
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
        """Return the moment before which there can be no relative."""
        oldest = min((job.created_at or _EVER for job in line), default=self._session.clock())
        made = None if origin is None else moment_of_id(origin.who)
        if made is not None and made <= oldest:
            return made - _SLACK
        if origin is None or origin.who in self._gone:
            return oldest
        return _NEVER if origin.type == JOB else _EVER

    def _look_elsewhere(self, identifier: str) -> None:
        """Ask for a job that is on no page that was read. Where it is there may be more relatives."""
        found = look_up(self._session, [JobReference(None, identifier)]) if is_name(identifier) else []
        if not found:
            self._gone.add(identifier)
        for job in found:
            self.jobs[job.id] = job
            if job.owner.name:
                self._open(job.owner.name)

    def _open(self, namespace: str | None) -> None:
        """Begin to read a namespace, unless that was done."""
        if namespace not in self._listings:
            self._listings[namespace] = _Listing(self._session.client.list_jobs(namespace))

    def _read_page(self, listing: _Listing) -> None:
        if self.pages == self._most_pages:
            self.is_whole = False
            return
        for job in listing.read():
            self.jobs.setdefault(job.id, job)
        self.pages += 1
        self._session.progress(f"{len(self.jobs):,} jobs read ...")

    def _names(self, asked: JobInfo | Parent, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of schedules if there is one in the family."""
        _, origin = self._line(asked)
        return None if origin is None or origin.type != "scheduled-job" else schedule_names(self._session, namespace)


class _Listing:
    """Pages of one namespace, and how far back they have been read."""

    def __init__(self, pages: Iterator[Page]) -> None:
        self._pages = pages
        self.reached = _NEVER
        self.is_over = False

    def read(self) -> list[JobInfo]:
        """Return the jobs of the next page."""
        page = next(self._pages, None)
        if page is None:
            self.is_over = True
            return []
        self.is_over = not page.has_next
        created = [job.created_at for job in page.jobs if job.created_at is not None]
        # The Hub lists the newest first but does not promise it, so this goes by what the page looks like.
        if created and created == sorted(created, reverse=True):
            self.reached = min(self.reached, created[-1])
        return page.jobs


def schedule_names(session: Session, namespace: str | None) -> dict[str, str | None] | None:
    """Return the names of all schedules of a namespace by their ids, None if this token may not see them."""
    try:
        return session.client.schedule_names(namespace)
    except (BadResponse, NotAllowed, NotFound, RequestRefused) as error:
        session.warn(f"schedules have no names here: {error.message}")
        return None


def look_up(session: Session, references: Iterable[JobReference]) -> list[JobInfo]:
    """Return those of some jobs that there are; all are asked for at once."""
    found = session.client.inspect_jobs(list(references))
    for failure in found:
        if isinstance(failure, HfJobsError) and not isinstance(failure, NotFound | NotAllowed):
            raise failure
    return [each for each in found if isinstance(each, JobInfo)]


def last_good(session: Session, job: JobInfo) -> JobInfo | None:
    """Return the newest job before another that has its name and was completed, None if there is none."""
    created = job.created_at or _NEVER
    pages = session.client.list_jobs(job.owner.name, ["COMPLETED"], [("name", job.name or "")])
    older = (
        each for page in pages for each in page.jobs if each.id != job.id and (each.created_at or _NEVER) < created
    )
    return next((each for each in older if each.name == job.name and each.status.stage == "COMPLETED"), None)
