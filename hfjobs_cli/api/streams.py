"""Answers that have no end: their bytes as they come. The transport makes them."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress

import httpx

from hfjobs_cli.api.headers import sent_at
from hfjobs_cli.errors import Unavailable


class Stream:
    """A 2xx answer that may have no end, to be read once: `with transport.stream(...) as stream: for data in stream`.

    `sent_at` is the moment at which the server began to answer, by its clock, `context` the request in words.
    """

    def __init__(
        self, response: httpx.Response, context: str, broken: Callable[[httpx.RequestError], Unavailable]
    ) -> None:
        """Take an answer of which only the head was read; `broken` makes an error of one of httpx."""
        self.sent_at = sent_at(response.headers)
        self.context = context
        self._response = response
        self._broken = broken
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        """Yield what comes, as it comes. Raises Unavailable if it breaks off, or if there is silence for too long."""
        try:
            for data in self._response.iter_bytes():
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

    def close(self) -> None:
        """End the answer from any thread: whoever waits for more is told at once that there is none."""
        self._is_closed = True
        network = self._response.extensions.get("network_stream")
        connection = network and network.get_extra_info("socket")
        if connection is not None:
            with suppress(OSError):  # it is closed already
                # Not SSLSocket's own, which takes the encryption from under whoever is reading.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
