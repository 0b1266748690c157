"""Jobs: list, inspect, create, cancel, change; their logs and metrics as streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from hfjobs_cli.errors import BadResponse, HfJobsError, NotFound, RequestRefused
from hfjobs_cli.hub.base import Hub, T
from hfjobs_cli.hub.concurrency import map_parallel, results_parallel
from hfjobs_cli.hub.connection import Endpoint, Query
from hfjobs_cli.hub.create_once import (
    CreateContext,
    Created,
    CreateOnce,
    RequestMatcher,
    why_different,
    why_not_new,
    why_wrong_owner,
)
from hfjobs_cli.hub.listing import ActiveFront, ParallelListing, pages_of
from hfjobs_cli.hub.responses import HubResponse
from hfjobs_cli.hub.retry import MAX_ATTEMPTS
from hfjobs_cli.hub.sse import EventStream
from hfjobs_cli.models.decode import describe
from hfjobs_cli.models.job import KIND, JobInfo
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, STAGES
from hfjobs_cli.query.filters import Page
from hfjobs_cli.query.references import JOBS

if TYPE_CHECKING:
    from hfjobs_cli.models.schedule import JobSpec, ScheduledJob
    from hfjobs_cli.query.references import JobReference


_BY_HAND = ("user", "org")
"""The types of initiators of jobs that a person has started."""

_NOT_BY_HAND = {*INITIATOR_TYPES} - {*_BY_HAND}

LIST = Endpoint("GET", "/api/jobs/{namespace}")
COUNT = Endpoint("GET", "/api/jobs/{namespace}/count")
INSPECT = Endpoint("GET", "/api/jobs/{namespace}/{id}")
CREATE = Endpoint("POST", "/api/jobs/{namespace}", is_repeatable=False)
DUPLICATE = Endpoint("POST", "/api/jobs/{namespace}/{id}/duplicate", is_repeatable=False)
CANCEL = Endpoint("POST", "/api/jobs/{namespace}/{id}/cancel")
LABELS = Endpoint("PUT", "/api/jobs/{namespace}/{id}/labels")
EXPOSE = Endpoint("PUT", "/api/jobs/{namespace}/{id}/expose")
LOGS = Endpoint("GET", "/api/jobs/{namespace}/{id}/logs")
METRICS = Endpoint("GET", "/api/jobs/{namespace}/{id}/metrics")


class Jobs(Hub):
    """The jobs of the Hub, and their logs and metrics."""

    def list_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
        front: ActiveFront | None = None,
    ) -> Iterator[Page]:
        """Yield a namespace's jobs page by page, newest first (`GET /api/jobs/{namespace}`).

        Only jobs in any of the `stages`, and with all of the `labels`, are listed. The first page with jobs older than
        `since` is the last. A job that moves to a later page during the listing is yielded once. With a `front` of
        active jobs, no page of ended jobs reaches further back than the front.
        """
        query = [("stage", stage) for stage in stages or ()]
        query += [("label", f"{key}={value}") for key, value in labels]

        def ask(cursor: str | None) -> HubResponse:
            here = [*query, ("cursor", cursor)] if cursor else query
            return self._in_namespace(namespace, partial(self._send_to, LIST, query=here))

        return pages_of(ask, lambda response: self._records(JobInfo, KIND, response), since, front)

    def all_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
        *,
        tells_total: bool = False,
    ) -> ParallelListing:
        """Return the same jobs in the same order, for callers that read them all: long listings are read in parallel.

        With `tells_total` the listing has their approximate number, if that can be known.
        """
        asked = None if stages is None else tuple(stages)
        given = tuple(labels)

        def read(stages: Iterable[str] | None, front: ActiveFront | None) -> Iterator[Page]:
            return self.list_jobs(namespace, stages, given, since, front)

        is_counted = not given and since is None
        return ParallelListing(
            read, partial(self._sure_count, namespace, asked), asked, tells_total=tells_total and is_counted
        )

    def count_jobs(self, namespace: str | None = None, stages: Iterable[str] = ()) -> int:
        """Return how many jobs are in any of these stages, or in all (`GET /api/jobs/{namespace}/count`)."""
        query = [("stage", stage) for stage in stages]
        response = self._in_namespace(namespace, partial(self._send_to, COUNT, query=query))
        count = response.data.get("count") if isinstance(response.data, dict) else None
        if type(count) is not int or count < 0:
            raise response.problem(f"count should be a whole number, but is {describe(count)}")
        return count

    def _sure_count(self, namespace: str | None, stages: Sequence[str] | None) -> int | None:
        """Return how many jobs are in these stages, or in all; None if that is unknown, or if some are in new stages.

        The Hub rejects stages that it does not know, and this version does not know stages that are added later: only a
        listing without stages has those jobs. There are some if all jobs are more than those in known stages.
        """
        asked = [stages] if stages is not None else [(), STAGES]
        try:
            first, *others = map_parallel(lambda each: self.count_jobs(namespace, each), asked)
        except HfJobsError:
            return None  # the count is not required for reading the jobs
        return first if all(other == first for other in others) else None

    def inspect_job(self, reference: JobReference) -> JobInfo:
        """Return one job (`GET /api/jobs/{namespace}/{id}`).

        Without a namespace, if the default one has no such job, the other namespaces of the user are searched. Raises
        NotFound if there is none.
        """
        return self._in_any_namespace(reference, INSPECT)

    def inspect_jobs(self, references: list[JobReference]) -> list[JobInfo | HfJobsError]:
        """Return the jobs in order, requested in parallel, with the error in place of each that failed.

        Raises NotLoggedIn instead of returning it, as every request would fail with it.
        """
        return list(results_parallel(self.inspect_job, references))

    def duplicate_job(
        self, reference: JobReference, known: Collection[str] = (), *, waits_for_id: bool = False
    ) -> JobInfo:
        """Create a new job with the spec of another (`POST /api/jobs/{namespace}/{id}/duplicate`).

        The request is sent once, as each one creates a job that costs money. If the response is lost, the new job is
        looked up by its initiator; `known` are ids of earlier duplicates. If it is not found, Unavailable is raised
        with a hint how to check, and after a KeyboardInterrupt Interrupted with the same hint. If it `waits_for_id`,
        the interrupt is raised only after `made` was called with the new job, or if the outcome stays ambiguous.
        """
        source = reference.id

        def duplicate(name: str) -> JobInfo:
            return self._duplicate(name, source, known, waits_for_id=waits_for_id)

        try:
            return self._in_namespace(reference.namespace, duplicate)
        except NotFound as missing:  # so nothing was created
            if reference.namespace is not None:
                raise
            name, _ = self._find_in_other_namespaces(missing, lambda name: self._job(INSPECT, name, source), JOBS)
            return duplicate(name)

    def create_job(
        self,
        namespace: str | None,
        body: object,
        asked: RequestMatcher[JobInfo],
        check: str,
        known: Collection[str] = (),
        *,
        waits_for_id: bool = False,
    ) -> JobInfo:
        """Create a job (`POST /api/jobs/{namespace}`).

        The request is sent once. If the response is lost, or about another job, the new job is looked up: one that the
        same user has created since, and that `asked` recognizes. `known` are ids of earlier jobs. `check` are options
        of `ps` that find the job, for the hint. Raises Unavailable and Interrupted, and `waits_for_id`, as
        `duplicate_job`.
        """
        return self._in_namespace(
            namespace, lambda name: self._create(name, body, asked, check, known, waits_for_id=waits_for_id)
        )

    def _create(
        self,
        namespace: str,
        body: object,
        asked: RequestMatcher[JobInfo],
        check: str,
        known: Collection[str],
        *,
        waits_for_id: bool,
    ) -> JobInfo:
        """Create a job in a namespace, as `create_job`."""
        user = self._known_user()

        def send() -> HubResponse:
            return self._send_to(CREATE, namespace, body=body)

        def mismatch(job: JobInfo) -> str | None:
            if job.initiator is not None and job.initiator.type in _NOT_BY_HAND:
                return f"which was started by {describe(str(job.initiator))}"
            return why_wrong_owner(job.owner, namespace) or asked.mismatch(job)

        def changed_fields(job: JobInfo) -> list[str]:
            is_mine = _is_of(user, job)
            return [*asked.changed_fields(job), *([] if is_mine else ["created_by"])]

        def matches(job: JobInfo) -> bool:
            is_by_hand = job.initiator is None or job.initiator.type in _BY_HAND
            return is_by_hand and asked.matches(job) and _is_of(self._user().name, job)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"the job may or may not have been created: {reason}",
                f"before retrying, check with: hfjobs ps -a --namespace {namespace} {check}",
            )

        matcher = RequestMatcher(matches, mismatch, changed_fields)
        newest = partial(self._newest_jobs, namespace)
        creation = CreateOnce(
            send,
            self._new_job,
            newest,
            matcher,
            ambiguous_error,
            known,
            found_by="its image and command",
            waits_for_id=waits_for_id,
        )
        return self._create_once(creation)

    def cancel_job(self, reference: JobReference) -> JobInfo:
        """Cancel a job and return its new state (`POST /api/jobs/{namespace}/{id}/cancel`).

        A job that had ended before is returned as it ended. A response without the job is no failure if it has ended.
        """
        try:
            return self._in_any_namespace(reference, CANCEL)
        except (RequestRefused, BadResponse):
            job = self.inspect_job(reference)
            if not job.has_ended:
                raise
            return job

    def label_job(self, reference: JobReference, labels: Mapping[str, str]) -> JobInfo:
        """Replace all labels of a job and return it (`PUT /api/jobs/{namespace}/{id}/labels`)."""
        return self._in_any_namespace(reference, LABELS, {"labels": dict(labels)})

    def expose_job(self, reference: JobReference, ports: Sequence[int], public: Sequence[int] = ()) -> JobInfo:
        """Replace the ports of a running job and return it (`PUT /api/jobs/{namespace}/{id}/expose`).

        `public` are those of the `ports` that need no token.
        """
        return self._in_any_namespace(reference, EXPOSE, {"ports": [*ports], "portsPublic": [*public]})

    def log_events(
        self,
        reference: JobReference,
        *,
        tail: int | None = None,
        idle_timeout_secs: float,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> EventStream:
        """Return the log of a job, from the start or the last `tail` lines on, until the job ends.

        Opening it is retried up to `max_attempts`; resuming is up to the caller. It fails after `idle_timeout_secs`
        without data, and the Hub sends a comment every 30 s.

        The data of each event is JSON: `{"data": LINE, "timestamp": ISO 8601}`. The output of each attempt begins with
        a header, `===== Job started at ...`, which also comes with `tail`, in addition to its lines.
        """
        query = [] if tail is None else [("tail", str(tail))]
        return self._events(LOGS, reference, query, idle_timeout_secs, max_attempts)

    def metric_events(
        self, reference: JobReference, *, idle_timeout_secs: float, max_attempts: int = MAX_ATTEMPTS
    ) -> EventStream:
        """Return the usage of a running job, once a second: the data of each event named `metric` is JSON.

        There is no history, and the stream may go on after the job. It is opened, and fails, as `log_events`. Raises
        NotRunning if the job has ended.
        """
        return self._events(METRICS, reference, (), idle_timeout_secs, max_attempts)

    def _in_any_namespace(self, reference: JobReference, endpoint: Endpoint, body: object = None) -> JobInfo:
        """Send a request about a job: in its namespace, else in the default one, then in the others of the user."""

        def ask(name: str) -> JobInfo:
            return self._job(endpoint, name, reference.id, body)

        return self._retry_if_new(
            reference.id, lambda: self._wherever_it_is(reference, ask), is_read=endpoint.method == "GET"
        )

    def _wherever_it_is(self, reference: JobReference, ask: Callable[[str], T]) -> T:
        """Call `ask` with the namespace of a job: the one named, else the default one, then the others of the user."""
        try:
            return self._in_namespace(reference.namespace, ask)
        except NotFound as missing:
            if reference.namespace is not None:
                raise
            return self._find_in_other_namespaces(missing, ask, JOBS)[1]

    def _duplicate(self, namespace: str, source: str, known: Collection[str], *, waits_for_id: bool) -> JobInfo:
        """Create a copy of a job of a namespace, as `duplicate_job`."""

        def send() -> HubResponse:
            return self._send_about(DUPLICATE, namespace, source)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"{namespace}/{source} may or may not have been duplicated: {reason}",
                (
                    f"before retrying, check with: hfjobs ps -a --namespace {namespace} --initiator "
                    f"duplicated-job:{source}"
                ),
            )

        asked = self._started_by("duplicated-job", source, namespace, lambda: self._job(INSPECT, namespace, source))
        newest = partial(self._newest_jobs, namespace)
        return self._create_once(
            CreateOnce(send, self._new_job, newest, asked, ambiguous_error, {*known, source}, waits_for_id=waits_for_id)
        )

    def _create_once(self, creation: CreateOnce[Created]) -> Created:
        """Create a job or a schedule exactly once, as every copy would cost money; `made` is called with it at once."""

        def made(new: JobInfo | ScheduledJob) -> None:
            self._created_at[new.id] = time.monotonic()
            self._made(new)

        return creation.run(CreateContext(made, self._warn, self._sleep, self._clock, self._cut_short))

    def _started_by(
        self, type_: str, identifier: str, namespace: str, source: Callable[[], JobInfo | JobSpec]
    ) -> RequestMatcher[JobInfo]:
        """Return the matcher for a job that duplicates another, or that a schedule starts: by its initiator.

        If the response has no such initiator, the job is compared with its `source`, which is requested then.
        """

        def matches(job: JobInfo) -> bool:
            return job.initiator is not None and (job.initiator.type, job.initiator.id) == (type_, identifier)

        def mismatch(job: JobInfo) -> str | None:
            owner = why_wrong_owner(job.owner, namespace)
            if owner is not None or matches(job):
                return owner
            if job.initiator is not None and job.initiator.type == type_ == "scheduled-job":
                return f"which was started by {describe(str(job.initiator))}"
            try:
                return why_different(job, source())
            except HfJobsError:
                return None if job.initiator is None else f"which was started by {describe(str(job.initiator))}"

        def changed_fields(job: JobInfo) -> list[str]:
            return [] if job.initiator is None or matches(job) else ["initiator"]

        return RequestMatcher(matches, mismatch, changed_fields)

    def _newest_jobs(self, namespace: str) -> tuple[list[JobInfo], datetime | None]:
        """Return the newest jobs of a namespace, and when the server sent them."""
        response = self._send_to(LIST, namespace)
        return self._records(JobInfo, KIND, response, reports=False), response.sent_at

    def _new_job(self, response: HubResponse) -> JobInfo:
        """Return the new job in a response. Raises BadResponse."""
        return self._record(JobInfo, KIND, response, lambda job: why_not_new(job, KIND.noun, job.status.stage))

    def _job(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> JobInfo:
        """Send a request about a job, and return the job in the response."""

        def problem(job: JobInfo) -> str | None:
            return None if job.id == identifier else f"it is about job '{job.id}'"

        return self._record(JobInfo, KIND, self._send_about(endpoint, namespace, identifier, body), problem)

    def _send_about(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> HubResponse:
        """Send a request about a job. Raises NotFound that names the job."""
        try:
            return self._transport.ask(endpoint, body=body, namespace=namespace, id=identifier)
        except NotFound as error:
            raise self._no_job(error, namespace, identifier) from error

    def _events(
        self, endpoint: Endpoint, reference: JobReference, query: Query, idle_timeout_secs: float, max_attempts: int
    ) -> EventStream:
        """Open a stream about a job: in its namespace, else in the default one, then in the others of the user."""

        def ask(namespace: str) -> EventStream:
            try:
                stream = self._transport.stream(
                    endpoint,
                    query,
                    idle_timeout_secs=idle_timeout_secs,
                    max_attempts=max_attempts,
                    namespace=namespace,
                    id=reference.id,
                )
            except NotFound as error:
                raise self._no_job(error, namespace, reference.id) from error
            return EventStream(stream)

        return self._wherever_it_is(reference, ask)


def _is_of(user: str | None, job: JobInfo) -> bool:
    """Return whether a user may have created a job: also if either is unknown."""
    return user is None or job.created_by is None or (job.created_by.name or user).casefold() == user.casefold()
