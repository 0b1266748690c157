"""Functions that Go's text/template has itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hfjobs_cli.template.context import WORK, Context, DataFailure, Failure
from hfjobs_cli.template.gofmt import decimal
from hfjobs_cli.template.gofmt import printf as write_form
from hfjobs_cli.template.gotext import Shows
from hfjobs_cli.template.values import ABSENT, NO_VALUE, Authored, Byte, Int, kind, like, short_text, type_name


def is_equal(context: Context, value: Any, other: Any) -> bool:
    """Compare two values. Raises Failure if they are of different kinds, or lists or objects."""
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if "nil" in (what, other_what):
        return what == other_what
    if what != other_what or what in ("list", "map"):
        raise Failure(f"cannot compare {_formatted(value)} and {_formatted(other)}")
    _pay(context, value, other)
    return bool(value == other)


def is_less(context: Context, value: Any, other: Any) -> bool:
    """Compare two numbers or texts. Raises Failure for anything else."""
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if what != other_what or what not in ("number", "string"):
        raise Failure(f"cannot order {_formatted(value)} and {_formatted(other)}")
    _pay(context, value, other)
    return bool(value < other)


def is_at_most(context: Context, value: Any, other: Any) -> bool:
    """Compare two numbers or texts. Raises Failure for anything else."""
    return is_less(context, value, other) or is_equal(context, value, other)


def _pay(context: Context, value: Any, other: Any) -> None:
    """Pay for a comparison, of which only that of long texts is work."""
    if isinstance(value, str):
        context.spend(min(len(value), len(other)) // WORK)


def _formatted(value: Any) -> str:
    """Name the type of a value."""
    return "null" if kind(value) == "nil" else type_name(value)


def _comparable(value: Any) -> tuple[str, Any]:
    """Return what kind of value it is for a comparison, and the value."""
    text = short_text(value)
    if text is not None:
        return "string", text
    what = kind(value)
    return "number" if what in ("int", "uint", "float") else what, value


def equal(context: Context, value: Any, *others: Any) -> bool:
    """Return whether a value is one of several."""
    return any(is_equal(context, value, other) for other in others)


def length(_context: Context, value: Any) -> Int:
    """Count the characters of a text, or what a list or object holds."""
    if kind(value) not in ("string", "list", "map"):
        raise Failure(f"{_formatted(value)} has no length")
    return Int(len(value))


def index(context: Context, value: Any, *places: Any) -> Any:
    """Return the item at a key or index; for a string, a byte."""
    if kind(value) == "nil" and context.strict:
        raise Failure("cannot index null")
    for place in places:
        what = kind(value)
        if what == "nil" and not context.strict:
            return ABSENT
        if what == "map":
            if kind(place) != "string":
                raise Failure(f"the key of an object must be a string, not {type_name(place)}")
            value = value.get(place)
        elif what == "list":
            value = value[_place(place, len(value) - 1)]
        elif what == "string":
            data = value if value.isascii() else value.encode("utf-8", "replace")
            context.spend(0 if data is value else len(data))
            found = data[_place(place, len(data) - 1)]
            value = Byte(ord(found) if isinstance(found, str) else found)
        else:
            raise Failure(f"cannot index {_formatted(value)}")
    return value


def _place(value: Any, last: int) -> int:
    if kind(value) not in ("int", "uint"):
        raise Failure(f"an index must be a whole number, not {type_name(value)}")
    if value < 0:
        raise Failure(f"{decimal(value)} is out of range: the first is 0")
    if value > last:
        raise DataFailure(
            f"{decimal(value)} is out of range" + (f": the last is {last}" if last >= 0 else ": it is empty")
        )
    return int(value)


def slice_(context: Context, value: Any, *places: Any) -> Any:
    """Return a part of a text or list."""
    what = kind(value)
    if what not in ("string", "list"):
        raise Failure(f"cannot slice {_formatted(value)}")
    if len(places) > (2 if what == "string" else 3):
        raise Failure("too many indexes")
    context.spend(len(value) // WORK)
    whole = [place for place in places if kind(place) in ("int", "uint")]
    if whole == [*places] != sorted(whole):
        raise Failure(f"the indexes {' '.join(map(decimal, whole))} are not in order")
    bounds = [_place(place, len(value)) for place in places]
    part = value[slice(*bounds[:2])] if len(bounds) > 1 else value[bounds[0] if bounds else 0 :]
    return like(value, part) if what == "string" else type(value)(part)


def print_(context: Context, *values: Any) -> str:
    """Print values, with spaces between operands when neither is a string."""
    return context.mixed(values, lambda printer: printer.print(values))


def println(context: Context, *values: Any) -> str:
    """Write values with blanks between, and end the line."""
    return context.mixed([Authored("\n"), *values], lambda printer: printer.println(values))


def printf(context: Context, form: str, *values: Any) -> str:
    """Write values in a form."""
    return context.mixed([form, *values], lambda printer: write_form(printer, printer.safe(form), values))


def escaper(change: Callable[[str, Shows], str]) -> Callable[..., str]:
    """Make a function that prints its arguments as `print` does, and escapes the result."""

    def call(context: Context, *values: Any) -> str:
        shown = [NO_VALUE if value is None else value for value in values]
        if len(shown) == 1 and isinstance(shown[0], str):
            text = shown[0]
        else:
            text = context.mixed(shown, lambda printer: printer.print(shown))
        context.spend(4 * len(text))  # escapes are longer
        return like(text, change(text, context.render_options.shows))

    return call


def call(_context: Context, *_values: Any) -> Any:
    """Fail like Go for a value that is not a function; JSON data has none."""
    raise Failure("the data contains no function")
