"""`--filter`: a field, and glob patterns that it must match, or a value to compare it with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from fnmatch import translate
from functools import cached_property
from itertools import chain
from typing import NoReturn

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.immutable import value
from hfjobs_cli.models.fields import Field, Record, formatted
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.query.comparisons import UNITS, Comparison, parse_comparison
from hfjobs_cli.text.values import digits, number, parse_duration, parse_time, span, timestamp

_REGEX = r"^\^|\$$|\.[*+]|\w\|\w|\\[dwsb]"
"""What is in regular expressions, and seldom in values."""

_EXCLUDED = re.compile(r"(?P<key>[^=!]+)!=(?P<value>.*)", re.DOTALL)
"""An entry that is not wanted, as selectors of other tools have it."""

_FILTER = re.compile(r"(?P<name>[^=<>!]*)(?P<sign>!?=|[<>]=?)(?P<value>.*)", re.DOTALL)
"""A field, how it is compared, and with what."""

_NEGATED_SET = r"\[\^(?=.+\])"


@value
class FieldPattern:
    """One `--filter`: a field, glob patterns of which one must match, and whether matches are excluded."""

    field: Field
    globs: tuple[str, ...]
    negated: bool = False

    @cached_property
    def _fits_one(self) -> Callable[[str], object]:
        return re.compile("|".join(map(translate, self.globs))).match

    @property
    def is_exact(self) -> bool:
        """Return whether it names one value."""
        return len(self.globs) == 1 and is_exact(self.globs[0])

    @property
    def is_needed(self) -> bool:
        """Return whether a record must match it whatever else is asked of the field: of labels there may be several."""
        return self.field.shape.base is dict

    def fits(self, record: Record, now: datetime) -> bool:
        """Return whether the field has such a value, leaving `negated` aside. Without any it has the word for that."""
        texts = tuple(self.field.texts(record, now))
        return any(map(self._fits_one, texts)) if texts else self.field.about.absent in self.globs


Condition = FieldPattern | Comparison
"""One `--filter`."""


def parse_patterns(kind: Kind, items: Iterable[str], now: datetime) -> list[Condition]:
    """Read every `--filter`: `FIELD=GLOB`, `FIELD!=GLOB`, or a comparison as `FIELD>=VALUE`. `now` is for `created>2h`.

    With commas there are several globs, where no value has one. Raises UsageError.
    """
    return [_parse(kind, item, now) for item in items]


def all_match(conditions: Sequence[Condition], record: Record, now: datetime) -> bool:
    """Return whether all filters match; of several patterns for one field, one is enough unless all are required."""
    wanted: dict[str, bool] = {}
    for each in conditions:
        fits = each.fits(record, now)
        if fits if each.negated else (each.is_needed and not fits):
            return False
        if not each.negated and not each.is_needed:
            wanted[each.field.name] = wanted.get(each.field.name, False) or fits
    return all(wanted.values())


def divide(items: Iterable[str], kind: Kind, made: Kind) -> tuple[list[str], list[str]]:
    """Divide filters: those of a `kind`, wrong ones among them, and those of fields that only what is `made` of it has.

    Groups of jobs, for one, have `jobs` and `failed`, and jobs have not.
    """
    own: list[str] = []
    others: list[str] = []
    for item in items:
        found = _FILTER.fullmatch(item)
        name = found["name"].strip() if found else ""
        (others if kind.find(name) is None and made.find(name) is not None else own).append(item)
    return own, others


def why_none(conditions: Iterable[Condition]) -> Iterator[str]:
    """Yield a hint about patterns without matches, if one looks like a mistake."""
    wanted = [each for each in conditions if isinstance(each, FieldPattern)]
    regex = [glob for each in wanted for glob in each.globs if re.search(_REGEX, glob)]
    exact = [each.globs[0] for each in wanted if each.is_exact and not each.negated and len(each.globs[0]) > 1]
    if regex:
        yield f"hint: '{regex[0]}' looks like a regular expression; patterns support only *, ? and [abc]"
    elif exact:
        yield f"hint: a pattern must match the whole value; use '*{exact[0]}*' to match a part of it"


def _parse(kind: Kind, item: str, now: datetime) -> Condition:
    found = _FILTER.fullmatch(item)
    given, sign, text = (found["name"].strip(), found["sign"], found["value"]) if found else ("", "", "")
    if not given:
        raise UsageError(f"filter '{item}' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE", hint=_how(kind, item))
    field = kind.find(given)
    if field is None:
        raise UsageError(f"unknown field '{given}' in filter '{item}'", hint=_field_hint(kind, given.lower()))
    if "<" in sign or ">" in sign:
        return parse_comparison(item, field, given, sign, text, now)
    if text[:1] in ("<", ">") and field.measure is not None:
        raise UsageError(f"filter '{item}' mixes = and {text[0]}", hint=f"use '{given}{text[0]}={text[1:].strip()}'")
    if field.about.entry == "label" and re.search("[<>]", text):  # which no label of the Hub holds
        raise UsageError(f"filter '{item}' does not compare a label", hint=f"write '{field.about.entry}.{text}'")
    name, entry, text = _entry(kind, given, text)
    if entry:
        field = kind.find(name) or field
    negated = sign == "!="
    # `==` is what selectors of other tools have, and shells and Go write [^a] for what Python's patterns know as [!a].
    text = re.sub(_NEGATED_SET, "[!", text.removeprefix("="))
    globs = tuple(filter(None, [text] if field.about.has_commas else text.split(",")))
    if not globs:
        raise UsageError(f"filter '{item}' has no pattern", hint=f"use {name}!=* to find {kind.plural} without a value")
    if field.shape.base is dict and not entry:
        globs, excludes = _excluding(item, globs, negated=negated)
        negated = negated or excludes
    if field.shape.base is dict and not field.about.has_commas:
        _check_entries(item, globs)
    found_by = [value_aliases(field, name, glob) if is_exact(glob) else (glob,) for glob in globs]
    return FieldPattern(field, tuple(chain.from_iterable(found_by)), negated=negated)


def _how(kind: Kind, item: str) -> str:
    """Return the hint for an invalid filter; in a shell, `-f runtime>1h` is `-f runtime` with a redirection."""
    field = kind.find(item)
    if field is not None and field.measure is not None:
        return f"quote comparisons, because > is special in shells: -f '{item}>{UNITS[field.measure.unit].one}'"
    return f"use for example {kind.filters}"


def _entry(kind: Kind, given: str, text: str) -> tuple[str, str, str]:
    """Return the field, the entry and the pattern of a filter such as `label.team=ml`.

    In the field it is compared as `team=ml`. Keys keep their letters as they are, capital or not.
    """
    outer, dot, entry = given.partition(".")
    field = kind.find(outer)
    if not dot or not entry or field is None or not field.has_entries:
        return given.lower(), "", text
    text = text.removeprefix("=")
    globs = [text] if field.about.has_commas else text.split(",")
    return outer.lower(), entry, ",".join(f"{entry}={glob}" for glob in globs if glob)


def _excluding(item: str, globs: Sequence[str], *, negated: bool) -> tuple[tuple[str, ...], bool]:
    """Return patterns of entries, `KEY!=VALUE` as what it excludes, and whether they exclude. Raises UsageError."""
    found = [_EXCLUDED.fullmatch(glob) for glob in globs]
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


def is_exact(glob: str) -> bool:
    """Return whether a text contains no pattern characters."""
    return not any(char in glob for char in "*?[")


def _field_hint(kind: Kind, name: str) -> str:
    if name in ("since", "until") and kind.find("created"):
        return f"use the option --{name}"
    return one_of(kind.meant(name), kind.words)


def value_aliases(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return the texts by which a field with the value `text` is found. Raises UsageError if it can have no such value.

    `name` is what the field was called.
    """
    spell = _VALUE_ALIASES.get(field.shape.base)
    return (text,) if spell is None else spell(field, name, text)


