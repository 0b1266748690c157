"""`hfjobs scheduled export`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hfjobs_cli.cli import schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._resolve import named_schedules
from hfjobs_cli.commands._submit import local_environment
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError
from hfjobs_cli.insight.schedule_plan import replacements
from hfjobs_cli.jobspec.from_job import spec_of_schedule
from hfjobs_cli.jobspec.schedule_file import (
    DEFAULT_GROUP,
    GROUP_LABEL,
    compose_schedule,
    dump,
    group_line,
    read_text,
)
from hfjobs_cli.models.schedule import ScheduledJob


def export(
    session: Session,
    schedules: schedule_options.ChosenSchedules = None,
    *,
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Print schedules as a TOML file.

    'hfjobs scheduled apply' reads it ('hfjobs help schedules'). Without SCHEDULE, all schedules of the namespace are
    printed, including suspended ones. Secrets are printed as names: the Hub never returns their values.

    \b
    Examples:
      hfjobs scheduled export > schedules.toml
      hfjobs scheduled export nightly weekly-eval
    """
    if schedules:
        results = session.client.inspect_schedules(named_schedules(session, schedules, namespace))
        session.failures += [each for each in results if isinstance(each, HfJobsError)]
        found = [each for each in results if not isinstance(each, HfJobsError)]
    else:
        found = session.client.list_schedules(namespace)
    named = _named(session, found)
    tables = [text for name, made in named.items() if (text := _text(session, name, made))]
    session.write("\n".join([*_group(session, named.values()), *tables]))
    session.flush()
    return ExitCode.DONE


def _group(session: Session, found: Iterable[ScheduledJob]) -> list[str]:
    """Return the line with the group of schedules that `apply` created, so that the next `apply` keeps it."""
    groups = sorted({group for each in found if (group := (each.job_spec.labels or {}).get(GROUP_LABEL)) is not None})
    if len(groups) > 1:
        session.warning(
            f"these schedules are of several groups ({', '.join(groups)}); 'scheduled apply' would move them to one; "
            f"to export one: hfjobs scheduled ps -a -q -l {GROUP_LABEL}={groups[0]} | hfjobs scheduled export -"
        )
    return [group_line(groups[0])] if len(groups) == 1 and groups[0] != DEFAULT_GROUP else []


def _text(session: Session, name: str, schedule: ScheduledJob) -> str | None:
    """Return the table of a schedule, None if it cannot be written; that `apply` would refuse it is warned of."""
    try:
        text = dump(name, spec_of_schedule(schedule))
    except HfJobsError as error:
        session.failures.append(HfJobsError(f"cannot export schedule '{name}': {error.message}", error.hint))
        return None
    local = local_environment(session, dry_run=True)
    try:
        _, (table,) = read_text(text, "export")
        compose_schedule(table, None, local, session.clock(), session.client.download)
    except UsageError as error:
        session.warning(f"{error.message}; 'hfjobs scheduled apply' does not accept it")
    return text


def _named(session: Session, found: Sequence[ScheduledJob]) -> dict[str, ScheduledJob]:
    """Return schedules by name, without those that 'apply' has yet to delete. Raises UsageError."""
    replaced = {old.id for old, _ in replacements(found)}
    named: dict[str, ScheduledJob] = {}
    for each in found:
        if each.id in replaced:
            continue
        if each.name is None:
            session.warning(
                f"schedule {each.id} has no name and is left out; name it with 'hfjobs scheduled labels {each.id} "
                "--name NAME'"
            )
        elif (other := named.setdefault(each.name, each)) is not each:
            raise UsageError(
                f"two schedules are named '{each.name}': {other.id} and {each.id}",
                hint=f"rename one with 'hfjobs scheduled labels {each.id} --name NAME', or delete it",
            )
    if not named:
        session.note("no schedules to export")
    return named
