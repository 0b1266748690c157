"""Options of the commands about what jobs have to do with one another."""

from typing import Annotated

import typer

from hfjobs_cli.cli import completion

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
