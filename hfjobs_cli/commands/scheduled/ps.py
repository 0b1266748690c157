"""`hfjobs scheduled ps`."""

from __future__ import annotations

from typing import Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._resolve import list_schedules
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.models.schedule import KIND
from hfjobs_cli.models.vocabulary import ACTIVE
from hfjobs_cli.query.conditions import no_match_hints
from hfjobs_cli.query.schedule_filters import ScheduleFilter, parse_schedule_filter


def ps(
    session: Session,
    selection: schedule_options.ScheduleSelection,
    *,
    sort: options.Sort = None,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """List schedules (also: ls, list).

    By default active schedules are listed; -a also lists suspended ones. A schedule must match every filter. Times are
    in UTC. LAST STATUS is the status of the newest job of the schedule, which takes an extra request.

    \b
    Examples:
      hfjobs scheduled ps
      hfjobs scheduled ps -a --sort next_run
      hfjobs scheduled ps --status suspended
      hfjobs scheduled ps -a --name refresh-index
      hfjobs scheduled ps --label env=prod --label team=ml
      hfjobs scheduled ps -f 'last_status=error' -f 'command=*train*'
      hfjobs scheduled ps --format '{{.name}} {{.schedule}} {{.next_run}}'
      hfjobs scheduled ps -a -q --name nightly | hfjobs scheduled inspect -
    """
    wanted = schedule_filter(session, selection)
    listing = Listing(session, output, sort=sort)
    found = list_schedules(session, wanted, namespace, with_runs=listing.shows("last_status"))
    listing.show(found)
    if not found:
        is_default = wanted.states == (ACTIVE,)
        more = "; -a lists suspended ones too" if is_default else ""
        session.note(f"no {'active ' * is_default}schedules{' match' * wanted.narrows}{more}")
        for hint in no_match_hints(wanted.patterns):
            session.note(hint)
    return ExitCode.DONE


def schedule_filter(
    session: Session, selection: schedule_options.ScheduleSelection, default: tuple[str, ...] = (ACTIVE,)
) -> ScheduleFilter:
    """Return the filter that the options give; `default` are the states without --status. Raises UsageError."""
    return parse_schedule_filter(
        session.clock(),
        all_=selection.all_,
        status=selection.status or (),
        label=selection.label or (),
        name=selection.name,
        filters=selection.filter_ or (),
        default=default,
        kind=session.bound(KIND),
    )
