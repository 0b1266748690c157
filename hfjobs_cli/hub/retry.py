"""When to retry, how long to wait, and when to give up: one policy for every request and every poll."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from hfjobs_cli.backoff import Pace
from hfjobs_cli.errors import BadResponse, HfJobsError, Unavailable
from hfjobs_cli.hub.concurrency import start_thread

T = TypeVar("T")

FIRST_PAUSE_SECS = 0.5
LONGEST_PAUSE_SECS = 30.0

GRACE_SECS, LONGEST_GRACE_PAUSE_SECS = 30.0, 3.0
"""For how long the Hub may not find a job that was just created, and the longest pause before it is asked again."""

LONGEST_ASKED_SECS = 300.0
"""The longest pause that a server may ask for; it counts requests by windows of that length."""


LONGEST_AWAY_SECS = 30 * 60.0
"""For how long a Hub that gives no usable answer is tried again by what waits for the end of jobs."""

WAITED_OUT = (Unavailable, BadResponse)
"""What passes, for all that wait: no answer, and an odd one, such as a web page of a proxy, or half an answer."""


def asked_pause_of(error: HfJobsError) -> float:
    """Return for how many seconds the server asks to be left alone, 0 if it does not, and no more than are kept."""
    asked = error.pause_secs if isinstance(error, Unavailable) else None
    return min(asked or 0.0, LONGEST_ASKED_SECS)


class Tries:
    """Tries in a row that failed, and the pauses between them, which grow."""

    def __init__(self, most: float, longest_away_secs: float) -> None:
        """Give up after so many tries, or after so many seconds of them and the pauses between."""
        self._most = most
        self._longest_away_secs = longest_away_secs
        self.succeeded()

    def succeeded(self) -> None:
        """Begin to count anew."""
        self._pace = Pace(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS, growth=2.0)
        self._failures = 0
        self._paused_secs = 0.0
        self._since: float | None = None

    def pause_after(self, error: HfJobsError) -> float:
        """Return how long to wait before the next try. Raises the error if it was the last."""
        pause = max(self._pace.pause(), asked_pause_of(error))
        now = time.monotonic()
        self._since = self._since or now
        self._failures += 1
        self._paused_secs += pause  # they count, even if nobody makes them
        away_secs = max(self._paused_secs, now - self._since + pause)
        if self._failures >= self._most or away_secs > self._longest_away_secs:
            raise error
        return pause


class GracePeriod:
    """The time within which a job that was just created may be missing, and the pauses between two requests for it.

    Pauses count, even if nobody makes them.
    """

    def __init__(self, secs: float) -> None:
        """Begin now; `secs` are left."""
        self._ends = time.monotonic() + secs
        self._left = secs
        self._pace = Pace(FIRST_PAUSE_SECS, LONGEST_GRACE_PAUSE_SECS)

    def pause(self) -> float | None:
        """Return how long to wait before the next request, None once the time is over."""
        left = min(self._left, self._ends - time.monotonic())
        if left <= 0:
            return None
        pause = min(left, self._pace.pause())
        self._left -= pause
        return pause


class Silence:
    """How long nothing has come, when that is long enough to look what is the matter, and whether time was lost.

    Only what passes while the computer is awake counts as silence.
    """

    def __init__(self, first_check_secs: float, longest_lost_secs: float) -> None:
        """Look after `first_check_secs`; a wait that took so much longer than it should was one of a sleep."""
        self._longest_lost_secs = longest_lost_secs
        self._began = time.monotonic()
        self.was_asleep = False
        self.was_broken = False
        self.restart(first_check_secs)

    def broken(self, first_check_secs: float) -> None:
        """Begin anew, as something has come."""
        self.was_broken = True
        self.restart(first_check_secs)

    def restart(self, first_check_secs: float) -> None:
        """Begin anew, though nothing has come."""
        self._since = time.monotonic()
        self._interval_secs = first_check_secs
        self._due = self._since + first_check_secs

    @property
    def secs(self) -> float:
        """For how long nothing has come."""
        return time.monotonic() - self._since

    @property
    def secs_until_check(self) -> float:
        """When to look what is the matter."""
        return max(0.0, self._due - time.monotonic())

    @property
    def secs_since_start(self) -> float:
        """How long this has gone on, whatever has come."""
        return time.monotonic() - self._began

    def check_now(self) -> None:
        """Look at once."""
        self._due = time.monotonic()

    def check_after(self, secs: float) -> None:
        """Do not look again within so many seconds."""
        self._due = max(self._due, time.monotonic() + secs)

    def check_later(self, longest_secs: float) -> None:
        """Look again after twice the time, but not more than so much."""
        self._interval_secs = min(longest_secs, 2 * self._interval_secs)
        self._due = time.monotonic() + self._interval_secs

    @contextmanager
    def waiting(self, secs: float) -> Iterator[None]:
        """Notice if a wait of at most `secs` takes far longer. A clock that was set counts too, and does no harm."""
        started, started_by_the_wall = time.monotonic(), time.time()
        try:
            yield
        finally:
            passed = max(time.monotonic() - started, time.time() - started_by_the_wall)
            self.was_asleep = passed - secs > self._longest_lost_secs


class Look(Generic[T]):
    """Something that is asked for meanwhile. It may take its time, or fail."""

    def __init__(self, ask: Callable[[], T]) -> None:
        """Ask in a thread. Raises LimitReached."""
        self.result: T | None = None
        self.error: HfJobsError | None = None
        self.is_done = False
        self._ask = ask
        start_thread(self._run)

    def _run(self) -> None:
        try:
            self.result = self._ask()
        except HfJobsError as error:
            self.error = error
        finally:
            self.is_done = True


class Hold:
    """Until when no request may be sent. Safe to use from several threads."""

    def __init__(self) -> None:
        """Hold nothing back."""
        self._until = 0.0
        self._lock = threading.Lock()

    def rest(self) -> float:
        """Return how many seconds a request has still to wait, 0 if it need not."""
        return max(0.0, self._until - time.monotonic())

    @contextmanager
    def during(self, seconds: float) -> Iterator[bool]:
        """Hold all requests back for so long, or until the block ends; yields whether they were free until now.

        Several that are refused at once are told the same, of which one need tell the reader.
        """
        with self._lock:
            is_news = not self.rest()
            until = max(self._until, time.monotonic() + seconds)
            self._until = until
        try:
            yield is_news
        finally:
            with self._lock:
                if self._until == until:
                    self._until = 0.0
