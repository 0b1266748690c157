"""The app, the list of commands, and `main()`, where every error becomes one line and an exit code."""

import functools
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import fields
from inspect import Signature, signature
from typing import Annotated, Any

import typer

from hfjobs_cli import __version__, options
from hfjobs_cli.commands.duplicate import duplicate
from hfjobs_cli.commands.emulator import emulator
from hfjobs_cli.commands.inspect import inspect
from hfjobs_cli.commands.ps import ps
from hfjobs_cli.config import SETTINGS, Overrides
from hfjobs_cli.errors import ExitCode, HfJobsError, ReaderGone, UsageError
from hfjobs_cli.session import Session

PROGRAM = "hfjobs"

COMMANDS: tuple[tuple[Callable[..., ExitCode], tuple[str, ...]], ...] = (
    (ps, ("ls", "list")),
    (inspect, ()),
    (duplicate, ("rerun",)),
)
"""Every command about the jobs of a Hub, with its other names."""

LOCAL_COMMANDS: tuple[Callable[..., ExitCode], ...] = (emulator,)
"""Every command that asks no Hub, and takes no options about one."""

NOT_YET = ("run", "logs", "wait", "cancel", "labels", "expose", "hardware", "stats", "ssh", "uv", "scheduled")
"""What `hf jobs` has besides."""

_CONNECTION = [field.name for field in fields(Overrides)]

app = typer.Typer(
    name=PROGRAM,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    # Help is the same everywhere, whatever the width of the terminal.
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80},
)


def main(argv: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run one command line and return its exit code. `argv` leaves out the program's name; default: the process's."""
    session = session or Session.from_process()
    try:
        # What typer writes, help and completions, goes through the session's streams too.
        with session.writing(), redirect_stdout(session.stdout), redirect_stderr(session.stderr):
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
        session.remark("interrupted")
    return int(code)


def _epilog() -> str:
    """Return what `hfjobs --help` says about the environment and exit codes. `\\b` keeps typer from joining lines."""
    settings = [f"  {name:<22}  {meaning}" for name, meaning in SETTINGS.items()]
    codes = [f"  {code.value:<22}  {code.meaning}" for code in ExitCode]
    return "\n".join(["\b", "Environment:", *settings, "", "\b", "Exit codes:", *codes])


@app.callback(invoke_without_command=True, epilog=_epilog())
def root(
    ctx: typer.Context,
    token: options.Token = None,
    endpoint: options.Endpoint = None,
    demo: options.Demo = False,
    debug: options.Debug = False,
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

    _, *own = signature(command).parameters.values()
    shared = signature(root).parameters
    parameters = [shared["ctx"], *own, *(shared[name] for name in connection)]
    run.__signature__ = Signature([each.replace(kind=each.KEYWORD_ONLY) for each in parameters])  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


for _command, _aliases in COMMANDS:
    for _name in (_command.__name__, *_aliases):
        app.command(
            _name,
            hidden=_name in _aliases,
            context_settings={"allow_extra_args": True},
        )(_for_typer(_command, _CONNECTION))

for _command in LOCAL_COMMANDS:
    app.command(_command.__name__, context_settings={"allow_extra_args": True})(_for_typer(_command))


def _elsewhere(ctx: typer.Context) -> None:
    """Say where to find what `hf jobs` has and this version has not, before anything is made of a typing mistake."""
    raise UsageError(f"'{ctx.info_name}' is not in {PROGRAM} yet", hint=f"use 'hf jobs {ctx.info_name}'")


for _name in NOT_YET:
    app.command(
        _name,
        hidden=True,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_elsewhere)


def _usage_error(error: Exception) -> UsageError:
    """Return an error of typer's parser as one of ours."""
    text = error.format_message().rstrip(".")  # type: ignore[attr-defined]
    ctx = getattr(error, "ctx", None)
    return UsageError(text[:1].lower() + text[1:], hint=_see_help(ctx))


def _see_help(ctx: Any) -> str:
    return f"see '{ctx.command_path if ctx else PROGRAM} --help'"
