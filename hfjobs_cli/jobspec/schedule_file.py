"""Schedules in a TOML file: a table `[schedules.NAME]` for each, read for `scheduled apply` and written by `export`.

The keys are those of `[tool.hf-jobs]`, of the properties of a job (`jobspec/new_job.py`), and of the schedule itself.
Secrets are names.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_options import compose
from hfjobs_cli.jobspec.new_job import (
    DEFAULT_ATTEMPTS,
    LOCAL,
    PROPERTIES,
    Launch,
    NewJob,
    NewSchedule,
    RawOptions,
    RawUvOptions,
    parse_timeout,
    split_image,
)
from hfjobs_cli.jobspec.packing import pack_texts, unpacked, with_texts
from hfjobs_cli.jobspec.property_declaration import Row
from hfjobs_cli.jobspec.uv import FILE_SUFFIXES, compose_uv, is_url
from hfjobs_cli.jobspec.validate import check
from hfjobs_cli.jobspec.volumes import exact_volume
from hfjobs_cli.models.spec import packed_variable, typed_words
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.query.label_edits import new_labels
from hfjobs_cli.text import tomllib_or_tomli
from hfjobs_cli.text.terminal_text import printable, quoted
from hfjobs_cli.text.values import check_name, span

MAX_MIB = 4

DEFAULT_GROUP = "default"
"""The group of the schedules of a file without one."""

GROUP_LABEL, REPLACES_LABEL, CHANGED_LABEL = "apply-group", "apply-replaces", "apply-changed"
"""The labels of schedules that `apply` created: the group of their file, the id of the schedule that it replaces, and
the `fingerprint` of the requested spec, if the Hub changed it."""

OWN_LABELS = (GROUP_LABEL, REPLACES_LABEL, CHANGED_LABEL)

_HOW = "'hfjobs scheduled export' prints a valid file"

_KEYS = {"docker_image": "image", "space_id": "image", "environment": "env", "timeout_secs": "timeout"}
"""Keys of properties whose name in Python is different."""

IN_SCHEDULES = tuple(row for row in PROPERTIES if row.about.in_schedules)
"""The properties that the Hub gives to jobs of schedules."""

_FIRST_KEYS = {"schedule": (str,), "namespace": (str,), "suspend": (bool,), "concurrency": (bool,)}
_SCRIPT_KEYS = {"script": (str,), "with": (list,), "python": (str,), "files": (dict,)}
_TYPES: dict[str, tuple[type, ...]] = {"command": (list, str), "timeout": (str, int), "secrets": (list,)}
"""The types of values that are written differently from the request."""

_NAMES = {
    str: "a string",
    int: "a whole number",
    bool: "true or false",
    list: "an array of strings",
    dict: "a table of strings",
}
_ESCAPES = {"\\": "\\\\", "\r": "\\r"}
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_WIDE = 100
"""The length of a line from which arrays have one line per value."""


@value
class FileSchedule:
    """A table `[schedules.NAME]` of a file. `group` is that of the file."""

    name: str
    file: str
    group: str
    values: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Its location, for messages."""
        return f"{self.file}: [schedules.{_key(self.name)}]"


@value
class WantedSchedule:
    """A schedule as a file declares it. `suspend` is None if the file does not say."""

    name: str
    place: str
    group: str
    namespace: str | None
    job: NewJob
    when: str
    suspend: bool | None
    concurrency: bool


def keys() -> dict[str, tuple[type, ...]]:
    """Return the allowed types of the values of each key."""
    found: dict[str, tuple[type, ...]] = dict(_FIRST_KEYS)
    for row in IN_SCHEDULES:
        key = _KEYS.get(row.name, row.name)
        found[key] = _TYPES.get(key, (row.base,))
    return {**found, **_SCRIPT_KEYS}


def read_files(files: Sequence[str], local: LocalEnvironment) -> tuple[list[FileSchedule], frozenset[str]]:
    """Return the tables of all files, `-` for stdin, and the groups of the files. Raises UsageError."""
    found: dict[tuple[str, str | None], FileSchedule] = {}
    groups = set()
    for file in files:
        group, tables = _tables(file, local)
        groups.add(group)
        for each in tables:
            known = found.setdefault((each.name, each.values.get("namespace")), each)
            if known is not each:
                where = known.file if known.file == each.file else f"{known.file} and {each.file}"
                raise UsageError(f"schedule '{each.name}' is declared twice: in {where}", hint="rename one of them")
    return list(found.values()), frozenset(groups)


