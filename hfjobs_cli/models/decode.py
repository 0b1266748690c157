"""Decode JSON into records. For each class of records, a function that does this is made from its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from hfjobs_cli.errors import BadResponse
from hfjobs_cli.text.values import LARGEST, is_in_bounds, parse_time

if TYPE_CHECKING:
    from hfjobs_cli.models.record import DeclaredField, FieldType, Record

R = TypeVar("R", bound="Record")


class JsonSource(NamedTuple):
    """The origin of a JSON value, and the callback for unexpected values in it."""

    endpoint: str
    unexpected: Callable[[str], None]


FieldReader = Callable[["dict[str, Any]", str, JsonSource], Any]
"""The JSON object that contains a value, its path, and its source -> the value. Raises BadResponse."""

RecordReader = Callable[[object, str, JsonSource], R]
"""A JSON value, its path and its source -> a record. Raises BadResponse."""

Convert = Callable[[Any, str, JsonSource], Any]
"""A JSON value that is not null, its path and its source -> the value of a field. Raises BadResponse."""

MAX_SHARED = 1000
"""The most records of strings, such as owners, that are cached to be shared."""

_READERS: dict[tuple[type, bool], RecordReader[Any]] = {}


def reader(model: type[R], *, is_saved: bool = False) -> RecordReader[R]:
    """Return the function that decodes a record: from the Hub's JSON or, if it `is_saved`, from `--format json`."""
    if (model, is_saved) not in _READERS:
        _READERS[model, is_saved] = _make_reader(model, is_saved)
    return _READERS[model, is_saved]


def _make_reader(model: type[R], is_saved: bool) -> RecordReader[R]:
    """Return the function that decodes a record, made from its fields."""
    fields = [_as_saved(each) if is_saved else each for each in model.declared_fields()]
    steps = [
        (_key(each)[0], _unchanged_types(each), *_quick(each), _step(each, is_saved), _setter(model, each.name))
        for each in fields
    ]
    create = model.__new__

    def read(values: object, path: str, source: JsonSource) -> R:
        if not isinstance(values, dict):
            raise invalid_value(path, "an object", values)
        get = values.get
        record = create(model)  # faster than calling the class with all values
        # Most values are unchanged, or converted by one call. Only the others need a path.
        for key, types, quick_types, quick, step, put in steps:
            value = get(key)
            if type(value) in types:
                put(record, value)
                continue
            if type(value) in quick_types:
                try:
                    put(record, quick(value))
                    continue
                except (ValueError, OverflowError):
                    pass  # `step` describes the error
            put(record, step(values, path, source))
        return record

    if all(str in types for _, types, *_ in steps):
        return _sharing(read, [(key, types) for key, types, *_ in steps])
    if not model.is_sent_back:
        return read
    return _keeping_invalid(
        read, {each.name: (key, step) for each, (key, *_, step, _) in zip(fields, steps, strict=True)}
    )


def _sharing(read: RecordReader[R], steps: Sequence[tuple[str, tuple[type, ...]]]) -> RecordReader[R]:
    """Return a reader that returns the same record for the same strings: most jobs have the same owner.

    `steps` are the keys in the JSON, and the types of their valid values.
    """
    keys = [key for key, _ in steps]
    known: dict[tuple[Any, ...], R] = {}

    def share(values: Any, path: str, source: JsonSource) -> R:
        texts = tuple(map(values.get, keys)) if isinstance(values, dict) else ()
        try:
            return known[texts]
        except (KeyError, TypeError):  # not cached, or a list or an object
            record = read(values, path, source)
        if all(type(text) in types for text, (_, types) in zip(texts, steps, strict=True)):
            if len(known) == MAX_SHARED:
                known.clear()
            known[texts] = record
        return record

    return share


def _setter(model: type[Record], name: str) -> Callable[[Record, Any], None]:
    """Return a function that sets a field of a new record by its slot descriptor."""
    put: Callable[[Record, Any], None] = model.__dict__[name].__set__
    return put


def _keeping_invalid(read: RecordReader[R], steps: Mapping[str, tuple[str, FieldReader]]) -> RecordReader[R]:
    """Return a reader that stores fields with invalid values in the record. It looks for them only after a warning."""

    def keep(values: Any, path: str, source: JsonSource) -> R:
        messages: list[str] = []
        record = read(values, path, JsonSource(source.endpoint, messages.append))
        for message in messages:
            source.unexpected(message)
        if messages:
            invalid = {
                name: values.get(key) for name, (key, step) in steps.items() if _is_invalid(step, values, source)
            }
            record.keep_left_out(invalid)
        return record

    return keep


def _is_invalid(step: FieldReader, values: dict[str, Any], source: JsonSource) -> bool:
    messages: list[str] = []
    step(values, "", JsonSource(source.endpoint, messages.append))
    return bool(messages)


