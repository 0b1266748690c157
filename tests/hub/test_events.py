"""Server-sent events, torn anywhere, and streams that break, fall silent, or are closed by another thread."""

import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hfjobs_cli.errors import BadResponse, HfJobsError, NotFound, NotRunning, Unavailable
from hfjobs_cli.hub.client import JobsClient
from hfjobs_cli.hub.sse import MAX_EVENT_MIB, MAX_LINE_MIB, Event, EventParser, read_events
from hfjobs_cli.hub.transport import Transport
from hfjobs_cli.query.references import JobReference
from tests.hub.faults import Fault, FaultyHub, bomb, drips, sends, sends_and_resets, sends_forever, stalls
from tests.support import TOKEN

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nDate: Tue, 12 May 2026 14:58:25 GMT\r\n\r\n"
JOB = JobReference("alice", "6a01d697aff1cd33e8f33a64")

# Bytes of a stream, and the events in them.
STREAMS: dict[str, tuple[bytes, list[Event]]] = {
    "plain": (b'data: {"data":"a"}\n\n', [Event("message", '{"data":"a"}')]),
    "named": (b"event: metric\ndata: 1\n\ndata: 2\n\n", [Event("metric", "1"), Event("message", "2")]),
    "a name that is cleared": (b"event: metric\nevent\ndata: 1\n\n", [Event("message", "1")]),
    "without a blank": (b"data:1\n\nevent:x\ndata:  2\n\n", [Event("message", "1"), Event("x", " 2")]),
    "several lines": (b"data: 1\ndata\ndata: 3\n\n", [Event("message", "1\n\n3")]),
    "returns": (
        b"data: 1\r\rdata: 2\r\n\r\ndata: 3\r\ndata: 4\r\n\n",
        [Event("message", each) for each in ("1", "2", "3\n4")],
    ),
    "comments": (b": keep-alive\n\n:\n\ndata: 1\n: x\ndata: 2\n\n", [Event("message", "1\n2")]),
    "a mark": (b"\xef\xbb\xbfdata: \xef\xbb\xbf1\n\n", [Event("message", "\ufeff1")]),
    "other fields": (b"id: 7\nretry: 10\ndatas: x\ndata: 1\n\n\n\nevent: x\n\n", [Event("message", "1")]),
    "empty data": (b"data:\n\ndata: \n\n", [Event("message", "")] * 2),
    "other separators": ("data: a\u2028b\x0bc\x85\x1cd\n\n".encode(), [Event("message", "a\u2028b\x0bc\x85\x1cd")]),
    "wide characters": ("data: \U0001f917é\n\n".encode(), [Event("message", "\U0001f917é")]),
    "no utf-8": (b"data: a\xff\xc3\n\ndata: b\n\n", [Event("message", "a\ufffd\ufffd"), Event("message", "b")]),
    "no last blank line": (b"data: 1\n\ndata: 2", [Event("message", "1"), Event("message", "2")]),
    "nothing": (b"", []),
}


def events(*chunks: bytes) -> list[Event]:
    return [event for each in read_events(chunks) for event in each]


@pytest.mark.parametrize("name", STREAMS)
def test_events_are_the_same_wherever_they_are_torn(name: str) -> None:
    stream, expected = STREAMS[name]
    assert events(stream) == expected
    assert events(*(bytes([byte]) for byte in stream)) == expected
    for place in range(len(stream) + 1):
        assert events(stream[:place], stream[place:]) == expected


@given(st.lists(st.sampled_from([b"\r", b"\n", b"data: 1", b"data", b"event: x", b":", b"\xff", b"a", b""])))
def test_any_bytes_give_the_same_events_whole_and_torn(pieces: list[bytes]) -> None:
    assert events(*pieces) == events(b"".join(pieces))


def test_a_comment_is_a_sign_of_life() -> None:
    assert list(read_events([b": keep-alive\n\n"])) == [[], []]


def test_a_long_line_is_read_in_small_pieces() -> None:
    line = "x" * 1_000_000
    chunks = [f"data: {line}\n\n".encode()[at : at + 1000] for at in range(0, 1_000_010, 1000)]
    assert events(*chunks) == [Event("message", line)]


def test_a_line_without_end_is_an_error() -> None:
    reader, megabyte = EventParser(), bytes(1024 * 1024)
    for _ in range(MAX_LINE_MIB):
        assert reader.feed(megabyte) == []
    with pytest.raises(BadResponse, match="a line of the stream is longer than 32 MiB"):
        reader.feed(b"1")


@pytest.mark.parametrize("line", [b"data: " + bytes(2**20) + b"\n", b"data\n" * 20_000, b"data:x\r" * 20_000])
def test_an_event_without_end_is_an_error(line: bytes) -> None:
    """Lines that are short, or empty, take memory too."""
    reader = EventParser()
    with pytest.raises(BadResponse, match="an event of the stream is longer than 32 MiB"):
        for _ in range(2 * MAX_EVENT_MIB):
            assert reader.feed(line) == []


def test_many_events_are_not_one() -> None:
    reader = EventParser()
    large = b"data: 1\ndata: " + bytes(2**20) + b"\n\n"
    assert sum(len(reader.feed(large)) for _ in range(2 * MAX_EVENT_MIB)) == 2 * MAX_EVENT_MIB


