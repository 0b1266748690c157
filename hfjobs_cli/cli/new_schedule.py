"""The options that describe a new schedule, besides those of its jobs."""

from typing import Annotated, ClassVar

import typer

from hfjobs_cli.cli.new_job import JobOptions
from hfjobs_cli.values import value


@value
class ScheduledJobOptions(JobOptions):
    """What the jobs of a schedule are to be. The Hub gives them neither SSH nor a network."""

    ssh: bool = False
    network_group: str | None = None
    network_alias: list[str] | None = None


@value
class Terms:
    """How a schedule goes about it, and what is done with its description."""

    is_of_job: ClassVar[bool] = True

    suspend: Annotated[
        bool | None,
        typer.Option(
            "--suspend/--no-suspend", help="Make it, but run nothing until it is resumed.", show_default=False
        ),
    ] = None
    concurrency: Annotated[
        bool | None,
        typer.Option(
            "--concurrency/--no-concurrency",
            help="Run a job though the one before is still running; without it that one is left out.",
            show_default=False,
        ),
    ] = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Print what would be sent, and what each job may cost; with --format json the request's body.",
        ),
    ] = False
