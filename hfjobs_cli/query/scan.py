"""Reading a listing: page by page, keeping what matches, up to a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hfjobs_cli.query.filters import JobFilter
from hfjobs_cli.records.job import JobInfo


class Page(NamedTuple):
    """Some jobs of a listing, newest first, and whether more follow that may be asked for."""

    jobs: list[JobInfo]
    has_next: bool


class Scan:
    """One pass over the pages of a listing, and what was counted on the way.

    `read` counts the jobs looked at, `matched` those kept. `has_more` says that the limit ended it and that more jobs
    may match.
    """

    def __init__(self, pages: Iterable[Page], wanted: JobFilter, limit: int, page_read: Callable[[Scan], None]) -> None:
        """Read nothing yet. A `limit` of 0 is none; `page_read` is called after each page that is not the last."""
        self._pages = pages
        self._wanted = wanted
        self._limit = limit
        self._page_read = page_read
        self.matched = self.read = self.pages = 0
        self.has_more = False

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the matching jobs, asking for a page when it is needed."""
        for page in self._pages:
            self.pages += 1
            for place, job in enumerate(page.jobs):
                self.read += 1
                if self._wanted.matches(job):
                    self.matched += 1
                    yield job
                if self._limit and self.matched == self._limit:
                    self.has_more = page.has_next or any(map(self._wanted.matches, page.jobs[place + 1 :]))
                    return
            if page.has_next:
                self._page_read(self)
