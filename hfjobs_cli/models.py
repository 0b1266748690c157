"""A job and its parts, parsed once from the Hub's JSON into frozen values.

Field names are the Hub's in snake_case, and are also the keys of `--format json`. What the Hub leaves out is None.
Facts about the payload: the Hub's OpenAPI document, tag `jobs`, schema of `GET /api/jobs/{namespace}/{jobId}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from hfjobs_cli.config import DEFAULT_ENDPOINT
from hfjobs_cli.payload import Payload
from hfjobs_cli.vocabulary import FINISHED_STAGES, UNKNOWN_TYPE


class Part:
    """Base of a job and of what it is made of."""

    __slots__ = ()

    def values(self) -> dict[str, Any]:
        """Return the fields by name, not copied. All together they are what `dataclasses.asdict` gives."""
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class JobStatus(Part):
    """Where a job stands. `stage` is one of the STAGES or something newer; `message` is for people."""

    stage: str
    message: str | None = None
    cancel_reason: str | None = None
    failure_count: int | float | None = None
    expose_urls: list[str] | None = None
    ssh_url: str | None = None

    @classmethod
    def from_api(cls, values: object, path: str = "status") -> JobStatus:
        """Parse `status` as the Hub sent it. Raises BadResponse if `stage` is missing."""
        payload = Payload(values, path)
        return cls(
            stage=payload.require("stage", str),
            message=payload.get("message", str),
            cancel_reason=payload.get("cancelReason", str),
            failure_count=payload.number("failureCount"),
            expose_urls=payload.list_of("exposeUrls", str),
            ssh_url=payload.get("sshUrl", str),
        )

    def __str__(self) -> str:
        """Spell the status as its stage."""
        return self.stage


@dataclass(frozen=True, slots=True)
class JobDurations(Part):
    """Seconds spent, computed by the server at each request. A job that never ran has only `total_secs`."""

    scheduling_secs: int | float | None = None
    running_secs: int | float | None = None
    total_secs: int | float | None = None

    @classmethod
    def from_api(cls, values: object, path: str = "durations") -> JobDurations:
        """Parse `durations` as the Hub sent it. Raises BadResponse."""
        payload = Payload(values, path)
        return cls(
            scheduling_secs=payload.number("schedulingSecs"),
            running_secs=payload.number("runningSecs"),
            total_secs=payload.number("totalSecs"),
        )


@dataclass(frozen=True, slots=True)
class JobOwner(Part):
    """The namespace a job belongs to: a user or an organisation."""

    id: str | None
    name: str
    type: str | None

    @classmethod
    def from_api(cls, values: object, path: str = "owner") -> JobOwner:
        """Parse `owner` as the Hub sent it. Raises BadResponse if `name` is missing."""
        payload = Payload(values, path)
        return cls(id=payload.get("id", str), name=payload.require("name", str), type=payload.get("type", str))

    def __str__(self) -> str:
        """Spell the owner as its name."""
        return self.name


@dataclass(frozen=True, slots=True)
class JobCreator(Part):
    """The person on whose behalf a job was created, also for scheduled, duplicated and webhook runs."""

    id: str | None
    name: str | None

    @classmethod
    def from_api(cls, values: object, path: str = "createdBy") -> JobCreator:
        """Parse `createdBy` as the Hub sent it. Raises BadResponse."""
        payload = Payload(values, path)
        return cls(id=payload.get("id", str), name=payload.get("name", str))


@dataclass(frozen=True, slots=True)
class JobInitiator(Part):
    """What started a job. `id` is that of the user, organisation, schedule, source job or webhook.

    Only users and organisations have a `name`. A type that is not in INITIATOR_TYPES is kept as it came.
    """

    type: str | None
    id: str | None
    name: str | None = None

    @classmethod
    def from_api(cls, values: object, path: str = "initiator") -> JobInitiator:
        """Parse `initiator` as the Hub sent it. Raises BadResponse."""
        payload = Payload(values, path)
        return cls(type=payload.get("type", str), id=payload.get("id", str), name=payload.get("name", str))

    def __str__(self) -> str:
        """Spell the initiator as `--initiator` takes it: `user:alice`, `scheduled-job:69c4179671691dc46f166314`."""
        who = self.name or self.id
        kind = self.type or UNKNOWN_TYPE
        return f"{kind}:{who}" if who else kind


@dataclass(frozen=True, slots=True)
class JobVolume(Part):
    """A bucket or repository mounted into a job."""

    type: str | None
    source: str | None
    mount_path: str | None
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None

    @classmethod
    def from_api(cls, values: object, path: str = "volume") -> JobVolume:
        """Parse one item of `volumes` as the Hub sent it. Raises BadResponse."""
        payload = Payload(values, path)
        return cls(
            type=payload.get("type", str),
            source=payload.get("source", str),
            mount_path=payload.get("mountPath", str),
            revision=payload.get("revision", str),
            read_only=payload.get("readOnly", bool),
            path=payload.get("path", str),
        )


@dataclass(frozen=True, slots=True)
class JobNetwork(Part):
    """The network group a job joined, and the aliases it claims there."""

    group: str | None
    aliases: list[str]

    @classmethod
    def from_api(cls, values: object, path: str = "network") -> JobNetwork:
        """Parse `network` as the Hub sent it. Raises BadResponse."""
        payload = Payload(values, path)
        return cls(group=payload.get("group", str), aliases=payload.list_of("aliases", str) or [])


@dataclass(frozen=True, slots=True)
class JobInfo(Part):
    """A job. Times are aware and in UTC, `timeout` is in seconds, `retry` is the number of attempts less one.

    `docker_image` and `space_id` exclude each other. `secrets` are names only. `expose` and `expose_public` are ports.
    `endpoint` and `url` are not sent by the Hub but computed here.
    """

    id: str
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    docker_image: str | None
    space_id: str | None
    command: list[str] | None
    arguments: list[str] | None
    environment: dict[str, str] | None
    secrets: list[str] | None
    flavor: str | None
    arch: str | None
    timeout: int | float | None
    retry: int | float | None
    labels: dict[str, str] | None
    volumes: list[JobVolume] | None
    status: JobStatus
    durations: JobDurations | None
    owner: JobOwner
    created_by: JobCreator | None
    initiator: JobInitiator | None
    network: JobNetwork | None
    expose: list[int] | None
    expose_public: list[int] | None
    resource_group_id: str | None
    endpoint: str
    url: str

    @classmethod
    def from_api(cls, values: object, endpoint: str = DEFAULT_ENDPOINT, path: str = "job") -> JobInfo:
        """Parse one job as the Hub at `endpoint` sent it.

        Raises BadResponse naming what is wrong below `path`: `id`, `status.stage` and `owner.name` must be there,
        everything else may be absent, and what is there must have the documented type. Unknown keys are ignored.
        """
        job = Payload(values, path)
        identifier = job.require("id", str)
        owner = job.require_inner("owner", JobOwner.from_api)
        return cls(
            id=identifier,
            created_at=job.time("createdAt"),
            started_at=job.time("startedAt"),
            finished_at=job.time("finishedAt"),
            docker_image=job.get("dockerImage", str),
            space_id=job.get("spaceId", str),
            command=job.list_of("command", str),
            arguments=job.list_of("arguments", str),
            environment=job.texts("environment"),
            secrets=_secret_names(job),
            flavor=job.get("flavor", str),
            arch=job.get("arch", str),
            timeout=job.number("timeout"),
            retry=job.number("retry"),
            labels=job.texts("labels"),
            volumes=job.inner_list("volumes", JobVolume.from_api),
            status=job.require_inner("status", JobStatus.from_api),
            durations=job.inner("durations", JobDurations.from_api),
            owner=owner,
            created_by=job.inner("createdBy", JobCreator.from_api),
            initiator=job.inner("initiator", JobInitiator.from_api),
            network=job.inner("network", JobNetwork.from_api),
            expose=job.inner("expose", partial(_ports, key="ports")),
            expose_public=job.inner("expose", partial(_ports, key="portsPublic")),
            resource_group_id=job.get("resourceGroupId", str),
            endpoint=endpoint,
            url=f"{endpoint}/jobs/{owner.name}/{identifier}",
        )

    @property
    def name(self) -> str | None:
        """The job's name, which the Hub keeps as the label `name`."""
        return (self.labels or {}).get("name")

    def running_secs(self, now: datetime) -> float | None:
        """Return the seconds the job has run, at `now` if it still does; None if it never started."""
        if self.durations is not None and self.durations.running_secs is not None:
            return self.durations.running_secs
        if self.started_at is None or (self.finished_at is None and self.status.stage in FINISHED_STAGES):
            return None
        return ((self.finished_at or now) - self.started_at).total_seconds()


def _secret_names(job: Payload) -> list[str] | None:
    """Read `secrets`, a list of names; older answers hold an object whose values are of no use."""
    value = job.values.get("secrets")
    return list(value) if isinstance(value, dict) else job.list_of("secrets", str)


def _ports(values: object, path: str, key: str) -> list[int] | None:
    """Read one of the lists in `expose`."""
    return Payload(values, path).list_of(key, int)
