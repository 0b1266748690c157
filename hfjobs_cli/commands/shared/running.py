"""What to say where a job would have to run, and does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError, NotRunning
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.records.job import JobInfo


def is_running(job: JobInfo) -> bool:
    """Tell whether a job runs now."""
    return job.status.stage == "RUNNING"


def not_running(job: JobInfo) -> NotRunning:
    """Return the error that a job does not run: where it stands instead, and what can be done about it."""
    name = JobReference.of(job, None)
    why = f": {job.status.message}" if job.status.message else ""
    again, begins = f"'hfjobs duplicate {name}' runs it again", f"'hfjobs logs -f {name}' waits until it does"
    return NotRunning(f"job {job.id} is not running: {job.status}{why}", hint=again if job.has_ended else begins)


def refused(session: Session, reference: JobReference, error: HfJobsError) -> HfJobsError:
    """Return why the Hub refused something of a job: that it is not running, if it tells so; else `error`."""
    try:
        job = session.client.inspect_job(reference)
    except HfJobsError:
        return error
    return error if is_running(job) else not_running(job)
