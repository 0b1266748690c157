"""Local files of a job as text in a schedule file, instead of packed in one of its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.jobspec.model import LocalFile, NewJob
from hfjobs_cli.jobspec.packing import pack, unpacked
from hfjobs_cli.models.packed_files import PACKED, line_of_bash, packed_variable, typed_words

MAX_CHARS = 256 * 1024
"""How much text is written out; larger files stay packed."""

_JUST_WORDS = re.compile(r"""(?:[\w @%+=:,./-]|'[^']*'|"[^"$`\\!]*")*""")
"""A line of bash in which nothing is expanded, redirected or piped."""

_PLAIN_NAME = re.compile(r"(?!\.{1,2}$)[^/\\\0]{1,255}")
_ESCAPES = {"\\": "\\\\", "\r": "\\r"}


class Written(NamedTuple):
    """A job whose command is as it was typed, without packed files, and the texts of these by name."""

    job: NewJob
    files: Mapping[str, str]


def written_out(job: NewJob) -> Written | None:
    """Return a job with its packed files as text. None if it has none, or if `with_files` would not make the same."""
    contents = unpacked(job.environment)
    variable = packed_variable(job.environment)
    if not contents or variable is None or job.arguments:
        return None
    try:
        texts = {name: content.decode("utf-8") for name, content in contents.items()}
        if sum(map(len, texts.values())) > MAX_CHARS or any("\0" in text for text in texts.values()):
            return None
        words = typed_words(job.command, job.environment, job.volumes)
        environment = {key: text for key, text in job.environment.items() if key != variable}
        plain = replace(job, command=tuple(words), environment=environment)
        again = with_files(plain, texts)
    except (UnicodeDecodeError, UsageError):
        return None
    line = line_of_bash(job.command, job.environment)
    is_same = again.command == job.command if variable == PACKED else line is not None and _JUST_WORDS.fullmatch(line)
    return Written(plain, texts) if is_same and unpacked(again.environment) == contents else None


def with_files(job: NewJob, texts: Mapping[str, str]) -> NewJob:
    """Return a job with files of these texts packed in it. Words that are their names become their paths.

    A text that begins with `#!` can be run. Raises UsageError.
    """
    if packed := packed_variable(job.environment):
        raise UsageError(f"both files and env.{packed} given", hint="remove one of them")
    if odd := [name for name in texts if not _PLAIN_NAME.fullmatch(name)]:
        raise UsageError(f"invalid file name '{odd[0]}'", hint="use names without directories")
    words = [*job.command, *job.arguments]
    if not words or words[0] in texts:
        raise UsageError(
            "files need a command that begins with a program",
            hint='use for example: command = ["uv", "run", "train.py"]',
        )
    files = {name: LocalFile(name, text.encode("utf-8"), text.startswith("#!")) for name, text in texts.items()}
    return pack(job, words, files)


def toml_text(text: str) -> str:
    """Return a text as a TOML string on as many lines as it has, in which nothing invisible stands as it is."""
    is_plain = all(char in "\n\t" or char.isprintable() for char in text)
    if is_plain and "'''" not in text and not text.endswith("'"):
        return f"'''\n{text}'''"
    escaped = "".join(
        _ESCAPES.get(char) or (char if char in "\n\t" or char.isprintable() else _escape(char)) for char in text
    )
    escaped = escaped.replace('"""', '""\\"')
    if escaped.endswith('"'):
        escaped = escaped[:-1] + '\\"'
    return f'"""\n{escaped}"""'


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
