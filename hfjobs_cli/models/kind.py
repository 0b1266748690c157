"""Kinds of records: the columns of jobs, schedules, hardware and others, and the fields of each; JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.record import (
    NUMBER_IN_TEXT,
    DeclaredField,
    FieldType,
    Measure,
    Meta,
    Record,
    has_text,
    natural,
)
from hfjobs_cli.terminal import EXACT, Preferences
from hfjobs_cli.text.values import age, span, timestamp

SPARE_RANK = 10
"""Columns of a lower rank are dropped before others are narrowed."""

NARROW_RANK = 90
"""The rank of a column in its narrow form."""


class Computed(NamedTuple):
    """A field that is computed from a record and the time: type, function and metadata. JSON does not have it."""

    type: FieldType
    read: Callable[[Any, datetime], Any]
    meta: Meta


@value
class Field:
    """One field of a kind. `name` is its name in `--columns`, `--sort` and `--filter`.

    `path` are the names in Python from the record to it, empty for a computed field. `read` returns the value to show
    of a record at some time; None if there is none.
    """

    name: str
    path: tuple[str, ...]
    type: FieldType
    meta: Meta
    read: Callable[[Any, datetime], Any]

    @property
    def header(self) -> str:
        """The header of its column."""
        return self.meta.header or self.name.upper().replace("_", " ")

    @cached_property
    def narrow(self) -> Field | None:
        """The short form of the column, used before it is dropped from a narrow table."""
        if self.meta.narrow_formatter is None:
            return None
        meta = self.meta._replace(
            formatter=self.meta.narrow_formatter, narrow_formatter=None, tty_formatter=None, rank=NARROW_RANK
        )
        return replace(self, meta=meta)

    @property
    def is_part(self) -> bool:
        """Return whether its name begins with that of the object that contains it."""
        return "." in self.name

    @property
    def is_as_shown(self) -> bool:
        """Return whether templates get its text: it is computed, and has a formatter."""
        return not self.path and self.meta.formatter is not None

    def plain(self, record: Record, now: datetime) -> Any:
        """Return its value in the JSON, or the computed one."""
        if not self.path:
            return self.read(record, now)
        value: Any = record
        for name in self.path:
            value = None if value is None else getattr(value, name)
        return value

    @property
    def is_cell(self) -> bool:
        """Return whether it can be shown in a cell. An object without a short text cannot."""
        return self.meta.formatter is not None or self.type.part is None or has_text(self.type.part)

    def cell(self, record: Record, now: datetime, reader: Preferences | bool = EXACT) -> str | None:
        """Return its text for a cell; None if it is empty.

        Renderers of other packages may pass a bool: whether the output is a terminal.
        """
        if isinstance(reader, bool):
            reader = Preferences(is_tty=reader)
        value = self.read(record, now)
        if value is None:
            return None
        if reader.is_tty and self.meta.tty_formatter is not None:
            return self.meta.tty_formatter(value)
        if self.meta.formatter is not None:
            return self.meta.formatter(value)
        return value if type(value) is str else formatted(value, now if reader.has_relative_times else None)

    def value(self, record: Record, now: datetime) -> Any:
        """Return its value for programs: text or a number; None if it is empty."""
        value = self.read(record, now)
        if value is None or type(value) in (int, float):
            return value
        return self._formatted(value)

    def order(self, record: Record, now: datetime) -> Any:
        """Return the sort key of a record; None without a value."""
        value = self.read(record, now)
        if value is None:
            return None
        if self.meta.sort_key is not None:
            return self.meta.sort_key(value)
        return value if isinstance(value, str | int | float | datetime) else self._formatted(value)

    @property
    def has_entries(self) -> bool:
        """Return whether it is a map of strings such as labels, whose entries are fields too."""
        return self.type.base is dict and self.type.item is None

    def entry(self, key: str) -> Field:
        """Return the field that is one of its entries: `label.team`. Numbers sort as numbers."""
        name = f"{self.meta.entry or self.name}.{key}"
        meta = Meta(
            f"value of {name}",
            key,
            header=name.upper(),
            rank=self.meta.rank,
            min_width=self.meta.min_width,
            sort_key=natural,
            measure=NUMBER_IN_TEXT,
            has_commas=self.meta.has_commas,
        )
        return Field(
            name,
            (),
            FieldType(str, is_optional=True),
            meta,
            lambda record, now: (self.read(record, now) or {}).get(key),
        )

    @property
    def measure(self) -> Measure | None:
        """How `<` and `>` compare it; None if they cannot."""
        if self.meta.measure is not None:
            return self.meta.measure
        if self.type.base is datetime:
            return Measure("time")
        if self.type.base in (int, float):
            return Measure("duration" if self.meta.formatter is span else "number")
        return None

    def texts(self, record: Record, now: datetime) -> Iterable[str]:
        """Return the texts that filters match."""
        value = self.read(record, now)
        if value is None:
            return ()
        return self._texts(value) if self.meta.filter_texts is None else self.meta.filter_texts(value)

    def _formatted(self, value: Any) -> str | None:
        return self.meta.formatter(value) if self.meta.formatter is not None else formatted(value, None)

    def _texts(self, value: Any) -> Iterator[str]:
        """Yield the text and the plain form of a value; also each item of a list, unless items may contain commas."""
        if isinstance(value, dict):
            for key, text in value.items():
                yield f"{key}={text}"
                yield key
            return
        shown = self._formatted(value)
        if shown is None:
            return
        yield shown
        if isinstance(value, list):
            words = [formatted(item, None) or "" for item in value if not isinstance(item, Record)]
            yield " ".join(words)
            if not self.meta.has_commas:
                yield from words
        elif self.meta.formatter is not None:
            yield formatted(value, None) or ""


def formatted(value: Any, now: datetime | None) -> str | None:
    """Format a value for a cell; None if it is empty. With `now`, times are relative."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return timestamp(value) if now is None else age(value, now)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(filter(None, (formatted(item, now) for item in value))) or None
    if isinstance(value, dict):
        return ",".join(f"{key}={text}" for key, text in sorted(value.items())) or None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) or None


