"""What a TAB offers, through the protocol the shells' scripts use, and in a real shell."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support import (
    BY_HAND,
    ROOT,
    TOKEN,
    USER,
    Golden,
    Hub,
    Result,
    Stall,
    command,
    imports_of,
    run_command,
    run_shell,
)
from tests.words import COMMANDS, FORMATS, HARDWARE_COLUMNS, INITIATORS, JOB_COLUMNS, STATUSES

# zsh takes a file whose first line is `#compdef` for the body of the function that it loads at the first TAB; this
# body defines another function, which must then be called for that TAB to have an effect.
FIRST_TAB = 'if [ "$funcstack[1]" = "_hfjobs" ]; then _hfjobs_completion "$@"; fi\n'

BASH = ("bash", "--norc")


@pytest.fixture
def environ(directories: dict[str, str]) -> dict[str, str]:
    return dict(directories)


def complete(line: str, environ: dict[str, str], shell: str = "fish") -> Result:
    """Return what a shell is told when TAB is pressed behind `line`."""
    asked = {"_HFJOBS_COMPLETE": f"complete_{shell}", "_TYPER_COMPLETE_ARGS": line}
    return run_command(environ={**environ, **asked, "_TYPER_COMPLETE_FISH_ACTION": "get-args"})


def offered(line: str, environ: dict[str, str]) -> list[str]:
    """Return the words offered behind `line`, without their help."""
    code, stdout, stderr = complete(line, environ)
    assert (code, stderr) == (0, "")
    return [row.partition("\t")[0] for row in stdout.splitlines() if row]


class TestStaticWords:
    """Words that are known without asking anybody."""

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("hfjobs ", COMMANDS),
            ("hfjobs d", ["duplicate"]),
            ("hfjobs ps --status ", STATUSES),
            ("hfjobs ps --status C", ["Completed", "Canceled"]),
            ("hfjobs ps --status running,", [f"running,{word}" for word in STATUSES[1:]]),
            ("hfjobs ps --status !de", ["!deleted"]),
            ("hfjobs ps --status !running,!sc", ["!running,!scheduling"]),
            ("hfjobs ps --initiator ", INITIATORS),
            ("hfjobs ps --initiator user,d", ["user,duplicated-job"]),
            ("hfjobs ps --format ", [*FORMATS, "help"]),
            ("hfjobs ps --sort ", JOB_COLUMNS),
            ("hfjobs ps --sort status,-run", ["status,-runtime"]),
            ("hfjobs ps --filter ", [f"{name}=" for name in JOB_COLUMNS]),
            ("hfjobs ps -f na", ["name="]),
            ("hfjobs ps -f status=r", ["status=running"]),
            ("hfjobs ps -f status!=r", ["status!=running"]),
            ("hfjobs ps -f initiator=w", ["initiator=webhook"]),
            ("hfjobs ps -f command=x", []),
            ("hfjobs inspect --format j", ["json", "jsonl"]),
            ("hfjobs ps --columns ", [*JOB_COLUMNS, "help"]),
            ("hfjobs ps --columns id,he", []),
            (r"hfjobs ps --status '\$(touch pwned),'", []),
            ("hfjobs ps --columns +", [f"+{name}" for name in JOB_COLUMNS]),
            ("hfjobs ps --columns id,st", ["id,status", "id,started"]),
            ("hfjobs ps --columns +fl", ["+flavor"]),
            ("hfjobs ps --columns id,network.", ["id,network.group", "id,network.aliases"]),
            ("hfjobs ps -f owner.t", ["owner.type="]),
            ("hfjobs hardware --columns ", [*HARDWARE_COLUMNS, "help"]),
            ("hfjobs hardware -f pr", ["price_minute=", "price=", "pretty_name="]),
            ("hfjobs help f", ["formatting", "filters"]),
            ("hfjobs help du", ["duplicate"]),
            ("hfjobs ps --w", ["--wide"]),
            ("hfjobs duplicate --q", ["--quiet"]),
            ("hfjobs ls --no-", ["--no-trunc", "--no-truncate"]),
            ("hfjobs --d", ["--demo", "--debug"]),
        ],
    )
    def test_are_offered(self, environ: dict[str, str], line: str, words: list[str]) -> None:
        assert offered(line, environ) == words

    def test_come_with_help(self, environ: dict[str, str]) -> None:
        assert "ps\tList jobs, newest first (also: ls, list).\n" in complete("hfjobs ", environ).stdout
        zsh = complete("hfjobs ps --wi", environ, "zsh").stdout
        assert zsh == '_arguments \'*: :(("--wide":"Add more columns."))\'\n'
        powershell = complete("hfjobs ps --wi", {**environ, "_TYPER_COMPLETE_WORD_TO_COMPLETE": "--wi"}, "powershell")
        assert powershell.stdout == "--wide:::Add more columns.\n"

    @pytest.mark.parametrize("line", ["hfjobs ", "hfjobs ps --status ", "hfjobs ps --", "hfjobs ps --columns "])
    def test_cost_neither_httpx_nor_rich(self, environ: dict[str, str], line: str) -> None:
        asked = {"_HFJOBS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": line}
        _, imported = imports_of(environ={**environ, **asked})
        assert imported & {"httpx", "rich", "werkzeug"} == set()


class TestJobs:
    """Job ids, asked of the Hub, with name, status and age."""

    def logged_in(self, environ: dict[str, str], hub: Hub) -> dict[str, str]:
        return {**environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}

    @pytest.mark.parametrize("command_", ["inspect", "duplicate"])
    def test_are_offered(self, environ: dict[str, str], hub: Hub, command_: str) -> None:
        settings = self.logged_in(environ, hub)
        assert len(offered(f"hfjobs {command_} ", settings)) == 100
        row = complete(f"hfjobs {command_} {BY_HAND[:9]}", settings).stdout
        assert row.startswith(f"{BY_HAND}\tclassify-cards completed ")

    def test_know_the_namespace(self, environ: dict[str, str], hub: Hub) -> None:
        settings = self.logged_in(environ, hub)
        assert offered(f"hfjobs inspect {USER}/{BY_HAND[:9]}", settings) == [f"{USER}/{BY_HAND}"]
        theirs = offered("hfjobs inspect --namespace aurora-lab ", settings)
        assert offered("hfjobs inspect aurora-lab/", settings) == [f"aurora-lab/{id_}" for id_ in theirs]
        assert "GET /api/jobs/aurora-lab" in hub.paths

    @pytest.mark.parametrize("line", ["hfjobs --demo inspect ", "hfjobs inspect --demo "])
    def test_know_the_options_before_them(self, environ: dict[str, str], line: str) -> None:
        assert len(offered(line, environ)) == 100

    def test_have_harmless_help(self, environ: dict[str, str], hub: Hub) -> None:
        """Shells evaluate what they are offered: a name or status can do nothing there, and an odd id is left out."""
        id_ = hub.add(labels={"name": "\\$(touch pwned) `x` 'y' \"z\" [bold]\x1b[31m;:é"})
        hub.add(id="6b$(touch pwned)", status={"stage": "RUN$(x)NING"})
        row = complete(f"hfjobs inspect {id_}", self.logged_in(environ, hub)).stdout
        assert row.startswith(f"{id_}\t???touch pwned? ?x? ?y? ?z? ?bold???31m??é completed ")
        assert "6b" not in complete("hfjobs inspect 6b", self.logged_in(environ, hub)).stdout

    @pytest.mark.parametrize(
        "settings",
        [{}, {"HF_TOKEN": "hf_wrong"}, {"HF_TOKEN": TOKEN, "HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_ENDPOINT": "?"}],
    )
    def test_are_none_without_a_word_when_something_is_wrong(
        self, environ: dict[str, str], hub: Hub, settings: dict[str, str]
    ) -> None:
        assert complete("hfjobs inspect 6", {**environ, "HF_ENDPOINT": hub.endpoint, **settings}) == Result(0, "\n", "")

    def test_are_none_when_the_hub_takes_its_time(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        """The Hub here answers only after the completion has ended."""
        hub.then(stall)
        result = complete("hfjobs inspect 6", self.logged_in(environ, hub))
        assert result == Result(0, "\n", "")


class TestScripts:
    """The scripts in `completions/` are those the program prints."""

    @pytest.mark.parametrize(
        ("shell", "name"),
        [("bash", "hfjobs.bash"), ("zsh", "_hfjobs"), ("fish", "hfjobs.fish"), ("powershell", "hfjobs.ps1")],
    )
    def test_are_up_to_date(self, environ: dict[str, str], golden: Golden, shell: str, name: str) -> None:
        if shell == "bash" and shutil.which("bash") is None:
            pytest.skip("the bash script is printed only where there is a bash, whose version is checked")
        code, printed, stderr = run_command(environ={**environ, "_HFJOBS_COMPLETE": f"source_{shell}"})
        script = printed.strip() + "\n" + (FIRST_TAB if shell == "zsh" else "")
        assert (code, script, stderr) == (0, golden(f"completions/{name}", script), "")

    @pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")
    def test_are_shown_and_installed(self, environ: dict[str, str], tmp_path: Path) -> None:
        """`--show-completion` and `--install-completion` find out which shell they were called from."""
        home = tmp_path / "home"
        home.mkdir()
        called = " ".join(command())
        for option in ("--show-completion", "--install-completion"):
            code, stdout, stderr = run_shell(f"{called} {option}; exit $?", environ, shell=BASH)
            assert (code, stderr) == (0, "")
            if option == "--show-completion":
                shown = stdout
        assert "complete -o default -F _hfjobs_completion hfjobs" in shown
        assert (home / ".bash_completions" / "hfjobs.sh").read_text(encoding="utf-8").strip() == shown.strip()

    @pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")
    def test_work_in_bash(self, environ: dict[str, str], tmp_path: Path) -> None:
        """The function that bash calls for a TAB fills COMPREPLY with what is offered."""
        program = tmp_path / "bin" / "hfjobs"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        script = ROOT / "completions" / "hfjobs.bash"
        typed = 'COMP_WORDS=(hfjobs ps --status r); COMP_CWORD=3; _hfjobs_completion hfjobs; echo "${COMPREPLY[@]}"'
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        result = run_shell(f"source {script}; {typed}", {**environ, "PATH": path}, shell=BASH)
        assert result == Result(0, "running\n", "")
