"""A new job from raw options, on top of another spec if there is one, and its default name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hfjobs_cli.errors import conflict, empty_option
from hfjobs_cli.jobspec import environment
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.model import (
    DEFAULT_FLAVOR,
    PROPERTIES,
    SPACE_PREFIXES,
    NewJob,
    RawOptions,
    split_image,
)
from hfjobs_cli.jobspec.volumes import parse_volume
from hfjobs_cli.query.labels import MAX_LENGTH, new_labels

_HASH_LENGTH = 8
_NOT_IN_NAMES = r"[^a-zA-Z0-9_-]"


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
        environment={**base.environment, **environment.environment(raw, local)},
        secrets={**base.secrets, **environment.secrets(raw, local)},
        labels={**base.labels, **labels},
        volumes=(*(volume for volume in base.volumes if volume.mount_path not in taken), *volumes),
        **given,
    )


def compose_run(
    raw: RawOptions, image: str, command: Sequence[str], namespace: str | None, local: LocalEnvironment
) -> NewJob:
    """Return the job that runs a command in an image. Raises UsageError."""
    docker_image, space_id = split_image(image)
    job = compose(raw, local, NewJob(docker_image=docker_image, space_id=space_id, command=tuple(command)))
    extra = [] if raw.attempts is None else [str(raw.attempts)]
    hashed = hashed_values(raw, namespace, job.environment, job.secrets, extra)
    return named(job, raw, name_for_image(image, command, hashed))


def compose_spec(
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
    job = compose(raw, local, overridden(base, image, command))
    without_value = {name: value for name, value in job.secrets.items() if value is None}
    job = replace(job, secrets={**job.secrets, **environment.resolved(without_value, local)})
    return named(job, raw, None)


def overridden(base: NewJob, image: str | None, command: Sequence[str]) -> NewJob:
    """Return the job with another image, and another command, if they are given."""
    if image is not None:
        docker_image, space_id = split_image(image)
        base = replace(base, docker_image=docker_image, space_id=space_id)
    return replace(base, command=tuple(command), arguments=()) if command else base


def named(job: NewJob, raw: RawOptions, default: str | None) -> NewJob:
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
