"""What a TAB offers, through the protocol the shells' scripts use, and in a real shell."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import shellingham  # type: ignore[import-untyped]

from hfjobs_cli.cli.shells import install
from hfjobs_cli.errors import HfJobsError
from tests.cli.shells import TAB, Shell, started
from tests.cli.tabs import complete, offered
from tests.support import (
    ROOT,
    TOKEN,
    USER,
    Golden,
    Hfjobs,
    Result,
    command,
    imports_of,
    posix_only,
    run_command,
    run_shell,
)
from tests.words import (
    COMMANDS,
    HARDWARE_COLUMNS,
    INITIATORS,
    JOB_COLUMNS,
    JOB_FORMATS,
    KINDS,
    SCHEDULED_COMMANDS,
    STATUSES,
    TOPICS,
    TREE_FORMATS,
)

SCHEDULE_WORDS = ["@active", "@suspended", "@status=", "@name=", "@label="]
SHELLS = ["bash", "zsh", "fish"]
RESTART = "Completion will take effect once you restart the terminal\n"
SCRIPTS = {"bash": "hfjobs.bash", "zsh": "_hfjobs", "fish": "hfjobs.fish", "powershell": "hfjobs.ps1"}

_EXAMPLE = re.compile(r"(?<![\w/.-])hfjobs [^`\n]+")

LEFT = "\x1b[D"


@pytest.fixture
def environ(directories: dict[str, str]) -> dict[str, str]:
    return dict(directories)


class TestStaticWords:
    """Words that are known without asking anybody."""

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("hfjobs ", COMMANDS),
            ("hfjobs d", ["duplicate", "describe", "diff"]),
            ("hfjobs ps --status ", STATUSES),
            ("hfjobs ps --status C", ["Completed", "Canceled"]),
            ("hfjobs ps --status running,", [f"running,{word}" for word in STATUSES[1:]]),
            ("hfjobs ps --status !de", ["!deleted"]),
            ("hfjobs ps --status !running,!sc", ["!running,!scheduling"]),
            ("hfjobs ps --initiator ", INITIATORS),
            ("hfjobs ps --initiator user,d", ["user,duplicated-job"]),
            ("hfjobs ps --format ", [*JOB_FORMATS, "help"]),
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
            ("hfjobs ps -f status=com", ["status=completed"]),
            ("hfjobs ps --filter=status=err", ["--filter=status=error"]),
            ("hfjobs ps --status=running,com", ["--status=running,completed"]),
            ("hfjobs ps --columns=+fl", ["--columns=+flavor"]),
            ("hfjobs ps --initiator us", ["user"]),
            ("hfjobs help schem", ["schema"]),
            ("hfjobs help em", ["emulator"]),
            ("hfjobs hardware --columns ", [*HARDWARE_COLUMNS, "help"]),
            ("hfjobs hardware -f pr", ["price_minute=", "price=", "pretty_name="]),
            ("hfjobs tree --format ", [*TREE_FORMATS, "help"]),
            ("hfjobs tree --columns li", ["link"]),
            ("hfjobs tree --filter ima", ["image="]),
            ("hfjobs diff --format d", ["diff"]),
            ("hfjobs describe --format pa", ["page"]),
            ("hfjobs help f", ["formatting", "filters"]),
            ("hfjobs help du", ["duplicate"]),
            ("hfjobs help ", [*TOPICS, *(name for name in COMMANDS if name not in TOPICS)]),
            ("hfjobs help schema ", KINDS),
            ("hfjobs help schema j", ["job"]),
            ("hfjobs help schema job ", []),
            ("hfjobs help ps ", []),
            ("hfjobs help uv ", ["run"]),
            ("hfjobs help scheduled s", ["suspend"]),
            ("hfjobs help scheduled uv ", ["run"]),
            ("hfjobs help scheduled ps ", []),
            ("hfjobs run -v hf://b", ["hf://buckets/"]),
            ("hfjobs run --volume=hf://m", ["--volume=hf://models/"]),
            ("hfjobs run -v hf://models/alice/x", ["./"]),
            ("hfjobs scheduled reschedule x @d", ["@daily"]),
            ("hfjobs run --arch a", ["amd64", "arm64"]),
            ("hfjobs scheduled inspect @", ["@latest", "@last", "@0", *SCHEDULE_WORDS]),
            ("hfjobs inspect @status=r", ["@status=running"]),
            ("hfjobs inspect alice/@initiator=w", ["alice/@initiator=webhook"]),
            ("hfjobs inspect @nothing=w", []),
            ("hfjobs report --by name,st", ["name,status"]),
            ("hfjobs report --by name,initiator", ["name,initiator", "name,initiator-type"]),
            ("hfjobs scheduled run '0 9 * * *' --conc", ["--concurrency"]),
            ("hfjobs scheduled run @daily --arch arm", ["arm64"]),
            ("hfjobs scheduled run @daily ubuntu --arch arm", []),
            ("hfjobs ps --status=err", ["--status=error"]),
            ("hfjobs ps -fstatus=err", ["-fstatus=error"]),
            ("hfjobs ps -f 'status=err", ["status=error"]),
            ("hfjobs ps -f 'runt", ["runtime=", "runtime>", "runtime>=", "runtime<", "runtime<="]),
            ("hfjobs ps -f 'na", ["name="]),
            ("hfjobs ps -f reason=ti", ["reason=timeout"]),
            ("hfjobs ps --sort -run", ["-runtime"]),
            ("hfjobs ps --sort=-run", ["--sort=-runtime"]),
            ("hfjobs ps --columns -fl", ["-flavor"]),
            ("hfjobs ps --initiator user:", []),
            ("hfjobs ps --initiator user:x,we", ["user:x,webhook"]),
            ("hfjobs ps --initiator scheduled-job:*,we", ["scheduled-job:*,webhook"]),
            ("hfjobs ps -f initiator=user:x,we", ["initiator=user:x,webhook"]),
            ("hfjobs ps --limit ", []),
            ("hfjobs --token ", []),
            ("hfjobs inspect -q --fo", ["--format"]),
            ("hfjobs emulator ", ["reset", "fire"]),
            ("hfjobs emulator reset ", []),
            ("hfjobs nothing ", []),
            ("hfjobs logs ", []),
            ("hfjobs scheduled ", SCHEDULED_COMMANDS),
            ("hfjobs scheduled --de", ["--demo", "--debug"]),
            ("hfjobs scheduled --demo i", ["inspect"]),
            ("hfjobs scheduled ps --status su", ["suspended"]),
            ("hfjobs scheduled ps -f status=", ["status=active", "status=suspended"]),
            ("hfjobs scheduled ps -f last_status=err", ["last_status=error"]),
            ("hfjobs scheduled ps --columns next", ["next_run"]),
            ("hfjobs inspect @f", ["@failed"]),
            ("hfjobs wait alice/@l", ["alice/@latest", "alice/@last", "alice/@label="]),
            ("hfjobs ps --w", ["--watch", "--wide", "--width"]),
            ("hfjobs run --expose-", ["--expose-public"]),
            ("hfjobs run ubuntu --expose-", ["--expose-public"]),
            ("hfjobs run ubuntu python --timeo", ["--timeout"]),
            ("hfjobs run ubuntu -- python --timeo", []),
            ("hfjobs run -- ubuntu python --timeo", []),
            ("hfjobs run ubuntu --nam", ["--namespace"]),
            ("hfjobs run ubuntu python --default", ["--default-command"]),
            ("hfjobs run ubuntu python --format js", ["json", "jsonl"]),
            ("hfjobs scheduled uv run @daily x.py --format js", ["json", "jsonl"]),
            ("hfjobs run ubuntu ls ", []),
            ("hfjobs uv run --py", ["--python"]),
            ("hfjobs uv run x.py --py", ["--python"]),
            ("hfjobs uv run x.py -- --py", []),
            ("hfjobs duplicate --q", ["--quiet"]),
            ("hfjobs ls --no-", ["--no-trunc", "--no-truncate"]),
            ("hfjobs --d", ["--demo", "--debug"]),
            ("hfjobs --install-completion ", ["bash", "zsh", "fish", "powershell", "pwsh"]),
            ("hfjobs completion ", ["bash", "zsh", "fish", "powershell", "pwsh"]),
            ("hfjobs completion b", ["bash"]),
            ("hfjobs --show-completion=z", ["--show-completion=zsh"]),
        ],
    )
    def test_are_offered(self, environ: dict[str, str], line: str, words: list[str]) -> None:
        assert offered(line, environ) == words

    @pytest.mark.parametrize(
        ("line", "place"),
        [
            *((line, "") for line in ("ps err", "inspect err", "run ubuntu err", "--token us", "ps --limit=1")),
            *((line, "") for line in ("ps --name com", "ps --label st", "ps --since 1", "emulator --port 1")),
            *((line, "") for line in ("uv run error.log --us", "nothing err")),
            ("emulator --state-dir err", "/"),
            ("emulator --state-dir=err", "/"),
            ("uv run err", "./"),
            ("uv run -v x error.log user", "./"),
            ("uv run --env-file state", "./"),
            ("scheduled uv run @daily comp", "./"),
            ("ps --from my", "./"),
            ("run -v my", "./"),
            ("ssh -i use", "./"),
        ],
    )
    def test_may_be_those_of_files_or_of_directories_alone(
        self, environ: dict[str, str], line: str, place: str
    ) -> None:
        """Which the shell looks for, behind the mark that it is given."""
        assert complete(f"hfjobs {line}", environ).stdout.rstrip("\n").rpartition("=")[2] == place

    def test_come_with_help(self, environ: dict[str, str]) -> None:
        assert "ps\tList jobs, newest first (also: ls, list).\n" in complete("hfjobs ", environ).stdout
        zsh = complete("hfjobs ps --wide", environ, "zsh").stdout
        assert zsh == "local -a offered; offered=('--wide:Add more columns.'); _describe -V word offered\n"
        powershell = complete(
            "hfjobs ps --wide", {**environ, "_TYPER_COMPLETE_WORD_TO_COMPLETE": "--wide"}, "powershell"
        )
        assert powershell.stdout == "--wide:::Add more columns.\n"

    @pytest.mark.parametrize("shell", ["bash", "powershell"])
    @pytest.mark.parametrize(
        ("line", "typed", "told"),
        [
            ("hfjobs ps -f status=err", "err", "error"),
            ("hfjobs ps --status=err", "--status=err", "--status=error"),
            ("hfjobs ps --initiator user:x,we", "x,we", "x,webhook"),
            ("hfjobs ps --columns id,na", "na", "name"),
            ("hfjobs ps --status \\!de", "\\!de", "\\!deleted"),
        ],
    )
    def test_replace_what_the_shell_replaces(
        self, environ: dict[str, str], shell: str, line: str, typed: str, told: str
    ) -> None:
        """bash breaks words at `=` and `:`, PowerShell at commas; each says what it has of the last word."""
        stdout = complete(line, {**environ, "_TYPER_COMPLETE_WORD_TO_COMPLETE": typed}, shell).stdout
        assert stdout.rstrip("\n").removesuffix("::: ") == told

    def test_follow_a_blank_that_powershell_leaves_out(self, environ: dict[str, str]) -> None:
        asked = {**environ, "_TYPER_COMPLETE_WORD_TO_COMPLETE": ""}
        assert complete("hfjobs help schema", asked, "powershell").stdout.startswith("description:::")
        assert complete("hfjobs ps --status running,", asked, "powershell").stdout.startswith("scheduling:::")

    def test_cost_neither_httpx_nor_rich(self, environ: dict[str, str]) -> None:
        typed = ["", "inspect @f", "ps --", "ps --status ", "ps --initiator s", "ps --columns "]
        then = [{"_HFJOBS_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": f"hfjobs {line}"} for line in typed]
        for line, (code, imported) in zip(
            typed, imports_of(*[()] * len(typed), environ=environ, then=then), strict=True
        ):
            assert (
                line,
                code,
                imported & {"httpx", "rich", "werkzeug", "hfjobs_cli.template", "hfjobs_cli.emulator"},
            ) == (line, 0, set())


class TestExamples:
    """The command lines of README, help pages and commands, as far as they have been typed."""

    def beginnings(self, first: int) -> list[str]:
        """Return a part of all beginnings, the same in each run; another `first` gives others."""
        package = ROOT / "hfjobs_cli"
        pages = [ROOT / "README.md", *sorted(package.glob("help/*.md")), *sorted(package.glob("commands/**/*.py"))]
        lines = {line for page in pages for line in _EXAMPLE.findall(page.read_text(encoding="utf-8"))}
        assert len(lines) > 200
        return sorted({line[:length] for line in lines for length in range(len("hfjobs "), len(line) + 1)})[first::62]

    @pytest.mark.parametrize(("first", "token"), [(0, TOKEN), (31, "hf_wrong")])
    def test_can_be_completed_anywhere(self, hfjobs: Hfjobs, first: int, token: str) -> None:
        """TAB says nothing on stderr, and offers only what goes on from what is there."""
        for line in self.beginnings(first):
            code, stdout, stderr = hfjobs(_HFJOBS_COMPLETE="complete_fish", _TYPER_COMPLETE_ARGS=line, HF_TOKEN=token)
            assert (line, code, stderr) == (line, 0, "")
            begun = re.split(r"\s", line)[-1].lower()
            rows = [row for row in stdout.lower().splitlines() if row]
            if rows not in (["/"], ["./"]) and not re.search(r"['\"\\\\]", line):
                assert [row for row in rows if not row.startswith(begun)] == []


class TestScripts:
    """The scripts in `completions/` are those the program prints, shows and installs."""

    @pytest.mark.parametrize(("shell", "name"), SCRIPTS.items())
    def test_are_up_to_date(self, environ: dict[str, str], golden: Golden, shell: str, name: str) -> None:
        printed = run_command(environ={**environ, "_HFJOBS_COMPLETE": f"source_{shell}"})
        assert printed == Result(0, golden(f"completions/{name}", printed.stdout), "")

    def test_are_there_for_four_shells(self, environ: dict[str, str]) -> None:
        code, stdout, stderr = run_command(environ={**environ, "_HFJOBS_COMPLETE": "source_csh"})
        hint = "hint: use one of bash, zsh, fish, powershell, pwsh\n"
        assert (code, stdout, stderr) == (2, "", f"error: no completion for shell 'csh'\n{hint}")

    @pytest.mark.parametrize(
        ("shell", "place", "startup", "line"),
        [
            ("bash", ".bash_completions/hfjobs.sh", ".bashrc", "source '{home}/.bash_completions/hfjobs.sh'"),
            ("zsh", ".zfunc/_hfjobs", ".zshrc", "fpath+=~/.zfunc; autoload -Uz compinit; compinit"),
            ("fish", ".config/fish/completions/hfjobs.fish", None, ""),
        ],
    )
    def test_are_shown_and_installed(
        self, environ: dict[str, str], tmp_path: Path, shell: str, place: str, startup: str | None, line: str
    ) -> None:
        """`--show-completion` and `--install-completion` find out which shell they were called from, and say so."""
        if os.name == "nt" or shutil.which(shell) is None:
            pytest.skip(f"needs {shell}")
        home = tmp_path / "home"
        home.mkdir()
        if startup:
            (home / startup).write_bytes(b"# caf\xe9")  # no UTF-8, and no end of the line
        script = (ROOT / "completions" / SCRIPTS[shell]).read_text(encoding="utf-8")
        called = " ".join(command())
        environ["OLDPWD"] = "/"  # as in a shell that has left a directory
        # A command behind it keeps the shell from making way for the program.
        shown = run_shell(f"{called} --show-completion; true", environ, shell=(shell,))
        assert shown == Result(0, script, "")
        added = f"A line that loads it was added to {home / startup}\n" if startup else ""
        for said in (added, ""):
            done = run_shell(f"{called} --install-completion; true", environ, shell=(shell,))
            assert done == Result(0, f"{shell} completion installed in {home / place}\n{said}{RESTART}", "")
        assert (home / place).read_text(encoding="utf-8") == script
        if startup:
            assert (home / startup).read_bytes() == b"# caf\xe9\n" + line.format(home=home).encode() + b"\n"

    @pytest.mark.parametrize(
        ("word", "shell", "place", "startup"),
        [
            ("bash", "bash", "home/.bash_completions/hfjobs.sh", "home/.bashrc"),
            ("/usr/bin/zsh", "zsh", "home/.zfunc/_hfjobs", "zsh/.zshrc"),
            ("Fish", "fish", "config/fish/completions/hfjobs.fish", None),
        ],
    )
    def test_are_installed_for_a_shell_that_is_named(
        self, hfjobs: Hfjobs, tmp_path: Path, word: str, shell: str, place: str, startup: str | None
    ) -> None:
        """Each file is where the shell looks for it; without one the shell of the caller is meant."""
        given = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "ZDOTDIR": str(tmp_path / "zsh")}
        added = f"A line that loads it was added to {tmp_path / startup}\n" if startup else ""
        for argv in (("--install-completion", word), (f"--install-completion={word}",)):
            said = f"{shell} completion installed in {tmp_path / place}\n{added}{RESTART}"
            assert hfjobs.given(given)(*argv) == Result(0, said, "")
            added = ""
        script = (ROOT / "completions" / SCRIPTS[shell]).read_text(encoding="utf-8")
        assert (tmp_path / place).read_text(encoding="utf-8") == script
        assert hfjobs("--show-completion", word) == Result(0, script, "")

    @posix_only
    def test_are_installed_whole_or_not_at_all(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        """A shell reads the script at each start, so half of one on a full disk would be an error each time."""
        place = tmp_path / "home" / ".bash_completions" / "hfjobs.sh"
        line = f"ulimit -f 1; {' '.join(command())} --install-completion bash"
        message = "error: cannot install the completion: File too large\n"
        assert run_shell(line, hfjobs.environ, shell=("bash",)) == Result(1, "", message)
        assert list(place.parent.iterdir()) == []
        place.parent.rmdir()
        place.parent.write_text("", encoding="utf-8")
        code, _, stderr = hfjobs("--install-completion", "bash")
        assert (code, stderr.startswith("error: cannot install the completion in ")) == (1, True)

    @pytest.mark.parametrize("line", ["ZDOTDIR=$HOME/.config/zsh", "echo hello; export ZDOTDIR=$HOME/.config/zsh"])
    def test_are_loaded_where_zsh_looks(self, hfjobs: Hfjobs, tmp_path: Path, line: str) -> None:
        """`.zshenv` may say where that is, and not export it."""
        if shutil.which("zsh") is None:
            pytest.skip("needs zsh")
        home = tmp_path / "home"
        home.mkdir()
        (home / ".zshenv").write_text(f"{line}\n", encoding="utf-8")
        result = hfjobs("--install-completion", "zsh", PATH=os.environ["PATH"])
        added = f"A line that loads it was added to {home}/.config/zsh/.zshrc\n"
        assert result == Result(0, f"zsh completion installed in {home}/.zfunc/_hfjobs\n{added}{RESTART}", "")
        assert (home / ".config" / "zsh" / ".zshrc").is_file()

    def test_are_not_there_for_what_is_no_shell(self, hfjobs: Hfjobs) -> None:
        hint = "hint: use one of bash, zsh, fish, powershell, pwsh\n"
        for word in ("csh", "ps"):
            message = f"error: no completion for shell '{word}'\n{hint}"
            assert hfjobs("--install-completion", word) == Result(2, "", message)

    @posix_only
    @pytest.mark.parametrize("outer", ["bash", "fish"])
    def test_are_not_those_of_the_shell_around_zsh(self, environ: dict[str, str], tmp_path: Path, outer: str) -> None:
        """zsh makes way for its last command, which then has the shell around it as its parent."""
        if shutil.which(outer) is None or shutil.which("zsh") is None:
            pytest.skip(f"needs {outer} and zsh")
        asked = f"zsh -fc '{' '.join(command())} --install-completion'; true"
        code, stdout, stderr = run_shell(asked, {**environ, "SHELL": f"/bin/{outer}"}, shell=(outer,))
        hint = f"hint: name it after the option: {outer} or zsh\n"
        assert (code, stdout) == (0, "")  # that of true
        assert stderr == f"error: cannot detect whether this shell is {outer} or zsh\n{hint}"
        assert list(tmp_path.glob("home/.bash*")) + list(tmp_path.glob("home/.z*")) == []
        assert not (tmp_path / "home" / ".config" / "fish" / "completions").exists()

    @posix_only
    def test_are_those_of_the_user_in_a_script(self, environ: dict[str, str]) -> None:
        """`sh` runs scripts; whose shell it is, SHELL says."""
        asked = f"{' '.join(command())} --show-completion; true"
        script = (ROOT / "completions" / "hfjobs.fish").read_text(encoding="utf-8")
        given = {**environ, "SHELL": "/usr/local/bin/fish", "OLDPWD": "/"}
        assert run_shell(asked, given, shell=("sh",)) == Result(0, script, "")

    @posix_only
    def test_are_installed_in_powershell(
        self, environ: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A program stands for PowerShell here and says what that does, a byte order mark before it."""
        profile = tmp_path / "home" / "powershell" / "profile.ps1"
        pwsh = tmp_path / "pwsh"
        pwsh.write_text(f"#!/bin/sh\nprintf '\\357\\273\\277%s\\r\\n' '{profile}'\n", encoding="utf-8")
        pwsh.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
        environ["PATH"] = os.environ["PATH"]
        for _ in range(2):
            assert install("pwsh", environ).place == profile
        script = (ROOT / "completions" / "hfjobs.ps1").read_text(encoding="utf-8")
        assert profile.read_text(encoding="utf-8") == script
        pwsh.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        with pytest.raises(HfJobsError, match="pwsh did not report where its profile is"):
            install("pwsh", environ)

    def test_need_a_shell(self, hfjobs: Hfjobs, monkeypatch: pytest.MonkeyPatch) -> None:
        def detect() -> None:
            raise shellingham.ShellDetectionFailure

        monkeypatch.setattr(shellingham, "detect_shell", detect)
        hint = "hint: name it after the option: bash, zsh, fish, powershell, pwsh\n"
        assert hfjobs("--install-completion") == Result(2, "", f"error: cannot detect the shell\n{hint}")
        script = (ROOT / "completions" / "_hfjobs").read_text(encoding="utf-8")
        assert hfjobs("--show-completion", SHELL="/bin/zsh") == Result(0, script, "")


