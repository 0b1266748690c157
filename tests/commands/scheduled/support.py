"""Schedules in a Hub, as tests want them."""

from __future__ import annotations

from typing import Any

from tests.support import DAILY_SCHEDULE, USER, Hub

WEEKLY_SCHEDULE = "6979ee8071691dc46f0f2c5b"
LIST = f"/api/scheduled-jobs/{USER}"
NEW = "6a02000000000000000000bb"


def schedule(hub: Hub, **changes: Any) -> dict[str, Any]:
    """Return a schedule as the Hub sends it: the daily one, active and with changed keys; None takes one away."""
    with hub.store.read() as tables:
        source = tables.schedule(USER, DAILY_SCHEDULE)
    assert source is not None
    merged = {**source, "id": NEW, "suspend": False, "suspendReason": None, **changes}
    return {key: value for key, value in merged.items() if value is not None}


def add_schedule(hub: Hub, **changes: Any) -> str:
    """Put such a schedule into the store and return its id."""
    made = schedule(hub, **changes)
    with hub.store.write() as tables:
        tables.add_schedule(made, {})
    identifier: str = made["id"]
    return identifier


def named(hub: Hub, name: str, identifier: str = NEW, **changes: Any) -> str:
    """Put an active schedule of this name into the store and return its id."""
    spec = {**schedule(hub)["jobSpec"], "labels": {"name": name, "team": "data"}}
    return add_schedule(hub, id=identifier, jobSpec=spec, **changes)
