"""Which schedules a listing keeps, and cron expressions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.schedule import KIND, ScheduledJob
from hfjobs_cli.models.vocabulary import ACTIVE, SCHEDULE_STATES, SUSPENDED
from hfjobs_cli.query.filters import name_pattern, parse_labels
from hfjobs_cli.query.patterns import Condition, all_match, parse_patterns
from hfjobs_cli.text.words import did_you_mean, one_of, split_values, without_negation

_OTHER_WORDS = {
    "enabled": ACTIVE,
    "on": ACTIVE,
    "running": ACTIVE,
    "disabled": SUSPENDED,
    "off": SUSPENDED,
    "paused": SUSPENDED,
    "stopped": SUSPENDED,
}
"""What other tools call where a schedule stands, for suggestions."""


class ScheduleFilter(NamedTuple):
    """What a listing asks for; `states` are those that a schedule may be in. `now` is the present moment."""

    now: datetime
    states: tuple[str, ...] = SCHEDULE_STATES
    labels: tuple[tuple[str, str], ...] = ()
    patterns: tuple[Condition, ...] = ()
    name: Condition | None = None

    @property
    def narrows(self) -> bool:
        """Return whether it filters by more than the status."""
        return bool(self.labels or self.patterns or self.name)

    def is_about(self, *fields: str) -> bool:
        """Return whether it compares one of these fields."""
        return any(pattern.field.name in fields for pattern in self.patterns)

    def matches(self, schedule: ScheduledJob) -> bool:
        """Return whether a schedule passes every filter."""
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
    """Read all filters of a listing. `default` are the states if none is asked for in any way. Raises UsageError."""
    patterns = parse_patterns(kind, filters, now)
    states = _parse_states(status)
    if states is None:
        is_asked = all_ or any(pattern.field.name == "status" for pattern in patterns)
        states = SCHEDULE_STATES if is_asked else default
    return ScheduleFilter(now, states, parse_labels(label, name), tuple(patterns), name_pattern(KIND, name, now))


def _parse_states(values: Iterable[str]) -> tuple[str, ...] | None:
    """Read `--status`, None if it is not given. Raises UsageError."""
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


WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Schedules that have a name."""

_CRON_WORDS = {"@midnight": "@daily", "@hour": "@hourly", "@day": "@daily", "@week": "@weekly", "@month": "@monthly"}
_FIELD = re.compile(r"([0-9]+,)+[0-9]+|(\*|[0-9]+)[/-][0-9]+|[0-9]+|\*")
_PLACES = ("minute", "hour", "day of the month", "month", "day of the week")
_HOW = f"use five fields such as '0 9 * * 1' (minute, hour, day, month, day of the week; UTC), or {', '.join(WORDS)}"


def next_run(text: str, now: datetime) -> datetime | None:
    """Return the first moment after `now` at which a schedule is due, None if that is not known here.

    Raises UsageError for what is no schedule, or never due.
    """
    if text in WORDS:
        return _due(text, WORDS[text], now)
    if text.startswith("@") or text.isalpha():
        word = text.lower() if text.startswith("@") else f"@{text.lower()}"
        near = did_you_mean(_CRON_WORDS.get(word, word), WORDS)
        raise _wrong(text, "", near or _HOW)
    fields = text.split(" ")
    _check_fields(text, fields)
    return None if len(fields) > 6 else _due(text, text, now)  # what a seventh field means is the Hub's to know


def _check_fields(text: str, fields: list[str]) -> None:
    """Raise UsageError unless the Hub takes the fields."""
    if not text.strip():
        raise UsageError("the cron expression is empty", hint=_HOW)
    if len(text.split()) == 1:
        is_part = _FIELD.fullmatch(text)
        raise _wrong(
            text, "", "quote it, so that the shell passes it as one argument: '0 9 * * 1'" if is_part else _HOW
        )
    if "" in fields or any(blank in text for blank in "\t\n"):
        raise _wrong(text, "fields must be separated by one space", f"use '{' '.join(text.split())}'")
    if not 5 <= len(fields) <= 7:
        raise _wrong(text, f"{len(fields)} fields", _HOW)
    for place, field in enumerate(fields):
        if not _FIELD.fullmatch(field):
            what = f"{_PLACES[place]}" if len(fields) == len(_PLACES) else f"field {place + 1}"
            raise _wrong(text, f"invalid {what} '{field}'", "use *, 5, */15, 9-17 or 1,15,30; the Hub accepts no names")


def _due(text: str, cron: str, now: datetime) -> datetime:
    from cronsim import CronSim, CronSimError

    try:
        return next(CronSim(cron, now))
    except CronSimError as error:
        part = str(error).lower().removeprefix("bad ").replace("-", " ")
        raise _wrong(text, f"{part} out of range", _HOW) from None
    except ValueError:  # a number of more digits than Python reads
        raise _wrong(text, "number too large", _HOW) from None
    except StopIteration:
        raise _wrong(text, "never due", "use a day that exists in that month") from None


def _wrong(text: str, why: str, hint: str) -> UsageError:
    return UsageError(f"invalid cron expression '{text}'{': ' if why else ''}{why}", hint=hint)
