"""Local files and directories taken to a bucket, as huggingface_hub does it. The only user of that, if it is there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.jobspec.model import LOCAL, NewJob, Volume
from hfjobs_cli.models.packed_files import ARTIFACTS, MOUNT_PATH

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.model import LocalFile


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

    def filled(self, job: NewJob, uploads: Mapping[str, LocalFile]) -> NewJob:
        """Take all to the bucket that the job needs there, and return the job with its volumes. Raises HfJobsError."""
        with _translated():
            volumes = [self._synced(each) if each.type == LOCAL else each for each in job.volumes]
            if uploads:
                volumes.append(self._uploaded(uploads))
        return replace(job, volumes=tuple(volumes))

    def _synced(self, volume: Volume) -> Volume:
        made = self._api.sync_job_volume(
            volume.source, volume.mount_path, read_only=volume.read_only, namespace=self._namespace
        )
        return Volume(made.type, made.source, made.mount_path, made.revision, made.read_only, made.path)

    def _uploaded(self, uploads: Mapping[str, LocalFile]) -> Volume:
        """Return the directory of this launch alone, in which the files are, and to which the job may write."""
        directory = f"{self._now:%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self._api.create_bucket(bucket_id=self._bucket, exist_ok=True, private=True)
        files = {file.name: file.content for file in uploads.values()}
        added = [(content, f"{directory}/{name}") for name, content in files.items()]
        self._api.batch_bucket_files(bucket_id=self._bucket, add=added)
        return Volume("bucket", self._bucket, MOUNT_PATH, read_only=False, path=directory)


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
            hint="no job was created; check that the token has write access",
        ) from error
