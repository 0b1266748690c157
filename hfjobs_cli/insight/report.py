"""What many jobs come to: counted in groups, of which no job is kept."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.group import Group, Share
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.vocabulary import FINISHED_STAGES
from hfjobs_cli.query.columns import By

MAX_EMPTY = 5_000
"""How many groups without jobs are shown at most. One odd date would make a row of every day since it."""

MAX_GAP = 100
"""How many periods in a row may be without jobs and still be shown, if nobody said since when."""

Key = tuple["str | None", ...]


class _Tally:
    """What the jobs of one group come to. Of each that waited 8 bytes are kept, for the median."""

    def __init__(self) -> None:
        self.stages: Counter[str] = Counter()
        self.waits = array("d")
        self.running_secs: float = 0
        self.usd = Decimal(0)
        self.is_priced = self.is_estimated = False

    def add(self, job: JobInfo, cost: Cost | None, now: datetime) -> None:
        """Count a job."""
        stage = job.status.stage
        self.stages[stage if stage in FINISHED_STAGES else "active"] += 1
        waited = job.waiting_secs
        if waited is not None:
            self.waits.append(waited)
        self.running_secs += job.running_secs(now) or 0
        self.is_priced |= cost is not None
        self.is_estimated |= cost is None or cost.is_estimated
        self.usd += cost.usd if cost is not None else 0

    def values(self) -> dict[str, Any]:
        """Return the fields of the group."""
        jobs = self.stages.total()
        completed, failed = self.stages["COMPLETED"], self.stages["ERROR"]
        ended = completed + failed
        is_known = self.is_priced or not jobs
        return {
            "jobs": jobs,
            "completed": completed,
            "failed": failed,
            "canceled": self.stages["CANCELED"] + self.stages["DELETED"],
            "active": self.stages["active"],
            "success_rate": round(completed / ended, 4) if ended else None,
            "waiting_secs": _median(self.waits),
            "running_secs": _plain(self.running_secs),
            "cost_usd": float(self.usd) if is_known else None,
            "cost_is_estimated": self.is_estimated if is_known else None,
        }


class Report:
    """Jobs counted in groups. Which periods of time there are is told by `since` and `until`, else by the jobs."""

    def __init__(
        self,
        by: Sequence[By],
        cost_of: Callable[[JobInfo, datetime], Cost | None],
        now: datetime,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> None:
        """Group `by` these fields; costs are up to `now`."""
        self._by = by
        self._cost_of = cost_of
        self._now = now
        self._since, self._until = since, until
        self._tallies: dict[Key, _Tally] = {}
        self._seen: set[date] = set()

    def add(self, jobs: Iterable[JobInfo]) -> None:
        """Count jobs."""
        for job in jobs:
            key = tuple(each.read(job, self._now) for each in self._by)
            tally = self._tallies.get(key)
            if tally is None:
                tally = self._tallies[key] = _Tally()
            tally.add(job, self._cost_of(job, self._now), self._now)
            if job.created_at is not None:
                self._seen.add(job.created_at.date())

    def groups(self, model: type[Group]) -> list[Group]:
        """Return the groups as records: periods in the order of time, others by how many jobs they have."""
        if self._tallies:
            for key in self._empty():
                self._tallies.setdefault(key, _Tally())
        counts = {key: tally.stages.total() for key, tally in self._tallies.items()}
        whole, largest = sum(counts.values()), max(counts.values(), default=0)
        names = [each.name for each in self._by]
        return [
            model(
                {**dict(zip(names, key, strict=True)), **self._tallies[key].values()},
                Share(counts[key] / whole, largest / whole),
            )
            for key in sorted(counts, key=self._order(counts))
        ]

    def _order(self, counts: dict[Key, int]) -> Callable[[Key], list[tuple[int, str]]]:
        """Return by what groups are ordered: their first field, where that is the same the next."""
        begins: Counter[Key] = Counter()
        for key, count in counts.items():
            begins.update({key[: place + 1]: count for place in range(len(key))})

        def order(key: Key) -> list[tuple[int, str]]:
            return [
                (0 if each.period else -begins[key[: place + 1]], key[place] or "")
                for place, each in enumerate(self._by)
            ]

        return order

    def _empty(self) -> set[Key]:
        """Return the groups of periods in which there were no jobs: for each value of what else is grouped by.

        Where the period comes first, one group stands for all that it could have.
        """
        places = [place for place, each in enumerate(self._by) if each.period]
        if not places or not (self._seen or self._since):
            return set()
        periods = self._between() if self._since is None else set(map(self._period, self._days(self._since.date())))
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

    def _period(self, day: date) -> Key:
        return tuple(each.period(day) for each in self._by if each.period)

    def _between(self) -> set[Key]:
        """Return the periods of days with jobs and those between them; a gap that an odd date makes is left open."""
        days = sorted(self._seen)
        if self._until is not None:
            days.append((self._until - timedelta(microseconds=1)).date())
        found = set(map(self._period, days))
        for before, after in pairwise(days):
            if (after - before).days > MAX_GAP * 32:
                continue  # more than a hundred months
            gap = {self._period(before + timedelta(days=number)) for number in range(1, (after - before).days)} - found
            if len(gap) <= MAX_GAP:
                found |= gap
        return found

    def _days(self, first: date) -> Iterator[date]:
        """Yield the days of the report, up to a number beyond which no gap is filled."""
        if self._until is not None:
            last = (self._until - timedelta(microseconds=1)).date()
        else:
            last = max([*self._seen, self._now.date()])
        for number in range(min((last - first).days + 1, 40 * MAX_EMPTY)):
            yield first + timedelta(days=number)


def _median(values: array[float]) -> float | None:
    """Return the value in the middle, or between the two that are there."""
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return _plain(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2)


def _plain(seconds: float) -> float:
    """Return seconds to the thousandth, whole ones as whole numbers."""
    return int(seconds) if seconds == int(seconds) else round(seconds, 3)
