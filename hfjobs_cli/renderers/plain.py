"""A record as plain data, which is what a template reads: its fields as `--format json` prints them, and a few more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from hfjobs_cli.records.declared import Shape as DeclaredShape
from hfjobs_cli.records.declared import declared
from hfjobs_cli.records.field import Field
from hfjobs_cli.records.kind import Kind
from hfjobs_cli.records.record import Record, has_text
from hfjobs_cli.template import NO_VALUE, Object, Schema, Shape, shape_of

_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",),
    datetime: ("string",),
    int: ("int",),
    float: ("int", "float"),
    bool: ("bool",),
}
"""What values of a type are in a template."""


def schema(kind: Kind) -> Schema:
    """Return what a template can use of a record: its fields, those of its parts, and what they are."""
    extra = {
        name: shape_of("string", fields={}, name=f".{name}") if field.is_as_shown else _shape(field.shape, f".{name}")
        for name, field in extras(kind).items()
    }
    return {**_fields(kind.model), **extra}


def _fields(model: type[Record], path: str = "") -> dict[str, Shape]:
    return {name: _shape(shape, f"{path}.{name}") for name, shape, _ in declared(model)}


def _shape(declared_as: DeclaredShape, path: str) -> Shape:
    """Return what a value of a declared type is. Only what may hold anything, as labels do, may have any field."""
    base = declared_as.base
    if issubclass(base, Record):
        return shape_of("spoken" if has_text(base) else "map", fields=_fields(base, path), name=path)
    if base is dict:
        held = declared_as.item
        item = shape_of("string", fields={}, name=f"{path}[]") if held is None else _shape(held, f"{path}[]")
        return shape_of("map", item=item, name=path)
    if declared_as.item is not None:
        return shape_of("list", fields={}, item=_shape(declared_as.item, f"{path}[]"), name=path)
    return shape_of(*_KINDS[base], fields={}, name=path)


def extras(kind: Kind) -> dict[str, Field]:
    """Return the fields that are not in the JSON: what is computed, and what has a name of its own."""
    in_json = {each.name for each in declared(kind.model)}
    return {name: each for name, each in kind.fields.items() if name not in in_json and not each.is_part}


Read = Callable[[Record, datetime], Any]
"""A record and the present moment -> one value, as plain data."""


class Reader:
    """Makes plain data of records of one kind."""

    def __init__(self, kind: Kind, names: Iterable[str] | None) -> None:
        """Read the fields of these names, or all fields if `names` is None."""
        self._extras = {name: _extra(field) for name, field in extras(kind).items()}
        # With its key in it, a record is never empty, and so never false.
        self._reads = None if names is None else {name: self._read_of(name) for name in (kind.key, *names)}

    def read(self, record: Record, now: datetime) -> Object:
        """Return a record as plain data. Parts that are shown as a short text print as it."""
        if self._reads is None:
            return Object(_parts(record), more=_Extras(self._extras, record, now))
        return Object({name: read(record, now) for name, read in self._reads.items()})

    def _read_of(self, name: str) -> Read:
        return self._extras.get(name) or (lambda record, _now: _plain(getattr(record, name)))


class _Extras(Mapping[str, Any]):
    """The fields of a record that are not in the JSON, read when they are asked for: a cost may need a request."""

    def __init__(self, reads: Mapping[str, Read], record: Record, now: datetime) -> None:
        self._reads, self._record, self._now = reads, record, now

    def __getitem__(self, name: str) -> Any:
        return self._reads[name](self._record, self._now)

    def __iter__(self) -> Iterator[str]:
        return iter(self._reads)

    def __len__(self) -> int:
        return len(self._reads)


def _extra(field: Field) -> Read:
    """Return what reads a field that is not in the JSON: as it is shown, or as plain data if it is shown as it is."""
    if field.is_as_shown:
        return lambda record, now: field.cell(record, now, False)
    return lambda record, now: _plain(field.plain(record, now))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Record):
        return Object(_parts(value), text=(str(value) or NO_VALUE) if has_text(value) else None)
    return value


def _parts(record: Record) -> dict[str, Any]:
    return {name: _plain(value) for name, value in record.values().items()}
