"""Send requests to one Hub: retries, rate limits, and whole answers or streams."""

import random
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from datetime import datetime
from urllib.parse import urlsplit

from hfjobs_cli.config import DEFAULT_TIMEOUT_SECS
from hfjobs_cli.errors import NotLoggedIn, Unavailable
from hfjobs_cli.hub.concurrency import in_time, limit_of
from hfjobs_cli.hub.connection import Breaks, Call, Connection, Query, Reply
from hfjobs_cli.hub.endpoint import Endpoint
from hfjobs_cli.hub.headers import asked_pause, sent_at
from hfjobs_cli.hub.responses import Answer, Outcomes, may_pass
from hfjobs_cli.hub.retry import Hold
from hfjobs_cli.hub.sse import Stream
from hfjobs_cli.text.escapes import redacted as without_token

MAX_TRIES = 4
FIRST_PAUSE_SECS = 0.5
LONGEST_PAUSE_SECS = 60.0
WHOLE_ANSWER_TIMEOUTS = 4
"""How many times the timeout, which is for each wait, a whole answer may take: one that drips never times out."""


def grown_pause(attempt: int) -> float:
    """Return how many seconds to wait after so many tries, a little at random, as others wait too."""
    growth: float = 2 ** (attempt - 1)
    return FIRST_PAUSE_SECS * growth * random.uniform(0.5, 1.5)  # noqa: S311


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
        redacted_quotes: Callable[[str], str] = lambda text: text,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet.

        Without a token only what needs none can be asked. `wsgi_app` answers in-process instead of a server. `warn` is
        told of each wait, `log` of each request and answer; neither ever sees the token, nor what `redacted` takes out
        of what a server says, or `redacted_quotes` of values of a server that are quoted in an error.
        """
        self.endpoint = endpoint
        self._base_path = urlsplit(endpoint).path
        self._token = token
        self._timeout_secs = timeout_secs
        self._longest_secs = WHOLE_ANSWER_TIMEOUTS * timeout_secs
        self._warn, self._log, self._sleep = warn, log, sleep
        self._hold = Hold()
        self._is_closed = False
        self._date = ""
        self._outcomes = Outcomes(
            endpoint,
            token_source=token_source,
            timeout_secs=timeout_secs,
            longest_secs=self._longest_secs,
            redacted=self._redacted,
            without_secrets=lambda text: redacted(self._redacted(text)),
            redacted_quotes=redacted_quotes,
        )
        self._connection = Connection(
            endpoint,
            token,
            timeout_secs=timeout_secs,
            odd_proxy=self._odd_proxy,
            wsgi_app=wsgi_app,
            redacted=self._redacted,
            without_secrets=lambda text: redacted(self._redacted(text)),
            log=log,
        )

    def close(self) -> None:
        """Close all connections. What other threads still wait for breaks, and is neither told of nor asked again."""
        self._is_closed = True
        self._connection.close()

    @property
    def server_time(self) -> datetime | None:
        """The moment of the last answer by the clock of the server, None if it does not tell."""
        return sent_at({"Date": self._date})

    def ask(self, endpoint: Endpoint, query: Query = (), *, body: object = None, **names: str) -> Answer:
        """Ask `endpoint`, with names in its path: again after failures that may pass if it is repeatable, else once.

        A `body` other than None is sent as JSON.

        Raises NotLoggedIn, NotAllowed, NotFound, RequestRefused, Unavailable or BadResponse. If it is not repeatable,
        the error has `maybe_done` set unless it is certain that nothing was done.
        """
        call = self._call(endpoint, query, names, body=body)
        return self._outcomes.answer(self._asked(call, MAX_TRIES if endpoint.is_repeatable else 1), endpoint)

    def stream(
        self, endpoint: Endpoint, query: Query = (), *, silence_secs: float, tries: int = MAX_TRIES, **names: str
    ) -> Stream:
        """Ask a GET `endpoint` for an answer that comes in pieces, and return it as soon as it begins.

        Silence of more than `silence_secs` breaks it off. Raises what `ask` raises, and LimitReached.
        """
        call = self._call(endpoint, query, names, silence_secs=silence_secs)
        reply = self._asked(call, tries)
        try:
            self._outcomes.check(reply)
            return Stream(reply.response, reply.context, lambda error: self._outcomes.broken(error, call))
        except BaseException as error:
            reply.response.close()
            if (limit := limit_of(error)) is not None:
                raise limit from error
            raise

    def download(self, address: str, most_bytes: int) -> bytes:
        """Return what is at an address anywhere, which is asked for without a token, and follows redirects.

        Raises UsageError for what is no address, and HfJobsError if it cannot be had, or is larger than `most_bytes`.
        """
        from hfjobs_cli.hub.downloads import downloaded  # which scripts need that are elsewhere

        return downloaded(
            address,
            most_bytes,
            timeout_secs=self._timeout_secs,
            longest_secs=self._longest_secs,
            odd_proxy=self._odd_proxy,
            redacted=self._redacted,
            debug=lambda line: self._log(self._redacted(line)) if self._log is not None else None,
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
        silence_secs: float | None = None,
    ) -> Call:
        """Return what is to be asked. Raises NotLoggedIn, and UsageError for names that cannot be any."""
        if endpoint.needs_token and self._token is None:
            raise NotLoggedIn(
                "no token was found",
                hint="log in with 'hf auth login', or set HF_TOKEN; 'hfjobs --demo ps' needs none",
            )
        path = endpoint.at(**names)
        return Call(endpoint, path, f"{endpoint.method} {self._base_path}{path}", query, body, silence_secs)

    def _asked(self, call: Call, tries: int) -> Reply:
        """Return an answer that no other try may better."""
        attempt = 0
        while True:
            attempt += 1
            if rest := self._hold.rest():
                self._sleep(rest)
            try:
                reply = in_time(lambda: self._connection.send(call), self._longest_secs)
            except Breaks as error:
                if (limit := limit_of(error)) is not None:
                    raise limit from error
                from hfjobs_cli.hub.certificates import distrust

                pause: float | None = None
                failure = self._outcomes.broken(error, call)
                if isinstance(error, TimeoutError) or distrust(error):
                    raise failure from None  # it has taken long enough, or will be no better
            except Exception as error:
                if not self._is_closed:  # else it is what closing does to whoever asks
                    if (limit := limit_of(error)) is not None:
                        raise limit from error
                    raise
                said = f"the connection to {self.endpoint} was closed ({call.words})"
                raise Unavailable(said, maybe_done=not call.endpoint.is_repeatable) from error
            else:
                self._date = reply.response.headers.get("Date", "")
                if not may_pass(reply):
                    return reply
                pause = asked_pause(reply.response.headers)
                failure = self._outcomes.busy(reply, call.endpoint, pause)
            if attempt >= tries or (pause or 0) > LONGEST_PAUSE_SECS or self._is_closed:
                raise failure
            self._pause(pause, failure, attempt, tries)

    def _pause(self, asked_secs: float | None, failure: Unavailable, attempt: int, tries: int) -> None:
        """Make the pause that the server asks for, which then holds for all requests, or one that grows."""
        pause = asked_secs
        if pause is None:
            pause = grown_pause(attempt)
        with nullcontext(True) if asked_secs is None else self._hold.during(pause) as is_news:
            if is_news:
                self._warn(f"{failure.message}; trying again in {pause:.1f} s ({attempt + 1} of {tries})")
            self._sleep(pause)

    def _odd_proxy(self, entry: str) -> None:
        self._warn(f"NO_PROXY holds '{entry}', which is no host, domain or network; it is skipped")

    def _redacted(self, text: str) -> str:
        return without_token(text, self._token)
