"""The command line that makes a job or a schedule: what `hfjobs run` is told to have it described as it is."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from hfjobs_cli.launch.new_job import DEFAULT_ATTEMPTS, DEFAULT_FLAVOR, NewJob, NewSchedule
from hfjobs_cli.launch.volumes import spell_volume


def command_line(job: NewJob, namespace: str | None) -> str:
    """Return one line, quoted for a shell, that makes the same job. Secrets are names, to be set where it is run."""
    return _quoted(["hfjobs", "run", *_options(job), *_belonging(namespace), *_what_runs(job)])


def schedule_line(schedule: NewSchedule, namespace: str | None) -> str:
    """Return such a line that makes the same schedule."""
    terms = ["--suspend"] * schedule.suspend + ["--concurrency"] * schedule.concurrency
    options = [*terms, *_options(schedule.job), *_belonging(namespace)]
    return _quoted(["hfjobs", "scheduled", "run", *options, schedule.when, *_what_runs(schedule.job)])


def _quoted(words: list[str]) -> str:
    return " ".join(map(quoted, words))


def _belonging(namespace: str | None) -> list[str]:
    return [] if namespace is None else ["--namespace", namespace]


def _what_runs(job: NewJob) -> list[str]:
    """Return the image and its command, of which a first `--` would be taken for one of ours."""
    runs = [*job.command, *job.arguments]
    return [job.image, *(["--"] if runs[:1] == ["--"] else []), *runs]


def quoted(word: str) -> str:
    """Return a word as a shell reads it back, without anything in it that a terminal would obey.

    What does is written as bash and others have it, `$'\\x1b'`, which not every shell knows.
    """
    if all(char.isprintable() or char == "\n" for char in word):
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(char: str) -> str:
    if char.isprintable():
        return f"\\{char}" if char in "\\'" else char
    # A byte that was no UTF-8 is itself again; half a character, which JSON may hold, is no text in any shell.
    errors = "surrogateescape" if "\udc80" <= char <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", errors))


def _options(job: NewJob) -> Iterator[str]:
    """Yield the options that describe a job, each followed by its value.

    What the Hub's schema says of a request without it is left out. It does not say so of a timeout.
    """
    if job.flavor != DEFAULT_FLAVOR:
        yield from ("--flavor", job.flavor)
    for option, value in (
        ("--arch", job.arch),
        ("--timeout", job.timeout_secs),
        ("--attempts", None if job.attempts == DEFAULT_ATTEMPTS else job.attempts),
        ("--network-group", job.network_group),
        ("--resource-group-id", job.resource_group_id),
    ):
        if value is not None:
            yield from (option, str(value))
    if job.arguments:
        yield from ("--arguments", str(len(job.arguments)))
    yield from ("--no-name",) if job.name is None else ("--name", job.name)
    for option, values in (
        ("-l", [f"{key}={value}" for key, value in job.labels.items() if key != "name"]),
        ("-e", [f"{key}={value}" for key, value in job.environment.items()]),
        ("-s", list(job.secrets)),
        ("-v", [spell_volume(volume) for volume in job.volumes]),
        ("--expose", [str(port) for port in job.ports]),
        ("--expose-public", [str(port) for port in job.expose_public]),
        ("--network-alias", list(job.network_aliases)),
    ):
        for text in values:
            yield from (option, text)
    yield from ("--ssh",) if job.ssh else ()
