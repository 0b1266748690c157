"""`hfjobs wait`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import outcome
from hfjobs_cli.commands._listing import Listing, filtered_jobs, is_by_filters
from hfjobs_cli.commands._resolve import named_jobs
from hfjobs_cli.errors import ExitCode, HfJobsError
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.hub.job_poller import JobPoller
from hfjobs_cli.hub.retry import OUTAGES, TRANSIENT_ERRORS, Backoff, Retries, retry_after_of
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import parse_duration, span

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo

FIRST_PAUSE_SECS = 1.0
LONGEST_PAUSE_SECS = 10.0
MAX_LISTED = 20
"""How many unfinished jobs are listed after a timeout."""

LAST_POLL_SECS = 0.5
"""The least time for the last poll before the timeout."""


def wait(
    session: Session,
    jobs: options.ChosenJobs = None,
    *,
    choice: options.Choice,
    timeout: single_command_options.WaitTimeout = None,
    any_: single_command_options.AnyOfThem = False,
    sort: options.Sort = None,
    output: Annotated[options.Output, "job", ("id", "name", "status", "exit_code", "runtime", "message")],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Wait for jobs to finish and report how they ended.

    Jobs are printed when all have finished; formats with one line per job print each as it finishes. The exit code is 0
    if all completed, 10 if one failed, 11 if none failed but one was canceled, and 12 if --timeout passed first. Ctrl-C
    stops waiting, not the jobs.

    Filters select jobs that have not finished; -a adds those that have, whose outcome counts too.

    \b
    Examples:
      hfjobs wait 6a01d697aff1cd33e8f33a64
      hfjobs wait @latest --timeout 2h
      hfjobs wait -a --label sweep=3
      hfjobs wait --any --name train-judge -q
      hfjobs ps -q | hfjobs wait - --format jsonl
    """
    listing = Listing(session, output, sort=sort, indent=4)
    timeout_secs = None if timeout is None else parse_duration(timeout, "--timeout", at_least=0)
    if is_by_filters(jobs, choice):
        references = [JobReference.of(job, namespace) for job in filtered_jobs(session, choice, namespace)]
    else:
        references = named_jobs(session, jobs or (), namespace)

    poller = JobPoller(session.client, references)
    ended = _ended(session, poller, timeout_secs, just_one=any_)
    if listing.renderer.streams and not listing.is_sorted:
        listing.show(RecordStream(ended))
    else:
        found = {job.id: job for job in ended}
        listing.show([found[each.id] for each in dict.fromkeys(references) if each.id in found])
    session.failures += poller.failed.values()
    done = [job for job in poller.jobs.values() if job.has_ended]
    if poller.pending and not (any_ and done):
        session.report(_timed_out(session, poller, timeout_secs or 0.0))
        return ExitCode.TIMED_OUT
    return outcome(done)


def _ended(session: Session, poller: JobPoller, timeout_secs: float | None, *, just_one: bool) -> Iterator[JobInfo]:
    """Yield each job when it finishes, until all or one have finished, or the timeout passes."""
    deadline = None if timeout_secs is None else time.monotonic() + timeout_secs
    backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS)
    retries = Retries(OUTAGES)
    failures = list(session.failures)
    try:
        while poller.pending:
            left = None if deadline is None else deadline - time.monotonic()
            failure: HfJobsError | None = None
            is_cut_short = False
            try:
                # A poll ends at the timeout.
                if left is None or not timeout_secs:
                    poller.poll()
                else:
                    call_with_timeout(poller.poll, max(left, LAST_POLL_SECS))
            except TRANSIENT_ERRORS as error:
                if timeout_secs == 0:
                    raise  # there is no second poll
                failure = error
            except TimeoutError:
                is_cut_short = True
            session.failures[:] = failures  # invalid records of other jobs are not failures here
            ended = poller.newly_finished()
            for job in ended:
                yield job
                session.flush()  # readers of a pipe get it at once
            if is_cut_short or not poller.pending or (just_one and ended) or (left is not None and left <= 0):
                return
            if failure is None:
                retries.reset()
                pause = backoff.pause()
            else:
                pause = retries.pause_after(failure)
                session.warning(f"{failure.message}; still waiting")
                if left is not None and retry_after_of(failure) > left:  # Retry-After ends after the timeout
                    _pause(session, poller, left)
                    return
            _pause(session, poller, pause if left is None else max(0.0, min(pause, left)))
    except KeyboardInterrupt:
        session.notice(f"not finished: {' '.join(map(str, poller.pending.values()))}")
        raise
    finally:
        session.progress(None)


def _pause(session: Session, poller: JobPoller, seconds: float) -> None:
    """Pause, with a progress line on a terminal."""
    while seconds > 0 and session.shows_progress:
        session.progress(_state(session, poller))
        session.sleep_while_read(min(1.0, seconds))
        seconds -= 1.0
    if seconds > 0:
        session.sleep_while_read(seconds)


def _state(session: Session, poller: JobPoller) -> str:
    """Return the progress line: jobs by status, the longest running time, and finished jobs."""
    now = session.clock()
    stages: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    longest = 0.0
    for job in poller.jobs.values():
        (stages if job.id in poller.pending else ended)[str(job.status).lower()] += 1
        if job.id in poller.pending:
            longest = max(longest, job.running_secs(now) or 0.0)
    unseen = len(poller.pending.keys() - poller.jobs.keys())
    parts = [f"{count} {stage}" for stage, count in sorted(stages.items())] + [f"{unseen} unknown"] * bool(unseen)
    text = ", ".join(parts) + (f", for {span(longest)}" if longest else "")
    return text + ("; finished: " + ", ".join(f"{count} {stage}" for stage, count in ended.items()) if ended else "")


def _timed_out(session: Session, poller: JobPoller, timeout_secs: float) -> HfJobsError:
    """Return the timeout error with the unfinished jobs and their status."""
    now = session.clock()
    lines = []
    for reference in list(poller.pending.values())[:MAX_LISTED]:
        job = poller.jobs.get(reference.id)
        secs = None if job is None else job.running_secs(now) or job.waited_secs(now)
        how = "status unknown" if job is None else f"{str(job.status).lower()}{f' for {span(secs)}' if secs else ''}"
        lines.append("  " + "  ".join(filter(None, [str(reference), job.name if job is not None else None, how])))
    count = len(poller.pending)
    lines += [f"  and {count - MAX_LISTED:,} more"] * (count > MAX_LISTED)
    message = (
        f"timed out after {span(timeout_secs)}; {count:,} {'job has' if count == 1 else 'jobs have'} not finished:"
    )
    return HfJobsError(message, details=tuple(lines))
