"""A script run by uv: its command, its local files, and what it says about the job itself."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec import environment
from hfjobs_cli.jobspec.compose import compose, hashed_values, name_for_script, named
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.model import LOCAL, Launch, LocalFile, NewJob, RawOptions, RawUvOptions, split_image
from hfjobs_cli.jobspec.packing import names_in_job, pack, read_file
from hfjobs_cli.jobspec.scripts import (
    TABLE,
    Header,
    check_script,
    check_text,
    directories,
    is_file,
    is_pipe,
    is_python,
    is_python_by_name,
    read_header,
)
from hfjobs_cli.jobspec.volumes import merged_volumes, parse_volume
from hfjobs_cli.models.packed_files import MOUNT_PATH
from hfjobs_cli.text.redaction import masked_value, without_password

DEFAULT_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"

LOOKS_LIKE_FILE = (".py", ".sh", ".yaml", ".yml", ".toml")
"""How words end that are files, and mistakes if there is no such file."""


def is_address(script: str) -> bool:
    """Return whether a script is a URL."""
    return script.lower().startswith(("http://", "https://"))


def compose_uv(
    typed: RawOptions,
    how: RawUvOptions,
    script: str,
    arguments: Sequence[str],
    namespace: str | None,
    local: LocalEnvironment,
    downloaded: bytes | None = None,
) -> Launch:
    """Return the job that runs a script: a local file, an address with what was `downloaded`, or a command.

    Raises UsageError.
    """
    if downloaded is None:
        check_script(script, brings_commands=bool(how.with_ or how.image))
    piped = _piped(script, local) if downloaded is None and is_pipe(script) else None
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
    merged, volumes = _merged(typed, header)
    image, python = how.image or header.image, how.python or header.python
    job = _described(merged, image, header, local)
    from_script = tuple(_said(header, typed, how, namespace, job, volumes))
    if content is not None and not how.trust_script:  # nor does a pipe say who has written what comes from it
        _refuse(from_script, shown)
    job = _with_secrets(job, header, local)
    how = replace(how, image=image, python=python)
    namespace = namespace or header.namespace
    options = [word for name in how.with_ or () for word in ("--with", name)]
    options += ["--python", how.python] if how.python else []
    options += ["--script"] if runs_python and not is_python_by_name(files[script].name) else []
    extra = [how.image or DEFAULT_IMAGE, how.python or "", *(how.with_ or ())]
    extra += [] if typed.attempts is None else [str(typed.attempts)]
    hashed = hashed_values(merged, namespace, job.environment, job.secrets, extra)
    hashed += [] if piped is None else [hashlib.sha256(piped).hexdigest()]  # the path of a pipe says nothing
    job = named(job, typed, name_for_script("script.py" if piped is not None else script, arguments, hashed))
    if left := directories(arguments, (volume.mount_path for volume in job.volumes)):
        local.warnings.append(
            f"the {'directory' if len(left) == 1 else 'directories'} {', '.join(left)} will not exist "
            "in the job; mount what it needs with -v"
        )
    words = ["uv", "run", *options, script, *arguments]
    launch = Launch(job, namespace, from_script, is_untrusted=content is not None)
    if not files:
        return replace(launch, job=replace(job, command=tuple(words)))
    if how.bucket:
        return replace(launch, job=_in_bucket(job, words, files), uploads=files)
    return replace(launch, job=pack(job, words, files))


def _merged(typed: RawOptions, header: Header) -> tuple[RawOptions, list[str]]:
    """Merge options over the metadata of the script, and return the remaining volumes of the script too."""
    volumes, of_script = merged_volumes(header.volumes, typed.volume or ())
    merged = replace(
        typed,
        flavor=typed.flavor if typed.flavor is not None else header.flavor,
        timeout=typed.timeout if typed.timeout is not None else header.timeout,
        network_group=typed.network_group if typed.network_group is not None else header.network_group,
        network_alias=typed.network_alias or header.network_aliases or None,
        volume=volumes,
    )
    return merged, of_script


def _described(typed: RawOptions, image: str | None, header: Header, local: LocalEnvironment) -> NewJob:
    """Return the job without its command, and without secrets from the script."""
    docker_image, space_id = split_image(DEFAULT_IMAGE if image is None else image)
    labels = {**header.labels, **({} if header.name is None else {"name": header.name})}
    base = NewJob(docker_image=docker_image, space_id=space_id, environment=header.env, labels=labels)
    return compose(typed, local, base)


def _with_secrets(job: NewJob, header: Header, local: LocalEnvironment) -> NewJob:
    """Return the job with the secrets that the script asks for, which have the values that are set here."""
    asked = {name: None for name in header.secrets if name not in job.secrets}
    return replace(job, secrets={**environment.resolved(asked, local, f"[{TABLE}] of the script"), **job.secrets})


def _said(
    header: Header, typed: RawOptions, how: RawUvOptions, namespace: str | None, job: NewJob, volumes: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Yield the keys and values that come from the script and are not overridden by options."""
    for key, of_script, is_typed in (
        ("flavor", header.flavor, typed.flavor is not None),
        ("timeout", header.timeout, typed.timeout is not None),
        ("network_group", header.network_group, typed.network_group is not None),
        ("network_aliases", ", ".join(header.network_aliases), bool(typed.network_alias)),
        ("image", header.image, bool(how.image)),
        ("python", header.python, bool(how.python)),
        ("namespace", header.namespace, bool(namespace)),
        ("name", header.name, typed.no_name or typed.name is not None),
    ):
        if of_script and not is_typed:
            yield key, of_script
    for key, values, taken in (("env", header.env, job.environment), ("labels", header.labels, job.labels)):
        for name, value in values.items():
            if taken.get(name) == value:
                yield key, f"{name}={masked_value(name, value)}"
    for key, names_ in (
        ("secrets", [name for name in header.secrets if name not in job.secrets]),
        ("volumes", volumes),
    ):
        for name in names_:
            yield key, name


