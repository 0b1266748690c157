"""The Jobs API as methods that return frozen values, one for each endpoint."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from hfjobs_cli.api.transport import Answer, Transport
from hfjobs_cli.errors import BadResponse, HfJobsError, NotAllowed, NotFound, NotLoggedIn, Unavailable
from hfjobs_cli.models import JobInfo
from hfjobs_cli.namespace import NamespaceMemory
from hfjobs_cli.payload import Payload, describe
from hfjobs_cli.references import JobReference, check_name, is_name

T = TypeVar("T")

RECOVERY_PAUSES_SECS = (0.0, 1.0, 3.0)
"""When to look for a duplicate whose answer was lost: it may still be in the making."""

_CLOCK_SLACK = timedelta(seconds=2)
"""`Date` headers count whole seconds, and an answer takes a while."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs of a listing, newest first, and whether more pages follow."""

    jobs: list[JobInfo]
    has_next: bool


class JobsClient:
    """The Jobs API of one Hub for one token. Methods may be called from several threads.

    A `namespace` of None is the token's user. All methods raise NotLoggedIn, NotAllowed, NotFound, RequestRefused,
    Unavailable or BadResponse.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        memory: NamespaceMemory | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Use `transport`; `memory` keeps the default namespace between runs."""
        self._transport = transport
        self._memory = memory
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
        seen: set[str] = set()
        cursors: set[str] = set()
        cursor: str | None = None
        while True:
            here = [*query, ("cursor", cursor)] if cursor else query
            answer = self._in_namespace(namespace, partial(self._get_page, query=here))
            jobs = self._parsed(answer, self._jobs)
            fresh = [job for job in jobs if job.id not in seen]
            seen.update(job.id for job in fresh)
            yield Page(fresh, has_next=answer.cursor is not None)
            cursor = answer.cursor
            if cursor is None:
                return
            if cursor in cursors:
                raise answer.problem("its pages go round in a circle")
            cursors.add(cursor)

    def inspect_job(self, reference: JobReference) -> JobInfo:
        """Return one job (`GET /api/jobs/{namespace}/{id}`). Raises NotFound naming it if there is none."""
        return self._in_namespace(reference.namespace, lambda name: self._job(self._transport.get, name, reference.id))

    def inspect_jobs(self, references: list[JobReference]) -> list[JobInfo | HfJobsError]:
        """Return the jobs in order, all asked for at once; in the place of one that failed stands its error.

        Raises NotLoggedIn instead of returning it, because it holds for all.
        """
        results: list[JobInfo | HfJobsError] = []
        for result in map_at_once(self._inspect_or_error, references):
            if isinstance(result, NotLoggedIn):
                raise result
            results.append(result)
        return results

    def duplicate_job(self, reference: JobReference, known: Iterable[str] = ()) -> JobInfo:
        """Create a new job with the spec of another (`POST /api/jobs/{namespace}/{id}/duplicate`).

        The request is sent once, since each creates a job and bills somebody. If its answer is lost, the new job is
        looked for by its initiator; `known` are ids of earlier duplicates that are not it. Raises Unavailable with
        a hint how to check if it is not found.
        """
        namespace = reference.namespace or self._default_namespace()
        started = time.monotonic()
        try:
            return self._job(self._transport.post, namespace, reference.id, "/duplicate")
        except (NotAllowed, NotFound, NotLoggedIn):
            # Refused for sure. The remembered namespace may be the reason; the next run asks for it again.
            self._forget_namespace(reference.namespace)
            raise
        except Unavailable as error:
            if not error.maybe_done:
                raise
            reason: HfJobsError = error
        except BadResponse as error:
            reason = error
        return self._find_duplicate(JobReference(namespace, reference.id), started, set(known), reason)

    def _find_duplicate(self, source: JobReference, started: float, known: set[str], reason: HfJobsError) -> JobInfo:
        """Return the job that `source` was duplicated into since `started` (monotonic). Raises Unavailable."""
        try:
            for pause in RECOVERY_PAUSES_SECS:
                self._sleep(pause)
                answer = self._get_page(source.namespace or "", [])
                now = answer.sent_at or datetime.now(timezone.utc)
                since = now - timedelta(seconds=time.monotonic() - started) - _CLOCK_SLACK
                for job in self._parsed(answer, self._jobs):
                    made_by = job.initiator
                    is_duplicate = made_by and (made_by.type, made_by.id) == ("duplicated-job", source.id)
                    is_new = job.created_at is not None and job.created_at >= since
                    if is_duplicate and is_new and job.id not in known:
                        return job
        except HfJobsError:
            pass  # the reason below tells more than a second failure
        raise Unavailable(
            f"it is not known whether {source} was duplicated: {reason.message}",
            hint="before trying again, check with: "
            f"hfjobs ps -a --namespace {source.namespace} --initiator duplicated-job:{source.id}",
            maybe_done=True,
        ) from reason

    def _inspect_or_error(self, reference: JobReference) -> JobInfo | HfJobsError:
        try:
            return self.inspect_job(reference)
        except HfJobsError as error:
            return error

    def _get_page(self, namespace: str, query: list[tuple[str, str]]) -> Answer:
        try:
            return self._transport.get(f"/api/jobs/{_segment(namespace, 'namespace')}", query)
        except NotFound as error:
            raise NotFound(
                f"no namespace '{namespace}': {error.message}",
                hint="a namespace is the name of a user or an organisation",
            ) from error

    def _job(self, ask: Callable[[str], Answer], namespace: str, identifier: str, action: str = "") -> JobInfo:
        """Ask for, or do something with, one job and parse the job that comes back."""
        path = f"/api/jobs/{_segment(namespace, 'namespace')}/{_segment(identifier, 'job id')}{action}"
        try:
            answer = ask(path)
        except NotFound as error:
            raise NotFound(
                f"no job '{identifier}' in namespace '{namespace}': {error.message}",
                hint="write NAMESPACE/ID if it belongs to somebody else; 'hfjobs ps -a' lists yours",
            ) from error
        return self._parsed(answer, lambda data: JobInfo.from_api(data, self._transport.endpoint))

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
            if self._confirmed == name:
                raise
            self._forget_namespace(None)
            present = self._default_namespace()
            if present == name:
                raise
            return ask(present)

    def _default_namespace(self) -> str:
        """Return the token's user: known from this run, remembered from another, or asked for."""
        with self._lock:
            if self._confirmed is not None:
                return self._confirmed
            remembered = self._memory.recall() if self._memory else None
            if remembered is not None:
                return remembered
            self._confirmed = self.whoami()
            if self._memory:
                self._memory.remember(self._confirmed)
            return self._confirmed

    def _forget_namespace(self, namespace: str | None) -> None:
        """Forget the remembered default, unless another `namespace` was asked for or this run has confirmed it."""
        with self._lock:
            if namespace is None and self._confirmed is None and self._memory:
                self._memory.remember(None)


def _user_name(data: object) -> str:
    name = Payload(data, "user").require("name", str)
    if not is_name(name):
        raise BadResponse(f"user.name cannot be a namespace: {describe(name)}")
    return name


def _segment(text: str, what: str) -> str:
    """Return `text` ready to be a part of a path."""
    return quote(check_name(text, what), safe="")


def map_at_once(function: Callable[[JobReference], T], items: list[JobReference], workers: int = 32) -> list[T]:
    """Return `function` of each item in order, called in up to `workers` threads; it must not raise.

    The threads are daemons: Ctrl-C ends the program at once, where a thread pool would first wait for its requests.
    """
    if len(items) < 2:
        return [function(item) for item in items]
    results: dict[int, T] = {}
    todo = deque(enumerate(items))

    def work() -> None:
        while True:
            try:
                place, item = todo.popleft()
            except IndexError:
                return
            results[place] = function(item)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(workers, len(items)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)  # on Windows Ctrl-C is noticed only between two waits
    return [results[place] for place in range(len(items))]
