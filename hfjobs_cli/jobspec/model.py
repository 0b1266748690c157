"""The description of a new job, and the body of the request for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hfjobs_cli.query.times import parse_duration

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

PACKED = "PACKED_FILES"
"""The variable in which local files travel."""

ARTIFACTS = "jobs-artifacts"
"""The bucket of a namespace for what jobs are given and leave."""

MAX_VARIABLE_BYTES = 128 * 1024
"""What one variable or word holds on Linux, its name and its end counted (MAX_ARG_STRLEN)."""

LOCAL = "local"
"""The type of a volume that is a directory on this machine, which must be uploaded before the Hub can mount it."""


class LocalFile(NamedTuple):
    """A file of this machine, or one that was read already: what it is called in a job, and what it holds."""

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
    """What is to be run. One of `docker_image` and `space_id` is given, and None or empty is what is left to the Hub.

    A secret of None is one whose value is not known here. Ports in `expose_public` need not be in `expose`.
    """

    docker_image: str | None = None
    space_id: str | None = None
    command: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    flavor: str = DEFAULT_FLAVOR
    arch: str | None = None
    timeout_secs: int | None = None
    attempts: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[Volume, ...] = ()
    expose: tuple[int, ...] = ()
    expose_public: tuple[int, ...] = ()
    ssh: bool = False
    network_group: str | None = None
    network_aliases: tuple[str, ...] = ()
    resource_group_id: str | None = None

    @property
    def image(self) -> str:
        """What it runs in, as it is typed."""
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
        """Return the body of the request. What nothing is said of is not in it, but for what is always sent."""
        body: dict[str, Any] = {"command": list(self.command)} if self.command else {}
        body |= {"arguments": list(self.arguments), "environment": dict(self.environment), "flavor": self.flavor}
        optional = {
            "secrets": dict(self.secrets) or None,
            "arch": self.arch,
            "timeoutSeconds": self.timeout_secs,
            "attempts": self.attempts,
            "labels": dict(self.labels) or None,
            "volumes": [volume.body() for volume in self.volumes] or None,
            "expose": self._expose(),
            "ssh": {"enabled": True} if self.ssh else None,
            "network": self._network(),
            "resourceGroupId": self.resource_group_id,
            "spaceId": self.space_id,
            "dockerImage": self.docker_image,
        }
        return body | {key: value for key, value in optional.items() if value is not None}

    def shown(self, token: str | None = None) -> dict[str, Any]:
        """Return the body with null in place of the values of secrets, and of variables that are the token."""
        body = self.body()
        if token:
            body["environment"] = {key: None if value == token else value for key, value in self.environment.items()}
        return body | {"secrets": dict.fromkeys(self.secrets)} if self.secrets else body

    def _expose(self) -> dict[str, list[int]] | None:
        if not self.ports:
            return None
        return {"ports": list(self.ports), "portsPublic": list(dict.fromkeys(self.expose_public))}

    def _network(self) -> dict[str, Any] | None:
        if self.network_group is None:
            return None
        aliases = {"aliases": list(self.network_aliases)} if self.network_aliases else {}
        return {"group": self.network_group, **aliases}


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """What is to be run by a schedule, and when. `concurrency` says that its jobs may overlap."""

    job: NewJob
    when: str
    suspend: bool = False
    concurrency: bool = False


@dataclass(frozen=True)
class Launch:
    """A new job, where it belongs, and what of it a script has said itself.

    `from_script` are keys of the script's table, each with one value. `uploads` are local files by their name in the
    job, which must be in a bucket before it can run. With `is_strangers` the script was read from an address or a pipe.
    """

    job: NewJob
    namespace: str | None
    from_script: tuple[tuple[str, str], ...] = ()
    uploads: Mapping[str, LocalFile] = field(default_factory=dict)
    is_strangers: bool = False


def split_image(text: str) -> tuple[str | None, str | None]:
    """Return the image and the Space that `text` names, one of which is None."""
    for prefix in SPACE_PREFIXES:
        if text.startswith(prefix):
            return None, text[len(prefix) :]
    return text, None


MAX_SECS = 2**53 - 1
"""The largest number that the Hub takes."""


def parse_timeout(text: str) -> int:
    """Return the seconds of `300`, `90s`, `1.5h`, `1h30m` or `1w`, a fraction of one left out. Raises UsageError."""
    return int(parse_duration(text, "timeout", at_least=1, at_most=MAX_SECS))
