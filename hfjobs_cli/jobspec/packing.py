"""Local files packed into a request: they travel in one variable of the job, and its command unpacks them.

No bucket and no write token are needed. The variable holds a program for `sh`, which needs `base64`, `gzip`, `mktemp`
and `tar`, as nearly every image has them. Files of existing jobs can be read back, replaced, and
written as text.
"""

from __future__ import annotations

import gzip
import io
import os
import re
import tarfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path, PurePath, PurePosixPath
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.new_job import MAX_VARIABLE_BYTES, LocalFile, NewJob
from hfjobs_cli.jobspec.script_metadata import check_text, is_python_by_name
from hfjobs_cli.models.spec import (
    LOCAL_FILES,
    MOUNT_PATH,
    PACKED,
    SCRIPT,
    SCRIPT_NAME,
    has_artifacts,
    line_of_bash,
    packed_variable,
    typed_words,
)

MAX_FILE_MIB = 64
"""The size limit of a file to pack. A request holds much less, but text compresses well."""

MAX_UNPACKED_BYTES = 8 * 1024 * 1024
"""The limit for unpacking files of jobs, whose size is up to their authors."""

MAX_TEXT_CHARS = 256 * 1024
"""The limit for files written as text; larger ones stay packed."""

_MODIFIED_AT = 946_684_800
"""The modification time of files in a job: in the year 2000, because some programs reject 1970."""

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
"""Unpacks the files, puts their directory before the words that are marked, and runs the command."""

_ARCHIVE = re.compile(r"printf %s '([A-Za-z0-9+/=]+)' \| base64 -d \| tar -xzf")
"""The archive in a _PROGRAM."""

_LITERAL_LINE = re.compile(r"""(?:[\w @%+=:,./-]|'[^']*'|"[^"$`\\!]*")*""")
"""A line of bash in which nothing is expanded, redirected or piped."""

_PARTS = re.compile(r"[\s=;&|'\"()]+")
"""What separates the parts of a word, such as an option from its value."""

_FILE_NAME = re.compile(r"(?!\.{1,2}$)[^/\\\0]{1,255}")


