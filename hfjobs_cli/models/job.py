"""A job and its parts.

Field names are the Hub's in snake_case, and are also the keys of `--format json`. Facts about the payload: the Hub's
OpenAPI document, tag `jobs`, schema of `GET /api/jobs/{namespace}/{jobId}`.

Why a job ended is parsed from its status. `status.message` is for people, such as "Job failed with exit code: 137.
Reason: OOMKilled." or "Job timeout"; the exit code is nowhere else. `status.cancelReason` is one of a few words,
or a newer one.
"""

import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from hfjobs_cli.models import spec
from hfjobs_cli.models.decode import JsonSource
from hfjobs_cli.models.kind import Computed, Kind
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Measure, Meta, Record, record
from hfjobs_cli.models.vocabulary import (
    CANCELED,
    DELETED,
    EXIT_CODE,
    FAILED,
    FINISHED_STAGES,
    HUB_WORDS,
    INITIATOR_TYPES,
    NO_INITIATOR,
    OUT_OF_MEMORY,
    REASONS,
    STAGES,
    TIMEOUT,
    UNKNOWN_TYPE,
)
from hfjobs_cli.text.values import span

STAGE_STYLES = {
    "RUNNING": "cyan",
    "SCHEDULING": "yellow",
    "COMPLETED": "green",
    "ERROR": "red",
    "CANCELED": "magenta",
    "DELETED": "magenta",
}
"""The color of each stage, as rich names it."""


@record
class JobStatus(Record):
    """The status of a job. `stage` is one of STAGES or a newer one; `message` is for people."""

    stage: Annotated[str | None, Meta("status of the job", "ERROR", is_always_sent=True)]
    message: Annotated[
        str | None, Meta("message about the status", "Job failed", name="message", min_width=11, has_commas=True)
    ] = None
    cancel_reason: Annotated[str | None, Meta("why it was canceled", "NO_CREDITS")] = None
    failure_count: Annotated[int | float | None, Meta("attempts that failed", "0")] = None
    expose_urls: Annotated[list[str] | None, Meta("addresses of its ports", "[https://...]", min_width=11)] = None
    ssh_url: Annotated[str | None, Meta("address to log in to", "ssh://...")] = None

    def __str__(self) -> str:
        """Format the status as its stage; empty if unknown."""
        return self.stage or ""


@record
class JobDurations(Record):
    """Seconds spent, computed by the server at each request. A job that never ran has only `total_secs`."""

    scheduling_secs: Annotated[int | float | None, Meta("time before it ran", "76", formatter=span)] = None
    running_secs: Annotated[int | float | None, Meta("running time", "403", formatter=span)] = None
    total_secs: Annotated[int | float | None, Meta("total time", "479", formatter=span)] = None


@record
class JobOwner(Record):
    """The namespace a job belongs to: a user or an organization."""

    id: Annotated[str | None, Meta("its id", "60107b385ac3e86b3ea4fc34")]
    name: Annotated[str | None, Meta("the namespace", "alice", is_always_sent=True)]
    type: Annotated[str | None, Meta("user or org", "user")]

    def __str__(self) -> str:
        """Format the owner as its name; empty if unknown."""
        return self.name or ""


@record
class JobCreator(Record):
    """The person on whose behalf a job was created, also for scheduled, duplicated and webhook runs."""

    id: Annotated[str | None, Meta("their id", "60107b385ac3e86b3ea4fc34")]
    name: Annotated[str | None, Meta("their name", "alice")]


@record
class JobInitiator(Record):
    """What started a job. `id` is the id of the user, organization, schedule, source job or webhook.

    Only users and organizations have a `name`. Types that are not in INITIATOR_TYPES are kept.
    """

    type: Annotated[str | None, Meta("what started the job", "scheduled-job")]
    id: Annotated[str | None, Meta("id of that", "69c4179671691dc46f166314")]
    name: Annotated[str | None, Meta("of a user or organization", "alice")] = None

    def __str__(self) -> str:
        """Format the initiator as `--initiator` takes it: `user:alice`, `scheduled-job:69c4179671691dc46f166314`."""
        who = self.name or self.id
        return f"{initiator_type(self)}:{who}" if who else initiator_type(self)


def initiator_type(initiator: JobInitiator) -> str:
    """Format only the type, which `--initiator` also takes."""
    return initiator.type or UNKNOWN_TYPE


def _initiator_texts(initiator: JobInitiator) -> Sequence[str]:
    return (str(initiator), initiator_type(initiator))


def _stage_order(status: JobStatus) -> tuple[int, str] | None:
    """Return the sort key of a stage: the order of STAGES, newer ones last."""
    if status.stage is None:
        return None
    return (STAGES.index(status.stage) if status.stage in STAGES else len(STAGES), status.stage)


# Not compiled at the start: most jobs have no message.
_EXIT_CODE = r"(?i)exit code:? ?([0-9]{1,3})\b"

_REASON = r"(?i)\breason: ?([a-z]\w*)"

_OUT_OF_MEMORY = r"(?i)\bOOM|out of memory"

