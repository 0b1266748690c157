"""The spec of a new job: the table of its properties, the body of the request, and the raw options that describe it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.property_declaration import MAX_INTEGER, Option, Property, rows_of, with_options
from hfjobs_cli.text.values import parse_duration

if TYPE_CHECKING:
    from hfjobs_cli.models.spec import JobVolume

DEFAULT_FLAVOR = "cpu-basic"

DEFAULT_ATTEMPTS = 1
"""The number of attempts that the Hub's schema gives a job without any."""

DEFAULT_TIMEOUT_SECS = 1800
"""The timeout that the Hub's documentation gives a job without any."""

SPACE_PREFIXES = (
    "https://huggingface.co/spaces/",
    "https://hf.co/spaces/",
    "huggingface.co/spaces/",
    "hf.co/spaces/",
)
"""Prefixes of an image that is a Space."""

MAX_VARIABLE_BYTES = 128 * 1024
"""The size limit of one variable or argument on Linux, with its name and terminator (MAX_ARG_STRLEN)."""

LOCAL = "local"
"""The type of a volume that is a local directory, which must be uploaded before the Hub can mount it."""

_FIRST = ("command", "arguments", "environment", "flavor")
_LAST = ("spaceId", "dockerImage")
"""The first and last keys of a body."""


class LocalFile(NamedTuple):
    """A local file for a job: its name there, and its content."""

    name: str
    content: bytes
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Volume:
    """A bucket or repository to mount; `read_only` of None is the Hub's default."""

    type: str
    source: str
    mount_path: str
    revision: str | None = None
    read_only: bool | None = None
    path: str | None = None

    @classmethod
    def from_record(cls, volume: "JobVolume") -> "Volume":
        """Return a volume of an existing job or schedule."""
        return cls(
            volume.type or "model",
            volume.source or "",
            volume.mount_path or "",
            volume.revision,
            volume.read_only,
            volume.path,
        )

    def body(self) -> dict[str, Any]:
        """Return the JSON value for a request."""
        values = {
            "type": self.type,
            "source": self.source,
            "mountPath": self.mount_path,
            "revision": self.revision,
            "readOnly": self.read_only,
            "path": self.path,
        }
        return {key: value for key, value in values.items() if value is not None}


def parse_timeout(text: str) -> int:
    """Return the whole seconds of `300`, `90s`, `1.5h`, `1h30m` or `1w`, rounded down. Raises UsageError."""
    return int(parse_duration(text, "timeout", at_least=1, at_most=MAX_INTEGER))


