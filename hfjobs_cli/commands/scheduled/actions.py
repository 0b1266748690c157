"""The actions on schedules, a row each: `hfjobs scheduled suspend`, `resume`, `trigger`, `reschedule` and so on."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.cli import options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import done_to_each
from hfjobs_cli.commands._actions import Action, Asks, OwnOptions, Run, Targets, label_action, planned, written
from hfjobs_cli.commands._resolve import LAST_RUN, list_schedules, schedules_to_change
from hfjobs_cli.commands.scheduled.ps import schedule_filter
from hfjobs_cli.errors import UsageError
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.changes import LabelChange
from hfjobs_cli.models.vocabulary import ACTIVE, SCHEDULE_STATES, SUSPENDED
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.query.label_edits import LabelChanges
from hfjobs_cli.query.references import SCHEDULES, JobReference
from hfjobs_cli.text.values import timestamp

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob


class _Schedules(Targets):
    """Schedules, as actions select and read them."""

    syntax = SCHEDULES
    choice = schedule_options.ScheduleChoice
    yes = options.Yes
    namespace = schedule_options.Namespace

    def named(self, run: Run) -> list[JobReference] | None:
        return schedules_to_change(run.session, run.words, run.namespace, run.plan)

    def filtered(self, run: Run, choice: schedule_options.ScheduleChoice) -> "list[ScheduledJob]":
        wanted = schedule_filter(run.session, choice, run.action.states)
        if run.plan.asks and run.action.asks is Asks.IF_FILTERED:
            run.plan.check_it_can_ask()
        found = list_schedules(run.session, wanted, run.namespace, with_runs=False)
        if run.asks_about(found) and not wanted.is_about(*LAST_RUN):
            found = run.session.client.with_last_runs(found)  # they are shown with the question
        if not found:
            run.session.note(f"no {wanted.states[0] + ' ' if len(wanted.states) == 1 else ''}schedules match")
        return found

    def unchanged(
        self, run: Run, references: Sequence[JobReference], _filtered: "list[ScheduledJob] | None"
    ) -> "list[ScheduledJob]":
        client = run.session.client
        found = list(done_to_each(run.session, references, client.inspect_schedule, "read"))
        return client.with_last_runs(found) if any(map(run.listing.shows, LAST_RUN)) else found


_SCHEDULES = _Schedules()


@Action(
    _SCHEDULES,
    verb="suspend",
    done="suspended",
    words=schedule_options.ChosenSchedules,
    asks=Asks.IF_SEVERAL,
    affects=lambda schedule: not schedule.suspend,
    states=(ACTIVE,),
    prints=lambda schedule: str(schedule.status),
)
def suspend(session: Session, schedule: JobReference, _asked: None) -> "ScheduledJob":
    """Suspend schedules until they are resumed.

    Running jobs keep running. The id and status of each schedule is printed; a schedule that is already suspended is
    not an error. Filters select among active schedules, unless they name another status.

    If filters are used, or a selector such as @latest matches several schedules, they are listed first and need
    confirmation; if stdin is not a terminal, pass --yes.

    \b
    Examples:
      hfjobs scheduled suspend 69c4179671691dc46f166314
      hfjobs scheduled suspend @name=refresh-index
      hfjobs scheduled suspend --label team=data --dry-run
    """
    session.client.suspend_schedule(schedule)
    return session.client.inspect_schedule(schedule)


@Action(
    _SCHEDULES,
    verb="resume",
    done="resumed",
    words=schedule_options.ChosenSchedules,
    asks=Asks.IF_SEVERAL,
    affects=lambda schedule: schedule.suspend is not False,
    states=(SUSPENDED,),
    prints=lambda schedule: str(schedule.status),
)
def resume(session: Session, schedule: JobReference, _asked: None) -> "ScheduledJob":
    """Resume suspended schedules.

    Runs that were missed are not made up. The id and status of each schedule is printed. Filters select among suspended
    schedules, unless they name another status.

    If filters are used, or a selector such as @latest matches several schedules, they are listed first and need
    confirmation; if stdin is not a terminal, pass --yes.

    \b
    Examples:
      hfjobs scheduled resume 69c4179671691dc46f166314
      hfjobs scheduled resume @name=refresh-index @name=weekly-eval
      hfjobs scheduled resume --label team=data --dry-run
    """
    session.client.resume_schedule(schedule)
    return session.client.inspect_schedule(schedule)


@Action(
    _SCHEDULES,
    verb="trigger",
    done="triggered",
    words=schedule_options.Schedules,
    asks=Asks.NEVER,
    shows="job",
    prints=lambda job: job.url or "",
    creates=True,
)
def trigger(session: Session, schedule: JobReference, known: list[str]) -> "JobInfo":
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
    return session.client.trigger_schedule(schedule, known)


@value
class _TimeOptions(OwnOptions):
    """When schedules are to run."""

    when: schedule_options.NewWhen = None

    def checked(self, session: Session, words: list[str]) -> tuple[str, datetime | None]:
        """Return the cron expression and the next run, None if it is not known. Raises UsageError."""
        if not words or self.when is None:
            raise UsageError(
                "missing argument: a schedule and WHEN are required",
                hint="use for example: hfjobs scheduled reschedule ID @daily",
            )
        return self.when, next_run(self.when, session.clock())


def _new_time(session: Session, schedule: JobReference, time: tuple[str, datetime | None]) -> "ScheduledJob":
    found = session.client.inspect_schedule(schedule)
    return replace(found, schedule=time[0], status=replace(found.status, next_job_run_at=time[1]))


def _time_and_next_run(schedule: "ScheduledJob") -> str:
    due = schedule.status.next_job_run_at
    suspended = " once it is resumed" if schedule.suspend else ""
    return f"{schedule.schedule}" + (f"  next {timestamp(due)}{suspended}" if due else "")


@Action(
    _SCHEDULES,
    verb="reschedule",
    done="rescheduled",
    words=schedule_options.OptionalSchedules,
    options=_TimeOptions,
    prints=_time_and_next_run,
    preview=_new_time,
)
def reschedule(session: Session, schedule: JobReference, time: tuple[str, datetime | None]) -> "ScheduledJob":
    """Change when schedules run.

    WHEN is validated before anything is sent. The id, the new schedule and the next run of each schedule are printed.

    If a selector such as @latest matches several schedules, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs scheduled reschedule 69c4179671691dc46f166314 '0 9 * * 1'
      hfjobs scheduled reschedule @name=refresh-index @daily
      hfjobs scheduled ps -q --label team=data | hfjobs scheduled reschedule - '30 4 * * *' --dry-run
    """
    return session.client.reschedule(schedule, time[0])


def _new_labels(session: Session, schedule: JobReference, changes: LabelChanges) -> LabelChange:
    return planned(schedule, session.client.inspect_schedule(schedule).job_spec, changes)


@label_action(_SCHEDULES, schedule_options.Schedules, _new_labels)
def labels(session: Session, schedule: JobReference, changes: LabelChanges) -> LabelChange:
    """Change the labels and the name of schedules.

    Their next jobs will have the new labels. Given labels are added or updated; all others stay, unless --replace
    removes them. The Hub replaces all labels at once, so the current ones are read just before. The labels before and
    after are printed.

    If a selector such as @latest matches several schedules, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs scheduled labels 69c4179671691dc46f166314 --label team=ml -l env=prod
      hfjobs scheduled labels @name=refresh-index --name refresh-cards
      hfjobs scheduled labels 69c4179671691dc46f166314 --replace --label team=ml
      hfjobs scheduled ps -q --label team=ml | hfjobs scheduled labels - --remove env --dry-run
    """
    new = _new_labels(session, schedule, changes)
    return written(new, session.client.label_schedule(schedule, new.after).job_spec.labels)


@Action(
    _SCHEDULES,
    verb="delete",
    done="deleted",
    words=schedule_options.ChosenSchedules,
    asks=Asks.IF_FILTERED,
    states=SCHEDULE_STATES,
    prints=lambda _schedule: "deleted",
)
def delete(session: Session, schedule: JobReference, _asked: None) -> "ScheduledJob":
    """Delete schedules.

    Their jobs stay, and running jobs keep running. Schedules that filters select, active or suspended, are listed
    first, and deleted only after confirmation or with --yes. The same holds for a selector such as @latest that matches
    several.

    --format json prints what each schedule was.

    \b
    Examples:
      hfjobs scheduled delete 69c4179671691dc46f166314
      hfjobs scheduled delete @name=refresh-index --format json > refresh-index.json
      hfjobs scheduled delete --label team=data --dry-run
      hfjobs scheduled delete --status suspended --yes
    """
    found = session.client.inspect_schedule(schedule)
    session.client.delete_schedule(schedule)
    return found
