"""Options and arguments of commands whose jobs are named, or chosen by filters."""

from typing import Annotated

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.options import JOB_NAMES, LongFilter, Selection
from hfjobs_cli.values import value

_CHOSEN = f"{JOB_NAMES}; - reads them from stdin, one per line. Or the filters below choose jobs."

ChosenJobs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[[NAMESPACE/]JOB...]",
        help=_CHOSEN,
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
ChosenActiveJobs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[[NAMESPACE/]JOB...]",
        help=_CHOSEN,
        autocompletion=completion.complete_active_jobs,
        show_default=False,
    ),
]
OneActiveJob = Annotated[
    str,
    typer.Argument(
        metavar="[NAMESPACE/]JOB",
        help="ID, the beginning of one, NAMESPACE/ID, @running, @latest or the address of a job's page.",
        autocompletion=completion.complete_active_jobs,
        show_default=False,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")]


@value
class Choice(Selection):
    """Which jobs, where they can be named instead."""

    filter_: LongFilter = None
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs; 0 = all.")] = 0
