"""The app, the list of commands, and `main()`, where every error becomes one line and an exit code."""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import fields
from importlib import import_module
from inspect import Signature, signature
from typing import Annotated, Any, NamedTuple

import typer

from hfjobs_cli import __version__
from hfjobs_cli.config import SETTINGS, Overrides
from hfjobs_cli.errors import ExitCode, HfJobsError, ReaderGone, UsageError
from hfjobs_cli.session import Session

PROGRAM = "hfjobs"


class Command(NamedTuple):
    """A command: the function of its name in its module below `commands`, and the first line of its help.

    One that `asks_hub` takes the options about the connection.
    """

    name: str
    summary: str
    aliases: tuple[str, ...] = ()
    asks_hub: bool = True


COMMANDS = (
    Command("ps", "List jobs, newest first (also: ls, list).", ("ls", "list")),
    Command("inspect", "Show everything about jobs, as a JSON array."),
    Command("duplicate", "Run jobs again, as new jobs (also: rerun).", ("rerun",)),
    Command("emulator", "Serve a Jobs API on this machine, for trying things out.", asks_hub=False),
)
"""Every command. A module is loaded only if its command is on the command line: options, columns and renderers take as
long to import as all the rest of `--help`."""

NOT_YET = ("run", "logs", "wait", "cancel", "labels", "expose", "hardware", "stats", "ssh", "uv", "scheduled")
"""What `hf jobs` has besides."""

_CONNECTION = [field.name for field in fields(Overrides)]

Token = Annotated[
    str | None,
    typer.Option("--token", metavar="TOKEN", help="Access token; better kept in HF_TOKEN or 'hf auth login'."),
]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint", metavar="URL", help="Address of the Hub.", show_default=False)
]
Demo = Annotated[bool, typer.Option("--demo", help="Try it on invented jobs on this machine; no account needed.")]
Debug = Annotated[bool, typer.Option("--debug", help="Log each request on stderr, never the token.")]


def main(argv: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run one command line and return its exit code. `argv` leaves out the program's name; default: the process's."""
    session = session or Session.from_process()
    try:
        # What typer writes, help and completions, goes through the session's streams too.
        with session.writing(), redirect_stdout(session.stdout), redirect_stderr(session.stderr):
            app = _app(argv if argv is not None else sys.argv[1:], session.environ)
            code = app(args=argv, prog_name=PROGRAM, obj=session, standalone_mode=False) or ExitCode.DONE
            session.stdout.flush()
    except HfJobsError as error:
        if not isinstance(error, ReaderGone):
            session.report(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except SystemExit as end:
        # So typer ends completion, and help that nobody reads any more.
        code = ExitCode.DONE if isinstance(end.__context__, BrokenPipeError) else end.code
    except Exception as error:
        # typer 0.26 has no public base class of its usage errors; all of them can format themselves.
        if not hasattr(error, "format_message"):
            raise
        session.report(_usage_error(error))
        code = ExitCode.USAGE
    session.progress(None)
    if code == ExitCode.INTERRUPTED:
        session.remark("interrupted", is_last=True)
    else:
        session.close()
    return int(code)


def _epilog() -> str:
    """Return what `hfjobs --help` says about the environment and exit codes. `\\b` keeps typer from joining lines."""
    settings = [f"  {name:<22}  {meaning}" for name, meaning in SETTINGS.items()]
    codes = [f"  {code.value:<22}  {code.meaning}" for code in ExitCode]
    return "\n".join(["\b", "Environment:", *settings, "", "\b", "Exit codes:", *codes])


def root(
    ctx: typer.Context,
    token: Token = None,
    endpoint: Endpoint = None,
    demo: Demo = False,
    debug: Debug = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """List, inspect and duplicate Hugging Face Jobs, and see what started each of them.

    \b
    Examples:
      hfjobs ps -a --initiator scheduled-job
      hfjobs inspect 6a01d697aff1cd33e8f33a64
      hfjobs duplicate 6a01d697aff1cd33e8f33a64
      hfjobs --demo ps

    --token, --endpoint, --demo and --debug may also stand after the command.
    """
    session: Session = ctx.obj
    session.overrides = Overrides(token, endpoint, demo, debug)
    if version:
        session.write(f"{PROGRAM} {__version__}\n")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        session.write(ctx.get_help() + "\n")


def _for_typer(command: Callable[..., ExitCode], connection: Sequence[str] = ()) -> Callable[..., ExitCode]:
    """Return `command` for typer: its session comes from the context, and it takes options of the connection too.

    So `hfjobs ps --token T` works as well as `hfjobs --token T ps`, and no command has to repeat four options.
    """

    @functools.wraps(command)
    def run(ctx: typer.Context, **given: Any) -> ExitCode:
        session: Session = ctx.obj
        if ctx.args:
            raise UsageError(
                f"unexpected argument '{ctx.args[0]}'",
                hint="lists are separated by commas, a namespace is given as --namespace NAME",
            )
        overrides = {name: given.pop(name) for name in connection}
        session.overrides = Overrides(**overrides).over(session.overrides)
        return command(session, **given)

    _, *own = signature(command, eval_str=True).parameters.values()
    shared = signature(root).parameters
    parameters = [shared["ctx"], *own, *(shared[name] for name in connection)]
    run.__signature__ = Signature([each.replace(kind=each.KEYWORD_ONLY) for each in parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def _app(argv: Sequence[str], environ: Mapping[str, str]) -> typer.Typer:
    """Return the program with those commands loaded that the command line, or the one to be completed, mentions."""
    app = typer.Typer(
        name=PROGRAM,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        # Help is the same everywhere, whatever the width of the terminal.
        context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80},
    )
    app.callback(invoke_without_command=True, epilog=_epilog())(root)
    completed = environ.get("_TYPER_COMPLETE_ARGS", "") + environ.get("COMP_WORDS", "")
    for command in COMMANDS:
        for name in (command.name, *command.aliases):
            is_mentioned = name in argv or name in completed
            app.command(
                name,
                help=None if is_mentioned else command.summary,
                hidden=name in command.aliases,
                context_settings={"allow_extra_args": True},
            )(_loaded(command) if is_mentioned else _not_loaded)
    for name in filter(argv.__contains__, NOT_YET):
        app.command(
            name,
            hidden=True,
            add_help_option=False,
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_elsewhere)
    return app


def _loaded(command: Command) -> Callable[..., ExitCode]:
    module = import_module(f"hfjobs_cli.commands.{command.name}")
    return _for_typer(getattr(module, command.name), _CONNECTION if command.asks_hub else ())


def _not_loaded() -> None:
    """Stand for a command that is not on the command line."""


def _elsewhere(ctx: typer.Context) -> None:
    """Say where to find what `hf jobs` has and this version has not, before anything is made of a typing mistake."""
    raise UsageError(f"'{ctx.info_name}' is not in {PROGRAM} yet", hint=f"use 'hf jobs {ctx.info_name}'")


def _usage_error(error: Exception) -> UsageError:
    """Return an error of typer's parser as one of ours."""
    text = error.format_message().rstrip(".")  # type: ignore[attr-defined]
    ctx = getattr(error, "ctx", None)
    return UsageError(text[:1].lower() + text[1:], hint=_see_help(ctx))


def _see_help(ctx: Any) -> str:
    return f"see '{ctx.command_path if ctx else PROGRAM} --help'"
