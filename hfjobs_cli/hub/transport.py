"""Send requests to one Hub: retries, rate limits, and whole responses or streams."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from hfjobs_cli.config import DEFAULT_TIMEOUT_SECS
from hfjobs_cli.errors import NotLoggedIn, Unavailable, system_limit_of
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.hub.connection import (
    CONNECTION_ERRORS,
    ConnectionPool,
    Endpoint,
    HubRequest,
    Query,
    RawResponse,
    decoded_chunks,
    distrust,
)
from hfjobs_cli.hub.responses import HubResponse, ResponseHandler, is_retryable, retry_after, sent_at
from hfjobs_cli.hub.retry import MAX_ATTEMPTS, REQUESTS, RateLimitGate, Retries
from hfjobs_cli.hub.url_download import downloaded
from hfjobs_cli.text.redaction import without_token

logger = logging.getLogger(__name__)

WHOLE_RESPONSE_TIMEOUTS = 4
"""How many timeouts a whole response may take: the timeout is for each read, and a slow drip never reaches it."""


class Transport:
    """A connection pool to one endpoint. Safe to use from several threads."""

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        *,
        token_source: str = "the token",  # noqa: S107 - words for an error message, no secret
        timeout_secs: float = DEFAULT_TIMEOUT_SECS,
        wsgi_app: Callable[..., Iterable[bytes]] | None = None,
        warn: Callable[[str], None] = lambda _line: None,
        redacted: Callable[[str], str] = lambda text: text,
        redacted_quotes: Callable[[str], str] = lambda text: text,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Create the transport; nothing connects yet.

        Without a token only endpoints that need none can be used. `wsgi_app` answers in-process instead of a server.
        `warn` is called with a line before each pause. Requests and responses are logged, by `logging` at the level
        DEBUG. Neither ever has the token: `redacted` removes secrets from what a server says, and `redacted_quotes`
        from values that are quoted.
        """
        self.endpoint = endpoint
        self._base_path = urlsplit(endpoint).path
        self._token = token
        self._timeout_secs = timeout_secs
        self._longest_secs = WHOLE_RESPONSE_TIMEOUTS * timeout_secs
        self._warn, self._sleep = warn, sleep
        self._rate_limit = RateLimitGate()
        self._is_closed = False
        self._date = ""

        def without_secrets(text: str) -> str:
            return redacted(self._without_token(text))

        self._responses = ResponseHandler(
            endpoint,
            token_source=token_source,
            timeout_secs=timeout_secs,
            longest_secs=self._longest_secs,
            without_token=self._without_token,
            redacted=without_secrets,
            redacted_quotes=redacted_quotes,
        )
        self._pool = ConnectionPool(
            endpoint,
            token,
            timeout_secs=timeout_secs,
            bad_no_proxy=self._bad_no_proxy,
            wsgi_app=wsgi_app,
            without_token=self._without_token,
            redacted=without_secrets,
        )

    def close(self) -> None:
        """Close all connections. Requests of other threads fail, without a warning or a retry."""
        self._is_closed = True
        self._pool.close()

    @property
    def server_time(self) -> datetime | None:
        """When the server sent its last response, by its own clock; None if it did not say."""
        return sent_at({"Date": self._date})

    def ask(self, endpoint: Endpoint, query: Query = (), *, body: object = None, **names: str) -> HubResponse:
        """Send a request to `endpoint`, with names in its path, and return the response.

        Transient failures are retried if the endpoint is repeatable. A `body` other than None is sent as JSON.

        Raises NotLoggedIn, NotAllowed, NotFound, RequestRefused, Unavailable or BadResponse. If the endpoint is not
        repeatable, the error has `is_ambiguous` set unless it is certain that nothing was done.
        """
        call = self._call(endpoint, query, names, body=body)
        return self._responses.parse(
            self._send_with_retries(call, MAX_ATTEMPTS if endpoint.is_repeatable else 1), endpoint
        )

    def stream(
        self,
        endpoint: Endpoint,
        query: Query = (),
        *,
        idle_timeout_secs: float,
        max_attempts: int = MAX_ATTEMPTS,
        **names: str,
    ) -> Stream:
        """Open a streaming response of a GET `endpoint`, and return it as soon as its headers are there.

        It fails after `idle_timeout_secs` without a byte. Raises what `ask` raises, and LimitReached.
        """
        call = self._call(endpoint, query, names, idle_timeout_secs=idle_timeout_secs)
        reply = self._send_with_retries(call, max_attempts)
        try:
            self._responses.raise_for_status(reply)
            return Stream(reply.response, reply.context, lambda error: self._responses.connection_error(error, call))
        except BaseException as error:
            reply.response.close()
            if (limit := system_limit_of(error)) is not None:
                raise limit from error
            raise

    def download(self, address: str, most_bytes: int) -> bytes:
        """Download a file from any address, without a token, following redirects.

        Raises UsageError for an invalid address, and HfJobsError if the download fails or exceeds `most_bytes`.
        """
        return downloaded(
            address,
            most_bytes,
            timeout_secs=self._timeout_secs,
            longest_secs=self._longest_secs,
            bad_no_proxy=self._bad_no_proxy,
            without_token=self._without_token,
            warn=self._warn,
            sleep=self._sleep,
        )

    def _call(
        self,
        endpoint: Endpoint,
        query: Query,
        names: Mapping[str, str],
        *,
        body: object = None,
        idle_timeout_secs: float | None = None,
    ) -> HubRequest:
        """Return the request to send. Raises NotLoggedIn, and UsageError for invalid names."""
        if endpoint.needs_token and self._token is None:
            raise NotLoggedIn(
                "not logged in: no token found",
                hint="log in with 'hf auth login', or set HF_TOKEN; 'hfjobs --demo ps' needs none",
            )
        path = endpoint.at(**names)
        return HubRequest(endpoint, path, f"{endpoint.method} {self._base_path}{path}", query, body, idle_timeout_secs)

    def _send_with_retries(self, call: HubRequest, max_attempts: int) -> RawResponse:
        """Send a request until a response is not retryable, and return that response. Raises after the last attempt."""
        retries = Retries(REQUESTS._replace(max_attempts=max_attempts))
        while True:
            if remaining_secs := self._rate_limit.remaining_secs():
                logger.debug("* waiting %.1f s for the rate limit", remaining_secs)
                self._sleep(remaining_secs)
            try:
                reply = call_with_timeout(lambda: self._pool.send(call), self._longest_secs)
            except CONNECTION_ERRORS as error:
                if (limit := system_limit_of(error)) is not None:
                    raise limit from error
                failure = self._responses.connection_error(error, call)
                if isinstance(error, TimeoutError) or distrust(error):
                    raise failure from None  # it took long enough, or would fail again
            except Exception as error:
                if not self._is_closed:  # else closing the pool caused it
                    if (limit := system_limit_of(error)) is not None:
                        raise limit from error
                    raise
                said = f"the connection to {self.endpoint} was closed ({call.description})"
                raise Unavailable(said, is_ambiguous=not call.endpoint.is_repeatable) from error
            else:
                self._date = reply.response.headers.get("Date", "")
                if not is_retryable(reply.response):
                    return reply
                failure = self._responses.retryable_error(reply, call.endpoint, retry_after(reply.response.headers))
            if self._is_closed:
                raise failure
            self._pause(retries.pause_after(failure), failure, retries.next_attempt)

    def _pause(self, pause: float, failure: Unavailable, next_attempt: str) -> None:
        """Sleep before the next attempt. A Retry-After holds back all requests meanwhile."""
        has_limit = failure.retry_after_secs is not None
        with self._rate_limit.close_for(pause) if has_limit else nullcontext(True) as was_open:
            if was_open:
                self._warn(f"{failure.message}; retrying in {pause:.1f} s ({next_attempt})")
            logger.debug("* attempt %s in %.1f s", next_attempt, pause)
            self._sleep(pause)

    def _bad_no_proxy(self, entry: str) -> None:
        self._warn(f"ignored '{entry}' in NO_PROXY: not a host, domain or network")

    def _without_token(self, text: str) -> str:
        return without_token(text, self._token)


