"""Turn HTTP responses into JSON or into errors with a hint: statuses, headers, bodies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx

from hfjobs_cli.config import is_loopback
from hfjobs_cli.errors import (
    BadResponse,
    Conflict,
    HfJobsError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    NotRunning,
    RequestRefused,
    Unavailable,
)
from hfjobs_cli.hub.connection import Endpoint, HubRequest, RawResponse, distrust, format_origin
from hfjobs_cli.models.decode import describe
from hfjobs_cli.text.json_stream import loads
from hfjobs_cli.text.values import digits, span

MAX_SHOWN_SECS = 366 * 86_400.0
"""The longest Retry-After that a hint shows."""

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_CLIENT_CLOSED_REQUEST = 499
"""The status of proxies for a lost connection. The Hub may have carried out the request."""

_NOT_PROCESSED = (httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS)
"""Statuses that say the request was not processed, and that a later attempt may be."""

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LINK = rf'<(?P<address>[^<>]*)>(?P<parameters>(?:[^",<]|{_QUOTED})*)'
_LINK_PARAMETER = rf';\s*(?P<name>[^\s;,="]+)\s*=\s*(?P<value>{_QUOTED}|[^\s;,"]*)'
_ESCAPED = r"\\(.)"

_ERROR_NUMBER = r"^\[(Errno|WinError) -?\d+\] "


class HubResponse(NamedTuple):
    """A 2xx response: its JSON, the link to the next page if there is one, and when the server sent it.

    `redacted_quotes` removes secrets from values that an error quotes.
    """

    data: Any
    next_link: str | None
    sent_at: datetime | None
    context: str
    redacted_quotes: Callable[[str], str]

    def next_cursor(self) -> str | None:
        """Return the cursor in the link to the next page, None if this is the last page. Raises BadResponse.

        Only the cursor is used, as the link may lead anywhere.
        """
        if self.next_link is None:
            return None
        cursor: str | None = None
        with suppress(httpx.InvalidURL):
            cursor = httpx.URL(self.next_link).params.get("cursor")
        if not cursor:
            raise self.problem(f"the link to the next page has no cursor: {describe(self.next_link)}")
        return cursor

    def problem(self, what: str) -> BadResponse:
        """Return an error about this response that names the request."""
        return BadResponse(f"unexpected response from the Hub: {self.redacted_quotes(what)} ({self.context})")


class ResponseHandler:
    """Turns responses of one endpoint into JSON or errors, and connection errors into `Unavailable`."""

    def __init__(
        self,
        endpoint: str,
        *,
        token_source: str,
        timeout_secs: float,
        longest_secs: float,
        without_token: Callable[[str], str],
        redacted: Callable[[str], str],
        redacted_quotes: Callable[[str], str],
    ) -> None:
        """Each read may take `timeout_secs`, and a whole response `longest_secs`.

        All messages go through `without_token`, what the server said also through `redacted`, and values that are
        quoted from a response through `redacted_quotes`.
        """
        self._endpoint = endpoint
        self._token_source = token_source
        self._timeout_secs = timeout_secs
        self._longest_secs = longest_secs
        self._without_token = without_token
        self._redacted = redacted
        self._redacted_quotes = redacted_quotes

    def parse(self, reply: RawResponse, endpoint: Endpoint) -> HubResponse:
        """Return a 2xx response with its JSON. Raises the error for any other response."""
        self.raise_for_status(reply)
        try:
            data = loads(reply.body) if endpoint.has_body else None
        except (ValueError, RecursionError) as error:
            reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
            raise BadResponse(f"unexpected response from the Hub: invalid JSON, {reason} ({reply.context})") from None
        headers = reply.response.headers
        link = next_link(headers)
        return HubResponse(
            data, link and self._without_token(link), sent_at(headers), reply.context, self._redacted_quotes
        )

    def raise_for_status(self, reply: RawResponse) -> None:
        """Raise the error for a response that is not 2xx, or a web page."""
        response = reply.response
        if not response.is_success:
            message = self._server_message(reply)
            raise status_error(response.status_code, message, reply.context, self._token_source)
        if "html" in response.headers.get("Content-Type", "").lower():
            raise BadResponse(
                f"the response is a web page, not JSON ({reply.context})",
                hint=(f"check that {self._endpoint} is the Hub, and that no login page or proxy responds instead"),
            )

    def retryable_error(self, reply: RawResponse, endpoint: Endpoint, pause: float | None) -> Unavailable:
        """Return the error for a response with a retryable status; `pause` is its Retry-After in seconds, if any."""
        return Unavailable(
            f"the Hub is unavailable: {self._server_message(reply)} ({reply.context})",
            hint=f"try again in {span(pause)}" if pause and pause < MAX_SHOWN_SECS else "try again later",
            is_ambiguous=not endpoint.is_repeatable and reply.response.status_code not in _NOT_PROCESSED,
            retry_after_secs=pause,
        )

    def connection_error(self, error: httpx.RequestError | TimeoutError, call: HubRequest) -> Unavailable:
        """Return the error for a response that did not arrive, or not completely."""
        origin = format_origin(self._endpoint)
        reason = self._redacted(re.sub(_ERROR_NUMBER, "", str(error))) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            what, hint = f"cannot connect to {origin}: timed out", "check the network and the proxy"
        elif (distrusted := distrust(error)) is not None:
            what, hint = f"cannot connect to {origin}: {distrusted.reason}", distrusted.hint
        elif isinstance(error, httpx.ConnectError):
            what, hint = (
                f"cannot connect to {origin}: {reason}",
                "check that the server is running; 'hfjobs emulator' starts an emulator"
                if is_loopback(self._endpoint)
                else "check the network, HF_ENDPOINT and the proxy",
            )
        elif isinstance(error, httpx.TimeoutException | TimeoutError):
            what = (
                f"no response from {origin} within {call.idle_timeout_secs or self._timeout_secs:g} s"
                if isinstance(error, httpx.TimeoutException)
                else f"the response from {origin} was not complete within {self._longest_secs:g} s"
            )
            hint = "try again, or set HFJOBS_TIMEOUT=SECONDS to wait longer"
        else:
            what, hint = f"lost the connection to {origin}: {reason}", "try again"
        return Unavailable(
            f"{self._without_token(what)} ({call.description})",
            hint=hint,
            is_ambiguous=not call.endpoint.is_repeatable and not isinstance(error, _NOT_SENT),
        )

    def _server_message(self, reply: RawResponse) -> str:
        """Return the server's message, at most 500 characters of it, or the name of the status."""
        response = reply.response
        message = response.headers.get("X-Error-Message") or _error_text(reply.body)
        message = self._without_token(" ".join(self._redacted(message).split()))[:500].rstrip(".")
        return message or httpx.codes.get_reason_phrase(response.status_code) or "no reason given"


