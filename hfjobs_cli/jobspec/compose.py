"""A new job from what was typed, on top of another description of a job if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hfjobs_cli.errors import conflict, empty_option
from hfjobs_cli.jobspec import default_name, environment
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.model import PROPERTIES, NewJob, RawOptions, Volume, split_image
from hfjobs_cli.jobspec.volumes import parse_volume
from hfjobs_cli.query.labels import new_labels


def compose(typed: RawOptions, local: LocalEnvironment, base: NewJob | None = None) -> NewJob:
    """Compose a job from options on top of `base`. Raises UsageError.

    Variables, secrets and labels are added to those of `base`, volumes take the place of those mounted there. What it
    runs, and the name that it gets by itself, are not looked at here.
    """
    options = [(row, getattr(typed, row.parameter)) for row in PROPERTIES if row.flag]
    for option, value in [("--name", typed.name), *((row.flag, value) for row, value in options)]:
        if value == "":
            raise empty_option(option)
    labels = new_labels(typed.label or (), typed.name)
    if typed.no_name and "name" in labels:
        option = "--name" if typed.name is not None else f"-l name={labels['name']}"
        raise conflict(option, "--no-name")
    base = base or NewJob()
    volumes = _volumes(typed.volume) if typed.volume else []
    given = {row.name: row.parsed(value) for row, value in options if value is not False and value not in (None, [])}
    return replace(
        base,
        environment={**base.environment, **environment.environment(typed, local)},
        secrets={**base.secrets, **environment.secrets(typed, local)},
        labels={**base.labels, **labels},
        volumes=(*_left(base.volumes, volumes), *volumes),
        **given,
    )


def compose_run(
    typed: RawOptions, image: str, command: Sequence[str], namespace: str | None, local: LocalEnvironment
) -> NewJob:
    """Return the job that runs a command in an image. Raises UsageError."""
    docker_image, space_id = split_image(image)
    job = compose(typed, local, NewJob(docker_image=docker_image, space_id=space_id, command=tuple(command)))
    extra = [] if typed.attempts is None else [str(typed.attempts)]
    traits = default_name.traits(typed, namespace, job.environment, job.secrets, extra)
    return named(job, typed, default_name.name_of_image(image, command, traits))


def compose_spec(
    typed: RawOptions,
    base: NewJob,
    image: str | None,
    command: Sequence[str],
    local: LocalEnvironment,
) -> NewJob:
    """Compose a job from a spec file with options on top. Raises UsageError.

    Its secrets have no values there: those that are not typed are taken from the environment. If it was written down
    without a name, it was to have none.
    """
    job = compose(typed, local, overridden(base, image, command))
    asked = {name: value for name, value in job.secrets.items() if value is None}
    job = replace(job, secrets={**job.secrets, **environment.resolved(asked, local)})
    return named(job, typed, None)


def overridden(base: NewJob, image: str | None, command: Sequence[str]) -> NewJob:
    """Return the job with another image, and another command, if they are given."""
    if image is not None:
        docker_image, space_id = split_image(image)
        base = replace(base, docker_image=docker_image, space_id=space_id)
    return replace(base, command=tuple(command), arguments=()) if command else base


def named(job: NewJob, typed: RawOptions, automatic: str | None) -> NewJob:
    """Return the job with the name that it gets by itself, if any, unless it has one or is to have none."""
    if typed.no_name:
        return replace(job, labels={key: value for key, value in job.labels.items() if key != "name"})
    return job if automatic is None or "name" in job.labels else replace(job, labels={**job.labels, "name": automatic})


def _volumes(texts: Sequence[str]) -> list[Volume]:
    return [parse_volume(text) for text in texts]


def _left(lower: Sequence[Volume], upper: Sequence[Volume]) -> list[Volume]:
    taken = {volume.mount_path for volume in upper}
    return [volume for volume in lower if volume.mount_path not in taken]
