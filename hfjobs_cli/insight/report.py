"""Reports: by what `--by` groups jobs, and their numbers in groups, counted without storing them."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.group import INITIATOR_NAME, TOTAL, Group
from hfjobs_cli.models.job import JobInfo, initiator_type
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.record import natural
from hfjobs_cli.models.vocabulary import FIGURES_OF_GROUPS, FINISHED_STAGES, GROUPED_BY, SCHEDULED_JOB
from hfjobs_cli.text.values import split_values

MAX_EMPTY = 5_000
"""The most groups without jobs that are shown. A wrong date would add a row for every day since."""

MAX_GAP = 100
"""The longest gap, in periods, that is shown without `--since`."""

INITIATOR = "initiator"

Key = tuple["str | None", ...]


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


PERIODS: dict[str, Callable[[datetime], str]] = {
    "hour": lambda moment: moment.isoformat()[:13] + ":00Z",
    "day": lambda moment: moment.isoformat()[:10],
    "week": _week,
    "month": lambda moment: moment.isoformat()[:7],
}
"""Format the period of a time in UTC, as text that sorts by time. Weeks are those of ISO 8601."""


class By(NamedTuple):
    """A field by which jobs are grouped. `read` returns its text for a job at some time; None without one."""

    name: str
    meaning: str
    read: Callable[[JobInfo, datetime], str | None]

    @property
    def period(self) -> Callable[[datetime], str] | None:
        """The function that formats the period of a time; None if the field is not a time."""
        return PERIODS.get(self.name)


def parse_by(kind: Kind, texts: Sequence[str]) -> list[By]:
    """Parse `--by`, names separated by commas; `kind` is the kind of jobs. Raises UsageError."""
    found = [_parse(kind, text) for text in split_values(texts, "--by")]
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--by contains '{twice}' twice", hint="give each field once")
    return found


def _parse(kind: Kind, text: str) -> By:
    name = text.lower()
    if name in PERIODS:
        return By(name, "time of creation (UTC)", _reading_period(PERIODS[name]))
    if name in ("initiator-type", "initiator_type"):
        return By("initiator-type", "type of the initiator", _initiator_type)
    field = kind.find(text)
    if field is None or field.meta.entry is not None:
        raise UsageError(f"cannot group jobs by '{text}'", hint=one_of(kind.suggested(name), GROUPED_BY))
    if field.name in FIGURES_OF_GROUPS:
        hint = "--sort orders groups by it; ps --sort orders jobs"
        raise UsageError(f"cannot group jobs by '{text}'", hint=hint)
    return By(field.name, field.meta.meaning, lambda job, now: field.cell(job, now))


def _reading_period(spell: Callable[[datetime], str]) -> Callable[[JobInfo, datetime], str | None]:
    return lambda job, _now: None if job.created_at is None else spell(job.created_at)


def _initiator_type(job: JobInfo, _now: datetime) -> str | None:
    return None if job.initiator is None else initiator_type(job.initiator)


class Tally:
    """Totals of the jobs of one group. Two numbers per job are kept for percentiles."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()
        self.waits = array("d")
        self.runs = array("d")
        self.usd = Decimal(0)
        self.is_priced = self.is_estimated = False

    def add(self, job: JobInfo, cost: Cost | None, now: datetime) -> None:
        """Count a job."""
        stage = job.status.stage
        self.stages[stage if stage in FINISHED_STAGES else "active"] += 1
        waited, ran = job.waiting_secs, job.running_secs(now)
        if waited is not None:
            self.waits.append(waited)
        if ran is not None:
            self.runs.append(ran)
        self.is_priced |= cost is not None
        self.is_estimated |= cost is None or cost.is_estimated
        self.usd += cost.usd if cost is not None else 0

    def join(self, other: Tally) -> None:
        """Add another tally."""
        self.stages.update(other.stages)
        self.waits.extend(other.waits)
        self.runs.extend(other.runs)
        self.usd += other.usd
        self.is_priced |= other.is_priced
        self.is_estimated |= other.is_estimated

    @property
    def jobs(self) -> int:
        """The number of counted jobs."""
        return self.stages.total()

    def values(self, all_jobs: int, all_usd: Decimal) -> dict[str, Any]:
        """Return the fields of the group; shares are of `all_jobs` and of `all_usd`."""
        completed, failed = self.stages["COMPLETED"], self.stages["ERROR"]
        finished = completed + failed
        is_known = self.is_priced or not self.jobs
        waits, runs = sorted(self.waits), sorted(self.runs)
        return {
            "jobs": self.jobs,
            "completed": completed,
            "failed": failed,
            "canceled": self.stages["CANCELED"] + self.stages["DELETED"],
            "active": self.stages["active"],
            "success_rate": round(completed / finished, 4) if finished else None,
            "waiting_secs": _percentile(waits, 0.5),
            "waiting_p95_secs": _percentile(waits, 0.95),
            "running_secs": _plain(math.fsum(runs)),
            "running_p50_secs": _percentile(runs, 0.5),
            "running_p95_secs": _percentile(runs, 0.95),
            "cost_usd": float(self.usd) if is_known else None,
            "cost_is_estimated": self.is_estimated if is_known else None,
            "job_share": round(self.jobs / all_jobs, 6) if all_jobs else 0,
            "cost_share": round(float(self.usd / all_usd), 6) if is_known and all_usd else None,
        }


