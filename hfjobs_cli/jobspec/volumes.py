"""Volumes as they are typed: `hf://datasets/OWNER/NAME@REVISION/PATH:/MOUNT:ro`, or a directory of this machine."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.environment import typed_path
from hfjobs_cli.jobspec.model import LOCAL, Volume

HUB = "hf://"

TYPES = {"models": "model", "datasets": "dataset", "spaces": "space", "buckets": "bucket"}
"""What is written before the owner, and the type that it stands for."""

_SPECIAL_REVISION = re.compile(r"refs/(?:convert/[\w.-]+|pr/[0-9]+)")
"""Revisions whose slashes are their own."""

_PART = re.compile(r"(?![.-])[\w.-]{1,96}(?<![.-])", re.ASCII)
_HOW = "use hf://[TYPE/]OWNER/NAME[@REVISION][/PATH]:/MOUNT[:ro|:rw]; types: " + ", ".join(TYPES)


def parse_volume(text: str) -> Volume:
    """Return the volume that was typed. Raises UsageError."""
    place, mount_path, read_only = split_mount(text)
    if mount_path is None:
        example = f"{place}:/data" if place else "./data:/data"
        raise UsageError(f"volume '{text}' has no mount path", hint=f"use for example '{example}'")
    if not place or mount_path == "/":
        raise UsageError(f"volume '{text}' cannot be mounted at '{mount_path}'", hint=_HOW)
    if not place.startswith(HUB):
        return Volume(LOCAL, place, mount_path, read_only=True if read_only is None else read_only)
    type_, rest = _split_type(place.removeprefix(HUB), text)
    source, revision, path = _split_source(rest.strip("/"), type_, text)
    if read_only is False and type_ != "bucket":
        raise UsageError(
            f"volume '{text}' cannot be mounted for writing", hint="remove ':rw'; only buckets are writable"
        )
    return Volume(type_, source, mount_path, revision, read_only, path or None)


def check_local(volumes: Iterable[Volume]) -> None:
    """Raise UsageError for a directory of this machine that is not there."""
    for volume in volumes:
        if volume.type == LOCAL and not typed_path(volume.source).is_dir():
            raise UsageError(
                f"volume '{volume.source}' is not a local directory",
                hint=f"for a bucket or repository, use hf://buckets/OWNER/NAME:{volume.mount_path}",
            )


def spell_volume(volume: Volume) -> str:
    """Format a volume as an argument of `-v`."""
    place = volume.source
    if volume.type != LOCAL:
        prefix = next((word for word, type_ in TYPES.items() if type_ == volume.type), volume.type)
        place = f"{HUB}{prefix}/{volume.source}"
        if volume.revision is not None:
            special = _SPECIAL_REVISION.fullmatch(volume.revision)
            place += "@" + (volume.revision if special else quote(volume.revision, safe=""))
        place += f"/{volume.path}" if volume.path else ""
    mode = "" if volume.read_only is None else ":ro" if volume.read_only else ":rw"
    return f"{place}:{volume.mount_path}{mode}"


def merge(lower: Sequence[str], upper: Sequence[str]) -> tuple[list[str], list[str]]:
    """Merge volumes, and return the remaining ones of `lower`: at equal mount paths, `upper` wins."""
    taken = {split_mount(text)[1] for text in upper}
    kept = [text for text in lower if split_mount(text)[1] not in taken]
    return [*kept, *upper], kept


def split_mount(text: str) -> tuple[str, str | None, bool | None]:
    """Split a volume into source, mount path and read-only flag; the last two may be None."""
    place, read_only = text, None
    for suffix, value in ((":ro", True), (":rw", False)):
        if text.endswith(suffix):
            place, read_only = text.removesuffix(suffix), value
    cut = place.rfind(":/", len(HUB) - 2 if place.startswith(HUB) else 0)
    return (place, None, read_only) if cut < 0 else (place[:cut], place[cut + 1 :], read_only)


def _split_type(place: str, text: str) -> tuple[str, str]:
    first, slash, rest = place.partition("/")
    if first in TYPES:
        return TYPES[first], rest
    if first in TYPES.values():
        raise UsageError(f"volume '{text}' has no valid type", hint=f"did you mean '{HUB}{first}s/{rest}'?")
    if first == "kernels" and slash:
        raise UsageError(f"volume '{text}' is a kernel, which jobs cannot mount", hint=_HOW)
    return "model", place


def _split_source(place: str, type_: str, text: str) -> tuple[str, str | None, str]:
    """Return owner and name, the revision if one is named, and the path in it."""
    before, at, after = place.partition("@")
    if not at or before.count("/") > 1:  # an @ further back belongs to a file's name
        owner, _, rest = place.partition("/")
        name, _, path = rest.partition("/")
        source, revision = f"{owner}/{name}", None
    else:
        source = before
        special = _SPECIAL_REVISION.match(after)
        revision, path = (special[0], after[special.end() :].removeprefix("/")) if special else ("", "")
        if not special:
            revision, _, path = after.partition("/")
        revision = unquote(revision)
        if type_ == "bucket":
            raise UsageError(f"volume '{text}' has a revision, but buckets have none", hint="remove '@...'")
        if not revision:
            raise UsageError(f"volume '{text}' has no revision after '@'", hint="use for example OWNER/NAME@main")
    parts = source.split("/")
    if len(parts) != 2 or not all(map(_PART.fullmatch, parts)) or "--" in source or ".." in source:
        raise UsageError(f"volume '{text}': '{source.strip('/')}' is not OWNER/NAME", hint=_HOW)
    if path.startswith("/") or "//" in path:
        raise UsageError(f"volume '{text}' has an empty part in its path", hint="use one / between two names")
    return source, revision, path
