"""Options and arguments of single commands: logs, wait, stats, tree, report, help, emulator."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.options import JOB_NAMES, Filters, LongFilter, Selection
from hfjobs_cli.cli.registry import TOPICS
from hfjobs_cli.models.vocabulary import GROUPED_BY
from hfjobs_cli.values import value

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on until the jobs have ended.")]
LogTail = Annotated[
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


Root = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="A job, named as in 'hfjobs help references', or scheduled-job:ID-OR-NAME, or webhook:ID. Without it the "
        "trees of the jobs that the filters choose are shown.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
Depth = Annotated[
    int | None, typer.Option("--depth", metavar="N", min=0, help="No more than N generations away from the job.")
]
Up = Annotated[bool, typer.Option("--up", help="What the job came from.")]
Down = Annotated[bool, typer.Option("--down", help="What came of the job.")]
AllNamespaces = Annotated[
    bool,
    typer.Option("--all-namespaces", "-A", help="Look for relatives in the namespaces of all your organisations, too."),
]
FirstJob = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        help="A job, named as in 'hfjobs help references'.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
OtherJob = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="Another one, unless an option says which.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
WithSource = Annotated[bool, typer.Option("--with-source", help="Compare with the job that it was duplicated from.")]
WithLastGood = Annotated[
    bool,
    typer.Option("--with-last-good", help="Compare with the newest job of the same name before it that was completed."),
]
WantsExitCode = Annotated[
    bool, typer.Option("--exit-code", help="End with 1 if they were launched differently, or ended differently.")
]
Tail = Annotated[
    int, typer.Option("--tail", "-n", metavar="N", min=0, max=1000, help="Show the last N lines that it wrote.")
]


@value
class Counted(Selection):
    """Which jobs: the filters of what counts them."""

    all_: Annotated[bool, typer.Option("--all", "-a", help="Jobs in every status, as by default.")] = False
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs; 0 = all.")] = 0


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


Topic = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TOPIC|COMMAND]",
        help=f"One of {', '.join(TOPICS)}, or a command.",
        autocompletion=completion.complete_topic,
        show_default=False,
    ),
]


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
