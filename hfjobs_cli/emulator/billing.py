"""What the jobs of the user would be billed, as the Hub tells it: by the minute, begun ones whole."""

import math
from collections.abc import Iterable
from datetime import datetime

from hfjobs_cli.emulator.hardware import micro_usd_a_minute
from hfjobs_cli.emulator.wire import Document, parse_time, wire_time


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
