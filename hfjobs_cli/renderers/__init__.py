"""How jobs are written, one file per format. RENDERERS is the only list of formats."""

from hfjobs_cli.errors import UsageError
from hfjobs_cli.renderers import delimited, ids, json_array, json_lines, table
from hfjobs_cli.renderers.view import Renderer
from hfjobs_cli.text import one_of

RENDERERS = {
    renderer.name: renderer
    for renderer in (
        Renderer("table", table.render, has_columns=True),
        Renderer("json", json_array.render),
        Renderer("jsonl", json_lines.render, streams=True),
        Renderer("csv", delimited.render_csv, streams=True, has_columns=True),
        Renderer("tsv", delimited.render_tsv, streams=True, has_columns=True),
    )
}
"""What `--format` takes besides a template."""

QUIET = Renderer("ids", ids.render, streams=True)
"""What `-q` stands for."""


def choose_renderer(format_: str | None, *, json: bool = False, quiet: bool = False, default: Renderer) -> Renderer:
    """Return the renderer that `--format`, `--json` and `-q` ask for together.

    Raises UsageError if they contradict each other, if there is no such format, or if a template is wrong.
    """
    name = "json" if format_ is None and json else format_
    if quiet and name is not None:
        option = "--json" if format_ is None else "--format"
        raise UsageError(f"-q/--quiet cannot be combined with {option}", hint="give one of them")
    if quiet or name is None:
        return QUIET if quiet else default
    if json and name.lower() != "json":
        raise UsageError(f"--json contradicts --format {name}", hint="give one of them")
    if "{{" in name:
        from hfjobs_cli.renderers.templates import template_renderer  # which nothing else needs

        return template_renderer(name)
    renderer = RENDERERS.get(name.strip().lower())
    if renderer is None:
        raise UsageError(
            f"unknown format '{name}'",
            hint=f"{one_of(name, RENDERERS)}, or a template as '{{{{.id}}}} {{{{.status}}}}'; 'help' lists its fields",
        )
    return renderer
