"""The fields that jobs and schedules have in common: what is run, and how.

Facts about the payload: the Hub's OpenAPI document, `jobSpec` of `GET /api/scheduled-jobs/{namespace}`.
"""

import shlex
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

from hfjobs_cli.models.decode import converter
from hfjobs_cli.models.fields import FieldType, JsonSource, Meta, Record, record
from hfjobs_cli.models.packed_files import typed_words
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from hfjobs_cli.models.fields import record as _declares_fields
else:

    def _declares_fields(cls: type[Record]) -> type[Record]:
        """Return the class unchanged: its subclasses are the dataclasses, and have its fields in their own order."""
        return cls


@record
class JobVolume(Record):
    """A bucket or repository mounted into a job."""

    type: Annotated[str | None, Meta("bucket, model, dataset, space", "bucket")]
    source: Annotated[str | None, Meta("bucket or repository", "alice/data")]
    mount_path: Annotated[str | None, Meta("where it is mounted", "/data")]
    revision: Annotated[str | None, Meta("of a repository", "main")] = None
    read_only: Annotated[bool | None, Meta("whether it is read-only", "true")] = None
    path: Annotated[str | None, Meta("directory in the source", "train")] = None

    @property
    def described(self) -> str:
        """What is mounted, in words: `dataset alice/judgements@main/train, read only`."""
        return (
            f"{self.type or ''} {self.source or ''}"
            + (f"@{self.revision}" if self.revision else "")
            + (f"/{self.path}" if self.path else "")
            + (", read only" if self.read_only else "")
        )


@record
class JobNetwork(Record):
    """The network group a job joined, and the aliases it claims there."""

    group: Annotated[str | None, Meta("name of the network", "training")]
    aliases: Annotated[list[str], Meta("host names of the job", "[worker]")]


def _quoted(words: list[str]) -> str | None:
    """Quote words for a shell: `echo 'a b'`."""
    return shlex.join(words) if words else None


def _labels(labels: dict[str, str]) -> str | None:
    """Format labels as `--label` takes them, without the name, which has a column: `env=prod,team=ml`."""
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()) if key != "name") or None


def _mounts(volumes: list[JobVolume]) -> str | None:
    return ",".join(f"{volume.source or ''}:{volume.mount_path or ''}" for volume in volumes) or None


_read_names = converter(FieldType(list, item=FieldType(str)))


def read_name(values: dict[str, Any], _path: str, _source: JsonSource) -> str | None:
    """Return the name, which the Hub stores as the label `name`."""
    labels = values.get("labels")
    name = labels.get("name") if type(labels) is dict else None
    return name if type(name) is str else None


def _read_secrets(values: dict[str, Any], path: str, source: JsonSource) -> list[str] | None:
    """Read the names of secrets. Older responses contain an object, whose keys are the names."""
    value = values.get("secrets")
    if value is None or isinstance(value, dict):
        return None if value is None else list(value)
    names: list[str] = _read_names(value, f"{path}.secrets", source)
    return names


@_declares_fields
class SpecFields(Record):
    """The fields that jobs and the spec of a schedule have in common: what is run, and how.

    Subclasses are records with these fields, which come first by default. With `after={"network": "initiator"}`, the
    fields from `network` on come after their own field `initiator`.
    """

    __slots__ = ()

    is_sent_back = True

    docker_image: Annotated[str | None, Meta("image, null for a Space", "python:3.12", min_width=11)]
    space_id: Annotated[str | None, Meta("Space, null for an image", "alice/app", min_width=11)]
    command: Annotated[
        list[str] | None,
        Meta(
            "command, in tables with arguments",
            "[ls]",
            cell_value=lambda spec: spec.words,
            formatter=_quoted,
            rank=40,
            min_width=10,
            has_commas=True,
            cuts_middle=True,
        ),
    ]
    arguments: Annotated[
        list[str] | None,
        Meta(
            "arguments of the command",
            "[--epochs 3]",
            formatter=_quoted,
            min_width=10,
            has_commas=True,
            cuts_middle=True,
        ),
    ]
    environment: Annotated[
        dict[str, str] | None,
        Meta("variables", "map[WANDB_MODE:offline]", aliases=("env",), entry="env", min_width=11, has_commas=True),
    ]
    secrets: Annotated[list[str] | None, Meta("names of its secrets", "[HF_TOKEN]", read=_read_secrets, min_width=11)]
    flavor: Annotated[str | None, Meta("the hardware", "a10g-small", rank=75)]
    arch: Annotated[str | None, Meta("CPU architecture", "amd64")]
    timeout: Annotated[int | float | None, Meta("timeout in seconds", "3600", formatter=span)]
    retry: Annotated[int | float | None, Meta("number of retries", "2")]
    labels: Annotated[
        dict[str, str] | None,
        Meta(
            "labels by name",
            "map[name:train-judge]",
            aliases=("label",),
            entry="label",
            formatter=_labels,
            rank=71,
            min_width=11,
        ),
    ]
    volumes: Annotated[
        list[JobVolume] | None, Meta("mounted volumes", "{{json .volumes}}", formatter=_mounts, min_width=11)
    ]
    network: Annotated[JobNetwork | None, Meta("network group of the job", "{{json .network}}")]
    expose: Annotated[list[int] | None, Meta("exposed ports", "[8000]", key="expose.ports")]
    expose_public: Annotated[
        list[int] | None, Meta("exposed ports that need no token", "[8080]", key="expose.portsPublic")
    ]
    resource_group_id: Annotated[str | None, Meta("id of that", "66f1a0c2b7d04e2f9c318a55")]

    def __init_subclass__(cls, after: Mapping[str, str] = MappingProxyType({})) -> None:
        """Declare these fields in the subclass, in the order of its keys in JSON."""
        super().__init_subclass__()
        if cls.__annotations__.keys() >= SpecFields.__annotations__.keys():
            return  # `dataclass(slots=True)` creates each class twice
        hints = {**SpecFields.__annotations__, **cls.__annotations__}
        order, place = list(cls.__annotations__), 0
        for name in SpecFields.__annotations__:
            place = order.index(after[name]) + 1 if name in after else place
            order.insert(place, name)
            place += 1
        cls.__annotations__ = {name: hints[name] for name in order}

    @property
    def unexpected_labels(self) -> Mapping[str, Any] | None:
        """The labels whose values are not strings, and which `labels` leaves out; None if the labels are unreadable."""
        found = self.left_out.get("labels", {})
        return {key: value for key, value in found.items() if type(value) is not str} if type(found) is dict else None

    @property
    def image(self) -> str | None:
        """What the job runs in: an image, or a Space as `hf.co/spaces/OWNER/NAME`."""
        return f"hf.co/spaces/{self.space_id}" if self.space_id else self.docker_image

    @property
    def words(self) -> list[str]:
        """The command and its arguments as given, without the code that unpacks local files."""
        return typed_words([*(self.command or ()), *(self.arguments or ())], self.environment, self.volumes)
