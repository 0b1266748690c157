"""Every line once, in order, and none lost, whatever breaks and wherever: random scripts, and a Hub that obeys them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.hub.replaying import HEADER, Cut, Line, ReplayingHub, Script
from tests.support import TOKEN, Hfjobs, Result, in_threads

T = TypeVar("T")

EARLY, LATE = "2026-05-12T14:57:10.000Z", "2026-05-12T14:58:20.5Z"
"""Before the first answer, and after it."""

AT_ONCE = 10
"""How many logs an example has: what most of the time goes by with is waiting."""

EXAMPLES = 50 // AT_ONCE * (4 if "HFJOBS_TEST_SEED" in os.environ else 1)
SLOW = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
IDS = [f"{number:024x}" for number in range(AT_ONCE)]

texts = st.sampled_from(["a", "b", "", "é\U0001f917", "\u2028", "x" * 300, "10%\r20%"])


def anew(connection: int, lines: Sequence[Line]) -> list[Line]:
    """Return lines with the moment of the connection."""
    moment = f"2026-05-12T15:{connection % 60:02}:{{:02}}.000Z"
    return [line._replace(timestamp=moment.format(at % 60)) for at, line in enumerate(lines)]


STAMPS: list[Callable[[int, Sequence[Line]], Sequence[Line]]] = [
    lambda _connection, lines: lines,
    lambda _connection, lines: [line._replace(timestamp="") for line in lines],
    lambda _connection, lines: [
        line._replace(timestamp=f"2026-05-12T14:{59 - at:02}:00Z") for at, line in enumerate(lines)
    ],
    lambda _connection, lines: [line._replace(timestamp=LATE if at == 1 else EARLY) for at, line in enumerate(lines)],
    anew,
]
"""What becomes of the lines at a connection, by its number: as they are, none, backwards, one ahead, or new ones."""


@st.composite
def cuts_of(draw: st.DrawFn, count: int) -> Cut:
    """Return one connection, which may pause, and end in all ways that an end may look like."""
    how: st.SearchStrategy[Any] = st.sampled_from(["end", "end", "close", "reset"])
    pause = draw(st.integers(0, 12 * count + 12))  # few do
    pauses = {pause: 0.3} if pause <= count else {}
    at = draw(st.one_of(st.none(), st.none(), st.integers(0, 2000)))
    return Cut(count, at, draw(how), draw(st.booleans()), pauses, draw(st.booleans()), draw(st.booleans()))


@st.composite
def logs(draw: st.DrawFn, *, alike: bool) -> tuple[list[Line], list[Cut]]:
    """Return lines, and cuts of connections that end before all lines are there.

    Unless they may be `alike` in all, equal lines came at different moments.
    """
    count = draw(st.integers(0, 12))
    there = sorted(draw(st.lists(st.integers(0, count), max_size=5)))
    first = there[0] if there else count
    lines = []
    for at in range(count):
        text = draw(texts)
        moment = EARLY if at < first else LATE
        if not alike:
            moment = moment.replace(":10.", f":{10 + at}.").replace(":20.", f":{20 + at}.")
        lines.append(Line(text, moment))
    for place in draw(st.lists(st.integers(0, count), max_size=2)):
        if place < count:
            lines[place] = lines[place]._replace(data=HEADER.replace(":00 ", f":{place:02} "))
    how: st.SearchStrategy[Any] = st.sampled_from(["end", "close", "reset"])
    byte = st.one_of(st.none(), st.integers(0, 2000))
    cuts = [Cut(each, draw(byte), draw(how), draw(st.booleans())) for each in there]
    if cuts and draw(st.integers(0, 9)) == 0:  # which takes a while
        cuts[-1] = cuts[-1]._replace(how="stall")
    return lines, cuts


def wrote(lines: list[Line]) -> list[str]:
    """Return what is expected on stdout."""
    shown = [line.data for line in lines if not line.data.startswith("===== Job")]
    return ["20%" if text == "10%\r20%" else text for text in shown]


@pytest.fixture(scope="module")
def hub() -> Iterator[ReplayingHub]:
    hub = ReplayingHub({})
    yield hub
    hub.close()


Read = Callable[..., list[Result]]


@pytest.fixture(scope="module")
def read(hub: ReplayingHub, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """A function that reads the logs of scripts, each with options of its own, all at once."""
    home = str(tmp_path_factory.mktemp("home"))
    environ = {"HOME": home, "XDG_CACHE_HOME": home, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}

    def logs_of(scripts: Sequence[Script], options: Sequence[Sequence[str]], timeout_secs: int = 1) -> list[Result]:
        hub.jobs = dict(zip(IDS, scripts, strict=False))

        def logs(*words: str) -> Result:
            return Hfjobs({**environ, "HFJOBS_TIMEOUT": str(timeout_secs)})("logs", *words)

        asked = [(*words, f"alice/{each}") for each, words in zip(hub.jobs, options, strict=True)]
        return [call.result() for call in in_threads(logs, asked)]

    return logs_of


def some(case: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
    """Return as many of a case as are tried at once."""
    return st.lists(case, min_size=AT_ONCE, max_size=AT_ONCE)


@SLOW
@given(some(st.tuples(logs(alike=True), st.integers(0, 3))))
@example(
    [
        (([Line("a", LATE)] * 9, [Cut(0, None, "end"), Cut(8, None, "end")]), 0),
        (([Line("a", LATE)] * 9 + [Line(HEADER, LATE)], [Cut(0, None, "end"), Cut(9, None, "end")]), 0),
    ]
)
def test_a_job_is_followed(read: Read, cases: list[tuple[tuple[list[Line], list[Cut]], int]]) -> None:
    scripts = [Script(lines, list(cuts), lag) for (lines, cuts), lag in cases]
    for ((lines, _), _), result in zip(cases, read(scripts, [["-f"]] * len(cases)), strict=True):
        code, stdout, stderr = result
        assert stdout.split("\n")[:-1] == wrote(lines), stderr
        assert code == 0, stderr
        headers = [line.data for line in lines if line.data.startswith("===== Job")]
        assert [line for line in stderr.splitlines() if line.startswith("=====")] == headers


@SLOW
@given(some(st.tuples(logs(alike=False), st.integers(0, 7))))
@example(
    [
        (([Line("a", EARLY), Line("b", LATE)], [Cut(1), Cut(1, None, "end")]), 0),
        (([Line("a", EARLY), Line("a", LATE), Line("a", LATE.replace("20", "21"))], [Cut(1)]), 2),
    ]
)
def test_the_last_lines_of_a_job_are_followed(
    read: Read, cases: list[tuple[tuple[list[Line], list[Cut]], int]]
) -> None:
    """It begins with as many lines as asked for, of those there were at some time before the first came."""
    scripts = [Script(lines, list(cuts), 1) for (lines, cuts), _ in cases]
    results = read(scripts, [["-f", "-n", str(tail)] for _, tail in cases])
    for ((lines, cuts), tail), (code, stdout, stderr) in zip(cases, results, strict=True):
        assert code == 0, stderr
        printed, all_lines = stdout.split("\n")[:-1], wrote(lines)
        counts = {len(wrote(lines[: cut.lines])) for cut in cuts} | {len(all_lines)}
        assert printed in [all_lines[max(0, count - tail) :] for count in counts], stderr


@SLOW
@given(some(logs(alike=True)))
def test_ten_jobs_are_followed_by_one_command(
    hub: ReplayingHub, directories: dict[str, str], scripts: list[tuple[list[Line], list[Cut]]]
) -> None:
    program = Hfjobs({**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HFJOBS_TIMEOUT": "1"})
    hub.jobs = {
        each: Script(lines, list(cuts), 1, name=f"job-{each[-1]}")
        for each, (lines, cuts) in zip(IDS, scripts, strict=True)
    }
    code, stdout, stderr = program("logs", "-f", *(f"alice/{each}" for each in IDS))
    assert code == 0, stderr
    for number, (lines, _) in enumerate(scripts):
        own = [
            line.removeprefix(f"job-{number} | ") for line in stdout.split("\n") if line.startswith(f"job-{number} ")
        ]
        assert own == wrote(lines), stderr


@SLOW
@given(some(logs(alike=True)))
@example([([Line("a")] * 8, [Cut(0, 0), Cut(0, 64), Cut(0, 64, "stall")])])
def test_what_there_is_of_a_job_that_has_ended(read: Read, cases: list[tuple[list[Line], list[Cut]]]) -> None:
    scripts = [
        Script(lines, [Cut(len(lines), *cut[1:]) for cut in cuts][:3], stage_is_final=True) for lines, cuts in cases
    ]
    for (lines, _), (code, stdout, stderr) in zip(cases, read(scripts, [[]] * len(cases)), strict=True):
        assert stdout.split("\n")[:-1] == wrote(lines), stderr
        assert code == 0, stderr


@st.composite
def unsteady(draw: st.DrawFn) -> Script:
    """Return a log of lines that differ, from a Hub whose connections, clocks and memory are anything but steady."""
    count = draw(st.integers(1, 30))
    lines = [Line(f"line {at}", f"2026-05-12T14:57:{at:02}.000Z") for at in range(count)]
    there = sorted(draw(st.lists(st.integers(1, count), max_size=5)))
    cuts = [draw(cuts_of(each)) for each in there]
    steps = [after - before for before, after in zip([0, *there], [*there, count], strict=True)]
    # A Hub that drops lines has them for long enough to be read once, after the last line that was read before.
    keeps = draw(st.one_of(st.none(), st.integers(max(9, *(step + 1 for step in steps)), 60)))
    if keeps is not None:
        cuts = [cut._replace(at=None, how="close", chunked=True, blank=True) for cut in cuts]
    return Script(lines, cuts, stamps=draw(st.sampled_from(STAMPS)), keeps=keeps)


@SLOW
@given(some(unsteady()))
@example([Script([Line(str(at), "") for at in range(20)], [Cut(10), Cut(15), Cut(18)], keeps=10)])
def test_a_job_is_followed_on_an_unsteady_hub(read: Read, scripts: list[Script]) -> None:
    played = [replace(script, cuts=list(script.cuts)) for script in scripts]
    # A connection that is given up for silence may be the only one that has some lines: no load makes it so long.
    results = read(played, [["-f"]] * len(scripts), timeout_secs=20)
    for script, (code, stdout, stderr) in zip(scripts, results, strict=True):
        assert stdout.split("\n")[:-1] == wrote(list(script.lines)), stderr
        assert code == 0, stderr


@SLOW
@given(some(st.tuples(unsteady(), st.integers(1, 40))))
def test_an_ended_job_is_read_from_an_unsteady_hub(read: Read, cases: list[tuple[Script, int]]) -> None:
    """All connections have all lines, but for those that break off; so do those that look for the last lines."""
    scripts = []
    for script, _ in cases:
        cuts = [cut._replace(lines=len(script.lines)) for cut in script.cuts[:3]]
        scripts.append(replace(script, cuts=cuts, keeps=None, stage_is_final=True))
    results = read(scripts, [["-n", str(tail)] for _, tail in cases])
    for (script, tail), (code, stdout, stderr) in zip(cases, results, strict=True):
        assert stdout.split("\n")[:-1] == wrote(list(script.lines))[-tail:], stderr
        assert code == 0, stderr
