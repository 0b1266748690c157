"""`hfjobs scheduled apply`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._create import create_schedule, show_created
from hfjobs_cli.commands._listing import Listing, id_and
from hfjobs_cli.commands._submit import check_all, flavors_of, local_environment
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError
from hfjobs_cli.formats.registry import RENDERERS
from hfjobs_cli.insight.schedule_plan import Step, job_changes, plan
from hfjobs_cli.jobspec.environment import resolved
from hfjobs_cli.jobspec.from_job import described_schedule
from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR
from hfjobs_cli.jobspec.schedule_file import (
    GROUP_LABEL,
    OWN_LABELS,
    REPLACES_LABEL,
    WantedSchedule,
    compose_schedule,
    read_files,
    where,
)
from hfjobs_cli.jobspec.validate import check_flavor
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.schedule import ScheduledJob
from hfjobs_cli.models.schedule_change import (
    CREATE,
    DELETE,
    RELABEL,
    REPLACE,
    RESCHEDULE,
    RESUME,
    SUSPEND,
    UNCHANGED,
    ScheduleChange,
)
from hfjobs_cli.query.references import JobReference


def apply(
    session: Session,
    files: schedule_options.Files = None,
    *,
    prune: schedule_options.Prune = False,
    dry_run: options.DryRun = False,
    yes: schedule_options.Yes = False,
    exit_code: schedule_options.TellsByExitCode = False,
    output: Annotated[options.Output, "schedule_change"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Create and change schedules as files declare them.

    Schedules are compared by name. When, labels and suspension are changed in place. If the jobs themselves differ, a
    new schedule replaces the old one: it is created, then the old one is deleted. If that is interrupted, the next
    apply deletes the old one. See 'hfjobs help schedules'.

    All files are checked before anything is sent. The plan is shown and needs confirmation; if stdin is not a terminal,
    pass --yes. Secrets are compared by name only; their values are read from the environment when a schedule is
    created.

    \b
    Examples:
      hfjobs scheduled apply schedules.toml --dry-run
      hfjobs scheduled apply schedules.toml --yes --prune
      hfjobs scheduled apply team/*.toml --dry-run --exit-code
    """
    if not files:
        raise UsageError("missing argument 'FILE'", hint="use for example: hfjobs scheduled apply schedules.toml")
    listing = Listing(session, output, default=RENDERERS["table"] if dry_run else BRIEF, indent=4)
    wanted, groups = _wanted(session, files, namespace)
    steps = list(_steps(session, wanted, namespace, groups if prune else ()))
    todo = [step for step in steps if step.actions]
    result = ExitCode.FAILURE if exit_code and todo else ExitCode.DONE
    if dry_run:
        listing.show([step.record() for step in steps])
        session.note(f"would change {len(todo)} of {len(steps)} schedules; nothing was changed")
        return result
    steps = _with_secrets(session, steps)
    if todo and not yes and not _is_confirmed(session, output.kind, todo):
        return ExitCode.FAILURE
    show_created(session, listing, list(_applied(session, steps)))
    return result


def _actions(change: ScheduleChange) -> str:
    return f"{change.name or ''}  {', '.join(change.actions) or UNCHANGED}"


BRIEF = id_and(_actions)
"""A line for each schedule: id, name, and what was done."""


def _wanted(
    session: Session, files: Sequence[str], namespace: str | None
) -> tuple[list[WantedSchedule], frozenset[str]]:
    """Return what the files declare, and the groups they name. Raises UsageError before anything is sent."""
    local = local_environment(session, dry_run=True)
    tables, groups = read_files(files, local)
    now, download = session.clock(), session.client.download
    wanted = [compose_schedule(each, namespace, local, now, download) for each in tables]
    check_all(session, (each.job for each in wanted), namespace, local)
    if any(each.job.flavor != DEFAULT_FLAVOR for each in wanted):
        prices = {flavor.name: flavor.price or 0 for flavor in flavors_of(session)}
        for each in wanted:
            with where(each.place):
                check_flavor(each.job.flavor, prices, hint="'hfjobs hardware' lists the flavors")
    return wanted, groups


