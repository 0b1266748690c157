"""What is no script, found before it is sent: a job that fails at once costs money, too."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.new_job import LocalFile
from hfjobs_cli.text.secrets import without_password

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")

_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b", re.I | re.S)

_RUNS_PYTHON = re.compile(rb"#!.*\b(?:python|pypy|uv)")

_FILES_OF_PAGES = (
    (re.compile(r"^https://github\.com/([^/]+/[^/]+)/blob/"), r"https://raw.githubusercontent.com/\1/"),
    (re.compile(r"^(https://(?:huggingface\.co|hf\.co)/.+?)/blob/"), r"\1/resolve/"),
    (re.compile(r"^(https://gist\.github\.com/[^/]+/[0-9a-f]+)/?$"), r"\1/raw"),
    (re.compile(r"^(https://gitlab\.com/.+?)/-/blob/"), r"\1/-/raw/"),
)
"""Pages that show a file, and where the file itself is."""

_ALWAYS_THERE = "python"
"""How the commands begin that uv has whatever is installed."""

SCRIPTS = (".py", ".pyw", ".sh", ".bash", ".ipynb")
"""How files end that are programs, and that no image is called by."""


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
        raise UsageError(f"'{script}' is a device, and a script is a file or a pipe", hint="name a file")
    if not _is(script, Path.is_dir):
        return
    is_word = Path(script).name == script and script != ".."
    if is_word and (brings_commands or script.startswith(_ALWAYS_THERE)):
        return
    way = "; or --with PACKAGE, which brings a command of that name" if is_word else ""
    raise UsageError(
        f"'{script}' is a directory, and a script is one file",
        hint=f"name the file in it that is to be run, as {Path(script, 'main.py')}{way}",
    )


def check_not_a_file(image: str) -> None:
    """Raise UsageError for an image that is a file here: `run train.py`."""
    is_path = image.startswith((".", "/", "~")) or Path(image).suffix in SCRIPTS
    if is_path and is_file(str(Path(image).expanduser())):
        is_python = image.endswith(".py")
        raise UsageError(
            f"'{image}' is a file here, and not an image",
            hint=f"did you mean 'uv run {image}'?" if is_python else "name an image first, as python:3.12",
        )


def check_text(script: LocalFile, shown: str) -> None:
    """Raise UsageError for a Python script that Python cannot read: a web page, or not in its encoding."""
    if _PAGE.match(script.content[:1000]):
        meant = _address_of_file(shown)
        raise UsageError(
            f"{shown} is a web page, not a script",
            hint=f"did you mean '{meant}'?" if meant else "name the address, or the file, of the script itself",
        )
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


def is_python(script: LocalFile, shown: str) -> bool:
    """Tell whether a script is one of Python, and no program of another kind, whatever its name is.

    Raises UsageError for what is neither.
    """
    if is_python_by_name(script.name):
        return True
    first = script.content.partition(b"\n")[0]
    if first.startswith(b"#!"):
        return bool(_RUNS_PYTHON.match(first))
    if b"\0" in script.content:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(script.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"{shown} cannot be run: it is no Python, and no line '#!' says what runs it",
            hint="let the name of a Python script end in .py, or write what runs it into its first line",
        ) from None
    return True


def is_python_by_name(name: str) -> bool:
    """Tell whether uv takes a file for a script of Python by its name."""
    return name.lower().endswith((".py", ".pyw"))


def is_pipe(word: str) -> bool:
    """Tell whether a word names a pipe, as `<(...)` does, and `/dev/stdin` behind one: it is read once."""
    return _is(word, Path.is_fifo)


def is_file(word: str) -> bool:
    """Tell whether a word names a file of this machine, or a pipe."""
    return _is(word, Path.is_file) or is_pipe(word)


def directories(words: Iterable[str], mounted: Iterable[str]) -> list[str]:
    """Return the words that are directories here, and will be none, or others, in the job.

    Those that every image may have (`/`, `/tmp`), and those below what is `mounted`, are left out.
    """
    places = [PurePosixPath(each) for each in mounted]

    def may_be_there(word: str) -> bool:
        path = PurePosixPath(word)
        return path.is_absolute() and (len(path.parts) <= 2 or any(path.is_relative_to(place) for place in places))

    return [word for word in dict.fromkeys(words) if _is(word, Path.is_dir) and not may_be_there(word)]


def _is_device(script: str) -> bool:
    """Tell whether a script is there, but can hold none: `/dev/zero`."""
    return _is(script, Path.exists) and not is_file(script) and not _is(script, Path.is_dir)


def _is(word: str, test: Callable[[Path], bool]) -> bool:
    try:
        return test(Path(word))
    except (OSError, ValueError):  # nothing can be called so
        return False


def _address_of_file(page: str) -> str | None:
    """Return the address of the file that a page of GitHub or of the Hub shows."""
    for pattern, file in _FILES_OF_PAGES:
        found, count = pattern.subn(file, page, count=1)
        if count:
            return found
    return None


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
