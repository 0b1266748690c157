"""The configuration file: how it is read, and the default columns and formats of commands that it sets.

Only those who have such a file load this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hfjobs_cli import terminal
from hfjobs_cli.cli import binding
from hfjobs_cli.cli.registry import COMMANDS, Command, load, path_of
from hfjobs_cli.config import ConfigFile, Defaults
from hfjobs_cli.errors import UsageError, did_you_mean, either
from hfjobs_cli.formats.renderer import RENDERERS, choose_renderer
from hfjobs_cli.query.columns import choose_columns
from hfjobs_cli.text import tomllib_or_tomli

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.config import Defaults
    from hfjobs_cli.models.kind import Kind

MAX_BYTES = 1024 * 1024

_PLACE = re.compile(r" ?\(at line (\d+), column \d+\)| ?\(at end of document\)")
_HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")

KEYS = ("namespace", "times", "commands")
COMMAND_KEYS = ("columns", "format")

Words = tuple[str, ...]


def read_config_file(path: Path, times: Sequence[str]) -> ConfigFile:
    """Read the file; `times` are the words that `times` takes. Raises UsageError for what is wrong with it.

    Names of commands, columns and formats are not checked here.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}", hint="fix it, or set HFJOBS_CONFIG to another file") from None
    return _Reader(str(path), content).read(times)


class _Reader:
    """Reads one file, and knows on which lines its keys are."""

    def __init__(self, path: str, content: bytes) -> None:
        self._path = path
        try:
            self._text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise self._wrong(content.count(b"\n", 0, error.start) + 1, "not UTF-8") from None
        if len(content) > MAX_BYTES:
            raise self._wrong(1, "more than 1 MiB")

    def read(self, times: Sequence[str]) -> ConfigFile:
        values = self._parsed()
        self._check_keys(values, (), KEYS)
        found: dict[Words, Defaults] = {}
        self._read_commands(self._table(values, ("commands",)), ("commands",), found)
        chosen = self._text_at(values, ("times",))
        if chosen is not None and chosen not in times:
            raise self._wrong(self._line(("times",)), f"invalid times '{chosen}'", f"use {either(times)}")
        places = {path: self._place(path) for path in (("namespace",), *(("commands", *path) for path in found))}
        namespace = self._text_at(values, ("namespace",))
        return ConfigFile(namespace and namespace.strip(), chosen, found, places)

    def _parsed(self) -> dict[str, Any]:
        try:
            return tomllib_or_tomli.loads(self._text)
        except RecursionError:
            raise self._wrong(1, "nested too deeply") from None
        except tomllib_or_tomli.TOMLDecodeError as error:
            found = _PLACE.search(str(error))
            line = int(found[1]) if found and found[1] else self._text.count("\n") + 1
            reason = _PLACE.sub("", str(error))
            raise self._wrong(line, f"invalid TOML: {reason[:1].lower()}{reason[1:]}") from None

    def _read_commands(self, table: dict[str, Any], path: Words, found: dict[Words, Defaults]) -> None:
        """Read the defaults of commands; a table in a table is a command of a group: `[commands.scheduled.ps]`."""
        own = {key: value for key, value in table.items() if not isinstance(value, dict)}
        inner = {key: value for key, value in table.items() if isinstance(value, dict)}
        if path == ("commands",):
            for key in own:
                raise self._wrong(self._line((*path, key)), f"{key} must be a table", f"use [commands.{key}]")
        elif own:
            self._check_keys(own, path, COMMAND_KEYS)
            columns, format_ = ((*path, key) for key in COMMAND_KEYS)
            found[path[1:]] = Defaults(
                self._text_at(table, columns), self._text_at(table, format_), self._place(columns), self._place(format_)
            )
        for key, value in inner.items():
            self._read_commands(value, (*path, key), found)

    def _check_keys(self, table: Mapping[str, Any], path: Words, known: Sequence[str]) -> None:
        for key in table:
            if key not in known:
                where = f" of '{' '.join(path[1:])}'" if path else ""
                hint = did_you_mean(key, known) or f"use {either(known)}"
                raise self._wrong(self._line((*path, key)), f"unknown key '{key}'{where}", hint)

    def _table(self, values: dict[str, Any], path: Words) -> dict[str, Any]:
        found = values.get(path[-1], {})
        if not isinstance(found, dict):
            raise self._wrong(self._line(path), f"{path[-1]} must be a table", "use [commands.ps]")
        return found

    def _text_at(self, table: Mapping[str, Any], path: Words) -> str | None:
        value = table.get(path[-1])
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        what = "must not be empty" if isinstance(value, str) else "must be a string in quotes"
        raise self._wrong(self._line(path), f"{path[-1]} {what}")

    def _place(self, path: Words) -> str:
        return f"{self._path}:{self._line(path)}"

    def _line(self, path: Words) -> int:
        """Return the line of a key, or of the inline table that holds it."""
        best, line = 0, 1
        for number, key in self._keys():
            common = len(key) if key == path[: len(key)] else 0
            if common > best:
                best, line = common, number
        return line

    def _keys(self) -> Iterator[tuple[int, Words]]:
        """Yield the line and the path of each key and each table, as far as a search without a parser finds them."""
        table: Words = ()
        for number, text in enumerate(self._text.split("\n"), start=1):
            header = _HEADER.match(text)
            key = None if header else _KEY.match(text)
            if header:
                table = tuple(part.strip("\"'") for part in _PART.findall(header[1]))
                yield number, table
            elif key:
                yield number, (*table, *(part.strip("\"'") for part in _PART.findall(key[1])))

    def _wrong(self, line: int, problem: str, hint: str | None = None) -> UsageError:
        return UsageError(f"{self._path}:{line}: {problem}", hint=hint)


