"""Scheduled jobs: list, inspect, change, delete, create once, trigger once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import Conflict, HfJobsError, NotFound
from hfjobs_cli.hub.concurrency import map_parallel, results_parallel
from hfjobs_cli.hub.connection import Endpoint
from hfjobs_cli.hub.create_once import CreateOnce, RequestMatcher, why_not_new, why_wrong_owner
from hfjobs_cli.hub.jobs import INSPECT as INSPECT_JOB
from hfjobs_cli.hub.jobs import Jobs
from hfjobs_cli.models.schedule import KIND, JobSpec, ScheduledJob
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.references import SCHEDULES

if TYPE_CHECKING:
    from hfjobs_cli.hub.responses import HubResponse
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.references import JobReference


T = TypeVar("T")

LIST = Endpoint("GET", "/api/scheduled-jobs/{namespace}")
INSPECT = Endpoint("GET", "/api/scheduled-jobs/{namespace}/{id}")
CREATE = Endpoint("POST", "/api/scheduled-jobs/{namespace}", is_repeatable=False)
TRIGGER = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/run", is_repeatable=False)
DELETE = Endpoint("DELETE", "/api/scheduled-jobs/{namespace}/{id}", is_repeatable=False, has_body=False)
SUSPEND = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/suspend", has_body=False)
RESUME = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/resume", has_body=False)
RESCHEDULE = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/schedule")
LABEL = Endpoint("PUT", "/api/scheduled-jobs/{namespace}/{id}/labels")

FEW_RUNS = 6
"""Up to how many jobs are requested one by one; for more, a page of the listing is read first."""


class Schedules(Jobs):
    """The schedules of the Hub, and the jobs that they start."""

    def list_schedules(
        self, namespace: str | None = None, labels: Iterable[tuple[str, str]] = ()
    ) -> list[ScheduledJob]:
        """Return the schedules of a namespace, as the Hub orders them (`GET /api/scheduled-jobs/{namespace}`).

        The Hub filters by one label only, so schedules may lack all but the first of the `labels`.
        """
        query = [("label", f"{key}={value}") for key, value in labels][:1]
        response = self._in_namespace(namespace, partial(self._send_to, LIST, query=query))
        return self._records(ScheduledJob, KIND, response)

    def schedule_names(self, namespace: str | None = None) -> dict[str, str | None]:
        """Return the name of each schedule of a namespace by its id (`GET /api/scheduled-jobs/{namespace}`)."""
        response = self._in_namespace(namespace, partial(self._send_to, LIST))
        found = self._records(ScheduledJob, KIND, response, reports=False)
        return {schedule.id: schedule.name for schedule in found}

    def inspect_schedule(self, reference: JobReference) -> ScheduledJob:
        """Return one schedule (`GET /api/scheduled-jobs/{namespace}/{id}`).

        Without a namespace, if the default one has no such schedule, the other namespaces of the user are searched.
        Raises NotFound if there is none.
        """
        return self._in_its_namespace(reference, lambda name: self._schedule(INSPECT, name, reference.id))

    def inspect_schedules(self, references: list[JobReference]) -> list[ScheduledJob | HfJobsError]:
        """Return the schedules in order, requested in parallel, with the error in place of each that failed.

        Raises NotLoggedIn instead of returning it, as every request would fail with it.
        """
        return list(results_parallel(self.inspect_schedule, references))

    def with_last_runs(self, schedules: list[ScheduledJob]) -> list[ScheduledJob]:
        """Return the schedules with the stage of their last job, which the Hub does not send with them.

        The stage is None if the job no longer exists or cannot be read.
        """
        runs = {}
        for each in schedules:
            if each.status.last_job is not None and each.owner.name is not None:
                runs[each.status.last_job.id] = each.owner.name
        stages: dict[str, str | None] = {}
        if len(runs) > FEW_RUNS:
            for namespace in sorted(set(runs.values())):
                stages |= self._newest_stages(namespace)
        missing = [(namespace, identifier) for identifier, namespace in runs.items() if identifier not in stages]
        failures: list[HfJobsError] = []

        def stage_of(run: tuple[str, str]) -> str | None:
            try:
                return None if failures else self._job(INSPECT_JOB, *run).status.stage
            except NotFound:
                return None
            except HfJobsError as error:
                failures.append(error)
                return None

        stages |= {run[1]: stage for run, stage in zip(missing, map_parallel(stage_of, missing), strict=True)}
        if failures:
            self._warn(f"{failures[0].message}; the last runs of some schedules are unknown")
        return [each.ran(stages.get(each.status.last_job.id)) if each.status.last_job else each for each in schedules]

    def suspend_schedule(self, reference: JobReference) -> None:
        """Suspend a schedule: it starts no more jobs (`POST .../suspend`)."""
        self._in_its_namespace(reference, lambda name: self._send_about_schedule(SUSPEND, name, reference.id))

    def resume_schedule(self, reference: JobReference) -> None:
        """Resume a schedule: it starts jobs again (`POST .../resume`)."""
        self._in_its_namespace(reference, lambda name: self._send_about_schedule(RESUME, name, reference.id))

    def reschedule(self, reference: JobReference, schedule: str) -> ScheduledJob:
        """Change the cron expression of a schedule, and return the schedule (`POST .../schedule`)."""
        body = {"schedule": schedule}
        return self._in_its_namespace(reference, lambda name: self._schedule(RESCHEDULE, name, reference.id, body))

    def label_schedule(self, reference: JobReference, labels: Mapping[str, str]) -> ScheduledJob:
        """Replace the labels of the future jobs of a schedule, and return the schedule (`PUT .../labels`)."""
        body = {"labels": dict(labels)}
        return self._in_its_namespace(reference, lambda name: self._schedule(LABEL, name, reference.id, body))

    def delete_schedule(self, reference: JobReference) -> None:
        """Delete a schedule (`DELETE .../{id}`). If the response is lost, check whether the schedule is gone."""
        self._in_its_namespace(reference, lambda name: self._delete(name, reference.id))

    def _in_its_namespace(self, reference: JobReference, ask: Callable[[str], T]) -> T:
        """Call `ask` with the namespace of a schedule: the one named, else the default one, else where it is found."""
        try:
            return self._in_namespace(reference.namespace, ask)
        except NotFound as missing:  # so nothing was done
            if reference.namespace is not None:
                raise
            name, _ = self._find_in_other_namespaces(
                missing, lambda name: self._schedule(INSPECT, name, reference.id), SCHEDULES
            )
            return ask(name)

    def _delete(self, namespace: str, identifier: str) -> None:
        try:
            self._send_about_schedule(DELETE, namespace, identifier)
        except HfJobsError as error:
            if not error.is_ambiguous or not self._is_gone(namespace, identifier):
                raise
            self._warn(f"{error.message}; but the schedule no longer exists")

    def _is_gone(self, namespace: str, identifier: str) -> bool:
        try:
            self._transport.ask(INSPECT, namespace=namespace, id=identifier)
        except HfJobsError as error:
            return isinstance(error, NotFound)
        return False

    def _schedule(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> ScheduledJob:
        """Send a request about a schedule, and return the schedule in the response."""

        def problem(schedule: ScheduledJob) -> str | None:
            return None if schedule.id == identifier else f"it is about schedule '{schedule.id}'"

        response = self._send_about_schedule(endpoint, namespace, identifier, body)
        return self._record(ScheduledJob, KIND, response, problem)

    def _send_about_schedule(
        self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None
    ) -> HubResponse:
        """Send a request about a schedule. Raises NotFound that names the schedule."""
        try:
            return self._transport.ask(endpoint, body=body, namespace=namespace, id=identifier)
        except NotFound as error:
            raise NotFound(
                f"no schedule '{identifier}' in namespace '{namespace}': {error.message}",
                hint=f"'hfjobs scheduled ps -a --namespace {namespace}' lists the schedules there",
            ) from error

    def _newest_stages(self, namespace: str) -> dict[str, str | None]:
        """Return the stages of the newest hundred jobs of a namespace; nothing if they cannot be listed."""
        try:
            page = next(iter(self.list_jobs(namespace)))
        except HfJobsError:
            return {}
        return {job.id: job.status.stage for job in page.jobs}

    def create_schedule(
        self, namespace: str | None, body: object, asked: RequestMatcher[ScheduledJob], check: str
    ) -> ScheduledJob:
        """Create a schedule (`POST /api/scheduled-jobs/{namespace}`).

        The request is sent once. If the response is lost, or about another schedule, the new one is looked up: one that
        was created since, and that `asked` recognizes. `check` are options of `scheduled ps` that find it, for the
        hint. Raises Unavailable and Interrupted as `trigger_schedule`.
        """
        return self._in_namespace(namespace, lambda name: self._create_schedule(name, body, asked, check))

    def _create_schedule(
        self, namespace: str, body: object, asked: RequestMatcher[ScheduledJob], check: str
    ) -> ScheduledJob:
        """Create a schedule in a namespace, as `create_schedule`."""

        def send() -> HubResponse:
            return self._send_to(CREATE, namespace, body=body)

        def read(response: HubResponse) -> ScheduledJob:
            return self._record(ScheduledJob, KIND, response, lambda made: why_not_new(made, KIND.noun, made.schedule))

        def newest() -> tuple[list[ScheduledJob], datetime | None]:
            response = self._send_to(LIST, namespace)
            return self._records(ScheduledJob, KIND, response, reports=False), response.sent_at

        def mismatch(made: ScheduledJob) -> str | None:
            return why_wrong_owner(made.owner, namespace) or asked.mismatch(made)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"the schedule may or may not have been created: {reason}",
                f"before retrying, check with: hfjobs scheduled ps -a --namespace {namespace} {check}".rstrip(),
            )

        matcher = RequestMatcher(asked.matches, mismatch, asked.changed_fields)
        return self._create_once(
            CreateOnce(send, read, newest, matcher, ambiguous_error, found_by="its image and command", noun=KIND.noun)
        )

    def trigger_schedule(self, reference: JobReference, known: Collection[str] = ()) -> JobInfo:
        """Start a job of a schedule now, and return the job (`POST .../run`).

        The request is sent once, as each one creates a job that costs money. If the response is lost, the new job is
        looked up by its initiator; `known` are ids of earlier jobs. Raises Conflict that names the running job if only
        one may run at a time, Unavailable with a hint how to check if the new job is not found, and Interrupted with
        the same hint after a KeyboardInterrupt.
        """
        return self._in_its_namespace(reference, lambda name: self._trigger(name, reference.id, known))

    def _trigger(self, namespace: str, identifier: str, known: Collection[str]) -> JobInfo:
        """Start a job of a schedule of a namespace, as `trigger_schedule`."""

        def send() -> HubResponse:
            return self._send_about_schedule(TRIGGER, namespace, identifier)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"schedule {namespace}/{identifier} may or may not have been triggered: {reason}",
                (
                    f"before retrying, check with: hfjobs ps -a --namespace {namespace} --initiator "
                    f"scheduled-job:{identifier}"
                ),
            )

        def source() -> JobSpec:
            return self._schedule(INSPECT, namespace, identifier).job_spec

        asked = self._started_by("scheduled-job", identifier, namespace, source)
        newest = partial(self._newest_jobs, namespace)
        try:
            return self._create_once(CreateOnce(send, self._new_job, newest, asked, ambiguous_error, known))
        except Conflict as error:
            raise self._conflict(error, namespace, identifier) from error

    def _conflict(self, error: Conflict, namespace: str, identifier: str) -> Conflict:
        """Return the error for a schedule whose job is still running, with the id of the job if it is found."""
        running: list[str] = []
        try:
            for page in self.list_jobs(namespace, ACTIVE_STAGES):
                running += [job.id for job in page.jobs if _is_run_of(job, identifier)]
        except HfJobsError:
            pass  # the refusal says more than this second failure
        which = f"its job {' and '.join(running)} is running" if running else "another of its jobs is running"
        return Conflict(
            f"schedule {namespace}/{identifier} was not triggered: {which}, and it allows only one at a "
            f"time ({error.message})",
            hint=f"'hfjobs inspect {namespace}/{running[0]}' shows it" if running else error.hint,
        )


def _is_run_of(job: JobInfo, schedule: str) -> bool:
    return job.initiator is not None and (job.initiator.type, job.initiator.id) == ("scheduled-job", schedule)
