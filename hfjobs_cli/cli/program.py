"""The name of the program: `hfjobs`, or `hf hfjobs` where it is an extension of the official client."""

import re
from pathlib import PurePath

from hfjobs_cli.cli.registry import COMMANDS

PROGRAM = "hfjobs"
EXTENSION = "hf hfjobs"

SCRIPT = "hf-hfjobs"
"""The console script that the official client runs for `hf hfjobs`."""

_WORDS = "|".join(name for each in COMMANDS for name in (each.name, *each.aliases))
_COMMAND = re.compile(rf"(?<![\w./-])(?<!hf ){PROGRAM}(?= (?:-|COMMAND\b|\[OPTIONS\]|(?:{_WORDS})\b))")
"""The program where it is called: before a command or an option."""


def program_of(called: str) -> str:
    """Return the name of the program from what it was called as: `sys.argv[0]`."""
    return EXTENSION if PurePath(called).stem == SCRIPT else PROGRAM


def renamed(text: str, program: str) -> str:
    """Return text in which commands of this program begin with the name that it was called by."""
    return text if program == PROGRAM else _COMMAND.sub(program, text)
