"""A Hub whose logs begin again at each connection, as the real one's do, and break wherever a script says."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.hub.faults import Fault, FaultyHub, drips, stalls

DATE = "Tue, 12 May 2026 14:58:00 GMT"
"""When every answer is sent, by the clock of this Hub."""

HEADER = "===== Job started at 2026-05-12 14:57:00 ====="

MESSAGES = {"ERROR": "Job failed with exit code: 3", "SCHEDULING": "Waiting for an a100-large"}
"""What is said of a job in a stage."""

_HEAD = f"HTTP/1.1 200 OK\r\nDate: {DATE}\r\nConnection: close\r\n"

EVENTS_HEAD = f"{_HEAD}Content-Type: text/event-stream\r\n\r\n".encode()
"""How an answer begins that lasts until the connection is closed."""


class Line(NamedTuple):
    """A line, and the moment at which it came."""

    data: str
    timestamp: str = "2026-05-12T14:57:10.000Z"

    @property
    def event(self) -> bytes:
        return f"data: {json.dumps({'data': self.data, 'timestamp': self.timestamp})}\n\n".encode()


class Cut(NamedTuple):
    """One connection: how many lines there are by then, after how many bytes it breaks off, and how.

    It ends as if all had been said, closes, is reset, says nothing any more, or nothing but comments; with `comments`
    there is one before each event. Without `at` it breaks behind the last line. There are pauses of seconds before
    some lines, and before its end, whose number is that of the lines. If it is not `chunked`, closing is how it ends
    as if all had been said. Without `blank` the last line lacks the blank line after it; of lines that are `joined` all
    do. A `piece` is so many bytes, as which it is all sent, and the pause after each of them; `head_pause` is the one
    before all.
    """

    lines: int
    at: int | None = None
    how: Literal["end", "close", "reset", "stall", "comments"] = "close"
    comments: bool = False
    pauses: Mapping[int, float] = {}
    chunked: bool = True
    blank: bool = True
    joined: bool = False
    piece: tuple[int, float] | None = None
    head_pause: float = 0


@dataclass
class Script:
    """One job: its lines, and a cut for each connection. After those all lines are there, and the job has ended.

    Its stage lags behind: it is RUNNING for so many looks more.
    """

    lines: Sequence[Line]
    cuts: list[Cut] = field(default_factory=list)
    lag: int = 0
    stage: str = "COMPLETED"
    name: str | None = None
    stays_open: bool = False
    stages: list[str] = field(default_factory=list)
    """What the first looks at the job see, before anything of the above."""
    status: str | None = None
    """With what requests for the output are refused, once the cuts are through."""
    stage_is_final: bool = False
    sends: Fault | None = None
    """What answers requests for the output in place of all this."""
    forgets: int = 0
    """How many lines the Hub does not have any more from the second connection on."""
    keeps: int | None = None
    """How many lines the Hub has at most: the last ones."""
    stamps: Callable[[int, Sequence[Line]], Sequence[Line]] = lambda _connection, lines: lines
    """What becomes of the lines at a connection, by its number."""
    last: Cut | None = None
    """How connections go after those of the cuts, in place of ending as if all had been said."""
    looks: Cut | None = None
    """How those go that look for the last lines, in place of that."""
    looks_status: str | None = None
    """With what those that look for the last lines are refused."""
    asked: tuple[int | None] | None = None
    """How many lines the first request for the output asked for."""
    _connections: int = 0
    _has_begun: bool = False

    def next_cut(self) -> Cut:
        """Return how to answer a request for the output."""
        if self.cuts:
            return self.cuts.pop(0)
        return self.last or Cut(len(self.lines), None, "stall" if self.stays_open else "end")

    def there_is(self, count: int) -> list[Line]:
        """Return the lines that there are."""
        first = self.forgets if self._has_begun else 0
        self._has_begun = True
        self._connections += 1
        if self.keeps is not None:
            first = max(first, count - self.keeps)
        return list(self.stamps(self._connections, self.lines[:count])[first:])


class ReplayingHub(FaultyHub):
    """A Hub with jobs that follow scripts, by their ids; it answers what `hfjobs logs` asks."""

    def __init__(self, jobs: dict[str, Script]) -> None:
        self.jobs = jobs
        self._lock = threading.Lock()
        super().__init__(stalls)

    def answer(self, connection: socket.socket, path: str) -> None:
        address = urlsplit(path)
        parts = address.path.split("/")
        if address.path == "/api/whoami-v2":
            _send_json(connection, {"type": "user", "id": "u", "name": "alice", "orgs": []})
        elif address.path in ("/api/jobs/alice", "/api/jobs/hardware"):
            _send_json(connection, [])
        elif parts[4] not in self.jobs:
            _send(connection, b'{"error": "Job not found"}', "404 Not Found")
        elif parts[-1] == "logs":
            self._send_log(connection, self.jobs[parts[4]], parse_qs(address.query))
        elif parts[-1] == "metrics":
            connection.sendall(EVENTS_HEAD + b": keep-alive\n\n")
            stalls(connection)
        else:
            with self._lock:
                stage = self._stage(self.jobs[parts[4]])
            _send_json(connection, self._job(parts[4], stage))

    def _stage(self, job: Script) -> str:
        if job.stages:
            return job.stages.pop(0)
        if job.cuts and not job.stage_is_final:
            return "RUNNING"
        job.lag -= 1
        return "RUNNING" if job.lag >= 0 else job.stage

    def _job(self, identifier: str, stage: str) -> dict[str, object]:
        name = self.jobs[identifier].name
        return {
            "id": identifier,
            "createdAt": "2026-05-12T08:59:00.000Z",
            "dockerImage": "python:3.12",
            "flavor": "cpu-basic",
            "environment": {},
            "labels": {"name": name} if name else {},
            "status": {"stage": stage, "message": MESSAGES.get(stage)},
            "owner": {"id": "u", "name": "alice", "type": "user"},
        }

    def _send_log(self, connection: socket.socket, job: Script, query: dict[str, list[str]]) -> None:
        tail = int(query["tail"][0]) if "tail" in query else None
        if job.sends is not None:
            job.sends(connection)
            return
        if job.status is not None and not job.cuts:
            _send(connection, b'{"error": "No output for you"}', job.status)
            return
        with self._lock:
            # Who asks for other last lines than at first looks whether there are more.
            job.asked = job.asked or (tail,)
            looks = tail is not None and tail != job.asked[0]
            if looks and job.looks_status is not None:
                _send(connection, b'{"error": "invalid query: tail"}', job.looks_status)
                return
            there = job.cuts[0].lines if job.cuts else len(job.lines)
            cut = (job.looks or Cut(there, None, "end")) if looks else job.next_cut()
            lines = job.there_is(cut.lines)
        if tail is not None:
            headers = [line for line in lines if line.data.startswith("===== Job started")]
            output = [line for line in lines if line not in headers]
            lines = headers[-1:] + output[len(output) - min(tail, len(output)) :]
        send_events(connection, lines, cut)


def send_events(connection: socket.socket, lines: Sequence[Line], cut: Cut) -> None:
    """Send lines as events, each a chunk of its own, up to the cut, with its pauses."""
    time.sleep(cut.head_pause)
    comment = b": keep-alive\n\n" if cut.comments else b""
    chunks = [comment + line.event for line in lines]
    if cut.joined:
        chunks = [chunk.removesuffix(b"\n") for chunk in chunks]
    elif chunks and not cut.blank:
        chunks[-1] = chunks[-1].rstrip(b"\n")
    wires = [b"%x\r\n%s\r\n" % (len(chunk), chunk) if cut.chunked else chunk for chunk in chunks]
    left = sum(map(len, wires)) if cut.at is None else cut.at
    whole = left >= sum(map(len, wires))
    head = f"{_HEAD}Content-Type: text/event-stream\r\n".encode()
    unsent = head + (b"Transfer-Encoding: chunked\r\n\r\n" if cut.chunked else b"\r\n")
    for number, wire in enumerate(wires):
        if number in cut.pauses:
            connection.sendall(unsent)
            unsent = b""
            time.sleep(cut.pauses[number])  # what is tested is time that passes
        unsent += wire[:left]
        left -= min(left, len(wire))
    size, pause = cut.piece or (max(1, len(unsent)), 0)
    for at in range(0, len(unsent), size):
        connection.sendall(unsent[at : at + size])
        time.sleep(pause)
    time.sleep(cut.pauses.get(len(wires), 0))
    if cut.how == "stall":
        stalls(connection)
    elif cut.how == "comments":
        drop = b": keep-alive\n\n"
        drips(b"", b"%x\r\n%s\r\n" % (len(drop), drop) if cut.chunked else drop)(connection)
    elif cut.how == "reset":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif cut.how == "end" and cut.chunked:
        # A chunk that was begun cannot be ended; its stream is closed.
        connection.sendall(b"0\r\n\r\n" if whole else b"")


def _send_json(connection: socket.socket, value: object) -> None:
    _send(connection, json.dumps(value).encode(), "200 OK")


def _send(connection: socket.socket, body: bytes, status: str) -> None:
    head = f"HTTP/1.1 {status}\r\nDate: {DATE}\r\nConnection: close\r\nContent-Type: application/json\r\n"
    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
