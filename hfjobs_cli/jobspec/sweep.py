"""Expand a sweep: values for keys from `--each` and `--each-from`, and one job for each combination of them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Any, TypeVar

from hfjobs_cli.errors import UsageError, did_you_mean
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.new_job import Launch, NewJob, Volume
from hfjobs_cli.jobspec.packing import unpacked
from hfjobs_cli.models.spec import PACKED
from hfjobs_cli.query.label_edits import MAX_LENGTH, is_label
from hfjobs_cli.text.redaction import looks_secret, masked_value
from hfjobs_cli.text.values import expanded_path

T = TypeVar("T")
Fill = Callable[[str], str]
Values = Mapping[str, str]
"""The value of each key, for one item."""

MAX_ITEMS = 1000
MAX_FILE_MIB = 16

SWEEP, ITEM = "sweep", "sweep-item"
"""The labels of jobs with the name of their sweep and the fingerprint of their item."""

DUPLICATE = "sweep-duplicate"
"""The label of a canceled job with the id of the job that was created for the same item at the same time."""

RESERVED = ("name", SWEEP, ITEM)
"""Labels with a meaning of their own, which values of keys do not become."""

_KEY = r"[^\W\d][\w.-]*"
_PLACEHOLDER = re.compile(rf"(?<!\$)\{{({_KEY})\}}")
_RANGE = re.compile(r"(-?\d{1,15})\.\.(-?\d{1,15})", re.ASCII)
_LIKE_A_RANGE = re.compile(r"-?\d[\d.]*\.\.-?[\d.]*", re.ASCII)
_IS_PADDED = re.compile(r"-?0\d")
_VALUE = re.compile(r'(?:"((?:[^"]|"")*)"|([^",][^,]*|))(,|$)', re.DOTALL)
_NOT_IN_LABELS = re.compile(r"[^A-Za-z0-9._-]+")
_NOT_FILLED = ("secrets", "secrets_file", "env_file")
"""Options without placeholders: secrets are passed unchanged, and files are read once for all items."""


def each_of(text: str) -> tuple[str, list[str]]:
    """Read `KEY=A,B,C` or `KEY=A..B`. Raises UsageError."""
    key, equals, rest = text.partition("=")
    if not equals or not re.fullmatch(_KEY, key):
        raise UsageError(
            f"invalid --each '{text}'", hint="use KEY=A,B,C or KEY=0..9, with letters, digits and _ . - in KEY"
        )
    values: list[str] = []
    place = 0
    while True:
        found = _VALUE.match(rest, place)
        if found is None:
            raise UsageError(
                f"invalid --each {key}: a double quote is not closed, or is followed by text",
                hint=(f"quote values that contain commas or quotes, and double the quotes in them: {key}='\"a,b\",c'"),
            )
        quoted, plain, comma = found.groups()
        if plain == "":
            raise UsageError(f"--each {key} has an empty value", hint='write "" for an empty value')
        values += [quoted.replace('""', '"')] if quoted is not None else _range(key, plain)
        _check_count(len(values), f"--each {key} has")
        place = found.end()
        if not comma:
            return key, values


def _range(key: str, text: str) -> Iterable[str]:
    """Return the whole numbers of `A..B`, with leading zeros if A or B has some, or the text if it is not a range."""
    found = _RANGE.fullmatch(text)
    if found is None:
        if _LIKE_A_RANGE.fullmatch(text):
            raise UsageError(
                f"--each {key} has the invalid range '{text}'",
                hint=f"use whole numbers, as in 0..9; or quote it to pass it as it is: {key}='\"{text}\"'",
            )
        return [text]
    first, last = map(int, found.groups())
    width = max(len(end) if _IS_PADDED.match(end) else 0 for end in found.groups())
    if first > last:
        raise UsageError(f"--each {key} has the empty range '{text}'", hint=f"use {last}..{first}")
    _check_count(last - first + 1, f"--each {key} has")
    return (f"{number:0{width}d}" for number in range(first, last + 1))


def _check_count(count: int, what: str) -> None:
    if count > MAX_ITEMS:
        raise UsageError(
            f"{what} {count} values; a sweep has at most {MAX_ITEMS} jobs", hint="split it into several sweeps"
        )


def rows_of(file: str, local: LocalEnvironment) -> list[Values]:
    """Read the rows of a file of CSV, TSV, JSON or JSONL; `-` is stdin. Raises UsageError."""
    text = local.read_stdin("--each-from") if file == "-" else _read_text(file)
    text = text.removeprefix("\ufeff")
    suffix = PurePath(file).suffix.lower()
    start = text.lstrip()[:1]
    try:
        if suffix in (".jsonl", ".ndjson") or (suffix not in (".json", ".csv", ".tsv") and start == "{"):
            read = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
            rows = [(f"line {number}", _object(line, f"line {number}")) for number, line in read]
        elif suffix == ".json" or (suffix not in (".csv", ".tsv") and start == "["):
            rows = list(_array(text))
        else:
            rows = list(_csv_rows(text, "\t" if suffix == ".tsv" else ","))
        return _same_keys(rows)
    except UsageError:
        raise
    except (ValueError, RecursionError, csv.Error) as error:
        raise UsageError(f"cannot read --each-from {file}: {error}", hint=_ROWS) from None


_ROWS = "use CSV with a header, a JSON array of objects, or JSONL"


def _read_text(file: str) -> str:
    try:
        with expanded_path(file).open("rb") as opened:
            content = opened.read(MAX_FILE_MIB * 1024 * 1024 + 1)
        if len(content) > MAX_FILE_MIB * 1024 * 1024:
            raise UsageError(
                f"--each-from {file} is larger than {MAX_FILE_MIB} MiB", hint="split it into several sweeps"
            )
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise UsageError(f"cannot read --each-from {file}: it is not UTF-8", hint=_ROWS) from None
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot read --each-from {file}: {str(reason).lower()}") from None


def _array(text: str) -> Iterator[tuple[str, Values]]:
    found, written = _parsed(text)
    if not isinstance(found, list):
        raise ValueError("not an array")
    for number, (row, as_written) in enumerate(zip(found, written, strict=True), 1):
        yield f"row {number}", _row(row, as_written, f"row {number}")


def _object(line: str, where: str) -> Values:
    try:
        read = _parsed(line)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
    return _row(*read, where)


def _parsed(text: str) -> tuple[Any, Any]:
    """Parse JSON twice: as values, and with numbers as written."""
    written = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_unique)
    return json.loads(text), written


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise ValueError(f"duplicate key '{twice}'")
    return found


def _row(row: Any, written: Any, where: str) -> Values:
    """Return the values of a JSON object as strings: numbers as written, lists and objects as JSON."""
    if not isinstance(row, dict):
        raise ValueError(f"{where} is not an object")
    values: dict[str, str] = {}
    for key, value in row.items():
        if value is None:
            raise ValueError(f'{where}: {key} is null; use "" for an empty value')
        is_nested = isinstance(value, dict | list | bool)
        values[key] = json.dumps(value, ensure_ascii=False) if is_nested else written[key]
    return values


def _csv_rows(text: str, delimiter: str) -> Iterator[tuple[str, Values]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = next(reader, None)
    if not header:
        raise ValueError("no header")
    twice = [key for key, count in Counter(header).items() if count > 1]
    if twice:
        raise ValueError(f"duplicate column '{twice[0]}'")
    for cells in reader:
        if not cells:
            continue
        where = f"line {reader.line_num}"
        if len(cells) != len(header):
            raise ValueError(f"{where} has {len(cells)} cells, but the header has {len(header)}")
        yield where, dict(zip(header, cells, strict=True))


def _same_keys(rows: Sequence[tuple[str, Values]]) -> list[Values]:
    """Return rows that all have the same keys. Raises UsageError."""
    if not rows:
        raise UsageError("--each-from has no rows", hint=_ROWS)
    first = rows[0][1]
    for key in first:
        if not re.fullmatch(_KEY, key):
            if len(first) == 1 and (other := re.search("[;\t|]", key)):
                raise UsageError(
                    f"--each-from: columns are separated by {other[0]!r}, not by commas",
                    hint="save the file as CSV with commas, or as TSV with the suffix .tsv",
                )
            raise UsageError(
                f"invalid key '{key}' in --each-from",
                hint="use letters, digits and _ . -, starting with a letter",
            )
    for where, row in rows:
        odd = next((key for key in [*first, *row] if (key in first) != (key in row)), None)
        if odd is not None:
            state = "has no" if odd in first else "has, unlike the first,"
            raise UsageError(f"--each-from: {where} {state} '{odd}'", hint="give all rows the same keys")
    return [row for _, row in rows]


def combinations(each: Sequence[tuple[str, Sequence[str]]], rows: Sequence[Values] = ({},)) -> list[Values]:
    """Return the grid of all values, for each of the rows, each combination once. Raises UsageError."""
    keys = [*rows[0], *(key for key, _ in each)]
    if twice := [key for key, count in Counter(keys).items() if count > 1]:
        raise UsageError(f"key '{twice[0]}' given twice", hint="give all values at once: KEY=A,B,C")
    count = len(rows) * math.prod(len(values) for _, values in each)
    if count > MAX_ITEMS:
        raise UsageError(f"the sweep has {count} jobs, more than {MAX_ITEMS}", hint="split it into several sweeps")
    found: list[Values] = list(rows)
    for key, values in each:
        found = [{**row, key: value} for row in found for value in values]
    return list({tuple(item.items()): item for item in found}.values())


class UnknownKey(UsageError):
    """A placeholder for an unknown key."""


class Filler:
    """Replaces `{KEY}` in texts by the values of one item, and knows which keys were `used`.

    Other braces stay: `${KEY}`, `{{KEY}}`, and text that cannot be a key, as in `{"json": 1}`. Values are not replaced
    again. Raises UsageError for an unknown key.
    """

    def __init__(self, values: Values) -> None:
        """Use these values."""
        self._values = values
        self.used: set[str] = set()

    def __call__(self, text: str) -> str:
        """Return the text with the values."""
        return _PLACEHOLDER.sub(self._value, text) if "{" in text else text

    def options(self, options: T) -> T:
        """Return options with the values, except for those of secrets."""
        changes: dict[str, Any] = {}
        for each in fields(options):  # type: ignore[arg-type]
            value = getattr(options, each.name)
            if isinstance(value, str) and each.name not in _NOT_FILLED:
                changes[each.name] = self(value)
            elif isinstance(value, list) and each.name not in _NOT_FILLED:
                changes[each.name] = [self(item) if isinstance(item, str) else item for item in value]
        return replace(options, **changes) if changes else options  # type: ignore[type-var]

    def job(self, job: NewJob) -> NewJob:
        """Return the job of a spec file with the values."""

        def volume(each: Volume) -> Volume:
            path = each.path and self(each.path)
            return replace(each, source=self(each.source), mount_path=self(each.mount_path), path=path)

        return replace(
            job,
            command=tuple(map(self, job.command)),
            arguments=tuple(map(self, job.arguments)),
            environment={key: self(value) for key, value in job.environment.items()},
            labels={key: self(value) for key, value in job.labels.items()},
            volumes=tuple(map(volume, job.volumes)),
        )

    def _value(self, found: re.Match[str]) -> str:
        key, text = found[1], found.string
        if text[found.start() - 1 : found.start()] == "{" and text[found.end() : found.end() + 1] == "}":
            return found[0]
        if key not in self._values:
            near = did_you_mean(key, self._values)
            raise UnknownKey(
                f"unknown key '{key}': no --each gives values for {{{key}}}",
                hint=near or f"add --each {key}=A,B,C, or --each '{key}={{{key}}}' to keep it as it is",
            )
        self.used.add(key)
        return self._values[key]


def is_filled(text: str | None) -> bool:
    """Return whether a text has a placeholder."""
    return bool(text and _PLACEHOLDER.search(text))


@dataclass(frozen=True)
class Item:
    """One job of a sweep: its values, its launch, and the fingerprint that identifies its job."""

    values: Values
    launch: Launch
    fingerprint: str

    @property
    def name(self) -> str:
        """The name of its job, or else its values."""
        return self.launch.job.name or ", ".join(f"{key}={value}" for key, value in self.values.items())


def items_of(
    combinations: Sequence[Values],
    compose: Callable[[Filler], Launch],
    sweep: str,
    *,
    base: str,
    is_named: bool,
    secrets: Iterable[str] = (),
) -> list[Item]:
    """Return the items of a sweep. Raises UsageError, also for a key that is used nowhere.

    `compose` returns the job with its placeholders replaced. Unless it `is_named` by values already, its name is
    `base` and the values. `secrets` are passed unchanged.
    """
    found: list[Item] = []
    for values in combinations:
        filler = Filler(values)
        with in_job_with(values):
            launch = compose(filler)
        if unused := [key for key in values if key not in filler.used]:
            in_secret = any(f"{{{unused[0]}}}" in secret for secret in secrets)
            raise UsageError(
                f"key '{unused[0]}' is used only in a secret" if in_secret else f"key '{unused[0]}' is not used",
                hint="secrets are not replaced; use a variable: -e"
                if in_secret
                else f"write {{{unused[0]}}} where its value belongs, as in: --{unused[0]} {{{unused[0]}}}",
            )
        found.append(_item(values, launch, sweep, base, is_named=is_named))
    return found


def _item(values: Values, launch: Launch, sweep: str, base: str, *, is_named: bool) -> Item:
    job = launch.job
    own = {key: value for key, value in job.labels.items() if key != "name" or is_named}
    fingerprint = _fingerprint(values, replace(launch, job=replace(job, labels=own)))
    of_values = {key: value for key, value in values.items() if can_be_label(key, value)}
    labels = {**own, **of_values, SWEEP: sweep, ITEM: fingerprint}
    if "name" in job.labels and not is_named:
        labels["name"] = _name(base, values, fingerprint)
    return Item(values, replace(launch, job=replace(job, labels=labels)), fingerprint)


@contextmanager
def in_job_with(values: Values) -> Iterator[None]:
    """Name the values of an item in an error about its job."""
    try:
        yield
    except UnknownKey:
        raise
    except UsageError as error:
        shown = ", ".join(f"{key}={masked_value(key, value) or repr(value)}" for key, value in values.items())
        raise UsageError(f"{error.message} (in the job with {shown})", error.hint, error.details) from None


def can_be_label(key: str, value: str) -> bool:
    """Return whether a value can become a label; everyone who sees the job can read labels."""
    return key not in RESERVED and not looks_secret(key) and is_label(key, value)


def _fingerprint(values: Values, launch: Launch) -> str:
    """Return a hash of an item; of secrets only the names, because values could be guessed from it.

    Files count by content, because machines and versions may pack them differently.
    """
    job = launch.job
    files = {file.name: _hash(file.content) for file in launch.uploads.values()}
    if PACKED in job.environment:
        files |= dict(_packed(job.environment[PACKED]))
        job = replace(job, environment={key: value for key, value in job.environment.items() if key != PACKED})
    whole = [dict(values), job.shown(), files]
    return _hash(json.dumps(whole, sort_keys=True).encode("utf-8", "surrogatepass"))[:16]


@lru_cache(maxsize=4)
def _packed(variable: str) -> tuple[tuple[str, str], ...]:
    """Return name and hash of each packed file. Jobs of a sweep mostly have the same files."""
    files = unpacked({PACKED: variable})
    if files is None:  # a variable of the user with that name
        return (("", _hash(variable.encode("utf-8", "surrogatepass"))),)
    return tuple((name, _hash(content)) for name, content in files.items())


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _name(base: str, values: Values, fingerprint: str) -> str:
    """Return a job name with the values of an item; shortened names end with a part of the fingerprint."""
    shown = "-".join([base, *(f"{key}-{value}" for key, value in values.items() if not looks_secret(key))])
    name = _NOT_IN_LABELS.sub("-", shown)
    return name if name == shown and len(name) <= MAX_LENGTH else f"{name[: MAX_LENGTH - 9]}-{fingerprint[:8]}"
