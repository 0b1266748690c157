"""What a function of a template works with: the surroundings of a rendering, and what may still be spent in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal

from hfjobs_cli.template.gofmt import Printer
from hfjobs_cli.template.table import Table
from hfjobs_cli.template.values import Authored, kind

MAX_CHARACTERS = 16_000_000
"""How much text may be made in one rendering."""

WORK = 16
"""How many characters can be read for the price of making one."""


class Failure(Exception):
    """A function cannot work with what it was given."""


@dataclass(frozen=True)
class Surroundings:
    """What decides the text besides template and data.

    `now` is the present moment. `escape` makes text harmless that the author of the template did not write, None where
    nothing has to be. `color` says whether `autocolor` colours. `table` collects the rows of `tablerow`. `holds` tells
    whether the output can hold a text, None if it can hold any.
    """

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    escape: Callable[[str], str] | None = None
    color: bool = False
    table: Table = field(default_factory=Table)
    holds: Callable[[str], bool] | None = None

    def shows(self, text: str) -> bool:
        """Tell whether a text is shown as it is; if not, languages have escapes of their own for it."""
        if self.escape is not None and self.escape(text) != text:
            return False
        return self.holds is None or self.holds(text)


class Context:
    """One rendering. `printer` writes values, and escapes text of the data where `surroundings` want it."""

    def __init__(self, surroundings: Surroundings, *, strict: bool) -> None:
        """Have everything left to spend. `strict` is Go to the letter."""
        self.surroundings = surroundings
        self.strict = strict
        self.printer = self.printing(surroundings.escape)
        self._characters = MAX_CHARACTERS

    def printing(self, escape: Callable[[str], str] | None) -> Printer:
        """Return a printer that escapes text of the data by `escape`."""
        return Printer(escape, self.spend, self.surroundings.shows)

    def spend(self, characters: int) -> None:
        """Pay for text that was made. Raises Failure when it is too much."""
        self._characters -= characters
        if self._characters < 0:
            raise Failure(f"it makes more than {MAX_CHARACTERS} characters")

    def mixed(self, parts: Sequence[object], make: Callable[[Printer], str]) -> str:
        """Return text that `make` writes of several parts, some by the author of the template, some of the data.

        It counts as of the data, and is escaped when it is printed, unless the author's parts hold what would be
        escaped too; then the others are escaped now.
        """
        if all(type(part) is Authored or kind(part) in ("bool", "int", "uint", "float", "nil") for part in parts):
            return Authored(make(self.printer))
        if self.surroundings.escape is None:
            return make(self.printer)
        if any(type(part) is Authored and not part.isprintable() for part in parts):
            return Authored(make(self.printer))
        return make(self.printing(None))


Wanted = Literal["value", "any", "string", "int", "list", "time"]
"""What an argument is to be: taken as it is, with null for what is missing, or of a kind that is checked."""


@dataclass(frozen=True)
class Function:
    """A function: how it is called, with the context and its arguments, and what it does.

    `wants` says what each argument is to be. The last one may be repeated, or be left out, if the function is
    `variadic`. `call` is None for `and` and `or`, which evaluate their arguments only as far as needed.
    """

    call: Callable[..., Any] | None
    wants: tuple[Wanted, ...]
    usage: str
    about: str
    variadic: bool = False

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return len(self.wants) - self.variadic

    @property
    def most(self) -> int | None:
        """The largest number of arguments, None if there is none."""
        return None if self.variadic else len(self.wants)

    @property
    def takes(self) -> str:
        """Say how many arguments it takes."""
        number = f"{self.least} argument{'s' * (self.least != 1)}"
        return f"at least {number}" if self.variadic else number

    def kinds(self, given: int) -> tuple[Wanted, ...]:
        """Return what each of `given` arguments has to be."""
        return (*self.wants, *[self.wants[-1]] * (given - len(self.wants))) if self.variadic else self.wants
