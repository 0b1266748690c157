"""Moments and durations as typed: `2h`, `7d`, `yesterday`, `2026-05-11`."""

import re
from datetime import datetime, timedelta

from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.numbers import number
from hfjobs_cli.text.times import parse_time

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "mo": 30 * 86_400, "y": 365 * 86_400}
_WORDS = {
    "second": "s",
    "sec": "s",
    "minute": "m",
    "min": "m",
    "hour": "h",
    "day": "d",
    "week": "w",
    "month": "mo",
    "year": "y",
}
_LONGEST_SECS = 100 * 365 * 86_400.0
_TOO_LONG = ("mo", "y")
"""What is as long as the calendar says, and so no unit of a length of time."""
_PART = re.compile(rf"(\d+(?:\.\d*)?|\.\d+) ?(?:({'|'.join(_WORDS)})s?|(mo|[smhdwy])) ?", re.ASCII)
_SPAN = re.compile(rf"(?:{_PART.pattern})+(?:ago)?", re.ASCII)


def parse_moment(text: str, now: datetime, option: str) -> datetime:
    """Read a moment: how long ago it was, `now`, `today`, `yesterday`, or a date with or without a time.

    A day begins at midnight in UTC, and a time without an offset is in UTC. Raises UsageError syntax `option`.
    """
    given = text.strip()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if given.lower() in words:
        return words[given.lower()]
    try:
        if not _SPAN.fullmatch(given):
            return parse_time(given)
        return now - timedelta(seconds=_seconds(given))
    except (ValueError, OverflowError):
        raise UsageError(
            f"invalid time '{text}' for {option}",
            hint="use 30m, 2h, 7d, 1mo, yesterday, 2026-05-11 or 2026-05-11T13:16:07Z",
        ) from None


def parse_duration(text: str, what: str, *, at_least: float = 0.001, at_most: float = _LONGEST_SECS) -> float:
    """Read a length of time in seconds: `90` or `90s`, `1.5h`, `1h30m`, `1d12h`, `1w`; the same wherever one is given.

    Raises UsageError syntax `what` it is.
    """
    given = text.strip()
    seconds = _duration(given)
    if seconds is None or not at_least <= seconds <= at_most:
        near = given.lower() if given.lower() != given and _duration(given.lower()) else None
        hint = f"did you mean '{near}'?" if near else "use 90s, 30m, 1.5h, 1h30m, 2d or 1w"
        raise UsageError(f"invalid {what} '{text}'", hint=hint)
    return seconds


def _duration(given: str) -> float | None:
    if not _SPAN.fullmatch(given) or given.endswith("ago"):
        return number(given)
    return None if any(unit in _TOO_LONG for _, unit in _parts(given)) else _seconds(given)


def _seconds(given: str) -> float:
    return sum(number * _SECONDS[unit] for number, unit in _parts(given))


def _parts(given: str) -> list[tuple[float, str]]:
    return [(float(number), _WORDS.get(word, letter)) for number, word, letter in _PART.findall(given)]
