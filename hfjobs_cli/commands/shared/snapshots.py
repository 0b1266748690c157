"""Jobs from a file in place of the Hub: `--from`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import IO, TYPE_CHECKING, Any

from hfjobs_cli.api.snapshot import Snapshot
from hfjobs_cli.errors import HfJobsError, NotFound, UsageError
from hfjobs_cli.launch.paths import typed_path
from hfjobs_cli.query.descriptions import Description
from hfjobs_cli.query.references import JobReference, parse_references
from hfjobs_cli.text.times import EARLIEST

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.records.job import JobInfo


def open_snapshot(session: Session, source: str) -> Snapshot:
    """Return the jobs in the file `source`, or on stdin if that is `-`.

    To read them raises UsageError if it cannot be opened, or holds something else.
    """

    def opened() -> AbstractContextManager[IO[Any]]:
        return nullcontext(session.stdin) if source == "-" else _opened(source)

    name = "stdin" if source == "-" else source
    return Snapshot(name, opened, session.settings.endpoint, failed=session.failures.append, warn=session.warn)


def _opened(source: str) -> AbstractContextManager[IO[Any]]:
    try:
        return typed_path(source).open("rb")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"--from {source} cannot be read: {reason}", hint="name a file, or - for stdin") from None


def saved_jobs(
    session: Session, snapshot: Snapshot, texts: Sequence[str], namespace: str | None
) -> Sequence[JobInfo | HfJobsError]:
    """Return the jobs that are named, in order; in the place of one that is not there stands its error.

    Raises UsageError.
    """
    if "-" in texts and snapshot.name == "stdin":
        raise UsageError("stdin cannot hold both jobs and their ids", hint="name the jobs, or the file with --from")
    wanted = parse_references(texts, session.stdin, namespace, session.settings.endpoint, session.clock())
    names = {each.id for each in wanted if isinstance(each, JobReference)}
    is_described = any(isinstance(each, Description) for each in wanted)
    jobs = [job for job in snapshot.jobs() if is_described or job.id in names]
    return [_meant(each, jobs) or NotFound(f"no job '{each}' in {snapshot.name}") for each in wanted]


def _meant(each: JobReference | Description, jobs: Sequence[JobInfo]) -> JobInfo | None:
    """Return the job that is meant, None if it is not there. Raises UsageError if it may be one of several."""
    here = [job for job in jobs if each.namespace in (None, job.owner.name)]
    if isinstance(each, JobReference):
        return next((job for job in here if job.id == each.id), None)
    if each.prefix:
        found = [job for job in here if job.id.startswith(each.prefix)]
        if len(found) > 1:
            ids = " ".join(job.id for job in found)
            raise UsageError(f"'{each}' fits {len(found)} jobs: {ids}", hint="give more of the id")
        return found[0] if found else None
    newest = sorted(filter(each.wanted.matches, here), key=lambda job: job.created_at or EARLIEST, reverse=True)
    return newest[each.place] if each.place < len(newest) else None
