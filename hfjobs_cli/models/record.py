"""Records, the base class of everything the Hub sends, and how their fields are declared: types and metadata."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from inspect import get_annotations
from operator import attrgetter
from types import UnionType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar, Union, get_args, get_origin

from hfjobs_cli.config import DEFAULT_ENDPOINT
from hfjobs_cli.models.decode import FieldReader, JsonSource, reader
from hfjobs_cli.text.values import number

R = TypeVar("R", bound="Record")


class Record:
    """Base of every record and of its parts, which `record` makes dataclasses with slots. They are immutable.

    A field is declared once, `name: Annotated[TYPE, Meta(...)]`, and everything else follows from that. A field that
    the Hub omits is None. `__str__`, if a record defines it, is its text in cells. A record that `is_sent_back` to the
    Hub, in parts, has its invalid values in `left_out`.
    """

    __slots__ = ("_left_out",)

    is_sent_back: ClassVar[bool] = False

    # Defined once here: dataclasses would generate these methods for each record, which takes 5 % of the time of `ps`.

    def __init__(self, *values: Any, **named: Any) -> None:
        """Take the values of the fields, in order or by name. Raises TypeError for a wrong or a missing one."""
        names: tuple[str, ...] = type(self).__slots__
        if named or len(values) != len(names):
            values = _arguments(type(self), values, named)
        self.__setstate__(zip(names, values))  # noqa: B905 - one value a name

    def __setattr__(self, name: str, value: object) -> None:
        """Raise FrozenInstanceError: records are immutable."""
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        """Raise FrozenInstanceError: records are immutable."""
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def __getstate__(self) -> Iterable[tuple[str, Any]]:
        """Return the fields, for copies."""
        return list(self.values().items())

    def __setstate__(self, state: Iterable[tuple[str, Any]]) -> None:
        """Set the fields of a new record."""
        for name, value in state:
            object.__setattr__(self, name, value)

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
        unexpected: Callable[[str], None] = lambda _message: None,
    ) -> R:
        """Parse a JSON value from the Hub at `endpoint`.

        Invalid values become None, and `unexpected` is called with a message that names their place, below `path`, by
        default the name of the class. Unknown keys are ignored. Raises BadResponse, which names the place too, if the
        value is not an object or its key field is invalid.
        """
        return reader(cls)(values, cls.__name__ if path is None else path, JsonSource(endpoint, unexpected))

    @classmethod
    def declared_fields(cls) -> tuple[DeclaredField, ...]:
        """Return the declared fields, in order."""
        if cls not in _DECLARED:
            hints = get_annotations(cls, eval_str=True)
            _DECLARED[cls] = tuple(
                DeclaredField(name, _field_type(cls, name, hint.__origin__), *hint.__metadata__)
                for name, hint in hints.items()
                if hasattr(hint, "__metadata__")
            )
        return _DECLARED[cls]

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


_DECLARED: dict[type, tuple[DeclaredField, ...]] = {}


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
        """Make a subclass of Record a frozen dataclass with slots. Its methods are those of Record."""
        made = dataclasses.dataclass(init=False, slots=True, eq=False, repr=False)(cls)
        made.__dataclass_params__.frozen = True  # which the methods of Record see to
        return made


def _arguments(model: type[Record], values: tuple[Any, ...], named: dict[str, Any]) -> tuple[Any, ...]:
    """Return the values of all fields in order, which are given by place or by name, or are defaults."""
    fields = dataclasses.fields(model)  # type: ignore[arg-type]
    names = [each.name for each in fields]
    given = {**dict(zip(names, values)), **named}  # noqa: B905 - the others are named
    found = {each.name: each.default for each in fields if each.default is not dataclasses.MISSING} | given
    if len(given) != len(values) + len(named) or found.keys() != set(names):
        raise TypeError(f"{model.__name__} takes one value for each of: {', '.join(names)}")
    return tuple(found[name] for name in names)


def has_text(record: object) -> bool:
    """Return whether a record, or a class of records, has a short text for cells."""
    model = record if isinstance(record, type) else type(record)
    return issubclass(model, Record) and model.__str__ is not object.__str__


DEFAULT_RANK = 72
"""The rank of columns that are not shown by default."""

ALWAYS_SHOWN = 100
"""The rank of columns that are never dropped."""


MeasureUnit = Literal["number", "duration", "time", "money", "percent", "part", "B", "GB", "bps"]
"""Units of values that are compared with `<` and `>`; `part` is a fraction of 1 that is shown as a percentage."""


class Measure(NamedTuple):
    """How `--filter` compares a value with `<` and `>`.

    `unit` is the unit of the other value (`UNITS` in `query/conditions.py`). `of` returns the number or time to
    compare; None for a value without one.
    """

    unit: MeasureUnit
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
    read: FieldReader | None = None
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
    def is_record(self) -> bool:
        """Return whether it is a record, not a list or dict of records."""
        return issubclass(self.base, Record)

    @property
    def part(self) -> type[Record] | None:
        """The record that it is, or that its items are; None if it is neither."""
        inner = self.item or self
        return inner.base if inner.is_record else None


class DeclaredField(NamedTuple):
    """A declared field of a record: name, type and metadata."""

    name: str
    type: FieldType
    meta: Meta


def _field_type(model: type[Record], name: str, hint: Any) -> FieldType:
    try:
        return field_type(hint)
    except TypeError as error:
        raise TypeError(f"{model.__name__}.{name}: {error}") from None


def field_type(hint: Any) -> FieldType:
    """Analyze a type. Raises TypeError for one that a field cannot have."""
    if get_origin(hint) in (Union, UnionType):
        types = [each for each in get_args(hint) if each is not type(None)]
        is_optional = len(types) < len(get_args(hint))
        if set(types) == {int, float}:
            return FieldType(float, is_optional)
        if len(types) > 1:
            raise TypeError(f"a field of a record cannot be {hint}")
        return field_type(types[0])._replace(is_optional=is_optional)
    if get_origin(hint) is list:
        return FieldType(list, item=field_type(get_args(hint)[0]))
    if get_origin(hint) is dict:
        held = get_args(hint)[1]
        return FieldType(dict, item=None if held is str else field_type(held))
    if hint in (str, int, bool, datetime) or (isinstance(hint, type) and issubclass(hint, Record)):
        return FieldType(hint)
    raise TypeError(f"a field of a record cannot be {hint}")
