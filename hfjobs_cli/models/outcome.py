"""Why a job ended: the exit code and the reason, read from what the Hub says of its status.

Facts: `status.message` is for people, as "Job failed with exit code: 137. Reason: OOMKilled." or "Job timeout"; an exit
code stands nowhere else. `status.cancelReason` is one of a few words or something newer.
"""

from __future__ import annotations

import re
from typing import Any

# Compiled when the first message is read, as most jobs have none and each start would pay for it.
_EXIT_CODE = r"(?i)exit code:? ?([0-9]{1,3})\b"
_REASON = r"(?i)\breason: ?([a-z]\w*)"
_OUT_OF_MEMORY = r"(?i)\bOOM|out of memory"
_TIMEOUT = r"(?i)\btime ?out\b|\btimed out\b|DeadlineExceeded"
_WORD_BEGINS = r"(?<=[a-z0-9])(?=[A-Z])|_"

OUT_OF_MEMORY, TIMEOUT, EXIT_CODE, FAILED = "out-of-memory", "timeout", "exit-code", "failed"
NO_CREDITS, NO_SUBSCRIPTION, RESOURCE_GROUP_LIMIT = "no-credits", "no-subscription", "resource-group-limit"
CANCELED, DELETED = "canceled", "deleted"

REASONS = (
    OUT_OF_MEMORY,
    TIMEOUT,
    EXIT_CODE,
    FAILED,
    CANCELED,
    NO_CREDITS,
    NO_SUBSCRIPTION,
    RESOURCE_GROUP_LIMIT,
    DELETED,
)
"""The reasons that are known; a newer word of the Hub is spelled like these: `Evicted` is `evicted`."""

HUB_WORDS = {
    OUT_OF_MEMORY: "OOMKilled",
    EXIT_CODE: "Error",
    NO_CREDITS: "NO_CREDITS",
    NO_SUBSCRIPTION: "NO_SUBSCRIPTION",
    RESOURCE_GROUP_LIMIT: "RESOURCE_GROUP_LIMIT",
}
"""What the Hub calls some reasons, which filters take as well."""


def exit_code_of(message: str) -> int | None:
    """Return the exit code that a message names, None if it names none."""
    found = re.search(_EXIT_CODE, message)
    return int(found[1]) if found else None


def reason_of(stage: str, message: str, cancel_reason: str) -> str | None:
    """Return the reason for the end of a job in a word; None if it is unfinished or completed."""
    if stage == "CANCELED":
        return _formatted(cancel_reason) or CANCELED
    if stage == "DELETED":
        return DELETED
    if stage != "ERROR":
        return None
    if re.search(_OUT_OF_MEMORY, message):
        return OUT_OF_MEMORY
    if re.search(_TIMEOUT, message):
        return TIMEOUT
    named = re.search(_REASON, message)
    if named and named[1] != HUB_WORDS[EXIT_CODE]:
        return _formatted(named[1])
    return FAILED if exit_code_of(message) is None else EXIT_CODE


def _formatted(word: str) -> str:
    return re.sub(_WORD_BEGINS, "-", word).lower()


def read_exit_code(values: dict[str, Any], _path: str, _source: object) -> int | None:
    """Return the exit code of a job in JSON, the Hub's or ours."""
    message = _text(values, "message")
    return exit_code_of(message) if message and _text(values, "stage") == "ERROR" else None


def read_reason(values: dict[str, Any], _path: str, _source: object) -> str | None:
    """Return why a job in JSON ended, the Hub's or ours."""
    stage = _text(values, "stage")
    if stage not in ("ERROR", "CANCELED", "DELETED"):
        return None
    cancel_reason = _text(values, "cancelReason") or _text(values, "cancel_reason")
    return reason_of(stage, _text(values, "message"), cancel_reason)


def _text(values: dict[str, Any], name: str) -> str:
    """Return a text of the status, an empty one if it is not there."""
    status = values.get("status")
    found = status.get(name) if type(status) is dict else None
    return found if type(found) is str else ""


def reason_texts(reason: str) -> tuple[str, ...]:
    """Return the texts that match a reason in filters: our word and the Hub's."""
    return (reason, HUB_WORDS[reason]) if reason in HUB_WORDS else (reason,)
