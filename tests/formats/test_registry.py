"""`--format`: which formats there are, and those that packages add."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from textwrap import indent

import pytest
import yaml

from hfjobs_cli.formats import renderer
from hfjobs_cli.formats.renderer import RENDERERS
from tests.support import (
    BY_HAND,
    BY_SCHEDULE,
    ROOT,
    TOKEN,
    Hfjobs,
    Hub,
    Result,
    closed_pipe,
    imports_of,
    posix_only,
    run,
    run_command,
)
from tests.words import FORMATS, JOB_FIELDS, JOB_FORMATS


def test_an_unknown_format_names_those_there_are(hfjobs: Hfjobs) -> None:
    assert hfjobs("ps", "--format", "xml") == Result(
        2,
        "",
        "error: unknown format 'xml'\n"
        f"hint: use one of {', '.join(JOB_FORMATS)}, or a template such as '{{{{.id}}}} {{{{.status}}}}'\n",
    )


def test_every_built_in_format_is_listed() -> None:
    assert list(RENDERERS) == FORMATS


def metadata(directory: Path, name: str, code: str, target: str = "FORMAT", format_: str = "yaml") -> dict[str, str]:
    """Make a package look installed, as an importer sees it, and return the environment in which it is."""
    module = name.replace("-", "_")
    (directory / f"{module}.py").write_text(code, encoding="utf-8")
    info = directory / f"{module}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[hfjobs.renderers]\n{format_} = {module}:{target}\n", encoding="utf-8")
    return {"PYTHONPATH": str(directory)}


@contextmanager
def with_package(directory: Path, name: str, code: str, target: str = "FORMAT") -> Iterator[None]:
    """Make a package look installed to this process, as `metadata` does to others."""
    (path,) = metadata(directory, name, code, target).values()
    module = name.replace("-", "_")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(path)
        renderer._packages.cache_clear()
        try:
            yield
        finally:
            renderer._packages.cache_clear()
            sys.modules.pop(module, None)


LINES = """
from hfjobs_cli import Renderer


def render(records, view):
    for record in records:
        view.write(f"- {record.asdict()['id']}\\n")


