"""Imports point one way, and third-party names stay behind their fences."""

import ast
from collections.abc import Callable
from functools import cache
from pathlib import Path

import hfjobs_cli

PACKAGE = Path(hfjobs_cli.__file__).parent

# For each module, or package with all that is in it, from the ground up: what it may import of ours. What is imported
# inside a function counts too. Everything may import itself.
LAYERS: dict[str, set[str]] = {
    "immutable_class": set(),
    "errors": set(),
    "config": {"errors", "text"},
    "terminal": {"immutable_class", "config", "text"},
    "text": {"errors"},
    "emulator": set(),
    "models": {"terminal", "immutable_class", "errors", "config", "text"},
    "query": {"immutable_class", "errors", "text", "models"},
    "jobspec": {"immutable_class", "errors", "text", "models", "query"},
    "template": {"errors", "text"},
    "formats": {"terminal", "immutable_class", "errors", "text", "models", "query", "jobspec", "template"},
    "tui": {"terminal", "errors", "text", "models", "formats"},
    "hub": {"__init__", "immutable_class", "errors", "config", "text", "models", "query"},
    "insight": {"errors", "text", "models", "query", "jobspec", "hub"},
    # Commands are loaded by their names.
    "cli": {
        "__init__",
        "immutable_class",
        "terminal",
        "errors",
        "config",
        "text",
        "models",
        "query",
        "jobspec",
        "formats",
        "tui",
        "hub",
        "insight",
        "emulator",
    },
    "commands": {
        "immutable_class",
        "terminal",
        "values",  # options of an action stand at its row
        "errors",
        "config",
        "text",
        "models",
        "query",
        "jobspec",
        "formats",
        "tui",
        "hub",
        "insight",
        "cli",
        "emulator",
    },
    "__main__": {"cli"},
    "help": set(),  # pages of Markdown
    "renamed_modules": set(),
    # For type checkers; loaded on first use.
    "__init__": {"renamed_modules", "hub", "errors", "query", "models", "formats"},
}

FENCES = {
    "typer": {
        "cli/app.py",
        "cli/binding.py",
        "cli/single_command_options.py",
        "cli/completion.py",
        "cli/shells.py",
        "cli/help_layout.py",
        "cli/job_options.py",
        "cli/options.py",
        "cli/schedule_options.py",
        "cli/trailing_options.py",
    },
    "rich": {"terminal.py", "text/terminal_text.py"},
    "shellingham": {"cli/shells.py"},
    "httpx": {"hub/connection.py", "hub/url_download.py", "hub/responses.py", "hub/transport.py"},
    "dotenv": {"jobspec/environment.py"},
    "tomli": {"text/tomllib_or_tomli.py"},
    "huggingface_hub": {"jobspec/volumes.py"},
    "werkzeug": {"emulator/app.py", "emulator/http_server.py"},
    "pydantic": {"emulator/request_models.py"},
    "cronsim": {"emulator/schedules.py", "query/cron.py"},
    "psutil": {"emulator/processes.py"},
}

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


@cache
def imported(module: str) -> frozenset[str]:
    """Return the full names of all that a module imports."""
    names = set()
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def layer(name: str) -> str:
    """Return the layer of `hfjobs_cli.hub.client.JobsClient`: `hub`; names of the package itself are `__init__`."""
    first = name.removeprefix("hfjobs_cli.").partition(".")[0]
    return first if first in LAYERS else "__init__"


def wrong(found: Callable[[str], set[str]]) -> dict[str, set[str]]:
    """Return what is found in each module in which there is something."""
    assert len(MODULES) > 50
    return {module: names for module in MODULES if (names := found(module))}


def test_imports_point_one_way() -> None:
    def against(module: str) -> set[str]:
        own = module.removesuffix(".py").partition("/")[0]
        used = {layer(name) for name in imported(module) if name.startswith("hfjobs_cli")}
        return used - {own} - LAYERS[own]

    assert wrong(against) == {}


def test_third_party_names_stay_behind_their_fences() -> None:
    def outside(module: str) -> set[str]:
        used = {name.partition(".")[0] for name in imported(module)} & set(FENCES)
        return {name for name in used if module not in FENCES[name]}

    assert wrong(outside) == {}


def test_programs_are_looked_for_in_one_place() -> None:
    """Which passes over the current directory: `shutil.which` does not on Windows, nor does `python -m`."""

    def looks(module: str) -> set[str]:
        source = (PACKAGE / module).read_text(encoding="utf-8")
        is_place = module in ("cli/subprocesses.py", "emulator/runner.py")
        return {each for each in ("shutil.which", 'sys.executable, "-m"') if each in source} - (
            {"shutil.which"} if is_place else set()
        )

    assert wrong(looks) == {}


def test_only_public_names_of_typer_are_used() -> None:
    """TyperCommand and TyperGroup are: what commands with a parser or a help of their own are made of."""
    allowed = {"typer.core.TyperCommand", "typer.core.TyperGroup"}

    def others(module: str) -> set[str]:
        return {name for name in imported(module) if name.startswith(("typer.", "click"))} - allowed

    assert wrong(others) == {}


def test_numbers_are_read_in_one_place() -> None:
    """What Python calls a digit, nobody else does. Go, and the emulator, have their own ideas of them."""

    def reads(module: str) -> set[str]:
        if module.startswith(("template/", "emulator/")) or module == "text/values.py":
            return set()
        called = {node.attr for node in ast.walk(tree(module)) if isinstance(node, ast.Attribute)}
        return called & {"isdigit", "isdecimal", "isnumeric"}

    assert wrong(reads) == {}