def fields_of(model: type[Record], computed: Mapping[str, Computed]) -> Iterator[Field]:
    """Yield the fields of a kind: declared, computed and nested."""
    parts: list[Field] = []
    for name, made in computed.items():
        yield Field(name, (), made.type, made.meta, made.read)
    for each in model.declared_fields():
        yield _field(each, ())
        if each.type.part is not None and each.type.item is None and not each.meta.is_opaque:
            parts += (_field(inner, (each.name,), each.meta.is_flattened) for inner in each.type.part.declared_fields())
    yield from (part for part in parts if not part.is_part)
    yield from (part for part in parts if part.is_part)


def _field(each: DeclaredField, outer: tuple[str, ...], is_spread: bool = False) -> Field:
    path = (*outer, each.name)
    name = each.meta.name or (each.name if is_spread else ".".join(path))
    return Field(name, path, each.type, each.meta, _read(path, each.meta))


def _read(path: tuple[str, ...], meta: Meta) -> Callable[[Any, datetime], Any]:
    """Return the function that reads the value to show of a field at a path."""
    name = path[-1]
    # A dot would mean a nested attribute to attrgetter, but groups by label have names such as `label.team`.
    shown = meta.cell_value or (attrgetter(name) if "." not in name else lambda record: getattr(record, name))
    if len(path) == 1:
        return lambda record, _now: shown(record)
    first, _ = path

    def read(record: Record, _now: datetime) -> Any:
        part = getattr(record, first)
        return None if part is None else shown(part)

    return read


