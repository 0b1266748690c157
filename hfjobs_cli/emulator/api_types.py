"""Types of the Hub's JSON: documents, stages, labels, times and ids."""

import secrets
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, NamedTuple

Document = dict[str, Any]
"""A JSON object as the Hub sends it: a job, a scheduled job, or a part of one."""

Clock = Callable[[], datetime]
"""Returns the current time, with a time zone."""

ACTIVE_STAGES = ("RUNNING", "SCHEDULING")
STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED", *ACTIVE_STAGES)

LABEL_KEY = "[a-zA-Z0-9._-]+"
LABEL_VALUE = "[a-zA-Z0-9._-]*"


class ApiError(Exception):
    """An error response: an HTTP status and the Hub's message."""

    def __init__(self, status: int, message: str) -> None:
        """`status` is a 4xx."""
        super().__init__(message)
        self.status = status
        self.message = message


class Process(NamedTuple):
    """A local process. Its creation time (seconds since 1970) distinguishes it from a later one with the same pid."""

    pid: int
    created: float


def present() -> datetime:
    """Return the current time."""
    return datetime.now(timezone.utc)


def wire_time(moment: datetime) -> str:
    """Format a time as the Hub does: UTC, milliseconds, `Z`. Such texts sort by time."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Parse what `wire_time` returned."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def new_id(now: datetime) -> str:
    """Return a unique id: the time in seconds and 8 random bytes, in hexadecimal."""
    return f"{int(now.timestamp()):08x}{secrets.token_hex(8)}"
