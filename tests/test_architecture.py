"""Imports point one way, and third-party names stay behind their fences."""

import ast
from pathlib import Path

import pytest

import hfjobs_cli

PACKAGE = Path(hfjobs_cli.__file__).parent

# For each module, or package with all that is in it: what it may import of ours. What is imported inside a function
# counts too. Everything may import itself.
LAYERS: dict[str, set[str]] = {
    "__init__": {"api", "errors", "models", "references"},  # for type checkers; at run time loaded on first use
    "__main__": {"cli"},
    "cli": {"__init__", "config", "errors", "session"},  # and loads commands by their names
    "commands": {
        "columns",
        "config",
        "emulator",  # by the command that serves it
        "errors",
        "filters",
        "listing",
        "models",
        "moments",
        "options",
        "references",
        "renderers",
        "session",
        "vocabulary",
    },
    "options": {"columns", "completion", "format_help", "renderers", "vocabulary"},
    "format_help": {"fields", "models", "template"},
    "completion": {"cells", "columns", "config", "models", "references", "renderers", "session", "vocabulary"},
    "session": {"api", "columns", "config", "emulator", "errors", "namespace", "renderers", "text"},
    "listing": {"api", "filters", "models"},
    "renderers": {"columns", "errors", "fields", "models", "template", "text"},
    "fields": {"cells", "models", "template"},
    "columns": {"cells", "errors", "models", "text", "vocabulary"},
    "cells": {"models", "vocabulary"},
    "filters": {"errors", "models", "patterns", "references", "text", "vocabulary"},
    "patterns": {"cells", "errors", "models", "text", "vocabulary"},
    "moments": {"errors", "payload"},
    "template": {"errors", "text"},
    "api": {"__init__", "config", "errors", "models", "namespace", "payload", "references", "text"},
    "namespace": {"references"},
    "references": {"errors"},
    "config": {"errors"},
    "models": {"config", "payload", "vocabulary"},
    "payload": {"errors"},
    "text": {"errors"},
    "errors": set(),
    "vocabulary": set(),
    "emulator": set(),
}

FENCES = {
    "typer": {"cli.py", "options.py", "completion.py"},
    "rich": {"renderers/table.py", "renderers/layout.py", "session.py", "text.py"},
    "httpx": {"api/transport.py"},
    "werkzeug": {"emulator/app.py", "emulator/server.py"},
    "pydantic": {"emulator/bodies.py"},
    "cronsim": {"emulator/cron.py"},
    "psutil": {"emulator/processes.py"},
}

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imported(module: str) -> set[str]:
    """Return the full names of all that a module imports."""
    names = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(name: str) -> str:
    """Return the layer of `hfjobs_cli.api.client.JobsClient`: `api`; names of the package itself are `__init__`."""
    first = name.removeprefix("hfjobs_cli.").partition(".")[0]
    return first if first in LAYERS else "__init__"


@pytest.mark.parametrize("module", MODULES)
def test_imports_point_one_way(module: str) -> None:
    own = module.removesuffix(".py").partition("/")[0]
    used = {layer(name) for name in imported(module) if name.startswith("hfjobs_cli")}
    assert used - {own} <= LAYERS[own]


@pytest.mark.parametrize("module", MODULES)
def test_third_party_names_stay_behind_their_fences(module: str) -> None:
    used = {name.partition(".")[0] for name in imported(module)} & set(FENCES)
    assert {name for name in used if module not in FENCES[name]} == set()


@pytest.mark.parametrize("module", MODULES)
def test_only_public_names_of_typer_are_used(module: str) -> None:
    assert {name for name in imported(module) if name.startswith("typer.")} == set()
    assert not any(name.startswith("click") for name in imported(module))
