"""The Jobs API as methods that return frozen values, one for each endpoint."""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from hfjobs_cli.api.threads import map_at_once
from hfjobs_cli.api.transport import Answer, Transport
from hfjobs_cli.errors import (
    BadResponse,
    HfJobsError,
    Interrupted,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Unavailable,
)
from hfjobs_cli.models import JobInfo
from hfjobs_cli.namespace import NamespaceMemory
from hfjobs_cli.payload import Payload, describe
from hfjobs_cli.references import JobReference, check_name, is_name

T = TypeVar("T")

MAX_BARREN_PAGES = 10
"""How many pages in a row may hold no new job before a listing counts as endless."""

MEMORABLE_PAGES = 20
"""On how many pages before it a job is looked for that may have moved to a later page. All ids would be 130 B a job."""

RECOVERY_PAUSES_SECS = (0.0, 1.0, 3.0)
"""When to look for a duplicate whose answer was lost: it may still be in the making."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of a listing, newest first, and whether more pages follow."""

    jobs: list[JobInfo]
    has_next: bool


class JobsClient:
    """The Jobs API of one Hub for one token. Methods may be called from several threads.

    A `namespace` of None is the token's user. All methods raise NotLoggedIn, NotAllowed, NotFound, RequestRefused,
    Unavailable or BadResponse, and UsageError for a name that cannot be one.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        memory: NamespaceMemory | None = None,
        warn: Callable[[str], None] = lambda _line: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use `transport`; `memory` keeps the default namespace between runs, `warn` is told of lost answers."""
        self._transport = transport
        self._memory = memory
        self._warn = warn
        self._sleep = sleep
        self._lock = threading.Lock()
        self._confirmed: str | None = None

    def whoami(self) -> str:
        """Return the name of the token's user (`GET /api/whoami-v2`)."""
        answer = self._transport.get("/api/whoami-v2")
        return self._parsed(answer, _user_name)

    def list_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
    ) -> Iterator[Page]:
        """Yield a namespace's jobs page by page, newest first (`GET /api/jobs/{namespace}`).

        `stages` keeps those in any of them, `labels` those that have all of them. A job that moves to a later page
        while they are being read is yielded once.
        """
        query = [("stage", stage) for stage in stages or ()]
        query += [("label", f"{key}={value}") for key, value in labels]
        earlier: deque[set[str]] = deque(maxlen=MEMORABLE_PAGES)
        cursors: set[str] = set()
        cursor: str | None = None
        barren = 0
        while True:
            here = [*query, ("cursor", cursor)] if cursor else query
            answer = self._in_namespace(namespace, partial(self._get_page, query=here))
            jobs = self._parsed(answer, self._jobs)
            fresh: dict[str, JobInfo] = {}
            for job in jobs:
                if not any(job.id in ids for ids in earlier):
                    fresh.setdefault(job.id, job)
            earlier.append(set(fresh))
            cursor = answer.next_cursor()
            yield Page(list(fresh.values()), has_next=cursor is not None)
            if cursor is None:
                return
            barren = 0 if fresh else barren + 1
            if cursor in cursors or barren == MAX_BARREN_PAGES:
                raise answer.problem("its pages loop")
            cursors.add(cursor)

    def inspect_job(self, reference: JobReference) -> JobInfo:
        """Return one job (`GET /api/jobs/{namespace}/{id}`). Raises NotFound naming it if there is none."""
        return self._in_namespace(
            reference.namespace, lambda name: self._job(self._transport.get, JobReference(name, reference.id))
        )

    def inspect_jobs(self, references: list[JobReference]) -> list[JobInfo | HfJobsError]:
        """Return the jobs in order, all asked for at once; in the place of one that failed stands its error.

        Raises NotLoggedIn instead of returning it, because it holds for all.
        """
        down: list[Unavailable] = []

        def inspect(reference: JobReference) -> JobInfo | HfJobsError:
            if down:
                return down[0]  # each of them would wait through the same retries
            try:
                return self.inspect_job(reference)
            except NotLoggedIn:
                raise
            except Unavailable as error:
                down.append(error)
                return error
            except HfJobsError as error:
                return error

        return map_at_once(inspect, references)

    def duplicate_job(self, reference: JobReference, known: Iterable[str] = ()) -> JobInfo:
        """Create a new job with the spec of another (`POST /api/jobs/{namespace}/{id}/duplicate`).

        The request is sent once, since each creates a job and bills somebody. If its answer is lost, the new job is
        looked for by its initiator; `known` are ids of earlier duplicates that are not it. Raises Unavailable with
        a hint how to check if it is not found, and Interrupted with the same hint after a KeyboardInterrupt.
        """
        return self._in_namespace(
            reference.namespace, lambda name: self._duplicate(JobReference(name, reference.id), set(known))
        )

    def close(self) -> None:
        """Close all connections."""
        self._transport.close()

    def _duplicate(self, source: JobReference, known: set[str]) -> JobInfo:
        """Send the request that duplicates `source`, which names its namespace, and find out what came of it."""
        started = time.monotonic()
        try:
            try:
                return self._job(self._transport.post, source, "/duplicate")
            except Unavailable as error:
                if not error.maybe_done:
                    raise
                reason: HfJobsError = error
            except BadResponse as error:
                reason = error
            found = self._find_duplicates(source, started, known)
        except KeyboardInterrupt:
            raise Interrupted(*_in_doubt(source, "interrupted")) from None
        if len(found) != 1:
            several = f"; candidates: {' '.join(job.id for job in found)}" if found else ""
            raise Unavailable(*_in_doubt(source, reason.message + several), maybe_done=True) from reason
        self._warn(f"{reason.message}; the new job was found by its initiator")
        return found[0]

    def _find_duplicates(self, source: JobReference, started: float, known: set[str]) -> list[JobInfo]:
        """Return the jobs that `source` was duplicated into since `started` (monotonic), as soon as there are any.

        The server's clock says when that was: its `Date` comes in whole seconds, rounded down, and what has passed
        here since `started` is no less than what has passed there, so no later moment is taken for it.
        """
        for pause in RECOVERY_PAUSES_SECS:
            self._sleep(pause)
            try:
                answer = self._get_page(source.namespace or "", [])
                jobs = self._parsed(answer, self._jobs)
            except HfJobsError:
                return []  # why the answer was lost tells more than this second failure
            now = answer.sent_at or datetime.now(timezone.utc)
            since = now - timedelta(seconds=time.monotonic() - started)
            origin = ("duplicated-job", source.id)
            found = [
                job
                for job in jobs
                if job.initiator is not None
                and (job.initiator.type, job.initiator.id) == origin
                and job.created_at is not None
                and job.created_at >= since
                and job.id not in known
            ]
            if found:
                return found
        return []

    def _get_page(self, namespace: str, query: list[tuple[str, str]]) -> Answer:
        try:
            return self._transport.get(f"/api/jobs/{_segment(namespace, 'namespace')}", query)
        except NotFound as error:
            raise NotFound(
                f"no namespace '{namespace}': {error.message}",
                hint="a namespace is the name of a user or an organisation",
            ) from error

    def _job(self, ask: Callable[[str], Answer], reference: JobReference, action: str = "") -> JobInfo:
        """Ask for, or do something with, a job whose namespace is known, and parse the job that comes back."""
        namespace = reference.namespace or ""
        path = f"/api/jobs/{_segment(namespace, 'namespace')}/{_segment(reference.id, 'job id')}{action}"
        try:
            answer = ask(path)
        except NotFound as error:
            raise NotFound(
                f"no job '{reference.id}' in namespace '{namespace}': {error.message}",
                hint=f"'hfjobs ps -a --namespace {namespace}' lists the jobs there; ids are given whole",
            ) from error
        job = self._parsed(answer, lambda data: JobInfo.from_api(data, self._transport.endpoint))
        # An inspected job is the one asked for; a new one is not.
        if (job.id == reference.id) == bool(action):
            raise answer.problem(f"it is about job '{job.id}'")
        return job

    def _jobs(self, data: object) -> list[JobInfo]:
        if not isinstance(data, list):
            raise BadResponse("jobs should be an array")
        endpoint = self._transport.endpoint
        return [JobInfo.from_api(item, endpoint, f"jobs[{index}]") for index, item in enumerate(data)]

    def _parsed(self, answer: Answer, parse: Callable[[object], T]) -> T:
        """Return what `parse` makes of the JSON in `answer`, naming the request in its errors."""
        try:
            return parse(answer.data)
        except BadResponse as error:
            raise answer.problem(error.message) from error

    def _in_namespace(self, namespace: str | None, ask: Callable[[str], T]) -> T:
        """Call `ask` with the namespace; if a remembered one may be outdated, again with the present one."""
        if namespace is not None:
            return ask(namespace)
        name = self._default_namespace()
        try:
            return ask(name)
        except (NotAllowed, NotFound, NotLoggedIn):
            present = self._default_namespace(outdated=name)
            if present == name:
                raise
            return ask(present)

    def _default_namespace(self, outdated: str | None = None) -> str:
        """Return the token's user: known from this run, remembered from another, or asked for.

        A remembered name that is `outdated` is forgotten, and asked for again.
        """
        with self._lock:
            if self._confirmed is not None:
                return self._confirmed
            remembered = self._memory.recall() if self._memory else None
            if remembered not in (None, outdated):
                return remembered
            if self._memory and remembered is not None:
                self._memory.remember(None)
            self._confirmed = self.whoami()
            if self._memory:
                self._memory.remember(self._confirmed)
            return self._confirmed


def _user_name(data: object) -> str:
    name = Payload(data, "user").require("name", str)
    if not is_name(name):
        raise BadResponse(f"user.name cannot be a namespace: {describe(name)}")
    return name


def _in_doubt(source: JobReference, reason: str) -> tuple[str, str]:
    """Return message and hint of an error after which nobody knows whether `source` was duplicated."""
    return (
        f"it is not known whether {source} was duplicated: {reason}",
        "before trying again, check with: "
        f"hfjobs ps -a --namespace {source.namespace} --initiator duplicated-job:{source.id}",
    )


def _segment(text: str, what: str) -> str:
    """Return `text` ready to be a part of a path."""
    return quote(check_name(text, what), safe="")
