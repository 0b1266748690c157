"""`top`: running jobs on one screen."""

from __future__ import annotations

import json
import re
import signal
import stat
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.commands.test_stats import number, running
from tests.emulator.emulation import BUSY, Serve, until
from tests.live.conftest import Open
from tests.live.terminals import Terminal
from tests.metrics import Metrics, gpus
from tests.support import USER, Hfjobs, Hub, Result, hang_up, hostile_directory, moment_ago, posix_only

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

pytestmark = posix_only

TOP = ("top", "--name", "mine", "--namespace", USER)
FOOTER = "Enter logs  d page  o sort  / find  c cancel  ? help  q quit"
BARS = "▁▂▃▄▅▆▇█"


def write(hub: Hub, identifier: str, *lines: str) -> None:
    """Have a job write lines, and nothing more."""
    events = [
        f"data: {json.dumps({'data': line, 'timestamp': '2026-05-12T08:59:00.000Z'})}\n\n"
        for line in ("===== Job started at 2026-05-12 08:58:00 =====", *lines)
    ]
    hub.replies_to(f"/api/jobs/{USER}/{identifier}/logs", 200, "".join(events))


def change(hub: Hub, identifier: str, stage: str, message: str | None = None, **changes: Any) -> None:
    with hub.store.write() as tables:
        job = tables.job(USER, identifier)
        assert job is not None
        tables.save_job({**job, "status": {"stage": stage, "message": message}, **changes})


def stage_of(hub: Hub, identifier: str) -> str:
    with hub.store.read() as tables:
        job = tables.job(USER, identifier)
    assert job is not None
    stage: str = job["status"]["stage"]
    return stage


def row(terminal: Terminal, name: str) -> str:
    """Return the line of a job."""
    return next(line for line in terminal.lines if re.match(rf"[> ] {re.escape(name)} ", line))


def chosen(terminal: Terminal) -> str:
    """Return the name of the job that is chosen."""
    return next(line.split()[1] for line in terminal.lines if line.startswith("> "))


def choose(terminal: Terminal, keys: str, name: str) -> None:
    terminal.type(keys)
    terminal.until(lambda shown: f"\n> {name} " in shown, f"{name} to be chosen")


@pytest.fixture
def jobs(hub: Hub) -> list[str]:
    """Three jobs: one without figures, one with eight GPUs, and the newest, which waits."""
    waiting = {"stage": "SCHEDULING", "message": "waiting for a10g"}
    write(hub, running(hub, 1, labels={"name": "mine"}, flavor="cpu-basic"), "reading", "step 1 of 9\rstep 2 of 9")
    write(hub, running(hub, 2, labels={"name": "mine", "kind": "big"}, flavor="a100x8"), "loss 0.25")
    running(hub, 3, status=waiting, startedAt=None, createdAt=moment_ago(hours=1, minutes=30))
    return [number(1), number(2), number(3)]


