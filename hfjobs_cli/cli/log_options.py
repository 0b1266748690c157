"""Options and arguments about what jobs write."""

from typing import Annotated

import typer

from hfjobs_cli.cli.options import Filters, LongFilter
from hfjobs_cli.values import value

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the jobs have ended.")]
Tail = Annotated[
    int | None,
    typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last N lines of each job, and what follows."),
]
MaxLogRequests = Annotated[
    int | None,
    typer.Option("--max-log-requests", metavar="N", min=1, help="With -f, follow up to N jobs at once, 20 by default."),
]
LinesSince = Annotated[
    str | None,
    typer.Option(
        "--since",
        metavar="TIME",
        help="Only lines written at or after TIME: 30m or 2h ago, yesterday, 2026-05-11 (UTC).",
    ),
]
Timestamps = Annotated[bool, typer.Option("--timestamps", "-t", help="Show when each line was written.")]
ExitStatus = Annotated[
    bool,
    typer.Option(
        "--exit-status", help="End with 10 if a job failed, 11 if one was canceled or deleted, and 0 if none."
    ),
]


@value
class WritingJobs(Filters):
    """Which jobs, where `--since` is about lines."""

    filter_: LongFilter = None
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs; 0 = all.")] = 0
