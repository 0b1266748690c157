"""What bills somebody of schedules: to create one, and to have it make a job at once. Neither is done twice."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.schedules import INSPECT, LIST, Schedules
from hfjobs_cli.errors import Conflict, HfJobsError
from hfjobs_cli.records.vocabulary import ACTIVE_STAGES

if TYPE_CHECKING:
    from hfjobs_cli.api.identity import Identity
    from hfjobs_cli.api.outcomes import Answer
    from hfjobs_cli.query.references import JobReference
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import JobSpec, ScheduledJob

CREATE = Endpoint("POST", "/api/scheduled-jobs/{namespace}", is_repeatable=False)
TRIGGER = Endpoint("POST", "/api/scheduled-jobs/{namespace}/{id}/run", is_repeatable=False)


class Scheduling(Schedules):
    """The schedules of the Hub, and the jobs that they make."""

    def create_schedule(
        self, namespace: str | None, body: object, asked: Identity[ScheduledJob], check: str
    ) -> ScheduledJob:
        """Create a schedule (`POST /api/scheduled-jobs/{namespace}`).

        The request is sent once. If its answer is lost, or about another schedule, the new one is looked for: one made
        since that is what was `asked` for. `check` are options of `scheduled ps` by which people find it. Raises
        Unavailable and Interrupted as `trigger_schedule` does.
        """
        return self._in_namespace(namespace, lambda name: self._create_schedule(name, body, asked, check))

    def _create_schedule(self, namespace: str, body: object, asked: Identity[ScheduledJob], check: str) -> ScheduledJob:
        from hfjobs_cli.api.creating import Creation
        from hfjobs_cli.api.identity import Identity, no_new_one, other_owner
        from hfjobs_cli.records.schedule import KIND, ScheduledJob

        def send() -> Answer:
            return self._listing(CREATE, namespace, body=body)

        def read(answer: Answer) -> ScheduledJob:
            return self._record(ScheduledJob, answer, KIND, lambda made: no_new_one(made, KIND.noun, made.schedule))

        def newest() -> tuple[list[ScheduledJob], datetime | None]:
            answer = self._listing(LIST, namespace)
            return self._records(ScheduledJob, answer, KIND, tells=False), answer.sent_at

        def other(made: ScheduledJob) -> str | None:
            return other_owner(made.owner, namespace) or asked.other(made)

        def in_doubt(reason: str) -> tuple[str, str]:
            return (
                f"it is not known whether the schedule was created: {reason}",
                f"before trying again, check with: hfjobs scheduled ps -a --namespace {namespace} {check}".rstrip(),
            )

        identity = Identity(asked.is_it, other, asked.changed)
        return self._created(Creation(send, read, newest, identity, in_doubt, mark="what it runs", noun=KIND.noun))

    def trigger_schedule(self, reference: JobReference, known: Collection[str] = ()) -> JobInfo:
        """Have a schedule make a job at once, and return the job (`POST .../run`).

        The request is sent once, since each creates a job and bills somebody. If its answer is lost, the new job is
        looked for by its initiator; `known` are ids of earlier jobs that are not it. Raises Conflict that names the job
        which runs if only one may at a time, Unavailable with a hint how to check if the new one is not found, and
        Interrupted with the same hint after a KeyboardInterrupt.
        """
        return self._where_it_is(reference, lambda name: self._trigger(name, reference.id, known))

    def _trigger(self, namespace: str, identifier: str, known: Collection[str]) -> JobInfo:
        from hfjobs_cli.api.creating import Creation  # which what only reads does without

        def send() -> Answer:
            return self._told(TRIGGER, namespace, identifier)

        def in_doubt(reason: str) -> tuple[str, str]:
            return (
                f"it is not known whether schedule {namespace}/{identifier} was triggered: {reason}",
                "before trying again, check with: "
                f"hfjobs ps -a --namespace {namespace} --initiator scheduled-job:{identifier}",
            )

        def source() -> JobSpec:
            return self._schedule(INSPECT, namespace, identifier).job_spec

        asked = self._started_by("scheduled-job", identifier, namespace, source)
        newest = partial(self._newest_jobs, namespace)
        try:
            return self._created(Creation(send, self._new_job, newest, asked, in_doubt, known))
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
        which = f"job {' and '.join(running)} of it is running" if running else "another job of it is running"
        return Conflict(
            f"schedule {namespace}/{identifier} was not triggered: {which}, and it allows one at a time"
            f" ({error.message})",
            hint=f"'hfjobs inspect {namespace}/{running[0]}' shows it" if running else error.hint,
        )


def _is_run_of(job: JobInfo, schedule: str) -> bool:
    return job.initiator is not None and (job.initiator.type, job.initiator.id) == ("scheduled-job", schedule)
