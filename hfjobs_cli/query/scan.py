"""Reading a listing: page by page, keeping what matches, up to a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from hfjobs_cli.query.filters import JobFilter
from hfjobs_cli.records.job import JobInfo


class Page(NamedTuple):
    """Some jobs of a listing, newest first, and whether more pages follow."""

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
                    more_pages = page.has_next and not self._is_last(page)
                    self.has_more = more_pages or any(map(self._wanted.matches, page.jobs[place + 1 :]))
                    return
            if self._is_last(page):
                return
            if page.has_next:
                self._page_read(self)

    def _is_last(self, page: Page) -> bool:
        """Tell whether later pages hold only jobs that are too old.

        The Hub lists the newest first but does not promise it, so this goes by what the page looks like.
        """
        created = [job.created_at for job in page.jobs if job.created_at is not None]
        since = self._wanted.since
        if since is None or not created or created[-1] >= since:
            return False
        return created[0] > created[-1] and created == sorted(created, reverse=True)
