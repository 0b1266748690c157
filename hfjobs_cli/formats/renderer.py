"""Formats: what a format is, the list of all formats, and the choice by `--format`.

A format is a name and a function that writes records to a view. Installed packages add some, through the entry point
group `hfjobs.renderers`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple
from warnings import warn

from hfjobs_cli.errors import HfJobsError, OutputFailed, UsageError, conflict, did_you_mean, one_of
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.vocabulary import QUIET_NAME

if TYPE_CHECKING:
    from importlib.metadata import Distribution, EntryPoint

    from hfjobs_cli.models.kind import Field, Kind
    from hfjobs_cli.models.record import Record
    from hfjobs_cli.terminal import Preferences

Render = Callable[["Iterable[Any]", "View"], None]
"""Writes records of the view's kind to a view."""


class RecordStream:
    """Records that are fetched while they are written, such as the pages of a long listing.

    Only these may cause requests while records are written; all other records are fetched before.
    """

    def __init__(self, records: Iterable[Any]) -> None:
        """Stream `records`, which can be read once."""
        self._records = records

    def __iter__(self) -> Iterator[Any]:
        """Yield the records as they arrive."""
        return iter(self._records)


class Renderer(NamedTuple):
    """A format: its name, the function that writes records to a view, and its description for help (`about`).

    A format that `streams` writes each record as soon as it arrives. Others read all records before they write the
    first byte, so that an error leaves no partial output. A format that `has_columns` writes the columns of the view.
    `fields` are the names of other fields that it writes, as in a template; None if they cannot be known before.
    """

    name: str
    render: Render
    streams: bool = False
    has_columns: bool = False
    about: str = ""
    fields: Collection[str] | None = ()


@value
class View:
    """Everything that decides the output, besides the records. All records are of one `kind`.

    `write` writes to stdout, `notice` writes a line to stderr. `reader` is what the reader of the output prefers:
    colors, times, what a terminal can do. `now` is when the view was made. `columns_asked`: the user chose the columns.
    `width` is the width of lines in character cells, None to cut nothing. `indent` is for json, None = one record a
    line. `is_one`: there is exactly one record, which json writes without an array. `folds`: many similar items may be
    drawn as one. `safe_cells`: cells must be safe for spreadsheets. `endpoint` returns the Hub whose pages may be
    linked, None for no links.
    """

    kind: Kind
    write: Callable[[str], None]
    notice: Callable[[str], None]
    reader: Preferences
    now: datetime
    columns: Sequence[Field] = field(default_factory=tuple)
    columns_asked: bool = False
    width: int | None = None
    indent: int | None = None
    is_one: bool = False
    folds: bool = True
    safe_cells: bool = False
    endpoint: Callable[[], str | None] = lambda: None

    def cell(self, column: Field, record: Record) -> str | None:
        """Return the text of a field in a table, as the reader prefers it; None for an empty cell."""
        return column.cell(record, self.now, self.reader)

    @property
    def color(self) -> bool:
        """Return whether to write colors."""
        return self.reader.color

    @property
    def for_eyes(self) -> bool:
        """Return whether the output is a terminal; the old name of `reader.is_tty`."""
        warn("view.for_eyes is view.reader.is_tty now; for cells call view.cell(column, record)", DeprecationWarning, 2)
        return self.reader.is_tty

    @property
    def remark(self) -> Callable[[str], None]:
        """Return the function that writes a line to stderr; the old name of `notice`."""
        warn("view.remark is view.notice now", DeprecationWarning, 2)
        return self.notice

    @property
    def is_unicode(self) -> bool:
        """Return whether the encoding of the output has every character."""
        return self.reader.is_unicode

    def holds(self, text: str) -> bool:
        """Return whether the encoding of the output has all characters of a text."""
        return self.reader.holds(text)

    def spell(self, text: str) -> str:
        """Return untrusted `text` escaped: on one line, in characters of the output, harmless for a terminal."""
        return self.reader.spell(text)


