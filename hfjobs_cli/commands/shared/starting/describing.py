"""A new job described by a command line: an image, a command, and options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.compose import compose_run, compose_spec
from hfjobs_cli.launch.scripts import check_not_a_file

if TYPE_CHECKING:
    from hfjobs_cli.launch.new_job import NewJob
    from hfjobs_cli.launch.typed import Surroundings, Typed


def described_job(
    typed: Typed,
    image: str | None,
    command: Sequence[str],
    arguments: int,
    namespace: str | None,
    spec: str | None,
    around: Surroundings,
    *,
    runs_default: bool,
) -> NewJob:
    """Return the job of the command line, on top of that of `--spec`; its last `arguments` words are sent as such.

    Without a command it is refused, unless it `runs_default`: what the image runs by itself. Raises UsageError.
    """
    words = list(command)
    if words and words[0].startswith("-"):
        around.warnings.append(f"the command is '{words[0]}'; options of hfjobs stand before IMAGE")
    if words and runs_default:
        raise UsageError("--default-command contradicts a command", hint="leave one of them out")
    if spec is not None:
        from hfjobs_cli.launch.spec_file import read_spec

        job = compose_spec(typed, read_spec(spec, around), image, words, around)
    elif image is None:
        raise UsageError(
            "missing argument 'IMAGE'", hint="name one, and what is to run in it, as: python:3.12 python --version"
        )
    else:
        check_not_a_file(image)
        if not words and not runs_default:
            raise UsageError(
                "missing argument 'COMMAND'",
                hint="add what to run; --default-command runs what the image does by itself",
            )
        job = compose_run(typed, image, words, namespace, around)
    return _with_arguments(job, arguments)


def _with_arguments(job: NewJob, count: int) -> NewJob:
    """Return the job with the last words of its command as arguments."""
    if not count:
        return job
    words = (*job.command, *job.arguments)
    if count >= len(words):
        raise UsageError(f"--arguments {count} leaves no command of {len(words)} words", hint="give a smaller number")
    return replace(job, command=words[:-count], arguments=words[-count:])
