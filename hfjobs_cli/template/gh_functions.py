"""Functions that gh adds, and `raw`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hfjobs_cli.template import colors, gotime
from hfjobs_cli.template.context import Context, DataFailure, Failure
from hfjobs_cli.template.gotext import spelled, url_escaped
from hfjobs_cli.template.values import ABSENT, Authored, kind, like, short_text, type_name
from hfjobs_cli.text.escapes import printable
from hfjobs_cli.text.widths import MAX_PADDED


def time_ago(context: Context, text: Any) -> Any:
    """Say how long ago a time was."""
    if kind(text) == "nil":
        return ABSENT
    return gotime.ago((context.surroundings.now - _moment(text)).total_seconds())


def time_format(context: Context, layout: str, text: Any) -> Any:
    """Write a time in a layout."""
    context.spend(4 * len(layout))
    return ABSENT if kind(text) == "nil" else context.mixed([layout], lambda _: gotime.layout(layout, _moment(text)))


def _moment(text: str) -> datetime:
    try:
        return gotime.parse(text)
    except ValueError:
        raise DataFailure(f"'{text[:40]}' is not a time as 2026-05-11T13:16:07Z") from None


def color(context: Context, style: str, value: Any) -> str:
    """Put a style around a value."""
    try:
        start = colors.code(style)
    except ValueError as error:
        raise Failure(str(error)) from None
    text = context.printer.print([scalar(value)])
    return Authored(f"{start}{text}{colors.RESET}") if start and text else Authored(text)


def autocolor(context: Context, style: str, value: Any) -> Any:
    """Put a style around a value where colours are wanted."""
    return color(context, style, value) if context.surroundings.color else scalar(value)


def hyperlink(context: Context, address: str, text: str) -> str:
    """Make a link of a text, for terminals (OSC 8)."""
    target = like(address, spelled(address, context.surroundings.holds or (lambda _: True), url_escaped))
    link, shown = (context.printer.print([part]) for part in (target, text or address))
    return Authored(f"\x1b]8;;{link}\x1b\\{shown}\x1b]8;;\x1b\\")


def table_row(context: Context, *values: Any) -> str:
    """Keep a row. A cell stands on one line, so text of the data is escaped in a pipe too."""
    context.spend(MAX_PADDED * len(values))  # a cell is padded, however short it is
    printer = context.printing(printable)
    context.surroundings.table.add([printer.print([scalar(value)]) for value in values])
    return Authored("")


def table_render(context: Context) -> str:
    """Write the rows that wait."""
    text = context.surroundings.table.take()
    context.spend(len(text))
    return Authored(text)


def scalar(value: Any) -> Any:
    """Return a value as gh prints it in a cell: nothing for null, fractions with two digits."""
    if kind(value) in ("list", "map") and short_text(value) is None:
        raise Failure(f"it takes a text or a number, not {type_name(value)}")
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
            raise Failure(f"it takes a list of objects, not of {type_name(item)}")
    return [item.get(name) for item in items]


def raw(context: Context, value: Any) -> str:
    """Return a value as text that is not escaped."""
    return Authored(value if isinstance(value, str) else context.printing(None).text(value))
