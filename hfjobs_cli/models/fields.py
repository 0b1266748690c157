"""Records, the base class of all that the Hub sends, and their fields: type, text, comparison, order and filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from inspect import get_annotations
from operator import attrgetter
from types import UnionType
from typing import Any, ClassVar, NamedTuple, TypeVar, Union, get_args, get_origin

from hfjobs_cli.config import DEFAULT_ENDPOINT
from hfjobs_cli.immutable import value
from hfjobs_cli.preferences import EXACT, Preferences
from hfjobs_cli.text.values import age, number, span, timestamp

R = TypeVar("R", bound="Record")


class Record:
    """Base of every record and of its parts, which are frozen dataclasses with slots, made without `eq` and `repr`.

    A field is declared once, `name: Annotated[TYPE, About(...)]`; all else that is known of it follows from there. What
    the Hub leaves out is None. A record that defines `__str__` is shown as that short text where a cell is wanted. One
    that `is_sent_back`, in parts, knows what was left out of it.
    """

    __slots__ = ("_left_out",)

    is_sent_back: ClassVar[bool] = False

    # Written once here, as dataclasses would write them anew for each record, each time the program starts.
    def __eq__(self, other: object) -> bool:
        """Return whether it is a record of the same class with the same values."""
        return self.values() == other.values() if isinstance(other, Record) and type(other) is type(self) else False

    def __hash__(self) -> int:
        """Hash the values. Raises TypeError if one of them is a list or a dict."""
        return hash(tuple(self.values().values()))

    def __repr__(self) -> str:
        """Format it as it could be made: `JobOwner(id='...', name='alice', type='user')`."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.values().items())})"

    @classmethod
    def from_api(
        cls: type[R],
        values: object,
        endpoint: str = DEFAULT_ENDPOINT,
        path: str | None = None,
        odd: Callable[[str], None] = lambda _message: None,
    ) -> R:
        """Parse a JSON value as the Hub at `endpoint` sent it.

        What is not as documented is absent, and `odd` is told of it, with its place below `path`, by default the name
        of the class. Unknown keys are ignored. Raises BadResponse, which names the place too, if the value is no
        object, or has nothing by which the record could be asked for.
        """
        from hfjobs_cli.models.decode import reader  # which reads by the fields below

        return reader(cls)(values, cls.__name__ if path is None else path, Source(endpoint, odd))

    def asdict(self) -> dict[str, Any]:
        """Return the fields by name as plain values, copied, those of parts too: what `dataclasses.asdict` gives."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @property
    def left_out(self) -> Mapping[str, Any]:
        """The JSON, by the names of fields, of which something is not as documented, and so not in the record."""
        found: Mapping[str, Any] = getattr(self, "_left_out", {})
        return found

    def keep_left_out(self, found: Mapping[str, Any]) -> None:
        """Remember the fields with invalid values. They are neither shown nor compared."""
        object.__setattr__(self, "_left_out", found)

    def values(self) -> dict[str, Any]:
        """Return the fields by name, not copied, and parts as they are."""
        return VALUES_OF[type(self)](self)


class _ValuesOf(dict[type, Callable[[Any], dict[str, Any]]]):
    """The function that returns the values of a record, by its class, made when it is first needed."""

    def __missing__(self, model: type[Record]) -> Callable[[Any], dict[str, Any]]:
        if model.values is not Record.values:  # as groups, which have no slots
            self[model] = model.values
            return model.values
        names: tuple[str, ...] = model.__slots__
        read = attrgetter(*names) if len(names) > 1 else lambda record: (getattr(record, names[0]),)
        self[model] = values = lambda record: dict(zip(names, read(record)))  # noqa: B905 - one value a name
        return values


VALUES_OF = _ValuesOf()


def has_text(record: object) -> bool:
    """Return whether this is a record, or a class of records, that is shown as a short text."""
    model = record if isinstance(record, type) else type(record)
    return issubclass(model, Record) and model.__str__ is not object.__str__


class Source(NamedTuple):
    """The origin of a JSON value, and the callback for unexpected values in it."""

    endpoint: str
    odd: Callable[[str], None]


Read = Callable[["dict[str, Any]", str, Source], Any]
"""The JSON object that holds a value, the path to it, and where it came from -> the value. Raises BadResponse."""

LIKELY_RANK = 72
"""The rank of a column that nobody gets without asking for it."""


class Measure(NamedTuple):
    """How `--filter` compares a value with `<` and `>`.

    `unit` says how the other value is typed (`UNITS` of `query/conditions.py`); `of` returns the number, or the
    moment, that is compared, None for a value that has none.
    """

    unit: str
    of: Callable[[Any], Any] = lambda value: value


NUMBER_IN_TEXT = Measure("number", number)
"""Compares texts that are numbers, as those of labels and variables; others never match."""


def natural(text: str) -> tuple[bool, float, str]:
    """Return a natural sort key: numbers by value, before all other text."""
    found = number(text)
    return (found is None, 0.0 if found is None else found, text)


class About(NamedTuple):
    """Metadata of a field: meaning, example, and how it differs from the defaults of its name and type.

    In the Hub's JSON: `key` is its place if that is not the name in camelCase, `expose.ports` one object deeper; `read`
    reads it from the object that it is in. For the command line: `name`, what it is called there if not as in Python,
    and `aliases`. A part that declares a `name` is a field of the whole record by that name, and all that is in a part
    that `is_spread` is one by the name that it has there.

    For eyes: `header`; `rank`, by which columns leave where space is short, low ones first; `least`, the width to which
    it may be cut, in its middle if it `keeps_end`; `spell`, its value as text; `narrow`, the same shorter; `drawn`, the
    same as only a terminal has it; `styles`, rich's styles by cell. `shown` is what tables have and filters compare in
    place of the value, from the record that declares it. `order` is what `--sort` compares of the value, `search` what
    `--filter` compares, also of None, and `words` are values of it that are known. `has_commas` says that a comma
    belongs to a value. `measure` is how it is compared with `<` and `>`, if that does not follow from its type. An
    object of texts has a field for each of its entries: `label.KEY`, if `entry` is `label`.

    The parts of a part that `is_closed` are no fields of the record by themselves.

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
    measure: Measure | None = None
    entry: str | None = None
    absent: str | None = None
    words: tuple[str, ...] = ()
    has_commas: bool = False
    keeps_end: bool = False
    is_spread: bool = False
    is_closed: bool = False
    is_promised: bool = False


