"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html): parse them,
and read a stream in a thread of its own."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import repeat
from typing import NamedTuple

import httpx

from hfjobs_cli.errors import BadResponse, Unavailable
from hfjobs_cli.hub.concurrency import start_thread
from hfjobs_cli.hub.connection import decoded_chunks
from hfjobs_cli.hub.responses import sent_at

MAX_LINE_MIB = 32
"""How long a line may be. A line of output that is 1 MB long can be six times that in JSON."""

MAX_EVENT_MIB = 32
"""How much memory the lines of one event may take."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DATA = "data: "
_LINE_OVERHEAD = 64
"""Bytes of memory that a line takes beside its text. A million empty lines are no event either."""


class Event(NamedTuple):
    """One event: its name, `message` if it has none, and its data. What is not UTF-8 in it is replaced."""

    name: str
    data: str


MAX_SKIPPED_MIB = 8 * MAX_LINE_MIB
"""How long a line may be that is left out; what goes on for longer has no end."""


class EventParser:
    """Makes events of the bytes of one stream. `skipped` is how many lines were left out, as they are too long."""

    def __init__(self, *, skips: bool = False) -> None:
        """Begin at the start of a stream. What follows a line that is too long is read if it `skips` such lines."""
        self.skipped = 0
        self._skips = skips
        self._skipped_bytes = 0  # of a line that is left out, and whose end is still to come
        self._rest = bytearray()  # of a line whose end is still to come
        self._after_return = False
        self._is_first = True
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0  # of what is in _data

    def feed(self, data: bytes) -> list[Event]:
        """Return the events that `data` completes: none if it is a comment, which shows that the other side lives.

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
        """Return the event that was begun when the stream ended: it may be whole but for the line break."""
        rest = bytes(self._rest)
        self._rest.clear()
        return self._events([rest, b""])

    @property
    def is_amid_event(self) -> bool:
        """Tell whether an event was begun whose end is still to come. A comment is none."""
        return bool(self._data or self._skipped_bytes or (self._rest and not self._rest.startswith(b":")))

    def _newlines(self, data: bytes) -> bytes:
        r"""Return `data` with `\n` for each end of a line, which may be `\r\n` or `\r`, too."""
        if self._after_return and data:
            data = data.removeprefix(b"\n")
            self._after_return = False
        if b"\r" in data:
            self._after_return = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return data

    def _keep(self, rest: bytes) -> None:
        self._rest += rest
        if len(self._rest) > MAX_LINE_MIB * 1024 * 1024:
            if not self._skips:
                raise BadResponse(f"a line of the stream is longer than {MAX_LINE_MIB} MiB")
            self.skipped += 1
            self._skipped_bytes = len(self._rest)
            self._rest.clear()

    def _after_skipped(self, data: bytes) -> bytes:
        """Return what follows a line that is left out."""
        _, newline, after = data.partition(b"\n")
        if newline:
            self._skipped_bytes = 0
            return after
        self._skipped_bytes += len(data)
        if self._skipped_bytes > MAX_SKIPPED_MIB * 1024 * 1024:
            raise BadResponse(f"a line of the stream is longer than {MAX_SKIPPED_MIB} MiB")
        return b""

    def _events(self, lines: Sequence[bytes]) -> list[Event]:
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
        """Return events of which each has a single line of data and nothing else, as those of a log; else none.

        They are taken apart at once, which takes a third of the time.
        """
        if self._data or self._name or len(lines) % 2 or any(lines[1::2]):
            return []
        text = b"\n".join(lines[::2]).decode("utf-8", "replace")
        data = text.removeprefix(_DATA).split(f"\n{_DATA}")
        is_simple = text.startswith(_DATA) and len(data) == len(lines) // 2
        return list(map(Event, repeat("message"), data)) if is_simple else []


def read_events(stream: Iterable[bytes]) -> Iterator[list[Event]]:
    """Yield the events of a stream as they come, several at once; none of them at a sign of life.

    Raises BadResponse for a line or an event that is too long, and what the stream raises.
    """
    reader = EventParser()
    for data in stream:
        yield reader.feed(data)
    yield reader.finish()


