"""How jobs ended, as an exit code."""

from collections.abc import Iterable

from hfjobs_cli.errors import ExitCode
from hfjobs_cli.records.job import JobInfo


def outcome(jobs: Iterable[JobInfo]) -> ExitCode:
    """Return what the stages of jobs that have ended come to: a failure counts before a cancellation."""
    stages = {job.status.stage for job in jobs}
    if "ERROR" in stages:
        return ExitCode.JOB_FAILED
    return ExitCode.JOB_CANCELED if stages & {"CANCELED", "DELETED"} else ExitCode.DONE
