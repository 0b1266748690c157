"""Scripts: checks, and their inline metadata (PEP 723) with the table `[tool.hf-jobs]`."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.jobspec.environment import is_file, path_is
from hfjobs_cli.jobspec.new_job import LocalFile
from hfjobs_cli.text import tomllib_or_tomli
from hfjobs_cli.text.redaction import without_password

_SCHEME = r"([A-Za-z][A-Za-z0-9+.-]*)://"

_PAGE = rb"(?is)(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b"

_PYTHON_SHEBANG = rb"#!.*\b(?:python|pypy|uv)"

_PAGE_URLS = (
    (r"^https://github\.com/([^/]+/[^/]+)/blob/", r"https://raw.githubusercontent.com/\1/"),
    (r"^(https://(?:huggingface\.co|hf\.co)/.+?)/blob/", r"\1/resolve/"),
    (r"^(https://gist\.github\.com/[^/]+/[0-9a-f]+)/?$", r"\1/raw"),
    (r"^(https://gitlab\.com/.+?)/-/blob/", r"\1/-/raw/"),
)
"""URLs of web pages that show a file, and the URL of the file itself."""

_BUILT_IN = "python"
"""The prefix of commands that uv always has."""


def check_script(script: str, *, brings_commands: bool) -> None:
    """Raise UsageError for a script that is neither a file nor a command.

    With `brings_commands`, a package or another image may provide a command with the name of a local directory.
    """
    if script == "-":
        raise UsageError("cannot read the script from stdin: a job has no stdin", hint="use a file")
    if not script:
        raise UsageError("the name of the script is empty", hint="use for example: hfjobs uv run train.py")
    if scheme := re.match(_SCHEME, script):
        is_local = scheme[1].lower() == "file"
        raise UsageError(
            f"cannot read a script from '{without_password(script)}'",
            hint="use the path of the file" if is_local else "use an https:// URL or a file",
        )
    if _is_device(script):
        raise UsageError(f"'{script}' is a device, not a file or pipe", hint="use a file")
    if not path_is(script, Path.is_dir):
        return
    is_word = Path(script).name == script and script != ".."
    if is_word and (brings_commands or script.startswith(_BUILT_IN)):
        return
    way = ", or add --with PACKAGE if a package provides that command" if is_word else ""
    raise UsageError(
        f"'{script}' is a directory, not a script",
        hint=f"use the file to run, for example {Path(script, 'main.py')}{way}",
    )


def check_text(script: LocalFile, shown: str) -> None:
    """Raise UsageError for a Python script that is a web page, or not in its encoding."""
    if re.match(_PAGE, script.content[:1000]):
        file_url = _file_url(shown)
        raise UsageError(
            f"{shown} is a web page, not a script",
            hint=f"did you mean '{file_url}'?" if file_url else "use the URL or the file of the script itself",
        )
    try:
        script.content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_in_declared_encoding(script.content):
            return
        line = script.content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{shown} is not UTF-8: byte {error.object[error.start]:#04x} in line {line}",
            hint=("save it as UTF-8, or declare its encoding in the first line, for example # coding: latin-1"),
        ) from None


def is_python(script: LocalFile, shown: str) -> bool:
    """Return whether a script is Python and not another kind of program, by its name or content.

    Raises UsageError if it is neither.
    """
    if is_python_by_name(script.name):
        return True
    first = script.content.partition(b"\n")[0]
    if first.startswith(b"#!"):
        return bool(re.match(_PYTHON_SHEBANG, first))
    if b"\0" in script.content:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(script.content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"cannot run {shown}: it is not Python and has no '#!' line",
            hint="give a Python script a name that ends in .py, or add a '#!' line",
        ) from None
    return True


def is_python_by_name(name: str) -> bool:
    """Return whether uv treats a file as a Python script by its name."""
    return name.lower().endswith((".py", ".pyw"))


def directories(words: Iterable[str], mounted: Iterable[str]) -> list[str]:
    """Return the words that are local directories, and that the job will not have.

    Directories that every image may have (`/`, `/tmp`) and those in `mounted` paths are left out.
    """
    places = [PurePosixPath(each) for each in mounted]

    def may_be_there(word: str) -> bool:
        path = PurePosixPath(word)
        return path.is_absolute() and (len(path.parts) <= 2 or any(path.is_relative_to(place) for place in places))

    return [word for word in dict.fromkeys(words) if path_is(word, Path.is_dir) and not may_be_there(word)]


def _is_device(script: str) -> bool:
    """Return whether a path is a device such as `/dev/zero`."""
    return path_is(script, Path.exists) and not is_file(script) and not path_is(script, Path.is_dir)


def _file_url(page: str) -> str | None:
    """Return the URL of the file that a page of GitHub, GitLab or the Hub shows."""
    for pattern, file in _PAGE_URLS:
        found, count = re.subn(pattern, file, page, count=1)
        if count:
            return found
    return None


def _is_in_declared_encoding(content: bytes) -> bool:
    """Return whether a script is in the encoding that it declares."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        content.decode(encoding)
    except (SyntaxError, UnicodeDecodeError):
        return False
    return True