class TestScreen:
    """A row for each job, one in detail, those that ended, and the keys."""

    @pytest.mark.parametrize(("columns", "lines"), [(80, 24), (140, 40)])
    def test_jobs_really_at_work(
        self, serve: Serve, open_terminal: Open, tmp_path: Path, columns: int, lines: int
    ) -> None:
        """Bars move, last lines too, and how a job ended is told."""
        emulator = serve(tmp_path / "emulated", "--empty")
        counts = "import time\nfor n in range(9999): print('count', n, flush=True); time.sleep(0.1)"
        counting = emulator.python(counts, labels={"name": "counting"})
        busy = emulator.python(BUSY, labels={"name": "busy"}, flavor="a10g-small")
        waits = f"import pathlib, time\nwhile not pathlib.Path({str(tmp_path / 'end')!r}).exists(): time.sleep(0.05)\n"
        failing = emulator.python(f"{waits}raise SystemExit(7)", labels={"name": "failing"})
        for each in (counting, busy, failing):
            emulator.wait(each, "RUNNING")
        terminal = open_terminal("top", environ=emulator.environ, columns=columns, lines=lines)
        terminal.shows("hfjobs top: 3 running", FOOTER, "NAME", "RUNTIME", "COST", "CPU", "MEM", "LAST LINE")
        terminal.until(lambda shown: re.search(rf"[> ] busy .*[{BARS[1:]}] +[1-9]\d*%", shown), "a busy bar")
        first = re.search(r"count \d+", terminal.until(lambda shown: re.search(r"counting .* count \d+", shown)))
        assert first is not None
        terminal.until(lambda shown: re.search(r"counting .* count \d+", shown) and first[0] not in shown, "a new line")
        assert ("NET" in terminal.lines[1]) == (columns == 140)
        assert ("STATUS" in terminal.lines[1]) == (columns == 140)
        (tmp_path / "end").touch()
        shown = terminal.until(lambda shown: re.search(r"failing +ERROR ", shown), "the end of a job")
        assert "RECENTLY FINISHED" in shown
        assert "hfjobs top: 2 running" in shown
        assert re.search(r"[> ] busy .*\$0\.\d\d", shown)
        assert re.search(r"failing +ERROR +(now|\d+[sm] ago) +(\d+m)?\d+s .*Job failed", shown)
        assert all(len(line) <= columns for line in terminal.lines)
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()
        assert terminal.lines == ["$ hfjobs"]

    def test_what_is_told_of_a_job(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        """Only a job that runs has figures."""
        Metrics(hub, jobs[0], cpu_usage_pct=100, memory_used_bytes=7_500_000_000)
        Metrics(hub, jobs[1], gpus=gpus(*[100] * 7, 60), cpu_usage_pct=0)
        terminal = on_hub(*TOP, columns=140, lines=40)
        terminal.until(lambda shown: shown.count("2.0kbps") == 2, "figures of two jobs")
        terminal.shows("step 2 of 9", "loss 0.25")
        names = [line for line in terminal.lines if re.match(r"[> ] mine ", line)]
        assert re.match(r"> mine +SCHEDULING for 1h3\dm: waiting for a10g$", names[0])
        assert re.search(r"  mine +RUNNING +\S+ +~?\$[\d,.]+ +▁ +0% +▂ +10% +█ +95% +█ +2.0kbps  \(\d+", names[1])
        assert re.search(r"  mine +RUNNING +\S+ +~?\$[\d,.]+ +█ +100% +▅ +50% + - +█ +2.0kbps  \(\d+", names[2])
        assert "not running yet" in terminal.text
        choose(terminal, "j", "mine")
        terminal.shows(f"mine  {jobs[1]}  a100x8", "100% 100% 100% 100% 100% 100% 100% 60%", "of 3.5")
        terminal.type("\x1b[B")
        terminal.shows(f"mine  {jobs[0]}  cpu-basic", "7.5GB/15.0GB", "no GPU", "in 2.0kbps out 0bps")

    def test_a_job_that_ends(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        """It leaves for those that ended, and the next is chosen; 406 of its figures ends nothing."""
        metrics = Metrics(hub, jobs[1])
        terminal = on_hub(*TOP, columns=120)
        terminal.shows("hfjobs top: 2 running, 1 scheduling", "2.0kbps")
        change(hub, jobs[1], "ERROR", "Job timeout", finishedAt="2099-05-12T08:59:00.000Z", labels={"name": "mine"})
        metrics.end()
        shown = terminal.shows("hfjobs top: 1 running, 1 scheduling", "RECENTLY FINISHED", "Job timeout")
        assert re.search(r"  mine +ERROR ", shown)
        change(hub, jobs[0], "COMPLETED")
        change(hub, jobs[2], "CANCELED")
        terminal.shows("hfjobs top: no jobs", "no running or scheduling jobs")
        terminal.type("\rsc")
        terminal.shows("no job selected")
        terminal.type("q")
        assert terminal.wait() == 0

    def test_thirty_jobs(self, hub: Hub, on_hub: Open) -> None:
        """Those around the chosen one are shown, on a small terminal too."""
        for place in range(1, 31):
            running(hub, place, labels={"name": "mine", "n": str(place)})
        terminal = on_hub(*TOP)
        terminal.shows("hfjobs top: 30 running", number(30))
        terminal.type("\x1b[F")
        terminal.shows(f"mine  {number(1)}")
        terminal.type("k")
        terminal.shows(f"mine  {number(2)}")
        terminal.type("\x1b[5~")
        terminal.shows(f"mine  {number(12)}")
        terminal.type("\x1b[6~j")
        terminal.shows(f"mine  {number(1)}")
        terminal.type("gG\x1b[H")
        terminal.shows(f"mine  {number(30)}")

    @pytest.mark.parametrize("size", [(140, 40), (60, 10), (30, 4), (250, 60)])
    def test_a_terminal_may_be_resized(self, hub: Hub, on_hub: Open, jobs: list[str], size: tuple[int, int]) -> None:
        Metrics(hub, jobs[0])
        terminal = on_hub(*TOP)
        terminal.shows("2 running", FOOTER)
        columns, lines = size
        terminal.resize(columns, lines)
        terminal.until(
            lambda _shown: len(terminal.lines) == lines and "scheduling"[: columns - 28] in terminal.lines[0]
        )
        terminal.shows("hfjobs top: 2 running", FOOTER[: columns - 1])
        assert all(len(line) <= columns for line in terminal.lines)
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()

    def test_hostile_text(self, hub: Hub, on_hub: Open) -> None:
        """Nothing that a job is called or writes commands the terminal."""
        evil = running(hub, 1, labels={"name": "mine", "x": "1"}, command=["echo", "\x1b[2J\x1b]0;title\x07"])
        write(hub, evil, "\x1b[31mred\x1b[0m \x1b[?1049l\x07 \u202eabc 日本語日本語")
        terminal = on_hub(*TOP, columns=140)
        shown = terminal.shows("日本語")
        assert r"\x1b[31mred\x1b[0m \x1b[?1049l\x07 \u202eabc" in shown
        assert r"echo \x1b[2J\x1b]0;title\x07" in shown
        assert terminal.screen.is_other_screen

    @pytest.mark.usefixtures("jobs")
    def test_without_colors(self, open_terminal: Open, hfjobs: Hfjobs) -> None:
        terminal = open_terminal(*TOP, environ={**hfjobs.environ, "NO_COLOR": "1"})
        terminal.shows("2 running", FOOTER)
        terminal.type("q")
        assert terminal.wait() == 0
        assert not re.search(rb"\x1b\[[0-9;]*[1-9][0-9]*m", terminal.received)


class TestKeys:
    """What is pressed."""

    def test_filter(self, hub: Hub, on_hub: Open) -> None:
        """A text anywhere in the jobs; Enter keeps it, Escape drops it."""
        running(hub, 1, labels={"name": "mine", "sweep": "alpha"})
        running(hub, 2, flavor="a100x8", labels={"name": "mine", "sweep": "beta"})
        terminal = on_hub(*TOP)
        terminal.shows("hfjobs top: 2 running", number(2))
        terminal.type("/sweep=ALx")
        terminal.shows("0 of 2 match 'sweep=ALx'", "no running or scheduling jobs match", "/sweep=ALx_")
        terminal.type("\x7f")
        terminal.shows("1 of 2 match 'sweep=AL'", f"mine  {number(1)}")
        terminal.type("\r")
        terminal.shows("1 of 2 match 'sweep=AL'", FOOTER)
        terminal.type("\x1b")
        terminal.until(lambda shown: "match" not in shown)
        terminal.type("/a100")
        terminal.shows("1 of 2 match 'a100'", f"mine  {number(2)}")
        terminal.type("\x1b")
        terminal.until(lambda shown: "match" not in shown and FOOTER in shown)

    @pytest.mark.usefixtures("jobs")
    def test_help(self, on_hub: Open) -> None:
        terminal = on_hub(*TOP)
        terminal.shows(FOOTER)
        terminal.type("?")
        terminal.shows("follow the logs of the job", "cancel the job, after confirmation", "quit; Ctrl-C too")
        terminal.type("q")
        terminal.shows(FOOTER, "2 running")
        terminal.type("q")
        assert terminal.wait() == 0

    def test_cancel(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        """It asks, and nothing but yes is a yes."""
        terminal = on_hub(*TOP)
        terminal.shows("2 running, 1 scheduling")
        terminal.type("jc")
        terminal.shows(f"Cancel mine ({jobs[1]})? [y/N]")
        terminal.type("\r")
        terminal.shows("nothing was canceled")
        assert stage_of(hub, jobs[1]) == "RUNNING"
        terminal.type("c")
        terminal.shows("[y/N]")
        terminal.type("y")
        terminal.shows("mine: CANCELED", "hfjobs top: 1 running, 1 scheduling")
        assert stage_of(hub, jobs[1]) == "CANCELED"
        assert hub.paths.count(f"POST /api/jobs/{USER}/{jobs[1]}/cancel") == 1

    def test_cancel_that_fails(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        terminal = on_hub(*TOP)
        terminal.shows("2 running, 1 scheduling")
        hub.replies_to(f"/api/jobs/{USER}/{jobs[2]}/cancel", 403, '{"error": "no right to cancel"}')
        terminal.type("cy")
        terminal.shows("could not cancel mine: the token from HF_TOKEN has no permission for this")
        assert stage_of(hub, jobs[2]) == "SCHEDULING"

    def test_a_last_line_that_begins_like_a_header(self, hub: Hub, jobs: list[str], on_hub: Open) -> None:
        """It is the job's own."""
        write(hub, jobs[1], "loss 0.25", "===== Job started at noon =====")
        terminal = on_hub(*TOP)
        terminal.shows("===== Job started")
        terminal.type("q")
        assert terminal.wait() == 0

    @pytest.mark.usefixtures("jobs")
    @pytest.mark.parametrize("back", ["q", "\x03", "\x1b"])
    def test_logs(self, on_hub: Open, back: str) -> None:
        """Enter follows what a job writes, and a key comes back."""
        terminal = on_hub(*TOP)
        terminal.shows("2 running, 1 scheduling")
        choose(terminal, "j", "mine")
        terminal.type("\r")
        terminal.until(lambda shown: "loss 0.25" in shown and FOOTER not in shown, "what the job wrote")
        terminal.shows("-- logs of mine; q or Ctrl-C goes back --")
        assert terminal.shows_cursor()
        terminal.type(back)
        terminal.shows(FOOTER, "2 running, 1 scheduling")
        assert not terminal.shows_cursor()
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()
        assert terminal.lines == ["$ hfjobs"]

    @pytest.mark.usefixtures("jobs")
    def test_a_page(self, on_hub: Open) -> None:
        """d describes the chosen job, and Escape comes back; o sorts."""
        terminal = on_hub(*TOP, columns=100, lines=50)
        terminal.shows("2 running, 1 scheduling")
        choose(terminal, "j", "mine")
        terminal.type("d")
        terminal.shows("-- page of mine; q or Ctrl-C goes back --", "Hardware     a100x8", "-- end of the page")
        terminal.type("\x1b")
        terminal.shows(FOOTER, "2 running, 1 scheduling")
        terminal.type("oo")
        terminal.shows("; by runtime")
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()

    def test_logs_of_a_job_that_ends(self, serve: Serve, open_terminal: Open, tmp_path: Path) -> None:
        emulator = serve(tmp_path / "emulated", "--empty")
        end = tmp_path / "end"
        code = (
            "import pathlib, time\nprint('first line', flush=True)\n"
            f"while not pathlib.Path({str(end)!r}).exists(): time.sleep(0.05)\nprint('last line')"
        )
        emulator.wait(emulator.python(code, labels={"name": "brief"}), "RUNNING")
        terminal = open_terminal("top", environ=emulator.environ)
        terminal.shows("1 running", FOOTER)
        terminal.type("\r")
        terminal.until(lambda shown: "first line" in shown and FOOTER not in shown, "what the job wrote")
        end.touch()
        terminal.shows("last line", "-- end of the logs; q goes back --")
        terminal.type("\r")
        terminal.shows(FOOTER, "brief", "COMPLETED")

    @pytest.mark.usefixtures("jobs")
    def test_ssh(self, hub: Hub, hfjobs: Hfjobs, open_terminal: Open, tmp_path: Path) -> None:
        """The shell has the terminal as it was before, and no code of the current directory is run."""
        status = {"stage": "RUNNING", "message": None, "sshUrl": f"ssh://{number(4)}@ssh.hf.jobs"}
        running(hub, 4, status=status, createdAt=moment_ago(minutes=5))
        script = tmp_path / "bin" / "ssh"
        script.parent.mkdir()
        script.write_text('#!/bin/sh\necho "ssh $@"\nread line\necho "got $line"\nread line\n')
        script.chmod(script.stat().st_mode | stat.S_IEXEC)
        path = f"{script.parent}:/usr/bin:/bin"
        clone = hostile_directory(tmp_path / "clone")
        terminal = open_terminal(*TOP, environ={**hfjobs.environ, "PATH": path}, directory=clone)
        terminal.shows("3 running, 1 scheduling")
        terminal.type("s")
        shown = terminal.shows(f"ssh -- {number(4)}@ssh.hf.jobs")
        assert "$ hfjobs" in shown
        assert terminal.is_sane()
        terminal.type("hello\n")
        terminal.shows("got hello")
        terminal.type("\n")
        terminal.shows("3 running, 1 scheduling", FOOTER)
        terminal.type("js")
        terminal.shows("mine was not started with --ssh")
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.is_sane()
        assert not (clone / "stolen").exists()

    @pytest.mark.usefixtures("jobs")
    def test_logs_run_no_code_of_the_current_directory(self, on_hub: Open, tmp_path: Path) -> None:
        """Which may be a stranger's clone, and what Enter starts has the token."""
        clone = hostile_directory(tmp_path / "clone")
        terminal = on_hub(*TOP, directory=clone)
        terminal.shows("2 running, 1 scheduling")
        choose(terminal, "j", "mine")
        terminal.type("\r")
        terminal.shows("loss 0.25")
        terminal.type("qq")
        assert not (clone / "stolen").exists()


class TestNetwork:
    """A network that goes and comes."""

    def test_is_told_and_survived(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        metrics = Metrics(hub, jobs[0])
        is_away = threading.Event()

        def answer(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return hang_up(app, environ, start) if is_away.is_set() else app(environ, start)

        hub.always(f"/api/jobs/{USER}", answer)
        terminal = on_hub(*TOP)
        terminal.shows("2 running, 1 scheduling", FOOTER, "12%")
        is_away.set()
        metrics.first_answer(hang_up)
        metrics.hang_up()
        shown = terminal.shows("the connection to ")
        assert "2 running, 1 scheduling" in shown
        is_away.clear()
        terminal.shows(FOOTER, "2 running, 1 scheduling")
        metrics.say(cpu_usage_pct=77)
        terminal.shows("77%")
        terminal.type("q")
        assert terminal.wait() == 0
        assert terminal.lines == ["$ hfjobs"]

    def test_a_hub_that_asks_for_a_pause_gets_it(self, hub: Hub, on_hub: Open, jobs: list[str]) -> None:
        """What a job uses and writes is not asked for again before, though the listing is."""
        streams = [f"/api/jobs/{USER}/{jobs[0]}/{what}" for what in ("metrics", "logs")]

        def busy(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return Response("{}", 429, headers={"Retry-After": "120"}, content_type="application/json")(environ, start)

        for path in streams:
            hub.always(path, busy)
            hub._replies.pop(path, None)
        terminal = on_hub(*TOP)
        until(lambda: hub.paths.count(f"GET /api/jobs/{USER}") > 2, "the jobs to be looked at")
        terminal.type("q")
        assert terminal.wait() == 0
        assert [hub.paths.count(f"GET {path}") for path in streams] == [1, 1]

    def test_that_is_not_there_at_first(self, hub: Hub, on_hub: Open) -> None:
        hub.replies_to(f"/api/jobs/{USER}", 503, '{"error": "down"}')
        terminal = on_hub(*TOP)
        assert terminal.wait() == 5
        assert terminal.is_sane()
        assert "error: the Hub is unavailable: down" in terminal.text

    @pytest.mark.usefixtures("jobs")
    def test_a_token_that_is_refused(self, hub: Hub, on_hub: Open) -> None:
        terminal = on_hub(*TOP)
        terminal.shows("2 running, 1 scheduling")
        hub.replies_to(f"/api/jobs/{USER}", 401, '{"error": "Invalid credentials"}')
        assert terminal.wait() == 4
        assert terminal.is_sane()


class TestEnds:
    """However it ends, the terminal is as it was."""

    @pytest.mark.usefixtures("jobs")
    @pytest.mark.parametrize("number_", [None, signal.SIGTERM, signal.SIGHUP])
    def test_signals(self, on_hub: Open, number_: int | None) -> None:
        terminal = on_hub(*TOP)
        terminal.shows(FOOTER)
        assert not terminal.is_sane()
        if number_ is None:
            terminal.type("\x03")
        else:
            terminal.process.send_signal(number_)
        assert terminal.wait() == 130
        assert terminal.is_sane()
        assert terminal.lines == ["$ hfjobs", "interrupted"]

    @pytest.mark.parametrize("received", [1, 25, 100, 400, 700])
    def test_ctrl_c_at_any_moment(self, hub: Hub, on_hub: Open, jobs: list[str], received: int) -> None:
        Metrics(hub, jobs[0])
        terminal = on_hub(*TOP)
        terminal.until(lambda _shown: len(terminal.received) >= received + len("$ hfjobs\r\r\n"))
        terminal.type("\x03")
        assert terminal.wait() == 130
        assert terminal.is_sane()

    @pytest.mark.parametrize("settings", [{}, {"TERM": "dumb"}])
    def test_where_there_is_no_terminal(self, hub: Hub, hfjobs: Hfjobs, settings: dict[str, str]) -> None:
        columns = 80 if settings else None
        program = hfjobs.given(settings)
        assert program("top", columns=columns) == Result(
            2,
            "",
            "error: top needs a terminal with cursor control\n"
            "hint: use 'hfjobs stats -f' for usage or 'hfjobs ps --watch' for status changes, as jsonl\n",
        )
        assert hub.requests == []
