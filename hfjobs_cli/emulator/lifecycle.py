"""State changes of a job document: created from a specification, started, finished. Pure functions."""

from datetime import datetime, timedelta

from hfjobs_cli.emulator.account import CREATOR
from hfjobs_cli.emulator.api_types import ACTIVE_STAGES, Document, new_id, parse_time, wire_time

_OF_THE_RUN = {
    "type",
    "id",
    "createdAt",
    "startedAt",
    "finishedAt",
    "createdBy",
    "owner",
    "initiator",
    "status",
    "durations",
}
"""The keys of a job that do not say what is to be run; a scheduled job has the others in `jobSpec`."""


def new_job(specification: Document, *, owner: Document, initiator: Document, now: datetime) -> Document:
    """Return a job that waits to be run."""
    return {
        "type": "job",
        "id": new_id(now),
        "createdAt": wire_time(now),
        **specification_of(specification),
        "createdBy": CREATOR,
        "owner": owner,
        "initiator": initiator,
        "status": {"stage": "SCHEDULING", "message": None, **_expose_urls(specification)},
    }


def specification_of(job: Document) -> Document:
    """Return the keys of a job that say what is to be run."""
    return {key: value for key, value in job.items() if key not in _OF_THE_RUN}


def is_active(job: Document) -> bool:
    """Return whether a job has not ended."""
    return job["status"]["stage"] in ACTIVE_STAGES


def start(job: Document, now: datetime) -> None:
    """Make a job one that runs since `now`."""
    job["startedAt"] = wire_time(now)
    job["status"] |= {"stage": "RUNNING", "message": None, "failureCount": 0}


def end(job: Document, stage: str, message: str | None, now: datetime) -> None:
    """Make a job one that ended `now`."""
    job["durations"] = _durations(job, now)
    job["finishedAt"] = wire_time(now)
    job["status"] |= {"stage": stage, "message": message}


def timeout_at(job: Document) -> datetime:
    """Return when a job times out; a job that has not started counts as starting now."""
    return parse_time(job["startedAt"] if "startedAt" in job else job["createdAt"]) + timedelta(seconds=job["timeout"])


def expose(job: Document, ports: Document) -> None:
    """Give a job the ports that are reachable from now on."""
    job["expose"] = ports
    job["status"].pop("exposeUrls", None)
    job["status"] |= _expose_urls(job)


def live(job: Document, now: datetime) -> Document:
    """Return `job` with the durations of one that has not ended counted to `now`, as the Hub does."""
    return job | {"durations": _durations(job, now)} if is_active(job) else job


def _durations(job: Document, now: datetime) -> Document:
    durations: Document = {"totalSecs": _seconds(job["createdAt"], now)}
    if "startedAt" in job:
        durations["runningSecs"] = _seconds(job["startedAt"], now)
        durations["schedulingSecs"] = durations["totalSecs"] - durations["runningSecs"]
    return durations


def _expose_urls(job: Document) -> Document:
    """Return where the ports of a job are reached: it runs on this machine, so there."""
    ports = job.get("expose", {}).get("ports", ())
    return {"exposeUrls": [f"http://127.0.0.1:{port}" for port in ports]} if ports else {}


def _seconds(since: str, now: datetime) -> int:
    return max(0, int((now - parse_time(since)).total_seconds()))
