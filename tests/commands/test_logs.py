"""`hfjobs logs`: what is shown, where, and when it ends. That no line is lost is held in `test_logs_property`."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from hfjobs_cli.hub.sse import IdleTimer
from tests.emulator.emulation import Serve
from tests.hub.faults import stalls
from tests.hub.replaying import EVENTS_HEAD, HEADER, Cut, Line, ReplayingHub, Script
from tests.support import (
    TOKEN,
    USER,
    Hfjobs,
    Hub,
    Result,
    closed_pipe,
    command,
    command_environ,
    on_terminal,
    posix_only,
    read_by_head,
    run,
    run_command,
    run_here,
    run_python,
    run_shell,
)

JOB = "6a01d697aff1cd33e8f33a64"
OTHER = "6a01c8c2aff1cd33e8f339d4"
NAMED = f"alice/{JOB}"
LINES = [Line(HEADER), Line("one", "2026-05-12T14:57:11.000Z"), Line("two", "2026-05-12T14:57:12.345Z")]
DONE = f"{JOB} is COMPLETED\n"
NEVER_RUN = "(this is a sample job of the emulator: it never ran and has no output)"

Replaying = Callable[..., Hfjobs]


@pytest.fixture
def replaying(directories: dict[str, str]) -> Iterator[Replaying]:
    """A function that serves jobs by their scripts, and returns the program for them."""
    hubs: list[ReplayingHub] = []

    def serve(*scripts: Script) -> Hfjobs:
        hubs.append(ReplayingHub(dict(zip((JOB, OTHER), scripts, strict=False))))
        program = Hfjobs({**directories, "HF_ENDPOINT": hubs[-1].endpoint, "HF_TOKEN": TOKEN})
        program.hub = hubs[-1]  # type: ignore[attr-defined]
        return program

    yield serve
    for hub in hubs:
        hub.close()


def requests(program: Hfjobs) -> list[str]:
    """Return the requests about the job so far."""
    hub: ReplayingHub = program.hub  # type: ignore[attr-defined]
    return [request.replace(f"/api/jobs/alice/{JOB}", "JOB") for request in hub.requests]


class TestWhatThereIs:
    """Without `-f`."""

    def test_of_a_job_that_has_ended(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES))
        assert program("logs", NAMED) == Result(0, "one\ntwo\n", f"{HEADER}\n")
        assert requests(program) == ["GET JOB", "GET JOB/logs", "GET JOB/logs?tail=3"]

    def test_of_a_job_whose_stream_stays_open(self, replaying: Replaying) -> None:
        assert replaying(Script(LINES, stays_open=True))("logs", NAMED) == Result(0, "one\ntwo\n", f"{HEADER}\n")

    def test_of_a_job_that_runs(self, replaying: Replaying) -> None:
        """It ends though the stream does not."""
        program = replaying(Script(LINES, stays_open=True, stages=["RUNNING"]))
        assert program("logs", NAMED) == Result(0, "one\ntwo\n", f"{HEADER}\n")

    def test_lines_of_a_clock_that_is_ahead(self, replaying: Replaying) -> None:
        """A line is there if the Hub sends it, whenever it came."""
        later = [*LINES, *(Line(f"line {at}", f"2026-05-12T14:58:0{at}.000Z") for at in range(1, 7))]
        expected = "".join(f"line {at}\n" for at in range(1, 7))
        running = [Cut(9, None, "stall")]
        assert replaying(Script(later, running))("logs", NAMED)[:2] == (0, f"one\ntwo\n{expected}")
        assert replaying(Script(later, running))("logs", "-n", "3", NAMED)[:2] == (0, expected[-21:])

    def test_of_a_job_that_waits(self, replaying: Replaying) -> None:
        program = replaying(Script([], stays_open=True, stages=["SCHEDULING"] * 9))
        assert program("logs", NAMED) == Result(0, "", f"{JOB} is SCHEDULING: Waiting for an a100-large\n")

    def test_a_stream_that_breaks_again_and_again(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, [Cut(0, 40)] * 9, stage_is_final=True))
        code, stdout, stderr = program("logs", NAMED)
        assert (code, stdout) == (5, "")
        assert stderr.count("warning: lost the connection to ") == 3
        assert stderr.splitlines()[-2].startswith("error: lost the connection to ")
        assert program.pauses == [0.5, 1, 2]

    @pytest.mark.parametrize("given", [JOB, NAMED])
    def test_of_the_demo_and_the_emulator(self, either: Hfjobs, given: str) -> None:
        name = given.replace("alice", USER)
        assert either("logs", name) == Result(0, f"{NEVER_RUN}\n", "")


class TestWhichLines:
    def test_the_last(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES))
        assert program("logs", "-n", "1", NAMED) == Result(0, "two\n", f"{HEADER}\n")
        assert requests(program)[1] == "GET JOB/logs?tail=1"

    @pytest.mark.parametrize(
        ("since", "stdout"),
        [
            ("2026-05-12T14:57:12Z", "two\n"),
            ("2026-05-12T14:57:11Z", "one\ntwo\n"),
            ("2026-05-12T14:57:12.346Z", ""),
            ("yesterday", "one\ntwo\n"),
        ],
    )
    def test_those_since(self, replaying: Replaying, since: str, stdout: str) -> None:
        assert replaying(Script(LINES))("logs", "--since", since, NAMED).stdout == stdout

    @pytest.mark.parametrize("option", ["--since=x", "--tail=-1", "--tail=x"])
    def test_options_that_make_no_sense(self, hfjobs: Hfjobs, hub: Hub, option: str) -> None:
        assert hfjobs("logs", option, JOB).code == 2
        assert hub.requests == []

    def test_jobs_or_filters(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("logs").code == 2
        assert hfjobs("logs", JOB, "--name", "x").code == 2
        assert hub.requests == []


class TestFollowing:
    """With `-f`."""

    @pytest.mark.parametrize(
        ("stage", "code", "why"),
        [
            ("COMPLETED", 0, ""),
            ("ERROR", 10, ": Job failed with exit code: 3"),
            ("CANCELED", 11, ""),
            ("DELETED", 11, ""),
        ],
    )
    def test_ends_with_the_job(self, replaying: Replaying, stage: str, code: int, why: str) -> None:
        """The stage lags behind the last line."""
        script = Script(LINES, [Cut(2, None, "end")], lag=5, stage=stage)
        program = replaying(script)
        stderr = f"{HEADER}\n{JOB} is {stage}{why}\n"
        assert program("logs", "-f", "--exit-status", NAMED) == Result(code, "one\ntwo\n", stderr)

    def test_the_code_is_of_the_command_unless_asked_for(self, replaying: Replaying) -> None:
        assert replaying(Script(LINES, stage="ERROR"))("logs", "-f", NAMED).code == 0

    def test_breaks_are_told(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, [Cut(3, 250), Cut(3, 250), Cut(3, 0)]))
        code, stdout, stderr = program("logs", "-f", NAMED)
        assert (code, stdout) == (0, "one\ntwo\n")
        told = [line for line in stderr.splitlines() if line.startswith("warning: lost the connection to ")]
        assert [line.rpartition("; ")[2] for line in told] == [f"retrying in {secs} s" for secs in (0.5, 1.0, 2.0)]
        assert program.pauses[:3] == [0.5, 1, 2]

    def test_a_hub_that_stays_away(self, replaying: Replaying) -> None:
        """It is tried for half an hour, less and less often."""
        program = replaying(Script(LINES, [Cut(2)], status="503 Service Unavailable"))
        code, stdout, stderr = program("logs", "-f", NAMED)
        assert (code, stdout) == (5, "one\n")
        assert "error: the Hub is unavailable: No output for you" in stderr
        assert max(program.pauses) == 30
        assert 1770 <= sum(program.pauses) <= 1800

    @pytest.mark.parametrize(("status", "code"), [("401 Unauthorized", 4), ("403 Forbidden", 4)])
    def test_what_will_not_get_better_is_not_tried_again(self, replaying: Replaying, status: str, code: int) -> None:
        program = replaying(Script(LINES, [Cut(2)], status=status))
        assert program("logs", "-f", NAMED)[:2] == (code, "one\n")
        assert program.pauses == [0.5]

    def test_why_a_job_waits(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, [Cut(0, None, "end")], stages=["SCHEDULING"] * 3))
        stderr = f"scheduling: Waiting for an a100-large (for 1m0s)\n{HEADER}\n{DONE}".replace("1m0s", "1m")
        assert program("logs", "-f", NAMED) == Result(0, "one\ntwo\n", stderr)

    def test_a_stream_from_before_the_job_began_shows_nothing(self, replaying: Replaying) -> None:
        script = Script(LINES, [Cut(0, None, "stall")], stages=["SCHEDULING", "RUNNING"])
        assert replaying(script)("logs", "-f", NAMED)[:2] == (0, "one\ntwo\n")

    def test_every_attempt_is_announced(self, replaying: Replaying) -> None:
        second = HEADER.replace(":00 ", ":30 ")
        program = replaying(Script([*LINES, Line(second), Line("three")]))
        assert program("logs", "-f", NAMED) == Result(0, "one\ntwo\nthree\n", f"{HEADER}\n{second}\n{DONE}")

    def test_a_hub_that_has_dropped_old_lines(self, replaying: Replaying) -> None:
        """It is told once, and lines are matched by what they hold."""
        lines = [Line(f"line {at}", f"2026-05-12T14:57:{at:02}Z") for at in range(40)]
        script = Script(lines, [Cut(20), Cut(25), Cut(30)], forgets=10)
        code, stdout, stderr = replaying(script)("logs", "-f", NAMED)
        assert (code, stdout) == (0, "".join(f"line {at}\n" for at in range(40)))
        told = [line for line in stderr.splitlines() if "no longer" in line or "missing" in line]
        assert told == ["warning: the Hub no longer has the first lines; continuing after the last line received"]

    def test_a_hub_that_has_dropped_lines_that_were_not_seen(self, replaying: Replaying) -> None:
        """What there is is shown; that it may not be all is told, and is the exit code if no other is asked for."""
        lines = [Line(f"line {at}", f"2026-05-12T14:57:{at:02}Z") for at in range(10)]
        for options, expected in (((), 5), (("--exit-status",), 10)):
            script = Script(lines, [Cut(3)], forgets=6, stage="ERROR")
            code, stdout, stderr = replaying(script)("logs", "-f", *options, NAMED)
            assert (code, stdout) == (expected, "".join(f"line {at}\n" for at in (0, 1, 2, 6, 7, 8, 9)))
            assert "some lines may be missing: the Hub no longer has the last line received" in stderr

    def test_last_lines_that_are_alike_in_all(self, replaying: Replaying) -> None:
        """Broken off among them, or after them, it goes on where as few lines have come as fit."""
        alike = [Line("x")] * 6
        broken_off = replaying(Script(alike, [Cut(6, 2 * (len(alike[0].event) + 6))]))
        assert broken_off("logs", "-f", "-n", "3", NAMED)[:2] == (0, "x\nx\nx\n")
        after_them = replaying(Script([*alike, Line("y", "2026-05-12T14:58:01Z")], [Cut(6)]))
        assert after_them("logs", "-f", "-n", "3", NAMED)[:2] == (0, "x\nx\nx\ny\n")

    def test_only_what_comes(self, replaying: Replaying) -> None:
        """A break before the first line loses none."""
        later = [Line("three", "2026-05-12T14:58:01Z"), Line("four", "2026-05-12T14:58:02Z")]
        program = replaying(Script([*LINES, *later], [Cut(3)]))
        assert program("logs", "-f", "-n", "0", NAMED)[:2] == (0, "three\nfour\n")
        assert [each for each in requests(program) if "logs" in each][:2] == ["GET JOB/logs?tail=0", "GET JOB/logs"]

    @posix_only
    @pytest.mark.parametrize("count", [1, 2])
    def test_ends_when_its_reader_leaves_though_nothing_comes(self, replaying: Replaying, count: int) -> None:
        scripts = [Script(LINES[:2], stays_open=True, stage="RUNNING"), Script([], stays_open=True, stage="RUNNING")]
        program = replaying(*scripts[:count])
        names = [NAMED, f"alice/{OTHER}"][:count]
        code, line, stderr = read_by_head("logs", "-f", *names, environ=program.environ)
        assert (code, line.endswith("one\n")) == (0, True)
        assert stderr.endswith(f"{HEADER}\n")

    @posix_only
    def test_ends_when_its_reader_leaves_though_the_job_waits(self, replaying: Replaying) -> None:
        program = replaying(Script([], stays_open=True, stages=["SCHEDULING"] * 999))
        with closed_pipe() as nobody:
            result = run_command("logs", "-f", NAMED, environ=program.environ, stdout=nobody)
        assert (result.code, len(result.stderr.splitlines())) == (0, 1)
        assert result.stderr.startswith("scheduling: Waiting for an a100-large (for ")

    def test_a_computer_that_was_suspended_is_noticed(self) -> None:
        silence = IdleTimer(5, suspend_threshold_secs=60)
        with silence.timed_wait(0):
            pass
        assert not silence.was_suspended
        silence = IdleTimer(5, suspend_threshold_secs=-60)
        with silence.timed_wait(0):
            pass
        assert silence.was_suspended


class TestLimits:
    """Of how much can be followed at once: ours, and those of the system."""

    @pytest.fixture
    def sixty(self, directories: dict[str, str]) -> Iterator[Hfjobs]:
        """A Hub with sixty jobs that say one line, and go on."""
        scripts = {f"6a02000000000000000000{place:02x}": Script(LINES, [Cut(2, None, "stall")]) for place in range(60)}
        hub = ReplayingHub(scripts)
        program = Hfjobs({**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN})
        program.hub = hub  # type: ignore[attr-defined]
        yield program
        hub.close()

    @staticmethod
    def named(program: Hfjobs, count: int) -> list[str]:
        hub: ReplayingHub = program.hub  # type: ignore[attr-defined]
        return [f"alice/{job}" for job in list(hub.jobs)[:count]]

    def test_more_than_twenty_jobs_are_asked_for(self, sixty: Hfjobs) -> None:
        told = (
            "error: cannot follow {} jobs at once, at most {}\nhint: select fewer jobs, or use --max-log-requests {}\n"
        )
        assert sixty("logs", "-f", *self.named(sixty, 21)) == Result(2, "", told.format(21, 20, 21))
        several = self.named(sixty, 3)
        assert sixty("logs", "-f", "--max-log-requests", "2", *several) == Result(2, "", told.format(3, 2, 3))
        assert not [request for request in sixty.hub.requests if "/logs" in request]  # type: ignore[attr-defined]

    def test_more_are_followed_if_that_is_asked_for(self, sixty: Hfjobs) -> None:
        for script in sixty.hub.jobs.values():  # type: ignore[attr-defined]
            script.cuts = []
        code, stdout, _ = sixty("logs", "-f", "--max-log-requests", "30", *self.named(sixty, 30))
        assert (code, len(stdout.splitlines())) == (0, 60)

    @posix_only
    @pytest.mark.parametrize("words", [("logs", "-f"), ("stats", "-f")])
    def test_descriptors(self, sixty: Hfjobs, words: tuple[str, ...]) -> None:
        line = f"ulimit -n 24; exec {shlex.join(command(*words, *self.named(sixty, 20)))} >{os.devnull}"
        code, _, stderr = run_shell(line, sixty.environ)
        assert (code, [each for each in stderr.splitlines() if each.startswith(("error", "hint"))]) == (
            1,
            [
                "error: cannot open more than 24 files and connections at once",
                "hint: follow fewer jobs at once, or raise the limit: ulimit -n 4096",
            ],
        )
        assert "certificates" not in stderr

    @pytest.mark.parametrize("words", [("logs", "-f"), ("stats", "-f")])
    def test_threads(self, sixty: Hfjobs, words: tuple[str, ...]) -> None:
        code, _, stderr = run_python(FEW_THREADS, *words, *self.named(sixty, 20), environ=sixty.environ)
        assert code == 1
        (error,) = [each for each in stderr.splitlines() if each.startswith("error")]
        assert error.startswith("error: cannot start more threads: ")
        assert "Traceback" not in stderr


FEW_THREADS = """
import sys, threading
start = threading.Thread.start
def start_if_allowed(thread):
    if threading.active_count() > 12:
        raise RuntimeError("can't start new thread")
    start(thread)
