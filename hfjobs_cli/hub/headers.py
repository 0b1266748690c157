"""What the headers of an answer say: its request id, when it was sent, how long to wait, where to go on."""

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from hfjobs_cli.text.values import digits

CLOCKS_DIFFER_SECS = 60.0
"""By how much clocks differ that are right, those of one Hub's servers among them."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LINK = rf'<(?P<address>[^<>]*)>(?P<parameters>(?:[^",<]|{_QUOTED})*)'
_LINK_PARAMETER = rf';\s*(?P<name>[^\s;,="]+)\s*=\s*(?P<value>{_QUOTED}|[^\s;,"]*)'
_ESCAPED = r"\\(.)"


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id by which the Hub's people find a request, in their order of preference."""
    names = ("X-Request-Id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id")
    return next((headers[name] for name in names if headers.get(name)), None)


def sent_at(headers: Mapping[str, str]) -> datetime | None:
    """Return the moment at which the server answered, by its own clock."""
    return _http_date(headers.get("Date", ""))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait, None if it does not say.

    `Retry-After` holds seconds or a date (RFC 9110, 10.2.3). `RateLimit: "api";r=0;t=55` (draft 9 of the IETF's
    RateLimit headers) is on every answer of the Hub and counts only when nothing remains (`r=0`).
    """
    asked = headers.get("Retry-After", "").strip()
    if digits(asked) is not None:
        return float(asked)
    until = _http_date(asked)
    if until is not None:
        return max(0.0, (until - (sent_at(headers) or datetime.now(timezone.utc))).total_seconds())
    for policy in headers.get("RateLimit", "").split(","):
        values = dict(part.strip().partition("=")[::2] for part in policy.split(";")[1:])
        wait = values.get("t", "")
        if values.get("r") == "0" and digits(wait) is not None:
            return float(wait)
    return None


def next_link(headers: Mapping[str, str]) -> str | None:
    """Return the address in `Link: <…>; rel="next"` (RFC 8288), None if there is none."""
    links = headers.get("Link")
    if not links:
        return None
    for link in re.finditer(_LINK, links):
        for parameter in re.finditer(_LINK_PARAMETER, link["parameters"]):
            if parameter["name"].lower() == "rel":
                if "next" in re.sub(_ESCAPED, r"\1", parameter["value"].strip('"')).lower().split():
                    return link["address"]
                break  # only the first counts
    return None


def _http_date(text: str) -> datetime | None:
    """Return the moment in a header (RFC 9110, 5.6.7), None if it holds none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # One near the bounds of what can be told is none, and could not be reckoned with.
    return None if moment.tzinfo is None or not 1970 <= moment.year < 9999 else moment
