"""Volumes: as text for `-v`, such as `hf://datasets/OWNER/NAME@REVISION/PATH:/MOUNT:ro`, and uploads to a bucket.

A local directory is a volume, too. It is uploaded to the bucket of the namespace before the job is created.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.jobspec.new_job import LOCAL, NewJob, Volume
from hfjobs_cli.models.spec import ARTIFACTS, MOUNT_PATH
from hfjobs_cli.text.values import expanded_path

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.new_job import Launch, LocalFile

HUB = "hf://"

TYPES = {"models": "model", "datasets": "dataset", "spaces": "space", "buckets": "bucket"}
"""The prefix of the owner for each type."""

_SPECIAL_REVISION = r"refs/(?:convert/[\w.-]+|pr/[0-9]+)"
"""Revisions that contain slashes."""

_PART = r"(?a)(?![.-])[\w.-]{1,96}(?<![.-])"
_HOW = "use hf://[TYPE/]OWNER/NAME[@REVISION][/PATH]:/MOUNT[:ro|:rw]; types: " + ", ".join(TYPES)


def parse_volume(text: str) -> Volume:
    """Parse the value of `-v`. Raises UsageError."""
    place, mount_path, read_only = _split_mount(text)
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
    if not at or before.count("/") > 1:  # a later @ is part of the name of a file
        owner, _, rest = place.partition("/")
        name, _, path = rest.partition("/")
        source, revision = f"{owner}/{name}", None
    else:
        source = before
        special = re.match(_SPECIAL_REVISION, after)
        revision, path = (special[0], after[special.end() :].removeprefix("/")) if special else ("", "")
        if not special:
            revision, _, path = after.partition("/")
        revision = unquote(revision)
        if type_ == "bucket":
            raise UsageError(f"volume '{text}' has a revision, but buckets have none", hint="remove '@...'")
        if not revision:
            raise UsageError(f"volume '{text}' has no revision after '@'", hint="use for example OWNER/NAME@main")
    parts = source.split("/")
    if len(parts) != 2 or not all(re.fullmatch(_PART, part) for part in parts) or "--" in source or ".." in source:
        raise UsageError(f"volume '{text}': '{source.strip('/')}' is not OWNER/NAME", hint=_HOW)
    if path.startswith("/") or "//" in path:
        raise UsageError(f"volume '{text}' has an empty part in its path", hint="use one / between two names")
    return source, revision, path


def _split_mount(text: str) -> tuple[str, str | None, bool | None]:
    """Split a volume into source, mount path and read-only flag; the last two may be None."""
    place, read_only = text, None
    for suffix, value in ((":ro", True), (":rw", False)):
        if text.endswith(suffix):
            place, read_only = text.removesuffix(suffix), value
    cut = place.rfind(":/", len(HUB) - 2 if place.startswith(HUB) else 0)
    return (place, None, read_only) if cut < 0 else (place[:cut], place[cut + 1 :], read_only)


def merged_volumes(lower: Sequence[str], upper: Sequence[str]) -> tuple[list[str], list[str]]:
    """Merge volumes, and return the remaining ones of `lower`: at equal mount paths, `upper` wins."""
    taken = {_split_mount(text)[1] for text in upper}
    kept = [text for text in lower if _split_mount(text)[1] not in taken]
    return [*kept, *upper], kept


def format_volume(volume: Volume) -> str:
    """Format a volume as a value of `-v`."""
    place = volume.source
    if volume.type != LOCAL:
        prefix = next((word for word, type_ in TYPES.items() if type_ == volume.type), volume.type)
        place = f"{HUB}{prefix}/{volume.source}"
        if volume.revision is not None:
            special = re.fullmatch(_SPECIAL_REVISION, volume.revision)
            place += "@" + (volume.revision if special else quote(volume.revision, safe=""))
        place += f"/{volume.path}" if volume.path else ""
    mode = "" if volume.read_only is None else ":ro" if volume.read_only else ":rw"
    return f"{place}:{volume.mount_path}{mode}"


def exact_volume(volume: Volume) -> str:
    """Format a volume as a value of `-v` that is parsed as the same volume. Raises UsageError if there is none."""
    explicit = volume
    if volume.read_only is None and volume.mount_path.endswith((":ro", ":rw")):
        # The end of the path would be parsed as the mode, so the default is added: only buckets are writable.
        explicit = replace(volume, read_only=volume.type != "bucket")
    text = format_volume(explicit)
    try:
        is_same = parse_volume(text) == explicit
    except UsageError:
        is_same = False
    if not is_same:
        raise UsageError(f"cannot write the volume '{volume.source}' at '{volume.mount_path}' as an option -v")
    return text


def check_local(volumes: Iterable[Volume]) -> None:
    """Raise UsageError for a local directory that does not exist."""
    for volume in volumes:
        if volume.type == LOCAL and not expanded_path(volume.source).is_dir():
            raise UsageError(
                f"volume '{volume.source}' is not a local directory",
                hint=f"for a bucket or repository, use hf://buckets/OWNER/NAME:{volume.mount_path}",
            )


class Bucket:
    """The bucket of a namespace for local files, created if it does not exist. Uploads are made by huggingface_hub."""

    def __init__(self, namespace: str, endpoint: str, token: str | None, now: datetime) -> None:
        """Send no request yet. Raises UsageError if huggingface_hub is not installed, or too old."""
        try:
            from huggingface_hub import HfApi
        except ImportError:
            raise _missing() from None
        self._api: Any = HfApi(endpoint=endpoint, token=token)
        if not hasattr(self._api, "sync_job_volume"):
            raise _missing()
        self._namespace = namespace
        self._bucket = f"{namespace}/{ARTIFACTS}"
        self._now = now
        self._synced: dict[Volume, Volume] = {}
        self._taken: set[str] = set()

    def upload(self, launches: Sequence[Launch]) -> list[NewJob]:
        """Upload local directories and files, and return the jobs with their volumes. Raises HfJobsError.

        A local directory that several jobs mount is uploaded once.
        """
        with _upload_errors():
            for volume in dict.fromkeys(each for launch in launches for each in launch.job.volumes):
                if volume.type == LOCAL and volume not in self._synced:
                    self._synced[volume] = self._sync(volume)
            mounted = self._upload_files([launch.uploads for launch in launches])
        return [
            replace(launch.job, volumes=(*(self._synced.get(each, each) for each in launch.job.volumes), *own))
            for launch, own in zip(launches, mounted, strict=True)
        ]

    def _sync(self, volume: Volume) -> Volume:
        made = self._api.sync_job_volume(
            volume.source, volume.mount_path, read_only=volume.read_only, namespace=self._namespace
        )
        return Volume(made.type, made.source, made.mount_path, made.revision, made.read_only, made.path)

    def _upload_files(self, uploads: Sequence[Mapping[str, LocalFile]]) -> list[list[Volume]]:
        """Upload the files of each launch into a directory of its own, and return that as a writable volume, if any."""
        found: list[list[Volume]] = []
        added: list[tuple[bytes, str]] = []
        for files in uploads:
            directory = self._new_directory()
            contents = {file.name: file.content for file in files.values()}
            added += [(content, f"{directory}/{name}") for name, content in contents.items()]
            found.append([Volume("bucket", self._bucket, MOUNT_PATH, read_only=False, path=directory)] * bool(files))
        if added:
            self._api.create_bucket(bucket_id=self._bucket, exist_ok=True, private=True)
            self._api.batch_bucket_files(bucket_id=self._bucket, add=added)
        return found

    def _new_directory(self) -> str:
        """Return the name of a directory that no other launch has."""
        while (name := f"{self._now:%Y%m%dT%H%M%S}-{os.urandom(3).hex()}") in self._taken:
            pass
        self._taken.add(name)
        return name


def _missing() -> UsageError:
    return UsageError(
        "cannot upload files to a bucket: huggingface_hub 2.4 or later is not installed",
        hint="pip install 'huggingface_hub>=2.4', or mount an existing bucket: -v hf://buckets/OWNER/NAME:/PATH",
    )


@contextmanager
def _upload_errors() -> Iterator[None]:
    try:
        yield
    except HfJobsError:
        raise
    except Exception as error:
        raise HfJobsError(
            f"cannot write to the bucket: {str(error) or type(error).__name__}",
            hint="jobs that need it were not created; check that the token has write access",
        ) from error
