"""`hfjobs scheduled apply`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Annotated

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._journal import Journal
from hfjobs_cli.commands._listing import Listing, id_and, show_created
from hfjobs_cli.commands._submit import check_all, flavors_of, local_environment
from hfjobs_cli.commands.scheduled._submit_schedule import create_schedule
from hfjobs_cli.config import state_directory
from hfjobs_cli.errors import ExitCode, HfJobsError, NotFound, UsageError
from hfjobs_cli.formats.renderer import RENDERERS
from hfjobs_cli.insight.schedule_plan import Step, job_changes, plan
from hfjobs_cli.jobspec.environment import with_local_values
from hfjobs_cli.jobspec.from_job import spec_of_schedule
from hfjobs_cli.jobspec.new_job import DEFAULT_FLAVOR
from hfjobs_cli.jobspec.schedule_file import (
    CHANGED_LABEL,
    GROUP_LABEL,
    OWN_LABELS,
    REPLACES_LABEL,
    WantedSchedule,
    compose_schedule,
    fingerprint,
    read_files,
    where,
)
from hfjobs_cli.jobspec.validate import check_flavor
from hfjobs_cli.models.changes import (
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
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.schedule import ScheduledJob
from hfjobs_cli.query.references import JobReference


def apply(
    session: Session,
    files: schedule_options.Files = None,
    *,
    prune: schedule_options.Prune = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    exit_code: schedule_options.WithExitCode = False,
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
    if dry_run:
        steps = _steps(session, wanted, namespace, groups, prunes=prune)
        listing.show([step.record() for step in steps])
        todo = [step for step in steps if step.actions]
        session.note(f"would change {len(todo)} of {len(steps)} schedules; nothing was changed")
        return ExitCode.FAILURE if exit_code and todo else ExitCode.DONE
    with _one_at_a_time(session) as journal:
        steps = _steps(session, wanted, namespace, groups, prunes=prune, journal=journal)
        todo = [step for step in steps if step.actions]
        steps = _with_secrets(session, steps)
        if todo and not yes and not _is_confirmed(session, output.kind, todo):
            return ExitCode.FAILURE
        records = list(_applied(session, steps, journal))
        if any({CREATE, REPLACE} & set(step.actions) for step in todo):
            records = _settled(session, wanted, namespace, groups, records, journal)
    if not records:
        session.note("no schedules to apply")
    show_created(session, listing, records)
    return ExitCode.FAILURE if exit_code and todo else ExitCode.DONE


@contextmanager
def _one_at_a_time(session: Session) -> Iterator[Journal]:
    """Let no other process of this machine apply files meanwhile: it would create the same schedules.

    Recently created schedules are in the journal: listings may not show them yet.
    """
    directory = state_directory(session.environ) / "apply"
    journal = Journal(directory, session.settings.endpoint, "", "apply", lambda: session.clock().timestamp())
    has_told = False

    def wait(seconds: float) -> None:
        nonlocal has_told
        if not has_told:
            session.note("note: waiting for another 'hfjobs scheduled apply' to finish")
        has_told = True
        session.sleep_while_read(seconds)

    with journal.held(wait):
        if journal.problem is not None:
            why = journal.problem.strerror
            session.warning(f"no lock ({why}): do not run 'scheduled apply' twice at the same time")
        yield journal


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
        flavors = flavors_of(session)
        for each in wanted:
            with where(each.place):
                check_flavor(each.job.flavor, flavors, hint="'hfjobs hardware' lists the flavors")
    return wanted, groups


def _steps(
    session: Session,
    wanted: Sequence[WantedSchedule],
    namespace: str | None,
    groups: Collection[str],
    *,
    prunes: bool = False,
    journal: Journal | None = None,
) -> list[Step]:
    """Return the required steps, namespace by namespace. Raises UsageError."""
    asked: dict[str, list[WantedSchedule]] = {}
    for name in dict.fromkeys([*(each.namespace for each in wanted), *([namespace] if prunes else [])]):
        owner = (name or session.client.default_namespace()).casefold()  # the token's user may be named, too
        asked.setdefault(owner, []).extend(each for each in wanted if each.namespace == name)
    for owner, several in asked.items():
        for name, count in Counter(each.name for each in several).items():
            if count > 1:
                raise UsageError(
                    f"schedule '{name}' is declared twice in namespace '{owner}'", hint="rename one of them"
                )
    steps: list[Step] = []
    for owner, several in asked.items():
        found = _found(session, several[0].namespace if several else namespace)
        found += _unlisted(session, owner, found, journal)
        steps += plan(found, several, groups=groups, prunes=prunes)
    return steps


def _found(session: Session, namespace: str | None) -> list[ScheduledJob]:
    """Return the schedules of a namespace. Raises HfJobsError if one cannot be read: it might be created twice."""
    before = len(session.failures)
    found = session.client.list_schedules(namespace)
    if len(session.failures) > before:
        raise session.failures.pop()
    return found


def _unlisted(
    session: Session, owner: str, found: Sequence[ScheduledJob], journal: Journal | None
) -> list[ScheduledJob]:
    """Return the schedules of a namespace that were created so lately that the Hub does not list them yet."""
    noted = [] if journal is None else [key.rpartition("/")[::2] for key in journal.asked]
    listed = {each.id for each in found}
    references = [JobReference(name, each) for name, each in noted if name.casefold() == owner and each not in listed]
    seen = session.client.inspect_schedules(references)
    return [each for each in seen if not isinstance(each, HfJobsError)]


def _with_secrets(session: Session, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with the values of secrets where a schedule is created. Raises UsageError if one is not set."""
    local = local_environment(session, dry_run=False)
    found = []
    for step in steps:
        wanted = step.wanted
        if wanted is not None and {CREATE, REPLACE} & set(step.actions):
            secrets = with_local_values(wanted.job.secrets, local, wanted.place, hint="export {name}=...")
            wanted = replace(wanted, job=replace(wanted.job, secrets=secrets))
        found.append(step._replace(wanted=wanted))
    return found


