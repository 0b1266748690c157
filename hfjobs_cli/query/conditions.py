"""Conditions of `--filter`: glob patterns for a field, or comparisons such as `runtime>1h` and `label.lr<0.001`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from fnmatch import translate
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple, NoReturn

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.kind import Field, Kind, formatted
from hfjobs_cli.models.record import MeasureUnit, Record
from hfjobs_cli.text.values import digits, number, parse_duration, parse_time, parse_time_option, span, timestamp

_REGEX = r"^\^|\$$|\.[*+]|\w\|\w|\\[dwsb]"
"""Finds signs of a regular expression, which values rarely contain."""

_EXCLUDED = r"(?s)(?P<key>[^=!]+)!=(?P<value>.*)"
"""An excluded entry, `KEY!=VALUE`, as in selectors of other tools."""

_FILTER = r"(?s)(?P<name>[^=<>!]*)(?P<sign>!?=|[<>]=?)(?P<value>.*)"
"""Field, operator and value."""

_NEGATED_SET = r"\[\^(?=.+\])"

_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@value
class FieldPattern:
    """A `--filter` with glob patterns: one must match, or none if it is `negated`."""

    field: Field
    globs: tuple[str, ...]
    negated: bool = False

    @cached_property
    def _fits_one(self) -> Callable[[str], object]:
        return re.compile("|".join(map(translate, self.globs))).match

    @property
    def is_exact(self) -> bool:
        """Return whether it is a single value, not a pattern."""
        return len(self.globs) == 1 and is_exact(self.globs[0])

    @property
    def is_needed(self) -> bool:
        """Return whether it must match even if another filter of the field does: a job can have several labels."""
        return self.field.type.base is dict

    def fits(self, record: Record, now: datetime) -> bool:
        """Return whether a value of the field matches, ignoring `negated`. No value matches the word `absent`."""
        texts = tuple(self.field.texts(record, now))
        return any(map(self._fits_one, texts)) if texts else self.field.meta.absent_word in self.globs


@value
class Comparison:
    """A `--filter` that compares a field with a number or a time by an operator, `sign`."""

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


Condition = FieldPattern | Comparison
"""One `--filter`."""


def parse_conditions(kind: Kind, items: Iterable[str], now: datetime) -> list[Condition]:
    """Parse each `--filter`: `FIELD=GLOB`, `FIELD!=GLOB`, or a comparison such as `FIELD>=VALUE`. Raises UsageError.

    Commas separate globs, unless values of the field contain commas. `now` is for `created>2h`.
    """
    return [_parse(kind, item, now) for item in items]


def all_match(conditions: Sequence[Condition], record: Record, now: datetime) -> bool:
    """Return whether all filters match. Of several patterns for a field one is enough, unless it `is_needed`."""
    if not conditions:
        return True
    wanted: dict[str, bool] = {}
    for each in conditions:
        fits = each.fits(record, now)
        if fits if each.negated else (each.is_needed and not fits):
            return False
        if not each.negated and not each.is_needed:
            wanted[each.field.name] = wanted.get(each.field.name, False) or fits
    return all(wanted.values())


def split_filters(items: Iterable[str], kind: Kind, made: Kind) -> tuple[list[str], list[str]]:
    """Split filters: those of `kind`, also invalid ones, and those of fields that only `made` has.

    For example, groups of jobs have the fields `jobs` and `failed`, which jobs lack. Raises UsageError for a field that
    neither has.
    """
    own: list[str] = []
    others: list[str] = []
    for item in items:
        found = re.fullmatch(_FILTER, item)
        name = found["name"].strip() if found else ""
        is_own, is_made = kind.find(name) is not None, made.find(name) is not None
        if name and not is_own and not is_made and name.lower() not in ("since", "until"):
            meant = made.suggested(name)
            names = [*made.words, *(word for word in kind.words if word not in made.words)]
            hint = one_of(kind.suggested(name) if meant == name else meant, names)
            raise UsageError(f"unknown field '{name}' in filter '{item}'", hint=hint)
        (others if is_made and not is_own else own).append(item)
    return own, others


def no_match_hints(conditions: Iterable[Condition]) -> Iterator[str]:
    """Yield a hint about filters that match nothing, if a pattern looks like a mistake."""
    wanted = [each for each in conditions if isinstance(each, FieldPattern)]
    regex = [glob for each in wanted for glob in each.globs if re.search(_REGEX, glob)]
    exact = [each.globs[0] for each in wanted if each.is_exact and not each.negated and len(each.globs[0]) > 1]
    if any(re.search("(?:^|=)!", glob) for each in wanted for glob in each.globs):
        yield "hint: ! before a pattern excludes only in --status and --initiator; use FIELD!=PATTERN"
    elif regex:
        yield f"hint: '{regex[0]}' looks like a regular expression; patterns support only *, ? and [abc]"
    elif exact:
        yield f"hint: a pattern must match the whole value; use '*{exact[0]}*' to match a part of it"


def is_exact(glob: str) -> bool:
    """Return whether a text contains no pattern characters."""
    return not any(char in glob for char in "*?[")


def _parse(kind: Kind, item: str, now: datetime) -> Condition:
    found = re.fullmatch(_FILTER, item)
    given, sign, text = (found["name"].strip(), found["sign"], found["value"]) if found else ("", "", "")
    if not given:
        raise UsageError(f"filter '{item}' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE", hint=_how(kind, item))
    field = kind.find(given)
    if field is None:
        raise UsageError(f"unknown field '{given}' in filter '{item}'", hint=_field_hint(kind, given.lower()))
    if "<" in sign or ">" in sign:
        return _parse_comparison(item, field, given, sign, text, now)
    if text[:1] in ("<", ">") and field.measure is not None:
        raise UsageError(f"filter '{item}' mixes = and {text[0]}", hint=f"use '{given}{text[0]}={text[1:].strip()}'")
    if field.meta.entry == "label" and re.search("[<>]", text):  # labels cannot contain these
        raise UsageError(f"filter '{item}' does not compare a label", hint=f"write '{field.meta.entry}.{text}'")
    name, entry, text = _entry(kind, given, text)
    if entry:
        field = kind.find(name) or field
    negated = sign == "!="
    # Selectors of other tools use `==`. Shells and Go write [^a] for Python's [!a].
    text = re.sub(_NEGATED_SET, "[!", text.removeprefix("="))
    globs = tuple(filter(None, [text] if field.meta.has_commas else text.split(",")))
    if not globs:
        raise UsageError(
            f"filter '{item}' has no pattern", hint=f"use {given}!=* to find {kind.plural} without a value"
        )
    if field.type.base is dict and not entry:
        globs, excludes = _excluding(item, globs, negated=negated)
        negated = negated or excludes
    if field.type.base is dict and not field.meta.has_commas:
        _check_entries(item, globs)
    found_by = [_value_aliases(field, name, glob) if is_exact(glob) else (glob,) for glob in globs]
    return FieldPattern(field, tuple(chain.from_iterable(found_by)), negated=negated)


def _how(kind: Kind, item: str) -> str:
    """Return the hint for an invalid filter; in a shell, `-f runtime>1h` is `-f runtime` with a redirection."""
    field = kind.find(item)
    if field is not None and field.measure is not None:
        return f"quote comparisons, because > is special in shells: -f '{item}>{UNITS[field.measure.unit].one}'"
    return f"use for example {kind.filters}"


def _field_hint(kind: Kind, name: str) -> str:
    if name in ("since", "until") and kind.find("created"):
        return f"use the option --{name}"
    return one_of(kind.suggested(name), kind.words)


def _entry(kind: Kind, given: str, text: str) -> tuple[str, str, str]:
    """Return the field, the entry and the pattern of a filter such as `label.team=ml`.

    The field is compared with `team=ml`. Keys keep their case.
    """
    outer, dot, entry = given.partition(".")
    field = kind.find(outer)
    if not dot or not entry or field is None or not field.has_entries:
        return given.lower(), "", text
    text = text.removeprefix("=")
    globs = [text] if field.meta.has_commas else text.split(",")
    return outer.lower(), entry, ",".join(f"{entry}={glob}" for glob in globs if glob)


def _excluding(item: str, globs: Sequence[str], *, negated: bool) -> tuple[tuple[str, ...], bool]:
    """Return patterns of entries, `KEY!=VALUE` as `KEY=VALUE`, and whether they exclude. Raises UsageError."""
    found = [re.fullmatch(_EXCLUDED, glob) for glob in globs]
    if not any(found):
        return tuple(globs), False
    if negated or not all(found):
        raise UsageError(f"filter '{item}' both includes and excludes", hint="use one -f for each")
    return tuple(f"{each['key']}={each['value']}" for each in found if each), True


def _check_entries(item: str, globs: Sequence[str]) -> None:
    """Raise UsageError for ambiguous filters such as `label=note=a,b`."""
    with_value = [("=" in glob) for glob in globs]
    if any(with_value) and not all(with_value):
        raise UsageError(
            f"filter '{item}' contains a comma, which labels cannot contain",
            hint="repeat -f to require several labels; use KEY=A,KEY=B for either of two values",
        )


def _parse_comparison(item: str, field: Field, name: str, sign: str, text: str, now: datetime) -> Comparison:
    """Parse the filter `item`, which compares `field`, given as `name`, with a value. Raises UsageError."""
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


class Unit(NamedTuple):
    """A unit for comparisons: its name and examples in errors, and its parser, which returns None if invalid."""

    noun: str
    examples: str
    read: Callable[[str, datetime], Any]

    @property
    def one(self) -> str:
        """One of the examples."""
        return self.examples.replace(",", "").split()[-1]


def _read_number(text: str, _now: datetime) -> float | None:
    return number(text)


def _read_duration(text: str, _now: datetime) -> float | None:
    try:
        return parse_duration(text, "duration", at_least=0)
    except UsageError:
        return None


def _read_time(text: str, now: datetime) -> datetime | None:
    """Parse a time as `--since` does, or a future one, for the next run of a schedule: `in 2h`."""
    ahead = text.removeprefix("in ")
    if ahead != text:
        seconds = _read_duration(ahead, now)
        return None if seconds is None else now + timedelta(seconds=seconds)
    try:
        return parse_time_option(text, now, "time")
    except UsageError:
        return None


def _read_money(text: str, _now: datetime) -> float | None:
    return number(text.removeprefix("~").removeprefix("$"))


def _read_percent(text: str, _now: datetime) -> float | None:
    return number(text.removesuffix("%"))


def _read_part(text: str, _now: datetime) -> float | None:
    """Parse a fraction of 1 that is shown as a percentage: `50%`, `0.5`. 50 is ambiguous, and None."""
    found = number(text.removesuffix("%"))
    if found is None or text.endswith("%"):
        return None if found is None else found / 100
    return found if 0 <= found <= 1 else None


_PREFIXES = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}


def _size(unit: str, base: float = 1.0) -> Callable[[str, datetime], float | None]:
    """Return a parser of sizes, `80GB` or `80G`, as multiples of `base`, which is the unit of a number alone."""

    def read(text: str, _now: datetime) -> float | None:
        amount = text.rstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")
        suffix = text[len(amount) :].strip().lower()
        found = number(amount)
        scale = _PREFIXES.get(suffix.removesuffix(unit.lower()))
        if found is None or scale is None:
            return None
        return found * scale / base if suffix else found

    return read


UNITS: dict[MeasureUnit, Unit] = {
    "number": Unit("number", "2 or 0.5", _read_number),
    "duration": Unit("duration", "90s, 30m, 2d or 1.5h", _read_duration),
    "time": Unit("time", "30m, 2h, 7d, yesterday or 2026-05-11", _read_time),
    "money": Unit("cost", "5 or 1.25", _read_money),
    "percent": Unit("percentage", "5% or 50%", _read_percent),
    "part": Unit("percentage", "5% or 50%", _read_part),
    "B": Unit("size", "500MB or 80GB", _size("B")),
    "GB": Unit("size", "500MB or 80GB", _size("B", 1e9)),
    "bps": Unit("rate", "100kbps or 1Mbps", _size("bps")),
}
"""How values of each unit (`Measure.unit` of a field) are given on the command line."""


def _value_aliases(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return all texts that a field with the value `text` may have. Raises UsageError if the value is invalid.

    `name` is the name of the field that was given.
    """
    spell = _VALUE_ALIASES.get(field.type.base)
    return (text,) if spell is None else spell(field, name, text)


