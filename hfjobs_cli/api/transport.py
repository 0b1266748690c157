"""Requests to one Hub: timeouts, retries, and answers that are JSON, a stream, or an error of ours.

With `streams` the only user of httpx. The token goes to the endpoint's origin only: redirects to elsewhere are refused,
and paging takes nothing but the cursor from a `Link` header.
"""

import json
import os
import random
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext, suppress
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

# Where click is installed, httpx imports its own command line, with rich: 45 of 160 ms, for nothing. A module that is
# None counts as not installed, and httpx does without it.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
import httpx

from hfjobs_cli import __version__
from hfjobs_cli.api.certificates import check_certificates, distrust
from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.headers import asked_pause, next_link, request_id, sent_at
from hfjobs_cli.api.hold import Hold
from hfjobs_cli.api.proxies import proxy_for
from hfjobs_cli.api.refusals import refusal
from hfjobs_cli.api.streams import Stream
from hfjobs_cli.api.threads import in_time
from hfjobs_cli.config import CONNECTION_SETTINGS, DEFAULT_TIMEOUT_SECS, is_loopback
from hfjobs_cli.errors import BadResponse, HfJobsError, NotLoggedIn, Unavailable, UsageError
from hfjobs_cli.records.reading import describe
from hfjobs_cli.text.escapes import redacted
from hfjobs_cli.text.times import span

MAX_TRIES = 4
FIRST_PAUSE_SECS = 0.5
LONGEST_PAUSE_SECS = 60.0
CONNECT_TIMEOUT_SECS = 10.0
LONGEST_TOLD_SECS = 366 * 86_400.0
MAX_REDIRECTS = 5
MAX_BODY_MIB = 256
MAX_IDLE_CONNECTIONS = 20
WHOLE_ANSWER_TIMEOUTS = 4
"""How many times the timeout, which is for each wait, a whole answer may take: one that drips never times out."""

STREAM_HEADERS = {
    "Accept": "text/event-stream",
    "Cache-Control": "no-store",
    "Accept-Encoding": "identity",  # what is packed waits until a block is full
}

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_ERROR_NUMBER = re.compile(r"^\[(Errno|WinError) -?\d+\] ")

Query = Iterable[tuple[str, str]]


class Answer(NamedTuple):
    """A 2xx answer: its JSON, the link to the next page if there is one, and when the server sent it."""

    data: Any
    next_link: str | None
    sent_at: datetime | None
    context: str

    def next_cursor(self) -> str | None:
        """Return the cursor in the link to the next page, None if there is no such page. Raises BadResponse."""
        if self.next_link is None:
            return None
        cursor: str | None = None
        with suppress(httpx.InvalidURL):
            cursor = httpx.URL(self.next_link).params.get("cursor")
        if not cursor:
            raise self.problem(f"the link to the next page holds no cursor: {describe(self.next_link)}")
        return cursor

    def problem(self, what: str) -> BadResponse:
        """Return an error about this answer that names the request."""
        return BadResponse(f"unexpected answer from the Hub: {what} ({self.context})")


