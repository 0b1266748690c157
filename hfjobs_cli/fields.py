"""What a template can read of a job: the model's fields as `--format json` prints them, and a few more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hfjobs_cli import cells
from hfjobs_cli.models import JobInfo, JobInitiator, JobOwner, JobStatus, Part
from hfjobs_cli.template import Record, Schema


@dataclass(frozen=True)
class Extra:
    """A field that is not in the JSON: what it means, an example, and how it is read."""

    about: str
    example: str
    read: Callable[[JobInfo, datetime], str | None]
    kind: str = "string"


EXTRAS = {
    "name": Extra("the label 'name'", "train-judge", lambda job, _now: job.name),
    "image": Extra("image or Space", "hf.co/spaces/alice/app", lambda job, _now: cells.image_cell(job)),
    "created": Extra("created_at", "2026-05-11T13:16:07+00:00", lambda job, _now: _plain(job.created_at), "time"),
    "runtime": Extra("how long it has run", "3h11m", lambda job, now: cells.span_cell(job.running_secs(now))),
}
"""Fields as `hf jobs` 1.x called them, and the name."""

_NO_FIELDS: Schema = {}


def schema() -> Schema:
    """Return the fields of a job, and those of its parts."""
    return {**_schema(JobInfo), **dict.fromkeys(EXTRAS, _NO_FIELDS)}


def _schema(model: type) -> dict[str, Schema | None]:
    """Return the fields of a model. Only what may hold anything, as labels do, may have any field."""
    return {
        name: _schema(kind) if is_part(kind) else None if get_origin(kind) is dict else _NO_FIELDS
        for name, kind in types_of(model).items()
    }


def types_of(model: type) -> dict[str, Any]:
    """Return the types of a model's fields, None left aside; of numbers, which may be int or float, one of both."""
    return {name: _without_none(hint) for name, hint in get_type_hints(model).items()}


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def is_part(kind: Any) -> bool:
    """Tell whether a type is a part of the model, with fields of its own."""
    return isinstance(kind, type) and issubclass(kind, Part)


def read_job(job: JobInfo, names: set[str] | None, now: datetime) -> Record:
    """Return a job as plain data: the fields of these names, or all of them if `names` is None.

    `status`, `owner` and `initiator` print as short texts, as in a table.
    """
    if names is None:
        return Record(_parts(job), more={name: extra.read(job, now) for name, extra in EXTRAS.items()})
    # With an id in it, it is never empty, and so never false.
    return Record(
        {name: EXTRAS[name].read(job, now) if name in EXTRAS else _plain(getattr(job, name)) for name in ("id", *names)}
    )


def _plain(value: Any) -> Any:
    """Return a value of the model as plain data."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Part):
        has_text = isinstance(value, JobStatus | JobOwner | JobInitiator)
        return Record(_parts(value), text=str(value) if has_text else None)
    return value


def _parts(part: Part) -> dict[str, Any]:
    return {name: _plain(value) for name, value in part.values().items()}
