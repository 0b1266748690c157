"""What template functions work with: their signatures and errors, the options and limits of a rendering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from hfjobs_cli.template.go_types import ABSENT, Authored, Int, kind, short_text, sorted_keys, type_name
from hfjobs_cli.template.gofmt import Printer
from hfjobs_cli.template.terminal_functions import Table

MAX_CHARACTERS = 16_000_000
"""The limit of text that is made in one rendering, in characters."""

WORK = 16
"""Reading so many characters counts as making one."""


class Failure(Exception):
    """A function failed for its arguments."""


class DataFailure(Failure):
    """A function failed for this value; another of the same kind may work."""


class Exhausted(DataFailure):
    """The limit of text was exceeded."""


@dataclass(frozen=True)
class RenderOptions:
    """What the output depends on besides template and data.

    `now` is the current time. `escape` makes text from the data harmless, None if that is not needed. `color` says
    whether `autocolor` colors. `table` collects the rows of `tablerow`. `holds` returns whether the encoding of the
    output can represent a text, None if it can represent any.
    """

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    escape: Callable[[str], str] | None = None
    color: bool = False
    table: Table = field(default_factory=Table)
    holds: Callable[[str], bool] | None = None

    def shows(self, text: str) -> bool:
        """Return whether a text is written as it is. If not, it is escaped, in JSON or HTML by their own escapes."""
        if self.escape is not None and self.escape(text) != text:
            return False
        return self.holds is None or self.holds(text)


class Context:
    """The state of one rendering. `printer` formats values, and escapes text as `render_options` say."""

    def __init__(self, render_options: RenderOptions, *, strict: bool, characters: int = MAX_CHARACTERS) -> None:
        """Begin with `characters` left to make. `strict` is as for Template."""
        self.render_options = render_options
        self.strict = strict
        self.printer = self.printing(render_options.escape)
        self._characters = characters

    def printing(self, escape: Callable[[str], str] | None) -> Printer:
        """Return a printer that escapes text from the data by `escape`."""
        return Printer(escape, self.spend, self.render_options.shows)

    def spend(self, characters: int) -> None:
        """Count text that was made. Raises Exhausted at the limit."""
        self._characters -= characters
        if self._characters < 0:
            raise Exhausted(f"the output is longer than {MAX_CHARACTERS} characters")

    def mixed(self, parts: Sequence[object], make: Callable[[Printer], str]) -> str:
        """Return text that `make` writes of parts by the author of the template and parts from the data.

        The result counts as text from the data and is escaped when it is printed. If the author's parts contain what
        would then be escaped too, the other parts are escaped now, and the result is not.
        """
        if all(type(part) is Authored or kind(part) in ("bool", "int", "uint", "float", "nil") for part in parts):
            return Authored(make(self.printer))
        if self.render_options.escape is None:
            return make(self.printer)
        if any(type(part) is Authored and not part.isprintable() for part in parts):
            return Authored(make(self.printer))
        return make(self.printing(None))


Wanted = Literal["value", "any", "string", "int", "list", "time"]
"""The kind of an argument: `value` is taken as it is, `any` with null for a missing value, others are checked."""


@dataclass(frozen=True)
class Function:
    """A template function. `call` gets the context and the arguments; `usage` and `about` are for help.

    `wants` are the kinds of its arguments. If it is `variadic`, the last one may be repeated or left out. `call` is
    None for `and` and `or`, which evaluate their arguments only as far as needed. `gives` says what a check knows of
    the result: `result` means of the same kind for all arguments of the same kinds, `item` an item of the first
    argument, and `any` nothing.
    """

    call: Callable[..., Any] | None
    wants: tuple[Wanted, ...]
    usage: str
    about: str
    variadic: bool = False
    gives: Literal["result", "item", "any"] = "result"

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return len(self.wants) - self.variadic

    @property
    def most(self) -> int | None:
        """The largest number of arguments, None if there is none."""
        return None if self.variadic else len(self.wants)

    def miscount(self, name: str, given: int) -> str | None:
        """Return the error about the number of arguments, None if it is right."""
        if self.least <= given and (self.most is None or given <= self.most):
            return None
        return f"{name} takes {self.takes}, but got {given}"

    @property
    def takes(self) -> str:
        """The number of arguments that it takes, in words."""
        number = f"{self.least} argument{'s' * (self.least != 1)}"
        return f"at least {number}" if self.variadic else number

    def kinds(self, given: int) -> tuple[Wanted, ...]:
        """Return the kinds of `given` arguments."""
        return (*self.wants, *[self.wants[-1]] * (given - len(self.wants))) if self.variadic else self.wants


def checked(value: Any, wanted: Wanted, *, strict: bool) -> Any:
    """Return an argument as the function takes it. Raises Failure if it is of another kind."""
    if wanted == "value":
        return value
    if wanted == "any":
        return None if value is ABSENT else value
    what = kind(value)
    if wanted == "string" and (text := short_text(value)) is not None:
        return text
    if what == wanted in ("string", "list"):
        return value
    if wanted == "int" and what in ("int", "uint") and (type(value) is Int or not strict):
        return value
    if wanted == "time" and (what == "string" or (what == "nil" and not strict)):
        return value
    name = {"string": "a string", "int": "a whole number", "list": "a list", "time": "a time"}[wanted]
    raise Failure(f"expected {name}, not {'null' if what == 'nil' else type_name(value)}")


def pairs(context: Context, value: Any, variables: int) -> Iterable[tuple[Any, Any]]:
    """Return the keys and values that `range` iterates over. Raises Failure for other values."""
    what = kind(value)
    if what == "list":
        return ((Int(place), item) for place, item in enumerate(value))
    if what == "map":
        context.spend(len(value))
        return ((key, value[key]) for key in sorted_keys(value))
    if what in ("int", "uint"):
        if variables > 1:
            raise Failure("range over a number sets only one variable")
        return ((ABSENT, type(value)(count)) for count in range(value))
    if what == "nil":
        return ()
    raise Failure(f"cannot range over a value of type {type_name(value)}")
