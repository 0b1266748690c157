"""What can be explained."""

from typing import Annotated

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.registry import TOPICS

Topic = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TOPIC|COMMAND]",
        help=f"One of {', '.join(TOPICS)}, or a command.",
        autocompletion=completion.complete_topic,
        show_default=False,
    ),
]