CHOSEN = ("columns", "format_", "json", "quiet")
"""Options that choose columns or format. If one of them is given, the file is not used."""

LIVE = ("watch", "until_done", "follow")
"""Options for live output, which most formats do not support."""


def apply_defaults(
    session: Session, words: Sequence[str], kind: binding.LoadKind | None, given: dict[str, Any]
) -> None:
    """Add to the options `given` to a command what the file says of it.

    It is for people: in a pipe nothing is added, so that no script gets something else because of the file. Raises
    UsageError for what is wrong there, whatever the command, and wherever it writes to.
    """
    for (section, *names), place in session.config_file.places.items():
        if section == "commands":
            checked = tuple(names)
            _check_values(_kind_shown_by(checked, place), session.config_file.commands[checked])
    defaults = session.config_file.commands.get(tuple(words))
    if defaults is None or kind is None or not terminal.is_terminal(session.stdout):
        return
    if any(given.get(name) not in (None, False) for name in CHOSEN):
        return
    if any(given.get(name) for name in LIVE):
        defaults = defaults._replace(format_=None)
    given.update(columns=defaults.columns, format_=defaults.format_)


def _kind_shown_by(words: tuple[str, ...], place: str) -> Kind:
    """Return the kind of record that a command prints. Raises UsageError if there is no such command or kind."""
    shown, path = " ".join(words), path_of(words)
    named = tuple(each.name for each in path or ())
    if path is not None and not path[-1].commands and named != words:  # an alias
        raise UsageError(f"{place}: unknown command '{shown}'", f"did you mean '{' '.join(named)}'?")
    if path is None or path[-1].commands:
        names = map(" ".join, _names(COMMANDS))
        raise UsageError(f"{place}: unknown command '{shown}'", did_you_mean(shown, names) or "see 'hfjobs --help'")
    kind = binding.kind_shown_by(load(path))
    if kind is None:
        raise UsageError(f"{place}: '{shown}' has neither columns nor formats", hint="remove the table")
    return kind()


def _names(commands: Sequence[Command], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for each in commands:
        if each.commands:
            yield from _names(each.commands, (*path, each.name))
        else:
            yield (*path, each.name)


def _check_values(kind: Kind, defaults: Defaults) -> None:
    """Raise UsageError for unknown columns or an unknown format, with the place in the file."""
    try:
        choose_columns(kind, defaults.columns)
    except UsageError as error:
        raise UsageError(f"{defaults.columns_at}: {error.message}", error.hint) from None
    try:
        renderer = choose_renderer(kind, defaults.format_, default=RENDERERS["table"])
    except UsageError as error:
        raise UsageError(f"{defaults.format_at}: {error.message}", error.hint) from None
    if defaults.columns is not None and not renderer.has_columns:
        raise UsageError(
            f"{defaults.columns_at}: columns do not apply to the format '{renderer.name}'", hint="remove one of them"
        )
