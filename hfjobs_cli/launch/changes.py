"""What is changed of a job when it is started again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.compose import compose, overridden
from hfjobs_cli.launch.new_job import NewJob
from hfjobs_cli.launch.typed import Surroundings, Typed
from hfjobs_cli.records.vocabulary import DUPLICATED_FROM
from hfjobs_cli.values import value


@value
class Changes:
    """What is said of a job that is started again. None, empty or False is what stays as it is."""

    typed: Typed
    image: str | None = None
    unset_env: Sequence[str] = ()
    drop_secrets: bool = False
    command: Sequence[str] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is said."""
        own = (self.image is not None, self.unset_env, self.drop_secrets, self.command)
        typed = (getattr(self.typed, field.name) for field in fields(Typed))
        return any(own) or any(value not in (None, False) for value in typed)


def changed(job: NewJob, source: str, changes: Changes, around: Surroundings) -> NewJob:
    """Return the job with what is changed of it, and the id of its source as a label. Raises UsageError.

    The Hub gives the values of secrets to nobody, so they are given again, or left out on purpose.
    """
    given = compose(changes.typed, around, overridden(replace(job, secrets={}), changes.image, changes.command))
    lost = [name for name in job.secrets if name not in given.secrets]
    if lost and not changes.drop_secrets:
        again = " ".join(f"-s {name}" for name in lost)
        raise UsageError(
            f"job {source} has {'a secret' if len(lost) == 1 else 'secrets'} whose value nobody gets back: "
            + ", ".join(lost),
            hint=f"give {'it' if len(lost) == 1 else 'them'} again with {again}, or leave out with --drop-secrets",
        )
    labels = {**given.labels, DUPLICATED_FROM: source}
    if changes.typed.no_name:
        labels.pop("name", None)
    environment = {key: value for key, value in given.environment.items() if key not in changes.unset_env}
    return replace(given, labels=labels, environment=environment)


def check_unset(names: Collection[str], jobs: Collection[NewJob]) -> None:
    """Raise UsageError for a variable that is to be taken from jobs of which none has it."""
    known = sorted({name for job in jobs for name in job.environment})
    for name in names:
        if jobs and name not in known:
            raise UsageError(
                f"--unset-env {name}: there is no such variable to take away",
                hint=f"there is {', '.join(known) or 'none'}",
            )
