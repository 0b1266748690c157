"""Options of `run`, `uv run` and others that describe a new job."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, TypeVar

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.binding import of_job, of_script
from hfjobs_cli.cli.help_layout import Section
from hfjobs_cli.errors import UsageError
from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.new_job import PROPERTIES, RawOptions, RawUvOptions
from hfjobs_cli.jobspec.property_declaration import MAX_INTEGER, Option, Row

T = TypeVar("T")

_PAIR = r"[A-Za-z_]\w*=.*"
_NAME = r"[A-Z_][A-Z0-9_]+(=.*)?"
_MOUNT = r"(hf://)?[^:/\s][^:]+:/[^/].*"
"""Values that are unambiguous, even among the arguments of a script."""

_COMPLETERS = {"flavor": completion.complete_flavor}
"""Completers of properties whose values are listed by the Hub."""


def _declaring(hints: dict[str, Any]) -> Callable[[type[T]], type[T]]:
    """Return a decorator that adds annotations to a class: options, or plain types that remove options of its base."""

    def declare(cls: type[T]) -> type[T]:
        cls.__annotations__ = {**cls.__annotations__, **hints}
        return cls

    return declare


def _hint(row: Row, option: Option) -> Any:
    """Return the annotation of the option of a property: its type, help, bounds and completion."""
    about, words = row.about, " or ".join(", ".join(row.about.words).rsplit(", ", 1))
    completer: Any = _COMPLETERS.get(row.name)
    if about.words:
        completer = completion.from_list(about.words)
    elif option.completes_from:
        completer = completion.complete_seen("job", option.completes_from)
    made = typer.Option(
        option.flag,
        metavar=option.metavar,
        min=about.least if row.is_number else None,
        max=about.most if row.is_number and about.most < MAX_INTEGER else None,
        help=option.help or f"{row.what[0].upper()}{row.what[1:]}: {words}.",
        autocompletion=completer,
        rich_help_panel=option.section,
    )
    return Annotated[row.raw_type, of_job(made, only_here=option.only_here, certain="|".join(about.words))]


@value
@_declaring({row.parameter: _hint(row, row.about.option) for row in PROPERTIES if row.about.option is not None})
class JobOptions(RawOptions):
    """Options of a new job: those of its properties (`jobspec/new_job.py`), and these."""

    section: ClassVar[str] = Section.JOB

    is_of_job: ClassVar[bool] = True

    any_flavor: Annotated[
        bool,
        of_job(
            typer.Option(
                "--any-flavor", help="Accept a --flavor that the Hub does not list.", rich_help_panel=Section.HARDWARE
            ),
            only_here=True,
        ),
    ] = False
    max_cost: Annotated[
        float | None,
        of_job(
            typer.Option(
                "--max-cost",
                metavar="USD",
                min=0,
                help="Set the timeout so that the job costs at most this many dollars.",
                rich_help_panel=Section.HARDWARE,
            ),
            only_here=True,
        ),
    ] = None
    name: Annotated[
        str | None,
        of_script(
            typer.Option(
                "--name",
                metavar="NAME",
                help="Name of the job; default: image or script, and a hash.",
                autocompletion=completion.complete_seen("job", "name"),
            )
        ),
    ] = None
    no_name: Annotated[bool, of_job(typer.Option("--no-name", help="Do not set a name."), only_here=True)] = False
    label: Annotated[
        list[str] | None,
        of_job(
            typer.Option(
                "--label",
                "-l",
                metavar="KEY=VALUE",
                help="A label; may be repeated.",
                autocompletion=completion.complete_seen("job", "labels"),
            ),
            certain=_PAIR,
        ),
    ] = None
    env: Annotated[
        list[str] | None,
        of_job(
            typer.Option(
                "--env",
                "-e",
                metavar="KEY[=VALUE]",
                help="An environment variable; KEY alone takes the local value; may be repeated.",
                autocompletion=completion.complete_seen("job", "environment"),
            ),
            certain=_PAIR,
        ),
    ] = None
    env_file: Annotated[
        str | None,
        typer.Option(
            "--env-file",
            metavar="FILE",
            help="Variables from a dotenv file; - reads stdin.",
            autocompletion=completion.complete_file,
        ),
    ] = None
    secrets: Annotated[
        list[str] | None,
        of_job(
            typer.Option(
                "--secrets",
                "-s",
                metavar="KEY[=VALUE]",
                help="A secret; KEY alone takes the local value, and HF_TOKEN the token you are logged in with; may be "
                "repeated.",
                autocompletion=completion.complete_seen("job", "secrets"),
            ),
            certain=_NAME,
        ),
    ] = None
    secrets_file: Annotated[
        str | None,
        typer.Option(
            "--secrets-file",
            metavar="FILE",
            help="Secrets from a dotenv file; - reads stdin.",
            autocompletion=completion.complete_file,
        ),
    ] = None
    volume: Annotated[
        list[str] | None,
        of_job(
            typer.Option(
                "--volume",
                "-v",
                metavar="SOURCE:/PATH[:ro|:rw]",
                help="Mount hf://[models/|datasets/|spaces/|buckets/]OWNER/NAME[@REVISION][/DIR], or a local "
                "directory, which is copied into a bucket first; may be repeated.",
                autocompletion=completion.complete_volume,
            ),
            certain=_MOUNT,
        ),
    ] = None


@value
@_declaring({row.parameter: row.raw_type for row in PROPERTIES if not row.about.in_schedules})
class ScheduledJobOptions(JobOptions):
    """Options of the jobs of a schedule. The Hub gives them neither SSH nor a network."""


@value
class UvOptions(RawUvOptions):
    """Options of a script that uv runs."""

    section: ClassVar[str] = Section.SCRIPT

    is_of_job: ClassVar[bool] = True

    image: Annotated[
        str | None,
        typer.Option(
            "--image",
            metavar="IMAGE",
            help="An image that has uv; default: uv's own with Python 3.12.",
            autocompletion=completion.complete_seen("job", "image"),
        ),
    ] = None
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="PACKAGE", help="Install a package for the script; may be repeated."),
    ] = None
    python: Annotated[
        str | None, typer.Option("--python", "-p", metavar="VERSION", help="Python version to run it with.")
    ] = None
    bucket: Annotated[
        bool,
        of_script(
            typer.Option(
                "--bucket",
                help="Upload local files of any size to the bucket NAMESPACE/jobs-artifacts, mounted at /data.",
            )
        ),
    ] = False
    trust_script: Annotated[
        bool,
        typer.Option(
            "--trust-script",
            help="Give a script from a URL the secrets, namespace, network and volumes that it asks for.",
        ),
    ] = False


@value
class Following:
    """Options for what happens after the job is created: follow, detach, dry run."""

    is_of_job: ClassVar[bool] = True

    detach: Annotated[bool, typer.Option("--detach", "-d", help="Print the id and URL, and do not follow.")] = False
    cancel_on_interrupt: Annotated[
        bool,
        of_job(
            typer.Option("--cancel-on-interrupt", help="Cancel the job on Ctrl-C, instead of leaving it running."),
            only_here=True,
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Show the job and its maximum cost, send nothing; --format json prints the request."
        ),
    ] = False


@value
class Sweeping:
    """Options of a sweep: a job for each combination of values."""

    section: ClassVar[str] = Section.SWEEP

    each: Annotated[
        list[str] | None,
        of_job(
            typer.Option(
                "--each",
                metavar="KEY=A,B",
                help="Run a job for each value; {KEY} stands for it. KEY=0..9 counts; several make a grid "
                "('hfjobs help sweeps').",
            ),
            only_here=True,
            certain=_PAIR,
        ),
    ] = None
    each_from: Annotated[
        str | None,
        of_script(
            typer.Option(
                "--each-from",
                metavar="FILE",
                help="Run a job for each row of a CSV, JSON or JSONL file; - reads stdin.",
                autocompletion=completion.complete_file,
            )
        ),
    ] = None
    sweep: Annotated[
        str | None,
        of_script(
            typer.Option("--sweep", metavar="NAME", help="Name of the sweep; stored as the label 'sweep' of its jobs."),
        ),
    ] = None
    parallel: Annotated[
        int | None,
        of_script(
            typer.Option(
                "--parallel", metavar="N", min=1, help="Run at most N of the jobs at once; start the next as one ends."
            )
        ),
    ] = None
    retry_failed: Annotated[
        bool, of_script(typer.Option("--retry-failed", help="Run the items again whose last job failed."))
    ] = False
    yes: Annotated[bool, of_script(typer.Option("--yes", "-y", help="Create several jobs without asking."))] = False

    def is_sweep(self) -> bool:
        """Return whether several jobs are requested. Raises UsageError for options that require a sweep."""
        if self.each or self.each_from is not None:
            return True
        for option, given in (
            ("--sweep", self.sweep is not None),
            ("--parallel", self.parallel is not None),
            ("--retry-failed", self.retry_failed),
        ):
            if given:
                raise UsageError(f"{option} requires --each", hint=f"add --each KEY=A,B,C, or remove {option}")
        return False


OtherImage = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="IMAGE",
        help="Another image, or a Space as hf.co/spaces/OWNER/NAME.",
        autocompletion=completion.complete_seen("job", "image"),
    ),
]
OtherScript = Annotated[
    str | None,
    typer.Option(
        "--script",
        metavar="FILE",
        help="An edited script; replaces the local file of that name, or the only one.",
        autocompletion=completion.complete_file,
    ),
]
UnsetEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--unset-env",
        metavar="KEY",
        help="A variable to remove; may be repeated.",
        autocompletion=completion.complete_seen_keys("job", "environment"),
    ),
]
DropSecrets = Annotated[bool, typer.Option("--drop-secrets", help="Drop the secrets that are not given again with -s.")]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Follow the new jobs until they finish; their outcome is the exit code.")
]
Detach = Annotated[
    bool,
    typer.Option("--detach", "-d", help="Print ids and URLs, and do not follow; only rerun follows without --follow."),
]
CancelOnInterrupt = Annotated[bool, typer.Option("--cancel-on-interrupt", help="Cancel the followed jobs on Ctrl-C.")]
Image = Annotated[
    str | None,
    typer.Argument(
        metavar="IMAGE",
        help="A Docker image, or a Space as hf.co/spaces/OWNER/NAME.",
        autocompletion=completion.complete_seen("job", "image"),
        show_default=False,
    ),
]
CommandWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="COMMAND...", help="Command to run, with its own options.", show_default=False),
]
DefaultCommand = Annotated[
    bool,
    of_job(typer.Option("--default-command", help="Run the default command of the image; no COMMAND."), only_here=True),
]
_SCRIPT = typer.Argument(
    metavar="SCRIPT",
    help="A Python file, a URL, or a command that a package provides.",
    autocompletion=completion.complete_file,
    show_default=False,
)
Script = Annotated[str, _SCRIPT]
OptionalScript = Annotated[str | None, _SCRIPT]
"""The same after WHEN: with one word only, typer would report SCRIPT as missing, even if that word is SCRIPT."""
ScriptWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ARGS]...",
        help="Arguments of the script; local files are sent with it.",
        autocompletion=completion.complete_file,
        show_default=False,
    ),
]
ArgumentCount = Annotated[
    int,
    typer.Option(
        "--arguments", metavar="N", min=0, show_default=False, help="Send the last N words as arguments of the command."
    ),
]
Spec = Annotated[
    str | None,
    typer.Option(
        "--spec",
        metavar="FILE",
        help="Start from what --dry-run --format json printed; - reads stdin.",
        autocompletion=completion.complete_file,
    ),
]
