"""Kinds of records: the names, columns and fields of jobs, schedules, hardware and others; their JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from hfjobs_cli.immutable import value
from hfjobs_cli.models.fields import Computed, Field, FieldType, Record, declared_fields, fields_of


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
    properties = {name: {"description": meta.meaning, **_value(type_)} for name, type_, meta in declared_fields(model)}
    return {
        "description": (model.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(type_: FieldType) -> dict[str, Any]:
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
