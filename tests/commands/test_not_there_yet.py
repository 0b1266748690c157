"""What was just created exists: a Hub that does not show it yet is asked again for a while, and no longer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pytest
from werkzeug.wrappers import Response

from tests.support import NOW, USER, Hfjobs, Hub, run_here

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LINES = ["one", "two"]


class Late:
    """A Hub that refuses the first requests for each job, and for its logs, with these statuses.

    A job has ended once its logs were shown, or refused for the last time if it `has_no_logs`: in the stage `ends`.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        job: Iterable[int] = (),
        logs: Iterable[int] = (),
        has_no_logs: bool = False,
        ends: str = "COMPLETED",
    ):
        self._hub = hub
        self._ends = ends
        self._app = hub.app
        self._job = list(job)
        self._logs = list(logs)
        self._has_no_logs = has_no_logs
        hub.app = self  # type: ignore[assignment]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        parts = environ["PATH_INFO"].split("/")
        if parts[1:3] != ["api", "jobs"] or len(parts) < 5 or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start)
        is_of_logs = parts[-1] == "logs"
        refusals = self._logs if is_of_logs else self._job
        if refusals:
            return self._refused(refusals.pop(0))(environ, start)
        if not is_of_logs:
            return self._app(environ, start)
        with self._hub.store.write() as tables:
            job = tables.job(USER, parts[4])
            assert job is not None
            tables.save_job({**job, "status": {"stage": self._ends, "message": None}})
        if self._has_no_logs:
            return self._refused(404)(environ, start)
        events = [{"data": line, "timestamp": "2026-05-12T09:00:01.000Z"} for line in LINES]
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
        return Response(body, 200, content_type="text/event-stream")(environ, start)

    @staticmethod
    def _refused(status: int) -> Response:
        return Response('{"error": "Job not found"}', status, content_type="application/json")


def new(hub: Hub, seconds_ago: int = 0, stage: str = "RUNNING") -> str:
    """Put a job into the Hub of which the id says that it was created so many seconds ago, and return the id."""
    identifier = f"{int(NOW.timestamp()) - seconds_ago:08x}{'0b' * 8}"
    return hub.add(id=identifier, status={"stage": stage, "message": None}, finishedAt=None)


