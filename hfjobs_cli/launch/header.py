"""What a script says about the job that runs it: the table `[tool.hf-jobs]` of its inline metadata (PEP 723)."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hfjobs_cli.errors import UsageError
from hfjobs_cli.text.words import one_of

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "tool.hf-jobs"

_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")
"""As PEP 723 has it."""


@dataclass(frozen=True)
class Header:
    """The table's values. None, or empty, is what it says nothing of. `secrets` are names."""

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


_TEXTS = ("image", "flavor", "python", "timeout", "name", "namespace", "network_group")
_TABLES = ("env", "labels")
_LISTS = ("secrets", "volumes", "network_aliases")


def read_header(script: bytes, name: str) -> Header:
    """Return what a script says, an empty header if that is nothing. Raises UsageError."""
    content = _block(script)
    if content is None or "hf-jobs" not in content:
        return Header()
    try:
        tables = tomllib.loads(content)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the metadata of {name} is no TOML: {error}", hint="see PEP 723") from None
    tool = tables.get("tool")
    table = tool.get("hf-jobs") if isinstance(tool, dict) else None
    if table is None:
        return Header()
    if not isinstance(table, dict):
        raise UsageError(f"hf-jobs in the metadata of {name} is no table", hint=f"write [{TABLE}]")
    keys = (*_TEXTS, *_TABLES, *_LISTS)
    for key in table:
        if key not in keys:
            raise UsageError(f"[{TABLE}] of {name} has the unknown key '{key}'", hint=one_of(key, keys))
    return Header(**{key: _value(key, value, name) for key, value in table.items()})


def _block(script: bytes) -> str | None:
    """Return the first block of the type `script`, without what makes comments of its lines."""
    text = script.decode("utf-8-sig", "replace").replace("\r\n", "\n").replace("\r", "\n")
    for found in _BLOCK.finditer(text):
        if found["type"] == "script":
            lines = found["content"].splitlines(keepends=True)
            return "".join(line[2:] if line.startswith("# ") else line[1:] for line in lines)
    return None


def _value(key: str, value: Any, name: str) -> Any:
    if key == "timeout" and type(value) is int:
        return str(value)
    if key in _TEXTS and isinstance(value, str):
        return value
    if key in _TABLES and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if key in _LISTS and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return value
    what = "a text" if key in _TEXTS else "a table of texts" if key in _TABLES else "a list of texts"
    hint = f'numbers and true are written in quotes: {key} = "..."' if key in _TEXTS else None
    if key == "secrets":
        hint = 'a script names its secrets: secrets = ["HF_TOKEN"]; the values are those of whoever runs it'
    raise UsageError(f"{key} in [{TABLE}] of {name} is not {what}", hint=hint or f"every value of {key} is in quotes")
