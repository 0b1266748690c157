"""Comparisons in `--filter`: `runtime>1h`, `cost<=5`, `created>=2026-05-11`, `label.lr<0.001`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.immutable import value
from hfjobs_cli.models.fields import Field, Record
from hfjobs_cli.text.values import number, parse_duration, parse_moment

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@value
class Comparison:
    """One `--filter` that compares: a field, a sign, and what the field is compared with: a number or a moment."""

    field: Field
    sign: str
    bound: Any

    negated = False
    is_needed = True

    def fits(self, record: Record, now: datetime) -> bool:
        """Return whether the comparison is true; it is false without a value."""
        measure, found = self.field.measure, self.field.read(record, now)
        amount = None if found is None or measure is None else measure.of(found)
        if amount is None:
            return False
        if not isinstance(amount, datetime):
            amount = float(amount)  # so that 0.1 dollars, which are counted exactly, are 0.1
        return _SIGNS[self.sign](amount, self.bound)


class Unit(NamedTuple):
    """A unit for comparisons: its name and examples in errors, and its parser, which returns None if invalid."""

    noun: str
    examples: str
    read: Callable[[str, datetime], Any]

    @property
    def one(self) -> str:
        """One of the examples."""
        return self.examples.replace(",", "").split()[-1]


def _number(text: str, _now: datetime) -> float | None:
    return number(text)


def _duration(text: str, _now: datetime) -> float | None:
    try:
        return parse_duration(text, "duration", at_least=0)
    except UsageError:
        return None


def _moment(text: str, now: datetime) -> datetime | None:
    """Read a moment as `--since` does, and one to come, as the next run of a schedule: `in 2h`."""
    ahead = text.removeprefix("in ")
    if ahead != text:
        seconds = _duration(ahead, now)
        return None if seconds is None else now + timedelta(seconds=seconds)
    try:
        return parse_moment(text, now, "time")
    except UsageError:
        return None


def _money(text: str, _now: datetime) -> float | None:
    return number(text.removeprefix("~").removeprefix("$"))


def _percent(text: str, _now: datetime) -> float | None:
    return number(text.removesuffix("%"))


def _part(text: str, _now: datetime) -> float | None:
    """Read a share of all, from 0 to 1, which is shown as a percentage: `50%`, `0.5`; 50 could be either."""
    found = number(text.removesuffix("%"))
    if found is None or text.endswith("%"):
        return None if found is None else found / 100
    return found if 0 <= found <= 1 else None


_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}


def _size(unit: str, base: float = 1.0) -> Callable[[str, datetime], float | None]:
    """Return what reads a size in `unit`: `80GB`, `80G`; a number alone counts in `base`."""

    def read(text: str, _now: datetime) -> float | None:
        digits = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
        suffix = text[len(digits) :].strip().lower()
        found = number(digits)
        scale = _PREFIXES.get(suffix.removesuffix(unit.lower()))
        if found is None or scale is None:
            return None
        return found * scale / base if suffix else found

    return read


UNITS = {
    "number": Unit("number", "2 or 0.5", _number),
    "duration": Unit("duration", "90s, 30m, 2d or 1.5h", _duration),
    "moment": Unit("time", "30m, 2h, 7d, yesterday or 2026-05-11", _moment),
    "money": Unit("cost", "5 or 1.25", _money),
    "percent": Unit("percentage", "5% or 50%", _percent),
    "part": Unit("percentage", "5% or 50%", _part),
    "B": Unit("size", "500MB or 80GB", _size("B")),
    "GB": Unit("size", "500MB or 80GB", _size("B", 1e9)),
    "bps": Unit("rate", "100kbps or 1Mbps", _size("bps")),
}
"""How values of each unit (`Measure.unit` of a field) are typed."""


def parse_comparison(item: str, field: Field, name: str, sign: str, text: str, now: datetime) -> Comparison:
    """Return what a filter `item` compares: the `field` that was called `name` with a value. Raises UsageError."""
    if field.measure is None:
        raise UsageError(f"filter '{item}' cannot compare '{name}' with {sign}", hint=_instead(field, name, sign))
    unit, given = UNITS[field.measure.unit], text.strip()
    hint = f"use {unit.examples}, for example '{name}{sign}{unit.one}'"
    if not given:
        raise UsageError(f"filter '{item}' has no {unit.noun}", hint=hint)
    bound = unit.read(given, now)
    if bound is None:
        raise UsageError(f"invalid {unit.noun} '{given}' in filter '{item}'", hint=hint)
    return Comparison(field, sign, bound)


def _instead(field: Field, name: str, sign: str) -> str:
    if field.has_entries:
        return f"compare one of them: {name}.KEY{sign}2"
    return f"compare numbers, durations, times or costs; match text with {name}=PATTERN"
