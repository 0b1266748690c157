"""A new job from a command line: what `run` runs, its options on top of an image or spec, and its default name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import UsageError, conflict, empty_option
from hfjobs_cli.jobspec.environment import LocalEnvironment, is_file, read_secrets, read_variables, with_local_values
from hfjobs_cli.jobspec.new_job import (
    DEFAULT_FLAVOR,
    LOCAL,
    PROPERTIES,
    SPACE_PREFIXES,
    Launch,
    NewJob,
    RawOptions,
    split_image,
)
from hfjobs_cli.jobspec.spec_file import read_spec
from hfjobs_cli.jobspec.volumes import parse_volume
from hfjobs_cli.query.label_edits import MAX_LENGTH, new_labels
from hfjobs_cli.text.values import expanded_path

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.sweep import Filler

_SCRIPTS = (".py", ".pyw", ".sh", ".bash", ".ipynb")
"""Suffixes of files that are programs, which no image name has."""

_HASH_LENGTH = 8
_NOT_IN_NAMES = r"[^a-zA-Z0-9_-]"


Compose = Callable[[RawOptions, "Filler | None"], Launch]
"""Options of the job, and in a sweep what replaces placeholders -> the job. Raises UsageError."""

Download = Callable[[str], bytes]
"""The URL of a script -> its content."""


class ImageRun(NamedTuple):
    """What `run` runs: a command in an image, or what a `--spec` says.

    The last `arguments` words are sent as arguments. A missing command is an error, unless it `runs_default`, the
    default command of the image.
    """

    image: str | None
    command: Sequence[str]
    arguments: int
    spec: str | None
    runs_default: bool
    namespace: str | None

    @property
    def words(self) -> list[str]:
        """The words of the command line, from which a sweep takes its default name."""
        return [*filter(None, [self.image or self.spec]), *self.command]

    def composer(self, local: LocalEnvironment, _download: Download) -> Compose:
        """Return the function that composes the job; a sweep calls it for each combination of values."""
        return lambda raw, fill: Launch(self._composed(raw, fill, local), self.namespace)

    def _composed(self, raw: RawOptions, fill: Filler | None, local: LocalEnvironment) -> NewJob:
        image, words = self.image, list(self.command)
        if fill is not None:
            image, words = image and fill(image), [fill(word) for word in words]
        if words and words[0].startswith("-"):
            local.warnings.append(f"the command starts with '{words[0]}'; put options of hfjobs before IMAGE")
        if words and self.runs_default:
            raise conflict("--default-command", "a command")
        if self.spec is not None:
            base = read_spec(self.spec, local)
            base = base if fill is None else fill.job(base)
            job = _compose_spec(raw, base, image, words, local)
            local.warnings.extend(_taken_by_spec(base, raw, self.spec))
        elif image is None:
            raise UsageError(
                "missing argument 'IMAGE'",
                hint="give an image and a command, for example: python:3.12 python --version",
            )
        else:
            _check_not_a_file(image)
            if not words and not self.runs_default:
                raise UsageError(
                    "missing argument 'COMMAND'",
                    hint="add a command, or --default-command to run the default of the image",
                )
            job = _compose_run(raw, image, words, self.namespace, local)
        return _with_arguments(job, self.arguments)


def _check_not_a_file(image: str) -> None:
    """Raise UsageError for an image that is a local file: `run train.py`."""
    is_path = image.startswith((".", "/", "~")) or Path(image).suffix in _SCRIPTS
    if is_path and is_file(str(expanded_path(image))):
        is_python = image.endswith(".py")
        raise UsageError(
            f"'{image}' is a local file, not an image",
            hint=f"did you mean 'uv run {image}'?" if is_python else "put an image such as python:3.12 before it",
        )


def _compose_run(
    raw: RawOptions, image: str, command: Sequence[str], namespace: str | None, local: LocalEnvironment
) -> NewJob:
    """Return the job that runs a command in an image. Raises UsageError."""
    docker_image, space_id = split_image(image)
    job = compose(raw, local, NewJob(docker_image=docker_image, space_id=space_id, command=tuple(command)))
    extra = [] if raw.attempts is None else [str(raw.attempts)]
    hashed = hashed_values(raw, namespace, job.environment, job.secrets, extra)
    return with_default_name(job, raw, name_for_image(image, command, hashed))


def _compose_spec(
    raw: RawOptions,
    base: NewJob,
    image: str | None,
    command: Sequence[str],
    local: LocalEnvironment,
) -> NewJob:
    """Compose a job from a spec file with options on top. Raises UsageError.

    Secrets of the file have no values: those not given by options are taken from the environment. A job without a name
    in the file gets none.
    """
    job = compose(raw, local, with_image_and_command(base, image, command))
    without_value = {name: value for name, value in job.secrets.items() if value is None}
    job = replace(job, secrets={**job.secrets, **with_local_values(without_value, local)})
    return with_default_name(job, raw, None)


def _taken_by_spec(base: NewJob, raw: RawOptions, spec: str) -> Iterator[str]:
    """Yield warnings about secrets and directories that a spec takes from this machine."""
    given_names = {each.partition("=")[0] for each in raw.secrets or ()}
    if names := [name for name, value in base.secrets.items() if value is None and name not in given_names]:
        yield f"--spec {spec} takes secrets from this environment: {', '.join(names)}"
    if directories := [volume.source for volume in base.volumes if volume.type == LOCAL]:
        yield f"--spec {spec} uploads from this machine: {', '.join(directories)}"


def _with_arguments(job: NewJob, count: int) -> NewJob:
    """Return the job with the last words of its command as arguments."""
    if not count:
        return job
    words = (*job.command, *job.arguments)
    if count >= len(words):
        raise UsageError(
            f"--arguments {count} leaves no command: it has only {len(words)} words", hint="use a smaller number"
        )
    return replace(job, command=words[:-count], arguments=words[-count:])


def compose(raw: RawOptions, local: LocalEnvironment, base: NewJob | None = None) -> NewJob:
    """Compose a job from options on top of `base`. Raises UsageError.

    Variables, secrets and labels are added to those of `base`, volumes replace those with the same mount path. The
    command and the default name are not set here.
    """
    options = [(row, getattr(raw, row.parameter)) for row in PROPERTIES if row.flag]
    for flag, value in [("--name", raw.name), *((row.flag, value) for row, value in options)]:
        if value == "":
            raise empty_option(flag)
    labels = new_labels(raw.label or (), raw.name)
    if raw.no_name and "name" in labels:
        option = "--name" if raw.name is not None else f"-l name={labels['name']}"
        raise conflict(option, "--no-name")
    base = base or NewJob()
    volumes = [parse_volume(text) for text in raw.volume or ()]
    taken = {volume.mount_path for volume in volumes}
    given = {row.name: row.parsed(value) for row, value in options if value is not False and value not in (None, [])}
    return replace(
        base,
        environment={**base.environment, **read_variables(raw, local)},
        secrets={**base.secrets, **read_secrets(raw, local)},
        labels={**base.labels, **labels},
        volumes=(*(volume for volume in base.volumes if volume.mount_path not in taken), *volumes),
        **given,
    )


def with_image_and_command(base: NewJob, image: str | None, command: Sequence[str]) -> NewJob:
    """Return the job with another image, and another command, if they are given."""
    if image is not None:
        docker_image, space_id = split_image(image)
        base = replace(base, docker_image=docker_image, space_id=space_id)
    return replace(base, command=tuple(command), arguments=()) if command else base


def with_default_name(job: NewJob, raw: RawOptions, default: str | None) -> NewJob:
    """Return the job with its default name, if any, unless it has a name or --no-name is given."""
    if raw.no_name:
        return replace(job, labels={key: value for key, value in job.labels.items() if key != "name"})
    return job if default is None or "name" in job.labels else replace(job, labels={**job.labels, "name": default})


def name_for_image(image: str, command: Sequence[str], hashed: Iterable[str]) -> str:
    """Return the default name of a job that runs a command in an image: the last part of the image, and a hash.

    The same launch always has the same name, which is that of `hf jobs`.
    """
    for prefix in SPACE_PREFIXES:
        if image.startswith(prefix):
            return _name(image[len(prefix) :] or image, [image, *command, *hashed])
    return _name(image.rstrip("/").split("/")[-1] or image, [image, *command, *hashed])


def name_for_script(script: str, arguments: Sequence[str], hashed: Iterable[str]) -> str:
    """Return the default name of a job that runs a script: the name of its file, and a hash."""
    file = script.split("?", 1)[0].split("#", 1)[0].rstrip("/").split("/")[-1]
    return _name(file.removesuffix(".py") or script, [script, *arguments, *hashed])


def hashed_values(
    raw: RawOptions,
    namespace: str | None,
    environment: Mapping[str, str],
    secrets: Iterable[str],
    extra: Iterable[str] = (),
) -> list[str]:
    """Return the values that distinguish launches, for the hash in default names. Only names of secrets count."""
    return [
        raw.flavor or DEFAULT_FLAVOR,
        raw.timeout or "",
        namespace or "",
        raw.network_group or "",
        *extra,
        *(f"{key}={value}" for key, value in sorted(environment.items())),
        *sorted(secrets),
        *(raw.volume or ()),
        *(raw.network_alias or ()),
    ]


def _name(base: str, hashed: Sequence[str]) -> str:
    """Return a name, cut to the length that the Hub accepts."""
    joined = "\0".join(hashed).encode("utf-8", "surrogatepass")
    shown = re.sub(_NOT_IN_NAMES, "-", base)[: MAX_LENGTH - _HASH_LENGTH - 1]
    return f"{shown}-{hashlib.sha256(joined).hexdigest()[:_HASH_LENGTH]}"