def is_retryable(response: httpx.Response) -> bool:
    """Return whether a later attempt may get another status."""
    return response.is_server_error or response.status_code in (
        httpx.codes.REQUEST_TIMEOUT,
        _CLIENT_CLOSED_REQUEST,
        *_NOT_PROCESSED,
    )


def _error_text(body: bytes) -> str:
    """Return the error message in a JSON body: `error` as text or list, or `message`; nothing for other bodies."""
    try:
        values = loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    message = values.get("error") or values.get("message") or ""
    return "; ".join(map(str, message)) if isinstance(message, list) else str(message)


def status_error(status: int, message: str, context: str, token_source: str) -> HfJobsError:
    """Return the error for a `status`, with the server's `message`, the request (`context`) and a hint."""
    if status == HTTPStatus.UNAUTHORIZED:
        return NotLoggedIn(
            f"the Hub rejected the token from {token_source}: {message} ({context})",
            hint=_other_token(token_source),
        )
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowed(
            f"the token from {token_source} has no permission for this: {message} ({context})",
            hint="check its permissions at https://huggingface.co/settings/tokens",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{message} ({context})")
    if status == HTTPStatus.NOT_ACCEPTABLE:  # the Hub's answer for metrics of a job that is not running
        return NotRunning(f"the job is not running: {message} ({context})")
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return RequestRefused(
            f"payment required: {message} ({context})",
            hint=("add credits at https://huggingface.co/settings/billing, or in the settings of the organization"),
        )
    if status == HTTPStatus.CONFLICT:
        return Conflict(f"the Hub refused the request: {message} ({context})")
    if 400 <= status < 500:
        return RequestRefused(f"the Hub refused the request: {message} ({context})")
    # A server may have carried out the request before it redirects with a 303, which is not followed.
    if 300 <= status < 400:
        return BadResponse(f"unexpected redirect from the Hub: {message} ({context})", "check HF_ENDPOINT")
    return BadResponse(f"unexpected response from the Hub: {message} ({context})")


def _other_token(source: str) -> str:
    """Return the hint for a token that is not accepted: the first source with a token is used, even an invalid one."""
    if source.startswith("the file "):
        return "log in with 'hf auth login', or set HF_TOKEN"
    what_else = "that of 'hf auth login'" if source != "--token" else "HF_TOKEN or that of 'hf auth login'"
    verb = "remove --token" if source == "--token" else f"unset {source}"
    return f"use a valid token, or {verb} to use {what_else}"


def sent_at(headers: Mapping[str, str]) -> datetime | None:
    """Return when the server sent the response, by its own clock; None if it does not say."""
    return _http_date(headers.get("Date", ""))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds the server asks to wait, None if it does not say.

    `Retry-After` holds seconds or a date (RFC 9110, 10.2.3). `RateLimit: "api";r=0;t=55` (draft 9 of the IETF's
    RateLimit headers) is on every answer of the Hub and counts only when nothing remains (`r=0`).
    """
    asked = headers.get("Retry-After", "").strip()
    if digits(asked) is not None:
        return float(asked)
    until = _http_date(asked)
    if until is not None:
        return max(0.0, (until - (sent_at(headers) or datetime.now(timezone.utc))).total_seconds())
    for policy in headers.get("RateLimit", "").split(","):
        values = dict(part.strip().partition("=")[::2] for part in policy.split(";")[1:])
        wait = values.get("t", "")
        if values.get("r") == "0" and digits(wait) is not None:
            return float(wait)
    return None


def next_link(headers: Mapping[str, str]) -> str | None:
    """Return the address in `Link: <…>; rel="next"` (RFC 8288), None if there is none."""
    links = headers.get("Link")
    if not links:
        return None
    for link in re.finditer(_LINK, links):
        for parameter in re.finditer(_LINK_PARAMETER, link["parameters"]):
            if parameter["name"].lower() == "rel":
                if "next" in re.sub(_ESCAPED, r"\1", parameter["value"].strip('"')).lower().split():
                    return link["address"]
                break  # only the first counts
    return None


def _http_date(text: str) -> datetime | None:
    """Return the time in a header (RFC 9110, 5.6.7), None if it is not valid."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    # Times near the limits of datetime would overflow in calculations.
    return None if moment.tzinfo is None or not 1970 <= moment.year < 9999 else moment
