"""What can be told of a value before there is one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hfjobs_cli.template.values import Byte, Int, Object, Strings, kind, short_text, type_name


class Unknown:
    """The type of UNKNOWN."""


UNKNOWN = Unknown()
"""In place of a value that only the data has."""

SAMPLES: Mapping[str, Any] = {
    "string": "",
    "int": Int(0),
    "float": 0.0,
    "bool": False,
    "list": [],
    "map": {},
    "spoken": Object({}, text=""),
    "uint": Byte(0),
    "complex": 0j,
    "nil": None,
}
"""A value of each kind; `spoken` is an object that prints as a short text. What is true of it is true of its kind."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What can be told of a value: the kinds that it may be of, what it holds, and the value itself if it is known.

    `fields` are those of an object, by name, None if there can be any. `item` is what a list, or an object with any
    fields, holds; None if that can be anything. `name` leads to it from the data: `.status`. That a field
    may be null is left out, for what works for nothing but null does not work.
    """

    kinds: frozenset[str]
    fields: Mapping[str, Shape] | None = None
    item: Shape | None = None
    value: Any = UNKNOWN
    name: str = ""

    @property
    def is_known(self) -> bool:
        """Tell whether the value itself is known."""
        return self.value is not UNKNOWN

    @property
    def has_fields(self) -> bool:
        """Tell whether it may be an object."""
        return bool(self.kinds & {"map", "spoken"})

    @property
    def types(self) -> str:
        """Name the types that it may be of."""
        return " or ".join(type_name(sample) for sample in self.samples())

    def samples(self) -> list[Any]:
        """Return the value, or one of each kind that it may be of."""
        return [self.value] if self.is_known else [SAMPLES[name] for name in SAMPLES if name in self.kinds]


ANY = Shape(frozenset(SAMPLES))

Schema = Mapping[str, "Schema | Shape | None"]
"""The fields of an object by name, and what each is: its shape, or the fields that it has; None for anything."""


def shape_of(*kinds: str, **more: Any) -> Shape:
    """Return the shape of what is of one of some kinds."""
    return Shape(frozenset(kinds), **more)


def shape_of_schema(schema: Schema, name: str = "") -> Shape:
    """Return the shape of what has these fields."""
    fields = {
        key: ANY if inner is None else inner if isinstance(inner, Shape) else shape_of_schema(inner, f"{name}.{key}")
        for key, inner in schema.items()
    }
    return Shape(ANY.kinds, fields=fields, name=name)


def shape_of_value(value: Any) -> Shape:
    """Return the shape of a known value."""
    return Shape(frozenset([_kind(value)]), value=value)


def shape_of_results(values: Iterable[Any]) -> Shape:
    """Return the shape of what is like one of these values."""
    values = list(values)
    holds_text = bool(values) and all(isinstance(value, Strings) for value in values)
    return Shape(frozenset(map(_kind, values)) or ANY.kinds, item=shape_of("string") if holds_text else None)


def union(shapes: Iterable[Shape]) -> Shape:
    """Return the shape of what is one of several."""
    shapes = list(shapes)
    return shapes[0] if len(shapes) == 1 else Shape(frozenset().union(*(each.kinds for each in shapes)))


def _kind(value: Any) -> str:
    return "spoken" if short_text(value) is not None else kind(value)