threading.Thread.start = start_if_allowed
from hfjobs_cli.__main__ import run
run()
"""
"""Runs a command line as where few threads are allowed, which holds for users, not for root."""


class TestSeveralJobs:
    def test_lines_bear_names(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, name="train"), Script([Line("three\nfour")], name="evaluate"))
        assert program("logs", NAMED, f"alice/{OTHER}") == Result(
            0,
            "train    | one\ntrain    | two\nevaluate | three\nevaluate | four\n",
            f"train: {HEADER}\n",
        )

    def test_ends_bear_the_names_of_the_lines(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, name="train"), Script([Line("three\nfour")], name="evaluate"))
        told = program("logs", "-f", NAMED, f"alice/{OTHER}").stderr.splitlines()
        assert {"train is COMPLETED", "evaluate is COMPLETED"} <= set(told)

    def test_names_that_are_alike_give_way_to_ids(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES[1:2], name="train"), Script(LINES[2:], name="train"))
        assert program("logs", NAMED, f"alice/{OTHER}").stdout == f"{JOB} | one\n{OTHER} | two\n"

    def test_one_that_is_not_there(self, replaying: Replaying) -> None:
        code, stdout, stderr = replaying(Script(LINES))("logs", "-f", "alice/nothing", NAMED)
        assert (code, stdout) == (3, "one\ntwo\n")
        assert stderr.startswith(f"{HEADER}\n{DONE}error: no job named 'nothing' in namespace 'alice'")

    def test_one_that_is_named_twice_is_shown_once(self, replaying: Replaying) -> None:
        assert replaying(Script(LINES))("logs", NAMED, NAMED).stdout == "one\ntwo\n"

    def test_a_failure_of_one_does_not_end_the_others(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES, [Cut(2)], status="404 Not Found", name="a"), Script(LINES, name="b"))
        code, stdout, stderr = program("logs", "-f", NAMED, f"alice/{OTHER}")
        assert code == 3
        assert sorted(stdout.splitlines()) == ["a | one", "b | one", "b | two"]
        assert f"error: job {JOB} has no logs: No output for you" in stderr

    def test_filters_choose_jobs(self, hfjobs: Hfjobs) -> None:
        named = hfjobs("ps", "-a", "--name", "train-judge", "--limit", "2", "-q").stdout.split()
        code, stdout, _ = hfjobs("logs", "-a", "--name", "train-judge", "--limit", "2")
        assert (code, stdout) == (0, "".join(f"{each} | {NEVER_RUN}\n" for each in named))

    def test_filters_know_what_jobs_cost(self, hfjobs: Hfjobs) -> None:
        chosen = ("-a", "--limit", "2", "--filter", "cost_usd=*")
        names = hfjobs("ps", *chosen, "--format", "{{.labels.name}}").stdout.split()
        assert len(names) == 2
        widest = max(map(len, names))
        assert hfjobs("logs", *chosen).stdout == "".join(f"{each:<{widest}} | {NEVER_RUN}\n" for each in names)

    def test_names_have_colors_on_a_terminal(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES[1:2], name="a"), Script(LINES[2:], name="b"))
        shown = program("logs", NAMED, f"alice/{OTHER}", columns=80).stdout
        assert shown == "\x1b[36ma | \x1b[0mone\n\x1b[33mb | \x1b[0mtwo\n"
        plain = replaying(Script(LINES[1:2], name="a"), Script(LINES[2:], name="b"))
        assert plain("logs", NAMED, f"alice/{OTHER}", columns=80, NO_COLOR="1").stdout == "a | one\nb | two\n"

    def test_lines_are_sorted(self, replaying: Replaying) -> None:
        program = replaying(Script(LINES[2:], name="a"), Script(LINES[1:2], name="b"))
        assert program("logs", "--sort", "time", NAMED, f"alice/{OTHER}").stdout == "b | one\na | two\n"


class TestFormats:
    def test_jsonl(self, replaying: Replaying) -> None:
        """Control characters and progress bars are whole there."""
        script = Script([*LINES, Line("\x1b[1m\r\u2028é")])
        code, stdout, stderr = replaying(script)("logs", "-f", "--format", "jsonl", NAMED)
        assert (code, stderr) == (0, f"{HEADER}\n{DONE}")
        assert [json.loads(line) for line in stdout.split("\n")[:-1]] == [
            {"job_id": JOB, "timestamp": "2026-05-12T14:57:11+00:00", "data": "one"},
            {"job_id": JOB, "timestamp": "2026-05-12T14:57:12.345000+00:00", "data": "two"},
            {"job_id": JOB, "timestamp": "2026-05-12T14:57:10+00:00", "data": "\x1b[1m\r\u2028é"},
        ]

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            (["--format", "{{.timestamp}} {{.data}}"], "2026-05-12T14:57:11+00:00 one\n"),
            (["--columns", "time,line", "--format", "csv"], "time,line\r\n2026-05-12T14:57:11Z,one\r\n"),
            (["-q"], f"{JOB}\n"),
            (["-t"], "2026-05-12T14:57:11.000Z one\n"),
            (["--columns", "line"], "LINE\none\n"),
        ],
    )
    def test_others(self, replaying: Replaying, options: list[str], expected: str) -> None:
        assert replaying(Script(LINES[1:2]))("logs", *options, NAMED) == Result(0, expected, "")

    def test_an_event_that_is_none(self, replaying: Replaying) -> None:
        """The others are shown, and it is told once."""

        class Odd(Line):
            @property
            def event(self) -> bytes:
                return b"data: " + self.data.encode() + b"\n\n"

        odd = [Odd("{"), Odd("[]"), Odd('{"data": 1}'), Odd('{"data": "x", "timestamp": 7}'), Odd("")]
        result = replaying(Script([LINES[1], *odd, LINES[2]]))("logs", NAMED)
        warning = "warning: skipped an invalid part of the output\n"
        assert result == Result(0, "one\nx\ntwo\n", warning)


def shown(program: Hfjobs, environ: Mapping[str, str] | None = None) -> str:
    """Return what a terminal of 40 columns gets."""
    return program.given(environ or {})("logs", NAMED, columns=40).stdout


class TestTerminals:
    """What programs do to a terminal."""

    def test_a_pipe_gets_the_last_state_and_all_bytes(self, replaying: Replaying) -> None:
        texts = ["a\rb\r\n", "\r 10%\r 20%", "\r", "\x1b[31mred\x1b[0m\x1b[2J\x00\x9b", "x\ty"]
        program = replaying(Script([Line(text) for text in texts]))
        assert program("logs", NAMED).stdout == "b\n 20%\n\n\x1b[31mred\x1b[0m\x1b[2J\x00\x9b\nx\ty\n"

    def test_what_commands_a_terminal_is_spelled_out(self, replaying: Replaying) -> None:
        texts = [
            "\x1b[2J\x1b]0;x\x07",
            "\x07\x1b[1mb\x1b[m\x08",
            "\u202eabc",
            "\x9b31m",
            "a\tb",
            "\x1b[31;1mred\x1b[0m",
            "\x1b[31",
            "\x1b[?25l",
        ]
        program = replaying(Script([Line(text) for text in texts]))
        assert shown(program) == (
            "\\x1b[2J\\x1b]0;x\\x07\n\\x07\x1b[1mb\x1b[m\\x08\x1b[0m\n\\u202eabc\n\\x9b31m\na\tb\n\x1b[31;1mred\x1b[0m\x1b[0m\n\\x1b[31\n\\x1b[?25l\n"
        )

    def test_a_colour_lasts_but_does_not_leak(self, replaying: Replaying) -> None:
        texts = ["\x1b[31mred", "more", "\x1b[0mplain", "plain"]
        program = replaying(Script([Line(text) for text in texts]))
        assert shown(program) == ("\x1b[31mred\x1b[0m\n\x1b[31mmore\x1b[0m\n\x1b[31m\x1b[0mplain\x1b[0m\nplain\n")

    def test_without_colors_there_are_none(self, replaying: Replaying) -> None:
        program = replaying(Script([Line("\x1b[31mred\x1b[0m \x1b[K")]))
        assert shown(program, {"NO_COLOR": "1"}) == "red \\x1b[K\n"

    def test_a_progress_bar_is_drawn_in_place(self, replaying: Replaying) -> None:
        """So is one that comes state by state; two bars that are whole are two lines."""
        texts = ["\r10%", "\r20%", "done", "\r0%\r100%", "\r0%\r100%", "\r" + "x" * 50, "\r30%"]
        program = replaying(Script([Line(text) for text in texts]))
        up = "\x1b[A\r\x1b[K"
        assert shown(program) == f"10%\n{up}20%\ndone\n100%\n100%\n{'x' * 50}\n30%\n"
        plain = replaying(Script([Line(text) for text in texts[:2]]))
        assert shown(plain, {"TERM": "dumb"}) == "10%\n20%\n"

    def test_a_line_of_a_megabyte(self, replaying: Replaying) -> None:
        line = "é" * 1_000_000
        assert replaying(Script([LINES[1], Line(line), LINES[2]]))("logs", NAMED).stdout == f"one\n{line}\ntwo\n"

    def test_what_is_not_utf8_is_replaced(self, replaying: Replaying) -> None:
        class Raw(Line):
            @property
            def event(self) -> bytes:
                return super().event.replace(b"BAD", b"\xff\xc3")

        program = replaying(Script([Raw("aBADb"), Line("\ud83d")]))
        result = run_command("logs", NAMED, environ=program.environ)
        assert result == Result(0, "a\ufffd\ufffdb\n\\ud83d\n", "")

    @posix_only
    def test_a_real_terminal(self, replaying: Replaying) -> None:
        program = replaying(Script([Line("\r10%"), Line("\r20%"), Line("\x1b[32mok\x1b[0m\x1b[2J")]))
        result = on_terminal(80, "logs", "-f", NAMED, environ=program.environ)
        assert result == Result(0, "10%\n\x1b[A\r\x1b[K20%\n\x1b[32mok\x1b[0m\\x1b[2J\x1b[0m\n", DONE)


class TestProcess:
    """The installed command."""

    @posix_only
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_an_interruption_says_how_to_go_on(self, replaying: Replaying, number: int) -> None:
        program = replaying(Script(LINES, [Cut(3, None, "stall")]))
        process = subprocess.Popen(
            command("logs", "-f", NAMED),
            env=command_environ(program.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        assert process.stdout is not None
        assert [process.stdout.readline() for _ in range(2)] == ["one\n", "two\n"]
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
        assert process.returncode == 130
        assert stderr == (
            f"{HEADER}\nerror: interrupted; the job continues to run\n"
            f"hint: continue with: hfjobs logs -f --since 2026-05-12T14:57:12.345Z {NAMED}\n"
        )

    def test_a_line_arrives_at_once(self, replaying: Replaying) -> None:
        """From the Hub to whoever reads the pipe it takes less than any poll would, for some of a few lines.

        Each is sent when the one before it was read, so a poll would let every one of them wait.
        """
        sent: list[float] = []
        more = threading.Semaphore(0)

        lines = [Line(f"line {at}") for at in range(10)]

        def sends_each(connection: socket.socket) -> None:
            connection.sendall(EVENTS_HEAD)
            for line in lines:
                more.acquire(timeout=30)
                sent.append(time.monotonic())
                connection.sendall(line.event)
            stalls(connection)

        program = replaying(Script([], [Cut(0, None, "stall")], sends=sends_each))
        process = subprocess.Popen(
            command("logs", "-f", NAMED), env=command_environ(program.environ), stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        took = []
        for line in lines:
            more.release()
            assert process.stdout.readline().decode() == f"{line.data}\n"
            took.append(time.monotonic() - sent[-1])
        process.kill()
        process.communicate()
        assert min(took[1:]) < 0.15

    def test_nobody_reads(self, replaying: Replaying) -> None:
        lines = [Line(f"line {at}") for at in range(20_000)]
        program = replaying(Script(lines, [Cut(20_000, None, "stall")]))
        process = subprocess.Popen(
            command("logs", "-f", NAMED),
            env=command_environ(program.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"line 0\n"
        process.stdout.close()
        assert process.wait(timeout=60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.stderr.close()


class TestEmulator:
    """Jobs that really run, and the official client beside."""

    def test_ten_jobs_that_run(self, serve: Serve, tmp_path: Path) -> None:
        emulator = serve(tmp_path / "state", "--empty")
        script = "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done; printf 'the end'"
        jobs = [emulator.run("sh", "-c", script, labels={"name": f"job-{number}"}) for number in range(10)]
        expected = [f"line {number}" for number in range(1, 6)] + ["the end"]
        result = run_here("logs", "-f", "--exit-status", *jobs, environ=emulator.environ)
        assert result.code == 0, result.stderr
        for number in range(10):
            lines = [line for line in result.stdout.splitlines() if line.startswith(f"job-{number} | ")]
            assert lines == [f"job-{number} | {each}" for each in expected]
        official = run([*OFFICIAL, "jobs", "logs", "-f", jobs[0]], {**emulator.environ, **QUIET})
        assert official.stdout == run_here("logs", jobs[0], environ=emulator.environ).stdout


OFFICIAL = [sys.executable, "-m", "huggingface_hub.cli.hf"]
QUIET = {"HF_HUB_DISABLE_UPDATE_CHECK": "1", "NO_COLOR": "1"}
