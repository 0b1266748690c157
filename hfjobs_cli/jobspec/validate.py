"""Checks of a new job before it is sent: what the Hub would refuse, or accept and misread."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.jobspec.new_job import LOCAL, MAX_VARIABLE_BYTES, PROPERTIES, SPACE_PREFIXES, NewJob, Volume
from hfjobs_cli.jobspec.property_declaration import Row
from hfjobs_cli.query.label_edits import new_labels

if TYPE_CHECKING:
    from hfjobs_cli.models.hardware import Hardware

MAX_PORTS = 20
MAX_GROUP = 46
MAX_ALIAS = 34
"""Limits for the number of ports and the length of names in a network, from the Hub's OpenAPI document."""

_VARIABLE = r"[a-zA-Z][_a-zA-Z0-9]+"
_SECRET = r"[a-zA-Z][_a-zA-Z0-9]*"  # noqa: S105 - what their names look like
_HOST = r"[a-z0-9-]+"
_SPACE = r"(?a)[\w.-]+/[\w.-]+"
_GROUP_ID = r"[0-9a-fA-F]{24}"
_NOT_IN_VARIABLES = r"[^a-zA-Z0-9_]+"


def check(job: NewJob) -> None:
    """Raise UsageError for the first invalid property."""
    _check_image(job)
    _check_texts(job)
    _check_variables(job)
    new_labels([f"{key}={value}" for key, value in job.labels.items()])
    for row in PROPERTIES:
        _check_value(row, getattr(job, row.name))
    if len(job.ports) > MAX_PORTS:
        raise UsageError(f"too many ports: {len(job.ports)}", hint=f"use at most {MAX_PORTS}")
    _check_network(job)
    _check_volumes(job.volumes)
    if job.resource_group_id is not None and not re.fullmatch(_GROUP_ID, job.resource_group_id):
        raise UsageError(
            f"invalid resource group '{job.resource_group_id}'",
            hint="use its id of 24 hexadecimal digits, from the settings of the organization",
        )


def _check_value(row: Row, value: Any) -> None:
    """Check a value, or each item of a list, by the words and bounds of its row."""
    allowed = row.about
    for each in value if row.base is list else [value]:
        if type(each) is int and not allowed.least <= each <= allowed.most:
            raise UsageError(f"invalid {row.what} {each}", hint=f"use a number from {allowed.least} to {allowed.most}")
        if allowed.words and each is not None and each not in allowed.words:
            raise UsageError(f"invalid {row.what} '{each}'", hint=one_of(each, allowed.words))


def _check_image(job: NewJob) -> None:
    if job.space_id is not None:
        if job.docker_image is not None:
            raise UsageError("both an image and a Space given", hint="remove one of them")
        if not re.fullmatch(_SPACE, job.space_id):
            raise UsageError(f"invalid Space '{job.space_id}'", hint=f"use {SPACE_PREFIXES[-1]}OWNER/NAME")
        return
    image = job.docker_image or ""
    if not image:
        raise UsageError(
            "the image is empty", hint=("use an image such as 'python:3.12', or a Space: 'hf.co/spaces/OWNER/NAME'")
        )
    if "://" in image or re.search(r"[^!-~]", image) or image.startswith("-"):
        raise UsageError(
            f"invalid image '{image}'",
            hint="use [REGISTRY/]NAME[:TAG] such as 'python:3.12', or a Space: 'hf.co/spaces/OWNER/NAME'",
        )


def _check_texts(job: NewJob) -> None:
    for word in (*job.command, *job.arguments):
        _check_text(word, "an argument of the command")
    if "" in job.command:
        raise UsageError(
            "an argument of the command is empty, which the Hub does not accept",
            hint="run it in a shell: sh -c \"COMMAND ''\"",
        )
    for key, value in (*job.environment.items(), *job.secrets.items()):
        _check_text(value or "", f"the value of {key}", len(key) + 1)


def _check_text(text: str, what: str, before: int = 0) -> None:
    """Raise UsageError for text that cannot be passed to a process."""
    if "\0" in text:
        raise UsageError(
            f"{what} contains a NUL character, which cannot be passed to a program",
            hint="encode it, for example with base64",
        )
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise UsageError(f"{what} is not UTF-8", hint="encode it, for example with base64") from None
    if before + size >= MAX_VARIABLE_BYTES:
        raise UsageError(
            f"{what} has {size} bytes; the limit on Linux is {MAX_VARIABLE_BYTES - 1}",
            hint="put it in a file in a bucket or dataset, and mount that with -v",
        )


