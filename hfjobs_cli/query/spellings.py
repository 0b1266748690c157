"""What `--filter` names exactly: a value, found by the texts that a field of its type is found by.

A number, a length of time and a moment are spelled in many ways, of which a field has one or two. What cannot be a
value of the field would match nothing, and is an error.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NoReturn

from hfjobs_cli.errors import UsageError
from hfjobs_cli.records.field import Field, spelled
from hfjobs_cli.text.numbers import digits, number
from hfjobs_cli.text.times import parse_time, span, timestamp


def spellings(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return the texts by which a field with the value `text` is found. Raises UsageError if it can have no such value.

    `name` is what the field was called.
    """
    spell = _SPELLINGS.get(field.shape.base)
    return (text,) if spell is None else spell(field, name, text)


def _moment(_field: Field, name: str, text: str) -> tuple[str, ...]:
    try:
        if "T" not in text.upper():
            raise ValueError(text)  # a day has many
        return (timestamp(parse_time(text)),)
    except (ValueError, OverflowError):
        raise UsageError(
            f"'{text}' is not a time as patterns compare them, 2026-05-11T13:16:07Z",
            hint=f"{name}=2026-05-11* is a day"
            + ("; --since and --until take 2h or yesterday" if name.startswith("created") else ""),
        ) from None


def _number(field: Field, name: str, text: str) -> tuple[str, ...]:
    found = number(text)
    if found is None:
        return _spelled_number(field, name, text)
    exact = digits(text)  # whole ones may be longer than a float holds
    return (text, _plain(found) if exact is None else str(exact))


def _spelled_number(field: Field, name: str, text: str) -> tuple[str, ...]:
    """Return the spellings of a number that is given as it is shown: as a length of time, or with a unit."""
    if field.about.spell is None or not any(digits(char) is not None for char in text):
        return _no_number(name, text)
    if field.about.spell is not span or text == span(0):
        return (text,)
    from hfjobs_cli.query.moments import parse_duration  # its patterns take as long to make as the rest of this

    seconds = parse_duration(text, f"filter {name}")
    return (text, span(seconds), _plain(seconds))


def _no_number(name: str, text: str) -> NoReturn:
    raise UsageError(f"{name} is a number, and '{text}' is none", hint=f"for example {name}=2")


def _plain(number: float) -> str:
    return spelled(number, None) or ""


def _flag(_field: Field, name: str, text: str) -> tuple[str, ...]:
    if text.lower() not in ("true", "false"):
        raise UsageError(f"{name} is true or false, and not '{text}'", hint=f"{name}!=* finds those that are neither")
    return (text.lower(),)


_SPELLINGS: dict[type, Callable[[Field, str, str], tuple[str, ...]]] = {
    datetime: _moment,
    int: _number,
    float: _number,
    bool: _flag,
}
