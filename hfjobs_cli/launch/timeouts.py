"""How long a job may run, from what was typed."""

import re

from hfjobs_cli.errors import UsageError

MAX_SECS = 2**53 - 1
"""The largest number that the Hub takes."""

_TIMEOUT = re.compile(r"(?P<number>\d+\.?\d*|\.\d+)(?P<unit>[a-zA-Z]*)", re.ASCII)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_WRITTEN = {"sec": "s", "secs": "s", "min": "m", "mins": "m", "hour": "h", "hours": "h", "hr": "h", "day": "d"}


def parse_timeout(text: str) -> int:
    """Return the seconds of `300`, `90s`, `5m`, `1.5h` or `2d`, a fraction of one left out. Raises UsageError."""
    found = _TIMEOUT.fullmatch(text.strip())
    if found is None or found["unit"] not in _UNITS:
        raise UsageError(f"'{text}' is not a timeout", hint=_suggestion(found))
    seconds = float(found["number"]) * _UNITS[found["unit"]]
    if not 1 <= seconds <= MAX_SECS:
        raise UsageError(f"a job cannot be given '{text}' to run", hint="a timeout is a second at least: 90s, 30m, 2h")
    return int(seconds)


def _suggestion(found: "re.Match[str] | None") -> str:
    how = "a timeout is a number with s, m, h or d: 90s, 30m, 1.5h, 2d"
    unit = found["unit"].lower() if found else ""
    meant = _WRITTEN.get(unit) or _WRITTEN.get(unit.rstrip("s")) or unit[:1]
    return f"did you mean '{found['number']}{meant}'? {how}" if found and meant in _UNITS and meant else how
