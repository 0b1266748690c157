"""Follow metrics of several jobs, as a table in place or for `top`."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.commands._select import scan
from hfjobs_cli.commands._watch import NO_MARK, BackgroundPoller, table_in_place
from hfjobs_cli.errors import HfJobsError, LimitReached
from hfjobs_cli.hub.concurrency import WAIT_SLICE_SECS, max_descriptors, start_thread
from hfjobs_cli.hub.last_line import LastLine
from hfjobs_cli.hub.metrics import UsageFollower
from hfjobs_cli.hub.retry import poll_backoff
from hfjobs_cli.models.usage import STALE_SECS, Usage
from hfjobs_cli.models.vocabulary import FINISHED_STAGES
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.tui.top_state import Ended, Top

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.preferences import Size
    from hfjobs_cli.query.filters import JobFilter


class News(NamedTuple):
    """An event of a job: a sample, or the end of the stream, perhaps with an error."""

    job_id: str
    usage: Usage | None = None
    error: BaseException | None = None


class UsageFollowers:
    """The metrics streams of several jobs, read in parallel."""

    def __init__(self, session: Session, references: Sequence[JobReference]) -> None:
        """Begin, in threads that do not keep the program from ending. Raises LimitReached."""
        self._session = session
        self._news: deque[News] = deque()
        self._arrived = threading.Semaphore(0)
        self._open = {each.id: UsageFollower(session.client, each, session.sleep) for each in references}
        for identifier, feed in self._open.items():
            start_thread(partial(self._read, identifier, feed))

    @property
    def are_over(self) -> bool:
        """Return whether all have ended, and what they told was taken."""
        return not self._open

    @property
    def trouble(self) -> str | None:
        """The error that keeps the metrics of an unfinished job from being read; None if there is none."""
        return next((feed.trouble for feed in self._open.values() if feed.trouble is not None), None)

    def take(self) -> list[News]:
        """Return the events since the last call. Raises errors that do not belong to a single job."""
        found = []
        while self._news:
            found.append(self._took(self._news.popleft()))
        return found

    def close(self) -> None:
        """Stop reading."""
        for feed in self._open.values():
            feed.close()

    def wait(self, seconds: float = math.inf) -> Iterator[News]:
        """Yield events as they arrive, until all jobs have finished, or for so many `seconds`.

        Raises what is no failure of one job, and ReaderGone once nobody reads stdout any more.
        """
        end = time.monotonic() + seconds
        while not self.are_over and time.monotonic() < end:
            # On Windows Ctrl-C is noticed only between two waits. One that ends the wait leaves what arrived to `take`.
            if not self._arrived.acquire(timeout=WAIT_SLICE_SECS):
                self._session.rest(0)
            elif self._news:
                yield self._took(self._news.popleft())

    def _took(self, news: News) -> News:
        if news.usage is None:
            self._open.pop(news.job_id, None)
            if news.error is not None and (
                isinstance(news.error, LimitReached) or not isinstance(news.error, HfJobsError)
            ):
                raise news.error
        return news

    def _read(self, identifier: str, feed: UsageFollower) -> None:
        error: BaseException | None = None
        try:
            for usage in feed:
                self._put(News(identifier, usage))
        except BaseException as failure:
            error = failure
        self._put(News(identifier, error=error))

    def _put(self, news: News) -> None:
        self._news.append(news)
        self._arrived.release()


_ENDED, _STALE = "- ", "? "


class UsageTable:
    """The last sample of each job."""

    def __init__(self, listing: Listing, job_ids: Iterable[str], now: datetime) -> None:
        """Show that nothing is known yet."""
        self._listing = listing
        self._samples = {each: Usage(each, *[None] * (len(Usage.__slots__) - 1)) for each in job_ids}
        self._told_at = dict.fromkeys(self._samples, now)
        self._ended: set[str] = set()
        self._now = now

    def note(self, news: Iterable[News], now: datetime) -> None:
        """Apply events."""
        self._now = now
        for each in news:
            if each.usage is None:
                self._ended.add(each.job_id)
            else:
                self._samples[each.job_id] = each.usage
                self._told_at[each.job_id] = now

    def lines(self, size: Size, trouble: str | None) -> list[str]:
        """Return the lines of the screen: the table, and a footer with the number of running jobs or an error."""
        running = len(self._samples) - len(self._ended)
        ended = f", {len(self._ended)} finished" if self._ended else ""
        told = f"{running} of {len(self._samples)} running{ended}; q or Ctrl-C quits"
        return [*self.rows(size), "", self._listing.line(trouble or told, size.columns)]

    def rows(self, size: Size) -> list[str]:
        """Return the header, and a line for each job that there is room for."""
        return table_in_place(self._listing, self._ordered(), size, self._mark)

    def _ordered(self) -> Sequence[Usage]:
        return self._listing.ordered(self._samples.values())

    def _mark(self, usage: Usage) -> str:
        if usage.job_id in self._ended:
            return _ENDED
        silent = (self._now - self._told_at[usage.job_id]).total_seconds()
        return _STALE if silent > STALE_SECS else NO_MARK


FIRST_PAUSE_SECS = 2.0
MAX_FOLLOWED = 50
"""Of how many jobs, the newest, figures and lines are read: each takes two connections."""

DESCRIPTORS_EACH, SPARE_DESCRIPTORS = 4, 40
"""How many descriptors each of these takes, and how many all else does: fewer are followed where few are allowed."""

MAX_LATELY = 50
"""How many of the jobs are shown that had ended before."""


class Follower:
    """What one running job uses and writes, each read in a thread of its own."""

    def __init__(self, session: Session, reference: JobReference, ended: Callable[[], None]) -> None:
        """Begin. `ended` is called when the job may have ended. Raises LimitReached."""
        self._ended = ended
        self._usages: deque[Usage] = deque()
        self._feed = UsageFollower(session.client, reference, session.sleep)
        self._line = LastLine(session.client, reference, session.sleep)
        try:
            start_thread(self._follow)
            start_thread(self._read)
        except LimitReached:
            self.close()
            raise

    @property
    def event(self) -> str:
        """The event of the last line."""
        return self._line.event

    def usages(self) -> list[Usage]:
        """Return the samples since this was last asked."""
        return [self._usages.popleft() for _ in range(len(self._usages))]

    def close(self) -> None:
        """End both."""
        self._feed.close()
        self._line.close()

    def _follow(self) -> None:
        with suppress(HfJobsError):  # then there are no figures
            for usage in self._feed:
                self._usages.append(usage)
            self._ended()

    def _read(self) -> None:
        with suppress(HfJobsError):
            self._line.run()


class Monitor:
    """Watches the jobs of a namespace that are wanted, and brings the state of a screen up to date."""

    def __init__(self, session: Session, wanted: JobFilter, namespace: str | None, wake: Callable[[], None]) -> None:
        """Begin. `wake` is called when something is new that cannot wait for the next second."""
        self._session = session
        self._costs = session.costs
        self._wanted = wanted
        self._namespace = namespace
        self._wake = wake
        self._followers: dict[str, Follower] = {}
        self._ended: deque[Ended] = deque()
        self._told: deque[str] = deque()
        self._look: object = None
        self._background = BackgroundPoller(session, self._ask, poll_backoff(FIRST_PAUSE_SECS), wake)
        self._start(self._ask_what_ended)

    def bring(self, state: Top, now: datetime) -> None:
        """Update the state. Raises the error that ended the polling, for example HfJobsError."""
        gone = [change.job for change in self._background.changes() if change.event == "gone"]
        look = self._background.last
        if look is not None and look is not self._look:
            self._look = look
            state.look(look.jobs, look.at)
            self._follow(look.jobs)
        if gone:
            self._start(lambda: self._ask_how_they_ended(gone))
        for identifier, follower in self._followers.items():
            row = state.rows[identifier]
            row.event = follower.event
            for usage in follower.usages():
                row.note(usage, now)
        for row in state.rows.values():
            row.cost = self._costs.of(row.job, now)
        state.end([self._ended.popleft() for _ in range(len(self._ended))])
        if self._told:
            state.message = self._told.popleft()
        state.trouble = self._background.trouble

    def cancel(self, job: JobInfo) -> None:
        """Cancel a job in the background; the result is shown later."""

        def cancel() -> None:
            try:
                done = self._session.client.cancel_job(self.reference(job))
                self._told.append(f"{job.name or job.id}: {done.status}")
            except HfJobsError as error:
                self._told.append(f"could not cancel {job.name or job.id}: {error.message}")
            self._background.hurry()
            self._wake()

        self._start(cancel)

    def reference(self, job: JobInfo) -> JobReference:
        """Return how a job is named."""
        return JobReference.of(job, self._namespace)

    def _ask(self) -> Sequence[JobInfo]:
        present = self._wanted._replace(now=self._session.clock())
        jobs = [job for job in scan(self._session, present, self._namespace).jobs() if not job.has_ended]
        for job in jobs:  # prices are asked for here, where there is time for that
            self._costs.of(job, present.now)
        return jobs

    def _follow(self, jobs: Sequence[JobInfo]) -> None:
        """Start following jobs that run now, and stop following the others."""
        most = min(MAX_FOLLOWED, (max_descriptors() - SPARE_DESCRIPTORS) // DESCRIPTORS_EACH)
        running = [job for job in jobs if job.status.stage == "RUNNING"][: max(1, most)]
        for identifier in self._followers.keys() - {job.id for job in running}:
            self._followers.pop(identifier).close()
        try:
            for job in running:
                if job.id not in self._followers:
                    self._followers[job.id] = Follower(self._session, self.reference(job), self._background.hurry)
        except LimitReached as error:  # the others have no figures
            self._told.append(error.message)

    def _ask_what_ended(self) -> None:
        """Fetch recently finished jobs that match the filters, except for the status."""
        finished = tuple(sorted(FINISHED_STAGES))
        wanted = self._wanted._replace(stages=finished, statuses=())
        with suppress(HfJobsError):
            jobs = scan(self._session, wanted, self._namespace, MAX_LATELY).jobs()
            self._end([job for job in jobs if job.has_ended])

    def _ask_how_they_ended(self, jobs: Sequence[JobInfo]) -> None:
        for job in jobs:
            with suppress(HfJobsError):
                now = self._session.client.inspect_job(self.reference(job))
                if now.has_ended:
                    self._end([now])

    def _end(self, jobs: Sequence[JobInfo]) -> None:
        now = self._session.clock()
        self._ended += [Ended(job, self._costs.of(job, now)) for job in jobs]
        self._wake()

    def _start(self, work: Callable[[], None]) -> None:
        start_thread(work)
