"""`hfjobs diff`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import source_of
from hfjobs_cli.commands._lineage import last_good
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.errors import ExitCode, NotFound, UsageError
from hfjobs_cli.insight.differences import differences, is_of_account
from hfjobs_cli.insight.lineage import parent_of
from hfjobs_cli.models.changes import LAUNCH, Difference
from hfjobs_cli.models.tree_node import JOB
from hfjobs_cli.query.conditions import all_match, parse_conditions
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from hfjobs_cli.commands._hub_or_file import Source
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.conditions import Condition


def diff(
    session: Session,
    job: single_command_options.FirstJob,
    other: single_command_options.OtherJob = None,
    *,
    with_source: single_command_options.WithSource = False,
    with_last_good: single_command_options.WithLastGood = False,
    exit_code: single_command_options.WantsExitCode = False,
    filter_: options.Filter = None,
    output: Annotated[options.Output, "difference"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Show what differs between two jobs.

    The launch is compared first: image, each word of the command, variables, hardware, labels. Then come origin,
    outcome and times. --with-source and --with-last-good find the other job and put it first, so the diff reads as what
    changed since.

    Values of variables and options that look like secrets are shown as *** in every format; 'hfjobs inspect' shows
    them.

    --format diff, the default, prints both values one below the other; table prints them side by side.

    --exit-code exits with 1 if launch or outcome differ; differences in origin and times do not count.

    \b
    Examples:
      hfjobs diff 6a016250aff1cd33e8f335aa 6a00096faff1cd33e8f327a4
      hfjobs diff --with-last-good 6a016250aff1cd33e8f335aa
      hfjobs diff --with-source @latest
      hfjobs diff @1 @0 --format json
      hfjobs diff @1 @0 --exit-code -f part=launch
      hfjobs diff --with-last-good @failed --from jobs.jsonl
    """
    now = session.clock()
    wanted = parse_conditions(output.kind, filter_ or (), now)
    listing = Listing(session, output)
    first, second = _two(
        source_of(session, from_), job, other, namespace, with_source=with_source, with_last_good=with_last_good
    )

    every = differences(first, second, now)
    found = [each for each in every if all_match(wanted, each, now)]
    listing.show([*_same_launch(first, second, every, wanted, listing, now), *found])

    is_different = any(map(is_of_account, found))
    if not is_different:
        session.note("no differences in launch and outcome" if not wanted else "no differences match")
    return ExitCode.FAILURE if exit_code and is_different else ExitCode.DONE


def _same_launch(
    first: JobInfo,
    second: JobInfo,
    found: Sequence[Difference],
    wanted: Sequence[Condition],
    listing: Listing,
    now: datetime,
) -> list[Difference]:
    """Return the row that says that the launches are identical; formats for programs have none."""
    if listing.renderer.name != "diff" or any(each.part == LAUNCH for each in found):
        return []
    same = Difference.none_in(LAUNCH, first.id, second.id)
    return [same] if all_match(wanted, same, now) else []


def _two(
    source: Source, job: str, other: str | None, namespace: str | None, *, with_source: bool, with_last_good: bool
) -> tuple[JobInfo, JobInfo]:
    """Return the two jobs to compare; a job found by an option comes first. Raises UsageError or NotFound."""
    ways = (other is not None) + with_source + with_last_good
    if ways != 1 and not (job == "-" and not ways):
        message = "two jobs required, but only one given" if not ways else "more than one job to compare with"
        raise UsageError(message, hint="give another job, or one of --with-source and --with-last-good")
    jobs = source.named([job, *([other] if other is not None else [])], namespace)
    if len(jobs) != (1 if with_source or with_last_good else 2):
        raise UsageError(f"two jobs required, but {len(jobs)} given", hint="give two jobs")
    if with_source:
        jobs.insert(0, _source(source, jobs[0]))
    if with_last_good:
        jobs.insert(0, _last_good(source, jobs[0]))
    return jobs[0], jobs[1]


def _source(source: Source, job: JobInfo) -> JobInfo:
    """Return the job that another was duplicated from. Raises NotFound."""
    parent = parent_of(job)
    if parent is None or parent.type != JOB:
        raise NotFound(
            f"{job.id} was not duplicated from another job", hint=f"show its tree with: hfjobs tree {job.id}"
        )
    found = source.look_up([JobReference(job.owner.name, parent.who), JobReference(None, parent.who)])
    if not found:
        raise NotFound(
            f"{job.id} was duplicated from {parent.who}, which no longer exists",
            hint=f"show its tree with: hfjobs tree {job.id}",
        )
    return found[0]


def _last_good(source: Source, job: JobInfo) -> JobInfo:
    """Return the newest job before another that has its name and was completed. Raises NotFound."""
    if not job.name:
        raise NotFound(f"{job.id} has no name, so there are no earlier jobs of that name", hint="give another job")
    found = last_good(source, job)
    if found is None:
        raise NotFound(
            f"no job named '{job.name}' completed before {job.id}",
            hint=f"list them with: hfjobs ps -a --namespace {job.owner.name} --name {job.name}",
        )
    return found
