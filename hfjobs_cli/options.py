"""Options and arguments that commands share, each with its help and its completion in one place."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import typer

from hfjobs_cli.columns import COLUMNS, columns_help
from hfjobs_cli.completion import (
    complete_columns,
    complete_filter,
    complete_format,
    complete_initiator,
    complete_jobs,
    complete_sort,
    complete_status,
)
from hfjobs_cli.renderers import RENDERERS
from hfjobs_cli.vocabulary import FILTER_FIELDS, INITIATOR_TYPES, STAGES

_FORMATS = ", ".join(RENDERERS)


def _format_help() -> str:
    from hfjobs_cli.format_help import format_help  # the template engine is needed by nothing else here

    return format_help()


def _or_help(text: Callable[[], str]) -> Callable[[typer.Context, str | None], str | None]:
    """Make a callback of an option that prints a text and ends, if the option's value is `help`."""

    def callback(ctx: typer.Context, value: str | None) -> str | None:
        if value is not None and value.strip().lower() == "help" and not ctx.resilient_parsing:
            ctx.obj.write(text())
            raise typer.Exit
        return value

    return callback


EmulatorAction = Annotated[
    Literal["reset"] | None,
    typer.Argument(metavar="[reset]", help="'reset' ends and forgets all jobs instead.", show_default=False),
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
    typer.Option("--token", metavar="TOKEN", help="What opens it; default: one made at the first start, then kept."),
]

Jobs = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAMESPACE/]JOB...",
        help="ID, NAMESPACE/ID or the address of a job's page; - reads them from stdin, one per line.",
        autocompletion=complete_jobs,
        show_default=False,
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace", metavar="NAME", help="User or organisation that owns the jobs; default: the token's user."
    ),
]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"One of {_FORMATS}, a Go template as '{{{{.id}}}} {{{{.status}}}}', or 'table TEMPLATE'; 'help' lists "
        "fields and functions.",
        autocompletion=complete_format,
        callback=_or_help(_format_help),
        is_eager=True,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print ids only, one per line.")]
NoTrunc = Annotated[
    bool, typer.Option("--no-trunc", "--no-truncate", help="Show cells whole, however narrow the terminal.")
]

All = Annotated[bool, typer.Option("--all", "-a", help="All jobs, not only running and scheduling ones.")]
Status = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help=f"Only jobs in this status: {', '.join(STAGES).lower()}; comma or repeat = any of, ! excludes.",
        autocompletion=complete_status,
    ),
]
Initiator = Annotated[
    list[str] | None,
    typer.Option(
        "--initiator",
        metavar="WHO",
        help="Only jobs started by TYPE, TYPE:NAME-OR-ID or none; comma or repeat = any of, ! excludes. Types: "
        f"{', '.join(INITIATOR_TYPES)}; others as TYPE:*.",
        autocompletion=complete_initiator,
    ),
]
Label = Annotated[
    list[str] | None,
    typer.Option("--label", "-l", metavar="KEY=VALUE", help="Only jobs with this label; repeat = all of."),
]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="Only jobs of this name.")]
Filter = Annotated[
    list[str] | None,
    typer.Option(
        "--filter",
        "-f",
        metavar="FIELD=GLOB",
        help="Only jobs whose field matches a pattern with *, ? and [abc] as a whole; FIELD!=GLOB excludes. Comma or "
        f"repeat = any of, but labels = all of. Fields: {', '.join(FILTER_FIELDS)}.",
        autocompletion=complete_filter,
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Only jobs created at or after TIME: 30m, 2h, 7d or 1mo ago, yesterday, 2026-05-11 (UTC).",
    ),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only jobs created before TIME.")]
Sort = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMNS",
        help="Sort by columns, - is descending: status,-runtime. Reads the whole listing first. Columns: "
        f"{', '.join(COLUMNS)}.",
        autocompletion=complete_sort,
    ),
]
Limit = Annotated[int, typer.Option("--limit", metavar="N", min=0, help="Stop after N matching jobs; 0 = list all.")]
Columns = Annotated[
    str | None,
    typer.Option(
        "--columns",
        metavar="LIST",
        help="id,name replaces the columns, +flavor,-command edits them; 'help' lists them.",
        autocompletion=complete_columns,
        callback=_or_help(columns_help),
        is_eager=True,
    ),
]
Wide = Annotated[bool, typer.Option("--wide", "-w", help="Add the columns FLAVOR and INITIATOR.")]