def _tables(file: str, local: LocalEnvironment) -> tuple[str, list[FileSchedule]]:
    """Return the group of a file and its tables. Raises UsageError."""
    return read_text(local.read_stdin("apply") if file == "-" else _read_text(file), file)


def read_text(text: str, file: str) -> tuple[str, list[FileSchedule]]:
    """Return the group and the tables in the text of a file. Raises UsageError."""
    try:
        values = tomllib_or_tomli.loads(text)
    except (tomllib_or_tomli.TOMLDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, tomllib_or_tomli.TOMLDecodeError) else "it is nested too deeply"
        raise UsageError(f"{file} is not valid TOML: {reason}", hint=_HOW) from None
    if not values:
        # What is left of an export that failed, for example. With --prune it would delete all schedules.
        raise UsageError(
            f"{file} declares nothing", hint=f'to declare that there are no schedules: group = "{DEFAULT_GROUP}"'
        )
    _check_keys(values, {"group": (str,), "schedules": (dict,)}, file)
    group = values.get("group", DEFAULT_GROUP)
    with where(f"{file}: group"):
        new_labels([f"{GROUP_LABEL}={group}"])
    tables = [FileSchedule(name, file, group, table) for name, table in values.get("schedules", {}).items()]
    for each in tables:
        if not isinstance(each.values, dict):
            raise UsageError(f"{each.place} is not a table", hint=_HOW)
        _check_keys(each.values, keys(), each.place)
    return group, tables


def _read_text(file: str) -> str:
    if not file:
        raise UsageError("the name of a file is empty", hint="use for example: hfjobs scheduled apply schedules.toml")
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MAX_MIB * 1024 * 1024 + 1)
        if len(content) > MAX_MIB * 1024 * 1024:
            raise UsageError(f"{file} is larger than {MAX_MIB} MiB", hint="split it into several files")
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or ("not UTF-8" if isinstance(error, UnicodeError) else error)
        raise UsageError(f"cannot read {file}: {str(reason).lower()}", hint=_HOW) from None


def _check_keys(table: Mapping[str, Any], known: Mapping[str, tuple[type, ...]], place: str) -> None:
    """Raise UsageError for an unknown key, or a value of a wrong type."""
    for key, given in table.items():
        if key not in known:
            raise UsageError(f"{place}: unknown key '{key}'", hint=one_of(key, known))
        item = next((row.item for row in PROPERTIES if row.name == key and row.item is int), str)
        inner = given.values() if isinstance(given, dict) and key != "schedules" else given
        is_wrong = type(given) not in known[key]
        if not is_wrong and type(given) in (list, dict) and key != "schedules":
            is_wrong = any(type(each) is not item for each in inner)
        if is_wrong:
            names = "a table" if key == "schedules" else " or ".join(_NAMES[each] for each in known[key])
            raise UsageError(f"{place}: {key} is not {names.replace('strings', 'numbers') if item is int else names}")


