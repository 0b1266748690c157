"""`hfjobs run`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import new_job, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from hfjobs_cli.launch.new_job import NewJob
    from hfjobs_cli.launch.typed import Surroundings, Typed


def run(
    session: Session,
    image: new_job.Image = None,
    command: new_job.CommandWords = None,
    *,
    job: new_job.JobOptions,
    arguments: new_job.ArgumentCount = 0,
    spec: new_job.Spec = None,
    following: new_job.Following,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run a command in an image, as a new job.

    Its output is followed until it ends, and how it ended is the exit code; -d only prints its id and page. Ctrl-C
    leaves it running, and says how to follow or cancel it. Options stand before IMAGE: what comes after it belongs to
    the command.

    A job costs money, so what the Hub would refuse is found before anything is sent, and the request is sent once: if
    its answer is lost, the job is looked for. --dry-run sends nothing and tells what the job may cost.

    \b
    Examples:
      hfjobs run python:3.12 python -c "print('Hello!')"
      hfjobs run -d --flavor a10g-small --timeout 2h IMAGE python train.py
      hfjobs run -e EPOCHS=3 -s HF_TOKEN IMAGE sh -c 'echo "$EPOCHS"'
      hfjobs run -v hf://datasets/alice/cards:/data IMAGE ls /data
      hfjobs run --max-cost 0.50 --flavor t4-small IMAGE nvidia-smi
      hfjobs run --dry-run --format json python:3.12 env > job.json
      hfjobs run --spec job.json --flavor cpu-upgrade
    """
    # Help and completion do without these.
    from hfjobs_cli.commands.shared.launching import start, surroundings
    from hfjobs_cli.launch.new_job import Launch

    around = surroundings(session, dry_run=following.dry_run)
    words = list(command or ())
    if words[:1] == ["--"]:
        del words[0]  # what some write between image and command; no program is called so
    elif words and words[0].startswith("-"):
        session.warn(f"'{words[0]}' stands after IMAGE and so is the command; options of hfjobs stand before IMAGE")
    described = _described(job, image, words, namespace, spec, around)
    described = _with_arguments(described, arguments)
    return start(session, Launch(described, namespace), job, following, output, around)


def _described(
    typed: Typed, image: str | None, words: Sequence[str], namespace: str | None, spec: str | None, around: Surroundings
) -> NewJob:
    """Return the job of the command line, on top of that of `--spec`. Raises UsageError."""
    from hfjobs_cli.launch.compose import compose_run, compose_spec

    if spec is not None:
        from hfjobs_cli.launch.spec_file import read_spec

        return compose_spec(typed, read_spec(spec, around), image, words, namespace, around)
    if image is None:
        raise UsageError("missing argument 'IMAGE'", hint="as in: hfjobs run python:3.12 python --version")
    return compose_run(typed, image, words, namespace, around)


def _with_arguments(job: NewJob, count: int) -> NewJob:
    """Return the job with the last words of its command as arguments."""
    if not count:
        return job
    words = (*job.command, *job.arguments)
    if count >= len(words):
        raise UsageError(f"--arguments {count} leaves no command of {len(words)} words", hint="give a smaller number")
    return replace(job, command=words[:-count], arguments=words[-count:])
