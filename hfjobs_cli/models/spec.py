"""The fields that jobs and schedules have in common: what is run, and how; and local files packed into a command.

Facts about the payload: the Hub's OpenAPI document, `jobSpec` of `GET /api/scheduled-jobs/{namespace}`.

Each way to pack local files has a variable of the job that holds the files, and a shell command that unpacks them:

- hfjobs: a program for `sh` in PACKED, which unpacks a tar archive and then runs the command after it.
- hf 1.5 to 1.8: `NAME BASE64` for each file in LOCAL_FILES, and a command for `bash`.
- hf 1.3: one script in BASE64 in SCRIPT, and a command for `bash`.

hf 2.x mounts a bucket with the files instead, so that the job contains only their names. Jobs may contain anything;
without the expected form they have no packed files.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from hfjobs_cli.models.decode import JsonSource, converter
from hfjobs_cli.models.record import FieldType, Meta, Record, record
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from hfjobs_cli.models.record import record as _declares_fields
else:

    def _declares_fields(cls: type[Record]) -> type[Record]:
        """Return the class unchanged: its subclasses are the dataclasses, and have its fields in their own order."""
        return cls


PACKED = "PACKED_FILES"
"""The variable in which hfjobs packs files."""

LOCAL_FILES, SCRIPT = "LOCAL_FILES_ENCODED", "UV_SCRIPT_ENCODED"
"""The variables in which older versions of hf pack them."""

PACKED_VARIABLES = (PACKED, LOCAL_FILES, SCRIPT)
"""The variables that may contain packed files."""

SCRIPT_PATH = "/tmp/script.py"  # noqa: S108 - in a job
"""The path of the script of SCRIPT in the job."""

SCRIPT_NAME = "script.py"
"""A name for that script, as the job does not contain its name."""

ARTIFACTS = "jobs-artifacts"
"""The bucket of a namespace for files of jobs."""

MOUNT_PATH = "/data"
"""Where a bucket with local files is mounted."""

_MARK = r"\ncase \$w in (@+)\) w=;; "
"""Finds the placeholder for the directory of the files in a program of hfjobs."""

_UNPACKED_BY = (
    (LOCAL_FILES, """echo $LOCAL_FILES_ENCODED | xargs -n 2 bash -c 'echo "$1" | base64 -d > "$0"' && """),
    (SCRIPT, f'echo "$UV_SCRIPT_ENCODED" | base64 -d > {SCRIPT_PATH} && '),
)
"""Beginnings of bash commands that unpack the files of a variable; the command as given follows."""

_END = 400
"""How many characters at the end of a program are searched for the placeholder; the files come before it."""

_LONGEST = 20_000
"""The longest bash command that is parsed into words."""


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
        """Add these fields to the annotations of the subclass, in the order of its keys in JSON."""
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


class _Mount(Protocol):
    """A volume of a job."""

    @property
    def source(self) -> str | None:
        """The bucket or repository."""

    @property
    def mount_path(self) -> str | None:
        """Where it is mounted."""


def typed_words(
    words: Sequence[str], variables: Mapping[str, str] | None, volumes: Iterable[_Mount] | None = None
) -> list[str]:
    """Return a command without the code that unpacks its files: `uv run train.py --lr 3`. Others are unchanged."""
    if len(words) > 2 and words[1] == "-c" and variables:
        found = _of_shell(words, variables)
        if found:
            return found
    found = list(words)
    if words[:2] == ["uv", "run"] and has_artifacts(volumes):
        start = f"{MOUNT_PATH}/"
        script = next((place for place, word in enumerate(words) if word.startswith(start)), None)
        if script is not None:  # later paths may be for results
            found[script] = words[script].removeprefix(start)
    return found


def has_artifacts(volumes: Iterable[_Mount] | None) -> bool:
    """Return whether a bucket with local files is mounted, as by hf 2.x and --bucket."""
    return any(
        each.mount_path == MOUNT_PATH and (each.source or "").endswith(f"/{ARTIFACTS}") for each in volumes or ()
    )


def marked(variables: Mapping[str, str]) -> str | None:
    """Return the placeholder for the directory of packed files in a command; None if there is none."""
    found = re.search(_MARK, (variables.get(PACKED) or "")[-_END:])
    return found[1] if found else None


def packed_variable(variables: Mapping[str, str]) -> str | None:
    """Return the name of the variable with packed files; None without one."""
    return next((name for name in PACKED_VARIABLES if name in variables), None)


def _of_shell(words: Sequence[str], variables: Mapping[str, str]) -> list[str] | None:
    """Return the command that a shell runs after unpacking files; None if it does something else."""
    if words[0] == "sh" and words[2] == f'eval "${PACKED}"' and len(words) > 3:
        mark = marked(variables)
        if mark is None:
            return None
        return [_named(word, mark) for word in words[3:]]
    line = line_of_bash(words, variables)
    if line is None:
        return None
    try:
        return [SCRIPT_NAME if word == SCRIPT_PATH else word for word in shlex.split(line)]
    except ValueError:  # an unclosed quote
        return None


def line_of_bash(words: Sequence[str], variables: Mapping[str, str]) -> str | None:
    """Return the line that bash runs after unpacking files, by older versions of hf; None for other commands."""
    if len(words) != 3 or words[0] != "bash" or len(words[2]) > _LONGEST:
        return None
    found = (start for variable, start in _UNPACKED_BY if variable in variables and words[2].startswith(start))
    start = next(found, None)
    return None if start is None else words[2].removeprefix(start)


def _named(word: str, mark: str) -> str:
    """Return a word with the path of a packed file in the job replaced by its name."""
    return "" if word == mark else word[len(mark) + 1 :] if word.startswith(f"{mark}/") else word
