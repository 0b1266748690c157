"""New schedules: check and preview them, create each once, show them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hfjobs_cli.commands._listing import Listing, id_and, show_created
from hfjobs_cli.commands._submit import (
    checked_and_limited,
    local_environment,
    note_script_values,
    show_plan,
    with_bucket,
)
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.hub.create_once import RequestMatcher, changed_fields, why_different
from hfjobs_cli.jobspec.from_job import matches_spec
from hfjobs_cli.jobspec.new_job import NewJob, RawOptions
from hfjobs_cli.query.cron import next_run, same_schedule
from hfjobs_cli.text.values import timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.schedule_options import Terms
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.from_options import ImageRun
    from hfjobs_cli.jobspec.uv import ScriptRun
    from hfjobs_cli.models.schedule import ScheduledJob


def schedule(
    session: Session, run: ImageRun | ScriptRun, raw: RawOptions, when: str | None, terms: Terms, output: Output
) -> ExitCode:
    """Create or dry-run a schedule as the options say, and return the exit code."""
    when, due = _checked_when(session, when)
    local = local_environment(session, dry_run=terms.dry_run)
    launch = run.composer(local, lambda url: session.client.download(url))(raw, None)
    listing = Listing(session, output, default=id_and(_name_and_next), indent=4, is_one=True)
    _check_for_schedule(launch.job)
    launch = replace(launch, job=checked_and_limited(session, launch.job, raw, launch.namespace, local))

    if terms.dry_run:
        body = partial(_body, when=when, terms=terms)
        show_plan(session, launch, output, local, body, _terms_shown(when, due, terms), cost="cost of each job")
        return ExitCode.DONE
    note_script_values(session, launch, cost="cost of each job")
    made = create_schedule(session, with_bucket(session, launch), launch.namespace, when, terms)
    show_created(session, listing, [made])
    return ExitCode.DONE


def _checked_when(session: Session, when: str | None) -> tuple[str, datetime | None]:
    """Return the cron expression, and the first run if it is known. Raises UsageError."""
    if when is None:
        raise UsageError(
            "missing argument 'WHEN'", hint=("give it before the image or script, for example '0 9 * * 1' or @daily")
        )
    return when, next_run(when, session.clock())


def _check_for_schedule(job: NewJob) -> None:
    """Raise UsageError for properties that jobs of schedules cannot have."""
    if job.ssh:
        raise UsageError("jobs of a schedule cannot have SSH", hint="remove --ssh, or start the job with 'hfjobs run'")
    if job.network_group is not None or job.network_aliases:
        raise UsageError(
            "jobs of a schedule cannot join a network group",
            hint="remove the network group, or start the job with 'hfjobs run'",
        )


def _terms_shown(when: str, due: datetime | None, terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield the rows of a summary about the schedule itself."""
    yield "schedule", when + (f" (first at {timestamp(due)})" if due and not terms.suspend else "")
    yield "suspended", "yes, until it is resumed" if terms.suspend else ""
    yield "concurrency", "yes, jobs may overlap" if terms.concurrency else ""


def _name_and_next(made: ScheduledJob) -> str:
    due = made.status.next_job_run_at
    suspended = "suspended" if made.suspend else ""
    return "  ".join(filter(None, [made.name, suspended or (f"next {timestamp(due)}" if due else "")]))


def create_schedule(session: Session, job: NewJob, namespace: str | None, when: str, terms: Terms) -> ScheduledJob:
    """Create a schedule with a single request."""
    search = f"--name {shlex.quote(job.name)}" if job.name else ""
    body = _body(job.body(), when, terms)
    return session.client.create_schedule(namespace, body, _request_matcher(job, when, terms), search)


def _body(job: dict[str, Any], when: str, terms: Terms) -> dict[str, Any]:
    """Return the body of the request for a schedule from that for a job."""
    asked = {"suspend": terms.suspend, "concurrency": terms.concurrency}
    given = {key: value for key, value in asked.items() if value is not None}
    return {"jobSpec": job, "schedule": when, **given}


def _request_matcher(job: NewJob, when: str, terms: Terms) -> RequestMatcher[ScheduledJob]:
    """Return how to recognize the requested schedule among existing ones."""

    def changed(made: ScheduledJob) -> list[str]:
        found = changed_fields(made.job_spec, job)
        found += [] if same_schedule(made.schedule, when) else ["schedule"]
        for name in ("suspend", "concurrency"):
            told, sent = getattr(made, name), getattr(terms, name)
            found += [] if told is None or told == bool(sent) else [name]
        return found

    return RequestMatcher(
        lambda made: same_schedule(made.schedule, when) and matches_spec(made.job_spec, job),
        lambda made: why_different(made.job_spec, job),
        changed,
    )
