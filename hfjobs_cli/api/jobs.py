"""Jobs on the Hub: listed page by page, looked at, and duplicated without being created twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.history import History
from hfjobs_cli.api.hub import Hub
from hfjobs_cli.api.pages import pages_of
from hfjobs_cli.api.threads import map_at_once
from hfjobs_cli.api.transport import Answer
from hfjobs_cli.errors import HfJobsError, NotFound, NotLoggedIn, Unavailable
from hfjobs_cli.query.scan import Page
from hfjobs_cli.records.job import KIND, JobInfo
from hfjobs_cli.records.reading import describe
from hfjobs_cli.records.vocabulary import STAGES

if TYPE_CHECKING:
    from hfjobs_cli.query.references import JobReference

LIST = Endpoint("GET", "/api/jobs/{namespace}")
COUNT = Endpoint("GET", "/api/jobs/{namespace}/count")
INSPECT = Endpoint("GET", "/api/jobs/{namespace}/{id}")
DUPLICATE = Endpoint("POST", "/api/jobs/{namespace}/{id}/duplicate", is_repeatable=False, creates=True)


class Jobs(Hub):
    """The jobs of the Hub."""

    def list_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
    ) -> Iterator[Page]:
        """Yield a namespace's jobs page by page, newest first (`GET /api/jobs/{namespace}`).

        `stages` keeps those in any of them, `labels` those that have all of them. The page on which the first job is
        older than `since` is the last. A job that moves to a later page while they are being read is yielded once.
        """
        query = [("stage", stage) for stage in stages or ()]
        query += [("label", f"{key}={value}") for key, value in labels]

        def ask(cursor: str | None) -> Answer:
            here = [*query, ("cursor", cursor)] if cursor else query
            return self._in_namespace(namespace, partial(self._listing, LIST, query=here))

        return pages_of(ask, lambda answer: self._records(JobInfo, answer, KIND), since)

    def all_jobs(
        self,
        namespace: str | None = None,
        stages: Iterable[str] | None = None,
        labels: Iterable[tuple[str, str]] = (),
        since: datetime | None = None,
        *,
        tells_total: bool = False,
    ) -> History:
        """Return the same jobs in the same order, for whoever will read all of them: several pages are read at once.

        With `tells_total` the history knows about how many they will be, if that can be known.
        """
        asked = None if stages is None else tuple(stages)
        given = tuple(labels)

        def read(stages: Iterable[str] | None) -> Iterator[Page]:
            return self.list_jobs(namespace, stages, given, since)

        is_counted = not given and since is None
        return History(read, partial(self._sure_count, namespace, asked), asked, tells_total=tells_total and is_counted)

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
            first, *others = map_at_once(lambda each: self.count_jobs(namespace, each), asked)
        except HfJobsError:
            return None  # it is a help, and the jobs can be read without
        return first if all(other == first for other in others) else None

    def inspect_job(self, reference: JobReference) -> JobInfo:
        """Return one job (`GET /api/jobs/{namespace}/{id}`).

        Without a namespace it is looked for in the organisations of the token's user, too, if that has no such job.
        Raises NotFound naming it if there is none.
        """

        def ask(name: str) -> JobInfo:
            return self._job(INSPECT, name, reference.id)

        try:
            return self._in_namespace(reference.namespace, ask)
        except NotFound as missing:
            if reference.namespace is not None:
                raise
            return self._found_elsewhere(missing, ask)[1]

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
        source, earlier = reference.id, set(known)
        try:
            return self._in_namespace(reference.namespace, lambda name: self._duplicate(name, source, earlier))
        except NotFound as missing:  # so nothing was created
            if reference.namespace is not None:
                raise
            name, _ = self._found_elsewhere(missing, lambda name: self._job(INSPECT, name, source))
            return self._duplicate(name, source, earlier)

    def _duplicate(self, namespace: str, source: str, known: set[str]) -> JobInfo:
        from hfjobs_cli.api.creating import Creation  # which what only reads does without

        def is_it(job: JobInfo) -> bool:
            started_by = job.initiator and (job.initiator.type, job.initiator.id)
            return started_by == ("duplicated-job", source) and job.id not in known

        def newest() -> tuple[list[JobInfo], datetime | None]:
            answer = self._listing(LIST, namespace)
            return self._records(JobInfo, answer, KIND), answer.sent_at

        def in_doubt(reason: str) -> tuple[str, str]:
            return (
                f"it is not known whether {namespace}/{source} was duplicated: {reason}",
                "before trying again, check with: "
                f"hfjobs ps -a --namespace {namespace} --initiator duplicated-job:{source}",
            )

        creation = Creation(lambda: self._job(DUPLICATE, namespace, source), newest, is_it, in_doubt)
        return creation.run(self._warn, self._sleep)

    def _job(self, endpoint: Endpoint, namespace: str, identifier: str) -> JobInfo:
        """Ask for a job, or for something to be done with it, and parse the job that comes back."""
        try:
            answer = self._transport.ask(endpoint, namespace=namespace, id=identifier)
        except NotFound as error:
            raise NotFound(
                f"no job '{identifier}' in namespace '{namespace}': {error.message}",
                hint=f"'hfjobs ps -a --namespace {namespace}' lists the jobs there; ids are given whole",
            ) from error

        def problem(job: JobInfo) -> str | None:
            # A job that was created is another than the one asked about; all other answers are about that.
            if (job.id == identifier) == endpoint.creates:
                return f"it is about job '{job.id}'"
            if endpoint.creates and not (job.status.stage and job.owner.name):
                return f"'{job.id}' may be no job"  # nobody is told of a new job that is none
            return None

        return self._record(JobInfo, answer, KIND, problem)
