"""Buckets: directories of files that clients upload, and that jobs use in place of the mounted bucket.

As on the Hub, a client first uploads the content of files to Xet, and then adds files with that content to a bucket.
Sources: https://huggingface.co/docs/xet (page api), and what huggingface_hub 2.4 with hf_xet 1.8 sends and reads.
"""

import json
import os
import re
import secrets
import stat
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path

from hfjobs_cli.emulator import xet_format
from hfjobs_cli.emulator.account import owner_of
from hfjobs_cli.emulator.api_types import ApiError, Document, wire_time
from hfjobs_cli.emulator.private_directory import State, make_directory

MAX_MTIME_MS = 253_402_300_799_000
"""The end of the year 9999."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_HASH = re.compile("[0-9a-f]{64}")
_EMPTY = "0" * 64
"""The hash of no content at all, which is not uploaded."""

_NEW_STORE = threading.Lock()

_FORBIDDEN = set('\0\\:*?"<>|' if os.name == "nt" else "\0")
_FILES = "files"
"""The files of a bucket are one level below its directory, so that this keeps the time at which it was made."""


class Buckets:
    """The buckets of one state directory, all of them private. Methods raise ApiError."""

    def __init__(self, state: State) -> None:
        """Do nothing yet."""
        self._state = state

    def create(self, namespace: str, name: str) -> bool:
        """Create a bucket, and return whether it did not exist."""
        owner_of(namespace)
        if not _NAME.fullmatch(name):
            raise ApiError(400, "Invalid bucket name")
        root = self._state.buckets / namespace / name / _FILES
        make_directory(root.parent)
        with suppress(FileExistsError):
            root.mkdir(mode=0o700)
            return True
        return False

    def find(self, namespace: str, name: str) -> Document:
        """Return a bucket."""
        root = self._root(namespace, name)
        sizes = [status.st_size for _, status in _files(root)]
        return {
            "id": f"{namespace}/{name}",
            "private": True,
            "createdAt": _modified(root.parent.stat()),
            "size": sum(sizes),
            "totalFiles": len(sizes),
        }

    def tree(self, namespace: str, name: str, prefix: str) -> list[Document]:
        """Return the files of a bucket in a directory. Jobs can change them, so their hashes are not known."""
        root = self._root(namespace, name)
        return [
            {
                "type": "file",
                "path": path.relative_to(root).as_posix(),
                "size": status.st_size,
                "xetHash": "",
                "mtime": _modified(status),
            }
            for path, status in _files(_inside(root, prefix) if prefix else root)
        ]

    def change(self, namespace: str, name: str, operations: Sequence[Document]) -> Document:
        """Add and delete files, and return which operations failed, and why."""
        root = self._root(namespace, name)
        failed = []
        for operation in operations:
            try:
                self._apply(root, operation)
            except (ApiError, OSError) as error:
                failed.append({"path": operation["path"], "error": getattr(error, "strerror", None) or str(error)})
        count = len(operations)
        return {"success": not failed, "processed": count, "succeeded": count - len(failed), "failed": failed}

    def _apply(self, root: Path, operation: Document) -> None:
        path = _inside(root, operation["path"])
        if operation["type"] == "deleteFile":
            path.unlink()
            return
        make_directory(path.parent)
        with _new(path) as part:
            with part.open("wb") as file:
                file.writelines(self._content(operation["xetHash"]))
            os.utime(part, (operation["mtime"] / 1000,) * 2)

    def _content(self, digest: str) -> Iterator[bytes]:
        """Yield the content with a hash, in pieces."""
        if digest == _EMPTY:
            return
        try:
            for segment in json.loads(self._stored(digest, "file").read_bytes()):
                xorb, size, start, end = segment
                content = b"".join(islice(xet_format.chunks(self._stored(xorb, "xorb").read_bytes()), start, end))
                if len(content) != size:
                    raise ApiError(400, "its chunks have another size than its shard says")
                yield content
        except FileNotFoundError:
            raise ApiError(404, "its content was not uploaded") from None
        except ValueError as error:
            raise ApiError(400, str(error)) from None

    def add_xorb(self, digest: str, body: bytes) -> None:
        """Store a xorb."""
        with _new(self._stored(digest, "xorb")) as part:
            part.write_bytes(body)

    def add_shard(self, body: bytes) -> None:
        """Store what the files that a shard lists consist of."""
        try:
            for digest, segments in xet_format.files(body):
                with _new(self._stored(digest, "file")) as part:
                    part.write_text(json.dumps(segments), encoding="ascii")
        except ValueError as error:
            raise ApiError(400, str(error)) from None

    def _stored(self, digest: str, kind: str) -> Path:
        if not _HASH.fullmatch(digest):
            raise ApiError(400, "Invalid hash")
        return self._state.xet / self.xet_store() / f"{digest}.{kind}"

    def xet_store(self) -> str:
        """Return the name of the store of contents. It changes with a reset: clients remember what a store has."""
        with _NEW_STORE:
            with suppress(FileNotFoundError, ValueError):
                return min(path.name for path in self._state.xet.iterdir())
            name = secrets.token_hex(8)
            make_directory(self._state.xet / name)
            return name

    def _root(self, namespace: str, name: str) -> Path:
        owner_of(namespace)
        root = self._state.buckets / namespace / name / _FILES
        if not _NAME.fullmatch(name) or not root.is_dir():
            raise ApiError(404, "Bucket not found")
        return root


def mounted(state: State, job: Document) -> dict[str, Path]:
    """Return the directories of the buckets that a job mounts, by the path at which it mounts them.

    Buckets that do not exist, and volumes of other types, are left out. Raises OSError.
    """
    found = {}
    for volume in job.get("volumes", ()):
        with suppress(ApiError, ValueError):
            namespace, name = volume["source"].split("/")
            if volume["type"] == "bucket":
                root = Buckets(state)._root(namespace, name)
                directory = _inside(root, volume["path"]) if volume.get("path") else root
                make_directory(directory)
                found[volume["mountPath"].rstrip("/")] = directory
    return found


def _inside(root: Path, path: str) -> Path:
    """Return the place of a file or directory of a bucket. Raises ApiError."""
    parts = path.strip("/").split("/")
    if set(parts) & {"", ".", ".."} or _FORBIDDEN & set(path):
        raise ApiError(400, "Invalid path")
    return root.joinpath(*parts)


def _files(root: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files below a directory; a job may delete some meanwhile."""
    for path in sorted(root.rglob("*")):
        with suppress(FileNotFoundError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                yield path, status


@contextmanager
def _new(path: Path) -> Iterator[Path]:
    """Yield a file to write that takes the place of `path` at the end of the block."""
    part = path.with_name(f".{secrets.token_hex(8)}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _modified(status: os.stat_result) -> str:
    """Return when a file was modified; at most the last second that can be written."""
    seconds = min(status.st_mtime, MAX_MTIME_MS / 1000)
    return wire_time(datetime.fromtimestamp(seconds, timezone.utc))
