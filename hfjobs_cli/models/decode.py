"""Decode JSON into records: for each class a function derived from its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from hfjobs_cli.errors import BadResponse
from hfjobs_cli.models.fields import DeclaredField, Read, Record, Shape, Source, declared_fields
from hfjobs_cli.text.values import LARGEST, is_in_bounds, parse_time

R = TypeVar("R", bound=Record)

Reader = Callable[[object, str, Source], R]
"""A JSON value, the path to it, and where it came from -> a record. Raises BadResponse."""

Convert = Callable[[Any, str, Source], Any]
"""A JSON value that is not null, the path to it, and where it came from -> the value of a field. Raises BadResponse."""

MAX_SHARED = 1000
"""How many different owners, or other records of texts, are remembered to be used again."""

_READERS: dict[tuple[type, bool], Reader[Any]] = {}


def reader(model: type[R], *, is_saved: bool = False) -> Reader[R]:
    """Return the function that makes a record from a JSON value: one of the Hub, or, if it `is_saved`, one of ours."""
    if (model, is_saved) not in _READERS:
        _READERS[model, is_saved] = _derived(model, is_saved)
    return _READERS[model, is_saved]


def _derived(model: type[R], is_saved: bool) -> Reader[R]:
    fields = [_as_saved(each) if is_saved else each for each in declared_fields(model)]
    steps = [
        (_key(each)[0], _as_they_are(each), *_quick(each), _step(each, is_saved), _setter(model, each.name))
        for each in fields
    ]
    create = model.__new__

    def read(values: object, path: str, source: Source) -> R:
        if not isinstance(values, dict):
            raise wrong(path, "an object", values)
        get = values.get
        record = create(model)  # by its class, which is frozen, it would take half as long again
        # Most values are taken as they are, or after one call; a path is composed only for the others.
        for key, kinds, quick_kinds, quick, step, put in steps:
            value = get(key)
            if type(value) in kinds:
                put(record, value)
                continue
            if type(value) in quick_kinds:
                try:
                    put(record, quick(value))
                    continue
                except (ValueError, OverflowError):
                    pass  # the slow way says what is wrong
            put(record, step(values, path, source))
        return record

    if all(str in kinds for _, kinds, *_ in steps):
        return _shared(read, [(key, kinds) for key, kinds, *_ in steps])
    if not model.is_sent_back:
        return read
    return _keeping(read, {each.name: (key, step) for each, (key, *_, step, _) in zip(fields, steps, strict=True)})


def _shared(read: Reader[R], steps: Sequence[tuple[str, tuple[type, ...]]]) -> Reader[R]:
    """Make the reader of a record of texts return the same record for the same texts: most jobs have one owner.

    `steps` are its keys in the JSON and the types of their valid values.
    """
    keys = [key for key, _ in steps]
    known: dict[tuple[Any, ...], R] = {}

    def share(values: Any, path: str, source: Source) -> R:
        texts = tuple(map(values.get, keys)) if isinstance(values, dict) else ()
        try:
            return known[texts]
        except (KeyError, TypeError):  # new ones, or lists and objects
            record = read(values, path, source)
        if all(type(text) in kinds for text, (_, kinds) in zip(texts, steps, strict=True)):
            if len(known) == MAX_SHARED:
                known.clear()
            known[texts] = record
        return record

    return share


def _setter(model: type[Record], name: str) -> Callable[[Record, Any], None]:
    """Return what sets a field of a new record, by the descriptor of its slot."""
    put: Callable[[Record, Any], None] = model.__dict__[name].__set__
    return put


def _keeping(read: Reader[R], steps: Mapping[str, tuple[str, Read]]) -> Reader[R]:
    """Make the reader of a record let that know what was left out of it, which is looked for only if something was."""

    def keep(values: Any, path: str, source: Source) -> R:
        told: list[str] = []
        record = read(values, path, Source(source.endpoint, told.append))
        for message in told:
            source.odd(message)
        if told:
            odd = {name: values.get(key) for name, (key, step) in steps.items() if _is_odd(step, values, source)}
            record.keep_left_out(odd)
        return record

    return keep


def _is_odd(step: Read, values: dict[str, Any], source: Source) -> bool:
    told: list[str] = []
    step(values, "", Source(source.endpoint, told.append))
    return bool(told)


def read_list(
    model: type[R],
    values: object,
    endpoint: str,
    path: str,
    odd: Callable[[R, str], None],
    unusable: Callable[[BadResponse], None],
) -> list[R]:
    """Make a record from each item of a JSON array.

    `odd` is told of what is not as documented in a record, with its place in it, and `unusable` of items that are no
    records. Raises BadResponse if it is no array.
    """
    if not isinstance(values, list):
        raise wrong(path, "an array", values)
    read = reader(model)
    told: list[str] = []
    source = Source(endpoint, told.append)
    records = []
    for index, item in enumerate(values):
        place = f"{path}[{index}]"
        try:
            record = read(item, place, source)
        except BadResponse as error:
            unusable(error)
        else:
            records.append(record)
            for message in told:
                odd(record, message.removeprefix(f"{place}."))
        told.clear()
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
    """Return a field as declared whose place is its name. One that was made of others is made again if it is absent."""
    make, key = field.meta.read, field.name
    if make is None:
        return field._replace(meta=field.meta._replace(key=key))
    take = _at(key, field, is_saved=True)

    def read(values: dict[str, Any], path: str, source: Source) -> Any:
        return make(values, path, source) if values.get(key) is None else take(values, path, source)

    return field._replace(meta=field.meta._replace(key=key, read=read))


def _key(field: DeclaredField) -> list[str]:
    """Return the place of a field in the JSON object, one name for each object that it is in."""
    first, *others = field.name.split("_")
    return (field.meta.key or first + "".join(map(str.capitalize, others))).split(".")


def _as_they_are(field: DeclaredField) -> tuple[type, ...]:
    """Return the types of values at the first name of a field's place that are the field's value as they are."""
    if field.meta.read is not None:
        return ()
    absent = (type(None),) if field.shape.is_optional and not field.meta.is_always_sent else ()
    plain = field.shape.base
    return (plain, *absent) if plain in (str, bool) and len(_key(field)) == 1 else absent  # numbers have a bound


def _quick(field: DeclaredField) -> tuple[tuple[type, ...], Callable[[Any], Any]]:
    """Return the types of valid values of a field, and what converts them; it raises ValueError if one is invalid."""
    base, _, item = field.shape
    is_plain = field.meta.read is None and len(_key(field)) == 1 and item == (Shape(str) if base is list else None)
    return _QUICK[base] if is_plain and base in _QUICK else ((), str)


def _step(field: DeclaredField, is_saved: bool) -> Read:
    """Return the function that reads one field from the object it is in.

    What is wrong there is told of, and absent, unless the field is what the record is asked for by.
    """
    absent = _absent(field.shape)
    if field.meta.read is not None:
        return _lenient(field.meta.read, lambda: None)
    *outer, key = _key(field)
    if not outer:
        return _at(key, field, is_saved, absent)
    step = _at(key, field, is_saved)
    for name in reversed(outer):
        step = _inside(name, step)
    return step if absent is None else _lenient(step, absent)


def _absent(shape: Shape) -> Callable[[], Any] | None:
    """Return what makes the value of a field that cannot be read; None for one that must be there."""
    if shape.is_optional:
        return lambda: None
    if shape.base is list:
        return list
    return partial(_nothing, shape.base) if issubclass(shape.base, Record) else None


def _nothing(model: type[R]) -> R:
    """Return a record of which all was left out."""
    names = [each.name for each in declared_fields(model)]
    record = model(*[None] * len(names))
    record.keep_left_out(dict.fromkeys(names))
    return record


def _lenient(step: Read, absent: Callable[[], Any]) -> Read:
    def read(values: dict[str, Any], path: str, source: Source) -> Any:
        try:
            return step(values, path, source)
        except BadResponse as error:
            source.odd(error.message)
            return absent()

    return read


def _at(key: str, field: DeclaredField, is_saved: bool, absent: Callable[[], Any] | None = None) -> Read:
    """Make a function that reads the value of a field at `key`. One that is wrong is told of and `absent`, or raises.

    It is called some thirty times a job, so that one function does it all.
    """
    convert = converter(field.shape, is_saved)
    is_list = field.shape.base is list
    is_needed = field.meta.is_always_sent or not (field.shape.is_optional or is_list)

    def read(values: dict[str, Any], path: str, source: Source) -> Any:
        value = values.get(key)
        try:
            if value is not None:
                return convert(value, f"{path}.{key}", source)
            if is_needed:
                raise BadResponse(f"{path}.{key} is missing")
        except BadResponse as error:
            if absent is None:
                raise
            source.odd(error.message)
            return absent()
        return [] if is_list and not field.shape.is_optional else None

    return read


def _inside(name: str, step: Read) -> Read:
    """Make a function read from the object that is at `name` in the object it is given, an empty one if none is."""

    def read(values: dict[str, Any], path: str, source: Source) -> Any:
        inner = values.get(name)
        if inner is None:
            inner = {}
        if not isinstance(inner, dict):
            raise wrong(f"{path}.{name}", "an object", inner)
        return step(inner, f"{path}.{name}", source)

    return read


def converter(shape: Shape, is_saved: bool = False) -> Convert:
    """Return the function that checks and converts a value of this type."""
    if shape.item is not None:
        convert = converter(shape.item, is_saved)
        return _dict_of(convert) if shape.base is dict else _list_of(convert, shape.item.base)
    if issubclass(shape.base, Record):
        return reader(shape.base, is_saved=is_saved)
    return _CONVERTERS[shape.base] if shape.base in _CONVERTERS else _plain(shape.base)


def _list_of(convert: Convert, kind: type) -> Convert:
    def read(value: Any, path: str, source: Source) -> Any:
        """Read an array; of objects one that cannot be used is left out, texts and numbers are all or none."""
        if not isinstance(value, list):
            raise wrong(path, "an array", value)
        if kind not in _JSON_NAMES:
            found = []
            for index, item in enumerate(value):
                try:
                    found.append(convert(item, f"{path}[{index}]", source))
                except BadResponse as error:
                    source.odd(error.message)
            return found
        if kind is not str or not _ONLY_TEXT.issuperset(map(type, value)):  # texts are taken as they are
            for index, item in enumerate(value):
                convert(item, f"{path}[{index}]", source)
        return value

    return read


def _dict_of(convert: Convert) -> Convert:
    def read(value: Any, path: str, source: Source) -> dict[str, Any]:
        """Read an object of objects; an entry that is none is left out."""
        if not isinstance(value, dict):
            raise wrong(path, "an object", value)
        found = {}
        for name, item in value.items():
            try:
                found[name] = convert(item, f"{path}.{name}", source)
            except BadResponse as error:
                source.odd(error.message)
        return found

    return read


def _plain(kind: type) -> Convert:
    def read(value: Any, path: str, _source: Source) -> Any:
        if type(value) is kind:
            return value
        raise wrong(path, _JSON_NAMES[kind], value)

    return read


def _number(value: Any, path: str, _source: Source) -> int | float:
    if type(value) is not int and type(value) is not float:
        raise wrong(path, "a number", value)
    # Python reads NaN and Infinity, which are not JSON and could not be written again.
    if not is_in_bounds(value):
        raise wrong(path, _BOUNDED, value)
    return value


def _whole(value: Any, path: str, _source: Source) -> int:
    if type(value) is not int:
        raise wrong(path, "a whole number", value)
    if not is_in_bounds(value):
        raise wrong(path, _BOUNDED, value)
    return value


def _moment(value: Any, path: str, _source: Source) -> datetime:
    if type(value) is not str:
        raise wrong(path, "a string", value)
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        raise wrong(path, "an ISO 8601 time", value) from None


def _texts(value: Any, path: str, source: Source) -> dict[str, str]:
    """Read an object of texts; an entry that is none is left out."""
    if not isinstance(value, dict):
        raise wrong(path, "an object", value)
    if _ONLY_TEXT.issuperset(map(type, value.values())):
        return value
    for name, text in value.items():
        if type(text) is not str:
            source.odd(wrong(f"{path}.{name}", "a string", text).message)
    return {name: text for name, text in value.items() if type(text) is str}


def wrong(path: str, expected: str, value: object) -> BadResponse:
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
_CONVERTERS: dict[type, Convert] = {float: _number, int: _whole, datetime: _moment, dict: _texts}
