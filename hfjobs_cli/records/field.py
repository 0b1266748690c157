"""A field of a kind of record, with all that the command line does with it: shown, compared, ordered, asked for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from hfjobs_cli.records.declared import About, Declared, Shape, declared
from hfjobs_cli.records.record import Record, has_text
from hfjobs_cli.text.times import age, timestamp
from hfjobs_cli.values import value

NEVER_LEAVES = 100
"""The rank of a column that is shown however narrow the terminal."""

NARROW_RANK = 90
"""The rank of a column that has been made as narrow as it gets."""


class Computed(NamedTuple):
    """A field that is not in the Hub's JSON: its type, how it is read of a record at some moment, and what it means."""

    shape: Shape
    read: Callable[[Any, datetime], Any]
    about: About


@value
class Field:
    """One field of a kind. `name` is what it is called in `--columns`, `--sort` and `--filter`.

    `path` leads to it from the record, in Python's names; it is empty for what is computed. `read` gives what is shown
    of a record at some moment, None if there is nothing.
    """

    name: str
    path: tuple[str, ...]
    shape: Shape
    about: About
    read: Callable[[Any, datetime], Any]

    @property
    def header(self) -> str:
        """The header of its column."""
        return self.about.header or self.name.upper().replace("_", " ")

    @cached_property
    def narrow(self) -> Field | None:
        """What takes the place of its column before that leaves."""
        if self.about.narrow is None:
            return None
        about = self.about._replace(spell=self.about.narrow, narrow=None, drawn=None, rank=NARROW_RANK)
        return dataclasses.replace(self, about=about)

    @property
    def is_part(self) -> bool:
        """Tell whether it is asked for by the name of the object that it is in."""
        return "." in self.name

    @property
    def is_as_shown(self) -> bool:
        """Tell whether templates read what tables show: of what is not in the JSON, where there is a text for it."""
        return not self.path and self.about.spell is not None

    def plain(self, record: Record, now: datetime) -> Any:
        """Return its value: as it is in the JSON, or if it is not there as it was computed."""
        if not self.path:
            return self.read(record, now)
        value: Any = record
        for name in self.path:
            value = None if value is None else getattr(value, name)
        return value

    @property
    def is_cell(self) -> bool:
        """Tell whether it can be shown in a cell: an object that has no short text cannot."""
        return self.about.spell is not None or self.shape.part is None or has_text(self.shape.part)

    def cell(self, record: Record, now: datetime, for_eyes: bool) -> str | None:
        """Return its short text, None if there is nothing to say. Moments are relative for eyes."""
        value = self.read(record, now)
        if value is None:
            return None
        if for_eyes and self.about.drawn is not None:
            return self.about.drawn(value)
        if self.about.spell is not None:
            return self.about.spell(value)
        return value if type(value) is str else spelled(value, now if for_eyes else None)

    def value(self, record: Record, now: datetime) -> Any:
        """Return what programs read in its column: text or a number, None if there is nothing."""
        value = self.read(record, now)
        if value is None or type(value) in (int, float):
            return value
        return self._spelled(value)

    def order(self, record: Record, now: datetime) -> Any:
        """Return what is compared to order records, None if there is nothing."""
        value = self.read(record, now)
        if value is None:
            return None
        if self.about.order is not None:
            return self.about.order(value)
        return value if isinstance(value, str | int | float | datetime) else self._spelled(value)

    def texts(self, record: Record, now: datetime) -> Iterable[str]:
        """Return the texts by which it can be found."""
        value = self.read(record, now)
        if value is None:
            return ()
        return self._texts(value) if self.about.search is None else self.about.search(value)

    def _spelled(self, value: Any) -> str | None:
        return self.about.spell(value) if self.about.spell is not None else spelled(value, None)

    def _texts(self, value: Any) -> Iterator[str]:
        """Yield a value as it is and as it is shown; of lists also each item, unless they are words of one line."""
        if isinstance(value, dict):
            for key, text in value.items():
                yield f"{key}={text}"
                yield key
            return
        shown = self._spelled(value)
        if shown is None:
            return
        yield shown
        if isinstance(value, list):
            words = [spelled(item, None) or "" for item in value if not isinstance(item, Record)]
            yield " ".join(words)
            if not self.about.has_commas:
                yield from words
        elif self.about.spell is not None:
            yield spelled(value, None) or ""


def spelled(value: Any, now: datetime | None) -> str | None:
    """Spell a value that is not None for a cell, None if there is nothing to say. `now` makes moments relative."""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return timestamp(value) if now is None else age(value, now)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(filter(None, (spelled(item, now) for item in value))) or None
    if isinstance(value, dict):
        return ",".join(f"{key}={text}" for key, text in sorted(value.items())) or None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) or None


def fields_of(model: type[Record], computed: Mapping[str, Computed]) -> Iterator[Field]:
    """Yield the fields of a kind: what it has itself, what is computed, and the parts of its parts."""
    parts: list[Field] = []
    for name, made in computed.items():
        yield Field(name, (), made.shape, made.about, made.read)
    for each in declared(model):
        yield _field(each, ())
        if each.shape.part is not None and each.shape.item is None:
            parts += (_field(inner, (each.name,), each.about.is_spread) for inner in declared(each.shape.part))
    yield from (part for part in parts if not part.is_part)
    yield from (part for part in parts if part.is_part)


def _field(each: Declared, outer: tuple[str, ...], is_spread: bool = False) -> Field:
    path = (*outer, each.name)
    name = each.about.name or (each.name if is_spread else ".".join(path))
    return Field(name, path, each.shape, each.about, _read(path, each.about))


def _read(path: tuple[str, ...], about: About) -> Callable[[Any, datetime], Any]:
    name = path[-1]
    # To attrgetter a dot in a name, as in that of a label that a report groups by, is a part of a part.
    shown = about.shown or (attrgetter(name) if "." not in name else lambda record: getattr(record, name))
    if len(path) == 1:
        return lambda record, _now: shown(record)
    first, _ = path

    def read(record: Record, _now: datetime) -> Any:
        part = getattr(record, first)
        return None if part is None else shown(part)

    return read
