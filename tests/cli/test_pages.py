"""Pages of `hfjobs help` on a terminal: laid out, and shown by a pager if they are longer than the screen."""

import re

import pytest

from tests.support import ROOT, Golden, Hfjobs, Result, Terminal, on_terminal, posix_only
from tests.words import TOPICS

PAGES = [topic for topic in TOPICS if topic != "schema"]


def test_are_laid_out(hfjobs: Hfjobs, golden: Golden) -> None:
    """Without color they keep their backticks, and where there are no bullets, dashes."""
    shown = hfjobs("help", "exit-codes", columns=80)
    assert shown == Result(0, golden("page-80.txt", shown.stdout), "")
    plain = hfjobs("help", "agents", columns=60, NO_COLOR="1")
    assert plain == Result(0, golden("page-60.txt", plain.stdout), "")

    class Ascii(Terminal):
        encoding = "ascii"

    shown = hfjobs("help", "filters", stdout=Ascii(), COLUMNS="80", NO_COLOR="1")
    assert "\n- `--status S` keeps" in shown.stdout


def test_fit_and_lose_no_word(hfjobs: Hfjobs) -> None:
    for topic in PAGES:
        page = (ROOT / "hfjobs_cli" / "help" / f"{topic}.md").read_text(encoding="utf-8")
        prose = re.sub(r"^```.*?^```\n", "", page, flags=re.DOTALL | re.MULTILINE)
        shown = hfjobs("help", topic, columns=60, NO_COLOR="1").stdout
        words = set(re.findall(r"\w+", re.sub(r"\]\([^)]*\)", "", prose).lower()))
        assert words - set(re.findall(r"\w+", shown.lower())) == set(), topic
        code = {line.strip() for line in page.splitlines()}
        too_long = {line for line in shown.splitlines() if len(line) > 60 and line.strip() not in code}
        wide = [line for line in too_long if max(map(len, line.split())) < 20]
        assert wide == [], topic


@posix_only
@pytest.mark.parametrize(
    ("pager", "lines"),
    [("head -n 3", 3), ("cat", 60), ("", 60), ("no-such-pager", 60), ("less '", 60), (None, 60)],
)
def test_are_shown_by_a_pager(directories: dict[str, str], pager: str | None, lines: int) -> None:
    environ = {**directories, **({"PATH": "/nowhere"} if pager is None else {"PAGER": pager})}
    shown = on_terminal(80, "help", "filters", environ=environ)
    assert (shown.code, shown.stderr) == (0, "")
    assert "Filtering and sorting jobs" in shown.stdout.splitlines()[0]
    found = len(shown.stdout.splitlines())
    assert found == lines if lines == 3 else found > lines


@posix_only
def test_that_fit_are_not(directories: dict[str, str]) -> None:
    shown = on_terminal(80, "help", "completion", environ={**directories, "PAGER": "head -n 1"})
    assert (shown.code, len(shown.stdout.splitlines()) > 10) == (0, True)


def test_completion_prints_the_script(hfjobs: Hfjobs) -> None:
    script = (ROOT / "completions" / "_hfjobs").read_text(encoding="utf-8")
    assert hfjobs("completion", "zsh") == hfjobs("--show-completion", "zsh") == Result(0, script, "")
    code, stdout, stderr = hfjobs("completion", "ksh")
    assert (code, stdout, stderr.splitlines()[0]) == (2, "", "error: no completion for shell 'ksh'")


def test_headings_of_help_are_bold(hfjobs: Hfjobs) -> None:
    for argv in (("--help",), ("ps", "--help"), ("help", "ps"), ("help",)):
        shown = hfjobs(*argv, columns=80)
        plain = hfjobs(*argv, columns=80, NO_COLOR="1")
        assert shown.stdout.startswith("\x1b[1mUsage:\x1b[0m hfjobs ")
        assert Result(0, re.sub("\x1b\\[[01]m", "", shown.stdout), "") == plain == hfjobs(*argv)
