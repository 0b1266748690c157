"""Server-sent events: parse them, read a stream in a thread of its own, and measure how long it has been idle.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import BadResponse
from hfjobs_cli.hub.concurrency import start_thread

if TYPE_CHECKING:
    from hfjobs_cli.hub.transport import Stream

MAX_LINE_MIB = 32
"""The longest line. In JSON, a line of output can be six times as long."""

MAX_EVENT_MIB = 32
"""The most memory that the lines of one event may take."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DATA = "data: "
_LINE_OVERHEAD = 64
"""Bytes of memory that a line takes besides its text: a million empty lines are too large an event, too."""


class Event(NamedTuple):
    """One event: its name, `message` by default, and its data. Invalid UTF-8 is replaced."""

    name: str
    data: str


MAX_SKIPPED_MIB = 8 * MAX_LINE_MIB
"""The longest line that is skipped; a longer one counts as endless."""


class EventParser:
    """Parses the bytes of one stream into events. `skipped` counts the lines that were skipped as too long."""

    def __init__(self, *, skips: bool = False) -> None:
        """Start at the beginning of a stream. Lines that are too long are an error unless it `skips` them."""
        self.skipped = 0
        self._skips = skips
        self._skipped_bytes = 0  # length so far of a line that is being skipped
        self._rest = bytearray()  # of a line that is not complete yet
        self._after_return = False
        self._is_first = True
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0  # of the lines in _data

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes; none for a comment, which only shows that the server is alive.

        Raises BadResponse for a line or an event that is too long.
        """
        data = self._newlines(data)
        if self._skipped_bytes:
            data = self._after_skipped(data)
        whole, newline, rest = data.rpartition(b"\n")
        if not newline:
            self._keep(rest)
            return []
        lines = whole.split(b"\n")
        if self._rest:
            self._rest += lines[0]
            lines[0] = bytes(self._rest)
            self._rest.clear()
        if self._is_first:
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
            self._is_first = False
        self._keep(rest)
        return self._events(lines)

    def finish(self) -> list[Event]:
        """Return the event in which the stream has ended, if any: it may be complete except for the line break."""
        rest = bytes(self._rest)
        self._rest.clear()
        return self._events([rest, b""])

    @property
    def is_amid_event(self) -> bool:
        """Return whether the data so far ends within an event. A comment is not an event."""
        return bool(self._data or self._skipped_bytes or (self._rest and not self._rest.startswith(b":")))

    def _newlines(self, data: bytes) -> bytes:
        r"""Return `data` with `\n` for each line end, which may also be `\r\n` or `\r`."""
        if self._after_return and data:
            data = data.removeprefix(b"\n")
            self._after_return = False
        if b"\r" in data:
            self._after_return = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _keep(self, rest: bytes) -> None:
        """Keep the beginning of a line, or skip it if it is too long already."""
        self._rest += rest
        if len(self._rest) > MAX_LINE_MIB * 1024 * 1024:
            if not self._skips:
                raise BadResponse(f"a line of the stream is longer than {MAX_LINE_MIB} MiB")
            self.skipped += 1
            self._skipped_bytes = len(self._rest)
            self._rest.clear()

    def _after_skipped(self, data: bytes) -> bytes:
        """Return the data after the line that is being skipped."""
        _, newline, after = data.partition(b"\n")
        if newline:
            self._skipped_bytes = 0
            return after
        self._skipped_bytes += len(data)
        if self._skipped_bytes > MAX_SKIPPED_MIB * 1024 * 1024:
            raise BadResponse(f"a line of the stream is longer than {MAX_SKIPPED_MIB} MiB")
        return b""

    def _events(self, lines: Sequence[bytes]) -> list[Event]:
        """Parse complete lines, and return the events that end in them."""
        found = self._simple_events(lines)
        if found:
            return found
        for line in lines:
            if line.startswith(b"data:"):
                self._add(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                if self._data:
                    data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    found.append(
                        Event(self._name.decode("utf-8", "replace") or "message", data.decode("utf-8", "replace"))
                    )
                    self._data, self._size = [], 0
                self._name = b""
            elif line.startswith(b"event:"):
                self._name = line[6:].removeprefix(b" ")
            elif line == b"event":
                self._name = b""
            elif line == b"data":
                self._add(b"")
        return found

    def _add(self, line: bytes) -> None:
        self._data.append(line)
        self._size += len(line) + _LINE_OVERHEAD
        if self._size > MAX_EVENT_MIB * 1024 * 1024 + _LINE_OVERHEAD:
            raise BadResponse(f"an event of the stream is longer than {MAX_EVENT_MIB} MiB")

    def _simple_events(self, lines: Sequence[bytes]) -> list[Event]:
        """Return the events if each has one line of data and nothing else, as in a log; else return none.

        They are parsed in one piece, which takes a third of the time.
        """
        if self._data or self._name or len(lines) % 2 or any(lines[1::2]):
            return []
        text = b"\n".join(lines[::2]).decode("utf-8", "replace")
        data = text.removeprefix(_DATA).split(f"\n{_DATA}")
        is_simple = text.startswith(_DATA) and len(data) == len(lines) // 2
        return list(map(Event, repeat("message"), data)) if is_simple else []


def read_events(stream: Iterable[bytes]) -> Iterator[list[Event]]:
    """Yield the events of a stream as they arrive, several at a time; an empty list for a comment.

    Raises BadResponse for a line or an event that is too long, and what the stream raises.
    """
    reader = EventParser()
    for data in stream:
        yield reader.feed(data)
    yield reader.finish()


class EventStream:
    """The events of one response; iterate once: `with client.log_events(job) as stream: for events in stream`."""

    def __init__(self, stream: Stream) -> None:
        """Read a response whose body is still unread."""
        self._stream = stream
        self.sent_at = stream.sent_at

    def __iter__(self) -> Iterator[list[Event]]:
        """Yield events as they arrive, several at a time; an empty list for a comment.

        Raises Unavailable if the stream breaks off or is idle for too long, and BadResponse for a line or an event that
        is too long.
        """
        try:
            yield from read_events(self._stream)
        except BadResponse as error:
            raise BadResponse(f"unexpected response from the Hub: {error.message} ({self._stream.context})") from error

    def chunks(self) -> Iterator[bytes]:
        """Yield the data as it arrives, for callers that parse it themselves. Raises Unavailable."""
        yield from self._stream

    def __enter__(self) -> EventStream:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the response."""
        self._stream.__exit__(*exception)

    def close(self) -> None:
        """Close the response, from any thread. A thread that waits for data sees the end at once."""
        self._stream.close()