_TIMEOUT = r"(?i)\btime ?out\b|\btimed out\b|DeadlineExceeded"

_WORD_BEGINS = r"(?<=[a-z0-9])(?=[A-Z])|_"


def read_exit_code(values: dict[str, Any], _path: str, _source: object) -> int | None:
    """Return the exit code of a failed job from its JSON, from the Hub or `--format json`."""
    message = _status_text(values, "message")
    return exit_code_of(message) if message and _status_text(values, "stage") == "ERROR" else None


def exit_code_of(message: str) -> int | None:
    """Return the exit code in a message; None without one."""
    found = re.search(_EXIT_CODE, message)
    return int(found[1]) if found else None


def read_reason(values: dict[str, Any], _path: str, _source: object) -> str | None:
    """Return why a job ended, from its JSON, from the Hub or `--format json`."""
    stage = _status_text(values, "stage")
    if stage not in ("ERROR", "CANCELED", "DELETED"):
        return None
    cancel_reason = _status_text(values, "cancelReason") or _status_text(values, "cancel_reason")
    return reason_of(stage, _status_text(values, "message"), cancel_reason)


def reason_of(stage: str, message: str, cancel_reason: str) -> str | None:
    """Return why a job ended, in a word; None if it is unfinished or completed."""
    if stage == "CANCELED":
        return _reason_word(cancel_reason) or CANCELED
    if stage == "DELETED":
        return DELETED
    if stage != "ERROR":
        return None
    if re.search(_OUT_OF_MEMORY, message):
        return OUT_OF_MEMORY
    if re.search(_TIMEOUT, message):
        return TIMEOUT
    named = re.search(_REASON, message)
    if named and named[1] != HUB_WORDS[EXIT_CODE]:
        return _reason_word(named[1])
    return FAILED if exit_code_of(message) is None else EXIT_CODE


def _reason_word(word: str) -> str:
    return re.sub(_WORD_BEGINS, "-", word).lower()


def _status_text(values: dict[str, Any], name: str) -> str:
    """Return a string of the status; empty if it is missing."""
    status = values.get("status")
    found = status.get(name) if type(status) is dict else None
    return found if type(found) is str else ""


def reason_texts(reason: str) -> tuple[str, ...]:
    """Return the texts that match a reason in filters: our word and the Hub's."""
    return (reason, HUB_WORDS[reason]) if reason in HUB_WORDS else (reason,)


def _read_endpoint(_values: dict[str, Any], _path: str, source: JsonSource) -> str:
    return source.endpoint


def _read_url(values: dict[str, Any], _path: str, source: JsonSource) -> str | None:
    """Return the URL of the job's page; None if the owner is unknown. The Hub does not send it."""
    owner = values.get("owner")
    name = owner.get("name") if isinstance(owner, dict) else None
    return f"{source.endpoint}/jobs/{name}/{values['id']}" if isinstance(name, str) else None


