"""`main()`, where every error becomes one line and an exit code, and the typer app of the commands in the registry."""

import functools
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from hfjobs_cli import __version__, terminal
from hfjobs_cli.cli.binding import WITH_VALUE, WORDS_FOLLOW, Connection, for_typer
from hfjobs_cli.cli.help_layout import CommandHelp, GroupHelp, ProgramHelp
from hfjobs_cli.cli.registry import COMMANDS, COMPLETE, PROGRAM, Command, load, path_of
from hfjobs_cli.cli.session import Session
from hfjobs_cli.cli.shells import CURRENT, Question, answer, complete_shell, install, note_for, script_of, shell_named
from hfjobs_cli.cli.trailing_options import RunsWords
from hfjobs_cli.cli.usage_errors import usage_error
from hfjobs_cli.errors import ExitCode, HfJobsError, ReaderGone
from hfjobs_cli.text.values import number

_OF_SHELLS = ("--install-completion", "--show-completion")
"""The options of the program whose value may be left out."""


def main(argv: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run one command line and return its exit code. `argv` leaves out the program's name; default: the process's."""
    session = session or Session.from_process()
    try:
        # What typer writes, help and completions, goes through the session's streams too.
        with session.writing(), redirect_stdout(session.stdout), redirect_stderr(session.stderr):
            if session.environ.get(COMPLETE):
                done = _complete(session)
            else:
                done = _run(argv if argv is not None else sys.argv[1:], session)
            session.stdout.flush()
            code: Any = session.end(done)  # a SystemExit may hold anything
    except HfJobsError as error:
        if not isinstance(error, ReaderGone):
            session.report(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except SystemExit as end:
        # typer exits like this when the reader of help has closed the pipe.
        code = ExitCode.DONE if isinstance(end.__context__, BrokenPipeError) or end.code is None else end.code
        code = code if isinstance(code, int) else ExitCode.FAILURE
    except (Exception, GeneratorExit) as error:
        # typer 0.26 has no public base class of its usage errors; all of them can format themselves.
        if hasattr(error, "format_message"):
            session.report(usage_error(error, PROGRAM, sys.argv[1:] if argv is None else argv))
            code = ExitCode.USAGE
        else:
            session.report_created()
            session.know_token()
            session.report(_unexpected(error, shows_traceback=session.is_debug))
            code = ExitCode.FAILURE
    except BaseException:
        session.report_created()
        session.end_debug()
        raise
    session.progress(None)
    session.report_created()
    if code == ExitCode.INTERRUPTED:
        session.report_interrupted()
    else:
        session.close()
    session.end_debug()
    return int(code)


def _unexpected(error: BaseException, *, shows_traceback: bool) -> HfJobsError:
    """Return the error for an unexpected exception: what to report, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "hfjobs_cli" in each.filename] or frames
    place = f", {Path(ours[-1].filename).name} line {ours[-1].lineno}" if ours else ""
    what = "".join(traceback.format_exception_only(type(error), error)).strip()
    lines = "".join(traceback.format_exception(type(error), error, error.__traceback__)).splitlines()
    return HfJobsError(
        f"unexpected {what} (hfjobs {__version__}, Python {platform.python_version()}{place})",
        hint="this is a bug in hfjobs: please report the line above; --debug adds a traceback",
        details=tuple(lines) if shows_traceback else (),
    )


def _run(argv: Sequence[str], session: Session, *, is_tab: bool = False) -> int:
    """Run a command line. With `is_tab` it may be wrong or without an end, and what can stand there is printed."""
    first = next(iter(argv), "")
    width = terminal.help_width(session.stdout, session.environ)
    mentioned = frozenset(_NAMES.intersection(argv))
    code: int | None = _program(first, mentioned, is_tab=is_tab, width=width, thread=threading.get_ident())(
        args=_for_parser(argv),
        prog_name=PROGRAM,
        obj=session,
        standalone_mode=False,
        complete_var="",  # else typer handles completion itself
        resilient_parsing=is_tab,
    )
    return code or ExitCode.DONE


def _for_parser(argv: Sequence[str]) -> list[str]:
    """Return a command line as typer's parser can read it.

    The parser has no options with optional values: such an option gets one, unless the next word is its value. The
    parser also drops a `--`: a mark is added after it if the words of another command follow.
    """
    free = [word for before, word in zip(["", *argv], argv, strict=False) if before not in WITH_VALUE]
    named = next((each for word in free for each in COMMANDS if word in (each.name, *each.aliases)), None)
    words = list(argv)
    if named is None:
        for place, (word, after) in enumerate(zip(argv, [*argv[1:], "-"], strict=False)):
            if word in _OF_SHELLS and after.startswith("-"):
                words[place] = f"{word}={CURRENT}"
        return words
    for place, (word, after) in enumerate(zip(argv, [*argv[1:], ""], strict=False)):
        for option, value in named.optional:
            if word == option and number(after) is None:
                words[place] = f"{option}={value}"
    if named.takes_words and "--" in words:
        words.insert(words.index("--") + 1, WORDS_FOLLOW)
    return words


def _complete(session: Session) -> int:
    """Do what a shell asks for: print its script, or what a TAB offers, which is nothing where anything is wrong."""
    session.answer_tab = answer
    what, _, shell = session.environ[COMPLETE].partition("_")
    if what == "source":
        session.write(script_of(shell))
        return ExitCode.DONE
    with suppress(Exception):
        return _run(Question.of(session.environ).words, session, is_tab=True)
    return ExitCode.DONE


