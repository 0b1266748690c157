"""Sources of jobs: the Hub, or a file that was saved; both have the same methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from itertools import islice
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol

from hfjobs_cli.commands._resolve import named_jobs, note_newest
from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused, UsageError
from hfjobs_cli.hub.saved_jobs import Snapshot
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.vocabulary import SCHEDULED_JOB
from hfjobs_cli.query.references import JOBS, JobReference, Selector, parse_references
from hfjobs_cli.text.values import EARLIEST, expanded_path

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.filters import Page


class Query(NamedTuple):
    """Which jobs of a namespace are listed. With `reads_all` all pages will be read, so several are fetched at once."""

    namespace: str | None
    stages: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None
    reads_all: bool = False


class Source(Protocol):
    """Base of sources of jobs: the Hub, or a file. A file contains all namespaces, and is complete."""

    @property
    def is_saved(self) -> bool:
        """Return whether it sends no requests."""

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the named jobs. Raises UsageError, or the error of the first that could not be read."""

    def pages(self, query: Query) -> Iterable[Page]:
        """Return pages of jobs, newest first; a source may return other jobs too."""

    def look_up(self, references: Iterable[JobReference]) -> list[JobInfo]:
        """Return the jobs that exist among the given ones."""

    def schedule_names(self, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of all schedules of a namespace by their ids, None if they are not known."""


def source_of(session: Session, from_: str | None) -> Source:
    """Return the Hub as the source, or the saved file if one is given."""
    return AtHub(session) if from_ is None else Saved(session, open_snapshot(session, from_))


class AtHub:
    """Jobs from the Hub."""

    is_saved = False

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        self._session = session

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the named jobs, requested in parallel."""
        before = len(self._session.failures)
        references = named_jobs(self._session, texts, namespace)
        if len(self._session.failures) > before:
            raise self._session.failures.pop(before)
        return _without_failures(self._session.client.inspect_jobs(references))

    def pages(self, query: Query) -> Iterable[Page]:
        """Return the pages of the listing. They are requested when needed, or several at once if all will be read."""
        client = self._session.client
        read = client.all_jobs if query.reads_all else client.list_jobs
        return read(query.namespace, query.stages, query.labels, query.since)

    def look_up(self, references: Iterable[JobReference]) -> list[JobInfo]:
        """Return the jobs that exist among the given ones, fetched in parallel."""
        found = self._session.client.inspect_jobs(list(references))
        return _without_failures(each for each in found if not isinstance(each, NotFound | NotAllowed))

    def schedule_names(self, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of schedules; None if this token may not list them."""
        try:
            return self._session.client.schedule_names(namespace)
        except (BadResponse, NotAllowed, NotFound, RequestRefused) as error:
            self._session.warning(f"cannot look up the names of schedules: {error.message}")
            return None


class SharedAtHub(AtHub):
    """Jobs from the Hub for several readers at once; each page is requested once."""

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        super().__init__(session)
        self._known: dict[Query, _SharedPages] = {}

    def pages(self, query: Query) -> Iterable[Page]:
        """Return the pages of the listing, which are cached."""
        return self._known.setdefault(query._replace(reads_all=False), _SharedPages(super().pages(query)))


class _SharedPages:
    """Pages that several threads read, each at its own pace. Each page is requested once."""

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
        """Read up to the page at an index, and return whether it exists. An error is raised again for each reader."""
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
    """Jobs from a file. Standard input can be read only once, so all jobs are kept."""

    is_saved = True

    def __init__(self, session: Session, snapshot: Snapshot) -> None:
        """Read them when they are needed."""
        self._session = session
        self._jobs = _Kept(snapshot)

    def named(self, texts: Sequence[str], namespace: str | None) -> list[JobInfo]:
        """Return the named jobs."""
        return _without_failures(saved_jobs(self._session, self._jobs, texts, namespace))

    def pages(self, _query: Query) -> Iterator[Page]:
        """Return all jobs, in the order of the file."""
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
    """Return the one job that `text` names. Raises UsageError if standard input named none, or several."""
    if len(jobs) != 1:
        raise UsageError(f"expected one job, but '{text}' is {len(jobs)}", hint="give one job")
    return jobs[0]


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
        return expanded_path(source).open("rb")
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
    """Return the job that a reference names, or None. Raises UsageError if it is ambiguous."""
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
    """Return whether a schedule, given by id or name, started a job. Its jobs have its name, too."""
    started_by = job.initiator
    return (
        started_by is not None
        and started_by.type == SCHEDULED_JOB
        and ((started_by.id or "").startswith(schedule) or job.name == schedule)
    )
