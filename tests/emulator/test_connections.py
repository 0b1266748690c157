"""Clients without the token cannot keep those with it from being served, however many connections they open."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.http_server import Server
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.store import Store
from tests.emulator import emulation
from tests.emulator.emulation import Emulator, Serve, until
from tests.support import NOW, TOKEN, USER

FOREVER = "import time\nprint('up', flush=True)\nwhile True: time.sleep(0.1)"
COUNT = f"/api/jobs/{USER}/count"


@contextmanager
def few_files(number: int) -> Iterator[None]:
    """Limit the open files of processes that are started in this block."""
    if os.name == "nt":
        yield
        return
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.fixture
def small(serve: Serve, tmp_path: Path) -> Emulator:
    """An emulator that can open 256 files."""
    with few_files(256):
        return serve(tmp_path / "state", "--empty")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """Another one, for all who leave it as it was."""
    with few_files(256):
        served = Emulator(tmp_path_factory.mktemp("connections") / "state", "--empty")
    yield served
    served.close()


def connect(emulator: Emulator | Server, content: bytes = b"") -> socket.socket:
    host, _, port = emulator.endpoint.removeprefix("http://").partition(":")
    connection = socket.create_connection((host, int(port)), timeout=60)
    connection.sendall(content)
    return connection


def request(token: str, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def is_closed(connection: socket.socket) -> bool:
    """Tell whether the other side has closed a connection, without waiting."""
    connection.setblocking(False)
    try:
        return connection.recv(65536) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def trickling(
    emulator: Emulator | Server, count: int, start: bytes, more: bytes = b"x"
) -> Iterator[list[socket.socket]]:
    """Open that many connections, send the start of a request on each, and then a little on and on."""
    stopped = threading.Event()
    with ExitStack() as stack:
        connections = [stack.enter_context(connect(emulator)) for _ in range(count)]

        def send(content: bytes) -> None:
            for connection in connections:
                try:
                    connection.send(content)
                except OSError:
                    continue  # it was closed

        def trickle() -> None:
            while not stopped.wait(0.5):
                send(more)

        send(start)
        thread = threading.Thread(target=trickle)
        thread.start()
        yield connections
        stopped.set()
        thread.join()


HALF_REQUESTS = {
    "nothing": (b"", b""),
    "part of a line": (b"GET /api/jobs/hard", b"x"),
    "part of a head": (b"GET /api/jobs/hardware HTTP/1.1\r\nHost: localhost\r\nX-", b"x"),
    "header by header": (b"GET /api/jobs/hardware HTTP/1.1\r\nHost: localhost\r\n", b"X-A: b\r\n"),
    "no body": (b"POST /api/jobs/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n{", b"x"),
    "a wrong token": (
        b"POST /api/jobs/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\nContent-Length: 99999\r\n\r\n",
        b"x",
    ),
    "chunk by chunk": (
        b"POST /api/jobs/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n",
    ),
}


@pytest.mark.parametrize("kind", HALF_REQUESTS)
def test_strangers_do_not_stall_who_has_the_token(shared: Emulator, kind: str) -> None:
    """300 of them, with 256 files. A stream that was open before stays open, and jobs are created and run."""
    running = shared.python(FOREVER)
    before = shared.ask("GET", COUNT).data["count"]
    shared.wait_for_line(running, "up")
    with connect(shared, request(shared.token, f"/api/jobs/{USER}/{running}/logs")) as stream:
        with trickling(shared, 300, *HALF_REQUESTS[kind]) as connections:
            for number in range(20):
                assert shared.ask("GET", COUNT).data == {"count": before + number // 10}
                if number == 9:
                    made = shared.python("print('made')")
            assert shared.output(made) == ["made"]
            with trickling(shared, 100, *HALF_REQUESTS[kind]):
                until(lambda: sum(map(is_closed, connections)) > 200, "the end of most of them")
                assert shared.ask("GET", COUNT).status == 200
        assert shared.ask("POST", f"/api/jobs/{USER}/{running}/cancel").status == 200
        received = b""
        while content := stream.recv(65536):
            received += content
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"data": "up"' in received
    assert received.endswith(b"0\r\n\r\n")
    assert "Traceback" not in shared.log


def test_strangers_who_come_again_and_again_do_not_stall_either(small: Emulator) -> None:
    stopped = threading.Event()

    def hammer() -> None:
        while not stopped.is_set():
            try:
                connect(small, b"GET /").close()
            except OSError:
                continue

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(30):
            assert small.ask("GET", COUNT).data == {"count": 0}
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


@pytest.fixture
def hasty(tmp_path: Path) -> Iterator[Server]:
    """A server in this process that gives unauthenticated clients one second."""
    state = State(tmp_path / "hasty")
    app = App(Store(state, seed=lambda: history(NOW)), state, token=TOKEN)
    server = Server(app, 0, log=lambda _line: None, head_secs=1.0)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    server.stop()
    thread.join()


def test_a_stranger_has_little_time(hasty: Server) -> None:
    """Also if there is room, and however often something comes."""
    with ExitStack() as stack:
        connections = {kind: stack.enter_context(trickling(hasty, 1, *half))[0] for kind, half in HALF_REQUESTS.items()}
        for kind, connection in connections.items():
            until(lambda connection=connection: is_closed(connection), f"the end of {kind}")  # type: ignore[misc]


def test_the_head_of_a_request_is_bounded(small: Emulator) -> None:
    """As a whole, not line by line."""
    head = b"GET /api/jobs/hardware HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
        b"X-%d: %s\r\n" % (number, b"x" * 9000) for number in range(50)
    )
    with connect(small) as connection:
        try:
            connection.sendall(head)
        except OSError:
            return
        until(lambda: is_closed(connection), "the end of the connection")


@pytest.mark.skipif(os.name == "nt", reason="files are not limited there")
def test_streams_are_bounded_too(small: Emulator) -> None:
    """Clients with the token get an error; open streams stay open, and make room when they end."""
    running = small.python(FOREVER)
    small.wait_for_line(running, "up")
    path = f"/api/jobs/{USER}/{running}/logs"
    with ExitStack() as stack:
        streams: list[http.client.HTTPResponse] = []

        def opened() -> int:
            connection = http.client.HTTPConnection(small.endpoint.removeprefix("http://"), timeout=60)
            connection.request("GET", path, headers={"Authorization": f"Bearer {small.token}"})
            response = connection.getresponse()
            stack.callback(connection.close)
            stack.callback(response.close)
            streams.append(response)
            return response.status

        statuses = [opened() for _ in range(120)]
        served = statuses.count(200)
        assert statuses == [200] * served + [503] * (120 - served)
        assert 40 <= served < 120
        refused = json.loads(streams[-1].read())
        assert refused == {"error": "Too many open connections"}
        files = psutil.Process(small.process.pid).num_fds()
        assert files < 256
        for stream in (streams[0], streams[served - 1]):
            _header, _blank, line = (stream.readline() for _ in range(3))
            assert json.loads(line.removeprefix(b"data: "))["data"] == "up"
        assert emulation.ask(small.endpoint, "GET", "/api/jobs/hardware", token=None).status == 200
    start = time.monotonic()
    until(lambda: small.ask("POST", f"/api/jobs/{USER}/{running}/cancel").status == 200, "room")
    assert time.monotonic() - start < 25  # not only when the next sign of life is due, every 30 s


def test_a_client_that_only_reads_goes_on_reading(small: Emulator) -> None:
    """It has closed its own side, as `nc -N` does."""
    running = small.python("import time\nfor n in range(30): print(n, flush=True); time.sleep(0.1)")
    with connect(small, request(small.token, f"/api/jobs/{USER}/{running}/logs")) as stream:
        stream.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: stream.recv(65536), b""))
    assert b'"data": "29"' in received
    assert received.endswith(b"0\r\n\r\n")
