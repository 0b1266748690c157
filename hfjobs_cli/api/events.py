"""Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), read from bytes torn anywhere.

httpx-sse is not used: it hides comments, which are the only sign that a silent stream is alive; it lets a line grow
without end; and it hands on one event at a time, which takes twice as long. httpx's own
`iter_lines` also ends lines at U+2028 and other characters that JSON holds as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import BadResponse

if TYPE_CHECKING:
    from hfjobs_cli.api.streams import Stream

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


class EventReader:
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
    reader = EventReader()
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
            raise BadResponse(f"unexpected answer from the Hub: {error.message} ({self._stream.context})") from error

    def pieces(self) -> Iterator[bytes]:
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
