"""What is declared of a field beside its type, and its type taken apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from inspect import get_annotations
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin

from hfjobs_cli.records.record import Record


class Source(NamedTuple):
    """Where a JSON value came from, and who is told of what is in it and not as documented."""

    endpoint: str
    odd: Callable[[str], None]


Read = Callable[["dict[str, Any]", str, Source], Any]
"""The JSON object that holds a value, the path to it, and where it came from -> the value. Raises BadResponse."""

LIKELY_RANK = 72
"""The rank of a column that nobody gets without asking for it."""


class About(NamedTuple):
    """What a field means, and how it differs from what its name and its type say. All but the first two have defaults.

    In the Hub's JSON: `key` is its place if that is not the name in camelCase, `expose.ports` one object deeper; `read`
    reads it from the object that it is in. For the command line: `name`, what it is called there if not as in Python,
    and `aliases`. A part that declares a `name` is a field of the whole record by that name, and all that is in a part
    that `is_spread` is one by the name that it has there.

    For eyes: `header`; `rank`, by which columns leave where space is short, low ones first; `least`, the width to which
    it may be cut; `spell`, its value as text; `narrow`, the same shorter; `drawn`, the same as only a terminal has it;
    `styles`, rich's styles by cell. `shown` is what tables have and filters compare in place of the value, from the
    record that declares it. `order` is what `--sort` compares of the value, `search` what `--filter` compares, also of
    None, and `words` are values of it that are known. `has_commas` says that a comma belongs to a value.

    `is_promised` says that it is odd if the Hub leaves it out, though it may be None.
    """

    meaning: str
    example: str
    key: str | None = None
    read: Read | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    header: str | None = None
    rank: int = LIKELY_RANK
    least: int | None = None
    spell: Callable[[Any], str | None] | None = None
    narrow: Callable[[Any], str | None] | None = None
    drawn: Callable[[Any], str | None] | None = None
    styles: Mapping[str, str] = {}
    shown: Callable[[Any], Any] | None = None
    order: Callable[[Any], Any] | None = None
    search: Callable[[Any], Iterable[str]] | None = None
    absent: str | None = None
    words: tuple[str, ...] = ()
    has_commas: bool = False
    is_spread: bool = False
    is_promised: bool = False


class Shape(NamedTuple):
    """A type taken apart: what it is made of, whether it may be None, and of lists what their items are.

    `base` is str, int, float (any number), bool, datetime, list, dict, or a subclass of Record. A dict holds text by
    name, or records if these are its items.
    """

    base: type
    is_optional: bool = False
    item: Shape | None = None

    @property
    def part(self) -> type[Record] | None:
        """The record that it is, or that its items are; None if it is neither."""
        inner = self.item or self
        return inner.base if issubclass(inner.base, Record) else None


class Declared(NamedTuple):
    """A field of a record: its name, its type and what is said of it."""

    name: str
    shape: Shape
    about: About


_DECLARED: dict[type, tuple[Declared, ...]] = {}


def declared(model: type[Record]) -> tuple[Declared, ...]:
    """Return the fields that a record declares, in order."""
    if model not in _DECLARED:
        hints = get_annotations(model, eval_str=True)
        _DECLARED[model] = tuple(
            Declared(name, shape_of(hint.__origin__), *hint.__metadata__)
            for name, hint in hints.items()
            if hasattr(hint, "__metadata__")
        )
    return _DECLARED[model]


def shape_of(hint: Any) -> Shape:
    """Take a type apart. Raises TypeError for one that no field has."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        is_optional = len(kinds) < len(get_args(hint))
        if set(kinds) == {int, float}:
            return Shape(float, is_optional)
        (kind,) = kinds
        return shape_of(kind)._replace(is_optional=is_optional)
    if get_origin(hint) is list:
        return Shape(list, item=shape_of(get_args(hint)[0]))
    if get_origin(hint) is dict:
        held = get_args(hint)[1]
        return Shape(dict, item=None if held is str else shape_of(held))
    if hint in (str, int, bool, datetime) or (isinstance(hint, type) and issubclass(hint, Record)):
        return Shape(hint)
    raise TypeError(f"a field of a record cannot be {hint}")
