"""Jobs created one after the other. Each costs money, so none is lost sight of, and none made that nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from hfjobs_cli.errors import ExitCode, HfJobsError, Interrupted, NotFound, OutputFailed
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.renderers.renderer import Renderer

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.renderers.view import View

Create = Callable[[JobReference, "list[str]"], "JobInfo"]
"""What a job is made of, and the ids of the jobs made before -> the new job."""


def create_each(
    session: Session,
    listing: Listing | None,
    references: Iterable[JobReference],
    create: Create,
    done: str,
    may_go_on: Callable[[HfJobsError], bool] = lambda failure: isinstance(failure, NotFound),
    created: list[JobInfo] | None = None,
) -> ExitCode:
    """Create a job of each reference, show the new ones, and return the exit code. `done` is a word: duplicated.

    After a failure the next one is tried only if it may fare better, as `may_go_on` says of the failure. Without a
    listing they are told of on stderr. They are added to `created`.
    """
    created = [] if created is None else created
    before = len(session.made)
    failures: list[HfJobsError] = []
    given = list(references)
    stopped: BaseException | None = None
    streams = listing is not None and listing.renderer.streams

    def jobs() -> Iterator[JobInfo]:
        for reference in given:
            if not all(map(may_go_on, failures)):
                return
            try:
                job = create(reference, [earlier.id for earlier in created])
            except HfJobsError as error:
                failures.append(error)
                session.report(error)  # at once, as the next one may take its time
            else:
                created.append(job)
                yield job
                if streams:
                    session.flush()  # whoever pays for it sees it before the next is created

    try:
        new = jobs()
        for job in islice(new, 1 if streams else None):
            if listing is None:
                announce(session, job)
        if created and listing is not None:
            listing.show(chain(list(created), new))
    except BaseException as error:  # whatever a format that was installed may raise
        # Whoever pays for a job is told of it, even if it cannot be shown; and what is not seen is not gone on with.
        stopped = error
    # Ctrl-C may come when a job exists, but has not got here yet.
    todo = given[len(failures) + len(session.made) - before :]
    if stopped is None:
        session.created[:] = session.created[len(created) :]  # those have been shown
    else:
        session.tell_created()
    if todo:
        session.remark(f"not {done}: {' '.join(map(str, todo))}")
    if stopped is not None:
        raise not_shown(stopped)
    if todo and not failures:
        raise OutputFailed("the format shows some of the new jobs only, so no others were created")
    if any(isinstance(failure, Interrupted) for failure in failures):
        return ExitCode.INTERRUPTED
    return failures[0].exit_code if failures else ExitCode.DONE


def not_shown(error: BaseException) -> BaseException:
    """Return the error that ends the program when what exists cannot be shown.

    Neither a closed pipe (0), nor a template that fails (2), nor a format that exits may decide the exit code.
    """
    if isinstance(error, KeyboardInterrupt):
        return error
    if isinstance(error, HfJobsError):
        return OutputFailed(error.message, error.hint, error.details)
    if isinstance(error, SystemExit | GeneratorExit):
        said = f": {error}" if str(error) else ""
        return OutputFailed(f"the format has ended early ({type(error).__name__}{said})")
    return error


def announce(session: Session, job: JobInfo) -> None:
    """Tell on stderr of a new job that will be followed, whose output is what stdout is for."""
    session.remark(f"created {job.id}  {job.url or ''}".rstrip())
    for port, address in zip(job.expose or (), job.status.expose_urls or (), strict=False):
        session.remark(f"port {port} is at {address}")
    if job.status.ssh_url is not None:
        session.remark(f"'hfjobs ssh {JobReference.of(job, None)}' opens a shell in it")


def _id_and_url(jobs: Iterable[JobInfo], view: View) -> None:
    """Write the id and the page of each job, for eyes."""
    for job in jobs:
        view.write(f"{view.spell(job.id)}  {view.spell(job.url or '')}\n")


ID_AND_URL = Renderer("id-and-url", _id_and_url, streams=True)
