"""Options and arguments of the commands on schedules."""

from typing import Annotated, ClassVar

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.help_layout import Section
from hfjobs_cli.cli.options import Filter, LongFilter, label_filter, name_filter, namespace_option
from hfjobs_cli.immutable_class import value

_SCHEDULES = typer.Argument(
    metavar="[NAMESPACE/]SCHEDULE...",
    help="ID, its first digits (6 or more), NAMESPACE/ID, @name=NAME or @latest; - reads them from stdin.",
    autocompletion=completion.complete_schedules,
    show_default=False,
)
Schedules = Annotated[list[str], _SCHEDULES]
OptionalSchedules = Annotated[list[str] | None, _SCHEDULES]
"""The same before another argument: with one word only, typer would report the other argument as missing."""
ChosenSchedules = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[[NAMESPACE/]SCHEDULE...]",
        help="ID, its first digits (6 or more), NAMESPACE/ID, @name=NAME or @latest; - reads them from stdin. "
        "Or use the filters below.",
        autocompletion=completion.complete_schedules,
        show_default=False,
    ),
]
NewWhen = Annotated[
    str | None,
    typer.Argument(
        metavar="WHEN",
        help="When jobs run, in UTC: five fields such as '0 9 * * 1' (minute, hour, day, month, day of week), or "
        "@hourly, @daily, @weekly, @monthly, @yearly.",
        autocompletion=completion.complete_when,
        show_default=False,
    ),
]
Files = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE...",
        help="TOML files with schedules, as 'scheduled export' prints them; - reads one from stdin.",
        autocompletion=completion.complete_file,
        show_default=False,
    ),
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Delete schedules that an earlier apply created and that no file declares.")
]
WithExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if there is anything to do, for CI.")]
Namespace = Annotated[str | None, namespace_option("schedules")]


@value
class ScheduleSelection:
    """The filters of a list of schedules."""

    section: ClassVar[str] = Section.WHICH

    all_: Annotated[bool, typer.Option("--all", "-a", help="All schedules, including suspended ones.")] = False
    status: Annotated[
        list[str] | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only schedules in this status: active, suspended; comma or repeat = any of, ! excludes.",
            autocompletion=completion.complete_schedule_status,
        ),
    ] = None
    label: Annotated[list[str] | None, label_filter("schedule")] = None
    name: Annotated[str | None, name_filter("schedule")] = None
    filter_: Filter = None
    limit: int = 0

    @property
    def are_given(self) -> bool:
        """Return whether any filter is given."""
        return any((self.all_, self.status, self.label, self.filter_)) or self.name is not None


@value
class ScheduleChoice(ScheduleSelection):
    """The filters of a command that takes references to schedules, too."""

    filter_: LongFilter = None


@value
class Terms:
    """Options of a new schedule itself."""

    is_of_job: ClassVar[bool] = True

    suspend: Annotated[
        bool | None,
        typer.Option(
            "--suspend/--no-suspend", help="Create it suspended: nothing runs until it is resumed.", show_default=False
        ),
    ] = None
    concurrency: Annotated[
        bool | None,
        typer.Option(
            "--concurrency/--no-concurrency",
            help="Run a job even if the previous one is still running; without it, that run is skipped.",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Show the schedule and the maximum cost per job, send nothing; --format json prints the request.",
        ),
    ] = False
