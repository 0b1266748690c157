"""A script run by uv: its command, its local files, and what it says about the job itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch import names, variables
from hfjobs_cli.launch.compose import compose, named
from hfjobs_cli.launch.header import TABLE, Header, read_header
from hfjobs_cli.launch.new_job import PACKED, Launch, LocalFile, NewJob, split_image
from hfjobs_cli.launch.packing import names_of, pack, read_file
from hfjobs_cli.launch.scripts import check_script, check_text
from hfjobs_cli.launch.typed import Surroundings, Typed, UvTyped
from hfjobs_cli.launch.volumes import merge

DEFAULT_IMAGE = "ghcr.io/astral-sh/uv:python3.12-bookworm"

LOOKS_LIKE_FILE = (".py", ".sh", ".yaml", ".yml", ".toml")
"""How words end that are files, and mistakes if there is no such file."""

MOUNT_PATH = "/data"
"""Where a bucket with local files is mounted."""


def is_address(script: str) -> bool:
    """Tell whether a script must be downloaded to be looked at."""
    return script.startswith(("http://", "https://"))


def compose_uv(
    typed: Typed,
    how: UvTyped,
    script: str,
    arguments: Sequence[str],
    namespace: str | None,
    around: Surroundings,
    downloaded: bytes | None = None,
) -> Launch:
    """Return the job that runs a script: a local file, an address with what was `downloaded`, or a command.

    Raises UsageError.
    """
    if downloaded is None:
        check_script(script, brings_commands=bool(how.with_ or how.image))
    files = _local_files(script, arguments, downloaded, blank="_" if how.bucket else " ")
    if script in files:
        check_text(files[script], script)
    header = read_header(files[script].content, script) if script in files else Header()
    merged, from_script = _merged(typed, header)
    how = replace(how, image=how.image or header.image, python=how.python or header.python)
    namespace = namespace or header.namespace
    job = _described(merged, how, header, around)
    options = [word for name in how.with_ or () for word in ("--with", name)]
    options += ["--python", how.python] if how.python else []
    extra = [how.image or DEFAULT_IMAGE, how.python or "", *(how.with_ or ())]
    extra += [] if typed.attempts is None else [str(typed.attempts)]
    traits = names.traits(merged, namespace, job.environment, job.secrets, extra)
    job = named(job, typed, names.name_of_script(script, arguments, traits))
    words = ["uv", "run", *options, script, *arguments]
    if not files:
        return Launch(replace(job, command=tuple(words)), namespace, from_script)
    if how.bucket:
        return Launch(_in_bucket(job, words, files), namespace, from_script, files)
    parcel = pack(words, files)
    job = replace(job, command=parcel.command, environment={**job.environment, PACKED: parcel.variable})
    return Launch(job, namespace, from_script)


def _merged(typed: Typed, header: Header) -> tuple[Typed, tuple[str, ...]]:
    """Return what is typed over what the script says, and the keys in which the script had its say."""
    volumes, of_script = merge(header.volumes, typed.volume or ())
    merged = replace(
        typed,
        flavor=typed.flavor if typed.flavor is not None else header.flavor,
        timeout=typed.timeout if typed.timeout is not None else header.timeout,
        network_group=typed.network_group if typed.network_group is not None else header.network_group,
        network_alias=typed.network_alias or header.network_aliases or None,
        volume=volumes,
    )
    said = [key for key in ("flavor", "timeout", "network_group") if getattr(merged, key) != getattr(typed, key)]
    said += [
        key for key in ("image", "python", "namespace", "name", "env", "secrets", "labels") if getattr(header, key)
    ]
    said += ["volumes"] * bool(of_script)
    return merged, tuple(said)


def _described(typed: Typed, how: UvTyped, header: Header, around: Surroundings) -> NewJob:
    """Return the job without what it runs."""
    docker_image, space_id = split_image(DEFAULT_IMAGE if how.image is None else how.image)
    labels = {**header.labels, **({} if header.name is None else {"name": header.name})}
    base = NewJob(docker_image=docker_image, space_id=space_id, environment=header.env, labels=labels)
    job = compose(typed, around, base)
    asked = {name: None for name in header.secrets if name not in job.secrets}
    of_script = variables.resolved(asked, around, f"[{TABLE}] of the script")
    given = [name for name, value in of_script.items() if value is not None]
    if given:
        around.warnings.append(f"the script asks for {', '.join(given)}, and gets the values that are set here")
    return replace(job, secrets={**of_script, **job.secrets})


def _local_files(
    script: str, arguments: Sequence[str], downloaded: bytes | None, *, blank: str
) -> dict[str, LocalFile]:
    """Return the words that are files, and those files. Raises UsageError for words that should be some."""
    words = [script, *arguments]
    found = [word for word in words if _is_file(word)]
    for word in words:
        if word not in found and Path(word).suffix in LOOKS_LIKE_FILE and not is_address(word):
            raise UsageError(
                f"there is no file '{word}' here",
                hint="paths are taken from this directory; a file is a word of its own: --config x.yaml",
            )
    known = names_of(found if downloaded is None else [_file_at(script), *found], blank=blank)
    files = {word: read_file(Path(word), known[word]) for word in dict.fromkeys(found)}
    if downloaded is not None:
        files[script] = LocalFile(_file_at(script), downloaded)
    return files


def _is_file(word: str) -> bool:
    try:
        return Path(word).is_file()
    except (OSError, ValueError):  # no file can be called so
        return False


def _file_at(address: str) -> str:
    """Return what the file at an address is called in a job."""
    name = Path(urlsplit(address).path).name
    return name if name.endswith(".py") else "script.py"


def _in_bucket(job: NewJob, words: Sequence[str], files: dict[str, LocalFile]) -> NewJob:
    """Return the job with its files where the bucket will be mounted. Raises UsageError if that place is taken."""
    if any(volume.mount_path == MOUNT_PATH for volume in job.volumes):
        raise UsageError(f"--bucket needs {MOUNT_PATH} for itself", hint="mount the volume at another path")
    moved = tuple(f"{MOUNT_PATH}/{files[word].name}" if word in files else word for word in words)
    return replace(job, command=moved)