def _refuse(from_script: Iterable[tuple[str, str]], shown: str) -> None:
    """Raise UsageError if an untrusted script, from a URL or pipe, requests secrets or other resources of the user."""
    asked: dict[str, list[str]] = {}
    for key, value in from_script:
        if key in ("network_group", "secrets", "namespace") or (key == "volumes" and _is_own(value)):
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


def _is_own(volume: str) -> bool:
    """Return whether a volume is a directory of this machine, or a bucket, to which a job may write."""
    return parse_volume(volume).type in (LOCAL, "bucket")


def _local_files(
    script: str, arguments: Sequence[str], downloaded: bytes | None, *, blank: str
) -> dict[str, LocalFile]:
    """Return the words that are files, and those files. Raises UsageError for words that should be some.

    What was `downloaded`, or read from a pipe, is the script.
    """
    words = [script, *arguments]
    found = [word for word in words if is_file(word) and not (word == script and downloaded is not None)]
    for word in words:
        if word not in found and Path(word).suffix in LOOKS_LIKE_FILE and not is_address(word):
            raise UsageError(
                f"no such file: '{word}'",
                hint=("paths are relative to this directory; pass a file as a separate argument: --config x.yaml"),
            )
    known = names_in_job(found if downloaded is None else [_file_at(script), *found], blank=blank)
    files = {word: read_file(Path(word), known[word]) for word in dict.fromkeys(found)}
    if downloaded is not None:
        files[script] = LocalFile(_file_at(script), downloaded)
    return files


def _piped(script: str, local: LocalEnvironment) -> bytes:
    """Read a pipe. Raises UsageError, also if it is stdin and another option reads stdin."""
    if script in ("/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"):
        local.take_stdin("SCRIPT")
    return read_file(Path(script), script).content


def _file_at(address: str) -> str:
    """Return what the file at an address is called in a job."""
    name = Path(urlsplit(address).path).name
    return name if name.endswith(".py") else "script.py"


def _in_bucket(job: NewJob, words: Sequence[str], files: dict[str, LocalFile]) -> NewJob:
    """Return the job with its files where the bucket will be mounted. Raises UsageError if that place is taken."""
    if any(volume.mount_path == MOUNT_PATH for volume in job.volumes):
        raise UsageError(
            f"--bucket mounts the bucket at {MOUNT_PATH}, which is taken", hint="mount the other volume at another path"
        )
    moved = tuple(f"{MOUNT_PATH}/{files[word].name}" if word in files else word for word in words)
    return replace(job, command=moved)
