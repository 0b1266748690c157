"""Choose schedules: references, selectors or filters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hfjobs_cli.commands._resolve import Named, named
from hfjobs_cli.errors import NotFound
from hfjobs_cli.models.schedule import KIND
from hfjobs_cli.models.vocabulary import ACTIVE
from hfjobs_cli.query.references import SCHEDULES, JobReference, check_name
from hfjobs_cli.query.schedule_filters import ScheduleFilter, parse_schedule_filter

if TYPE_CHECKING:
    from hfjobs_cli.cli.schedule_options import ScheduleSelection
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._actions import Plan
    from hfjobs_cli.models.schedule import ScheduledJob


LAST_RUN = ("last_status",)
"""The fields of which the Hub does not tell with a schedule."""


def schedule_filter(
    session: Session, selection: ScheduleSelection, default: tuple[str, ...] = (ACTIVE,)
) -> ScheduleFilter:
    """Return what the options ask for; `default` are the states if none is asked for. Raises UsageError."""
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


def newest_run(session: Session, schedule: str, namespace: str | None) -> JobReference:
    """Return the newest job of a schedule that is named by its name or its id. Raises UsageError or NotFound."""
    found = named_schedules(session, [schedule], namespace)
    if not found:
        raise session.failures.pop()
    made = session.client.inspect_schedule(found[0])
    if made.status.last_job is None:
        raise NotFound(
            f"schedule '{schedule}' has not run yet", hint=f"'hfjobs scheduled trigger {found[0]}' runs it now"
        )
    return JobReference(made.owner.name or found[0].namespace, made.status.last_job.id)


def schedules_to_change(
    session: Session, texts: Iterable[str], namespace: str | None, plan: Plan
) -> list[JobReference] | None:
    """Resolve references to schedules; None if a selector is ambiguous and confirmation is denied.

    Raises UsageError if a name is that of several schedules to which the `plan` could be done.
    """
    return named(session, texts, namespace, SCHEDULES_AT_HUB, plan)


def named_schedules(session: Session, texts: Iterable[str], namespace: str | None) -> list[JobReference]:
    """Return the schedules given as arguments and on stdin, with a note if there are none.

    Of several of one name the newest is meant. Those that are described (by a name, `@latest`, the beginning of an id)
    are looked for; one that does not exist is reported at the end. Raises UsageError, also if an id may be short for
    several.
    """
    return named(session, texts, namespace, SCHEDULES_AT_HUB) or []


def _newest_first(session: Session, wanted: Any, namespace: str | None) -> Iterator[ScheduledJob]:
    found = list_schedules(session, wanted, namespace, with_runs=False)
    created = {each.id: each.created_at.timestamp() if each.created_at else 0.0 for each in found}
    yield from sorted(found, key=lambda each: created[each.id], reverse=True)


SCHEDULES_AT_HUB = Named(
    SCHEDULES, _newest_first, lambda session, reference: session.client.inspect_schedule(reference)
)


def list_schedules(
    session: Session, wanted: ScheduleFilter, namespace: str | None, *, with_runs: bool
) -> list[ScheduledJob]:
    """Return the schedules of a namespace that match, `with_runs` with where their newest jobs stand."""
    if namespace is not None:
        check_name(namespace, "namespace")
    found = session.client.list_schedules(namespace, wanted.labels)
    asks_runs = wanted.is_about(*LAST_RUN)
    if asks_runs:
        rough = wanted._replace(patterns=tuple(each for each in wanted.patterns if each.field.name not in LAST_RUN))
        found = session.client.with_last_runs([each for each in found if rough.matches(each)])
    found = [each for each in found if wanted.matches(each)]
    return session.client.with_last_runs(found) if with_runs and not asks_runs else found
