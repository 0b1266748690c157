"""What several jobs use, each followed in a thread of its own."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.api.threads import LONGEST_WAIT_SECS, start_thread
from hfjobs_cli.api.usage import UsageFeed
from hfjobs_cli.errors import HfJobsError, LimitReached

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.records.usage import Usage


class News(NamedTuple):
    """What is new of a job: a sample, or that there will be no more, perhaps because something failed."""

    job_id: str
    usage: Usage | None = None
    error: BaseException | None = None


class UsageFeeds:
    """The feeds of several jobs, begun at once."""

    def __init__(self, session: Session, references: Sequence[JobReference]) -> None:
        """Begin, in threads that do not keep the program from ending. Raises LimitReached."""
        self._session = session
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._open = {each.id: UsageFeed(session.client, each, session.sleep) for each in references}
        for identifier, feed in self._open.items():
            start_thread(partial(self._read, identifier, feed))

    @property
    def are_over(self) -> bool:
        """Tell whether all have ended, and what they told was taken."""
        return not self._open

    @property
    def trouble(self) -> str | None:
        """What keeps the Hub from telling of a job that has not ended, None if nothing does."""
        return next((feed.trouble for feed in self._open.values() if feed.trouble is not None), None)

    def take(self) -> list[News]:
        """Return what is new since this was last asked. Raises what is no failure of one job."""
        found = []
        while not self._news.empty():
            found.append(self._took(self._news.get()))
        return found

    def wait(self) -> Iterator[News]:
        """Yield what is new as it comes, until all have ended.

        Raises what is no failure of one job, and ReaderGone once nobody reads stdout any more.
        """
        while not self.are_over:
            try:
                news = self._news.get(timeout=LONGEST_WAIT_SECS)  # on Windows Ctrl-C is noticed only between two waits
            except queue.Empty:
                self._session.rest(0)
                continue
            yield self._took(news)

    def _took(self, news: News) -> News:
        if news.usage is None:
            self._open.pop(news.job_id, None)
            if news.error is not None and (
                isinstance(news.error, LimitReached) or not isinstance(news.error, HfJobsError)
            ):
                raise news.error
        return news

    def _read(self, identifier: str, feed: UsageFeed) -> None:
        error: BaseException | None = None
        try:
            for usage in feed:
                self._news.put(News(identifier, usage))
        except BaseException as failure:
            error = failure
        self._news.put(News(identifier, error=error))
