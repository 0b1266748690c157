"""Options and arguments of the commands that change jobs."""

from typing import Annotated

import typer

from hfjobs_cli.cli import completion

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
        help="The name, which is the label 'name'.",
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
ReplaceLabels = Annotated[bool, typer.Option("--replace", help="Drop all labels that are not given.")]
ClearLabels = Annotated[bool, typer.Option("--clear", help="Remove all labels, the name too.")]
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
