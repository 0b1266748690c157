"""Create jobs and schedules once, show them, and follow jobs."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from hfjobs_cli.cli.factories import estimated_cost
from hfjobs_cli.cli.interrupts import may_be_cut_short
from hfjobs_cli.commands._listing import Listing, ending, id_and, outcome
from hfjobs_cli.commands._submit import checked, create, show_plan, tell_from_script, with_bucket
from hfjobs_cli.errors import (
    ExitCode,
    HfJobsError,
    Interrupted,
    LimitReached,
    NotFound,
    OutputFailed,
    ReaderGone,
    UsageError,
    conflict,
)
from hfjobs_cli.formats.renderer import QUIET, RecordStream, Renderer
from hfjobs_cli.hub.create_once import RequestMatcher, changed_fields, same_schedule, why_different
from hfjobs_cli.jobspec.from_job import is_made_from
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from hfjobs_cli.cli.job_options import Following
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.schedule_options import Terms
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.formats.renderer import View
    from hfjobs_cli.jobspec.environment import LocalEnvironment
    from hfjobs_cli.jobspec.model import Launch, NewJob, RawOptions
    from hfjobs_cli.models.fields import Record
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

    After a failure the next one is tried only if it may fare better, as `may_go_on` says of the failure. Without a
    listing they are told of on stderr. They are added to `created`.
    """
    created = [] if created is None else created
    before = len(session.made)
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
                    session.flush()  # whoever pays for it sees it before the next is created

    try:
        new = jobs()
        for job in islice(new, 1 if streams else None):
            if listing is None:
                announce(session, job)
        if created and listing is not None:
            listing.show(RecordStream(chain(list(created), new)))
    except BaseException as error:  # whatever a format that was installed may raise
        # Whoever pays for a job is told of it, even if it cannot be shown; and what is not seen is not gone on with.
        stopped = error
    # Ctrl-C may come when a job exists, but has not got here yet.
    todo = given[len(failures) + len(session.made) - before :]
    if stopped is None:
        session.created[:] = session.created[len(created) :]  # those have been shown
    else:
        session.report_created()
    if todo:
        session.notice(f"not {done}: {' '.join(map(str, todo))}")
    if stopped is not None:
        raise not_shown(stopped)
    if todo and not failures:
        raise OutputFailed("the format does not show all new jobs; stopped creating jobs")
    if any(isinstance(failure, Interrupted) for failure in failures):
        return ExitCode.INTERRUPTED
    return failures[0].exit_code if failures else ExitCode.DONE


def not_shown(error: BaseException) -> BaseException:
    """Return the error that ends the program when what exists cannot be shown.

    Neither a closed pipe (0), nor a template that fails (2), nor a format that exits may decide the exit code.
    """
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, HfJobsError):
        return OutputFailed(error.message, error.hint, error.details)
    if isinstance(error, SystemExit | GeneratorExit):
        said = f": {error}" if str(error) else ""
        return OutputFailed(f"the format stopped early ({type(error).__name__}{said})")
    return error


def announce(session: Session, job: JobInfo) -> None:
    """Report a new job on stderr; stdout is for its output."""
    session.notice(f"created {job.id}  {job.url or ''}".rstrip())
    for port, address in zip(job.expose or (), job.status.expose_urls or (), strict=False):
        session.notice(f"port {port}: {address}")
    if job.status.ssh_url is not None:
        session.notice(f"to open a shell in it: hfjobs ssh {JobReference.of(job, None)}")


def _id_and_url(jobs: Iterable[JobInfo], view: View) -> None:
    """Write the id and URL of each job."""
    for job in jobs:
        view.write(f"{view.spell(job.id)}  {view.spell(job.url or '')}\n")


ID_AND_URL = Renderer("id-and-url", _id_and_url, streams=True)


