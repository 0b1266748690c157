"""Template values: plain JSON data, and additional types of Go.

Null is None. A whole number in the data is an `int` (Go: int64), one that the template makes is an Int (Go: int).
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
"""The value of a missing field. A null in the data becomes this at the end of a pipeline."""


class Int(int):
    """A whole number that the template made: a literal, a length, a counter."""


class Byte(int):
    """One byte of a string, as `index` returns it."""


class Strings(list[str]):
    """A list of strings, as `split` returns it."""


class Authored(str):
    """Text by the author of the template, which may contain control characters. All other text is untrusted."""

    __slots__ = ()


class Object(dict[str, Any]):
    """An object that may print as a short text, and may have fields that are not printed."""

    __slots__ = ("more", "text")

    def __init__(self, fields: Mapping[str, Any], text: str | None = None, more: Mapping[str, Any] | None = None):
        """`text` is how it prints, None = as any other object; `more` are fields that are not printed."""
        super().__init__(fields)
        self.text = text
        self.more = more or {}

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, printed or not."""
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
    """Return Go's name of the type. Raises NotPlain."""
    return _type(value)[1]


def _type(value: object) -> tuple[str, str]:
    try:
        return _TYPES[type(value)]
    except KeyError:
        raise NotPlain(f"the data contains a {type(value).__name__}, which is not plain data") from None


def truth(value: object) -> bool:
    """Return whether a value is true for `if`: not null, not zero, not empty. Raises NotPlain."""
    return kind(value) != "nil" and bool(value)


def sorted_keys(value: Mapping[str, Any]) -> list[str]:
    """Return the keys of an object in Go's order. Raises NotPlain for a key that is not a string."""
    if not all(isinstance(key, str) for key in value):
        raise NotPlain("the data contains an object with a key that is not a string")
    return sorted(value)


def short_text(value: object) -> str | None:
    """Return the short text that an object prints as, None if it has none."""
    return value.text if isinstance(value, Object) else None


def like(original: str, text: str) -> str:
    """Return `text`, as text by the author of the template if `original` is."""
    return Authored(text) if type(original) is Authored else text
