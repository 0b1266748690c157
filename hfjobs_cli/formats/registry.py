"""Every format there is: the built-in ones, and those of installed packages, which are looked for only if need be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.formats.renderer import Renderer
from hfjobs_cli.models.vocabulary import QUIET_NAME
from hfjobs_cli.text.words import conflict, did_you_mean, one_of

if TYPE_CHECKING:
    from hfjobs_cli.formats.renderer import View
    from hfjobs_cli.models.kinds import Kind


# Each function loads the module that it calls when it is first used.


def _table(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.table import render

    render(records, view)


def _json(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.json_text import render_json

    render_json(records, view)


def _jsonl(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.json_text import render_jsonl

    render_jsonl(records, view)


def _csv(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.lines import render_csv

    render_csv(records, view)


def _tsv(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.lines import render_tsv

    render_tsv(records, view)


def _markdown(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.lines import render_markdown

    render_markdown(records, view)


def _html(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.html import render

    render(records, view)


def _html_page(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.html_summary import render

    render(records, view)


def _html_tree(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.html_tree import render

    render(records, view)


def _html_report(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.html_report import render

    render(records, view)


def _ids(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.lines import render_ids

    render_ids(records, view)


def _page(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.detail import render

    render(records, view)


def _diff(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.diff import render

    render(records, view)


def _tree(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.tree import render

    render(records, view)


def _graph_json(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.graph import render_json

    render_json(records, view)


def _mermaid(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.graph import render_mermaid

    render_mermaid(records, view)


def _dot(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.graph import render_dot

    render_dot(records, view)


def _job_command(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.command_line import render_jobs

    render_jobs(records, view)


def _schedule_command(records: Iterable[Any], view: View) -> None:
    from hfjobs_cli.formats.command_line import render_schedules

    render_schedules(records, view)


def _named(*renderers: Renderer) -> dict[str, Renderer]:
    return {each.name: each for each in renderers}


RENDERERS = _named(
    Renderer("table", _table, has_columns=True, about="columns, fitted to the terminal"),
    Renderer("json", _json, about="one array, all or nothing"),
    Renderer("jsonl", _jsonl, streams=True, about="one object per line, as they arrive"),
    Renderer("csv", _csv, streams=True, has_columns=True, about="columns, as in RFC 4180"),
    Renderer("tsv", _tsv, streams=True, has_columns=True, about="columns, separated by tabs"),
    Renderer("markdown", _markdown, streams=True, has_columns=True, about="columns, as a Markdown table"),
    Renderer("html", _html, has_columns=True, about="columns, as a page for a browser"),
)
"""What `--format` takes besides a template and what packages add."""

QUIET = Renderer("ids", _ids, streams=True)
"""What `-q` stands for."""

_FIRST = {
    "description": _named(Renderer("page", _page, about="a one-page summary")),
    "difference": _named(Renderer("diff", _diff, about="both values, one below the other")),
    "relative": _named(
        Renderer("tree", _tree, has_columns=True, about="a tree, drawn with lines"),
        Renderer("json", _graph_json, about="an array of trees: root, nodes, edges"),
        Renderer("mermaid", _mermaid, about="a flowchart, as GitHub draws it in Markdown"),
        Renderer("dot", _dot, about="a graph for Graphviz"),
    ),
}
"""The formats that only one kind of record has, by its noun; the first of them is its default."""

_MORE = {
    "description": _named(Renderer("html", _html_page, about="the summary as a page for a browser")),
    "group": _named(
        Renderer("html", _html_report, has_columns=True, about="charts and columns, as a page for a browser")
    ),
    "relative": _named(Renderer("html", _html_tree, has_columns=True, about="a tree, as a page for a browser")),
    "job": _named(Renderer("command", _job_command, streams=True, about="the command that starts the job again")),
    "schedule": _named(
        Renderer("command", _schedule_command, streams=True, about="the command that creates the schedule again")
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
