"""The spec of an existing job or schedule, and whether it is the one that was sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.jobspec.new_job import LOCAL, PROPERTIES, NewJob, NewSchedule
from hfjobs_cli.models.spec import SpecFields

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
    lost = [each.name for each in SpecFields.declared_fields() if each.name in spec.left_out]
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
