"""The job that runs a script with uv: its command, its local files, and the options from the metadata of the script."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.environment import LocalEnvironment, is_file, is_pipe, with_local_values
from hfjobs_cli.jobspec.from_options import (
    Compose,
    Download,
    compose,
    hashed_values,
    name_for_script,
    with_default_name,
)
from hfjobs_cli.jobspec.new_job import LOCAL, Launch, LocalFile, NewJob, RawOptions, RawUvOptions, split_image
from hfjobs_cli.jobspec.packing import names_in_job, pack, read_file
from hfjobs_cli.jobspec.script_metadata import (
    TABLE,
    Header,
    check_script,
    check_text,
    directories,
    is_python,
    is_python_by_name,
    read_header,
)
from hfjobs_cli.jobspec.volumes import merged_volumes, parse_volume
from hfjobs_cli.models.spec import MOUNT_PATH
from hfjobs_cli.text.redaction import masked_value, without_password

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.sweep import Filler

DEFAULT_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"

FILE_SUFFIXES = (".py", ".sh", ".yaml", ".yml", ".toml")
"""Suffixes of arguments that are files; without such a file the argument is an error."""


class ScriptRun(NamedTuple):
    """What `uv run` runs: a script with its arguments."""

    script: str | None
    arguments: Sequence[str]
    uv: RawUvOptions
    namespace: str | None

    @property
    def words(self) -> list[str]:
        """The words of the command line, from which a sweep takes its default name."""
        return [*filter(None, [self.script]), *self.arguments]

    def composer(self, local: LocalEnvironment, download: Download) -> Compose:
        """Download the script if it is a URL, and return the function that composes the job. Raises UsageError."""
        script = self.script
        if script is None:
            raise UsageError(
                "missing argument 'SCRIPT'", hint="use for example: hfjobs scheduled uv run @daily sync.py"
            )
        downloaded = download(script) if is_url(script) else None

        def compose(raw: RawOptions, fill: Filler | None) -> Launch:
            if fill is None:
                return compose_uv(raw, self.uv, script, self.arguments, self.namespace, local, downloaded)
            program = script if downloaded is not None else fill(script)
            arguments = [fill(word) for word in self.arguments]
            return compose_uv(raw, fill.options(self.uv), program, arguments, self.namespace, local, downloaded)

        return compose


def is_url(script: str) -> bool:
    """Return whether a script is a URL."""
    return script.lower().startswith(("http://", "https://"))


def compose_uv(
    raw: RawOptions,
    how: RawUvOptions,
    script: str,
    arguments: Sequence[str],
    namespace: str | None,
    local: LocalEnvironment,
    downloaded: bytes | None = None,
) -> Launch:
    """Return the job that runs a script: a local file, a URL with its content in `downloaded`, or a command.

    Raises UsageError.
    """
    if downloaded is None:
        check_script(script, brings_commands=bool(how.with_ or how.image))
    piped = _read_pipe(script, local) if downloaded is None and is_pipe(script) else None
    content = downloaded if piped is None else piped
    files = _local_files(script, arguments, content, blank="_" if how.bucket else " ")
    shown = without_password(script)
    runs_python = script in files and is_python(files[script], shown)
    header = Header()
    if runs_python:
        check_text(files[script], shown)
        header = read_header(files[script].content, shown)
    elif script in files:
        files[script] = files[script]._replace(is_executable=True)

    merged, volumes = _merged(raw, header)
    image, python = how.image or header.image, how.python or header.python
    job = _base_job(merged, image, header, local)
    from_script = tuple(_values_from_script(header, raw, how, namespace, job, volumes))
    if content is not None and not how.trust_script:  # the author of a pipe's content is unknown, too
        _check_trusted(from_script, shown)
    job = _with_secrets(job, header, local)
    namespace = namespace or header.namespace
    extra = [image or DEFAULT_IMAGE, python or "", *(how.with_ or ())]
    extra += [] if raw.attempts is None else [str(raw.attempts)]
    hashed = hashed_values(merged, namespace, job.environment, job.secrets, extra)
    hashed += [] if piped is None else [hashlib.sha256(piped).hexdigest()]  # the path of a pipe says nothing
    job = with_default_name(job, raw, name_for_script("script.py" if piped is not None else script, arguments, hashed))

    options = [word for name in how.with_ or () for word in ("--with", name)]
    options += ["--python", python] if python else []
    options += ["--script"] if runs_python and not is_python_by_name(files[script].name) else []
    words = ["uv", "run", *options, script, *arguments]
    _warn_of_directories(arguments, job, local)
    launch = Launch(job, namespace, from_script, is_untrusted=content is not None)
    if not files:
        return replace(launch, job=replace(job, command=tuple(words)))
    if how.bucket:
        return replace(launch, job=_with_bucket_paths(job, words, files), uploads=files)
    return replace(launch, job=pack(job, words, files))


def _merged(raw: RawOptions, header: Header) -> tuple[RawOptions, list[str]]:
    """Merge options over the metadata of the script, and return the remaining volumes of the script too."""
    volumes, of_script = merged_volumes(header.volumes, raw.volume or ())
    merged = replace(
        raw,
        flavor=raw.flavor if raw.flavor is not None else header.flavor,
        timeout=raw.timeout if raw.timeout is not None else header.timeout,
        network_group=raw.network_group if raw.network_group is not None else header.network_group,
        network_alias=raw.network_alias or header.network_aliases or None,
        volume=volumes,
    )
    return merged, of_script


def _base_job(raw: RawOptions, image: str | None, header: Header, local: LocalEnvironment) -> NewJob:
    """Return the job without its command and the secrets of the script."""
    docker_image, space_id = split_image(DEFAULT_IMAGE if image is None else image)
    labels = {**header.labels, **({} if header.name is None else {"name": header.name})}
    base = NewJob(docker_image=docker_image, space_id=space_id, environment=header.env, labels=labels)
    return compose(raw, local, base)


def _with_secrets(job: NewJob, header: Header, local: LocalEnvironment) -> NewJob:
    """Return the job with the secrets that the script requests, with values from the local environment."""
    asked = {name: None for name in header.secrets if name not in job.secrets}
    return replace(job, secrets={**with_local_values(asked, local, f"[{TABLE}] of the script"), **job.secrets})


def _values_from_script(
    header: Header, raw: RawOptions, how: RawUvOptions, namespace: str | None, job: NewJob, volumes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the keys and values that come from the script and are not overridden by options."""
    for key, of_script, is_given in (
        ("flavor", header.flavor, raw.flavor is not None),
        ("timeout", header.timeout, raw.timeout is not None),
        ("network_group", header.network_group, raw.network_group is not None),
        ("network_aliases", ", ".join(header.network_aliases), bool(raw.network_alias)),
        ("image", header.image, bool(how.image)),
        ("python", header.python, bool(how.python)),
        ("namespace", header.namespace, bool(namespace)),
        ("name", header.name, raw.no_name or raw.name is not None),
    ):
        if of_script and not is_given:
            yield key, of_script
    for key, values, taken in (("env", header.env, job.environment), ("labels", header.labels, job.labels)):
        for name, value in values.items():
            if taken.get(name) == value:
                yield key, f"{name}={masked_value(name, value)}"
    for key, names in (
        ("secrets", [name for name in header.secrets if name not in job.secrets]),
        ("volumes", volumes),
    ):
        for name in names:
            yield key, name


