"""What `--format help` prints: formats, the fields of a kind of record as templates read them, and functions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hfjobs_cli.formats.renderer import AGENT, added_formats, formats_of, package_of, unreadable_packages
from hfjobs_cli.formats.template import extras
from hfjobs_cli.models.fields import About, Record, Shape, declared
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.template import FUNCTIONS
from hfjobs_cli.text.display import help_row

_TYPE_NAMES = {str: "string", int: "number", float: "number", bool: "bool", datetime: "time", list: "list"}


def format_help(kind: Kind) -> str:
    """Return what `--format help` prints of a kind of record."""
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
    sections = (["Formats:", *formats], templates, ["Fields:", *field_rows(kind)], ["Functions:", *functions])
    return "\n\n".join("\n".join(lines) for lines in sections) + "\n"


def field_rows(kind: Kind) -> list[str]:
    """Return a row for each template field: path, type, meaning and example."""
    told = list(_typed(kind.model))
    known = {path for path, _, _ in told}
    told += [
        (name, "string" if each.is_as_shown else _type_name(each.shape), each.about)
        for name, each in extras(kind).items()
        if name not in known
    ]
    width = max(len(path) for path, _, _ in told)
    return [
        help_row(f" .{path:<{width}} {type_:<6} ", f"{about.meaning}: {about.example}") for path, type_, about in told
    ]


def _typed(model: type[Record], prefix: str = "") -> Iterator[tuple[str, str, About]]:
    """Yield the path and type of each field of a record, each followed by its nested fields."""
    for name, shape, about in declared(model):
        yield f"{prefix}{name}", _type_name(shape), about
        if shape.part is not None:
            path = prefix if about.is_spread else f"{prefix}{name}{'[]' * (shape.item is not None)}."
            yield from _typed(shape.part, path)


def _type_name(shape: Shape) -> str:
    return _TYPE_NAMES.get(shape.base, "object")
