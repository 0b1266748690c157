"""A new schedule, from the description of its jobs on: checked, shown instead of sent, or created."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hfjobs_cli.api.identity import Identity, changes, contradiction, same_schedule
from hfjobs_cli.commands.shared.brief import id_and
from hfjobs_cli.commands.shared.listing import Listing
from hfjobs_cli.commands.shared.starting.launching import checked, show_plan, tell_from_script, with_bucket
from hfjobs_cli.commands.shared.starting.started import show_created
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.launch.existing import is_made_from
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.renderers.registry import QUIET
from hfjobs_cli.text.times import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from hfjobs_cli.cli.new_schedule import Terms
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.launch.new_job import Launch, NewJob
    from hfjobs_cli.launch.typed import Surroundings, Typed
    from hfjobs_cli.records.schedule import ScheduledJob


def check_when(session: Session, when: str | None) -> tuple[str, datetime | None]:
    """Return when jobs are to be run, and the first time that they are, if it is known. Raises UsageError."""
    if when is None:
        raise UsageError("missing argument 'WHEN'", hint="say it before what is to run, as '0 9 * * 1' or @daily")
    return when, next_run(when, session.clock())


def schedule(
    session: Session,
    launch: Launch,
    typed: Typed,
    when: str,
    due: datetime | None,
    terms: Terms,
    output: Output,
    around: Surroundings,
) -> ExitCode:
    """Do with a described schedule what the options say, and return how that went. It is `due` first then."""
    listing = Listing(session, output, default=id_and(_name_and_next), indent=4, is_one=True)
    _check(launch.job)
    launch = replace(launch, job=checked(session, launch.job, typed, launch.namespace, around))

    def body(job: dict[str, Any]) -> dict[str, Any]:
        asked = {"suspend": terms.suspend, "concurrency": terms.concurrency}
        given = {key: value for key, value in asked.items() if value is not None}
        return {"jobSpec": job, "schedule": when, **given}

    if terms.dry_run:
        show_plan(session, launch, output, around, body, _summary(when, due, terms), cost="cost of each job")
        return ExitCode.DONE
    tell_from_script(session, launch, is_quiet=listing.renderer is QUIET, cost="cost of each job")
    job = with_bucket(session, launch)
    check = f"--name {shlex.quote(job.name)}" if job.name else ""
    made = session.client.create_schedule(launch.namespace, body(job.body()), _asked(job, when, terms), check)
    show_created(session, listing, [made])
    return ExitCode.DONE


def _asked(job: NewJob, when: str, terms: Terms) -> Identity[ScheduledJob]:
    """Return how the schedule is told that is asked for."""

    def changed(made: ScheduledJob) -> list[str]:
        found = changes(made.job_spec, job)
        found += [] if same_schedule(made.schedule, when) else ["schedule"]
        for name in ("suspend", "concurrency"):
            told, sent = getattr(made, name), getattr(terms, name)
            found += [] if told is None or told == bool(sent) else [name]
        return found

    return Identity(
        lambda made: same_schedule(made.schedule, when) and is_made_from(made.job_spec, job),
        lambda made: contradiction(made.job_spec, job),
        changed,
    )


def _check(job: NewJob) -> None:
    """Raise UsageError for what jobs can be, but not those of schedules."""
    if job.ssh:
        raise UsageError("the jobs of a schedule have no SSH", hint="leave it out, or start the job with 'hfjobs run'")
    if job.network_group is not None or job.network_aliases:
        raise UsageError(
            "the jobs of a schedule join no network group",
            hint="take it out of what describes the job, or start the job with 'hfjobs run'",
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
