"""`hfjobs report`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from hfjobs_cli.cli import command_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode


def report(
    session: Session,
    selection: command_options.Counted,
    *,
    by: command_options.By = None,
    sort: options.Sort = None,
    output: Annotated[options.Output, "group"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Count jobs in groups, with their costs.

    Jobs in every status are counted, unless --status is given. There is a group for each value of a field, by default
    for each type of initiator. Days, weeks and months are those of creation (UTC); those without jobs are included.

    SUCCESS = completed / (completed + failed). WAITED is a median; RAN and COST are sums, and ~ marks estimates.

    \b
    Examples:
      hfjobs report
      hfjobs report --by name --since 7d --sort -cost
      hfjobs report --by day --since 7d
      hfjobs report --by initiator --initiator scheduled-job --since 7d
      hfjobs report --by week,status --format csv
      hfjobs report --by label.team --format '{{index . "label.team"}} {{.cost}}'
      hfjobs report --by message --status error
      hfjobs report --from jobs.jsonl --by flavor
    """
    from hfjobs_cli.commands._lineage import open_snapshot
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.commands._select import job_filter, scan
    from hfjobs_cli.insight.report import Report
    from hfjobs_cli.models.group import group_kind, group_model
    from hfjobs_cli.models.job import KIND
    from hfjobs_cli.query.columns import parse_by

    jobs = session.bound(KIND)
    fields = parse_by(jobs, by or ["initiator-type"])
    model = group_model({each.name: each.meaning for each in fields})
    listing = Listing(session, replace(output, kind=group_kind(model)), sort=sort)
    wanted = job_filter(session, replace(selection, all_=True))

    snapshot = None if from_ is None else open_snapshot(session, from_)
    costs = session.costs if snapshot is None else session.costs_of_saved
    is_priced = any(map(listing.shows, ("cost", "cost_usd", "cost_is_estimated")))
    found = Report(
        fields, costs.of if is_priced else lambda _job, _now: None, wanted.now, since=wanted.since, until=wanted.until
    )
    counted = scan(session, wanted, namespace, selection.limit, snapshot=snapshot)
    found.add(counted.jobs())

    listing.show(found.groups(model))
    if not counted.matched:
        session.remark("no jobs match" if wanted.narrows else "no jobs")
    return ExitCode.DONE