MAX_BUFFERED_BYTES = 1024 * 1024
"""How much is buffered before reading pauses."""

MAX_READ_BYTES = 256 * 1024
"""How much is returned at once, unless a single chunk is larger."""


class BufferedEventReader:
    """Reads one stream in a thread: `with BufferedEventReader(connect) as reader: events = reader.read(1.0)`.

    `connect` opens the stream. Small chunks are joined, so that many events are parsed at once.
    """

    def __init__(self, connect: Callable[[], EventStream]) -> None:
        """Start a thread that opens the stream and reads it. Raises LimitReached."""
        self._connect = connect
        self._parser = EventParser(skips=True)
        self._chunks: deque[bytes] = deque()
        self._buffered_bytes = 0
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
        """Return whether the server has begun its response."""
        return self._stream is not None

    @property
    def sent_at(self) -> datetime | None:
        """When the server began its response, by its clock; None before that."""
        return self._stream.sent_at if self._stream is not None else None

    @property
    def is_amid_event(self) -> bool:
        """Return whether the data read so far ends within an event."""
        return self._parser.is_amid_event

    @property
    def is_cut(self) -> bool:
        """Return whether the stream ended within an event, which may be complete except for the blank line after it."""
        return self._is_cut

    @property
    def skipped(self) -> int:
        """How many lines were skipped because they are too long."""
        return self._parser.skipped

    @property
    def is_finished(self) -> bool:
        """Return whether the stream has ended and all of it was read."""
        return self._is_finished

    def read(self, timeout_secs: float) -> list[Event] | None:
        """Return the next events, an empty list for a comment or at the end; None if nothing arrives in time.

        Raises the error of the stream, after all data before it was returned.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._chunks or self._is_over, max(0.0, timeout_secs))
            if not self._chunks:
                if not self._is_over:
                    return None
                if self._error is not None:
                    raise self._error
                self._is_finished = True
                self._is_cut = self._parser.is_amid_event
                return self._parser.finish()
            taken = [self._chunks.popleft()]
            size = len(taken[0])
            while self._chunks and size < MAX_READ_BYTES:
                taken.append(self._chunks.popleft())
                size += len(taken[-1])
            self._buffered_bytes -= size
            self._changed.notify_all()
        return self._parser.feed(b"".join(taken))

    def __enter__(self) -> BufferedEventReader:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the stream."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._stream is not None:
            self._stream.close()

    def _read(self) -> None:
        """Open the stream and read it, in the thread."""
        try:
            with self._connect() as stream:
                self._stream = stream
                with self._changed:
                    self._changed.notify_all()
                for chunk in stream.chunks():
                    if not self._add(chunk):
                        return
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _add(self, chunk: bytes) -> bool:
        """Add a chunk once there is room for it; return whether the reader is still open."""
        with self._changed:
            while self._buffered_bytes > MAX_BUFFERED_BYTES and not self._is_closed:
                self._changed.wait()
            self._chunks.append(chunk)
            self._buffered_bytes += len(chunk)
            self._changed.notify_all()
            return not self._is_closed


class IdleTimer:
    """Measures how long a stream has been idle, when to check the job, and whether the computer was suspended.

    Time during which the computer was suspended does not count as idle.
    """

    def __init__(self, check_after_secs: float, suspend_threshold_secs: float) -> None:
        """Check after `check_after_secs`. A wait that overruns by `suspend_threshold_secs` counts as a suspend."""
        self._suspend_threshold_secs = suspend_threshold_secs
        self._began = time.monotonic()
        self.was_suspended = False
        self.had_activity = False
        self.restart(check_after_secs)

    def activity(self, check_after_secs: float) -> None:
        """Restart the timer because the stream sent something."""
        self.had_activity = True
        self.restart(check_after_secs)

    def restart(self, check_after_secs: float) -> None:
        """Restart the timer although the stream sent nothing."""
        self._since = time.monotonic()
        self._interval_secs = check_after_secs
        self._due = self._since + check_after_secs

    @property
    def idle_secs(self) -> float:
        """How long the stream has been idle."""
        return time.monotonic() - self._since

    @property
    def secs_until_check(self) -> float:
        """How long until the job should be checked, 0 if it is time."""
        return max(0.0, self._due - time.monotonic())

    @property
    def secs_since_start(self) -> float:
        """How long ago the timer was created."""
        return time.monotonic() - self._began

    def check_now(self) -> None:
        """Make the check due now."""
        self._due = time.monotonic()

    def delay_check(self, secs: float) -> None:
        """Make the check due no earlier than in `secs`."""
        self._due = max(self._due, time.monotonic() + secs)

    def back_off(self, longest_secs: float) -> None:
        """Make the next check due after twice the last interval, at most `longest_secs`."""
        self._interval_secs = min(longest_secs, 2 * self._interval_secs)
        self._due = time.monotonic() + self._interval_secs

    @contextmanager
    def timed_wait(self, secs: float) -> Iterator[None]:
        """Set `was_suspended` if a wait of at most `secs` overruns. A changed clock sets it too, which does no harm."""
        started, started_by_the_wall = time.monotonic(), time.time()
        try:
            yield
        finally:
            passed = max(time.monotonic() - started, time.time() - started_by_the_wall)
            self.was_suspended = passed - secs > self._suspend_threshold_secs
