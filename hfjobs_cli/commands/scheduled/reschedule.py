"""`hfjobs scheduled reschedule`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._listing import Listing, id_and
from hfjobs_cli.commands._schedules import schedules_to_change
from hfjobs_cli.commands._select import done_to_each
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.query.schedules import next_run
from hfjobs_cli.text.times import timestamp

if TYPE_CHECKING:
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.references import JobReference


def reschedule(
    session: Session,
    schedules: schedule_options.RescheduledOnes = None,
    when: schedule_options.NewWhen = None,
    *,
    dry_run: options.DryRun = False,
    yes: schedule_options.Yes = False,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Change when schedules run.

    WHEN is validated before anything is sent. The id, the new schedule and the next run of each schedule are printed.

    If a selector such as @latest matches several schedules, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs scheduled reschedule 69c4179671691dc46f166314 '0 9 * * 1'
      hfjobs scheduled reschedule @name=refresh-index @daily
      hfjobs scheduled ps -q --label team=data | hfjobs scheduled reschedule - '30 4 * * *' --dry-run
    """
    if not schedules or when is None:
        raise UsageError(
            "missing argument: a schedule and WHEN are required",
            hint="use for example: hfjobs scheduled reschedule ID @daily",
        )
    due = next_run(when, session.clock())
    listing = Listing(session, output, default=id_and(_when), indent=4)
    plan = Plan(session, output.kind, "reschedule", "rescheduled", asks=not (yes or dry_run))
    references = schedules_to_change(session, schedules, namespace, plan)
    if references is None:
        return ExitCode.FAILURE

    def act(reference: JobReference) -> ScheduledJob:
        if not dry_run:
            return session.client.reschedule(reference, when)
        made = session.client.inspect_schedule(reference)
        return replace(made, schedule=when, status=replace(made.status, next_job_run_at=due))

    found = done_to_each(session, references, act, "rescheduled")
    if dry_run:
        plan.show_dry_run(listing, list(found))
    else:
        listing.show(RecordStream(found))
    return ExitCode.DONE


def _when(schedule: ScheduledJob) -> str:
    due = schedule.status.next_job_run_at
    suspended = " once it is resumed" if schedule.suspend else ""
    return f"{schedule.schedule}" + (f"  next {timestamp(due)}{suspended}" if due else "")
