"""README and CHANGELOG say what is true: outputs are real, recipes run, tables list what the code lists."""

import os
import re
import shlex
import shutil
from datetime import datetime, timezone
from itertools import cycle
from pathlib import Path

import pytest

from hfjobs_cli import __version__
from hfjobs_cli.cli.registry import TOPICS as EXPLAINED
from hfjobs_cli.config import SETTINGS
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.formats.renderer import RENDERERS
from tests.cli.shells import quick_program
from tests.emulator.emulation import Emulator, Serve, until
from tests.support import (
    NOW,
    ROOT,
    TOKEN,
    USER,
    Golden,
    Hfjobs,
    Hub,
    Terminal,
    command,
    run_command,
    run_here,
    run_python,
    run_shell,
)
from tests.words import TOPICS

README = "README.md"
PAGES = {README: 120} | {f"hfjobs_cli/help/{topic}.md": 80 for topic in TOPICS if topic != "schema"}
"""Every page with examples, and the width of the terminal on which they are printed."""

_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_RECIPE = re.compile(r"```sh\n(hfjobs .*?)\n```", re.DOTALL)
_PROGRESS = re.compile(r"\r\x1b\[K[^\r\n]*(?=\r)|\r\x1b\[K")
_NEW_ID = re.compile(rf"\b{int(NOW.timestamp()):x}[0-9a-f]{{16}}\b")
_REQUEST_ID = re.compile(r"\bRoot=1-[0-9a-f]{24}\b")
_FIRST_JOB = re.compile(r"```text\n(\$ hfjobs run --name .*?)```", re.DOTALL)
_MEASURED = re.compile(
    r"^(?:scheduling.*\n)*(?======)|^Times +(?:[─━]+\n +)?|\d{4}-\d\d-\d\d[T ][\d:]+Z?"
    r"|\bnow\b|\b(?:\d+[smh])+\b(?: ago)?|\$\d\.\d+|\b[0-9a-f]{24}\b",
    re.MULTILINE,
)
"""What differs each time a job is run: how it waits, moments, lengths of time, its cost, the bar of its times, ids."""


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def played(block: str, demo: Hfjobs, width: int) -> str:
    """Return a console block with what its commands print now, on a terminal without colors."""
    lines = []
    for line in block.splitlines():
        if line.startswith("$ "):
            both = Terminal()
            _, *argv = shlex.split(line.removeprefix("$ "))
            demo(*argv, columns=width, stdout=both, stderr=both, NO_COLOR="1")
            lines += [line, *_PROGRESS.sub("", both.getvalue()).splitlines()]
    return "".join(line.rstrip() + "\n" for line in lines)


def settled(text: str) -> str:
    """Return what was printed with ids in it that are the same each time: of jobs made just now, and of requests."""
    new = dict.fromkeys(_NEW_ID.findall(text))
    for number, identifier in enumerate(new, start=1):
        text = text.replace(identifier, f"{identifier[:8]}{number:016x}")
    return _REQUEST_ID.sub(f"Root=1-{0:024x}", text)


def table(rows: dict[str, str]) -> str:
    return "".join(f"| `{name}` | {meaning} |\n" for name, meaning in rows.items())


def generated(name: str, demo: Hfjobs) -> str:
    """Return a page with all that can be generated generated: outputs of commands, and tables."""
    text = _CONSOLE.sub(lambda match: f"```console\n{played(match[1], demo, PAGES[name])}```", page(name))
    tables = {
        "code | meaning": table({str(code.value): code.meaning for code in ExitCode}),
        "variable | meaning": table(SETTINGS),
        "format | prints": table({each.name: each.about for each in RENDERERS.values()}),
        "topic | is about": "".join(
            f"| [`{topic}`](hfjobs_cli/help/{topic}.md) | {about} |\n"
            if topic != "schema"
            else f"| `{topic}` | {about} |\n"
            for topic, about in EXPLAINED.items()
        ),
    }
    for header, rows in tables.items():
        pattern = re.compile(rf"(\| {re.escape(header)} \|\n\| --- \| --- \|\n)(?:\|.*\n)*")
        text = pattern.sub(lambda match, rows=rows: match[1] + rows, text)  # type: ignore[misc]
    return settled(text)


