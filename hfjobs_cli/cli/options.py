"""Options and arguments that several commands share, each with its help and its completion."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.binding import kind_of_option, of_job
from hfjobs_cli.cli.help_layout import Section
from hfjobs_cli.formats.renderer import format_help
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, STAGES
from hfjobs_cli.query.columns import columns_help

if TYPE_CHECKING:
    from hfjobs_cli.models.kind import Kind


def _or_help(text: Callable[["Kind"], str]) -> Callable[[typer.Context, typer.CallbackParam, Any], Any]:
    """Return the callback of an option whose value `help` prints a text about its kind of record, and ends."""

    def callback(
        ctx: typer.Context, param: typer.CallbackParam, values: list[str] | str | None
    ) -> list[str] | str | None:
        given = [values] if isinstance(values, str) else values or ()
        if any(value.strip().lower() == "help" for value in given) and not ctx.resilient_parsing:
            ctx.obj.write(text(kind_of_option(ctx, param.name or "")))
            raise typer.Exit
        return values

    return callback


def _filter_option(*short: str) -> Any:
    return typer.Option(
        "--filter",
        *short,
        metavar="FIELD=GLOB",
        help="Only those whose whole field matches a pattern with *, ? and [abc]; FIELD!=GLOB excludes. Comma or "
        "repeat = any of, but labels = all of. '--columns help' lists the fields.",
        autocompletion=completion.complete_filter,
        rich_help_panel=Section.WHICH,
    )


def namespace_option(plural: str) -> Any:
    """Return `--namespace`, of the owner of what is called `plural`."""
    return of_job(
        typer.Option(
            "--namespace",
            metavar="NAME",
            help=f"User or organization that owns the {plural}; default: HFJOBS_NAMESPACE, else the token's user.",
            autocompletion=completion.complete_namespace,
            rich_help_panel=Section.CONNECTION,
        )
    )


def label_filter(kind: str) -> Any:
    """Return `--label` as a filter of a kind of record."""
    return typer.Option(
        "--label",
        "-l",
        metavar="KEY=VALUE",
        help=f"Only {kind}s with this label; repeat = all of.",
        autocompletion=completion.complete_seen(kind, "labels"),
    )


def name_filter(kind: str) -> Any:
    """Return `--name` as a filter of a kind of record."""
    return typer.Option(
        "--name",
        metavar="NAME",
        help=f"Only {kind}s with this name, or a pattern with *, ? and [abc].",
        autocompletion=completion.complete_seen(kind, "name"),
    )


Sort = Annotated[
    str | None,
    typer.Option(
        "--sort",
        metavar="COLUMNS",
        help="Sort by columns, - is descending: A,-B. Reads the whole listing first. '--columns help' lists them.",
        autocompletion=completion.complete_sort,
        rich_help_panel=Section.OUTPUT,
    ),
]
Filter = Annotated[list[str] | None, _filter_option("-f")]
LongFilter = Annotated[list[str] | None, _filter_option()]
"""The same where `-f` is `--follow`, or would be taken for it."""


@value
class Output:
    """How records of a kind are written."""

    section: ClassVar[str] = Section.OUTPUT

    kind: "Kind"
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="LIST",
            help="A,B replaces the columns, +A,-B edits them; 'help' lists them.",
            autocompletion=completion.complete_columns,
            callback=_or_help(columns_help),
            is_eager=True,
        ),
    ] = None
    wide: Annotated[bool, typer.Option("--wide", "-w", help="Add more columns.")] = False
    format_: Annotated[
        str | None,
        of_job(
            typer.Option(
                "--format",
                metavar="FORMAT",
                help="How to print: table, json, jsonl, csv, html, a Go template as '{{.name}}', or 'table TEMPLATE'; "
                "'help' lists all formats, fields and functions.",
                autocompletion=completion.complete_format,
                callback=_or_help(format_help),
                is_eager=True,
            )
        ),
    ] = None
    json: Annotated[bool, of_job(typer.Option("--json", help="The same as --format json."))] = False
    quiet: Annotated[bool, of_job(typer.Option("--quiet", "-q", help="Print ids (or names) only, one per line."))] = (
        False
    )
    width: Annotated[
        int | None,
        typer.Option("--width", metavar="N", min=1, help="Fit tables to N characters, also in a pipe."),
    ] = None
    no_trunc: Annotated[
        bool, typer.Option("--no-trunc", "--no-truncate", help="Do not shorten cells to fit the terminal.")
    ] = False
    safe_cells: Annotated[
        bool, typer.Option("--safe-cells", help="In csv and tsv: keep spreadsheets from running cells such as '=1+1'.")
    ] = False


JOB_NAMES = "ID, its first digits (6 or more), NAMESPACE/ID, @latest, @failed or the URL of a job"
"""How a job is named, for help."""

Jobs = Annotated[
    list[str],
    typer.Argument(
        metavar="[NAMESPACE/]JOB...",
        help=f"{JOB_NAMES}; - reads them from stdin, one per line.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
JobsOrAll = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NAMESPACE/]JOB...",
        help=f"{JOB_NAMES}; - reads them from stdin, one per line. With --from, default: all.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
From = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Read jobs from FILE, saved with --format json or jsonl, instead of the Hub; - is stdin.",
        autocompletion=completion.complete_file,
        rich_help_panel=Section.WHICH,
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")]
Namespace = Annotated[str | None, namespace_option("jobs")]


@value
class Filters:
    """Filters that select jobs by their fields."""

    section: ClassVar[str] = Section.WHICH

    all_: Annotated[bool, typer.Option("--all", "-a", help="All jobs, not only running and scheduling ones.")] = False
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help=f"Only jobs in this status: {', '.join(STAGES).lower()}; comma or repeat = any of, ! excludes.",
            autocompletion=completion.complete_status,
        ),
    ] = None
    initiator: Annotated[
        list[str] | None,
        typer.Option(
            "--initiator",
            metavar="WHO",
            help="Only jobs started by TYPE, TYPE:NAME-OR-ID or none; comma or repeat = any of, ! excludes. Types: "
            f"{', '.join(INITIATOR_TYPES)}; others as TYPE:*.",
            autocompletion=completion.complete_initiator,
        ),
    ] = None
    label: Annotated[list[str] | None, label_filter("job")] = None
    name: Annotated[str | None, name_filter("job")] = None
    filter_: Filter = None
    since: str | None = None
    until: str | None = None
    limit: int = 0

    @property
    def are_given(self) -> bool:
        """Return whether any of them is. A limit chooses nothing by itself."""
        given = (self.all_, self.status, self.initiator, self.label, self.filter_, self.since, self.until)
        return any(given) or self.name is not None


DEFAULT_LIMIT = 100


@value
class Selection(Filters):
    """Which jobs: the filters of a listing."""

    since: Annotated[
        str | None,
        typer.Option(
            "--since",
            metavar="TIME",
            help="Only jobs created at or after TIME: 30m, 2h, 7d or 1mo ago, yesterday, 2026-05-11 (UTC).",
        ),
    ] = None
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only jobs created before TIME.")] = None
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=0, help="Stop after N matching jobs; 0 = list all.")
    ] = DEFAULT_LIMIT


Watch = Annotated[
    float | None,
    typer.Option(
        "--watch",
        metavar="[SECS]",
        min=0.5,
        max=86_400,
        help="Refresh every SECS seconds (default 2), less often while nothing changes. Updates the table on a "
        "terminal, writes events as jsonl to a pipe.",
    ),
]
UntilDone = Annotated[bool, typer.Option("--until-done", help="Watch until all matching jobs have finished.")]


_CHOSEN = f"{JOB_NAMES}; - reads them from stdin, one per line. Or use the filters below."

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
        help="ID, its first digits (6 or more), NAMESPACE/ID, @running, @latest or the URL of a job.",
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


NewLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--label",
        "-l",
        metavar="KEY=VALUE",
        help="A label to add or change; KEY alone has an empty value; may be repeated.",
        autocompletion=completion.complete_seen("job", "labels"),
    ),
]
NewName = Annotated[
    str | None,
    typer.Option(
        "--name",
        metavar="NAME",
        help="New name, stored as the label 'name'.",
        autocompletion=completion.complete_seen("job", "name"),
    ),
]
RemovedLabels = Annotated[
    list[str] | None,
    typer.Option(
        "--remove",
        metavar="KEY",
        help="A label to remove; may be repeated.",
        autocompletion=completion.complete_seen_keys("job", "labels"),
    ),
]
ReplaceLabels = Annotated[bool, typer.Option("--replace", help="Remove all labels that are not given.")]
ClearLabels = Annotated[bool, typer.Option("--clear", help="Remove all labels, including the name.")]
Ports = Annotated[
    list[int] | None,
    typer.Argument(
        metavar="[PORT...]", min=1, max=65535, help="Ports that need a token with read access.", show_default=False
    ),
]
PublicPorts = Annotated[
    list[int] | None,
    typer.Option("--public", metavar="PORT", min=1, max=65535, help="A port that needs no token; may be repeated."),
]
ClearPorts = Annotated[bool, typer.Option("--clear", help="Close all ports.")]
