"""The installed command in a process of its own: pipes, terminals, signals and streams as they really are."""

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from html import unescape
from itertools import cycle
from pathlib import Path
from urllib.parse import unquote

import pyte
import pytest
from pyte import modes

from hfjobs_cli import __version__
from tests.hub.faults import HEAD, FaultyHub, drips, sends, stalls
from tests.support import (
    BY_HAND,
    TOKEN,
    USER,
    Hub,
    Result,
    Stall,
    closed_pipe,
    command,
    command_environ,
    full_disk,
    imports_of,
    on_terminal,
    pass_on,
    posix_only,
    read_terminal,
    run,
    run_command,
    run_here,
    run_python,
    run_shell,
    signalled,
    start_on_terminal,
)

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def environ(directories: dict[str, str], hub: Hub) -> dict[str, str]:
    return {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}


@posix_only
class TestTerminal:
    """On a terminal the table fits, and ids and states stay whole."""

    @pytest.mark.parametrize(
        ("columns", "options"), [(60, ()), (80, ("-w",)), (120, ("--initiator", "scheduled-job,duplicated-job"))]
    )
    def test_no_row_is_wider_and_no_id_or_status_is_cut(
        self, environ: dict[str, str], hub: Hub, columns: int, options: tuple[str, ...]
    ) -> None:
        hub.add(
            command=["echo", "[bold]", "\x1b[31mred\x1b[0m", "two\nlines", "\u202edlrow"],
            labels={"name": "名前" * 30},
            initiator={"type": "duplicated-job", "id": BY_HAND},
        )
        code, stdout, _ = on_terminal(columns, "ps", "-a", *options, environ=environ)
        assert code == 0
        header, *rows = ESCAPE.sub("", stdout).splitlines()
        listed = json.loads(run_here("ps", "-a", *options, "--json", environ=environ).stdout)
        assert len(rows) == len(listed)
        for job, row in zip(listed, rows, strict=True):
            assert row.startswith(job["id"] + "  ")
            assert f"  {job['status']['stage']}" in row
        wide = sum(2 if char > "\u3000" else 1 for char in rows[0])
        assert max([wide, len(header), *map(len, rows[1:])]) <= columns

    def test_colors_are_of_the_stage_only(self, environ: dict[str, str]) -> None:
        stdout = on_terminal(80, "ps", environ=environ).stdout
        assert set(re.findall(r"\x1b\[3(?:\d|8;5;\d+)m(\w+)\x1b\[0m", stdout)) == {"SCHEDULING", "RUNNING"}
        assert "\x1b" not in on_terminal(80, "ps", environ={**environ, "NO_COLOR": "1"}).stdout

    def test_width_may_be_given_by_columns(self, environ: dict[str, str]) -> None:
        stdout = on_terminal(200, "ps", environ={**environ, "COLUMNS": "40", "NO_COLOR": "1"}).stdout
        assert stdout.splitlines()[0] == "JOB ID                    STATUS"

    def test_a_terminal_of_no_width_counts_as_80(self, environ: dict[str, str]) -> None:
        at_0 = on_terminal(0, "ps", "--columns", "id,name,command", environ={**environ, "NO_COLOR": "1"}).stdout
        at_80 = on_terminal(80, "ps", "--columns", "id,name,command", environ={**environ, "NO_COLOR": "1"}).stdout
        assert at_0 == at_80

    def test_help_is_the_same_as_in_a_pipe_but_for_bold_headings(self, environ: dict[str, str]) -> None:
        shown = on_terminal(80, "ps", "--help", environ=environ).stdout
        bold = re.findall(r"\x1b\[1m(.*?)\x1b\[0m", shown)
        assert {"Usage:", "Arguments:"} & set(bold) == {"Usage:"}
        assert re.sub(r"\x1b\[[01]m", "", shown) == run_here("ps", "--help", environ=environ).stdout


