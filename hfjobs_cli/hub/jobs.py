"""Jobs: list, inspect, create, cancel, change; their logs and metrics as streams."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError, NotFound, RequestRefused
from hfjobs_cli.hub.base import Hub
from hfjobs_cli.hub.concurrency import map_parallel, results_parallel
from hfjobs_cli.hub.connection import Endpoint, Query
from hfjobs_cli.hub.listing import ActiveFront, ParallelListing, pages_of
from hfjobs_cli.hub.responses import HubResponse
from hfjobs_cli.hub.retry import MAX_ATTEMPTS
from hfjobs_cli.models.decode import describe
from hfjobs_cli.models.job import KIND, JobInfo
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, STAGES
from hfjobs_cli.query.filters import Page
from hfjobs_cli.query.references import JOBS

if TYPE_CHECKING:
    from hfjobs_cli.hub.create_once import RequestMatcher
    from hfjobs_cli.hub.sse import EventStream
    from hfjobs_cli.models.schedule import JobSpec
    from hfjobs_cli.query.references import JobReference


_BY_HAND = ("user", "org")
"""The types of initiators of jobs that somebody has started."""

_NOT_BY_HAND = {*INITIATOR_TYPES} - {*_BY_HAND}

LIST = Endpoint("GET", "/api/jobs/{namespace}")
COUNT = Endpoint("GET", "/api/jobs/{namespace}/count")
INSPECT = Endpoint("GET", "/api/jobs/{namespace}/{id}")
CREATE = Endpoint("POST", "/api/jobs/{namespace}", is_repeatable=False)
DUPLICATE = Endpoint("POST", "/api/jobs/{namespace}/{id}/duplicate", is_repeatable=False)
CANCEL = Endpoint("POST", "/api/jobs/{namespace}/{id}/cancel")
LABELS = Endpoint("PUT", "/api/jobs/{namespace}/{id}/labels")
EXPOSE = Endpoint("PUT", "/api/jobs/{namespace}/{id}/expose")


class Jobs(Hub):
    """The jobs of the Hub."""

    def list_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
        front: ActiveFront | None = None,
    ) -> Iterator[Page]:
        """Yield a namespace's jobs page by page, newest first (`GET /api/jobs/{namespace}`).

        `stages` keeps those in any of them, `labels` those that have all of them. The page on which the first job is
        older than `since` is the last. A job that moves to a later page while they are being read is yielded once. With
        a `front` of active jobs, ended ones are read behind it.
        """
        query = [("stage", stage) for stage in stages or ()]
        query += [("label", f"{key}={value}") for key, value in labels]

        def ask(cursor: str | None) -> HubResponse:
            here = [*query, ("cursor", cursor)] if cursor else query
            return self._in_namespace(namespace, partial(self._listing, LIST, query=here))

        return pages_of(ask, lambda answer: self._records(JobInfo, answer, KIND), since, front)

    def all_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
        *,
        tells_total: bool = False,
    ) -> ParallelListing:
        """Return the same jobs in the same order, for whoever will read all of them: several pages are read at once.

        With `tells_total` the history knows about how many they will be, if that can be known.
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
        answer = self._in_namespace(namespace, partial(self._listing, COUNT, query=query))
        count = answer.data.get("count") if isinstance(answer.data, dict) else None
        if type(count) is not int or count < 0:
            raise answer.problem(f"count should be a whole number, but is {describe(count)}")
        return count

    def _sure_count(self, namespace: str | None, stages: Sequence[str] | None) -> int | None:
        """Return how many jobs are in these stages, or in all; None if it is not told, or some are in unknown ones.

        The Hub refuses to be asked for a stage that it does not know, and this version cannot know those that will be
        added: only a listing without stages has them. There are such jobs if all are more than those in known stages.
        """
        asked = [stages] if stages is not None else [(), STAGES]
        try:
            first, *others = map_parallel(lambda each: self.count_jobs(namespace, each), asked)
        except HfJobsError:
            return None  # it is a help, and the jobs can be read without
        return first if all(other == first for other in others) else None

    def inspect_job(self, reference: JobReference) -> JobInfo:
        """Return one job (`GET /api/jobs/{namespace}/{id}`).

        Without a namespace it is looked for in the organizations of the token's user, too, if that has no such job.
        Raises NotFound if there is none.
        """

        return self._wherever(reference, INSPECT)

    def inspect_jobs(self, references: list[JobReference]) -> list[JobInfo | HfJobsError]:
        """Return the jobs in order, all asked for at once; in the place of one that failed stands its error.

        Raises NotLoggedIn instead of returning it, because it holds for all.
        """
        return list(results_parallel(self.inspect_job, references))

    def duplicate_job(
        self, reference: JobReference, known: Collection[str] = (), *, waits_for_id: bool = False
    ) -> JobInfo:
        """Create a new job with the spec of another (`POST /api/jobs/{namespace}/{id}/duplicate`).

        The request is sent once, since each creates a job and bills somebody. If its answer is lost, the new job is
        looked for by its initiator; `known` are ids of earlier duplicates that are not it. Raises Unavailable with
        a hint how to check if it is not found, and Interrupted with the same hint after a KeyboardInterrupt. If it
        `waits_for_id`, the interrupt is only raised when `made` was told what there is to cancel, or that is in doubt.
        """
        source = reference.id

        def duplicate(name: str) -> JobInfo:
            return self._duplicate(name, source, known, waits_for_id=waits_for_id)

        try:
            return self._in_namespace(reference.namespace, duplicate)
        except NotFound as missing:  # so nothing was created
            if reference.namespace is not None:
                raise
            name, _ = self._found_elsewhere(missing, lambda name: self._job(INSPECT, name, source), JOBS)
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

        The request is sent once. If its answer is lost, or about another job, the new job is looked for: one made since
        by the same user that is what was `asked` for; `known` are ids of earlier ones. `check` are options of `ps` by
        which people find it. Raises Unavailable and Interrupted as `duplicate_job` does, and `waits_for_id` like that.
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
        from hfjobs_cli.hub.create_once import CreateOnce, RequestMatcher, why_wrong_owner

        user = self._known_user()

        def send() -> HubResponse:
            return self._listing(CREATE, namespace, body=body)

        def other(job: JobInfo) -> str | None:
            if job.initiator is not None and job.initiator.type in _NOT_BY_HAND:
                return f"which was started by {describe(str(job.initiator))}"
            return why_wrong_owner(job.owner, namespace) or asked.mismatch(job)

        def changed(job: JobInfo) -> list[str]:
            is_mine = _is_of(user, job)
            return [*asked.changed_fields(job), *([] if is_mine else ["created_by"])]

        def is_it(job: JobInfo) -> bool:
            is_by_hand = job.initiator is None or job.initiator.type in _BY_HAND
            return is_by_hand and asked.matches(job) and _is_of(self._user().name, job)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"the job may or may not have been created: {reason}",
                f"before retrying, check with: hfjobs ps -a --namespace {namespace} {check}",
            )

        identity = RequestMatcher(is_it, other, changed)
        newest = partial(self._newest_jobs, namespace)
        creation = CreateOnce(
            send,
            self._new_job,
            newest,
            identity,
            ambiguous_error,
            known,
            found_by="its image and command",
            waits_for_id=waits_for_id,
        )
        return self._create_once(creation)

    def cancel_job(self, reference: JobReference) -> JobInfo:
        """Cancel a job and return it as it is then (`POST /api/jobs/{namespace}/{id}/cancel`).

        One that has ended before is returned as it ended, if the Hub does not refuse it.
        """
        try:
            return self._wherever(reference, CANCEL)
        except RequestRefused:
            job = self.inspect_job(reference)
            if not job.has_ended:
                raise
            return job

    def label_job(self, reference: JobReference, labels: Mapping[str, str]) -> JobInfo:
        """Replace all labels of a job and return it (`PUT /api/jobs/{namespace}/{id}/labels`)."""
        return self._wherever(reference, LABELS, {"labels": dict(labels)})

    def expose_job(self, reference: JobReference, ports: Sequence[int], public: Sequence[int] = ()) -> JobInfo:
        """Replace the ports of a running job and return it (`PUT /api/jobs/{namespace}/{id}/expose`).

        `public` are those of the `ports` that need no token.
        """
        return self._wherever(reference, EXPOSE, {"ports": [*ports], "portsPublic": [*public]})

    def _wherever(self, reference: JobReference, endpoint: Endpoint, body: object = None) -> JobInfo:
        """Ask about a job, without a namespace in the organizations of the token's user too."""

        def ask(name: str) -> JobInfo:
            return self._job(endpoint, name, reference.id, body)

        def ask_wherever() -> JobInfo:
            try:
                return self._in_namespace(reference.namespace, ask)
            except NotFound as missing:
                if reference.namespace is not None:
                    raise
                return self._found_elsewhere(missing, ask, JOBS)[1]

        return self._when_there(reference.id, ask_wherever, is_read=endpoint.method == "GET")

    def _duplicate(self, namespace: str, source: str, known: Collection[str], *, waits_for_id: bool) -> JobInfo:
        from hfjobs_cli.hub.create_once import CreateOnce  # which what only reads does without

        def send() -> HubResponse:
            return self._asked_about(DUPLICATE, namespace, source)

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

    def _started_by(
        self, type_: str, identifier: str, namespace: str, source: Callable[[], JobInfo | JobSpec]
    ) -> RequestMatcher[JobInfo]:
        """Return how jobs are told that are made of another, or by a schedule: by their initiator.

        If the answer does not name that, the job is compared with its `source`, which is asked for then.
        """
        from hfjobs_cli.hub.create_once import RequestMatcher, why_different, why_wrong_owner

        def is_it(job: JobInfo) -> bool:
            return job.initiator is not None and (job.initiator.type, job.initiator.id) == (type_, identifier)

        def other(job: JobInfo) -> str | None:
            owner = why_wrong_owner(job.owner, namespace)
            if owner is not None or is_it(job):
                return owner
            if job.initiator is not None and job.initiator.type == type_ == "scheduled-job":
                return f"which was started by {describe(str(job.initiator))}"
            try:
                return why_different(job, source())
            except HfJobsError:
                return None if job.initiator is None else f"which was started by {describe(str(job.initiator))}"

        def changed(job: JobInfo) -> list[str]:
            return [] if job.initiator is None or is_it(job) else ["initiator"]

        return RequestMatcher(is_it, other, changed)

    def _newest_jobs(self, namespace: str) -> tuple[list[JobInfo], datetime | None]:
        """Return the newest jobs of a namespace, and when the server said so."""
        answer = self._listing(LIST, namespace)
        return self._records(JobInfo, answer, KIND, tells=False), answer.sent_at

    def _new_job(self, answer: HubResponse) -> JobInfo:
        """Return the job that an answer says was created. Raises BadResponse."""
        from hfjobs_cli.hub.create_once import why_not_new

        return self._record(JobInfo, answer, KIND, lambda job: why_not_new(job, KIND.noun, job.status.stage))

    def _job(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> JobInfo:
        """Ask for a job, or for something to be done with it, and parse it as it comes back."""

        def problem(job: JobInfo) -> str | None:
            return None if job.id == identifier else f"it is about job '{job.id}'"

        return self._record(JobInfo, self._asked_about(endpoint, namespace, identifier, body), KIND, problem)

    def _asked_about(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> HubResponse:
        """Ask about a job. Raises NotFound that names it."""
        try:
            return self._transport.ask(endpoint, body=body, namespace=namespace, id=identifier)
        except NotFound as error:
            raise self._no_job(error, namespace, identifier) from error


def _is_of(user: str | None, job: JobInfo) -> bool:
    """Tell whether a user has created a job, as far as that is known."""
    return user is None or job.created_by is None or (job.created_by.name or user).casefold() == user.casefold()


LOGS = Endpoint("GET", "/api/jobs/{namespace}/{id}/logs")
METRICS = Endpoint("GET", "/api/jobs/{namespace}/{id}/metrics")


class JobStreams(Hub):
    """The streams of the Hub's jobs. They are asked for once or a few times, and never resumed: that is up to callers.

    Silence of more than `idle_timeout_secs` breaks a stream off; the Hub sends a comment every 30 s.
    """

    def log_events(
        self,
        reference: JobReference,
        *,
        tail: int | None = None,
        idle_timeout_secs: float,
        max_attempts: int = MAX_ATTEMPTS,
    ) -> EventStream:
        """Return what a job wrote, from the start or the last `tail` lines, and what it writes until it ends.

        The data of each event is JSON: `{"data": LINE, "timestamp": ISO 8601}`. Before the output of each attempt
        stands a line `===== Job started at ...`, which comes with `tail` too, and is not one of those.
        """
        query = [] if tail is None else [("tail", str(tail))]
        return self._events(LOGS, reference, query, idle_timeout_secs, max_attempts)

    def metric_events(
        self, reference: JobReference, *, idle_timeout_secs: float, max_attempts: int = MAX_ATTEMPTS
    ) -> EventStream:
        """Return what a running job uses, once a second: the data of each event named `metric` is JSON.

        There is no history, and the stream need not end with the job. Raises NotRunning if that has ended already.
        """
        return self._events(METRICS, reference, (), idle_timeout_secs, max_attempts)

    def _events(
        self, endpoint: Endpoint, reference: JobReference, query: Query, idle_timeout_secs: float, max_attempts: int
    ) -> EventStream:
        from hfjobs_cli.hub.sse import EventStream  # which what reads no streams does without

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

        try:
            return self._in_namespace(reference.namespace, ask)
        except NotFound as missing:
            if reference.namespace is not None:
                raise
            return self._found_elsewhere(missing, ask, JOBS)[1]