def _steps(
    session: Session, wanted: Sequence[WantedSchedule], namespace: str | None, prunes: Collection[str]
) -> Iterator[Step]:
    """Yield what has to be done, namespace by namespace."""
    there: dict[str | None, list[ScheduledJob]] = {}
    asked: dict[str | None, list[WantedSchedule]] = {}
    for name in dict.fromkeys([*(each.namespace for each in wanted), *([namespace] if prunes else [])]):
        found = session.client.list_schedules(name)
        owner = name or next((each.owner.name for each in found), None)  # the token's user may be named, too
        there[owner] = found
        asked.setdefault(owner, []).extend(each for each in wanted if each.namespace == name)
    for owner, found in there.items():
        yield from plan(found, asked[owner], prunes=prunes)


def _with_secrets(session: Session, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with the values of secrets where a schedule is created. Raises UsageError if one is not set."""
    local = local_environment(session, dry_run=False)
    found = []
    for step in steps:
        wanted = step.wanted
        if wanted is not None and {CREATE, REPLACE} & set(step.actions):
            secrets = resolved(wanted.job.secrets, local, wanted.place, hint="export {name}=...")
            wanted = replace(wanted, job=replace(wanted.job, secrets=secrets))
        found.append(step._replace(wanted=wanted))
    return found


def _is_confirmed(session: Session, kind: Kind, todo: Sequence[Step]) -> bool:
    if not session.can_ask:
        raise UsageError(
            f"refusing to change {len(todo)} schedules without confirmation: stdin is not a terminal",
            hint="pass --yes, or --dry-run to see the plan",
        )
    return Plan(session, kind, "apply", "changed").is_meant([step.record() for step in todo])


def _applied(session: Session, steps: Sequence[Step]) -> Iterator[ScheduleChange]:
    """Do what has to be done, one schedule after the other; an error ends it, and what is left to do is named."""
    left = [step for step in steps if step.actions]
    try:
        for step in steps:
            yield step.record(_apply(session, step))
            left = [each for each in left if each is not step]
    except BaseException as error:
        names = " ".join(str(step.name or step.record().id) for step in left)
        session.notice(f"not applied, or in part: {names}; run the same command again to continue")
        if not isinstance(error, HfJobsError):
            raise
        session.failures.append(error)


def _apply(session: Session, step: Step) -> str | None:
    """Send the requests of a step, and return the id of the schedule."""
    client, wanted = session.client, step.wanted
    if step.found is None:
        return None if wanted is None else _create(session, wanted, wanted.suspend).id
    reference = JobReference.of(step.found, wanted.namespace if wanted is not None else None)
    for action in step.actions:
        if action == DELETE:
            client.delete_schedule(reference)
        elif wanted is None:
            continue
        elif action == REPLACE:
            suspend = step.found.suspend if wanted.suspend is None else wanted.suspend
            made = _create(session, wanted, suspend, step.found)
            client.delete_schedule(reference)
            return made.id
        elif action == RESCHEDULE:
            client.reschedule(reference, wanted.when)
        elif action == RELABEL:
            own = {key: text for key, text in (step.found.job_spec.labels or {}).items() if key in OWN_LABELS}
            client.label_schedule(reference, {**wanted.job.labels, **own})
        elif action == SUSPEND:
            client.suspend_schedule(reference)
        elif action == RESUME:
            client.resume_schedule(reference)
    return step.found.id


def _create(
    session: Session, wanted: WantedSchedule, suspend: bool | None, old: ScheduledJob | None = None
) -> ScheduledJob:
    own = {GROUP_LABEL: wanted.group, **({} if old is None else {REPLACES_LABEL: old.id})}
    job = replace(wanted.job, labels={**wanted.job.labels, **own})
    terms = schedule_options.Terms(suspend=suspend or None, concurrency=wanted.concurrency or None)
    made = create_schedule(session, job, wanted.namespace, wanted.when, terms)
    for change in job_changes(described_schedule(made).job, job):
        session.warning(f"schedule '{wanted.name}' is not as the file says: {change}; the Hub changed it")
    return made
