"""`hfjobs wait`: few requests, an exit code that says how jobs ended, and nobody left in doubt."""

from __future__ import annotations

import json
import re
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.emulator.emulation import Serve
from tests.support import (
    BY_HAND,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Stall,
    Terminal,
    command,
    hang_up,
    on_terminal,
    posix_only,
    read_by_head,
    run,
    run_here,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def running(hub: Hub, number: int, stage: str = "RUNNING", **changes: Any) -> str:
    """Put a job that has not ended into the Hub and return its id."""
    return hub.add(
        id=f"6a0200000000000000000{number:03x}", status={"stage": stage, "message": None}, finishedAt=None, **changes
    )


def ending(hub: Hub, jobs: dict[str, str]) -> Misbehavior:
    """Return what lets jobs end in these stages, and then answers as ever."""

    def end(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with hub.store.write() as tables:
            for identifier, stage in jobs.items():
                job = tables.job(USER, identifier)
                assert job is not None
                tables.save_job({**job, "status": {"stage": stage, "message": None}})
        return app(environ, start)

    return end


def as_ever(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer as if nothing were the matter."""
    return app(environ, start)


class TestExitCode:
    @pytest.mark.parametrize(
        ("stages", "code"),
        [
            (["COMPLETED", "COMPLETED"], 0),
            (["COMPLETED", "ERROR"], 10),
            (["CANCELED", "ERROR"], 10),
            (["COMPLETED", "CANCELED"], 11),
            (["DELETED", "COMPLETED"], 11),
        ],
    )
    def test_says_how_they_ended(self, hfjobs: Hfjobs, hub: Hub, stages: list[str], code: int) -> None:
        one, two = running(hub, 1), running(hub, 2)
        hub.then(as_ever, as_ever, ending(hub, dict(zip((one, two), stages, strict=True))))
        result = hfjobs("wait", one, two, "-q")
        assert result == Result(code, f"{one}\n{two}\n", "")
        assert hfjobs.pauses == [1.0]

    def test_of_one_that_vanishes_is_that_of_the_failure(self, hfjobs: Hfjobs, hub: Hub) -> None:
        one = running(hub, 1)

        def vanish(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            hub.replies_to(f"/api/jobs/{USER}/{one}", 404, '{"error": "Job not found"}')
            return app(environ, start)

        hub.then(*[as_ever] * 3, vanish)
        code, stdout, stderr = hfjobs("wait", f"{USER}/{one}", BY_HAND, "-q")
        assert (code, stdout) == (3, f"{BY_HAND}\n")
        assert stderr.startswith(f"error: no job '{one}' in namespace '{USER}': Job not found")

    def test_of_one_that_failed_counts_before_that_of_one_that_is_not_there(self, hfjobs: Hfjobs, hub: Hub) -> None:
        one = running(hub, 1)
        hub.then(as_ever, as_ever, as_ever, as_ever, ending(hub, {one: "ERROR"}))
        code, stdout, stderr = hfjobs("wait", f"{USER}/{'0' * 24}", one, "-q")
        assert (code, stdout) == (10, f"{one}\n")
        assert stderr.startswith("error: no job '000000000000000000000000'")

    def test_of_jobs_that_have_ended_needs_no_waiting(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("wait", BY_HAND)
        assert (code, stderr) == (0, "")
        assert stdout.splitlines()[1].startswith(BY_HAND)
        assert hfjobs.pauses == []


class TestRequests:
    def test_one_listing_tells_of_many(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """50 jobs that end one after the other cost no more than one page each time they are looked at."""
        jobs = [running(hub, number) for number in range(50)]
        hub.then(as_ever)  # whoami
        for start in range(0, 50, 5):
            hub.then(ending(hub, dict.fromkeys(jobs[start : start + 5], "COMPLETED")))
        code, stdout, stderr = hfjobs("wait", *jobs, "-q")
        assert (code, sorted(stdout.split()), stderr) == (0, sorted(jobs), "")
        assert len(hub.requests) == 11
        assert set(hub.paths[1:]) == {f"GET /api/jobs/{USER}"}

    def test_a_single_job_is_asked_for_by_itself(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        hub.then(as_ever, as_ever, ending(hub, {job: "COMPLETED"}))
        assert hfjobs("wait", f"{USER}/{job}", "-q").code == 0
        assert set(hub.paths) == {f"GET /api/jobs/{USER}/{job}"}

    def test_pauses_grow(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        hub.then(*[as_ever] * 9, ending(hub, {job: "COMPLETED"}))
        hfjobs("wait", f"{USER}/{job}")
        assert hfjobs.pauses == [1.0, 1.5, 2.25, 3.375, 5.0625, 7.59375, 10.0, 10.0, 10.0]

    def test_a_terminal_shows_meanwhile_how_the_jobs_are(self, hfjobs: Hfjobs, hub: Hub) -> None:
        started = "2026-05-12T08:56:48.000Z"
        jobs = [running(hub, 1, startedAt=started), running(hub, 2, "SCHEDULING", startedAt=None)]
        hub.then(as_ever, as_ever, ending(hub, {jobs[1]: "CANCELED"}), ending(hub, dict.fromkeys(jobs, "COMPLETED")))
        stderr = Terminal()
        assert hfjobs("wait", "-q", *jobs, stderr=stderr).code == 11
        shown = re.findall(r"\x1b\[K([^\r\x1b]+)", stderr.getvalue())
        assert list(dict.fromkeys(shown)) == [
            "1 running, 1 scheduling, for 3m12s",
            "1 running, for 3m12s; finished: 1 canceled",
        ]

    def test_jobs_far_back_are_asked_for_one_by_one(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Reading on would cost more than asking."""
        old = [running(hub, number, createdAt="2025-01-01T00:00:00.000Z") for number in (1, 2)]
        hub.then(*[as_ever] * 5, ending(hub, dict.fromkeys(old, "COMPLETED")))
        assert hfjobs("wait", *(f"{USER}/{each}" for each in old), "-q").code == 0
        assert len(hub.requests) <= 8

    def test_in_several_namespaces(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        theirs = hfjobs(
            "ps", "-aq", "--namespace", "aurora-lab", "--limit", "1", "--status", "completed"
        ).stdout.strip()
        hub.then(ending(hub, {job: "COMPLETED"}))
        result = hfjobs("wait", f"aurora-lab/{theirs}", f"{USER}/{job}", "-q")
        assert result == Result(0, f"{theirs}\n{job}\n", "")


class TestChosen:
    def test_by_filters(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = [running(hub, number, labels={"sweep": "3"}) for number in (2, 1)]
        hub.then(as_ever, as_ever, ending(hub, dict.fromkeys(jobs, "COMPLETED")))
        assert hfjobs("wait", "--label", "sweep=3", "-q") == Result(0, f"{jobs[0]}\n{jobs[1]}\n", "")

    def test_by_filters_that_match_none(self, hfjobs: Hfjobs) -> None:
        told = "no running or scheduling jobs match; -a includes finished ones\n"
        assert hfjobs("wait", "--name", "nobody", "--format", "jsonl") == Result(0, "", told)
        assert hfjobs("wait", "--name", "nobody", "-q") == Result(0, "", "")

    def test_any(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The one that has ended is printed, and its end counts."""
        one, two = running(hub, 1), running(hub, 2)
        hub.then(as_ever, as_ever, ending(hub, {two: "ERROR"}))
        assert hfjobs("wait", "--any", one, two, "-q") == Result(10, f"{two}\n", "")

    def test_lines_come_as_jobs_end(self, hfjobs: Hfjobs, hub: Hub) -> None:
        one, two = running(hub, 1), running(hub, 2)
        hub.then(as_ever, as_ever, ending(hub, {two: "ERROR"}), ending(hub, {one: "COMPLETED"}))
        code, stdout, stderr = hfjobs("wait", one, two, "--format", "{{.id}} {{.status}}")
        assert (code, stdout, stderr) == (10, f"{two} ERROR\n{one} COMPLETED\n", "")

    @posix_only
    def test_ends_when_its_reader_leaves_though_nothing_ends(self, hfjobs: Hfjobs, hub: Hub) -> None:
        names = [running(hub, 1, "COMPLETED"), running(hub, 2)]
        code, line, stderr = read_by_head("wait", "-q", *names, environ=hfjobs.environ)
        assert (code, line, stderr) == (0, f"{names[0]}\n", "")


class TestAbsence:
    def test_of_the_hub_is_told_of_and_survived(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        hub.then(as_ever, *[hang_up] * 8, ending(hub, {job: "COMPLETED"}))
        code, stdout, stderr = hfjobs("wait", f"{USER}/{job}", "-q")
        assert (code, stdout) == (0, f"{job}\n")
        assert stderr.count("; still waiting\n") == 2

    @pytest.mark.parametrize("count", [1, 3])
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (200, "<html>log in to this hotel</html>", "text/html"),
            (200, '[{"id": "6a0', "application/json"),
            (200, '{"id": "another"}', "application/json"),
            (200, "[" * 100_000, "application/json"),
            (302, "", "text/html"),
            (425, "", "text/html"),
            (204, "", "text/html"),
            (503, "", "text/html"),
        ],
    )
    def test_of_a_usable_answer_is_no_end(
        self, hfjobs: Hfjobs, hub: Hub, count: int, status: int, body: str, kind: str
    ) -> None:
        """However odd it is, and whether one job is asked for or the listing."""
        jobs = [running(hub, number) for number in range(count)]
        hub.then(*[as_ever] * 2 * (count > 1))  # whoami, and the first listing
        hub.replies(status, body, {"Content-Type": kind}, times=9)
        hub.then(ending(hub, dict.fromkeys(jobs, "COMPLETED")))
        code, stdout, stderr = hfjobs("wait", *(job if count > 1 else f"{USER}/{job}" for job in jobs), "-q")
        assert (code, sorted(stdout.split())) == (0, sorted(jobs))
        assert "; still waiting\n" in stderr

    def test_is_given_up_after_half_an_hour(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(f"/api/jobs/{USER}/{BY_HAND}", 200, "<html>")
        code, stdout, stderr = hfjobs("wait", f"{USER}/{BY_HAND}", "-q")
        assert (code, stdout) == (1, "")
        assert stderr.splitlines()[-1].startswith("error: unexpected response from the Hub: invalid JSON")
        assert 1770 <= sum(hfjobs.pauses) <= 1800

    def test_of_an_answer_about_one_job_holds_up_no_other(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Nor is it forgotten that the other has ended."""
        odd, good = running(hub, 1, createdAt="2025-01-01T00:00:00.000Z"), running(hub, 2)
        hub.always(f"/api/jobs/{USER}/{odd}", lambda *_args: [])
        hub.replies_to(f"/api/jobs/{USER}/{odd}", 200, "<html>")
        hub.then(ending(hub, {good: "COMPLETED"}))
        result = hfjobs("wait", "--any", f"{USER}/{odd}", f"{USER}/{good}", "-q")
        assert result[:2] == (0, f"{good}\n")

    def test_a_job_of_others_that_is_unusable_is_no_failure(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = [running(hub, number, "COMPLETED") for number in (1, 2)]

        def with_another(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            listed = json.loads(b"".join(app(environ, lambda *_args: lambda _data: None)))
            return Response(json.dumps([{"id": 7}, *listed]), content_type="application/json")(environ, start)

        hub.always(f"/api/jobs/{USER}", with_another)
        result = hfjobs("wait", *(f"{USER}/{job}" for job in jobs), "-q")
        assert result[:2] == (0, "".join(f"{job}\n" for job in jobs))

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_hub_that_asks_for_a_pause_gets_it(self, hfjobs: Hfjobs, hub: Hub, status: int) -> None:
        job = running(hub, 1)
        hub.replies(status, "{}", {"Retry-After": "120"})
        hub.then(ending(hub, {job: "COMPLETED"}))
        assert hfjobs("wait", f"{USER}/{job}", "-q")[:2] == (0, f"{job}\n")
        assert hfjobs.pauses == [120.0]
        assert len(hub.requests) == 2

    def test_a_pause_that_is_longer_than_there_is_time(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It is not cut short to ask once more."""
        job = running(hub, 1)
        hub.replies(429, "{}", {"Retry-After": "120"}, times=9)
        code, stdout, _ = hfjobs("wait", f"{USER}/{job}", "-q", "--timeout", "20s")
        assert (code, stdout) == (12, "")
        assert len(hub.requests) == 1

    def test_of_a_token_is_not(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        hub.then(as_ever)
        hub.replies(401, '{"error": "Invalid token"}', times=2)
        code, stdout, stderr = hfjobs("wait", f"{USER}/{job}", "-q")
        assert (code, stdout) == (4, "")
        assert stderr.startswith("error: the Hub rejected the token from HF_TOKEN: Invalid token")


class TestTime:
    def test_that_is_over(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        began = time.monotonic()
        result = run_here("wait", f"{USER}/{job}", BY_HAND, "--timeout", "3s", "-q", environ=hfjobs.environ)
        assert (result.code, result.stdout) == (12, f"{BY_HAND}\n")
        told, job_line = result.stderr.splitlines()
        assert told == "error: timed out after 3s; 1 job has not finished:"
        assert re.fullmatch(rf"  {USER}/{job}  classify-cards  running for \w+", job_line)
        assert time.monotonic() - began < 30  # it ends at all

    def test_is_over_for_a_hub_that_does_not_answer_too(self, hfjobs: Hfjobs, hub: Hub, stall: Stall) -> None:
        hub.then(*[stall] * 9)
        result = run_here("wait", f"{USER}/{BY_HAND}", "--timeout", "0.5", "-q", environ=hfjobs.environ)
        told = f"error: timed out after 0s; 1 job has not finished:\n  {USER}/{BY_HAND}  status unknown\n"
        assert result == Result(12, "", told)

    def test_of_none_looks_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = running(hub, 1)
        how = f"{USER}/{job}  classify-cards  running for 19h43m"
        told = f"error: timed out after 0s; 1 job has not finished:\n  {how}\n"
        assert hfjobs("wait", f"{USER}/{job}", BY_HAND, "--timeout", "0", "-q") == Result(12, f"{BY_HAND}\n", told)
        assert hfjobs("wait", BY_HAND, "--timeout", "0", "-q") == Result(0, f"{BY_HAND}\n", "")
        assert hfjobs.pauses == []

    @pytest.mark.parametrize("value", [" ", "x", "5x", "-1", "1mo", "1y", "nan", "inf", "1h ago", "1e99"])
    def test_that_is_none(self, hfjobs: Hfjobs, hub: Hub, value: str) -> None:
        range_ = {"-1": "0s or more", "1e99": "at most 36500d"}.get(value)
        told = f"error: invalid --timeout '{value}'\nhint: use {range_ or '90s, 30m, 1.5h, 1h30m, 2d or 1w'}\n"
        assert hfjobs("wait", BY_HAND, f"--timeout={value}") == Result(2, "", told)
        assert hub.requests == []


@posix_only
def test_an_interrupt_names_what_still_runs(hfjobs: Hfjobs, hub: Hub, stall: Stall) -> None:
    one, two = running(hub, 1), running(hub, 2)
    hub.then(as_ever, stall)
    result = signalled(command("wait", f"{USER}/{one}", f"{USER}/{two}"), hfjobs.environ, stall.arrived, signal.SIGINT)
    assert result == Result(130, "", f"not finished: {USER}/{one} {USER}/{two}\ninterrupted\n")


@posix_only
def test_jobs_that_really_run(serve: Serve, tmp_path: Path) -> None:
    """They end one after the other, are waited for on a terminal, and the official client agrees on how they ended."""
    emulator = serve(tmp_path / "state", "--empty")
    environ = {**emulator.environ, "HOME": str(tmp_path)}
    good = emulator.python("import time; time.sleep(1)", labels={"name": "good"})
    bad = emulator.python("import time; time.sleep(0.5); raise SystemExit(3)", labels={"name": "bad"})
    result = run_here("wait", good, bad, "--format", "{{.name}} {{.status}}", environ=environ)
    assert (result.code, sorted(result.stdout.splitlines()), result.stderr) == (10, ["bad ERROR", "good COMPLETED"], "")
    shown = on_terminal(100, "wait", good, bad, environ={**environ, "NO_COLOR": "1"})
    assert shown.code == 10
    assert [line.split()[0] for line in shown.stdout.splitlines()[1:]] == [good, bad]
    peer = run(
        [sys.executable, "-m", "huggingface_hub.cli.hf", "jobs", "wait", good, bad],
        {**environ, "HF_HUB_DISABLE_UPDATE_CHECK": "1"},
    )
    assert peer.code == 1


@pytest.mark.parametrize("argv", [("logs",), ("describe",), ("stats",), ("ssh",)])
def test_an_owner_that_cannot_be_one_is_an_odd_answer(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
    """It is no mistake of the user's, and stands in no line that is to be pasted."""
    owner = {"id": "6" * 24, "name": "$(touch x);sh;", "type": "user"}
    odd = json.dumps(hub.job(id=BY_HAND, owner=owner))
    hub.always(
        f"/api/jobs/{USER}/{BY_HAND}",
        lambda _app, environ, start: Response(odd, content_type="application/json")(environ, start),
    )
    code, _, stderr = hfjobs(*argv, BY_HAND)
    assert code == 1
    assert "error: unexpected response from the Hub: " in stderr
    assert "hfjobs duplicate $(" not in stderr