@record
class JobInfo(spec.SpecFields, after={"docker_image": "finished_at", "network": "initiator"}):
    """A job. Times are aware and in UTC, `timeout` is in seconds, `retry` is the number of attempts less one.

    `docker_image` and `space_id` exclude each other. `secrets` are names only. `expose` and `expose_public` are ports.
    The Hub does not send `name`, `exit_code`, `reason`, `endpoint` and `url`, which are read from other values.
    """

    id: Annotated[str, Meta("its id", "6a01d697aff1cd33e8f33a64", header="JOB ID", rank=ALWAYS_SHOWN)]
    name: Annotated[
        str | None,
        Meta("the label 'name'", "train-judge", read=spec.read_name, rank=70, min_width=16, cuts_middle=True),
    ]
    created_at: Annotated[datetime | None, Meta("creation time", "2026-05-11T13:16:07+00:00", name="created", rank=60)]
    started_at: Annotated[datetime | None, Meta("start time", "2026-05-11T13:18:02+00:00", name="started", rank=73)]
    finished_at: Annotated[datetime | None, Meta("end time", "2026-05-11T14:17:32+00:00", name="finished", rank=73)]
    status: Annotated[
        JobStatus,
        Meta(
            "its status, printed as its stage",
            "RUNNING",
            aliases=("status.stage",),
            rank=ALWAYS_SHOWN,
            styles=STAGE_STYLES,
            sort_key=_stage_order,
            known_values=tuple(stage.lower() for stage in STAGES),
        ),
    ]
    exit_code: Annotated[
        int | None, Meta("exit code of its command, if it failed", "137", read=read_exit_code, header="EXIT")
    ]
    reason: Annotated[
        str | None,
        Meta(
            "why it failed or was canceled, in a word",
            "out-of-memory",
            read=read_reason,
            filter_texts=reason_texts,
            known_values=REASONS,
        ),
    ]
    durations: Annotated[JobDurations | None, Meta("seconds", "{{json .durations}}")]
    owner: Annotated[JobOwner, Meta("namespace, printed as its name", "alice", aliases=("owner.name",), rank=74)]
    created_by: Annotated[JobCreator | None, Meta("the person", "{{json .created_by}}")]
    initiator: Annotated[
        JobInitiator | None,
        Meta(
            "what started it",
            "user:alice",
            narrow_formatter=initiator_type,
            filter_texts=_initiator_texts,
            absent_word=NO_INITIATOR,
            known_values=(*INITIATOR_TYPES, NO_INITIATOR),
        ),
    ]
    endpoint: Annotated[str, Meta("the Hub", "https://huggingface.co", read=_read_endpoint, rank=10)]
    url: Annotated[str | None, Meta("its page", "https://huggingface.co/jobs/..", read=_read_url, rank=10)]

    @property
    def has_ended(self) -> bool:
        """Return whether it has finished: completed, failed, canceled or deleted."""
        return self.status.stage in FINISHED_STAGES

    def running_secs(self, now: datetime) -> float | None:
        """Return the seconds that the job ran, up to `now` if it is still running; None if it never started.

        Never negative, even if the times of the Hub are inconsistent.
        """
        if self.durations is not None and self.durations.running_secs is not None:
            return max(0, self.durations.running_secs)
        if self.started_at is None or (self.finished_at is None and self.has_ended):
            return None
        return max(0.0, ((self.finished_at or now) - self.started_at).total_seconds())

    @property
    def waiting_secs(self) -> float | None:
        """The seconds from creation to start; None if it has not started, or they are unknown."""
        if self.durations is not None and self.durations.scheduling_secs is not None:
            return max(0, self.durations.scheduling_secs)
        if self.started_at is None or self.created_at is None:
            return None
        return max(0.0, (self.started_at - self.created_at).total_seconds())

    def waited_secs(self, now: datetime) -> float | None:
        """Return the seconds from creation to start, or to `now` if it is still waiting."""
        if self.status.stage == "SCHEDULING" and self.created_at is not None:
            return max(0.0, (now - self.created_at).total_seconds())
        return self.waiting_secs

    def billed_minutes(self, now: datetime) -> int | None:
        """Return the billed minutes, rounded up, from its start to its end, or to `now` if it is still running.

        Zero if it never started. None if unknown: for deleted jobs, and for old jobs without times.
        """
        if self.status.stage == "DELETED":
            return None
        if self.started_at is not None and self.finished_at is not None:
            seconds: float | None = (self.finished_at - self.started_at).total_seconds()
        elif self.status.stage == "SCHEDULING" or (self.started_at is None and self.never_ran):
            seconds = 0
        else:
            seconds = self.running_secs(now)
        return None if seconds is None else max(0, math.ceil(seconds / 60))

    @property
    def never_ran(self) -> bool:
        """Return whether it finished without having started."""
        durations = self.durations
        return self.has_ended and durations is not None and durations.running_secs is None


def _unpriced(_job: object, _now: datetime) -> None:
    """Return None. Commands that can request prices replace this function."""


KIND = Kind(
    JobInfo,
    noun="job",
    plural="jobs",
    key="id",
    default_columns=("id", "name", "image", "command", "created", "status", "runtime"),
    wide_columns=("flavor", "initiator"),
    computed={
        "image": Computed(
            FieldType(str),
            lambda job, _now: job.image,
            Meta("image or Space", "hf.co/spaces/alice/app", header="IMAGE/SPACE", rank=20, min_width=11),
        ),
        "runtime": Computed(
            FieldType(float),
            lambda job, now: job.running_secs(now),
            Meta("running time so far", "3h11m", rank=50, formatter=span),
        ),
        "waited": Computed(
            FieldType(float),
            lambda job, now: job.waited_secs(now),
            Meta("time before it ran", "1m16s", rank=73, formatter=span),
        ),
        "cost": Computed(
            FieldType(str),
            _unpriced,
            Meta(
                "cost, ~ if estimated",
                "~$1.25",
                rank=76,
                formatter=str,
                sort_key=lambda cost: cost.usd,
                measure=Measure("money", lambda cost: cost.usd),
            ),
        ),
        "cost_usd": Computed(FieldType(float), _unpriced, Meta("cost in US dollars", "1.25", measure=Measure("money"))),
        "cost_is_estimated": Computed(FieldType(bool), _unpriced, Meta("whether the cost is an estimate", "true")),
    },
    other_names={
        "age": "created",
        "duration": "runtime",
        "elapsed": "runtime",
        "stage": "status",
        "hardware": "flavor",
        "price": "cost",
        "wait": "waited",
        "queue": "waited",
        "queued": "waited",
        "exit": "exit_code",
        "exitcode": "exit_code",
        "why": "reason",
    },
    filters="-f 'command=*train*' -f 'label.team=ml' -f 'runtime>1h'",
    templates="""\
{{.id}} {{.status}}                                 values of fields
{{.labels.team}} {{index .labels "cost-center"}}    labels
{{or .status.message "-"}}                          what may be null
{{with .initiator}}{{.type}}{{else}}-{{end}}        the same, at length
{{if gt (or .durations.running_secs 0) 3600}}long{{end}}
{{join .command " "}} {{.command | json}}           functions, in both forms
{{range $key, $value := .labels}}{{$key}} {{end}}   lists and objects""",
)