FORMAT = Renderer("yaml", render, streams=True)
"""


class TestNamesOfTheOfficialClient:
    """`hf jobs` has formats of other names, which mean ours."""

    @pytest.mark.parametrize(
        ("argv", "same"),
        [
            (["ps", "-a", "--format", "quiet"], ["ps", "-a", "-q"]),
            (["ps", "-a", "--format", "quiet", "-q"], ["ps", "-a", "-q"]),
            (["ps", "-a", "--format", "human"], ["ps", "-a"]),
            (["ps", "-a", "--format", "auto"], ["ps", "-a"]),
            (["ps", "-a", "--format", "AGENT"], ["ps", "-a", "--format", "jsonl"]),
            (["inspect", BY_HAND, "--format", "human"], ["inspect", BY_HAND, "--format", "table"]),
            (["inspect", BY_HAND, "--format", "auto"], ["inspect", BY_HAND]),
            (["inspect", BY_HAND, "--format", "agent"], ["inspect", BY_HAND, "--format", "jsonl"]),
            (["tree", BY_HAND, "--format", "human"], ["tree", BY_HAND]),
            (["hardware", "--format", "quiet"], ["hardware", "-q"]),
            (["cancel", BY_HAND, "--format", "human"], ["cancel", BY_HAND]),
            (["run", "--dry-run", "--format", "human", "ubuntu", "ls"], ["run", "--dry-run", "ubuntu", "ls"]),
            (
                ["run", "--dry-run", "--format", "agent", "ubuntu", "ls"],
                ["run", "--dry-run", "--format=jsonl", "ubuntu", "ls"],
            ),
        ],
    )
    def test_mean_ours(self, hfjobs: Hfjobs, argv: list[str], same: list[str]) -> None:
        result = hfjobs(*argv)
        assert result == hfjobs(*same)
        assert (result.code, bool(result.stdout)) == (0, True)

    @pytest.mark.parametrize("format_", ["quiet", "human", "agent"])
    def test_contradict_json(self, hfjobs: Hfjobs, format_: str) -> None:
        code, stdout, stderr = hfjobs("ps", "--json", "--format", format_)
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: --json cannot be used with --format ")


class TestPackages:
    """Installed packages add formats."""

    @pytest.fixture
    def environ(self, directories: dict[str, str], hub: Hub) -> dict[str, str]:
        return {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}

    def test_the_one_that_is_explained_works(self, environ: dict[str, str], tmp_path: Path) -> None:
        """YAML, as `hfjobs help formatting` has it, built and installed as a package of its own."""
        page = (ROOT / "hfjobs_cli" / "help" / "formatting.md").read_text(encoding="utf-8")
        (code,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "Renderer(" in block)
        (project,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
        folder, installed = tmp_path / "hfjobs-yaml", tmp_path / "installed"
        folder.mkdir()
        (folder / "hfjobs_yaml.py").write_text(code, encoding="utf-8")
        (folder / "pyproject.toml").write_text(project, encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation"]
        done = run(
            [*pip, "--disable-pip-version-check", "--root-user-action=ignore", "--target", str(installed), str(folder)],
            {},
        )
        assert done.code == 0, done.stderr
        with_yaml = {**environ, "PYTHONPATH": str(installed)}
        result = run_command("inspect", BY_HAND, BY_SCHEDULE, "--format", "yaml", environ=with_yaml)
        assert (result.code, result.stderr) == (0, "")
        jobs = yaml.safe_load(result.stdout)
        assert [job["id"] for job in jobs] == [BY_HAND, BY_SCHEDULE]
        assert list(jobs[0]) == JOB_FIELDS
        assert jobs[0]["created_at"] == datetime(2026, 5, 11, 13, 16, 7, tzinfo=timezone.utc)
        flavors = yaml.safe_load(run_command("hardware", "--format", "YAML", environ=with_yaml).stdout)
        assert flavors[0]["name"] == "cpu-basic"

    def test_are_listed(self, environ: dict[str, str], tmp_path: Path) -> None:
        environ |= metadata(tmp_path, "hfjobs-yaml", LINES)
        assert (
            "\n yaml       from the package hfjobs-yaml\n"
            in run_command("ps", "--format", "help", environ=environ).stdout
        )
        unknown = run_command("ps", "--format", "ymal", environ=environ)
        assert unknown.stderr == "error: unknown format 'ymal'\nhint: did you mean 'yaml'?\n"
        asked = {"_HFJOBS_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        offered = run_command(environ={**environ, **asked, "_TYPER_COMPLETE_ARGS": "hfjobs ps --format "})
        assert offered.stdout.split() == [*JOB_FORMATS, "yaml", "help"]

    def test_cannot_replace_what_is_built_in(self, environ: dict[str, str], tmp_path: Path) -> None:
        plain = run_command("ps", "--format", "jsonl", environ=environ)
        environ |= metadata(tmp_path, "hfjobs-jsonl", LINES, format_="jsonl")
        assert run_command("ps", "--format", "jsonl", environ=environ) == plain

    def test_are_not_looked_for_if_a_format_is_built_in(self, environ: dict[str, str]) -> None:
        lines = [("--help",), ("ps", "-q"), ("ps",), ("ps", "--format", "csv"), ("ps", "--format", "{{.id}}")]
        for line, (code, imported) in zip(lines, imports_of(*lines, environ=environ), strict=True):
            assert (line, code) == (line, 0)
            assert "importlib.metadata" not in imported

    @pytest.mark.parametrize(
        ("code", "target", "message", "hint"),
        [
            (
                "import nothing_of_this_name",
                "FORMAT",
                "format 'yaml' of hfjobs-yaml cannot be loaded: "
                "ModuleNotFoundError: No module named 'nothing_of_this_name'",
                "update or uninstall hfjobs-yaml, or choose another format",
            ),
            (
                LINES,
                "OTHER",
                "format 'yaml' of hfjobs-yaml cannot be loaded: "
                "AttributeError: module 'hfjobs_yaml' has no attribute 'OTHER'",
                "update or uninstall hfjobs-yaml, or choose another format",
            ),
            (
                "FORMAT = print",
                "FORMAT",
                "format 'yaml' of hfjobs-yaml is a builtin_function_or_method, not a Renderer",
                "'hfjobs_yaml:FORMAT' must be a hfjobs_cli.Renderer",
            ),
        ],
    )
    def test_that_cannot_be_loaded_are_one_line(
        self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, code: str, target: str, message: str, hint: str
    ) -> None:
        """Before anything is asked of the Hub, or created."""
        with with_package(tmp_path, "hfjobs-yaml", code, target):
            result = hfjobs("duplicate", BY_HAND, "--format", "yaml")
        assert result == Result(1, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []

    def test_that_fail_are_one_line(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        """A job that was created is told of."""
        hint = "hint: update or uninstall hfjobs-yaml, or choose another format\n"
        failed = f"error: format 'yaml' of hfjobs-yaml failed: KeyError: 'nope'\n{hint}"
        with with_package(tmp_path, "hfjobs-yaml", LINES.replace("['id']", "['nope']")):
            assert hfjobs("ps", "--format", "yaml") == Result(1, "", failed)
            result = hfjobs("duplicate", BY_HAND, BY_HAND, "--format", "yaml")
        created = hub.all_jobs()[0]["id"]
        assert result == Result(1, "", f"created: {created}\nnot duplicated: {BY_HAND}\n{failed}")

    @pytest.mark.parametrize(
        ("code", "error"),
        [
            ("import sys\nsys.exit(0)\n", "SystemExit: 0"),
            ("import sys\nsys.exit()\n", "SystemExit"),
            ("class Odd(BaseException): ...\nraise Odd('x')\n", "Odd: x"),
            ("class Odd(Exception):\n    def __str__(self): return 1\nraise Odd\n", "Odd"),
        ],
    )
    def test_that_end_the_program_do_not(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, code: str, error: str) -> None:
        """Neither when they are loaded nor when they print, and a job that was created is told of."""
        hint = "hint: update or uninstall hfjobs-yaml, or choose another format\n"
        (tmp_path / "loaded").mkdir()
        failed = f"error: format 'yaml' of hfjobs-yaml cannot be loaded: {error}\n{hint}"
        with with_package(tmp_path / "loaded", "hfjobs-yaml", code):
            assert hfjobs("duplicate", BY_HAND, "--format", "yaml") == Result(1, "", failed)
        assert hub.requests == []
        (tmp_path / "printed").mkdir()
        inside = LINES.replace("    for record", indent(code, "    ") + "    for record")
        with with_package(tmp_path / "printed", "hfjobs-yaml", inside):
            result = hfjobs("duplicate", BY_HAND, "--format", "yaml")
        created = hub.all_jobs()[0]["id"]
        failed = f"error: format 'yaml' of hfjobs-yaml failed: {error}\n{hint}"
        assert result == Result(1, "", f"created: {created}\n{failed}")

    @pytest.mark.parametrize("content", [b"[hfjobs.renderers]\nno equals\n", b"\xff[x]\n", b"lost = a:b\n[x\ny\n"])
    def test_work_beside_a_package_that_is_broken(self, hfjobs: Hfjobs, tmp_path: Path, content: bytes) -> None:
        """Of which a line is told where it may be the reason."""
        info = tmp_path / "broken-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
        (info / "entry_points.txt").write_bytes(content)
        with with_package(tmp_path, "hfjobs-yaml", LINES):
            assert hfjobs("inspect", BY_HAND, "--format", "yaml") == Result(0, f"- {BY_HAND}\n", "")
            unknown = hfjobs("ps", "--format", "ymal")
            help_ = hfjobs("ps", "--format", "help")
        assert (unknown.code, help_.code, help_.stderr) == (2, 0, "")
        if b"lost" not in content:
            told = "cannot read the entry points of package broken: "
            assert unknown.stderr.splitlines()[1].startswith(told)
            assert f"\n ({told}" in help_.stdout
        assert len(unknown.stderr.splitlines()) == (2 if b"lost" in content else 3)

    def test_that_two_packages_add_cannot_be_chosen(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        metadata(tmp_path, "hfjobs-yaml", LINES)
        with with_package(tmp_path, "other-yaml", LINES):
            result = hfjobs("ps", "--format", "yaml")
        message = "format 'yaml' is added by several packages: hfjobs-yaml and other-yaml"
        assert result == Result(1, "", f"error: {message}\nhint: uninstall one of them\n")

    @posix_only
    def test_end_quietly_when_nobody_reads(self, environ: dict[str, str], tmp_path: Path) -> None:
        environ |= metadata(tmp_path, "hfjobs-yaml", LINES)
        with closed_pipe() as writer:
            assert run_command("ps", "--format", "yaml", environ=environ, stdout=writer) == Result(0, "", "")
