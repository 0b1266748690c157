"""What became of jobs: the results of requests for several, exit codes, a line about each, the reasons of refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import ExitCode, HfJobsError, NotRunning
from hfjobs_cli.hub.concurrency import results_parallel
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.cost import Cost
    from hfjobs_cli.models.job import JobInfo

T = TypeVar("T")


def done_to_each(
    session: Session, references: Sequence[JobReference], act: Callable[[JobReference], T], done: str
) -> Iterator[T]:
    """Yield the result of `act` for each job, in order, run in parallel; errors are reported at the end.

    After Ctrl-C the jobs that may or may not be `done` (a word: canceled) are named.
    """
    todo = list(dict.fromkeys(references))  # once for a job that is named twice
    try:
        for result in results_parallel(act, list(todo)):
            if isinstance(result, HfJobsError):
                session.failures.append(result)
            else:
                yield result
            del todo[0]
    except KeyboardInterrupt:
        session.notice(f"these may or may not have been {done}: {' '.join(map(str, todo))}")
        raise


def is_running(job: JobInfo) -> bool:
    """Return whether a job runs now."""
    return job.status.stage == "RUNNING"


def not_running(job: JobInfo) -> NotRunning:
    """Return the error for a job that is not running, with its status and the next step."""
    name = JobReference.of(job, None)
    why = f": {job.status.message}" if job.status.message else ""
    again, begins = f"run it again with 'hfjobs duplicate {name}'", f"wait for it with 'hfjobs logs -f {name}'"
    return NotRunning(f"job {job.id} is not running: {job.status}{why}", hint=again if job.has_ended else begins)


def refused(session: Session, reference: JobReference, error: HfJobsError) -> HfJobsError:
    """Return the reason for a refused request: that the job is not running, or else `error`."""
    try:
        job = session.client.inspect_job(reference)
    except HfJobsError:
        return error
    return error if is_running(job) else not_running(job)


def outcome(jobs: Iterable[JobInfo]) -> ExitCode:
    """Return the exit code for finished jobs: a failure takes precedence over a cancellation."""
    stages = {job.status.stage for job in jobs}
    if "ERROR" in stages:
        return ExitCode.JOB_FAILED
    return ExitCode.JOB_CANCELED if stages & {"CANCELED", "DELETED"} else ExitCode.DONE


_VERBS = {"COMPLETED": "completed", "ERROR": "failed", "CANCELED": "was canceled", "DELETED": "was deleted"}


def ending(session: Session, job: JobInfo, cost: Cost | None = None) -> str:
    """Return name, status, running time and cost of a job in a line; of a failed one the command that explains it."""
    name = f"{job.name} ({job.id})" if job.name else job.id
    verb = _VERBS.get(job.status.stage or "", f"is {job.status}")
    ran = job.running_secs(session.clock())
    after = f" after {span(ran)}" if ran is not None else ""
    why = f": {session.redacted(job.status.message).strip().rstrip('.')}" if job.status.message else ""
    reference = JobReference.of(job, None) if job.owner.type == "org" else job.id  # which is found faster
    explained = f"; see 'hfjobs describe {reference}'" if job.status.stage == "ERROR" else ""
    return f"{name} {verb}{after}{f', cost {cost}' if cost is not None else ''}{why}{explained}"