def start(
    session: Session,
    launch: Launch,
    typed: RawOptions,
    following: Following,
    output: Output,
    local: LocalEnvironment,
) -> ExitCode:
    """Create, dry-run or follow a job as the options say, and return the exit code."""
    if following.detach and following.cancel_on_interrupt:
        raise conflict("--cancel-on-interrupt", "--detach")
    listing = Listing(session, output, default=ID_AND_URL, indent=4, is_one=True)
    launch = replace(launch, job=checked(session, launch.job, typed, launch.namespace, local))
    if following.dry_run:
        show_plan(session, launch, output, local)
        return ExitCode.DONE
    tell_from_script(session, launch)
    if following.detach:
        show_created(session, listing, [create(session, launch)])
        return ExitCode.DONE
    with left_running(session, cancels=following.cancel_on_interrupt):
        job = create(session, launch, waits_for_id=following.cancel_on_interrupt)
        if listing.renderer is QUIET:
            show_created(session, listing, [job])
        else:
            announce(session, job)
            session.created.clear()
        return follow_new(session, [job], listing)


def show_created(session: Session, listing: Listing, made: Sequence[Record]) -> None:
    """Show new jobs; if stdout fails, report their ids on stderr and raise OutputFailed."""
    try:
        listing.show(made)
    except BaseException as error:  # whatever a format that was installed may raise
        session.report_created()
        raise not_shown(error) from None
    session.created.clear()


def follow_new(session: Session, jobs: Sequence[JobInfo], listing: Listing) -> ExitCode:
    """Follow the logs of new jobs until they finish, and return the exit code.

    If a format was chosen, the `listing` shows the jobs as they ended in place of what they write; ids alone have been
    shown by then.
    """
    from hfjobs_cli.commands._follow import LogsShown, Wanted

    is_for_eyes = listing.renderer is ID_AND_URL
    shown = LogsShown(session, jobs, [JobReference.of(job, None) for job in jobs], Wanted(lines=is_for_eyes))
    try:
        shown.run()
    except (OutputFailed, ReaderGone) as error:
        session.notice(_goes_on(jobs))
        raise OutputFailed(error.message, error.hint, error.details) from None
    except LimitReached:
        session.notice(_goes_on(jobs))
        raise
    for job in () if session.is_quiet else shown.jobs:
        session.note(ending(session, job, estimated_cost(session, job) if job.has_ended else None))
    session.failures += shown.errors
    if not is_for_eyes and listing.renderer is not QUIET:
        show_created(session, listing, shown.jobs)
    if shown.errors and (active := [job for job in shown.jobs if not job.has_ended]):
        session.notice(_goes_on(active))
    return outcome(shown.jobs)


@contextmanager
def left_running(session: Session, *, cancels: bool) -> Iterator[None]:
    """On Ctrl-C, leave the jobs created in this block running and say how to continue, or cancel them.

    Raises Interrupted then, and KeyboardInterrupt if there are none.
    """
    before = len(session.made)
    try:
        yield
    except KeyboardInterrupt:
        jobs = _jobs(session.made[before:])
        if not jobs:
            raise
        interrupted = canceled(session, jobs) if cancels else _left(jobs)
        session.created.clear()  # all of them are named by that
        raise interrupted from None


def _jobs(made: Sequence[JobInfo | ScheduledJob]) -> list[JobInfo]:
    return [each for each in made if isinstance(each, JobInfo)]


def _left(jobs: Sequence[JobInfo]) -> Interrupted:
    names = " ".join(map(_named, jobs))
    return Interrupted(
        f"interrupted; {'the job continues' if len(jobs) == 1 else 'the jobs continue'} to run",
        hint=f"follow with 'hfjobs logs -f {names}', cancel with 'hfjobs cancel {names}'",
    )


def canceled(session: Session, jobs: Sequence[JobInfo]) -> Interrupted:
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


def _goes_on(jobs: Sequence[JobInfo]) -> str:
    names = " ".join(map(_named, jobs))
    return f"{names} {'continues' if len(jobs) == 1 else 'continue'} to run; follow with 'hfjobs logs -f {names}'"


