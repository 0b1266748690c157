"""Whose a state directory is: the commands in it are run as its owner's, so nobody else may have a hand in it.

It is judged as ssh judges `~/.ssh`: by owners, modes and symbolic links. Where there are no owners and modes of POSIX
only links are looked at.
"""

import errno
import os
import shlex
import stat
from pathlib import Path

_MAX_LINKS = 40
_WRITE, _READ_OR_WRITE = 0o022, 0o066


class Untrusted(OSError):
    """Others may have had a hand in it. `remedy` is what helps, where that is known."""

    def __init__(self, message: str, remedy: str | None = None) -> None:
        """`message` names what others could change, and how."""
        super().__init__(message)
        self.remedy = remedy


def check_place(directory: Path) -> None:
    """Raise Untrusted if others can put something in the place of a directory, which need not be there.

    Links on the way to it are followed, if nobody else can change them. Raises OSError if it cannot be looked at.
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
            return  # what is made there is checked in its turn
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
    """Return what a path itself is, None if nothing is there. Raises Untrusted."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        raise Untrusted(f"{path} is a symbolic link")
    if os.name != "nt":
        _check_owner(path, found)
        if found.st_mode & forbidden:
            deed = "write to" if found.st_mode & _WRITE else "read"
            mode = "go-w" if forbidden == _WRITE else "go-rw"
            raise Untrusted(f"others can {deed} {path}", f"chmod {mode} {shlex.quote(str(path))}")
    return found


def _check_owner(path: Path, found: os.stat_result, *others: int) -> None:
    if found.st_uid not in (os.geteuid(), *others):
        raise Untrusted(f"{path} belongs to {_name(found.st_uid)}")


def _name(uid: int) -> str:
    import pwd

    try:
        return f"the user {pwd.getpwuid(uid).pw_name}"
    except KeyError:
        return f"the user {uid}"


def _is_writable(found: os.stat_result) -> bool:
    """Tell whether others can write to a directory on the way; those of a group of the user alone are no others."""
    writers = found.st_mode & _WRITE
    return bool(writers) and not (writers == stat.S_IWGRP and _is_own_group(found.st_gid))


def _is_own_group(gid: int) -> bool:
    """Tell whether a group is the one that many systems give to each user, with nobody else in it."""
    import grp
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid())
        members = {user.pw_name, *grp.getgrgid(gid).gr_mem}
    except KeyError:
        return False
    members |= {each.pw_name for each in pwd.getpwall() if each.pw_gid == gid}
    return gid == user.pw_gid != 0 and members == {user.pw_name}