class TestOfThisRun:
    """What this process has created itself."""

    @pytest.mark.parametrize("words", [("run", "ubuntu", "true"), ("uv", "run", "tool"), ("duplicate", "--follow")])
    @pytest.mark.parametrize(
        ("job", "logs"),
        [
            ([404], [404]),
            ([404, 404, 404, 404], [404, 404, 404, 404]),
            ([400, 409, 425, 503], [400, 409, 425, 503, 404]),
            ([], [404] * 6),
        ],
    )
    def test_is_followed_to_its_end(
        self, hfjobs: Hfjobs, hub: Hub, words: tuple[str, ...], job: list[int], logs: list[int]
    ) -> None:
        source = [new(hub, 3600, "COMPLETED")] * (words[0] == "duplicate")
        Late(hub, job=job, logs=logs)
        code, stdout, stderr = hfjobs(*words, *source)
        assert (code, stdout) == (0, "one\ntwo\n")
        assert stderr.endswith(f" ({hub.all_jobs()[0]['id']}) completed\n")

    def test_is_missed_for_half_a_minute_and_no_longer(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What it may cost is named."""
        Late(hub, job=[404] * 99, logs=[404] * 99)
        code, stdout, stderr = hfjobs("run", "ubuntu", "true")
        assert (code, stdout) == (3, "")
        identifier = hub.all_jobs()[0]["id"]
        assert f"error: no job '{identifier}' in namespace '{USER}'" in stderr
        assert f"follow with 'hfjobs logs -f {USER}/{identifier}'" in stderr
        assert 25 < sum(hfjobs.pauses) <= 31

    def test_that_ends_without_logs_is_no_success(self, hfjobs: Hfjobs, hub: Hub) -> None:
        Late(hub, has_no_logs=True)
        code, stdout, stderr = hfjobs("run", "ubuntu", "true")
        assert (code, stdout) == (3, "")
        identifier = hub.all_jobs()[0]["id"]
        assert f" ({identifier}) completed\n" in stderr
        assert f"error: job {identifier} has no logs: Job not found" in stderr

    @pytest.mark.parametrize(("stage", "code"), [("ERROR", 10), ("CANCELED", 11)])
    def test_has_ended_without_running(self, hfjobs: Hfjobs, hub: Hub, stage: str, code: int) -> None:
        """As if its image cannot be pulled: there is no output to wait for."""
        Late(hub, has_no_logs=True, ends=stage)
        assert hfjobs("run", "ubuntu", "true").code == code
        assert sum(hfjobs.pauses) < 5


class TestOfOthers:
    """What another process has created, as the id says."""

    @pytest.mark.parametrize("command", [("logs", "-f"), ("wait", "-q")])
    def test_is_waited_for_if_it_is_new(self, hfjobs: Hfjobs, hub: Hub, command: tuple[str, ...]) -> None:
        job = new(hub, 3, stage="COMPLETED" if command[0] == "wait" else "RUNNING")
        Late(hub, job=[404, 404], logs=[404, 404])
        code, stdout, stderr = hfjobs(*command, f"{USER}/{job}")
        assert (code, stdout) == (0, "one\ntwo\n" if command[0] == "logs" else f"{job}\n")
        told = f"warning: job {job} not found, but it was just created; retrying for up to 30 s\n"
        assert stderr == told + (f"{job} is COMPLETED\n" if command[0] == "logs" else "")

    @pytest.mark.parametrize("words", [("cancel", "-q"), ("inspect",), ("labels", "--label", "a=b")])
    def test_is_found_by_what_asks_once(self, hfjobs: Hfjobs, hub: Hub, words: tuple[str, ...]) -> None:
        """Behind `run -d` in a script."""
        job = new(hub, 3)
        hub.replies(404, '{"error": "Job not found"}', times=2)
        assert hfjobs(words[0], f"{USER}/{job}", *words[1:]).code == 0
        assert hfjobs.pauses == [0.5, 0.75]

    @pytest.mark.parametrize("age", [31, 3600, -3600])
    def test_is_not_there_if_it_is_old(self, hfjobs: Hfjobs, hub: Hub, age: int) -> None:
        """Nobody waits for what was mistyped."""
        job = new(hub, age)
        Late(hub, job=[404] * 99)
        assert hfjobs("wait", f"{USER}/{job}").code == 3
        assert hfjobs("logs", "-f", f"{USER}/{job}").code == 3
        assert hfjobs.pauses == []

    def test_is_not_there_after_half_a_minute(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = new(hub, 0)
        Late(hub, job=[404] * 99)
        assert hfjobs("logs", "-f", f"{USER}/{job}").code == 3
        assert 25 < sum(hfjobs.pauses) <= 30

    def test_a_clock_that_is_wrong_here_does_not_matter(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The Hub's own is in its answers."""
        job = new(hub, stage="COMPLETED")
        Late(hub, job=[404, 404])
        result = run_here("wait", "-q", f"{USER}/{job}", environ=hfjobs.environ)  # by the clock of this machine
        assert result[:2] == (0, f"{job}\n")


class TestLogs:
    """That are missing, of a job that answers."""

    def test_are_yet_to_come(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = new(hub, 3600)
        Late(hub, logs=[404] * 5)
        assert hfjobs("logs", "-f", f"{USER}/{job}") == (0, "one\ntwo\n", f"{job} is COMPLETED\n")

    def test_are_not_there_yet(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = new(hub, 3600)
        Late(hub, logs=[404] * 5)
        assert hfjobs("logs", f"{USER}/{job}") == (0, "", f"note: {job} has no output yet\n")

    def test_of_a_job_that_has_ended_are_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = new(hub, 3600, "COMPLETED")
        Late(hub, logs=[404] * 9)
        code, stdout, stderr = hfjobs("logs", "-f", f"{USER}/{job}")
        assert (code, stdout) == (3, "")
        assert stderr.splitlines()[-1].startswith(f"error: job {job} has no logs: ")
        assert hfjobs.pauses == [1.0, 2.0]
