"""By what jobs are grouped: `--by`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.records.job import JobInfo, initiator_type
from hfjobs_cli.records.kind import Kind
from hfjobs_cli.records.vocabulary import GROUPED_BY
from hfjobs_cli.text.words import one_of, split_values

LABEL = "label."


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


PERIODS: dict[str, Callable[[date], str]] = {
    "day": date.isoformat,
    "week": _week,
    "month": lambda day: day.isoformat()[:7],
}
"""Periods of time, in UTC, and how that of a day is spelled: texts in the order of time. Weeks are those of ISO."""


class By(NamedTuple):
    """A field by which jobs are grouped. `read` gives its text of a job at some moment, None if there is none."""

    name: str
    meaning: str
    read: Callable[[JobInfo, datetime], str | None]

    @property
    def period(self) -> Callable[[date], str] | None:
        """What spells the period of a day; None if it is no time."""
        return PERIODS.get(self.name)


def parse_by(kind: Kind, texts: Sequence[str]) -> list[By]:
    """Read `--by`, names separated by commas; `kind` is that of jobs. Raises UsageError."""
    found = [_parse(kind, text) for text in split_values(texts, "--by")]
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--by names '{twice}' twice", hint="name each field once")
    return found


def _parse(kind: Kind, text: str) -> By:
    name = text.lower()
    if name in PERIODS:
        return By(name, "when they were created (UTC)", _reading_period(PERIODS[name]))
    if name in ("initiator-type", "initiator_type"):
        return By("initiator-type", "kind of what started them", _initiator_type)
    if name.startswith(LABEL) and len(name) > len(LABEL):
        key = text[len(LABEL) :]
        return By(f"{LABEL}{key}", f"their label '{key}'", lambda job, _now: (job.labels or {}).get(key))
    field = kind.find(name)
    if field is None or name.rstrip("s") == LABEL[:-1]:
        raise UsageError(f"jobs cannot be grouped by '{text}'", hint=one_of(kind.meant(name), GROUPED_BY))
    return By(field.name, field.about.meaning, lambda job, now: field.cell(job, now, False))


def _reading_period(spell: Callable[[date], str]) -> Callable[[JobInfo, datetime], str | None]:
    return lambda job, _now: None if job.created_at is None else spell(job.created_at.date())


def _initiator_type(job: JobInfo, _now: datetime) -> str | None:
    return None if job.initiator is None else initiator_type(job.initiator)