class TestScriptsOfEarlierVersions:
    """What 0.2 has installed goes on working."""

    def test_bash(self, environ: dict[str, str]) -> None:
        asked = {"_HFJOBS_COMPLETE": "complete_bash", "COMP_WORDS": "hfjobs\nps\n--status\nerr", "COMP_CWORD": "3"}
        assert run_command(environ={**environ, **asked}) == Result(0, "error\n", "")
        asked["COMP_WORDS"] = "hfjobs\nuv\nrun\ntr"
        assert run_command(environ={**environ, **asked}) == Result(0, "\n", "")

    def test_fish_asks_first_whether_to_offer_files(self, environ: dict[str, str]) -> None:
        asked = {"_HFJOBS_COMPLETE": "complete_fish", "_TYPER_COMPLETE_FISH_ACTION": "is-args"}
        asks = [("hfjobs ps --limit ", 0), ("hfjobs emulator --state-dir ", 1), ("hfjobs uv run --env-file ", 1)]
        for line, code in asks:
            assert run_command(environ={**environ, **asked, "_TYPER_COMPLETE_ARGS": line}).code == code


@pytest.fixture(scope="module", params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell in a directory with files and directories that are named like words."""
    with started(request.param, tmp_path_factory.mktemp("shell")) as shell:
        yield shell


WORDS = [
    # A filter goes on behind its `=`, where readline breaks words.
    ("ps -f stat", "ps -f status="),
    ("ps -f status=err", "ps -f status=error "),
    ("ps -f status!=err", "ps -f status!=error "),
    ("ps -f 'status=err", "ps -f 'status=error' "),
    ('ps -f "status=err', 'ps -f "status=error" '),
    ("ps -f initiator=user:x,we", "ps -f initiator=user:x,webhook "),
    # The value of an option may be in the option's word.
    ("ps --status=err", "ps --status=error "),
    ("ps --format=js", "ps --format=json"),
    ("ps --sort=-run", "ps --sort=-runtime "),
    # It may begin with a sign, or go on behind a comma or a colon.
    ("ps --sort -run", "ps --sort -runtime "),
    ("ps --columns id,na", "ps --columns id,name "),
    ("ps --status !de", "ps --status !deleted "),
    ("ps --status '!de", "ps --status '!deleted' "),
    ("ps --initiator user:", "ps --initiator user:"),
    ("ps --initiator user:x,we", "ps --initiator user:x,webhook "),
    # Files are not meant.
    ("ps --limit ", "ps --limit "),
    ("ps -f name=com", "ps -f name=com"),
    # Directories are.
    ("emulator --state-dir sta", "emulator --state-dir states/"),
    ("emulator --state-dir=sta", "emulator --state-dir=states/"),
    ("emulator --state-dir my", "emulator --state-dir my\\ dir/"),
    ("emulator --state-dir err", "emulator --state-dir err"),
    # So are files in some places.
    ("uv run err", "uv run error.log "),
    ("uv run --env-file comp", "uv run --env-file completed.txt "),
    ("uv run --env-file=comp", "uv run --env-file=completed.txt "),
    ("uv run -v x error.log user", "uv run -v x error.log user.txt "),
    ("run -v hf://mo", "run -v hf://models/"),
    ("run -v my", "run -v my\\ dir/"),
    # Commands, options, topics.
    ("p", "ps "),
    ("ps --la", "ps --label "),
    ("emulator r", "emulator reset "),
    ("help schema j", "help schema job "),
]
"""What is typed, and what it becomes in any shell."""

_OWN = re.compile(r"['\"!=\\]|-dir|^uv|^ps --limit|^p$")
"""What a shell quotes, breaks or completes by itself. Only bash has its own ideas of what else a word is."""


class TestRealShells:
    """What a line becomes when TAB is pressed in a shell, on a pseudo-terminal."""

    def test_complete_a_word(self, shell: Shell) -> None:
        wrong = {}
        for typed, line in WORDS:
            if shell.name == "bash" or _OWN.search(typed + line):
                became = shell.line_after(f"hfjobs {typed}{TAB}")
                if shell.name == "zsh" and "'" not in line:
                    became = became.replace("\\!", "!").replace("\\*", "*")  # zsh quotes what is special to it
                if became != f"hfjobs {line}":
                    wrong[typed] = became
        assert wrong == {}

    @pytest.mark.parametrize(
        ("typed", "line"),
        [
            ("true; X=1 hfjobs ps -f status=err", "true; X=1 hfjobs ps -f status=error "),
            ("echo é | hfjobs ps --name é -f status=err", "echo é | hfjobs ps --name é -f status=error "),
            ("hfjobs ps --since '2 days' --status=err", "hfjobs ps --since '2 days' --status=error "),
            ('hfjobs ps --name "it\'s" -f status=err', 'hfjobs ps --name "it\'s" -f status=error '),
            ("hfjobs ps -f status=err --all" + 6 * LEFT, "hfjobs ps -f status=error --all"),
        ],
    )
    def test_look_at_the_command_before_the_cursor(self, shell: Shell, typed: str, line: str) -> None:
        assert shell.line_after(typed + TAB).replace("  ", " ") == line  # zsh puts a blank before a blank

    @pytest.mark.parametrize(
        ("typed", "line"),
        [
            ("ps -f stat=err" + 4 * LEFT, "ps -f status=err"),
            ("run -v hf://mod/alice/x" + 8 * LEFT, "run -v hf://models/alice/x"),
            ("emulator --state-dir sta/x" + 2 * LEFT, "emulator --state-dir states/x"),
            ("ps --columns id,na,status" + 7 * LEFT, "ps --columns id,name,status"),
        ],
    )
    def test_keep_what_follows_inside_a_word(self, tmp_path: Path, typed: str, line: str) -> None:
        """readline completes there, and leaves what follows the cursor; the other shells complete at a word's end."""
        with started("bash", tmp_path) as shell:
            assert shell.line_after(f"hfjobs {typed}{TAB}") == f"hfjobs {line}"

    @pytest.mark.parametrize("name", SHELLS)
    def test_complete_at_the_first_tab(self, tmp_path: Path, name: str) -> None:
        """With the installed command itself."""
        with started(name, tmp_path, is_quick=False) as shell:
            assert shell.line_after(f"hfjobs ps --status=err{TAB}") == "hfjobs ps --status=error "

    @pytest.mark.parametrize("name", SHELLS)
    def test_complete_what_is_on_the_hub(self, tmp_path: Path, name: str) -> None:
        with started(name, tmp_path, before="export HFJOBS_DEMO=1") as shell:
            for typed, line in [
                ("ps --name=tr", "ps --name=train-judge "),
                ("ps -l team=d", "ps -l team=data "),
                ("ps --initiator user:", f"ps --initiator user:{USER} "),
                ("ps -f image=ghcr", "ps -f image=ghcr.io/astral-sh/uv:python3.12-bookworm "),
                ("inspect @name=tr", "inspect @name=train-judge "),
                ("scheduled run @daily --flavor a100x8", "scheduled run @daily --flavor a100x8 "),
            ]:
                assert shell.line_after(f"hfjobs {typed}{TAB}") == f"hfjobs {line}"

    @pytest.mark.parametrize("name", ["fish", "zsh"])
    def test_show_schedules_with_their_stars(self, tmp_path: Path, name: str) -> None:
        with started(name, tmp_path, before="export HFJOBS_DEMO=1") as shell:
            shell.line_after(f"hfjobs scheduled inspect {TAB}{TAB}")
            assert b"17 12 * * *" in shell.shown

    @pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish")
    def test_list_the_newest_first_in_fish(self, environ: dict[str, str], tmp_path: Path) -> None:
        program = tmp_path / "hfjobs"
        program.write_text(f'#!/bin/sh\nexec {" ".join(command())} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        lists = f"hfjobs ps -q; source '{ROOT}/completions/hfjobs.fish'; complete -C 'hfjobs inspect '"
        result = run_shell(lists, {**environ, "HFJOBS_DEMO": "1", "PATH": path}, shell=("fish",))
        ids = re.findall("^6a0[0-9a-f]{21}", result.stdout, re.MULTILINE)
        assert len(ids) > 14
        assert ids[:7] == ids[7:14]  # those that are under way, listed and offered

    @pytest.mark.parametrize(
        "before",
        [
            "COMP_WORDBREAKS=${COMP_WORDBREAKS//[:=]}",
            "set -o posix; set -u",
            "set -f; IFS=:; shopt -s failglob nullglob",
            "[ ! -e /usr/share/bash-completion/bash_completion ] || . /usr/share/bash-completion/bash_completion",
        ],
    )
    def test_complete_in_bash_however_it_is_set_up(self, tmp_path: Path, before: str) -> None:
        with started("bash", tmp_path, before=before) as bash:
            for typed, line in [
                ("ps -f status=err", "ps -f status=error "),
                ("ps --initiator user:x,we", "ps --initiator user:x,webhook "),
                ("ps -f stat", "ps -f status="),
                ("ps --limit ", "ps --limit "),
                ("emulator --state-dir=my", "emulator --state-dir=my\\ dir/"),
                ("uv run comp", "uv run completed.txt "),
            ]:
                assert bash.line_after(f"hfjobs {typed}{TAB}") == f"hfjobs {line}"

    def test_complete_in_bash_as_macos_has_it(self, tmp_path: Path) -> None:
        """There is no compopt in 3.2, so a blank stays behind `=` and directories."""
        with started("bash", tmp_path, before="enable -n compopt") as bash:
            for typed, line in [
                ("ps -f status=err", "ps -f status=error "),
                ("ps -f stat", "ps -f status= "),
                ("ps --limit ", "ps --limit "),
                ("emulator --state-dir sta", "emulator --state-dir states/ "),
                ("emulator --state-dir err", "emulator --state-dir err"),
                ("uv run comp", "uv run completed.txt "),
                ("uv run --env-file my", "uv run --env-file my\\ dir/ "),
            ]:
                assert bash.line_after(f"hfjobs {typed}{TAB}") == f"hfjobs {line}"
