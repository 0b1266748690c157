"""Where the jobs are that have to do with one another: at the Hub, or in what was saved (`--from`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from hfjobs_cli.api.snapshot import Snapshot
from hfjobs_cli.commands.shared.several import named_jobs
from hfjobs_cli.commands.shared.snapshots import open_snapshot, saved_jobs
from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, RequestRefused, UsageError
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.records.job import JobInfo

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.scan import Page

Labels = Sequence[tuple[str, str]]


class Source(Protocol):
    """Jobs that can be looked for. Those that are saved are of all namespaces, and all there are."""

    @property
    def is_saved(self) -> bool:
        """Tell whether nothing is asked of the Hub."""

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
        """Return those of some jobs that there are."""

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
        """Return those of some jobs that there are; all are asked for at once."""
        found = self._session.client.inspect_jobs(list(references))
        return _without_failures(each for each in found if not isinstance(each, NotFound | NotAllowed))

    def schedule_names(self, namespace: str | None) -> dict[str, str | None] | None:
        """Return the names of schedules, None if this token may not see them."""
        try:
            return self._session.client.schedule_names(namespace)
        except (BadResponse, NotAllowed, NotFound, RequestRefused) as error:
            self._session.warn(f"schedules have no names here: {error.message}")
            return None


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
        """Return those of some jobs that were saved."""
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
        raise UsageError(f"'{text}' names {len(jobs)} jobs, and this is about one", hint="name one")
    return jobs[0]
