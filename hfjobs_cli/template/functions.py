"""The functions of a template, the only list of them: Go's own, docker's and gh's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from hfjobs_cli.template import colors, gotime
from hfjobs_cli.template.escapes import html_escaped, js_escaped, json_text, titled, url_escaped
from hfjobs_cli.template.evaluator import Evaluator, Failure
from hfjobs_cli.template.gofmt import NO_VALUE, Printer
from hfjobs_cli.template.table import Table
from hfjobs_cli.template.values import (
    ABSENT,
    Authored,
    Byte,
    Int,
    Record,
    Strings,
    kind,
    like,
    sorted_keys,
    truth,
    type_name,
)
from hfjobs_cli.text import printable


@dataclass(frozen=True)
class Surroundings:
    """What decides the text besides template and data.

    `now` is the present moment. `escape` makes text harmless that the author of the template did not write, None where
    nothing has to be. `color` says whether `autocolor` colours. `table` collects the rows of `tablerow`.
    """

    now: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    escape: Callable[[str], str] | None = None
    color: bool = False
    table: Table = field(default_factory=Table)


@dataclass(frozen=True)
class Function:
    """A function: how it is called and what it does.

    `wants` is a word for each parameter: `value` is taken as it is, `any` has null for what is missing, `string`,
    `int`, `list` and `time` are checked. The last one may be repeated if the function is `variadic`.
    """

    call: Callable[..., Any]
    wants: tuple[str, ...]
    usage: str
    about: str
    variadic: bool = False
    is_lazy: bool = False

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

    def kinds(self, given: int) -> tuple[str, ...]:
        """Return what each of `given` arguments has to be."""
        return (*self.wants, *[self.wants[-1]] * (given - len(self.wants))) if self.variadic else self.wants


def _mixed(evaluator: Evaluator, parts: Sequence[object], make: Callable[[Printer], str]) -> str:
    """Return text made of several parts, some by the author of the template, some of the data.

    It counts as of the data, and is escaped when it is printed, unless the author's parts hold what would be escaped
    too; then the others are escaped now.
    """
    if evaluator.surroundings.escape is None:
        return make(evaluator.printer)
    if any(type(part) is Authored and not part.isprintable() for part in parts):
        return Authored(make(evaluator.printer))
    return make(Printer(None, evaluator.spend))


def _join(evaluator: Evaluator, first: Any, second: Any) -> str:
    """Join a list, or the values of an object: docker has the list first, gh the separator."""
    items, separator = (second, first) if kind(first) == "string" else (first, second)
    if kind(separator) != "string":
        raise Failure("it takes a list and a separator")
    if items is None:
        return ""
    what = kind(items)
    if what not in ("list", "map"):
        raise Failure(f"it takes a list, not {type_name(items)}")
    values = items if what == "list" else [items[key] for key in sorted_keys(items)]
    evaluator.spend(len(separator) * len(values))

    def make(printer: Printer) -> str:
        texts = [printer.print([value]) for value in values]
        return str(separator).join(sorted(texts) if what == "map" else texts)

    return _mixed(evaluator, [separator, *values], make)


def _truncate(evaluator: Evaluator, first: Any, second: Any) -> str:
    """Cut a text: docker has the text first, gh the length."""
    text, length = (second, first) if kind(first) in ("int", "float") else (first, second)
    if isinstance(length, float) and length.is_integer():
        length = Int(length)
    if isinstance(text, Record) and text.text is not None:
        text = text.text
    if text is None and not evaluator.strict:
        return ""
    if kind(text) != "string" or kind(length) != "int" or (evaluator.strict and type(length) is not Int):
        raise Failure("it takes a text and a whole number")
    if length < 0:
        raise Failure(f"a text cannot be cut to {length} characters")
    return like(text, text[:length])


def _pad(evaluator: Evaluator, text: str, before: int, after: int) -> str:
    if not text:
        return ""
    if before < 0 or after < 0:
        raise Failure("a text cannot be padded with less than nothing")
    evaluator.spend(before + after)
    return like(text, " " * before + text + " " * after)


def _split(evaluator: Evaluator, text: str, separator: str) -> Strings:
    parts = text.split(separator) if separator else list(text)
    evaluator.spend(len(text) + len(parts))
    return Strings(like(text, part) for part in parts)


def _lower(char: str) -> str:
    return char.lower()[0]  # one character becomes one character, as in Go


def _upper(char: str) -> str:
    return next((big for big in (char.upper(), char.title()) if len(big) == 1), char)


def _over(change: Callable[[str], str]) -> Callable[[Evaluator, str], str]:
    """Make a function of one that changes a text."""

    def call(evaluator: Evaluator, text: str) -> str:
        evaluator.spend(len(text))
        return like(text, change(text))

    return call


def _escaper(change: Callable[[str], str]) -> Callable[..., str]:
    """Make a function that prints its arguments as `print` does, and escapes the result."""

    def call(evaluator: Evaluator, *values: Any) -> str:
        shown = [NO_VALUE if value is None else value for value in values]
        if len(shown) == 1 and isinstance(shown[0], str):
            text = shown[0]
        else:
            text = _mixed(evaluator, shown, lambda printer: printer.print(shown))
        result = like(text, change(text))
        evaluator.spend(len(result))
        return result

    return call


def _length(_evaluator: Evaluator, value: Any) -> Int:
    if kind(value) not in ("string", "list", "map"):
        raise Failure("null has no length" if kind(value) == "nil" else f"{type_name(value)} has no length")
    return Int(len(value))


def _index(evaluator: Evaluator, value: Any, *places: Any) -> Any:
    if kind(value) == "nil" and evaluator.strict:
        raise Failure("there is nothing in null")
    for place in places:
        what = kind(value)
        if what == "nil" and not evaluator.strict:
            return ABSENT
        if what == "map":
            if kind(place) != "string":
                raise Failure(f"the key of an object is text, not {type_name(place)}")
            value = value.get(place)
        elif what == "list":
            value = value[_place(place, len(value) - 1)]
        elif what == "string":
            data = value.encode("utf-8", "replace")
            value = Byte(data[_place(place, len(data) - 1)])
            evaluator.spend(0 if len(data) == len(str(data)) else len(data))
        else:
            raise Failure("there is nothing in null" if what == "nil" else f"{type_name(value)} has no index")
    return value


def _place(value: Any, last: int) -> int:
    if kind(value) not in ("int", "uint"):
        raise Failure(f"a place is a whole number, not {type_name(value)}")
    if not 0 <= value <= last:
        raise Failure(f"{value} is out of range" + (f", the last one is {last}" if last >= 0 else ", it is empty"))
    return int(value)


def _slice(_evaluator: Evaluator, value: Any, *places: Any) -> Any:
    what = kind(value)
    if what not in ("string", "list"):
        raise Failure(f"{'null' if what == 'nil' else type_name(value)} cannot be sliced")
    if len(places) > (2 if what == "string" else 3):
        raise Failure("too many places")
    bounds = [_place(place, len(value)) for place in places]
    if bounds != sorted(bounds):
        raise Failure(f"{' > '.join(map(str, bounds))}")
    part = value[slice(*bounds[:2])] if len(bounds) > 1 else value[bounds[0] if bounds else 0 :]
    return like(value, part) if what == "string" else type(value)(part)


def _comparable(value: Any) -> tuple[str, Any]:
    """Return what kind of value it is for a comparison, and the value."""
    if isinstance(value, Record) and value.text is not None:
        return "string", value.text
    what = kind(value)
    return "number" if what in ("int", "uint", "float") else what, value


def _equal(_evaluator: Evaluator, value: Any, *others: Any) -> bool:
    if not others:
        raise Failure("it takes something to compare with")
    return any(_is_equal(value, other) for other in others)


def _is_equal(value: Any, other: Any) -> bool:
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if "nil" in (what, other_what):
        return what == other_what
    if what != other_what or what in ("list", "map"):
        raise Failure(f"{type_name(value)} and {type_name(other)} cannot be compared")
    return bool(value == other)


def _is_less(value: Any, other: Any) -> bool:
    (what, value), (other_what, other) = _comparable(value), _comparable(other)
    if what != other_what or what not in ("number", "string"):
        raise Failure(f"{type_name(value)} and {type_name(other)} have no order")
    return bool(value < other)


def _pluck(evaluator: Evaluator, name: str, items: list[Any]) -> list[Any]:
    evaluator.spend(len(items))
    for item in items:
        if not isinstance(item, dict):
            raise Failure(f"it takes a list of objects, not of {type_name(item)}")
    return [item.get(name) for item in items]


def _moment(text: str) -> datetime:
    try:
        return gotime.parse(text)
    except ValueError:
        raise Failure(f"'{text[:40]}' is not a time as 2026-05-11T13:16:07Z") from None


def _time_ago(evaluator: Evaluator, text: Any) -> Any:
    if kind(text) == "nil":
        return ABSENT
    return gotime.ago((evaluator.surroundings.now - _moment(text)).total_seconds())


def _time_format(evaluator: Evaluator, layout: str, text: Any) -> Any:
    return (
        ABSENT if kind(text) == "nil" else _mixed(evaluator, [layout], lambda _: gotime.layout(layout, _moment(text)))
    )


def _scalar(value: Any) -> Any:
    """Return a value as gh prints it in a cell: nothing for null, fractions with two digits."""
    if kind(value) in ("list", "map") and not (isinstance(value, Record) and value.text is not None):
        raise Failure(f"it takes a text or a number, not {type_name(value)}")
    if value is None:
        return ""
    if isinstance(value, float):
        return Authored(f"{value:.{0 if value.is_integer() else 2}f}")
    return value


def _color(evaluator: Evaluator, style: str, value: Any) -> str:
    try:
        start = colors.code(style)
    except ValueError as error:
        raise Failure(str(error)) from None
    text = evaluator.printer.print([_scalar(value)])
    return Authored(f"{start}{text}{colors.RESET}") if start and text else Authored(text)


def _autocolor(evaluator: Evaluator, style: str, value: Any) -> Any:
    return _color(evaluator, style, value) if evaluator.surroundings.color else _scalar(value)


def _hyperlink(evaluator: Evaluator, address: str, text: str) -> str:
    link, shown = (evaluator.printer.print([part]) for part in (address, text or address))
    return Authored(f"\x1b]8;;{link}\x1b\\{shown}\x1b]8;;\x1b\\")


def _table_row(evaluator: Evaluator, *values: Any) -> str:
    """Keep a row. A cell stands on one line, so text of the data is escaped in a pipe too."""
    printer = Printer(printable, evaluator.spend)
    evaluator.surroundings.table.add([printer.print([_scalar(value)]) for value in values])
    return Authored("")


def _table_render(evaluator: Evaluator) -> str:
    text = evaluator.surroundings.table.take()
    evaluator.spend(len(text))
    return Authored(text)


def _raw(evaluator: Evaluator, value: Any) -> str:
    return Authored(value if isinstance(value, str) else Printer(None, evaluator.spend).text(value))


def _call(_evaluator: Evaluator, *_values: Any) -> Any:
    raise Failure("the data holds no function")


def _print(evaluator: Evaluator, *values: Any) -> str:
    return _mixed(evaluator, values, lambda printer: printer.print(values))


def _println(evaluator: Evaluator, *values: Any) -> str:
    return _mixed(evaluator, [Authored("\n")], lambda printer: printer.println(values))


def _printf(evaluator: Evaluator, form: str, *values: Any) -> str:
    return _mixed(evaluator, [form, *values], lambda printer: printer.printf(form, values))


def _json(evaluator: Evaluator, value: Any) -> str:
    try:
        text = json_text(value)
    except ValueError as error:
        raise Failure(str(error)) from None
    evaluator.spend(len(text))
    return text


FUNCTIONS: Mapping[str, Function] = {
    "call": Function(_call, ("value", "value"), "call A", "of a function, of which data holds none", True),
    "and": Function(
        _call, ("value", "value"), "and A B...", "the first that is empty, or the last", True, is_lazy=True
    ),
    "or": Function(
        _call, ("value", "value"), "or A B...", "the first that is not empty, or the last", True, is_lazy=True
    ),
    "not": Function(lambda _, value: not truth(value), ("value",), "not A", "true if A is empty, zero, false or null"),
    "eq": Function(_equal, ("value", "value"), "eq A B...", "A == B, or one of several", True),
    "ne": Function(lambda _, a, b: not _is_equal(a, b), ("value", "value"), "ne A B", "A != B"),
    "lt": Function(lambda _, a, b: _is_less(a, b), ("value", "value"), "lt A B", "A < B"),
    "le": Function(lambda _, a, b: _is_less(a, b) or _is_equal(a, b), ("value", "value"), "le A B", "A <= B"),
    "gt": Function(lambda _, a, b: not (_is_less(a, b) or _is_equal(a, b)), ("value", "value"), "gt A B", "A > B"),
    "ge": Function(lambda _, a, b: not _is_less(a, b), ("value", "value"), "ge A B", "A >= B"),
    "len": Function(_length, ("value",), "len A", "length of a text, list or object"),
    "index": Function(
        _index, ("value", "value"), 'index A "key" 0...', "what stands in A under a key or at a place", True
    ),
    "slice": Function(_slice, ("value", "value"), "slice A 1 3", "a part of a text or list", True),
    "print": Function(_print, ("any",), "print A...", "as text, blanks between what is no text", True),
    "printf": Function(_printf, ("string", "any"), 'printf "%-10s" A...', "as text in a form", True),
    "println": Function(_println, ("any",), "println A...", "as text, blanks between, a line's end behind", True),
    "html": Function(_escaper(html_escaped), ("any",), "html A", "escaped for HTML", True),
    "js": Function(_escaper(js_escaped), ("any",), "js A", "escaped for JavaScript", True),
    "urlquery": Function(_escaper(url_escaped), ("any",), "urlquery A", "escaped for the query of an address", True),
    "json": Function(_json, ("any",), "json A", "as JSON"),
    "split": Function(_split, ("string", "string"), 'split A ","', "a text as a list"),
    "join": Function(_join, ("any", "any"), 'join A ","', "a list as a text"),
    "title": Function(_over(titled), ("string",), "title A", "each word with a capital"),
    "lower": Function(_over(lambda text: "".join(map(_lower, text))), ("string",), "lower A", "in small letters"),
    "upper": Function(_over(lambda text: "".join(map(_upper, text))), ("string",), "upper A", "in capitals"),
    "pad": Function(_pad, ("string", "int", "int"), "pad A 1 2", "with blanks before and after"),
    "truncate": Function(_truncate, ("any", "any"), "truncate A 10", "cut to a number of characters"),
    "timeago": Function(_time_ago, ("time",), "timeago A", "how long ago a time was"),
    "timefmt": Function(_time_format, ("string", "time"), 'timefmt "2006-01-02" A', "a time in another form"),
    "hyperlink": Function(_hyperlink, ("string", "string"), "hyperlink URL A", "a link, in terminals that know them"),
    "color": Function(_color, ("string", "any"), 'color "green+b" A', "in a colour"),
    "autocolor": Function(_autocolor, ("string", "any"), 'autocolor "red" A', "in a colour, on a terminal"),
    "tablerow": Function(_table_row, ("any",), "tablerow A B...", "a row of a table that is printed at the end", True),
    "tablerender": Function(_table_render, (), "tablerender", "print the table now"),
    "pluck": Function(_pluck, ("string", "list"), 'pluck "key" A', "one field of each object in a list"),
    "raw": Function(_raw, ("any",), "raw A", "unescaped on a terminal; only for text you trust"),
}
