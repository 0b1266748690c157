"""All jobs of a listing, however many: stages are read at once, and merged by time.

A listing has one cursor, so its pages can only be asked for one after the other. But each stage can be asked for by
itself. Three things make the result the same as that of one cursor:

- Jobs change their stage while they are being read. Those that have not ended are read by one cursor, so that it does
  not matter whether one starts meanwhile, or is tried again. They are read to the end before the first page of those
  that have ended is asked for: one that ends meanwhile is met again there, and shown once. The other way round it could
  be missed by both. What has ended stays as it is: nothing in the Jobs API changes it.
- Stages that are newer than this version cannot be asked for. So the jobs in known stages are counted, and all jobs;
  unless these are as many, there is but one cursor.
- Jobs that were created meanwhile are left out, as they are by one cursor.

All that goes by time, and the Hub does not promise to list the newest first. If its first page has another order, there
is but one cursor, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from heapq import merge
from itertools import islice

from hfjobs_cli.api.pages import Seen
from hfjobs_cli.api.threads import Ahead
from hfjobs_cli.query.scan import Page
from hfjobs_cli.records.job import JobInfo
from hfjobs_cli.records.vocabulary import ACTIVE_STAGES, STAGES
from hfjobs_cli.text.times import LATEST

PAGE_SIZE = 100

PAGES_AHEAD = 4
"""How many pages of a cursor are kept that are not yet needed."""

FEW_PAGES = 5
"""How many pages are read by one cursor: by several it would take more requests, and hardly less time."""

Read = Callable[["Iterable[str] | None"], "Iterator[Page]"]
"""Stages, None for all -> the pages of the listing of jobs in these."""


class History:
    """All jobs of a listing, newest first, to be read once. `total` is about how many there are, None if unknown."""

    def __init__(
        self,
        read: Read,
        count: Callable[[], int | None],
        stages: Sequence[str] | None,
        *,
        tells_total: bool = False,
    ) -> None:
        """Ask for nothing yet.

        `read` lists the jobs in some of the `stages` that are wanted, None = all. `count` returns how many are in
        these, or None if they can be read by one cursor only. Unless it `tells_total`, that may be more than what is
        read.
        """
        self._read = read
        self._count = count
        self._stages = stages
        self._tells_total = tells_total
        self.total: int | None = None

    def __iter__(self) -> Iterator[Page]:
        """Yield the jobs in pages. One that is all there is costs one request; only for more they are counted."""
        pages = self._read(self._stages)
        first = next(pages)
        cursors = _cursors(self._stages)
        if first.has_next and (len(cursors) > 1 or self._tells_total):
            count = self._count()
            self.total = count if self._tells_total else None
            is_long = count is not None and count > FEW_PAGES * PAGE_SIZE
            if len(cursors) > 1 and is_long and _is_newest_first(first.jobs):
                yield first
                yield from self._by_stages(cursors, first.jobs)
                return
        yield first
        if first.has_next:
            yield from _closing(Ahead(pages, PAGES_AHEAD))

    def _by_stages(self, stages: Sequence[tuple[str, ...]], known: Sequence[JobInfo]) -> Iterator[Page]:
        """Yield the jobs that come after those `known`, one cursor for each of some `stages`."""
        newest = max((_moment(job) for job in known if job.created_at is not None), default=LATEST)
        under_way = [list(_jobs(self._read(each))) for each in stages if each[0] in ACTIVE_STAGES]
        cursors = [Ahead(self._read(each), PAGES_AHEAD) for each in stages if each[0] not in ACTIVE_STAGES]
        try:
            streams = [*map(_jobs, cursors), *map(iter, under_way)]
            # Of a job that is met twice, what was read later comes first.
            merged = merge(*streams, key=_place, reverse=True)
            yield from _in_pages((job for job in merged if job.created_at is None or job.created_at <= newest), known)
        finally:
            for cursor in cursors:
                cursor.close()


def _cursors(stages: Sequence[str] | None) -> list[tuple[str, ...]]:
    """Return the stages that each cursor is to read: those under way together, and each of the others."""
    wanted = STAGES if stages is None else stages
    active = tuple(stage for stage in wanted if stage in ACTIVE_STAGES)
    ended: list[tuple[str, ...]] = [(stage,) for stage in wanted if stage not in ACTIVE_STAGES]
    return [active, *ended] if active else ended


def _jobs(pages: Iterator[Page]) -> Iterator[JobInfo]:
    return (job for page in pages for job in page.jobs)


def _place(job: JobInfo) -> tuple[datetime, str]:
    return _moment(job), job.id


def _moment(job: JobInfo) -> datetime:
    return job.created_at or LATEST


def _is_newest_first(jobs: Sequence[JobInfo]) -> bool:
    moments = [_moment(job) for job in jobs]
    return moments == sorted(moments, reverse=True)


def _in_pages(jobs: Iterator[JobInfo], known: Iterable[JobInfo]) -> Iterator[Page]:
    """Yield jobs in pages, but those that are `known`, and each once."""
    seen = Seen()
    skipped = {job.id for job in known}
    page = list(islice(jobs, PAGE_SIZE))
    while page:
        following = list(islice(jobs, PAGE_SIZE))
        yield Page(seen.new(job for job in page if job.id not in skipped), has_next=bool(following))
        page = following


def _closing(pages: Ahead[Page]) -> Iterator[Page]:
    try:
        yield from pages
    finally:
        pages.close()
