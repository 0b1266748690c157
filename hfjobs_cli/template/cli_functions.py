"""Functions that docker and gh add."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from hfjobs_cli.template import colors, gotime
from hfjobs_cli.template.context import WORK, Context, DataFailure, Failure
from hfjobs_cli.template.gofmt import Printer
from hfjobs_cli.template.gotext import formatted, json_text, u_escaped, url_escaped
from hfjobs_cli.template.table import shortened
from hfjobs_cli.template.values import ABSENT, Authored, Int, Strings, kind, like, short_text, sorted_keys, type_name
from hfjobs_cli.text.display import MAX_PADDED, printable


def json(context: Context, value: Any) -> str:
    """Write a value as JSON."""
    try:
        text = formatted(json_text(value), context.render_options.shows, u_escaped)
    except ValueError as error:
        raise Failure(str(error)) from None
    context.spend(len(text))
    return text


def split(context: Context, text: str, separator: str) -> Strings:
    """Split a text; without a separator, into its characters."""
    count = text.count(separator) + 1 if separator else len(text)
    context.spend(len(text) + 16 * count)  # a part is an object, however short it is
    return Strings(like(text, part) for part in (text.split(separator) if separator else text))


def join(context: Context, first: Any, second: Any) -> str:
    """Join a list, or the values of an object: docker has the list first, gh the separator."""
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
    """Put blanks before and behind a text that is not empty."""
    if not text:
        return ""
    if before < 0 or after < 0:
        raise Failure("the padding cannot be negative")
    context.spend(before + after)
    return like(text, " " * before + text + " " * after)


def truncate(context: Context, first: Any, second: Any) -> str:
    """Cut a text: docker has the text first, and counts characters; gh the width, and shows that it was cut."""
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
    """Make a function of one that changes a text."""

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
    """Write a time in a layout."""
    context.spend(4 * len(layout))
    return ABSENT if kind(text) == "nil" else context.mixed([layout], lambda _: gotime.layout(layout, _moment(text)))


def _moment(text: str) -> datetime:
    try:
        return gotime.parse(text)
    except ValueError:
        raise DataFailure(f"'{text[:40]}' is not a time such as 2026-05-11T13:16:07Z") from None


def color(context: Context, style: str, value: Any) -> str:
    """Put a style around a value."""
    try:
        start = colors.code(style)
    except ValueError as error:
        raise Failure(str(error)) from None
    text = context.printer.print([scalar(value)])
    return Authored(f"{start}{text}{colors.RESET}") if start and text else Authored(text)


def autocolor(context: Context, style: str, value: Any) -> Any:
    """Put a style around a value where colors are wanted."""
    return color(context, style, value) if context.render_options.color else scalar(value)


def hyperlink(context: Context, address: str, text: str) -> str:
    """Make a link of a text, for terminals (OSC 8)."""
    target = like(address, formatted(address, context.render_options.holds or (lambda _: True), url_escaped))
    link, shown = (context.printer.print([part]) for part in (target, text or address))
    return Authored(f"\x1b]8;;{link}\x1b\\{shown}\x1b]8;;\x1b\\")


def table_row(context: Context, *values: Any) -> str:
    """Keep a row. A cell stands on one line, so text of the data is escaped in a pipe too."""
    context.spend(MAX_PADDED * len(values))  # a cell is padded, however short it is
    printer = context.printing(printable)
    context.render_options.table.add([printer.print([scalar(value)]) for value in values])
    return Authored("")


def table_render(context: Context) -> str:
    """Write the rows that wait."""
    text = context.render_options.table.take()
    context.spend(len(text))
    return Authored(text)


def scalar(value: Any) -> Any:
    """Return a value as gh prints it in a cell: nothing for null, fractions with two digits."""
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
    """Return a value as text that is not escaped."""
    return Authored(value if isinstance(value, str) else context.printing(None).text(value))
