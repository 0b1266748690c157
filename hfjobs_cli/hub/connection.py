"""One HTTP exchange with httpx: timeouts, size limits, proxies, certificates."""

from __future__ import annotations

import logging
import os
import ssl
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlsplit
from urllib.request import getproxies

import httpx

from hfjobs_cli import __version__
from hfjobs_cli.config import CONNECTION_SETTINGS, is_loopback
from hfjobs_cli.errors import BadResponse, UsageError
from hfjobs_cli.text.values import check_name, digits

logger = logging.getLogger(__name__)

CONNECT_TIMEOUT_SECS = 10.0
MAX_REDIRECTS = 5
MAX_BODY_MIB = 256
MAX_IDLE_CONNECTIONS = 20
MAX_CERTIFICATES_MIB = 64

ENCODING = "gzip"
"""The one content encoding that is requested and read."""

_CHUNK_BYTES = 256 * 1024
"""How much is decompressed at once: a few bytes may decompress to a thousand times as many."""

STREAM_HEADERS = {
    "Accept": "text/event-stream",
    "Cache-Control": "no-store",
    "Accept-Encoding": "identity",  # compressed output would be delayed until a block is full
    "Connection": "close",  # a stream ends by shutting down its connection, which must not go back to the pool
}

CONNECTION_ERRORS = (httpx.RequestError, TimeoutError)
"""The errors of an exchange without a complete response."""

Query = Iterable[tuple[str, str]]


class Endpoint(NamedTuple):
    """An endpoint of the API: a method, and a path with fields for names, `/api/jobs/{namespace}/{id}`.

    If it `is_repeatable`, a second request does no more than the first, so transient failures are retried. Without
    `needs_token` no token is sent. Unless it `has_body`, the body of the response is ignored.
    """

    method: str
    path: str
    is_repeatable: bool = True
    needs_token: bool = True
    has_body: bool = True

    def at(self, **names: str) -> str:
        """Return the path with these names filled in. Raises UsageError for an invalid name."""
        return self.path.format(**{key: quote(check_name(name, key), safe="") for key, name in names.items()})


class HubRequest(NamedTuple):
    """A request to an endpoint, at a path; `description` names it in messages.

    A body other than None is sent as JSON. With `idle_timeout_secs` the response is a stream: if its status is 2xx its
    body is left unread, and reading it fails after that many idle seconds.
    """

    endpoint: Endpoint
    path: str
    description: str
    query: Query = ()
    body: object = None
    idle_timeout_secs: float | None = None


class RawResponse(NamedTuple):
    """A response of any status: httpx's object, the body unless it is a stream, and a `context` for messages."""

    response: httpx.Response
    body: bytes
    context: str


class TooLarge(Exception):
    """A body is larger than it may be."""


class UnexpectedEncoding(Exception):
    """A body has a content encoding that was not requested. The message names it."""


