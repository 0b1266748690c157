"""`hfjobs scheduled delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._listing import Listing, id_and
from hfjobs_cli.commands._schedules import act_on_schedules, chosen_schedules
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.formats.registry import RENDERERS
from hfjobs_cli.models.vocabulary import SCHEDULE_STATES

if TYPE_CHECKING:
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.references import JobReference


def delete(
    session: Session,
    schedules: schedule_options.ChosenSchedules = None,
    *,
    choice: schedule_options.ScheduleChoice,
    dry_run: options.DryRun = False,
    yes: schedule_options.Yes = False,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Delete schedules.

    Their jobs stay, and running jobs keep running. Schedules that filters select, active or suspended, are listed
    first, and deleted only after confirmation or with --yes. The same holds for a selector such as @latest that matches
    several.

    --format json prints what each schedule was.

    \b
    Examples:
      hfjobs scheduled delete 69c4179671691dc46f166314
      hfjobs scheduled delete @name=refresh-index --format json > refresh-index.json
      hfjobs scheduled delete --label team=data --dry-run
      hfjobs scheduled delete --status suspended --yes
    """
    plan = Plan(session, output.kind, "delete", "deleted", asks=not (yes or dry_run))
    deleted = id_and(lambda _schedule: plan.done)
    listing = Listing(session, output, default=RENDERERS["table"] if dry_run else deleted, indent=4)
    references = chosen_schedules(
        session, schedules, choice, namespace, states=SCHEDULE_STATES, plan=plan, asks_for_one=True
    )
    if references is None:
        return ExitCode.FAILURE

    def act(reference: JobReference) -> ScheduledJob:
        schedule = session.client.inspect_schedule(reference)
        session.client.delete_schedule(reference)
        return schedule

    return act_on_schedules(session, references, act, listing, plan, dry_run=dry_run)
