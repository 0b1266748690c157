"""What a template can read of a job: the model's fields as `--format json` prints them, and a few more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hfjobs_cli import cells
from hfjobs_cli.models import JobInfo, JobInitiator, JobOwner, JobStatus
from hfjobs_cli.template import FUNCTIONS, Record, Schema


@dataclass(frozen=True)
class Extra:
    """A field that JSON has not, but `hf jobs` 1.x had."""

    about: str
    example: str
    read: Callable[[JobInfo, datetime], str | None]


EXTRAS = {
    "name": Extra("the label 'name'", "train-judge", lambda job, _now: job.name),
    "image": Extra("image or Space", "hf.co/spaces/alice/app", lambda job, _now: cells.image_cell(job)),
    "created": Extra("as created_at", "2026-05-11T13:16:07+00:00", lambda job, _now: _plain(job.created_at)),
    "runtime": Extra("how long it has run", "3h11m", lambda job, now: cells.span_cell(job.running_secs(now))),
}

ABOUT = {
    "id": ("its id", "6a01d697aff1cd33e8f33a64"),
    "created_at": ("creation", "2026-05-11T13:16:07+00:00"),
    "started_at": ("begin", "2026-05-11T13:18:02+00:00"),
    "finished_at": ("end", "2026-05-11T14:17:32+00:00"),
    "docker_image": ("image, null for a Space", "python:3.12"),
    "space_id": ("Space, null for an image", "alice/app"),
    "command": ("what it runs", "[python train.py]"),
    "arguments": ("words behind the command", "[--epochs 3]"),
    "environment": ("variables", "map[WANDB_MODE:offline]"),
    "secrets": ("names of its secrets", "[HF_TOKEN]"),
    "flavor": ("the hardware", "a10g-small"),
    "arch": ("kind of processor", "amd64"),
    "timeout": ("seconds it may run", "3600"),
    "retry": ("attempts less one", "2"),
    "labels": ("names and values", "map[name:train-judge]"),
    "volumes": ("what is mounted", "{{json .volumes}}"),
    "volumes[].type": ("bucket, model, dataset, space", "bucket"),
    "volumes[].source": ("bucket or repository", "alice/data"),
    "volumes[].mount_path": ("where it is mounted", "/data"),
    "volumes[].revision": ("of a repository", "main"),
    "volumes[].read_only": ("not to be written", "true"),
    "volumes[].path": ("directory in the source", "train"),
    "status": ("prints as its stage", "RUNNING"),
    "status.stage": ("where the job stands", "ERROR"),
    "status.message": ("why it stands there", "Job failed"),
    "status.cancel_reason": ("why it was canceled", "NO_CREDITS"),
    "status.failure_count": ("attempts that failed", "0"),
    "status.expose_urls": ("addresses of its ports", "[https://...]"),
    "status.ssh_url": ("address to log in to", "ssh://..."),
    "durations": ("seconds", "{{json .durations}}"),
    "durations.scheduling_secs": ("how long it waited", "76"),
    "durations.running_secs": ("how long it ran", "403"),
    "durations.total_secs": ("both together", "479"),
    "owner": ("prints as the name", "alice"),
    "owner.id": ("its id", "60107b385ac3e86b3ea4fc34"),
    "owner.name": ("the namespace", "alice"),
    "owner.type": ("user or org", "user"),
    "created_by": ("the person", "{{json .created_by}}"),
    "created_by.id": ("their id", "60107b385ac3e86b3ea4fc34"),
    "created_by.name": ("their name", "alice"),
    "initiator": ("prints as --initiator has it", "user:alice"),
    "initiator.type": ("what started the job", "scheduled-job"),
    "initiator.id": ("which", "69c4179671691dc46f166314"),
    "initiator.name": ("of a user or organisation", "alice"),
    "network": ("the network it joined", "{{json .network}}"),
    "network.group": ("name of the network", "training"),
    "network.aliases": ("names of the job there", "[worker]"),
    "expose": ("ports", "[8000]"),
    "expose_public": ("ports that need no token", "[8080]"),
    "resource_group_id": ("id", "66f1a0c2b7d04e2f9c318a55"),
    "endpoint": ("the Hub", "https://huggingface.co"),
    "url": ("its page", "https://huggingface.co/jobs/.."),
}
"""What each field of the model means, and an example. Names and types come from the model itself."""

_TYPE_NAMES = {str: "string", int: "number", float: "number", bool: "bool", datetime: "time"}


@cache
def schema() -> Schema:
    """Return the fields of a job, and those of its parts."""
    return {**_schema(JobInfo), **dict.fromkeys(EXTRAS, _NO_FIELDS)}


_NO_FIELDS: Schema = {}


def _schema(model: type) -> dict[str, Schema | None]:
    """Return the fields of a model. Only objects that hold anything, as labels do, may have any field."""
    hints = {name: _without_none(hint) for name, hint in get_type_hints(model).items()}
    return {
        name: _schema(hint) if _is_part(hint) else None if get_origin(hint) is dict else _NO_FIELDS
        for name, hint in hints.items()
    }


def _is_part(hint: Any) -> bool:
    """Tell whether the type of a field is a part of the model, with fields of its own."""
    return isinstance(hint, type) and is_dataclass(hint)


def read_job(job: JobInfo, names: set[str] | None, now: datetime) -> Record:
    """Return a job as plain data: the fields of these names, or all of them if `names` is None.

    `status`, `owner` and `initiator` print as short texts, as in a table.
    """
    if names is None:
        return Record(
            {each: _plain(getattr(job, each)) for each in JobInfo.__slots__},
            more={name: extra.read(job, now) for name, extra in EXTRAS.items()},
        )
    return Record(
        {name: EXTRAS[name].read(job, now) if name in EXTRAS else _plain(getattr(job, name)) for name in names}
    )


def _plain(value: Any) -> Any:
    """Return a value of the model as plain data."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not is_dataclass(value):
        return value
    plain = {each.name: getattr(value, each.name) for each in fields(value)}
    has_text = isinstance(value, JobStatus | JobOwner | JobInitiator)
    return Record(plain, text=str(value) if has_text else None)


