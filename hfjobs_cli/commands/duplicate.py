"""`hfjobs duplicate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode

if TYPE_CHECKING:
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.records.job import JobInfo


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
    from hfjobs_cli.commands.shared.creating import ID_AND_URL, create_each
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.several import named_jobs

    listing = Listing(session, output, default=ID_AND_URL, indent=4)
    references = named_jobs(session, jobs, namespace)

    def create(reference: JobReference, known: list[str]) -> JobInfo:
        return session.client.duplicate_job(reference, known)

    return create_each(session, listing, references, create, "duplicated")
