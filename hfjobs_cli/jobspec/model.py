"""The description of a new job, and the body of the request for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from hfjobs_cli.jobspec.fields import Property, put, rows
from hfjobs_cli.text.values import parse_duration

if TYPE_CHECKING:
    from hfjobs_cli.models.spec import JobVolume

DEFAULT_FLAVOR = "cpu-basic"

DEFAULT_ATTEMPTS = 1
"""How often a job is tried of which nothing is said, by the Hub's schema."""

DEFAULT_TIMEOUT_SECS = 1800
"""How long a job may run of which nothing is said, by the Hub's documentation."""

SPACE_PREFIXES = (
    "https://huggingface.co/spaces/",
    "https://hf.co/spaces/",
    "huggingface.co/spaces/",
    "hf.co/spaces/",
)
"""How an image begins that is a Space."""

MAX_VARIABLE_BYTES = 128 * 1024
"""What one variable or word holds on Linux, its name and its end counted (MAX_ARG_STRLEN)."""

LOCAL = "local"
"""The type of a volume that is a directory on this machine, which must be uploaded before the Hub can mount it."""


_FIRST = ("command", "arguments", "environment", "flavor")
_LAST = ("spaceId", "dockerImage")
"""With what a body begins and ends."""


class LocalFile(NamedTuple):
    """A local file for a job: its name there, and its content."""

    name: str
    content: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A bucket or repository to mount; `read_only` of None is what the Hub does by itself."""

    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None

    @classmethod
    def told(cls, made: JobVolume) -> Volume:
        """Return one that a job or schedule has."""
        return cls(
            made.type or "model",
            made.source or "",
            made.mount_path or "",
            made.revision,
            made.read_only,
            made.path,
        )

    def body(self) -> dict[str, Any]:
        """Return it as the Hub takes it."""
        values = {
            "type": self.type,
            "source": self.source,
            "mountPath": self.mount_path,
            "revision": self.revision,
            "readOnly": self.read_only,
            "path": self.path,
        }
        return {key: value for key, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class NewJob:
    """The spec of a new job. One of `docker_image` and `space_id` is set; None or empty is the Hub's default.

    Each is a row of the table of properties, from which the other forms of a job are made.

    A secret of None is one whose value is not known here. Ports in `expose_public` need not be in `expose`.
    """

    docker_image: Annotated[
        str | None, Property("dockerImage", told=lambda made: made.docker_image if made.space_id is None else None)
    ] = None
    space_id: Annotated[str | None, Property("spaceId")] = None
    command: Annotated[tuple[str, ...], Property("command")] = ()
    arguments: Annotated[tuple[str, ...], Property("arguments", sent=lambda job: list(job.arguments))] = ()
    environment: Annotated[Mapping[str, str], Property("environment", sent=lambda job: dict(job.environment))] = field(
        default_factory=dict
    )
    secrets: Annotated[
        Mapping[str, str | None], Property("secrets", told=lambda made: dict.fromkeys(made.secrets or ()))
    ] = field(default_factory=dict, repr=False)
    flavor: Annotated[str, Property("flavor", "--flavor", told=lambda made: made.flavor or None)] = DEFAULT_FLAVOR
    arch: Annotated[str | None, Property("arch", "--arch")] = None
    timeout_secs: Annotated[
        int | None,
        Property(
            "timeoutSeconds",
            "--timeout",
            parse=parse_timeout,
            told=lambda made: None if made.timeout is None else int(made.timeout),
        ),
    ] = None
    attempts: Annotated[
        int | None,
        Property("attempts", "--attempts", told=lambda made: None if made.retry is None else int(made.retry) + 1),
    ] = None
    labels: Annotated[Mapping[str, str], Property("labels")] = field(default_factory=dict)
    volumes: Annotated[
        tuple[Volume, ...],
        Property(
            "volumes",
            sent=lambda job: [volume.body() for volume in job.volumes] or None,
            told=lambda made: tuple(map(Volume.told, made.volumes or ())),
        ),
    ] = ()
    expose: Annotated[
        tuple[int, ...], Property("expose.ports", "--expose", sent=lambda job: list(job.ports) or None)
    ] = ()
    expose_public: Annotated[
        tuple[int, ...],
        Property(
            "expose.portsPublic",
            "--expose-public",
            sent=lambda job: list(dict.fromkeys(job.expose_public)) if job.ports else None,
        ),
    ] = ()
    ssh: Annotated[bool, Property("ssh.enabled", "--ssh", told=lambda _made: None)] = False
    network_group: Annotated[
        str | None,
        Property("network.group", "--network-group", told=lambda made: made.network and made.network.group),
    ] = None
    network_aliases: Annotated[
        tuple[str, ...],
        Property(
            "network.aliases",
            "--network-alias",
            sent=lambda job: list(job.network_aliases) or None if job.network_group is not None else None,
            told=lambda made: made.network and tuple(made.network.aliases),
        ),
    ] = ()
    resource_group_id: Annotated[
        str | None, Property("resourceGroupId", "--resource-group-id", title="resource group")
    ] = None

    @property
    def image(self) -> str:
        """The image or Space, as an argument."""
        return f"hf.co/spaces/{self.space_id}" if self.space_id is not None else self.docker_image or ""

    @property
    def ports(self) -> tuple[int, ...]:
        """All ports, each once, those that need no token too."""
        return tuple(dict.fromkeys((*self.expose, *self.expose_public)))

    @property
    def name(self) -> str | None:
        """Its name, which the Hub keeps as a label."""
        return self.labels.get("name")

    @property
    def longest_secs(self) -> int:
        """How long one attempt may run."""
        return DEFAULT_TIMEOUT_SECS if self.timeout_secs is None else self.timeout_secs

    def body(self) -> dict[str, Any]:
        """Return the request body. Unset properties are omitted, except for required ones."""
        found: dict[str, Any] = {}
        for row in rows(NewJob):
            if (value := row.sent_of(self)) is not None:
                put(found, row.about.key, value)
        order = (*_FIRST, *(key for key in found if key not in _LAST), *_LAST)
        return {key: found[key] for key in order if key in found}

    def shown(self, token: str | None = None) -> dict[str, Any]:
        """Return the body with null in place of the values of secrets, and of variables that are the token."""
        body = self.body()
        if token:
            body["environment"] = {key: None if value == token else value for key, value in self.environment.items()}
        return body | {"secrets": dict.fromkeys(self.secrets)} if self.secrets else body


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """The spec of a new schedule. `concurrency` allows overlapping jobs."""

    job: NewJob
    when: str
    suspend: bool = False
    concurrency: bool = False


@dataclass(frozen=True)
class Launch:
    """A new job, its namespace, and the values that its script has set.

    `from_script` are keys of the script's table, each with one value. `uploads` are local files by their name in the
    job, which must be in a bucket before it can run. With `is_untrusted` the script was read from an address or a pipe.
    """

    job: NewJob
    namespace: str | None
    from_script: tuple[tuple[str, str], ...] = ()
    uploads: Mapping[str, LocalFile] = field(default_factory=dict)
    is_untrusted: bool = False


def split_image(text: str) -> tuple[str | None, str | None]:
    """Split `text` into image and Space; one of them is None."""
    for prefix in SPACE_PREFIXES:
        if text.startswith(prefix):
            return None, text[len(prefix) :]
    return text, None


MAX_SECS = 2**53 - 1
"""The largest number that the Hub takes."""


def parse_timeout(text: str) -> int:
    """Return the seconds of `300`, `90s`, `1.5h`, `1h30m` or `1w`, a fraction of one left out. Raises UsageError."""
    return int(parse_duration(text, "timeout", at_least=1, at_most=MAX_SECS))
