"""Moments as they are given on the command line: `2h`, `7d`, `yesterday`, `2026-05-11T13:16:07Z`."""

import re
from datetime import datetime, timedelta

from hfjobs_cli.errors import UsageError
from hfjobs_cli.payload import parse_time

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400, "y": 365 * 86_400}
_PART = re.compile(r"(\d+(?:\.\d+)?)(mo|[smhdwy])")
_SPAN = re.compile(rf"(?:{_PART.pattern})+")


def parse_moment(text: str, now: datetime, option: str) -> datetime:
    """Read a moment: how long ago it was, `now`, `today`, `yesterday`, or a date with or without a time.

    A day begins at midnight in UTC, and a time without an offset is in UTC. Raises UsageError naming `option`.
    """
    word = text.strip().lower()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if word in words:
        return words[word]
    ago = word.removesuffix(" ago").rstrip()
    try:
        if _SPAN.fullmatch(ago):
            return now - timedelta(seconds=sum(float(n) * _SECONDS[unit] for n, unit in _PART.findall(ago)))
        return parse_time(text.strip())
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} '{text}' is not a time",
            hint="for example 2h, 7d, yesterday, 2026-05-11 or 2026-05-11T13:16:07Z",
        ) from None
