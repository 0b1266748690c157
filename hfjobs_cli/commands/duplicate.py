"""`hfjobs duplicate`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode, HfJobsError, NotFound, OutputFailed, ReaderGone, UsageError
from hfjobs_cli.renderers.renderer import Renderer

if TYPE_CHECKING:
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.renderers.view import View


def duplicate(
    session: Session,
    jobs: options.Jobs,
    *,
    output: Annotated[options.Output, "job", "initiator"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run jobs again, as new jobs (also: rerun).

    Each new job has the spec of an old one; its id and page are printed. A new job costs money, so each request is
    sent once: if its answer is lost, the new job is looked for by its initiator instead. A job that is named twice is
    run twice.

    \b
    Examples:
      hfjobs duplicate 6a01d697aff1cd33e8f33a64
      hfjobs duplicate -q alice/6a01d697aff1cd33e8f33a64
      hfjobs duplicate --format json 6a01d697aff1cd33e8f33a64
    """
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.several import named_jobs

    listing = Listing(session, output, default=ID_AND_URL, indent=4)
    references = named_jobs(session, jobs, namespace)

    created: list[JobInfo] = []
    failures: list[HfJobsError] = []
    todo = deque(references)
    stopped: BaseException | None = None
    try:
        for job in _duplicates(session, todo, created, failures):
            if listing.streams:
                listing.show([job])
        if created and not listing.streams:
            listing.show(created)
    except (OutputFailed, ReaderGone, UsageError, KeyboardInterrupt) as error:
        # Whoever pays for a job is told of it, even if it cannot be shown; and what is not seen is not gone on with.
        stopped = error
        if created:
            session.remark(f"created: {' '.join(job.id for job in created)}")
    if todo:
        session.remark(f"not duplicated: {' '.join(map(str, todo))}")
    if isinstance(stopped, HfJobsError):
        # Jobs exist by now: neither a closed pipe (0) nor a template that fails (2) may decide the exit code.
        raise OutputFailed(stopped.message, stopped.hint, stopped.details)
    if stopped is not None:
        raise stopped
    return failures[0].exit_code if failures else ExitCode.DONE


def _duplicates(
    session: Session, todo: deque[JobReference], created: list[JobInfo], failures: list[HfJobsError]
) -> Iterator[JobInfo]:
    """Yield one new job after the other, moving what is done from `todo` to `created` or `failures`.

    After a failure the next job is tried only if it may fare better: if those that failed just did not exist.
    """
    while todo and all(isinstance(failure, NotFound) for failure in failures):
        job = None
        try:
            job = session.client.duplicate_job(todo[0], known=[earlier.id for earlier in created])
        except HfJobsError as error:
            failures.append(error)
            session.report(error)  # at once, as the next one may take its time
        todo.popleft()
        if job is not None:
            created.append(job)
            yield job


def _id_and_url(jobs: Iterable[JobInfo], view: View) -> None:
    """Write the id and the page of each job, for eyes."""
    for job in jobs:
        view.write(f"{view.spell(job.id)}  {view.spell(job.url or '')}\n")


ID_AND_URL = Renderer("id-and-url", _id_and_url, streams=True)
