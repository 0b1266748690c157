"""Several jobs named on the command line: results in order, errors in order, and one exit code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import ExitCode, HfJobsError

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing


def show_results(session: Session, listing: Listing, results: Sequence[Any]) -> ExitCode:
    """Show the results that are no errors, tell of those that are, and return the exit code of the first of those."""
    failures = [result for result in results if isinstance(result, HfJobsError)]
    listing.show([result for result in results if not isinstance(result, HfJobsError)])
    session.report(*failures)
    return end(session, len(results), failures)


def end(session: Session, count: int, failures: Sequence[HfJobsError]) -> ExitCode:
    """Return the exit code after `count` jobs, some of which failed; say so if no job was named."""
    if not count:
        session.remark("stdin named no jobs")
    return failures[0].exit_code if failures else ExitCode.DONE
