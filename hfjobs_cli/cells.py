"""A value -> its short text, None when there is nothing to say. The clock is an argument."""

from __future__ import annotations

import shlex
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.vocabulary import UNKNOWN_TYPE

if TYPE_CHECKING:
    from hfjobs_cli.models import JobInfo


def span(seconds: float) -> str:
    """Spell a length of time in at most two units: `45s`, `3m20s`, `2h5m`, `3d4h`."""
    whole = max(0, int(seconds))
    units = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
    for index, (letter, size) in enumerate(units):
        if whole >= size:
            text = f"{whole // size}{letter}"
            if index + 1 < len(units):
                smaller, smaller_size = units[index + 1]
                rest = whole % size // smaller_size
                text += f"{rest}{smaller}" if rest else ""
            return text
    return "0s"


def age(moment: datetime, now: datetime) -> str:
    """Spell how long ago `moment` was, in one unit: `12s ago`, `3h ago`, `5mo ago`."""
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
    """Spell a moment in UTC to the second, ISO 8601: `2026-05-11T13:16:07Z`."""
    return moment.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def moment_cell(moment: datetime | None, now: datetime | None) -> str | None:
    """Spell a moment for eyes, relative to `now`, or exactly if `now` is None."""
    if moment is None:
        return None
    return timestamp(moment) if now is None else age(moment, now)


def span_cell(seconds: float | None) -> str | None:
    """Spell a length of time, None if it is not known."""
    return None if seconds is None else span(seconds)


def image_cell(job: JobInfo) -> str | None:
    """Spell what the job runs in: an image, or a Space as `hf.co/spaces/OWNER/NAME`."""
    return f"hf.co/spaces/{job.space_id}" if job.space_id else job.docker_image


def command_cell(job: JobInfo) -> str | None:
    """Spell the whole command line so that a shell would read it back: `echo 'a b'`."""
    words = [*(job.command or ()), *(job.arguments or ())]
    return shlex.join(words) if words else None


def labels_cell(job: JobInfo) -> str | None:
    """Spell the labels as `--label` takes them, the name left to its own column: `env=prod,team=ml`."""
    labels = {key: value for key, value in (job.labels or {}).items() if key != "name"}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or None


def initiator_cell(job: JobInfo) -> str | None:
    """Spell what started the job as `--initiator` takes it."""
    return None if job.initiator is None else str(job.initiator)


def initiator_type_cell(job: JobInfo) -> str | None:
    """Spell the initiator's type alone, which `--initiator` takes as well."""
    return None if job.initiator is None else job.initiator.type or UNKNOWN_TYPE
