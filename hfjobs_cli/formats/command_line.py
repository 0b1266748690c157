"""The format `command`: lines of `hfjobs run` or `hfjobs scheduled run` that create jobs and schedules again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from hfjobs_cli.errors import HfJobsError, OutputFailed, ReaderGone
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.jobspec.from_job import spec_of_job, spec_of_schedule
from hfjobs_cli.jobspec.new_job import DEFAULT_ATTEMPTS, PROPERTIES, NewJob, NewSchedule
from hfjobs_cli.jobspec.validate import check
from hfjobs_cli.jobspec.volumes import exact_volume
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.text.terminal_text import quoted_for_shell
from hfjobs_cli.text.values import check_name

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob

_LONG = {"-l": "--label", "-e": "--env", "-s": "--secrets", "-v": "--volume"}
"""Long names of short options, used where the value is in the same word."""

Made = TypeVar("Made", "JobInfo", "ScheduledJob")

CanShow = Callable[[str], bool]
"""Returns whether the output can show a text unescaped."""


def render_jobs(jobs: Iterable[JobInfo], view: View) -> None:
    """Write a command line for each job. Secrets are given by name, and read from the environment when it is run."""

    def line(job: JobInfo) -> str:
        new = spec_of_job(job)
        with _refused(f"job {job.id}", f"hfjobs inspect {job.id}"):
            return command_line(new, job.owner.name, view.holds)

    _render_commands(jobs, line, view)


def render_schedules(schedules: Iterable[ScheduledJob], view: View) -> None:
    """Write a command line for each schedule."""

    def line(made: ScheduledJob) -> str:
        new = spec_of_schedule(made)
        with _refused(f"schedule {made.id}", f"hfjobs scheduled inspect {made.id}"):
            return schedule_line(new, made.owner.name, view.now, view.holds)

    _render_commands(schedules, line, view)


def _render_commands(records: Iterable[Made], line: Callable[[Made], str], view: View) -> None:
    """Write a line for each record that has one. Raises HfJobsError at the end, naming those that have none."""
    failures: list[HfJobsError] = []
    for record in records:
        try:
            view.write(line(record) + "\n")
        except (OutputFailed, ReaderGone):
            raise
        except HfJobsError as error:
            failures.append(error)
    if failures:
        failures[0].details += tuple(f"error: {each.message}" for each in failures[1:])
        raise failures[0]


@contextmanager
def _refused(what: str, shown_by: str) -> Iterator[None]:
    """Explain an HfJobsError: the record has no command line, and `shown_by` shows all of it."""
    try:
        yield
    except HfJobsError as error:
        raise HfJobsError(
            f"cannot write {what} as a command line: {error.message}", hint=f"use '{shown_by}' to show all of it"
        ) from None


def command_line(job: NewJob, namespace: str | None, can_show: CanShow = lambda _text: True) -> str:
    """Return one line, quoted for any POSIX shell, that creates the same job.

    Secrets are names, to be set where it is run. Raises HfJobsError for a job that no line creates: values from the Hub
    never become other options.
    """
    return _line(["hfjobs", "run", *_options(job), *_namespace_option(namespace), *_image_and_words(job)], can_show)


def schedule_line(
    schedule: NewSchedule, namespace: str | None, now: datetime, can_show: CanShow = lambda _text: True
) -> str:
    """Return such a line that creates the same schedule. Raises HfJobsError."""
    next_run(schedule.when, now)
    terms = ["--suspend"] * schedule.suspend + ["--concurrency"] * schedule.concurrency
    options = [*terms, *_options(schedule.job), *_namespace_option(namespace)]
    return _line(["hfjobs", "scheduled", "run", *options, schedule.when, *_image_and_words(schedule.job)], can_show)


def _line(words: Iterable[str], can_show: CanShow) -> str:
    """Return words quoted for a shell. Raises HfJobsError for characters that a shell cannot pass."""
    found = list(words)
    for word in found:
        if "\0" in word or any("\ud800" <= char <= "\udfff" for char in word):
            what = "a NUL character" if "\0" in word else "an incomplete character"
            raise HfJobsError(f"{word!r} contains {what}, which a command line cannot contain")
    return " ".join(quoted_for_shell(word, can_show) for word in found)


def _namespace_option(namespace: str | None) -> list[str]:
    return [] if namespace is None else ["--namespace", check_name(namespace, "namespace")]


def _image_and_words(job: NewJob) -> list[str]:
    """Return the image and its command, after `--` if a word looks like an option."""
    runs = [*job.command, *job.arguments]
    return [job.image, *["--"] * any(word.startswith("-") for word in runs), *runs]


def _options(job: NewJob) -> Iterator[str]:
    """Yield the options of a job, each followed by its value.

    Defaults of the Hub's schema are omitted; the timeout has none there. Raises HfJobsError for what 'hfjobs run' would
    refuse.
    """
    check(job)
    yield from _property_options(replace(job, attempts=None) if job.attempts == DEFAULT_ATTEMPTS else job, str, int)
    if job.arguments:
        yield from ("--arguments", str(len(job.arguments)))
    yield from ("--no-name",) if job.name is None else _option("--name", job.name)
    for option, values in (
        ("-l", [f"{key}={value}" for key, value in job.labels.items() if key != "name"]),
        ("-e", [f"{key}={value}" for key, value in job.environment.items()]),
        ("-s", list(job.secrets)),
        ("-v", list(map(exact_volume, job.volumes))),
    ):
        for text in values:
            yield from _option(option, text)
    yield from _property_options(replace(job, expose=job.ports), list)
    yield from _property_options(job, bool)
    yield from () if job.command or job.arguments else ("--default-command",)


def _property_options(job: NewJob, *types: type) -> Iterator[str]:
    """Yield the options that set properties of these types, each followed by its value."""
    default = NewJob()
    for row in PROPERTIES:
        value = getattr(job, row.name)
        if not row.flag or row.base not in types or value == getattr(default, row.name):
            continue
        if row.base is bool:
            yield row.flag
            continue
        for each in value if row.base is list else [value]:
            yield from _option(row.flag, str(each))


def _option(option: str, value: str) -> list[str]:
    """Return an option and its value, joined with `=` if the value looks like an option."""
    return [f"{_LONG.get(option, option)}={value}"] if value.startswith("-") else [option, value]