def _check_trusted(from_script: Iterable[tuple[str, str]], shown: str) -> None:
    """Raise UsageError if an untrusted script, from a URL or pipe, requests secrets or other resources of the user."""
    asked: dict[str, list[str]] = {}
    for key, value in from_script:
        if key in ("network_group", "secrets", "namespace") or (key == "volumes" and _is_writable(value)):
            asked.setdefault(key, []).append(value)
    if asked:
        what = "; ".join(f"{key} {', '.join(values)}" for key, values in asked.items())
        options = {
            "network_group": "--network-group",  # where it would reach the ports of other jobs
            "secrets": "-s",
            "namespace": "--namespace",
            "volumes": "-v",
        }
        given = " and ".join(", ".join(options[key] for key in asked).rsplit(", ", 1))
        raise UsageError(
            f"the script at {shown} asks for {what}",
            hint=f"read the script; then pass {given} yourself, or --trust-script",
        )


def _is_writable(volume: str) -> bool:
    """Return whether a volume is a local directory or a bucket, which a job may be able to write."""
    return parse_volume(volume).type in (LOCAL, "bucket")


def _local_files(
    script: str, arguments: Sequence[str], downloaded: bytes | None, *, blank: str
) -> dict[str, LocalFile]:
    """Return the local files by argument. Raises UsageError for an argument that looks like a file that is missing.

    `downloaded` is the content of a script from a URL or pipe.
    """
    words = [script, *arguments]
    found = [word for word in words if is_file(word) and not (word == script and downloaded is not None)]
    for word in words:
        if word not in found and Path(word).suffix in FILE_SUFFIXES and not is_url(word):
            raise UsageError(
                f"no such file: '{word}'",
                hint=("paths are relative to this directory; pass a file as a separate argument: --config x.yaml"),
            )
    known = names_in_job(found if downloaded is None else [_file_name(script), *found], blank=blank)
    files = {word: read_file(Path(word), known[word]) for word in dict.fromkeys(found)}
    if downloaded is not None:
        files[script] = LocalFile(_file_name(script), downloaded)
    return files


def _read_pipe(script: str, local: LocalEnvironment) -> bytes:
    """Return the content of a pipe. Raises UsageError, also if it is stdin and another option reads stdin."""
    if script in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        local.take_stdin("SCRIPT")
    return read_file(Path(script), script).content


def _file_name(script: str) -> str:
    """Return the name in the job of a script from a URL or pipe."""
    name = Path(urlsplit(script).path).name
    return name if name.endswith(".py") else "script.py"


def _warn_of_directories(arguments: Sequence[str], job: NewJob, local: LocalEnvironment) -> None:
    """Warn of arguments that are local directories, which only volumes bring into a job."""
    if left := directories(arguments, (volume.mount_path for volume in job.volumes)):
        local.warnings.append(
            f"the {'directory' if len(left) == 1 else 'directories'} {', '.join(left)} will not exist "
            "in the job; mount what it needs with -v"
        )


def _with_bucket_paths(job: NewJob, words: Sequence[str], files: dict[str, LocalFile]) -> NewJob:
    """Return the job with paths of files in the mounted bucket. Raises UsageError if the mount path is taken."""
    if any(volume.mount_path == MOUNT_PATH for volume in job.volumes):
        raise UsageError(
            f"--bucket mounts the bucket at {MOUNT_PATH}, which is taken", hint="mount the other volume at another path"
        )
    moved = tuple(f"{MOUNT_PATH}/{files[word].name}" if word in files else word for word in words)
    return replace(job, command=moved)
