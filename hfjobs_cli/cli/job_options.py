"""Options of `run`, `uv run` and others that describe a new job."""

from typing import Annotated, ClassVar

import typer

from hfjobs_cli.cli import completion
from hfjobs_cli.cli.trailing_options import of_job, of_script
from hfjobs_cli.jobspec.typed import Typed, UvTyped
from hfjobs_cli.values import value

_PAIR = r"[A-Za-z_]\w*=.*"
_NAME = r"[A-Z_][A-Z0-9_]+(=.*)?"
_MOUNT = r"(hf://)?[^:/\s][^:]+:/[^/].*"
_ARCH = "amd64|arm64"
"""Values that can mean nothing else, even among the arguments of a script."""


@value
class JobOptions(Typed):
    """What a new job is to be, besides what it runs."""

    is_of_job: ClassVar[bool] = True

    flavor: Annotated[
        str | None,
        typer.Option(
            "--flavor",
            metavar="NAME",
            help="Hardware, cpu-basic by default; 'hfjobs hardware' lists it.",
            autocompletion=completion.complete_flavor,
        ),
    ] = None
    any_flavor: Annotated[
        bool,
        of_job(
            typer.Option("--any-flavor", help="Take --flavor as it is, also if the Hub does not list it."),
            only_here=True,
        ),
    ] = False
    timeout: Annotated[
        str | None,
        typer.Option(
            "--timeout", metavar="TIME", help="How long it may run: 90s, 30m, 1.5h, 1h30m, 2d, 1w; 30m by default."
        ),
    ] = None
    max_cost: Annotated[
        float | None,
        of_job(
            typer.Option(
                "--max-cost",
                metavar="USD",
                min=0,
                help="Set the timeout so that it costs no more than this many dollars.",
            ),
            only_here=True,
        ),
    ] = None
    attempts: Annotated[
        int | None, typer.Option("--attempts", metavar="N", min=1, help="Run it up to N times until it succeeds.")
    ] = None
    name: Annotated[
        str | None,
        of_script(
            typer.Option(
                "--name",
                metavar="NAME",
                help="Its name; default: image or script, and a fingerprint.",
                autocompletion=completion.complete_seen("job", "name"),
            )
        ),
    ] = None
    no_name: Annotated[bool, of_job(typer.Option("--no-name", help="Give it no name."), only_here=True)] = False
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
                help="A variable, its value taken as it is, or from the environment here; may be repeated.",
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
                help="A secret variable, best by its name alone; HF_TOKEN is the token you are logged in with; may be "
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
                help="Mount hf://[models/|datasets/|spaces/|buckets/]OWNER/NAME[@REVISION][/DIR], or a directory here, "
                "which is copied into a bucket first; may be repeated.",
                autocompletion=completion.complete_volume,
            ),
            certain=_MOUNT,
        ),
    ] = None
    expose: Annotated[
        list[int] | None,
        typer.Option(
            "--expose", metavar="PORT", min=1, max=65535, help="Make a port reachable with a token; may be repeated."
        ),
    ] = None
    expose_public: Annotated[
        list[int] | None,
        typer.Option(
            "--expose-public",
            metavar="PORT",
            min=1,
            max=65535,
            help="Make a port reachable by anyone; may be repeated.",
        ),
    ] = None
    ssh: Annotated[bool, typer.Option("--ssh", help="Let you in by SSH.")] = False
    network_group: Annotated[
        str | None,
        typer.Option(
            "--network-group",
            metavar="NAME",
            help="Put it where it reaches the other jobs of this group.",
            autocompletion=completion.complete_seen("job", "network.group"),
        ),
    ] = None
    network_alias: Annotated[
        list[str] | None,
        typer.Option("--network-alias", metavar="NAME", help="What it is called in that group; may be repeated."),
    ] = None
    resource_group_id: Annotated[
        str | None,
        typer.Option(
            "--resource-group-id",
            metavar="ID",
            help="The resource group to bill.",
            autocompletion=completion.complete_seen("job", "resource_group_id"),
        ),
    ] = None
    arch: Annotated[
        str | None,
        of_job(
            typer.Option(
                "--arch",
                metavar="ARCH",
                help="Kind of processor: amd64 or arm64.",
                autocompletion=completion.complete_arch,
            ),
            only_here=True,
            certain=_ARCH,
        ),
    ] = None


@value
class UvOptions(UvTyped):
    """How uv runs a script."""

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
        typer.Option("--with", metavar="PACKAGE", help="Install a package for it; may be repeated."),
    ] = None
    python: Annotated[
        str | None, typer.Option("--python", "-p", metavar="VERSION", help="The Python to run it with.")
    ] = None
    bucket: Annotated[
        bool,
        of_script(
            typer.Option(
                "--bucket",
                help="Take local files to the bucket NAMESPACE/jobs-artifacts, mounted at /data, however large.",
            )
        ),
    ] = False
    trust_script: Annotated[
        bool,
        typer.Option(
            "--trust-script",
            help="Give a script from an address the secrets, namespace, network and volumes that it asks for.",
        ),
    ] = False


@value
class Following:
    """What is done once the job has been created, or instead."""

    is_of_job: ClassVar[bool] = True

    detach: Annotated[bool, typer.Option("--detach", "-d", help="Print its id and page, and do not follow it.")] = False
    cancel_on_interrupt: Annotated[
        bool,
        of_job(
            typer.Option("--cancel-on-interrupt", help="Have Ctrl-C cancel it, instead of leaving it to run."),
            only_here=True,
        ),
    ] = False
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run", help="Print what would be sent, and what it may cost; with --format json the request's body."
        ),
    ] = False


OtherImage = Annotated[
    str | None,
    typer.Option(
        "--image",
        metavar="IMAGE",
        help="Another image, or a Space as hf.co/spaces/OWNER/NAME.",
        autocompletion=completion.complete_seen("job", "image"),
    ),
]
UnsetEnv = Annotated[
    list[str] | None,
    typer.Option(
        "--unset-env",
        metavar="KEY",
        help="A variable to leave out; may be repeated.",
        autocompletion=completion.complete_seen_keys("job", "environment"),
    ),
]
DropSecrets = Annotated[
    bool, typer.Option("--drop-secrets", help="Leave out the secrets that are not given again with -s.")
]
Follow = Annotated[
    bool, typer.Option("--follow", "-f", help="Follow the new jobs until they end, which decides the exit code.")
]
Detach = Annotated[
    bool,
    typer.Option(
        "--detach", "-d", help="Print ids and pages, and do not follow them; only rerun follows without --follow."
    ),
]
CancelOnInterrupt = Annotated[bool, typer.Option("--cancel-on-interrupt", help="Have Ctrl-C cancel what is followed.")]
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
    typer.Argument(metavar="COMMAND...", help="What to run there, with its own options.", show_default=False),
]
DefaultCommand = Annotated[
    bool,
    of_job(typer.Option("--default-command", help="Run what the image runs by itself; no COMMAND."), only_here=True),
]
Script = Annotated[
    str,
    typer.Argument(
        metavar="SCRIPT",
        help="A Python file, the address of one, or a command that a package brings.",
        autocompletion=completion.complete_file,
        show_default=False,
    ),
]
ScriptWords = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[ARGS]...",
        help="Arguments of the script; local files go with it.",
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
        help="Begin with what --dry-run --format json has printed; - reads stdin.",
        autocompletion=completion.complete_file,
    ),
]
