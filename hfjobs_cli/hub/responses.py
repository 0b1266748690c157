"""Turn HTTP responses into JSON or into errors with a hint: statuses, headers, bodies."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
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
from hfjobs_cli.hub.connection import Call, Reply, spell_origin
from hfjobs_cli.hub.endpoint import Endpoint
from hfjobs_cli.hub.headers import next_link, sent_at
from hfjobs_cli.models.decode import describe
from hfjobs_cli.text.json_values import loads
from hfjobs_cli.text.times import span

LONGEST_TOLD_SECS = 366 * 86_400.0

_NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_CLIENT_CLOSED_REQUEST = 499
"""What a proxy calls a connection that it lost, whatever has been done by then."""

_NOT_DONE = (httpx.codes.TOO_EARLY, httpx.codes.TOO_MANY_REQUESTS)
"""What says that nothing was done, and that another try may go better."""

_ERROR_NUMBER = r"^\[(Errno|WinError) -?\d+\] "


class Answer(NamedTuple):
    """A 2xx answer: its JSON, the link to the next page if there is one, and when the server sent it.

    `redacted_quotes` takes secrets out of values that an error quotes.
    """

    data: Any
    next_link: str | None
    sent_at: datetime | None
    context: str
    redacted_quotes: Callable[[str], str]

    def next_cursor(self) -> str | None:
        """Return the cursor in the link to the next page, None if there is no such page. Raises BadResponse.

        Of the link nothing else is taken: it may lead anywhere.
        """
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
        return BadResponse(f"unexpected answer from the Hub: {self.redacted_quotes(what)} ({self.context})")


class Outcomes:
    """Tells what came of requests to one endpoint."""

    def __init__(
        self,
        endpoint: str,
        *,
        token_source: str,
        timeout_secs: float,
        longest_secs: float,
        redacted: Callable[[str], str],
        without_secrets: Callable[[str], str],
        redacted_quotes: Callable[[str], str],
    ) -> None:
        """Each wait may take `timeout_secs`, and a whole answer `longest_secs`.

        Nothing that is told holds what `redacted` takes out, nor, of what the server says, `without_secrets`, and of
        values of the server that are quoted, `redacted_quotes`.
        """
        self._endpoint = endpoint
        self._token_source = token_source
        self._timeout_secs = timeout_secs
        self._longest_secs = longest_secs
        self._redacted = redacted
        self._without_secrets = without_secrets
        self._redacted_quotes = redacted_quotes

    def answer(self, reply: Reply, endpoint: Endpoint) -> Answer:
        """Return the answer, if it is one. Raises the error that it is instead."""
        self.check(reply)
        try:
            data = loads(reply.body) if endpoint.has_answer else None
        except (ValueError, RecursionError) as error:
            reason = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
            raise BadResponse(f"unexpected answer from the Hub: broken JSON, {reason} ({reply.context})") from None
        headers = reply.response.headers
        link = next_link(headers)
        return Answer(data, link and self._redacted(link), sent_at(headers), reply.context, self._redacted_quotes)

    def check(self, reply: Reply) -> None:
        """Raise the error that an answer is, if it is one."""
        response = reply.response
        if not response.is_success:
            said = self._server_message(reply)
            raise refusal(response.status_code, said, reply.context, self._token_source)
        if "html" in response.headers.get("Content-Type", "").lower():
            raise BadResponse(
                f"the answer is a web page, not JSON ({reply.context})",
                hint=f"is {self._endpoint} the Hub, and is there no login page or proxy in between?",
            )

    def busy(self, reply: Reply, endpoint: Endpoint, pause: float | None) -> Unavailable:
        """Return the error for an answer that may pass, after which the server asks for a pause, or for none."""
        return Unavailable(
            f"the Hub is not available: {self._server_message(reply)} ({reply.context})",
            hint=f"try again in {span(pause)}" if pause and pause < LONGEST_TOLD_SECS else "try again later",
            maybe_done=not endpoint.is_repeatable and reply.response.status_code not in _NOT_DONE,
            pause_secs=pause,
        )

    def broken(self, error: httpx.RequestError | TimeoutError, call: Call) -> Unavailable:
        """Return the error for an answer that did not come, or not whole."""
        from hfjobs_cli.hub.certificates import distrust  # which all that goes well does without

        origin = spell_origin(self._endpoint)
        reason = self._without_secrets(re.sub(_ERROR_NUMBER, "", str(error))) or type(error).__name__
        if isinstance(error, httpx.ConnectTimeout):
            what, hint = f"no connection to {origin} in time", "check the network, or the proxy"
        elif (distrusted := distrust(error)) is not None:
            what, hint = f"no connection to {origin}: {distrusted.reason}", distrusted.hint
        elif isinstance(error, httpx.ConnectError):
            what, hint = (
                f"no connection to {origin}: {reason}",
                "is what HF_ENDPOINT names running? 'hfjobs emulator' starts an emulator"
                if is_loopback(self._endpoint)
                else "check the network, HF_ENDPOINT and the proxy",
            )
        elif isinstance(error, httpx.TimeoutException | TimeoutError):
            what = (
                f"no answer from {origin} within {call.silence_secs or self._timeout_secs:g} s"
                if isinstance(error, httpx.TimeoutException)
                else f"the answer from {origin} did not arrive whole within {self._longest_secs:g} s"
            )
            hint = "try again, or wait longer with HFJOBS_TIMEOUT=SECONDS"
        else:
            what, hint = f"the connection to {origin} broke: {reason}", "try again"
        return Unavailable(
            f"{self._redacted(what)} ({call.words})",
            hint=hint,
            maybe_done=not call.endpoint.is_repeatable and not isinstance(error, _NOT_SENT),
        )

    def _server_message(self, reply: Reply) -> str:
        """Return what the server says in words, of at most 500 characters, or the name of the status."""
        response = reply.response
        said = response.headers.get("X-Error-Message") or _error_text(reply.body)
        said = self._redacted(" ".join(self._without_secrets(said).split()))[:500].rstrip(".")
        return said or httpx.codes.get_reason_phrase(response.status_code) or "no reason given"


def may_pass(reply: Reply) -> bool:
    """Tell whether another try may go better."""
    return may_pass_by_status(reply.response)


def may_pass_by_status(response: httpx.Response) -> bool:
    """Tell whether an answer of this status may be another the next time."""
    return response.is_server_error or response.status_code in (
        httpx.codes.REQUEST_TIMEOUT,
        _CLIENT_CLOSED_REQUEST,
        *_NOT_DONE,
    )


def _error_text(body: bytes) -> str:
    """Return the error message in a JSON body: `error` as text or list, or `message`; nothing for other bodies."""
    try:
        values = loads(body)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(values, dict):
        return ""
    said = values.get("error") or values.get("message") or ""
    return "; ".join(map(str, said)) if isinstance(said, list) else str(said)


def refusal(status: int, said: str, context: str, token_source: str) -> HfJobsError:
    """Return the error for a `status`: what the server `said`, to which request (`context`), and the next step."""
    if status == HTTPStatus.UNAUTHORIZED:
        return NotLoggedIn(
            f"the Hub does not accept the token from {token_source}: {said} ({context})",
            hint=_other_token(token_source),
        )
    if status == HTTPStatus.FORBIDDEN:
        return NotAllowed(
            f"the token from {token_source} may not do this: {said} ({context})",
            hint="see what it may do at https://huggingface.co/settings/tokens",
        )
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{said} ({context})")
    if status == HTTPStatus.NOT_ACCEPTABLE:  # so the Hub says it of a job's metrics
        return NotRunning(f"the job is not running: {said} ({context})")
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return RequestRefused(
            f"payment required: {said} ({context})",
            hint="add credits at https://huggingface.co/settings/billing, or in the organisation's settings",
        )
    if status == HTTPStatus.CONFLICT:
        return Conflict(f"the Hub refused: {said} ({context})")
    if 400 <= status < 500:
        return RequestRefused(f"the Hub refused: {said} ({context})")
    # Whoever redirects may have done before what was asked of it, and says so with a 303; and what else there is comes
    # from no Hub.
    if 300 <= status < 400:
        return BadResponse(f"the Hub redirects, which is not followed here: {said} ({context})", "check HF_ENDPOINT")
    return BadResponse(f"unexpected answer from the Hub: {said} ({context})")


def _other_token(source: str) -> str:
    """Return what to do about a token that is not accepted: what comes first counts, whatever comes behind it."""
    if source.startswith("the file "):
        return "log in with 'hf auth login', or set HF_TOKEN"
    what_else = "that of 'hf auth login'" if source != "--token" else "HF_TOKEN or that of 'hf auth login'"
    verb = "leave --token out" if source == "--token" else f"unset {source}"
    return f"give one that is valid, or {verb} to use {what_else}"
