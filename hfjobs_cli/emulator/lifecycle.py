"""State changes of a job document: created from a specification, started, finished. Pure functions."""

from datetime import datetime, timedelta

from hfjobs_cli.emulator.account import CREATOR
from hfjobs_cli.emulator.api_types import ACTIVE_STAGES, Document, new_id, parse_time, wire_time

_RUN_KEYS = {
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
"""The keys of a job that are not part of its specification; the `jobSpec` of a scheduled job has the others."""


def new_job(specification: Document, *, owner: Document, initiator: Document, now: datetime) -> Document:
    """Return a new job in the stage SCHEDULING."""
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
    """Return the keys of a job that are its specification."""
    return {key: value for key, value in job.items() if key not in _RUN_KEYS}


def is_active(job: Document) -> bool:
    """Return whether a job has not ended."""
    return job["status"]["stage"] in ACTIVE_STAGES


def start(job: Document, now: datetime) -> None:
    """Record that a job started running."""
    job["startedAt"] = wire_time(now)
    job["status"] |= {"stage": "RUNNING", "message": None, "failureCount": 0}


def end(job: Document, stage: str, message: str | None, now: datetime) -> None:
    """Record that a job ended."""
    job["durations"] = _durations(job, now)
    job["finishedAt"] = wire_time(now)
    job["status"] |= {"stage": stage, "message": message}


def timeout_at(job: Document) -> datetime:
    """Return when a job times out; a job that has not started counts as starting now."""
    return parse_time(job["startedAt"] if "startedAt" in job else job["createdAt"]) + timedelta(seconds=job["timeout"])


def expose(job: Document, ports: Document) -> None:
    """Record the ports that a job exposes from now on."""
    job["expose"] = ports
    job["status"].pop("exposeUrls", None)
    job["status"] |= _expose_urls(job)


def live(job: Document, now: datetime) -> Document:
    """Return a job with durations up to `now` if it has not ended, as the Hub does."""
    return job | {"durations": _durations(job, now)} if is_active(job) else job


def _durations(job: Document, now: datetime) -> Document:
    durations: Document = {"totalSecs": _seconds(job["createdAt"], now)}
    if "startedAt" in job:
        durations["runningSecs"] = _seconds(job["startedAt"], now)
        durations["schedulingSecs"] = durations["totalSecs"] - durations["runningSecs"]
    return durations


def _expose_urls(job: Document) -> Document:
    """Return the addresses of the ports of a job, which runs on this machine."""
    ports = job.get("expose", {}).get("ports", ())
    return {"exposeUrls": [f"http://127.0.0.1:{port}" for port in ports]} if ports else {}


def _seconds(since: str, now: datetime) -> int:
    return max(0, int((now - parse_time(since)).total_seconds()))
