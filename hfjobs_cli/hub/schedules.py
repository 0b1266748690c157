"""Scheduled jobs: list, inspect, change, delete, create once, trigger once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import Conflict, HfJobsError, NotFound
from hfjobs_cli.hub.concurrency import map_parallel, results_parallel
from hfjobs_cli.hub.connection import Endpoint
from hfjobs_cli.hub.jobs import INSPECT as INSPECT_JOB
from hfjobs_cli.hub.jobs import Jobs
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.references import SCHEDULES

if TYPE_CHECKING:
    from hfjobs_cli.hub.create_once import RequestMatcher
    from hfjobs_cli.hub.responses import HubResponse
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import JobSpec, ScheduledJob
    from hfjobs_cli.query.references import JobReference


T = TypeVar("T")

LIST = Endpoint("GET", "/api/scheduled-jobs/{namespace}")
INSPECT = Endpoint("GET", "/api/scheduled-jobs/{namespace}/{id}")
DELETE = Endpoint("DELETE", "/api/scheduled-jobs/{namespace}/{id}", is_repeatable=False, has_answer=False)
SUSPEND = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/suspend", has_answer=False)
RESUME = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/resume", has_answer=False)
RESCHEDULE = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/schedule")
LABEL = Endpoint("PUT", "/api/scheduled-jobs/{namespace}/{id}/labels")

FEW_RUNS = 6
"""Up to how many jobs are asked for one by one, before a page of the listing, which has many, is looked at first."""


class Schedules(Jobs):
    """The schedules of the Hub."""

    def list_schedules(
        self, namespace: str | None = None, labels: Iterable[tuple[str, str]] = ()
    ) -> list[ScheduledJob]:
        """Return the schedules of a namespace, as the Hub orders them (`GET /api/scheduled-jobs/{namespace}`).

        Of the `labels` the Hub is told the first, as it filters by one only; so some may lack the others.
        """
        from hfjobs_cli.models.schedule import KIND, ScheduledJob  # a command pays for what it shows only

        query = [("label", f"{key}={value}") for key, value in labels][:1]
        answer = self._in_namespace(namespace, partial(self._listing, LIST, query=query))
        return self._records(ScheduledJob, answer, KIND)

    def schedule_names(self, namespace: str | None = None) -> dict[str, str | None]:
        """Return the name of each schedule of a namespace by its id (`GET /api/scheduled-jobs/{namespace}`)."""
        from hfjobs_cli.models.decode import read_list
        from hfjobs_cli.models.schedule import ScheduledJob

        def ignore(*_odd: object) -> None:
            """Leave out what is not as documented: it has no name to be found by."""

        answer = self._in_namespace(namespace, partial(self._listing, LIST))
        endpoint = self._transport.endpoint
        found = self._parsed(answer, lambda data: read_list(ScheduledJob, data, endpoint, "schedules", ignore, ignore))
        return {schedule.id: schedule.name for schedule in found}

    def inspect_schedule(self, reference: JobReference) -> ScheduledJob:
        """Return one schedule (`GET /api/scheduled-jobs/{namespace}/{id}`).

        Without a namespace it is looked for in the organizations of the token's user, too, if that has no such
        schedule. Raises NotFound if there is none.
        """
        return self._where_it_is(reference, lambda name: self._schedule(INSPECT, name, reference.id))

    def inspect_schedules(self, references: list[JobReference]) -> list[ScheduledJob | HfJobsError]:
        """Return the schedules in order, all asked for at once; in the place of one that failed stands its error.

        Raises NotLoggedIn instead of returning it, because it holds for all.
        """
        return list(results_parallel(self.inspect_schedule, references))

    def with_last_runs(self, schedules: list[ScheduledJob]) -> list[ScheduledJob]:
        """Return schedules with where their newest jobs stand, which the Hub does not say with them.

        What cannot be found out, because there is no such job any more or for some other reason, is left out.
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

        def look(run: tuple[str, str]) -> str | None:
            try:
                return None if failures else self._job(INSPECT_JOB, *run).status.stage
            except NotFound:
                return None
            except HfJobsError as error:
                failures.append(error)
                return None

        stages |= {run[1]: stage for run, stage in zip(missing, map_parallel(look, missing), strict=True)}
        if failures:
            self._warn(f"{failures[0].message}; the last runs of some schedules are unknown")
        return [each.ran(stages.get(each.status.last_job.id)) if each.status.last_job else each for each in schedules]

    def suspend_schedule(self, reference: JobReference) -> None:
        """Have a schedule make no more jobs (`POST .../suspend`)."""
        self._where_it_is(reference, lambda name: self._told(SUSPEND, name, reference.id))

    def resume_schedule(self, reference: JobReference) -> None:
        """Have a schedule make jobs again (`POST .../resume`)."""
        self._where_it_is(reference, lambda name: self._told(RESUME, name, reference.id))

    def reschedule(self, reference: JobReference, schedule: str) -> ScheduledJob:
        """Change when a schedule makes jobs, and return it (`POST .../schedule`)."""
        body = {"schedule": schedule}
        return self._where_it_is(reference, lambda name: self._schedule(RESCHEDULE, name, reference.id, body))

    def label_schedule(self, reference: JobReference, labels: Mapping[str, str]) -> ScheduledJob:
        """Replace the labels that the jobs of a schedule will have, and return it (`PUT .../labels`)."""
        body = {"labels": dict(labels)}
        return self._where_it_is(reference, lambda name: self._schedule(LABEL, name, reference.id, body))

    def delete_schedule(self, reference: JobReference) -> None:
        """Delete a schedule (`DELETE .../{id}`). If the answer is lost, it is looked whether it is gone."""
        self._where_it_is(reference, lambda name: self._delete(name, reference.id))

    def _where_it_is(self, reference: JobReference, ask: Callable[[str], T]) -> T:
        """Call `ask` with the namespace of a schedule: if none is named the user's, or else that where it is found."""
        try:
            return self._in_namespace(reference.namespace, ask)
        except NotFound as missing:  # so nothing was done
            if reference.namespace is not None:
                raise
            name, _ = self._found_elsewhere(
                missing, lambda name: self._schedule(INSPECT, name, reference.id), SCHEDULES
            )
            return ask(name)

    def _delete(self, namespace: str, identifier: str) -> None:
        try:
            self._told(DELETE, namespace, identifier)
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
        """Ask for a schedule, or for something to be done with it, and parse the schedule that comes back."""
        from hfjobs_cli.models.schedule import KIND, ScheduledJob

        def problem(schedule: ScheduledJob) -> str | None:
            return None if schedule.id == identifier else f"it is about schedule '{schedule.id}'"

        return self._record(ScheduledJob, self._told(endpoint, namespace, identifier, body), KIND, problem)

    def _told(self, endpoint: Endpoint, namespace: str, identifier: str, body: object = None) -> HubResponse:
        """Ask for something to be done with a schedule. Raises NotFound that names it."""
        try:
            return self._transport.ask(endpoint, body=body, namespace=namespace, id=identifier)
        except NotFound as error:
            raise NotFound(
                f"no schedule '{identifier}' in namespace '{namespace}': {error.message}",
                hint=f"'hfjobs scheduled ps -a --namespace {namespace}' lists the schedules there",
            ) from error

    def _newest_stages(self, namespace: str) -> dict[str, str | None]:
        """Return where the newest hundred jobs of a namespace stand, none if they cannot be listed."""
        try:
            page = next(iter(self.list_jobs(namespace)))
        except HfJobsError:
            return {}
        return {job.id: job.status.stage for job in page.jobs}


