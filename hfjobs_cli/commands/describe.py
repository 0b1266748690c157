"""`hfjobs describe`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.registry import PROGRAM
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import Query, SharedAtHub, source_of
from hfjobs_cli.commands._lineage import FamilyReader, name_label
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._resolve import named_jobs, named_schedules
from hfjobs_cli.errors import ExitCode, HfJobsError, NotFound, UsageError
from hfjobs_cli.hub.concurrency import map_parallel, results_parallel
from hfjobs_cli.hub.log_follower import IncompleteOutput, LogFollower
from hfjobs_cli.hub.log_lines import is_header
from hfjobs_cli.insight import job_explanation, schedule_runs
from hfjobs_cli.insight.job_explanation import has_last_good, same_launch
from hfjobs_cli.insight.lineage import Lineage
from hfjobs_cli.models.describe_result import Description
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.redaction import masked
from hfjobs_cli.text.values import is_name

if TYPE_CHECKING:
    from hfjobs_cli.commands._hub_or_file import Source
    from hfjobs_cli.models.describe_result import NextStep, Runs, SameLaunch
    from hfjobs_cli.models.schedule import ScheduledJob

_COLORS = re.compile(r"\x1b\[[0-9;]*m")

_SCHEDULE = "scheduled-job:"
"""The prefix of a reference to a schedule."""

MOST_PAGES = 10
"""How many pages are read for relatives, and how many for the same launch. `hfjobs tree` reads all pages."""

STEP_TIMEOUT_SECS = 10.0
"""The timeout of each request for the last lines, unless the settings have a shorter one."""


def describe(
    session: Session,
    jobs: single_command_options.DescribedJobs,
    *,
    tail: single_command_options.Tail = 10,
    output: Annotated[options.Output, "description"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """Show a one-page summary of jobs and schedules.

    The page of a job shows its status and the reason, what started it, how long it waited and ran, its cost, what it
    was given (labels, variables, secrets by name, volumes, ports), and its last log lines. It also shows whether the
    same launch (image, command, flavor and packed files) worked before, and suggests commands to run next.

    The page of a schedule shows what it runs and when, its newest runs, and how many of the last 30 days succeeded and
    what they cost. Values that look like secrets are shown as ***. All requests are sent in parallel.

    --format page is the default; json prints the same data for programs, html for a browser. --from sends no requests,
    so cost and logs are left out.

    \b
    Examples:
      hfjobs describe 6a016250aff1cd33e8f335aa
      hfjobs describe @failed
      hfjobs describe @latest --tail 30
      hfjobs describe scheduled-job:refresh-index
      hfjobs describe @0 @1 @2 --tail 0
      hfjobs describe @failed --format '{{.reason}}: {{.why}}'
      hfjobs describe 6a016250aff1cd33e8f335aa --format json
      hfjobs describe @failed --from jobs.jsonl
    """
    listing = Listing(session, output, indent=4)
    source = SharedAtHub(session) if from_ is None else source_of(session, from_)
    named = _named(session, source, jobs, namespace)

    def described(each: JobInfo | ScheduledJob | HfJobsError) -> Description:
        if isinstance(each, HfJobsError):
            raise each
        return _of_job(session, source, each, tail) if isinstance(each, JobInfo) else _of_schedule(session, each)

    listing.show_results(list(results_parallel(described, named)))
    return ExitCode.DONE


def _named(
    session: Session, source: Source, texts: Sequence[str], namespace: str | None
) -> Sequence[JobInfo | ScheduledJob | HfJobsError]:
    """Return the given jobs and schedules in order; an error takes the place of one that does not exist."""
    if source.is_saved:
        if schedule := next((text for text in texts if text.startswith(_SCHEDULE)), None):
            raise UsageError(f"--from cannot be used with a schedule: '{schedule}'", hint="remove --from")
        return source.named(texts, namespace)
    found: list[JobInfo | ScheduledJob | HfJobsError] = []
    for is_schedule, group in groupby(texts, lambda text: text.startswith(_SCHEDULE)):
        found += (_schedules if is_schedule else _jobs_or_schedules)(session, list(group), namespace)
    return found


def _schedules(session: Session, texts: Sequence[str], namespace: str | None) -> Sequence[ScheduledJob | HfJobsError]:
    names = [text.removeprefix(_SCHEDULE) for text in texts]
    return session.client.inspect_schedules(named_schedules(session, names, namespace))


def _jobs_or_schedules(
    session: Session, texts: Sequence[str], namespace: str | None
) -> Sequence[JobInfo | ScheduledJob | HfJobsError]:
    """Return jobs; an id without a job may be the id of a schedule."""
    references = named_jobs(session, texts, namespace)
    found: list[JobInfo | ScheduledJob | HfJobsError] = [*session.client.inspect_jobs(references)]
    missing = [place for place, each in enumerate(found) if isinstance(each, NotFound)]
    for place, each in zip(missing, session.client.inspect_schedules([references[at] for at in missing]), strict=True):
        if not isinstance(each, HfJobsError):
            found[place] = each
    return found


def _of_schedule(session: Session, schedule: ScheduledJob) -> Description:
    """Return the description of a schedule and its runs."""
    now = session.clock()
    counted: list[JobInfo] = []
    older: list[JobInfo] = []

    def read_counted() -> None:
        counted.extend(session.schedule_runs.of(schedule))

    def read_older() -> None:
        last = schedule.status.last_job
        if schedule.name and is_name(schedule.name):
            page = next(iter(session.client.list_jobs(schedule.owner.name, None, [("name", schedule.name)])))
            older.extend(job for job in page.jobs if schedule_runs.schedule_of(job) == schedule.id)
        elif last is not None and is_name(last.id):
            with suppress(NotFound):
                older.append(session.client.inspect_job(JobReference(schedule.owner.name, last.id)))

    found: Runs | None = None
    try:
        map_parallel(lambda task: task(), [read_counted, read_older])
        found = schedule_runs.runs(schedule, counted, older, lambda job: session.costs.of(job, now), now)
        last = next((run for run in found.newest if run.id == str(schedule.status.last_job)), None)
        schedule = schedule if last is None else schedule.ran(last.status)
    except HfJobsError as error:
        session.warning(f"cannot read the runs of {schedule.id}: {error.message}")
    return Description(
        type="schedule",
        name=schedule.name,
        job=None,
        schedule=schedule,
        why=schedule_runs.outcome(schedule, now),
        reason=None,
        exit_code=None,
        started_by=schedule_runs.made_by(schedule, now),
        family=None,
        waited_secs=None,
        ran_secs=None,
        cost=None,
        cost_usd=None,
        cost_is_estimated=None,
        same_launch=None,
        runs=found,
        last_lines=None,
        next=_runnable(session, schedule_runs.next_steps(schedule, found)),
    )


def _of_job(session: Session, source: Source, job: JobInfo, tail: int) -> Description:
    """Return the description of a job, from parallel requests."""
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
    found = job_explanation.outcome(job, now)
    cost = session.costs.of(job, now) if not source.is_saved else None
    return Description(
        type="job",
        name=job.name,
        job=job,
        schedule=None,
        why=found.sentence,
        reason=found.reason,
        exit_code=found.exit_code,
        started_by=job_explanation.started_by(job, lineage),
        family=job_explanation.family(job, lineage, is_whole=reader.is_whole),
        waited_secs=job.waited_secs(now),
        ran_secs=job.running_secs(now),
        cost=str(cost) if cost is not None else None,
        cost_usd=float(cost.usd) if cost is not None else None,
        cost_is_estimated=cost.is_estimated if cost is not None else None,
        same_launch=same,
        runs=None,
        last_lines=lines,
        next=_runnable(session, job_explanation.next_steps(job, found, same, has_good=has_good, last_lines=lines)),
    )


def _runnable(session: Session, steps: Sequence[NextStep]) -> list[NextStep]:
    """Return commands for this session: with the name of this program, and --demo if it was given."""
    demo = " --demo" if session.overrides.demo else ""
    return [replace(each, command=each.command.replace(PROGRAM, f"{session.program}{demo}", 1)) for each in steps]


def _same_launch(source: Source, job: JobInfo) -> tuple[SameLaunch, bool]:
    """Return how earlier jobs with the same launch ended, and whether one with the same name completed.

    If the job has a name, only jobs with that name count.
    """
    found: list[JobInfo] = []
    is_whole = True
    for number, page in enumerate(source.pages(Query(job.owner.name, None, name_label(job))), start=1):
        found += (each for each in page.jobs if not job.name or each.name == job.name)
        if number == MOST_PAGES and not source.is_saved:
            is_whole = not page.has_next
            break
    return same_launch(job, found, is_whole=is_whole), has_last_good(job, found)


def _last_lines(session: Session, job: JobInfo, tail: int) -> list[str] | None:
    """Return the last log lines of a job as displayed; None if they are not requested or not available."""
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
            # A running job may have no output yet, which the Hub does not report.
            if job.has_ended or not isinstance(error, IncompleteOutput):
                session.warning(f"cannot read its output: {error.message}")
            return None
        session.warning(error.message)
    return lines[-tail:]


def _seen(text: str) -> str:
    """Return a line as a terminal shows it: the last state of a progress bar, without colors; tokens are masked."""
    return masked(_COLORS.sub("", text.rstrip("\r\n").rpartition("\r")[2]))
