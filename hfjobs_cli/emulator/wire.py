"""What the Hub's JSON looks like: documents, stages, times and ids."""

import secrets
from datetime import datetime, timezone
from typing import Any

Document = dict[str, Any]
"""A job, or a scheduled job, as the Hub sends it."""

ACTIVE_STAGES = ("RUNNING", "SCHEDULING")
STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED", *ACTIVE_STAGES)


class ApiError(Exception):
    """A request that is refused with an HTTP status and a message, as the Hub words it."""

    def __init__(self, status: int, message: str) -> None:
        """`status` is a 4xx."""
        super().__init__(message)
        self.status = status
        self.message = message


def present() -> datetime:
    """Return the present moment, aware."""
    return datetime.now(timezone.utc)


def wire_time(moment: datetime) -> str:
    """Spell a moment as the Hub does: UTC, milliseconds, `Z`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """Read what `wire_time` wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def new_id(now: datetime) -> str:
    """Return an id that nobody has: the moment in seconds and 8 random bytes, in hexadecimal."""
    return f"{int(now.timestamp()):08x}{secrets.token_hex(8)}"
