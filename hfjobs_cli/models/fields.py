"""Records, the base class of everything the Hub sends, and their fields: metadata, type, text, sort key, filters."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from inspect import get_annotations
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar, Union, get_args, get_origin

from hfjobs_cli.config import DEFAULT_ENDPOINT
from hfjobs_cli.immutable import value
from hfjobs_cli.preferences import EXACT, Preferences
from hfjobs_cli.text.values import age, number, span, timestamp

R = TypeVar("R", bound="Record")


class Record:
    """Base of every record and of its parts, which `record` makes frozen dataclasses with slots.

    A field is declared once, `name: Annotated[TYPE, Meta(...)]`, and everything else follows from that. A field that
    the Hub omits is None. `__str__`, if a record defines it, is its text in cells. A record that `is_sent_back` to the
    Hub, in parts, has its invalid values in `left_out`.
    """

    __slots__ = ("_left_out",)

    is_sent_back: ClassVar[bool] = False

    # Defined once here, because dataclasses would generate them for each record at every start.
    def __eq__(self, other: object) -> bool:
        """Return whether it is a record of the same class with the same values."""
        return self.values() == other.values() if isinstance(other, Record) and type(other) is type(self) else False

    def __hash__(self) -> int:
        """Hash the values. Raises TypeError if one of them is a list or a dict."""
        return hash(tuple(self.values().values()))

    def __repr__(self) -> str:
        """Format it as a constructor call: `JobOwner(id='...', name='alice', type='user')`."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.values().items())})"

    @classmethod
    def from_api(
        cls: type[R],
        values: object,
        endpoint: str = DEFAULT_ENDPOINT,
        path: str | None = None,
        odd: Callable[[str], None] = lambda _message: None,
    ) -> R:
        """Parse a JSON value from the Hub at `endpoint`.

        Invalid values become None, and `odd` is called with a message that names their place, below `path`, by default
        the name of the class. Unknown keys are ignored. Raises BadResponse, which names the place too, if the value is
        not an object or its key field is invalid.
        """
        from hfjobs_cli.models.decode import reader  # which imports this module

        return reader(cls)(values, cls.__name__ if path is None else path, JsonSource(endpoint, odd))

    def asdict(self) -> dict[str, Any]:
        """Return the fields by name as copied plain values, also in parts, as `dataclasses.asdict` does."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @property
    def left_out(self) -> Mapping[str, Any]:
        """The JSON of fields with invalid values, by the names of the fields."""
        found: Mapping[str, Any] = getattr(self, "_left_out", {})
        return found

    def keep_left_out(self, found: Mapping[str, Any]) -> None:
        """Store the JSON of fields with invalid values. They are neither shown nor compared."""
        object.__setattr__(self, "_left_out", found)

    def values(self) -> dict[str, Any]:
        """Return the fields by name, neither copied nor converted."""
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


if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(frozen_default=True, eq_default=False)
    def record(cls: type[R]) -> type[R]:
        """Make a subclass of Record a frozen dataclass with slots."""
        ...

else:

    def record(cls: type[R]) -> type[R]:
        """Make a subclass of Record a frozen dataclass with slots. Record itself has `__eq__` and `__repr__`."""
        return dataclasses.dataclass(frozen=True, slots=True, eq=False, repr=False)(cls)


def has_text(record: object) -> bool:
    """Return whether a record, or a class of records, has a short text for cells."""
    model = record if isinstance(record, type) else type(record)
    return issubclass(model, Record) and model.__str__ is not object.__str__


class JsonSource(NamedTuple):
    """The origin of a JSON value, and the callback for unexpected values in it."""

    endpoint: str
    unexpected: Callable[[str], None]


Read = Callable[["dict[str, Any]", str, JsonSource], Any]
"""The JSON object that contains a value, its path, and its source -> the value. Raises BadResponse."""

DEFAULT_RANK = 72
"""The rank of columns that are not shown by default."""


class Measure(NamedTuple):
    """How `--filter` compares a value with `<` and `>`.

    `unit` is the unit of the other value (`UNITS` in `query/conditions.py`). `of` returns the number or time to
    compare; None for a value without one.
    """

    unit: str
    of: Callable[[Any], Any] = lambda value: value


NUMBER_IN_TEXT = Measure("number", number)
"""Compares strings that are numbers, such as values of labels and variables; other strings never match."""


def natural(text: str) -> tuple[bool, float, str]:
    """Return a natural sort key: numbers by value, before any other text."""
    found = number(text)
    return (found is None, 0.0 if found is None else found, text)


class Meta(NamedTuple):
    """Metadata of a field: its meaning, an example, and what does not follow from its name and type.

    JSON of the Hub:

    - `key`: the place of the field, by default its name in camelCase; `expose.ports` is one object deeper.
    - `read`: the function that reads it from the object that contains it.
    - `is_always_sent`: warn if the Hub omits it, although its type allows None.

    Command line:

    - `name`: its name there, if not the one in Python. With a `name`, a field of a part is a field of the whole record.
    - `aliases`: other names.
    - `is_flattened`: all fields of this part are fields of the whole record, by their own names.
    - `is_opaque`: the fields of this part are not fields of the record.
    - `entry`: an object of strings has a field for each entry: `label.KEY`, if `entry` is `label`.
    - `sort_key`: what `--sort` compares.
    - `filter_texts`: the texts that `--filter` matches; `absent_word` matches None.
    - `known_values`: values that completion offers.
    - `has_commas`: values may contain commas.
    - `measure`: how `<` and `>` compare it, if that does not follow from its type.

    Tables:

    - `header`.
    - `rank`: columns with a low rank are dropped first where space is short.
    - `min_width`: the width to which a cell may be cut, in its middle with `cuts_middle`.
    - `formatter`: formats the value; `narrow_formatter` is shorter, `tty_formatter` is for terminals only.
    - `cell_value`: what tables show and filters compare instead of the value. It is given the record that declares it.
    - `styles`: styles of rich, by the text of the cell.
    """

    meaning: str
    example: str
    key: str | None = None
    read: Read | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    header: str | None = None
    rank: int = DEFAULT_RANK
    min_width: int | None = None
    formatter: Callable[[Any], str | None] | None = None
    narrow_formatter: Callable[[Any], str | None] | None = None
    tty_formatter: Callable[[Any], str | None] | None = None
    styles: Mapping[str, str] = {}
    cell_value: Callable[[Any], Any] | None = None
    sort_key: Callable[[Any], Any] | None = None
    filter_texts: Callable[[Any], Iterable[str]] | None = None
    measure: Measure | None = None
    entry: str | None = None
    absent_word: str | None = None
    known_values: tuple[str, ...] = ()
    has_commas: bool = False
    cuts_middle: bool = False
    is_flattened: bool = False
    is_opaque: bool = False
    is_always_sent: bool = False


class FieldType(NamedTuple):
    """An analyzed type: base, whether it is optional, and the item type of lists.

    `base` is str, int, float (any number), bool, datetime, list, dict, or a subclass of Record. A dict holds text by
    name, or records if these are its items.
    """

    base: type
    is_optional: bool = False
    item: FieldType | None = None

    @property
    def part(self) -> type[Record] | None:
        """The record that it is, or that its items are; None if it is neither."""
        inner = self.item or self
        return inner.base if issubclass(inner.base, Record) else None


class DeclaredField(NamedTuple):
    """A declared field of a record: name, type and metadata."""

    name: str
    type: FieldType
    meta: Meta


_DECLARED: dict[type, tuple[DeclaredField, ...]] = {}


def declared_fields(model: type[Record]) -> tuple[DeclaredField, ...]:
    """Return the declared fields of a record, in order."""
    if model not in _DECLARED:
        hints = get_annotations(model, eval_str=True)
        _DECLARED[model] = tuple(
            DeclaredField(name, field_type(hint.__origin__), *hint.__metadata__)
            for name, hint in hints.items()
            if hasattr(hint, "__metadata__")
        )
    return _DECLARED[model]


def field_type(hint: Any) -> FieldType:
    """Analyze a type. Raises TypeError for one that a field cannot have."""
    if get_origin(hint) in (Union, UnionType):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        is_optional = len(kinds) < len(get_args(hint))
        if set(kinds) == {int, float}:
            return FieldType(float, is_optional)
        (kind,) = kinds
        return field_type(kind)._replace(is_optional=is_optional)
    if get_origin(hint) is list:
        return FieldType(list, item=field_type(get_args(hint)[0]))
    if get_origin(hint) is dict:
        held = get_args(hint)[1]
        return FieldType(dict, item=None if held is str else field_type(held))
    if hint in (str, int, bool, datetime) or (isinstance(hint, type) and issubclass(hint, Record)):
        return FieldType(hint)
    raise TypeError(f"a field of a record cannot be {hint}")


ALWAYS_SHOWN = 100
"""The rank of columns that are never dropped."""

SPARE_RANK = 10
"""Columns of a lower rank are dropped before others are narrowed."""

NARROW_RANK = 90
"""The rank of a column in its narrow form."""


class Computed(NamedTuple):
    """A computed field, which is not in the Hub's JSON: type, function and metadata."""

    type: FieldType
    read: Callable[[Any, datetime], Any]
    meta: Meta