class Shape(NamedTuple):
    """An analyzed type: base, whether it is optional, and the item type of lists.

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
    """A declared field of a record: name, type and metadata."""

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


NEVER_LEAVES = 100
"""The rank of a column that is shown however narrow the terminal."""

SPARE_RANK = 10
"""Columns of a lower rank leave before others are made narrow."""

NARROW_RANK = 90
"""The rank of a column that has been made as narrow as it gets."""


class Computed(NamedTuple):
    """A computed field, which is not in the Hub's JSON: type, function and metadata."""

    shape: Shape
    read: Callable[[Any, datetime], Any]
    about: About


@value
class Field:
    """One field of a kind. `name` is its name in `--columns`, `--sort` and `--filter`.

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
        """The short form of the column, used before it is dropped from a narrow table."""
        if self.about.narrow is None:
            return None
        about = self.about._replace(spell=self.about.narrow, narrow=None, drawn=None, rank=NARROW_RANK)
        return dataclasses.replace(self, about=about)

    @property
    def is_part(self) -> bool:
        """Return whether it is asked for by the name of the object that it is in."""
        return "." in self.name

    @property
    def is_as_shown(self) -> bool:
        """Return whether templates read what tables show: of what is not in the JSON, where there is a text for it."""
        return not self.path and self.about.spell is not None

    def plain(self, record: Record, now: datetime) -> Any:
        """Return its value from the JSON, or the computed one."""
        if not self.path:
            return self.read(record, now)
        value: Any = record
        for name in self.path:
            value = None if value is None else getattr(value, name)
        return value

    @property
    def is_cell(self) -> bool:
        """Return whether it can be shown in a cell: an object that has no short text cannot."""
        return self.about.spell is not None or self.shape.part is None or has_text(self.shape.part)

    def cell(self, record: Record, now: datetime, reader: Preferences | bool = EXACT) -> str | None:
        """Return its text for a cell; None if it is empty.

        A bool, from renderers of packages, says whether to show it as on a terminal.
        """
        if isinstance(reader, bool):
            reader = Preferences(is_tty=reader)
        value = self.read(record, now)
        if value is None:
            return None
        if reader.is_tty and self.about.drawn is not None:
            return self.about.drawn(value)
        if self.about.spell is not None:
            return self.about.spell(value)
        return value if type(value) is str else formatted(value, now if reader.has_relative_times else None)

    def value(self, record: Record, now: datetime) -> Any:
        """Return what programs read in its column: text or a number, None if there is nothing."""
        value = self.read(record, now)
        if value is None or type(value) in (int, float):
            return value
        return self._formatted(value)

    def order(self, record: Record, now: datetime) -> Any:
        """Return the sort key of a record; None without a value."""
        value = self.read(record, now)
        if value is None:
            return None
        if self.about.order is not None:
            return self.about.order(value)
        return value if isinstance(value, str | int | float | datetime) else self._formatted(value)

    @property
    def has_entries(self) -> bool:
        """Return whether it is a map of strings such as labels, whose entries are fields too."""
        return self.shape.base is dict and self.shape.item is None

    def entry(self, key: str) -> Field:
        """Return the field that is one of its entries: `label.team`. Numbers sort as numbers."""
        name = f"{self.about.entry or self.name}.{key}"
        about = About(
            f"value of {name}",
            key,
            header=name.upper(),
            rank=self.about.rank,
            least=self.about.least,
            order=natural,
            measure=NUMBER_IN_TEXT,
            has_commas=self.about.has_commas,
        )
        return Field(
            name, (), Shape(str, is_optional=True), about, lambda record, now: (self.read(record, now) or {}).get(key)
        )

    @property
    def measure(self) -> Measure | None:
        """How it is compared with `<` and `>`; None if it cannot be."""
        if self.about.measure is not None:
            return self.about.measure
        if self.shape.base is datetime:
            return Measure("moment")
        if self.shape.base in (int, float):
            return Measure("duration" if self.about.spell is span else "number")
        return None

    def texts(self, record: Record, now: datetime) -> Iterable[str]:
        """Return the texts by which it can be found."""
        value = self.read(record, now)
        if value is None:
            return ()
        return self._texts(value) if self.about.search is None else self.about.search(value)

    def _formatted(self, value: Any) -> str | None:
        return self.about.spell(value) if self.about.spell is not None else formatted(value, None)

    def _texts(self, value: Any) -> Iterator[str]:
        """Yield a value as it is and as it is shown; of lists also each item, unless they are words of one line."""
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
            if not self.about.has_commas:
                yield from words
        elif self.about.spell is not None:
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
        yield Field(name, (), made.shape, made.about, made.read)
    for each in declared(model):
        yield _field(each, ())
        if each.shape.part is not None and each.shape.item is None and not each.about.is_closed:
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