def with_first_job(text: str, served: Emulator, directories: dict[str, str]) -> str:
    """Return README with what its first job prints on an emulator; as it is if only that differs that always does."""
    (block,) = _FIRST_JOB.findall(text)
    printed = ""
    for line in block.splitlines():
        if line.startswith("$ "):
            _, *argv = shlex.split(line.removeprefix("$ "))
            code, stdout, _ = run_shell(f"{shlex.join(command(*argv))} 2>&1", {**directories, **served.environ})
            assert code == 0, stdout
            printed += f"{line}\n{stdout}".replace(served.endpoint, "https://huggingface.co")
    same = _MEASURED.sub("_", block) == _MEASURED.sub("_", printed)
    return text if same else text.replace(block, printed)


@pytest.mark.parametrize("name", PAGES)
def test_pages_show_what_is_printed(
    demo: Hfjobs, golden: Golden, name: str, request: pytest.FixtureRequest, directories: dict[str, str], tmp_path: Path
) -> None:
    printed = generated(name, demo)
    if name == README and os.name != "nt":
        serve: Serve = request.getfixturevalue("serve")
        printed = with_first_job(printed, serve(tmp_path / "emulator", "--empty"), directories)
    assert printed == golden(f"./{name}", printed)


MOMENTS = (
    datetime(2026, 5, 12, 23, 59, 59, 999_999, tzinfo=timezone.utc),
    datetime(2026, 12, 1, tzinfo=timezone.utc),
    datetime(2028, 2, 29, 12, 30, tzinfo=timezone.utc),
    datetime(2025, 12, 31, 23, 0, tzinfo=timezone.utc),
)


@pytest.mark.parametrize(
    ("name", "moment"),
    [*((README, moment) for moment in MOMENTS), *zip([name for name in PAGES if name != README], cycle(MOMENTS))],
    ids=str,
)
def test_pages_can_be_followed_at_any_date(demo: Hfjobs, tmp_path: Path, name: str, moment: datetime) -> None:
    """Commands end as they do on the page, and find something where they do there."""
    then = Hfjobs({**demo.environ, "XDG_STATE_HOME": str(tmp_path / "then")}, now=moment)
    for block in _CONSOLE.findall(page(name)):
        for line in block.splitlines():
            if line.startswith("$ "):
                _, *argv = shlex.split(line.removeprefix("$ "))
                now, later = demo(*argv, columns=120), then(*argv, columns=120)
                assert (later.code, later.stdout != "") == (now.code, now.stdout != ""), (line, later)


def test_the_history_is_as_recent_as_its_first_use(directories: dict[str, str]) -> None:
    """By the clock of this machine, and with the ids that are on the page."""
    search = ("-f", "command=*train*", "-f", "label=team=ml", "-f", "status!=completed")
    argv = ("--demo", "ps", "-a", "-q", *search, "--since", "30d", "--sort", "-runtime")
    code, stdout, _ = run_command(*argv, environ=directories)
    assert (code, len(stdout.split())) == (0, 4)
    assert stdout.split()[2] == "69e1d764aff1cd33e8f1ed49"


def test_every_table_that_is_made_is_on_a_page() -> None:
    text = "".join(map(page, PAGES))
    for header in ("code | meaning", "variable | meaning", "format | prints", "topic | is about"):
        assert text.count(f"| {header} |") == 1


@pytest.mark.parametrize("name", [name for name in PAGES if name != README])
def test_pages_of_help_fit_a_terminal(name: str) -> None:
    """But for commands to be copied, what they print, and addresses."""
    blocks = re.sub(r"```.*?```", "", page(name), flags=re.DOTALL)
    assert [line for line in blocks.splitlines() if len(line) > 80 and "https://" not in line] == []


