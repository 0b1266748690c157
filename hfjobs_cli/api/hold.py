"""The pause that a server has asked for, kept by all requests that are under way at a time."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


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
