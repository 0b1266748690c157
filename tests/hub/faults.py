"""A server that answers in bytes, as wrong as they can be: what no HTTP library would send."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import chain, repeat

from tests.support import measure_nothing

Fault = Callable[[socket.socket], None]
"""Answers the request that was read from a connection, which is closed afterwards."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
JOB = {"id": "aa", "status": {"stage": "RUNNING"}, "owner": {"name": "x"}}
BODY = json.dumps([JOB]).encode()


class FaultyHub:
    """A Hub on loopback that answers every request with a fault; `requests` holds them as `METHOD PATH`.

    `arrived` is set by the first one.
    """

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.requests: list[str] = []
        self.arrived = threading.Event()
        self._is_closing = False
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._listen)]
        self._threads[0].start()

    def close(self) -> None:
        """Answer no more, and break off the answers that have no end."""
        self._is_closing = True
        socket.create_connection(self._listener.getsockname()).close()  # wakes the one that listens, on every system
        for connection in self._connections:
            with suppress(OSError):  # it is not connected any more
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._is_closing:
                connection.close()
                return
            self._connections.append(connection)
            self._threads.append(threading.Thread(target=self._answer, args=(connection,)))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        measure_nothing()
        with connection, suppress(OSError):  # the client may have seen enough
            connection.settimeout(30)
            request = b""
            while b"\r\n\r\n" not in request:
                received = connection.recv(65536)
                if not received:
                    return
                request += received
            method, path = request.decode().split()[:2]
            self.requests.append(f"{method} {path}")
            self.arrived.set()
            self.answer(connection, path)

    def answer(self, connection: socket.socket, _path: str) -> None:
        """Answer a request."""
        self.fault(connection)


def sends(data: bytes) -> Fault:
    """Send these bytes."""
    return lambda connection: connection.sendall(data)


def sends_and_resets(data: bytes) -> Fault:
    """Send these bytes, then break the connection so that the client's system notices."""

    def fault(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return fault


def sends_forever(head: bytes, more: bytes) -> Fault:
    """Send `head`, and `more` again and again as fast as it is read."""

    def fault(connection: socket.socket) -> None:
        for data in chain([head], repeat(more)):
            connection.sendall(data)

    return fault


def drips(head: bytes, drop: bytes, every_secs: float = 0.01) -> Fault:
    """Send `head`, then up to a thousand times a `drop`, each hundredth of a second or less often."""

    def fault(connection: socket.socket) -> None:
        connection.sendall(head)
        connection.settimeout(every_secs)
        for _ in range(1000):
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                connection.sendall(drop)

    return fault


def stalls(connection: socket.socket) -> None:
    """Say nothing until the client goes."""
    connection.recv(1)


@cache
def packed_zeros(times: int = 1) -> bytes:
    """Return 300 MiB of zeros, packed by gzip so many times."""
    if times > 1:
        return gzip.compress(packed_zeros(times - 1))
    packer = zlib.compressobj(1, wbits=zlib.MAX_WBITS | 16)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(300)) + packer.flush()


def bomb() -> bytes:
    """Return an answer of 300 kB that unpacks to 300 MiB."""
    packed = packed_zeros()
    return HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
