"""Cron expressions: validation, comparison, and the next run."""

from __future__ import annotations

import re
from datetime import datetime

from cronsim import CronSim, CronSimError

from hfjobs_cli.errors import UsageError, did_you_mean

WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""Cron expressions with names."""

_CRON_WORDS = {"@midnight": "@daily", "@hour": "@hourly", "@day": "@daily", "@week": "@weekly", "@month": "@monthly"}
_FIELD = re.compile(r"([0-9]+,)+[0-9]+|(\*|[0-9]+)[/-][0-9]+|[0-9]+|\*")
_PLACES = ("minute", "hour", "day of the month", "month", "day of the week")
_HOW = f"use five fields such as '0 9 * * 1' (minute, hour, day, month, day of the week; UTC), or {', '.join(WORDS)}"


def next_run(text: str, now: datetime) -> datetime | None:
    """Return the first time after `now` at which a cron expression is due; None if only the Hub can tell.

    Raises UsageError for an invalid expression, or one that is never due.
    """
    if text in WORDS:
        return _due(text, WORDS[text], now)
    if text.startswith("@") or text.isalpha():
        word = text.lower() if text.startswith("@") else f"@{text.lower()}"
        near = did_you_mean(_CRON_WORDS.get(word, word), WORDS)
        raise _wrong(text, "", near or _HOW)
    fields = text.split(" ")
    _check_fields(text, fields)
    return None if len(fields) > 6 else _due(text, text, now)  # only the Hub knows what a seventh field means


def same_schedule(one: str | None, other: str | None) -> bool:
    """Return whether two cron expressions are the same except for blanks and names like `@daily`."""
    return _plain(one) == _plain(other)


def _plain(text: str | None) -> str:
    expression = " ".join((text or "").split())
    return WORDS.get(expression, expression)


def _check_fields(text: str, fields: list[str]) -> None:
    """Raise UsageError unless the Hub accepts the fields."""
    if not text.strip():
        raise UsageError("the cron expression is empty", hint=_HOW)
    if len(text.split()) == 1:
        is_part = _FIELD.fullmatch(text)
        raise _wrong(
            text, "", "quote it, so that the shell passes it as one argument: '0 9 * * 1'" if is_part else _HOW
        )
    if "" in fields or any(blank in text for blank in "\t\n"):
        raise _wrong(text, "fields must be separated by one space", f"use '{' '.join(text.split())}'")
    if not 5 <= len(fields) <= 7:
        raise _wrong(text, f"{len(fields)} fields", _HOW)
    for place, field in enumerate(fields):
        if not _FIELD.fullmatch(field):
            what = f"{_PLACES[place]}" if len(fields) == len(_PLACES) else f"field {place + 1}"
            raise _wrong(text, f"invalid {what} '{field}'", "use *, 5, */15, 9-17 or 1,15,30; the Hub accepts no names")


def _due(text: str, cron: str, now: datetime) -> datetime:
    try:
        return next(CronSim(cron, now))
    except CronSimError as error:
        part = str(error).lower().removeprefix("bad ").replace("-", " ")
        raise _wrong(text, f"{part} out of range", _HOW) from None
    except ValueError:  # a number with more digits than Python reads
        raise _wrong(text, "number too large", _HOW) from None
    except StopIteration:
        raise _wrong(text, "never due", "use a day that exists in that month") from None


def _wrong(text: str, why: str, hint: str) -> UsageError:
    return UsageError(f"invalid cron expression '{text}'{': ' if why else ''}{why}", hint=hint)
