"""`hfjobs cancel`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._listing import ID_AND_STATUS, Listing
from hfjobs_cli.commands._select import done_to_each, filtered_jobs, is_by_filters, jobs_to_change
from hfjobs_cli.errors import ExitCode, NotFound
from hfjobs_cli.formats.registry import RENDERERS
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.references import JOBS, JobReference

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo


def cancel(
    session: Session,
    jobs: options.ChosenActiveJobs = None,
    *,
    choice: options.Choice,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Cancel jobs.

    Named jobs are canceled in parallel; the id and status of each is printed. A job that has already finished is not an
    error.

    Jobs that filters select are listed first, and canceled only after confirmation or with --yes. The same holds for a
    selector such as @running that matches several jobs.

    \b
    Examples:
      hfjobs cancel 6a01d697aff1cd33e8f33a64
      hfjobs cancel @latest
      hfjobs cancel --name train-judge
      hfjobs cancel --label sweep=3 --status scheduling --yes
      hfjobs cancel -a --initiator scheduled-job --dry-run
      hfjobs ps --since 1h -q | hfjobs cancel -
    """
    plan = Plan(
        session,
        output.kind,
        "cancel",
        "canceled",
        could_hit=lambda job: not job.has_ended,
        stages=ACTIVE_STAGES,
        asks=not (yes or dry_run),
    )
    listing = Listing(session, output, default=RENDERERS["table"] if dry_run else ID_AND_STATUS, indent=4)
    if is_by_filters(jobs, choice):
        if plan.asks:
            plan.check_it_can_ask()
        found = [job for job in filtered_jobs(session, choice, namespace) if not job.has_ended]
        if found and plan.asks and not plan.is_meant(found):
            return ExitCode.FAILURE
        references = [JobReference.of(job, namespace) for job in found]
    else:
        named = jobs_to_change(session, jobs or (), namespace, plan)
        if named is None:
            return ExitCode.FAILURE
        references = named
        found = _not_ended(session, references) if dry_run else []
        if dry_run and all(each.rpartition("@")[2].lower() in JOBS.statuses for each in jobs or ()):
            # None in such a status is an answer, and no failure.
            session.failures[:] = [each for each in session.failures if not isinstance(each, NotFound)]
    if dry_run:
        plan.show_dry_run(listing, found)
    else:
        listing.show(RecordStream(_canceled(session, references)))
    return ExitCode.DONE


def _not_ended(session: Session, references: list[JobReference]) -> list[JobInfo]:
    """Return the jobs that canceling would end."""
    jobs = list(done_to_each(session, references, session.client.inspect_job, "read"))
    for job in jobs:
        _tell_if_ended(session, job)
    return [job for job in jobs if not job.has_ended]


def _canceled(session: Session, references: list[JobReference]) -> Iterator[JobInfo]:
    """Cancel jobs, and yield their new states."""
    for job in done_to_each(session, references, session.client.cancel_job, "canceled"):
        if job.status.stage != "CANCELED":
            _tell_if_ended(session, job)
        yield job


def _tell_if_ended(session: Session, job: JobInfo) -> None:
    if job.has_ended:
        session.note(f"{job.id} had already finished: {job.status}")
