"""The properties of a job as one table: what each is called, and how it gets from one form of a job to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import get_annotations
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin


class Property(NamedTuple):
    """What a property of a job is called, and how it is read and written. All but the key have defaults.

    `key` is its place in the body of a request, `expose.ports` one object deeper. `sent` returns what stands there, of
    the whole job, None for nothing; by default the value, unless that is empty. `told` reads the value from a record of
    a job or schedule, None for the default; by default from the record's field of the same name.

    `option` is the one that sets it, in place of what it was; `parse` reads what was typed there. What has no such
    option is an argument, or is added up from several options.

    `title` is the line of the summary of a property that has a line of its own, where its value stands as it is; it is
    compared by 'diff' in the same way. The other properties are shown together with others, or in other words.
    """

    key: str
    option: str = ""
    parse: Callable[[Any], Any] | None = None
    sent: Callable[[Any], Any] | None = None
    told: Callable[[Any], Any] | None = None
    title: str = ""


class Row(NamedTuple):
    """A property, its name in Python, and the type that it has in JSON: str, int, bool, list or dict, and of items."""

    name: str
    base: type
    item: Any
    about: Property

    @property
    def typed(self) -> str:
        """The name in Python of the option that sets it; empty if there is none."""
        return self.about.option.removeprefix("--").replace("-", "_")

    def parsed(self, value: Any) -> Any:
        """Return the value from that of its option. Raises UsageError."""
        if self.about.parse is not None:
            return self.about.parse(value)
        return tuple(value) if self.base is list else value

    def told_by(self, made: Any) -> Any:
        """Read the property from a record; None for the default."""
        if self.about.told is not None:
            return self.about.told(made)
        value = getattr(made, self.name)
        return tuple(value) if self.base is list and value is not None else value

    def sent_of(self, job: Any) -> Any:
        """Return what the body of a request has of a job, None for nothing."""
        if self.about.sent is not None:
            return self.about.sent(job)
        value = getattr(job, self.name)
        if self.base in (list, dict):
            return self.base(value) or None
        return None if value is False else value


@cache
def rows(model: type) -> tuple[Row, ...]:
    """Return the properties that a class declares, in order."""
    hints = get_annotations(model, eval_str=True)
    return tuple(Row(name, *_types(hint.__origin__), *hint.__metadata__) for name, hint in hints.items())


def _types(hint: Any) -> tuple[type, Any]:
    """Return the type of a property in JSON, and of its items."""
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    origin = get_origin(hint)
    if origin is None:
        return hint, None
    return (dict, get_args(hint)[1]) if issubclass(origin, Mapping) else (list, get_args(hint)[0])


def put(body: dict[str, Any], key: str, value: Any) -> None:
    """Put a value into an object, or into one in it if the key is dotted."""
    outer, _, inner = key.partition(".")
    if inner:
        body.setdefault(outer, {})[inner] = value
    else:
        body[outer] = value
