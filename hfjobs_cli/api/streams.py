"""Answers that have no end: their bytes as they come. The transport makes them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx

from hfjobs_cli.api.connection import pieces
from hfjobs_cli.api.headers import sent_at
from hfjobs_cli.errors import Unavailable


class Stream:
    """A 2xx answer that may have no end, to be read once: `with transport.stream(...) as stream: for data in stream`.

    Its connection is its own: it is asked for with `Connection: close`, so it never goes back to the pool. `sent_at` is
    the moment at which the server began to answer, by its clock, `context` the request in words.
    """

    def __init__(
        self, response: httpx.Response, context: str, broken: Callable[[httpx.RequestError], Unavailable]
    ) -> None:
        """Take an answer of which only the head was read; `broken` makes an error of one of httpx.

        Raises OSError if the process may open no more descriptors.
        """
        self.sent_at = sent_at(response.headers)
        self.context = context
        self._response = response
        self._broken = broken
        self._is_closed = False
        self._lock = threading.Lock()
        self._handle = _second_handle(response)

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes, as it comes. Raises Unavailable if it breaks off, or if there is silence for too long."""
        try:
            for data in pieces(self._response):
                if self._is_closed:
                    return
                yield data
        except httpx.RequestError as error:
            if not self._is_closed:
                raise self._broken(error) from error
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