def root(
    session: Session,
    ctx: typer.Context,
    connection: Connection,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
    install_completion: Annotated[
        str | None,
        typer.Option(
            "--install-completion",
            metavar="[SHELL]",
            help="Install completion for a shell, by default the current one.",
            autocompletion=complete_shell,
        ),
    ] = None,
    show_completion: Annotated[
        str | None,
        typer.Option(
            "--show-completion",
            metavar="[SHELL]",
            help="Show completion for a shell, to copy it or customize the installation.",
            autocompletion=complete_shell,
        ),
    ] = None,
) -> ExitCode:
    """Run and manage Hugging Face Jobs, and see what started each of them.

    \b
    Examples:
      hfjobs --demo ps
      hfjobs run --flavor a10g-small python:3.12 python train.py
      hfjobs logs -f @latest
      hfjobs ps -a --initiator scheduled-job
      hfjobs describe @failed

    --token, --endpoint, --demo and --debug may also stand after the command.
    """
    session.overrides = connection.overrides
    if version:
        session.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit
    if install_completion or show_completion:
        shell = shell_named(install_completion or show_completion or "", session.environ)
        if install_completion:
            installed = install(shell, session.environ)
            session.write(f"{shell} completion installed in {installed.place}\n")
            if installed.changed is not None:
                session.write(f"A line that loads it was added to {installed.changed}\n")
            session.write("Completion will take effect once you restart the terminal\n")
            if note := note_for(shell, session.program):
                session.note(note)
        else:
            session.write(script_of(shell))
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        session.write(ctx.get_help() + "\n")
    return ExitCode.DONE


@functools.lru_cache(maxsize=64)  # for callers of main() in a loop, such as tests
def _program(
    first: str,
    mentioned: Set[str],
    *,
    is_tab: bool,
    width: int,
    thread: int,  # noqa: ARG001 - typer's commands hold the values of a call, so each thread has its own
) -> Callable[..., int | None]:
    """Return the program, with those commands loaded that the command line mentions; `first` is its first word.

    Its help is of a `width`.
    """
    app = typer.Typer(
        name=PROGRAM,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": width},
    )
    app.callback(invoke_without_command=True, cls=ProgramHelp)(for_typer(root, asks_hub=False))
    _add_commands(app, _possible(first), (), mentioned.__contains__, is_tab=is_tab)
    return typer.main.get_command(app)


def _names(commands: Iterable[Command]) -> Iterator[str]:
    """Yield what commands are called, and those in groups."""
    for command in commands:
        yield from (command.name, *command.aliases, *_names(command.commands))


_NAMES = frozenset(_names(COMMANDS))


def _possible(first: str) -> Iterable[Command]:
    """Return the commands that a command line may be about: just one, if one is its first word, as each takes time."""
    return [each for each in COMMANDS if first in (each.name, *each.aliases)] or COMMANDS


def _add_commands(
    app: typer.Typer,
    commands: Iterable[Command],
    path: tuple[str, ...],
    is_mentioned: Callable[[str], bool],
    *,
    is_tab: bool,
) -> None:
    """Add commands to the app, or to the group at `path`. A module is loaded only if its command is mentioned.

    Options, columns and renderers take as long to import as all the rest of `--help`.
    """
    for command in commands:
        for name in (command.name, *filter(is_mentioned, command.aliases)):
            if command.commands:
                _add_group(app, command, (*path, name), is_mentioned, is_tab=is_tab)
            else:
                app.command(
                    name,
                    help=None if is_mentioned(name) else command.summary,
                    hidden=name in command.aliases,
                    context_settings={
                        "allow_extra_args": True,
                        "resilient_parsing": is_tab,
                        "allow_interspersed_args": not command.runs_words,
                    },
                    cls=RunsWords if command.runs_words and is_mentioned(name) else CommandHelp,
                )(_loaded(command, path) if is_mentioned(name) else _not_loaded)


def _add_group(
    app: typer.Typer, group: Command, path: tuple[str, ...], is_mentioned: Callable[[str], bool], *, is_tab: bool
) -> None:
    """Add a group, if it is mentioned itself with the commands in it."""
    inner = typer.Typer(name=path[-1], cls=GroupHelp, help=group.summary, rich_markup_mode=None)
    callback: Callable[..., int | None] = _not_loaded
    if is_mentioned(group.name):
        callback = for_typer(_group_help, asks_hub=group.asks_hub)
        _add_commands(inner, group.commands, path, is_mentioned, is_tab=is_tab)
    inner.callback(invoke_without_command=True, cls=GroupHelp, context_settings={"resilient_parsing": is_tab})(callback)
    app.add_typer(inner)


def _loaded(command: Command, groups: tuple[str, ...]) -> Callable[..., int]:
    path = path_of((*groups, command.name)) or (command,)
    return for_typer(
        load(path),
        asks_hub=command.asks_hub,
        last_wins=command.runs_words,
        path=tuple(each.name for each in path),
    )


def _not_loaded() -> None:
    """Stand for a command or group that the command line does not mention; `--help` names it."""


def _group_help(session: Session, ctx: typer.Context) -> ExitCode:
    """Print the help of a group that is called without a command."""
    if ctx.invoked_subcommand is None:
        session.write(ctx.get_help() + "\n")
    return ExitCode.DONE
