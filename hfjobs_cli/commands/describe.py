"""`hfjobs describe`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import command_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode, HfJobsError

if TYPE_CHECKING:
    from hfjobs_cli.commands._lineage import Source
    from hfjobs_cli.models.description import Description, SameLaunch
    from hfjobs_cli.models.job import JobInfo

_COLORS = re.compile(r"\x1b\[[0-9;]*m")

MOST_PAGES = 10
"""How many pages are read for its family, and how many for others like it. `hfjobs tree` reads all there are."""

STEP_TIMEOUT_SECS = 10.0
"""How long the Hub is waited for at each step of reading the last lines, whatever the settings say."""


def describe(
    session: Session,
    job: command_options.FirstJob,
    *,
    tail: command_options.Tail = 10,
    output: Annotated[options.Output, "description"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Show a one-page summary of a job.

    The page shows the status and its reason, what started the job, how long it waited and ran, its cost, and its last
    log lines. It also shows whether the same launch (image, command, flavor and packed files) worked before, and
    suggests commands to run next. All requests are sent in parallel.

    --format json prints the same data for programs. --from sends no requests, so cost and logs are left out.

    \b
    Examples:
      hfjobs describe 6a016250aff1cd33e8f335aa
      hfjobs describe @failed
      hfjobs describe @latest --tail 30
      hfjobs describe @failed --format '{{.reason}}: {{.why}}'
      hfjobs describe 6a016250aff1cd33e8f335aa --format json
      hfjobs describe @failed --from jobs.jsonl
    """
    from hfjobs_cli.commands._lineage import source_of
    from hfjobs_cli.commands._listing import Listing

    listing = Listing(session, output, indent=4)
    source = source_of(session, from_)
    listing.show([_described(session, source, each, tail) for each in source.named([job], namespace)])
    return ExitCode.DONE


def _described(session: Session, source: Source, job: JobInfo, tail: int) -> Description:
    """Return what can be told of a job. All of it is asked for at once."""
    from hfjobs_cli.commands._lineage import FamilyReader
    from hfjobs_cli.hub.concurrency import map_parallel
    from hfjobs_cli.insight import summary
    from hfjobs_cli.insight.lineage import Lineage
    from hfjobs_cli.models.description import Description
    from hfjobs_cli.query.references import JobReference

    if not source.is_saved:
        JobReference.of(job, None)  # raises BadResponse if nothing can be asked about it
    now = session.clock()
    reader = FamilyReader(session, source, None if source.is_saved else MOST_PAGES)
    lineage = Lineage([job])
    same: SameLaunch | None = None
    has_good = False
    lines: list[str] | None = None

    def read_family() -> None:
        nonlocal lineage
        lineage = reader.read(job, job.owner.name)

    def read_same() -> None:
        nonlocal same, has_good
        same, has_good = _same_launch(source, job)

    def read_lines() -> None:
        nonlocal lines
        lines = _last_lines(session, job, tail)

    def read_cost() -> None:
        session.costs.of(job, now)

    about_jobs: list[Callable[[], None]] = [read_family, read_same]
    if source.is_saved:
        for task in about_jobs:
            task()
    else:
        map_parallel(lambda task: task(), [*about_jobs, read_lines, read_cost])
    found = summary.outcome(job, now)
    cost = session.costs.of(job, now) if not source.is_saved else None
    return Description(
        name=job.name,
        job=job,
        why=found.sentence,
        reason=found.reason,
        exit_code=found.exit_code,
        started_by=summary.started_by(job, lineage),
        family=summary.family(job, lineage, is_whole=reader.is_whole),
        waited_secs=job.waited_secs(now),
        ran_secs=job.running_secs(now),
        cost=str(cost) if cost is not None else None,
        cost_usd=float(cost.usd) if cost is not None else None,
        cost_is_estimated=cost.is_estimated if cost is not None else None,
        same_launch=same,
        last_lines=lines,
        next=summary.next_steps(job, found, same, has_good=has_good),
    )


def _same_launch(source: Source, job: JobInfo) -> tuple[SameLaunch, bool]:
    """Return how earlier jobs ended that were launched alike, and whether one of its name was completed.

    If it has a name, those of the same name are looked at.
    """
    from hfjobs_cli.insight.summary import has_last_good, same_launch
    from hfjobs_cli.query.references import is_name

    labels = [("name", job.name)] if job.name and is_name(job.name) else []  # the Hub refuses to look for others
    found: list[JobInfo] = []
    is_whole = True
    for number, page in enumerate(source.pages(job.owner.name, None, labels), start=1):
        found += (each for each in page.jobs if not job.name or each.name == job.name)
        if number == MOST_PAGES and not source.is_saved:
            is_whole = not page.has_next
            break
    return same_launch(job, found, is_whole=is_whole), has_last_good(job, found)


def _last_lines(session: Session, job: JobInfo, tail: int) -> list[str] | None:
    """Return the last lines that a job wrote, as they would be seen; None if they are not wanted, or cannot be had."""
    from hfjobs_cli.hub.log_follower import IncompleteOutput, LogFollower
    from hfjobs_cli.hub.log_lines import is_header
    from hfjobs_cli.query.references import JobReference

    if not tail or job.status.stage == "SCHEDULING":
        return None
    reference, timeout_secs = JobReference.of(job, None), min(STEP_TIMEOUT_SECS, session.settings.timeout_secs)
    follower = LogFollower(session.client, job, reference, tail=tail, timeout_secs=timeout_secs, pause=session.sleep)
    lines: list[str] = []
    try:
        for item in follower.items():
            if isinstance(item, list):
                lines += [_seen(line[1]) for line in item if not is_header(line)]
    except HfJobsError as error:
        if not lines:
            # A job that runs may have written nothing yet, of which there is no sign.
            if job.has_ended or not isinstance(error, IncompleteOutput):
                session.warn(f"what it wrote cannot be read: {error.message}")
            return None
        session.warn(error.message)
    return lines[-tail:]


def _seen(text: str) -> str:
    """Return a line as a terminal shows it: of a progress bar the last state, and no colors."""
    return _COLORS.sub("", text.rstrip("\r\n").rpartition("\r")[2])
