"""Read parents and children of jobs from the Hub or from a file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Protocol

from hfjobs_cli.commands._resolve import named_jobs, note_newest
from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused, UsageError, one_of
from hfjobs_cli.hub.saved_jobs import Snapshot
from hfjobs_cli.insight.lineage import RUN, STARTERS, Lineage, Parent, moment_of_id, parent_of
from hfjobs_cli.jobspec.raw_options import typed_path
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.relative import JOB
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, SCHEDULED_JOB
from hfjobs_cli.query.references import JOBS, JobReference, Selector, check_name, is_name, parse_references
from hfjobs_cli.text.values import EARLIEST, LATEST

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.filters import Page


MAX_LOOKUPS = 50
"""How many jobs that are on no page are asked for one by one."""

_SLACK = timedelta(minutes=1)
"""How much later than its id says something may have been made."""


class FamilyReader:
    """Reads the jobs that may be parents or children of a job, and counts jobs and pages.

    A relative is looked for in the namespaces of all that the job came from. `is_whole` says that `most_pages` did not
    end it before.
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
        """Return the lineage of a job, or of something that starts jobs, in which all its relatives are.

        They are looked for in `others`, which are namespaces, too.
        """
        if isinstance(asked, JobInfo):
            self.jobs[asked.id] = asked
            namespace = asked.owner.name or namespace
        known = () if namespace is None and others else (namespace,)
        line, origin = self._line(asked)
        # What starts jobs is a root, and tells from the first how far to read, unless that may be too far.
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

        A person or an organization is nothing to look for.
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
        oldest = min((job.created_at or EARLIEST for job in line), default=self._session.clock())
        made = None if origin is None else moment_of_id(origin.who)
        if made is not None and made <= oldest:
            return made - _SLACK
        if origin is None or origin.who in self._gone:
            return oldest
        return LATEST if origin.type == JOB else EARLIEST

    def _look_elsewhere(self, identifier: str) -> None:
        """Ask for a job that is on no page that was read. Where it is there may be more relatives."""
        found = self._source.look_up([JobReference(None, identifier)]) if is_name(identifier) else []
        if not found:
            self._gone.add(identifier)
        for job in found:
            self.jobs[job.id] = job
            if job.owner.name:
                self._open(job.owner.name)

    def _open(self, namespace: str | None, since: datetime | None = None) -> None:
        """Begin to read a namespace, unless that was done; if it is known since when, several pages at once."""
        key = None if self._source.is_saved else namespace
        if key not in self._listings:
            pages = self._source.pages(key, since=since, all_of_them=since is not None)
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
        # The Hub lists the newest first but does not promise it, so this goes by what the page looks like.
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


def last_good(source: Source, job: JobInfo) -> JobInfo | None:
    """Return the newest job before another that has its name and was completed, None if there is none."""
    created = job.created_at or LATEST
    labels = [("name", job.name)] if job.name and is_name(job.name) else []  # the Hub refuses to look for others
    pages = source.pages(job.owner.name, ["COMPLETED"], labels)
    older = (each for page in pages for each in page.jobs if (each.created_at or LATEST) < created)
    alike = (each for each in older if (each.name, each.owner.name) == (job.name, job.owner.name))
    found = (each for each in alike if each.status.stage == "COMPLETED")
    if source.is_saved:  # in whatever order
        return max(found, key=lambda each: each.created_at or EARLIEST, default=None)
    return next(found, None)


Labels = Sequence[tuple[str, str]]


class Source(Protocol):
    """Base of sources of jobs: the Hub, or a file. A file contains all namespaces, and is complete."""

    @property
    def is_saved(self) -> bool:
        """Return whether nothing is asked of the Hub."""

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the jobs that are named. Raises UsageError, and what the first raised that cannot be had."""

    def pages(
        self,
        namespace: str | None,
        stages: Iterable[str] | None = None,
        labels: Labels = (),
        since: datetime | None = None,
        *,
        all_of_them: bool = False,
    ) -> Iterable[Page]:
        """Return the jobs of a namespace page by page, newest first, and perhaps others than are asked for.

        With `all_of_them` several pages are read at once, as all will be read.
        """

    def look_up(self, references: Iterable[JobReference]) -> list[JobInfo]:
        """Return the jobs that exist among the given ones."""

    def schedule_names(self, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of all schedules of a namespace by their ids, None if they are not known."""


def source_of(session: Session, from_: str | None) -> Source:
    """Return the Hub, or what was saved if it is named."""
    return AtHub(session) if from_ is None else Saved(session, open_snapshot(session, from_))


