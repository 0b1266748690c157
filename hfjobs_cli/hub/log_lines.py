"""Log lines: parse them from events, remember which were received, and read the last line of a running job."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from hfjobs_cli.errors import NotFound
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff, retry_after_of

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.sse import Event, EventStream
    from hfjobs_cli.query.references import JobReference

HEADER = "===== Job started at "
"""How a header begins: the line that the Hub puts before the output of each attempt."""

Line = tuple["str | None", str]
"""The timestamp of a line as the Hub sends it, None if it has none, and its text. A tuple, as millions are created."""

IDLE_TIMEOUT_SECS = 75.0
"""How long a stream must be idle before it is opened again. The Hub sends a comment every 30 s."""

FAST_LINES = 200
"""More lines a second than this cannot be read, so the last line is polled every FAST_PAUSE_SECS instead."""

FAST_PAUSE_SECS = 3.0
FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS = 1.0, 30.0
"""The first and the longest pause between two streams."""

MAX_REMEMBERED = 16_384
"""How many of the last lines are remembered, as two hashes each."""


COMPARED_FIRST = 16
"""How many of the first lines are compared one by one, to notice a different log at once."""


FIRST_KEPT = 4 * COMPARED_FIRST
"""How many of the first lines are kept for that, since they may come in another order."""

_HEADER = re.compile(r"===== Job started at \d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* =====[\r\n]*")
_TIME_AND_TEXT = itemgetter("timestamp", "data")


def is_header(line: Line) -> bool:
    """Return whether a line is a header of the Hub, and not output of the job that begins in the same way."""
    return line[1].startswith(HEADER) and _HEADER.fullmatch(line[1]) is not None


def parse_lines(events: Sequence[str], on_invalid: Callable[[str], None] = lambda _event: None) -> list[Line]:
    """Return the lines in the data of events; `on_invalid` is called with each event that has no valid line.

    All are parsed as one JSON array, which takes half the time.
    """
    with suppress(ValueError, RecursionError, LookupError, TypeError):
        values = json.loads(f"[{','.join(events)}]")
        lines: list[Line] = list(map(_TIME_AND_TEXT, values))
        if len(lines) == len(events) and set(map(type, chain.from_iterable(lines))) <= {str}:
            return lines
    found = []
    for event in events:
        line = _parse(event)
        if line is not None:
            found.append(line)
        elif "\n" in event and all(several := list(map(_parse, event.split("\n")))):
            found += filter(None, several)  # the server has left out the blank lines between its events
        else:
            on_invalid(event)
    return found


def _parse(event: str) -> Line | None:
    """Return the line in the data of one event; None if there is none."""
    try:
        value = json.loads(event)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("data"), str):
        return None
    timestamp = value.get("timestamp")
    return timestamp if isinstance(timestamp, str) else None, value["data"]


def comparable(timestamp: str | None) -> str:
    """Return a timestamp in UTC as a text that sorts by time: without the Z, `...:43` sorts before `...:43.162`."""
    return (timestamp or "").rstrip("Zz")


class LineHistory:
    """The received lines of a log: their number, sums of hashes in any order, the first and the last ones."""

    def __init__(self) -> None:
        """Start without lines."""
        self.count = 0
        self.sum = 0
        self.text_sum = 0
        self.first: list[Line] = []
        self.recent: deque[int] = deque(maxlen=MAX_REMEMBERED)
        self.recent_texts: deque[int] = deque(maxlen=MAX_REMEMBERED)
        self.latest = ""
        self.last: str | None = None
        """The timestamp of the last line, as the Hub sends it."""
        self.timestamps = 0
        """The number of different timestamps; one that occurs in two calls of `add` counts twice."""

    @property
    def has_timestamp(self) -> bool:
        """Return whether the last line has a timestamp."""
        return bool(self.last)

    @property
    def are_identified_by_times(self) -> bool:
        """Return whether most lines have a timestamp of their own."""
        return self.has_timestamp and 2 * self.timestamps > self.count

    def add(self, lines: Sequence[Line]) -> None:
        """Add the next lines."""
        if not lines:
            return
        if len(self.first) < FIRST_KEPT:
            self.first += lines[: FIRST_KEPT - len(self.first)]
        stamps, data = zip(*lines, strict=True)  # faster than a loop over the lines
        keys, texts = list(map(hash, lines)), list(map(hash, data))
        self.count += len(lines)
        self.sum += sum(keys)
        self.text_sum += sum(texts)
        self.recent.extend(keys)
        self.recent_texts.extend(texts)
        times = list(filter(None, stamps))
        self.last = stamps[-1]
        self.timestamps += len(set(times))
        if len(set(map(len, times))) > 1:
            times = list(map(comparable, times))
        self.latest = max(self.latest, comparable(max(times, default="")))


class LastLine:
    """The last line of one job, updated while `run` runs. `event` is the data of its event, empty before the first.

    Only the event that is shown needs to be parsed: with thousands of lines a second, that is one.
    """

    def __init__(
        self, client: JobsClient, reference: JobReference, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Prepare reading; nothing is requested yet."""
        self._client = client
        self._reference = reference
        self._sleep = sleep
        self._stream: EventStream | None = None
        self._is_closed = False
        self.event = ""

    def close(self) -> None:
        """End reading, from any thread."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()

    def run(self) -> None:
        """Read until closed; retry transient errors and missing logs.

        Raises NotAllowed, NotLoggedIn or RequestRefused.
        """
        backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS, growth=2.0)
        while not self._is_closed:
            before, is_fast, retry_after = self.event, False, 0.0
            try:
                is_fast = self._read()
            except (*TRANSIENT_ERRORS, NotFound) as error:  # the caller polls the jobs too, and reports them
                retry_after = retry_after_of(error)
            pause = backoff.pause(made_progress=self.event != before)
            if not self._is_closed:
                self._sleep(FAST_PAUSE_SECS if is_fast else max(pause, retry_after))

    def _read(self) -> bool:
        """Read one stream. Return False when it ends, True as soon as lines come too fast."""
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
    """Return whether an event is a header. Most events need no parsing for that."""
    return HEADER in event.data and any(map(is_header, parse_lines([event.data])))