TABLE = "tool.hf-jobs"

MAX_METADATA_KIB, MAX_KEY_PARTS, MAX_DIGITS = 256, 100, 1000
"""Limits for metadata, parts of a key and digits of a number: parsing takes quadratic time and memory."""

_OPENING = "# /// script"
_CLOSING = "# ///"

_LIKE_OPENING = r"(?i)\ufeff?#[ \t]*///[ \t]*script[ \t]*"
"""A line that looks like the start of a block."""

_NEWER_TOML = r"\{[^}\n]*\n|\\[ex]"
"""Syntax of TOML 1.1 that uv accepts and Python does not: multi-line inline tables, and more escapes."""

_ERROR_LINE = r" \(at (?:line (\d+), column \d+|end of document)\)"
_SPECIFIER = r"\s*(~=|[=!]=|[<>]=?|===)"


class _Block(NamedTuple):
    """The lines between the tags of a block, and the number of the line of its opening tag."""

    lines: list[str]
    opened_at: int

    @property
    def text(self) -> str:
        """The lines without the comment marks."""
        return "".join(f"{line[2:]}\n" for line in self.lines)

    def line_of(self, key: str) -> int:
        """Return the number of the line in which a key begins."""
        found = (place for place, line in enumerate(self.lines, start=1) if line[2:].lstrip().startswith(key))
        return self.opened_at + next(found, 0)


@dataclass(frozen=True)
class Header:
    """Values of the table [tool.hf-jobs]. None or empty means not given. `secrets` are names."""

    image: str | None = None
    flavor: str | None = None
    python: str | None = None
    timeout: str | None = None
    name: str | None = None
    namespace: str | None = None
    network_group: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    network_aliases: list[str] = field(default_factory=list)


_STRINGS = ("image", "flavor", "python", "timeout", "name", "namespace", "network_group")
_TABLES = ("env", "labels")
_LISTS = ("secrets", "volumes", "network_aliases")


def read_header(script: bytes, name: str) -> Header:
    """Parse the metadata of a script; an empty header if there is none.

    Raises UsageError, with the line, for metadata that uv would refuse, or ignore: the job would run without its
    packages, on other hardware.
    """
    block = _block(script, name)
    if block is None:
        return Header()
    try:
        _check_size(block, name)
        tables = tomllib_or_tomli.loads(block.text)
    except RecursionError:
        raise _error_at(name, block.opened_at, "the metadata is nested too deeply", "see PEP 723") from None
    except tomllib_or_tomli.TOMLDecodeError as error:
        if "hf-jobs" not in block.text and re.search(_NEWER_TOML, block.text):
            return Header()
        found = re.search(_ERROR_LINE, str(error))
        line = block.opened_at + (int(found[1]) if found and found[1] else len(block.lines))
        raise _error_at(name, line, f"invalid TOML: {re.sub(_ERROR_LINE, '', str(error))}", "see PEP 723") from None
    _check_for_uv(tables, block, name)
    tool = tables.get("tool")
    table = tool.get("hf-jobs") if isinstance(tool, dict) else None
    if table is None:
        return Header()
    if not isinstance(table, dict):
        raise UsageError(f"hf-jobs in the metadata of {name} is not a table", hint=f"use [{TABLE}]")
    keys = (*_STRINGS, *_TABLES, *_LISTS)
    for key in table:
        if key not in keys:
            raise UsageError(f"unknown key '{key}' in [{TABLE}] of {name}", hint=one_of(key, keys))
    return Header(**{key: _value(key, value, name) for key, value in table.items()})


def _check_size(block: _Block, name: str) -> None:
    """Raise UsageError for metadata that would take Python's TOML parser minutes and gigabytes."""
    for place, line in enumerate(block.lines, start=1):
        parts = line.partition("=")[0].count(".")
        if parts > MAX_KEY_PARTS:
            raise _error_at(name, block.opened_at + place, f"a key of more than {MAX_KEY_PARTS} parts", "see PEP 723")
        if any(len(digits) > MAX_DIGITS for digits in re.findall(r"[0-9_]+", line)):
            raise _error_at(
                name, block.opened_at + place, f"a number of more than {MAX_DIGITS} digits", "use a smaller number"
            )
    if sum(map(len, block.lines)) > MAX_METADATA_KIB * 1024:
        raise _error_at(name, block.opened_at, f"more than {MAX_METADATA_KIB} KiB of metadata", "shorten the metadata")


