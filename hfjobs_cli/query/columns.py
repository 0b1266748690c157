"""`--columns` and `--sort`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.text.terminal_text import help_row
from hfjobs_cli.text.values import split_values

if TYPE_CHECKING:
    from hfjobs_cli.models.kind import Field, Kind
    from hfjobs_cli.models.record import Record

R = TypeVar("R", bound="Record")

Order = Sequence[tuple["Field", bool]]
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
    if wide:
        names += kind.wide_columns
    if not is_replaced:
        names += [*kind.added_columns, *also]
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
