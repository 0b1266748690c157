"""`--columns`, `--sort` and `--by`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.models.fields import Record
from hfjobs_cli.models.job import JobInfo, initiator_type
from hfjobs_cli.models.kinds import Field, Kind
from hfjobs_cli.models.vocabulary import FIGURES_OF_GROUPS, GROUPED_BY
from hfjobs_cli.text.display import help_row
from hfjobs_cli.text.values import split_values

R = TypeVar("R", bound=Record)

Order = Sequence[tuple[Field, bool]]
"""Fields to sort by, and whether each is descending."""


def choose_columns(kind: Kind, spec: str | None, *, wide: bool = False, also: Sequence[str] = ()) -> list[Field]:
    """Return the columns of a table.

    `spec` is `--columns`: `id,name` replaces the default set, `+flavor,-command` edits it. `also` are columns that are
    added unless the set was replaced; `wide` adds the kind's wide columns to any. Raises UsageError for unknown names.
    """
    items = split_values([] if spec is None else [spec], "--columns")
    edits = [item for item in items if item[0] in "+-"]
    if edits and len(edits) != len(items):
        raise UsageError(
            f"--columns '{spec}' mixes names and edits",
            hint=(
                f"use {kind.key},{kind.default_columns[1]} to replace the columns, or "
                f"+{(kind.wide_columns or kind.default_columns)[0]},-{kind.default_columns[-1]} to "
                "edit them"
            ),
        )
    is_replaced = bool(items) and not edits
    names = items if is_replaced else list(kind.default_columns)
    names += [*kind.wide_columns] * wide + [*kind.added_columns, *also] * (not is_replaced)
    fields = {field.name: field for field in (_known(kind, name) for name in names)}
    for item in edits:
        field = _known(kind, item[1:].strip())
        if item[0] == "+":
            fields.setdefault(field.name, field)
        else:
            fields.pop(field.name, None)
    if not fields:
        raise UsageError("--columns removes every column", hint="keep at least one")
    return list(fields.values())


def replaces_columns(spec: str | None) -> bool:
    """Return whether `--columns` replaces the default columns, and does not edit them."""
    return spec is not None and spec.lstrip()[:1] not in ("+", "-")


def parse_sort(kind: Kind, spec: str | None) -> Order:
    """Parse `--sort`: fields, and whether each is descending (`-created`). Raises UsageError."""
    items = split_values([] if spec is None else [spec], "--sort")
    return [(_known(kind, item.removeprefix("-")), item[0] == "-") for item in items]


def sort_records(records: Iterable[R], order: Order, now: datetime) -> list[R]:
    """Sort records by the first field, equal ones by the next. Records without a value come last."""
    ordered = list(records)
    for field, descending in reversed(order):
        keys = [(field.order(record, now), record) for record in ordered]
        present = sorted((pair for pair in keys if pair[0] is not None), key=lambda pair: pair[0], reverse=descending)
        ordered = [record for _, record in present] + [record for key, record in keys if key is None]
    return ordered


def columns_help(kind: Kind) -> str:
    """Return the output of `--columns help`: a line for each column, with the default ones marked, then parts."""
    fields = kind.cells
    rows = [(name, fields[name].header, fields[name].meta.meaning + _mark(kind, name)) for name in kind.words]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        help_row(f"{name:<{widths[0]}} {header:<{widths[1]}} ", meaning)
        for name, header, meaning in [("NAME", "HEADER", "SHOWS"), *rows]
    ]
    inner = {f"{each.meta.entry}.KEY": f"one of the {each.meta.meaning}" for each in fields.values() if each.meta.entry}
    inner.update((name, field.meta.meaning) for name, field in fields.items() if field.is_part)
    width = max(map(len, inner), default=0)
    parts = [help_row(f"{name:<{width}} ", meaning) for name, meaning in inner.items()]
    return "\n".join([*lines, *(["", "Parts of those:", *parts] if parts else []), ""])


def _mark(kind: Kind, name: str) -> str:
    return (
        " (default)"
        if name in (*kind.default_columns, *kind.added_columns)
        else " (-w)"
        if name in kind.wide_columns
        else ""
    )


def _known(kind: Kind, name: str) -> Field:
    field = kind.find(name)
    if field is None:
        raise UsageError(f"unknown column '{name}'", hint=one_of(kind.suggested(name), kind.words))
    return field


def _week(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02}"


PERIODS: dict[str, Callable[[datetime], str]] = {
    "hour": lambda moment: moment.isoformat()[:13] + ":00Z",
    "day": lambda moment: moment.isoformat()[:10],
    "week": _week,
    "month": lambda moment: moment.isoformat()[:7],
}
"""Format the period of a time in UTC, as text that sorts by time. Weeks are those of ISO 8601."""


class By(NamedTuple):
    """A field by which jobs are grouped. `read` returns its text for a job at some time; None without one."""

    name: str
    meaning: str
    read: Callable[[JobInfo, datetime], str | None]

    @property
    def period(self) -> Callable[[datetime], str] | None:
        """The function that formats the period of a time; None if the field is not a time."""
        return PERIODS.get(self.name)


def parse_by(kind: Kind, texts: Sequence[str]) -> list[By]:
    """Parse `--by`, names separated by commas; `kind` is the kind of jobs. Raises UsageError."""
    found = [_parse(kind, text) for text in split_values(texts, "--by")]
    names = [each.name for each in found]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"--by contains '{twice}' twice", hint="give each field once")
    return found


def _parse(kind: Kind, text: str) -> By:
    name = text.lower()
    if name in PERIODS:
        return By(name, "time of creation (UTC)", _reading_period(PERIODS[name]))
    if name in ("initiator-type", "initiator_type"):
        return By("initiator-type", "type of the initiator", _initiator_type)
    field = kind.find(text)
    if field is None or field.meta.entry is not None:
        raise UsageError(f"cannot group jobs by '{text}'", hint=one_of(kind.suggested(name), GROUPED_BY))
    if field.name in FIGURES_OF_GROUPS:
        hint = "--sort orders groups by it; ps --sort orders jobs"
        raise UsageError(f"cannot group jobs by '{text}'", hint=hint)
    return By(field.name, field.meta.meaning, lambda job, now: field.cell(job, now))


def _reading_period(spell: Callable[[datetime], str]) -> Callable[[JobInfo, datetime], str | None]:
    return lambda job, _now: None if job.created_at is None else spell(job.created_at)


def _initiator_type(job: JobInfo, _now: datetime) -> str | None:
    return None if job.initiator is None else initiator_type(job.initiator)
