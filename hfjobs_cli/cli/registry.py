"""The lists of commands (modules in `commands`), kinds of records (in `models`) and help topics (pages in `help`).

Also what the program is called: `hfjobs`, or `hf hfjobs` where it is an extension of the official client.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hfjobs_cli.models.kind import Kind


class Command(NamedTuple):
    """A command or a group of commands: its name, and the first line of its help.

    Its function has its name, in the module of its name below `commands`, or in `actions` if it `is_action`; commands
    of a group are in the folder of that name. `function` names another place, as `run.uv_run`. With `asks_hub` it has
    the options of the connection. `optional` are options whose value may be left out, with that value.

    With `runs_words` the last arguments are another command, which ends the options, except for those of the job
    (`cli/trailing_options.py`). There the last of repeated options counts, as scripts expect that put their options
    before those of their callers. With `takes_words` another command follows a `--`.

    `elsewhere` are its names in docker, kubectl or gh. They do not work, but a hint names the command.
    """

    name: str
    summary: str = ""
    aliases: tuple[str, ...] = ()
    commands: tuple[Command, ...] = ()
    asks_hub: bool = True
    optional: tuple[tuple[str, str], ...] = ()
    runs_words: bool = False
    takes_words: bool = False
    elsewhere: tuple[str, ...] = ()
    is_action: bool = False
    function: str = ""


COMMANDS = (
    Command(
        "ps",
        "List jobs, newest first (also: ls, list).",
        ("ls", "list"),
        optional=(("--watch", "2"),),
        elsewhere=("get", "squeue", "sacct", "queue"),
    ),
    Command("inspect", "Show all details of jobs, as a JSON array.", elsewhere=("show", "view", "info", "status")),
    Command(
        "run",
        "Run a command in an image, as a new job.",
        runs_words=True,
        elsewhere=("create", "start", "submit", "sbatch", "srun"),
    ),
    Command(
        "duplicate",
        "Run jobs again, as new jobs (also: rerun).",
        ("rerun",),
        takes_words=True,
        elsewhere=("restart", "retry", "clone"),
    ),
    Command("logs", "Show or follow job logs.", elsewhere=("attach", "tail")),
    Command("wait", "Wait for jobs to finish and report how they ended."),
    Command(
        "cancel",
        "Cancel jobs.",
        elsewhere=("stop", "kill", "delete", "rm", "remove", "terminate", "abort", "scancel"),
        is_action=True,
    ),
    Command("labels", "Change the labels and the name of jobs.", elsewhere=("edit", "rename", "tag"), is_action=True),
    Command("expose", "Change the exposed ports of a running job.", elsewhere=("port", "port-forward"), is_action=True),
    Command("ssh", "Open a shell in a running job.", elsewhere=("exec", "shell")),
    Command(
        "stats", "Show resource usage of running jobs: CPU, memory, network, GPUs.", elsewhere=("metrics", "usage")
    ),
    Command("top", "Monitor running jobs: usage, cost and last log line."),
    Command("describe", "Show a one-page summary of jobs and schedules."),
    Command("open", "Open the page of a job in a browser.", elsewhere=("browse", "web")),
    Command("tree", "Show the parents and children of jobs as a tree."),
    Command("diff", "Show what differs between two jobs."),
    Command("report", "Count jobs in groups, with their costs.", elsewhere=("cost", "costs")),
    Command(
        "hardware",
        "List hardware flavors and prices.",
        elsewhere=("flavors", "prices", "pricing", "sinfo", "gpus"),
    ),
    Command("emulator", "Serve a Jobs API on this machine, for testing.", asks_hub=False),
    Command("completion", "Print the completion script for a shell.", asks_hub=False),
    Command("help", "Explain a topic or a command.", asks_hub=False),
    Command(
        "uv",
        "Run Python scripts as new jobs.",
        commands=(Command("run", "Run a script with uv.", runs_words=True, function="run.uv_run"),),
    ),
    Command(
        "scheduled",
        "Run jobs on schedules.",
        commands=(
            Command(
                "run",
                "Run a command in an image, on a schedule.",
                runs_words=True,
                elsewhere=("create",),
            ),
            Command(
                "uv",
                "Run Python scripts on schedules.",
                commands=(
                    Command(
                        "run", "Run a script with uv, on a schedule.", runs_words=True, function="scheduled.run.uv_run"
                    ),
                ),
            ),
            Command("ps", "List schedules (also: ls, list).", ("ls", "list"), elsewhere=("get",)),
            Command(
                "inspect",
                "Show all details of schedules, as a JSON array.",
                elsewhere=("describe", "show", "view", "info", "status"),
            ),
            Command(
                "suspend",
                "Suspend schedules until they are resumed.",
                elsewhere=("disable", "pause", "stop"),
                is_action=True,
            ),
            Command("resume", "Resume suspended schedules.", elsewhere=("enable", "unpause"), is_action=True),
            Command("trigger", "Run jobs of schedules now.", elsewhere=("fire", "start"), is_action=True),
            Command("reschedule", "Change when schedules run.", elsewhere=("edit", "update"), is_action=True),
            Command(
                "labels", "Change the labels and the name of schedules.", elsewhere=("rename", "tag"), is_action=True
            ),
            Command("delete", "Delete schedules.", elsewhere=("cancel", "kill", "rm", "remove"), is_action=True),
            Command("export", "Print schedules as a TOML file.", elsewhere=("dump",)),
            Command("apply", "Create and change schedules as files declare them.", elsewhere=("sync", "deploy")),
        ),
    ),
)
"""Every command."""


def path_of(words: Sequence[str]) -> tuple[Command, ...] | None:
    """Return the command that words name, aliases too, after the groups that it is in; None if there is none."""
    found: list[Command] = []
    commands: Sequence[Command] = COMMANDS
    for word in words:
        command = next((each for each in commands if word in (each.name, *each.aliases)), None)
        if command is None:
            return None
        found.append(command)
        commands = command.commands
    return tuple(found) or None


def load(path: Sequence[Command]) -> Callable[..., int]:
    """Return the function of a command, whose module is loaded; it comes after the groups that it is in."""
    *groups, command = path
    home = "actions" if command.is_action else command.name
    place = command.function or ".".join((*(each.name for each in groups), home, command.name))
    module, _, name = place.rpartition(".")
    function: Callable[..., int] = getattr(import_module(f"hfjobs_cli.commands.{module}"), name)
    return function


KINDS = {
    "description": "describe_result.KIND",
    "difference": "changes.DIFFERENCE",
    "group": "group.KIND",
    "hardware": "hardware.KIND",
    "job": "job.KIND",
    "label_change": "changes.LABEL_CHANGE",
    "log_line": "log_line.LOG_LINE",
    "relative": "tree_node.KIND",
    "schedule": "schedule.KIND",
    "schedule_change": "changes.SCHEDULE_CHANGE",
    "usage": "usage.KIND",
    "usage_summary": "usage.SUMMARY_KIND",
}
"""Every kind of record, and where it is in `models`."""


def kind_of(name: str) -> Kind:
    """Return a kind of record, whose module is loaded. Raises LookupError for an unknown name."""
    module, attribute = KINDS[name].split(".")
    kind: Kind = getattr(import_module(f"hfjobs_cli.models.{module}"), attribute)
    return kind


SCREEN = {
    "Run jobs": {
        "run": "Run a command in an image",
        "uv run": "Run a Python script",
        "duplicate": "Run jobs again",
        "scheduled": "Run jobs on schedules",
    },
    "Manage jobs": {
        "ps": "List jobs, newest first",
        "wait": "Wait for jobs to finish",
        "cancel": "Cancel jobs",
        "labels": "Change labels and names",
        "expose": "Change exposed ports",
        "ssh": "Open a shell in a job",
    },
    "Look into jobs": {
        "describe": "Show a one-page summary",
        "logs": "Show or follow logs",
        "inspect": "Show all details as JSON",
        "open": "Open pages in a browser",
        "stats": "Show CPU, memory, GPU use",
        "top": "Monitor running jobs",
        "tree": "Show parents and children",
        "diff": "Compare two jobs",
        "report": "Count jobs, sum up costs",
    },
    "Other": {
        "hardware": "List flavors and prices",
        "emulator": "Serve an API for tests",
        "completion": "Complete words with TAB",
        "help": "Explain topics, commands",
    },
}
"""What `hfjobs --help` shows: commands in groups, each with at most 26 characters, as two of them stand on a line."""

TOPICS = {
    "formatting": "formats, columns, and output for programs",
    "templates": "Go templates for --format",
    "filters": "filtering and sorting lists of jobs",
    "references": "how to refer to a job",
    "new-jobs": "running commands and scripts, and rerunning jobs",
    "sweeps": "running a job for each of many values",
    "schedules": "schedules, and how to keep them in a file",
    "exit-codes": "what each exit code means",
    "environment": "settings, and how the token is found",
    "costs": "what jobs cost, and how costs are computed",
    "provenance": "parents and children of jobs, and what changed",
    "emulator": "a Jobs API on this machine",
    "agents": "a guide for programs that call hfjobs",
    "schema": "the JSON Schema of what --format json prints",
}
"""What `hfjobs help` explains: pages of Markdown in `hfjobs_cli/help`, and schemas, which are made."""

COMPLETE = "_HFJOBS_COMPLETE"
"""The environment variable by which a shell asks: `source_bash` for the script, `complete_bash` at a TAB."""

SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
"""The shells that have a completion script."""

ANY_FILE = "\0file"
"""The end of the only completion that is offered for a file; shells complete files themselves."""


PROGRAM = "hfjobs"
EXTENSION = "hf hfjobs"

SCRIPT = "hf-hfjobs"
"""The console script that the official client runs for `hf hfjobs`."""

_WORDS = "|".join(name for each in COMMANDS for name in (each.name, *each.aliases))
_COMMAND = rf"(?<![\w./-])(?<!hf ){PROGRAM}(?= (?:-|COMMAND\b|\[OPTIONS\]|(?:{_WORDS})\b))"
"""The program where it is called: before a command or an option."""


def program_of(called: str) -> str:
    """Return the name of the program from what it was called as: `sys.argv[0]`."""
    return EXTENSION if PurePath(called).stem == SCRIPT else PROGRAM


def renamed(text: str, program: str) -> str:
    """Return text with the commands of this program under the name that it was called by."""
    return text if program == PROGRAM else re.sub(_COMMAND, program, text)
