"""README and CHANGELOG say what is true: outputs are real, recipes run, tables list what the code lists."""

import os
import re
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from hfjobs_cli import __version__
from hfjobs_cli.config import SETTINGS
from hfjobs_cli.errors import ExitCode
from tests.emulation import Serve, until
from tests.support import ROOT, TOKEN, USER, Hfjobs, Hub, Terminal, command, run_python, run_shell

Golden = Callable[[str, str], str]

README = "README.md"
WIDTH = 120
_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_RECIPE = re.compile(r"```sh\n(hfjobs .*?)\n```", re.DOTALL)
_ID = re.compile(r"\b6a02[0-9a-f]{20}\b")


def readme() -> str:
    return (ROOT / README).read_text(encoding="utf-8")


def played(block: str, demo: Hfjobs) -> str:
    """Return a console block with what its commands print now, on a terminal without colours."""
    lines = []
    for line in block.splitlines():
        if line.startswith("$ "):
            both = Terminal()
            _, *argv = shlex.split(line.removeprefix("$ "))
            demo(*argv, columns=WIDTH, stdout=both, stderr=both, NO_COLOR="1")
            lines += [line, *both.getvalue().splitlines()]
    return "".join(line.rstrip() + "\n" for line in lines)


def table(rows: dict[str, str]) -> str:
    return "".join(f"| `{name}` | {meaning} |\n" for name, meaning in rows.items())


def generated(demo: Hfjobs) -> str:
    """Return the README with all that can be generated generated: outputs of commands, and the two tables."""
    text = _CONSOLE.sub(lambda match: f"```console\n{played(match[1], demo)}```", readme())
    tables = {
        "code": table({str(code.value): code.meaning for code in ExitCode}),
        "variable": table(SETTINGS),
    }
    for header, rows in tables.items():
        pattern = re.compile(rf"(\| {header} \| meaning \|\n\| --- \| --- \|\n)(?:\|.*\n)*")
        text, found = pattern.subn(lambda match, rows=rows: match[1] + rows, text)  # type: ignore[misc]
        assert found == 1
    return text


def test_readme_shows_what_is_printed(demo: Hfjobs, golden: Golden) -> None:
    """Ids of jobs that were created a moment ago, and their request ids, differ each time."""

    def masked(text: str) -> str:
        return re.sub(r"Root=1-[0-9a-f]{24}", "Root=1-…", _ID.sub("6a02…", text))

    printed = generated(demo)
    if masked(printed) == masked(readme()):
        printed = readme()  # new ids alone are no reason to write the page anew
    assert masked(printed) == masked(golden(f"./{README}", printed))


@pytest.mark.skipif(os.name == "nt" or shutil.which("jq") is None, reason="needs a POSIX shell and jq")
@pytest.mark.parametrize("recipe", _RECIPE.findall(readme()))
def test_recipes_run(recipe: str, directories: dict[str, str], tmp_path: Path) -> None:
    program = tmp_path / "bin" / "hfjobs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.join(command())} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    code, stdout, stderr = run_shell(recipe, {**directories, "HFJOBS_DEMO": "1", "PATH": path})
    assert code == 0, stderr
    assert stdout
    assert "error" not in stderr
    if recipe.endswith("| length'"):
        assert stdout == "63\n"


@pytest.mark.parametrize(("place", "printed"), [(0, "6a016250aff1cd33e8f335aa user:davanstrien Job"), (1, "x: a, b\n")])
def test_the_python_examples_run(hub: Hub, place: int, printed: str) -> None:
    """As they stand, but for the address."""
    examples = re.findall(r"```python\n(.*?)```", readme(), re.DOTALL)
    assert len(examples) == 2
    example = examples[place].replace("https://huggingface.co", hub.endpoint)
    code, stdout, stderr = run_python(example, environ={"HF_TOKEN": TOKEN})
    assert (code, stderr) == (0, "")
    assert printed in stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_the_section_on_the_emulator_can_be_followed(serve: Serve, directories: dict[str, str], tmp_path: Path) -> None:
    """Its commands as they stand, with the two lines that the emulator prints."""
    (block,) = re.findall(r"```bash\n(.*?)```", readme(), re.DOTALL)
    served = serve(tmp_path / "emulator")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name, module in (("hfjobs", "hfjobs_cli"), ("hf", "huggingface_hub.cli.hf")):
        (programs / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m {module} "$@"\n')
        (programs / name).chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environ = {**directories, "PATH": path, "HF_HUB_DISABLE_UPDATE_CHECK": "1"}
    code, stdout, stderr = run_shell("set -e\n" + "".join(served.exports) + block, environ, shell=("bash",))
    assert code == 0, stderr
    assert "\nHello from this machine!\n" in stdout
    assert f"  {served.endpoint}/jobs/{USER}/" in stdout
    copy, job = (each["id"] for each in served.ask("GET", f"/api/jobs/{USER}?label=name=hello").data)
    assert f"{copy}  {served.endpoint}/jobs/{USER}/{copy}\n" in stdout
    assert f"duplicated-job:{job}\n" in stdout
    until(lambda: served.ask("GET", f"/api/jobs/{USER}?label=name=tick").data, "a run of the schedule")


def test_quick_start_is_two_commands() -> None:
    quick_start = readme().partition("## Quick start\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", quick_start, re.DOTALL)
    first, second = block.splitlines()
    assert first.endswith("hfjobs --demo ps")
    assert second.endswith("pytest")


def test_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]


def test_every_setting_in_the_code_is_listed() -> None:
    """Names of environment variables in the package, found by their look, are those in the table, and no others."""
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "hfjobs_cli").rglob("*.py") if "emulator" not in path.parts
    )
    sources = sources.replace(sources[(start := sources.index("SETTINGS = {")) : sources.index("}", start)], "")
    looks = r'"((?:HF|HFJOBS|XDG|SSL|HUGGING_FACE_HUB)_[A-Z_]+|HTTPS_PROXY|NO_PROXY|NO_COLOR|FORCE_COLOR|COLUMNS)"'
    assert set(re.findall(looks, sources)) - {"SSL_CERT_DIR"} == set(SETTINGS)
