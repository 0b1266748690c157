"""A stream of events that is read by a thread of its own, so that whoever waits for it can do something meanwhile."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime

from hfjobs_cli.api.events import Event, EventReader, EventStream
from hfjobs_cli.api.threads import start_thread

MAX_WAITING_BYTES = 1024 * 1024
"""How much may wait to be taken before no more is read."""

MAX_TAKEN_BYTES = 256 * 1024
"""How much is taken at once, unless a single piece is larger."""


class Feed:
    """The events of one stream: `with Feed(lambda: client.log_events(job)) as feed: events = feed.take(1.0)`.

    What comes in many small pieces is taken several at once, as fast as it is wanted.
    """

    def __init__(self, connect: Callable[[], EventStream]) -> None:
        """Have a thread open the stream and read it. Raises LimitReached."""
        self._connect = connect
        self._reader = EventReader(skips=True)
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._changed = threading.Condition()
        self._stream: EventStream | None = None
        self._error: BaseException | None = None
        self._is_over = False
        self._is_closed = False
        self._is_finished = False
        self._is_cut = False
        start_thread(self._read)

    @property
    def is_open(self) -> bool:
        """Tell whether the server has begun to answer."""
        return self._stream is not None

    @property
    def sent_at(self) -> datetime | None:
        """The moment at which the server began to answer, by its clock."""
        return self._stream.sent_at if self._stream is not None else None

    @property
    def is_amid_event(self) -> bool:
        """Tell whether a part of an event was taken, whose end is still to come."""
        return self._reader.is_amid_event

    @property
    def is_cut(self) -> bool:
        """Tell whether the stream has ended within an event, which may be whole but for the blank line after it."""
        return self._is_cut

    @property
    def skipped(self) -> int:
        """How many lines were left out, as they are too long."""
        return self._reader.skipped

    @property
    def is_finished(self) -> bool:
        """Tell whether the stream has ended, and all of it was taken."""
        return self._is_finished

    def take(self, timeout_secs: float) -> list[Event] | None:
        """Return what has come, none at a sign of life or at the end; None if nothing comes for so long.

        Raises what the stream raised, after all that came before that.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._pieces or self._is_over, max(0.0, timeout_secs))
            if not self._pieces:
                if not self._is_over:
                    return None
                if self._error is not None:
                    raise self._error
                self._is_finished = True
                self._is_cut = self._reader.is_amid_event
                return self._reader.finish()
            taken = [self._pieces.popleft()]
            size = len(taken[0])
            while self._pieces and size < MAX_TAKEN_BYTES:
                taken.append(self._pieces.popleft())
                size += len(taken[-1])
            self._waiting -= size
            self._changed.notify_all()
        return self._reader.feed(b"".join(taken))

    def __enter__(self) -> Feed:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the stream."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> None:
        try:
            with self._connect() as stream:
                self._stream = stream
                with self._changed:
                    self._changed.notify_all()
                for piece in stream.pieces():
                    if not self._add(piece):
                        return
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _add(self, piece: bytes) -> bool:
        """Add what has come, once there is room for it; return whether anybody still wants it."""
        with self._changed:
            while self._waiting > MAX_WAITING_BYTES and not self._is_closed:
                self._changed.wait()
            self._pieces.append(piece)
            self._waiting += len(piece)
            self._changed.notify_all()
            return not self._is_closed
