"""What the Hub's JSON looks like: documents, stages, times and ids."""

import secrets
from datetime import datetime, timezone
from typing import Any

Document = dict[str, Any]
"""A job as the Hub sends it."""

STAGES = ("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING")


def wire_time(moment: datetime) -> str:
    """Spell a moment as the Hub does: UTC, milliseconds, `Z`."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_id(now: datetime) -> str:
    """Return an id that nobody has: the moment in seconds and 8 random bytes, in hexadecimal."""
    return f"{int(now.timestamp()):08x}{secrets.token_hex(8)}"
