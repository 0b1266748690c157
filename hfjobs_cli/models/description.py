"""All that can be told of one job: how it stands and why, where it comes from, what it took, and what to do next."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from hfjobs_cli.models.fields import NEVER_LEAVES, About, Computed, Shape
from hfjobs_cli.models.job import STAGE_STYLES, JobInfo
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.record import Record
from hfjobs_cli.text.times import span


@dataclass(frozen=True, slots=True)
class SameLaunch(Record):
    """Earlier jobs of the same image, command and flavor. `is_whole` says that none was left out."""

    completed: Annotated[int, About("how many were completed", "39")]
    failed: Annotated[int, About("how many failed", "2")]
    last_good: Annotated[str | None, About("id of the newest that was completed", "6a01d697aff1cd33e8f33a64")]
    last_good_at: Annotated[datetime | None, About("when that was created", "2026-05-11T13:16:07+00:00")]
    is_whole: Annotated[bool, About("whether all earlier jobs were looked at", "true")]


@dataclass(frozen=True, slots=True)
class NextStep(Record):
    """A command to type next, and what it is for."""

    command: Annotated[str, About("the command", "hfjobs logs -f 6a01d697aff1cd33e8f33a64")]
    purpose: Annotated[str, About("what it is for", "see what it writes")]


@dataclass(frozen=True, slots=True)
class Description(Record):
    """A job with what was found out about it. Sentences are for people; the values they are made of stand beside."""

    name: Annotated[str | None, About("its name", "nightly", rank=70, least=16)]
    job: Annotated[JobInfo, About("what inspect prints", "{{json .job}}")]
    why: Annotated[str, About("how it stands and why", "It was completed 20h ago.", least=20, rank=60)]
    reason: Annotated[str | None, About("why it ended so, in a word", "out-of-memory", rank=50)]
    exit_code: Annotated[int | None, About("that of its command, if the Hub tells", "137")]
    started_by: Annotated[str, About("what started it", "the schedule nightly", least=20, rank=55)]
    family: Annotated[str | None, About("what else came of that, and what came of it", "One of 47 runs.", least=20)]
    waited_secs: Annotated[int | float | None, About("how long it waited", "76", spell=span)]
    ran_secs: Annotated[int | float | None, About("how long it ran", "403", spell=span)]
    cost: Annotated[str | None, About("what it costs, ~ if that is estimated", "~$1.25")]
    cost_usd: Annotated[int | float | None, About("the same as a number, US dollars", "1.25")]
    cost_is_estimated: Annotated[bool | None, About("whether that is not what was billed", "true")]
    same_launch: Annotated[SameLaunch | None, About("others like it", "{{json .same_launch}}")]
    last_lines: Annotated[list[str] | None, About("what it wrote last", "[done]", least=20, has_commas=True)]
    next: Annotated[list[NextStep], About("what to type next", "{{json .next}}")]

    @property
    def id(self) -> str:
        """The id of the job."""
        return self.job.id


def _status(description: Description) -> str | None:
    return description.job.status.stage


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
            About("id of the job", "6a01d697aff1cd33e8f33a64", header="JOB ID", rank=NEVER_LEAVES),
        ),
        "status": Computed(
            Shape(str),
            lambda each, _now: _status(each),
            About("where it stands", "ERROR", rank=NEVER_LEAVES, styles=STAGE_STYLES),
        ),
    },
    filters="-f 'reason=out-of-memory'",
    templates="""\
{{.why}} {{.started_by}}                    sentences
{{or .reason "-"}} {{or .exit_code "-"}}    what may be null
{{.job.flavor}} {{.job.labels.team}}        the job, as inspect prints it
{{range .next}}{{.command}}{{end}}          lists""",
)
