"""`hfjobs help`."""

from __future__ import annotations

import io
import json
from importlib.resources import files
from typing import Any

from hfjobs_cli import terminal
from hfjobs_cli.cli import single_command_options
from hfjobs_cli.cli.app import main
from hfjobs_cli.cli.binding import kind_shown_by
from hfjobs_cli.cli.registry import COMMANDS, KINDS, TOPICS, kind_of, load, path_of, renamed
from hfjobs_cli.cli.session import Session
from hfjobs_cli.cli.subprocesses import show_paged
from hfjobs_cli.errors import ExitCode, UsageError, one_of
from hfjobs_cli.formats.terminal_markdown import laid_out
from hfjobs_cli.models.kind import Kind, json_schema

_AGENTS = "agents"

_SKILL = """\
---
name: hfjobs
description: Run and look after Hugging Face Jobs with the command line hfjobs. Use it to start jobs and sweeps on
  Hugging Face hardware, to list, follow, wait for, cancel and compare jobs, to find out why one failed and what jobs
  cost, and to keep schedules.
---

"""
"""What stands before the page for agents where it is a skill."""


def help(  # noqa: A001 - the name of the command
    session: Session,
    ctx: Any,
    words: single_command_options.Topic = None,
    *,
    skill: single_command_options.Skill = False,
) -> int:
    """Explain a topic or a command.

    Without a word, options and topics are listed. On a terminal, topics are laid out, and what is longer than the
    screen is shown by PAGER (less by default); in a pipe topics are Markdown. 'schema' takes a kind of record, or a
    command that prints it.

    'agents --skill' prints the page for agents as a SKILL.md.

    \b
    Examples:
      hfjobs help filters
      hfjobs help ps
      hfjobs help schema report
      hfjobs help agents --skill
    """
    words = " ".join(words or ()).split()  # help 'uv run'
    topic, *more = words or [""]
    if skill:
        if words != [_AGENTS]:
            raise UsageError("--skill applies only to the topic 'agents'", hint="use 'hfjobs help agents --skill'")
        session.write(_SKILL + renamed(_text(_AGENTS), session.program))
    elif topic == "schema":
        session.write(_schema(*more))
    elif topic in TOPICS and not more:
        show_paged(session, _page(session, topic))
    elif not topic:
        show_paged(session, ctx.parent.command.overview(ctx.parent))
    elif any(topic in (command.name, *command.aliases) for command in COMMANDS):
        return _of_command(session, *words)
    else:
        names = dict.fromkeys([*TOPICS, *(command.name for command in COMMANDS)])  # the emulator is both
        inner = (f"{group.name} {topic}" for group in COMMANDS if topic in [each.name for each in group.commands])
        meant = next((f"did you mean 'hfjobs help {each}'?" for each in inner), None)
        raise UsageError(f"no help topic or command '{' '.join([topic, *more])}'", hint=meant or one_of(topic, names))
    return ExitCode.DONE


def _page(session: Session, topic: str) -> str:
    """Return a page: Markdown in a pipe, laid out on a terminal."""
    page = renamed(_text(topic), session.program)
    if not terminal.is_terminal(session.stdout):
        return page
    # Not `session.preferences`: an invalid setting must not hide the page that explains settings.
    width = terminal.help_width(session.stdout, session.environ)
    color = terminal.has_color(session.stdout, session.environ)
    return laid_out(page, width, color=color, is_unicode=terminal.is_unicode(session.stdout))


def _text(topic: str) -> str:
    return files("hfjobs_cli.help").joinpath(f"{topic}.md").read_text(encoding="utf-8")


class _Captured(io.StringIO):
    """Captures text, with the terminal and width of another stream."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self.isatty, self.fileno = stream.isatty, stream.fileno  # type: ignore[method-assign]


def _of_command(session: Session, *words: str) -> int:
    """Show what `--help` of a command prints. Raises UsageError for words after a command: `run` would run them."""
    named = next(words[:count] for count in range(len(words), 0, -1) if path_of(words[:count]))
    if named != words and not (path_of(named) or ())[-1].commands:
        hint = f"did you mean 'hfjobs help {' '.join(named)}'?"
        raise UsageError(f"no help topic or command '{' '.join(words)}'", hint=hint)
    stream = session.stdout
    session.stdout = captured = _Captured(stream)
    try:
        code = main([*words, "--help"], session)
    finally:
        session.stdout = stream
    show_paged(session, captured.getvalue())
    return code


def _schema(name: str = "job", *more: str) -> str:
    kind = kind_of(name) if name in KINDS and not more else _kind_printed_by(name, *more)
    if kind is None:
        raise UsageError(f"no schema named '{' '.join([name, *more])}'", hint=one_of(name, KINDS))
    return json.dumps(json_schema(kind), indent=2) + "\n"


def _kind_printed_by(*words: str) -> Kind | None:
    """Return the kind of record that a command prints, for a group that of its `ps`; None if it prints no records."""
    path = path_of(words)
    while path is not None and path[-1].commands:
        inner = path[-1].commands
        path = (*path, next((each for each in inner if each.name == "ps"), inner[0]))
    shown = None if path is None else kind_shown_by(load(path))
    return None if shown is None else shown()
