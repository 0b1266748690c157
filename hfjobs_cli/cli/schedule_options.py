"""Options and arguments of the commands on schedules."""

from dataclasses import dataclass
from typing import Annotated

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.options import Filter

Schedules = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAMESPACE/]SCHEDULE...",
        help="ID, the beginning of one, NAMESPACE/ID, @name=NAME or @latest; - reads them from stdin, one per line.",
        autocompletion=completion.complete_schedules,
        show_default=False,
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace", metavar="NAME", help="User or organisation that owns the schedules; default: the token's user."
    ),
]


@dataclass(frozen=True, eq=False, repr=False)
class ScheduleSelection:
    """Which schedules: the filters of a listing."""

    all_: Annotated[bool, typer.Option("--all", "-a", help="All schedules, suspended ones too.")] = False
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only schedules in this status: active, suspended; comma or repeat = any of, ! excludes.",
            autocompletion=completion.complete_schedule_status,
        ),
    ] = None
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", metavar="KEY=VALUE", help="Only schedules with this label; repeat = all of."),
    ] = None
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only schedules of this name.")] = None
    filter_: Filter = None
