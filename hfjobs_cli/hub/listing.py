"""List jobs page by page, long listings in parallel."""

from __future__ import annotations

import logging
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from hfjobs_cli.hub.concurrency import Prefetch
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES, STAGES
from hfjobs_cli.query.filters import Page
from hfjobs_cli.text.values import EARLIEST, LATEST

if TYPE_CHECKING:
    from hfjobs_cli.hub.responses import HubResponse

logger = logging.getLogger(__name__)


MAX_BARREN_PAGES = 10
"""How many pages in a row may hold no new job before a listing counts as endless."""

MEMORABLE_PAGES = 20
"""On how many earlier pages a job is looked up, as it may move to a later page. To keep all ids takes 130 B a job."""


class SeenJobs:
    """The jobs of the last pages, so that a job on two pages is shown once."""

    def __init__(self) -> None:
        """Start without jobs."""
        self._pages: deque[set[str]] = deque()
        self._ids: set[str] = set()

    def new(self, jobs: Iterable[JobInfo]) -> list[JobInfo]:
        """Return the jobs of a page that are new, each once."""
        fresh: dict[str, JobInfo] = {}
        for job in jobs:
            if job.id not in self._ids:
                fresh.setdefault(job.id, job)
        self._pages.append(set(fresh))
        self._ids.update(fresh)
        if len(self._pages) > MEMORABLE_PAGES:
            self._ids -= self._pages.popleft()
        return list(fresh.values())


class ActiveFront:
    """How far the active jobs have been read, newest first. Ended jobs are read only up to there.

    A job that ends meanwhile moves from the listing of active jobs to that of ended ones. It is missed if the page of
    ended jobs where it belongs was requested before the page of active jobs that it has left. So a page of ended jobs
    counts only if it was requested after the active jobs of the same time had been read.
    """

    def __init__(self) -> None:
        """Start with nothing read. Active jobs created after `reached` have been read; at EARLIEST all have."""
        self.reached = LATEST
        self._changed = threading.Condition()

    def read(self, pages: Iterator[Page]) -> Iterator[Page]:
        """Yield the pages of active jobs, and record how far they reach."""
        try:
            for page in pages:
                if page.jobs and page.has_next and _is_newest_first(page.jobs):
                    self._move(_moment(page.jobs[-1]))
                yield page
        finally:
            self.finish()

    def finish(self) -> None:
        """End all waits: all active jobs have been read, or none are needed any more."""
        self._move(EARLIEST)

    def _move(self, moment: datetime) -> None:
        with self._changed:
            self.reached = min(self.reached, moment)
            self._changed.notify_all()

    def wait(self, moment: datetime) -> None:
        """Wait until all active jobs created at `moment` or later have been read."""
        with self._changed:
            self._changed.wait_for(lambda: self.reached == EARLIEST or self.reached < moment)


def pages_of(
    ask: Callable[[str | None], HubResponse],
    parse: Callable[[HubResponse], list[JobInfo]],
    since: datetime | None,
    front: ActiveFront | None = None,
) -> Iterator[Page]:
    """Yield the pages of a listing, up to the page after which all jobs are older than `since`.

    `ask` requests the page at a cursor, None for the first page; `parse` returns its jobs. With a `front` no page may
    reach further back than the front: if one does, it is requested again. Raises BadResponse if pages repeat.
    """
    seen = SeenJobs()
    cursors: set[str] = set()
    cursor: str | None = None
    barren = 0
    expected = LATEST
    while True:
        if front is not None:
            front.wait(expected)
        response, jobs, expected = _page(ask, parse, cursor, since, front)
        fresh = seen.new(jobs)
        cursor = None if _is_last(jobs, since) else response.next_cursor()
        yield Page(fresh, has_next=cursor is not None)
        if cursor is None:
            return
        barren = 0 if fresh else barren + 1
        if cursor in cursors or barren == MAX_BARREN_PAGES:
            raise response.problem("its pages repeat")
        cursors.add(cursor)


def _page(
    ask: Callable[[str | None], HubResponse],
    parse: Callable[[HubResponse], list[JobInfo]],
    cursor: str | None,
    since: datetime | None,
    front: ActiveFront | None,
) -> tuple[HubResponse, list[JobInfo], datetime]:
    """Return a page, its jobs, and how far back the next page may reach. Repeats requests until `front` allows it."""
    while True:
        passed = LATEST if front is None else front.reached
        response = ask(cursor)
        jobs = parse(response)
        if front is None:
            return response, jobs, LATEST
        moments = [_moment(job) for job in jobs]
        is_last = not jobs or _is_last(jobs, since) or response.next_cursor() is None
        end = EARLIEST if is_last or not _is_newest_first(jobs) else moments[-1]
        if passed == EARLIEST or passed < end:
            return response, jobs, EARLIEST if is_last else _earlier(moments[-1], moments[0] - moments[-1])
        front.wait(end)


