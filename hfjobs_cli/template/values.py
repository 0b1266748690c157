"""Template values: plain JSON data, and extra types of Go.

Null is None. A whole number of the data is an `int` (Go: int64), one that the template makes is an Int (Go: int).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_VALUE = "<no value>"


class Absent:
    """The type of ABSENT."""

    def __repr__(self) -> str:
        """Format it as Go prints it."""
        return NO_VALUE


ABSENT = Absent()
"""What a field that is missing gives. A null in the data becomes this once it has passed through a pipeline."""


class Int(int):
    """A whole number that the template made: a literal, a length, a counter."""


class Byte(int):
    """One byte of a text, which is what `index` gives."""


class Strings(list[str]):
    """A list that holds nothing but text, as `split` makes it."""


class Authored(str):
    """Text by the author of the template, which may hold control characters. All other text may be anybody's."""

    __slots__ = ()


class Object(dict[str, Any]):
    """An object that prints as a short text but still has its fields, and perhaps some that are not printed with it."""

    __slots__ = ("more", "text")

    def __init__(self, fields: Mapping[str, Any], text: str | None = None, more: Mapping[str, Any] | None = None):
        """`text` is how it prints, None = as any other object; `more` are fields that are found but not listed."""
        super().__init__(fields)
        self.text = text
        self.more = more or {}

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, listed or not."""
        return self[name] if name in self else self.more.get(name, default)


_TYPES = {
    bool: ("bool", "bool"),
    int: ("int", "int64"),
    Int: ("int", "int"),
    Byte: ("uint", "uint8"),
    float: ("float", "float64"),
    complex: ("complex", "complex128"),
    str: ("string", "string"),
    Authored: ("string", "string"),
    list: ("list", "[]interface {}"),
    Strings: ("list", "[]string"),
    dict: ("map", "map[string]interface {}"),
    Object: ("map", "map[string]interface {}"),
    type(None): ("nil", "<nil>"),
    Absent: ("nil", "<nil>"),
}


class NotPlain(Exception):
    """The data contains a value that is not JSON."""


def kind(value: object) -> str:
    """Return `bool int uint float complex string list map` or `nil`. Raises NotPlain."""
    return _type(value)[0]


def type_name(value: object) -> str:
    """Return the name that Go has for the type. Raises NotPlain."""
    return _type(value)[1]


def _type(value: object) -> tuple[str, str]:
    try:
        return _TYPES[type(value)]
    except KeyError:
        raise NotPlain(f"the data contains a {type(value).__name__}, which is not plain data") from None


def truth(value: object) -> bool:
    """Return whether `if` takes the value as true: not null, not zero, not empty. Raises NotPlain."""
    return kind(value) != "nil" and bool(value)


def sorted_keys(value: Mapping[str, Any]) -> list[str]:
    """Return the names in an object in the order in which Go has them. Raises NotPlain for one that is no text."""
    if not all(isinstance(key, str) for key in value):
        raise NotPlain("the data contains an object with a key that is not a string")
    return sorted(value)


def short_text(value: object) -> str | None:
    """Return the text that an object prints as, None if it prints as any other value."""
    return value.text if isinstance(value, Object) else None


def like(original: str, text: str) -> str:
    """Return `text`, by the author of the template if `original` is."""
    return Authored(text) if type(original) is Authored else text