def read_list(
    model: type[R],
    values: object,
    endpoint: str,
    path: str,
    unexpected: Callable[[R, str], None],
    unusable: Callable[[BadResponse], None],
) -> list[R]:
    """Decode each item of a JSON array.

    `unexpected` is called with a record and a message about an invalid value in it, `unusable` with the error of an
    item that cannot be decoded. Raises BadResponse if it is not an array.
    """
    if not isinstance(values, list):
        raise invalid_value(path, "an array", values)
    read = reader(model)
    messages: list[str] = []
    source = JsonSource(endpoint, messages.append)
    records = []
    for index, item in enumerate(values):
        place = f"{path}[{index}]"
        try:
            record = read(item, place, source)
        except BadResponse as error:
            unusable(error)
        else:
            records.append(record)
            for message in messages:
                unexpected(record, message.removeprefix(f"{place}."))
        messages.clear()
    return records


def describe(value: object) -> str:
    """Format a JSON value for an error message, shortened."""
    if value is None:
        return "null"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "an array"
    if isinstance(value, bool):
        return str(value).lower()
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _as_saved(field: DeclaredField) -> DeclaredField:
    """Return a field with its name as the key. A field with `read`, if it is absent, is computed from the others."""
    make, key = field.meta.read, field.name
    if make is None:
        return field._replace(meta=field.meta._replace(key=key))
    take = _at(key, field, is_saved=True)

    def read(values: dict[str, Any], path: str, source: JsonSource) -> Any:
        return make(values, path, source) if values.get(key) is None else take(values, path, source)

    return field._replace(meta=field.meta._replace(key=key, read=read))


def _key(field: DeclaredField) -> list[str]:
    """Return the path of a field in the JSON object."""
    first, *others = field.name.split("_")
    return (field.meta.key or first + "".join(map(str.capitalize, others))).split(".")


def _unchanged_types(field: DeclaredField) -> tuple[type, ...]:
    """Return the types of JSON values, at the first name of a field's path, that need no conversion."""
    if field.meta.read is not None:
        return ()
    absent = (type(None),) if field.type.is_optional and not field.meta.is_always_sent else ()
    plain = field.type.base
    return (plain, *absent) if plain in (str, bool) and len(_key(field)) == 1 else absent  # numbers are bounded


def _quick(field: DeclaredField) -> tuple[tuple[type, ...], Callable[[Any], Any]]:
    """Return the types of valid values of a field, and their converter, which raises ValueError."""
    base, _, item = field.type
    has_texts = base is list and item is not None and item.base is str and not item.is_optional
    is_plain = field.meta.read is None and len(_key(field)) == 1 and (item is None or has_texts)
    return _QUICK[base] if is_plain and base in _QUICK else ((), str)


def _step(field: DeclaredField, is_saved: bool) -> FieldReader:
    """Return the function that reads a field from the object that contains it.

    An invalid value becomes None or empty, with a warning; it raises if the field is required.
    """
    absent = _absent(field.type)
    if field.meta.read is not None:
        return _lenient(field.meta.read, lambda: None)
    *outer, key = _key(field)
    if not outer:
        return _at(key, field, is_saved, absent)
    step = _at(key, field, is_saved)
    for name in reversed(outer):
        step = _inside(name, step)
    return step if absent is None else _lenient(step, absent)


def _absent(type_: FieldType) -> Callable[[], Any] | None:
    """Return a function that makes the value of an invalid field; None for a required field."""
    if type_.is_optional:
        return lambda: None
    if type_.base is list:
        return list
    return partial(_empty_record, type_.base) if type_.is_record else None


def _empty_record(model: type[R]) -> R:
    """Return a record with all fields invalid."""
    names = [each.name for each in model.declared_fields()]
    record = model(*[None] * len(names))
    record.keep_left_out(dict.fromkeys(names))
    return record


def _lenient(step: FieldReader, absent: Callable[[], Any]) -> FieldReader:
    """Return a function that warns about what `step` raises, and returns `absent()`."""

    def read(values: dict[str, Any], path: str, source: JsonSource) -> Any:
        try:
            return step(values, path, source)
        except BadResponse as error:
            source.unexpected(error.message)
            return absent()

    return read


def _at(key: str, field: DeclaredField, is_saved: bool, absent: Callable[[], Any] | None = None) -> FieldReader:
    """Return a function that reads the field at `key`. An invalid value is a warning and `absent`, or raises.

    It is one function because it is called about thirty times per job.
    """
    convert = converter(field.type, is_saved)
    is_list = field.type.base is list
    is_needed = field.meta.is_always_sent or not (field.type.is_optional or is_list)

    def read(values: dict[str, Any], path: str, source: JsonSource) -> Any:
        value = values.get(key)
        try:
            if value is not None:
                return convert(value, f"{path}.{key}", source)
            if is_needed:
                raise BadResponse(f"{path}.{key} is missing")
        except BadResponse as error:
            if absent is None:
                raise
            source.unexpected(error.message)
            return absent()
        return [] if is_list and not field.type.is_optional else None

    return read


