"""Silence is no end of a log: servers that pause, end early, say nothing more, or never end."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count, product

import pytest

from tests.hub.faults import Fault, sends
from tests.hub.replaying import EVENTS_HEAD, HEADER, Cut, Line, ReplayingHub, Script
from tests.support import TOKEN, Hfjobs, at_once

JOB = "6a01d697aff1cd33e8f33a64"
NAMED = f"alice/{JOB}"
FOUR = [Line(str(at), f"2026-05-12T14:57:{at:02}.000Z") for at in range(4)]
TEN = [Line(str(at), f"2026-05-12T14:57:{at:02}.000Z") for at in range(10)]
PAUSE = 0.7
"""Longer than the first check waits, shorter than a silence that is an end."""

PATIENT_SECS = 6.0
"""A timeout with which a silence is an end after half of it: no pause becomes so long because the machine is busy."""

Follows = Callable[..., Hfjobs]


@pytest.fixture
def serve(directories: dict[str, str]) -> Iterator[Follows]:
    """A function that serves a script, and returns the program for it, which waits two seconds for anything."""
    hubs: list[ReplayingHub] = []

    def start(script: Script, timeout_secs: float = 2) -> Hfjobs:
        hubs.append(ReplayingHub({JOB: script}))
        environ = {"HF_ENDPOINT": hubs[-1].endpoint, "HF_TOKEN": TOKEN, "HFJOBS_TIMEOUT": str(timeout_secs)}
        return Hfjobs({**directories, **environ})

    yield start
    for hub in hubs:
        hub.close()


def written(lines: list[Line]) -> str:
    """Return what is expected on stdout."""
    return "".join(f"{line.data}\n" for line in lines)


class TestPauses:
    """Every line is shown, wherever the server pauses, also before it sends the last lines to whoever asks for them."""

    def test_of_a_job_that_has_ended(self, serve: Follows) -> None:
        def check(options: tuple[str, ...], how: str, place: int) -> None:
            cut = Cut(5, None, how, pauses={place: PAUSE})  # type: ignore[arg-type]
            script = Script([Line(HEADER), *FOUR], last=cut, looks=cut)
            assert serve(script, PATIENT_SECS)("logs", *options, NAMED)[:2] == (0, written(FOUR))

        options = [(), ("-n", "4"), ("-f",), ("-f", "-n", "4")]
        at_once(check, product(options, ["end", "stall"], [0, 1, 3]))

    def test_longer_than_a_silence_that_is_an_end(self, serve: Follows) -> None:
        """As the official client waits for, at each connection: a Hub that has paused for long may do so again."""

        def check(options: tuple[str, ...], how: str, place: int) -> None:
            cut = Cut(5, None, how, pauses={place: 0.8})  # type: ignore[arg-type]
            script = Script([Line(HEADER), *FOUR], last=cut, looks=cut)
            assert serve(script, timeout_secs=1)("logs", *options, NAMED)[:2] == (0, written(FOUR))

        at_once(check, product([(), ("-f",)], ["end", "stall"], [0, 1, 3]))

    def test_before_every_response(self, serve: Follows) -> None:
        """Also before the headers: those that look for the last lines are answered as slowly."""

        def check(*options: str) -> None:
            cut = Cut(4, None, "end", head_pause=0.9)
            assert serve(Script(FOUR, last=cut, looks=cut), timeout_secs=1)("logs", *options, NAMED)[:2] == (
                0,
                written(FOUR),
            )

        at_once(check, [(), ("-f",)])

    def test_before_the_first_line_of_every_stream(self, serve: Follows) -> None:
        """Of a job that ends meanwhile: it is the Hub that is slow, and no line is gone."""
        cut = Cut(4, None, "end", pauses={0: 2.6})
        script = Script(FOUR, last=cut, looks=cut, stages=["RUNNING"])
        code, stdout, stderr = serve(script, timeout_secs=4)("logs", "-f", NAMED)
        assert (code, stdout, stderr) == (0, written(FOUR), f"{JOB} is COMPLETED\n")

    def test_of_a_job_that_runs(self, serve: Follows) -> None:
        def check(options: tuple[str, ...], place: int) -> None:
            cut = Cut(5, None, "stall", pauses={place: PAUSE})
            script = Script([Line(HEADER), *FOUR], last=cut, looks=cut, stages=["RUNNING"] * 9)
            assert serve(script, PATIENT_SECS)("logs", *options, NAMED)[:2] == (0, written(FOUR))

        at_once(check, product([(), ("-n", "4")], [0, 1, 3]))

    def test_between_all_lines(self, serve: Follows) -> None:
        """Those that look for the last lines are answered as slowly."""

        def check(*stages: str) -> None:
            cut = Cut(10, None, "stall", pauses=dict.fromkeys(range(10), 0.15))
            script = Script(TEN, last=cut, looks=cut, stages=list(stages))
            assert serve(script, PATIENT_SECS)("logs", NAMED)[:2] == (0, written(TEN))

        at_once(check, [(), ("RUNNING",) * 9])

    def test_describe(self, serve: Follows) -> None:
        cut = Cut(5, None, "end", pauses={1: PAUSE})
        script = Script([Line(HEADER), *FOUR], last=cut, looks=cut)
        result = serve(script, PATIENT_SECS)("describe", NAMED, "--format", "json")
        assert json.loads(result.stdout)[0]["last_lines"] == ["0", "1", "2", "3"]

    def test_a_long_line_over_a_slow_link(self, serve: Follows) -> None:
        """What comes of it is a sign of life, though it takes longer than any silence."""
        lines = [FOUR[0], Line("x" * 50_000), FOUR[1]]
        slow = Cut(3, None, "end", piece=(2500, 0.15))
        program = serve(Script(lines, last=slow, looks=Cut(3, None, "end")), timeout_secs=4)
        assert program("logs", NAMED)[:2] == (0, written(lines))

    def test_a_line_that_is_too_long(self, serve: Follows) -> None:
        """It is left out, which is told, and what follows is shown."""
        too_long = b'data: {"data": "' + b"x" * (33 * 2**20) + b'"}\n\n'
        answer = sends(EVENTS_HEAD + FOUR[0].event + too_long + FOUR[1].event)
        code, stdout, stderr = serve(Script([], sends=answer), timeout_secs=30)("logs", NAMED)
        assert (code, stdout) == (1, "0\n1\n")
        assert "warning: skipped a line that is longer than 32 MiB\n" in stderr


class TestEnds:
    """A stream that ends is not all either."""

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_before_the_last_lines(self, serve: Follows, options: tuple[str, ...]) -> None:
        script = Script(
            TEN, [Cut(5, None, "end"), Cut(7, None, "end")], stage_is_final=True, looks=Cut(10, None, "end")
        )
        assert serve(script)("logs", *options, NAMED)[:2] == (0, written(TEN))

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_always_before_the_last_lines(self, serve: Follows, options: tuple[str, ...]) -> None:
        """What follows is taken from the last lines, after some tries that are farther apart."""
        program = serve(Script(TEN, last=Cut(5, None, "end"), looks=Cut(10, None, "end")))
        assert program("logs", *options, NAMED)[:2] == (0, written(TEN))
        assert [pause for pause in program.pauses if pause] == [0.5, 1, 2]

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_always_long_before_the_last_lines(self, serve: Follows, options: tuple[str, ...]) -> None:
        """What it has is shown once; that it is not all is an error."""
        lines = [Line(f"line {at}") for at in range(300)]
        program = serve(Script(lines, last=Cut(5, None, "end"), looks=Cut(300, None, "end")))
        code, stdout, stderr = program("logs", *options, NAMED)
        assert (code, stdout) == (5, written(lines[:5]))
        assert f"error: the output of {NAMED} may be incomplete: the Hub closed it early" in stderr
        assert [pause for pause in program.pauses if pause] == [0.5, 1, 2]

    def test_a_look_that_is_cut_short_proves_nothing(self, serve: Follows) -> None:
        script = Script(TEN, [Cut(5, None, "end")], looks=Cut(6, None, "end"), stage_is_final=True)
        assert serve(script)("logs", NAMED).stdout == written(TEN)

    @pytest.mark.parametrize("options", [(), ("-f",)])
    @pytest.mark.parametrize("chunked", [True, False])
    def test_without_a_last_blank_line(self, serve: Follows, options: tuple[str, ...], chunked: bool) -> None:
        script = Script(FOUR, last=Cut(4, None, "end", chunked=chunked, blank=False))
        assert serve(script)("logs", *options, NAMED)[:2] == (0, written(FOUR))

    def test_without_a_last_blank_line_while_the_job_runs(self, serve: Follows) -> None:
        cuts = [Cut(count, None, "end", chunked=False, blank=False) for count in (1, 2, 2, 3)]
        assert serve(Script(FOUR, cuts))("logs", "-f", NAMED)[:2] == (0, written(FOUR))

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_in_the_middle_of_a_line(self, serve: Follows, options: tuple[str, ...]) -> None:
        """That is read again."""
        size = len(FOUR[0].event)
        cuts = [Cut(4, at, "end", chunked=False) for at in (10, size - 3, size + 20, 4 * size - 4)]
        script = Script(FOUR, cuts, stage_is_final=True)
        assert serve(script)("logs", *options, NAMED)[:2] == (0, written(FOUR))

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_by_breaking_off_behind_the_last_line(self, serve: Follows, options: tuple[str, ...]) -> None:
        """Then the last lines tell that it was the last."""
        assert serve(Script(FOUR, last=Cut(4)))("logs", *options, NAMED)[:2] == (0, written(FOUR))

    @pytest.mark.parametrize("options", [(), ("-f",), ("-n", "3")])
    @pytest.mark.parametrize("lines", [FOUR, TEN])
    def test_always_by_breaking_off(self, serve: Follows, options: tuple[str, ...], lines: list[Line]) -> None:
        """The last lines break off, too, and are the last for all that."""
        program = serve(Script(lines, last=Cut(len(lines)), looks=Cut(len(lines))))
        assert program("logs", *options, NAMED)[:2] == (0, written(lines[-3:] if "-n" in options else lines))

    @pytest.mark.parametrize("stages", [["SCHEDULING"] * 2, ["RUNNING"] * 2])
    def test_always_by_breaking_off_of_a_job_that_is_followed(self, serve: Follows, stages: list[str]) -> None:
        """After each break the job is polled, so that its end is known."""
        program = serve(Script(FOUR, last=Cut(4), looks=Cut(4), stages=stages))
        assert program("logs", "-f", NAMED)[:2] == (0, written(FOUR))
        assert sum(program.pauses) < 5

    def test_always_by_breaking_off_before_any_line(self, serve: Follows) -> None:
        """Whether the job had any output nobody knows then; that is said after some tries, not after half an hour."""
        cut = Cut(0, None, "close")
        program = serve(Script([], last=cut, looks=cut, stages=["RUNNING"]))
        code, stdout, stderr = program("logs", "-f", NAMED)
        assert (code, stdout) == (5, "")
        assert stderr.endswith(f"error: the output of {NAMED} may be incomplete: the Hub broke it off each time\n")
        assert [pause for pause in program.pauses if pause] == [0.5, 1, 2, 4, 8]

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_where_the_hub_knows_no_last_lines(self, serve: Follows, options: tuple[str, ...]) -> None:
        """A stream that ends normally, and once more in the same place, has ended."""
        script = Script(TEN, [Cut(5, None, "end")], stage_is_final=True, looks_status="400 Bad Request")
        assert serve(script)("logs", *options, NAMED)[:2] == (0, written(TEN))

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_without_blank_lines_between_events(self, serve: Follows, options: tuple[str, ...]) -> None:
        cut = Cut(4, None, "end", joined=True)
        assert serve(Script(FOUR, last=cut, looks=cut))("logs", *options, NAMED)[:2] == (0, written(FOUR))


class TestNoEnd:
    """A job has ended, and its stream has not."""

    def test_that_stays_open(self, serve: Follows) -> None:
        """The last lines are enough to know, whether they are as many as asked for or all that there are."""

        def check(options: tuple[str, ...], how: str, lines: list[Line]) -> None:
            cut = Cut(len(lines), None, how)  # type: ignore[arg-type]
            assert serve(Script(lines, last=cut, looks=cut))("logs", *options, NAMED)[:2] == (0, written(lines))

        at_once(check, product([(), ("-f",)], ["stall", "comments"], [FOUR, TEN]))

    def test_that_shows_nothing(self, serve: Follows) -> None:
        """Whether there is any output nobody knows then."""

        def check(how: str) -> None:
            cut = Cut(1, None, how)  # type: ignore[arg-type]
            code, stdout, stderr = serve(Script([Line(HEADER)], last=cut, looks=cut), timeout_secs=2)("logs", NAMED)
            assert (code, stdout) == (5, "")
            assert stderr.endswith("may be incomplete: the Hub sent nothing for 4 s and did not close it\n")

        at_once(check, [("stall",), ("comments",)])

    def test_of_a_job_that_never_ran(self, serve: Follows) -> None:
        """As if its image cannot be pulled: it has no output."""
        cut = Cut(1, None, "stall")
        script = Script([Line(HEADER)], last=cut, looks=cut, stage="ERROR")
        code, stdout, stderr = serve(script, timeout_secs=1)("logs", "-f", NAMED)
        assert (code, stdout) == (0, "")
        assert "incomplete" not in stderr

    def test_of_a_job_that_runs_and_shows_nothing(self, serve: Follows) -> None:
        """Two connections that stay open and bring no line are enough to say so."""
        cut = Cut(1, None, "stall")
        script = Script([Line(HEADER)], last=cut, looks=cut, stages=["RUNNING"] * 9)
        code, stdout, stderr = serve(script, timeout_secs=2)("logs", NAMED)
        assert (code, stdout, stderr) == (0, "", f"{HEADER}\nnote: {JOB} has no output yet\n")

    def test_of_a_job_that_runs_and_whose_looks_break(self, serve: Follows) -> None:
        """That proves nothing."""
        script = Script([Line(HEADER)], last=Cut(1, None, "stall"), looks=Cut(1, 0), stages=["RUNNING"] * 9)
        code, stdout, stderr = serve(script, timeout_secs=2)("logs", NAMED)
        assert (code, stdout) == (5, "")
        assert stderr.endswith(f"hint: use 'hfjobs logs -f {NAMED}' to wait for more\n")

    def test_of_a_job_that_runs_and_never_pauses(self, serve: Follows) -> None:
        """What there is ends with the line that was the last when it was asked for."""

        def forever(connection: socket.socket) -> None:
            connection.sendall(EVENTS_HEAD)
            with suppress(OSError):
                for at in count():
                    connection.sendall(Line(f"line {at}").event)
                    time.sleep(0.001)

        endless: Fault = forever
        program = serve(Script([], [Cut(0)], sends=endless))
        code, stdout, _ = program("logs", NAMED)
        lines = stdout.splitlines()
        assert code == 0
        assert lines == [f"line {at}" for at in range(len(lines))]
        assert len(lines) > 8


def anew(connection: int, lines: list[Line]) -> list[Line]:
    """Return lines that are stamped with the moment of the connection."""
    return [line._replace(timestamp=f"2026-05-12T15:{connection % 60:02}:00.{at:03}Z") for at, line in enumerate(lines)]


def turned(connection: int, lines: list[Line]) -> list[Line]:
    """Return lines of which those of one moment are in another order at each connection."""
    return sorted(lines, key=lambda line: (line.timestamp, hash((connection, line.data))))


TIMES = {
    "an hour back": [f"2026-05-12T{14 if at < 15 else 13}:57:{at % 60:02}.000Z" for at in range(40)],
    "one an hour ahead": [f"2026-05-12T{15 if at == 3 else 14}:57:{at % 60:02}.000Z" for at in range(40)],
    "all alike": ["2026-05-12T14:57:00.000Z"] * 40,
    "none": [""] * 40,
}


class TestTimes:
    """When lines came proves nothing."""

    @pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
    @pytest.mark.parametrize("keeps", [None, 14])
    @pytest.mark.parametrize("options", [(), ("-n", "5")])
    def test_after_a_break_every_line_comes_at_once(
        self, serve: Follows, times: list[str], keeps: int | None, options: tuple[str, ...]
    ) -> None:
        """Those that are held back are dropped by a Hub that keeps few."""
        lines = [Line(f"line {at}", each) for at, each in enumerate(times)]
        cuts = [Cut(10), Cut(20), Cut(30), Cut(36, None, "end")]
        code, stdout, stderr = serve(Script(lines, cuts, keeps=keeps))("logs", "-f", *options, NAMED)
        assert (code, stdout) == (0, written(lines[5:] if options else lines)), stderr

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_a_log_that_is_stamped_anew_at_each_connection(self, serve: Follows, options: tuple[str, ...]) -> None:
        script = Script(TEN, [Cut(5)], stamps=anew, stage_is_final=True)  # type: ignore[arg-type]
        code, stdout, stderr = serve(script)("logs", *options, NAMED)
        assert (code, stdout) == (0, written(TEN)), stderr
        assert script._connections < 6

    def test_the_last_lines_of_such_a_log_whose_stream_breaks_before_them(self, serve: Follows) -> None:
        """What is newer than all that came is not new."""
        script = Script(TEN, [Cut(5), Cut(7, 200), Cut(8, 200), Cut(8, 90)], stamps=anew)  # type: ignore[arg-type]
        code, stdout, stderr = serve(script)("logs", "-f", "-n", "3", NAMED)
        assert (code, stdout) == (0, written(TEN[2:])), stderr

    def test_last_lines_that_are_alike_and_lack_the_last_blank_line(self, serve: Follows) -> None:
        """An event that is whole but for that is no doubt, if it comes again."""
        lines = [Line(text) for text in ("one", "step", "two", "step")]
        cut = Cut(4, None, "end", blank=False)
        code, stdout, stderr = serve(Script(lines, last=cut, looks=cut, stamps=anew))("logs", "-n", "3", NAMED)  # type: ignore[arg-type]
        assert (code, stdout) == (0, written(lines[1:])), stderr

    @pytest.mark.parametrize("options", [("-n", "4"), ("-f", "-n", "4")])
    def test_a_line_like_the_last_one_where_the_log_begins_now(self, serve: Follows, options: tuple[str, ...]) -> None:
        """It is no place to go on from, though a pause follows it."""
        lines = [Line(f"line {at}" if at % 10 else "step", f"2026-05-12T14:57:{at:02}.000Z") for at in range(40)]
        again = Cut(40, None, "end", pauses={3: PAUSE})
        script = Script(lines, [Cut(21, None, "end")], keeps=30, last=again, stages=["RUNNING"])
        code, stdout, stderr = serve(script)("logs", *options, NAMED)
        assert (code, stdout) == (0, written(lines[17:])), stderr

    def test_lines_that_are_alike_where_the_log_begins_now(self, serve: Follows) -> None:
        """Of equal timestamps, they are not taken for lines in another order."""
        lines = [Line("step" if at % 3 else f"line {at}") for at in range(60)]
        code, stdout, stderr = serve(Script(lines, [Cut(30)], keeps=40))("logs", "-f", NAMED)
        assert (code, stdout) == (0, written(lines)), stderr

    def test_the_last_line_stands_at_the_beginning_too(self, serve: Follows) -> None:
        """Of equal timestamps, the log does not go on there."""
        texts = ["step", *(f"line {at}" for at in range(30)), "step", "line 30", "step", "step"]
        lines = [Line(text) for text in texts]
        code, stdout, stderr = serve(Script(lines))("logs", "-n", "3", NAMED)
        assert (code, stdout) == (0, written(lines[-3:])), stderr

    @pytest.mark.parametrize("options", [(), ("-f",)])
    def test_a_second_line_like_the_only_one(self, serve: Follows, options: tuple[str, ...]) -> None:
        """That the last line is the one that came does not tell that it is the only one."""
        lines = [Line("step"), Line("step")]
        script = Script(lines, [Cut(1)], looks=Cut(2, None, "stall"), stage_is_final=True)
        assert serve(script)("logs", *options, NAMED)[:2] == (0, written(lines))

    def test_lines_of_one_moment_in_another_order(self, serve: Follows) -> None:
        lines = [Line(f"line {at}", f"2026-05-12T14:57:{at // 8:02}.000Z") for at in range(60)]
        script = Script(lines, [Cut(20), Cut(30), Cut(44)], stamps=turned)  # type: ignore[arg-type]
        code, stdout, stderr = serve(script)("logs", "-f", NAMED)
        assert code == 0
        assert sorted(stdout.splitlines()) == sorted(line.data for line in lines)
        assert "no longer has" not in stderr
        assert "missing" not in stderr

    def test_a_hub_that_keeps_few_lines_and_breaks_often(self, serve: Follows) -> None:
        lines = [Line(f"line {at}", f"2026-05-12T14:{at // 60:02}:{at % 60:02}.000Z") for at in range(400)]
        script = Script(lines, [Cut(at) for at in (100, 200, 300)], keeps=120)
        code, stdout, stderr = serve(script)("logs", "-f", NAMED)
        assert (code, stdout) == (0, written(lines))
        assert stderr.count("no longer has") == 1

    def test_what_is_held_back_at_a_break_is_shown(self, serve: Follows) -> None:
        """A line without a time may come again, so it is not certain where to go on. Later these lines are gone."""
        lines = [Line(text, "") for text in "xabcdefghijklm"]

        def forgotten(connection: int, lines: list[Line]) -> list[Line]:
            return lines[3:] if connection > 2 else lines

        script = Script(lines, [Cut(2), Cut(4), Cut(5)], stamps=forgotten)  # type: ignore[arg-type]
        assert serve(script)("logs", "-f", "-n", "1", NAMED)[:2] == (0, written(lines[1:]))


class TestHeaders:
    @pytest.mark.parametrize("text", ["===== Job started", "===== Job started at noon =====", f"{HEADER} again"])
    def test_a_line_of_the_job_that_begins_like_one(self, serve: Follows, text: str) -> None:
        lines = [Line(HEADER), FOUR[0], Line(text), FOUR[1]]
        assert serve(Script(lines, [Cut(3)]))("logs", "-f", NAMED).stdout == f"0\n{text}\n1\n"