class Stream:
    """A 2xx response that may be endless; iterate once: `with transport.stream(...) as stream: for data in stream`.

    Its connection serves no other request: it is sent with `Connection: close`, so it never goes back to the pool.
    `sent_at` is when the server began the response, by its clock; `context` describes the request.
    """

    def __init__(
        self, response: httpx.Response, context: str, connection_error: Callable[[httpx.RequestError], Unavailable]
    ) -> None:
        """Read a response whose body is still unread; `connection_error` converts errors of httpx.

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
        """Yield the data as it arrives. Raises Unavailable if the stream breaks off or is idle for too long."""
        try:
            for data in decoded_chunks(self._response):
                if self._is_closed:
                    return
                yield data
        except httpx.RequestError as error:
            if not self._is_closed:
                raise self._connection_error(error) from error
        except Exception:
            if not self._is_closed:  # else closing caused it
                raise

    def __enter__(self) -> Stream:
        """Return itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the response."""
        self._is_closed = True
        with suppress(Exception):  # it is not needed any more
            self._response.close()
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def close(self) -> None:
        """Close the response, from any thread. A thread that waits for data sees the end at once."""
        self._is_closed = True
        with self._lock:
            if self._handle is not None:
                with suppress(OSError):  # the server has closed it
                    self._handle.shutdown(socket.SHUT_RDWR)


def _second_handle(response: httpx.Response) -> socket.socket | None:
    """Return another descriptor of the connection of a response; None without a socket, as for responses in-process.

    The thread that reads closes the first descriptor, whose number may belong to another connection a moment later. It
    is a plain socket, even if the other is an SSLSocket: encryption is left to the thread that reads.
    """
    network = response.extensions.get("network_stream")
    connection = network and network.get_extra_info("socket")
    if connection is None or connection.fileno() < 0:  # the transport was closed meanwhile
        return None
    return socket.fromfd(connection.fileno(), connection.family, connection.type)