def http_client(
    address: str,
    timeout_secs: float,
    bad_no_proxy: Callable[[str], None],
    wsgi_app: Callable[..., Iterable[bytes]] | None = None,
) -> httpx.Client:
    """Return an httpx client for an address, with the proxies that are set for it. It does not connect yet.

    `bad_no_proxy` is called with each invalid entry of NO_PROXY. `wsgi_app` answers in-process instead of a server.
    Raises UsageError.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    try:
        return httpx.Client(
            headers={
                "Accept": "application/json",
                "Accept-Encoding": ENCODING,
                "User-Agent": f"hfjobs/{__version__}; python/{python}",
            },
            timeout=_timeout(timeout_secs, timeout_secs),
            # Each job that is followed keeps a connection of its own.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS),
            # Loading certificates takes 40 ms and plain http needs none.
            verify=_certificates() if urlsplit(address).scheme == "https" else False,
            trust_env=False,
            # Requests to this machine must not go through a proxy.
            proxy=None if is_loopback(address) else proxy_for(address, getproxies(), bad_no_proxy),
            transport=httpx.WSGITransport(app=wsgi_app) if wsgi_app is not None else None,
        )
    except (httpx.InvalidURL, ValueError, OSError, ImportError) as error:
        # Proxies and trusted certificates come from the environment. Their values may hold passwords and are not shown.
        needs = "; for a SOCKS proxy: pip install 'httpx[socks]'" if isinstance(error, ImportError) else ""
        raise UsageError(
            f"cannot connect: invalid proxy or certificate settings: {type(error).__name__}",
            hint=f"check {', '.join(CONNECTION_SETTINGS)}{needs}",
        ) from error


def check_encoding(response: httpx.Response) -> bool:
    """Return whether a body is compressed. Raises UnexpectedEncoding, also if it is compressed twice."""
    codings = [each.strip().lower() for each in response.headers.get("Content-Encoding", "").split(",")]
    codings = [each for each in codings if each not in ("", "identity")]
    if codings not in ([], [ENCODING], [f"x-{ENCODING}"]):
        raise UnexpectedEncoding(", ".join(codings)[:60])
    return bool(codings)


def decoded_chunks(response: httpx.Response) -> Iterator[bytes]:
    """Yield a body as it arrives, decompressed, in bounded chunks. Raises UnexpectedEncoding, and what httpx raises."""
    if not check_encoding(response):
        yield from response.iter_raw()
        return
    unpacker = None
    for packed in response.iter_raw():
        while packed:
            if unpacker is None or unpacker.eof:  # several gzip members in a row are one text (RFC 1952, 2.2)
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                piece = unpacker.decompress(packed, _CHUNK_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=response.request) from error
            packed = unpacker.unused_data or unpacker.unconsumed_tail
            yield piece
    if unpacker is not None and not unpacker.eof:
        raise httpx.DecodingError("unexpected end of the compressed data", request=response.request)


def read_body(response: httpx.Response, most_bytes: int) -> bytes:
    """Read a body up to a limit in bytes. Raises TooLarge, UnexpectedEncoding, and what httpx raises."""
    body = bytearray()
    for chunk in decoded_chunks(response):
        body += chunk
        if len(body) > most_bytes:
            raise TooLarge
    return bytes(body)


class ConnectionPool:
    """A pool of connections to one endpoint. Safe to use from several threads."""

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        *,
        timeout_secs: float,
        bad_no_proxy: Callable[[str], None],
        wsgi_app: Callable[..., Iterable[bytes]] | None,
        without_token: Callable[[str], str],
        redacted: Callable[[str], str],
    ) -> None:
        """Create the pool; nothing connects yet.

        Each request and response is logged after `without_token`, and what the server said after `redacted`, too.
        """
        try:
            httpx.URL(endpoint)
        except httpx.InvalidURL as error:
            raise UsageError(f"invalid Hub URL '{endpoint}': {error}", hint="check HF_ENDPOINT") from error
        self._endpoint = endpoint
        self._token = token
        self._timeout_secs = timeout_secs
        self._without_token = without_token
        self._redacted = redacted
        self._client = http_client(endpoint, timeout_secs, bad_no_proxy, wsgi_app)

    def close(self) -> None:
        """Close all connections. Requests of other threads fail."""
        self._client.close()

    def send(self, call: HubRequest) -> RawResponse:
        """Send one request, follow redirects within the endpoint's origin, and read the whole response.

        Not followed are those that would make a GET of another method, as the server may have carried out the request,
        and those of a request that must not be repeated to where it was sent.

        Raises UsageError for a request that cannot be sent, BadResponse for a response that no Hub sends, and
        CONNECTION_ERRORS.
        """
        request = self._request(call)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = self._exchange(request, call)
                following = reply.response.next_request
                if following is None or following.method != request.method:
                    return reply
                if following.url == request.url and not call.endpoint.is_repeatable:
                    return reply
                is_elsewhere = _origin(following.url) != _origin(request.url)
            except (httpx.InvalidURL, UnicodeError) as error:
                reason = self._redacted(str(error))
                raise BadResponse(f"the Hub redirects to an invalid URL: {reason} ({call.description})") from error
            if is_elsewhere:
                origin = self._redacted(format_origin(following.url))
                raise BadResponse(
                    f"the Hub redirects to another origin: {origin} ({reply.context})",
                    hint="check HF_ENDPOINT; the token was not sent there",
                )
            request = following
        raise BadResponse(f"too many redirects ({reply.context})")

    def _request(self, call: HubRequest) -> httpx.Request:
        """Return the request of httpx for a call. Raises UsageError if it cannot be built."""
        headers = {"Authorization": f"Bearer {self._token}"} if call.endpoint.needs_token else {}
        read_secs = self._timeout_secs
        if call.idle_timeout_secs is not None:
            headers |= STREAM_HEADERS
            read_secs = call.idle_timeout_secs
        try:
            return self._client.build_request(
                call.endpoint.method,
                self._endpoint + call.path,
                params=list(call.query),
                json=call.body,
                headers=headers,
                timeout=_timeout(self._timeout_secs, read_secs),
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise UsageError(f"cannot build the request: {error}", hint="check names and labels") from error

    def _exchange(self, request: httpx.Request, call: HubRequest) -> RawResponse:
        """Send one request and read the response, except the body of a 2xx stream.

        Raises what httpx raises, and BadResponse if the response is too large or has an unexpected encoding.
        """
        started = time.monotonic()
        self._debug(f"> {request.method} {request.url}")
        response = self._client.send(request, stream=True)
        context = self._context(response, call)
        is_stream = call.idle_timeout_secs is not None and response.is_success
        body = self._body(response, context, is_stream=is_stream)
        size = "a stream" if is_stream else f"{len(body)} bytes"
        milliseconds = (time.monotonic() - started) * 1000
        identifier = self._redacted(_request_id(response.headers) or "")
        self._debug(
            f"< {response.status_code} {size} in {milliseconds:.0f} ms"
            + (f", request id {identifier}" if identifier else "")
        )
        return RawResponse(response, body, context)

    def _body(self, response: httpx.Response, context: str, *, is_stream: bool) -> bytes:
        """Return the body, empty for a stream. Raises what httpx raises, and BadResponse if it cannot be read."""
        try:
            check_encoding(response)
            return b"" if is_stream else read_body(response, MAX_BODY_MIB * 1024 * 1024)
        except UnexpectedEncoding as error:
            if not response.is_success:
                return b""  # the status says enough
            response.close()
            raise BadResponse(
                f"the response has an unsupported encoding '{error}' ({context})",
                hint=f"check that {self._endpoint} is the Hub, and that no proxy changes the response",
            ) from None
        except TooLarge:
            raise BadResponse(
                f"the response is larger than {MAX_BODY_MIB} MiB ({context})",
                hint=f"check that {self._endpoint} is the Hub",
            ) from None
        finally:
            if not is_stream:
                response.close()

    def _context(self, response: httpx.Response, call: HubRequest) -> str:
        """Describe a request and its response for messages: `GET /api/whoami-v2: 200, request id 1-5`."""
        identifier = self._redacted(_request_id(response.headers) or "")
        shown = f"{call.description}: {response.status_code}"
        return f"{shown}, request id {identifier}" if identifier else shown

    def _debug(self, line: str) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s", self._without_token(line))


def format_origin(url: httpx.URL | str) -> str:
    """Return scheme, host and port of an address."""
    url = httpx.URL(url)
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"


def _request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id by which the Hub's staff can find a request. They prefer the headers in this order."""
    names = ("X-Request-Id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id")
    return next((headers[name] for name in names if headers.get(name)), None)


