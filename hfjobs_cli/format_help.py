"""What `--format help` prints: the fields of a job, from the model, and the functions, from their registry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args, get_origin

from hfjobs_cli.fields import EXTRAS, is_part, types_of
from hfjobs_cli.models import JobInfo
from hfjobs_cli.template import FUNCTIONS

_TYPE_NAMES = {str: "string", int: "number", float: "number", bool: "bool", datetime: "time"}


ABOUT = {
    "id": ("its id", "6a01d697aff1cd33e8f33a64"),
    "created_at": ("creation time", "2026-05-11T13:16:07+00:00"),
    "started_at": ("start time", "2026-05-11T13:18:02+00:00"),
    "finished_at": ("end time", "2026-05-11T14:17:32+00:00"),
    "docker_image": ("image, null for a Space", "python:3.12"),
    "space_id": ("Space, null for an image", "alice/app"),
    "command": ("the command", "[python train.py]"),
    "arguments": ("arguments of the command", "[--epochs 3]"),
    "environment": ("variables", "map[WANDB_MODE:offline]"),
    "secrets": ("names of its secrets", "[HF_TOKEN]"),
    "flavor": ("the hardware", "a10g-small"),
    "arch": ("kind of processor", "amd64"),
    "timeout": ("seconds it may run", "3600"),
    "retry": ("how often it is tried again", "2"),
    "labels": ("labels by name", "map[name:train-judge]"),
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
    "initiator.id": ("id of that", "69c4179671691dc46f166314"),
    "initiator.name": ("of a user or organisation", "alice"),
    "network": ("the network it joined", "{{json .network}}"),
    "network.group": ("name of the network", "training"),
    "network.aliases": ("names of the job there", "[worker]"),
    "expose": ("ports it serves on", "[8000]"),
    "expose_public": ("ports that need no token", "[8080]"),
    "resource_group_id": ("its id", "66f1a0c2b7d04e2f9c318a55"),
    "endpoint": ("the Hub", "https://huggingface.co"),
    "url": ("its page", "https://huggingface.co/jobs/.."),
}
"""What each field of the model means, and an example. Names and types come from the model itself."""


def format_help() -> str:
    """Return what `--format help` prints: fields with their types, and functions."""
    told = [(path, kind, *ABOUT[path]) for path, kind in _typed(JobInfo)]
    told += [(name, extra.kind, extra.about, extra.example) for name, extra in EXTRAS.items()]
    rows = [f" .{path:<25} {kind:<6} {about}: {example}" for path, kind, about, example in told]
    functions = [f" {each.usage:<25} {each.about}" for each in FUNCTIONS.values()]
    return "\n".join([_INTRODUCTION, "", "Fields:", *rows, "", "Functions:", *functions, ""])


_INTRODUCTION = """\
--format TEMPLATE prints one line per job from a Go template.
--format 'table TEMPLATE' prints columns with headers, separated by \\t.

 {{.id}} {{.status}}                                 values of fields
 {{.labels.team}} {{index .labels "cost-center"}}    labels
 {{or .status.message "-"}}                          what may be null
 {{with .initiator}}{{.type}}{{else}}-{{end}}        the same, at length
 {{if gt (or .durations.running_secs 0) 3600}}long{{end}}
 {{join .command " "}} {{.command | json}}           functions, in both forms
 {{range $key, $value := .labels}}{{$key}} {{end}}   lists and objects"""


def _typed(model: type, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the path and the type of each field of a model, those of its parts behind it."""
    for name, kind in types_of(model).items():
        yield f"{prefix}{name}", _type_name(kind)
        if is_part(kind):
            yield from _typed(kind, f"{prefix}{name}.")
        elif get_origin(kind) is list and is_part(get_args(kind)[0]):
            yield from _typed(get_args(kind)[0], f"{prefix}{name}[].")


def _type_name(kind: Any) -> str:
    if get_origin(kind) is list:
        return "list"
    return "object" if is_part(kind) or get_origin(kind) is dict else _TYPE_NAMES[kind]