def read_file(path: Path, name: str) -> LocalFile:
    """Return a local file. Raises UsageError if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_MIB * 1024 * 1024 + 1)
    except OSError as error:
        hint = "check the permissions of the file" if isinstance(error, PermissionError) else None
        raise UsageError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", hint=hint) from None
    if len(content) > MAX_FILE_MIB * 1024 * 1024:
        raise UsageError(
            f"{path} is too large for a request: more than {MAX_FILE_MIB} MiB",
            hint="upload it to a bucket or dataset, and mount that with -v",
        )
    return LocalFile(name, content, os.access(path, os.X_OK))


def names_in_job(paths: Iterable[str], *, blank: str = " ") -> dict[str, str]:
    """Return the name of each file in the job: its own name, numbered if another file already has it."""
    names: dict[str, str] = {}
    for path in dict.fromkeys(paths):
        own = PurePath(path.replace("\\", "/") if os.name == "nt" else path).name.replace(" ", blank)
        name, number = own, 0
        while name in names.values():
            name = PurePath(own).stem + f"({number})" + PurePath(own).suffix
            number += 1
        names[path] = name
    return names


def pack(job: NewJob, words: Sequence[str], files: Mapping[str, LocalFile]) -> NewJob:
    """Return the job with a command that unpacks `files` and runs `words`. Raises UsageError if they are too large.

    Words that are keys of `files` become the paths of these files in the job.
    """
    mark = "@"
    while any(word == mark or word.startswith(f"{mark}/") for word in words if word not in files):
        mark += "@"

    def marked(word: str) -> str:
        return f"{mark}/{files[word].name}" if word in files else word or mark

    program, *arguments = words
    variable = _PROGRAM.format(packed=_archive(tuple(files.values())), variable=PACKED, mark=mark)
    _check_size(
        PACKED, variable, files.values(), hint="use --bucket to upload them to a bucket, or mount large files with -v"
    )
    command = ("sh", "-c", f'eval "${PACKED}"', program, *map(marked, arguments))
    return replace(job, command=command, arguments=(), environment={**job.environment, PACKED: variable})


def _check_size(variable: str, value: str, files: Iterable[LocalFile], hint: str) -> None:
    """Raise UsageError if the value of a variable with these files is too large."""
    size = len(variable) + len(value) + 2
    if size > MAX_VARIABLE_BYTES:
        names = ", ".join(file.name for file in files)
        raise UsageError(
            f"{names}: too large for a request: {size // 1024} KiB compressed, at most "
            f"{MAX_VARIABLE_BYTES // 1024} KiB",
            hint=hint,
        )


@lru_cache(maxsize=4)
def _archive(files: tuple[LocalFile, ...]) -> str:
    """Return a reproducible gzipped tar archive in Base64. Jobs of a sweep mostly have the same files."""
    made = io.BytesIO()
    with gzip.GzipFile(fileobj=made, mode="wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for file in files:
            member = tarfile.TarInfo(file.name)
            member.size, member.mode = len(file.content), 0o755 if file.is_executable else 0o644
            member.mtime = _MODIFIED_AT
            archive.addfile(member, io.BytesIO(file.content))
    return b64encode(made.getvalue()).decode("ascii")


def unpacked(environment: Mapping[str, str]) -> dict[str, bytes] | None:
    """Return the files packed in the variables of a job, by name; None if there are none or they are invalid.

    At most MAX_UNPACKED_BYTES are unpacked.
    """
    files = _files(environment)
    return None if files is None else {each.name: each.content for each in files}


def _files(environment: Mapping[str, str]) -> list[LocalFile] | None:
    variable = packed_variable(environment)
    if variable is None:
        return None
    value = environment[variable]
    if variable == PACKED:
        return _from_archive(value)
    try:
        return list(_from_words(value.split() if variable == LOCAL_FILES else [SCRIPT_NAME, value.strip()]))
    except ValueError:
        return None


def _from_archive(program: str) -> list[LocalFile] | None:
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


def _from_words(words: list[str]) -> Iterable[LocalFile]:
    """Yield files from alternating names and contents. Raises ValueError."""
    if len(words) % 2 or sum(map(len, words)) > MAX_UNPACKED_BYTES:
        raise ValueError("not as many names as contents, or too large")
    for name, content in zip(words[::2], words[1::2], strict=True):
        yield LocalFile(name, b64decode(content, validate=True))


def replace_file(job: NewJob, source: str, file: LocalFile) -> NewJob:
    """Return the job with one packed file replaced: the one of the same name, or the only one.

    A file that hf put into a bucket is packed instead. Raises UsageError if the job `source` has no such file.
    """
    variable = packed_variable(job.environment)
    files = _files(job.environment)
    if variable is not None and files is None:
        raise UsageError(
            f"cannot read the files packed in job {source}", hint="run the script again with 'hfjobs uv run'"
        )
    if variable is None or files is None:
        return _replace_in_bucket(job, source, file)
    name = _name_to_replace(file.name, [each.name for each in files], source)
    if is_python_by_name(name):
        check_text(file, file.name)
    changed = [each._replace(content=file.content) if each.name == name else each for each in files]
    value = _with_files(variable, job.environment[variable], changed)
    _check_size(variable, value, changed, hint="mount large files with -v")
    return replace(job, environment={**job.environment, variable: value})


def _name_to_replace(name: str, known: list[str], source: str) -> str:
    """Return the name of the packed file to replace. Raises UsageError."""
    if name in known or len(known) == 1:
        return name if name in known else known[0]
    raise UsageError(f"job {source} has no file '{name}'", hint=f"its files are: {', '.join(known) or 'none'}")


def _with_files(variable: str, value: str, files: list[LocalFile]) -> str:
    """Return the value of a variable with other files packed in it."""
    if variable == PACKED:
        packed = _archive(tuple(files))
        return _ARCHIVE.sub(lambda found: found[0].replace(found[1], packed), value, count=1)
    encoded = [(each.name, b64encode(each.content).decode("ascii")) for each in files]
    return encoded[0][1] if variable == SCRIPT else "\n".join(map(" ".join, encoded))


def _replace_in_bucket(job: NewJob, source: str, file: LocalFile) -> NewJob:
    """Return the job with a file packed that it read from a bucket."""
    words = [*job.command, *job.arguments]
    start = f"{MOUNT_PATH}/"
    mounted = [word for word in words if word.startswith(start)] if has_artifacts(job.volumes) else []
    script = mounted[:1] if words[:2] == ["uv", "run"] else []
    path = start + file.name if start + file.name in mounted else next(iter(script), None)
    if path is None:
        raise UsageError(
            f"job {source} has no local script",
            hint="use --script only with jobs that 'uv run' started with a local file",
        )
    packed = file._replace(name=PurePosixPath(path).name)
    if is_python_by_name(packed.name):
        check_text(packed, file.name)
    return pack(job, words, {path: packed})


class WithTexts(NamedTuple):
    """A job with its original command and no packed files, and the texts of these files by name."""

    job: NewJob
    files: Mapping[str, str]


def with_texts(job: NewJob) -> WithTexts | None:
    """Return a job with its packed files as text. None if it has none, or if `pack_texts` would make another job."""
    contents = unpacked(job.environment)
    variable = packed_variable(job.environment)
    if not contents or variable is None or job.arguments:
        return None
    try:
        texts = {name: content.decode("utf-8") for name, content in contents.items()}
        if sum(map(len, texts.values())) > MAX_TEXT_CHARS or any("\0" in text for text in texts.values()):
            return None
        words = typed_words(job.command, job.environment, job.volumes)
        environment = {key: text for key, text in job.environment.items() if key != variable}
        plain = replace(job, command=tuple(words), environment=environment)
        again = pack_texts(plain, texts)
    except (UnicodeDecodeError, UsageError):
        return None
    line = line_of_bash(job.command, job.environment)
    is_same = again.command == job.command if variable == PACKED else line is not None and _LITERAL_LINE.fullmatch(line)
    return WithTexts(plain, texts) if is_same and unpacked(again.environment) == contents else None


def pack_texts(job: NewJob, texts: Mapping[str, str]) -> NewJob:
    """Return the job with files of these texts packed. Words that are their names become their paths in the job.

    A file that begins with `#!` is executable. Raises UsageError.
    """
    if packed := packed_variable(job.environment):
        raise UsageError(f"both files and env.{packed} given", hint="remove one of them")
    if odd := [name for name in texts if not _FILE_NAME.fullmatch(name)]:
        raise UsageError(f"invalid file name '{odd[0]}'", hint="use names without directories")
    words = [*job.command, *job.arguments]
    if not words or words[0] in texts:
        raise UsageError(
            "files need a command that begins with a program",
            hint='use for example: command = ["uv", "run", "train.py"]',
        )
    for word in words:
        parts = {part.removeprefix("./") for part in _PARTS.split(word)}
        if word not in texts and (name := next((name for name in texts if "." in name and name in parts), None)):
            raise UsageError(
                f"the file {name} is only a part of the word {word!r}",
                hint="make it a word of its own: only then it becomes the path of the file in the job",
            )
    files = {name: LocalFile(name, text.encode("utf-8"), text.startswith("#!")) for name, text in texts.items()}
    return pack(job, words, files)
