"""A schedule of jobs, which the Hub calls a scheduled job.

Facts about the payload: the Hub's OpenAPI document, `GET /api/scheduled-jobs/{namespace}/{jobId}`.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from hfjobs_cli.models import spec
from hfjobs_cli.models.decode import JsonSource, invalid_value, reader
from hfjobs_cli.models.job import STAGE_STYLES, JobInitiator, JobOwner
from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Measure, Meta, Record, record
from hfjobs_cli.models.vocabulary import ACTIVE, SCHEDULE_STATES, STAGE_WORDS, STAGES, SUSPENDED
from hfjobs_cli.text.values import percent

STATE_STYLES = {ACTIVE: "green", SUSPENDED: "yellow"}
"""The color of each state, as rich names it."""


@record
class JobSpec(spec.SpecFields):
    """The spec of all runs of a schedule. `timeout` is in seconds, `retry` is the number of attempts minus one.

    `docker_image` and `space_id` exclude each other. `secrets` are names only.
    """


@record
class LastRun(Record):
    """The newest job of a schedule. `stage` needs a request of its own; None if unknown."""

    id: Annotated[str, Meta("id of the job", "6a01c8c2aff1cd33e8f339d4")]
    at: Annotated[datetime | None, Meta("when it was created", "2026-05-11T12:17:06+00:00")] = None
    stage: Annotated[str | None, Meta("status of the job", "COMPLETED")] = None

    def __str__(self) -> str:
        """Format the run as the id of its job."""
        return self.id


def _read_name(values: dict[str, Any], path: str, source: JsonSource) -> str | None:
    """Return the name of its jobs, which is also the name of the schedule."""
    job_spec = values.get("jobSpec")
    return spec.read_name(job_spec, path, source) if type(job_spec) is dict else None


def _read_state(values: dict[str, Any], _path: str, _source: JsonSource) -> str:
    return SUSPENDED if values.get("suspend") is True else ACTIVE


@record
class ScheduleStatus(Record):
    """The status of a schedule. A suspended one has a next run too, which will be skipped."""

    state: Annotated[str, Meta("active or suspended", "active", read=_read_state)]
    last_job: Annotated[LastRun | None, Meta("its newest job, printed as its id", "6a01c8c2..", name="last_job")]
    next_job_run_at: Annotated[datetime | None, Meta("time of the next run", "2026-05-12T12:17:00+00:00")]

    def __str__(self) -> str:
        """Format the status as the state."""
        return self.state


def _read_status(values: dict[str, Any], path: str, source: JsonSource) -> ScheduleStatus:
    """Read the status, with `suspend`, which the Hub sends outside of it."""
    status = values.get("status")
    place = f"{path}.status"
    if not isinstance(status, dict):
        source.unexpected(
            f"{place} is missing" if status is None else invalid_value(place, "an object", status).message
        )
        status = {}
    return reader(ScheduleStatus)({**status, "suspend": values.get("suspend")}, place, source)


@record
class ScheduledJob(Record):
    """A schedule: job spec and cron expression. Times are aware and in UTC. It is the initiator of its jobs."""

    id: Annotated[str, Meta("its id", "69c4179671691dc46f166314", header="SCHEDULE ID", rank=ALWAYS_SHOWN)]
    name: Annotated[
        str | None, Meta("the label 'name'", "refresh-index", read=_read_name, rank=70, min_width=10, cuts_middle=True)
    ]
    created_at: Annotated[datetime | None, Meta("creation time", "2026-03-25T17:12:54+00:00", name="created", rank=60)]
    job_spec: Annotated[JobSpec, Meta("what the jobs run", "{{json .job_spec}}", is_flattened=True)]
    schedule: Annotated[
        str | None,
        Meta("when it runs, in UTC", "17 12 * * *", rank=75, min_width=11, has_commas=True, is_always_sent=True),
    ]
    suspend: Annotated[bool | None, Meta("whether it is suspended", "false", is_always_sent=True)]
    suspend_reason: Annotated[str | None, Meta("why it is suspended", "...", min_width=11, has_commas=True)]
    concurrency: Annotated[bool | None, Meta("whether runs may overlap", "false")]
    status: Annotated[
        ScheduleStatus,
        Meta(
            "active or suspended",
            "active",
            read=_read_status,
            aliases=("status.state", "state"),
            known_values=SCHEDULE_STATES,
            rank=ALWAYS_SHOWN,
            styles=STATE_STYLES,
        ),
    ]
    owner: Annotated[JobOwner, Meta("namespace, printed as its name", "alice", aliases=("owner.name",), rank=74)]
    initiator: Annotated[JobInitiator | None, Meta("who created it", "user:alice")]

    def ran(self, stage: str | None) -> "ScheduledJob":
        """Return the schedule with the stage of its newest job; None if unknown."""
        last = self.status.last_job
        return self if last is None else replace(self, status=replace(self.status, last_job=replace(last, stage=stage)))


def _last_at(schedule: ScheduledJob, _now: datetime) -> datetime | None:
    last = schedule.status.last_job
    return None if last is None else last.at


def _last_stage(schedule: ScheduledJob, _now: datetime) -> str | None:
    last = schedule.status.last_job
    return None if last is None else last.stage


def _stage_texts(stage: str) -> tuple[str, ...]:
    """Return the texts that match a stage in filters: also lower case, and other names, as in `--status`."""
    return (stage, stage.lower(), *(word for word, meant in STAGE_WORDS.items() if meant == stage))


def _next_run(schedule: ScheduledJob, _now: datetime) -> datetime | None:
    return None if schedule.status.state == SUSPENDED else schedule.status.next_job_run_at


def _unread(_schedule: object, _now: datetime) -> None:
    """Return None. Commands that can request runs replace this function."""


KIND = Kind(
    ScheduledJob,
    noun="schedule",
    plural="schedules",
    key="id",
    default_columns=("id", "name", "schedule", "command", "last_run", "last_status", "next_run", "status"),
    wide_columns=("image", "flavor"),
    computed={
        "image": Computed(
            FieldType(str),
            lambda made, _now: made.job_spec.image,
            Meta("image or Space", "hf.co/spaces/alice/app", header="IMAGE/SPACE", rank=20, min_width=11),
        ),
        "last_run": Computed(
            FieldType(datetime), _last_at, Meta("time of the last run", "2026-05-11T12:17:06+00:00", rank=60)
        ),
        "last_status": Computed(
            FieldType(str),
            _last_stage,
            Meta(
                "status of the last run",
                "COMPLETED",
                rank=62,  # the next run is more useful than the last status
                styles=STAGE_STYLES,
                filter_texts=_stage_texts,
                known_values=tuple(map(str.lower, STAGES)),
            ),
        ),
        "next_run": Computed(
            FieldType(datetime),
            _next_run,
            Meta("next run, if active", "2026-05-12T12:17:00+00:00", rank=65),
        ),
        "success": Computed(
            FieldType(float),
            _unread,
            Meta("success of 30 days of runs", "93%", rank=77, formatter=percent, measure=Measure("part")),
        ),
        "cost": Computed(
            FieldType(str),
            _unread,
            Meta(
                "cost of 30 days, ~ if estimated",
                "~$1.25",
                rank=76,
                formatter=str,
                sort_key=lambda cost: cost.usd,
                measure=Measure("money", lambda cost: cost.usd),
            ),
        ),
        "cost_usd": Computed(FieldType(float), _unread, Meta("cost in US dollars", "1.25", measure=Measure("money"))),
    },
    other_names={
        "age": "created",
        "cron": "schedule",
        "hardware": "flavor",
        "price": "cost",
        "success_rate": "success",
        "last": "last_run",
        "next": "next_run",
        "suspended": "suspend",
    },
    filters="-f 'command=*train*' -f 'label=team=ml' -f 'last_status!=COMPLETED'",
    templates="""\
{{.id}} {{.status}}                                 values of fields
{{.labels.team}} {{index .labels "cost-center"}}    labels
{{or .name "-"}} {{or .last_status "never"}}        what may be null
{{with .last_job}}{{.at}}{{else}}-{{end}}           the same, at length
{{join .command " "}} {{.command | json}}           functions, in both forms
{{if .suspend}}asleep{{end}}                        what is true or false""",
)
