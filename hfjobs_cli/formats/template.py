"""`--format TEMPLATE`: Go templates over plain data; and `--format help`, which lists what a template can use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.formats.renderer import (
    AGENT,
    Renderer,
    View,
    added_formats,
    formats_of,
    package_of,
    unreadable_packages,
)
from hfjobs_cli.models.kind import Field, Kind
from hfjobs_cli.models.record import FieldType, Meta, Record, has_text
from hfjobs_cli.template import (
    FUNCTIONS,
    NO_VALUE,
    Object,
    RenderOptions,
    Schema,
    Shape,
    Template,
    TemplateError,
    UnknownName,
    shape_of,
)
from hfjobs_cli.template.terminal_functions import align
from hfjobs_cli.text.terminal_text import help_row

TABLE = "table"
ROWS = {"tablerow", "tablerender"}


def template_renderer(kind: Kind, text: str) -> Renderer:
    """Return the renderer for a template over records of a kind.

    Raises TemplateError if it cannot be parsed, or names a field or function that does not exist.
    """
    is_table = text.partition("{{")[0].split(maxsplit=1)[:1] == [TABLE]
    body = text.lstrip().removeprefix(TABLE).lstrip() if is_table else text
    try:
        template = Template(body, escapes=True)
        template.check(_schema(kind))
    except UnknownName as error:
        error.hint = error.hint or "'--format help' lists fields and functions"
        raise
    makes_rows = bool(template.functions() & ROWS)
    if not is_table:
        return Renderer(
            "template",
            lambda records, view: _lines(template, records, view),
            streams=not makes_rows,
            fields=template.fields(),
        )
    if makes_rows:
        raise UsageError(
            f"{' and '.join(sorted(ROWS))} cannot be used in a '{TABLE}' template", hint="separate the columns with \\t"
        )
    return Renderer("table template", lambda records, view: _table(template, records, view), fields=template.fields())


def _lines(template: Template, records: Iterable[Record], view: View) -> None:
    """Write a line for each record as it arrives; rows of `tablerow` after the last."""
    makes_rows = bool(template.functions() & ROWS)
    # Rows are one line each, in a pipe too.
    escape = view.spell if view.reader.is_tty or makes_rows else None
    render_options = RenderOptions(view.now, escape, view.color, holds=view.holds)
    for text in _rendered(template, records, view, render_options):
        if makes_rows and (not text or text.endswith("\n")):
            view.write(text)  # nothing but rows to come, or a table that ends its lines by itself
        else:
            view.write(text + "\n")
    view.write(render_options.table.take())


def _table(template: Template, records: Iterable[Record], view: View) -> None:
    """Write headers and a row for each record, aligned; nothing if reading or rendering them fails."""
    render_options = RenderOptions(view.now, view.spell, view.color, holds=view.holds)
    rows = [template.headers()]
    for text in _rendered(template, records, view, render_options):
        rows += [line.split("\t") for line in text.split("\n")]
    view.write(align(rows))


def _rendered(
    template: Template, records: Iterable[Record], view: View, render_options: RenderOptions
) -> Iterator[str]:
    reader = _Reader(view.kind, template.fields())
    for record in records:
        try:
            yield template.render(reader.read(record, view.now), render_options)
        except TemplateError as error:
            error.message = f"{view.kind.noun} {view.kind.key_of(record)}: {error.message}"
            raise


_KINDS: dict[type, tuple[str, ...]] = {
    str: ("string",),
    datetime: ("string",),
    int: ("int",),
    float: ("int", "float"),
    bool: ("bool",),
}
"""The types of values in a template, by the types of fields."""


def _schema(kind: Kind) -> Schema:
    """Return the fields that a template can use, with their types and nested fields."""
    extra = {
        name: shape_of("string", fields={}, name=f".{name}") if field.is_as_shown else _shape(field.type, f".{name}")
        for name, field in _computed_fields(kind).items()
    }
    return {**_fields(kind.model), **extra}


def _fields(model: type[Record], path: str = "") -> dict[str, Shape]:
    return {name: _shape(type_, f"{path}.{name}") for name, type_, _ in model.declared_fields()}


def _shape(declared_as: FieldType, path: str) -> Shape:
    """Return the template type of a declared type. Only objects of any keys, such as labels, may have any field."""
    base = declared_as.base
    if issubclass(base, Record):
        return shape_of("spoken" if has_text(base) else "map", fields=_fields(base, path), name=path)
    if base is dict:
        held = declared_as.item
        item = shape_of("string", fields={}, name=f"{path}[]") if held is None else _shape(held, f"{path}[]")
        return shape_of("map", item=item, name=path)
    if declared_as.item is not None:
        return shape_of("list", fields={}, item=_shape(declared_as.item, f"{path}[]"), name=path)
    return shape_of(*_KINDS[base], fields={}, name=path)


def _computed_fields(kind: Kind) -> dict[str, Field]:
    """Return the fields that are not in the JSON: computed ones, those with a name of their own, `label` and `env`."""
    in_json = {each.name for each in kind.model.declared_fields()}
    found = {name: each for name, each in kind.fields.items() if name not in in_json and not each.is_part}
    entries = {each.meta.entry: each for each in kind.fields.values() if each.meta.entry}
    return {**found, **entries, **_nested(kind.model)}


def _nested(model: type[Record]) -> dict[str, Field]:
    """Return an object for each prefix of names with a dot: for `label.team` the object `label` with key `team`."""
    found: dict[str, dict[str, str]] = {}
    for each in model.declared_fields():
        outer, dot, key = each.name.partition(".")
        if dot:
            found.setdefault(outer, {})[key] = each.name

    def field(outer: str, names: Mapping[str, str]) -> Field:
        meta = Meta(f"each {outer}.KEY by its key", f"map[{next(iter(names))}:...]")
        return Field(outer, (), FieldType(dict), meta, lambda record, _now: _of(record, names))

    return {outer: field(outer, names) for outer, names in found.items()}


def _of(record: Record, names: Mapping[str, str]) -> dict[str, Any]:
    return {key: getattr(record, name) for key, name in names.items()}


Read = Callable[[Record, datetime], Any]
"""Returns one value of a record at a time, as plain data."""


class _Reader:
    """Turns records of one kind into plain data."""

    def __init__(self, kind: Kind, names: Iterable[str] | None) -> None:
        """Read the fields of these names, or all fields if `names` is None."""
        self._extras = {name: _extra(field) for name, field in _computed_fields(kind).items()}
        # With its key in it, a record is never empty, and so never false.
        self._reads = None if names is None else {name: self._read_of(name) for name in (kind.key, *names)}

    def read(self, record: Record, now: datetime) -> Object:
        """Return a record as plain data. Parts with a short text print as that text."""
        if self._reads is None:
            return Object(_parts(record), more=_Extras(self._extras, record, now))
        return Object({name: read(record, now) for name, read in self._reads.items()})

    def _read_of(self, name: str) -> Read:
        return self._extras.get(name) or (lambda record, _now: _plain(getattr(record, name)))


class _Extras(Mapping[str, Any]):
    """The fields of a record that are not in the JSON. Each is read when it is used: a cost may need a request."""

    def __init__(self, reads: Mapping[str, Read], record: Record, now: datetime) -> None:
        self._reads, self._record, self._now = reads, record, now

    def __getitem__(self, name: str) -> Any:
        return self._reads[name](self._record, self._now)

    def __iter__(self) -> Iterator[str]:
        return iter(self._reads)

    def __len__(self) -> int:
        return len(self._reads)


def _extra(field: Field) -> Read:
    """Return the function that reads a field that is not in the JSON: its cell if it is as shown, else plain data."""
    if field.is_as_shown:
        return lambda record, now: field.cell(record, now)
    return lambda record, now: _plain(field.plain(record, now))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Record):
        return Object(_parts(value), text=(str(value) or NO_VALUE) if has_text(value) else None)
    return value


def _parts(record: Record) -> dict[str, Any]:
    return {name: _plain(value) for name, value in record.values().items()}


_TYPE_NAMES = {str: "string", int: "number", float: "number", bool: "bool", datetime: "time", list: "list"}


def format_help(kind: Kind) -> str:
    """Return the output of `--format help`: the formats, fields and functions for a kind of record."""
    formats = [f" {each.name:<10} {each.about}" for each in formats_of(kind).values()]
    formats += [f" {name:<10} from the package {package_of(name)}" for name in added_formats()]
    formats += [f" ({line})" for line in unreadable_packages()]
    formats += [f" {AGENT:<10} jsonl; quiet, human and auto, as in hf jobs, are accepted too"]
    functions = [f" {each.usage:<25} {each.about}" for each in FUNCTIONS.values()]
    templates = [
        f"--format TEMPLATE prints one line per {kind.noun} from a Go template.",
        "--format 'table TEMPLATE' prints columns with headers, separated by \\t.",
        "",
        *(f" {line}" for line in kind.templates.splitlines()),
    ]
    sections = (["Formats:", *formats], templates, ["Fields:", *_field_rows(kind)], ["Functions:", *functions])
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def _field_rows(kind: Kind) -> list[str]:
    """Return a row for each template field: path, type, meaning and example."""
    rows = list(_typed(kind.model))
    known = {path for path, _, _ in rows}
    rows += [
        (name, "string" if each.is_as_shown else _type_name(each.type), each.meta)
        for name, each in _computed_fields(kind).items()
        if name not in known
    ]
    width = max(len(path) for path, _, _ in rows)
    return [help_row(f" .{path:<{width}} {type_:<6} ", f"{meta.meaning}: {meta.example}") for path, type_, meta in rows]


def _typed(model: type[Record], prefix: str = "") -> Iterator[tuple[str, str, Meta]]:
    """Yield the path and type of each field of a record, each followed by its nested fields."""
    for name, type_, meta in model.declared_fields():
        yield f"{prefix}{name}", _type_name(type_), meta
        if type_.part is not None:
            path = prefix if meta.is_flattened else f"{prefix}{name}{'[]' * (type_.item is not None)}."
            yield from _typed(type_.part, path)


def _type_name(type_: FieldType) -> str:
    return _TYPE_NAMES.get(type_.base, "object")
