"""Options and arguments of single commands: logs, wait, stats, tree, report, help, emulator."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.binding import showing
from hfjobs_cli.cli.options import JOB_NAMES, Filters, LongFilter, Selection
from hfjobs_cli.cli.registry import TOPICS
from hfjobs_cli.cli.shells import complete_shell
from hfjobs_cli.errors import empty_option
from hfjobs_cli.immutable_class import value
from hfjobs_cli.models.vocabulary import GROUPED_BY

Follow = Annotated[bool, typer.Option("--follow", "-f", help="Follow until the jobs finish.")]
LogTail = Annotated[
    int | None,
    typer.Option("--tail", "-n", metavar="N", min=0, help="Only the last N lines of each job, and new ones with -f."),
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
        help="Only lines logged at or after TIME: 30m or 2h ago, yesterday, 2026-05-11 (UTC).",
    ),
]
Timestamps = Annotated[bool, typer.Option("--timestamps", "-t", help="Show the time of each line.")]
ExitStatus = Annotated[
    bool,
    typer.Option("--exit-status", help="Exit with 10 if a job failed, 11 if one was canceled or deleted, else 0."),
]


@value
class LoggedJobs(Filters):
    """Which jobs, for logs: `--since` is about lines there."""

    filter_: LongFilter = None
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs; 0 = all.")] = 0


WaitTimeout = Annotated[
    str | None,
    typer.Option(
        "--timeout",
        metavar="TIME",
        help="Stop waiting after TIME, with exit code 12: 90s, 30m, 1h30m, 1d. 0 checks once.",
    ),
]
AnyOfThem = Annotated[bool, typer.Option("--any", help="Wait until one of the jobs finishes.")]
FollowUsage = Annotated[
    bool,
    typer.Option(
        "--follow",
        "-f",
        help="Follow until the jobs finish: updates a table on a terminal, writes a line per second and job to a pipe.",
    ),
]
SampleFor = Annotated[
    str | None,
    showing(
        "usage_summary",
        typer.Option(
            "--for",
            metavar="TIME",
            help="Sample usage for TIME (60s, 5m), then show means and maxima; Ctrl-C shows them early.",
        ),
    ),
]
RemoteCommand = Annotated[
    list[str] | None,
    typer.Argument(metavar="[-- COMMAND...]", help="Command to run there, instead of a shell.", show_default=False),
]
IdentityFile = Annotated[
    Path | None,
    typer.Option("--identity-file", "-i", metavar="FILE", help="Private key, for ssh -i.", dir_okay=False),
]


Root = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="A job (see 'hfjobs help references'), scheduled-job:ID-OR-NAME or webhook:ID. Without it, the "
        "trees of the jobs that the filters select are shown.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
Depth = Annotated[
    int | None, typer.Option("--depth", metavar="N", min=0, help="At most N generations up and down from the job.")
]
Up = Annotated[bool, typer.Option("--up", help="Only the parents of the job.")]
Down = Annotated[bool, typer.Option("--down", help="Only the children of the job.")]
AllNamespaces = Annotated[
    bool,
    typer.Option("--all-namespaces", "-A", help="Also search the namespaces of all your organizations."),
]
FirstJob = Annotated[
    str,
    typer.Argument(
        metavar="JOB",
        help="A job (see 'hfjobs help references').",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
DescribedJobs = Annotated[
    list[str],
    typer.Argument(
        metavar="JOB...",
        help=f"{JOB_NAMES}; or schedules, as scheduled-job:ID; - reads jobs from stdin.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
PrintsUrl = Annotated[bool, typer.Option("--print", help="Print the URL instead of opening it.")]
OtherJob = Annotated[
    str | None,
    typer.Argument(
        metavar="[JOB]",
        help="The other job, unless an option finds it.",
        autocompletion=completion.complete_jobs,
        show_default=False,
    ),
]
WithSource = Annotated[bool, typer.Option("--with-source", help="Compare with the job it was duplicated from.")]
WithLastGood = Annotated[
    bool,
    typer.Option("--with-last-good", help="Compare with the last completed job of the same name before it."),
]
WantsExitCode = Annotated[bool, typer.Option("--exit-code", help="Exit with 1 if launch or outcome differ.")]
Tail = Annotated[int, typer.Option("--tail", "-n", metavar="N", min=0, max=1000, help="Show the last N log lines.")]


@value
class ReportedJobs(Selection):
    """Which jobs, for reports: all unless filters choose."""

    all_: Annotated[bool, typer.Option("--all", "-a", help="Jobs in every status (the default).")] = False
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=0, help="The newest N matching jobs; 0 = all.")] = 0


By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        metavar="FIELDS",
        help=f"Fields to group by: {', '.join(GROUPED_BY)}, or another column of 'ps'; separate several with commas.",
        autocompletion=completion.complete_by,
    ),
]


Top = Annotated[
    int | None,
    typer.Option(
        "--top",
        metavar="N",
        min=0,
        help="Only the first N groups by --sort, or else those with the most jobs; the others are summed up in one "
        "row. 0 sums up all.",
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

Skill = Annotated[bool, typer.Option("--skill", help="Print the topic 'agents' as a SKILL.md, with front matter.")]


Shell = Annotated[
    str | None,
    typer.Argument(
        metavar="[SHELL]",
        help="bash, zsh, fish, powershell or pwsh; default: the current shell.",
        autocompletion=complete_shell,
        show_default=False,
    ),
]


EmulatorAction = Annotated[
    Literal["reset", "fire"] | None,
    typer.Argument(
        metavar="[reset|fire]",
        help="'reset' kills and deletes all jobs; 'fire' fires webhooks, which start jobs.",
        show_default=False,
    ),
]
FiredJobs = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[JOB|WEBHOOK...]",
        help=f"For 'fire': {JOB_NAMES}; webhook:ID; - reads jobs from stdin.",
        show_default=False,
    ),
]
FiredRepo = Annotated[
    str | None,
    typer.Option(
        "--repo",
        metavar="TYPE:OWNER/NAME",
        help="For 'fire': the repository that changed; default: one that the webhook watches.",
    ),
]
Port = Annotated[
    int, typer.Option("--port", metavar="PORT", min=0, max=65535, help="Port to listen on; 0 = any free port.")
]


def directory(text: str) -> Path:
    """Return the directory of `--state-dir`. Its name makes shells complete directories. Raises UsageError."""
    if not text:
        raise empty_option("--state-dir")  # Path("") is the current directory
    return Path(text)


StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", metavar="DIR", help="Directory for jobs; default: that of --demo.", parser=directory),
]
Empty = Annotated[bool, typer.Option("--empty", help="Start without the sample jobs of --demo.")]
MaxRunning = Annotated[
    int, typer.Option("--max-running", metavar="N", min=1, help="How many jobs run at once; the others wait.")
]
EmulatorToken = Annotated[
    str | None,
    typer.Option(
        "--token",
        metavar="TOKEN",
        help="Access token; other users can see it in the process list. Default: a new one at each start.",
    ),
]
EmulatorTokenFile = Annotated[
    str | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help="File with the access token; - reads stdin. Also: the variable HFJOBS_EMULATOR_TOKEN.",
        autocompletion=completion.complete_file,
    ),
]
