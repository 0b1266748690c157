"""Every format there is: the built-in ones, and those of installed packages, which are looked for only if need be."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.formats.renderer import Render, Renderer
from hfjobs_cli.models.vocabulary import QUIET_NAME
from hfjobs_cli.text.words import one_of

if TYPE_CHECKING:
    from hfjobs_cli.formats.renderer import View
    from hfjobs_cli.models.kinds import Format, Kind


def _in(module: str, name: str = "render") -> Render:
    """Return a function of a module beside this one, which is loaded when it is first called."""

    def render(records: Iterable[Any], view: View) -> None:
        getattr(import_module(f"hfjobs_cli.formats.{module}"), name)(records, view)

    return render


RENDERERS = {
    renderer.name: renderer
    for renderer in (
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
    )
}
"""What `--format` takes besides a template and what packages add."""


def formats_of(kind: Kind) -> dict[str, Renderer]:
    """Return every format of a kind of record: its own, those that all have, and what else it has."""
    own, more = ({each.name: _of(each) for each in formats} for formats in (kind.formats, kind.more_formats))
    return {**own, **{name: each for name, each in RENDERERS.items() if name not in own}, **more}


def _of(format_: Format) -> Renderer:
    return Renderer(
        format_.name, _in(*format_.place.split(".")), format_.streams, format_.has_columns, about=format_.about
    )


QUIET = Renderer("ids", _in("lines", "render_ids"), streams=True)
"""What `-q` stands for."""


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
        raise UsageError(f"-q/--quiet cannot be combined with {option}", hint="give one of them")
    if quiet or name is None:
        return QUIET if quiet else default
    if json and name != "json":
        raise UsageError(f"--json contradicts --format {name}", hint="give one of them")
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
    hint = one_of(name, [*known, *plugins.names()])
    raise UsageError(
        f"unknown format '{name}'",
        hint=f"{hint}, or a template as '{{{{.id}}}} {{{{.status}}}}'; 'help' lists its fields",
        details=tuple(plugins.unreadable()),
    )