CREATE = Endpoint("POST", "/api/scheduled-jobs/{namespace}", is_repeatable=False)
TRIGGER = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/run", is_repeatable=False)


class Scheduling(Schedules):
    """The schedules of the Hub, and the jobs that they make."""

    def create_schedule(
        self, namespace: str | None, body: object, asked: RequestMatcher[ScheduledJob], check: str
    ) -> ScheduledJob:
        """Create a schedule (`POST /api/scheduled-jobs/{namespace}`).

        The request is sent once. If its answer is lost, or about another schedule, the new one is looked for: one made
        since that is what was `asked` for. `check` are options of `scheduled ps` by which people find it. Raises
        Unavailable and Interrupted as `trigger_schedule` does.
        """
        return self._in_namespace(namespace, lambda name: self._create_schedule(name, body, asked, check))

    def _create_schedule(
        self, namespace: str, body: object, asked: RequestMatcher[ScheduledJob], check: str
    ) -> ScheduledJob:
        from hfjobs_cli.hub.create_once import CreateOnce, RequestMatcher, why_not_new, why_wrong_owner
        from hfjobs_cli.models.schedule import KIND, ScheduledJob

        def send() -> HubResponse:
            return self._listing(CREATE, namespace, body=body)

        def read(answer: HubResponse) -> ScheduledJob:
            return self._record(ScheduledJob, answer, KIND, lambda made: why_not_new(made, KIND.noun, made.schedule))

        def newest() -> tuple[list[ScheduledJob], datetime | None]:
            answer = self._listing(LIST, namespace)
            return self._records(ScheduledJob, answer, KIND, tells=False), answer.sent_at

        def other(made: ScheduledJob) -> str | None:
            return why_wrong_owner(made.owner, namespace) or asked.mismatch(made)

        def ambiguous_error(reason: str) -> tuple[str, str]:
            return (
                f"the schedule may or may not have been created: {reason}",
                f"before retrying, check with: hfjobs scheduled ps -a --namespace {namespace} {check}".rstrip(),
            )

        identity = RequestMatcher(asked.matches, other, asked.changed_fields)
        return self._create_once(
            CreateOnce(send, read, newest, identity, ambiguous_error, found_by="its image and command", noun=KIND.noun)
        )

    def trigger_schedule(self, reference: JobReference, known: Collection[str] = ()) -> JobInfo:
        """Have a schedule make a job at once, and return the job (`POST .../run`).

        The request is sent once, since each creates a job and bills somebody. If its answer is lost, the new job is
        looked for by its initiator; `known` are ids of earlier jobs that are not it. Raises Conflict that names the job
        which runs if only one may at a time, Unavailable with a hint how to check if the new one is not found, and
        Interrupted with the same hint after a KeyboardInterrupt.
        """
        return self._where_it_is(reference, lambda name: self._trigger(name, reference.id, known))

    def _trigger(self, namespace: str, identifier: str, known: Collection[str]) -> JobInfo:
        from hfjobs_cli.hub.create_once import CreateOnce  # which what only reads does without

        def send() -> HubResponse:
            return self._told(TRIGGER, namespace, identifier)

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
            raise self._busy(error, namespace, identifier) from error

    def _busy(self, error: Conflict, namespace: str, identifier: str) -> Conflict:
        """Return the error of a schedule of which a job is running, with that job named if it is found."""
        running: list[str] = []
        try:
            for page in self.list_jobs(namespace, ACTIVE_STAGES):
                running += [job.id for job in page.jobs if _is_run_of(job, identifier)]
        except HfJobsError:
            pass  # that it was refused tells more than this second failure
        which = f"its job {' and '.join(running)} is running" if running else "another of its jobs is running"
        return Conflict(
            f"schedule {namespace}/{identifier} was not triggered: {which}, and it allows only one at a "
            f"time ({error.message})",
            hint=f"'hfjobs inspect {namespace}/{running[0]}' shows it" if running else error.hint,
        )


def _is_run_of(job: JobInfo, schedule: str) -> bool:
    return job.initiator is not None and (job.initiator.type, job.initiator.id) == ("scheduled-job", schedule)