def _check_variables(job: NewJob) -> None:
    for name in job.environment:
        if not re.fullmatch(_VARIABLE, name):
            lone = "only secrets can have names of one letter" if re.fullmatch(_SECRET, name) else ""
            raise _wrong_name("variable", name, lone or "use at least two letters, digits or _, starting with a letter")
    for name in job.secrets:
        if not re.fullmatch(_SECRET, name):
            raise _wrong_name("secret", name, "use letters, digits and _, starting with a letter")


def _wrong_name(what: str, name: str, how: str) -> UsageError:
    near = re.sub(_NOT_IN_VARIABLES, "_", name.strip()).lstrip("_0123456789")
    hint = f"did you mean '{near}'?" if re.fullmatch(_VARIABLE, near) else how
    return UsageError(f"invalid {what} name '{name}'", hint=hint)


def _check_network(job: NewJob) -> None:
    if job.network_aliases and job.network_group is None:
        raise UsageError("--network-alias needs a network group", hint="add --network-group NAME")
    for text, what, longest in _hosts(job):
        if not re.fullmatch(_HOST, text) or len(text) > longest:
            near = re.sub(r"[^a-z0-9-]+", "-", text.lower()).strip("-")[:longest]
            how = f"use at most {longest} lowercase letters, digits and '-'"
            raise UsageError(f"invalid {what} '{text}'", hint=f"did you mean '{near}'?" if near else how)
    _check_once(job.network_aliases, "network alias '{}'")


def _hosts(job: NewJob) -> Iterator[tuple[str, str, int]]:
    if job.network_group is not None:
        yield job.network_group, "network group", MAX_GROUP
    for alias in job.network_aliases:
        yield alias, "network alias", MAX_ALIAS


def _check_volumes(volumes: Iterable[Volume]) -> None:
    found = list(volumes)
    for volume in found:
        if not volume.mount_path.startswith("/") or volume.mount_path == "/":
            raise UsageError(f"invalid mount path '{volume.mount_path}'", hint="use an absolute path such as '/data'")
        if volume.type not in ("bucket", "model", "dataset", "space", LOCAL):
            raise UsageError(
                f"invalid volume type '{volume.type}'",
                hint=one_of(volume.type, ["bucket", "model", "dataset", "space"]),
            )
        if volume.read_only is False and volume.type not in ("bucket", LOCAL):
            raise UsageError(
                f"'{volume.source}' at {volume.mount_path} cannot be mounted for writing",
                hint="only buckets are writable",
            )
    _check_once((volume.mount_path for volume in found), "mount path '{}'")


def _check_once(texts: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for text in texts:
        if text in seen:
            raise UsageError(f"{what.format(text)} given twice", hint="give it once")
        seen.add(text)


def check_flavor(
    flavor: str,
    flavors: Iterable[Hardware],
    hint: str = "'hfjobs hardware' lists the flavors; --any-flavor accepts any",
) -> None:
    """Raise UsageError for a flavor that is not among the `flavors` of the Hub. If these are unknown, any is valid."""
    prices = {each.name: each.price or 0 for each in flavors}
    if prices and flavor not in prices:
        near = _similar_flavor(flavor.lower(), prices)
        raise UsageError(f"unknown flavor '{flavor}'", hint=f"did you mean '{near}'?" if near else hint)


def _similar_flavor(word: str, prices: Mapping[str, float]) -> str | None:
    """Suggest a similar flavor: the cheapest of the same hardware, never a more expensive kind."""
    family = re.split(r"[^a-z0-9]", word)[0]
    in_family = [name for name in prices if name.startswith(family)] if len(family) > 1 else []
    same_numbers = [name for name in in_family or prices if _numbers(name) == _numbers(word) and name[:1] == word[:1]]
    near = get_close_matches(word, same_numbers, n=1, cutoff=0.8)
    if near and word != family:
        return near[0]
    return min(in_family or near, key=prices.__getitem__, default=None)


def _numbers(name: str) -> list[str]:
    return re.findall(r"[0-9]+", name)
