"""What all resources of the Hub share: the transport, the default namespace, parsing of responses."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timezone
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, NotLoggedIn, RequestRefused
from hfjobs_cli.hub.cache import WhoamiCache
from hfjobs_cli.hub.concurrency import map_parallel
from hfjobs_cli.hub.connection import Endpoint, Query
from hfjobs_cli.hub.responses import HubResponse
from hfjobs_cli.hub.retry import CLOCKS_DIFFER_SECS, GRACE_SECS, GracePeriod
from hfjobs_cli.hub.transport import Transport
from hfjobs_cli.models.account import User
from hfjobs_cli.models.decode import describe, read_list
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.record import Record
from hfjobs_cli.text.values import is_name

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.references import ReferenceSyntax

logger = logging.getLogger(__name__)


R = TypeVar("R", bound=Record)
T = TypeVar("T")

WHOAMI = Endpoint("GET", "/api/whoami-v2")

MAX_SCRIPT_BYTES = 64 * 1024 * 1024
"""The largest script that is downloaded."""

MAX_REPORTED_VALUES = 10
"""Up to how many unexpected values are reported one by one; the rest are counted."""


class Hub:
    """One Hub, for one token. The classes of its resources derive from this one."""

    def __init__(
        self,
        transport: Transport,
        *,
        whoami_cache: WhoamiCache | None = None,
        warn: Callable[[str], None] = lambda _line: None,
        unusable: Callable[[BadResponse], None] | None = None,
        made: Callable[[JobInfo | ScheduledJob], None] = lambda _new: None,
        cut_short: Callable[[], AbstractContextManager[None]] = nullcontext,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
        namespace: str | None = None,
    ) -> None:
        """Use `transport`. The default namespace is `namespace`, else the token's user, whom `whoami_cache` stores.

        `warn` is called with a line about each lost response and each unexpected value, which is left out. `unusable`
        is called with the error of each unusable item of a listing, and the others are used; without it the error is
        raised. `made` is called with each job and schedule as soon as it is created. Within `cut_short` the user may
        interrupt a second time.
        """
        self._unusable = unusable
        self._made = made
        self._cut_short = cut_short
        self._unexpected_values = 0
        self._transport = transport
        self._whoami_cache = whoami_cache
        self._warn = warn
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        self._confirmed: User | None = None
        self._is_cache_logged = False
        self._created_at: dict[str, float] = {}
        self._namespace = namespace

    def whoami(self) -> str:
        """Return the name of the token's user (`GET /api/whoami-v2`, once)."""
        return self._user().name

    def default_namespace(self, outdated: str | None = None) -> str:
        """Return the namespace of the settings, else the token's user: known already, cached, or requested.

        A cached name that is `outdated` is deleted and requested again.
        """
        if self._namespace is not None:
            return self._namespace
        with self._lock:
            if self._confirmed is not None:
                return self._confirmed.name
            remembered = self._whoami_cache.recall() if self._whoami_cache else None
            if remembered not in (None, outdated):
                if not self._is_cache_logged:
                    logger.debug("* namespace %s from the cache", remembered)
                    self._is_cache_logged = True
                return remembered
            if self._whoami_cache and remembered is not None:
                self._whoami_cache.remember(None)
            self._confirmed = self._whoami()
            if self._whoami_cache:
                self._whoami_cache.remember(self._confirmed.name)
            return self._confirmed.name

    def other_namespaces(self) -> list[str]:
        """Return the namespaces of the token's user, their own and those of organizations, without the default one."""
        names = self.organizations() if self._namespace is None else [self.whoami(), *self.organizations()]
        return [each for each in names if each != self._namespace]

    def organizations(self) -> list[str]:
        """Return the names of the user's organizations (`GET /api/whoami-v2`, once)."""
        user = self._user()
        return [each.name for each in user.orgs if is_name(each.name) and each.name != user.name]

    def _whoami(self) -> User:
        """Request the token's user. Raises BadResponse if the name cannot be a namespace."""
        response = self._transport.ask(WHOAMI)
        messages: list[str] = []
        user = self._parsed(
            response, lambda data: User.from_api(data, self._transport.endpoint, "user", messages.append)
        )
        for message in messages:
            self._warn(
                f"user {user.name}: unexpected value from the Hub: "
                f"{response.redacted_quotes(message.removeprefix('user.'))}"
            )
        if not is_name(user.name):
            raise response.problem(f"user.name is not a valid namespace: {describe(user.name)}")
        return user

    def download(self, address: str) -> bytes:
        """Download the script at any address, without a token. Raises HfJobsError."""
        return self._transport.download(address, MAX_SCRIPT_BYTES)

    def close(self) -> None:
        """Close all connections, and warn how many more unexpected values there were."""
        if self._unexpected_values > MAX_REPORTED_VALUES:
            self._warn(f"{self._unexpected_values - MAX_REPORTED_VALUES} more unexpected values from the Hub")
        self._transport.close()

    def grace_period(self, identifier: str) -> GracePeriod | None:
        """Return how long a 404 for a job is retried because it was just created; None if it was not.

        The client knows what it created itself. The age of other jobs is in the id: the first 8 digits of an ObjectId
        of MongoDB are its time in seconds. Clocks may be wrong, so this only decides whether to retry. An id that is
        older, or of the future, is taken for a typing mistake.
        """
        if identifier in self._created_at:
            age = time.monotonic() - self._created_at[identifier]
        elif re.fullmatch("[0-9a-f]{24}", identifier):
            clocks = (self._clock(), self._transport.server_time)
            ages = [now.timestamp() - int(identifier[:8], 16) for now in clocks if now is not None]
            age = min((max(0.0, each) for each in ages if each > -CLOCKS_DIFFER_SECS), default=GRACE_SECS)
        else:
            return None
        return GracePeriod(GRACE_SECS - age) if age < GRACE_SECS else None

    def _retry_if_new(self, identifier: str, ask: Callable[[], T], *, is_read: bool) -> T:
        """Return what `ask` returns. For a while, retry it if a job that was just created is not found.

        If `ask` only reads a job that this client created, other refusals are retried too, as the job exists.
        """
        grace: GracePeriod | None = None
        while True:
            try:
                return ask()
            except (NotFound, RequestRefused) as error:
                is_created_here = identifier in self._created_at
                if not isinstance(error, NotFound) and not (is_read and is_created_here):
                    raise
                is_first = grace is None
                grace = grace or self.grace_period(identifier)
                pause = None if grace is None else grace.pause()
                if pause is None:
                    raise
                if is_first and not is_created_here:
                    self._warn(f"job {identifier} not found, but it was just created; retrying for up to 30 s")
            self._sleep(pause)

    def _parsed(self, response: HubResponse, parse: Callable[[object], T]) -> T:
        """Return the JSON in `response`, parsed by `parse`; errors name the request."""
        try:
            return parse(response.data)
        except BadResponse as error:
            raise response.problem(error.message) from error

    def _send_to(self, endpoint: Endpoint, namespace: str, query: Query = (), *, body: object = None) -> HubResponse:
        """Send a request about a namespace: list, count, create. Raises NotFound if there is no such namespace."""
        try:
            return self._transport.ask(endpoint, query, body=body, namespace=namespace)
        except NotFound as error:
            raise NotFound(
                f"no namespace '{namespace}': {error.message}",
                hint="use the name of a user or an organization",
            ) from error

    def _record(self, model: type[R], kind: Kind, response: HubResponse, problem: Callable[[R], str | None]) -> R:
        """Return the record in a response. Raises BadResponse, also if `problem` finds something wrong."""
        messages: list[str] = []
        endpoint = self._transport.endpoint
        record = self._parsed(response, lambda data: model.from_api(data, endpoint, kind.noun, messages.append))
        wrong = problem(record)
        if wrong is not None:
            raise response.problem(wrong)
        for message in messages:
            self._warn_unexpected(kind, record, response.redacted_quotes(message.removeprefix(f"{kind.noun}.")))
        return record

    def _records(self, model: type[R], kind: Kind, response: HubResponse, *, reports: bool = True) -> list[R]:
        """Return the records in a response that is an array. Raises BadResponse.

        With `reports` off, unexpected values and unusable records are skipped silently.
        """

        def unexpected(record: R, message: str) -> None:
            if reports:
                self._warn_unexpected(kind, record, response.redacted_quotes(message))

        def unusable(error: BadResponse) -> None:
            if not reports:
                return
            if self._unusable is None:
                raise error
            self._unusable(response.problem(error.message))

        endpoint = self._transport.endpoint
        return self._parsed(response, lambda data: read_list(model, data, endpoint, kind.plural, unexpected, unusable))

    def _warn_unexpected(self, kind: Kind, record: Record, message: str) -> None:
        """Warn about an unexpected value, but only about the first MAX_REPORTED_VALUES of them."""
        self._unexpected_values += 1
        if self._unexpected_values <= MAX_REPORTED_VALUES:
            self._warn(f"{kind.noun} {kind.key_of(record)}: unexpected value from the Hub: {message}")

    def _in_namespace(self, namespace: str | None, ask: Callable[[str], T]) -> T:
        """Call `ask` with the namespace. If that is cached and outdated, call it again with the current one."""
        if namespace is not None:
            return ask(namespace)
        name = self.default_namespace()
        try:
            return ask(name)
        except (NotAllowed, NotFound, NotLoggedIn):
            present = self.default_namespace(outdated=name)
            if present == name:
                raise
            return ask(present)

    def _find_in_other_namespaces(
        self, missing: NotFound, ask: Callable[[str], T], syntax: ReferenceSyntax
    ) -> tuple[str, T]:
        """Call `ask` with the other namespaces of the user, in parallel. Return the first one with a result, and that.

        Raises NotFound that names these namespaces after the error `missing`.
        """
        others = self.other_namespaces()

        def found_or_error(name: str) -> T | HfJobsError:
            try:
                return ask(name)
            except (NotFound, NotAllowed) as error:
                return error

        for name, found in zip(others, map_parallel(found_or_error, others), strict=True):
            if not isinstance(found, HfJobsError):
                return name, found
        if not others:
            raise missing
        raise NotFound(
            f"{missing.message}; also not in {', '.join(others)}",
            hint=f"'hfjobs {syntax.listing} -a --namespace NAME' lists the {syntax.plural} of a namespace",
        ) from missing

    @staticmethod
    def _no_job(error: NotFound, namespace: str, identifier: str) -> NotFound:
        """Return the error for a job that does not exist."""
        return NotFound(
            f"no job '{identifier}' in namespace '{namespace}': {error.message}",
            hint=f"'hfjobs ps -a --namespace {namespace}' lists the jobs there",
        )

    def _user(self) -> User:
        """Return the token's user, who is requested once."""
        with self._lock:
            if self._confirmed is None:
                self._confirmed = self._whoami()
            return self._confirmed

    def _known_user(self) -> str | None:
        """Return the name of the token's user if that takes no request, else None."""
        if self._confirmed is not None:
            return self._confirmed.name
        return self._whoami_cache.recall() if self._whoami_cache else None