class AtHub:
    """Jobs that the Hub is asked for."""

    is_saved = False

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        self._session = session

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the jobs that are named, all asked for at once."""
        before = len(self._session.failures)
        references = named_jobs(self._session, texts, namespace)
        if len(self._session.failures) > before:
            raise self._session.failures.pop(before)
        return _without_failures(self._session.client.inspect_jobs(references))

    def pages(
        self,
        namespace: str | None,
        stages: Iterable[str] | None = None,
        labels: Labels = (),
        since: datetime | None = None,
        *,
        all_of_them: bool = False,
    ) -> Iterable[Page]:
        """Return the pages of the listing, each asked for when it is needed, or several at once."""
        if all_of_them:
            return self._session.client.all_jobs(namespace, stages, labels, since)
        return self._session.client.list_jobs(namespace, stages, labels, since)

    def look_up(self, references: Iterable[JobReference]) -> list[JobInfo]:
        """Return the jobs that exist among the given ones, fetched in parallel."""
        found = self._session.client.inspect_jobs(list(references))
        return _without_failures(each for each in found if not isinstance(each, NotFound | NotAllowed))

    def schedule_names(self, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of schedules, None if this token may not see them."""
        try:
            return self._session.client.schedule_names(namespace)
        except (BadResponse, NotAllowed, NotFound, RequestRefused) as error:
            self._session.warning(f"cannot look up the names of schedules: {error.message}")
            return None


class SharedAtHub(AtHub):
    """Jobs that the Hub is asked for by several readers at once, each page once."""

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        super().__init__(session)
        self._known: dict[object, _SharedPages] = {}

    def pages(
        self,
        namespace: str | None,
        stages: Iterable[str] | None = None,
        labels: Labels = (),
        since: datetime | None = None,
        *,
        all_of_them: bool = False,
    ) -> Iterable[Page]:
        """Return the pages of the listing, which are cached."""
        key = (namespace, stages and tuple(stages), tuple(labels), since)
        pages = _SharedPages(super().pages(namespace, stages, labels, since, all_of_them=all_of_them))
        return self._known.setdefault(key, pages)


class _SharedPages:
    """Pages that several threads read, each at its own pace, and that are asked for once."""

    def __init__(self, pages: Iterable[Page]) -> None:
        self._pages = iter(pages)
        self._lock = Lock()
        self._read: list[Page] = []
        self._error: HfJobsError | None = None

    def __iter__(self) -> Iterator[Page]:
        place = 0
        while self._has(place):
            yield self._read[place]
            place += 1

    def _has(self, place: int) -> bool:
        """Read on to the page at a place, and return whether there is one. What reading raised is raised again."""
        with self._lock:
            if place < len(self._read):
                return True
            if self._error is not None:
                raise self._error
            try:
                self._read += islice(self._pages, 1)
            except HfJobsError as error:
                self._error = error
                raise
            return place < len(self._read)


class Saved:
    """Jobs that were saved. Standard input can be read but once, so all of them are kept."""

    is_saved = True

    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        """Read them when they are needed."""
        self._session = session
        self._jobs = _Kept(snapshot)

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the jobs that are named."""
        return _without_failures(saved_jobs(self._session, self._jobs, texts, namespace))

    def pages(
        self,
        namespace: str | None,  # noqa: ARG002 - whoever asks for less has them all
        stages: Iterable[str] | None = None,  # noqa: ARG002
        labels: Labels = (),  # noqa: ARG002
        since: datetime | None = None,  # noqa: ARG002
        *,
        all_of_them: bool = False,  # noqa: ARG002
    ) -> Iterator[Page]:
        """Return all of them, in whatever order they are."""
        return self._jobs.pages()

    def look_up(self, references: Iterable[JobReference]) -> list[JobInfo]:
        """Return the jobs in the file among the given ones."""
        wanted = {each.id for each in references}
        return [job for job in self._jobs.jobs() if job.id in wanted]

    def schedule_names(self, _namespace: str | None) -> None:
        """Know of no schedules."""


class _Kept(Snapshot):
    """The jobs of another snapshot, read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.name = snapshot.name
        self._snapshot = snapshot
        self._found: list[JobInfo] | None = None

    def jobs(self) -> Iterator[JobInfo]:
        if self._found is None:
            self._found = list(self._snapshot.jobs())
        return iter(self._found)