@value
class Kind:
    """One kind of record. Options, completion, help and renderers get it as an argument, and work for all kinds.

    `noun` and `plural` are its names in messages. `key` is the field that identifies a record, which `-q` prints.
    Tables show `default_columns` and the `added_columns` of a command; `-w` adds `wide_columns`. `requested` are
    computed fields that may need requests. `other_names` are fields by their names in other tools, for suggestions.
    `filters` and `templates` are examples, for messages and help. `json_item` returns the schema of an item of
    `--format json`, if that is not a record, from the schema of a record.
    """

    model: type[Record]
    noun: str
    plural: str
    key: str
    default_columns: tuple[str, ...]
    wide_columns: tuple[str, ...] = ()
    added_columns: tuple[str, ...] = ()
    computed: Mapping[str, Computed] = field(default_factory=dict)
    requested: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)
    filters: str = ""
    templates: str = ""
    json_item: Callable[[dict[str, Any]], dict[str, Any]] | None = None

    def with_reads(self, reads: Mapping[str, Callable[[Any, datetime], Any]]) -> Kind:
        """Return the kind with other functions for some of its computed fields, by their names.

        For example, costs depend on prices, and only a command with a client can request those.
        """
        own = {name: self.computed[name]._replace(read=read) for name, read in reads.items() if name in self.computed}
        return replace(self, computed={**self.computed, **own}, requested=tuple(own)) if own else self

    def with_columns(self, columns: Sequence[str | tuple[str, ...]]) -> Kind:
        """Return the kind with added columns, or with other default columns, given as a tuple."""
        added = tuple(each for each in columns if isinstance(each, str))
        shown = next((each for each in columns if not isinstance(each, str)), self.default_columns)
        return replace(self, added_columns=added, default_columns=shown) if columns else self

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name: columns of tables first, parts of parts last. Raises TypeError for a duplicate name."""
        found: dict[str, Field] = {}
        for each in fields_of(self.model, self.computed):
            if found.setdefault(each.name, each) is not each:
                raise TypeError(f"a {self.noun} has two fields named '{each.name}'")
        return {name: found[name] for name in (*self.default_columns, *self.wide_columns, *found)}

    @cached_property
    def cells(self) -> dict[str, Field]:
        """The fields that `--columns`, `--sort` and `--filter` accept."""
        aliases = {alias for each in self.fields.values() for alias in each.meta.aliases}
        return {name: each for name, each in self.fields.items() if each.is_cell and name not in aliases}

    @cached_property
    def words(self) -> list[str]:
        """The names of `cells` for errors and help, without parts of parts."""
        return [name for name, each in self.cells.items() if not each.is_part]

    @cached_property
    def _names(self) -> dict[str, Field]:
        """The fields of `cells` by every name: their own, their place in the JSON, and aliases."""
        own = {".".join(each.path): each for each in self.cells.values() if each.path}
        aliases = {alias: each for each in self.cells.values() for alias in each.meta.aliases}
        return {**own, **self.cells, **aliases}

    def find(self, name: str) -> Field | None:
        """Return the field with this name in `--columns`, `--sort` and `--filter`; None if there is none.

        An entry of an object of strings is a field too: `label.team`. Keys keep their case, and may contain dots.
        """
        found = self._names.get(name) or self._names.get(name.lower())
        if found is not None:
            return found
        for place in (place for place, char in enumerate(name) if char == "."):
            holder, key = self._names.get(name[:place].lower()), name[place + 1 :]
            if holder is not None and holder.has_entries and key:
                return holder.entry(key)
        return None

    def suggested(self, name: str) -> str:
        """Return the field that other tools call `name`, for suggestions, or `name` itself."""
        return self.other_names.get(name.lower(), name)

    def key_of(self, record: Record) -> str:
        """Return the value of the key field as text; a dash without one, as of a group without a value."""
        text: Any = getattr(record, self.key)
        return "-" if text is None else str(text)


_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    dict: {"type": "object", "additionalProperties": {"type": "string"}},
}


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of the array that `--format json` prints. A line of `jsonl` is one item."""
    record = _object(kind.model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.plural,
        "type": "array",
        "items": record if kind.json_item is None else kind.json_item(record),
    }


def _object(model: type[Record]) -> dict[str, Any]:
    """Return the JSON Schema of one record: all fields are required, no others are allowed."""
    properties = {name: {"description": meta.meaning, **_value(type_)} for name, type_, meta in model.declared_fields()}
    return {
        "description": (model.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(type_: FieldType) -> dict[str, Any]:
    """Return the JSON Schema of a value of a type."""
    schema: dict[str, Any]
    if type_.base is dict and type_.item is not None:
        schema = {"type": "object", "additionalProperties": _value(type_.item)}
    elif type_.item is not None:
        schema = {"type": "array", "items": _value(type_.item)}
    elif issubclass(type_.base, Record):
        schema = _object(type_.base)
    else:
        schema = dict(_TYPES[type_.base])
    if type_.is_optional:
        schema["type"] = [schema["type"], "null"]
    return schema
