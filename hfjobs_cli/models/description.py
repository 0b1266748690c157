"""A summary of a job or a schedule: its status and why, where it comes from, what it cost, and what to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Computed, Record, Shape
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.schedule import STATE_STYLES, ScheduledJob
from hfjobs_cli.text.values import span


@dataclass(frozen=True, slots=True)
class SameLaunch(Record):
    """Earlier jobs with the same image, command and flavor. `is_whole` means that all were searched."""

    completed: Annotated[int, About("number of completed jobs", "39")]
    failed: Annotated[int, About("number of failed jobs", "2")]
    last_good: Annotated[str | None, About("id of the newest completed job", "6a01d697aff1cd33e8f33a64")]
    last_good_at: Annotated[datetime | None, About("when that job was created", "2026-05-11T13:16:07+00:00")]
    is_whole: Annotated[bool, About("whether all earlier jobs were searched", "true")]


@dataclass(frozen=True, slots=True)
class NextStep(Record):
    """A suggested next command and its purpose."""

    command: Annotated[str, About("the command", "hfjobs logs -f 6a01d697aff1cd33e8f33a64")]
    purpose: Annotated[str, About("what it is for", "follow its logs")]


@dataclass(frozen=True, slots=True)
class Run(Record):
    """One run of a schedule."""

    id: Annotated[str, About("id of the job", "6a01c8c2aff1cd33e8f339d4")]
    created_at: Annotated[datetime | None, About("creation time", "2026-05-11T12:17:06+00:00")]
    status: Annotated[str | None, About("its status", "COMPLETED")]
    message: Annotated[str | None, About("reason for the status", "Job failed")]
    running_secs: Annotated[int | float | None, About("running time", "403", spell=span)]
    cost_usd: Annotated[int | float | None, About("cost in US dollars", "0.12")]
    cost_is_estimated: Annotated[bool | None, About("whether the cost is an estimate", "true")]


@dataclass(frozen=True, slots=True)
class Runs(Record):
    """The runs of a schedule. The counts, `running_secs` and costs are those of the last `days` days."""

    days: Annotated[int, About("how many days are counted", "30")]
    completed: Annotated[int, About("runs that completed", "28")]
    failed: Annotated[int, About("runs that failed", "2")]
    canceled: Annotated[int, About("runs that were canceled or deleted", "0")]
    active: Annotated[int, About("runs that are still running or scheduling", "1")]
    success_rate: Annotated[int | float | None, About("completed / (completed + failed)", "0.93")]
    running_secs: Annotated[int | float, About("total running time", "40300", spell=span)]
    cost_usd: Annotated[int | float | None, About("cost in US dollars", "1.25")]
    cost_is_estimated: Annotated[bool | None, About("whether a part of it is an estimate", "true")]
    next_at: Annotated[list[datetime], About("when the next runs are due", "[2026-05-12T12:17:00+00:00]")]
    newest: Annotated[list[Run], About("the newest runs, newest first", "{{json .runs.newest}}")]


@dataclass(frozen=True, slots=True)
class Description(Record):
    """A summary of a job or a schedule. Sentences are for people; the values they are made of stand beside.

    `job` and what is about it are null for a schedule, `schedule` and `runs` for a job.
    """

    type: Annotated[str, About("job or schedule", "job")]
    name: Annotated[str | None, About("name of the job", "nightly", rank=70, least=16, keeps_end=True)]
    job: Annotated[JobInfo | None, About("the job, as in inspect", "{{json .job}}")]
    schedule: Annotated[
        ScheduledJob | None, About("the schedule, as in scheduled inspect", "{{json .schedule}}", is_closed=True)
    ]
    why: Annotated[str, About("its status, in a sentence", "It completed 20h ago.", least=20, rank=60)]
    reason: Annotated[str | None, About("reason for a failure, in a word", "out-of-memory", rank=50)]
    exit_code: Annotated[int | None, About("exit code of the command, if known", "137")]
    started_by: Annotated[str, About("what started it, in a sentence", "the schedule nightly", least=20, rank=55)]
    family: Annotated[str | None, About("related jobs, in a sentence", "One of 47 runs.", least=20)]
    waited_secs: Annotated[int | float | None, About("time before it ran", "76", spell=span)]
    ran_secs: Annotated[int | float | None, About("running time", "403", spell=span)]
    cost: Annotated[str | None, About("cost, ~ if estimated", "~$1.25")]
    cost_usd: Annotated[int | float | None, About("cost in US dollars", "1.25")]
    cost_is_estimated: Annotated[bool | None, About("whether the cost is an estimate", "true")]
    same_launch: Annotated[SameLaunch | None, About("jobs with the same launch", "{{json .same_launch}}")]
    runs: Annotated[Runs | None, About("the runs of a schedule", "{{json .runs}}", is_closed=True)]
    last_lines: Annotated[list[str] | None, About("last lines of the output", "[done]", least=20, has_commas=True)]
    next: Annotated[list[NextStep], About("commands to run next", "{{json .next}}")]

    @property
    def id(self) -> str:
        """The id of the job or schedule."""
        return self.subject.id

    @property
    def subject(self) -> JobInfo | ScheduledJob:
        """The job or the schedule that it is about."""
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
            Shape(str),
            lambda each, _now: each.id,
            About("id of the job or schedule", "6a01d697aff1cd33e8f33a64", header="ID", rank=NEVER_LEAVES),
        ),
        "status": Computed(
            Shape(str),
            lambda each, _now: str(each.subject.status) or None,
            About("its status", "ERROR", rank=NEVER_LEAVES, styles={**STATE_STYLES, **STAGE_STYLES}),
        ),
    },
    filters="-f 'reason=out-of-memory'",
    templates="""\
{{.why}} {{.started_by}}                    sentences
{{or .reason "-"}} {{or .exit_code "-"}}    what may be null
{{.job.flavor}} {{.job.labels.team}}        the job, as inspect prints it
{{range .next}}{{.command}}{{end}}          lists""",
)
