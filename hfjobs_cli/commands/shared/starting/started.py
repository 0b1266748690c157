"""A new job, created and told of, and followed unless that is not wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.cli.interrupts import may_be_cut_short
from hfjobs_cli.commands.shared.listing import Listing
from hfjobs_cli.commands.shared.starting.creating import ID_AND_URL, announce, not_shown
from hfjobs_cli.commands.shared.starting.launching import checked, create, show_plan, tell_from_script
from hfjobs_cli.errors import ExitCode, HfJobsError, Interrupted, LimitReached, OutputFailed, ReaderGone, UsageError
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.renderers.registry import QUIET

if TYPE_CHECKING:
    from hfjobs_cli.cli.new_job import Following
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.launch.new_job import Launch
    from hfjobs_cli.launch.typed import Surroundings, Typed
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import ScheduledJob


def start(
    session: Session,
    launch: Launch,
    typed: Typed,
    following: Following,
    output: Output,
    around: Surroundings,
) -> ExitCode:
    """Do with a described job what the options say, and return how that went."""
    if following.detach and following.cancel_on_interrupt:
        raise UsageError("--cancel-on-interrupt contradicts --detach", hint="give one of them")
    listing = Listing(session, output, default=ID_AND_URL, indent=4, is_one=True)
    launch = replace(launch, job=checked(session, launch.job, typed, launch.namespace, around))
    if following.dry_run:
        show_plan(session, launch, output, around)
        return ExitCode.DONE
    tell_from_script(session, launch, is_quiet=listing.renderer is QUIET)
    if following.detach:
        show_created(session, listing, [create(session, launch)])
        return ExitCode.DONE
    with left_running(session, cancels=following.cancel_on_interrupt):
        job = create(session, launch, settles=following.cancel_on_interrupt)
        if listing.renderer is QUIET:
            show_created(session, listing, [job])
        else:
            announce(session, job)
            session.created.clear()
        return follow_new(session, [job], listing)


def show_created(session: Session, listing: Listing, made: Sequence[JobInfo] | Sequence[ScheduledJob]) -> None:
    """Show what is new and costs money: if it cannot be shown, its ids are told. Raises OutputFailed then."""
    try:
        listing.show(made)
    except BaseException as error:  # whatever a format that was installed may raise
        session.tell_created()
        raise not_shown(error) from None
    session.created.clear()


def follow_new(session: Session, jobs: Sequence[JobInfo], listing: Listing) -> ExitCode:
    """Show what new jobs write until they have ended, and return how they did.

    If a format was chosen, the `listing` shows the jobs as they ended in place of what they write; ids alone have been
    shown by then.
    """
    from hfjobs_cli.commands.shared.follow import LogsShown, Wanted
    from hfjobs_cli.commands.shared.outcome import outcome

    is_for_eyes = listing.renderer is ID_AND_URL
    shown = LogsShown(session, jobs, [JobReference.of(job, None) for job in jobs], Wanted(lines=is_for_eyes))
    try:
        shown.run()
    except (OutputFailed, ReaderGone) as error:
        session.remark(_goes_on(jobs))
        raise OutputFailed(error.message, error.hint, error.details) from None
    except LimitReached:
        session.remark(_goes_on(jobs))
        raise
    for job in shown.jobs:
        why = f": {session.redacted(job.status.message)}" if job.status.message else ""
        session.remark(f"{job.id} is {job.status}{why}")
    session.failures += shown.errors
    if not is_for_eyes and listing.renderer is not QUIET:
        show_created(session, listing, shown.jobs)
    if shown.errors and (active := [job for job in shown.jobs if not job.has_ended]):
        session.remark(_goes_on(active))
    return outcome(shown.jobs)


@contextmanager
def left_running(session: Session, *, cancels: bool) -> Iterator[None]:
    """Have Ctrl-C leave the jobs that were made in here to run and say how to go on with them, or cancel them.

    Raises Interrupted then, and KeyboardInterrupt if there are none.
    """
    before = len(session.made)
    try:
        yield
    except KeyboardInterrupt:
        jobs = _jobs(session.made[before:])
        if not jobs:
            raise
        interrupted = _canceled(session, jobs) if cancels else _left(jobs)
        session.created.clear()  # all of them are named by that
        raise interrupted from None


def _jobs(made: Sequence[JobInfo | ScheduledJob]) -> list[JobInfo]:
    from hfjobs_cli.records.job import JobInfo

    return [each for each in made if isinstance(each, JobInfo)]


def _left(jobs: Sequence[JobInfo]) -> Interrupted:
    names = " ".join(map(_named, jobs))
    return Interrupted(
        f"interrupted; {'the job goes' if len(jobs) == 1 else 'the jobs go'} on",
        hint=f"follow with 'hfjobs logs -f {names}', end with 'hfjobs cancel {names}'",
    )


def _canceled(session: Session, jobs: Sequence[JobInfo]) -> Interrupted:
    """Cancel jobs that have not ended, and return the error that says so. Another interrupt ends the canceling."""
    canceled: list[str] = []
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
                f"interrupted; it is not known whether {names} {'was' if ' ' not in names else 'were'} canceled",
                hint=f"cancel with 'hfjobs cancel {names}'",
            )
        else:
            canceled.append(_named(job))
    if missed:
        return _left(missed)
    return Interrupted(f"interrupted; canceled {' '.join(canceled)}")


def _goes_on(jobs: Sequence[JobInfo]) -> str:
    names = " ".join(map(_named, jobs))
    return f"{names} {'goes' if len(jobs) == 1 else 'go'} on; 'hfjobs logs -f {names}' follows"


def _named(job: JobInfo) -> str:
    return str(JobReference.of(job, None))
