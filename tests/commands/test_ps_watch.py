"""`ps --watch` in a pipe: what happens to jobs as events, over breaks of the network."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import pytest

from hfjobs_cli.emulator.app import App
from tests.support import (
    USER,
    Hfjobs,
    Hub,
    Result,
    closed_pipe,
    command,
    hang_up,
    posix_only,
    read_by_head,
    run_command,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from tests.support import Misbehavior

Job = dict[str, Any]
MARKED = ("ps", "--namespace", USER, "-l", "watched=yes", "--watch")


def after(act: Callable[[], object]) -> Misbehavior:
    """Answer as the app does, after something has happened to the jobs."""

    def answer(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        act()
        return app(environ, start)

    return answer


def number(place: int) -> str:
    return f"6a02000000000000000000{place:02x}"


class Jobs:
    """The jobs on a Hub that are watched: those with the label `watched`."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def add(self, place: int, stage: str = "RUNNING", **changes: Any) -> None:
        labels = {"watched": "yes", "name": f"job-{place}"}
        self.hub.add(
            id=number(place),
            createdAt=f"2026-05-12T08:{place:02}:00.000Z",
            labels=labels,
            status={"stage": stage, "message": None},
            **changes,
        )

    def change(self, place: int, stage: str, **changes: Any) -> Callable[[], None]:
        def act() -> None:
            with self.hub.store.write() as tables:
                job = tables.job(USER, number(place))
                assert job is not None
                tables.save_job({**job, **changes, "status": {"stage": stage, "message": None}})

        return act


@pytest.fixture
def jobs(hub: Hub) -> Jobs:
    return Jobs(hub)


def events(result: Result) -> list[Job]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def told(result: Result) -> list[tuple[str, str | None, str, str]]:
    """Return of each event what happened, the stage before, the job and its stage."""
    return [
        (each["event"], each["from"], each["job"]["labels"]["name"], each["job"]["status"]["stage"])
        for each in events(result)
    ]


def replayed(result: Result) -> dict[str, Job]:
    """Return the jobs that are there after all events."""
    there: dict[str, Job] = {}
    for event in events(result):
        if event["event"] == "gone":
            del there[event["job"]["id"]]
        else:
            assert (event["event"] == "added") == (event["job"]["id"] not in there)
            there[event["job"]["id"]] = event["job"]
    return there


