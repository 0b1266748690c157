"""How long a job may run, from what was typed."""

from hfjobs_cli.query.moments import parse_duration

MAX_SECS = 2**53 - 1
"""The largest number that the Hub takes."""


def parse_timeout(text: str) -> int:
    """Return the seconds of `300`, `90s`, `1.5h`, `1h30m` or `1w`, a fraction of one left out. Raises UsageError."""
    return int(parse_duration(text, "timeout", at_least=1, at_most=MAX_SECS))
