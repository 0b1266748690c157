"""Families of jobs to put into a Hub: runs, duplicates of duplicates, copies with changes, gone ancestors, circles."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tests.support import NOW, Hub

GONE_SCHEDULE = "6a017000aff1cd33e8f00001"
"""It was made on 11 May 2026, a day before the present moment of the tests, and is not among those of the Hub."""

ORGANIZATION = {"id": "65a1f0c2d9b7e43c5f0a1b2d", "name": "aurora-lab", "type": "org"}


def wire(moment: datetime) -> str:
    """Spell a moment as the Hub does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


class Family:
    """Jobs of a Hub that have to do with one another, each an hour younger than the one before, or as is said."""

    def __init__(self, hub: Hub, since: datetime = NOW - timedelta(hours=20)) -> None:
        self._hub = hub
        self._base = hub.job()
        self._moment = since
        self._number = 0xFA0000

    def add(self, name: str | None = "train", **changes: Any) -> str:
        """Put a job into the Hub and return its id; see `job`."""
        return self.add_all([self.job(name, **changes)])[0]

    def add_all(self, jobs: list[dict[str, Any]]) -> list[str]:
        """Put jobs into the Hub and return their ids."""
        with self._hub.store.write() as tables:
            for each in jobs:
                tables.add_job(each)
        return [each["id"] for each in jobs]

    def job(
        self,
        name: str | None = "train",
        *,
        by: tuple[str, str] | None = None,
        label: str | None = None,
        after: timedelta = timedelta(hours=1),
        stage: str = "COMPLETED",
        message: str | None = None,
        **changes: Any,
    ) -> dict[str, Any]:
        """Return a job as the Hub sends it that was started by something, or bears the label `duplicated-from`."""
        self._moment += after
        self._number += 1
        started = {} if by is None else {"initiator": {"type": by[0], "id": by[1]}}
        made: dict[str, Any] = {
            **self._base,
            "id": f"{int(self._moment.timestamp()):08x}aff1cd33e8{self._number:06x}",
            "createdAt": wire(self._moment),
            "startedAt": wire(self._moment + timedelta(seconds=12)),
            "finishedAt": wire(self._moment + timedelta(seconds=415)),
            "durations": {"schedulingSecs": 12, "runningSecs": 403, "totalSecs": 415},
            "labels": ({"name": name} if name else {}) | ({"duplicated-from": label} if label else {}),
            "status": {"stage": stage, "message": message},
            **started,
            **changes,
        }
        return {key: value for key, value in made.items() if value is not None}
