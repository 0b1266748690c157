"""The account: a user, an organization, and what their jobs cost."""

import math
from collections.abc import Iterable
from datetime import datetime

from hfjobs_cli.emulator.api_types import ApiError, Document, parse_time, wire_time
from hfjobs_cli.emulator.flavors import micro_usd_a_minute

USER: Document = {
    "id": "60107b385ac3e86b3ea4fc34",
    "name": "davanstrien",
    "avatarUrl": "https://huggingface.co/avatars/davanstrien.svg",
    "type": "user",
}
ORGANIZATION: Document = {
    "id": "65a1f0c2d9b7e43c5f0a1b2d",
    "name": "aurora-lab",
    "avatarUrl": "https://huggingface.co/avatars/aurora-lab.svg",
    "type": "org",
}
CREATOR: Document = {key: USER[key] for key in ("id", "name")}

_OWNERS = {owner["name"]: owner for owner in (USER, ORGANIZATION)}


def owner_of(namespace: str) -> Document:
    """Return the account that is a namespace. Raises ApiError."""
    if namespace not in _OWNERS:
        raise ApiError(404, "Namespace not found")
    return _OWNERS[namespace]


def whoami() -> Document:
    """Return the answer to `GET /api/whoami-v2`."""
    token = {"displayName": "emulator", "role": "write", "createdAt": "2026-05-01T08:00:00.000Z"}
    return {
        **USER,
        "fullname": USER["name"],
        "isPro": True,
        "orgs": [{**ORGANIZATION, "fullname": "Aurora Lab", "roleInOrg": "write"}],
        "auth": {"type": "access_token", "accessToken": token},
    }


def jobs_usage(jobs: Iterable[Document], now: datetime) -> Document:
    """Return the answer to `GET /api/settings/billing/usage/jobs`. A period is a calendar month."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    end = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
    details = [_detail(job, now) for job in jobs if "startedAt" in job and parse_time(job["startedAt"]) >= start]
    return {
        "usage": {
            "usedMicroUsd": sum(each["totalCostMicroUsd"] for each in details),
            "totalMinutes": sum(each["totalMinutes"] for each in details),
            "periodStart": wire_time(start),
            "periodEnd": wire_time(end),
            "jobDetails": details,
        },
        "hasAccess": True,
    }


def _detail(job: Document, now: datetime) -> Document:
    finished = job.get("finishedAt")
    seconds = ((parse_time(finished) if finished else now) - parse_time(job["startedAt"])).total_seconds()
    minutes = max(0, math.ceil(seconds / 60))
    return {
        "jobId": job["id"],
        "hardwareFlavor": job["flavor"],
        "totalMinutes": minutes,
        "totalCostMicroUsd": minutes * micro_usd_a_minute(job["flavor"]),
        "startedAt": job["startedAt"],
        **({"completedAt": finished} if finished else {}),
    }