@value
class Field:
    """One field of a kind. `name` is its name in `--columns`, `--sort` and `--filter`.

    `path` are the names in Python from the record to it, empty for a computed field. `read` returns the value to show
    of a record at some time; None if there is none.
    """

    name: str
    path: tuple[str, ...]
    type: FieldType
    meta: Meta
    read: Callable[[Any, datetime], Any]

    @property
    def header(self) -> str:
        """The header of its column."""
        return self.meta.header or self.name.upper().replace("_", " ")

    @cached_property
    def narrow(self) -> Field | None:
        """The short form of the column, used before it is dropped from a narrow table."""
        if self.meta.narrow_formatter is None:
            return None
        meta = self.meta._replace(
            formatter=self.meta.narrow_formatter, narrow_formatter=None, tty_formatter=None, rank=NARROW_RANK
        )
        return dataclasses.replace(self, meta=meta)

    @property
    def is_part(self) -> bool:
        """Return whether its name begins with that of the object that contains it."""
        return "." in self.name

    @property
    def is_as_shown(self) -> bool:
        """Return whether templates get its text: it is computed, and has a formatter."""
        return not self.path and self.meta.formatter is not None

    def plain(self, record: Record, now: datetime) -> Any:
        """Return its value in the JSON, or the computed one."""
        if not self.path:
            return self.read(record, now)
        value: Any = record
        for name in self.path:
            value = None if value is None else getattr(value, name)
        return value

    @property
    def is_cell(self) -> bool:
        """Return whether it can be shown in a cell. An object without a short text cannot."""
        return self.meta.formatter is not None or self.type.part is None or has_text(self.type.part)

    def cell(self, record: Record, now: datetime, reader: Preferences | bool = EXACT) -> str | None:
        """Return its text for a cell; None if it is empty.

        Renderers of other packages may pass a bool: whether the output is a terminal.
        """
        if isinstance(reader, bool):
            reader = Preferences(is_tty=reader)
        value = self.read(record, now)
        if value is None:
            return None
        if reader.is_tty and self.meta.tty_formatter is not None:
            return self.meta.tty_formatter(value)
        if self.meta.formatter is not None:
            return self.meta.formatter(value)
        return value if type(value) is str else formatted(value, now if reader.has_relative_times else None)

    def value(self, record: Record, now: datetime) -> Any:
        """Return its value for programs: text or a number; None if it is empty."""
        value = self.read(record, now)
        if value is None or type(value) in (int, float):
            return value
        return self._formatted(value)

    def order(self, record: Record, now: datetime) -> Any:
        """Return the sort key of a record; None without a value."""
        value = self.read(record, now)
        if value is None:
            return None
        if self.meta.sort_key is not None:
            return self.meta.sort_key(value)
        return value if isinstance(value, str | int | float | datetime) else self._formatted(value)

    @property
    def has_entries(self) -> bool:
        """Return whether it is a map of strings such as labels, whose entries are fields too."""
        return self.type.base is dict and self.type.item is None

    def entry(self, key: str) -> Field:
        """Return the field that is one of its entries: `label.team`. Numbers sort as numbers."""
        name = f"{self.meta.entry or self.name}.{key}"
        meta = Meta(
            f"value of {name}",
            key,
            header=name.upper(),
            rank=self.meta.rank,
            min_width=self.meta.min_width,
            sort_key=natural,
            measure=NUMBER_IN_TEXT,
            has_commas=self.meta.has_commas,
        )
        return Field(
            name,
            (),
            FieldType(str, is_optional=True),
            meta,
            lambda record, now: (self.read(record, now) or {}).get(key),
        )

    @property
    def measure(self) -> Measure | None:
        """How `<` and `>` compare it; None if they cannot."""
        if self.meta.measure is not None:
            return self.meta.measure
        if self.type.base is datetime:
            return Measure("moment")
        if self.type.base in (int, float):
            return Measure("duration" if self.meta.formatter is span else "number")
        return None

    def texts(self, record: Record, now: datetime) -> Iterable[str]:
        """Return the texts that filters match."""
        value = self.read(record, now)
        if value is None:
            return ()
        return self._texts(value) if self.meta.filter_texts is None else self.meta.filter_texts(value)

    def _formatted(self, value: Any) -> str | None:
        return self.meta.formatter(value) if self.meta.formatter is not None else formatted(value, None)

    def _texts(self, value: Any) -> Iterator[str]:
        """Yield the text and the plain form of a value; also each item of a list, unless items may contain commas."""
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
            if not self.meta.has_commas:
                yield from words
        elif self.meta.formatter is not None:
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
        yield Field(name, (), made.type, made.meta, made.read)
    for each in declared_fields(model):
        yield _field(each, ())
        if each.type.part is not None and each.type.item is None and not each.meta.is_opaque:
            parts += (_field(inner, (each.name,), each.meta.is_flattened) for inner in declared_fields(each.type.part))
    yield from (part for part in parts if not part.is_part)
    yield from (part for part in parts if part.is_part)


def _field(each: DeclaredField, outer: tuple[str, ...], is_spread: bool = False) -> Field:
    path = (*outer, each.name)
    name = each.meta.name or (each.name if is_spread else ".".join(path))
    return Field(name, path, each.type, each.meta, _read(path, each.meta))


def _read(path: tuple[str, ...], meta: Meta) -> Callable[[Any, datetime], Any]:
    name = path[-1]
    # To attrgetter a dot in a name, as in that of a label that a report groups by, is a part of a part.
    shown = meta.cell_value or (attrgetter(name) if "." not in name else lambda record: getattr(record, name))
    if len(path) == 1:
        return lambda record, _now: shown(record)
    first, _ = path

    def read(record: Record, _now: datetime) -> Any:
        part = getattr(record, first)
        return None if part is None else shown(part)

    return read
