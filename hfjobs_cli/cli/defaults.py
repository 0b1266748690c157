"""Default columns and formats of commands, from the configuration file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from hfjobs_cli.cli import binding, terminal
from hfjobs_cli.cli.registry import COMMANDS, Command, load, path_of
from hfjobs_cli.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.config import Defaults
    from hfjobs_cli.models.kinds import Kind

CHOSEN = ("columns", "format_", "json", "quiet")
"""Options that choose what is shown. If one of them is given, the file chooses nothing."""

LIVE = ("watch", "until_done", "follow")
"""Options that show what goes on, for which most formats are wrong."""


def apply_defaults(
    session: Session, words: Sequence[str], kind: binding.LoadKind | None, given: dict[str, Any]
) -> None:
    """Add to the options `given` to a command what the file says of it. Raises UsageError for what is wrong there.

    It is for people: in a pipe nothing is added, so that no script gets something else because of the file.
    """
    for each, place in session.config_file.places.items():
        if each[0] == "commands":
            _check(each[1:], place)
    defaults = session.config_file.commands.get(tuple(words))
    if defaults is None or kind is None or not terminal.is_terminal(session.stdout):
        return
    if any(given.get(name) not in (None, False) for name in CHOSEN):
        return
    if any(given.get(name) for name in LIVE):
        defaults = defaults._replace(format_=None)
    _check_values(kind(), defaults)
    given.update(columns=defaults.columns, format_=defaults.format_)


def _check(words: tuple[str, ...], place: str) -> None:
    """Raise UsageError if there is no such command, or if it prints no records."""
    shown, path = " ".join(words), path_of(words)
    if path is None or path[-1].commands or tuple(each.name for each in path) != words:
        names = map(" ".join, _names(COMMANDS))
        raise UsageError(f"{place}: unknown command '{shown}'", did_you_mean(shown, names) or "see 'hfjobs --help'")
    if binding.kind_shown_by(load(path)) is None:
        raise UsageError(f"{place}: '{shown}' has neither columns nor formats", hint="remove the table")


def _names(commands: Sequence[Command], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for each in commands:
        if each.commands:
            yield from _names(each.commands, (*path, each.name))
        else:
            yield (*path, each.name)


def _check_values(kind: Kind, defaults: Defaults) -> None:
    """Raise UsageError for columns or a format that there are not, with the place in the file."""
    from hfjobs_cli.formats.renderer import RENDERERS, choose_renderer
    from hfjobs_cli.query.columns import choose_columns

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
