"""All that creates a job, or a schedule, and so costs money: what is made of answers that are not as they should be."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import pytest
from werkzeug.wrappers import Response

from tests.commands.scheduled.support import add_schedule, schedule
from tests.support import (
    BY_HAND,
    DAILY_SCHEDULE,
    USER,
    Hfjobs,
    Hub,
    Misbehaviour,
    Stall,
    command,
    hang_up,
    posix_only,
    run_command,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hfjobs_cli.emulator.app import App

JOBS = f"/api/jobs/{USER}"
SCHEDULES = f"/api/scheduled-jobs/{USER}"
OLD = "6a01000000000000000000aa"
LONG_AGO = "2026-05-11T09:00:00.000Z"


class Way(NamedTuple):
    """A way to create something: the command, the request, and what comes of it."""

    argv: tuple[str, ...]
    path: str
    noun: str = "job"

    def another(self, hub: Hub, created_at: str | None = LONG_AGO, identifier: str = OLD) -> str:
        """Return an answer that is about something older, which is there."""
        make = schedule if self.noun == "schedule" else Hub.job
        body = make(hub, id=identifier, createdAt=created_at)
        if identifier == OLD and self.noun == "schedule":
            add_schedule(hub, id=OLD, createdAt=created_at)
        elif identifier == OLD:
            hub.add(id=OLD, createdAt=created_at)
        return json.dumps(body)

    def ids(self, hub: Hub) -> set[str]:
        """Return the ids of all that is there."""
        with hub.store.read() as tables:
            found = tables.schedules(USER) if self.noun == "schedule" else tables.newest_jobs(USER, limit=999)
        return {each["id"] for each in found}


WAYS = {
    "run": Way(("run", "-d", "-q", "ubuntu", "true"), JOBS),
    "uv run": Way(("uv", "run", "-d", "-q", "tool"), JOBS),
    "duplicate": Way(("duplicate", "-q", BY_HAND), f"{JOBS}/{BY_HAND}/duplicate"),
    "duplicate, changed": Way(("duplicate", "-q", BY_HAND, "--drop-secrets", "-e", "AB=1"), JOBS),
    "trigger": Way(("scheduled", "trigger", "-q", DAILY_SCHEDULE), f"{SCHEDULES}/{DAILY_SCHEDULE}/run"),
    "scheduled run": Way(("scheduled", "run", "-q", "@daily", "ubuntu", "true"), SCHEDULES, "schedule"),
    "scheduled uv run": Way(("scheduled", "uv", "run", "-q", "@daily", "tool"), SCHEDULES, "schedule"),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def says(status: int, body: str, headers: dict[str, str] | None = None, *, acts: bool = True) -> Misbehaviour:
    """Do what was asked, unless it `acts` not, and answer this."""
    given = {"Content-Type": "application/json", **(headers or {})}

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        if acts:
            app(environ, lambda *_args: lambda _data: None)
        return Response(body, status, headers=given)(environ, start)

    return reply


def raw(*lines: str, body: str = "") -> Misbehaviour:
    """Do what was asked, and answer with these lines, to which the server adds nothing."""

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        app(environ, lambda *_args: lambda _data: None)
        environ["werkzeug.socket"].sendall("\r\n".join([*lines, "", body]).encode())
        return hang_up(app, environ, start)

    return reply


def kept(body: str, *headers: str) -> Misbehaviour:
    """Do what was asked, and answer with what was answered to somebody before, as something in between may keep it."""
    length, kind = f"Content-Length: {len(body)}", "Content-Type: application/json"
    return raw("HTTP/1.1 200 OK", length, kind, "Connection: close", *headers, body=body)


class TestAnOldOne:
    """An answer that is about what was there before is none: the new one is looked for."""

    def test_the_new_one_is_found(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        old = way.another(hub)
        before = way.ids(hub)
        hub.always(way.path, says(200, old))
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert stderr.startswith(
            f"warning: unexpected answer from the Hub: it is about {way.noun} '{OLD}', which was there before the "
            f"request (POST {way.path}: 200); the new {way.noun} was found by "
        )
        assert posts(hub) == [f"POST {way.path}"]

    def test_if_there_is_no_new_one_nobody_knows(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        old = way.another(hub)
        hub.always(way.path, says(200, old, acts=False))
        code, stdout, stderr = hfjobs(*way.argv)
        assert (code, stdout) == (5, "")
        error, hint = stderr.splitlines()
        assert error.startswith("error: it is not known whether ")
        assert f": it is about {way.noun} '{OLD}', which was there before the request (POST {way.path}: 200)" in error
        assert hint.startswith("hint: before trying again, check with: hfjobs ")
        assert posts(hub) == [f"POST {way.path}"]

    @pytest.mark.parametrize("headers", [(), ("Date: Mon, 11 May 2026 09:00:01 GMT",), ("Date: soon",)])
    def test_that_something_has_kept_is_found_out(
        self, hfjobs: Hfjobs, hub: Hub, way: Way, headers: tuple[str, ...]
    ) -> None:
        """By its own date, if it has one, it was made just then; so the Hub is asked for the time."""
        old = way.another(hub)
        before = way.ids(hub)
        hub.always(way.path, kept(old, *headers))
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert "which was there before the request" in stderr

    def test_a_clock_that_is_wrong_here_is_no_reason_to_doubt(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        """That of the machine that runs the tests is not the one of the Hub."""
        before = way.ids(hub)
        code, stdout, stderr = run_command(*way.argv, environ=hfjobs.environ)
        (new,) = way.ids(hub) - before
        assert (code, stdout, stderr) == (0, f"{new}\n", "")
        assert posts(hub) == [f"POST {way.path}"]

    @posix_only
    def test_an_interrupt_in_a_doubt_tells_the_id(self, hfjobs: Hfjobs, hub: Hub, stall: Stall) -> None:
        """While the Hub is asked for the time: there is a job by then, and somebody pays for it."""
        hub.always("/api/whoami-v2", stall)
        argv = command("run", "-d", "--namespace", USER, "ubuntu", "true")
        result = signalled(argv, hfjobs.environ, stall.arrived, signal.SIGINT, then=stall.released.set)
        assert (result.code, result.stdout) == (130, "")
        made = hub.all_jobs()[0]["id"]
        assert result.stderr.startswith(
            f"error: it is not known whether the job was created: interrupted; the answer is about job {made}\nhint: "
        )

    @pytest.mark.parametrize("created_at", ["2026-05-12T08:59:30.000Z", "2026-05-12T09:10:00.000Z", None])
    def test_clocks_may_differ_a_little(self, hfjobs: Hfjobs, hub: Hub, way: Way, created_at: str | None) -> None:
        """Those of two servers of one Hub. What says nothing of its age is taken for what it says it is."""
        answer = way.another(hub, created_at, "6a02000000000000000000ff")
        hub.always(way.path, says(200, answer, acts=False))
        code, stdout, _ = hfjobs(*way.argv)
        assert (code, stdout) == (0, "6a02000000000000000000ff\n")


@pytest.mark.parametrize("again", ["duplicate", "duplicate, changed", "trigger"])
def test_the_answer_to_an_earlier_request_is_no_answer(hfjobs: Hfjobs, hub: Hub, again: str) -> None:
    """Of a command that creates two, a moment apart."""
    way = WAYS[again]
    first: list[bytes] = []

    def keep(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        first.append(b"".join(app(environ, lambda *_args: lambda _data: None)))
        return Response(first[0], 200, content_type="application/json")(environ, start)

    hub.always(way.path, keep)
    before = way.ids(hub)
    place = way.argv.index(BY_HAND if BY_HAND in way.argv else DAILY_SCHEDULE)
    code, stdout, stderr = hfjobs(*way.argv[:place], way.argv[place], *way.argv[place:])
    assert (code, set(stdout.split())) == (0, way.ids(hub) - before)
    assert len(stdout.split()) == len(set(stdout.split())) == 2
    assert "which was there before the request" in stderr


UNKNOWN = {
    "300": says(300, ""),
    "301": says(301, "", {"Location": "/elsewhere"}),
    "302": says(302, "", {"Location": "http://127.0.0.1:9/elsewhere"}),
    "303": says(303, "", {"Location": JOBS}),
    "304": says(304, ""),
    "307": says(307, "", {"Location": "/elsewhere"}),
    "308": says(308, "", {"Location": "/elsewhere"}),
    "a redirect to what is no address": says(307, "", {"Location": "http://[::1/"}),
    "a redirect to itself": says(308, "", {"Location": ""}),
    "101": raw("HTTP/1.1 101 Switching Protocols", "Upgrade: h2c", "Connection: Upgrade"),
    "102 and no more": raw("HTTP/1.1 102 Processing"),
    "200 without a body": says(200, ""),
    "202 without a body": says(202, ""),
    "204": says(204, ""),
    "205": says(205, ""),
    "200 with half a body": says(200, '{"id": "6a'),
    "200 with a page": says(200, "<html>", {"Content-Type": "text/html"}),
    "201 with null": says(201, "null"),
    "200 with an error": says(200, '{"error": "none"}'),
    "200 with what is not JSON": says(200, "\x00"),
    "408": says(408, ""),
    "500": says(500, ""),
    "501": says(501, ""),
    "502": says(502, ""),
    "503": says(503, "", {"Retry-After": "1"}),
    "504": says(504, ""),
    "999": says(999, ""),
}


@pytest.mark.parametrize("answer", UNKNOWN)
def test_what_tells_nothing_is_looked_for(hfjobs: Hfjobs, hub: Hub, way: Way, answer: str) -> None:
    """It may have been done, or not. It is asked for once, and nowhere else."""
    before = way.ids(hub)
    hub.always(way.path, UNKNOWN[answer])
    code, stdout, stderr = hfjobs(*way.argv)
    (new,) = way.ids(hub) - before
    assert (code, stdout) == (0, f"{new}\n")
    assert stderr.startswith("warning: ")
    assert f"; the new {way.noun} was found by " in stderr
    assert posts(hub) == [f"POST {way.path}"]
    assert not any("elsewhere" in path for path in hub.paths)


@pytest.mark.parametrize("status", [303, 307, 204, 503])
def test_what_is_not_found_is_not_known(hfjobs: Hfjobs, hub: Hub, way: Way, status: int) -> None:
    hub.always(way.path, says(status, "", {"Location": "/elsewhere"} if status < 400 else {}, acts=False))
    code, stdout, stderr = hfjobs(*way.argv)
    assert (code, stdout) == (5, "")
    error, hint = stderr.splitlines()
    assert error.startswith("error: it is not known whether ")
    assert error.endswith(f"(POST {way.path}: {status})")
    assert hint.startswith("hint: before trying again, check with: hfjobs ")
    assert posts(hub) == [f"POST {way.path}"]


@pytest.mark.parametrize(("status", "code"), [(400, 1), (401, 4), (402, 1), (403, 4), (404, 3), (425, 1), (429, 5)])
def test_what_is_refused_is_not_looked_for(hfjobs: Hfjobs, hub: Hub, way: Way, status: int, code: int) -> None:
    hub.always(way.path, says(status, '{"error": "because"}', acts=False))
    result = hfjobs(*way.argv)
    assert (result.code, result.stdout) == (code, "")
    assert "not known" not in result.stderr
    assert posts(hub) == [f"POST {way.path}"]
