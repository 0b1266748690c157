"""Create several jobs, one after the other, and leave new jobs running after Ctrl-C, or cancel them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING

from hfjobs_cli.cli.interrupts import may_be_cut_short
from hfjobs_cli.commands._listing import Listing, announce, error_of_showing
from hfjobs_cli.errors import (
    ExitCode,
    HfJobsError,
    Interrupted,
    NotFound,
    OutputFailed,
)
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.schedule import ScheduledJob


Create = Callable[[JobReference, "list[str]"], "JobInfo"]
"""What a job is made of, and the ids of the jobs made before -> the new job."""


def create_each(
    session: Session,
    listing: Listing | None,
    references: Iterable[JobReference],
    create: Create,
    done: str,
    may_go_on: Callable[[HfJobsError], bool] = lambda failure: isinstance(failure, NotFound),
    created: list[JobInfo] | None = None,
) -> ExitCode:
    """Create a job of each reference, show the new ones, and return the exit code. `done` is a word: duplicated.

    After a failure the next one is created only if `may_go_on` returns True for it. Without a listing new jobs are
    reported on stderr. They are added to `created`.
    """
    created = [] if created is None else created
    before = len(session.created)
    failures: list[HfJobsError] = []
    given = list(references)
    stopped: BaseException | None = None
    streams = listing is not None and listing.renderer.streams

    def jobs() -> Iterator[JobInfo]:
        for reference in given:
            if not all(map(may_go_on, failures)):
                return
            try:
                job = create(reference, [earlier.id for earlier in created])
            except HfJobsError as error:
                failures.append(error)
                session.report(error)  # at once, as the next one may take its time
            else:
                created.append(job)
                yield job
                if streams:
                    session.flush()  # show each job before the next is created: jobs cost money

    try:
        new = jobs()
        for job in islice(new, 1 if streams else None):
            if listing is None:
                announce(session, job)
        if created and listing is not None:
            listing.show(RecordStream(chain(list(created), new)))
    except BaseException as error:  # an installed format may raise anything
        # New jobs cost money: report them even if stdout fails, and create no more of them.
        stopped = error
    # Ctrl-C may arrive when a job exists, but is not in `created` yet.
    attempted = len(failures) + len(session.created) - before
    todo = given[attempted:]
    if stopped is None:
        session.unreported_ids[:] = session.unreported_ids[len(created) :]  # those have been shown
    else:
        session.report_created()
    if todo:
        session.notice(f"not {done}: {' '.join(map(str, todo))}")
    if stopped is not None:
        raise error_of_showing(stopped)
    if todo and not failures:
        raise OutputFailed("the format does not show all new jobs; stopped creating jobs")
    if any(isinstance(failure, Interrupted) for failure in failures):
        return ExitCode.INTERRUPTED
    return failures[0].exit_code if failures else ExitCode.DONE


@contextmanager
def left_running(session: Session, *, cancels: bool) -> Iterator[None]:
    """On Ctrl-C, leave the jobs created in this block running and say how to continue, or cancel them.

    Raises Interrupted then, and KeyboardInterrupt if there are none.
    """
    before = len(session.created)
    try:
        yield
    except KeyboardInterrupt:
        jobs = _jobs(session.created[before:])
        if not jobs:
            raise
        interrupted = cancel_all(session, jobs) if cancels else _left(jobs)
        session.unreported_ids.clear()  # all of them are named by that
        raise interrupted from None


def _jobs(made: Sequence[JobInfo | ScheduledJob]) -> list[JobInfo]:
    return [each for each in made if isinstance(each, JobInfo)]


def _left(jobs: Sequence[JobInfo]) -> Interrupted:
    names = " ".join(map(_named, jobs))
    return Interrupted(
        f"interrupted; {'the job continues' if len(jobs) == 1 else 'the jobs continue'} to run",
        hint=f"follow with 'hfjobs logs -f {names}', cancel with 'hfjobs cancel {names}'",
    )


def cancel_all(session: Session, jobs: Sequence[JobInfo]) -> Interrupted:
    """Cancel unfinished jobs, and return the error that reports it. Another interrupt stops the canceling."""
    done: list[str] = []
    missed: list[JobInfo] = []
    for place, job in enumerate(jobs):
        try:
            with may_be_cut_short():
                session.client.cancel_job(JobReference.of(job, None))
        except HfJobsError as error:
            session.report(error)
            missed.append(job)
        except KeyboardInterrupt:
            names = " ".join(map(_named, (*missed, *jobs[place:])))
            return Interrupted(
                f"interrupted; {names} may or may not have been canceled",
                hint=f"cancel with 'hfjobs cancel {names}'",
            )
        else:
            done.append(_named(job))
    if missed:
        return _left(missed)
    return Interrupted(f"interrupted; canceled {' '.join(done)}")


def still_running(jobs: Sequence[JobInfo]) -> str:
    """Return the line that says that jobs continue to run, and how to follow them."""
    names = " ".join(map(_named, jobs))
    return f"{names} {'continues' if len(jobs) == 1 else 'continue'} to run; follow with 'hfjobs logs -f {names}'"


def _named(job: JobInfo) -> str:
    return str(JobReference.of(job, None))
