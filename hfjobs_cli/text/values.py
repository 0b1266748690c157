"""Parse, check and format values: numbers, durations, times, lists in options, names, ids and paths.

Numbers are ASCII: Python also reads digits of other scripts, `1_000`, ` 5`, `+5`, `inf` and `nan`. The clock is an
argument.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from math import isfinite
from pathlib import Path

from hfjobs_cli.errors import UsageError, empty_option

MAX_DIGITS = 4000
"""Python refuses to read longer numbers, because it would take too long."""

LARGEST = 2**53 - 1
"""The largest number accepted from a server or a file; programs may read larger ones differently (RFC 8259, 6).

No time, size or price is larger, and exact sums of money need a bound.
"""

_CHARACTERS = frozenset("0123456789.eE+-")


def digits(text: str) -> int | None:
    """Parse a number that consists of digits; None if invalid."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None


def percent(part: float) -> str:
    """Format a fraction of 1 as `23%`; one that is not zero but would be `0%` as `<1%`."""
    return "<1%" if 0 < part < 0.005 else f"{part:.0%}"


def is_in_bounds(value: float) -> bool:
    """Return whether a number from a server or a file is accepted. NaN is not."""
    return -LARGEST <= value <= LARGEST


def whole(text: str) -> int | None:
    """Parse a whole number, which may be negative; None if invalid."""
    found = digits(text.removeprefix("-"))
    return -found if found is not None and text.startswith("-") else found


def number(text: str) -> float | None:
    """Parse a number such as `2`, `-0.5`, `.5` or `1e3`; None if invalid or too large."""
    if not _CHARACTERS.issuperset(text) or text.startswith("+"):
        return None
    try:
        found = float(text)
    except ValueError:
        return None
    return found if isfinite(found) else None


EARLIEST = datetime.min.replace(tzinfo=timezone.utc)
LATEST = datetime.max.replace(tzinfo=timezone.utc)
"""The first and the last possible time, for comparisons with unknown ones."""


def span(seconds: float) -> str:
    """Format a duration in at most two units: `45s`, `3m20s`, `2h5m`, `3d4h`."""
    total = max(0, int(seconds))
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for index, (letter, size) in enumerate(units):
        if total >= size:
            text = f"{total // size}{letter}"
            if index + 1 < len(units):
                smaller, smaller_size = units[index + 1]
                rest = total % size // smaller_size
                text += f"{rest}{smaller}" if rest else ""
            return text
    return "0s"


def age(moment: datetime, now: datetime) -> str:
    """Format how long ago a time was, in one unit: `12s ago`, `3h ago`, `5mo ago`."""
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
    """Format a time in UTC to the second, ISO 8601: `2026-05-11T13:16:07Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def parse_time(text: str) -> datetime:
    """Parse an ISO 8601 date and time, in UTC if it has no offset. Raises ValueError or OverflowError.

    Python 3.10 reads neither `Z` nor fractions of other than 3 or 6 digits; the Hub may send both.
    """
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(re.sub(r"\.([0-9]+)", lambda match: "." + match[1][:6].ljust(6, "0"), text))
    if moment.tzinfo is timezone.utc:  # as nearly all are
        return moment
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


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
"""Units whose length depends on the calendar, and that durations therefore do not take."""

# Compiled when the first time is parsed: both take as long as the rest of this module.
_PART = rf"(?a)(\d+(?:\.\d*)?|\.\d+) ?(?:({'|'.join(_WORDS)})s?|(mo|[smhdwy])) ?"
_SPAN = rf"(?a)(?:{_PART[4:]})+(?:ago)?"


def parse_time_option(text: str, now: datetime, option: str) -> datetime:
    """Parse a time: how long ago it was, `now`, `today`, `yesterday`, or a date with or without a time of day.

    Days begin at midnight, and times without an offset are, in UTC. `option` is for messages. Raises UsageError.
    """
    given = text.strip()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    words = {"now": now, "today": midnight, "yesterday": midnight - timedelta(days=1)}
    if given.lower() in words:
        return words[given.lower()]
    try:
        if not re.fullmatch(_SPAN, given):
            return parse_time(given)
        return now - timedelta(seconds=_seconds(given))
    except (ValueError, OverflowError):
        raise UsageError(
            f"invalid time '{text}' for {option}",
            hint="use 30m, 2h, 7d, 1mo, yesterday, 2026-05-11 or 2026-05-11T13:16:07Z",
        ) from None


def parse_duration(text: str, what: str, *, at_least: float = 0.001, at_most: float = _LONGEST_SECS) -> float:
    """Parse a duration and return seconds: `90` or `90s`, `1.5h`, `1h30m`, `1d12h`, `1w`.

    Raises UsageError for an invalid or too long one; `what` is its name in the message.
    """
    given = text.strip()
    seconds = _duration(given)
    if seconds is None:
        near = given.lower() if given.lower() != given and _duration(given.lower()) else None
        hint = f"did you mean '{near}'?" if near else "use 90s, 30m, 1.5h, 1h30m, 2d or 1w"
        raise UsageError(f"invalid {what} '{text}'", hint=hint)
    if not at_least <= seconds <= at_most:
        hint = f"use {at_least:g}s or more" if seconds < at_least else f"use at most {span(at_most)}"
        raise UsageError(f"invalid {what} '{text}'", hint=hint)
    return seconds


def _duration(given: str) -> float | None:
    if not re.fullmatch(_SPAN, given) or given.endswith("ago"):
        return number(given)
    return None if any(unit in _TOO_LONG for _, unit in _parts(given)) else _seconds(given)


def _seconds(given: str) -> float:
    return sum(amount * _SECONDS[unit] for amount, unit in _parts(given))


def _parts(given: str) -> list[tuple[float, str]]:
    return [(float(amount), _WORDS.get(word, letter)) for amount, word, letter in re.findall(_PART, given)]


def split_values(values: Iterable[str], option: str) -> list[str]:
    """Split the values of an option at commas: `["a,b", "c"]` becomes `["a", "b", "c"]`.

    Raises UsageError for an empty value: an empty variable in a script must not mean "everything".
    """
    items: list[str] = []
    for value in values:
        found = [item.strip() for item in value.split(",") if item.strip()]
        if not found:
            raise empty_option(option)
        items += found
    return items


def without_negation(item: str) -> tuple[bool, str]:
    """Return whether an item excludes (`!item`), and the item without the sign."""
    return (True, item[1:]) if item.startswith("!") else (False, item)


_NAME = r"[A-Za-z0-9._-]{1,200}"


def is_name(text: str) -> bool:
    """Return whether `text` can be an id or a namespace, and is safe in a URL."""
    return bool(re.fullmatch(_NAME, text) and text.strip("."))


def is_id(text: str) -> bool:
    """Return whether `text` can be an id of the Hub.

    The Hub's have 24 hexadecimal digits, but its schema only says that they are strings.
    """
    return is_name(text) and text[0].isalnum()


def check_name(text: str, what: str) -> str:
    """Return `text` if it can be an id or a namespace. Raises UsageError."""
    if not is_name(text):
        raise UsageError(
            f"invalid {what} '{text}'",
            hint="use letters, digits, '-', '_' and '.'",
        )
    return text


def expanded_path(text: str) -> Path:
    """Return a path with `~` expanded, unchanged if there is no such user."""
    path = Path(text)
    try:
        return path.expanduser()
    except RuntimeError:
        return path
