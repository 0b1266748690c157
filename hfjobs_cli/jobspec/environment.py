"""What a new job takes from this machine: variables and secrets (options, dotenv files, environment), stdin, paths."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace
from io import StringIO
from pathlib import Path
from typing import TextIO

from hfjobs_cli.errors import UsageError
from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.new_job import RawOptions
from hfjobs_cli.text.values import expanded_path

MAX_FILE_MIB = 4
"""The size limit of a dotenv file; a command line cannot be longer."""

_NAME = r"[a-zA-Z_][_a-zA-Z0-9]*"
_BEGUN = r"\s*(?:export\s+)?[a-zA-Z_][_a-zA-Z0-9]*\s*=\s*['\"]"
"""The start of a line with a variable whose value is in quotes."""
_QUOTED = r"(?s)[^=]*=[^\S\r\n]*(?P<quote>['\"])(?P<raw>(?:\\.|(?!(?P=quote)).)*)(?P=quote)"
_ESCAPE = r"(?s)\\(.)"
_ESCAPED = {"n": "\n", "t": "\t", '"': '"', "\\": "\\", "$": "$"}
"""Escapes in double quotes; as in the official client, other backslashes are kept."""
_KEY_MATERIAL = r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[a-zA-Z0-9]{20,}"
"""A line of a private key that could be a name: long, with lower-case and upper-case letters and digits."""

MAX_STDIN_MIB = 16
"""The size limit of stdin, which may be endless."""


@value
class LocalEnvironment:
    """Local sources of values: environment variables, with the token as HF_TOKEN, and stdin.

    With `secrets_may_miss` a secret that is not set has no value, else it is an error. `warnings` are for stderr.
    """

    environ: Mapping[str, str]
    stdin: TextIO
    secrets_may_miss: bool = False
    warnings: list[str] = field(default_factory=list)
    _read: dict[str, str] = field(default_factory=dict)

    def read_stdin(self, reader: str) -> str:
        """Return the content of stdin, to one reader as often as it asks. Raises UsageError for a second reader."""
        if reader not in self._read:
            self.take_stdin(reader)
            try:
                text = self.stdin.read(MAX_STDIN_MIB * 1024 * 1024 + 1)
            except (OSError, UnicodeError) as error:
                raise UsageError(f"cannot read stdin for {reader}: {error}") from None
            if len(text) > MAX_STDIN_MIB * 1024 * 1024:
                raise UsageError(f"stdin is too large for {reader}: more than {MAX_STDIN_MIB} MiB")
            self._read[reader] = text
        return self._read[reader]

    def take_stdin(self, reader: str) -> None:
        """Reserve stdin for a reader. Raises UsageError if another reader has it."""
        if self._read:
            raise UsageError(
                f"{next(iter(self._read))} and {reader} cannot both read stdin", hint="use a file for one of them"
            )
        self._read[reader] = ""


def path_is(word: str, test: Callable[[Path], bool]) -> bool:
    """Return the result of a test of a local path; False for a word that cannot be a path."""
    try:
        return word != "" and test(Path(word))  # Path("") is the current directory
    except (OSError, ValueError):
        return False


def is_pipe(word: str) -> bool:
    """Return whether a path is a pipe, such as `<(...)` or `/dev/stdin`, which can be read only once."""
    return path_is(word, Path.is_fifo)


def is_file(word: str) -> bool:
    """Return whether a word is the path of a local file or pipe."""
    return path_is(word, Path.is_file) or is_pipe(word)


def read_variables(raw: RawOptions, local: LocalEnvironment) -> dict[str, str]:
    """Resolve `--env`: `K=V` as given, `K` from the local environment, skipped if not set.

    Variables of `--env-file` come first. Raises UsageError.
    """
    found = _read_file(raw.env_file, "--env-file", local)
    for text in raw.env or ():
        key, value = _split(text, "-e", local)
        found[key] = value
    known = _resolved_values(found, local.environ)
    local.warnings.extend(f"{key} is not set here; the job starts without it" for key in found if key not in known)
    return known


def with_inlined_file(raw: RawOptions, local: LocalEnvironment) -> RawOptions:
    """Return options with the content of `--env-file` in `--env`, so that the file is read once for many jobs."""
    if raw.env_file is None:
        return raw
    found = _read_file(raw.env_file, "--env-file", local)
    env = [key if value is None else f"{key}={value}" for key, value in found.items()]
    return replace(raw, env=[*env, *(raw.env or ())], env_file=None)


def read_secrets(raw: RawOptions, local: LocalEnvironment) -> dict[str, str | None]:
    """Resolve `--secrets` and `--secrets-file` like variables. Raises UsageError for a secret that is not set."""
    found = _read_file(raw.secrets_file, "--secrets-file", local)
    for text in raw.secrets or ():
        key, value = _split(text, "-s", local)
        if value is not None:
            local.warnings.append(
                f"the value of -s {key}=... is visible in the process list and the shell history; use "
                f"-s {key} to take it from the environment"
            )
        found[key] = value
    return with_local_values(found, local)


def with_local_values(
    found: Mapping[str, str | None],
    local: LocalEnvironment,
    what: str = "the job",
    hint: str = "export {name}=..., or use --secrets-file",
) -> dict[str, str | None]:
    """Return secrets with their values, missing ones from the local environment.

    Raises UsageError, which says `what` needs them, if one is not set. `hint` has a place for its name.
    """
    known = _resolved_values(found, local.environ)
    missing = [name for name in found if name not in known]
    if missing and not local.secrets_may_miss:
        names = ", ".join(missing)
        raise UsageError(
            f"{what} needs {'a secret that is' if len(missing) == 1 else 'secrets that are'} not set here: {names}",
            hint=hint.format(name=missing[0]),
        )
    return {name: known.get(name) for name in found}


def _resolved_values(found: Mapping[str, str | None], environ: Mapping[str, str]) -> dict[str, str]:
    values = {key: environ.get(key) if value is None else value for key, value in found.items()}
    return {key: value for key, value in values.items() if value is not None}


def _split(text: str, option: str, local: LocalEnvironment) -> tuple[str, str | None]:
    """Return name and value, which is as typed: the official client reads it as a line of a dotenv file."""
    key, equals, value = text.partition("=")
    if not key.strip():
        raise UsageError(f"{option} '{text if not equals else '=...'}' has no name", hint=f"use {option} NAME=VALUE")
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        local.warnings.append(f"the value of {option} {key.strip()} is sent with its quotes; hf jobs would remove them")
    return key.strip(), value if equals else None


def _read_file(file: str | None, option: str, local: LocalEnvironment) -> dict[str, str | None]:
    if file is None:
        return {}
    text = local.read_stdin(option) if file == "-" else _read_text(expanded_path(file), option, local)
    return dict(_parse(text, file, option, local))


def _read_text(path: Path, option: str, local: LocalEnvironment) -> str:
    """Read a file or pipe; warn if others can read secrets in it. Raises UsageError."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_FILE_MIB * 1024 * 1024 + 1)
        if len(content) > MAX_FILE_MIB * 1024 * 1024:
            raise ValueError("too large")
        text = content.decode("utf-8-sig")  # as Windows writes it
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or ("not UTF-8" if isinstance(error, UnicodeError) else error)
        raise UsageError(
            f"cannot read {option} {path}: {reason}", hint="use a file with a line NAME=VALUE for each variable"
        ) from None
    if "secrets" in option and os.name == "posix" and stat.S_ISREG(mode) and mode & 0o077:
        local.warnings.append(f"{path} can be read by other users of this machine; protect it with 'chmod 600'")
    return text


