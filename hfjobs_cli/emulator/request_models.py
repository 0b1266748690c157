"""Request bodies, validated as the Hub's OpenAPI document says; unknown keys are dropped."""

from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from hfjobs_cli.emulator.account import FLAVORS, UNLISTED
from hfjobs_cli.emulator.api_types import LABEL_KEY, LABEL_VALUE, ApiError, Document
from hfjobs_cli.emulator.buckets import MAX_MTIME_MS

DEFAULT_TIMEOUT_SECS = 1800
"""The timeout of jobs without `timeoutSeconds`, by the Hub's documentation."""

_MAX_INTEGER = 2**53 - 1
_CRON_FIELD = r"((\d+,)+\d+|((\*|\d+)(/|-)\d+)|\d+|\*)"


def _known_flavor(name: str) -> str:
    if name not in FLAVORS and name not in UNLISTED:
        raise ValueError(f"expected one of {'|'.join([*FLAVORS, *UNLISTED])}")
    return name


# Arguments and variables of processes cannot contain NUL.
Word = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]
NonEmpty = Annotated[Word, StringConstraints(min_length=1)]
VariableName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][_a-zA-Z0-9]+$")]
SecretName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z][_a-zA-Z0-9]*$")]
LabelKey = Annotated[str, StringConstraints(pattern=f"^{LABEL_KEY}$", max_length=100)]
LabelValue = Annotated[str, StringConstraints(pattern=f"^{LABEL_VALUE}$", max_length=100)]
Domain = Annotated[str, StringConstraints(pattern="^(repo|discussion)$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Cron = Annotated[
    str,
    StringConstraints(pattern=rf"^(@(annually|yearly|monthly|weekly|daily|hourly)|({_CRON_FIELD} ?){{5,7}})$"),
]


class Body(BaseModel):
    """A JSON object of a request."""

    model_config = ConfigDict(strict=True, extra="ignore", alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _has_no_nulls(cls, values: object) -> object:
        """Refuse null for optional keys, as the Hub does, except for `timeoutSeconds`."""
        for key, value in values.items() if isinstance(values, dict) else ():
            if value is None and key in cls._keys() and key != "timeoutSeconds":
                raise ValueError(f"{key} must not be null")
        return values

    @classmethod
    def _keys(cls) -> set[str | None]:
        return {field.alias for field in cls.model_fields.values()}

    def on_the_wire(self) -> Document:
        """Return the given values in the format of the Hub."""
        return self.model_dump(by_alias=True, exclude_none=True)


class Volume(Body):
    """A bucket or repository to mount."""

    type: Annotated[str, StringConstraints(pattern="^(bucket|model|dataset|space)$")]
    source: str
    mount_path: Annotated[str, StringConstraints(pattern="^/")]
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None


class Expose(Body):
    """Ports to reach a job by."""

    ports: Annotated[list[Port], Field(max_length=20)]
    ports_public: Annotated[list[Port], Field(max_length=20)] | None = None

    @model_validator(mode="after")
    def _public_ones_are_ports(self) -> "Expose":
        if not set(self.ports_public or ()) <= set(self.ports):
            raise ValueError("portsPublic must be a subset of ports")
        return self


class Ssh(Body):
    """Whether to allow SSH, which the emulator does not have."""

    enabled: bool = False

    @model_validator(mode="after")
    def _is_not_asked(self) -> "Ssh":
        if self.enabled:
            raise ValueError("the emulator has no SSH")
        return self


class Network(Body):
    """A network group to join."""

    group: Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$", max_length=46)]
    aliases: list[Annotated[str, StringConstraints(pattern="^[a-z0-9-]+$", max_length=34)]] | None = None


class CreateJob(Body):
    """The body of `POST /api/jobs/{namespace}`."""

    docker_image: str | None = None
    space_id: str | None = None
    command: Annotated[list[NonEmpty], Field(min_length=1)] | None = None
    arguments: list[Word] | None = None
    environment: dict[VariableName, Word] = {}
    secrets: dict[SecretName, Word] | None = None
    flavor: Annotated[str, AfterValidator(_known_flavor)]
    arch: Annotated[str, StringConstraints(pattern="^(amd64|arm64)$")] | None = None
    timeout_seconds: Annotated[int, Field(gt=0, le=_MAX_INTEGER)] | None = None
    attempts: Annotated[int, Field(ge=1, le=_MAX_INTEGER)] = 1
    labels: dict[LabelKey, LabelValue] | None = None
    volumes: Annotated[list[Volume], Field(min_length=1)] | None = None
    expose: Expose | None = None
    ssh: Ssh | None = None
    resource_group_id: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{24}$")] | None = None
    network: Network | None = None

    @model_validator(mode="after")
    def _names_one_image(self) -> "CreateJob":
        if (self.docker_image is None) == (self.space_id is None):
            raise ValueError("one of dockerImage and spaceId is needed, and not both")
        return self

    def specification(self) -> Document:
        """Return the keys of the request that a job has too; of secrets only the names."""
        specification = self.on_the_wire()
        specification.pop("ssh", None)
        specification["timeout"] = specification.pop("timeoutSeconds", DEFAULT_TIMEOUT_SECS)
        specification["retry"] = specification.pop("attempts") - 1
        if self.secrets is not None:
            specification["secrets"] = list(self.secrets)
        return specification


class CreateSchedule(Body):
    """`POST /api/scheduled-jobs/{namespace}`."""

    job_spec: CreateJob
    schedule: Cron
    suspend: bool = False
    concurrency: bool = False


class Reschedule(Body):
    """`POST /api/scheduled-jobs/{namespace}/{id}/schedule`."""

    schedule: Cron


class Labels(Body):
    """`PUT …/labels`."""

    labels: dict[LabelKey, LabelValue]


class Watched(Body):
    """What a webhook watches: a repository, or all repositories of an account."""

    type: Annotated[str, StringConstraints(pattern="^(bucket|dataset|model|org|space|user)$")]
    name: NonEmpty


class Webhook(Body):
    """A change of a webhook, `POST /api/settings/webhooks/{id}`; keys that are not given stay.

    huggingface_hub sends an empty `watched` if none is given.
    """

    watched: list[Watched]
    url: Annotated[str, StringConstraints(pattern="^https?://.")] | None = None
    job: CreateJob | None = None
    job_source_id: str | None = None
    domains: Annotated[list[Domain], Field(min_length=1)] | None = None
    secret: Word | None = None
    secrets: dict[SecretName, Word] | None = None

    @model_validator(mode="after")
    def _has_one_target(self) -> "Webhook":
        targets = [each for each in (self.url, self.job, self.job_source_id) if each is not None]
        if len(targets) > 1:
            raise ValueError("only one of url, job and jobSourceId can be given")
        if self.secrets is not None and (not targets or self.url is not None):
            raise ValueError("secrets need a job")
        return self

    def settings(self) -> Document:
        """Return the keys that a webhook stores, except its job and the job's secrets."""
        kept = self.on_the_wire()
        for key in ("job", "secrets", *(() if self.watched else ("watched",))):
            kept.pop(key, None)
        return kept

    def job_secrets(self) -> dict[str, str]:
        """Return the given secrets of the job, with their values."""
        return {**((self.job and self.job.secrets) or {}), **(self.secrets or {})}


class CreateWebhook(Webhook):
    """`POST /api/settings/webhooks`."""

    watched: Annotated[list[Watched], Field(min_length=1)]
    domains: Annotated[list[Domain], Field(min_length=1)]

    @model_validator(mode="after")
    def _has_a_target(self) -> "CreateWebhook":
        if self.url is None and self.job is None and self.job_source_id is None:
            raise ValueError("one of url, job and jobSourceId is needed")
        return self


class ChangeFile(Body):
    """A line of `POST /api/buckets/{namespace}/{name}/batch`: a file to add to a bucket, or to delete from it."""

    type: Annotated[str, StringConstraints(pattern="^(addFile|copyFile|deleteFile)$")]
    path: str
    xet_hash: str = ""
    mtime: Annotated[int, Field(ge=0, le=MAX_MTIME_MS)] = 0


B = TypeVar("B", bound=Body)


def parse_body(kind: type[B], body: bytes) -> B:
    """Parse a request body as `kind`. Raises ApiError with the path of the invalid value."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"] if part != "[key]") or "body"
        raise ApiError(400, f"{place}: {first['msg'].removeprefix('Value error, ')}") from None
