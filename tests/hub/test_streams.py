"""A stream has its connection for itself: ending it, from any thread and at any time, hits no other request."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from hfjobs_cli.hub.connection import Endpoint
from hfjobs_cli.hub.transport import Stream, Transport
from tests.hub.faults import FaultyHub, stalls
from tests.support import Hfjobs

STREAM = Endpoint("GET", "/api/jobs/alice/a/logs")
POST = Endpoint("POST", "/api/jobs/alice", is_repeatable=False)
JOBS = ["6a01d697aff1cd33e8f33a64", "6a01c8c2aff1cd33e8f339d4"]


class KeepingHub(FaultyHub):
    """A Hub that keeps every connection open, whatever it is asked. `connections` holds the requests of each.

    A POST is answered once it is `released`; `posted` tells that it has arrived.
    """

    def __init__(self) -> None:
        self.connections: list[list[str]] = []
        self.posted, self.released = threading.Event(), threading.Event()
        super().__init__(stalls)

    def _answer(self, connection: socket.socket) -> None:
        asked: list[str] = []
        self.connections.append(asked)
        with connection, suppress(OSError):
            connection.settimeout(30)
            received = b""
            while True:
                while b"\r\n\r\n" not in received:
                    more = connection.recv(65536)
                    if not more:
                        return
                    received += more
                head, _, received = received.partition(b"\r\n\r\n")
                asked.append(head.split(b"\r\n")[0].decode().rpartition(" ")[0])
                connection.sendall(self._reply(asked[-1]))

    def _reply(self, request: str) -> bytes:
        method, path = request.split()
        if method == "POST":
            self.posted.set()
            self.released.wait(30)
        if path.partition("?")[0].endswith("/logs"):
            event = b'data: {"data": "one", "timestamp": "2026-05-12T14:57:11.000Z"}\n\n'
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(event), event)
        if path.endswith("/metrics"):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
            event = b'event: metric\ndata: {"cpu_usage_pct": 1}\n\n'
            return head + b"%x\r\n%s\r\n0\r\n\r\n" % (len(event), event)
        job = path.split("/")[4] if path.count("/") > 3 else "new"
        body = (
            f'{{"id": "{job}", "createdAt": "2026-05-12T08:59:00.000Z", "flavor": "cpu-basic", "environment": {{}}, '
            '"status": {"stage": "COMPLETED", "message": null}, "owner": {"id": "u", "name": "alice", "type": "user"}}'
        ).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


@pytest.fixture
def keeping() -> Iterator[KeepingHub]:
    hub = KeepingHub()
    yield hub
    hub.released.set()
    hub.close()


@pytest.mark.parametrize(
    "words", [("logs", "-f"), ("logs",), ("stats", "-f", "--format", "jsonl"), ("stats", "--format", "jsonl")]
)
def test_nothing_is_asked_over_the_connection_of_a_stream(
    keeping: KeepingHub, directories: dict[str, str], words: tuple[str, ...]
) -> None:
    """Whatever comes after it: the connections of other requests are used again."""
    program = Hfjobs({**directories, "HF_ENDPOINT": keeping.endpoint, "HF_TOKEN": "hf_x"})
    assert program(*words, *(f"alice/{job}" for job in JOBS)).code == 0
    streams = [
        (place, asked)
        for asked in keeping.connections
        for place, request in enumerate(asked, 1)
        if "/logs" in request or "/metrics" in request
    ]
    assert len(streams) >= 2
    assert all(place == len(asked) for place, asked in streams)


def test_ending_a_stream_that_was_read_to_its_end_hits_no_request_that_came_after_it(keeping: KeepingHub) -> None:
    """One that must not be sent twice, and of which nobody would know whether it was done."""
    transport = Transport(keeping.endpoint, "hf_x")
    answers: list[object] = []
    with transport.stream(STREAM, idle_timeout_secs=10) as stream:
        assert b"one" in b"".join(stream)
        asking = threading.Thread(target=lambda: answers.append(transport.ask(POST, body={}).data))
        asking.start()
        assert keeping.posted.wait(30)
        stream.close()
        keeping.released.set()
        asking.join(30)
    stream.close()
    transport.close()
    assert [type(answer) for answer in answers] == [dict]


def test_ending_a_stream_twice_or_after_all_harms_no_other_descriptor(keeping: KeepingHub) -> None:
    """Its number is soon that of something else."""
    transport = Transport(keeping.endpoint, "hf_x")
    with transport.stream(STREAM, idle_timeout_secs=10) as stream:
        assert b"one" in b"".join(stream)
    transport.close()
    pairs = [socket.socketpair() for _ in range(8)]
    stream.close()
    for one, other in pairs:
        one.sendall(b"x")
        assert other.recv(1) == b"x"
        one.close()
        other.close()


def test_ending_a_stream_wakes_whoever_reads_it() -> None:
    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n:\n\n")
        stalls(connection)

    hub = FaultyHub(answer)
    transport = Transport(hub.endpoint, "hf_x")
    began, read = threading.Event(), []

    def work() -> None:
        with transport.stream(STREAM, idle_timeout_secs=60) as stream:
            streams.append(stream)
            for data in stream:
                read.append(data)
                began.set()

    streams: list[Stream] = []
    reading = threading.Thread(target=work)
    reading.start()
    assert began.wait(30)
    streams[0].close()
    reading.join(20)
    assert not reading.is_alive()
    assert read == [b":\n\n"]
    transport.close()
    hub.close()
