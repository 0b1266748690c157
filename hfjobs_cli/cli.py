"""The app, the list of commands, and `main()`, where every error becomes one line and an exit code."""

from __future__ import annotations

import functools
import inspect as signatures
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Annotated, Any

import typer

from hfjobs_cli import __version__, options
from hfjobs_cli.commands.duplicate import duplicate
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
"""Every command with its other names."""

app = typer.Typer(
    name=PROGRAM,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(argv: Sequence[str] | None = None, session: Session | None = None) -> int:
    """Run one command line and return its exit code. `argv` leaves out the program's name; default: the process's."""
    session = session or Session.from_process()
    try:
        with redirect_stdout(session.stdout), redirect_stderr(session.stderr):
            code = app(args=argv, prog_name=PROGRAM, obj=session, standalone_mode=False) or ExitCode.DONE
        session.flush()
    except HfJobsError as error:
        if not isinstance(error, ReaderGone):
            session.report(error)
        code = error.exit_code
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as error:
        # typer 0.26 has no public base class of its usage errors; all of them can format themselves.
        if not hasattr(error, "format_message"):
            raise
        session.report(_usage_error(error))
        code = ExitCode.USAGE
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
    """Look after Hugging Face Jobs, and see what started each of them.

    \b
    Examples:
      hfjobs ps -a --initiator scheduled-job
      hfjobs inspect 6a01d697aff1cd33e8f33a64
      hfjobs duplicate 6a01d697aff1cd33e8f33a64
      hfjobs --demo ps

    The options above may also stand after the command.
    """
    session: Session = ctx.obj
    session.overrides = Overrides(token, endpoint, demo, debug)
    if version:
        session.write(f"{PROGRAM} {__version__}\n")
    elif ctx.invoked_subcommand is None:
        session.write(ctx.get_help() + "\n")


def _connected(command: Callable[..., ExitCode]) -> Callable[..., ExitCode]:
    """Return `command` for typer: its session comes from the context, and it takes the connection's options too.

    So `hfjobs ps --token T` works as well as `hfjobs --token T ps`, and no command has to repeat four options.
    """

    @functools.wraps(command)
    def run(
        ctx: typer.Context,
        token: str | None,
        endpoint: str | None,
        demo: bool,
        debug: bool,
        **own: Any,
    ) -> ExitCode:
        session: Session = ctx.obj
        if ctx.args:
            takes_namespace = "namespace" in own
            raise UsageError(
                f"unexpected argument '{ctx.args[0]}'",
                hint="a namespace is given as --namespace NAME" if takes_namespace else _see_help(ctx),
            )
        session.overrides = Overrides(token, endpoint, demo, debug).over(session.overrides)
        return command(session, **own)

    _, *own_parameters = signatures.signature(command, eval_str=True).parameters.values()
    shared_parameters = [
        parameter
        for parameter in signatures.signature(root, eval_str=True).parameters.values()
        if parameter.name in ("ctx", "token", "endpoint", "demo", "debug")
    ]
    parameters = [parameter.replace(kind=parameter.KEYWORD_ONLY) for parameter in (*own_parameters, *shared_parameters)]
    run.__signature__ = signatures.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


for _command, _aliases in COMMANDS:
    for _name in (_command.__name__, *_aliases):
        app.command(
            _name,
            hidden=_name in _aliases,
            context_settings={"allow_extra_args": True},
        )(_connected(_command))


def _usage_error(error: Exception) -> UsageError:
    """Return an error of typer's parser as one of ours."""
    text = error.format_message().rstrip(".")  # type: ignore[attr-defined]
    ctx = getattr(error, "ctx", None)
    return UsageError(text[:1].lower() + text[1:], hint=_see_help(ctx))


def _see_help(ctx: Any) -> str:
    return f"see '{ctx.command_path if ctx else PROGRAM} --help'"
