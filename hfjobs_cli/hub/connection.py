"""One HTTP exchange with httpx: timeouts, size limits, proxies."""

from __future__ import annotations

import os
import ssl
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

import httpx

from hfjobs_cli import __version__
from hfjobs_cli.config import CONNECTION_SETTINGS, is_loopback
from hfjobs_cli.errors import BadResponse, UsageError
from hfjobs_cli.hub.endpoint import Endpoint
from hfjobs_cli.hub.headers import request_id
from hfjobs_cli.text.numbers import digits

CONNECT_TIMEOUT_SECS = 10.0
MAX_REDIRECTS = 5
MAX_BODY_MIB = 256
MAX_IDLE_CONNECTIONS = 20

PACKING = "gzip"
"""The one coding that is asked for, and read."""

_PIECE_BYTES = 256 * 1024
"""How much is unpacked at once: a few bytes may stand for a thousand times as many."""

STREAM_HEADERS = {
    "Accept": "text/event-stream",
    "Cache-Control": "no-store",
    "Accept-Encoding": "identity",  # what is packed waits until a block is full
    "Connection": "close",  # a stream is ended by shutting its connection down, which must be of no use to others
}

Breaks = (httpx.RequestError, TimeoutError)
"""What is raised where no answer came, or none that is whole."""

Query = Iterable[tuple[str, str]]


class Call(NamedTuple):
    """What is asked of an endpoint, at a path, and `words` that say so in messages.

    A body other than None is sent as JSON. With `silence_secs` the answer is a stream: a good one is left to be read,
    with never more silence than that.
    """

    endpoint: Endpoint
    path: str
    words: str
    query: Query = ()
    body: object = None
    silence_secs: float | None = None


class Reply(NamedTuple):
    """An answer as it came: httpx's response, its body unless that is still to be read, and both in words."""

    response: httpx.Response
    body: bytes
    context: str


class TooLarge(Exception):
    """A body is larger than it may be."""


class OddPacking(Exception):
    """A body is packed in a way that was not asked for. The message names it."""