def _timeout(timeout_secs: float, read_secs: float) -> httpx.Timeout:
    return httpx.Timeout(timeout_secs, connect=min(CONNECT_TIMEOUT_SECS, timeout_secs), read=read_secs)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


_PORTS = {"http": 80, "https": 443}


def proxy_for(endpoint: str, proxies: Mapping[str, str], bad: Callable[[str], None]) -> str | None:
    """Return the address of the proxy to use for `endpoint`, None for none.

    `proxies` is what `urllib.request.getproxies` returns: addresses by scheme, `all` for every scheme, and `no` for
    hosts that need no proxy. `bad` is called with each invalid entry of `no`.
    """
    hub = urlsplit(endpoint)
    address = proxies.get(hub.scheme) or proxies.get("all")
    if not address:
        return None
    host, port = hub.hostname or "", hub.port or _PORTS.get(hub.scheme)
    entries = [entry.strip() for entry in proxies.get("no", "").split(",") if entry.strip()]
    fitting = [entry for entry in entries if _fits(entry, host, port, bad)]  # all, so that each invalid one is reported
    if fitting:
        return None
    return address if "://" in address else f"http://{address}"


def _fits(entry: str, host: str, port: int | None, bad: Callable[[str], None]) -> bool:
    """Return whether an entry of NO_PROXY covers a host: `*`, a name or domain, an address, a network, with a port."""
    if entry == "*":
        return True
    pattern, wanted_port = _split_port(entry.lower())
    if wanted_port is not None and digits(wanted_port) is None:
        bad(entry)
        return False
    if wanted_port is not None and digits(wanted_port) != port:
        return False
    if "/" in pattern or ":" in pattern:
        try:
            network = ip_network(pattern.strip("[]"), strict=False)
        except ValueError:
            bad(entry)
            return False
        return _is_in(host, network)
    subdomains_only = pattern.startswith("*.")  # as Go has it; `.domain` is also the domain itself, as curl has it
    domain = pattern.removeprefix("*").lstrip(".").rstrip(".")
    if not domain or not all(char.isalnum() or char in "-._" for char in domain):
        bad(entry)
        return False
    name = host.lower().rstrip(".")
    return name.endswith(f".{domain}") or (name == domain and not subdomains_only)