def _without_failures(results: Iterable[JobInfo | HfJobsError]) -> list[JobInfo]:
    """Return jobs. Raises the first of the errors that are among them."""
    found = []
    for each in results:
        if isinstance(each, HfJobsError):
            raise each
        found.append(each)
    return found


def only(jobs: Sequence[JobInfo], text: str) -> JobInfo:
    """Return the one job that was named. Raises UsageError if standard input named none, or several."""
    if len(jobs) != 1:
        raise UsageError(f"expected one job, but '{text}' is {len(jobs)}", hint="give one job")
    return jobs[0]


_ID = re.compile(r"[0-9a-f]{24}")


def starter(source: Source, text: str, namespace: str | None) -> Parent | None:
    """Return the schedule or the webhook that a text names, None if it names a job. Raises UsageError or NotFound."""
    type_, colon, who = text.partition(":")
    if not colon or "//" in who:
        return None
    if type_ == "duplicated-job":
        raise UsageError(f"'{text}' is a job", hint=f"run: hfjobs tree {who}")
    if type_ in INITIATOR_TYPES and type_ not in STARTERS:
        raise UsageError(
            f"there is no tree of all jobs that {text} started", hint=f"run: hfjobs tree -a --initiator {text}"
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


def open_snapshot(session: Session, source: str) -> Snapshot:
    """Return the jobs in the file `source`, or on stdin if that is `-`.

    To read them raises UsageError if it cannot be opened, or holds something else.
    """

    def opened() -> AbstractContextManager[IO[Any]]:
        return nullcontext(session.stdin) if source == "-" else _opened(source)

    name = "stdin" if source == "-" else source
    return Snapshot(name, opened, session.settings.endpoint, failed=session.failures.append, warn=session.warning)


def _opened(source: str) -> AbstractContextManager[IO[Any]]:
    try:
        return typed_path(source).open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot read --from {source}: {reason}", hint="use a file, or - for stdin") from None


def saved_jobs(
    session: Session, snapshot: Snapshot, texts: Sequence[str], namespace: str | None
) -> Sequence[JobInfo | HfJobsError]:
    """Return the given jobs in order; an error takes the place of a job that does not exist.

    Raises UsageError.
    """
    if "-" in texts and snapshot.name == "stdin":
        raise UsageError(
            "cannot read both jobs and ids from stdin", hint="give the ids as arguments, or a file with --from"
        )
    wanted = parse_references(texts, session.stdin, namespace, session.settings.endpoint, session.clock())
    names = {each.id for each in wanted if isinstance(each, JobReference)}
    is_described = any(isinstance(each, Selector) for each in wanted)
    jobs = [job for job in snapshot.jobs() if is_described or job.id in names]
    return [_meant(session, each, jobs) or _not_saved(each, snapshot) for each in wanted]


def _not_saved(each: JobReference | Selector, snapshot: Snapshot) -> NotFound:
    word = "named " if isinstance(each, Selector) and each.name and not each.prefix else ""
    return NotFound(f"no job {word}'{each}' in {snapshot.name}")


def _meant(session: Session, each: JobReference | Selector, jobs: Sequence[JobInfo]) -> JobInfo | None:
    """Resolve a reference; None if there is no such job. Raises UsageError if it is ambiguous."""
    here = [job for job in jobs if each.namespace in (None, job.owner.name)]
    if isinstance(each, JobReference):
        return next((job for job in here if job.id == each.id), None)
    if each.prefix:
        found = [job for job in here if job.id.startswith(each.prefix)]
        if len(found) > 1:
            ids = " ".join(job.id for job in found)
            raise UsageError(f"'{each}' matches {len(found)} jobs: {ids}", hint="give more digits of the id")
        if found:
            return found[0]
    if each.schedule:
        here = [job for job in here if _is_run(job, each.schedule)]
    elif each.name:
        here = [job for job in here if each.name in (job.name, job.id)]
    else:
        here = list(filter(each.wanted.matches, here))
    newest = sorted(here, key=lambda job: job.created_at or EARLIEST, reverse=True)
    if each.name and len(newest) > 1:
        note_newest(session, each.name, JOBS, newest)
    return newest[each.place] if each.place < len(newest) else None


def _is_run(job: JobInfo, schedule: str) -> bool:
    """Return whether a schedule started a job; it is told by its id, or by its name, which its jobs have too."""
    started_by = job.initiator
    return (
        started_by is not None
        and started_by.type == SCHEDULED_JOB
        and ((started_by.id or "").startswith(schedule) or job.name == schedule)
    )
