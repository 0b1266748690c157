"""Whether a job is the one that was asked for: what contradicts that, and what the Hub may have changed itself.

What an answer leaves out contradicts nothing, and neither does what the Hub may add: variables, labels, a default.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from hfjobs_cli.query.names import is_id, is_name
from hfjobs_cli.records.reading import describe

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo, JobOwner
    from hfjobs_cli.records.schedule import JobSpec, ScheduledJob

Made = TypeVar("Made", "JobInfo", "ScheduledJob")

_RESOURCE_GROUP = re.compile(r"[0-9a-f]{24}")
"""A namespace that is the id of a resource group, whose jobs belong to an organization."""

_DEFAULT_REGISTRY = ("docker.io/", "index.docker.io/", "registry-1.docker.io/")

_CRON_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class Spec(Protocol):
    """What says what is to be run: a new job, or one that exists."""

    @property
    def docker_image(self) -> str | None: ...
    @property
    def space_id(self) -> str | None: ...
    @property
    def command(self) -> Sequence[str] | None: ...
    @property
    def arguments(self) -> Sequence[str] | None: ...
    @property
    def environment(self) -> Mapping[str, str] | None: ...
    @property
    def flavor(self) -> str | None: ...
    @property
    def labels(self) -> Mapping[str, str] | None: ...


@dataclass(frozen=True)
class Identity(Generic[Made]):
    """What was asked for, told from all else.

    `is_it` tells whether something in a listing is made from what was sent. Of an answer, `other` says why it cannot
    be about what was asked for, None if it can, and `changed` returns the fields that are not as they were sent.
    """

    is_it: Callable[[Made], bool]
    other: Callable[[Made], str | None]
    changed: Callable[[Made], Sequence[str]]


def contradiction(found: JobInfo | JobSpec, asked: Spec) -> str | None:
    """Say what shows that a job was not made from `asked`, its image or its command; None if nothing does."""
    if asked.space_id is not None:
        is_other = found.space_id is not None and found.space_id.casefold() != asked.space_id.casefold()
    else:
        is_other = found.image is not None and _image(found.image) != _image(asked.docker_image or "")
    if is_other:
        return f"whose image is {describe(found.image)}"
    line = [*(asked.command or ()), *(asked.arguments or ())]
    if line and found.command is not None and [*found.command, *(found.arguments or ())] != line:
        return "which runs another command"
    return None


def changes(found: JobInfo | JobSpec, asked: Spec) -> list[str]:
    """Return the fields of a job that are told, and not as they were asked for."""
    changed = [] if found.flavor in (None, asked.flavor) else ["flavor"]
    for name in ("environment", "labels"):
        told: Mapping[str, str] | None = getattr(found, name)
        sent: Mapping[str, str] = getattr(asked, name) or {}
        if told is not None and not sent.items() <= told.items():
            changed.append(name)
    return changed


def other_owner(owner: JobOwner, namespace: str) -> str | None:
    """Say that a job does not belong to the namespace where it was asked for; None if it may."""
    if (owner.name or "").casefold() == namespace.casefold() or _RESOURCE_GROUP.fullmatch(namespace):
        return None
    return f"which belongs to {describe(owner.name)}"


def no_new_one(made: JobInfo | ScheduledJob, noun: str, promised: str | None) -> str | None:
    """Say why an answer holds nothing new, of which `promised` is always told; None if it does."""
    if not is_id(made.id):
        return f"{describe(made.id)} cannot be the id of a {noun}"
    return None if promised and is_name(made.owner.name or "") else f"'{made.id}' may be no {noun}"


def same_schedule(one: str | None, other: str | None) -> bool:
    """Tell whether two cron expressions are spelled alike, but for blanks and names like `@daily`."""
    return _cron(one) == _cron(other)


def _cron(text: str | None) -> str:
    spelled = " ".join((text or "").split())
    return _CRON_ALIASES.get(spelled, spelled)


def _image(text: str) -> str:
    """Return the full name of an image, without what goes without saying."""
    name = text.casefold()
    for registry in _DEFAULT_REGISTRY:
        name = name.removeprefix(registry)
    name = name.removeprefix("library/").partition("@")[0]
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
