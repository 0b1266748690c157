"""Moments and lengths of time as text, and ISO 8601 read back. The clock is an argument."""

import re
from datetime import datetime, timezone

EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
LATEST = datetime.max.replace(tzinfo=timezone.utc)
"""Before and after all moments that there are, to compare with where one is not known."""

_FRACTION = re.compile(r"\.([0-9]+)")


def span(seconds: float) -> str:
    """Format a length of time in at most two units: `45s`, `3m20s`, `2h5m`, `3d4h`."""
    whole = max(0, int(seconds))
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for index, (letter, size) in enumerate(units):
        if whole >= size:
            text = f"{whole // size}{letter}"
            if index + 1 < len(units):
                smaller, smaller_size = units[index + 1]
                rest = whole % size // smaller_size
                text += f"{rest}{smaller}" if rest else ""
            return text
    return "0s"


def age(moment: datetime, now: datetime) -> str:
    """Format how long ago `moment` was, in one unit: `12s ago`, `3h ago`, `5mo ago`."""
    seconds = (now - moment).total_seconds()
    if seconds <= -60:
        return f"in {span(-seconds)}"
    if seconds < 1:
        return "now"
    for letter, size in (("y", 31_536_000), ("mo", 2_592_000), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{letter} ago"
    return f"{int(seconds)}s ago"


def timestamp(moment: datetime) -> str:
    """Format a moment in UTC to the second, ISO 8601: `2026-05-11T13:16:07Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_time(text: str) -> datetime:
    """Parse an ISO 8601 date and time; without an offset it is taken as UTC. Raises ValueError or OverflowError.

    Python 3.10 reads neither `Z` nor fractions of other than 3 or 6 digits, both of which the Hub may send.
    """
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(_FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text))
    if moment.tzinfo is timezone.utc:  # as nearly all are
        return moment
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
