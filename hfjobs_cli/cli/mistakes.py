"""What was typed wrong: the errors of typer's parser in our words, with what may have been meant."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hfjobs_cli.cli.connection import WITH_VALUE
from hfjobs_cli.cli.registry import COMMANDS, Command
from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.words import did_you_mean

_NO_COMMAND = re.compile(r"no such command '([^']*)'")
_PATH = re.compile(r"': (?:File|Directory|Path) '")


def usage_error(error: Any, program: str, argv: Sequence[str]) -> UsageError:
    """Return an error of typer's parser as one of ours. What it suggests itself differs between its versions."""
    text = error.format_message().rstrip(".")
    text = _PATH.sub(lambda found: found[0].lower(), text[:1].lower() + text[1:])
    ctx = getattr(error, "ctx", None)
    path = ctx.command_path if ctx else command_path(program, argv)
    meant = None
    if found := _NO_COMMAND.match(text):
        text, meant = found[0], _command_meant(found[1], path)
    elif ctx and hasattr(error, "possibilities"):
        text = f"no such option: {error.option_name}"
        meant = _option_meant(error.option_name, ctx)
    return UsageError(text, hint=f"{meant} see '{path} --help'" if meant else f"see '{path} --help'")


def command_path(program: str, argv: Sequence[str]) -> str:
    """Return the program with the command, and its groups, that a command line names."""
    path = [program]
    known: tuple[Command, ...] = COMMANDS
    words = [word for before, word in zip(["", *argv], argv, strict=False) if before not in WITH_VALUE]
    for word in words:
        found = next((each for each in known if word in (each.name, *each.aliases)), None)
        if found is not None:
            path.append(word)
            known = found.commands
        elif not word.startswith("-"):
            break
    return " ".join(path)


def _command_meant(word: str, path: str) -> str | None:
    """Return a hint that names the command for which others have this `word`, or which is spelled nearly so.

    In a group it may as well be one outside of it: `scheduled logs` is `logs`.
    """
    program, *groups = path.split()
    here: tuple[Command, ...] = COMMANDS
    for group in groups:
        here = next(each.commands for each in here if each.name == group)
    for each in here:
        if word in each.elsewhere:
            return f"did you mean '{path} {each.name}'?"
    if groups and word in _names(COMMANDS):
        return f"did you mean '{program} {word}'?"
    return _completed(did_you_mean(word, _names(here)), f"{path} ")


def _names(commands: tuple[Command, ...]) -> list[str]:
    return [name for each in commands for name in (each.name, *each.aliases)]


def _completed(near: str | None, before: str) -> str | None:
    """Return a hint with what stands before the word that it names."""
    return near.replace("'", f"'{before}", 1) if near else None


def _option_meant(option: str, ctx: Any) -> str | None:
    """Return a hint that names the option that is spelled nearly so. All begin with dashes: that is no likeness."""
    if not option.startswith("--"):
        return None
    known = [name[2:] for each in ctx.command.params for name in each.opts if name.startswith("--")]
    return _completed(did_you_mean(option[2:], known), "--")
