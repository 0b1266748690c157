"""Read the local files that are packed in a job, and replace one of them."""

from __future__ import annotations

import io
import re
import tarfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.model import LocalFile, NewJob
from hfjobs_cli.jobspec.packing import archived, check_size, pack
from hfjobs_cli.jobspec.scripts import check_text, is_python_by_name
from hfjobs_cli.models.packed_files import (
    LOCAL_FILES,
    MOUNT_PATH,
    PACKED,
    SCRIPT,
    SCRIPT_NAME,
    has_artifacts,
    packed_variable,
)

MAX_UNPACKED_BYTES = 8 * 1024 * 1024
"""How much is unpacked of what a Hub says."""

_ARCHIVE = re.compile(r"printf %s '([A-Za-z0-9+/=]+)' \| base64 -d \| tar -xzf")
"""Where the files are in a program of PACKED."""


def unpacked(environment: Mapping[str, str]) -> dict[str, bytes] | None:
    """Return the files packed in the variables of a job, by name; None if there are none or they are invalid.

    A Hub may say anything of a job, so no more than MAX_UNPACKED_BYTES of it are unpacked.
    """
    files = _files(environment)
    return None if files is None else {each.name: each.content for each in files}


def with_file(job: NewJob, source: str, file: LocalFile) -> NewJob:
    """Return a job in which a packed file is replaced: the one of that name, or the only one. All else stays.

    A file that hf put into a bucket is packed instead. Raises UsageError if the job `source` has no such file.
    """
    variable = packed_variable(job.environment)
    files = _files(job.environment)
    if variable is not None and files is None:
        raise UsageError(
            f"cannot read the files packed in job {source}", hint="run the script again with 'hfjobs uv run'"
        )
    if variable is None or files is None:
        return _instead_of_bucket(job, source, file)
    name = _meant(file.name, [each.name for each in files], source)
    if is_python_by_name(name):
        check_text(file, file.name)
    changed = [each._replace(content=file.content) if each.name == name else each for each in files]
    value = _formatted(variable, job.environment[variable], changed)
    check_size(variable, value, changed, hint="mount large files with -v")
    return replace(job, environment={**job.environment, variable: value})


def _files(environment: Mapping[str, str]) -> list[LocalFile] | None:
    variable = packed_variable(environment)
    if variable is None:
        return None
    value = environment[variable]
    if variable == PACKED:
        return _of_archive(value)
    try:
        return list(_of_words(value.split() if variable == LOCAL_FILES else [SCRIPT_NAME, value.strip()]))
    except ValueError:
        return None


def _of_archive(program: str) -> list[LocalFile] | None:
    found = _ARCHIVE.search(program)
    if found is None:
        return None
    try:
        inflater = zlib.decompressobj(wbits=31)
        archive = inflater.decompress(b64decode(found[1], validate=True), MAX_UNPACKED_BYTES)
        if not inflater.eof:
            return None
        files = []
        with tarfile.open(fileobj=io.BytesIO(archive)) as members:
            for member in members:
                held = members.extractfile(member) if member.isreg() else None
                if held is None:
                    return None
                files.append(LocalFile(member.name, held.read(), bool(member.mode & 0o100)))
    except (ValueError, zlib.error, tarfile.TarError, EOFError, OverflowError):
        return None
    return files


def _of_words(words: list[str]) -> Iterable[LocalFile]:
    """Yield files from alternating names and contents. Raises ValueError."""
    if len(words) % 2 or sum(map(len, words)) > MAX_UNPACKED_BYTES:
        raise ValueError("not as many names as contents, or too large")
    for name, content in zip(words[::2], words[1::2], strict=True):
        yield LocalFile(name, b64decode(content, validate=True))


def _formatted(variable: str, value: str, files: Iterable[LocalFile]) -> str:
    """Return the value of a variable with other files in it."""
    if variable == PACKED:
        packed = archived(files)
        return _ARCHIVE.sub(lambda found: found[0].replace(found[1], packed), value, count=1)
    encoded = [(each.name, b64encode(each.content).decode("ascii")) for each in files]
    return encoded[0][1] if variable == SCRIPT else "\n".join(map(" ".join, encoded))


def _meant(name: str, known: list[str], source: str) -> str:
    """Return which of the files is to be replaced. Raises UsageError."""
    if name in known or len(known) == 1:
        return name if name in known else known[0]
    raise UsageError(f"job {source} has no file '{name}'", hint=f"its files are: {', '.join(known) or 'none'}")


def _instead_of_bucket(job: NewJob, source: str, file: LocalFile) -> NewJob:
    """Return a job that has a file with it which it read from a bucket before."""
    words = [*job.command, *job.arguments]
    start = f"{MOUNT_PATH}/"
    mounted = [word for word in words if word.startswith(start)] if has_artifacts(job.volumes) else []
    script = mounted[:1] if words[:2] == ["uv", "run"] else []
    path = start + file.name if start + file.name in mounted else next(iter(script), None)
    if path is None:
        raise UsageError(
            f"job {source} has no local script",
            hint=("use --script only with jobs that 'uv run' started with a local file"),
        )
    packed = file._replace(name=PurePosixPath(path).name)
    if is_python_by_name(packed.name):
        check_text(packed, file.name)
    parcel = pack(words, {path: packed})
    return replace(job, command=parcel.command, arguments=(), environment={**job.environment, PACKED: parcel.variable})