def _moment(_field: Field, name: str, text: str) -> tuple[str, ...]:
    try:
        if "T" not in text.upper():
            raise ValueError(text)  # a day has many
        return (timestamp(parse_time(text)),)
    except (ValueError, OverflowError):
        raise UsageError(
            f"invalid time '{text}' in a filter: not like 2026-05-11T13:16:07Z",
            hint=f"use {name}=2026-05-11* for a day"
            + (", or --since and --until with 2h or yesterday" if name.startswith("created") else ""),
        ) from None


def _number(field: Field, name: str, text: str) -> tuple[str, ...]:
    found = number(text)
    if found is None:
        return _spelled_number(field, name, text)
    exact = digits(text)  # whole ones may be longer than a float holds
    return (text, _plain(found) if exact is None else str(exact))


def _spelled_number(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return the aliases of a number given as a duration or with a unit."""
    if field.about.spell is None or not any(digits(char) is not None for char in text):
        return _no_number(name, text)
    if field.about.spell is not span or text == span(0):
        return (text,)
    seconds = parse_duration(text, f"filter {name}")
    return (text, span(seconds), _plain(seconds))


def _no_number(name: str, text: str) -> NoReturn:
    raise UsageError(f"field {name} is a number, but '{text}' is not", hint=f"use for example {name}=2")


def _plain(number: float) -> str:
    return formatted(number, None) or ""


def _flag(_field: Field, name: str, text: str) -> tuple[str, ...]:
    if text.lower() not in ("true", "false"):
        raise UsageError(
            f"field {name} is true or false, but not '{text}'", hint=f"use {name}!=* to find those without a value"
        )
    return (text.lower(),)


_VALUE_ALIASES: dict[type, Callable[[Field, str, str], tuple[str, ...]]] = {
    datetime: _moment,
    int: _number,
    float: _number,
    bool: _flag,
}
