"""Typed reading of JSON that came from a server: a value of the right type, None, or BadResponse with its path."""

import math
import re
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TypeVar

from hfjobs_cli.errors import BadResponse

T = TypeVar("T")

_FRACTION = re.compile(r"\.(\d+)")
_JSON_NAMES = {
    str: "a string",
    dict: "an object",
    list: "an array",
    bool: "true or false",
    int: "a whole number",
}


class Payload:
    """One JSON object of an answer and the path to it (`job.status`)."""

    __slots__ = ("path", "values")

    def __init__(self, values: object, path: str) -> None:
        """Wrap `values`. Raises BadResponse if it is not a JSON object."""
        if not isinstance(values, dict):
            raise BadResponse(f"{path} should be an object, but is {describe(values)}")
        self.values: dict[str, Any] = values
        self.path = path

    def get(self, key: str, kind: type[T]) -> T | None:
        """Return the value of `key`, None if it is absent or null. Raises BadResponse if it is not of `kind`."""
        value = self.values.get(key)
        if value is None or type(value) is kind:
            return value
        raise self._wrong(key, _JSON_NAMES[kind], value)

    def require(self, key: str, kind: type[T]) -> T:
        """Return the value of `key`. Raises BadResponse if it is absent, null or not of `kind`."""
        value = self.get(key, kind)
        if value is None:
            raise BadResponse(f"{self.path}.{key} is missing")
        return value

    def number(self, key: str) -> int | float | None:
        """Return a number as it came, an int or a float, None if absent."""
        value = self.values.get(key)
        # Python reads NaN and Infinity, which are not JSON and could not be written again.
        if value is None or type(value) is int or (type(value) is float and math.isfinite(value)):
            return value
        raise self._wrong(key, "a number", value)

    def list_of(self, key: str, kind: type[T]) -> list[T] | None:
        """Return an array whose items are all of `kind`, None if absent."""
        items = self.get(key, list)
        if items is not None:
            for index, item in enumerate(items):
                if type(item) is not kind:
                    raise self._wrong(f"{key}[{index}]", _JSON_NAMES[kind], item)
        return items

    def texts(self, key: str) -> dict[str, str] | None:
        """Return an object whose values are all strings, None if absent."""
        values = self.get(key, dict)
        if values is not None:
            for name, value in values.items():
                if type(value) is not str:
                    raise self._wrong(f"{key}.{name}", "a string", value)
        return values

    def inner(self, key: str, parse: Callable[[object, str], T]) -> T | None:
        """Return what `parse` makes of the value at `key` and its path, None if it is absent."""
        value = self.values.get(key)
        return None if value is None else parse(value, f"{self.path}.{key}")

    def require_inner(self, key: str, parse: Callable[[object, str], T]) -> T:
        """Return what `parse` makes of the object at `key` and its path. Raises BadResponse if it is absent."""
        return parse(self.require(key, dict), f"{self.path}.{key}")

    def inner_list(self, key: str, parse: Callable[[object, str], T]) -> list[T] | None:
        """Return what `parse` makes of each item of the array at `key` and its path, None if it is absent."""
        items = self.get(key, list)
        if items is None:
            return None
        return [parse(item, f"{self.path}.{key}[{index}]") for index, item in enumerate(items)]

    def time(self, key: str) -> datetime | None:
        """Return an ISO 8601 time as an aware datetime in UTC, None if absent."""
        value = self.get(key, str)
        if value is None:
            return None
        try:
            return parse_time(value)
        except (ValueError, OverflowError):
            raise self._wrong(key, "an ISO 8601 time", value) from None

    def _wrong(self, key: str, expected: str, value: object) -> BadResponse:
        return BadResponse(f"{self.path}.{key} should be {expected}, but is {describe(value)}")


def parse_time(text: str) -> datetime:
    """Parse an ISO 8601 date and time; without an offset it is taken as UTC. Raises ValueError or OverflowError.

    Python 3.10 reads neither `Z` nor fractions of other than 3 or 6 digits, both of which the Hub may send.
    """
    if text.endswith(("Z", "z")):
        text = text[:-1] + "+00:00"
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(_FRACTION.sub(lambda match: "." + match[1][:6].ljust(6, "0"), text))
    return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)


def describe(value: object) -> str:
    """Spell a JSON value for an error message, shortened."""
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
