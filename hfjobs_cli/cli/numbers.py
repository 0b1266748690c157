"""Options and arguments that are numbers.

To typer they are texts, which are read here: its parser takes whatever is a number to Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from inspect import Parameter
from typing import Annotated, Any, NamedTuple, get_args

import typer

from hfjobs_cli.text.numbers import number, whole


class Number(NamedTuple):
    """What an option or argument takes: numbers that `read` knows, called `what`, from `least` to `most`."""

    read: Callable[[str], float | None]
    what: str
    least: float | None
    most: float | None

    @property
    def range(self) -> str:
        """Spell the range as typer does: `x>=1`, `1<=x<=65535`; nothing if there is none."""
        if self.least is None:
            return "" if self.most is None else f"x<={self.most}"
        return f"x>={self.least}" if self.most is None else f"{self.least}<=x<={self.most}"

    def problem(self, text: str) -> str | None:
        """Say why a text is not what is taken; None if it is."""
        found = self.read(text)
        if found is None:
            return f"{text!r} is not {self.what}"
        is_in = (self.least is None or found >= self.least) and (self.most is None or found <= self.most)
        return None if is_in else f"{found} is not in the range {self.range}"


def number_of(parameter: Parameter) -> Number | None:
    """Return what a parameter takes, None if that is no number."""
    type_, option = get_args(parameter.annotation)
    kinds = set(_kinds(type_))
    if int in kinds:
        return Number(whole, "a whole number", option.min, option.max)
    return Number(number, "a number", option.min, option.max) if float in kinds else None


def as_text(parameter: Parameter, taken: Number) -> Parameter:
    """Return a parameter that is a number as one that is text, with the same help."""
    type_, option = get_args(parameter.annotation)
    option = copy(option)
    has_default = bool(option.show_default) and parameter.default is not None
    notes = [f"default: {parameter.default}"] if has_default else []
    notes += [taken.range] if hasattr(option, "prompt") and taken.range else []  # arguments show none
    option.show_default = False
    option.help = f"{option.help}  [{'; '.join(notes)}]" if notes else option.help
    default = None if parameter.default is None else str(parameter.default)
    text = list[str] | None if list in map(_origin, (type_, *get_args(type_))) else str | None
    return parameter.replace(annotation=Annotated[text, option], default=default)


def read(ctx: typer.Context, name: str, taken: Number, given: Any) -> Any:
    """Return the number, or the numbers, that were given for a parameter. Raises what typer raises itself."""
    for text in [given] if isinstance(given, str) else given or ():
        problem = taken.problem(text)
        if problem is not None:
            param = next(each for each in ctx.command.params if each.name == name)
            raise typer.BadParameter(problem, ctx=ctx, param=param)
    return taken.read(given) if isinstance(given, str) else given and [*map(taken.read, given)]


def _kinds(hint: Any) -> Iterator[Any]:
    """Yield a type, and all that it is made of."""
    yield hint
    for each in get_args(hint):
        yield from _kinds(each)


def _origin(hint: Any) -> Any:
    return getattr(hint, "__origin__", hint)
