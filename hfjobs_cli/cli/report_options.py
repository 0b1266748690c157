"""Options of what counts jobs."""

from typing import Annotated

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.options import Selection
from hfjobs_cli.records.vocabulary import GROUPED_BY
from hfjobs_cli.values import value


@value
class Counted(Selection):
    """Which jobs: the filters of what counts them."""

    all_: Annotated[bool, typer.Option("--all", "-a", help="Jobs in every status, as by default.")] = False
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs only; 0 = all.")
    ] = 0


By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="FIELDS",
        help=f"What the jobs of a group have in common: {', '.join(GROUPED_BY)}, or another column of 'ps'; "
        "comma = several.",
        autocompletion=completion.complete_by,
    ),
]
