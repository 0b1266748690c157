"""A Hub with one job whose behavior is drawn at random: pauses, chunks, breaks, statuses, clocks, ends of streams.

It knows the truth: which lines there are, which were there at what moment, and how the job ended. Both clients are held
against it.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs, urlsplit

from tests.support import measure_nothing

JOB_ID = "6a02000000000000000000aa"
USER = "alice"
OWNER = {"id": "60107b385ac3e86b3ea4fc34", "name": USER, "type": "user", "avatarUrl": "/a.svg"}
HEADER = "===== Job started at 2026-05-12 14:57:00 ====="

SAMPLE = {
    "cpu_usage_pct": 12,
    "cpu_millicores": 3500,
    "memory_used_bytes": 1417216,
    "memory_total_bytes": 15032385536,
    "rx_bps": 0,
    "tx_bps": 5,
    "gpus": {"d901cd7f": {"utilization": 7, "memory_used_bytes": 0, "memory_total_bytes": 22836000000}},
    "replica": "j6qz9",
}

Stamps = Literal["sane", "equal", "backwards", "one ahead", "ahead", "none", "anew"]
Ending = Literal["end", "close", "reset", "no last blank line", "half an event", "end before the last lines"]


class Break(NamedTuple):
    """How one connection ends before its time: after how many lines of those it would send, and how."""

    after: int
    how: Ending

    @property
    def sent(self) -> int:
        """How many whole lines it sends."""
        return self.after + (self.how == "no last blank line")


@dataclass
class Behavior:
    """All that can differ between two Hubs. Seconds are counted from the first request for the log."""

    seed: int
    lines: list[str] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    """When each line comes into being; 0 and less for those that are there."""
    stamps: Stamps = "sane"
    clock_ahead_secs: float = 0.0
    """How far ahead the stamps of lines are of the clock that the Date header shows."""
    pauses: dict[int, float] = field(default_factory=dict)
    """Before which lines of a connection there is a pause, and for how long."""
    chunk: Literal["event", "all", "torn"] = "event"
    comments: bool = False
    breaks: list[Break] = field(default_factory=list)
    """The ends of the first connections. Those after them send all there is and end with the job."""
    final: Literal["end", "close", "no last blank line"] = "end"
    keeps: int | None = None
    """Of how many lines the Hub still knows at most."""
    lag_secs: float = 0.0
    """For how long the stage of the job is RUNNING after its last line."""
    stage: Literal["COMPLETED", "ERROR", "CANCELED"] = "COMPLETED"
    refusals: dict[str, list[int]] = field(default_factory=dict)
    """With which statuses the first requests for `job` and `logs` are refused."""
    scheduling_secs: float = 0.0

    @property
    def is_over(self) -> bool:
        """Tell whether the job has ended before anybody asks."""
        return not self.due or max(self.due) <= 0

    def __str__(self) -> str:
        """Return all of it but the lines, for whoever reads of a failure."""
        return (
            f"seed {self.seed}: {len(self.lines)} lines, {sum(due > 0 for due in self.due)} to come,"
            f" {self.stamps} stamps, clock {self.clock_ahead_secs:+.0f} s, pauses {self.pauses}, chunk {self.chunk},"
            f" comments {self.comments}, breaks {self.breaks}, final {self.final!r}, keeps {self.keeps},"
            f" lag {self.lag_secs:.1f}, {self.stage}, refusals {self.refusals}, scheduling {self.scheduling_secs:.1f}"
        )


def drawn(seed: int, *, ended: bool, created: bool = False) -> Behavior:
    """Return a behavior: of a job that has ended, of one that goes on, or of one that is still to be `created`."""
    chance = random.Random(seed)
    behavior = Behavior(seed)
    count = chance.choice([1, 2, 5, 12, 40, 150])
    texts = [
        chance.choice(["step", "", "loss 0.5", "é ✓ 🚀", "a\tb", "x" * 5000, "data: {", HEADER[:20]]) for _ in range(3)
    ]
    behavior.lines = [
        f"line {number} of the job" if chance.random() < 0.7 else chance.choice(texts) for number in range(count)
    ]
    there = count if ended else chance.randint(0, count - 1)
    due, moment = [0.0] * there, 0.0
    for _ in range(count - there):
        moment += chance.choice([0.0, 0.0, 0.01, 0.05, 0.3])
        if moment > 3:
            moment = 3.0
        due.append(max(moment, 0.01))
    behavior.due = due
    behavior.stamps = chance.choice(
        ["sane", "sane", "equal", "backwards", "one ahead", "ahead", "none", "anew"]  # most Hubs are sane
    )
    behavior.clock_ahead_secs = chance.choice([0.0, 0.0, 1.0, 5.0, -3.0, 3600.0])
    for _ in range(chance.choice([0, 1, 1, 2])):
        behavior.pauses[chance.randrange(count)] = chance.choice([0.3, 0.6, 1.0, 3.0])
    behavior.chunk = chance.choice(["event", "all", "torn"])
    behavior.comments = chance.random() < 0.2
    hows: list[Ending] = [
        "end", "close", "reset", "no last blank line", "half an event", "end before the last lines"
    ]  # fmt: skip
    behavior.breaks = [
        Break(chance.randint(0, count), chance.choice(hows)) for _ in range(chance.choice([0, 0, 1, 2, 4]))
    ]
    _end_elsewhere(behavior.breaks)
    behavior.final = chance.choice(["end", "end", "close", "no last blank line"])
    if not ended and count == 150 and chance.random() < 0.5:
        behavior.keeps = 120
    behavior.lag_secs = 0.0 if ended else chance.choice([0.0, 0.5, 1.3])
    behavior.stage = chance.choice(["COMPLETED", "COMPLETED", "ERROR", "CANCELED"])
    if chance.random() < 0.3:
        behavior.refusals["logs"] = [chance.choice([429, 503])]
    if chance.random() < 0.2:
        behavior.refusals["job"] = [chance.choice([429, 503])]
    if created:
        if chance.random() < 0.4:
            behavior.refusals["job"] = [chance.choice([404, 404, 409, 425, 503])] * chance.randint(1, 2)
        if chance.random() < 0.4:
            behavior.refusals["logs"] = [chance.choice([404, 404, 409, 425, 503, 400])] * chance.randint(1, 2)
        behavior.scheduling_secs = chance.choice([0.0, 0.0, 0.7])
    return behavior


def _end_elsewhere(breaks: list[Break]) -> None:
    """Have no two connections in a row end at the same line: nobody could tell that from the end of the log."""
    for at in range(1, len(breaks)):
        if breaks[at].sent == breaks[at - 1].sent:
            breaks[at] = breaks[at]._replace(after=breaks[at].after + 1)


class UnsteadyHub:
    """Answers what `logs`, `run` and `wait` of both clients ask. Use it as a context."""

    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior
        self.there_at_first: int | None = None
        """How many lines there were when the log was first asked for."""
        self.posts = 0
        self.requests: list[str] = []
        self._refusals = {what: list(statuses) for what, statuses in behavior.refusals.items()}
        self._breaks = list(behavior.breaks)
        self._connections = 0
        self._began: float | None = None
        self._created: float | None = None
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._is_closing = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> UnsteadyHub:
        self._listening = threading.Thread(target=self._listen)
        self._listening.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._is_closing = True
        socket.create_connection(self._listener.getsockname()).close()
        self._listening.join()
        for connection in self._sockets:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def begin(self) -> None:
        """Begin to count the seconds, as the first request for the log does."""
        with self._lock:
            if self._began is None:
                self._began = time.monotonic()
                self._wall = datetime.now(timezone.utc)

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._is_closing:
                connection.close()
                return
            self._sockets.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        measure_nothing()
        with connection, suppress(OSError):
            connection.settimeout(60)
            received = b""
            while b"\r\n\r\n" not in received:
                more = connection.recv(65536)
                if not more:
                    return
                received += more
            head, _, body = received.partition(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.decode().lower().splitlines() if line.startswith("content-length:")), 0
            )
            while len(body) < length:
                body += connection.recv(65536)
            method, path = head.decode().split()[:2]
            self.requests.append(f"{method} {path}")
            self._answer(connection, method, path, body)

    def _answer(self, connection: socket.socket, method: str, path: str, body: bytes) -> None:
        address = urlsplit(path)
        parts = address.path.split("/")
        if address.path == "/api/whoami-v2":
            self._json(connection, {"type": "user", **OWNER, "fullname": USER, "isPro": False, "orgs": []})
        elif address.path == "/api/jobs/hardware":
            self._json(connection, [])
        elif method == "POST" and address.path == f"/api/jobs/{USER}":
            self.posts += 1
            self._created = time.monotonic()
            self._spec = json.loads(body)
            self._json(connection, self._job())
        elif address.path == f"/api/jobs/{USER}":
            self._json(connection, [self._job()])
        elif len(parts) < 5 or parts[4] != JOB_ID:
            self._refuse(connection, 404)
        elif parts[-1] == "logs":
            self._log(connection, parse_qs(address.query))
        elif parts[-1] == "metrics":
            self._metrics(connection)
        elif not self._once_refused(connection, "job"):
            self._json(connection, self._job())

    def _once_refused(self, connection: socket.socket, what: str) -> bool:
        with self._lock:
            statuses = self._refusals.get(what)
            status = statuses.pop(0) if statuses else None
        if status is None:
            return False
        self._refuse(connection, status)
        return True

    def _stage(self) -> str:
        behavior = self.behavior
        if self._created is not None and time.monotonic() - self._created < behavior.scheduling_secs:
            return "SCHEDULING"
        if behavior.is_over:
            return behavior.stage
        end = max(behavior.due) + behavior.lag_secs
        return behavior.stage if self._elapsed() >= end else "RUNNING"

    def _elapsed(self) -> float:
        return 0.0 if self._began is None else time.monotonic() - self._began

    def _job(self) -> dict[str, Any]:
        spec = getattr(self, "_spec", {})
        now = datetime.now(timezone.utc)
        return {
            "type": "job",
            "id": JOB_ID,
            "createdAt": f"{now if self._created is not None else now - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}.000Z",
            "dockerImage": spec.get("dockerImage", "python:3.12"),
            "command": spec.get("command", ["true"]),
            "arguments": [],
            "environment": spec.get("environment", {}),
            "labels": spec.get("labels", {}),
            "flavor": "cpu-basic",
            "owner": OWNER,
            "createdBy": OWNER,
            "initiator": OWNER,
            "status": {"stage": self._stage(), "message": None},
        }

    def _event(self, number: int) -> bytes:
        behavior = self.behavior
        value: dict[str, str] = {"data": behavior.lines[number]}
        base = datetime(2026, 5, 12, 14, 57, 10, tzinfo=timezone.utc) if behavior.is_over else self._wall
        moment = base + timedelta(seconds=max(behavior.due[number], 0.001 * number) + behavior.clock_ahead_secs)
        if behavior.stamps == "equal":
            moment = base
        elif behavior.stamps == "backwards" and number > len(behavior.lines) // 2:
            moment -= timedelta(hours=1)
        elif behavior.stamps == "one ahead" and number == len(behavior.lines) // 2:
            moment += timedelta(hours=1)
        elif behavior.stamps == "ahead":
            moment += timedelta(seconds=5)
        elif behavior.stamps == "anew":
            moment += timedelta(seconds=self._connections)
        if behavior.stamps != "none":
            value["timestamp"] = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"

    def _log(self, connection: socket.socket, query: dict[str, list[str]]) -> None:
        if self._once_refused(connection, "logs"):
            return
        behavior = self.behavior
        tail = int(query["tail"][0]) if "tail" in query else None
        self.begin()
        with self._lock:
            self._connections += 1
            there = sum(due <= self._elapsed() for due in behavior.due)
            if self.there_at_first is None:
                self.there_at_first = there
            end = self._breaks.pop(0) if self._breaks else None
        first = 0
        if behavior.keeps is not None:
            first = max(first, there - behavior.keeps)
        if tail is not None:
            first = max(first, there - tail)
        date = format_datetime(datetime.now(timezone.utc), usegmt=True)
        connection.sendall(
            f"HTTP/1.1 200 OK\r\nDate: {date}\r\nConnection: close\r\nContent-Type: text/event-stream\r\n".encode()
            + (b"" if behavior.final == "close" else b"Transfer-Encoding: chunked\r\n")
            + b"\r\n"
        )
        header = b"data: " + json.dumps({"data": HEADER, "timestamp": "2026-05-12T14:57:00Z"}).encode() + b"\n\n"
        self._send(connection, header)
        for place, number in enumerate(range(first, len(behavior.lines))):
            if end is not None and place >= end.after:
                break
            while self._elapsed() < behavior.due[number]:
                if self._is_closing:
                    return
                time.sleep(0.005)
            if number in behavior.pauses and not self._is_closing:
                time.sleep(behavior.pauses[number])
            event = self._event(number)
            if number == len(behavior.lines) - 1 and end is None and behavior.final == "no last blank line":
                event = event[:-2]
            self._send(connection, (b": keep-alive\n\n" if behavior.comments else b"") + event)
        if end is not None:
            self._break(connection, end, first)
            return
        while self._stage() not in ("COMPLETED", "ERROR", "CANCELED") and not self._is_closing:
            time.sleep(0.005)
        self._finish(connection)

    def _metrics(self, connection: socket.socket) -> None:
        """Send samples, one a second and without an end, under whatever name events have here."""
        chance = random.Random(self.behavior.seed)
        if self._once_refused(connection, "metrics"):
            return
        date = format_datetime(datetime.now(timezone.utc), usegmt=True)
        head = f"HTTP/1.1 200 OK\r\nDate: {date}\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\n"
        connection.sendall(head.encode())
        name = chance.choice(["event: metric\n", "", "event: usage\n"])
        connection.sendall(chance.choice([b"", b": keep-alive\n\n", b"event: hello\ndata:\n\n"]))
        time.sleep(chance.choice([0.0, 0.5, 3.0]))
        while not self._is_closing:
            connection.sendall(f"{name}data: {json.dumps(SAMPLE)}\n\n".encode())
            time.sleep(0.2)

    def _break(self, connection: socket.socket, end: Break, first: int) -> None:
        at = first + end.after
        if end.how in ("no last blank line", "half an event") and at < len(self.behavior.lines):
            if self._elapsed() >= self.behavior.due[at]:
                event = self._event(at)
                self._send(connection, event[:-2] if end.how == "no last blank line" else event[: len(event) // 2])
            self._finish(connection)
        elif end.how in ("end", "end before the last lines", "no last blank line", "half an event"):
            self._finish(connection)
        elif end.how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _send(self, connection: socket.socket, data: bytes) -> None:
        for piece in self._pieces(data):
            if self.behavior.final == "close":
                connection.sendall(piece)
            else:
                connection.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        if self.behavior.chunk == "torn":
            third = max(1, len(data) // 3)
            yield data[:third]
            yield data[third:]
        else:
            yield data

    def _finish(self, connection: socket.socket) -> None:
        if self.behavior.final != "close":
            connection.sendall(b"0\r\n\r\n")

    def _json(self, connection: socket.socket, value: object, status: str = "200 OK") -> None:
        body = json.dumps(value).encode()
        date = format_datetime(datetime.now(timezone.utc), usegmt=True)
        head = f"HTTP/1.1 {status}\r\nDate: {date}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def _refuse(self, connection: socket.socket, status: int) -> None:
        self._json(connection, {"error": "not now"}, f"{status} Refused")