def format_help() -> str:
    """Return what `--format help` prints: fields with their types, and functions."""
    told = [(path, kind, *ABOUT[path]) for path, kind in _typed(JobInfo)]
    told += [(name, "string", extra.about, extra.example) for name, extra in EXTRAS.items()]
    rows = [f" .{path:<25} {kind:<6} {about}, e.g. {example}" for path, kind, about, example in told]
    functions = [f" {each.usage:<25} {each.about}" for name, each in FUNCTIONS.items() if name != "call"]
    return "\n".join([_INTRODUCTION, "", "Fields:", *rows, "", "Functions:", *functions, ""])


_INTRODUCTION = """\
--format TEMPLATE prints one line per job, as a template of Go says.
--format 'table TEMPLATE' prints columns, separated by \\t, below headers.

 {{.id}} {{.status}}                                 values of fields
 {{.labels.team}} {{index .labels "cost-center"}}    labels
 {{or .status.message "-"}}                          what may be null
 {{with .initiator}}{{.type}}{{else}}-{{end}}        the same, at length
 {{if gt (or .durations.running_secs 0) 3600}}long{{end}}
 {{join .command " "}} {{.command | json}}           functions, in both forms
 {{range $key, $value := .labels}}{{$key}} {{end}}   lists and objects"""


def _typed(model: type, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the type of each field of a model, those of its parts behind it."""
    hints = get_type_hints(model)
    for each in fields(model):
        hint = _without_none(hints[each.name])
        yield f"{prefix}{each.name}", _type_name(hint)
        if _is_part(hint):
            yield from _typed(hint, f"{prefix}{each.name}.")
        elif get_origin(hint) is list and _is_part(get_args(hint)[0]):
            yield from _typed(get_args(hint)[0], f"{prefix}{each.name}[].")


def _type_name(hint: Any) -> str:
    if get_origin(hint) is list:
        return "list"
    if is_dataclass(hint) or get_origin(hint) is dict:
        return "object"
    return _TYPE_NAMES[hint]


def _without_none(hint: Any) -> Any:
    """Return the type of a field that may be None; of numbers, which may be int or float, one of both."""
    if get_origin(hint) in (Union, UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint
