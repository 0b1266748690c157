"""Local files and directories taken to a bucket, as huggingface_hub does it. The only user of that, if it is there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.jobspec.model import LOCAL, NewJob, Volume
from hfjobs_cli.models.packed_files import ARTIFACTS, MOUNT_PATH

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.model import Launch, LocalFile


class Buckets:
    """The bucket of one namespace, made if there is none."""

    def __init__(self, namespace: str, endpoint: str, token: str | None, now: datetime) -> None:
        """Ask for nothing yet. Raises UsageError if huggingface_hub is not installed, or too old."""
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

    def filled(self, launches: Sequence[Launch]) -> list[NewJob]:
        """Take all to the bucket that jobs need there, and return the jobs with their volumes. Raises HfJobsError.

        A local directory is taken there once, by whichever job it is mounted.
        """
        with _translated():
            for volume in dict.fromkeys(each for launch in launches for each in launch.job.volumes):
                if volume.type == LOCAL and volume not in self._synced:
                    self._synced[volume] = self._sync(volume)
            mounted = self._uploaded([launch.uploads for launch in launches])
        return [
            replace(launch.job, volumes=(*(self._synced.get(each, each) for each in launch.job.volumes), *own))
            for launch, own in zip(launches, mounted, strict=True)
        ]

    def _sync(self, volume: Volume) -> Volume:
        made = self._api.sync_job_volume(
            volume.source, volume.mount_path, read_only=volume.read_only, namespace=self._namespace
        )
        return Volume(made.type, made.source, made.mount_path, made.revision, made.read_only, made.path)

    def _uploaded(self, uploads: Sequence[Mapping[str, LocalFile]]) -> list[list[Volume]]:
        """Return for each launch the directory of it alone that has its files, to which the job may write, if any."""
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
        while (name := f"{self._now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}") in self._taken:
            pass
        self._taken.add(name)
        return name


def _missing() -> UsageError:
    return UsageError(
        "cannot upload files to a bucket: huggingface_hub 2.4 or later is not installed",
        hint=("pip install 'huggingface_hub>=2.4', or mount an existing bucket: -v hf://buckets/OWNER/NAME:/PATH"),
    )


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except HfJobsError:
        raise
    except Exception as error:
        raise HfJobsError(
            f"cannot write to the bucket: {str(error) or type(error).__name__}",
            hint="jobs that need it were not created; check that the token has write access",
        ) from error