def _earlier(moment: datetime, by: timedelta) -> datetime:
    return moment - by if moment - EARLIEST > by else EARLIEST


def _is_last(jobs: Iterable[JobInfo], since: datetime | None) -> bool:
    """Return whether later pages hold only jobs that are too old.

    The Hub lists the newest jobs first but does not promise it, so the page itself must be in that order.
    """
    created = [job.created_at for job in jobs if job.created_at is not None]
    if since is None or not created or created[-1] >= since:
        return False
    return created[0] > created[-1] and created == sorted(created, reverse=True)


PAGE_SIZE = 100
"""How many jobs the Hub lists on a page."""

PAGES_AHEAD = 4
"""How many pages a cursor reads ahead."""

ALL_PAGES = sys.maxsize
"""Reads ahead without a limit."""

FEW_PAGES = 5
"""Listings of up to this many pages are read by one cursor: several need more requests and save hardly any time."""

Read = Callable[["Iterable[str] | None", "ActiveFront | None"], "Iterator[Page]"]
"""Returns the pages of jobs in some stages (None = all), behind a front if one is given."""


class ParallelListing:
    """All jobs of a listing, newest first; iterate once. `total` is about how many there are, None if unknown."""

    def __init__(
        self,
        read: Read,
        count: Callable[[], int | None],
        stages: Sequence[str] | None,
        *,
        tells_total: bool = False,
    ) -> None:
        """Prepare the listing; nothing is requested yet.

        `read` lists the jobs in some of the `stages` (None = all). `count` returns how many jobs are in these stages,
        or None if only one cursor can read them. Unless it `tells_total`, that may be more than the listing has.
        """
        self._read = read
        self._count = count
        self._stages = stages
        self._tells_total = tells_total
        self.total: int | None = None

    def __iter__(self) -> Iterator[Page]:
        """Yield the jobs in pages. A listing of one page takes one request; jobs are counted only if there are more."""
        pages = self._read(self._stages, None)
        first = next(pages)
        cursors = _cursors(self._stages)
        if first.has_next and (len(cursors) > 1 or self._tells_total):
            count = self._count()
            self.total = count if self._tells_total else None
            is_long = count is not None and count > FEW_PAGES * PAGE_SIZE
            is_parallel = len(cursors) > 1 and is_long and _is_newest_first(first.jobs)
            plan = f"by {len(cursors)} cursors, one for each group of stages" if is_parallel else "by one cursor"
            logger.debug("* listing %s jobs %s", "an unknown number of" if count is None else f"about {count}", plan)
            if is_parallel:
                yield first
                yield from self._by_stages(cursors, first.jobs)
                return
        yield first
        if first.has_next:
            yield from _closing(Prefetch(pages, PAGES_AHEAD))

    def _by_stages(self, stages: Sequence[tuple[str, ...]], known: Sequence[JobInfo]) -> Iterator[Page]:
        """Yield the jobs after the `known` ones, with one cursor for each group of `stages`."""
        newest = max((_moment(job) for job in known if job.created_at is not None), default=LATEST)
        active = [each for each in stages if each[0] in ACTIVE_STAGES]
        front = ActiveFront() if active else None
        cursors = [Prefetch(self._read(each, front), PAGES_AHEAD) for each in stages if each not in active]
        if front is not None:  # read without limit, as the cursors of ended jobs wait for these
            cursors += [Prefetch(front.read(self._read(each, None)), ALL_PAGES) for each in active]
        try:
            # Of a job that is listed twice the ended state comes first, which is the newer one.
            multiplexed = merge(*map(_jobs, cursors), key=_place, reverse=True)
            yield from _in_pages(
                (job for job in multiplexed if job.created_at is None or job.created_at <= newest), known
            )
        finally:
            if front is not None:
                front.finish()
            for cursor in cursors:
                cursor.close()


def _cursors(stages: Sequence[str] | None) -> list[tuple[str, ...]]:
    """Return the stages of each cursor: the active ones together, each other one by itself."""
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
    """Yield jobs in pages, each once, without the `known` ones."""
    seen = SeenJobs()
    skipped = {job.id for job in known}
    page = list(islice(jobs, PAGE_SIZE))
    while page:
        following = list(islice(jobs, PAGE_SIZE))
        yield Page(seen.new(job for job in page if job.id not in skipped), has_next=bool(following))
        page = following


def _closing(pages: Prefetch[Page]) -> Iterator[Page]:
    try:
        yield from pages
    finally:
        pages.close()
