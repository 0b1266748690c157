"""The spec of an existing job or schedule, and of a job with changes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_options import compose, overridden
from hfjobs_cli.jobspec.model import LOCAL, PROPERTIES, LocalFile, NewJob, NewSchedule, RawOptions
from hfjobs_cli.models.fields import declared_fields
from hfjobs_cli.models.spec import SpecFields
from hfjobs_cli.models.vocabulary import DUPLICATED_FROM

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import JobSpec, ScheduledJob


def spec_of_job(job: JobInfo) -> NewJob:
    """Return the spec of an existing job, with secrets by name only. Raises UsageError.

    Defaults become explicit, because the Hub does not tell the difference. Raises HfJobsError if a field of the spec
    had an invalid value.
    """
    _check_complete(
        job,
        f"job {job.id}",
        hint="use 'hfjobs duplicate' without changes: the Hub copies the job itself",
    )
    _check_volumes(job, f"job {job.id}")
    if job.image is None:
        raise UsageError(
            f"the Hub reports no image or Space for job {job.id}", hint="start a new job with 'hfjobs run'"
        )
    return replace(_spec_of(job), ssh=job.status.ssh_url is not None)


def spec_of_schedule(made: ScheduledJob) -> NewSchedule:
    """Return the spec of an existing schedule, with secrets by name only.

    Raises UsageError, and HfJobsError if a field of the spec had an invalid value.
    """
    _check_complete(made.job_spec, f"schedule {made.id}")
    _check_volumes(made.job_spec, f"schedule {made.id}")
    if made.schedule is None or made.job_spec.image is None:
        unknown = "cron expression" if made.schedule is None else "image or Space"
        raise UsageError(
            f"the Hub reports no {unknown} for schedule {made.id}",
            hint="create a new schedule with 'hfjobs scheduled run'",
        )
    return NewSchedule(_spec_of(made.job_spec), made.schedule, bool(made.suspend), bool(made.concurrency))


def _check_complete(spec: JobInfo | JobSpec, what: str, hint: str | None = None) -> None:
    """Raise HfJobsError if fields of the spec had invalid values, so that a copy would be different."""
    if not spec.left_out:
        return
    lost = [each.name for each in declared_fields(SpecFields) if each.name in spec.left_out]
    if lost:
        raise HfJobsError(f"cannot copy {what}: the Hub sent invalid values: {', '.join(lost)}", hint)


def _check_volumes(spec: JobInfo | JobSpec, what: str) -> None:
    """Raise HfJobsError for a volume type that would be sent as a local directory."""
    for volume in spec.volumes or ():
        if volume.type == LOCAL:
            raise HfJobsError(
                f"{what} has a volume of the unknown type '{LOCAL}': '{volume.source}' at '{volume.mount_path}'",
                hint="start a new job with 'hfjobs run' and its volumes with -v",
            )


def _spec_of(record: JobInfo | JobSpec) -> NewJob:
    found = {row.name: row.decoded(record) for row in PROPERTIES}
    return NewJob(**{name: value for name, value in found.items() if value is not None})


def matches_spec(job: JobInfo | JobSpec, sent: NewJob) -> bool:
    """Return whether a job, or a schedule's job, matches the request body of `sent`.

    Properties that were left to the Hub and additional labels are ignored.
    """
    found = _spec_of(job) if job.docker_image or job.space_id else NewJob()
    same = ("docker_image", "space_id", "command", "arguments", "environment", "flavor")
    return (
        all(getattr(found, name) == getattr(sent, name) for name in same)
        and sent.attempts in (None, found.attempts)
        # Not every response contains the timeout.
        and (sent.timeout_secs is None or found.timeout_secs in (None, sent.timeout_secs))
        and sent.labels.items() <= found.labels.items()
        and set(found.secrets) == set(sent.secrets)
        and {volume.mount_path for volume in found.volumes} == {volume.mount_path for volume in sent.volumes}
    )


@value
class Changes:
    """Overrides for a job that is started again. None, empty or False keeps the old value."""

    raw: RawOptions
    image: str | None = None
    unset_env: Sequence[str] = ()
    drop_secrets: bool = False
    command: Sequence[str] = ()
    script: LocalFile | None = None

    def __bool__(self) -> bool:
        """Return whether any option is new."""
        own = (self.image is not None, self.unset_env, self.drop_secrets, self.command, self.script)
        raw = (getattr(self.raw, field.name) for field in fields(self.raw))
        return any(own) or any(value is not None and value is not False for value in raw)


def changed(job: NewJob, source: str, changes: Changes, local: LocalEnvironment) -> NewJob:
    """Apply overrides to a job, and add the id of its source as a label. Raises UsageError.

    The Hub does not return the values of secrets, so they must be given again or dropped.
    """
    if changes.script is not None:
        from hfjobs_cli.jobspec.packing import replace_file  # with tarfile, for --script only

        job = replace_file(job, source, changes.script)
    new = compose(changes.raw, local, overridden(replace(job, secrets={}), changes.image, changes.command))
    lost = [name for name in job.secrets if name not in new.secrets]
    if lost and not changes.drop_secrets:
        again = " ".join(f"-s {name}" for name in lost)
        raise UsageError(
            f"secret values cannot be read back from job {source}: {', '.join(lost)}",
            hint=f"pass {again}, or --drop-secrets to run without them",
        )
    labels = {**new.labels, DUPLICATED_FROM: source}
    if changes.raw.no_name:
        labels.pop("name", None)
    environment = {key: value for key, value in new.environment.items() if key not in changes.unset_env}
    return replace(new, labels=labels, environment=environment)


def check_unset(names: Collection[str], jobs: Collection[NewJob]) -> None:
    """Raise UsageError if a variable to remove exists in none of the jobs."""
    known = sorted({name for job in jobs for name in job.environment})
    for name in names:
        if jobs and name not in known:
            raise UsageError(
                f"--unset-env {name}: no such variable",
                hint=f"the variables are: {', '.join(known) or 'none'}",
            )