@pytest.fixture(scope="module")
def first_use(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state directory with the demo in it, by the clock of this machine."""
    state = tmp_path_factory.mktemp("first-use")
    assert run_here("--demo", "ps", "-q", environ={"XDG_STATE_HOME": str(state)}).code == 0
    return state


@pytest.fixture
def used(directories: dict[str, str], first_use: Path) -> dict[str, str]:
    """The settings of somebody who has used the demo before."""
    shutil.copytree(first_use, directories["XDG_STATE_HOME"])
    return {**directories, "HFJOBS_DEMO": "1"}


@pytest.mark.skipif(os.name == "nt" or shutil.which("jq") is None, reason="needs a POSIX shell and jq")
@pytest.mark.parametrize("recipe", [recipe for name in PAGES for recipe in _RECIPE.findall(page(name))])
def test_recipes_run(recipe: str, used: dict[str, str], tmp_path: Path) -> None:
    """What is one command is run without a shell."""
    program = tmp_path / "bin" / "hfjobs"
    program.parent.mkdir()
    program.write_text(quick_program(), encoding="utf-8")
    program.chmod(0o755)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    _, *argv = shlex.shlex(recipe, punctuation_chars=True, posix=True)
    is_shell = "\n" in recipe or "$" in recipe or any(re.fullmatch(r"[();<>|&]+", word) for word in argv)
    result = run_shell(recipe, {**used, "PATH": path}) if is_shell else run_here(*shlex.split(recipe)[1:], environ=used)
    assert result.code == 0, result.stderr
    assert result.stdout or "--dry-run" in recipe
    assert "error" not in result.stderr
    if recipe.endswith("| length'"):
        assert result.stdout == "63\n"


@pytest.mark.parametrize(
    ("name", "printed"), [("formatting", "6a016250aff1cd33e8f335aa user:davanstrien Job"), ("templates", "x: a, b\n")]
)
def test_the_python_examples_run(hub: Hub, name: str, printed: str) -> None:
    """As they stand, but for the address."""
    example, *_ = re.findall(r"```python\n(.*?)```", page(f"hfjobs_cli/help/{name}.md"), re.DOTALL)
    example = example.replace("https://huggingface.co", hub.endpoint)
    code, stdout, stderr = run_python(example, environ={"HF_TOKEN": TOKEN})
    assert (code, stderr) == (0, "")
    assert printed in stdout


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
def test_the_section_on_the_emulator_can_be_followed(serve: Serve, directories: dict[str, str], tmp_path: Path) -> None:
    """Its commands as they stand, with the two lines that the emulator prints."""
    (block,) = re.findall(r"```bash\n(.*?)```", page("hfjobs_cli/help/emulator.md"), re.DOTALL)
    served = serve(tmp_path / "emulator")
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "hfjobs").write_text(f'#!/bin/sh\nexec {shlex.join(command())} "$@"\n')
    (programs / "hfjobs").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    environ = {**directories, "PATH": path}
    code, stdout, stderr = run_shell("set -e\n" + "".join(served.exports) + block, environ, shell=("bash",))
    assert code == 0, stderr
    assert "\nHello from this machine!\n" in stdout
    copy, job = (each["id"] for each in served.ask("GET", f"/api/jobs/{USER}?label=name=hello").data)
    assert f"{copy}  {served.endpoint}/jobs/{USER}/{copy}\n" in stdout
    assert f"duplicated-job:{job}\n" in stdout
    until(lambda: served.ask("GET", f"/api/jobs/{USER}?label=name=tick").data, "a run of the schedule")


def test_quick_start_is_two_commands() -> None:
    quick_start = page(README).partition("## Quick start\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(.*?)```", quick_start, re.DOTALL)
    first, second = block.splitlines()
    assert first.endswith("hfjobs --demo ps")
    assert second.endswith("pytest")


def test_contributing_names_files_that_exist() -> None:
    """A name without a folder is in that of the name before it on the line."""
    missing = []
    for line in page(".github/CONTRIBUTING.md").splitlines():
        folder = Path()
        for name in re.findall(r"`((?:[\w.-]+/)*[\w.-]*(?:\.py|\.md|\.toml|\.yml|/))`", line):
            places = [ROOT / name, ROOT / "hfjobs_cli" / name, folder / name]
            found = next((each for each in places if each.exists()), None)
            if found is None and "NAME" not in name:
                missing.append(name)
            if found is not None and "/" in name:
                folder = found if name.endswith("/") else found.parent
    assert missing == []


def test_changelog_tells_of_this_version() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]


def test_every_setting_in_the_code_is_listed() -> None:
    """Names of environment variables in the package, found by their look, are those in the table, and no others."""
    sources = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "hfjobs_cli").rglob("*.py") if "emulator" not in path.parts
    )
    sources = sources.replace(sources[(start := sources.index("SETTINGS = {")) : sources.index("}", start)], "")
    others = "HTTPS_PROXY|NO_PROXY|NO_COLOR|FORCE_COLOR|COLUMNS|PAGER"
    looks = rf'"((?:HF|HFJOBS|XDG|SSL|HUGGING_FACE_HUB)_[A-Z_]+|{others})"'
    assert set(re.findall(looks, sources)) - {"SSL_CERT_DIR"} == set(SETTINGS)