def _parse(text: str, file: str, option: str, local: LocalEnvironment) -> Iterator[tuple[str, str | None]]:
    """Parse a dotenv file; variables in values are not expanded.

    The file may be something else, such as a private key, so errors do not quote its text.
    """
    from dotenv.parser import parse_stream

    strays: list[str] = []
    is_empty = True
    for binding in parse_stream(StringIO(text)):
        # The text of a binding begins with the blank lines before it.
        content = binding.original.string
        line = binding.original.line + content[: len(content) - len(content.lstrip())].count("\n")
        where = f"{option} {file}: line {line}"
        if binding.error and re.match(_BEGUN, content):
            raise UsageError(f"{where} is not NAME=VALUE", hint="check for a missing closing quote")
        if binding.error:
            strays.append(where)
            continue
        if binding.key is None:
            continue
        if not re.fullmatch(_NAME, binding.key):
            raise UsageError(f"{where} does not start with a name", hint="use letters, digits and _ in names")
        if not (binding.value or "").strip("=") and re.fullmatch(_KEY_MATERIAL, binding.key):
            if strays:
                break  # the middle of a key
            raise UsageError(f"{where} looks like a key, not like NAME=VALUE", hint="write NAME= before the key")
        if binding.value is None and binding.key not in local.environ:
            if "secrets" in option:
                raise UsageError(f"{where} is a name without a value, and it is not set here", hint="use NAME=VALUE")
            local.warnings.append(f"{where} is a name without a value, and it is not set here; the line is ignored")
            continue
        is_empty = False
        yield binding.key, _unquoted(content, binding.value)
    else:
        if strays and not is_empty:
            local.warnings.extend(f"{stray} is not NAME=VALUE; the line is ignored" for stray in strays)
            return
    if strays:
        raise UsageError(f"{strays[0]} is not NAME=VALUE", hint="use a file with a line NAME=VALUE for each variable")


def _unquoted(binding: str, value: str | None) -> str | None:
    """Return a value unescaped as in the official client; python-dotenv unescapes more."""
    quoted = None if value is None else re.match(_QUOTED, binding)
    if quoted is None:
        return value
    if quoted["quote"] == "'":
        return quoted["raw"]
    return re.sub(_ESCAPE, lambda found: _ESCAPED.get(found[1], found[0]), quoted["raw"])