def _in(module: str, function: str = "render") -> Render:
    """Return a function of a module of this package. The module is imported when the function is first called."""

    def render(records: Iterable[Any], view: View) -> None:
        getattr(import_module(f"hfjobs_cli.formats.{module}"), function)(records, view)

    return render


def _named(*renderers: Renderer) -> dict[str, Renderer]:
    return {each.name: each for each in renderers}


RENDERERS = _named(
    Renderer("table", _in("table"), has_columns=True, about="columns, fitted to the terminal"),
    Renderer("json", _in("plain_formats", "render_json"), about="one array, all or nothing"),
    Renderer("jsonl", _in("plain_formats", "render_jsonl"), streams=True, about="one object per line, as they arrive"),
    Renderer(
        "csv", _in("plain_formats", "render_csv"), streams=True, has_columns=True, about="columns, as in RFC 4180"
    ),
    Renderer(
        "tsv", _in("plain_formats", "render_tsv"), streams=True, has_columns=True, about="columns, separated by tabs"
    ),
    Renderer(
        "markdown",
        _in("plain_formats", "render_markdown"),
        streams=True,
        has_columns=True,
        about="columns, as a Markdown table",
    ),
    Renderer("html", _in("html_document"), has_columns=True, about="columns, as a page for a browser"),
)
"""The values of `--format` for all kinds of records. Templates and the formats of packages come in addition."""

QUIET = Renderer("ids", _in("plain_formats", "render_ids"), streams=True)
"""The format of `-q`."""

_FIRST = {
    "description": _named(Renderer("page", _in("detail"), about="a one-page summary")),
    "difference": _named(Renderer("diff", _in("diff"), about="both values, one below the other")),
    "relative": _named(
        Renderer("tree", _in("tree"), has_columns=True, about="a tree, drawn with lines"),
        Renderer("json", _in("tree", "render_json"), about="an array of trees: root, nodes, edges"),
        Renderer("mermaid", _in("tree", "render_mermaid"), about="a flowchart, as GitHub draws it in Markdown"),
        Renderer("dot", _in("tree", "render_dot"), about="a graph for Graphviz"),
    ),
}
"""The formats that only one kind of record has, by its noun; the first of them is its default."""

