"""All that creates a job, or a schedule, and so costs money: what is made of answers that are not as they should be."""

from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterable
from datetime import timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from werkzeug.wrappers import Response

from tests.commands.scheduled.support import schedule
from tests.support import (
    BY_HAND,
    DAILY_SCHEDULE,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Stall,
    command,
    hang_up,
    posix_only,
    run_here,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hfjobs_cli.emulator.app import App

JOBS = f"/api/jobs/{USER}"
SCHEDULES = f"/api/scheduled-jobs/{USER}"
OLD = "6a01000000000000000000aa"
OTHER = "6a02000000000000000000ff"
LONG_AGO = "2026-05-11T09:00:00.000Z"
JUST_NOW = "2026-05-12T09:00:00.000Z"
SCHEDULING = {"stage": "SCHEDULING", "message": None}


class Way(NamedTuple):
    """A way to create something: the command, the request, and what comes of it."""

    argv: tuple[str, ...]
    path: str
    noun: str = "job"

    def like(self, hub: Hub, body: bytes = b"", *, is_old: bool = False, **changes: Any) -> dict[str, Any]:
        """Return what the request creates, as the Hub tells of it; an old one of a job has ended long ago.

        Changes to what is run stand in the job, or in the jobSpec of a schedule.
        """
        sent = json.loads(body) if body else {}
        if self.noun == "schedule":
            ran = {"lastJob": {"id": "6a01000000000000000000dd", "at": "2026-05-12T00:00:00.000Z"}} if is_old else {}
            given = {key: value for key, value in changes.items() if key in ("id", "createdAt", "owner", "schedule")}
            spec = {**_spec(sent["jobSpec"]), **{key: changes[key] for key in changes.keys() - given.keys()}}
            status = {"lastJob": None, "nextJobRunAt": "2026-05-13T00:00:00.000Z", **ran}
            terms = {"suspend": False, "concurrency": False}
            new = {**terms, "id": OTHER, "createdAt": JUST_NOW, "schedule": sent["schedule"], "status": status}
            return schedule(hub, **{**new, "jobSpec": spec, **given})
        times = {} if is_old else {"startedAt": None, "finishedAt": None, "durations": None, "status": SCHEDULING}
        spec = _spec(sent)
        if not sent and "/scheduled-jobs/" in self.path:
            with hub.store.read() as tables:
                spec = (tables.schedule(USER, DAILY_SCHEDULE) or {})["jobSpec"]
            times["initiator"] = {"type": "scheduled-job", "id": DAILY_SCHEDULE}
        elif not sent:
            times["initiator"] = {"type": "duplicated-job", "id": BY_HAND}
        return hub.job(**{**times, "id": OTHER, "createdAt": JUST_NOW, **spec, **changes})

    def ids(self, hub: Hub) -> set[str]:
        """Return the ids of all that is there."""
        with hub.store.read() as tables:
            found = tables.schedules(USER) if self.noun == "schedule" else tables.newest_jobs(USER, limit=999)
        return {each["id"] for each in found}

    def answers(self, hub: Hub, *, acts: bool = True, is_old: bool = False, **changes: Any) -> None:
        """Have the Hub do what is asked, unless it `acts` not, and answer with what would be created, but changed."""

        def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "POST":
                return app(environ, start)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            if acts:
                app({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_args: lambda _data: None)
            answer = self.like(hub, body, is_old=is_old, **changes)
            return Response(json.dumps(answer), 200, content_type="application/json")(environ, start)

        hub.always(self.path, reply)


def _spec(body: dict[str, Any]) -> dict[str, Any]:
    """Return what the Hub tells of a job that was made from a body."""
    if not body:
        return {}
    told = {"timeout": body.get("timeoutSeconds", 1800), "retry": body.get("attempts", 1) - 1, "volumes": None}
    given = {key: value for key, value in body.items() if key not in ("timeoutSeconds", "attempts", "secrets")}
    return {"labels": None, "arguments": [], "secrets": None, **told, **given}


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


def with_two_ways(name: str, answers: Iterable[Any]) -> pytest.MarkDecorator:
    """Try each answer with two of the ways, which take turns: what all of them share is what judges answers."""
    turns = cycle(WAYS.items())
    pairs = [(way, answer, f"{name_of_way}-{answer!r}") for answer in answers for name_of_way, way in islice(turns, 2)]
    return pytest.mark.parametrize(("way", name), [pytest.param(way, answer, id=name) for way, answer, name in pairs])


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def says(status: int, body: str, headers: dict[str, str] | None = None, *, acts: bool = True) -> Misbehavior:
    """Do what was asked, unless it `acts` not, and answer this."""
    given = {"Content-Type": "application/json", **(headers or {})}

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        if acts:
            app(environ, lambda *_args: lambda _data: None)
        return Response(body, status, headers=given)(environ, start)

    return reply


def raw(*lines: str, body: str = "") -> Misbehavior:
    """Do what was asked, and answer with these lines, to which the server adds nothing."""

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        app(environ, lambda *_args: lambda _data: None)
        environ["werkzeug.socket"].sendall("\r\n".join([*lines, "", body]).encode())
        return hang_up(app, environ, start)

    return reply


def kept(body: str, *headers: str) -> Misbehavior:
    """Do what was asked, and answer with what was answered to somebody before, as something in between may keep it."""
    length, kind = f"Content-Length: {len(body)}", "Content-Type: application/json"
    return raw("HTTP/1.1 200 OK", length, kind, "Connection: close", *headers, body=body)


class TestAnOldOne:
    """An answer that is about what was there before is none: the new one is looked for."""

    def test_the_new_one_is_found(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        """It looks old, and a newer one is what was asked for."""
        before = way.ids(hub)
        way.answers(hub, id=OLD, createdAt=LONG_AGO)
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert stderr.startswith(
            f"warning: unexpected response from the Hub: it is about {way.noun} '{OLD}', which already "
            f"existed before the request (POST {way.path}: 200); found the new {way.noun} by "
        )
        assert posts(hub) == [f"POST {way.path}"]

    def test_if_there_is_no_new_one_nobody_knows(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        """It says itself that it has existed for longer than the request has taken."""
        way.answers(hub, id=OLD, createdAt=LONG_AGO, is_old=True, acts=False)
        code, stdout, stderr = hfjobs(*way.argv)
        assert (code, stdout) == (5, "")
        error, hint = stderr.splitlines()
        assert " may or may not have been " in error
        assert (
            f": it is about {way.noun} '{OLD}', which already existed before the request (POST {way.path}: 200)"
            in error
        )
        assert hint.startswith("hint: before retrying, check with: hfjobs ")
        assert posts(hub) == [f"POST {way.path}"]

    @with_two_ways("headers", [(), ("Date: Mon, 11 May 2026 09:00:01 GMT",), ("Date: soon",)])
    def test_that_something_has_kept_is_found_out(
        self, hfjobs: Hfjobs, hub: Hub, way: Way, headers: tuple[str, ...]
    ) -> None:
        """By its own date, if it has one, it was made just then; so it is compared with what there is now."""
        before = way.ids(hub)

        def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "POST":
                return app(environ, start)
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            old = json.dumps(way.like(hub, body, id=OLD, createdAt=LONG_AGO))
            return kept(old, *headers)(app, {**environ, "wsgi.input": io.BytesIO(body)}, start)

        hub.always(way.path, reply)
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert "which already existed before the request" in stderr

    def test_a_clock_that_is_wrong_here_is_no_reason_to_doubt(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        """That of the machine that runs the tests is not the one of the Hub."""
        before = way.ids(hub)
        code, stdout, stderr = run_here(*way.argv, environ=hfjobs.environ)
        (new,) = way.ids(hub) - before
        assert (code, stdout, stderr) == (0, f"{new}\n", "")
        assert posts(hub) == [f"POST {way.path}"]

    @posix_only
    def test_an_interrupt_in_a_doubt_tells_the_id(self, hfjobs: Hfjobs, hub: Hub, stall: Stall) -> None:
        """While it is compared with what there is: there is a job by then, and somebody pays for it."""

        def stall_listings(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return stall(app, environ, start) if environ["REQUEST_METHOD"] == "GET" else app(environ, start)

        hub.always(JOBS, stall_listings)
        argv = command("run", "-d", "--namespace", USER, "ubuntu", "true")
        result = signalled(argv, hfjobs.environ, stall.arrived, signal.SIGINT, then=stall.released.set)
        assert (result.code, result.stdout) == (130, "")
        made = hub.all_jobs()[0]["id"]
        assert result.stderr.startswith(
            f"error: the job may or may not have been created: interrupted; the response is about job {made}\nhint: "
        )

    @with_two_ways("created_at", ["2026-05-12T08:59:30.000Z", "2026-05-12T09:10:00.000Z", None])
    def test_clocks_may_differ_a_little(self, hfjobs: Hfjobs, hub: Hub, way: Way, created_at: str | None) -> None:
        """Those of two servers of one Hub. What says nothing of its age is taken for what it says it is."""
        way.answers(hub, createdAt=created_at, acts=False)
        code, stdout, stderr = hfjobs(*way.argv)
        assert (code, stdout, stderr) == (0, f"{OTHER}\n", "")
        assert f"GET {way.path}" not in hub.paths

    @with_two_ways("lag", [timedelta(seconds=61), timedelta(minutes=5), timedelta(minutes=16)])
    def test_a_hub_whose_own_clocks_differ_is_believed(
        self, hfjobs: Hfjobs, hub: Hub, way: Way, lag: timedelta
    ) -> None:
        """Whoever would have to try again would pay again."""
        hub.lag = lag
        before = way.ids(hub)
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        (warning,) = stderr.splitlines()
        assert warning.startswith(f"warning: by the Hub's clock, {way.noun} {new} was created ")
        assert warning.endswith(" before the request; it matches the request, so it is taken for the new one")
        assert posts(hub) == [f"POST {way.path}"]

    def test_what_looks_old_and_cannot_be_compared_is_in_doubt(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.lag = timedelta(minutes=5)

        def refuse_listings(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            is_listing = environ["REQUEST_METHOD"] == "GET"
            return Response("", 403)(environ, start) if is_listing else app(environ, start)

        hub.always(JOBS, refuse_listings)
        before = WAYS["run"].ids(hub)
        code, stdout, stderr = hfjobs("run", "-d", "ubuntu", "true")
        (new,) = WAYS["run"].ids(hub) - before
        assert (code, stdout) == (5, "")
        assert f"it is about job '{new}', which may have existed before the request" in stderr


ANOTHER: dict[str, dict[str, Any]] = {
    "image": {"dockerImage": "ubuntu:evil"},
    "Space": {"dockerImage": None, "spaceId": "mallory/app"},
    "command": {"command": ["true", "to", "me"]},
    "owner": {"owner": {"id": "6" * 24, "name": "mallory", "type": "user"}},
    "initiator": {"initiator": {"type": "scheduled-job", "id": "6" * 24}},
}


class TestAnotherOne:
    """An answer about a job of somebody else's, or of another image or command, is none, however fresh that is."""

    @with_two_ways("what", ANOTHER)
    def test_the_one_that_was_made_is_named(self, hfjobs: Hfjobs, hub: Hub, way: Way, what: str) -> None:
        before = way.ids(hub)
        way.answers(hub, **_another(way, what))
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert stderr.startswith(
            f"warning: unexpected response from the Hub: it is about {way.noun} '{OTHER}', which "
        ) or (
            stderr.startswith(
                f"warning: unexpected response from the Hub: it is about {way.noun} '{OTHER}', whose image "
            )
        )
        assert posts(hub) == [f"POST {way.path}"]

    @with_two_ways("what", ANOTHER)
    def test_if_none_was_made_nobody_knows(self, hfjobs: Hfjobs, hub: Hub, way: Way, what: str) -> None:
        way.answers(hub, acts=False, **_another(way, what))
        code, stdout, stderr = hfjobs(*way.argv)
        assert (code, stdout) == (5, "")
        assert f"it is about {way.noun} '{OTHER}', wh" in stderr
        assert stderr.splitlines()[-1].startswith("hint: before retrying, check with: hfjobs ")
        assert posts(hub) == [f"POST {way.path}"]

    @pytest.mark.parametrize(
        ("changes", "differs"),
        [
            ({"flavor": "a100-large"}, "flavor"),
            ({"environment": {"OTHER": "1"}}, "environment"),
            ({"labels": {"name": "somebody"}}, "labels"),
        ],
    )
    def test_one_that_fits_better_is_preferred_and_else_it_is_believed(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], differs: str
    ) -> None:
        """The Hub may have changed what it tells, but what it has made of it is in the listing."""
        way = Way(("run", "-d", "-q", "-e", "LR=1", "-l", "a=b", "ubuntu", "true"), JOBS)
        before = way.ids(hub)
        way.answers(hub, **changes)
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert f"it is about job '{OTHER}', which differs from what was sent: {differs} (" in stderr
        way.answers(hub, acts=False, **changes)
        result = hfjobs("run", "-d", "-q", "-e", "LR=1", "-l", "a=b", "ubuntu", "true", "again")
        assert result == (0, f"{OTHER}\n", f"warning: job {OTHER} differs from what was sent: {differs}\n")
        assert posts(hub) == [f"POST {JOBS}"] * 2

    def test_one_that_differs_and_does_not_say_when_it_was_created_is_believed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It is compared with those of the listing, which do say so."""
        WAYS["run"].answers(hub, acts=False, createdAt=None, flavor="t4-small")
        warning = f"warning: job {OTHER} differs from what was sent: flavor\n"
        assert hfjobs(*WAYS["run"].argv) == (0, f"{OTHER}\n", warning)

    @pytest.mark.parametrize(
        "changes",
        [
            {"dockerImage": "docker.io/library/ubuntu:latest"},
            {"dockerImage": None},
            {"command": None, "arguments": None},
            {"labels": None},
            {"environment": None},
            {"environment": {"LR": "1", "HF_JOB": "yes"}, "labels": {"name": "x", "a": "b", "z": "z"}},
            {"secrets": {}, "timeout": 60, "retry": 7, "volumes": []},
            {"secrets": ["HF_TOKEN"], "flavor": None},
            {"initiator": None, "createdBy": None},
            {"initiator": {"type": "agent", "id": "x"}},
            {"owner": {"id": "6" * 24, "name": "Davanstrien", "type": "user"}},
            {"status": {"stage": "ERROR", "message": "no"}, "expose": {"ports": [1]}, "type": None},
        ],
        ids=str,
    )
    def test_what_the_hub_may_leave_out_or_add_is_no_difference(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any]
    ) -> None:
        """Nothing more is asked for that."""
        way = Way(("run", "-d", "-q", "-e", "LR=1", "-l", "a=b", "--name", "x", "ubuntu", "true"), JOBS)
        way.answers(hub, acts=False, **changes)
        assert hfjobs(*way.argv) == (0, f"{OTHER}\n", "")
        assert [path for path in hub.paths if "whoami" not in path] == [f"POST {JOBS}"]

    def test_the_namespace_may_be_a_resource_group(self, hfjobs: Hfjobs, hub: Hub) -> None:
        group = "66f1a0c2b7d04e2f9c318a55"
        way = Way(("run", "-d", "-q", "--namespace", group, "ubuntu", "true"), f"/api/jobs/{group}")
        way.answers(hub, acts=False, owner={"id": "6" * 24, "name": "aurora-lab", "type": "org"})
        assert hfjobs(*way.argv) == (0, f"{OTHER}\n", "")

    @pytest.mark.parametrize("told", ["0 0 * * *", "@daily", " 0 0  * * * "])
    def test_a_schedule_may_be_spelled_otherwise(self, hfjobs: Hfjobs, hub: Hub, told: str) -> None:
        way = WAYS["scheduled run"]
        way.answers(hub, acts=False, schedule=told)
        assert hfjobs(*way.argv) == (0, f"{OTHER}\n", "")

    def test_a_schedule_that_is_due_at_other_times_is_told_of(self, hfjobs: Hfjobs, hub: Hub) -> None:
        way = WAYS["scheduled run"]
        way.answers(hub, acts=False, schedule="* * * * *")
        warning = f"warning: schedule {OTHER} differs from what was sent: schedule\n"
        assert hfjobs(*way.argv) == (0, f"{OTHER}\n", warning)

    def test_a_duplicate_whose_initiator_is_another_is_compared_with_its_source(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """That of a duplicate of a duplicate, say, may be the first of them: nobody says which it is."""
        way = WAYS["duplicate"]
        way.answers(hub, acts=False, initiator={"type": "duplicated-job", "id": "6" * 24})
        assert hfjobs(*way.argv) == (0, f"{OTHER}\n", "")
        assert f"GET {JOBS}/{BY_HAND}" in hub.paths


def _another(way: Way, what: str) -> dict[str, Any]:
    """Return what tells an answer about another job from one about that which was asked for."""
    if what == "initiator" and way.noun == "schedule":
        pytest.skip("schedules are all made by hand")
    if what == "initiator" and way.path.endswith("/duplicate"):
        return {"initiator": {"type": "scheduled-job", "id": "6" * 24}, "dockerImage": "x"}
    by_hand = {"initiator": {"type": "user", "id": "6" * 24, "name": USER}} if way.noun == "job" else {}
    return {**by_hand, **ANOTHER[what]}


BAD_IDS = [
    "",
    "../../whoami-v2",
    "a b",
    "\x1b[31mred",
    "x" * 300,
    ".",
    "..",
    "-rf",
    "--help",
    "a/b",
    "a?b",
    "ä",
    "a\nb",
    None,
]


class TestIds:
    """An id is what ids are, so that it can be printed, passed on and asked for."""

    @with_two_ways("identifier", BAD_IDS)
    def test_one_that_is_none_is_no_answer(self, hfjobs: Hfjobs, hub: Hub, way: Way, identifier: str | None) -> None:
        before = way.ids(hub)
        way.answers(hub, id=identifier)
        code, stdout, stderr = hfjobs(*way.argv)
        (new,) = way.ids(hub) - before
        assert (code, stdout) == (0, f"{new}\n")
        assert stderr.startswith("warning: unexpected response from the Hub: ")
        assert posts(hub) == [f"POST {way.path}"]

    @with_two_ways("identifier", ["0", "abc", "6A02-x_y.z", "6a02000000000000000000ff", "x" * 200])
    def test_the_hub_may_have_others_than_it_has(self, hfjobs: Hfjobs, hub: Hub, way: Way, identifier: str) -> None:
        way.answers(hub, acts=False, id=identifier)
        assert hfjobs(*way.argv) == (0, f"{identifier}\n", "")

    def test_one_that_is_none_is_not_found_either(self, hfjobs: Hfjobs, hub: Hub) -> None:
        way = WAYS["run"]
        way.answers(hub, acts=False, id="../x")
        listed: list[dict[str, Any]] = []

        def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "POST":
                body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
                listed.append(way.like(hub, body, id="../x", createdAt="2026-05-12T09:00:00.000Z"))
                return hang_up(app, environ, start)
            return Response(json.dumps(listed), 200, content_type="application/json")(environ, start)

        hub.always(JOBS, reply)
        assert hfjobs(*way.argv).code == 5


class TestEqualOnes:
    """Two that are equal and launched at the same time cannot be told apart."""

    def test_that_of_somebody_else_is_not_taken_at_the_first_look(self, hfjobs: Hfjobs, hub: Hub, way: Way) -> None:
        """The other one is there at once, the one whose answer was lost a moment later: both may be it."""
        late: list[bytes] = []
        looks: list[str] = []

        def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] == "POST":
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                late.append(body)
                app({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_args: lambda _data: None)
                return hang_up(app, environ, start)
            looks.append(environ["PATH_INFO"])
            if len(looks) == 2:
                again = {**environ, "REQUEST_METHOD": "POST", "PATH_INFO": way.path, "wsgi.input": io.BytesIO(late[0])}
                again |= {"CONTENT_LENGTH": str(len(late[0])), "CONTENT_TYPE": "application/json"}
                app(again, lambda *_args: lambda _data: None)
            return app(environ, start)

        listing = SCHEDULES if way.noun == "schedule" else JOBS
        before = way.ids(hub)
        hub.always(way.path, reply)
        hub.always(listing, reply)
        code, stdout, stderr = hfjobs(*way.argv)
        both = way.ids(hub) - before
        assert (code, stdout) == (5, "")
        assert len(both) == 2
        told = stderr.splitlines()[0].partition("; candidates: ")[2]
        assert set(told.split()) == both
        assert posts(hub) == [f"POST {way.path}"]


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
    assert "which already existed before the request" in stderr


UNKNOWN = {
    "300": says(300, ""),
    "301": says(301, "", {"Location": "/elsewhere"}),
    "302": says(302, "", {"Location": "http://127.0.0.1:9/elsewhere"}),
    "303": says(303, "", {"Location": JOBS}),
    "304": says(304, ""),
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
    "499": says(499, ""),
    "500": says(500, ""),
    "501": says(501, ""),
    "502": says(502, ""),
    "503": says(503, "", {"Retry-After": "1"}),
    "504": says(504, ""),
    "999": says(999, ""),
}


@with_two_ways("answer", UNKNOWN)
def test_what_tells_nothing_is_looked_for(hfjobs: Hfjobs, hub: Hub, way: Way, answer: str) -> None:
    """It may have been done, or not. It is asked for once, and nowhere else."""
    before = way.ids(hub)
    hub.always(way.path, UNKNOWN[answer])
    code, stdout, stderr = hfjobs(*way.argv)
    (new,) = way.ids(hub) - before
    assert (code, stdout) == (0, f"{new}\n")
    assert stderr.startswith("warning: ")
    assert f"; found the new {way.noun} by " in stderr
    assert posts(hub) == [f"POST {way.path}"]
    assert not any("elsewhere" in path for path in hub.paths)


@with_two_ways("status", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed(hfjobs: Hfjobs, hub: Hub, way: Way, status: int) -> None:
    """With the body, as the official client does: such a server has done nothing yet."""

    def moved(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST" or environ["QUERY_STRING"]:
            return app(environ, start)
        return Response("", status, headers={"Location": f"{way.path}?at=new"})(environ, start)

    before = way.ids(hub)
    hub.always(way.path, moved)
    code, stdout, stderr = hfjobs(*way.argv)
    (new,) = way.ids(hub) - before
    assert (code, stdout, stderr) == (0, f"{new}\n", "")
    assert posts(hub) == [f"POST {way.path}"] * 2


@with_two_ways("status", [303, 302, 204, 503])
def test_what_is_not_found_is_not_known(hfjobs: Hfjobs, hub: Hub, way: Way, status: int) -> None:
    hub.always(way.path, says(status, "", {"Location": "/elsewhere"} if status < 400 else {}, acts=False))
    code, stdout, stderr = hfjobs(*way.argv)
    assert (code, stdout) == (5, "")
    error, hint = stderr.splitlines()
    assert " may or may not have been " in error
    assert error.endswith(f"(POST {way.path}: {status})")
    assert hint.startswith("hint: before retrying, check with: hfjobs ")
    assert posts(hub) == [f"POST {way.path}"]


@with_two_ways("refusal", [(400, 1), (401, 4), (402, 1), (403, 4), (404, 3), (425, 5), (429, 5)])
def test_what_is_refused_is_not_looked_for(hfjobs: Hfjobs, hub: Hub, way: Way, refusal: tuple[int, int]) -> None:
    status, code = refusal
    hub.always(way.path, says(status, '{"error": "because"}', acts=False))
    result = hfjobs(*way.argv)
    assert (result.code, result.stdout) == (code, "")
    assert "not known" not in result.stderr
    assert posts(hub) == [f"POST {way.path}"]