def _inside(name: str, step: FieldReader) -> FieldReader:
    """Return a function that applies `step` to the object at `name`; a missing one is empty."""

    def read(values: dict[str, Any], path: str, source: JsonSource) -> Any:
        inner = values.get(name)
        if inner is None:
            inner = {}
        if not isinstance(inner, dict):
            raise invalid_value(f"{path}.{name}", "an object", inner)
        return step(inner, f"{path}.{name}", source)

    return read


def converter(type_: FieldType, is_saved: bool = False) -> Convert:
    """Return the function that checks and converts values of a type."""
    if type_.item is not None:
        convert = converter(type_.item, is_saved)
        return _dict_of(convert) if type_.base is dict else _list_of(convert, type_.item.base)
    if type_.is_record:
        return reader(type_.base, is_saved=is_saved)
    return _CONVERTERS[type_.base] if type_.base in _CONVERTERS else _plain(type_.base)


def _list_of(convert: Convert, item_type: type) -> Convert:
    def read(value: Any, path: str, source: JsonSource) -> Any:
        """Read an array. Invalid objects are left out; an invalid string or number makes all of it invalid."""
        if not isinstance(value, list):
            raise invalid_value(path, "an array", value)
        if item_type not in _JSON_NAMES:
            found = []
            for index, item in enumerate(value):
                try:
                    found.append(convert(item, f"{path}[{index}]", source))
                except BadResponse as error:
                    source.unexpected(error.message)
            return found
        if item_type is not str or not _ONLY_TEXT.issuperset(map(type, value)):  # strings need no conversion
            for index, item in enumerate(value):
                convert(item, f"{path}[{index}]", source)
        return value

    return read


def _dict_of(convert: Convert) -> Convert:
    def read(value: Any, path: str, source: JsonSource) -> dict[str, Any]:
        """Read an object of objects. Invalid entries are left out."""
        if not isinstance(value, dict):
            raise invalid_value(path, "an object", value)
        found = {}
        for name, item in value.items():
            try:
                found[name] = convert(item, f"{path}.{name}", source)
            except BadResponse as error:
                source.unexpected(error.message)
        return found

    return read


def _plain(base: type) -> Convert:
    def read(value: Any, path: str, _source: JsonSource) -> Any:
        if type(value) is base:
            return value
        raise invalid_value(path, _JSON_NAMES[base], value)

    return read


def _number(value: Any, path: str, _source: JsonSource) -> int | float:
    if type(value) is not int and type(value) is not float:
        raise invalid_value(path, "a number", value)
    # Python also reads NaN and Infinity, which are not JSON.
    if not is_in_bounds(value):
        raise invalid_value(path, _BOUNDED, value)
    return value


def _whole(value: Any, path: str, _source: JsonSource) -> int:
    if type(value) is not int:
        raise invalid_value(path, "a whole number", value)
    if not is_in_bounds(value):
        raise invalid_value(path, _BOUNDED, value)
    return value


def _time(value: Any, path: str, _source: JsonSource) -> datetime:
    if type(value) is not str:
        raise invalid_value(path, "a string", value)
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        raise invalid_value(path, "an ISO 8601 time", value) from None


def _texts(value: Any, path: str, source: JsonSource) -> dict[str, str]:
    """Read an object of strings. Other entries are left out."""
    if not isinstance(value, dict):
        raise invalid_value(path, "an object", value)
    if _ONLY_TEXT.issuperset(map(type, value.values())):
        return value
    for name, text in value.items():
        if type(text) is not str:
            source.unexpected(invalid_value(f"{path}.{name}", "a string", text).message)
    return {name: text for name, text in value.items() if type(text) is str}


def invalid_value(path: str, expected: str, value: object) -> BadResponse:
    """Return the error for an unexpected value."""
    return BadResponse(f"{path} should be {expected}, but is {describe(value)}")


_ONLY_TEXT = frozenset({str})
_BOUNDED = f"a number up to {LARGEST}"
_JSON_NAMES: dict[type, str] = {str: "a string", bool: "true or false", int: "a whole number"}


def _quick_number(value: float) -> float:
    if is_in_bounds(value):
        return value
    raise ValueError


def _quick_list(values: list[Any]) -> list[Any]:
    if _ONLY_TEXT.issuperset(map(type, values)):
        return values
    raise ValueError


def _quick_dict(values: dict[str, Any]) -> dict[str, Any]:
    if _ONLY_TEXT.issuperset(map(type, values.values())):
        return values
    raise ValueError


_QUICK: dict[type, tuple[tuple[type, ...], Callable[[Any], Any]]] = {
    datetime: ((str,), parse_time),
    float: ((int, float), _quick_number),
    int: ((int,), _quick_number),
    list: ((list,), _quick_list),
    dict: ((dict,), _quick_dict),
}
_CONVERTERS: dict[type, Convert] = {float: _number, int: _whole, datetime: _time, dict: _texts}