class Report:
    """Counts of jobs in groups. Periods range from `since` to `until`, or over the periods of the jobs."""

    def __init__(
        self,
        by: Sequence[By],
        cost_of: Callable[[JobInfo, datetime], Cost | None],
        now: datetime,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        all_hours: bool = False,
    ) -> None:
        """Group `by` these fields; costs are up to `now`. Hours without jobs are groups if `all_hours` are wanted."""
        self._by = by
        self._cost_of = cost_of
        self._now = now
        self._since, self._until = since, until
        self._all_hours = all_hours
        self._step = timedelta(hours=1) if any(each.name == "hour" for each in by) else timedelta(days=1)
        self._tallies: dict[Key, Tally] = {}
        self._seen: set[datetime] = set()

    def add(self, jobs: Iterable[JobInfo]) -> None:
        """Count jobs."""
        for job in jobs:
            key = tuple(each.read(job, self._now) for each in self._by)
            tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = Tally()
            tally.add(job, self._cost_of(job, self._now), self._now)
            if job.created_at is not None:
                self._seen.add(self._begin(job.created_at))

    def values_of(self, name: str) -> set[str]:
        """Return the values of a field by which jobs are grouped; none if they are not."""
        places = [place for place, each in enumerate(self._by) if each.name == name]
        return {text for key in self._tallies for place in places if (text := key[place]) is not None}

    def groups(self, model: type[Group], schedules: Mapping[str, str]) -> list[Group]:
        """Return the groups as records: periods sorted by time, others by number of jobs.

        `schedules` are the names of schedules by initiator.
        """
        if self._tallies:
            for key in self._empty():
                self._tallies.setdefault(key, Tally())
        counts = {key: tally.jobs for key, tally in self._tallies.items()}
        return [
            self._record(model, key, self._tallies[key], schedules=schedules)
            for key in sorted(counts, key=self._order(counts))
        ]

    def total(self, model: type[Group]) -> Group:
        """Return the sum of all groups, with the label TOTAL."""
        return self._sum(model, self._tallies, TOTAL)

    def rest(self, model: type[Group], groups: Sequence[Group]) -> Group:
        """Return the sum of some groups, with their number as the label."""
        keys = [tuple(getattr(group, each.name) for each in self._by) for group in groups]
        return self._sum(model, keys, f"({len(keys):,} {'other' if len(keys) == 1 else 'others'})")

    def _sum(self, model: type[Group], keys: Collection[Key], label: str) -> Group:
        tally = Tally()
        for key in keys:
            tally.join(self._tallies[key])
        first, *others = [each.name for each in self._by]
        labels = {first: label, **dict.fromkeys(others, "")}
        return self._record(model, (None,) * len(self._by), tally, groups=len(keys), labels=labels)

    def _record(
        self,
        model: type[Group],
        key: Key,
        tally: Tally,
        *,
        groups: int = 1,
        labels: Mapping[str, str | None] | None = None,
        schedules: Mapping[str, str] | None = None,
    ) -> Group:
        common: dict[str, str | None] = {}
        shown = dict(labels or {})
        for each, text in zip(self._by, key, strict=True):
            common[each.name] = text
            if each.name == INITIATOR:
                name = common[INITIATOR_NAME] = (schedules or {}).get(text or "")
                if name is not None:
                    shown[INITIATOR] = f"{SCHEDULED_JOB}:{name}"
        return model({**common, **tally.values(*self._whole), "groups": groups}, shown)

    @cached_property
    def _whole(self) -> tuple[int, Decimal]:
        """The number and the cost of all jobs, after all are counted."""
        tallies = self._tallies.values()
        return sum(tally.jobs for tally in tallies), sum((tally.usd for tally in tallies), Decimal(0))

    def _order(self, counts: dict[Key, int]) -> Callable[[Key], list[tuple[int, tuple[bool, float, str]]]]:
        """Return the sort key of groups: their fields in order."""
        begins: Counter[Key] = Counter()
        for key, count in counts.items():
            begins.update({key[: place + 1]: count for place in range(len(key))})

        def order(key: Key) -> list[tuple[int, tuple[bool, float, str]]]:
            return [
                (0 if each.period else -begins[key[: place + 1]], natural(key[place] or ""))
                for place, each in enumerate(self._by)
            ]

        return order

    def _empty(self) -> set[Key]:
        """Return the groups of periods without jobs, for each value of the other fields.

        If the period is the first field, there is one group per period instead.
        """
        places = [place for place, each in enumerate(self._by) if each.period]
        if not places or not (self._seen or self._since):
            return set()
        if self._step < timedelta(days=1) and not self._all_hours:
            return set()
        since = self._since
        periods = self._between() if since is None else set(map(self._period, self._moments(self._begin(since))))
        if places[0] == 0:
            others: set[Key] = {(None,) * (len(self._by) - len(places))}
            periods -= {tuple(key[place] for place in places) for key in self._tallies}
        else:
            others = {tuple(text for place, text in enumerate(key) if place not in places) for key in self._tallies}
        if len(periods) * len(others) > MAX_EMPTY:
            return set()
        return {self._woven(places, period, other) for period in periods for other in others}

    def _woven(self, places: Sequence[int], period: Key, other: Key) -> Key:
        times, rest = iter(period), iter(other)
        return tuple(next(times) if place in places else next(rest) for place in range(len(self._by)))

    def _begin(self, moment: datetime) -> datetime:
        """Return the beginning of the hour of a time, if jobs are grouped by hour, else of its day."""
        begin = moment.replace(minute=0, second=0, microsecond=0)
        return begin if self._step < timedelta(days=1) else begin.replace(hour=0)

    def _period(self, moment: datetime) -> Key:
        return tuple(each.period(moment) for each in self._by if each.period)

    def _last(self) -> datetime | None:
        """Return the beginning of the last hour or day before `until`."""
        return None if self._until is None else self._begin(self._until - timedelta(microseconds=1))

    def _between(self) -> set[Key]:
        """Return the periods with jobs, and those between them, unless the gap is too long."""
        moments = sorted({*self._seen, *filter(None, [self._last()])})
        found = set(map(self._period, moments))
        for before, after in pairwise(moments):
            steps = (after - before) // self._step
            if steps > MAX_GAP * 32:
                continue  # more than a hundred months
            gap = {self._period(before + number * self._step) for number in range(1, steps)} - found
            if len(gap) <= MAX_GAP:
                found |= gap
        return found

    def _moments(self, first: datetime) -> Iterator[datetime]:
        """Yield the days or hours of the report, up to a limit above which no gap is filled."""
        last = self._last() or max([*self._seen, self._begin(self._now)])
        for number in range(min((last - first) // self._step + 1, 40 * MAX_EMPTY)):
            yield first + number * self._step


def _percentile(ordered: Sequence[float], part: float) -> float | None:
    """Return a percentile, interpolated between two values."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * part
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return _plain(ordered[below] + (ordered[above] - ordered[below]) * (place - below))


def _plain(seconds: float) -> float:
    """Round seconds to the thousandth; whole seconds are ints."""
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)
