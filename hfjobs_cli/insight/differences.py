"""Differences of two jobs: launch, origin, outcome and times."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import SequenceMatcher
from typing import TypeVar

from hfjobs_cli.jobspec.new_job import PROPERTIES
from hfjobs_cli.jobspec.packing import unpacked
from hfjobs_cli.models.changes import LAUNCH, ORIGIN, OUTCOME, TIMES, Difference
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.spec import JobVolume, packed_variable
from hfjobs_cli.models.vocabulary import DUPLICATED_FROM
from hfjobs_cli.text.redaction import masked, masked_value, masked_words
from hfjobs_cli.text.terminal_text import quoted
from hfjobs_cli.text.values import span

_LONG = 60
"""Longer words, in characters, may be programs and are compared in pieces."""

_MOST_PIECES = 2000
"""The most pieces that are compared one by one. With more, which would take long, all count as different."""

T = TypeVar("T")

Change = tuple[str, str | None, str | None]
"""A field, its value in the first job, and its value in the second."""


def differences(a: JobInfo, b: JobInfo, now: datetime) -> list[Difference]:
    """Return the differences of two jobs, grouped by part. Values that look like secrets are masked."""
    parts: dict[str, Callable[[JobInfo, JobInfo, datetime], Iterable[Change]]] = {
        LAUNCH: _launch,
        ORIGIN: _origin,
        OUTCOME: _outcome,
        TIMES: _times,
    }
    return [
        Difference(field, of_a, of_b, part, a.id, b.id)
        for part, changes in parts.items()
        for field, of_a, of_b in changes(a, b, now)
    ]


def is_of_account(difference: Difference) -> bool:
    """Return whether a difference counts for `--exit-code`: those in origin and times do not."""
    return difference.part in (LAUNCH, OUTCOME)


def _launch(a: JobInfo, b: JobInfo, _now: datetime) -> Iterator[Change]:
    """Yield the differences in what was asked for."""
    yield from _one("image", a.image, b.image)
    yield from _of_command(a.words, b.words)
    yield from _one("flavor", a.flavor, b.flavor)
    yield from _one("arch", a.arch, b.arch)
    yield from _one("timeout", *(None if job.timeout is None else span(job.timeout) for job in (a, b)))
    yield from _one("retry", *(None if job.retry is None else f"{job.retry:g}" for job in (a, b)))
    variables = [dict(job.environment or {}) for job in (a, b)]
    files = [unpacked(each) for each in variables]
    if all(each is not None or packed_variable(of_job) is None for each, of_job in zip(files, variables, strict=True)):
        yield from _each("files", *(each or {} for each in files), shown=_text)
        for each in variables:
            each.pop(packed_variable(each) or "", None)  # compared above, as files
    yield from _each("environment", *variables, shown=masked_value)
    yield from _each("secrets", *(dict.fromkeys(job.secrets or (), "given") for job in (a, b)))
    yield from _each("volumes", *(_volumes(job.volumes or ()) for job in (a, b)))
    yield from _one("expose", *(_ports(job.expose) for job in (a, b)))
    yield from _one("expose_public", *(_ports(job.expose_public) for job in (a, b)))
    yield from _one("network", *(None if job.network is None else job.network.group for job in (a, b)))
    for row in PROPERTIES:
        if row.about.title:
            values = (getattr(job, row.name) for job in (a, b))
            yield from _one(row.name, *(None if value is None else str(value) for value in values))
    yield from _each("labels", *(_labels(job, lambda key: key != DUPLICATED_FROM) for job in (a, b)))


def _origin(a: JobInfo, b: JobInfo, _now: datetime) -> Iterator[Change]:
    yield from _one("owner", a.owner.name, b.owner.name)
    yield from _one("initiator", *(None if job.initiator is None else str(job.initiator) for job in (a, b)))
    yield from _one("created_by", *(None if job.created_by is None else job.created_by.name for job in (a, b)))
    yield from _each("labels", *(_labels(job, lambda key: key == DUPLICATED_FROM) for job in (a, b)))


def _outcome(a: JobInfo, b: JobInfo, _now: datetime) -> Iterator[Change]:
    yield from _one("status", a.status.stage, b.status.stage)
    yield from _one("message", a.status.message, b.status.message)
    yield from _one("cancel_reason", a.status.cancel_reason, b.status.cancel_reason)
    # Running jobs have 0 failures, other jobs may have none at all, which is the same.
    yield from _one("failure_count", *(f"{job.status.failure_count or 0:g}" for job in (a, b)))


def _times(a: JobInfo, b: JobInfo, now: datetime) -> Iterator[Change]:
    waited = (job.waited_secs(now) for job in (a, b))
    yield from _one("waited", *(None if each is None else span(each) for each in waited))
    ran = (job.running_secs(now) for job in (a, b))
    yield from _one("ran", *(None if each is None else span(each) for each in ran))


def _one(field: str, a: str | None, b: str | None) -> Iterator[Change]:
    if a != b:
        yield field, a, b


def _each(
    field: str,
    a: Mapping[str, T],
    b: Mapping[str, T],
    *,
    shown: Callable[[str, T], str] = lambda _key, value: str(value),
) -> Iterator[Change]:
    """Yield entries that differ, sorted by key."""
    for key in sorted({*a, *b}):
        if a.get(key) != b.get(key):
            of_a, of_b = (shown(key, each[key]) if key in each else None for each in (a, b))
            yield f"{field}.{key}", of_a, of_b


def _text(_name: str, content: bytes) -> str:
    """Return the text of a file without tokens, or its size and hash if it is binary."""
    try:
        return masked(content.decode("utf-8"))
    except UnicodeDecodeError:
        return f"{len(content):,} bytes, sha256 {hashlib.sha256(content).hexdigest()[:12]}"


def _labels(job: JobInfo, is_meant: Callable[[str], bool]) -> dict[str, str]:
    return {key: value for key, value in (job.labels or {}).items() if is_meant(key)}


def _volumes(volumes: Iterable[JobVolume]) -> dict[str, str]:
    """Return descriptions of volumes by mount path: `dataset alice/judgements@main/train, read only`."""
    return {volume.mount_path or "?": volume.described for volume in volumes}


def _ports(ports: Sequence[int] | None) -> str | None:
    return ",".join(map(str, sorted(ports))) if ports else None  # their order means nothing


def _of_command(a: list[str], b: list[str]) -> Iterator[Change]:
    """Yield words that differ, each with the option before it, whose value it may be."""
    shown_a, shown_b = masked_words(a), masked_words(b)
    for (a1, a2), (b1, b2) in _changes(a, b):
        if (a2 - a1, b2 - b1) == (1, 1) and min(len(a[a1]), len(b[b1])) > _LONG:
            for old, new in _in_word(a[a1], b[b1]):
                yield f"command[{a1}]", old or None, new or None
            continue
        before = int(0 < a1 < len(a) + 1 and b1 > 0 and a[a1 - 1].startswith("-") and a[a1 - 1] == b[b1 - 1])
        yield (
            f"command[{a1 - before}]",
            quoted(shown_a[a1 - before : a2]) if a2 > a1 else None,
            quoted(shown_b[b1 - before : b2]) if b2 > b1 else None,
        )


def _in_word(a: str, b: str) -> Iterator[tuple[str, str]]:
    """Yield lines in which two long words differ, or parts between blanks if each is a single line."""
    is_text = "\n" in a or "\n" in b
    pieces_a, pieces_b = (each.splitlines() if is_text else each.split() for each in (a, b))
    joint = "\n" if is_text else " "
    shown_a, shown_b = ([*map(masked, each)] if is_text else masked_words(each) for each in (pieces_a, pieces_b))
    found = [
        (joint.join(shown_a[a1:a2]), joint.join(shown_b[b1:b2])) for (a1, a2), (b1, b2) in _changes(pieces_a, pieces_b)
    ]
    yield from found or [(masked(a), masked(b))]  # only blanks differ


def _changes(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield the differing ranges of two sequences. Common beginnings and ends are skipped."""
    first = next((at for at, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    most = min(len(a), len(b)) - first
    last = next((at for at in range(most) if a[-1 - at] != b[-1 - at]), most)
    middle_a, middle_b = a[first : len(a) - last], b[first : len(b) - last]
    if len(middle_a) + len(middle_b) > _MOST_PIECES:
        yield (first, len(a) - last), (first, len(b) - last)
        return
    for tag, a1, a2, b1, b2 in SequenceMatcher(None, middle_a, middle_b, autojunk=False).get_opcodes():
        if tag != "equal":
            yield (first + a1, first + a2), (first + b1, first + b2)
