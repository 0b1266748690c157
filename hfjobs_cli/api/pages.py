"""The pages of one listing of jobs, each asked for by the cursor that the one before it links to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.query.scan import Page
from hfjobs_cli.records.job import JobInfo

if TYPE_CHECKING:
    from hfjobs_cli.api.outcomes import Answer

MAX_BARREN_PAGES = 10
"""How many pages in a row may hold no new job before a listing counts as endless."""

MEMORABLE_PAGES = 20
"""On how many pages before it a job is looked for that may have moved to a later page. All ids would be 130 B a job."""


class Seen:
    """The jobs of the last pages, so that one that is met again is shown once."""

    def __init__(self) -> None:
        """Know none yet."""
        self._pages: deque[set[str]] = deque(maxlen=MEMORABLE_PAGES)

    def new(self, jobs: Iterable[JobInfo]) -> list[JobInfo]:
        """Return those of a page that were not met, each once."""
        fresh: dict[str, JobInfo] = {}
        for job in jobs:
            if not any(job.id in ids for ids in self._pages):
                fresh.setdefault(job.id, job)
        self._pages.append(set(fresh))
        return list(fresh.values())


def pages_of(
    ask: Callable[[str | None], Answer], parse: Callable[[Answer], list[JobInfo]], since: datetime | None
) -> Iterator[Page]:
    """Yield the pages of a listing up to the one after which all jobs are older than `since`.

    `ask` gets the page at a cursor, or the first one, and `parse` its jobs. Raises BadResponse for pages without end.
    """
    seen = Seen()
    cursors: set[str] = set()
    cursor: str | None = None
    barren = 0
    while True:
        answer = ask(cursor)
        jobs = parse(answer)
        fresh = seen.new(jobs)
        cursor = None if _is_last(jobs, since) else answer.next_cursor()
        yield Page(fresh, has_next=cursor is not None)
        if cursor is None:
            return
        barren = 0 if fresh else barren + 1
        if cursor in cursors or barren == MAX_BARREN_PAGES:
            raise answer.problem("its pages loop")
        cursors.add(cursor)


def _is_last(jobs: Iterable[JobInfo], since: datetime | None) -> bool:
    """Tell whether later pages hold only jobs that are too old.

    The Hub lists the newest first but does not promise it, so this goes by what the page looks like.
    """
    created = [job.created_at for job in jobs if job.created_at is not None]
    if since is None or not created or created[-1] >= since:
        return False
    return created[0] > created[-1] and created == sorted(created, reverse=True)