_MORE = {
    "description": _named(
        Renderer("html", _in("html_summaries", "render_summary"), about="the summary as a page for a browser")
    ),
    "group": _named(
        Renderer(
            "html",
            _in("html_summaries", "render_report"),
            has_columns=True,
            about="charts and columns, as a page for a browser",
        )
    ),
    "relative": _named(
        Renderer(
            "html", _in("html_summaries", "render_tree"), has_columns=True, about="a tree, as a page for a browser"
        )
    ),
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
"""Other formats that only one kind of record has, or that it draws in its own way, by its noun."""


def formats_of(kind: Kind) -> dict[str, Renderer]:
    """Return every format of a kind of record, its default first."""
    own = _FIRST.get(kind.noun, {})
    return {**own, **{name: each for name, each in RENDERERS.items() if name not in own}, **_MORE.get(kind.noun, {})}


HUMAN, AUTO, AGENT = ("human", "auto", "agent")
HF_FORMATS = (QUIET_NAME, HUMAN, AUTO, AGENT)
"""The formats of `hf jobs` besides json. They are the same as `-q`, `table`, the default and `jsonl`."""


def format_name(format_: str | None) -> str | None:
    """Return the name of our format for a value of `--format`, None for the default. Templates stay as they are."""
    if format_ is None or "{{" in format_:
        return format_
    name = format_.strip().lower()
    return {AUTO: None, AGENT: "jsonl"}.get(name, name)


def choose_renderer(
    kind: Kind, format_: str | None, *, json: bool = False, quiet: bool = False, default: Renderer
) -> Renderer:
    """Return the renderer for `--format`, `--json` and `-q`.

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
        from hfjobs_cli.formats import template  # loads the template engine

        return template.template_renderer(kind, name)
    known = formats_of(kind)
    return known.get(name) or _added(name, known)


def format_help(kind: Kind) -> str:
    """Return the output of `--format help`: all formats of a kind, and what a template can use."""
    from hfjobs_cli.formats import template  # loads the template engine

    return template.format_help(kind)


def _added(name: str, known: Iterable[str]) -> Renderer:
    """Return the renderer of a package. Raises UsageError if there is no such format."""
    if name in added_formats():
        return _load_added(name)
    names = [*known, *added_formats()]
    listed = f"{one_of(name, names)}, or a template such as '{{{{.id}}}} {{{{.status}}}}'"
    raise UsageError(
        f"unknown format '{name}'",
        hint=did_you_mean(name, names) or listed,
        details=tuple(unreadable_packages()),
    )


class PluginFailed(HfJobsError):
    """A package adds a format that cannot be used."""


class _Packages(NamedTuple):
    """The formats that packages add, by name, and an error line for each package whose entry points cannot be read."""

    formats: dict[str, list[EntryPoint]]
    unreadable: list[str]


@cache
def _packages() -> _Packages:
    """Read the entry points of all installed packages. A hundred take 15 ms, so this is done only when needed."""
    from importlib.metadata import distributions

    found = _Packages({}, [])
    seen: set[str] = set()
    for package in distributions():
        try:
            entries = list(package.entry_points.select(group="hfjobs.renderers"))
        except Exception as error:  # a package may hold anything
            found.unreadable.append(f"cannot read the entry points of package {_package_name(package)}: {_said(error)}")
            continue
        if entries and (name := _package_name(package)) not in seen:
            seen.add(name)  # of a package that is installed twice the first one counts, as in an import
            for entry in entries:
                found.formats.setdefault(entry.name.lower(), []).append(entry)
    return found


def _package_name(package: Distribution) -> str:
    try:
        return package.metadata["Name"] or "?"
    except Exception:
        return "?"


def unreadable_packages() -> list[str]:
    """Return an error line for each package whose entry points cannot be read."""
    return _packages().unreadable


def added_formats() -> list[str]:
    """Return the names of the formats that packages add."""
    return sorted(_packages().formats)


def package_of(name: str) -> str:
    """Return the package, or packages, that add a format."""
    entries = _packages().formats[name]
    return " and ".join(sorted({entry.dist.name if entry.dist else entry.value for entry in entries}))


def _load_added(name: str) -> Renderer:
    """Return the format of a package. Raises PluginFailed if it cannot be loaded, or if several packages add it."""
    entries = _packages().formats[name]
    if len(entries) > 1:
        raise PluginFailed(
            f"format '{name}' is added by several packages: {package_of(name)}", hint="uninstall one of them"
        )
    try:
        renderer = entries[0].load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a package does when it is imported, sys.exit too
        raise PluginFailed(*_message_and_hint(name, "cannot be loaded", error)) from error
    if not isinstance(renderer, Renderer):
        raise PluginFailed(
            f"format '{name}' of {package_of(name)} is a {type(renderer).__name__}, not a Renderer",
            hint=f"'{entries[0].value}' must be a hfjobs_cli.Renderer",
        )

    def render(records: Iterable[Any], view: View) -> None:
        try:
            renderer.render(records, view)
        except (HfJobsError, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise OutputFailed(*_message_and_hint(name, "failed", error)) from error

    return renderer._replace(name=name, render=render)


def _said(error: BaseException) -> str:
    """Return the message of a package's exception, whose `str` may fail."""
    try:
        text = str(error)
    except Exception:
        text = ""
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _message_and_hint(name: str, what: str, error: BaseException) -> tuple[str, str]:
    return (
        f"format '{name}' of {package_of(name)} {what}: {_said(error)}",
        f"update or uninstall {package_of(name)}, or choose another format",
    )