class TestPipe:
    """In a pipe nothing is cut or colored, and whoever reads may stop."""

    def test_nothing_is_cut_and_nothing_is_colored(self, environ: dict[str, str]) -> None:
        code, stdout, stderr = run_command("ps", "-a", "--limit", "0", environ={**environ, "COLUMNS": "20"})
        assert (code, stderr) == (0, "")
        assert len(stdout.splitlines()) == 246
        assert "…" not in stdout
        assert "\x1b" not in stdout

    @posix_only
    @pytest.mark.parametrize(
        "argv", [("ps",), ("ps", "-a", "--limit", "0", "--format", "jsonl"), ("inspect", BY_HAND), ("--help",)]
    )
    def test_a_reader_that_is_gone_ends_it_quietly(self, environ: dict[str, str], argv: tuple[str, ...]) -> None:
        with closed_pipe() as writer:
            assert run_command(*argv, environ=environ, stdout=writer) == Result(0, "", "")

    @pytest.mark.skipif(shutil.which("sh") is None or os.name == "nt", reason="needs a shell")
    def test_head(self, environ: dict[str, str]) -> None:
        line = " ".join(command("ps", "-a", "--limit", "0", "--format", "jsonl")) + " | head -n 1"
        code, stdout, stderr = run_shell(line, environ)
        assert (code, len(stdout.splitlines()), stderr) == (0, 1, "")

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize("argv", [("ps",), ("ps", "--json"), ("inspect", BY_HAND), ("--help",), ("--version",)])
    def test_a_full_disk_is_one_line(self, environ: dict[str, str], argv: tuple[str, ...]) -> None:
        expected = "error: cannot write to stdout: No space left on device\nhint: is the disk full?\n"
        with full_disk() as full:
            assert run_command(*argv, environ=environ, stdout=full) == Result(1, "", expected)

    @pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
    @pytest.mark.parametrize("options", [(), ("-q",), ("--json",)])
    def test_a_job_that_costs_money_is_told_of_even_if_stdout_is_not_there(
        self, environ: dict[str, str], hub: Hub, options: tuple[str, ...]
    ) -> None:
        """What streams stops after the first; what is printed as a whole was all created before."""
        with full_disk() as full:
            code, _, stderr = run_command("duplicate", *options, BY_HAND, BY_HAND, environ=environ, stdout=full)
        assert code == 1
        made = [job["id"] for job in hub.all_jobs()[:2] if job["initiator"]["type"] == "duplicated-job"]
        count = len([path for path in hub.paths if path.startswith("POST")])
        told, *rest, error, hint = stderr.splitlines()
        assert sorted(told.removeprefix("created: ").split()) == sorted(made[:count])
        assert error == "error: cannot write to stdout: No space left on device"
        assert hint == "hint: is the disk full?"
        assert rest == ([] if options == ("--json",) else [f"not duplicated: {BY_HAND}"])

    @posix_only
    def test_a_reader_that_is_gone_stops_what_costs_money(self, environ: dict[str, str], hub: Hub) -> None:
        with closed_pipe() as writer:
            result = run_command("duplicate", BY_HAND, BY_HAND, "other", environ=environ, stdout=writer)
        (made,) = (job["id"] for job in hub.all_jobs()[:1])
        assert result.code == 1
        assert result.stderr.splitlines() == [
            f"created: {made}",
            f"not duplicated: {BY_HAND}",
            "error: stdout is closed",
        ]

    @pytest.mark.skipif(shutil.which("sh") is None or os.name == "nt", reason="needs a shell")
    @pytest.mark.parametrize("closed", ["2>&-", "<&-", "2>&- <&-"])
    def test_closed_streams_do_no_harm(self, environ: dict[str, str], closed: str) -> None:
        line = " ".join(command("ps", "--name", "nothing")) + " " + closed
        result = run_shell(line, environ)
        assert result.code == 0
        assert "Traceback" not in result.stderr

    @pytest.mark.skipif(shutil.which("sh") is None or os.name == "nt", reason="needs a shell")
    @pytest.mark.parametrize("argv", [("ps",), ("--help",), ("--version",)])
    def test_a_closed_stdout_is_one_line(self, environ: dict[str, str], argv: tuple[str, ...]) -> None:
        result = run_shell(" ".join(command(*argv)) + " >&-", environ)
        assert result == Result(1, "", "error: cannot write to stdout: it is closed\n")

    def test_input_that_is_not_text_is_no_job(self, environ: dict[str, str]) -> None:
        done = subprocess.run(
            command("inspect", "-"), env=command_environ(environ), input=b"\xff\n", capture_output=True
        )
        assert (done.returncode, done.stdout) == (2, b"")
        assert done.stderr.startswith(rb"error: invalid job '\xff'")

    @pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
    def test_what_is_written_for_other_languages_can_be_read_there(
        self, environ: dict[str, str], hub: Hub, encoding: str
    ) -> None:
        text = "größe 訓練 🚀\x7f\x9b\U000e0001\"'<"
        id_ = hub.add(command=[text], labels={text: text})
        template = (
            r"{{json .command}}\n{{json .labels}}\n{{range .command}}{{json .}}\n"
            r'{{printf "%q" .}}\n{{printf "%+q" .}}\n{{printf "%#q" .}}\n"{{js .}}"\n{{html .}}\n'
            '{{hyperlink . "x"}}{{end}}\\n{{printf "%q" (index (split (index .command 0) "") 9)}}'
            '{{printf "%#U" 0x1f680}}'
        )
        encoded = {**environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": encoding, "PYTHONCOERCECLOCALE": "0"}
        result = run_command("inspect", id_, "--format", template, environ=encoded, encoding=encoding)
        assert (result.code, result.stderr) == (0, "")
        command, labels, plain, quoted, ascii_only, raw, js, html, link, rune = result.stdout.splitlines()
        assert json.loads(command) == [text]
        assert json.loads(labels) == {text: text}
        assert json.loads(plain) == text
        # Go's strings are read as Python reads them, but for `'`; its `\\u` are those of JSON.
        assert [ast.literal_eval(each) for each in (quoted, ascii_only, raw)] == [text] * 3
        assert json.loads(js.replace("\\'", "'")) == text
        assert unescape(re.sub("\\\\x9b|\x9b", "", html)) == text.replace("\x9b", "")
        assert unquote(link.partition(";;")[2].partition("\x1b\\x")[0]).startswith("größe 訓練 🚀")
        assert rune == ('"\\U0001f680"U+1F680' if encoding != "utf-8" else "\"🚀\"U+1F680 '🚀'")

    def test_characters_that_do_not_fit_are_escaped(self, environ: dict[str, str], hub: Hub) -> None:
        hub.add(labels={"name": "größe 🚀"})
        ascii_only = {**environ, "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
        table = run_command("ps", "-a", "--limit", "1", environ=ascii_only)
        assert table.code == 0
        assert r"gr\xf6\xdfe \U0001f680" in table.stdout
        jobs = json.loads(run_command("ps", "-a", "--limit", "1", "--json", environ=ascii_only).stdout)
        assert jobs[0]["labels"]["name"] == "größe 🚀"


@posix_only
class TestInterrupt:
    """Ctrl-C ends it at once with 130 and one word."""

    @pytest.mark.parametrize(
        ("argv", "told"),
        [
            (("ps", "--namespace", USER), "interrupted\n"),
            (("inspect", f"{USER}/a", f"{USER}/b", f"{USER}/c"), "interrupted\n"),
            (
                ("duplicate", f"{USER}/{BY_HAND}"),
                f"error: {USER}/{BY_HAND} may or may not have been duplicated: interrupted\n"
                "hint: before retrying, check with: "
                f"hfjobs ps -a --namespace {USER} --initiator duplicated-job:{BY_HAND}\n",
            ),
        ],
    )
    def test_while_the_hub_takes_its_time(
        self, environ: dict[str, str], hub: Hub, stall: Stall, argv: tuple[str, ...], told: str
    ) -> None:
        hub.then(*[stall] * 3)
        assert signalled(command(*argv), environ, stall.arrived, signal.SIGINT) == Result(130, "", told)

    def test_while_others_are_warned_of(self, environ: dict[str, str]) -> None:
        """Nobody speaks after the last word, and Python does not stumble over threads that would like to."""
        faults = cycle([stalls, sends(b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")])
        hub = FaultyHub(lambda connection: next(faults)(connection))
        argv = command("inspect", "--debug", *(f"x/{number:06}" for number in range(40)))
        result = signalled(argv, {**environ, "HF_ENDPOINT": hub.endpoint}, hub.arrived, signal.SIGINT)
        hub.close()
        assert (result.code, result.stdout) == (130, "")
        assert result.stderr.endswith("interrupted\n")
        assert result.stderr.count("interrupted") == 1

    def test_in_the_middle_of_an_answer(self, environ: dict[str, str]) -> None:
        hub = FaultyHub(drips(HEAD + b"\r\n[", b" "))
        slow = {**environ, "HF_ENDPOINT": hub.endpoint}
        result = signalled(command("ps", "--namespace", "x"), slow, hub.arrived, signal.SIGINT)
        hub.close()
        assert result == Result(130, "", "interrupted\n")

    @pytest.mark.parametrize(("format_", "lines"), [("table", 0), ("json", 0), ("jsonl", 1)])
    def test_leaves_the_terminal_as_it_was(
        self, environ: dict[str, str], hub: Hub, stall: Stall, format_: str, lines: int
    ) -> None:
        """No progress stays behind, nothing is half written, and the prompt comes at the beginning of a line."""
        hub.replies(200, json.dumps([hub.job()]), {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'})
        hub.then(stall)
        argv = ("ps", "-a", "--namespace", "x", "--format", format_)
        process, reader = start_on_terminal(2000, *argv, environ=environ)
        assert stall.arrived.wait(60)
        process.send_signal(signal.SIGINT)
        text = read_terminal(reader)
        assert process.wait(60) == 130
        assert "1 jobs read, 1 match" in text
        screen = pyte.Screen(2000, 40)
        screen.set_mode(modes.LNM)
        initial = set(screen.mode)
        pyte.Stream(screen).feed(text)
        shown = [line.rstrip() for line in screen.display if line.strip()]
        assert [json.loads(line)["id"] for line in shown[:-1]] == [hub.job()["id"]] * lines
        assert shown[-1] == "interrupted"
        assert (screen.cursor.x, screen.cursor.y, screen.mode) == (0, lines + 1, initial)
        assert screen.cursor.attrs == pyte.screens.Char(" ")

    def test_while_it_waits_to_try_again(self, environ: dict[str, str], hub: Hub) -> None:
        hub.replies(503, "", {"Retry-After": "50"})
        argv = command("ps", "--namespace", USER)
        with subprocess.Popen(argv, env=command_environ(environ), stderr=subprocess.PIPE, encoding="utf-8") as process:
            assert process.stderr is not None
            assert process.stderr.readline().endswith("retrying in 50.0 s (2 of 4)\n")
            process.send_signal(signal.SIGINT)
            assert process.stderr.read() == "interrupted\n"
        assert process.returncode == 130


@posix_only
@pytest.mark.parametrize("numbers", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGINT, signal.SIGTERM] * 3])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_job_that_costs_money_is_told_of_even_if_the_program_is_ended(
    environ: dict[str, str], hub: Hub, stall: Stall, numbers: list[signal.Signals], options: tuple[str, ...]
) -> None:
    """The first is created, the second hangs, the third is not asked for. Who is impatient is told the same.

    As the clock here is not that of the Hub, it is asked for the time after the first.
    """
    hub.then(pass_on, pass_on, stall)
    argv = command("duplicate", *options, f"{USER}/{BY_HAND}", f"{USER}/{BY_HAND}", f"{USER}/6a02000000000000000000ff")
    code, stdout, stderr = signalled(argv, environ, stall.arrived, *numbers)
    (made,) = (job["id"] for job in hub.all_jobs()[:1])
    assert code == 130
    assert stdout.count(made) == 2
    assert stderr.splitlines()[0] == f"error: {USER}/{BY_HAND} may or may not have been duplicated: interrupted"
    assert stderr.splitlines()[-1] == f"not duplicated: {USER}/6a02000000000000000000ff"


@posix_only
def test_a_signal_that_is_ignored_stays_so(environ: dict[str, str], hub: Hub, stall: Stall) -> None:
    """As under nohup."""
    hub.then(stall)
    line = f"trap '' HUP; exec {' '.join(command('ps', '-q', '--namespace', USER))}"
    code, stdout, stderr = signalled(["sh", "-c", line], environ, stall.arrived, signal.SIGHUP, then=stall.released.set)
    assert (code, len(stdout.split())) == (0, 7)
    assert "interrupted" not in stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize(("argv", "code"), [(("ps",), 0), (("ps", "--status", "bogus"), 2), (("--bogus",), 2)])
def test_a_stderr_that_cannot_be_written_changes_nothing(
    environ: dict[str, str], argv: tuple[str, ...], code: int
) -> None:
    with full_disk() as full:
        assert run_command(*argv, environ=environ, stderr=full).code == code


class TestEntryPoints:
    """`hfjobs` and `python -m hfjobs_cli` are the same program."""

    def test_version(self, environ: dict[str, str]) -> None:
        for argv in (("--version",), ("--version", "ps")):
            assert run_command(*argv, environ=environ) == Result(0, f"hfjobs {__version__}\n", "")
        script = Path(sys.executable).with_name("hfjobs")
        found = shutil.which(str(script))
        if found is None:
            pytest.skip("the package is not installed beside this Python")
        assert run([found, "--version"], environ) == Result(0, f"hfjobs {__version__}\n", "")

    def test_offers_public_names_lazily(self) -> None:
        """Importing the package loads nothing; each public name can be had from it."""
        code = (
            "import sys, hfjobs_cli; before = set(sys.modules); assert 'httpx' not in before and 'typer' not in before;"
            "print(*[getattr(hfjobs_cli, name).__module__ for name in hfjobs_cli.__all__])"
        )
        result = run_python(code)
        assert (result.code, result.stderr) == (0, "")
        homes = {
            "errors",
            "formats.renderer",
            "models.job",
            "models.hardware",
            "models.schedule",
            "models.spec",
            "query.references",
            "query.filters",
            "hub.transport",
            "hub.client",
        }
        assert set(result.stdout.split()) == {f"hfjobs_cli.{home}" for home in homes}

    def test_the_client_can_be_used_from_python(self, hub: Hub) -> None:
        program = (
            "import sys; from hfjobs_cli import JobReference, JobsClient, NotFound, Transport, Unavailable\n"
            "client = JobsClient(Transport(sys.argv[1], sys.argv[2]))\n"
            "print(client.whoami(), sum(len(page.jobs) for page in client.list_jobs()))\n"
            "try: client.inspect_job(JobReference(None, 'none'))\n"
            "except NotFound as error: print(error)\n"
            "client.close()\n"
            "try: client.inspect_job(JobReference('davanstrien', 'none'))\n"
            "except Unavailable as error: print(error)\n"
        )
        code, stdout, stderr = run_python(program, hub.endpoint, TOKEN)
        assert (code, stderr) == (0, "")
        first, second, third = stdout.splitlines()
        assert first == "davanstrien 245"
        assert second.startswith("no job 'none' in namespace 'davanstrien': Job not found (GET ")
        assert third == f"the connection to {hub.endpoint} was closed (GET /api/jobs/davanstrien/none)"

    def test_modules_are_found_by_their_old_names(self) -> None:
        """Those that hold public names, for one release; they are the same modules, and each says so."""
        program = (
            "import warnings\n"
            "with warnings.catch_warnings(record=True) as caught:\n"
            "    warnings.simplefilter('always')\n"
            "    from hfjobs_cli.renderers.renderer import Renderer\n"
            "    from hfjobs_cli.renderers.view import View\n"
            "    from hfjobs_cli.records.job import JobInfo\n"
            "    from hfjobs_cli.api.client import JobsClient\n"
            "    from hfjobs_cli.query.scan import Page\n"
            "import hfjobs_cli as new\n"
            "assert [Renderer, View, JobInfo, JobsClient, Page] == "
            "[new.Renderer, new.View, new.JobInfo, new.JobsClient, new.Page]\n"
            "print(*[f'{each.category.__name__}: {each.message}' for each in caught], sep='\\n')\n"
            "import hfjobs_cli.records.nothing\n"
        )
        code, stdout, stderr = run_python(program)
        assert code == 1
        assert stdout.splitlines() == [
            f"DeprecationWarning: hfjobs_cli.{old} is now hfjobs_cli.{new}; import its names from hfjobs_cli"
            for old, new in (
                ("renderers.renderer", "formats.renderer"),
                ("renderers.view", "formats.renderer"),
                ("records.job", "models.job"),
                ("api.client", "hub.client"),
                ("query.scan", "query.filters"),
            )
        ]
        assert stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'hfjobs_cli.records.nothing'"

    def test_an_unknown_public_name(self) -> None:
        import hfjobs_cli

        with pytest.raises(AttributeError, match="module 'hfjobs_cli' has no attribute 'nothing'"):
            hfjobs_cli.nothing  # noqa: B018


def test_imports_only_what_it_needs(environ: dict[str, str]) -> None:
    """In one process: what the first need not import, none before it has."""
    emulator = {"werkzeug", "hfjobs_cli.emulator", "pydantic"}
    lines: list[tuple[tuple[str, ...], int, set[str]]] = [
        (("--help",), 0, {"httpx", "logging", "rich", "hfjobs_cli.models.kind", "hfjobs_cli.cli.options"}),
        (("ps", "--status", "bogus"), 2, {"httpx", "rich"}),
        (("ps",), 0, {"rich"}),
        (("ps", "--format", "json"), 0, {"rich"}),
        (("inspect", BY_HAND), 0, {"rich"}),
    ]
    told = imports_of(*(argv for argv, *_ in lines), environ=environ)
    for (argv, code, forbidden), (done, imported) in zip(lines, told, strict=True):
        assert (argv, done, imported & (forbidden | emulator)) == (argv, code, set())


def test_without_the_emulator_the_demo_says_how_to_get_it(directories: dict[str, str]) -> None:
    """A module that is None counts as not installed."""
    code = (
        "import sys; sys.modules['werkzeug'] = None; sys.argv = ['hfjobs', '--demo', 'ps']\n"
        "from hfjobs_cli.__main__ import run; run()"
    )
    expected = "error: the demo needs werkzeug, which is not installed\nhint: pip install 'hfjobs-cli[emulator]'\n"
    assert run_python(code, environ=directories) == Result(2, "", expected)


BROKEN_CLOCK = """\
import os, sys
from hfjobs_cli.cli.app import main
from hfjobs_cli.cli.session import Session

def broken():
    raise LookupError("no time for " + os.environ["HF_TOKEN"])

sys.exit(main(sys.argv[1:], Session(sys.stdin, sys.stdout, sys.stderr, os.environ, clock=broken)))
"""


def test_what_nobody_has_foreseen_is_one_line_to_report(environ: dict[str, str]) -> None:
    """And where it comes from with --debug. The token shows in neither."""
    short = run_python(BROKEN_CLOCK, "ps", environ=environ)
    long = run_python(BROKEN_CLOCK, "ps", "--debug", environ=environ)
    for result in (short, long):
        assert (result.code, result.stdout, TOKEN in result.stderr) == (1, "", False)
        told = [line for line in result.stderr.splitlines() if not line.startswith(("> ", "< ", "* "))]
        assert re.fullmatch(
            r"error: unexpected LookupError: no time for <TOKEN> "
            rf"\(hfjobs {__version__}, Python [\d.]+, \w+\.py line \d+\)",
            told[0],
        )
        assert told[-1] == "hint: this is a bug in hfjobs: please report the line above; --debug adds a traceback"
        assert (len(told) == 2) is (result is short)
    assert "Traceback (most recent call last):\n" in long.stderr
    assert "Traceback" not in short.stderr


def test_an_installation_that_is_not_whole_is_one_line(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise ImportError('no typer')\n")
    result = run_command("--help", environ={**environ, "PYTHONPATH": str(tmp_path)})
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == (
        "error: hfjobs cannot start: ImportError: no typer\n"
        "hint: the installation is incomplete; run: pip install --force-reinstall hfjobs-cli\n"
    )
