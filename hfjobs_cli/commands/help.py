"""`hfjobs help`."""

from __future__ import annotations

from importlib.resources import files

from hfjobs_cli.cli import command_options
from hfjobs_cli.cli.registry import COMMANDS, TOPICS
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.models.kinds import KINDS, json_schema, kind_of
from hfjobs_cli.text.words import one_of


def help(session: Session, words: command_options.Topic = None) -> int:  # noqa: A001 - the name of the command
    """Explain a topic or a command.

    \b
    Examples:
      hfjobs help filters
      hfjobs help ps
      hfjobs help schema hardware
    """
    topic, *more = words or [""]
    if topic == "schema":
        session.write(_schema(*more))
    elif topic in TOPICS and not more:
        session.write(files("hfjobs_cli.help").joinpath(f"{topic}.md").read_text(encoding="utf-8"))
    elif not topic or any(topic in (command.name, *command.aliases) for command in COMMANDS):
        return _of_command(session, *(words or ()))
    else:
        names = dict.fromkeys([*TOPICS, *(command.name for command in COMMANDS)])  # the emulator is both
        raise UsageError(f"no help topic or command '{' '.join([topic, *more])}'", hint=one_of(topic, names))
    return ExitCode.DONE


def _of_command(session: Session, *words: str) -> int:
    """Print what `--help` of a command prints."""
    from hfjobs_cli.cli.app import main

    return main([*words, "--help"], session)


def _schema(name: str = "job", *more: str) -> str:
    import json

    if name not in KINDS or more:
        raise UsageError(f"no schema named '{' '.join([name, *more])}'", hint=one_of(name, KINDS))
    return json.dumps(json_schema(kind_of(name)), indent=2) + "\n"