class _Reply(NamedTuple):
    """An answer as it came: httpx's response, and its body unless that is still to be read."""

    response: httpx.Response
    body: bytes


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
        log: Callable[[str], None] | None = None,
        redacted: Callable[[str], str] = lambda text: text,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet.

        Without a token only what needs none can be asked. `wsgi_app` answers in-process instead of a server. `warn` is
        told of each wait, `log` of each request and answer; neither ever sees the token, nor what `redacted` takes out
        of what a server says.
        """
        self.endpoint = endpoint
        self._base_path = urlsplit(endpoint).path
        self._token = token
        self._token_source = token_source
        self._timeout_secs = timeout_secs
        self._timeout = self._timeout_of(timeout_secs)
        self._longest_secs = WHOLE_ANSWER_TIMEOUTS * timeout_secs
        self._warn, self._log, self._sleep = warn, log, sleep
        self._without_secrets = redacted
        self._hold = Hold()
        try:
            httpx.URL(endpoint)
        except httpx.InvalidURL as error:
            raise UsageError(f"'{endpoint}' is not an address of a Hub: {error}", hint="check HF_ENDPOINT") from error
        self._is_closed = False
        self._client = self._connected(endpoint, wsgi_app)

    def _connected(self, address: str, wsgi_app: Callable[..., Iterable[bytes]] | None = None) -> httpx.Client:
        """Return what speaks to an address, through the proxies that are set for it. Raises UsageError."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
        try:
            return httpx.Client(
                headers={
                    "Accept": "application/json",
                    "User-Agent": f"hfjobs/{__version__}; python/{python}",
                },
                timeout=self._timeout,
                # Each job that is followed keeps a connection for itself.
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS),
                # Loading certificates takes 40 ms and plain http needs none.
                verify=_certificates() if urlsplit(address).scheme == "https" else False,
                trust_env=False,
                # A proxy must not see what is meant for this machine.
                proxy=None if is_loopback(address) else proxy_for(address, getproxies(), self._odd_proxy),
                transport=httpx.WSGITransport(app=wsgi_app) if wsgi_app is not None else None,
            )
        except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
            # What comes from the environment: the proxies, and the certificates to trust. Their values may hold
            # passwords and are not shown.
            needs = "; a socks proxy needs: pip install 'httpx[socks]'" if isinstance(error, ImportError) else ""
            raise UsageError(
                f"no connection can be set up with the settings for proxies and certificates: {type(error).__name__}",
                hint=f"check {', '.join(CONNECTION_SETTINGS)}{needs}",
            ) from error

    def download(self, address: str, most_bytes: int) -> bytes:
        """Return what is at an address anywhere, which is asked for without a token, and follows redirects.

        Raises UsageError for what is no address, and HfJobsError if it cannot be had, or is larger than `most_bytes`.
        """
        shown = self._redacted(address)
        try:
            request = httpx.Request("GET", address, headers={"Accept": "*/*"})
            with self._connected(address) as client:
                return in_time(lambda: self._downloaded(client, request, most_bytes, shown), self._longest_secs)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError) as error:
            raise UsageError(f"'{shown}' is no address: {error}", hint="as in https://example.org/train.py") from None
        except (httpx.RequestError, TimeoutError) as error:
            reason = self._redacted(str(error)) or type(error).__name__
            raise Unavailable(f"{shown} cannot be had: {reason}", hint="download it, and name the file") from None

    def _downloaded(self, client: httpx.Client, request: httpx.Request, most_bytes: int, shown: str) -> bytes:
        self._debug(f"> GET {request.url}")
        response = client.send(request, stream=True, follow_redirects=True)
        try:
            self._debug(f"< {response.status_code}")
            if not response.is_success:
                raise HfJobsError(
                    f"{shown} cannot be had: {response.status_code} {response.reason_phrase}",
                    hint="it is asked for without a token; download it, and name the file",
                )
            if request.url.scheme == "https" != response.url.scheme:
                raise HfJobsError(f"{shown} leads to where anybody could change it", hint="download it, and look at it")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > most_bytes:
                    raise HfJobsError(f"{shown} is larger than {most_bytes // 2**20} MiB", hint="is it a script?")
            return bytes(body)
        finally:
            response.close()

    def close(self) -> None:
        """Close all connections. What other threads still wait for breaks, and is neither told of nor asked again."""
        self._is_closed = True
        self._client.close()

    def _timeout_of(self, read_secs: float) -> httpx.Timeout:
        connect = min(CONNECT_TIMEOUT_SECS, self._timeout_secs)
        return httpx.Timeout(self._timeout_secs, connect=connect, read=read_secs)

    def _odd_proxy(self, entry: str) -> None:
        self._warn(f"NO_PROXY holds '{entry}', which is no host, domain or network; it is skipped")

    def ask(self, endpoint: Endpoint, query: Query = (), *, body: object = None, **names: str) -> Answer:
        """Ask `endpoint`, with names in its path: again after failures that may pass if it is repeatable, else once.

        A `body` other than None is sent as JSON.

        Raises NotLoggedIn, NotAllowed, NotFound, RequestRefused, Unavailable or BadResponse. If it is not repeatable,
        the error has `maybe_done` set unless it is certain that nothing was done.
        """
        tries = MAX_TRIES if endpoint.is_repeatable else 1
        reply, context = self._asked(endpoint, query, names, tries, body=body)
        return self._answer(reply, context, endpoint)

    def stream(
        self, endpoint: Endpoint, query: Query = (), *, silence_secs: float, tries: int = MAX_TRIES, **names: str
    ) -> Stream:
        """Ask a GET `endpoint` for an answer that comes in pieces, and return it as soon as it begins.

        Silence of more than `silence_secs` breaks it off. Raises what `ask` raises.
        """
        reply, context = self._asked(endpoint, query, names, tries, silence_secs=silence_secs)

        def broken(error: httpx.RequestError) -> Unavailable:
            return self._network_failure(error, context, endpoint, silence_secs)

        try:
            self._check(reply, context)
        except BaseException:
            reply.response.close()
            raise
        return Stream(reply.response, self._context(reply.response, context), broken)

    def _asked(
        self,
        endpoint: Endpoint,
        query: Query,
        names: Mapping[str, str],
        tries: int,
        *,
        body: object = None,
        silence_secs: float | None = None,
    ) -> tuple[_Reply, str]:
        """Return an answer that no other try may better, and the request in words."""
        if endpoint.needs_token and self._token is None:
            raise NotLoggedIn(
                "no token was found",
                hint="log in with 'hf auth login', or set HF_TOKEN; 'hfjobs --demo ps' needs none",
            )
        path = endpoint.at(**names)
        context = f"{endpoint.method} {self._base_path}{path}"
        attempt = 0
        while True:
            attempt += 1
            if rest := self._hold.rest():
                self._sleep(rest)
            try:
                reply = in_time(lambda: self._send(endpoint, path, query, body, silence_secs), self._longest_secs)
            except (httpx.RequestError, TimeoutError) as error:
                pause: float | None = None
                failure = self._network_failure(error, context, endpoint, silence_secs)
                if isinstance(error, TimeoutError) or distrust(error):
                    raise failure from None  # it has taken long enough, or will be no better
            except Exception as error:
                if not self._is_closed:  # else it is what closing does to whoever asks
                    raise
                said = f"the connection to {self.endpoint} was closed ({context})"
                raise Unavailable(said, maybe_done=not endpoint.is_repeatable) from error
            else:
                if not _may_pass(reply.response):
                    return reply, context
                pause = asked_pause(reply.response.headers)
                failure = self._busy(reply, context, endpoint, pause)
            if attempt >= tries or (pause or 0) > LONGEST_PAUSE_SECS or self._is_closed:
                raise failure
            is_asked = pause is not None
            if pause is None:
                pause = FIRST_PAUSE_SECS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
            with self._hold.during(pause) if is_asked else nullcontext(True) as is_news:
                if is_news:
                    self._warn(f"{failure.message}; trying again in {pause:.1f} s ({attempt + 1} of {tries})")
                self._sleep(pause)

    def _send(self, endpoint: Endpoint, path: str, query: Query, body: object, silence_secs: float | None) -> _Reply:
        """Send one request, follow redirects of a GET within the endpoint's origin, and read the whole answer.

        With `silence_secs` a good answer is left to be read, with never more silence than that.
        """
        headers = {"Authorization": f"Bearer {self._token}"} if endpoint.needs_token else {}
        if silence_secs is not None:
            headers |= STREAM_HEADERS
        try:
            request = self._client.build_request(
                endpoint.method,
                self.endpoint + path,
                params=list(query),
                json=body,
                headers=headers,
                timeout=self._timeout if silence_secs is None else self._timeout_of(silence_secs),
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise UsageError(f"this cannot be asked of the Hub: {error}", hint="check names and labels") from error
        context = f"{endpoint.method} {self._base_path}{path}"
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = self._exchange(request, context, is_stream=silence_secs is not None)
                following = reply.response.next_request
                if following is None or endpoint.method != "GET":
                    return reply
                is_elsewhere = _origin(following.url) != _origin(request.url)
            except (httpx.InvalidURL, UnicodeError) as error:
                raise BadResponse(f"the Hub redirects to what is no address: {error} ({context})") from error
            if is_elsewhere:
                raise BadResponse(
                    f"the Hub redirects to another origin, {_spell_origin(following.url)} "
                    f"({self._context(reply.response, context)})",
                    hint="the token was not sent there; check HF_ENDPOINT",
                )
            request = following
        raise BadResponse(f"the Hub redirects without end ({self._context(reply.response, context)})")

    def _exchange(self, request: httpx.Request, context: str, *, is_stream: bool) -> _Reply:
        """Send one request and read the answer, but not a good one that is a stream.

        Raises what httpx raises, and BadResponse if the answer is too large.
        """
        started = time.monotonic()
        self._debug(f"> {request.method} {request.url}")
        response = self._client.send(request, stream=True)
        body, size = b"", "a stream"
        if not (is_stream and response.is_success):
            try:
                body = self._body(response, context)
            finally:
                response.close()
            size = f"{len(body)} bytes"
        milliseconds = (time.monotonic() - started) * 1000
        identifier = request_id(response.headers)
        self._debug(
            f"< {response.status_code} {size} in {milliseconds:.0f} ms"
            + (f", request id {identifier}" if identifier else "")
        )
        return _Reply(response, body)

    def _body(self, response: httpx.Response, context: str) -> bytes:
        """Read the body, which has no end if a server so likes."""
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > MAX_BODY_MIB * 1024 * 1024:
                raise BadResponse(
                    f"the answer is larger than {MAX_BODY_MIB} MiB ({self._context(response, context)})",
                    hint=f"is {self.endpoint} the Hub?",
                )
        return bytes(body)

    def _debug(self, line: str) -> None:
        if self._log is not None:
            self._log(self._redacted(line))

    def _check(self, reply: _Reply, context: str) -> None:
        """Raise the error that an answer is, if it is one."""
        response = reply.response
        context = self._context(response, context)
        if not response.is_success:
            said = self._server_message(reply)
            raise refusal(response.status_code, said, context, self._token_source)
        if "html" in response.headers.get("Content-Type", "").lower():
            raise BadResponse(
                f"the answer is a web page, not JSON ({context})",
                hint=f"is {self.endpoint} the Hub, and is there no login page or proxy in between?",
            )

    def _answer(self, reply: _Reply, context: str, endpoint: Endpoint) -> Answer:
        self._check(reply, context)
        response = reply.response
        context = self._context(response, context)
        try:
            data = json.loads(reply.body) if endpoint.has_answer else None
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            raise BadResponse(f"unexpected answer from the Hub: broken JSON, {reason} ({context})") from None
        link = next_link(response.headers)
        return Answer(data, link and self._redacted(link), sent_at(response.headers), context)

    def _busy(self, reply: _Reply, context: str, endpoint: Endpoint, pause: float | None) -> Unavailable:
        response = reply.response
        said = self._server_message(reply)
        return Unavailable(
            f"the Hub is not available: {said} ({self._context(response, context)})",
            hint=f"try again in {span(pause)}" if pause and pause < LONGEST_TOLD_SECS else "try again later",
            maybe_done=not endpoint.is_repeatable and response.status_code != httpx.codes.TOO_MANY_REQUESTS,
            pause_secs=pause,
        )

    def _network_failure(
        self,
        error: httpx.RequestError | TimeoutError,
        context: str,
        endpoint: Endpoint,
        silence_secs: float | None = None,
    ) -> Unavailable:
        origin = _spell_origin(httpx.URL(self.endpoint))
        reason = _ERROR_NUMBER.sub("", str(error)) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            what, hint = f"no connection to {origin} in time", "check the network, or the proxy"
        elif (distrusted := distrust(error)) is not None:
            what, hint = f"no connection to {origin}: {distrusted.reason}", distrusted.hint
        elif isinstance(error, httpx.ConnectError):
            what, hint = (
                f"no connection to {origin}: {reason}",
                "is what HF_ENDPOINT names running? 'hfjobs emulator' starts an emulator"
                if is_loopback(self.endpoint)
                else "check the network, HF_ENDPOINT and the proxy",
            )
        elif isinstance(error, httpx.TimeoutException | TimeoutError):
            what = (
                f"no answer from {origin} within {silence_secs or self._timeout_secs:g} s"
                if isinstance(error, httpx.TimeoutException)
                else f"the answer from {origin} did not arrive whole within {self._longest_secs:g} s"
            )
            hint = "try again, or wait longer with HFJOBS_TIMEOUT=SECONDS"
        else:
            what, hint = f"the connection to {origin} broke: {reason}", "try again"
        return Unavailable(
            f"{self._redacted(what)} ({context})",
            hint=hint,
            maybe_done=not endpoint.is_repeatable and not isinstance(error, _NOT_SENT),
        )

    def _context(self, response: httpx.Response, context: str) -> str:
        identifier = request_id(response.headers)
        shown = f"{context}: {response.status_code}"
        return f"{shown}, request id {self._redacted(identifier)}" if identifier else shown

    def _server_message(self, reply: _Reply) -> str:
        """Return what the server says in words, of at most 500 characters, or the name of the status."""
        response = reply.response
        said = response.headers.get("X-Error-Message") or _error_text(reply.body)
        said = self._redacted(" ".join(self._without_secrets(said).split()))[:500].rstrip(".")
        return said or httpx.codes.get_reason_phrase(response.status_code) or "no reason given"

    def _redacted(self, text: str) -> str:
        return redacted(text, self._token)


def _certificates() -> ssl.SSLContext:
    """Return what certificates are checked with. Raises OSError."""
    check_certificates(os.environ)
    return httpx.create_ssl_context()


def _may_pass(response: httpx.Response) -> bool:
    """Tell whether another try may go better."""
    return response.is_server_error or response.status_code in (
        httpx.codes.REQUEST_TIMEOUT,
        httpx.codes.TOO_MANY_REQUESTS,
    )


def _error_text(body: bytes) -> str:
    """Return the error message in a JSON body: `error` as text or list, or `message`; nothing for other bodies."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    said = values.get("error") or values.get("message") or ""
    return "; ".join(map(str, said)) if isinstance(said, list) else str(said)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _spell_origin(url: httpx.URL) -> str:
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"
