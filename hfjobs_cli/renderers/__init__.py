"""How jobs are written, one file per format. RENDERERS is the only list of formats."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from hfjobs_cli.errors import UsageError
from hfjobs_cli.filters import one_of
from hfjobs_cli.models import JobInfo
from hfjobs_cli.renderers import ids, json_array, json_lines, table
from hfjobs_cli.renderers.view import View

Renderer = Callable[[Iterable[JobInfo], View], None]
"""Writes jobs to a view. One that must not leave half an answer reads all jobs before it writes the first byte."""

RENDERERS: dict[str, Renderer] = {
    "table": table.render,
    "json": json_array.render,
    "jsonl": json_lines.render,
}
"""What `--format` takes."""


def renderer_for(format_: str) -> Renderer:
    """Return the renderer of a format. Raises UsageError naming the formats if there is none."""
    renderer = RENDERERS.get(format_.lower())
    if renderer is None:
        raise UsageError(f"unknown format '{format_}'", hint=one_of(format_, RENDERERS))
    return renderer


def choose_renderer(format_: str | None, *, json: bool = False, quiet: bool = False, default: Renderer) -> Renderer:
    """Return the renderer that `--format`, `--json` and `-q` ask for together.

    Raises UsageError if they contradict each other.
    """
    named = None if format_ is None else renderer_for(format_)
    if json and named is not None and named is not RENDERERS["json"]:
        raise UsageError(f"--json contradicts --format {format_}", hint="give one of them")
    if json:
        named = RENDERERS["json"]
    if quiet and named is not None:
        given = "--format" if format_ is not None else "--json"
        raise UsageError(f"-q/--quiet prints ids only and goes with no {given}", hint="give one of them")
    return ids.render if quiet else named or default