def sends_and_stalls(data: bytes) -> Fault:
    """Send these bytes, then say nothing until the client goes."""

    def fault(connection: socket.socket) -> None:
        connection.sendall(data)
        stalls(connection)

    return fault


Served = Callable[[Fault], tuple[FaultyHub, JobsClient]]


@pytest.fixture
def served() -> Iterator[Served]:
    """A function that serves a fault, and returns it with a client for it."""
    opened: list[tuple[FaultyHub, JobsClient]] = []

    def serve(fault: Fault) -> tuple[FaultyHub, JobsClient]:
        hub = FaultyHub(fault)
        transport = Transport(hub.endpoint, TOKEN, timeout_secs=30, sleep=lambda _secs: None)
        opened.append((hub, JobsClient(transport)))
        return opened[-1]

    yield serve
    for hub, client in opened:
        client.close()
        hub.close()


def taken(client: JobsClient, idle_timeout_secs: float = 5) -> tuple[list[str], HfJobsError | None]:
    """Return the data of the events of a job's logs, and the error that they end with."""
    data: list[str] = []
    try:
        with client.log_events(JOB, idle_timeout_secs=idle_timeout_secs) as stream:
            for found in stream:
                data += [event.data for event in found]
    except HfJobsError as error:
        return data, error
    return data, None


def test_events_come_with_the_moment_of_the_answer(served: Served) -> None:
    hub, client = served(sends(HEAD + b"data: 1\n\n"))
    with client.log_events(JOB, tail=3, idle_timeout_secs=5) as stream:
        assert stream.sent_at is not None
        assert stream.sent_at.isoformat() == "2026-05-12T14:58:25+00:00"
        assert [event for found in stream for event in found] == [Event("message", "1")]
    assert hub.requests == ["GET /api/jobs/alice/6a01d697aff1cd33e8f33a64/logs?tail=3"]


def test_a_break_is_told_after_what_came_before_it(served: Served) -> None:
    _, client = served(sends_and_resets(HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 99\r\n\r\n") + b"data: 1\n\n"))
    data, error = taken(client)
    assert data in (["1"], [])  # a reset may overtake what was sent
    assert isinstance(error, Unavailable)
    assert "lost the connection" in error.message


def test_silence_breaks_a_stream_off(served: Served) -> None:
    _, client = served(sends_and_stalls(HEAD + b"data: 1\n\n"))
    data, error = taken(client, idle_timeout_secs=3)
    assert data == ["1"]
    assert isinstance(error, Unavailable)
    assert "within 3 s" in error.message


def test_comments_keep_a_stream_alive(served: Served) -> None:
    _, client = served(drips(HEAD, b":\n\n"))
    signs = 0
    with client.log_events(JOB, idle_timeout_secs=2) as stream:
        for found in stream:
            assert found == []
            signs += 1
            if signs == 220:  # for longer than the silence that is allowed
                break


def test_a_line_without_end_names_the_request(served: Served) -> None:
    _, client = served(sends_forever(HEAD, bytes(2**20)))
    _, error = taken(client)
    assert isinstance(error, BadResponse)
    assert error.message == (
        "unexpected response from the Hub: a line of the stream is longer than 32 MiB "
        f"(GET /api/jobs/alice/{JOB.id}/logs: 200)"
    )


def test_a_bomb_is_no_line(served: Served) -> None:
    _, client = served(sends(bomb().replace(b"application/json", b"text/event-stream")))
    _, error = taken(client)
    assert isinstance(error, BadResponse)


@pytest.mark.parametrize(
    ("status", "kind"), [("404 Not Found", NotFound), ("406 Not Acceptable", NotRunning), ("503 Busy", Unavailable)]
)
def test_refusals_are_those_of_other_requests(served: Served, status: str, kind: type[HfJobsError]) -> None:
    body = b'{"error": "No such thing"}'
    hub, client = served(
        sends(b"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (status.encode(), len(body), body))
    )
    with pytest.raises(kind, match="No such thing"):
        client.metric_events(JOB, idle_timeout_secs=5)
    assert len(hub.requests) == (4 if kind is Unavailable else 1)


def test_a_redirect_to_another_origin_is_not_followed(served: Served) -> None:
    _, client = served(sends(b"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n"))
    with pytest.raises(BadResponse, match=r"redirects to another origin: http://example\.com"):
        client.log_events(JOB, idle_timeout_secs=5)


def test_a_stream_is_closed_by_another_thread(served: Served) -> None:
    """Whoever waits for more is told at once that there is none, without an error."""
    _, client = served(sends_and_stalls(HEAD + b"data: 1\n\n"))
    came, ended = threading.Event(), threading.Event()
    found: list[Event] = []
    stream = client.log_events(JOB, idle_timeout_secs=60)

    def read() -> None:
        with stream:
            for each in stream:
                found.extend(each)
                came.set()
        ended.set()

    threading.Thread(target=read, daemon=True).start()
    assert came.wait(30)
    stream.close()
    assert ended.wait(30)
    assert found == [Event("message", "1")]
