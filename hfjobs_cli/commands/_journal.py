"""A lock and journal on one machine: who creates the jobs of a sweep, or schedules of files, and what was requested.

The Hub has no locks. So on one machine a lock on a file lets one process at a time create the same jobs. The file also
records requests: if a process is killed, the next one finds there which jobs may still appear.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple

from hfjobs_cli.text.values import number

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SETTLED_SECS = 30.0
"""How long a job may take to appear in listings if the response to its request was lost."""

WAIT_SECS = 0.2
_LOCKED_BYTE = 2**30
"""The byte that is locked on Windows, where a locked byte cannot be read by others."""

_HELD = (errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK)
"""The errors for a lock that another process has."""


class Asked(NamedTuple):
    """A request for an item: its time, in seconds since 1970, and the id of its job once that is known."""

    at: float
    job_id: str | None = None


class Journal:
    """The file of one sweep, or of `apply`, at an endpoint. If it cannot be written, `problem` says why."""

    def __init__(self, directory: Path, endpoint: str, namespace: str, name: str, clock: Callable[[], float]) -> None:
        """Write nothing yet. `clock` returns the seconds since 1970."""
        key = hashlib.sha256("\0".join((endpoint, namespace, name)).encode()).hexdigest()[:16]
        self._path = directory / f"{name[:40]}-{key}.lock"
        self._clock = clock
        self._file: FileIO | None = None
        self._writing = threading.Lock()
        self.asked: dict[str, Asked] = {}
        self.problem: OSError | None = None

    @contextmanager
    def held(self, rest: Callable[[float], None]) -> Iterator[None]:
        """Hold the lock, with `rest` for pauses until it is free, and read the recorded requests."""
        file = self._opened()
        if file is None:
            yield
            return
        with file:
            while not self._try_lock(file):
                rest(WAIT_SECS)
            try:
                self._file = file
                self._read(file)
                yield
                self._rewrite(file)
            finally:
                self._file = None
                _unlock(file)

    def ask(self, item: str) -> None:
        """Record that an item is about to be requested."""
        self._note(item, Asked(self._clock()))

    def answer(self, item: str, job_id: str | None) -> None:
        """Record the result: the id of its job, or None if it is certain that there is no job."""
        self._note(item, None if job_id is None else Asked(self._clock(), job_id))

    def is_settled(self, item: str) -> bool:
        """Return whether no earlier request can still create a job for an item."""
        asked = self.asked.get(item)
        return asked is None or asked.job_id is not None or not self._is_recent(asked)

    def _is_recent(self, asked: Asked) -> bool:
        """Return whether listings may not show the result of a request yet. The clock may have been set back."""
        return abs(self._clock() - asked.at) < SETTLED_SECS

    def _try_lock(self, file: FileIO) -> bool:
        """Return False if another process has the lock. Some network drives have no locks."""
        try:
            _lock(file)
        except OSError as error:
            if error.errno in _HELD:
                return False
            self.problem = error
        return True

    def _note(self, item: str, asked: Asked | None) -> None:
        with self._writing:
            if asked is None:
                self.asked.pop(item, None)
            else:
                self.asked[item] = asked
            if self._file is not None:
                line = json.dumps([item, *(asked or (0.0, None))])
                with suppress(OSError):  # a full disk: listings still show the jobs
                    self._file.write(f"{line}\n".encode())
                    self._file.flush()

    def _opened(self) -> FileIO | None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
            return FileIO(descriptor, "r+")
        except OSError as error:
            self.problem = error
            return None

    def _read(self, file: FileIO) -> None:
        """Take over what another process has noted. A last line may be cut, and any may be garbage."""
        file.seek(0)
        for line in file.read().splitlines():
            with suppress(ValueError, TypeError):
                item, at, job_id = json.loads(line)
                moment = number(str(at))
                if not isinstance(item, str) or moment is None:
                    continue
                if not moment:
                    self.asked.pop(item, None)
                else:
                    self.asked[item] = Asked(moment, job_id if isinstance(job_id, str) else None)

    def _rewrite(self, file: FileIO) -> None:
        """Keep what may not show in a listing yet, and forget all else."""
        self.asked = {item: asked for item, asked in self.asked.items() if self._is_recent(asked)}
        with suppress(OSError):
            file.seek(0)
            file.truncate()
            file.write("".join(f"{json.dumps([item, *asked])}\n" for item, asked in self.asked.items()).encode())
            file.flush()


def _lock(file: FileIO) -> None:
    if sys.platform == "win32":
        file.seek(_LOCKED_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(file: FileIO) -> None:
    if sys.platform == "win32":
        with suppress(OSError):
            file.seek(_LOCKED_BYTE)
            msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
    # elsewhere closing the file does it
