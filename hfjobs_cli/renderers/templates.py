"""`--format TEMPLATE`: each record as a Go template says; `table TEMPLATE`: columns with headers."""

from collections.abc import Iterable, Iterator

from hfjobs_cli.errors import UsageError
from hfjobs_cli.records.kind import Kind
from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.plain import Reader, schema
from hfjobs_cli.renderers.renderer import Renderer
from hfjobs_cli.renderers.view import View
from hfjobs_cli.template import Surroundings, Template, TemplateError, UnknownName
from hfjobs_cli.template.table import align

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
        template.check(schema(kind))
    except UnknownName as error:
        error.hint = f"{error.hint or ''} '--format help' lists fields and functions".lstrip()
        raise
    makes_rows = bool(template.functions() & ROWS)
    if not is_table:
        return Renderer("template", lambda records, view: _lines(template, records, view), streams=not makes_rows)
    if makes_rows:
        raise UsageError(
            f"a '{TABLE}' template cannot use {' and '.join(sorted(ROWS))}", hint="separate its columns by \\t"
        )
    return Renderer("table template", lambda records, view: _table(template, records, view))


def _lines(template: Template, records: Iterable[Record], view: View) -> None:
    """Write a line for each record as soon as it is known; rows of `tablerow` after the last."""
    makes_rows = bool(template.functions() & ROWS)
    # Rows are one line each, in a pipe too.
    escape = view.spell if view.for_eyes or makes_rows else None
    surroundings = Surroundings(view.now, escape, view.color, holds=view.holds)
    for text in _rendered(template, records, view, surroundings):
        if makes_rows and (not text or text.endswith("\n")):
            view.write(text)  # nothing but rows to come, or a table that ends its lines by itself
        else:
            view.write(text + "\n")
    view.write(surroundings.table.take())


def _table(template: Template, records: Iterable[Record], view: View) -> None:
    """Write headers and a row for each record, aligned; nothing if reading or rendering them fails."""
    surroundings = Surroundings(view.now, view.spell, view.color, holds=view.holds)
    rows = [template.headers()]
    for text in _rendered(template, records, view, surroundings):
        rows += [line.split("\t") for line in text.split("\n")]
    view.write(align(rows))


def _rendered(template: Template, records: Iterable[Record], view: View, surroundings: Surroundings) -> Iterator[str]:
    reader = Reader(view.kind, template.fields())
    for record in records:
        try:
            yield template.render(reader.read(record, view.now), surroundings)
        except TemplateError as error:
            error.message = f"{view.kind.noun} {view.kind.key_of(record)}: {error.message}"
            raise