def connected(
    address: str,
    timeout_secs: float,
    odd_proxy: Callable[[str], None],
    wsgi_app: Callable[..., Iterable[bytes]] | None = None,
) -> httpx.Client:
    """Return what speaks to an address, through the proxies that are set for it; it connects to nothing yet.

    `odd_proxy` is told of what is no host in NO_PROXY. `wsgi_app` answers in-process instead of a server. Raises
    UsageError.
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    try:
        return httpx.Client(
            headers={
                "Accept": "application/json",
                "Accept-Encoding": PACKING,
                "User-Agent": f"hfjobs/{__version__}; python/{python}",
            },
            timeout=_timeout(timeout_secs, timeout_secs),
            # Each job that is followed keeps a connection for itself.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=MAX_IDLE_CONNECTIONS),
            # Loading certificates takes 40 ms and plain http needs none.
            verify=_certificates() if urlsplit(address).scheme == "https" else False,
            trust_env=False,
            # A proxy must not see what is meant for this machine.
            proxy=None if is_loopback(address) else proxy_for(address, getproxies(), odd_proxy),
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


def check_packing(response: httpx.Response) -> bool:
    """Tell whether a body is packed. Raises OddPacking: what is packed twice may be a million times as large."""
    codings = [each.strip().lower() for each in response.headers.get("Content-Encoding", "").split(",")]
    codings = [each for each in codings if each not in ("", "identity")]
    if codings not in ([], [PACKING], [f"x-{PACKING}"]):
        raise OddPacking(", ".join(codings)[:60])
    return bool(codings)


def pieces(response: httpx.Response) -> Iterator[bytes]:
    """Yield a body as it comes, unpacked, in pieces of a bounded size. Raises OddPacking, and what httpx raises."""
    if not check_packing(response):
        yield from response.iter_raw()
        return
    unpacker = None
    for packed in response.iter_raw():
        while packed:
            if unpacker is None or unpacker.eof:  # several packed texts in a row are one (RFC 1952, 2.2)
                unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
            try:
                piece = unpacker.decompress(packed, _PIECE_BYTES)
            except zlib.error as error:
                raise httpx.DecodingError(str(error), request=response.request) from error
            packed = unpacker.unused_data or unpacker.unconsumed_tail
            yield piece
    if unpacker is not None and not unpacker.eof:
        raise httpx.DecodingError("it ends in the middle of what is packed", request=response.request)


def read_body(response: httpx.Response, most_bytes: int) -> bytes:
    """Read a body, which has no end if a server so likes. Raises TooLarge, OddPacking, and what httpx raises."""
    body = bytearray()
    for chunk in pieces(response):
        body += chunk
        if len(body) > most_bytes:
            raise TooLarge
    return bytes(body)


class Connection:
    """The connections to one endpoint. Safe to use from several threads."""

    def __init__(
        self,
        endpoint: str,
        token: str | None,
        *,
        timeout_secs: float,
        odd_proxy: Callable[[str], None],
        wsgi_app: Callable[..., Iterable[bytes]] | None,
        redacted: Callable[[str], str],
        without_secrets: Callable[[str], str],
        log: Callable[[str], None] | None,
    ) -> None:
        """Connect to nothing yet.

        `log` is told of each request and answer, without what `redacted` takes out, nor, of what the server says,
        `without_secrets`.
        """
        try:
            httpx.URL(endpoint)
        except httpx.InvalidURL as error:
            raise UsageError(f"'{endpoint}' is not an address of a Hub: {error}", hint="check HF_ENDPOINT") from error
        self._endpoint = endpoint
        self._token = token
        self._timeout_secs = timeout_secs
        self._redacted = redacted
        self._without_secrets = without_secrets
        self._log = log
        self._client = connected(endpoint, timeout_secs, odd_proxy, wsgi_app)

    def close(self) -> None:
        """Close all connections. What other threads still wait for breaks."""
        self._client.close()

    def send(self, call: Call) -> Reply:
        """Send one request, follow redirects of a GET within the endpoint's origin, and read the whole answer.

        Raises UsageError for what cannot be sent, BadResponse for what is no answer of a Hub, and Breaks.
        """
        request = self._request(call)
        for _ in range(MAX_REDIRECTS + 1):
            try:
                reply = self._exchange(request, call)
                following = reply.response.next_request
                if following is None or call.endpoint.method != "GET":
                    return reply
                is_elsewhere = _origin(following.url) != _origin(request.url)
            except (httpx.InvalidURL, UnicodeError) as error:
                reason = self._without_secrets(str(error))
                raise BadResponse(f"the Hub redirects to what is no address: {reason} ({call.words})") from error
            if is_elsewhere:
                origin = self._without_secrets(spell_origin(following.url))
                raise BadResponse(
                    f"the Hub redirects to another origin, {origin} ({reply.context})",
                    hint="the token was not sent there; check HF_ENDPOINT",
                )
            request = following
        raise BadResponse(f"the Hub redirects without end ({reply.context})")

    def _request(self, call: Call) -> httpx.Request:
        headers = {"Authorization": f"Bearer {self._token}"} if call.endpoint.needs_token else {}
        read_secs = self._timeout_secs
        if call.silence_secs is not None:
            headers |= STREAM_HEADERS
            read_secs = call.silence_secs
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
            raise UsageError(f"this cannot be asked of the Hub: {error}", hint="check names and labels") from error

    def _exchange(self, request: httpx.Request, call: Call) -> Reply:
        """Send one request and read the answer, but not a good one that is a stream.

        Raises what httpx raises, and BadResponse if the answer is too large, or packed as nobody asked for.
        """
        started = time.monotonic()
        self._debug(f"> {request.method} {request.url}")
        response = self._client.send(request, stream=True)
        context = self._context(response, call)
        is_stream = call.silence_secs is not None and response.is_success
        body = self._body(response, context, is_stream=is_stream)
        size = "a stream" if is_stream else f"{len(body)} bytes"
        milliseconds = (time.monotonic() - started) * 1000
        identifier = self._without_secrets(request_id(response.headers) or "")
        self._debug(
            f"< {response.status_code} {size} in {milliseconds:.0f} ms"
            + (f", request id {identifier}" if identifier else "")
        )
        return Reply(response, body, context)

    def _body(self, response: httpx.Response, context: str, *, is_stream: bool) -> bytes:
        """Return the body, nothing of a stream. Raises what httpx raises, and BadResponse if it cannot be read."""
        try:
            check_packing(response)
            return b"" if is_stream else read_body(response, MAX_BODY_MIB * 1024 * 1024)
        except OddPacking as error:
            if not response.is_success:
                return b""  # the status tells enough
            response.close()
            raise BadResponse(
                f"the answer is packed as '{error}', which was not asked for ({context})",
                hint=f"is {self._endpoint} the Hub, and is there no proxy in between?",
            ) from None
        except TooLarge:
            raise BadResponse(
                f"the answer is larger than {MAX_BODY_MIB} MiB ({context})",
                hint=f"is {self._endpoint} the Hub?",
            ) from None
        finally:
            if not is_stream:
                response.close()

    def _context(self, response: httpx.Response, call: Call) -> str:
        """Return a request and its answer in words: `GET /api/whoami-v2: 200, request id 1-5`."""
        identifier = self._without_secrets(request_id(response.headers) or "")
        shown = f"{call.words}: {response.status_code}"
        return f"{shown}, request id {identifier}" if identifier else shown

    def _debug(self, line: str) -> None:
        if self._log is not None:
            self._log(self._redacted(line))


def spell_origin(url: httpx.URL | str) -> str:
    """Return scheme, host and port of an address."""
    url = httpx.URL(url)
    return f"{url.scheme}://{url.netloc.decode('ascii', 'replace')}"


def _timeout(timeout_secs: float, read_secs: float) -> httpx.Timeout:
    return httpx.Timeout(timeout_secs, connect=min(CONNECT_TIMEOUT_SECS, timeout_secs), read=read_secs)


def _certificates() -> ssl.SSLContext:
    """Return what certificates are checked with. Raises OSError."""
    from hfjobs_cli.hub.certificates import check_certificates  # plain http does without

    check_certificates(os.environ)
    return httpx.create_ssl_context()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


_PORTS = {"http": 80, "https": 443}


def proxy_for(endpoint: str, proxies: Mapping[str, str], odd: Callable[[str], None]) -> str | None:
    """Return the address of the proxy through which to ask `endpoint`, None for none.

    `proxies` is what `urllib.request.getproxies` returns: addresses by scheme, `all` for every scheme, and `no` for
    what needs none. `odd` is told of each entry of that which means nothing.
    """
    hub = urlsplit(endpoint)
    address = proxies.get(hub.scheme) or proxies.get("all")
    if not address:
        return None
    host, port = hub.hostname or "", hub.port or _PORTS.get(hub.scheme)
    entries = [entry.strip() for entry in proxies.get("no", "").split(",") if entry.strip()]
    fitting = [entry for entry in entries if _fits(entry, host, port, odd)]  # an odd one is told of in any case
    if fitting:
        return None
    return address if "://" in address else f"http://{address}"


def _fits(entry: str, host: str, port: int | None, odd: Callable[[str], None]) -> bool:
    """Tell whether an entry of NO_PROXY is about a host: `*`, a name or domain, an address, a network, with a port."""
    if entry == "*":
        return True
    pattern, wanted_port = _split_port(entry.lower())
    if wanted_port is not None and digits(wanted_port) is None:
        odd(entry)
        return False
    if wanted_port is not None and digits(wanted_port) != port:
        return False
    if "/" in pattern or ":" in pattern:
        try:
            network = ip_network(pattern.strip("[]"), strict=False)
        except ValueError:
            odd(entry)
            return False
        return _is_in(host, network)
    subdomains_only = pattern.startswith("*.")  # as Go has it; `.domain` is also the domain itself, as curl has it
    domain = pattern.removeprefix("*").lstrip(".").rstrip(".")
    if not domain or not all(char.isalnum() or char in "-._" for char in domain):
        odd(entry)
        return False
    name = host.lower().rstrip(".")
    return name.endswith(f".{domain}") or (name == domain and not subdomains_only)


def _split_port(entry: str) -> tuple[str, str | None]:
    """Part `host:port` and `[address]:port`; an IPv6 address alone has colons, too."""
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
