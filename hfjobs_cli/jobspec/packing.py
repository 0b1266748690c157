"""Pack local files into a request: they travel in one variable of the job, and its command unpacks them.

The job needs no bucket for it, and nobody a token that may write. The variable holds a program for `sh`, which needs
`base64`, `gzip`, `mktemp` and `tar`, as nearly every image has them.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.model import MAX_VARIABLE_BYTES, LocalFile
from hfjobs_cli.models.packed_files import PACKED

_MOMENT = 946_684_800
"""When files were changed, for a job: in the year 2000, as some programs wonder about 1970."""

MAX_FILE_MIB = 64
"""How much of a file is read to be packed. What is packed is much less, but text shrinks."""

_PROGRAM = """\
d=$(mktemp -d) && printf %s '{packed}' | base64 -d | tar -xzf - -C "$d" || exit
unset {variable}
for w do
shift
case $w in {mark}) w=;; {mark}/*) w=$d/${{w#{mark}/}};; esac
set -- "$@" "$w"
done
exec "$0" "$@"
"""
"""Puts the directory of the files before the words that are marked, and becomes the command."""


class Parcel(NamedTuple):
    """A command with files in it: its words, and the value of PACKED."""

    command: tuple[str, ...]
    variable: str


def pack(words: Sequence[str], files: Mapping[str, LocalFile]) -> Parcel:
    """Pack `files` and return the command that unpacks them and runs `words`. Raises UsageError."""
    mark = "@"
    while any(word == mark or word.startswith(f"{mark}/") for word in words if word not in files):
        mark += "@"

    def marked(word: str) -> str:
        return f"{mark}/{files[word].name}" if word in files else word or mark

    program, *arguments = words
    variable = _PROGRAM.format(packed=archived(files.values()), variable=PACKED, mark=mark)
    check_size(
        PACKED, variable, files.values(), hint=("use --bucket to upload them to a bucket, or mount large files with -v")
    )
    command = ("sh", "-c", f'eval "${PACKED}"', program, *map(marked, arguments))
    return Parcel(command, variable)


def check_size(variable: str, value: str, files: Iterable[LocalFile], hint: str) -> None:
    """Raise UsageError if a variable has no room for the files that are packed in its value."""
    size = len(variable) + len(value) + 2
    if size > MAX_VARIABLE_BYTES:
        names = ", ".join(file.name for file in files)
        raise UsageError(
            f"{names}: too large for a request: {size // 1024} KiB compressed, at most "
            f"{MAX_VARIABLE_BYTES // 1024} KiB",
            hint=hint,
        )


def read_file(path: Path, name: str) -> LocalFile:
    """Return a file of this machine. Raises UsageError."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_MIB * 1024 * 1024 + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the permissions of the file") from None
    if len(content) > MAX_FILE_MIB * 1024 * 1024:
        raise UsageError(
            f"{path} is too large for a request: more than {MAX_FILE_MIB} MiB",
            hint="upload it to a bucket or dataset, and mount that with -v",
        )
    return LocalFile(name, content, os.access(path, os.X_OK))


def names_of(paths: Iterable[str], *, blank: str = " ") -> dict[str, str]:
    """Return what each of these files is called in a job: its own name, numbered if another has it already."""
    names: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        own = PurePath(path.replace("\\", "/") if os.name == "nt" else path).name.replace(" ", blank)
        name, number = own, 0
        while name in names.values():
            name = PurePath(own).stem + f"({number})" + PurePath(own).suffix
            number += 1
        names[path] = name
    return names


def archived(files: Iterable[LocalFile]) -> str:
    """Return a gzipped tar archive in BASE64 that is the same for the same files."""
    return _archived(tuple(files))


@lru_cache(maxsize=4)
def _archived(files: tuple[LocalFile, ...]) -> str:
    """Return the archive; the jobs of a sweep mostly have the same files."""
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for file in files:
            member = tarfile.TarInfo(file.name)
            member.size, member.mode = len(file.content), 0o755 if file.is_executable else 0o644
            member.mtime = _MOMENT
            archive.addfile(member, io.BytesIO(file.content))
    return b64encode(made.getvalue()).decode("ascii")