def _split_port(entry: str) -> tuple[str, str | None]:
    """Split `host:port` and `[address]:port`; an IPv6 address alone has colons too."""
    if entry.startswith("[") and "]" in entry:
        address, _, rest = entry[1:].partition("]")
        return address, rest.removeprefix(":") or None
    host, colon, port = entry.rpartition(":")
    return (host, port) if colon and ":" not in host else (entry, None)


def _is_in(host: str, network: object) -> bool:
    try:
        return ip_address(host) in network  # type: ignore[operator]
    except ValueError:
        return False


def _certificates() -> ssl.SSLContext:
    """Return the TLS context with the trusted certificates. Raises OSError if those that are set cannot be used.

    A file may not be larger than MAX_CERTIFICATES_MIB: a device, for one, has no end.
    """
    file, directories = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        if not Path(file).is_file() or Path(file).stat().st_size > MAX_CERTIFICATES_MIB * 1024 * 1024:
            raise OSError(f"{file} is not a file of certificates")
    elif directories and not any(map(os.path.isdir, directories.split(os.pathsep))):
        raise OSError(f"{directories} is not a directory of certificates")
    return httpx.create_ssl_context()


class Distrust(NamedTuple):
    """Why the server is not trusted, which a retry does not change, and a hint."""

    reason: str
    hint: str


def distrust(error: BaseException | None) -> Distrust | None:
    """Return why the server was not trusted, None if the error has another cause."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Distrust(
                f"its certificate is not trusted, {error.verify_message.rstrip('.')}",
                "check the clock; if a proxy inspects connections, set SSL_CERT_FILE to a file with its certificate",
            )
        if isinstance(error, ssl.SSLError) and error.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return Distrust("it does not speak https", "check HF_ENDPOINT and the proxy")
        error = error.__cause__ or error.__context__
    return None