def _block(script: bytes, name: str) -> _Block | None:
    """Return the block that uv reads: the one at the first occurrence of the tag. Raises UsageError."""
    text = script.decode("utf-8", "surrogateescape")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    first = next((place for place, line in enumerate(lines) if _OPENING in line), None)
    if first is None or lines[first] != _OPENING:
        _check_not_ignored(text, name)
        return None
    block = _closed_block(lines, first)
    if block is None:
        raise _not_closed_error(lines, first, name)
    rest = first + len(block.lines) + 2
    second = next((place for place in range(rest, len(lines)) if lines[place] == _OPENING), None)
    if second is not None and _closed_block(lines, second) is not None:
        raise _error_at(name, second + 1, f"a second '{_OPENING}': uv accepts only one", "merge the blocks into one")
    bad = next((place for place in range(first, len(lines)) if not _is_utf8(lines[place])), None)
    if bad is not None:
        raise _error_at(
            name, bad + 1, "not UTF-8, which uv requires for scripts with metadata", "save the file as UTF-8"
        )
    return block


def _closed_block(lines: list[str], opened: int) -> _Block | None:
    """Return the block that a line opens, None if it is not closed. The last closing tag ends it."""
    end = opened + 1
    while end < len(lines) and (lines[end] == "#" or lines[end].startswith("# ")):
        end += 1
    closed = next((place for place in range(end - 1, opened, -1) if lines[place] == _CLOSING), None)
    return None if closed is None else _Block(lines[opened + 1 : closed], opened + 1)


def _not_closed_error(lines: list[str], opened: int, name: str) -> UsageError:
    """Return the error for a block that is not closed, with the line that ends it."""
    for place in range(opened + 1, len(lines)):
        line = lines[place]
        if line.rstrip() == _CLOSING and line != _CLOSING:
            return _error_at(name, place + 1, f"trailing space after '{_CLOSING}'", "remove the space")
        if line == "#" or line.startswith("# "):
            continue
        if _CLOSING in map(str.rstrip, lines[place:]):
            what = "an empty line in the metadata" if not line.strip() else "not a line of metadata"
            return _error_at(name, place + 1, what, f"start each line between '{_OPENING}' and '{_CLOSING}' with '# '")
        break
    return _error_at(name, opened + 1, f"'{_OPENING}' is never closed", f"end the metadata with a line '{_CLOSING}'")


def _check_not_ignored(text: str, name: str) -> None:
    """Raise UsageError for a block that uv ignores."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, (line, after) in enumerate(zip(lines, [*lines[1:], ""], strict=True), start=1):
        if not (re.fullmatch(_LIKE_OPENING, line) and after.startswith("#")):
            continue
        if line.startswith("\ufeff"):
            why, hint = "uv ignores metadata after a byte order mark", "save it as UTF-8 without a byte order mark"
        elif line != _OPENING:
            why, hint = "uv does not accept this as the start of metadata", f"use exactly '{_OPENING}'"
        elif "\r" in text.replace("\r\n", ""):
            why, hint = "uv ignores metadata whose lines end with a carriage return", "end the lines with a line feed"
        else:
            why, hint = f"uv ignores this: '{_OPENING}' appears in an earlier line", "move the metadata above that line"
        raise _error_at(name, number, why, hint)


def _check_for_uv(tables: Mapping[str, Any], block: _Block, name: str) -> None:
    """Raise UsageError for keys of uv that uv would reject."""
    needed, python = tables.get("dependencies", []), tables.get("requires-python", ">=3")
    if not isinstance(needed, list) or not all(isinstance(each, str) for each in needed):
        raise _error_at(
            name, block.line_of("dependencies"), "dependencies is not a list of strings", "use for example ['numpy']"
        )
    if not isinstance(python, str) or not all(re.match(_SPECIFIER, each) for each in python.rstrip(", ").split(",")):
        raise _error_at(
            name,
            block.line_of("requires-python"),
            "requires-python is not a version specifier",
            "use for example '>=3.11'",
        )


def _error_at(name: str, line: int, what: str, hint: str) -> UsageError:
    return UsageError(f"{name}, line {line}: {what}", hint=hint)


def _is_utf8(text: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in text)


def _value(key: str, value: Any, name: str) -> Any:
    if key == "timeout" and type(value) is int:
        return str(value)
    if key in _STRINGS and isinstance(value, str):
        return value
    if key in _TABLES and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if key in _LISTS and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    what = "a string" if key in _STRINGS else "a table of strings" if key in _TABLES else "a list of strings"
    hint = f'put the value in quotes: {key} = "..."' if key in _STRINGS else None
    if key == "secrets":
        hint = 'list only the names: secrets = ["HF_TOKEN"]; each user provides the values'
    raise UsageError(f"{key} in [{TABLE}] of {name} is not {what}", hint=hint or f"put every value of {key} in quotes")
