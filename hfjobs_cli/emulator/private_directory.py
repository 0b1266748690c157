"""The state directory: one, for its owner only, with path permissions checked."""

import errno
import io
import os
import shlex
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

if sys.platform != "win32":
    import grp
    import pwd


@dataclass(frozen=True)
class State:
    """The paths below one state directory. None of them need exist."""

    root: Path

    @property
    def database(self) -> Path:
        """The jobs and scheduled jobs, with the values of their secrets."""
        return self.root / "jobs.sqlite3"

    @property
    def lock(self) -> Path:
        """The lock file of the supervisor."""
        return self.root / "supervisor.lock"

    @property
    def supervisor_errors(self) -> Path:
        """The error output of a failed supervisor."""
        return self.root / "supervisor.log"

    @property
    def token(self) -> Path:
        """The token of a server, which earlier versions stored here. It is never read."""
        return self.root / "token"

    @property
    def logs(self) -> Path:
        """The output of jobs."""
        return self.root / "logs"

    @property
    def work(self) -> Path:
        """The directories in which jobs run."""
        return self.root / "work"

    @property
    def buckets(self) -> Path:
        """The buckets, and the files in them."""
        return self.root / "buckets"

    @property
    def xet(self) -> Path:
        """The contents that clients upload before they add files to buckets."""
        return self.root / "xet"

    def log_of(self, identifier: str) -> Path:
        """The output of one job: a JSON object per line as the Hub sends it, with `data` and `timestamp`."""
        return self.logs / f"{identifier}.jsonl"

    def work_of(self, identifier: str) -> Path:
        """The directory in which one job runs; it is removed when the job ends."""
        return self.work / identifier

    def make(self) -> None:
        """Create the directory, and the database as an empty private file.

        Raises Untrusted if others can change or replace what is there, and OSError, also for a directory with other
        content, which `reset` must not remove.
        """
        check_place(self.root)
        make_directory(self.root)
        if not self.is_made():
            names = {path.name for path in self.root.iterdir()}
            if names - {self.lock.name} and self.database.name not in names:  # else another process just made it
                raise OSError(None, "not empty, and not a directory of the emulator")
        make_private(self.database)

    def is_made(self) -> bool:
        """Return whether there is a database. Raises Untrusted if others can change or replace what is there."""
        check_place(self.root)
        check_directory(self.root)
        if not os.path.lexists(self.database):
            return False
        for file in (self.database, self.lock):
            for suffix in ("", "-journal", "-wal", "-shm"):  # files of SQLite
                check_file(file.with_name(file.name + suffix), is_secret=file == self.database)
        check_file(self.token, is_secret=True)
        check_file(self.supervisor_errors, is_secret=False)
        for directory in (self.logs, self.work, self.buckets, self.xet):
            check_directory(directory)
        return True

    def directories_at_work(self) -> list[Path]:
        """Return the directories of running jobs, and of finished ones that were not cleaned up."""
        return [*self.work.iterdir()] if self.work.exists() else []


def open_itself(path: Path, mode: Literal["ab", "rb"]) -> io.FileIO:
    """Open a file, but not through a symbolic link. A new file is private (0600). Raises OSError."""

    def opener(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)

    return open(path, mode, buffering=0, opener=opener)


def make_private(path: Path) -> None:
    """Create a private file (0600), unless it exists. Raises OSError.

    An existing file must not be opened: closing it would drop SQLite's locks on it
    (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))


def make_directory(path: Path) -> None:
    """Create a private directory (0700), and missing ones above it, unless it exists. Raises OSError."""
    try:
        path.mkdir(mode=0o700)
    except FileNotFoundError:
        make_directory(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    except OSError:
        if not path.is_dir():
            raise


_MAX_LINKS = 40
_WRITE, _READ_OR_WRITE = 0o022, 0o066


class Untrusted(OSError):
    """A path that others can change or replace. `remedy` is a fix, if known."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        """`message` names what others could change, and how."""
        super().__init__(message)
        self.remedy = remedy


def check_place(directory: Path) -> None:
    """Raise Untrusted if others can replace a directory, which need not exist.

    Symbolic links in its path are followed if nobody else can change them. Raises OSError if it cannot be read.
    """
    if directory.is_symlink():
        raise Untrusted(f"{directory} is a symbolic link")
    if os.name == "nt":
        return
    here, way, links = Path(directory.anchor), [*reversed(directory.parts[1:])], 0
    while way:
        name = way.pop()
        if name == "..":
            here = here.parent
            continue
        entry = here / name
        try:
            found = entry.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return  # nothing is there to replace; it is checked again once it exists
        _check_entry(here, entry, found)
        if not stat.S_ISLNK(found.st_mode):
            here = entry
            continue
        links += 1
        if links > _MAX_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(directory))
        target = entry.readlink()
        here = Path(target.anchor) if target.is_absolute() else here
        way += reversed(target.parts[1:] if target.is_absolute() else target.parts)


def check_directory(path: Path) -> None:
    """Raise Untrusted if a directory is not the user's, or others can write to it. Raises OSError if it is not one."""
    found = _of_owner(path, _WRITE)
    if found is not None and not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path))


def check_file(path: Path, *, is_secret: bool) -> None:
    """Raise Untrusted if a file is not the user's, others can write to it or, if it is secret, read it."""
    found = _of_owner(path, _READ_OR_WRITE if is_secret else _WRITE)
    if found is not None and not stat.S_ISREG(found.st_mode):
        raise Untrusted(f"{path} is not a file")


def _check_entry(holder: Path, entry: Path, found: os.stat_result) -> None:
    """Raise Untrusted if others can replace an entry of a directory."""
    above = holder.stat()
    _check_owner(holder, above, 0)
    if not _is_writable(above):
        return
    if not above.st_mode & stat.S_ISVTX:
        raise Untrusted(f"others can write to {holder}", f"chmod go-w {shlex.quote(str(holder))}")
    _check_owner(entry, found, 0)


def _of_owner(path: Path, forbidden: int) -> os.stat_result | None:
    """Return the status of a path, None if it does not exist. Raises Untrusted."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise Untrusted(f"{path} is a symbolic link")
    if os.name != "nt":
        _check_owner(path, found)
        if found.st_mode & forbidden:
            action = "write to" if found.st_mode & _WRITE else "read"
            mode = "go-w" if forbidden == _WRITE else "go-rw"
            raise Untrusted(f"others can {action} {path}", f"chmod {mode} {shlex.quote(str(path))}")
    return found


def _check_owner(path: Path, found: os.stat_result, *others: int) -> None:
    if found.st_uid not in (os.geteuid(), *others):
        raise Untrusted(f"{path} belongs to {_name(found.st_uid)}")


def _name(uid: int) -> str:
    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user {uid}"


def _is_writable(found: os.stat_result) -> bool:
    """Return whether others can write to a directory; members of a group with only the user do not count."""
    writers = found.st_mode & _WRITE
    return bool(writers) and not (writers == stat.S_IWGRP and _is_own_group(found.st_gid))


def _is_own_group(gid: int) -> bool:
    """Return whether a group is the private group that many systems give to each user, without other members."""
    try:
        user = pwd.getpwuid(os.geteuid())
        members = {user.pw_name, *grp.getgrgid(gid).gr_mem}
    except KeyError:
        return False
    members |= {each.pw_name for each in pwd.getpwall() if each.pw_gid == gid}
    return gid == user.pw_gid != 0 and members == {user.pw_name}