@contextmanager
def where(place: str) -> Iterator[None]:
    """Add the location in the file to errors of this block."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", error.hint, error.details) from None


def compose_schedule(
    each: FileSchedule,
    namespace: str | None,
    local: LocalEnvironment,
    now: datetime,
    download: Callable[[str], bytes],
) -> WantedSchedule:
    """Return the schedule that a table declares; scripts are read and packed. Raises UsageError."""
    values = each.values
    with where(each.place):
        if "schedule" not in values:
            raise UsageError("missing key 'schedule'", hint="use for example: schedule = '0 9 * * 1'")
        _check_values(values)
        next_run(values["schedule"], now)
        launch = _script(each, namespace, local, download) if "script" in values else _run(each, local)
        check(launch.job)
        if any(volume.type == LOCAL for volume in launch.job.volumes):
            raise UsageError("volumes of a file cannot be local directories", hint="use hf://... volumes")
        if mine := [key for key in OWN_LABELS if key in launch.job.labels]:
            raise UsageError(f"the label '{mine[0]}' is set by 'apply' itself", hint="remove it")
        namespace = namespace or values.get("namespace") or launch.namespace
        if namespace is not None:
            check_name(namespace, "namespace")
    return WantedSchedule(
        each.name,
        each.place,
        each.group,
        namespace,
        launch.job,
        values["schedule"],
        values.get("suspend"),
        values.get("concurrency", False),
    )


def _check_values(values: Mapping[str, Any]) -> None:
    """Raise UsageError for values that cannot be passed on as options."""
    for key in ("namespace", "script", "image", "command", "python", "flavor", "with", "secrets"):
        given = values.get(key, [])
        texts = [given] if isinstance(given, str) else [] if key == "command" else given
        if not all(map(str.strip, texts)):
            raise UsageError(f"{key} is empty", hint=f"remove {key}, or give it a value")
    for key in ("env", "labels"):
        if odd := [name for name in values.get(key, {}) if not name or "=" in name]:
            raise UsageError(f"invalid name '{odd[0]}' in {key}", hint=f"write it as in: {key}.NAME = 'value'")
    if odd := [name for name in values.get("secrets", ()) if "=" in name]:
        raise UsageError(
            f"secrets are names, but '{odd[0].partition('=')[0]}' has a value",
            hint="remove the value, and set it in the environment of 'apply'",
        )


def fingerprint(job: NewJob) -> str:
    """Return a hash of the spec without labels; of secrets only the names."""
    text = json.dumps(replace(job, labels={}).shown(), sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _run(each: FileSchedule, local: LocalEnvironment) -> Launch:
    values = each.values
    for key in ("with", "python"):
        if key in values:
            raise UsageError(f"'{key}' needs a script", hint=f"add script, or remove {key}")
    for key in ("image", "command"):
        if key not in values:
            hint = "add an image, or a script" if key == "image" else "add a command; [] runs that of the image"
            raise UsageError(f"missing key '{key}'", hint=hint)
    docker_image, space_id = split_image(values["image"])
    base = NewJob(
        docker_image=docker_image,
        space_id=space_id,
        command=tuple(_split_command(values["command"])),
        arguments=tuple(values.get("arguments", ())),
    )
    job = compose(_raw_options(each), local, base)
    return Launch(pack_texts(job, values["files"]) if values.get("files") else job, None)


def _script(
    each: FileSchedule, namespace: str | None, local: LocalEnvironment, download: Callable[[str], bytes]
) -> Launch:
    values = each.values
    if "command" in values:
        raise UsageError("both a script and a command given", hint="remove one of them; a script takes arguments")
    if "files" in values:
        raise UsageError("both a script and files given", hint='use a command: ["uv", "run", "train.py"]')
    script = values["script"]
    downloaded = download(script) if is_url(script) else None
    how = RawUvOptions(image=values.get("image"), with_=values.get("with"), python=values.get("python"))
    words = [_relative_to(each.file, word) for word in (script, *values.get("arguments", ()))]
    return compose_uv(_raw_options(each), how, words[0], words[1:], namespace, local, downloaded)


def _relative_to(file: str, word: str) -> str:
    """Return the path of a file relative to the TOML file; other words unchanged.

    Raises UsageError for a file that exists only relative to the current directory, or not at all.
    """
    if file == "-" or is_url(word):
        return word
    path = Path(file).parent / word
    try:
        if path.is_file():
            return str(path)
        is_elsewhere = Path(word).is_file()
    except (OSError, ValueError):  # not a valid path
        return word
    if is_elsewhere or path.suffix in FILE_SUFFIXES:
        raise UsageError(f"no such file: '{path}'", hint="paths are relative to the TOML file")
    return word


def _split_command(command: str | list[str]) -> list[str]:
    if isinstance(command, list):
        return command
    try:
        return shlex.split(command)
    except ValueError as error:
        raise UsageError(
            f"invalid command {command!r}: {str(error).lower()}", hint="write it as an array of words"
        ) from None


def _raw_options(each: FileSchedule) -> RawOptions:
    """Return the values of a table as options."""
    values = each.values
    labels = values.get("labels", {})
    if labels.get("name", each.name) != each.name:
        raise UsageError(f"the label 'name' is not '{each.name}'", hint="remove it: the name is that of the table")
    options = {row.parameter: values[key] for row, key in _option_keys() if key in values}
    if "timeout" in options:
        options["timeout"] = str(options["timeout"])
    return RawOptions(
        name=each.name,
        env=[f"{key}={text}" for key, text in values.get("env", {}).items()],
        secrets=list(values.get("secrets", ())),
        label=[f"{key}={text}" for key, text in labels.items() if key != "name"],
        volume=list(values.get("volumes", ())),
        **options,
    )


def _option_keys() -> Iterator[tuple[Row, str]]:
    """Yield the properties with an option, and their keys in a file."""
    return ((row, _KEYS.get(row.name, row.name)) for row in IN_SCHEDULES if row.flag)


def group_line(group: str) -> str:
    """Return the line of a file with the group of its schedules."""
    return _line("group", group)


def dump(name: str, made: NewSchedule) -> str:
    """Return the table of a schedule. Raises UsageError for a volume that cannot be written."""
    written = with_texts(made.job)
    if written is not None:
        made = replace(made, job=written.job)
    lines = "".join(_line(key, each) for key, each in _values(made))
    files = written.files.items() if written is not None else ()
    texts = "".join(f"files.{_key(file)} = {_multiline(text)}\n" for file, text in files)
    return f"[schedules.{_key(name)}]\n{_comment(made.job)}{lines}{texts}"


def _comment(job: NewJob) -> str:
    """Return a comment with the command of a job whose packed files cannot be written as text."""
    if unpacked(job.environment) is None:
        return ""
    words = typed_words([*job.command, *job.arguments], job.environment, job.volumes)
    return f"# {printable(quoted(words))}: its files are packed in env.{packed_variable(job.environment)}\n"


def _values(made: NewSchedule) -> Iterator[tuple[str, Any]]:
    job = made.job
    yield "schedule", made.when
    yield from (("suspend", True),) if made.suspend else ()
    yield from (("concurrency", True),) if made.concurrency else ()
    yield "image", job.image
    yield "command", list(job.command)
    default = NewJob(attempts=DEFAULT_ATTEMPTS)
    written = replace(
        job,
        attempts=job.attempts or DEFAULT_ATTEMPTS,
        expose=tuple(job.ports),
        labels={key: text for key, text in job.labels.items() if key != "name" and key not in OWN_LABELS},
    )
    for row in IN_SCHEDULES:
        key, each = _KEYS.get(row.name, row.name), getattr(written, row.name)
        if key in ("image", "command") or (each == getattr(default, row.name) and row.name != "flavor"):
            continue
        if row.name == "secrets":
            each = list(each)
        elif row.name == "volumes":
            each = list(map(exact_volume, each))
        elif row.name == "timeout_secs" and parse_timeout(span(each)) == each:
            each = span(each)
        yield key, list(each) if row.base is list else each


def _line(key: str, given: Any) -> str:
    if isinstance(given, dict):
        return "".join(f"{key}.{_key(name)} = {_text(text)}\n" for name, text in given.items())
    text = f"{key} = {_text(given)}\n"
    if isinstance(given, list) and len(text) > _WIDE:
        return f"{key} = [\n" + "".join(f"    {_text(each)},\n" for each in given) + "]\n"
    return text


def _key(text: str) -> str:
    return text if _BARE_KEY.fullmatch(text) else _text(text)


def _text(given: Any) -> str:
    """Format a value as TOML; strings, numbers and arrays are as in JSON."""
    if isinstance(given, bool | int):
        return str(given).lower()
    if isinstance(given, list):
        return f"[{', '.join(map(_text, given))}]"
    return json.dumps(given, ensure_ascii=False).replace("\x7f", "\\u007f")


def _multiline(text: str) -> str:
    """Return a text as a multi-line TOML string, in which invisible characters are escaped."""
    is_plain = all(char in "\n\t" or char.isprintable() for char in text)
    if is_plain and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    escaped = "".join(
        _ESCAPES.get(char) or (char if char in "\n\t" or char.isprintable() else _escape(char)) for char in text
    )
    escaped = escaped.replace('"""', '""\\"')
    if escaped.endswith('"'):
        escaped = escaped[:-1] + '\\"'
    return f'"""\n{escaped}"""'


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
