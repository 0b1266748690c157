"""`hfjobs scheduled trigger`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._create import ID_AND_URL, create_each
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._schedules import schedules_to_change, show_plan
from hfjobs_cli.errors import Conflict, ExitCode, NotFound
from hfjobs_cli.models.kinds import kind_of

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.references import JobReference


def trigger(
    session: Session,
    schedules: schedule_options.Schedules,
    *,
    dry_run: options.DryRun = False,
    output: Annotated[options.Output, "job"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Run jobs of schedules now.

    The id and URL of each new job is printed; the next run of each schedule does not change. A new job costs money, so
    each request is sent once: if the response is lost, hfjobs looks for the new job by its initiator instead.

    A schedule that allows one job at a time is not run while another job is running. --dry-run lists the schedules.

    \b
    Examples:
      hfjobs scheduled trigger 69c4179671691dc46f166314
      hfjobs scheduled trigger @name=refresh-index -q
      hfjobs scheduled trigger @name=refresh-index --dry-run
    """
    plan = Plan(session, kind_of("schedule"), "trigger", "triggered", asks=False)
    if dry_run:
        return _show(session, schedules, namespace, output, plan)
    listing = Listing(session, output, default=ID_AND_URL, also=["initiator"], indent=4)
    references = schedules_to_change(session, schedules, namespace, plan) or []

    def create(reference: JobReference, known: list[str]) -> JobInfo:
        return session.client.trigger_schedule(reference, known)

    return create_each(session, listing, references, create, "triggered", _may_go_on)


def _may_go_on(failure: Exception) -> bool:
    return isinstance(failure, NotFound | Conflict)


def _show(session: Session, schedules: list[str], namespace: str | None, output: Output, plan: Plan) -> ExitCode:
    """Show the schedules, of which there is as much to see as there will be of their jobs."""
    listing = Listing(session, replace(output, kind=plan.kind), indent=4)
    return show_plan(session, schedules_to_change(session, schedules, namespace, plan) or [], listing, plan)
