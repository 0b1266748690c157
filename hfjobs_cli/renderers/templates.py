"""`--format TEMPLATE`: each job as a Go template says; `table TEMPLATE`: columns with headers."""

from collections.abc import Iterable, Iterator

from hfjobs_cli.errors import UsageError
from hfjobs_cli.fields import read_job, schema
from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers.view import Renderer, View
from hfjobs_cli.template import Surroundings, Template, TemplateError
from hfjobs_cli.template.table import Table, align

TABLE = "table"


def template_renderer(text: str) -> Renderer:
    """Return the renderer for a template. Raises TemplateError if it cannot be parsed, or names an unknown field."""
    is_table = text.partition("{{")[0].split(maxsplit=1)[:1] == [TABLE]
    body = text.lstrip().removeprefix(TABLE).lstrip() if is_table else text
    template = Template(body, escapes=True)
    template.check(schema())
    if not is_table:
        return Renderer("template", lambda jobs, view: _lines(template, jobs, view), streams=True)
    if template.functions() & {"tablerow", "tablerender"}:
        raise UsageError("a 'table' template cannot use tablerow and tablerender", hint="part its columns by \\t")
    return Renderer("table template", lambda jobs, view: _table(template, jobs, view))


def _lines(template: Template, jobs: Iterable[JobInfo], view: View) -> None:
    """Write a line for each job as soon as it is known; rows of `tablerow` at the end."""
    surroundings = Surroundings(view.now, view.spell if view.for_eyes else None, view.color)
    makes_rows = "tablerow" in template.functions()
    for text in _rendered(template, jobs, view, surroundings):
        if text or not makes_rows:
            view.write(text + "\n" * (not makes_rows or not text.endswith("\n")))
    view.write(surroundings.table.take())


def _table(template: Template, jobs: Iterable[JobInfo], view: View) -> None:
    """Write headers and a row for each job, aligned; nothing if reading or rendering the jobs fails."""
    surroundings = Surroundings(view.now, view.spell, view.color, Table())
    rows = [template.headers()]
    for text in _rendered(template, jobs, view, surroundings):
        rows += [line.split("\t") for line in text.split("\n")]
    view.write(align(rows))


def _rendered(template: Template, jobs: Iterable[JobInfo], view: View, surroundings: Surroundings) -> Iterator[str]:
    names = template.fields()
    for job in jobs:
        try:
            yield template.render(read_job(job, names, view.now), surroundings)
        except TemplateError as error:
            raise error.about(f"job {job.id}") from error
