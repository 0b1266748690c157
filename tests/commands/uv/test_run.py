"""`hfjobs uv run`: scripts and files travel in the request, and are run by a real uv. The peer: test_same_requests."""

import json
import os
import shlex
import shutil
import ssl
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.emulation import Emulator
from tests.support import TOKEN, Hfjobs, Hub, Result, command, posix_only, run, run_command, run_here

TELL = """\
import json, os, sys
told = {"argv": sys.argv[1:], "files": {}, "has_packed": "PACKED_FILES" in os.environ}
for word in sys.argv[1:]:
    if os.path.isfile(word):
        told["files"][os.path.basename(word)] = open(word, "rb").read().decode()
print(json.dumps(told))
"""

WORDS = [
    "a b",
    " ",
    "",
    "it's",
    'say "x"',
    "$HOME",
    "`id`",
    "\\\\",
    "*",
    "one\\ntwo",
    "grüße",
    "日本語",
    "🤗",
    "--",
    "-e",
    "@",
    "@/x",
]


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The settings by which the program speaks to an emulator that runs jobs."""
    served = Emulator(tmp_path_factory.mktemp("uv") / "state", "--empty")
    yield {**served.environ, "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}
    served.close()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of its own, in which the command is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tell.py").write_text(TELL, encoding="utf-8")
    return tmp_path


def told(environ: dict[str, str], *argv: str) -> Any:
    """Run a script for real, and return what it printed."""
    result = run_here("uv", "run", *argv, environ=environ)
    assert result.code == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


@posix_only
class TestForReal:
    """On the emulator, with the uv that is installed."""

    @pytest.mark.usefixtures("here")
    def test_arguments_arrive_as_they_were_given(self, environ: dict[str, str]) -> None:
        assert told(environ, "tell.py", *WORDS) == {"argv": WORDS, "files": {}, "has_packed": False}

    def test_files_among_the_arguments_come_along(self, environ: dict[str, str], here: Path) -> None:
        (here / "a").mkdir()
        (here / "conf.yaml").write_text("x: 1", encoding="utf-8")
        (here / "a" / "conf.yaml").write_text("grüße", encoding="utf-8")
        (here / "with blank.txt").write_bytes(bytes(range(1, 128)))
        heard = told(environ, "tell.py", "--config", "conf.yaml", "a/conf.yaml", "with blank.txt", "none.txt")
        assert [Path(word).name for word in heard["argv"]] == [
            *("--config", "conf.yaml", "conf(0).yaml", "with blank.txt", "none.txt"),
        ]
        assert heard["argv"][-1] == "none.txt"
        assert heard["files"]["conf.yaml"] == "x: 1"
        assert heard["files"]["conf(0).yaml"] == "grüße"
        assert heard["files"]["with blank.txt"].encode() == bytes(range(1, 128))

    def test_a_large_script(self, environ: dict[str, str], here: Path) -> None:
        """Of 60 kB that do not shrink."""
        noise = os.urandom(30_000).hex()
        (here / "large.py").write_text(f"x = '{noise}'\nprint(len(x))\n")
        assert told(environ, "large.py") == 60_000

    def test_what_the_script_says_of_itself(self, environ: dict[str, str], here: Path) -> None:
        (here / "said.py").write_text(
            "# /// script\n# requires-python = '>=3.10'\n# dependencies = []\n# [tool.hf-jobs]\n# timeout = '5m'\n"
            "# name = 'said'\n# secrets = ['SAID']\n# [tool.hf-jobs.env]\n# MODE = 'grüße'\n# ///\n"
            "import os, json\nprint(json.dumps([os.environ['MODE'], os.environ['SAID']]))\n",
            encoding="utf-8",
        )
        result = run_here("uv", "run", "said.py", environ={**environ, "SAID": "hunter2"})
        assert (result.code, json.loads(result.stdout)) == (0, ["grüße", "hunter2"])
        assert result.stderr.splitlines()[:5] == [
            "note: timeout 5m (from script)",
            "note: name said (from script)",
            "note: env MODE=grüße (from script)",
            "note: secrets SAID (from script)",
            "note: cost at most $0.0008: 5m at $0.01 per hour",
        ]
        (job,) = json.loads(run_here("ps", "-a", "--name", "said", "--json", environ=environ).stdout)
        assert (job["timeout"], job["secrets"]) == (300, ["SAID"])

    def test_the_line_that_inspect_gives_runs_it_again(self, environ: dict[str, str], here: Path) -> None:
        """With the files in it."""
        (here / "conf.yaml").write_text("x: 1", encoding="utf-8")
        assert told(environ, "--name", "again", "tell.py", "a b", "conf.yaml")["files"] == {"conf.yaml": "x: 1"}
        (job,) = json.loads(run_here("ps", "-a", "--name", "again", "--json", environ=environ).stdout)
        line = run_here("inspect", "--format", "command", job["id"], environ=environ).stdout
        programs = here / "bin"
        programs.mkdir()
        (programs / "hfjobs").write_text(f'#!/bin/sh\nexec {sys.executable} -m hfjobs_cli "$@"\n')
        (programs / "hfjobs").chmod(0o755)
        path = f"{programs}{os.pathsep}{os.environ['PATH']}"
        again = run(["sh", "-c", line], {**environ, "PATH": path})
        assert again.code == 0, again.stderr
        assert json.loads(again.stdout)["argv"][0] == "a b"


@pytest.mark.parametrize("words", [("x", "--", "--with", "y"), ("--help",), ("--epochs", "3"), ("-x", "A=1")])
def test_what_comes_after_the_script_is_its_own(hfjobs: Hfjobs, words: tuple[str, ...]) -> None:
    """All but the options of the job: see test_same_words."""
    code, stdout, stderr = hfjobs("uv", "run", "--dry-run", "--json", "tool", *words)
    note = "note: -- passed to tool; hf jobs would drop it\n" if "--" in words else ""
    assert (code, stderr) == (0, f"{note}nothing was sent (--dry-run)\n")
    body = json.loads(stdout)
    assert (body["command"], body["environment"]) == (["uv", "run", "tool", *words], {})


@pytest.mark.parametrize("option", ["--image", "--python"])
def test_an_option_of_uv_is_not_empty(hfjobs: Hfjobs, hub: Hub, option: str) -> None:
    assert hfjobs("uv", "run", "-d", option, "", "tool") == Result(
        2, "", f"error: {option} is empty\nhint: remove {option}, or give it a value\n"
    )
    assert hub.requests == []


class TestProgram:
    """What is run need be no file whose name ends in .py."""

    def command(self, hfjobs: Hfjobs, *argv: str) -> Any:
        code, stdout, stderr = hfjobs("uv", "run", "--dry-run", "--json", *argv)
        assert (code, stderr) == (0, "nothing was sent (--dry-run)\n")
        return json.loads(stdout)["command"][3:]

    @pytest.mark.parametrize(
        "content", [b"print(1)\n", b"#!/usr/bin/env python3\nx\n", b"#!/usr/bin/env -S uv run --script\n", b""]
    )
    @pytest.mark.parametrize("name", ["tool", "tool.txt", "./tool"])
    def test_python_of_another_name(self, hfjobs: Hfjobs, here: Path, name: str, content: bytes) -> None:
        (here / name).write_bytes(content)
        assert self.command(hfjobs, name, "x") == ["uv", "run", "--script", f"@/{Path(name).name}", "x"]

    @pytest.mark.parametrize("content", [b"#!/bin/sh\necho hi\n", b"\x7fELF\0\1"])
    def test_a_program_of_another_kind(self, hfjobs: Hfjobs, here: Path, content: bytes) -> None:
        """It can be run, whatever may be done with it here."""
        (here / "tool").write_bytes(content)
        (here / "tool").chmod(0o644)
        assert self.command(hfjobs, "tool") == ["uv", "run", "@/tool"]

    @pytest.mark.parametrize(("name", "content"), [("notes.txt", b"not Python at all\n"), ("a.html", b"<html>\n")])
    def test_neither(self, hfjobs: Hfjobs, hub: Hub, here: Path, name: str, content: bytes) -> None:
        (here / name).write_bytes(content)
        assert hfjobs("uv", "run", "-d", name) == Result(
            2,
            "",
            f"error: cannot run {name}: it is not Python and has no '#!' line\n"
            "hint: give a Python script a name that ends in .py, or add a '#!' line\n",
        )
        assert hub.requests == []

    def test_what_it_says_of_itself(self, hfjobs: Hfjobs, hub: Hub, here: Path) -> None:
        (here / "tool").write_text("# /// script\n# [tool.hf-jobs]\n# timeout = '5m'\n# ///\n")
        assert hfjobs("uv", "run", "-d", "-q", "tool").code == 0
        assert hub.all_jobs()[0]["timeout"] == 300

    @posix_only
    def test_for_real(self, environ: dict[str, str], here: Path) -> None:
        (here / "tell.py").rename(here / "tell")
        assert told(environ, "tell", "a b")["argv"] == ["a b"]
        (here / "hello").write_text("#!/bin/sh\necho '\"hello\"'\n")
        assert told(environ, "hello") == "hello"

    @posix_only
    @pytest.mark.skipif(shutil.which("bash") is None, reason="needs a shell with <(...)")
    @pytest.mark.parametrize(
        "line", ["{} <(cat tell.py) 'a b' <(echo hi)", "cat tell.py | {} /dev/stdin 'a b' <(echo hi)"]
    )
    def test_pipes(self, environ: dict[str, str], here: Path, line: str) -> None:
        program = " ".join(map(shlex.quote, command("uv", "run")))
        result = run(["bash", "-c", line.format(program)], environ)
        assert result.code == 0, result.stderr
        heard = json.loads(result.stdout.splitlines()[-1])
        assert (heard["argv"][0], list(heard["files"].values())) == ("a b", ["hi\n"])
        assert here.exists()

    @posix_only
    def test_stdin_is_read_once(self, environ: dict[str, str], here: Path) -> None:
        argv = " ".join(map(shlex.quote, command("uv", "run", "-d", "--env-file", "-", "/dev/stdin")))
        result = run(["sh", "-c", f"cat tell.py | {argv}"], environ)
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr.startswith("error: SCRIPT and --env-file cannot both read stdin\n")
        assert here.exists()

    def test_directories_among_the_arguments_are_told_of(self, hfjobs: Hfjobs, here: Path) -> None:
        """But not those that may be there: everywhere, or mounted."""
        for name in ("data", "out/x"):
            (here / name).mkdir(parents=True)
        mounted = str(here / "out")
        result = hfjobs(
            *("uv", "run", "--dry-run", "-v", f"hf://alice/m:{mounted}", "tell.py"),
            *("data", "out/x", "data", "/", "/tmp", mounted, f"{mounted}/x", "none"),
        )
        assert result.stderr.splitlines()[0] == (
            "warning: the directories data, out/x will not exist in the job; mount what it needs with -v"
        )
        assert "directory" not in hfjobs("uv", "run", "--dry-run", "tell.py", "none", "").stderr


class TestRefused:
    """What cannot be run is found before anything is sent."""

    def test_too_much_for_a_request(self, hfjobs: Hfjobs, hub: Hub, here: Path) -> None:
        (here / "data.bin").write_bytes(os.urandom(100_000))
        result = hfjobs("uv", "run", "-d", "tell.py", "data.bin")
        assert result == Result(
            2,
            "",
            "error: tell.py, data.bin: too large for a request: 131 KiB compressed, at most 128 KiB\n"
            "hint: use --bucket to upload them to a bucket, or mount large files with -v\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("metadata", "line", "what"),
        [
            (".".join(["a"] * 50_000) + " = 1", 2, "a key of more than 100 parts"),
            ("a = " + "[" * 5000, 1, "the metadata is nested too deeply"),
            (f"a = {'9' * 6000}", 2, "a number of more than 1000 digits"),
            (f"a = '{'x' * 300_000}'", 1, "more than 256 KiB of metadata"),
        ],
        ids=["a long key", "deep", "a long number", "much"],
    )
    def test_metadata_without_measure(
        self, hfjobs: Hfjobs, hub: Hub, here: Path, metadata: str, line: int, what: str
    ) -> None:
        """Which would take gigabytes, or more than Python can bear, to be read."""
        (here / "tell.py").write_text(f"# /// script\n# {metadata}\n# ///\n", encoding="utf-8")
        code, stdout, stderr = hfjobs("uv", "run", "-d", "tell.py")
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: tell.py, line {line}: {what}\nhint: ")
        assert hub.requests == []

    @pytest.mark.parametrize("word", ["none.py", "none.yaml", "--config=none.yaml"])
    def test_a_file_that_is_not_there(self, hfjobs: Hfjobs, hub: Hub, here: Path, word: str) -> None:
        code, stdout, stderr = hfjobs("uv", "run", "-d", "tell.py" if word[0] == "-" else word, word)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: no such file: '{word}'\nhint: ")
        assert hub.requests == []
        assert here.exists()

    @pytest.mark.parametrize("scheduled", [(), ("scheduled",)])
    @pytest.mark.parametrize("word", ["app", "app/", "./app", ".", "..", "app.py", "lib/app"])
    def test_a_directory(self, hfjobs: Hfjobs, hub: Hub, here: Path, word: str, scheduled: tuple[str, ...]) -> None:
        """Which is taken for a command elsewhere, though there will be none."""
        for name in ("app", "app.py", "lib/app"):
            (here / name).mkdir(parents=True)
        argv = (*scheduled, "uv", "run", *(("@daily",) if scheduled else ("-d",)), word, "--x")
        code, stdout, stderr = hfjobs(*argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: '{word}' is a directory, not a script\nhint: use the file to run")
        assert hub.requests == []

    @pytest.mark.parametrize(
        "words", [("--with", "app", "app"), ("--image", "my/app", "app"), ("python", "-c", "1"), ("other",)]
    )
    def test_a_command_may_be_called_as_a_directory_is(
        self, hfjobs: Hfjobs, here: Path, words: tuple[str, ...]
    ) -> None:
        (here / "app").mkdir()
        (here / "python").mkdir()
        code, stdout, stderr = hfjobs("uv", "run", "--dry-run", "--json", *words)
        assert (code, stderr) == (0, "nothing was sent (--dry-run)\n")
        assert json.loads(stdout)["command"][-1] == words[-1]

    @pytest.mark.parametrize(
        ("word", "said"),
        [
            ("-", "cannot read the script from stdin: a job has no stdin\nhint: use a file\n"),
            ("", "the name of the script is empty\nhint: use for example: hfjobs uv run train.py\n"),
        ],
    )
    def test_what_is_neither_a_file_nor_a_command(self, hfjobs: Hfjobs, hub: Hub, word: str, said: str) -> None:
        assert hfjobs("uv", "run", "-d", word) == Result(2, "", f"error: {said}")
        assert hub.requests == []

    @pytest.mark.skipif(sys.platform != "linux", reason="needs a file that even root cannot read")
    def test_a_file_that_cannot_be_read(self, hfjobs: Hfjobs, hub: Hub, here: Path) -> None:
        (here / "mem.py").symlink_to("/proc/self/mem")
        code, stdout, stderr = hfjobs("uv", "run", "-d", "mem.py")
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: cannot read mem.py: ")
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("content", "byte"),
        [
            ("x = 1\nprint('café')\n".encode("latin-1"), "0xe9 in line 2"),
            ("print(1)\n".encode("utf-16"), f"{'print'.encode('utf-16')[0]:#04x} in line 1"),
            (b"# coding: ascii\nx = '\xe9'\n", "0xe9 in line 2"),
            (b"# coding: klingon\nx = '\xe9'\n", "0xe9 in line 2"),
        ],
    )
    def test_a_script_that_is_not_utf_8(self, hfjobs: Hfjobs, hub: Hub, here: Path, content: bytes, byte: str) -> None:
        (here / "s.py").write_bytes(content)
        assert hfjobs("uv", "run", "-d", "s.py") == Result(
            2,
            "",
            f"error: s.py is not UTF-8: byte {byte}\n"
            "hint: save it as UTF-8, or declare its encoding in the first line, for example # coding: latin-1\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("s.py", "# coding: latin-1\nprint('café')\n".encode("latin-1")),
            ("s.py", "\ufeffprint('café')\n".encode()),
            ("s.py", b""),
            ("tool", bytes(range(256))),
        ],
    )
    def test_what_python_or_the_system_can_run(self, hfjobs: Hfjobs, here: Path, name: str, content: bytes) -> None:
        (here / name).write_bytes(content)
        assert hfjobs("uv", "run", "-d", "-q", name).code == 0

    @pytest.mark.parametrize(
        ("table", "message", "hint"),
        [
            ("flavour = 'x'", "unknown key 'flavour' in [tool.hf-jobs] of s.py", "did you mean 'flavor'?"),
            ("timeout = true", "timeout in [tool.hf-jobs] of s.py is not a string", "in quotes"),
            ("env = {A = 1}", "env in [tool.hf-jobs] of s.py is not a table of strings", "in quotes"),
            (
                "secrets = {A = 'x'}",
                "secrets in [tool.hf-jobs] of s.py is not a list of strings",
                "list only the names",
            ),
            (
                "secrets = ['NOT_SET']",
                "[tool.hf-jobs] of the script needs a secret that is not set here: NOT_SET",
                "export",
            ),
            ("timeout = '5x'", "invalid timeout '5x'", "30m"),
            ("flavor = ", "s.py, line 3: invalid TOML: Invalid value", "PEP 723"),
            ("image = 'a b'", "invalid image 'a b'", "such as 'python:3.12'"),
        ],
    )
    def test_a_table_that_is_wrong(
        self, hfjobs: Hfjobs, hub: Hub, here: Path, table: str, message: str, hint: str
    ) -> None:
        (here / "s.py").write_text(f"# /// script\n# [tool.hf-jobs]\n# {table}\n# ///\n")
        code, stdout, stderr = hfjobs("uv", "run", "-d", "s.py")
        assert (code, stdout) == (2, "")
        assert message in stderr
        assert hint in stderr.partition("hint: ")[2]
        assert hub.requests == []


OPEN, SHUT, NEEDS = "# /// script\n", "# ///\n", '# requires-python = ">=3.99"\n'
GAP = "start each line between '# /// script' and '# ///' with '# '"


class TestHeader:
    """Metadata that uv would refuse, or pass over, is an error with its line: the job would cost money for nothing."""

    WRONG = (
        (f"{OPEN}{NEEDS}\n# x = 1\n{SHUT}", 3, "an empty line in the metadata", GAP),
        (f"import x\n{OPEN}{NEEDS}#x = 1\n{SHUT}", 4, "not a line of metadata", GAP),
        (f"{OPEN}#\tx = 1\n{SHUT}", 2, "not a line of metadata", GAP),
        (f"{OPEN}{NEEDS}print(1)\n", 1, "'# /// script' is never closed", "end the metadata with a line '# ///'"),
        (f"{OPEN}{NEEDS}# /// \nprint(1)\n", 3, "trailing space after '# ///'", "remove the space"),
        (
            f"{OPEN}{NEEDS}{SHUT}x = 1\n{OPEN}{NEEDS}{SHUT}",
            5,
            "a second '# /// script': uv accepts only one",
            "merge the blocks into one",
        ),
        (f"{OPEN}# x = [\n{SHUT}", 2, "invalid TOML: Invalid value", "see PEP 723"),
        (f"{OPEN}# x = 1\n{OPEN}# y = 2\n{SHUT}", 3, "invalid TOML: Invalid statement", "see PEP 723"),
        (
            f"{OPEN}# dependencies = 'x'\n{SHUT}",
            2,
            "dependencies is not a list of strings",
            "use for example ['numpy']",
        ),
        (
            f"{OPEN}#\n# requires-python = '3'\n{SHUT}",
            3,
            "requires-python is not a version specifier",
            "use for example '>=3.11'",
        ),
        (
            f"# coding: latin-1\n{OPEN}{NEEDS}{SHUT}# caf\udce9\n",
            5,
            "not UTF-8, which uv requires for scripts with metadata",
            "save",
        ),
    )
    PASSED_OVER = (
        (f"# /// script \n{NEEDS}{SHUT}", 1, "uv does not accept this as the start of metadata"),
        (f"#/// script\n{NEEDS}{SHUT}", 1, "uv does not accept this as the start of metadata"),
        (f"\ufeff{OPEN}{NEEDS}{SHUT}", 1, "uv ignores metadata after a byte order mark"),
        (f"{OPEN}{NEEDS}{SHUT}".replace("\n", "\r"), 1, "uv ignores metadata whose lines end with a carriage return"),
        (
            f"x = '# /// script'\n{OPEN}{NEEDS}{SHUT}",
            2,
            "uv ignores this: '# /// script' appears in an earlier line",
        ),
    )
    READ = (
        f"{OPEN}{NEEDS}{SHUT}",
        f"{OPEN}{NEEDS}{SHUT}".replace("\n", "\r\n"),
        f"import x\n{OPEN}#\n{NEEDS}{SHUT}# x\n#y\n",
        f"{OPEN}{NEEDS}{SHUT}x = 1\n{OPEN}",
        f"{OPEN}{NEEDS}# x = {{a = 1,\n#  b = 2}}\n{SHUT}",
    )
    NONE = ("x = 1\n", f"# /// other\n# x\n{SHUT}", "# /// script is a word\n", f"  {OPEN}{SHUT}")

    @pytest.mark.parametrize(
        ("script", "line", "what", "hint"),
        [*WRONG, *((*each, "") for each in PASSED_OVER)],
    )
    def test_that_is_wrong(
        self, hfjobs: Hfjobs, hub: Hub, here: Path, script: str, line: int, what: str, hint: str
    ) -> None:
        (here / "s.py").write_bytes(script.encode("utf-8", "surrogateescape"))
        code, stdout, stderr = hfjobs("uv", "run", "-d", "s.py")
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: s.py, line {line}: {what}")
        assert stderr.partition("\nhint: ")[2].startswith(hint)
        assert hub.requests == []

    @pytest.mark.parametrize("script", [*READ, *NONE])
    def test_that_is_right(self, hfjobs: Hfjobs, here: Path, script: str) -> None:
        (here / "s.py").write_bytes(script.encode())
        assert hfjobs("uv", "run", "-d", "-q", "s.py").code == 0

    def test_as_uv_has_it(self, here: Path) -> None:
        """What it refuses, passes over and reads; that it reads it is seen from what it needs, which is nowhere."""

        def by_uv(script: str) -> str:
            (here / "s.py").write_bytes(script.encode("utf-8", "surrogateescape"))
            uv = str(Path(sys.executable).with_name("uv"))
            said = run([uv, "run", "--offline", "--no-project", str(here / "s.py")], {}).stderr
            read = "No interpreter found for Python >=3.99" in said
            return "read" if read else "refused" if said.startswith("error:") else "passed over"

        assert {by_uv(script) for script, *_ in self.WRONG} == {"refused"}
        assert {by_uv(script) for script, *_ in self.PASSED_OVER} == {"passed over"}
        assert {by_uv(script) for script in self.READ} == {"read"}


def test_the_summary_marks_what_the_script_says(hfjobs: Hfjobs, here: Path) -> None:
    (here / "s.py").write_text("# /// script\n# [tool.hf-jobs]\n# timeout = 60\n# image = 'my/uv'\n# ///\n")
    result = hfjobs("uv", "run", "--dry-run", "s.py", "x")
    assert (result.code, result.stderr) == (0, "nothing was sent (--dry-run)\n")
    assert "image          my/uv\n" in result.stdout
    assert "command        uv run s.py x\n" in result.stdout
    assert "set by script  timeout, image\n" in result.stdout


class Web:
    """A server with one script, which remembers what it was asked for."""

    def __init__(self, content: bytes, certificate: Path | None = None) -> None:
        self.content = content
        self.asked: list[tuple[str, str | None]] = []
        self.statuses: list[int] = []
        self.retry_after: str | None = None
        self.redirects: dict[str, str] = {"/moved.py": "/scripts/embed.py?raw=1"}
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, self.headers.get("Authorization")))
                target = web.redirects.get(self.path)
                moved = target is not None
                busy = web.statuses.pop(0) if web.statuses else None
                self.send_response(busy or (404 if self.path == "/none.py" else 302 if moved else 200))
                if busy is not None and web.retry_after is not None:
                    self.send_header("Retry-After", web.retry_after)
                if target is not None:
                    self.send_header("Location", target)
                self.send_header("Content-Length", "0" if moved else str(len(web.content)))
                self.end_headers()
                if not moved:
                    self.wfile.write(web.content)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the library calls it
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.address = f"http{'s' if certificate else ''}://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web(b"# /// script\n# [tool.hf-jobs]\n# flavor = 't4-small'\n# ///\nprint(1)\n")
    yield server
    server.close()


class TestAddress:
    """A script at an address is fetched once, without the token, and travels as a file does."""

    @pytest.mark.parametrize("path", ["/scripts/embed.py?raw=1", "/moved.py"])
    def test_is_packed(self, hfjobs: Hfjobs, hub: Hub, web: Web, path: str) -> None:
        result = hfjobs("uv", "run", "-d", f"{web.address}{path}", "--x")
        notes = "note: flavor t4-small (from script)\nnote: cost at most $0.2000: 30m at $0.40 per hour\n"
        assert (result.code, result.stderr) == (0, notes)
        job = hub.all_jobs()[0]
        assert job["command"][3:] == ["uv", "run", f"@/{'moved' if 'moved' in path else 'embed'}.py", "--x"]
        assert job["flavor"] == "t4-small"
        assert job["labels"]["name"].startswith("embed-" if "embed" in path else "moved-")
        assert {token for _, token in web.asked} == {None}
        assert TOKEN not in json.dumps(job)

    def test_that_has_none(self, hfjobs: Hfjobs, hub: Hub, web: Web) -> None:
        code, stdout, stderr = hfjobs("uv", "run", "-d", f"{web.address}/none.py")
        assert (code, stdout) == (1, "")
        assert stderr.startswith(f"error: could not download {web.address}/none.py: 404")
        assert hub.requests == []

    def test_that_does_not_answer(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("uv", "run", "-d", "http://127.0.0.1:9/x.py")
        assert (code, stdout) == (5, "")
        *tries, last, _ = stderr.splitlines()
        assert [line[:34] for line in tries] == ["warning: http://127.0.0.1:9/x.py: "] * 3
        assert last.startswith("error: could not download http://127.0.0.1:9/x.py: ")
        assert hub.requests == []

    @pytest.mark.parametrize("status", [503, 500, 429, 408])
    def test_that_is_busy_is_tried_again(self, hfjobs: Hfjobs, hub: Hub, web: Web, status: int) -> None:
        web.statuses = [status, status]
        web.retry_after = "7"
        result = hfjobs("uv", "run", "-d", f"{web.address}/x.py")
        assert (result.code, hfjobs.pauses) == (0, [7.0, 7.0])
        told = f"warning: {web.address}/x.py: could not download {web.address}/x.py: {status} "
        assert [line.startswith(told) for line in result.stderr.splitlines()[:2]] == [True, True]
        assert len(hub.all_jobs()[0]["environment"]["PACKED_FILES"]) > 100

    def test_that_stays_busy(self, hfjobs: Hfjobs, hub: Hub, web: Web) -> None:
        web.statuses = [503] * 4
        result = hfjobs("uv", "run", "-d", f"{web.address}/x.py")
        assert (result.code, len(web.asked), len(hfjobs.pauses)) == (5, 4, 3)
        assert f"error: could not download {web.address}/x.py: 503 Service Unavailable\n" in result.stderr
        web.statuses, web.retry_after = [503], "3600"
        assert hfjobs("uv", "run", "-d", f"{web.address}/x.py").code == 5
        assert (len(web.asked), len(hfjobs.pauses)) == (5, 3)
        assert hub.requests == []

    @pytest.mark.parametrize("page", [b"<!DOCTYPE html><p>", b"\xef\xbb\xbf\n <!-- x -->\n<HTML lang=en>"])
    def test_of_a_web_page(self, hfjobs: Hfjobs, hub: Hub, web: Web, here: Path, page: bytes) -> None:
        web.content = page
        (here / "page.py").write_bytes(page)
        for script in (f"{web.address}/x.py", "page.py"):
            assert hfjobs("uv", "run", "-d", script) == Result(
                2,
                "",
                f"error: {script} is a web page, not a script\nhint: use the URL or the file of the script itself\n",
            )
        assert hub.requests == []


ASKS = """\
# /// script
# [tool.hf-jobs]
# image = 'ghcr.io/x/uv'
# flavor = 't4-small'
# python = '3.11'
# timeout = '2h'
# name = 'asks'
# namespace = 'team'
# network_group = 'group'
# network_aliases = ['a', 'b']
# secrets = ['AWS_SECRET_ACCESS_KEY', 'GIVEN']
# volumes = ['VOLUME', 'hf://alice/model:/m']
# [tool.hf-jobs.env]
# MODE = 'fast'
# API_KEY = 'abc'
# [tool.hf-jobs.labels]
# kind = 'x'
# ///
"""
NOTES = """\
note: flavor t4-small (from script)
note: timeout 2h (from script)
note: network_group group (from script)
note: network_aliases a, b (from script)
note: image ghcr.io/x/uv (from script)
note: python 3.11 (from script)
note: namespace team (from script)
note: name asks (from script)
note: env MODE=fast (from script)
note: env API_KEY=*** (from script)
note: labels kind=x (from script)
note: secrets AWS_SECRET_ACCESS_KEY (from script)
note: secrets GIVEN (from script)
note: volumes hf://alice/data:/d (from script)
note: volumes hf://alice/model:/m (from script)
note: cost at most $0.8000: 2h at $0.40 per hour
"""


GROUP = ("--network-group", "mine")
SECRETS = ("-s", "GIVEN", "-s", "AWS_SECRET_ACCESS_KEY")
SET = {"AWS_SECRET_ACCESS_KEY": "wJalrXUt", "GIVEN": "0123456"}


class TestWhatAScriptHasSet:
    """It is told of before anything is sent; and what is the user's own is not for a stranger's script."""

    @pytest.fixture(autouse=True)
    def team(self, hub: Hub) -> None:
        hub.replies_to("/api/jobs/team", 403, "{}")

    def test_of_a_file(self, hfjobs: Hfjobs, hub: Hub, here: Path) -> None:
        (here / "s.py").write_text(ASKS.replace("VOLUME", "hf://alice/data:/d"), encoding="utf-8")
        result = hfjobs.given(SET)("uv", "run", "-d", "s.py")
        assert result.stderr.startswith(f"{NOTES}error: ")
        assert hub.paths[-1] == "POST /api/jobs/team"

    def test_is_not_told_of_a_file_when_quiet(self, hfjobs: Hfjobs, here: Path) -> None:
        (here / "s.py").write_text("# /// script\n# [tool.hf-jobs]\n# timeout = 60\n# ///\n", encoding="utf-8")
        result = hfjobs("uv", "run", "-d", "-q", "s.py")
        assert (result.code, result.stderr) == (0, "")

    def test_only_what_no_option_says(self, hfjobs: Hfjobs, here: Path) -> None:
        (here / "s.py").write_text(ASKS.replace("VOLUME", "hf://alice/data:/d"), encoding="utf-8")
        options = ["--flavor", "l4x1", "--timeout", "1h", "--network-group", "g", "--network-alias", "c"]
        options += ["--image", "x/y", "--python", "3.12", "--namespace", "me", "--name", "n", "-e", "MODE=slow"]
        options += ["-e", "API_KEY=x", "-l", "kind=y", "-s", "GIVEN", "-v", "hf://bob/m:/m", "-v", "hf://bob/d:/d"]
        result = hfjobs.given(SET)("uv", "run", "-d", *options, "s.py")
        assert result.stderr.splitlines()[:2] == [
            "note: secrets AWS_SECRET_ACCESS_KEY (from script)",
            "note: cost at most $0.8000: 1h at $0.80 per hour",
        ]

    @pytest.mark.parametrize("when", [(), ("@daily",)])
    @pytest.mark.parametrize("volume", ["/home/me/.ssh:/keys", "hf://buckets/me/b:/b"])
    @pytest.mark.parametrize("dry", [(), ("--dry-run",)])
    def test_of_an_address_it_is_refused(
        self, hfjobs: Hfjobs, hub: Hub, web: Web, when: tuple[str, ...], volume: str, dry: tuple[str, ...]
    ) -> None:
        web.content = ASKS.replace("VOLUME", volume).encode()
        words = [*(("scheduled",) if when else ()), "uv", "run", *dry, "-s", "GIVEN", *when, f"{web.address}/x.py"]
        asked = f"network_group group; namespace team; secrets AWS_SECRET_ACCESS_KEY; volumes {volume}"
        options = "--network-group, --namespace, -s and -v"
        assert hfjobs.given(SET)(*words) == Result(
            2,
            "",
            f"error: the script at {web.address}/x.py asks for {asked}\n"
            f"hint: read the script; then pass {options} yourself, or --trust-script\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("given", "asked"),
        [
            ((*GROUP, *SECRETS, "--namespace", "me"), "volumes /etc:/d"),
            ((*GROUP, *SECRETS, "-v", "hf://a/b:/d"), "namespace team"),
            ((*GROUP, "--namespace", "me", "-v", "hf://a/b:/d"), "secrets AWS_SECRET_ACCESS_KEY, GIVEN"),
            (("--namespace", "me", "-v", "hf://a/b:/d", *SECRETS), "network_group group"),
        ],
    )
    def test_of_an_address_only_what_no_option_says(
        self, hfjobs: Hfjobs, web: Web, given: tuple[str, ...], asked: str
    ) -> None:
        web.content = ASKS.replace("VOLUME", "/etc:/d").encode()
        code, _, stderr = hfjobs.given(SET)("uv", "run", *given, f"{web.address}/x.py")
        assert (code, stderr.splitlines()[0]) == (2, f"error: the script at {web.address}/x.py asks for {asked}")

    @pytest.mark.parametrize("quiet", [(), ("-q",)])
    def test_of_an_address_that_is_trusted(self, hfjobs: Hfjobs, hub: Hub, web: Web, quiet: tuple[str, ...]) -> None:
        """What it sets is told of even when quiet: it is about money and secrets."""
        web.content = ASKS.replace("VOLUME", "hf://alice/data:/d").encode()
        result = hfjobs.given(SET)("uv", "run", "-d", *quiet, "--trust-script", f"{web.address}/x.py")
        assert result.stderr.startswith(f"{NOTES.replace('note:', 'warning:') if quiet else NOTES}error: ")
        assert hub.paths[-1] == "POST /api/jobs/team"

    @posix_only
    @pytest.mark.parametrize(("trust", "code"), [("", 2), ("--trust-script", 4)])
    def test_of_a_pipe(self, hfjobs: Hfjobs, hub: Hub, here: Path, trust: str, code: int) -> None:
        """`curl ... | hfjobs uv run /dev/stdin` runs a stranger's script, too."""
        (here / "s.py").write_text(ASKS.replace("VOLUME", "hf://alice/data:/d"), encoding="utf-8")
        line = " ".join(["cat s.py |", *command("uv", "run", "-d", "-q", trust, "/dev/stdin")])
        result = run(["sh", "-c", line], {**hfjobs.environ, **SET})
        refused = "network_group group; namespace team; secrets AWS_SECRET_ACCESS_KEY, GIVEN"
        assert (result.code, result.stdout) == (code, "")
        told = NOTES.replace("note:", "warning:")
        assert result.stderr.startswith(told if trust else f"error: the script at /dev/stdin asks for {refused}\n")
        assert bool(hub.requests) == bool(trust)

    def test_of_a_schedule(self, hfjobs: Hfjobs, here: Path) -> None:
        (here / "s.py").write_text("# /// script\n# [tool.hf-jobs]\n# timeout = 60\n# ///\n", encoding="utf-8")
        result = hfjobs("scheduled", "uv", "run", "@daily", "s.py")
        assert (result.code, result.stderr) == (
            0,
            "note: timeout 60 (from script)\nnote: cost of each job at most $0.0002: 1m at $0.01 per hour\n",
        )

    def test_hostile_text_is_harmless(self, hfjobs: Hfjobs, web: Web) -> None:
        web.content = (
            b'# /// script\n# [tool.hf-jobs]\n# name = "x"\n# [tool.hf-jobs.env]\n'
            b'# AB = "\\u001b[2J\\nnote: secrets none"\n# ///\n'
        )
        result = hfjobs("uv", "run", "-d", f"{web.address}/x.py")
        assert "note: env AB=\\x1b[2J\\nnote: secrets none (from script)\n" in result.stderr


