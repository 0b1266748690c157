"""Read a spec file for `--spec`: the body of a request, as `--dry-run --format json` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.jobspec.environment import LocalEnvironment, with_local_values
from hfjobs_cli.jobspec.new_job import PROPERTIES, NewJob, Volume
from hfjobs_cli.jobspec.property_declaration import Row
from hfjobs_cli.text.json_stream import loads
from hfjobs_cli.text.values import expanded_path

MAX_MIB = 16

_VOLUME_KEYS = {"type": str, "source": str, "mountPath": str, "revision": str, "readOnly": bool, "path": str}
_NAMES = {str: "a string", list: "an array", dict: "an object", int: "a whole number", bool: "true or false"}


def read_spec(file: str, local: LocalEnvironment) -> NewJob:
    """Return the job in a file, `-` for stdin. Secrets may have no value. Raises UsageError."""
    text = local.read_stdin("--spec") if file == "-" else _read_text(expanded_path(file))
    try:
        values = loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--spec {file} is not valid JSON: {error}", hint=_HOW) from None
    if isinstance(values, list) and len(values) == 1:
        values = values[0]
    keys, inner_keys = _keys()
    spec = _object(values, keys, f"--spec {file}")
    environment = spec.get("environment", {})
    missing = with_local_values(dict.fromkeys(environment.keys() - _without_nulls(environment)), local)
    return _job({**spec, "environment": _without_nulls({**environment, **missing})}, inner_keys, f"--spec {file}")


_HOW = "'hfjobs run --dry-run --format json' prints a valid file"


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_MIB * 1024 * 1024 + 1)
        if len(content) > MAX_MIB * 1024 * 1024:
            raise UsageError(f"--spec {path} is larger than {MAX_MIB} MiB", hint=_HOW)
        return content.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or ("not UTF-8" if isinstance(error, UnicodeError) else error)
        raise UsageError(f"cannot read --spec {path}: {reason}", hint=_HOW) from None


def _keys() -> tuple[dict[str, type], dict[str, dict[str, type]]]:
    """Return the types of the keys of a request body, and of its nested objects."""
    keys: dict[str, type] = {}
    inner_keys: dict[str, dict[str, type]] = {}
    for row in PROPERTIES:
        outer, _, inner = row.about.key.partition(".")
        keys[outer] = dict if inner else row.base
        if inner:
            inner_keys.setdefault(outer, {})[inner] = row.base
    return keys, inner_keys


def _job(values: Mapping[str, Any], inner_keys: Mapping[str, Mapping[str, type]], place: str) -> NewJob:
    objects = {outer: _object(values.get(outer, {}), keys, f"{place}: {outer}") for outer, keys in inner_keys.items()}
    given = {}
    for row in PROPERTIES:
        outer, _, inner = row.about.key.partition(".")
        value = objects[outer].get(inner) if inner else values.get(outer)
        if value is not None:
            given[row.name] = _value(row, value, f"{place}: {row.about.key}")
    return NewJob(**given)


def _value(row: Row, value: Any, place: str) -> Any:
    """Convert a JSON value to the value of a property. Raises UsageError."""
    if row.base is list:
        return (
            tuple(_volume(each, place) for each in value)
            if row.item is Volume
            else _checked_items(row.item, value, place)
        )
    if row.base is dict:
        return {**value, **_checked_strings(value if row.item is str else _without_nulls(value), place)}
    return value


def _volume(values: object, place: str) -> Volume:
    known = _object(values, _VOLUME_KEYS, place)
    for key in ("type", "source", "mountPath"):
        if key not in known:
            raise UsageError(f"missing key '{key}' in {place}", hint=_HOW)
    return Volume(
        known["type"],
        known["source"],
        known["mountPath"],
        known.get("revision"),
        known.get("readOnly"),
        known.get("path"),
    )


def _object(values: object, keys: Mapping[str, type], place: str) -> dict[str, Any]:
    """Check the keys and types of an object, and return it without null values. Raises UsageError."""
    if not isinstance(values, dict):
        raise UsageError(f"{place} is not an object", hint=_HOW)
    for key, value in values.items():
        if key not in keys:
            raise UsageError(f"unknown key '{key}' in {place}", hint=one_of(key, keys))
        if value is not None and type(value) is not keys[key]:
            raise UsageError(f"{place}: {key} is not {_NAMES[keys[key]]}", hint=_HOW)
    return {key: value for key, value in values.items() if value is not None}


def _without_nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _checked_items(kind: type, values: list[Any], place: str) -> tuple[Any, ...]:
    if any(type(value) is not kind for value in values):
        raise UsageError(f"{place} contains a value that is not {_NAMES[kind]}", hint=_HOW)
    return tuple(values)


def _checked_strings(values: dict[str, Any], place: str) -> dict[str, str]:
    _checked_items(str, list(values.values()), place)
    return values
