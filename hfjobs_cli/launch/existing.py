"""The description of a job or schedule that exists, so that it can be made again, perhaps changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.launch.new_job import DEFAULT_FLAVOR, LOCAL, NewJob, NewSchedule, Volume

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import JobSpec, ScheduledJob


def described(job: JobInfo) -> NewJob:
    """Return what a job was made from, as far as the Hub tells: of secrets the names. Raises UsageError.

    What it had by default counts as asked for, as the Hub does not tell the difference. Raises HfJobsError if
    something was left out of the job that belongs to it.
    """
    _check_it_is_whole(
        job,
        f"job {job.id}",
        hint="'hfjobs duplicate' without options that change something has the Hub itself copy it",
    )
    _check_volumes(job, f"job {job.id}")
    if job.image is None:
        raise UsageError(f"the Hub does not say in what job {job.id} runs", hint="start a new one with 'hfjobs run'")
    return replace(_described(job), ssh=job.status.ssh_url is not None)


def described_schedule(made: ScheduledJob) -> NewSchedule:
    """Return what a schedule was made from, as far as the Hub tells: of secrets the names.

    Raises UsageError, and HfJobsError if something was left out of it.
    """
    _check_it_is_whole(made.job_spec, f"schedule {made.id}")
    _check_volumes(made.job_spec, f"schedule {made.id}")
    if made.schedule is None or made.job_spec.image is None:
        unknown = "when" if made.schedule is None else "in what"
        raise UsageError(
            f"the Hub does not say {unknown} schedule {made.id} runs", hint="make a new one with 'hfjobs scheduled run'"
        )
    return NewSchedule(_described(made.job_spec), made.schedule, bool(made.suspend), bool(made.concurrency))


def _check_it_is_whole(spec: JobInfo | JobSpec, what: str, hint: str | None = None) -> None:
    """Raise HfJobsError if what was made from this would not be made again."""
    if not spec.left_out:
        return
    from hfjobs_cli.records.declared import declared  # for answers that are not as documented
    from hfjobs_cli.records.schedule import JobSpec

    lost = [each.name for each in declared(JobSpec) if each.name in spec.left_out]
    if lost:
        raise HfJobsError(f"{what} cannot be described as it is, as this is not as documented: {', '.join(lost)}", hint)


def _check_volumes(spec: JobInfo | JobSpec, what: str) -> None:
    """Raise HfJobsError for a volume that would be a directory of this machine: a job on the Hub has none."""
    for volume in spec.volumes or ():
        if volume.type == LOCAL:
            raise HfJobsError(
                f"{what} has a volume of the unknown type '{LOCAL}': '{volume.source}' at '{volume.mount_path}'",
                hint="start a new job with 'hfjobs run', and mount what it needs with -v",
            )


def _described(job: JobInfo | JobSpec) -> NewJob:
    network = job.network
    return NewJob(
        docker_image=None if job.space_id is not None else job.docker_image,
        space_id=job.space_id,
        command=tuple(job.command or ()),
        arguments=tuple(job.arguments or ()),
        environment=job.environment or {},
        secrets=dict.fromkeys(job.secrets or ()),
        flavor=job.flavor or DEFAULT_FLAVOR,
        arch=job.arch,
        timeout_secs=None if job.timeout is None else int(job.timeout),
        attempts=None if job.retry is None else int(job.retry) + 1,
        labels=job.labels or {},
        volumes=tuple(
            Volume(
                each.type or "model",
                each.source or "",
                each.mount_path or "",
                each.revision,
                each.read_only,
                each.path,
            )
            for each in job.volumes or ()
        ),
        expose=tuple(job.expose or ()),
        expose_public=tuple(job.expose_public or ()),
        network_group=None if network is None else network.group,
        network_aliases=() if network is None else tuple(network.aliases),
        resource_group_id=job.resource_group_id,
    )


def is_made_from(job: JobInfo | JobSpec, sent: NewJob) -> bool:
    """Tell whether a job, or those of a schedule, are what was asked for by the body of `sent`.

    What the Hub may have added is not looked at: what was left to it, and labels.
    """
    found = _described(job) if job.docker_image or job.space_id else NewJob()
    same = ("docker_image", "space_id", "command", "arguments", "environment", "flavor")
    return (
        all(getattr(found, name) == getattr(sent, name) for name in same)
        and sent.attempts in (None, found.attempts)
        # Not every answer tells the timeout.
        and (sent.timeout_secs is None or found.timeout_secs in (None, sent.timeout_secs))
        and sent.labels.items() <= found.labels.items()
        and set(found.secrets) == set(sent.secrets)
        and {volume.mount_path for volume in found.volumes} == {volume.mount_path for volume in sent.volumes}
    )
