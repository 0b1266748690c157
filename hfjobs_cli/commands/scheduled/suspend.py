"""`hfjobs scheduled suspend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._listing import ID_AND_STATUS, Listing
from hfjobs_cli.commands._schedules import act_on_schedules, chosen_schedules
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.formats.registry import RENDERERS
from hfjobs_cli.models.vocabulary import ACTIVE

if TYPE_CHECKING:
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.references import JobReference


def suspend(
    session: Session,
    schedules: schedule_options.ChosenSchedules = None,
    *,
    choice: schedule_options.ScheduleChoice,
    dry_run: options.DryRun = False,
    yes: schedule_options.Yes = False,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Suspend schedules until they are resumed.

    Running jobs keep running. The id and status of each schedule is printed; a schedule that is already suspended is
    not an error. Filters select among active schedules, unless they name another status.

    If filters are used, or a selector such as @latest matches several schedules, they are listed first and need
    confirmation; if stdin is not a terminal, pass --yes.

    \b
    Examples:
      hfjobs scheduled suspend 69c4179671691dc46f166314
      hfjobs scheduled suspend @name=refresh-index
      hfjobs scheduled suspend --label team=data --dry-run
    """
    plan = Plan(
        session,
        output.kind,
        "suspend",
        "suspended",
        could_hit=lambda schedule: not schedule.suspend,
        asks=not (yes or dry_run),
    )
    listing = Listing(session, output, default=RENDERERS["table"] if dry_run else ID_AND_STATUS, indent=4)
    references = chosen_schedules(session, schedules, choice, namespace, states=(ACTIVE,), plan=plan)
    if references is None:
        return ExitCode.FAILURE

    def act(reference: JobReference) -> ScheduledJob:
        session.client.suspend_schedule(reference)
        return session.client.inspect_schedule(reference)

    return act_on_schedules(session, references, act, listing, plan, dry_run=dry_run)
