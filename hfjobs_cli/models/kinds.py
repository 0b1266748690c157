"""Kinds of records: everything the command line knows of jobs, schedules, hardware and others; JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from hfjobs_cli.immutable import value
from hfjobs_cli.models.fields import Computed, Field, Record, Shape, declared, fields_of


@value
class Kind:
    """One kind of record. Options, completion, help and renderers get it as an argument; none of them names a job.

    `noun` and `plural` are its names in messages. `key` is the field by which one is asked for, which is what `-q`
    prints. Tables show `default_columns`, and with them the `added_columns` of a command; `-w` adds `wide_columns`.
    `asking` are computed fields for which the Hub may have to be asked. `other_names` are what other tools call a
    field. `filters` and `templates` are examples of them, for messages and for help. `json_item` returns the schema of
    an item of `--format json` from that of a record, where such an item is no record.
    """

    model: type[Record]
    noun: str
    plural: str
    key: str
    default_columns: tuple[str, ...]
    wide_columns: tuple[str, ...] = ()
    added_columns: tuple[str, ...] = ()
    computed: Mapping[str, Computed] = field(default_factory=dict)
    asking: tuple[str, ...] = ()
    other_names: Mapping[str, str] = field(default_factory=dict)
    filters: str = ""
    templates: str = ""
    json_item: Callable[[dict[str, Any]], dict[str, Any]] | None = None

    def reading(self, reads: Mapping[str, Callable[[Any, datetime], Any]]) -> Kind:
        """Return the kind with those of its computed fields read like this that need more than a record to be known.

        What a job costs, for one, depends on prices, which only a run that has a client can ask for.
        """
        own = {name: self.computed[name]._replace(read=read) for name, read in reads.items() if name in self.computed}
        return replace(self, computed={**self.computed, **own}, asking=tuple(own)) if own else self

    def showing(self, columns: Sequence[str | tuple[str, ...]]) -> Kind:
        """Return the kind as a command shows it that adds columns, or has others, given as a tuple, by default."""
        added = tuple(each for each in columns if isinstance(each, str))
        shown = next((each for each in columns if not isinstance(each, str)), self.default_columns)
        return replace(self, added_columns=added, default_columns=shown) if columns else self

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name: those that tables show first, parts of parts last. Raises TypeError if two are one."""
        found: dict[str, Field] = {}
        for each in fields_of(self.model, self.computed):
            if found.setdefault(each.name, each) is not each:
                raise TypeError(f"a {self.noun} has two fields named '{each.name}'")
        return {name: found[name] for name in (*self.default_columns, *self.wide_columns, *found)}

    @cached_property
    def cells(self) -> dict[str, Field]:
        """The fields that can be a column, order a listing, or be compared with a pattern."""
        aliases = {alias for each in self.fields.values() for alias in each.about.aliases}
        return {name: each for name, each in self.fields.items() if each.is_cell and name not in aliases}

    @cached_property
    def words(self) -> list[str]:
        """The names of `cells` that are worth listing in an error: not those of parts of parts."""
        return [name for name, each in self.cells.items() if not each.is_part]

    @cached_property
    def _names(self) -> dict[str, Field]:
        """Every name by which a field of `cells` is found: its own, that of the JSON, and its aliases."""
        own = {".".join(each.path): each for each in self.cells.values() if each.path}
        aliases = {alias: each for each in self.cells.values() for alias in each.about.aliases}
        return {**own, **self.cells, **aliases}

    def find(self, name: str) -> Field | None:
        """Return the field with this name in `--columns`, `--sort` and `--filter`; None if there is none.

        One entry of an object of texts is a field too: `label.team`. Keys keep their case, and may hold dots.
        """
        found = self._names.get(name) or self._names.get(name.lower())
        if found is not None:
            return found
        for place in (place for place, char in enumerate(name) if char == "."):
            holder, key = self._names.get(name[:place].lower()), name[place + 1 :]
            if holder is not None and holder.has_entries and key:
                return holder.entry(key)
        return None

    def meant(self, name: str) -> str:
        """Return the name here of what other tools call `name`, for suggestions."""
        return self.other_names.get(name.lower(), name)

    def key_of(self, record: Record) -> str:
        """Return the text by which a record is asked for, a dash if it has none, as a group without a value."""
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
    """Return the schema (draft 2020-12) of what `--format json` prints: an array. A line of `jsonl` is one record."""
    record = _object(kind.model)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.plural,
        "type": "array",
        "items": record if kind.json_item is None else kind.json_item(record),
    }


def _object(model: type[Record]) -> dict[str, Any]:
    """Return the JSON Schema of one record: all fields are required, no others are allowed."""
    properties = {name: {"description": about.meaning, **_value(shape)} for name, shape, about in declared(model)}
    return {
        "description": (model.__doc__ or "").partition("\n")[0],
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(shape: Shape) -> dict[str, Any]:
    schema: dict[str, Any]
    if shape.base is dict and shape.item is not None:
        schema = {"type": "object", "additionalProperties": _value(shape.item)}
    elif shape.item is not None:
        schema = {"type": "array", "items": _value(shape.item)}
    elif issubclass(shape.base, Record):
        schema = _object(shape.base)
    else:
        schema = dict(_TYPES[shape.base])
    if shape.is_optional:
        schema["type"] = [schema["type"], "null"]
    return schema
