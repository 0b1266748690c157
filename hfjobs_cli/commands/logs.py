"""`hfjobs logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import outcome
from hfjobs_cli.commands._follow import TEXT, LogOptions, LogWriter
from hfjobs_cli.commands._listing import Listing, filtered_jobs, is_by_filters
from hfjobs_cli.commands._resolve import named_jobs
from hfjobs_cli.errors import ExitCode, HfJobsError, Interrupted, UsageError
from hfjobs_cli.hub.concurrency import MAX_FOLLOWED
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import parse_time_option

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo


def logs(
    session: Session,
    jobs: options.ChosenJobs = None,
    *,
    follow: single_command_options.Follow = False,
    tail: single_command_options.LogTail = None,
    max_log_requests: single_command_options.MaxLogRequests = None,
    since: single_command_options.LinesSince = None,
    timestamps: single_command_options.Timestamps = False,
    exit_status: single_command_options.ExitStatus = False,
    choice: Annotated[single_command_options.LoggedJobs, "job"],
    sort: options.Sort = None,
    output: Annotated[options.Output, "log_line"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Show or follow job logs.

    Without -f, all existing lines are shown, or the last N with -n. With -f, new lines follow until the jobs finish.
    Lines of several jobs are prefixed with the job's name. The start of each attempt, and why a job is waiting, is
    reported on stderr.

    No line is lost if the connection breaks; hfjobs retries for up to 30 minutes while the Hub is unreachable.

    \b
    Examples:
      hfjobs logs 6a01d697aff1cd33e8f33a64
      hfjobs logs -f @latest
      hfjobs logs -f -n 20 --name train-judge
      hfjobs logs --since 10m -t 6a01d697aff1cd33e8f33a64
      hfjobs logs -f --label sweep=3 --exit-status
      hfjobs logs --format jsonl @failed | jq -r .data
    """
    listing = Listing(session, output, default=TEXT, sort=sort)
    moment = None
    if since is not None:
        moment = parse_time_option(since, session.clock(), "--since")

    references, found = _chosen(session, jobs, choice, namespace)
    most = max_log_requests or MAX_FOLLOWED
    if follow and len(found) > most:
        raise UsageError(
            f"cannot follow {len(found)} jobs at once, at most {most}",
            hint=f"select fewer jobs, or use --max-log-requests {len(found)}",
        )
    writer = LogWriter(session, found, references, LogOptions(follow, tail, moment, timestamps, listing))
    try:
        writer.run()
    except KeyboardInterrupt:
        raise _interrupted(references, writer, follow=follow) from None
    _note_ends(session, writer, follow=follow)
    if tail != 0 and not follow:
        for job in writer.without_output:
            if not job.has_ended and job.status.stage != "SCHEDULING":
                session.note(f"note: {job.id} has no output yet")
    session.failures += writer.errors
    if exit_status:
        return outcome(writer.jobs)
    return ExitCode.UNAVAILABLE if writer.has_gap else ExitCode.DONE


def _chosen(
    session: Session, words: list[str] | None, choice: single_command_options.LoggedJobs, namespace: str | None
) -> tuple[list[JobReference], list[JobInfo]]:
    """Return the given or matching jobs; missing ones are reported at the end."""
    if is_by_filters(words, choice):
        jobs = filtered_jobs(session, choice, namespace)
        return [JobReference.of(job, namespace) for job in jobs], jobs
    named = list(dict.fromkeys(named_jobs(session, words or (), namespace)))
    references, found = [], []
    for reference, job in zip(named, session.client.inspect_jobs(named), strict=True):
        if isinstance(job, HfJobsError):
            session.failures.append(job)
        else:
            references.append(JobReference.of(job, reference.namespace))
            found.append(job)
    return references, found


def _interrupted(references: list[JobReference], writer: LogWriter, *, follow: bool) -> Interrupted:
    """Return the error for Ctrl-C, which says how to continue."""
    options = ["-f"] if follow else []
    if writer.last_at:
        options.append(f"--since {min(writer.last_at.values())}")
    words = " ".join([*options, *map(str, references)])
    goes_on = "; the jobs continue to run" if len(references) > 1 else "; the job continues to run"
    return Interrupted(f"interrupted{goes_on if follow else ''}", hint=f"continue with: hfjobs logs {words}")


def _note_ends(session: Session, writer: LogWriter, *, follow: bool) -> None:
    """Report how followed jobs ended, and why others have no output yet."""
    for job, name in zip(writer.jobs, writer.names, strict=True):
        why = f": {job.status.message}" if job.status.message else ""
        if follow or job.status.stage == "SCHEDULING":
            session.note(f"{name} is {job.status}{why}")
