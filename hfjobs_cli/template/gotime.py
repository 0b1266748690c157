"""Times as Go formats them: by layouts that show the time 2006-01-02 15:04:05, and as how long ago they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:[.,](\d+))?(?:[Zz]|([+-]\d\d:\d\d))")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_ELEMENTS: tuple[tuple[str, Callable[[datetime], str]], ...] = (
    ("January", lambda t: _MONTHS[t.month - 1]),
    ("Jan", lambda t: _MONTHS[t.month - 1][:3]),
    ("Monday", lambda t: _DAYS[t.weekday()]),
    ("Mon", lambda t: _DAYS[t.weekday()][:3]),
    ("MST", lambda t: _offset(t, "") if t.utcoffset() else "UTC"),
    ("01", lambda t: f"{t.month:02}"),
    ("002", lambda t: f"{t.timetuple().tm_yday:03}"),
    ("02", lambda t: f"{t.day:02}"),
    ("03", lambda t: f"{t.hour % 12 or 12:02}"),
    ("04", lambda t: f"{t.minute:02}"),
    ("05", lambda t: f"{t.second:02}"),
    ("06", lambda t: f"{t.year % 100:02}"),
    ("15", lambda t: f"{t.hour:02}"),
    ("1", lambda t: f"{t.month}"),
    ("2006", lambda t: f"{t.year:04}"),
    ("2", lambda t: f"{t.day}"),
    ("__2", lambda t: f"{t.timetuple().tm_yday:3}"),
    ("_2006", lambda t: f"_{t.year:04}"),
    ("_2", lambda t: f"{t.day:2}"),
    ("3", lambda t: f"{t.hour % 12 or 12}"),
    ("4", lambda t: f"{t.minute}"),
    ("5", lambda t: f"{t.second}"),
    ("PM", lambda t: "PM" if t.hour >= 12 else "AM"),
    ("pm", lambda t: "pm" if t.hour >= 12 else "am"),
    ("-07:00:00", lambda t: _offset(t, ":", seconds=True)),
    ("-07:00", lambda t: _offset(t, ":")),
    ("-070000", lambda t: _offset(t, "", seconds=True)),
    ("-0700", lambda t: _offset(t, "")),
    ("-07", lambda t: _offset(t, "")[:3]),
    ("Z07:00:00", lambda t: _offset(t, ":", seconds=True) if t.utcoffset() else "Z"),
    ("Z07:00", lambda t: _offset(t, ":") if t.utcoffset() else "Z"),
    ("Z070000", lambda t: _offset(t, "", seconds=True) if t.utcoffset() else "Z"),
    ("Z0700", lambda t: _offset(t, "") if t.utcoffset() else "Z"),
    ("Z07", lambda t: _offset(t, "")[:3] if t.utcoffset() else "Z"),
)
"""The elements of a layout; longer ones come before those that they begin with."""


def parse(text: str) -> datetime:
    """Parse a time in RFC 3339, and keep its offset. Raises ValueError."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError(text)
    date, time, fraction, offset = found.groups()
    return datetime.fromisoformat(f"{date}T{time}.{(fraction or '0')[:6]:0<6}{offset or '+00:00'}")


def layout(form: str, moment: datetime) -> str:
    """Format a time in a layout such as `2006-01-02 15:04`."""
    return "".join(_pieces(form, moment))


def ago(seconds: float) -> str:
    """Return how long ago something was, in the largest unit, as gh does."""
    for unit, size, limit in (
        ("minute", 60, 3600),
        ("hour", 3600, 86_400),
        ("day", 86_400, 30 * 86_400),
        ("month", 30 * 86_400, 365 * 86_400),
        ("year", 365 * 86_400, None),
    ):
        if seconds < 60:
            break
        if limit is None or seconds < limit:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (count != 1)} ago"
    return "just now"


def _pieces(form: str, moment: datetime) -> Iterator[str]:
    at = 0
    while at < len(form):
        digits = _fraction_length(form, at)
        if digits:
            yield _fraction(moment, form[at : at + 1 + digits])
            at += 1 + digits
            continue
        for element, write in _ELEMENTS:
            # The `Mon` in `Month` and the `Jan` in `Janet` do not count.
            after = form[at + 3 : at + 4]
            if form.startswith(element, at) and not (element in ("Jan", "Mon") and "a" <= after <= "z"):
                yield write(moment)
                at += len(element)
                break
        else:
            yield form[at]
            at += 1


def _fraction_length(form: str, at: int) -> int:
    """Return the number of digits of a fraction of a second, `.000` or `.999`; 0 if there is none here."""
    digit = form[at + 1 : at + 2]
    if form[at] not in ".," or digit not in ("0", "9"):
        return 0
    end = at + 1
    while form[end : end + 1] == digit:
        end += 1
    follower = form[end : end + 1]
    return 0 if follower.isascii() and follower.isdecimal() else end - at - 1


def _fraction(moment: datetime, form: str) -> str:
    digits = f"{moment.microsecond:06}000"[: len(form) - 1].ljust(len(form) - 1, "0")
    if form[1] == "9":
        digits = digits.rstrip("0")
    return form[0] + digits if digits else ""


def _offset(moment: datetime, colon: str, *, seconds: bool = False) -> str:
    total = round((moment.utcoffset() or timedelta()).total_seconds())
    sign, total = "-" if total < 0 else "+", abs(total)
    text = f"{sign}{total // 3600:02}{colon}{total // 60 % 60:02}"
    return f"{text}{colon}{total % 60:02}" if seconds else text
