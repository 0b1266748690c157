"""Jobs that are described instead of named, looked for in as few listings as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.commands.shared.selection import scan
from hfjobs_cli.errors import HfJobsError, NotFound, UsageError
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.times import age

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.descriptions import JobDescription
    from hfjobs_cli.query.filters import JobFilter
    from hfjobs_cli.records.job import JobInfo

MAX_SHOWN = 10
"""How many of the jobs that an id may be short for are shown."""

PROOF = 100
"""After how many jobs whose ids fall, from the newest on, they are taken to go on so."""


class Resolver:
    """Looks for jobs. Those described alike share a listing, which is read no further than it must be."""

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        self._session = session
        self._listings: list[tuple[str | None, JobFilter, _Listing]] = []

    def resolve(self, description: JobDescription) -> JobReference:
        """Return the job that is meant. Raises NotFound if there is none, UsageError if it may be one of several."""
        if description.prefix:
            return self._beginning(description)
        found = self._listing(description.namespace, description.wanted).at(description.place)
        if found is None:
            what = f"fewer than {description.place + 1} jobs" if description.place else "no such job"
            raise NotFound(f"{description.text}: {what} in {_place(description.namespace)}", hint="see 'hfjobs ps -a'")
        return JobReference.of(found, description.namespace)

    def _beginning(self, description: JobDescription) -> JobReference:
        """Return the only job whose id begins as given, in the organisations of the token's user too."""
        namespace, prefix = description.namespace, description.prefix
        found = self._listing(namespace, description.wanted).beginning(prefix)
        others = self._session.client.organisations() if not found and namespace is None else []
        for name in others:
            found += self._listing(name, description.wanted).beginning(prefix)
        if len(found) == 1:
            return JobReference.of(found[0], namespace)
        if not found:
            nor = f"; nor in {', '.join(others)}" if others else ""
            raise NotFound(f"no job's id begins with '{prefix}' in {_place(namespace)}{nor}", hint="see 'hfjobs ps -a'")
        now = self._session.clock()
        more = [f"  and {len(found) - MAX_SHOWN} more"] if len(found) > MAX_SHOWN else []
        raise UsageError(
            f"'{description.text}' fits {len(found)} jobs:",
            hint="give more of the id",
            details=(*(_line(job, now) for job in found[:MAX_SHOWN]), *more),
        )

    def _listing(self, namespace: str | None, wanted: JobFilter) -> _Listing:
        for known_namespace, known_filter, listing in self._listings:
            if (known_namespace, known_filter) == (namespace, wanted):
                return listing
        listing = _Listing(scan(self._session, wanted, namespace).jobs())
        self._listings.append((namespace, wanted, listing))
        return listing


class _Listing:
    """A listing, newest first, of which no more is read than is asked for."""

    def __init__(self, jobs: Iterator[JobInfo]) -> None:
        self._jobs = jobs
        self._read: list[JobInfo] = []

    def at(self, place: int) -> JobInfo | None:
        """Return the job at a place, None if there are fewer."""
        return next((job for count, job in enumerate(self._all()) if count == place), None)

    def beginning(self, prefix: str) -> list[JobInfo]:
        """Return the jobs whose ids begin so. Ids hold the time of their making, so it need not read the oldest."""
        found: list[JobInfo] = []
        falling, last = 0, ""
        for job in self._all():
            falling = falling + 1 if not last or job.id < last else 0
            last = job.id
            if job.id.startswith(prefix):
                found.append(job)
            elif job.id < prefix and falling >= PROOF:
                break
        return found

    def _all(self) -> Iterator[JobInfo]:
        yield from self._read
        for job in self._jobs:
            self._read.append(job)
            yield job


def resolved(session: Session, wanted: list[JobReference | JobDescription]) -> list[JobReference | HfJobsError]:
    """Return the jobs in order; in the place of one that there is not stands its error. Raises UsageError."""
    resolver = Resolver(session)
    found: list[JobReference | HfJobsError] = []
    for each in wanted:
        try:
            found.append(each if isinstance(each, JobReference) else resolver.resolve(each))
        except NotFound as error:
            found.append(error)
    return found


def _place(namespace: str | None) -> str:
    return f"namespace '{namespace}'" if namespace else "your namespace"


def _line(job: JobInfo, now: datetime) -> str:
    created = age(job.created_at, now) if job.created_at else ""
    return "  " + "  ".join(part for part in (job.id, job.name or "-", str(job.status), created) if part)
