"""Where the emulator keeps things: one directory, for its owner only."""

import io
import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


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
        """The token of the served emulator."""
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

        Raises OSError, also for a directory that holds something else: `reset` must not remove what is not ours.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.database.exists() and {path.name for path in self.root.iterdir()} - {
            self.lock.name,
            self.token.name,
        }:
            raise OSError(None, "it is not empty, and not a directory of the emulator")
        make_private(self.database)

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


def kept_token(state: State) -> str:
    """Return the token of a state directory, made at the first start, in a file of its owner. Raises OSError."""
    with suppress(FileNotFoundError):
        token = state.token.read_text(encoding="ascii").strip()
        if token:
            return token
    draft = state.token.with_name(f"token.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f"hf_{secrets.token_hex(17)}\n")
    draft.replace(state.token)  # in one step, so that it is never there without a token
    return state.token.read_text(encoding="ascii").strip()
