"""The JSON Schema of what `--format json` prints, from what records declare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hfjobs_cli.records.declared import Shape, declared
from hfjobs_cli.records.kind import Kind
from hfjobs_cli.records.record import Record

_TYPES: dict[type, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    dict: {"type": "object", "additionalProperties": {"type": "string"}},
}


def json_schema(kind: Kind) -> dict[str, Any]:
    """Return the schema (draft 2020-12) of an array of records of a kind. A line of `jsonl` is one of its items."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.plural,
        "type": "array",
        "items": _object(kind.model),
    }


def _object(model: type[Record]) -> dict[str, Any]:
    """Return the schema of one record: every field is there, and there are no others."""
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
