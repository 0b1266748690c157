"""Every format there is: the built-in ones, and those of installed packages, which are looked for only if need be."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import UsageError, conflict, did_you_mean, one_of
from hfjobs_cli.formats.renderer import Renderer
from hfjobs_cli.models.vocabulary import QUIET_NAME

if TYPE_CHECKING:
    from hfjobs_cli.formats.renderer import Render, View
    from hfjobs_cli.models.kinds import Kind


def _in(module: str, function: str = "render") -> Render:
    """Return a function of a module of this package, which is loaded when it is first used."""

    def render(records: Iterable[Any], view: View) -> None:
        getattr(import_module(f"hfjobs_cli.formats.{module}"), function)(records, view)

    return render


def _named(*renderers: Renderer) -> dict[str, Renderer]:
    return {each.name: each for each in renderers}


RENDERERS = _named(
    Renderer("table", _in("table"), has_columns=True, about="columns, fitted to the terminal"),
    Renderer("json", _in("json_text", "render_json"), about="one array, all or nothing"),
    Renderer("jsonl", _in("json_text", "render_jsonl"), streams=True, about="one object per line, as they arrive"),
    Renderer("csv", _in("lines", "render_csv"), streams=True, has_columns=True, about="columns, as in RFC 4180"),
    Renderer("tsv", _in("lines", "render_tsv"), streams=True, has_columns=True, about="columns, separated by tabs"),
    Renderer(
        "markdown",
        _in("lines", "render_markdown"),
        streams=True,
        has_columns=True,
        about="columns, as a Markdown table",
    ),
    Renderer("html", _in("html"), has_columns=True, about="columns, as a page for a browser"),
)
"""What `--format` takes besides a template and what packages add."""

QUIET = Renderer("ids", _in("lines", "render_ids"), streams=True)
"""What `-q` stands for."""

_FIRST = {
    "description": _named(Renderer("page", _in("detail"), about="a one-page summary")),
    "difference": _named(Renderer("diff", _in("diff"), about="both values, one below the other")),
    "relative": _named(
        Renderer("tree", _in("tree"), has_columns=True, about="a tree, drawn with lines"),
        Renderer("json", _in("graph", "render_json"), about="an array of trees: root, nodes, edges"),
        Renderer("mermaid", _in("graph", "render_mermaid"), about="a flowchart, as GitHub draws it in Markdown"),
        Renderer("dot", _in("graph", "render_dot"), about="a graph for Graphviz"),
    ),
}
"""The formats that only one kind of record has, by its noun; the first of them is its default."""

_MORE = {
    "description": _named(Renderer("html", _in("html_summary"), about="the summary as a page for a browser")),
    "group": _named(
        Renderer("html", _in("html_report"), has_columns=True, about="charts and columns, as a page for a browser")
    ),
    "relative": _named(Renderer("html", _in("html_tree"), has_columns=True, about="a tree, as a page for a browser")),
    "job": _named(
        Renderer(
            "command", _in("command_line", "render_jobs"), streams=True, about="the command that starts the job again"
        )
    ),
    "schedule": _named(
        Renderer(
            "command",
            _in("command_line", "render_schedules"),
            streams=True,
            about="the command that creates the schedule again",
        )
    ),
}
"""Formats that one kind of record has or draws in its own way, but that none is shown in by default."""


def formats_of(kind: Kind) -> dict[str, Renderer]:
    """Return every format of a kind of record, its default first."""
    own = _FIRST.get(kind.noun, {})
    return {**own, **{name: each for name, each in RENDERERS.items() if name not in own}, **_MORE.get(kind.noun, {})}


HUMAN, AUTO, AGENT = ("human", "auto", "agent")
HF_FORMATS = (QUIET_NAME, HUMAN, AUTO, AGENT)
"""The formats of `hf jobs` besides json, which has them in place of `-q`, `table`, the default and `jsonl`."""


def format_name(format_: str | None) -> str | None:
    """Return what `--format` asks for, in the names of our formats; None for the default. A template stays as it is."""
    if format_ is None or "{{" in format_:
        return format_
    name = format_.strip().lower()
    return {AUTO: None, AGENT: "jsonl"}.get(name, name)


def choose_renderer(
    kind: Kind, format_: str | None, *, json: bool = False, quiet: bool = False, default: Renderer
) -> Renderer:
    """Return the renderer that `--format`, `--json` and `-q` ask for together.

    Raises UsageError if they contradict each other, if there is no such format, or if a template is wrong, and
    PluginFailed for the format of a package that cannot be used.
    """
    asked = format_name(format_)
    if asked == QUIET_NAME and not json:
        return QUIET
    name = "json" if asked is None and json else asked
    if name == HUMAN and not quiet and not json:
        return RENDERERS["table"] if default.name == "json" else default
    if quiet and name is not None:
        option = "--json" if format_ is None else "--format"
        raise conflict("-q/--quiet", option)
    if quiet or name is None:
        return QUIET if quiet else default
    if json and name != "json":
        raise conflict("--json", f"--format {name}")
    if "{{" in name:
        from hfjobs_cli.formats.template import template_renderer  # which nothing else needs

        return template_renderer(kind, name)
    known = formats_of(kind)
    return known.get(name) or _added(name, known)


def _added(name: str, known: Iterable[str]) -> Renderer:
    """Return the renderer of a package. Raises UsageError if there is no such format."""
    from hfjobs_cli.formats import plugins

    if name in plugins.names():
        return plugins.load(name)
    names = [*known, *plugins.names()]
    listed = f"{one_of(name, names)}, or a template such as '{{{{.id}}}} {{{{.status}}}}'"
    raise UsageError(
        f"unknown format '{name}'",
        hint=did_you_mean(name, names) or listed,
        details=tuple(plugins.unreadable()),
    )
