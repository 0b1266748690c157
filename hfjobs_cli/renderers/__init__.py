"""How jobs are written, one file per format. RENDERERS is the only list of formats."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING

from hfjobs_cli.errors import UsageError
from hfjobs_cli.renderers.renderer import Render, Renderer
from hfjobs_cli.text import one_of

if TYPE_CHECKING:
    from hfjobs_cli.models import JobInfo
    from hfjobs_cli.renderers.view import View


def _in(module: str, name: str = "render") -> Render:
    """Return a function of a module of this package, which is loaded when it is first called."""

    def render(jobs: Iterable[JobInfo], view: View) -> None:
        getattr(import_module(f"{__name__}.{module}"), name)(jobs, view)

    return render


RENDERERS = {
    renderer.name: renderer
    for renderer in (
        Renderer("table", _in("table"), has_columns=True),
        Renderer("json", _in("json_array")),
        Renderer("jsonl", _in("json_lines"), streams=True),
        Renderer("csv", _in("delimited", "render_csv"), streams=True, has_columns=True),
        Renderer("tsv", _in("delimited", "render_tsv"), streams=True, has_columns=True),
    )
}
"""What `--format` takes besides a template."""

QUIET = Renderer("ids", _in("ids"), streams=True)
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
