"""The last log line of a running job, as it changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hfjobs_cli.errors import NotFound
from hfjobs_cli.hub.log_lines import HEADER, is_header, parse_lines
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff, retry_after_of

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.sse import Event, EventStream
    from hfjobs_cli.query.references import JobReference


IDLE_TIMEOUT_SECS = 75.0
"""After how long without any sign of life a stream is asked for again; the Hub sends a comment every 30 s."""

FAST_LINES = 200
"""How many lines in a second nobody can follow. Then the last one is asked for every few seconds instead."""

FAST_PAUSE_SECS = 3.0
FIRST_PAUSE_SECS = 1.0
LONGEST_PAUSE_SECS = 30.0


class LastLine:
    """The last line of one job, read as long as `run` does. `event` is the data of its event, empty as yet.

    Only what is looked at is made sense of: of thousands of lines a second that is one.
    """

    def __init__(
        self, client: JobsClient, reference: JobReference, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Ask for nothing yet."""
        self._client = client
        self._reference = reference
        self._sleep = sleep
        self._stream: EventStream | None = None
        self._is_closed = False
        self.event = ""

    def close(self) -> None:
        """End it, from any thread."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()

    def run(self) -> None:
        """Read until it is closed, over breaks and missing logs. Raises NotAllowed, NotLoggedIn or RequestRefused."""
        backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS, growth=2.0)
        while not self._is_closed:
            before, is_fast, retry_after = self.event, False, 0.0
            try:
                is_fast = self._read()
            except (*TRANSIENT_ERRORS, NotFound) as error:  # whoever looks at the jobs besides tells of them
                retry_after = retry_after_of(error)
            pause = backoff.pause(made_progress=self.event != before)
            if not self._is_closed:
                self._sleep(FAST_PAUSE_SECS if is_fast else max(pause, retry_after))

    def _read(self) -> bool:
        """Read until the stream ends, and return False, or until lines come too fast, and return True."""
        since, count = time.monotonic(), 0
        with self._client.log_events(
            self._reference, tail=1, idle_timeout_secs=IDLE_TIMEOUT_SECS, max_attempts=1
        ) as stream:
            self._stream = stream
            for events in stream:
                if self._is_closed:
                    return False
                self.event = next((event.data for event in reversed(events) if not _is_header(event)), self.event)
                count += len(events)
                if time.monotonic() - since > 1.0:
                    since, count = time.monotonic(), 0
                elif count > FAST_LINES:
                    return True
        return False


def _is_header(event: Event) -> bool:
    """Tell whether an event begins an attempt. Most are told without making sense of them."""
    return HEADER in event.data and any(map(is_header, parse_lines([event.data])))
