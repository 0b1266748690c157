"""Several jobs named on the command line: references, and results and errors in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.query.references import JobReference, parse_references

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing


def show_results(session: Session, listing: Listing, results: Sequence[Any]) -> None:
    """Show the results that are no errors; those that are will be told of in order, and decide the exit code."""
    session.failures += [result for result in results if isinstance(result, HfJobsError)]
    listing.show([result for result in results if not isinstance(result, HfJobsError)])


def named_jobs(session: Session, texts: Iterable[str], namespace: str | None) -> list[JobReference]:
    """Return the jobs named on the command line and on stdin, and say so if there are none. Raises UsageError."""
    references = parse_references(texts, session.stdin, namespace, session.settings.endpoint)
    if not references:
        session.remark("stdin named no jobs")
    return references
