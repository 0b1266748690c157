"""Options and arguments of the emulator."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.options import JOB_NAMES

EmulatorAction = Annotated[
    Literal["reset", "fire"] | None,
    typer.Argument(
        metavar="[reset|fire]",
        help="'reset' ends and forgets all jobs instead; 'fire' fires a webhook that runs a job again.",
        show_default=False,
    ),
]
FiredJobs = Annotated[
    list[str] | None,
    typer.Argument(metavar="[JOB...]", help=f"For 'fire': {JOB_NAMES}; - reads them from stdin.", show_default=False),
]
FiredRepo = Annotated[
    str | None,
    typer.Option(
        "--repo",
        metavar="TYPE:OWNER/NAME",
        help="For 'fire': the repository that seems to have changed; default: dataset:davanstrien/model-cards.",
    ),
]
Port = Annotated[
    int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Where to listen; 0 = any free port.")
]
StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="DIR", help="Where jobs are kept; default: that of --demo.", file_okay=False),
]
Empty = Annotated[bool, typer.Option("--empty", help="Begin without the invented history of --demo.")]
EmulatorToken = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="What opens it; other users can read it in the list of processes. Default: a new one at each start.",
    ),
]
EmulatorTokenFile = Annotated[
    str | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="A file that holds what opens it; - reads stdin. So may the variable HFJOBS_EMULATOR_TOKEN.",
        autocompletion=completion.complete_file,
    ),
]
