"""Several jobs or schedules named on the command line: references, and results and errors in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from hfjobs_cli.api.threads import results_at_once
from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.query.namings import JOBS, Naming
from hfjobs_cli.query.references import JobReference, parse_references

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.plan import Plan
    from hfjobs_cli.commands.shared.resolving import List
    from hfjobs_cli.records.job import JobInfo

T = TypeVar("T")


def named_jobs(session: Session, texts: Iterable[str], namespace: str | None) -> list[JobReference]:
    """Return the jobs named on the command line and on stdin, and say so if there are none.

    Those that are described (`@latest`, the beginning of an id) are looked for; one that does not exist is told of
    at the end. Raises UsageError, also if an id may be short for several.
    """
    return named(session, texts, namespace, JOBS, _list_jobs) or []


def jobs_to_change(
    session: Session, texts: Iterable[str], namespace: str | None, plan: Plan
) -> list[JobReference] | None:
    """Return the jobs that are named, None if a description fits several and the one that it means is not meant."""
    return named(session, texts, namespace, JOBS, _list_jobs, plan)


def _list_jobs(session: Session, wanted: Any, namespace: str | None) -> Iterator[JobInfo]:
    from hfjobs_cli.commands.shared.selection import scan

    return scan(session, wanted, namespace, may_stop=True).jobs()


def named(
    session: Session,
    texts: Iterable[str],
    namespace: str | None,
    naming: Naming,
    list_them: List,
    plan: Plan | None = None,
) -> list[JobReference] | None:
    """Return what is named, as `naming` says; what is described is looked for in what `list_them` lists.

    With a `plan` a description that fits several is shown and asked for; None if the answer is no.
    """
    wanted = parse_references(texts, session.stdin, namespace, session.settings.endpoint, session.clock(), naming)
    if not wanted:
        session.remark(f"stdin named no {naming.plural}")
    references = [each for each in wanted if isinstance(each, JobReference)]
    if len(references) == len(wanted):
        return references
    from hfjobs_cli.commands.shared.resolving import resolved  # what needs no listing makes none

    found = resolved(session, wanted, naming, list_them, plan)
    if found is None:
        return None
    session.failures += [each for each in found if isinstance(each, HfJobsError)]
    return [each for each in found if isinstance(each, JobReference)]


def show_results(session: Session, listing: Listing, results: Sequence[Any]) -> None:
    """Show the results that are no errors; those that are will be told of in order, and decide the exit code."""
    session.failures += [result for result in results if isinstance(result, HfJobsError)]
    listing.show([result for result in results if not isinstance(result, HfJobsError)])


def done_to_each(
    session: Session, references: Sequence[JobReference], act: Callable[[JobReference], T], done: str
) -> Iterator[T]:
    """Yield what `act` makes of each job, in order, all begun at once; what fails is told of at the end.

    If Ctrl-C ends it, the jobs of which nobody knows whether they are `done` (a word: canceled) are named.
    """
    todo = list(dict.fromkeys(references))  # a job that is named twice is meant once
    try:
        for result in results_at_once(act, list(todo)):
            if isinstance(result, HfJobsError):
                session.failures.append(result)
            else:
                yield result
            del todo[0]
    except KeyboardInterrupt:
        session.remark(f"it is not known whether these were {done}: {' '.join(map(str, todo))}")
        raise