def _named(job: JobInfo) -> str:
    return str(JobReference.of(job, None))


def check_when(session: Session, when: str | None) -> tuple[str, datetime | None]:
    """Return when jobs are to be run, and the first time that they are, if it is known. Raises UsageError."""
    if when is None:
        raise UsageError(
            "missing argument 'WHEN'", hint=("give it before the image or script, for example '0 9 * * 1' or @daily")
        )
    return when, next_run(when, session.clock())


def schedule(
    session: Session,
    launch: Launch,
    typed: RawOptions,
    when: str,
    due: datetime | None,
    terms: Terms,
    output: Output,
    local: LocalEnvironment,
) -> ExitCode:
    """Create or dry-run a schedule as the options say, and return the exit code. `due` is its first run."""
    listing = Listing(session, output, default=id_and(_name_and_next), indent=4, is_one=True)
    _check(launch.job)
    launch = replace(launch, job=checked(session, launch.job, typed, launch.namespace, local))

    if terms.dry_run:
        body = partial(_body, when=when, terms=terms)
        show_plan(session, launch, output, local, body, _summary(when, due, terms), cost="cost of each job")
        return ExitCode.DONE
    tell_from_script(session, launch, cost="cost of each job")
    made = create_schedule(session, with_bucket(session, launch), launch.namespace, when, terms)
    show_created(session, listing, [made])
    return ExitCode.DONE


def create_schedule(session: Session, job: NewJob, namespace: str | None, when: str, terms: Terms) -> ScheduledJob:
    """Create a schedule: one request, whatever happens to it."""
    check = f"--name {shlex.quote(job.name)}" if job.name else ""
    body = _body(job.body(), when, terms)
    return session.client.create_schedule(namespace, body, _asked(job, when, terms), check)


def _body(job: dict[str, Any], when: str, terms: Terms) -> dict[str, Any]:
    """Return the body of the request for a schedule from that for a job."""
    asked = {"suspend": terms.suspend, "concurrency": terms.concurrency}
    given = {key: value for key, value in asked.items() if value is not None}
    return {"jobSpec": job, "schedule": when, **given}


def _asked(job: NewJob, when: str, terms: Terms) -> RequestMatcher[ScheduledJob]:
    """Return how the schedule is told that is asked for."""

    def changed(made: ScheduledJob) -> list[str]:
        found = changed_fields(made.job_spec, job)
        found += [] if same_schedule(made.schedule, when) else ["schedule"]
        for name in ("suspend", "concurrency"):
            told, sent = getattr(made, name), getattr(terms, name)
            found += [] if told is None or told == bool(sent) else [name]
        return found

    return RequestMatcher(
        lambda made: same_schedule(made.schedule, when) and is_made_from(made.job_spec, job),
        lambda made: why_different(made.job_spec, job),
        changed,
    )


def _check(job: NewJob) -> None:
    """Raise UsageError for properties that jobs of schedules cannot have."""
    if job.ssh:
        raise UsageError("jobs of a schedule cannot have SSH", hint="remove --ssh, or start the job with 'hfjobs run'")
    if job.network_group is not None or job.network_aliases:
        raise UsageError(
            "jobs of a schedule cannot join a network group",
            hint="remove the network group, or start the job with 'hfjobs run'",
        )


def _summary(when: str, due: datetime | None, terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield what a schedule is to be besides its jobs, line by line."""
    yield "schedule", when + (f" (first at {timestamp(due)})" if due and not terms.suspend else "")
    yield "suspended", "yes, until it is resumed" if terms.suspend else ""
    yield "concurrency", "yes, jobs may overlap" if terms.concurrency else ""


def _name_and_next(made: ScheduledJob) -> str:
    due = made.status.next_job_run_at
    suspended = "suspended" if made.suspend else ""
    return "  ".join(filter(None, [made.name, suspended or (f"next {timestamp(due)}" if due else "")]))
