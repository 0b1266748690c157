"""A new job described by a command line: an image, a command, and options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.compose import compose_run, compose_spec

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.launch.new_job import NewJob
    from hfjobs_cli.launch.typed import Surroundings, Typed


def described_job(
    session: Session,
    typed: Typed,
    image: str | None,
    command: Sequence[str],
    arguments: int,
    namespace: str | None,
    spec: str | None,
    around: Surroundings,
) -> NewJob:
    """Return the job of the command line, on top of that of `--spec`; its last `arguments` words are sent as such.

    Raises UsageError, and warns if what belongs to the command looks like an option.
    """
    words = _words(session, command)
    if spec is not None:
        from hfjobs_cli.launch.spec_file import read_spec

        job = compose_spec(typed, read_spec(spec, around), image, words, around)
    elif image is None:
        raise UsageError(
            "missing argument 'IMAGE'", hint="name one, and what is to run in it, as: python:3.12 python --version"
        )
    else:
        job = compose_run(typed, image, words, namespace, around)
    return _with_arguments(job, arguments)


def _words(session: Session, command: Sequence[str]) -> list[str]:
    words = list(command)
    if words[:1] == ["--"]:
        del words[0]  # what some write between image and command; no program is called so
    elif words and words[0].startswith("-"):
        session.warn(f"'{words[0]}' stands after IMAGE and so is the command; options of hfjobs stand before IMAGE")
    return words


def _with_arguments(job: NewJob, count: int) -> NewJob:
    """Return the job with the last words of its command as arguments."""
    if not count:
        return job
    words = (*job.command, *job.arguments)
    if count >= len(words):
        raise UsageError(f"--arguments {count} leaves no command of {len(words)} words", hint="give a smaller number")
    return replace(job, command=words[:-count], arguments=words[-count:])
