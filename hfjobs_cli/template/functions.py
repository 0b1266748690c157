"""The functions of a template: those of Go's text/template, those that docker and gh add, and the table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from hfjobs_cli.template import gotime
from hfjobs_cli.template.function_context import WORK, Context, DataFailure, Failure, Function
from hfjobs_cli.template.go_types import (
    ABSENT,
    NO_VALUE,
    Authored,
    Byte,
    Int,
    Strings,
    kind,
    like,
    short_text,
    sorted_keys,
    truth,
    type_name,
)
from hfjobs_cli.template.gofmt import Printer, decimal
from hfjobs_cli.template.gofmt import printf as write_form
from hfjobs_cli.template.gotext import (
    Shows,
    formatted,
    html_escaped,
    js_escaped,
    js_escaped_as_go,
    json_text,
    lowered,
    titled,
    u_escaped,
    uppered,
    url_escaped,
)
from hfjobs_cli.template.terminal_functions import RESET, color_code, shortened
from hfjobs_cli.text.terminal_text import MAX_PADDED, printable

# Functions of Go.


def is_equal(context: Context, value: Any, other: Any) -> bool:
    """Return whether two values are equal. Raises Failure for different kinds, lists and objects."""
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if "nil" in (what, other_what):
        return what == other_what
    if what != other_what or what in ("list", "map"):
        raise Failure(f"cannot compare {_named_type(value)} and {_named_type(other)}")
    _pay(context, value, other)
    return bool(value == other)


def is_less(context: Context, value: Any, other: Any) -> bool:
    """Return whether a number or string is less than another. Raises Failure for other values."""
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if what != other_what or what not in ("number", "string"):
        raise Failure(f"cannot order {_named_type(value)} and {_named_type(other)}")
    _pay(context, value, other)
    return bool(value < other)


def is_at_most(context: Context, value: Any, other: Any) -> bool:
    """Return whether a number or string is at most another. Raises Failure for other values."""
    return is_less(context, value, other) or is_equal(context, value, other)


def _pay(context: Context, value: Any, other: Any) -> None:
    """Count the work of a comparison, which matters only for long strings."""
    if isinstance(value, str):
        context.spend(min(len(value), len(other)) // WORK)


def _named_type(value: Any) -> str:
    """Name the type of a value."""
    return "null" if kind(value) == "nil" else type_name(value)


def _comparable(value: Any) -> tuple[str, Any]:
    """Return the kind of a value in comparisons, and the value to compare."""
    text = short_text(value)
    if text is not None:
        return "string", text
    what = kind(value)
    return "number" if what in ("int", "uint", "float") else what, value


def equal(context: Context, value: Any, *others: Any) -> bool:
    """Return whether a value equals one of several."""
    return any(is_equal(context, value, other) for other in others)


def length(_context: Context, value: Any) -> Int:
    """Return the number of characters of a string, or of items of a list or object."""
    if kind(value) not in ("string", "list", "map"):
        raise Failure(f"{_named_type(value)} has no length")
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
            raise Failure(f"cannot index {_named_type(value)}")
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
    """Return a part of a string or list."""
    what = kind(value)
    if what not in ("string", "list"):
        raise Failure(f"cannot slice {_named_type(value)}")
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
    """Print values with spaces between them and a newline at the end."""
    return context.mixed([Authored("\n"), *values], lambda printer: printer.println(values))


def printf(context: Context, form: str, *values: Any) -> str:
    """Format values as `form` says."""
    return context.mixed([form, *values], lambda printer: write_form(printer, printer.safe(form), values))


def escaper(change: Callable[[str, Shows], str]) -> Callable[..., str]:
    """Return a function that prints its arguments as `print` does, and escapes the result."""

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
    """Raise the failure of Go for a value that is not a function: JSON data contains none."""
    raise Failure("the data contains no function")


# Functions of docker and gh.


def json(context: Context, value: Any) -> str:
    """Format a value as JSON."""
    try:
        text = formatted(json_text(value), context.render_options.shows, u_escaped)
    except ValueError as error:
        raise Failure(str(error)) from None
    context.spend(len(text))
    return text


def split(context: Context, text: str, separator: str) -> Strings:
    """Split a string; without a separator, into its characters."""
    count = text.count(separator) + 1 if separator else len(text)
    context.spend(len(text) + 16 * count)  # each part is an object, even an empty one
    return Strings(like(text, part) for part in (text.split(separator) if separator else text))


def join(context: Context, first: Any, second: Any) -> str:
    """Join a list, or the values of an object. The list comes first as in docker, or the separator as in gh."""
    is_gh = kind(first) == "string"
    items, separator = (second, first) if is_gh else (first, second)
    if kind(separator) != "string":
        raise Failure("expected a list and a separator")
    if items is None:
        return ""
    what = kind(items)
    if what not in ("list", "map"):
        raise Failure(f"expected a list, not {type_name(items)}")
    values = items if what == "list" else [items[key] for key in sorted_keys(items)]
    if is_gh:
        values = [scalar(value) for value in values]
    context.spend(len(separator) * len(values))

    def make(printer: Printer) -> str:
        texts = [printer.print([value]) for value in values]
        return printer.safe(separator).join(sorted(texts) if what == "map" else texts)

    return context.mixed([separator, *values], make)


def pad(context: Context, text: str, before: int, after: int) -> str:
    """Add spaces before and after a string, unless it is empty."""
    if not text:
        return ""
    if before < 0 or after < 0:
        raise Failure("the padding cannot be negative")
    context.spend(before + after)
    return like(text, " " * before + text + " " * after)


def truncate(context: Context, first: Any, second: Any) -> str:
    """Truncate a string to a number of characters, if it comes first as in docker.

    If the width comes first, as in gh: to a width on the terminal, with an ellipsis.
    """
    is_gh = kind(first) in ("int", "float")
    text, length = (second, first) if is_gh else (first, second)
    if isinstance(length, float) and length.is_integer():
        length = Int(length)
    text = text if (short := short_text(text)) is None else short
    if text is None and not context.strict:
        return ""
    if kind(text) != "string" or kind(length) != "int" or (context.strict and type(length) is not Int):
        raise Failure("expected a string and a whole number")
    if length < 0:
        raise Failure("the length cannot be negative")
    context.spend(len(text) if is_gh else len(text) // WORK)
    return like(text, shortened(text, length) if is_gh else text[:length])


def over(change: Callable[[str], str]) -> Callable[[Context, str], str]:
    """Return a template function that changes a string by `change`."""

    def call(context: Context, text: str) -> str:
        context.spend(len(text) if text.isascii() else 4 * len(text))  # other letters are changed one by one
        return like(text, change(text))

    return call


def time_ago(context: Context, text: Any) -> Any:
    """Return how long ago a time was."""
    if kind(text) == "nil":
        return ABSENT
    return gotime.ago((context.render_options.now - _moment(text)).total_seconds())


def time_format(context: Context, layout: str, text: Any) -> Any:
    """Format a time in a layout of Go."""
    context.spend(4 * len(layout))
    return ABSENT if kind(text) == "nil" else context.mixed([layout], lambda _: gotime.layout(layout, _moment(text)))


def _moment(text: str) -> datetime:
    try:
        return gotime.parse(text)
    except ValueError:
        raise DataFailure(f"'{text[:40]}' is not a time such as 2026-05-11T13:16:07Z") from None


def color(context: Context, style: str, value: Any) -> str:
    """Format a value in a color or style."""
    try:
        start = color_code(style)
    except ValueError as error:
        raise Failure(str(error)) from None
    text = context.printer.print([scalar(value)])
    return Authored(f"{start}{text}{RESET}") if start and text else Authored(text)


def autocolor(context: Context, style: str, value: Any) -> Any:
    """Format a value in a color or style if colors are on."""
    return color(context, style, value) if context.render_options.color else scalar(value)


def hyperlink(context: Context, address: str, text: str) -> str:
    """Format a link for terminals (OSC 8)."""
    target = like(address, formatted(address, context.render_options.holds or (lambda _: True), url_escaped))
    link, shown = (context.printer.print([part]) for part in (target, text or address))
    return Authored(f"\x1b]8;;{link}\x1b\\{shown}\x1b]8;;\x1b\\")


def table_row(context: Context, *values: Any) -> str:
    """Add a row to the table. A cell stands on one line, so text of the data is escaped in a pipe too."""
    context.spend(MAX_PADDED * len(values))  # each cell may be padded to this width
    printer = context.printing(printable)
    context.render_options.table.add([printer.print([scalar(value)]) for value in values])
    return Authored("")


def table_render(context: Context) -> str:
    """Print the rows that were added."""
    text = context.render_options.table.take()
    context.spend(len(text))
    return Authored(text)


def scalar(value: Any) -> Any:
    """Return a value as gh prints it in a cell: null as an empty string, fractions with two digits."""
    if kind(value) in ("list", "map") and short_text(value) is None:
        raise Failure(f"expected a string or a number, not {type_name(value)}")
    if value is None:
        return ""
    if isinstance(value, float):
        return Authored(f"{value:.{0 if value.is_integer() else 2}f}")
    return value


def pluck(context: Context, name: str, items: list[Any]) -> list[Any]:
    """Return one field of each object in a list."""
    context.spend(len(items))
    for item in items:
        if not isinstance(item, dict):
            raise Failure(f"expected a list of objects, not of {type_name(item)}")
    return [item.get(name) for item in items]


def raw(context: Context, value: Any) -> str:
    """Return a value as a string that is not escaped."""
    return Authored(value if isinstance(value, str) else context.printing(None).text(value))


FUNCTIONS: Mapping[str, Function] = {
    "and": Function(None, ("value", "value"), "and A B...", "A and B: the first that is empty, or the last", True),
    "or": Function(None, ("value", "value"), "or A B...", "A or B: the first that is not empty, or the last", True),
    "not": Function(lambda _, value: not truth(value), ("value",), "not A", "true if A is empty, zero, false or null"),
    "eq": Function(equal, ("value", "value", "value"), "eq A B...", "A == B, or one of several", True),
    "ne": Function(lambda context, a, b: not is_equal(context, a, b), ("value", "value"), "ne A B", "A != B"),
    "lt": Function(is_less, ("value", "value"), "lt A B", "A < B"),
    "le": Function(is_at_most, ("value", "value"), "le A B", "A <= B"),
    "gt": Function(lambda context, a, b: not is_at_most(context, a, b), ("value", "value"), "gt A B", "A > B"),
    "ge": Function(lambda context, a, b: not is_less(context, a, b), ("value", "value"), "ge A B", "A >= B"),
    "len": Function(length, ("value",), "len A", "length of a string, list or object"),
    "index": Function(
        index, ("value", "value"), 'index A "key" 0...', "the item of A at a key or position", True, "item"
    ),
    "slice": Function(slice_, ("value", "value"), "slice A 1 3", "a part of a string or list", True),
    "print": Function(print_, ("any",), "print A...", "printed together, spaces between non-strings", True),
    "printf": Function(printf, ("string", "any"), 'printf "%-10s" A...', "formatted as in Go: %5d, %.2f, %q", True),
    "println": Function(println, ("any",), "println A...", "separated by spaces, with a newline", True),
    "html": Function(escaper(html_escaped), ("any",), "html A", "escaped for HTML", True),
    "js": Function(escaper(js_escaped), ("any",), "js A", "escaped for JavaScript", True),
    "urlquery": Function(escaper(url_escaped), ("any",), "urlquery A", "escaped for the query of a URL", True),
    "json": Function(json, ("any",), "json A", "as JSON"),
    "split": Function(split, ("string", "string"), 'split A ","', "a string split into a list"),
    "join": Function(join, ("any", "any"), 'join A ","', "a list joined into a string"),
    "title": Function(over(titled), ("string",), "title A", "with each word capitalized"),
    "lower": Function(over(lowered), ("string",), "lower A", "in lower case"),
    "upper": Function(over(uppered), ("string",), "upper A", "in upper case"),
    "pad": Function(pad, ("string", "int", "int"), "pad A 1 2", "with spaces before and after"),
    "truncate": Function(truncate, ("any", "any"), "truncate A 10", "cut to a number of characters"),
    "timeago": Function(time_ago, ("time",), "timeago A", "how long ago a time was"),
    "timefmt": Function(time_format, ("string", "time"), 'timefmt "02 Jan 15:04" A', "a time in a layout of Go"),
    "hyperlink": Function(hyperlink, ("string", "string"), "hyperlink URL A", "a link for terminals, also in a pipe"),
    "color": Function(color, ("string", "any"), 'color "green+b" A', "in a color, also in a pipe"),
    "autocolor": Function(
        autocolor, ("string", "any"), 'autocolor "red" A', "in a color, if colors are on", gives="any"
    ),
    "tablerow": Function(table_row, ("any",), "tablerow A B...", "a row of a table, printed after the last job", True),
    "tablerender": Function(table_render, (), "tablerender", "print the table now", gives="any"),
    "pluck": Function(pluck, ("string", "list"), 'pluck "key" A', "one field of each object in a list"),
    "raw": Function(raw, ("value",), "raw A", "not escaped on a terminal; only if you trust A"),
}
"""The functions of Go except `call`, those of docker and gh, and `raw`."""

STRICT_FUNCTIONS: Mapping[str, Function] = {
    **FUNCTIONS,
    "js": replace(FUNCTIONS["js"], call=escaper(js_escaped_as_go)),
    "call": Function(call, ("value", "value"), "call A...", "call a function in the data; there are none", True),
}
"""The functions of a strict template: `call` fails only when it is called, and `js` writes what Go writes."""