class TestEvents:
    """In a pipe each change is a line."""

    def test_begin_with_the_listing(self, hfjobs: Hfjobs, jobs: Jobs) -> None:
        jobs.add(1, "COMPLETED")
        jobs.add(2, "ERROR")
        result = hfjobs(*MARKED, "-a", "--until-done")
        assert (result.code, result.stderr) == (10, "")
        assert told(result) == [("added", None, "job-2", "ERROR"), ("added", None, "job-1", "COMPLETED")]
        assert [event["job"] for event in events(result)] == hfjobs.jobs("ps", "-a", "-l", "watched=yes", "--json")
        assert hfjobs.pauses == []

    def test_tell_what_happened(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        """Replayed they give what a listing gives then."""
        jobs.add(1)
        jobs.add(2, "SCHEDULING")
        hub.then(
            after(lambda: None),
            after(jobs.change(2, "RUNNING")),
            after(lambda: jobs.add(3)),
            after(jobs.change(1, "ERROR", finishedAt="2026-05-12T08:59:00.000Z")),
            after(jobs.change(2, "COMPLETED")),
            after(jobs.change(3, "CANCELED")),
        )
        result = hfjobs(*MARKED, "-a", "--until-done")
        assert told(result) == [
            ("added", None, "job-2", "SCHEDULING"),
            ("added", None, "job-1", "RUNNING"),
            ("changed", "SCHEDULING", "job-2", "RUNNING"),
            ("added", None, "job-3", "RUNNING"),
            ("changed", "RUNNING", "job-1", "ERROR"),
            ("changed", "RUNNING", "job-2", "COMPLETED"),
            ("changed", "RUNNING", "job-3", "CANCELED"),
        ]
        there = {job["id"]: job for job in hfjobs.jobs("ps", "-a", "-l", "watched=yes", "--json")}
        assert replayed(result) == there

    def test_tell_of_jobs_that_do_not_match_any_more(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(after(lambda: None), after(jobs.change(1, "COMPLETED")))
        result = hfjobs(*MARKED, "--until-done")
        assert told(result) == [("added", None, "job-1", "RUNNING"), ("gone", "RUNNING", "job-1", "COMPLETED")]
        assert replayed(result) == {}
        assert hub.paths.count(f"GET /api/jobs/{USER}/{number(1)}") == 1

    def test_tell_what_was_last_seen_of_jobs_that_nobody_can_ask_for(
        self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs
    ) -> None:
        """It is asked once, and what goes wrong with that is no end of the watch."""
        jobs.add(1)
        jobs.add(2)
        hub.replies_to(f"/api/jobs/{USER}/{number(1)}", 404, "{}")
        ended = (jobs.change(1, "COMPLETED"), jobs.change(2, "ERROR"))
        hub.then(after(lambda: None), after(lambda: [act() for act in ended]))
        result = hfjobs(*MARKED, "--until-done")
        assert (result.code, result.stderr) == (10, "")
        assert set(told(result)[2:]) == {
            ("gone", "RUNNING", "job-1", "RUNNING"),
            ("gone", "RUNNING", "job-2", "ERROR"),
        }

    def test_leave_out_that_a_job_ran_on(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The Hub counts its seconds anew at each request."""
        runs = {"labels": {"watched": "yes"}, "status": {"stage": "RUNNING", "message": None}}
        for seconds in (98, 99):
            hub.replies(200, json.dumps([hub.job(**runs, durations={"runningSecs": seconds})]))
        hub.replies(200, "[]")
        result = hfjobs(*MARKED, "-a", "--until-done")
        assert [event["event"] for event in events(result)] == ["added", "gone"]

    def test_tell_of_labels_too(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        named = jobs.change(1, "RUNNING", labels={"watched": "yes", "name": "renamed"})
        hub.then(after(lambda: None), after(named), after(jobs.change(1, "COMPLETED")))
        assert told(hfjobs(*MARKED, "-a", "--until-done"))[1] == ("changed", "RUNNING", "renamed", "RUNNING")

    def test_keep_to_the_limit(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(after(lambda: None), after(lambda: jobs.add(2)), after(jobs.change(2, "COMPLETED")))
        result = hfjobs(*MARKED, "-a", "--limit", "1", "--until-done")
        assert [(event, name) for event, _, name, _ in told(result)] == [
            ("added", "job-1"),
            ("added", "job-2"),
            ("gone", "job-1"),
            ("changed", "job-2"),
        ]


class TestRequests:
    """One request an interval, which grows while nothing happens."""

    def test_one_each_time(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(*[after(lambda: None)] * 8, after(jobs.change(1, "COMPLETED")))
        hfjobs(*MARKED, "--until-done")
        assert hfjobs.pauses == [2.0, 3.0, 4.5, 6.75, 10.0, 10.0, 10.0, 10.0]
        assert hub.paths == ["GET /api/jobs/davanstrien"] * 9 + [f"GET /api/jobs/davanstrien/{number(1)}"]

    @pytest.mark.parametrize("given", [("--watch", "4"), ("--watch=4",), ("--watch", "4.0")])
    def test_as_far_apart_as_is_said(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs, given: tuple[str, ...]) -> None:
        """What happens makes them as close as at first."""
        jobs.add(1)
        nothing = after(lambda: None)
        hub.then(nothing, nothing, nothing, after(lambda: jobs.add(2)), nothing, nothing)
        hub.then(after(jobs.change(1, "ERROR")), after(jobs.change(2, "ERROR")))
        hfjobs(*MARKED[:-1], *given, "--until-done")
        assert hfjobs.pauses == [4.0, 6.0, 9.0, 4.0, 6.0, 9.0, 4.0]

    def test_never_closer_than_is_said(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(*[after(lambda: None)] * 3, after(jobs.change(1, "COMPLETED")))
        hfjobs(*MARKED, "60", "--until-done")
        assert hfjobs.pauses == [60.0, 60.0, 60.0]

    def test_schedules_are_looked_up_once(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        with hub.store.read() as tables:
            schedule = next(each for each in tables.schedules(USER) if each["jobSpec"]["labels"].get("name"))
        jobs.add(1, initiator={"type": "scheduled-job", "id": schedule["id"]})
        hub.then(*[after(lambda: None)] * 3, after(jobs.change(1, "COMPLETED")))
        name = schedule["jobSpec"]["labels"]["name"]
        hfjobs(*MARKED, "--until-done", "--initiator", f"scheduled-job:{name}")
        assert hub.paths.count(f"GET /api/scheduled-jobs/{USER}") == 1


class TestBreaks:
    """A break of the network is told of once, and survived."""

    def test_is_told_and_survived(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(after(lambda: None), *[hang_up] * 9, after(jobs.change(1, "COMPLETED")))
        result = hfjobs(*MARKED, "--until-done")
        assert result.code == 0
        assert [event for event, *_ in told(result)] == ["added", "gone"]
        first, last = result.without(hub.endpoint).stderr.splitlines()
        assert first.startswith("warning: lost the connection to HUB: ")
        assert last == "the Hub is reachable again"

    def test_is_no_end_of_jobs(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        """Nothing is gone because nobody said that it is there."""
        jobs.add(1)
        hub.then(after(lambda: None))
        hub.replies(502, "<html>bad gateway</html>", {"Content-Type": "text/html"}, times=4)
        hub.replies(200, "<html>log in to this hotel</html>", {"Content-Type": "text/html"})
        hub.then(after(jobs.change(1, "COMPLETED")))
        result = hfjobs(*MARKED, "--until-done")
        assert [event for event, *_ in told(result)] == ["added", "gone"]
        assert result.stderr.splitlines()[-1] == "the Hub is reachable again"

    def test_what_no_other_try_would_mend_is_told_too(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(after(lambda: None))
        hub.replies(200, "<html>log in to this hotel</html>", {"Content-Type": "text/html"}, times=2)
        hub.then(after(jobs.change(1, "COMPLETED")))
        result = hfjobs(*MARKED, "--until-done")
        first, last = result.stderr.splitlines()
        assert first.startswith("warning: the response is a web page, not JSON")
        assert last == "the Hub is reachable again"

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_hub_that_asks_for_a_pause_gets_it(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs, status: int) -> None:
        jobs.add(1)
        hub.then(after(lambda: None), after(lambda: None))
        hub.replies(status, "{}", {"Retry-After": "120"})
        hub.then(after(jobs.change(1, "COMPLETED")))
        result = hfjobs(*MARKED, "--until-done")
        assert (result.code, [event for event, *_ in told(result)]) == (0, ["added", "gone"]), result
        assert hfjobs.pauses[-1] == 120.0
        assert len(hub.requests) == 5

    def test_at_the_beginning_is_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.then(*[hang_up] * 4)
        result = hfjobs(*MARKED)
        assert (result.code, result.stdout) == (5, "")
        assert "error: lost the connection to " in result.stderr

    def test_is_not_what_a_refusal_is(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        hub.then(after(lambda: None))
        hub.replies(401, '{"error": "Invalid credentials"}', times=9)
        result = hfjobs(*MARKED)
        assert result.code == 4
        assert [event for event, *_ in told(result)] == ["added"]

    def test_what_is_unusable_is_told_once(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        jobs.add(1)
        odd = json.dumps([hub.job(id=number(1), status={"stage": "RUNNING"}), {"id": None}])
        hub.replies(200, odd, times=3)
        hub.replies(200, "[]")
        result = hfjobs(*MARKED, "--until-done")
        assert result.code == 1
        assert result.stderr.count("jobs[1].id") == 1


class TestOptions:
    """What makes no sense is refused before any request."""

    @pytest.mark.parametrize(
        ("options", "name"),
        [
            (("--format", "csv"), "csv"),
            (("--json",), "json"),
            (("-q",), "ids"),
            (("--format", "table"), "table"),
            (("-w",), "table"),
            (("--format", "{{.id}}"), "template"),
        ],
    )
    def test_other_formats(self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], name: str) -> None:
        assert hfjobs("ps", "--watch", *options) == Result(
            2,
            "",
            f"error: --watch does not support --format {name} here\n"
            "hint: use a table on a terminal, or jsonl in a pipe\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--watch", "0.1"), "invalid value for '--watch': 0.1 is not in the range 0.5<=x<=86400"),
            (("--watch=soon",), "invalid value for '--watch': 'soon' is not a number"),
            (("--watch", "soon"), "unexpected argument 'soon'"),
            (("--watch", "2", "--watch", "3"), "--watch given more than once: '2' and '3'"),
        ],
    )
    def test_intervals(self, hfjobs: Hfjobs, hub: Hub, words: tuple[str, ...], message: str) -> None:
        code, stdout, stderr = hfjobs("ps", *words)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\n")
        assert hub.requests == []

    @pytest.mark.parametrize("before", [("--token", "top"), ("--endpoint", "http://127.0.0.1:9", "--token", "run")])
    def test_a_value_may_be_called_as_a_command(self, hfjobs: Hfjobs, before: tuple[str, ...]) -> None:
        """Whatever stands before the command, it is `ps` whose option may go without a value."""
        code, _, stderr = hfjobs(*before, "ps", "--watch", "--json")
        assert (code, stderr.splitlines()[0]) == (2, "error: --watch does not support --format json here")

    def test_until_done_watches_by_itself(self, hfjobs: Hfjobs, jobs: Jobs) -> None:
        jobs.add(1, "COMPLETED")
        assert [event for event, *_ in told(hfjobs("ls", "-a", "-l", "watched=yes", "--until-done"))] == ["added"]

    def test_a_terminal_can_have_events_too(self, hfjobs: Hfjobs, jobs: Jobs) -> None:
        jobs.add(1, "COMPLETED")
        result = hfjobs("ps", "-a", "-l", "watched=yes", "--until-done", "--format", "jsonl", columns=80)
        assert [event for event, *_ in told(result)] == ["added"]

    def test_a_terminal_that_obeys_no_codes_gets_events(self, hfjobs: Hfjobs, jobs: Jobs) -> None:
        jobs.add(1, "COMPLETED")
        result = hfjobs("ps", "-a", "-l", "watched=yes", "--until-done", columns=80, TERM="dumb")
        assert [event for event, *_ in told(result)] == ["added"]


class TestEnds:
    """A watch ends when nobody reads it, and with Ctrl-C."""

    def test_when_nobody_reads_it(self, hfjobs: Hfjobs) -> None:
        with closed_pipe() as nobody:
            assert run_command("ps", "--watch", environ=hfjobs.environ, stdout=nobody) == Result(0, "", "")

    @posix_only
    def test_when_its_reader_leaves_though_nothing_happens(self, hfjobs: Hfjobs, jobs: Jobs) -> None:
        jobs.add(1)
        result = read_by_head(*MARKED, "600", environ=hfjobs.environ)
        assert (result.code, result.stderr) == (0, "")
        assert [event for event, *_ in told(result)] == ["added"]

    @posix_only
    def test_with_ctrl_c(self, hfjobs: Hfjobs, hub: Hub, jobs: Jobs) -> None:
        """What happened before is written."""
        import threading

        jobs.add(1)
        arrived = threading.Event()
        hub.then(after(lambda: None), after(arrived.set))
        number_ = signal.SIGINT if os.name == "posix" else signal.SIGTERM
        result = signalled(command(*MARKED, "0.5"), hfjobs.environ, arrived, number_)
        assert (result.code, result.stderr) == (130, "interrupted\n")
        assert [event for event, *_ in told(result)] == ["added"]
