"""Functions that docker adds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hfjobs_cli.template.context import WORK, Context, Failure
from hfjobs_cli.template.gh_functions import scalar
from hfjobs_cli.template.gofmt import Printer
from hfjobs_cli.template.gotext import json_text, spelled, u_escaped
from hfjobs_cli.template.table import shortened
from hfjobs_cli.template.values import Int, Strings, kind, like, short_text, sorted_keys, type_name


def json(context: Context, value: Any) -> str:
    """Write a value as JSON."""
    try:
        text = spelled(json_text(value), context.surroundings.shows, u_escaped)
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
        raise Failure("it takes a list and a separator")
    if items is None:
        return ""
    what = kind(items)
    if what not in ("list", "map"):
        raise Failure(f"it takes a list, not {type_name(items)}")
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
        raise Failure("it takes a text and a whole number")
    if length < 0:
        raise Failure("a text cannot be cut to less than nothing")
    context.spend(len(text) if is_gh else len(text) // WORK)
    return like(text, shortened(text, length) if is_gh else text[:length])


def over(change: Callable[[str], str]) -> Callable[[Context, str], str]:
    """Make a function of one that changes a text."""

    def call(context: Context, text: str) -> str:
        context.spend(len(text) if text.isascii() else 4 * len(text))  # other letters are changed one by one
        return like(text, change(text))

    return call