class TestAddressesThatMeanHarm:
    @pytest.mark.parametrize(
        ("script", "told", "hint"),
        [
            ("file:///etc/passwd", "cannot read a script from 'file:///etc/passwd'", "use the path"),
            ("FILE://x.py", "cannot read a script from 'FILE://x.py'", "use the path"),
            ("ftp://u:pw@h/x.py", "cannot read a script from 'ftp://u:***@h/x.py'", "https://"),
            pytest.param("/dev/zero", "'/dev/zero' is a device", "use a file", marks=posix_only),
            pytest.param("/dev/null", "'/dev/null' is a device", "use a file", marks=posix_only),
        ],
    )
    def test_no_address_of_a_script(self, hfjobs: Hfjobs, hub: Hub, script: str, told: str, hint: str) -> None:
        code, stdout, stderr = hfjobs("uv", "run", "-d", script)
        assert (code, stdout) == (2, "")
        assert told in stderr
        assert hint in stderr
        assert hub.requests == []

    def test_https_to_http_and_back(self, hfjobs: Hfjobs, hub: Hub, web: Web) -> None:
        """Anybody on the way could have changed where the http part leads."""
        certificate = Path(__file__).parents[2] / "hub" / "loopback.pem"
        safe = Web(b"print(1)\n", certificate)
        safe.redirects["/moved.py"] = f"{web.address}/back.py"
        web.redirects["/back.py"] = f"{safe.address}/x.py"
        try:
            result = run_command(
                *("uv", "run", "-d", f"{safe.address}/moved.py"),
                environ={**hfjobs.environ, "SSL_CERT_FILE": str(certificate)},
            )
        finally:
            safe.close()
        assert (result.code, result.stdout) == (1, "")
        assert f"{safe.address}/moved.py redirects to an address that is not encrypted" in result.stderr
        assert (web.asked, hub.requests) == ([], [])

    @pytest.mark.parametrize("address", ["http://[x/y.py", "http://u:p/w@127.0.0.1/x.py", "https://u:pw#x@h:x/y.py"])
    def test_what_is_no_address(self, hfjobs: Hfjobs, hub: Hub, address: str) -> None:
        code, stdout, stderr = hfjobs("uv", "run", "-d", address)
        assert (code, stdout, hub.requests) == (2, "", [])
        assert "invalid URL" in stderr
        assert not any(part in stderr for part in ("p/w", "pw", "'p'"))

    def test_plain_http_is_warned_of(self, hfjobs: Hfjobs, web: Web) -> None:
        environ = {**hfjobs.environ, "HTTP_PROXY": web.address, "NO_PROXY": "127.0.0.1"}
        result = run_command("uv", "run", "-d", "http://alice:pw@example.invalid/x.py", environ=environ)
        told = "warning: http://alice:***@example.invalid/x.py is not encrypted: others on the network could change"
        assert (result.code, result.stderr.startswith(told)) == (0, True)

    def test_redirects_without_end(self, hfjobs: Hfjobs, web: Web) -> None:
        web.redirects["/moved.py"] = "/moved.py"
        result = hfjobs("uv", "run", "-d", f"{web.address}/moved.py")
        assert (result.code, len(web.asked)) == (1, 11)
        assert "redirects more than 10 times" in result.stderr

    @pytest.mark.parametrize("place", ["/none.py", "/broken.py"])
    @pytest.mark.parametrize("query", ["", "?token=pw1&X-Amz-Signature=pw2&raw=1"])
    def test_a_password_is_not_printed(self, hfjobs: Hfjobs, web: Web, place: str, query: str) -> None:
        web.content = b"# /// script\n# [tool.hf-jobs]\n# flavour = 'x'\n# ///\n"
        address = web.address.replace("://", "://alice:pw3@")
        code, stdout, stderr = hfjobs("--debug", "uv", "run", "-d", f"{address}{place}{query}")
        assert (code != 0, stdout) == (True, "")
        assert "://alice:***@127.0.0.1:" in stderr
        assert "pw" not in stderr
        assert not query or "?token=***&X-Amz-Signature=***&raw=1" in stderr


def test_buckets_need_huggingface_hub(here: Path, hub: Hub, directories: dict[str, str]) -> None:
    (here / "site" / "huggingface_hub").mkdir(parents=True)
    (here / "site" / "huggingface_hub" / "__init__.py").write_text("raise ImportError\n")
    environ = {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "PYTHONPATH": str(here / "site")}
    for argv in (("uv", "run", "-d", "--bucket", "tell.py"), ("run", "-d", "-v", "./site:/x", "ubuntu", "true")):
        result = run_command(*argv, environ=environ)
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr.startswith(
            "error: cannot upload files to a bucket: huggingface_hub 2.4 or later is not installed\nhint: pip "
        )
    assert not any(path.startswith("POST") for path in hub.paths)
