"""What is larger than it may be: numbers, packed answers, streams and files without end. One line says so."""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Iterable, Iterator
from itertools import chain, cycle, product, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.hub.faults import packed_zeros
from tests.support import BY_HAND, USER, Hfjobs, Hub, Misbehavior, Result, in_turn

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JOB = "6a02000000000000000000aa"


@pytest.mark.parametrize("argv", [["logs", JOB], ["logs", "-f", JOB], ["stats", JOB]])
def test_an_event_without_end_ends_a_command(hfjobs: Hfjobs, hub: Hub, argv: list[str]) -> None:
    hub.add(id=JOB, status={"stage": "RUNNING", "message": None}, finishedAt=None)

    def answer(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        events = (b"event: metric\ndata: x\n" + each for each in repeat(b"data: x\n" * 10_000))
        return Response(events, content_type="text/event-stream")(environ, start)

    for stream in ("logs", "metrics"):
        hub.always(f"/api/jobs/{USER}/{JOB}/{stream}", answer)
    code, stdout, stderr = hfjobs(*argv)
    assert (code, len(stdout.splitlines())) == (1, argv[0] == "stats")  # the header of the table
    assert "an event of the stream is longer than 32 MiB" in stderr


HARDWARE = "/api/jobs/hardware"
HUGE = ["1e22", "1e308", "-1e308", "9" * 23, "9" * 4000, "9" * 5000, "9007199254740992"]
"""What no number of a Hub is: Decimal, float, or Python's reading of digits fail at one of them each."""


def flavor(**numbers: str) -> str:
    """Return a flavor as the Hub sends it, whose numbers are given as text."""
    named = "".join(f', "{key}": {number}' for key, number in numbers.items())
    return f'{{"name": "a100-large", "unitLabel": "minute"{named}}}'


def ran(hub: Hub) -> None:
    """Have the Hub know a job that ran for an hour, at a flavor whose price it names; nothing was billed."""
    times = {"startedAt": "2026-05-12T07:00:00.000Z", "finishedAt": "2026-05-12T08:00:00.000Z", "durations": None}
    hub.add(id=JOB, flavor="a100-large", **times)
    hub.replies_to("/api/settings/billing/usage/jobs", 200, '{"usage": {"jobDetails": []}}')


@pytest.mark.parametrize(
    ("command", "number"),
    in_turn(
        [
            (["ps", "-a", "-f", f"id={JOB}", "--columns", "+cost"], 0),
            (["report", "--since", "1h"], 0),
            (["describe", JOB], 0),
            (["hardware"], 0),
            (["hardware", "--format", "json"], 0),
            (["run", "--dry-run", "--flavor", "a100-large", "python:3.12", "env"], 0),
            (["run", "-d", "--max-cost", "5", "--flavor", "a100-large", "python:3.12", "env"], 2),
        ],
        HUGE,
        times=2,
    ),
    ids=lambda value: f"{value[:6]}-{len(value)}" if isinstance(value, str) else value[0][0],
)
def test_a_price_that_is_none_is_not_known(
    hfjobs: Hfjobs, hub: Hub, command: tuple[list[str], int], number: str
) -> None:
    """It is told of, hides nothing else, and bounds no cost."""
    argv, code = command
    ran(hub)
    hub.replies_to(HARDWARE, 200, f"[{flavor(unitCostUSD=number)}]")
    result = hfjobs(*argv)
    assert result.code == code
    assert "unitCostUSD should be a number up to 9007199254740991" in result.stderr
    assert not any(request.method == "POST" for request in hub.requests)


def test_a_price_that_is_none_is_not_remembered(hfjobs: Hfjobs, hub: Hub) -> None:
    """Once the Hub is right again, costs are."""
    ran(hub)
    argv = ("ps", "-a", "-f", f"id={JOB}", "--format", "{{.cost}}")
    hub.replies_to(HARDWARE, 200, f"[{flavor(unitCostUSD='1e22')}]")
    assert hfjobs(*argv).stdout == "<no value>\n"
    hub.replies_to(HARDWARE, 200, f"[{flavor(unitCostUSD='0.05')}]")
    assert hfjobs(*argv).stdout == "~$3.00\n"


def test_the_highest_prices_are_reckoned_with(hfjobs: Hfjobs, hub: Hub) -> None:
    """However long, and however many."""
    ran(hub)
    times = {"startedAt": "1971-01-01T00:00:00.000Z", "finishedAt": "9998-01-01T00:00:00.000Z", "durations": None}
    for place in range(3):
        hub.add(id=f"6a0200000000000000000{place:03}", flavor="a100-large", **times)
    hub.replies_to(HARDWARE, 200, f"[{flavor(unitCostUSD='9007199254740991')}]")
    for argv in (
        ["ps", "-a", "--limit", "0", "--columns", "cost"],
        ["report", "--by", "flavor"],
        ["describe", JOB],
        ["hardware"],
    ):
        result = hfjobs(*argv)
        assert (result.code, result.stderr) == (0, ""), argv
    assert "~$540,431,955,284,459,460.00" in hfjobs("describe", JOB).stdout
    run = ("--flavor", "a100-large", "python:3.12", "env")
    assert "at most $270,215,977,642,229,730.00: 30m at " in hfjobs("run", "--dry-run", *run).stdout
    assert hfjobs("run", "--dry-run", "--max-cost", "1e300", "--attempts", "10", *run).code == 0
    assert hfjobs("run", "-d", "--max-cost", "5", *run).code == 2


@pytest.mark.parametrize("prices", [("1", "2"), ("2", "1"), ("2", '"?"'), ('"?"', "2")])
def test_a_flavor_that_is_listed_twice_costs_what_the_dearest_does(
    hfjobs: Hfjobs, hub: Hub, prices: tuple[str, str]
) -> None:
    """Or is of an unknown price, where that of one is not known."""
    ran(hub)
    hub.replies_to(HARDWARE, 200, f"[{', '.join(flavor(unitCostUSD=price) for price in prices)}]")
    plan = hfjobs("run", "--dry-run", "--flavor", "a100-large", "--timeout", "10m", "python:3.12", "env").stdout
    cost = hfjobs("ps", "-a", "-f", f"id={JOB}", "--format", "{{.cost}}").stdout
    if '"?"' in prices:
        assert ("unknown" in plan, cost) == (True, "<no value>\n")
    else:
        assert ("at most $20.00" in plan, cost) == (True, "~$120.00\n")
    assert hfjobs("run", "-d", "--max-cost", "1.5", "--flavor", "a100-large", "python:3.12", "env").code == 2
    assert not any(request.method == "POST" for request in hub.requests)


def test_of_two_prices_in_one_the_larger_counts(hfjobs: Hfjobs, hub: Hub) -> None:
    ran(hub)
    hub.replies_to(HARDWARE, 200, f"[{flavor(unitCostUSD='1', unitCostMicroUSD='2000000')}]")
    plan = hfjobs("run", "--dry-run", "--flavor", "a100-large", "--timeout", "10m", "python:3.12", "env").stdout
    assert "at most $20.00: 10m at $120.00 per hour" in plan


SAMPLE = {"cpu_usage_pct": 10, "cpu_millicores": 2000, "memory_used_bytes": 1, "memory_total_bytes": 2, "rx_bps": 1}


def named(value: object) -> str:
    """Return an id for a case: numbers of thousands of digits are none."""
    return f"{value[:12]}-{len(value)}" if isinstance(value, str) else " ".join(map(str, value))  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("key", "number", "argv"),
    [
        (key, number, argv)
        for (key, number), argv in zip(
            product([*SAMPLE, "gpus"], HUGE),
            cycle([["stats", JOB], ["stats", "-f", JOB], ["stats", "--format", "json", JOB]]),
            strict=False,
        )
    ],
    ids=named,
)
def test_figures_that_are_none_are_left_out(hfjobs: Hfjobs, hub: Hub, argv: list[str], key: str, number: str) -> None:
    hub.add(id=JOB, status={"stage": "RUNNING", "message": None}, finishedAt=None)
    value = f'{{"0": {{"utilization": {number}}}}}' if key == "gpus" else number
    told = json.dumps({**SAMPLE, key: "VALUE"}).replace('"VALUE"', value)

    def answer(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with hub.store.write() as tables:
            job = tables.job(USER, JOB)
            assert job is not None
            tables.save_job({**job, "status": {"stage": "COMPLETED", "message": None}})
        return Response(f"event: metric\ndata: {told}\n\n", content_type="text/event-stream")(environ, start)

    hub.always(f"/api/jobs/{USER}/{JOB}/metrics", answer)
    code, stdout, _ = hfjobs(*argv)
    assert (code, stdout.count(JOB)) == (0, 1)
    assert number not in stdout


@pytest.mark.parametrize("total", ["5e-324", "0.5", "-1"])
def test_a_share_of_nothing_is_none(hfjobs: Hfjobs, hub: Hub, total: str) -> None:
    hub.add(id=JOB, status={"stage": "RUNNING", "message": None}, finishedAt=None)
    told = json.dumps({**SAMPLE, "memory_used_bytes": 9e15, "memory_total_bytes": float(total)})
    hub.replies_to(f"/api/jobs/{USER}/{JOB}/metrics", 200, f"event: metric\ndata: {told}\n\n")
    result = hfjobs("stats", JOB, "--columns", "cpu,memory")
    assert result == Result(0, "CPU  MEM\n10%  -\n", "")


def test_a_saved_number_of_any_length_is_left_out(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
    """Also where Python reads none so long; what stands around it is read."""
    jobs = [json.dumps({**hub.job(id=f"{place:024}"), "timeout": place}) for place in (1, 2, 3)]
    jobs[1] = jobs[1].replace('"timeout": 2', f'"timeout": {"9" * 100_000}')
    file = tmp_path / "jobs.json"
    for text in ("\n".join(jobs), f"[{','.join(jobs)}]"):
        file.write_text(text)
        code, stdout, stderr = hfjobs("ps", "-a", "--from", str(file), "--format", "{{.timeout}}")
        assert (code, stdout) == (0, "1\n<no value>\n3\n")
        assert "timeout should be a number up to 9007199254740991, but is inf" in stderr


ENDLESS = {
    "zeros": repeat("\0" * 65536),
    "a text": chain(['"'], repeat("a" * 65536)),
    "an object": chain(['{"id": "x", "command": ['], repeat('"a", ' * 13107)),
    "blank lines": repeat("\n" * 65536),
    "arrays": repeat("[" * 65536),
    "a line behind jobs": chain([f'{{"id": "{JOB}"}}\n'], repeat("x" * 65536)),
    "gaps behind jobs": chain([f'{{"id": "{JOB}"}}\n'], repeat(", \n" * 21845)),
}
"""What comes from a pipe, and does not end."""


class Endless(io.StringIO):
    """A stream of pieces; reading far more of it than it should be read is a failure."""

    def __init__(self, pieces: Iterator[str]) -> None:
        super().__init__()
        self.pieces = pieces
        self.taken = 0

    def seekable(self) -> bool:
        return False  # as a pipe

    def read(self, size: int | None = -1, /) -> str:
        assert size is not None
        assert size > 0
        read = ""
        while len(read) < size:
            self.taken += 1
            assert self.taken < 1000
            read += next(self.pieces)
            if size <= 65536:
                break
        return read


@pytest.mark.parametrize("name", ENDLESS)
def test_saved_jobs_have_an_end(hfjobs: Hfjobs, name: str) -> None:
    """What came before is shown."""
    result = hfjobs("ps", "-a", "-q", "--from", "-", keyboard=Endless(iter(ENDLESS[name])))
    had_jobs = name.endswith("jobs")
    assert (result.code, result.stdout) == (2, f"{JOB}\n" if had_jobs else "")
    assert "20 MiB" in result.stderr
    assert "the rest is ignored" in result.stderr


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device of POSIX")
@pytest.mark.parametrize("argv", [["ps", "-a"], ["report"], ["describe", JOB], ["tree", JOB], ["diff", JOB, JOB]])
def test_a_device_without_end_is_no_file_of_jobs(hfjobs: Hfjobs, argv: list[str]) -> None:
    code, stdout, stderr = hfjobs(*argv, "--from", "/dev/zero")
    assert (code, stdout) == (2, "")
    assert "/dev/zero, line 1: longer than 20 MiB" in stderr


@pytest.mark.parametrize("option", ["--spec", "--env-file", "--secrets-file"])
def test_stdin_has_an_end(hfjobs: Hfjobs, hub: Hub, option: str) -> None:
    stdin = Endless(repeat("A=1\n" * 16384))
    result = hfjobs("run", "-d", option, "-", "python:3.12", "env", keyboard=stdin)
    assert (result.code, result.stdout) == (2, "")
    assert f"stdin is too large for {option}: more than 16 MiB" in result.stderr
    assert not any(request.method == "POST" for request in hub.requests)


def test_a_spec_too(hfjobs: Hfjobs, hub: Hub) -> None:
    for digits in (20, 400, 5000):
        spec = f'{{"dockerImage": "x", "command": ["env"], "timeoutSeconds": {"9" * digits}}}'
        code, stdout, stderr = hfjobs("run", "-d", "--spec", "-", stdin=spec)
        assert (code, stdout) == (2, "")
        assert len(stderr.splitlines()) <= 2
    assert not any(request.method == "POST" for request in hub.requests)


@pytest.mark.parametrize("zone", ["-2359", "+2359", "GMT"])
@pytest.mark.parametrize("moment", ["Fri, 31 Dec 9999 23:59:59", "Mon, 01 Jan 0001 00:00:00"])
def test_a_date_at_the_end_of_time_is_none(hfjobs: Hfjobs, hub: Hub, moment: str, zone: str) -> None:
    """For all that look at it: a new job, its logs, a pause that is asked for."""

    def dated(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            return start(status, [*headers, ("Date", f"{moment} {zone}")], *more)

        return app(environ, begin)

    busy = {"Date": f"{moment} {zone}", "Retry-After": f"{moment} {zone}"}
    hub.always(f"/api/jobs/{USER}", dated)
    hub.always(f"/api/jobs/{USER}/{BY_HAND}/logs", dated)
    for argv in (["run", "-d", "-q", "python:3.12", "env"], ["logs", BY_HAND], ["ps", "--columns", "+cost"]):
        result = hfjobs(*argv)
        assert (result.code, "Traceback" in result.stderr) == (0, False), result
    hub.replies(503, "{}", busy)
    result = hfjobs("inspect", BY_HAND, "-q")
    assert result.code in (0, 5)
    assert len(result.stderr.splitlines()) <= 2


@pytest.mark.parametrize(
    ("label", "is_odd"), [("7", True), ("null", True), ("{}", True), ('"month"', False), ('""', False)]
)
def test_a_unit_that_is_not_known_is_no_minute(hfjobs: Hfjobs, hub: Hub, label: str, is_odd: bool) -> None:
    ran(hub)
    hub.replies_to(HARDWARE, 200, f'[{{"name": "a100-large", "unitCostUSD": 1, "unitLabel": {label}}}]')
    result = hfjobs("hardware", "--columns", "name,price")
    assert result.stdout.split() == ["NAME", "PRICE/HOUR", "a100-large", "-"]
    assert ("unitLabel" in result.stderr) == is_odd
    result = hfjobs("run", "-d", "--max-cost", "5", "--flavor", "a100-large", "python:3.12", "env")
    assert (result.code, hub.paths.count(f"POST /api/jobs/{USER}")) == (2, 0)


def packed(times: int, status: int = 200) -> Misbehavior:
    """Answer with a bomb."""
    body, coding = packed_zeros(times), ", ".join(["gzip"] * times)

    def answer(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return Response(body, status, headers={"Content-Encoding": coding, "Content-Type": "x/y"})(environ, start)

    return answer


TWICE = "unsupported encoding 'gzip, gzip'"


@pytest.mark.parametrize(("times", "said"), [(1, "larger than 256 MiB"), (2, TWICE)])
def test_a_packed_answer_is_bounded(hfjobs: Hfjobs, hub: Hub, times: int, said: str) -> None:
    hub.always(f"/api/jobs/{USER}", packed(times))
    code, stdout, stderr = hfjobs("ps")
    assert (code, stdout) == (1, "")
    assert said in stderr
    assert {request.headers["Accept-Encoding"] for request in hub.requests} == {"gzip"}


@pytest.mark.parametrize("times", [1, 2])
def test_a_job_whose_answer_is_a_bomb_is_named(hfjobs: Hfjobs, hub: Hub, times: int) -> None:
    """It was made, so it is found."""

    def act(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        app(environ, lambda *_args: lambda _data: None)
        return packed(times)(app, environ, start)

    assert hfjobs("ps", "-q").code == 0  # so that the namespace is known
    hub.then(act)
    code, stdout, stderr = hfjobs("run", "-d", "-q", "python:3.12", "env")
    assert (code, stdout) == (0, f"{hub.all_jobs()[0]['id']}\n")
    assert "found the new job by" in stderr


@pytest.mark.parametrize(
    "argv", [["logs", JOB], ["logs", "-f", JOB], ["stats", JOB], ["logs", "-n", "3", JOB]], ids="-".join
)
@pytest.mark.parametrize(("times", "said"), [(1, "a line of the stream is longer than"), (2, TWICE)])
def test_a_packed_stream_is_bounded(hfjobs: Hfjobs, hub: Hub, argv: list[str], times: int, said: str) -> None:
    """What cannot be read is an error, and not nothing."""
    hub.add(id=JOB, status={"stage": "RUNNING", "message": None}, finishedAt=None)
    for stream in ("logs", "metrics"):
        hub.always(f"/api/jobs/{USER}/{JOB}/{stream}", packed(times))
    result = hfjobs(*argv)
    assert result.code == 1
    assert said in result.stderr


def test_a_packed_stream_is_read(hfjobs: Hfjobs, hub: Hub) -> None:
    """Though it was not asked for: some proxy may do it."""
    identifier = hub.add(id=JOB)
    events = b"".join(b'data: {"data":"line %d","timestamp":"2026-05-12T08:00:00.000Z"}\n\n' % n for n in range(50_000))
    halves = gzip.compress(events[: len(events) // 2]) + gzip.compress(events[len(events) // 2 :])

    def answer(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        pieces = (halves[at : at + 1000] for at in range(0, len(halves), 1000))
        return Response(pieces, headers={"Content-Encoding": "gzip"}, content_type="text/event-stream")(environ, start)

    hub.always(f"/api/jobs/{USER}/{identifier}/logs", answer)
    assert hfjobs("logs", identifier) == Result(0, "".join(f"line {n}\n" for n in range(50_000)), "")


@pytest.mark.parametrize(("times", "said"), [(1, "is larger than 64 MiB"), (2, TWICE)])
def test_a_packed_script_is_bounded(hfjobs: Hfjobs, hub: Hub, elsewhere: Hub, times: int, said: str) -> None:
    elsewhere.always("/train.py", packed(times))
    code, stdout, stderr = hfjobs("uv", "run", "-d", f"{elsewhere.endpoint}/train.py")
    assert (code, stdout) == (1, "")
    assert said in stderr
    assert not any(request.method == "POST" for request in hub.requests)


@pytest.mark.parametrize("times", [1, 2])
def test_a_packed_refusal_is_one(hfjobs: Hfjobs, hub: Hub, times: int) -> None:
    hub.always(f"/api/jobs/{USER}", packed(times, status=403))
    result = hfjobs("ps", "--namespace", USER)
    assert "403" in result.stderr or "larger than" in result.stderr
    assert result.code in (1, 4)


def test_what_is_packed_and_cut_off_is_no_answer(hfjobs: Hfjobs, hub: Hub) -> None:
    """However well its beginning reads."""
    listing = gzip.compress(b"[]" + random.Random(1).randbytes(5000).hex().encode().translate(bytes([32] * 256)))
    hub.always(
        f"/api/jobs/{USER}", lambda _app, *wsgi: Response(listing[:-12], headers={"Content-Encoding": "gzip"})(*wsgi)
    )
    code, stdout, stderr = hfjobs("ps", "--namespace", USER)
    assert (code, stdout) == (5, "")
    assert "unexpected end of the compressed data" in stderr
