"""Where the emulator keeps things: one directory, for its owner only."""

import io
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hfjobs_cli.emulator import trust


@dataclass(frozen=True)
class State:
    """The places below one directory. None of them need exist."""

    root: Path

    @property
    def database(self) -> Path:
        """The jobs and scheduled jobs, with the values of their secrets."""
        return self.root / "jobs.sqlite3"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it is at work, and by whoever looks whether there is one."""
        return self.root / "supervisor.lock"

    @property
    def supervisor_errors(self) -> Path:
        """What a supervisor that failed has to say."""
        return self.root / "supervisor.log"

    @property
    def token(self) -> Path:
        """The token of a server, which earlier versions kept here. Nothing is read from it."""
        return self.root / "token"

    @property
    def logs(self) -> Path:
        """The output of jobs."""
        return self.root / "logs"

    @property
    def work(self) -> Path:
        """The directories in which jobs run."""
        return self.root / "work"

    def log_of(self, identifier: str) -> Path:
        """The output of one job, a JSON object a line as the Hub sends it: `data` and `timestamp`."""
        return self.logs / f"{identifier}.jsonl"

    def work_of(self, identifier: str) -> Path:
        """The directory in which one job runs; it is there as long as the job."""
        return self.work / identifier

    def make(self) -> None:
        """Make the directory, and the database as an empty file that nobody else can read.

        Raises Untrusted if others may have had a hand in what is there, and OSError, also for a directory that holds
        something else: `reset` must not remove what is not ours.
        """
        trust.check_place(self.root)
        _make_directory(self.root)
        if not self.is_made():
            names = {path.name for path in self.root.iterdir()}
            if names - {self.lock.name} and self.database.name not in names:  # else somebody makes it at this moment
                raise OSError(None, "it is not empty, and not a directory of the emulator")
        make_private(self.database)

    def is_made(self) -> bool:
        """Tell whether there is a database. Raises Untrusted if others may have had a hand in what is there."""
        trust.check_place(self.root)
        trust.check_directory(self.root)
        if not os.path.lexists(self.database):
            return False
        for file in (self.database, self.lock):
            for suffix in ("", "-journal", "-wal", "-shm"):  # what SQLite keeps beside it
                trust.check_file(file.with_name(file.name + suffix), is_secret=file == self.database)
        trust.check_file(self.token, is_secret=True)
        trust.check_file(self.supervisor_errors, is_secret=False)
        trust.check_directory(self.logs)
        trust.check_directory(self.work)
        return True

    def directories_at_work(self) -> list[Path]:
        """Return the directories of jobs that run, or of which nobody has tidied up."""
        return [*self.work.iterdir()] if self.work.exists() else []


def open_itself(path: Path, mode: Literal["ab", "rb"]) -> io.FileIO:
    """Open a file, but not through a symbolic link; one that is made is its owner's alone. Raises OSError."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)

    return open(path, mode, buffering=0, opener=opener)


def make_private(path: Path) -> None:
    """Make a file that is not there, as one that nobody else can read. Raises OSError.

    One that is there must not be opened: SQLite's locks on it would be lost when it is closed again
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def _make_directory(path: Path) -> None:
    """Make a directory, and those above it, for its owner alone. Raises OSError."""
    try:
        path.mkdir(mode=0o700)
    except FileNotFoundError:
        _make_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        if not path.is_dir():
            raise
