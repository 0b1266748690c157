"""Download a file from any address, without a token."""

from __future__ import annotations

import logging
from collections.abc import Callable

import httpx

from hfjobs_cli.config import is_loopback
from hfjobs_cli.errors import HfJobsError, Unavailable, UsageError
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.hub.connection import ENCODING, TooLarge, UnexpectedEncoding, distrust, http_client, read_body
from hfjobs_cli.hub.responses import is_retryable, retry_after
from hfjobs_cli.hub.retry import REQUESTS, Retries
from hfjobs_cli.text.redaction import without_password

logger = logging.getLogger(__name__)

MAX_REDIRECTS = 10


def downloaded(
    address: str,
    most_bytes: int,
    *,
    timeout_secs: float,
    longest_secs: float,
    bad_no_proxy: Callable[[str], None],
    without_token: Callable[[str], str],
    warn: Callable[[str], None],
    sleep: Callable[[float], None],
) -> bytes:
    """Return the content at an address, following redirects. Each attempt may take `longest_secs`.

    Transient errors are retried, as with the Hub; `warn` is called with a line before each pause, and for plain http.
    Raises UsageError for an invalid address, and HfJobsError if it cannot be downloaded or exceeds `most_bytes`.
    """
    shown = without_token(without_password(address))
    try:
        request = httpx.Request("GET", address, headers={"Accept": "*/*", "Accept-Encoding": ENCODING})
        if request.url.scheme == "http" and not is_loopback(address):
            warn(f"{shown} is not encrypted: others on the network could change the script")
        with http_client(address, timeout_secs, bad_no_proxy) as client:
            retries = Retries(REQUESTS)
            while True:
                try:
                    return call_with_timeout(
                        lambda: _body(client, request, most_bytes, shown, without_token), longest_secs
                    )
                except (Unavailable, httpx.RequestError) as error:
                    if not _is_transient(error):
                        raise
                    pause = retries.pause_after(error)
                    reason = without_token(str(error).replace(address, shown)) or type(error).__name__
                    warn(f"{shown}: {reason}; retrying in {pause:.1f} s ({retries.next_attempt})")
                    sleep(pause)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, ValueError) as error:
        before, at, rest = address.rpartition("@")
        if at:  # an invalid address may have a password anywhere
            shown, reason = f"{before.partition('://')[0]}://***@{without_password(f'x://{rest}')[4:]}", ""
        else:
            reason = f": {str(error).replace(address, shown)}"
        raise UsageError(
            f"invalid URL '{shown}'{reason}", hint="use for example https://example.org/train.py"
        ) from None
    except (httpx.RequestError, TimeoutError) as error:
        reason = without_token(str(error).replace(address, shown)) or type(error).__name__
        raise Unavailable(f"could not download {shown}: {reason}", hint="download it, and use the file") from None


def _is_transient(error: Unavailable | httpx.RequestError) -> bool:
    """Return whether to retry: not after a timeout, which took long enough, or for an invalid address."""
    if isinstance(error, httpx.TimeoutException | httpx.UnsupportedProtocol):
        return False
    return isinstance(error, Unavailable) or not distrust(error)


def _body(
    client: httpx.Client, request: httpx.Request, most_bytes: int, shown: str, without_token: Callable[[str], str]
) -> bytes:
    """Request an address once, and return the content. Raises HfJobsError, and what httpx raises."""
    response = _follow_redirects(client, request, shown, without_token)
    try:
        if is_retryable(response):
            raise Unavailable(
                f"could not download {shown}: {response.status_code} {response.reason_phrase}",
                hint="try again later, or download it and use the file",
                retry_after_secs=retry_after(response.headers),
            )
        if not response.is_success:
            raise HfJobsError(
                f"could not download {shown}: {response.status_code} {response.reason_phrase}",
                hint="no token is sent for scripts: download it, and use the file",
            )
        return read_body(response, most_bytes)
    except TooLarge:
        raise HfJobsError(
            f"{shown} is larger than {most_bytes // 2**20} MiB", hint="check that it is a script"
        ) from None
    except UnexpectedEncoding as error:
        raise HfJobsError(
            f"{shown} has an unsupported encoding '{error}'", hint="download it, and use the file"
        ) from None
    finally:
        response.close()


def _follow_redirects(
    client: httpx.Client, request: httpx.Request, shown: str, without_token: Callable[[str], str]
) -> httpx.Response:
    """Follow redirects, but none from https to http, where others could change the content. Raises HfJobsError."""
    for _ in range(MAX_REDIRECTS + 1):
        logger.debug("> GET %s", without_token(without_password(str(request.url))))
        response = client.send(request, stream=True)
        logger.debug("< %d", response.status_code)
        following = response.next_request
        if following is None:
            return response
        response.close()
        if request.url.scheme == "https" != following.url.scheme:
            raise HfJobsError(f"{shown} redirects to an address that is not encrypted", hint="download it, and read it")
        request = following
    raise HfJobsError(f"{shown} redirects more than {MAX_REDIRECTS} times", hint="download it, and use the file")