def _is_confirmed(session: Session, kind: Kind, todo: Sequence[Step]) -> bool:
    plan, records = Plan(session, kind, "apply", "changed"), [step.record() for step in todo]
    if not session.can_ask:
        raise UsageError(
            f"refusing to apply {plan.counted(records)} without confirmation: stdin is not a terminal",
            hint="pass --yes, or --dry-run to see the plan",
        )
    return plan.confirms(records)


def _applied(session: Session, steps: Sequence[Step], journal: Journal) -> Iterator[ScheduleChange]:
    """Apply the steps, one schedule after the other. An error ends it, and the remaining schedules are named."""
    left = [step for step in steps if step.actions]
    try:
        for step in steps:
            yield step.record(_apply(session, step, journal))
            left = [each for each in left if each is not step]
    except BaseException as error:
        names = " ".join(str(step.name or step.record().id) for step in left)
        session.notice(f"not applied, or in part: {names}; run the same command again to continue")
        if not isinstance(error, HfJobsError):
            raise
        session.failures.append(error)


def _settled(
    session: Session,
    wanted: Sequence[WantedSchedule],
    namespace: str | None,
    groups: Collection[str],
    records: Sequence[ScheduleChange],
    journal: Journal,
) -> list[ScheduleChange]:
    """Delete the younger of schedules that another machine created at the same moment, and return the records.

    What cannot be settled now is so by the next `apply`.
    """
    try:
        steps = [
            step for step in _steps(session, wanted, namespace, groups, journal=journal) if step.actions == (DELETE,)
        ]
        for step in steps:
            session.warning(f"deleting schedule {step.record().id}, {' '.join(step.changes)}")
            _apply(session, step, journal)
    except HfJobsError as error:
        session.failures.append(error)
        return list(records)
    gone = {step.record().id for step in steps}
    return [each for each in records if each.id not in gone]


def _apply(session: Session, step: Step, journal: Journal) -> str | None:
    """Send the requests of a step, and return the id of the schedule."""
    client, wanted = session.client, step.wanted
    if step.found is None:
        return None if wanted is None else _create(session, journal, wanted, wanted.suspend).id
    reference = JobReference.of(step.found, wanted.namespace if wanted is not None else None)
    for action in step.actions:
        if action == DELETE:
            _delete(session, reference, journal)
        elif wanted is None:
            continue
        elif action == REPLACE:
            suspend = step.found.suspend if wanted.suspend is None else wanted.suspend
            made = _create(session, journal, wanted, suspend, step.found)
            _delete(session, reference, journal)
            return made.id
        elif action == RESCHEDULE:
            client.reschedule(reference, wanted.when)
        elif action == RELABEL:
            own = {key: text for key, text in (step.found.job_spec.labels or {}).items() if key in OWN_LABELS}
            own |= {key: wanted.group for key in own if key == GROUP_LABEL}
            client.label_schedule(reference, {**wanted.job.labels, **own})
        elif action == SUSPEND:
            client.suspend_schedule(reference)
        elif action == RESUME:
            client.resume_schedule(reference)
    return step.found.id


def _delete(session: Session, reference: JobReference, journal: Journal) -> None:
    with suppress(NotFound):  # another apply was faster
        session.client.delete_schedule(reference)
    for key in [key for key in journal.asked if key.endswith(f"/{reference.id}")]:
        journal.answer(key, None)


def _create(
    session: Session, journal: Journal, wanted: WantedSchedule, suspend: bool | None, old: ScheduledJob | None = None
) -> ScheduledJob:
    own = {GROUP_LABEL: wanted.group, **({} if old is None else {REPLACES_LABEL: old.id})}
    job = replace(wanted.job, labels={**wanted.job.labels, **own})
    terms = schedule_options.Terms(suspend=suspend or None, concurrency=wanted.concurrency or None)
    made = create_schedule(session, job, wanted.namespace, wanted.when, terms)
    journal.answer(f"{made.owner.name}/{made.id}", made.id)
    changes = list(job_changes(spec_of_schedule(made).job, job))
    for change in changes:
        session.warning(f"schedule '{wanted.name}' is not as the file says: {change}; the Hub changed it")
    if changes:  # so that the next apply does not replace it for that
        labels = {**job.labels, CHANGED_LABEL: fingerprint(wanted.job)}
        session.client.label_schedule(JobReference.of(made, wanted.namespace), labels)
    return made
