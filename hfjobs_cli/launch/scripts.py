"""What is no script, found before it is sent: a job that fails at once costs money, too."""

from __future__ import annotations

import re
from pathlib import Path

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.new_job import LocalFile
from hfjobs_cli.text.secrets import without_password

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")

_ALWAYS_THERE = "python"
"""How the commands begin that uv has whatever is installed."""


def check_script(script: str, *, brings_commands: bool) -> None:
    """Raise UsageError for what cannot be run, as it is neither a file nor a command.

    A directory here may be called as a command is there, if something `brings_commands`: a package, or another image.
    """
    if script == "-":
        raise UsageError("a job has no standard input, so a script cannot come from there", hint="name a file")
    if not script:
        raise UsageError("the name of the script is empty", hint="as in: hfjobs uv run train.py")
    if scheme := _SCHEME.match(script):
        is_local = scheme[1].lower() == "file"
        raise UsageError(
            f"'{without_password(script)}' is not an address that scripts are read from",
            hint="name the file by its path" if is_local else "use an address that begins with https://, or a file",
        )
    if _is_device(script):
        raise UsageError(f"'{script}' is a device or a pipe, and a script is a file", hint="name a file")
    if not _is_directory(script):
        return
    is_word = Path(script).name == script and script != ".."
    if is_word and (brings_commands or script.startswith(_ALWAYS_THERE)):
        return
    way = "; or --with PACKAGE, which brings a command of that name" if is_word else ""
    raise UsageError(
        f"'{script}' is a directory, and a script is one file",
        hint=f"name the file in it that is to be run, as {Path(script, 'main.py')}{way}",
    )


def check_text(script: LocalFile, shown: str) -> None:
    """Raise UsageError for a Python script that Python cannot read: not UTF-8, and not what it says it is."""
    if not script.name.endswith((".py", ".pyw")):
        return
    try:
        script.content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_in_its_own_encoding(script.content):
            return
        line = script.content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{shown} is not UTF-8, which Python scripts are: {error.object[error.start]:#04x} in line {line}",
            hint="save it as UTF-8, or let its first line name its encoding, as # coding: latin-1",
        ) from None


def _is_device(script: str) -> bool:
    """Tell whether a script is there, but is neither a file nor a directory: `/dev/zero`, or a pipe."""
    path = Path(script)
    try:
        return path.exists() and not path.is_file() and not path.is_dir()
    except (OSError, ValueError):  # nothing can be called so
        return False


def _is_directory(script: str) -> bool:
    try:
        return Path(script).is_dir()
    except (OSError, ValueError):  # nothing can be called so
        return False


def _is_in_its_own_encoding(content: bytes) -> bool:
    """Tell whether a script names its encoding, and is in it."""
    import io
    import tokenize  # most scripts are UTF-8

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return False
    return True
