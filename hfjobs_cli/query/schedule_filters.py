"""Filters of schedules: status, labels, name and fields."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.schedule import KIND, ScheduledJob
from hfjobs_cli.models.vocabulary import ACTIVE, SCHEDULE_STATES, SUSPENDED
from hfjobs_cli.query.conditions import Condition, all_match, parse_conditions
from hfjobs_cli.query.filters import name_pattern, parse_labels
from hfjobs_cli.text.values import split_values, without_negation

_OTHER_WORDS = {
    "enabled": ACTIVE,
    "on": ACTIVE,
    "running": ACTIVE,
    "disabled": SUSPENDED,
    "off": SUSPENDED,
    "paused": SUSPENDED,
    "stopped": SUSPENDED,
}
"""States of schedules by words that people may try, for suggestions."""


class ScheduleFilter(NamedTuple):
    """The filters of a listing of schedules, which may be in one of `states`."""

    now: datetime
    states: tuple[str, ...] = SCHEDULE_STATES
    labels: tuple[tuple[str, str], ...] = ()
    patterns: tuple[Condition, ...] = ()
    name: Condition | None = None

    @property
    def narrows(self) -> bool:
        """Return whether it filters by more than status."""
        return bool(self.labels or self.patterns or self.name)

    def is_about(self, *fields: str) -> bool:
        """Return whether it filters by one of these fields."""
        return any(pattern.field.name in fields for pattern in self.patterns)

    def matches(self, schedule: ScheduledJob) -> bool:
        """Return whether a schedule matches all filters."""
        return (
            schedule.status.state in self.states
            and all((schedule.job_spec.labels or {}).get(key) == value for key, value in self.labels)
            and (self.name is None or self.name.fits(schedule, self.now))
            and all_match(self.patterns, schedule, self.now)
        )


def parse_schedule_filter(
    now: datetime,
    *,
    all_: bool = False,
    status: Sequence[str] = (),
    label: Sequence[str] = (),
    name: str | None = None,
    filters: Sequence[str] = (),
    default: tuple[str, ...] = (ACTIVE,),
    kind: Kind = KIND,
) -> ScheduleFilter:
    """Parse all filters of a listing. `default` are the states without any filter by status. Raises UsageError."""
    patterns = parse_conditions(kind, filters, now)
    states = _parse_states(status)
    if states is None:
        is_asked = all_ or any(pattern.field.name == "status" for pattern in patterns)
        states = SCHEDULE_STATES if is_asked else default
    return ScheduleFilter(now, states, parse_labels(label, name), tuple(patterns), name_pattern(KIND, name, now))


def _parse_states(values: Iterable[str]) -> tuple[str, ...] | None:
    """Parse `--status`; None if it is not given. Raises UsageError."""
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for item in split_values(values, "--status"):
        negated, name = without_negation(item)
        if name.lower() not in SCHEDULE_STATES:
            hint = one_of(_OTHER_WORDS.get(name.lower(), name), SCHEDULE_STATES)
            raise UsageError(f"unknown schedule status '{name}'", hint=hint)
        (unwanted if negated else wanted).add(name.lower())
    if not wanted and not unwanted:
        return None
    states = tuple(state for state in SCHEDULE_STATES if state in (wanted or SCHEDULE_STATES) and state not in unwanted)
    if not states:
        raise UsageError("--status excludes every status", hint="remove one of the exclusions !STATUS")
    return states
