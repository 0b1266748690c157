"""How a property of a job is declared, and what follows from it: its place in requests and records, its option, checks.

The properties are the attributes of `NewJob` in `jobspec/new_job.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from inspect import get_annotations
from types import GenericAlias, UnionType
from typing import Any, Literal, NamedTuple, TypeVar, get_args, get_origin

T = TypeVar("T")

MAX_INTEGER = 2**53 - 1
"""The largest number that the Hub takes."""

HelpSection = Literal["Job", "Hardware and limits", "Network"]
"""The section in which help lists an option: one of `Section` in `cli/help_layout.py`."""


class Option(NamedTuple):
    """The option that sets a property. It replaces the value that the property had.

    `help` is by default made of the words of the property. `parse` converts the raw value, which is a string then, and
    raises UsageError. `completes_from` is the field of jobs whose values in the newest jobs are offered by completion.
    `only_here` says that the official client has no such option.
    """

    flag: str
    section: HelpSection
    metavar: str | None = None
    help: str = ""
    parse: Callable[[str], Any] | None = None
    completes_from: str = ""
    only_here: bool = False


class Property(NamedTuple):
    """A property of a job: how it is sent, read, set and checked. All but the key have defaults.

    `key` is its place in the body of a request, `expose.ports` one object deeper. `encode` returns the JSON value from
    the whole job, None to omit the key; by default the value unless it is empty. `decode` reads the value from a record
    of a job or schedule, None for the default; by default from the record's field of the same name.

    A property without an `option` is an argument, or is added up from several options.

    `words` are the only values allowed, which completion offers. Numbers are from `least` to `most`. Errors call it
    `what`, by default its title.

    A property with a `title` is a line of what --dry-run shows and of 'diff'; the others are shown together
    with others, or in other words. Jobs of schedules have it unless `in_schedules` is False.
    """

    key: str
    option: Option | None = None
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    words: tuple[str, ...] = ()
    least: int = 0
    most: int = MAX_INTEGER
    what: str = ""
    title: str = ""
    in_schedules: bool = True


class Row(NamedTuple):
    """A property, its name in Python, and its type in JSON: str, int, bool, list or dict, and the type of its items."""

    name: str
    base: type
    item: Any
    about: Property

    @property
    def what(self) -> str:
        """What errors call it."""
        return self.about.what or self.about.title or self.name.replace("_", " ")

    @property
    def flag(self) -> str:
        """Its option; empty if it has none."""
        return "" if self.about.option is None else self.about.option.flag

    @property
    def parameter(self) -> str:
        """The name in Python of its option; empty if it has none."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def raw_type(self) -> Any:
        """The type of the raw value of its option, None or False if it is not given."""
        if self.base is bool:
            return bool
        is_parsed = self.about.option is not None and self.about.option.parse is not None
        return (str if is_parsed else GenericAlias(list, self.item) if self.base is list else self.base) | None

    @property
    def is_number(self) -> bool:
        """Return whether its raw values are numbers, which have bounds."""
        return int in (self.raw_type, *get_args(self.raw_type), self.item)

    def parsed(self, value: Any) -> Any:
        """Return the value from the raw value of its option. Raises UsageError."""
        if self.about.option is not None and self.about.option.parse is not None:
            return self.about.option.parse(value)
        return tuple(value) if self.base is list else value

    def decoded(self, record: Any) -> Any:
        """Read the property from a record of a job or schedule; None for the default."""
        if self.about.decode is not None:
            return self.about.decode(record)
        value = getattr(record, self.name)
        return tuple(value) if self.base is list and value is not None else value

    def encoded(self, job: Any) -> Any:
        """Return the value in the body of a request, None to omit the key."""
        if self.about.encode is not None:
            return self.about.encode(job)
        value = getattr(job, self.name)
        if self.base in (list, dict):
            return self.base(value) or None
        return None if value is False else value


def rows_of(model: type) -> tuple[Row, ...]:
    """Return the properties that a class declares, in order."""
    hints = get_annotations(model)
    return tuple(Row(name, *_types(hint.__origin__), *hint.__metadata__) for name, hint in hints.items())


def _types(hint: Any) -> tuple[type, Any]:
    """Return the type of a property in JSON, and of its items."""
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    origin = get_origin(hint)
    if origin is None:
        return hint, None
    return (dict, get_args(hint)[1]) if issubclass(origin, Mapping) else (list, get_args(hint)[0])


def with_options(rows: Iterable[Row]) -> Callable[[type[T]], type[T]]:
    """Return a decorator that declares in a class the raw value of each option of these properties.

    What the class declares itself keeps its place, and the others stand among them in the order of the rows.
    """
    options = [row for row in rows if row.flag]

    def declare(cls: type[T]) -> type[T]:
        hints = dict(cls.__annotations__)
        order = list(hints)
        place = len(order)
        for row in reversed(options):
            if row.parameter in hints:
                place = order.index(row.parameter)
            else:
                order.insert(place, row.parameter)
                setattr(cls, row.parameter, False if row.base is bool else None)
        raw_types = {row.parameter: row.raw_type for row in options}
        cls.__annotations__ = {name: hints.get(name) or raw_types[name] for name in order}
        return cls

    return declare
