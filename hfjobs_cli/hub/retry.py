"""The retry policy: backoff, Retry-After, attempts and deadlines, for every request and every poll."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from hfjobs_cli.errors import BadResponse, Unavailable

FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS = 0.5, 30.0
"""The first and the longest pause between two attempts."""

LONGEST_POLL_PAUSES = 5
"""The longest pause between polls of a listing, as a multiple of the first one."""

GRACE_SECS, LONGEST_GRACE_PAUSE_SECS = 30.0, 3.0
"""How long a 404 for a job that was just created is retried, and the longest pause between two requests."""

MAX_RETRY_AFTER_SECS = 300.0
"""The longest Retry-After that is honored: the Hub's rate limit counts requests in windows of that length."""

LOOKUP_PAUSES_SECS = (0.0, 1.0, 3.0)
"""Pauses before each lookup of a job whose response was lost: the Hub may still be creating it, and others like it."""

END_PAUSES_SECS = (0.0, 0.5, 1.0, 2.0)
"""Pauses before each poll of a job whose output has ended: its status lags behind the last line, by 1.3 s."""

CLOCKS_DIFFER_SECS = 60.0
"""By how much correct clocks may differ, also those of the servers of one Hub."""

TRANSIENT_ERRORS = (Unavailable, BadResponse)
"""Errors that may pass: no response, or an invalid one, such as a proxy's web page or half a body."""


def retry_after_of(error: Exception) -> float:
    """Return the server's Retry-After in seconds, at most MAX_RETRY_AFTER_SECS; 0 if it sent none."""
    retry_after = error.retry_after_secs if isinstance(error, Unavailable) else None
    return min(retry_after or 0.0, MAX_RETRY_AFTER_SECS)


class Backoff:
    """Pauses between polls or retries that grow up to a maximum, and start again after progress."""

    def __init__(self, first_secs: float, longest_secs: float, growth: float = 1.5, jitter: float = 0.0) -> None:
        """Start with `first_secs`; multiply by `growth` after each pause, up to `longest_secs`.

        With a `jitter` of 0.5 a pause varies between 50 and 150 %, as other clients retry too.
        """
        self._first = self._next = first_secs
        self._longest = longest_secs
        self._growth = growth
        self._jitter = jitter

    def pause(self, *, made_progress: bool = False) -> float:
        """Return how many seconds to wait: the first pause after an attempt that `made_progress`, else a longer one."""
        pause = self._first if made_progress else self._next
        self._next = min(self._longest, pause * self._growth)
        return pause * random.uniform(1 - self._jitter, 1 + self._jitter) if self._jitter else pause  # noqa: S311


def poll_backoff(shortest_secs: float) -> Backoff:
    """Return the backoff between polls of a listing that are at least `shortest_secs` apart."""
    return Backoff(shortest_secs, max(shortest_secs, min(LONGEST_PAUSE_SECS, LONGEST_POLL_PAUSES * shortest_secs)))


def doubled(times: int, longest_secs: float) -> float:
    """Return the pause after `times` doublings of one second, at most `longest_secs`."""
    return min(longest_secs, 2.0 ** min(times, 9))


class RetryPolicy(NamedTuple):
    """When to retry and when to give up: after `max_attempts`, or once they would take more than `deadline_secs`.

    A pause grows from FIRST_PAUSE_SECS to LONGEST_PAUSE_SECS. If the policy `waits_out` outages, a Retry-After makes it
    longer. Otherwise a Retry-After replaces it, and one longer than `longest_retry_after_secs` ends the retries.
    """

    max_attempts: float = math.inf
    deadline_secs: float = math.inf
    jitter: float = 0.0
    waits_out: bool = False
    longest_retry_after_secs: float = MAX_RETRY_AFTER_SECS


MAX_ATTEMPTS = 4
"""How many times a request is sent at most."""

REQUESTS = RetryPolicy(MAX_ATTEMPTS, jitter=0.5, longest_retry_after_secs=60.0)
"""For each request that may be repeated, and for downloads."""

OUTAGES = RetryPolicy(deadline_secs=30 * 60.0, waits_out=True)
"""For commands that wait for jobs, while the Hub gives no usable response."""

LOG_READS = OUTAGES._replace(max_attempts=MAX_ATTEMPTS)
"""For logs that are read without following."""


class Retries:
    """Consecutive failed attempts under a policy: how long to pause after each, and when to give up."""

    def __init__(self, policy: RetryPolicy) -> None:
        """Start before the first attempt."""
        self._policy = policy
        self.reset()

    def reset(self) -> None:
        """Start over after an attempt that succeeded."""
        self._backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS, growth=2.0, jitter=self._policy.jitter)
        self._failures = 0
        self._paused_secs = 0.0
        self._since: float | None = None

    @property
    def next_attempt(self) -> str:
        """The number of the next attempt: `2 of 4`."""
        return f"{self._failures + 1} of {self._policy.max_attempts:g}"

    def pause_after(self, error: Exception) -> float:
        """Return how many seconds to wait before the next attempt. Raises the error if there is none."""
        now = time.monotonic()
        self._since = self._since or now
        self._failures += 1
        pause = self._pause_after(error)
        self._paused_secs += pause  # counts toward the deadline even if the caller does not sleep
        outage_secs = max(self._paused_secs, now - self._since + pause)
        if self._failures >= self._policy.max_attempts or outage_secs > self._policy.deadline_secs:
            raise error
        return pause

    def _pause_after(self, error: Exception) -> float:
        """Return the pause that the policy asks for. Raises the error if the Retry-After is too long."""
        pause = self._backoff.pause()
        if self._policy.waits_out:
            return max(pause, retry_after_of(error))
        asked = error.retry_after_secs if isinstance(error, Unavailable) else None
        if asked is not None and asked > self._policy.longest_retry_after_secs:
            raise error
        return pause if asked is None else asked


class GracePeriod:
    """How long a 404 for a job that was just created is retried, with pauses between the requests.

    Pauses count toward it even if the caller does not sleep.
    """

    def __init__(self, secs: float) -> None:
        """Start a period of `secs` now."""
        self._ends = time.monotonic() + secs
        self._left = secs
        self._backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_GRACE_PAUSE_SECS)

    def pause(self) -> float | None:
        """Return how many seconds to wait before the next request, None once the period is over."""
        left = min(self._left, self._ends - time.monotonic())
        if left <= 0:
            return None
        pause = min(left, self._backoff.pause())
        self._left -= pause
        return pause


class RateLimitGate:
    """Holds all requests back while the server's rate limit says so. Safe to use from several threads."""

    def __init__(self) -> None:
        """Start open."""
        self._until = 0.0
        self._lock = threading.Lock()

    def remaining_secs(self) -> float:
        """Return how many seconds a request has to wait, 0 if the gate is open."""
        return max(0.0, self._until - time.monotonic())

    @contextmanager
    def close_for(self, seconds: float) -> Iterator[bool]:
        """Close the gate for `seconds`, or until the block ends; yields whether it was open before.

        Requests that are refused at the same time get the same Retry-After, and only the first one needs a notice.
        """
        with self._lock:
            was_open = not self.remaining_secs()
            until = max(self._until, time.monotonic() + seconds)
            self._until = until
        try:
            yield was_open
        finally:
            with self._lock:
                if self._until == until:
                    self._until = 0.0
