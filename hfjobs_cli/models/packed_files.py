"""Local files packed into a job by hfjobs or hf: the command as given, and the variable with the files.

Each way has a variable of the job that holds the files, and a shell command that unpacks them:

- hfjobs: a program for `sh` in PACKED, which unpacks a tar archive and then runs the command after it.
- hf 1.5 to 1.8: `NAME BASE64` for each file in LOCAL_FILES, and a command for `bash`.
- hf 1.3: one script in BASE64 in SCRIPT, and a command for `bash`.

hf 2.x mounts a bucket with the files instead, so that the job contains only their names. Jobs may contain anything;
without the expected form they have no packed files.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

PACKED = "PACKED_FILES"
"""The variable in which hfjobs packs files."""

LOCAL_FILES, SCRIPT = "LOCAL_FILES_ENCODED", "UV_SCRIPT_ENCODED"
"""The variables in which older versions of hf pack them."""

VARIABLES = (PACKED, LOCAL_FILES, SCRIPT)

SCRIPT_PATH = "/tmp/script.py"  # noqa: S108 - in a job
"""The path of the script of SCRIPT in the job."""

SCRIPT_NAME = "script.py"
"""A name for that script, as the job does not contain its name."""

ARTIFACTS = "jobs-artifacts"
"""The bucket of a namespace for files of jobs."""

MOUNT_PATH = "/data"
"""Where a bucket with local files is mounted."""

_MARK = r"\ncase \$w in (@+)\) w=;; "
"""Finds the placeholder for the directory of the files in a program of hfjobs."""

_UNPACKED_BY = (
    (LOCAL_FILES, """echo $LOCAL_FILES_ENCODED | xargs -n 2 bash -c 'echo "$1" | base64 -d > "$0"' && """),
    (SCRIPT, f'echo "$UV_SCRIPT_ENCODED" | base64 -d > {SCRIPT_PATH} && '),
)
"""Beginnings of bash commands that unpack the files of a variable; the command as given follows."""

_END = 400
"""How many characters at the end of a program are searched for the placeholder; the files come before it."""

_LONGEST = 20_000
"""The longest bash command that is parsed into words."""


class _Mount(Protocol):
    """A volume of a job."""

    @property
    def source(self) -> str | None:
        """The bucket or repository."""

    @property
    def mount_path(self) -> str | None:
        """Where it is mounted."""


def typed_words(
    words: Sequence[str], variables: Mapping[str, str] | None, volumes: Iterable[_Mount] | None = None
) -> list[str]:
    """Return a command without the code that unpacks its files: `uv run train.py --lr 3`. Others are unchanged."""
    if len(words) > 2 and words[1] == "-c" and variables:
        found = _of_shell(words, variables)
        if found:
            return found
    found = list(words)
    if words[:2] == ["uv", "run"] and has_artifacts(volumes):
        start = f"{MOUNT_PATH}/"
        script = next((place for place, word in enumerate(words) if word.startswith(start)), None)
        if script is not None:  # later paths may be for results
            found[script] = words[script].removeprefix(start)
    return found


def has_artifacts(volumes: Iterable[_Mount] | None) -> bool:
    """Return whether a bucket with local files is mounted, as by hf 2.x and --bucket."""
    return any(
        each.mount_path == MOUNT_PATH and (each.source or "").endswith(f"/{ARTIFACTS}") for each in volumes or ()
    )


def marked(variables: Mapping[str, str]) -> str | None:
    """Return the placeholder for the directory of packed files in a command; None if there is none."""
    found = re.search(_MARK, (variables.get(PACKED) or "")[-_END:])
    return found[1] if found else None


def packed_variable(variables: Mapping[str, str]) -> str | None:
    """Return the name of the variable with packed files; None without one."""
    return next((name for name in VARIABLES if name in variables), None)


def _of_shell(words: Sequence[str], variables: Mapping[str, str]) -> list[str] | None:
    """Return the command that a shell runs after unpacking files; None if it does something else."""
    if words[0] == "sh" and words[2] == f'eval "${PACKED}"' and len(words) > 3:
        mark = marked(variables)
        if mark is None:
            return None
        return [_named(word, mark) for word in words[3:]]
    line = line_of_bash(words, variables)
    if line is None:
        return None
    try:
        return [SCRIPT_NAME if word == SCRIPT_PATH else word for word in shlex.split(line)]
    except ValueError:  # an unclosed quote
        return None


def line_of_bash(words: Sequence[str], variables: Mapping[str, str]) -> str | None:
    """Return the line that bash runs after unpacking files, by older versions of hf; None for other commands."""
    if len(words) != 3 or words[0] != "bash" or len(words[2]) > _LONGEST:
        return None
    found = (start for variable, start in _UNPACKED_BY if variable in variables and words[2].startswith(start))
    start = next(found, None)
    return None if start is None else words[2].removeprefix(start)


def _named(word: str, mark: str) -> str:
    """Return a word with the path of a packed file in the job replaced by its name."""
    return "" if word == mark else word[len(mark) + 1 :] if word.startswith(f"{mark}/") else word
