"""Jobs that are named by what they are: `@latest`, `@2`, `@failed`, `@name=train`, or how their id begins."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.query.filters import JobFilter, parse_filter
from hfjobs_cli.query.names import check_name
from hfjobs_cli.records.vocabulary import STAGES
from hfjobs_cli.text.words import one_of

NEWEST = ("latest", "last")
"""Words for the newest job, whatever its status."""

FILTERS = ("status", "name", "label", "initiator")
"""The options of `ps` by which a job is described: `@status=error` is the newest that they would list."""

_STATUSES = {**{stage.lower(): stage for stage in STAGES}, "failed": "ERROR"}


class JobDescription(NamedTuple):
    """A job that has to be looked for: number `place`, from the newest, of those that are `wanted`.

    With a `prefix` it is the only one whose id begins so. `text` is how it was written.
    """

    text: str
    namespace: str | None
    wanted: JobFilter
    place: int = 0
    prefix: str = ""


def parse_description(text: str, namespace: str | None, now: datetime) -> JobDescription:
    """Read what begins with `@`, perhaps behind `NAMESPACE/`, or the begin of an id. Raises UsageError."""
    before, at, what = text.partition("@")
    own, slash, rest = before.rpartition("/")
    if slash:
        check_name(own, "namespace")
        if namespace not in (None, own):
            raise UsageError(
                f"'{text}' is in namespace '{own}', but --namespace says '{namespace}'", hint="drop one of the two"
            )
        namespace = own
    if not at:
        return JobDescription(text, namespace, parse_filter(now, all_=True), prefix=rest)
    if what.isascii() and what.isdigit() and len(what) < 10:
        return JobDescription(text, namespace, parse_filter(now, all_=True), place=int(what))
    return JobDescription(text, namespace, _wanted(text, what, now))


def _wanted(text: str, what: str, now: datetime) -> JobFilter:
    """Return the filter behind an `@`. Raises UsageError."""
    word, equals, value = what.partition("=")
    if not equals and word in NEWEST:
        return parse_filter(now, all_=True)
    if not equals and word.lower() in _STATUSES:
        return parse_filter(now, status=[_STATUSES[word.lower()]])
    if equals and word in FILTERS:
        given = value if word == "name" else [value]
        return parse_filter(now, all_=word != "status", **{word: given})  # type: ignore[arg-type]
    words = [f"@{each}" for each in (*NEWEST, "0", *_STATUSES, *(f"{name}=" for name in FILTERS))]
    raise UsageError(f"'{text}' describes no job", hint=f"{one_of(f'@{word}', words)}; see 'hfjobs help references'")
