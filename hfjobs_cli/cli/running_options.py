"""Options and arguments of the commands that wait for jobs, measure them, or log in to them."""

from pathlib import Path
from typing import Annotated

import typer

WaitTimeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        help="Wait no longer than this: 90s, 30m, 1h30m, 1d; then the exit code is 12. 0 looks once.",
    ),
]
AnyOfThem = Annotated[bool, typer.Option("--any", help="Wait until one of them has ended.")]
FollowUsage = Annotated[
    bool,
    typer.Option(
        "--follow",
        "-f",
        help="Go on until the jobs have ended. A terminal has the table in place, a pipe gets a line a second and job.",
    ),
]
RemoteCommand = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND...]", help="What to run there, instead of a shell.", show_default=False),
]
IdentityFile = Annotated[
    Path | None,
    typer.Option(
        "--identity-file", "-i", metavar="FILE", help="The private key, for ssh -i.", exists=True, dir_okay=False
    ),
]