class EventStream:
    """The events of one answer, to be read once: `with client.log_events(job) as stream: for events in stream`."""

    def __init__(self, stream: Stream) -> None:
        """Take an answer of which only the head was read."""
        self._stream = stream
        self.sent_at = stream.sent_at

    def __iter__(self) -> Iterator[list[Event]]:
        """Yield events as they come, several at once; none of them at a sign of life.

        Raises Unavailable if the stream breaks off, or if there is silence for too long, and BadResponse for a line
        or an event without end.
        """
        try:
            yield from read_events(self._stream)
        except BadResponse as error:
            raise BadResponse(f"unexpected response from the Hub: {error.message} ({self._stream.context})") from error

    def chunks(self) -> Iterator[bytes]:
        """Yield what comes as it comes, for whoever makes events of it. Raises Unavailable."""
        yield from self._stream

    def __enter__(self) -> EventStream:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """End the answer."""
        self._stream.__exit__(*exception)

    def close(self) -> None:
        """End the answer from any thread: whoever waits for more is told at once that there is none."""
        self._stream.close()


class Stream:
    """A 2xx answer that may have no end, to be read once: `with transport.stream(...) as stream: for data in stream`.

    Its connection is its own: it is asked for with `Connection: close`, so it never goes back to the pool. `sent_at` is
    the moment at which the server began to answer, by its clock, `context` the request in words.
    """

    def __init__(
        self, response: httpx.Response, context: str, connection_error: Callable[[httpx.RequestError], Unavailable]
    ) -> None:
        """Take an answer of which only the head was read; `connection_error` makes an error of one of httpx.

        Raises OSError if the process may open no more descriptors.
        """
        self.sent_at = sent_at(response.headers)
        self.context = context
        self._response = response
        self._connection_error = connection_error
        self._is_closed = False
        self._lock = threading.Lock()
        self._handle = _second_handle(response)

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes, as it comes. Raises Unavailable if it breaks off, or if there is silence for too long."""
        try:
            for data in decoded_chunks(self._response):
                if self._is_closed:
                    return
                yield data
        except httpx.RequestError as error:
            if not self._is_closed:
                raise self._connection_error(error) from error
        except Exception:
            if not self._is_closed:  # else it is what closing does to whoever reads
                raise

    def __enter__(self) -> Stream:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the answer."""
        self._is_closed = True
        with suppress(Exception):  # nothing is asked of it any more
            self._response.close()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def close(self) -> None:
        """End the answer from any thread: whoever waits for more is told at once that there is none."""
        self._is_closed = True
        with self._lock:
            if self._handle is not None:
                with suppress(OSError):  # the other side has closed it
                    self._handle.shutdown(socket.SHUT_RDWR)


def _second_handle(response: httpx.Response) -> socket.socket | None:
    """Return another descriptor of the connection of an answer, None if there is none, as of one in-process.

    The first is closed by whoever reads, and its number may be that of another connection a moment later. A plain
    socket, where the other is an SSLSocket, also leaves the encryption to whoever is reading.
    """
    network = response.extensions.get("network_stream")
    connection = network and network.get_extra_info("socket")
    if connection is None or connection.fileno() < 0:  # the transport was closed meanwhile
        return None
    return socket.fromfd(connection.fileno(), connection.family, connection.type)


MAX_BUFFERED_BYTES = 1024 * 1024
"""How much may wait to be taken before no more is read."""

MAX_READ_BYTES = 256 * 1024
"""How much is taken at once, unless a single piece is larger."""


class BufferedEventReader:
    """The events of one stream: `with Feed(lambda: client.log_events(job)) as feed: events = feed.take(1.0)`.

    What comes in many small pieces is taken several at once, as fast as it is wanted.
    """

    def __init__(self, connect: Callable[[], EventStream]) -> None:
        """Have a thread open the stream and read it. Raises LimitReached."""
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
        """Tell whether the server has begun to answer."""
        return self._stream is not None

    @property
    def sent_at(self) -> datetime | None:
        """The moment at which the server began to answer, by its clock."""
        return self._stream.sent_at if self._stream is not None else None

    @property
    def is_amid_event(self) -> bool:
        """Tell whether a part of an event was taken, whose end is still to come."""
        return self._parser.is_amid_event

    @property
    def is_cut(self) -> bool:
        """Tell whether the stream has ended within an event, which may be whole but for the blank line after it."""
        return self._is_cut

    @property
    def skipped(self) -> int:
        """How many lines were left out, as they are too long."""
        return self._parser.skipped

    @property
    def is_finished(self) -> bool:
        """Tell whether the stream has ended, and all of it was taken."""
        return self._is_finished

    def read(self, timeout_secs: float) -> list[Event] | None:
        """Return what has come, none at a sign of life or at the end; None if nothing comes for so long.

        Raises what the stream raised, after all that came before that.
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
        """Add what has come, once there is room for it; return whether anybody still wants it."""
        with self._changed:
            while self._buffered_bytes > MAX_BUFFERED_BYTES and not self._is_closed:
                self._changed.wait()
            self._chunks.append(chunk)
            self._buffered_bytes += len(chunk)
            self._changed.notify_all()
            return not self._is_closed
