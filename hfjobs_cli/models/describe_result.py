"""A summary of a job or schedule: its status and the reason, its origin, its cost, and next steps."""

from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Meta, Record, record
from hfjobs_cli.models.schedule import STATE_STYLES, ScheduledJob
from hfjobs_cli.text.values import span


@record
class SameLaunch(Record):
    """Earlier jobs with the same image, command and flavor. `is_whole` means that all were searched."""

    completed: Annotated[int, Meta("number of completed jobs", "39")]
    failed: Annotated[int, Meta("number of failed jobs", "2")]
    last_good: Annotated[str | None, Meta("id of the newest completed job", "6a01d697aff1cd33e8f33a64")]
    last_good_at: Annotated[datetime | None, Meta("when that job was created", "2026-05-11T13:16:07+00:00")]
    is_whole: Annotated[bool, Meta("whether all earlier jobs were searched", "true")]


@record
class NextStep(Record):
    """A suggested next command and its purpose."""

    command: Annotated[str, Meta("the command", "hfjobs logs -f 6a01d697aff1cd33e8f33a64")]
    purpose: Annotated[str, Meta("what it is for", "follow its logs")]


@record
class Run(Record):
    """One run of a schedule."""

    id: Annotated[str, Meta("id of the job", "6a01c8c2aff1cd33e8f339d4")]
    created_at: Annotated[datetime | None, Meta("creation time", "2026-05-11T12:17:06+00:00")]
    status: Annotated[str | None, Meta("its status", "COMPLETED")]
    message: Annotated[str | None, Meta("reason for the status", "Job failed")]
    running_secs: Annotated[int | float | None, Meta("running time", "403", formatter=span)]
    cost_usd: Annotated[int | float | None, Meta("cost in US dollars", "0.12")]
    cost_is_estimated: Annotated[bool | None, Meta("whether the cost is an estimate", "true")]


@record
class Runs(Record):
    """The runs of a schedule. The counts, `running_secs` and costs are those of the last `days` days."""

    days: Annotated[int, Meta("how many days are counted", "30")]
    completed: Annotated[int, Meta("runs that completed", "28")]
    failed: Annotated[int, Meta("runs that failed", "2")]
    canceled: Annotated[int, Meta("runs that were canceled or deleted", "0")]
    active: Annotated[int, Meta("runs that are still running or scheduling", "1")]
    success_rate: Annotated[int | float | None, Meta("completed / (completed + failed)", "0.93")]
    running_secs: Annotated[int | float, Meta("total running time", "40300", formatter=span)]
    cost_usd: Annotated[int | float | None, Meta("cost in US dollars", "1.25")]
    cost_is_estimated: Annotated[bool | None, Meta("whether a part of it is an estimate", "true")]
    next_at: Annotated[list[datetime], Meta("when the next runs are due", "[2026-05-12T12:17:00+00:00]")]
    newest: Annotated[list[Run], Meta("the newest runs, newest first", "{{json .runs.newest}}")]


@record
class Description(Record):
    """A summary of a job or a schedule: sentences for people, and the values in them.

    `job` and its details are null for a schedule; `schedule` and `runs` are null for a job.
    """

    type: Annotated[str, Meta("job or schedule", "job")]
    name: Annotated[str | None, Meta("name of the job", "nightly", rank=70, min_width=16, cuts_middle=True)]
    job: Annotated[JobInfo | None, Meta("the job, as in inspect", "{{json .job}}")]
    schedule: Annotated[
        ScheduledJob | None, Meta("the schedule, as in scheduled inspect", "{{json .schedule}}", is_opaque=True)
    ]
    why: Annotated[str, Meta("its status, in a sentence", "It completed 20h ago.", min_width=20, rank=60)]
    reason: Annotated[str | None, Meta("reason for a failure, in a word", "out-of-memory", rank=50)]
    exit_code: Annotated[int | None, Meta("exit code of the command, if known", "137")]
    started_by: Annotated[str, Meta("what started it, in a sentence", "the schedule nightly", min_width=20, rank=55)]
    family: Annotated[str | None, Meta("related jobs, in a sentence", "One of 47 runs.", min_width=20)]
    waited_secs: Annotated[int | float | None, Meta("time before it ran", "76", formatter=span)]
    ran_secs: Annotated[int | float | None, Meta("running time", "403", formatter=span)]
    cost: Annotated[str | None, Meta("cost, ~ if estimated", "~$1.25")]
    cost_usd: Annotated[int | float | None, Meta("cost in US dollars", "1.25")]
    cost_is_estimated: Annotated[bool | None, Meta("whether the cost is an estimate", "true")]
    same_launch: Annotated[SameLaunch | None, Meta("jobs with the same launch", "{{json .same_launch}}")]
    runs: Annotated[Runs | None, Meta("the runs of a schedule", "{{json .runs}}", is_opaque=True)]
    last_lines: Annotated[list[str] | None, Meta("last lines of the output", "[done]", min_width=20, has_commas=True)]
    next: Annotated[list[NextStep], Meta("commands to run next", "{{json .next}}")]

    @property
    def id(self) -> str:
        """The id of the job or schedule."""
        return self.subject.id

    @property
    def subject(self) -> JobInfo | ScheduledJob:
        """The job or the schedule."""
        if self.job is not None:
            return self.job
        if self.schedule is None:
            raise ValueError("a description of nothing")
        return self.schedule


KIND = Kind(
    Description,
    noun="description",
    plural="descriptions",
    key="id",
    default_columns=("id", "name", "status", "reason", "started_by", "cost"),
    computed={
        "id": Computed(
            FieldType(str),
            lambda each, _now: each.id,
            Meta("id of the job or schedule", "6a01d697aff1cd33e8f33a64", header="ID", rank=ALWAYS_SHOWN),
        ),
        "status": Computed(
            FieldType(str),
            lambda each, _now: str(each.subject.status) or None,
            Meta("its status", "ERROR", rank=ALWAYS_SHOWN, styles={**STATE_STYLES, **STAGE_STYLES}),
        ),
    },
    filters="-f 'reason=out-of-memory'",
    templates="""\
{{.why}} {{.started_by}}                    sentences
{{or .reason "-"}} {{or .exit_code "-"}}    what may be null
{{.job.flavor}} {{.job.labels.team}}        the job, as inspect prints it
{{range .next}}{{.command}}{{end}}          lists""",
)
