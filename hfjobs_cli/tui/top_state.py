"""The state of `top`: jobs, selection, and what keys do. It makes no requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, NamedTuple

from hfjobs_cli.models.cost import Cost
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.usage import STALE_SECS, Usage
from hfjobs_cli.text.values import LATEST, parse_time

PAGE = 10
MAX_ENDED = 60

IDLE_PERCENT = 5
"""A GPU with less utilization than this counts as idle."""

LEAST_IDLE_SECS = 60
"""All GPUs of a job must be idle this long before that is shown: a step that loads data does not count."""

Action = Literal["quit", "logs", "describe", "ssh", "cancel"]
"""The actions of keys that the caller performs, on the selected job."""

Mode = Literal["jobs", "filter", "cancel", "help"]


BUCKET_SECS = 10
"""The time that one bar of a sparkline covers."""

MAX_BUCKETS = 60


class Series:
    """A time series of a metric, as means over a few seconds."""

    def __init__(self) -> None:
        """Begin without values."""
        self._buckets: dict[int, tuple[float, int]] = {}
        self.last: float | None = None

    def add(self, value: float | None, now: datetime) -> None:
        """Add the current value, None if it is unknown."""
        self.last = value
        if value is None:
            return
        bucket = _bucket(now)
        total, count = self._buckets.get(bucket, (0.0, 0))
        self._buckets[bucket] = (total + value, count + 1)
        if len(self._buckets) > MAX_BUCKETS:
            del self._buckets[min(self._buckets)]

    def means(self, count: int, now: datetime) -> list[float | None]:
        """Return the means of the last `count` buckets, the current one last, None where no value is known."""
        present = _bucket(now)
        found = (self._buckets.get(bucket) for bucket in range(present - count + 1, present + 1))
        return [None if each is None else each[0] / each[1] for each in found]


def _bucket(moment: datetime) -> int:
    return int(moment.timestamp()) // BUCKET_SECS


class Written(NamedTuple):
    """A line of the output of a job, and its time."""

    data: str
    timestamp: datetime | None


@dataclass(eq=False)
class Row:
    """An unfinished job with its metrics and last line."""

    job: JobInfo
    cost: Cost | None = None
    usage: Usage | None = None
    sampled_at: datetime | None = None
    idle_since: datetime | None = None
    event: str = ""
    cpu: Series = field(default_factory=Series)
    memory: Series = field(default_factory=Series)
    gpu: Series = field(default_factory=Series)
    network: Series = field(default_factory=Series)

    def note(self, usage: Usage, now: datetime) -> None:
        """Add a usage sample."""
        is_idle = bool(usage.gpu) and max(usage.gpu) < IDLE_PERCENT
        self.idle_since = (self.idle_since or now) if is_idle else None
        self.usage, self.sampled_at = usage, now
        self.cpu.add(usage.cpu_usage_pct, now)
        self.memory.add(usage.memory, now)
        self.gpu.add(sum(usage.gpu) / len(usage.gpu) if usage.gpu else None, now)
        rates = [rate for rate in (usage.rx_bps, usage.tx_bps) if rate is not None]
        self.network.add(sum(rates) if rates else None, now)

    @property
    def idle_secs(self) -> float:
        """How long all of its GPUs have been idle, up to the last sample; 0 if they are not."""
        if self.idle_since is None or self.sampled_at is None:
            return 0.0
        return (self.sampled_at - self.idle_since).total_seconds()

    def is_stale(self, now: datetime) -> bool:
        """Return whether there are samples, but no recent one."""
        return self.sampled_at is not None and (now - self.sampled_at).total_seconds() > STALE_SECS

    @property
    def last_line(self) -> Written | None:
        """The last line of its output, None if there is none; of a progress bar, its last state."""
        try:
            values = json.loads(self.event)
        except (ValueError, RecursionError):
            return None
        if not isinstance(values, dict):
            return None
        states = [state.strip() for state in str(values.get("data", "")).split("\r") if state.strip()]
        timestamp = None
        with suppress(ValueError, OverflowError):
            timestamp = parse_time(str(values.get("timestamp")))
        return Written(states[-1] if states else "", timestamp)


class Ended(NamedTuple):
    """A finished job and its cost."""

    job: JobInfo
    cost: Cost | None = None


def _last(series: Callable[[Row], Series]) -> Callable[[Row], float]:
    """Return the sort key of a metric: highest first, unknown values last."""

    def key(row: Row) -> float:
        last = series(row).last
        return 1.0 if last is None else -last

    return key


ORDERS: dict[str, Callable[[Row], Any]] = {
    "": lambda _row: 0,
    "name": lambda row: row.job.name or row.job.id,
    "runtime": lambda row: row.job.started_at or LATEST,
    "cost": lambda row: 1 if row.cost is None else -row.cost.usd,
    "CPU": _last(lambda row: row.cpu),
    "memory": _last(lambda row: row.memory),
    "GPU": _last(lambda row: row.gpu),
}
"""What jobs can be sorted by, and the sort keys; the first is the order of the listing."""


@dataclass(eq=False)
class Top:
    """The state of the screen. Jobs are in the order of the listing, newest first, unless another order is selected."""

    rows: dict[str, Row] = field(default_factory=dict)
    ended: list[Ended] = field(default_factory=list)
    polled_at: datetime | None = None
    chosen: str | None = None
    filter: str = ""
    order: str = ""
    mode: Mode = "jobs"
    message: str = ""
    trouble: str | None = None

    def update(self, jobs: Iterable[JobInfo], now: datetime) -> None:
        """Update the list of jobs; metrics of known jobs are kept."""
        before, place = self.rows, self._place()
        self.rows = {}
        for job in jobs:
            row = before.get(job.id) or Row(job)
            row.job = job
            self.rows[job.id] = row
        self.polled_at = now
        if self.mode == "cancel" and self.chosen not in self.rows:
            self.mode = "jobs"  # the confirmation was for this job, not for the one that is selected next
            self.message = "it has finished"
        self._choose(place)

    def end(self, ended: Iterable[Ended]) -> None:
        """Record finished jobs."""
        known = {each.job.id: each for each in (*self.ended, *ended)}
        self.ended = sorted(known.values(), key=_ended_at, reverse=True)[:MAX_ENDED]

    @property
    def shown(self) -> list[Row]:
        """The rows that pass the filter."""
        wanted = self.filter.lower()
        found = (row for row in self.rows.values() if not wanted or wanted in _texts(row.job))
        return sorted(found, key=ORDERS[self.order])

    @property
    def chosen_row(self) -> Row | None:
        """The selected row, None if there is none."""
        return self.rows.get(self.chosen or "")

    def press(self, key: str) -> Action | None:
        """Handle a key, and return the action for the caller."""
        self.message = ""
        if self.mode == "help":
            self.mode = "jobs"
            return None
        if self.mode == "filter":
            return self._edit(key)
        if self.mode == "cancel":
            self.mode = "jobs"
            return "cancel" if key in ("y", "Y") else self._say("nothing was canceled")
        return self._command(key)

    def _command(self, key: str) -> Action | None:
        if key in ("q", "Q"):
            return "quit"
        if key == "?":
            self.mode = "help"
        elif key == "/":
            self.mode = "filter"
        elif key == "escape":
            self._filter_by("")
        elif key in ("o", "O"):
            names = [*ORDERS]
            self.order = names[(names.index(self.order) + (1 if key == "o" else -1)) % len(names)]
        elif key in ("enter", "d", "s", "c"):
            return self._act(key)
        else:
            self._move(key)
        return None

    def _act(self, key: str) -> Action | None:
        row = self.chosen_row
        if row is None:
            return self._say("no job selected")
        if key == "c":
            self.mode = "cancel"
            return None
        if key == "s" and row.job.status.ssh_url is None:
            return self._say(f"{row.job.name or row.job.id} was not started with --ssh")
        return "logs" if key == "enter" else "describe" if key == "d" else "ssh"

    def _say(self, message: str) -> Action | None:
        self.message = message
        return None

    def _edit(self, key: str) -> Action | None:
        """Edit the filter."""
        if key in ("enter", "escape"):
            self.mode = "jobs"
        if key == "escape":
            self._filter_by("")
        elif key == "backspace":
            self._filter_by(self.filter[:-1])
        elif len(key) == 1:
            self._filter_by(self.filter + key)
        else:
            self._move(key)
        return None

    def _filter_by(self, text: str) -> None:
        place = self._place()
        self.filter = text
        self._choose(place)

    def _move(self, key: str) -> None:
        last = len(self.shown) - 1
        place = self._place()
        to = {
            "up": place - 1,
            "k": place - 1,
            "down": place + 1,
            "j": place + 1,
            "page-up": place - PAGE,
            "page-down": place + PAGE,
            "home": 0,
            "g": 0,
            "end": last,
            "G": last,
        }.get(key, place)
        if last >= 0:
            self.chosen = self.shown[max(0, min(last, to))].job.id

    def _place(self) -> int:
        """Return the index of the selected row; 0 if there is none."""
        return next((place for place, row in enumerate(self.shown) if row.job.id == self.chosen), 0)

    def _choose(self, place: int) -> None:
        """Keep the selected job if it is still shown, else select the one in its place."""
        shown = self.shown
        if not any(row.job.id == self.chosen for row in shown):
            self.chosen = shown[min(place, len(shown) - 1)].job.id if shown else None


def _ended_at(ended: Ended) -> float:
    moment = ended.job.finished_at or ended.job.created_at
    return moment.timestamp() if moment is not None else 0.0


def _texts(job: JobInfo) -> str:
    """Return the texts of a job that the filter searches."""
    words = [job.id, job.name, job.image, job.flavor, str(job.status), *job.words]
    words += [f"{key}={value}" for key, value in (job.labels or {}).items()]
    return " ".join(word for word in words if word).lower()