def _time_aliases(_field: Field, name: str, text: str) -> tuple[str, ...]:
    try:
        if "T" not in text.upper():
            raise ValueError(text)  # a day is not one time
        return (timestamp(parse_time(text)),)
    except (ValueError, OverflowError):
        raise UsageError(
            f"invalid time '{text}' in a filter: not like 2026-05-11T13:16:07Z",
            hint=f"use {name}=2026-05-11* for a day"
            + (", or --since and --until with 2h or yesterday" if name.startswith("created") else ""),
        ) from None


def _number_aliases(field: Field, name: str, text: str) -> tuple[str, ...]:
    found = number(text)
    if found is None:
        return _formatted_number_aliases(field, name, text)
    exact = digits(text)  # whole numbers may have more digits than a float
    return (text, _plain(found) if exact is None else str(exact))


def _formatted_number_aliases(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return the aliases of a number given as a duration or with a unit."""
    if field.meta.formatter is None or not any(digits(char) is not None for char in text):
        return _no_number(name, text)
    if field.meta.formatter is not span or text == span(0):
        return (text,)
    seconds = parse_duration(text, f"filter {name}")
    return (text, span(seconds), _plain(seconds))


def _no_number(name: str, text: str) -> NoReturn:
    raise UsageError(f"field {name} is a number, but '{text}' is not", hint=f"use for example {name}=2")


def _plain(number: float) -> str:
    return formatted(number, None) or ""


def _flag_aliases(_field: Field, name: str, text: str) -> tuple[str, ...]:
    if text.lower() not in ("true", "false"):
        raise UsageError(
            f"field {name} is true or false, but not '{text}'", hint=f"use {name}!=* to find those without a value"
        )
    return (text.lower(),)


_VALUE_ALIASES: dict[type, Callable[[Field, str, str], tuple[str, ...]]] = {
    datetime: _time_aliases,
    int: _number_aliases,
    float: _number_aliases,
    bool: _flag_aliases,
}
