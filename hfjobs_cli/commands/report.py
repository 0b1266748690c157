"""`hfjobs report`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import AtHub, open_snapshot
from hfjobs_cli.commands._listing import Listing, job_filter, scan
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.formats.renderer import QUIET
from hfjobs_cli.insight.report import Report, parse_by
from hfjobs_cli.models.group import group_kind, group_model
from hfjobs_cli.models.job import KIND
from hfjobs_cli.models.vocabulary import SCHEDULED_JOB
from hfjobs_cli.query.conditions import all_match, parse_conditions, split_filters

if TYPE_CHECKING:
    from hfjobs_cli.models.group import Group

WITH_TOTAL = ("table", "markdown", "html")
"""The formats with a total. In others, programs that add up the groups would count it twice."""


def report(
    session: Session,
    selection: single_command_options.ReportedJobs,
    *,
    by: single_command_options.By = None,
    top: single_command_options.Top = None,
    sort: options.Sort = None,
    output: Annotated[options.Output, "group"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Count jobs in groups, with their costs.

    Jobs in every status are counted, unless --status is given. There is a group for each value of a field, by default
    for each type of initiator. Hours, days, weeks and months are those of creation (UTC). Days, weeks and months
    without jobs are included; hours only with --format html, which draws them. Schedules are shown by name.

    SUCCESS = completed / (completed + failed). P50 is the median of WAIT (before the start) and RUN, P95 what 95% of
    the jobs do not exceed. RUN TOTAL and COST are sums, and ~ marks estimates. OF JOBS and OF COST are shares of all
    jobs of the report and of their cost; a full bar is 100%. Tables end with a TOTAL; other formats have groups only,
    and --top 0 prints their sum. A filter for a field that only groups have, as -f 'failed>3', selects groups.

    \b
    Examples:
      hfjobs report
      hfjobs report --by name --since 7d --sort -cost --top 10
      hfjobs report --by day --since 7d
      hfjobs report --by hour --since 24h
      hfjobs report --by initiator --initiator scheduled-job --since 7d
      hfjobs report --by week,status --format csv
      hfjobs report --by label.team --format '{{index . "label.team"}} {{.cost}}'
      hfjobs report --by reason,flavor --status error -f 'jobs>1'
      hfjobs report --by label.lr,label.seed --label sweep=s
      hfjobs report --from jobs.jsonl --by flavor
    """
    jobs = session.bound(KIND)
    fields = parse_by(jobs, by or ["initiator-type"])
    model = group_model({each.name: each.meaning for each in fields})
    kind = group_kind(model)
    listing = Listing(session, replace(output, kind=kind), sort=sort)
    filters, of_groups = split_filters(selection.filter_ or (), jobs, kind)
    wanted = job_filter(session, replace(selection, all_=True, filter_=filters))
    wanted_groups = parse_conditions(kind, of_groups, wanted.now)

    snapshot = None if from_ is None else open_snapshot(session, from_)
    costs = session.costs if snapshot is None else session.costs_of_saved
    is_priced = any(map(listing.shows, ("cost", "cost_usd", "cost_is_estimated")))
    found = Report(
        fields,
        costs.of if is_priced else lambda _job, _now: None,
        wanted.now,
        since=wanted.since,
        until=wanted.until,
        all_hours=listing.renderer.name == "html",  # which draws them as a line
    )
    counted = scan(session, wanted, namespace, selection.limit, snapshot=snapshot)
    found.add(counted.jobs())

    names_schedules = snapshot is None and (listing.shows("initiator") or listing.shows("initiator_name"))
    schedules = _schedules(session, namespace, found.values_of("initiator")) if names_schedules else {}
    groups = found.groups(model, schedules)
    every = len(groups)
    groups = [each for each in groups if all_match(wanted_groups, each, wanted.now)]
    total = [found.total(model)] if groups and listing.renderer.name in WITH_TOTAL else []
    if top is None or len(groups) <= top:
        listing.show(groups, last=total)
    else:
        first = _first(listing, groups, top)
        chosen = set(map(id, first))
        others = [each for each in groups if id(each) not in chosen]
        is_told = listing.renderer is not QUIET and (top or not total)
        listing.show(first, last=[*([found.rest(model, others)] if is_told else []), *total])
    if wanted_groups and every:
        session.note(f"{len(groups)} of {every} groups match --filter")
    if not counted.matched:
        session.note("no jobs match" if wanted.narrows else "no jobs")
    return ExitCode.DONE


def _first(listing: Listing, groups: Sequence[Group], count: int) -> list[Group]:
    """Return the first groups by `--sort`, or those with the most jobs, in display order."""
    if listing.is_sorted:
        return listing.ordered(groups)[:count]
    places = sorted(range(len(groups)), key=lambda place: -groups[place].values()["jobs"])[:count]
    return [groups[place] for place in sorted(places)]


def _schedules(session: Session, namespace: str | None, initiators: Iterable[str]) -> dict[str, str]:
    """Return the names of schedules by the initiators that they are, but for those that share a name with another."""
    ids = {each: each.partition(":")[2] for each in initiators if each.startswith(f"{SCHEDULED_JOB}:")}
    known = (AtHub(session).schedule_names(namespace) or {}) if ids else {}
    times = Counter(known.values())
    named = {initiator: known.get(identifier) for initiator, identifier in ids.items()}
    return {initiator: name for initiator, name in named.items() if name is not None and times[name] == 1}