@value
class NewJob:
    """The spec of a new job. One of `docker_image` and `space_id` is set; None or empty is the Hub's default.

    Each attribute is a row of the table of properties, from which the other forms of a job are made. Help lists options
    in the order of the rows.

    A secret of None is one whose value is not known here. Ports in `expose_public` need not be in `expose`.
    """

    docker_image: Annotated[
        str | None, Property("dockerImage", decode=lambda made: made.docker_image if made.space_id is None else None)
    ] = None
    space_id: Annotated[str | None, Property("spaceId")] = None
    command: Annotated[tuple[str, ...], Property("command")] = ()
    arguments: Annotated[tuple[str, ...], Property("arguments", encode=lambda job: list(job.arguments))] = ()
    environment: Annotated[Mapping[str, str], Property("environment", encode=lambda job: dict(job.environment))] = (
        field(default_factory=dict)
    )
    secrets: Annotated[
        Mapping[str, str | None], Property("secrets", decode=lambda made: dict.fromkeys(made.secrets or ()))
    ] = field(default_factory=dict)
    flavor: Annotated[
        str,
        Property(
            "flavor",
            Option(
                "--flavor",
                "Hardware and limits",
                "NAME",
                "Hardware flavor, cpu-basic by default; 'hfjobs hardware' lists them.",
            ),
            decode=lambda made: made.flavor or None,
        ),
    ] = DEFAULT_FLAVOR
    arch: Annotated[
        str | None,
        Property(
            "arch",
            Option("--arch", "Hardware and limits", "ARCH", only_here=True),
            words=("amd64", "arm64"),
            what="CPU architecture",
        ),
    ] = None
    timeout_secs: Annotated[
        int | None,
        Property(
            "timeoutSeconds",
            Option(
                "--timeout",
                "Hardware and limits",
                "TIME",
                "Maximum running time: 90s, 30m, 1.5h, 1h30m, 2d, 1w; 30m by default.",
                parse=parse_timeout,
            ),
            decode=lambda made: None if made.timeout is None else int(made.timeout),
            least=1,
            what="timeout in seconds",
        ),
    ] = None
    attempts: Annotated[
        int | None,
        Property(
            "attempts",
            Option("--attempts", "Hardware and limits", "N", "Run the job up to N times until it succeeds."),
            decode=lambda made: None if made.retry is None else int(made.retry) + 1,
            least=1,
            what="number of attempts",
        ),
    ] = None
    labels: Annotated[Mapping[str, str], Property("labels")] = field(default_factory=dict)
    volumes: Annotated[
        tuple[Volume, ...],
        Property(
            "volumes",
            encode=lambda job: [volume.body() for volume in job.volumes] or None,
            decode=lambda made: tuple(map(Volume.from_record, made.volumes or ())),
        ),
    ] = ()
    expose: Annotated[
        tuple[int, ...],
        Property(
            "expose.ports",
            Option("--expose", "Network", "PORT", "Make a port reachable with a token; may be repeated."),
            encode=lambda job: list(job.ports) or None,
            least=1,
            most=65535,
            what="port",
        ),
    ] = ()
    expose_public: Annotated[
        tuple[int, ...],
        Property(
            "expose.portsPublic",
            Option("--expose-public", "Network", "PORT", "Make a port reachable by anyone; may be repeated."),
            encode=lambda job: list(dict.fromkeys(job.expose_public)) if job.ports else None,
            least=1,
            most=65535,
            what="port",
        ),
    ] = ()
    ssh: Annotated[
        bool,
        Property(
            "ssh.enabled",
            Option("--ssh", "Network", help="Allow SSH access to the job."),
            decode=lambda _made: None,
            in_schedules=False,
        ),
    ] = False
    network_group: Annotated[
        str | None,
        Property(
            "network.group",
            Option(
                "--network-group",
                "Network",
                "NAME",
                "Network group; jobs of a group can reach each other.",
                completes_from="network.group",
            ),
            decode=lambda made: made.network and made.network.group,
            in_schedules=False,
        ),
    ] = None
    network_aliases: Annotated[
        tuple[str, ...],
        Property(
            "network.aliases",
            Option("--network-alias", "Network", "NAME", "Host name in the network group; may be repeated."),
            encode=lambda job: list(job.network_aliases) or None if job.network_group is not None else None,
            decode=lambda made: made.network and tuple(made.network.aliases),
            in_schedules=False,
        ),
    ] = ()
    resource_group_id: Annotated[
        str | None,
        Property(
            "resourceGroupId",
            Option(
                "--resource-group-id",
                "Hardware and limits",
                "ID",
                "The resource group to bill.",
                completes_from="resource_group_id",
            ),
            title="resource group",
        ),
    ] = None

    @property
    def image(self) -> str:
        """The image or Space, as an argument."""
        return f"hf.co/spaces/{self.space_id}" if self.space_id is not None else self.docker_image or ""

    @property
    def ports(self) -> tuple[int, ...]:
        """All ports, each once, including the public ones."""
        return tuple(dict.fromkeys((*self.expose, *self.expose_public)))

    @property
    def name(self) -> str | None:
        """Its name, which the Hub keeps as a label."""
        return self.labels.get("name")

    @property
    def longest_secs(self) -> int:
        """The maximum running time of one attempt, in seconds."""
        return DEFAULT_TIMEOUT_SECS if self.timeout_secs is None else self.timeout_secs

    def body(self) -> dict[str, Any]:
        """Return the request body. Unset properties are omitted, except for required ones."""
        found: dict[str, Any] = {}
        for row in PROPERTIES:
            if (encoded := row.encoded(self)) is not None:
                outer, _, inner = row.about.key.partition(".")
                if inner:
                    found.setdefault(outer, {})[inner] = encoded
                else:
                    found[outer] = encoded
        order = (*_FIRST, *(key for key in found if key not in _LAST), *_LAST)
        return {key: found[key] for key in order if key in found}

    def shown(self, token: str | None = None) -> dict[str, Any]:
        """Return the body with null in place of the values of secrets, and of variables that are the token."""
        body = self.body()
        if token:
            body["environment"] = {key: None if text == token else text for key, text in self.environment.items()}
        return body | {"secrets": dict.fromkeys(self.secrets)} if self.secrets else body


PROPERTIES = rows_of(NewJob)
"""The table of properties of a job."""


@value
class NewSchedule:
    """The spec of a new schedule. `concurrency` allows overlapping jobs."""

    job: NewJob
    when: str
    suspend: bool = False
    concurrency: bool = False


@value
class Launch:
    """A new job, its namespace, and the values that its script has set.

    `from_script` are keys of the script's table, each with one value. `uploads` are local files by their name in the
    job, which must be in a bucket before it can run. With `is_untrusted` the script was read from a URL or a pipe.
    """

    job: NewJob
    namespace: str | None
    from_script: tuple[tuple[str, str], ...] = ()
    uploads: Mapping[str, LocalFile] = field(default_factory=dict)
    is_untrusted: bool = False


@value
@with_options(PROPERTIES)
class RawOptions:
    """Raw values of the options that describe a job. None or False means not given.

    It also has the options in PROPERTIES. Those that code reads by name, or that other options follow in help, are
    declared here too.
    """

    env: list[str] | None = None
    env_file: str | None = None
    secrets: list[str] | None = None
    secrets_file: str | None = None
    name: str | None = None
    no_name: bool = False
    label: list[str] | None = None
    volume: list[str] | None = None
    flavor: str | None = None
    any_flavor: bool = False
    timeout: str | None = None
    max_cost: float | None = None
    attempts: int | None = None
    network_group: str | None = None
    network_alias: list[str] | None = None


@value
class RawUvOptions:
    """Raw values of the options of `uv run`. None or False means not given."""

    image: str | None = None
    with_: list[str] | None = None
    python: str | None = None
    bucket: bool = False
    trust_script: bool = False


def split_image(text: str) -> tuple[str | None, str | None]:
    """Split `text` into image and Space; one of them is None."""
    for prefix in SPACE_PREFIXES:
        if text.startswith(prefix):
            return None, text[len(prefix) :]
    return text, None
