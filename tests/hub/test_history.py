"""All jobs of a long history: several stages are read at once, and nobody can tell from the result."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.emulator.api_types import wire_time
from hfjobs_cli.emulator.app import App
from tests.support import NOW, USER, Hfjobs, Hub, Result, Terminal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LIST = f"/api/jobs/{USER}"
COUNT = f"{LIST}/count"
ACTIVE = ["RUNNING", "SCHEDULING"]
ENDED = ["CANCELED", "COMPLETED", "DELETED", "ERROR"]
EVERYTHING = ("ps", "-a", "-q", "--limit", "0", "--namespace", USER)

MOVES = {"SCHEDULING": ["RUNNING", "CANCELED"], "RUNNING": ["SCHEDULING", "COMPLETED", "ERROR", "CANCELED"]}
"""What may become of a job that has not ended: one that is tried again waits again."""


def grow(hub: Hub, stages: dict[str, int], seed: int = 0) -> list[str]:
    """Put so many more jobs of each stage into the store, mixed, and return the ids of all jobs, newest first."""
    mixed = [stage for stage, count in stages.items() for _ in range(count)]
    random.Random(seed).shuffle(mixed)
    template = hub.job()
    with hub.store.write() as tables:
        for number, stage in enumerate(mixed):
            created = NOW - timedelta(hours=1, minutes=number)
            changes = {"id": f"{number:024x}", "createdAt": wire_time(created), "timeout": 10**7}  # none is over
            tables.add_job({**template, **changes, "status": {"stage": stage, "message": None}}, is_real=False)
    with hub.store.read() as tables:
        return [job["id"] for job in tables.newest_jobs(USER, limit=9999)]


def move(hub: Hub, identifier: str, stage: str) -> None:
    with hub.store.write() as tables:
        job = tables.job(USER, identifier)
        assert job is not None
        tables.save_job({**job, "status": {"stage": stage, "message": None}})


def pages(hub: Hub) -> list[tuple[list[str], str | None]]:
    """Return the pages that were asked for: the stages, sorted, and the cursor."""
    queries = [request.query for request in hub.requests if request.path == LIST]
    stages = [sorted(value for key, value in query if key == "stage") for query in queries]
    cursors = [next((value for key, value in query if key == "cursor"), None) for query in queries]
    return list(zip(stages, cursors, strict=True))


def test_the_jobs_and_their_order_are_those_of_one_cursor(hfjobs: Hfjobs, hub: Hub) -> None:
    """One cursor reads the active jobs, and one each other stage; pages may be read again."""
    ids = grow(hub, {"COMPLETED": 420, "ERROR": 130, "RUNNING": 120, "SCHEDULING": 10})
    assert hfjobs(*EVERYTHING) == Result(0, "".join(f"{identifier}\n" for identifier in ids), "")
    asked = pages(hub)
    first = {(tuple(stages), cursor) for stages, cursor in asked}
    assert len(asked) - len(first) <= len(ENDED) + 2
    with hub.store.read() as tables:
        sizes = {stage: tables.count_jobs(USER, [stage]) for stage in ENDED}
        under_way = tables.count_jobs(USER, ACTIVE)
    needed: dict[tuple[str, ...], int] = {(stage,): -(-size // 100) for stage, size in sizes.items()}
    assert Counter(stages for stages, _ in first) == {(): 1, tuple(ACTIVE): -(-under_way // 100), **needed}


def test_stages_that_are_asked_for_are_read_at_once(hfjobs: Hfjobs, hub: Hub) -> None:
    """As many requests as stages are under way at a time, and no more."""
    grow(hub, {"COMPLETED": 320, "ERROR": 320})
    together = threading.Barrier(2)
    now, most = [0], [0]
    lock = threading.Lock()

    def answer(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        if len(pages(hub)) in (2, 3):
            together.wait(30)
        try:
            return app(environ, start)
        finally:
            with lock:
                now[0] -= 1

    hub.then(*[answer] * 30)
    argv = ("ps", "-q", "--status", "completed,error", "--limit", "0", "--namespace", USER)
    result = hfjobs(*argv)
    with hub.store.read() as tables:
        ids = [job["id"] for job in tables.newest_jobs(USER, limit=9999, stages=["COMPLETED", "ERROR"])]
    assert result == Result(0, "".join(f"{identifier}\n" for identifier in ids), "")
    assert most == [2]


@pytest.mark.parametrize("seed", range(4))
def test_jobs_that_change_their_stage_meanwhile_are_shown_once(hfjobs: Hfjobs, hub: Hub, seed: int) -> None:
    """Whatever moves between any two requests; new jobs are left out, as one cursor does."""
    ids = grow(hub, {"COMPLETED": 400, "ERROR": 100, "RUNNING": 170, "SCHEDULING": 60}, seed)
    dice = random.Random(seed)

    def change(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = list(app(environ, start))
        with hub.store.write() as tables:
            under_way = tables.newest_jobs(USER, limit=9999, stages=ACTIVE)
            for job in dice.sample(under_way, min(25, len(under_way))):
                stage = dice.choice(MOVES[job["status"]["stage"]])
                tables.save_job({**job, "status": {"stage": stage, "message": None}})
            new = hub.job(id=f"ff{len(hub.requests):022x}", createdAt=wire_time(NOW))
            if tables.job(USER, new["id"]) is None:
                tables.add_job(new, is_real=False)
        return answer

    hub.then(*[change] * 60)
    # The counts differ if a job is made between them, which says nothing of stages.
    hub.replies_to(COUNT, 200, json.dumps({"count": len(ids)}))
    result = hfjobs(*EVERYTHING)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.split() == ids
    assert len(pages(hub)) > 10


def test_jobs_that_end_where_others_have_been_read_are_not_missed(hfjobs: Hfjobs, hub: Hub) -> None:
    """Active jobs end before the page comes on which they would be, as late as that of ended jobs lets them."""
    ids = grow(hub, {"COMPLETED": 400, "SCHEDULING": 330})
    asked = threading.Condition()
    ended_pages = [0]

    def change(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        query = environ["QUERY_STRING"]
        if "stage=COMPLETED" in query:
            answer = list(app(environ, start))
            with asked:
                ended_pages[0] += 1
                asked.notify_all()
            return answer
        if "stage=SCHEDULING" in query and "cursor=" in query:
            with asked:
                asked.wait_for(lambda: ended_pages[0] >= 4, timeout=0.3)
            with hub.store.read() as tables:
                active = tables.newest_jobs(USER, limit=9999, stages=["SCHEDULING"])
            for job in active[1::2]:
                move(hub, job["id"], "COMPLETED")
        return app(environ, start)

    hub.then(*[change] * 60)
    result = hfjobs(*EVERYTHING)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.split() == ids


def test_a_job_that_is_met_twice_is_shown_as_it_was_last(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = grow(hub, {"COMPLETED": 600, "RUNNING": 20})
    with hub.store.read() as tables:
        moving = tables.newest_jobs(USER, limit=9999, stages=["RUNNING"])[-1]["id"]

    def ends(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = list(app(environ, start))
        if pages(hub)[-1][0] == ACTIVE:
            move(hub, moving, "COMPLETED")
        return answer

    hub.then(*[ends] * 20)
    lines = hfjobs(*EVERYTHING[:2], *EVERYTHING[3:], "--format", "{{.id}} {{.status}}").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ids
    assert f"{moving} COMPLETED" in lines


@pytest.mark.parametrize(
    "counts",
    ["404", "[]", '{"count": "many"}', '{"count": -1}', "differ"],
)
def test_one_cursor_reads_what_cannot_be_counted(hfjobs: Hfjobs, hub: Hub, counts: str) -> None:
    """Or what is counted as more than the jobs in known stages: only a listing without stages has those."""
    ids = grow(hub, {"COMPLETED": 400, "ERROR": 100})
    move(hub, ids[300], "PAUSED")
    if counts == "404":
        hub.replies_to(COUNT, 404, '{"error": "no"}')
    elif counts != "differ":
        hub.replies_to(COUNT, 200, counts)
    result = hfjobs(*EVERYTHING)
    assert result == Result(0, "".join(f"{identifier}\n" for identifier in ids), "")
    assert [stages for stages, _ in pages(hub)] == [[]] * 8


def test_one_cursor_reads_what_is_not_listed_by_time(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = grow(hub, {"COMPLETED": 400, "ERROR": 100})

    def shuffled(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = Response.from_app(app, environ)
        answer.set_data(json.dumps(json.loads(answer.get_data())[::-1]))
        return answer(environ, start)

    hub.then(shuffled)
    result = hfjobs(*EVERYTHING)
    assert (result.code, sorted(result.stdout.split())) == (0, sorted(ids))
    assert [stages for stages, _ in pages(hub)] == [[]] * 8


@pytest.mark.parametrize(
    ("options", "requests"),
    [
        (["--limit", "0"], 1),
        (["-a", "--limit", "0", "--name", "weekly-eval"], 1),
        (["-a", "--limit", "200"], 2),
        (["-a", "--limit", "0", "--since", "1d"], 1),
    ],
)
def test_short_listings_cost_no_more_than_ever(hfjobs: Hfjobs, hub: Hub, options: list[str], requests: int) -> None:
    assert hfjobs("ps", "-q", "--namespace", USER, *options).code == 0
    assert len(hub.requests) == requests


def test_since_ends_every_cursor(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = grow(hub, {"COMPLETED": 1200, "ERROR": 300})
    result = hfjobs(*EVERYTHING, "--since", "2026-05-12T02:00:00Z")
    assert (result.code, len(result.stdout.split())) == (0, 368)
    assert result.stdout.split() == ids[:368]
    assert len(pages(hub)) < 12


def test_what_fails_ends_all(hfjobs: Hfjobs, hub: Hub) -> None:
    grow(hub, {"COMPLETED": 600, "RUNNING": 5})

    def refuse(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["QUERY_STRING"] == "stage=ERROR":
            return Response('{"error": "not these"}', 400, content_type="application/json")(environ, start)
        return app(environ, start)

    hub.then(*[refuse] * 30)
    result = hfjobs(*EVERYTHING, "--sort", "id")
    assert result == Result(1, "", f"error: the Hub refused the request: not these (GET {LIST}: 400)\n")


def test_a_pause_that_is_asked_for_is_kept_by_all(hfjobs: Hfjobs, hub: Hub) -> None:
    """And told of once, though every cursor was refused."""
    ids = grow(hub, {"COMPLETED": 600, "ERROR": 50})
    together = threading.Barrier(4)

    def busy(_app: App, _environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        together.wait(30)
        body = b'{"error": "slow down"}'
        start("429 TOO MANY REQUESTS", [("Content-Type", "application/json"), ("RateLimit", '"api";r=0;t=7')])
        return [body]

    def well(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return app(environ, start)

    hub.then(*[well] * 4, *[busy] * 4)  # the first page, two counts, what is under way, then every other stage
    result = hfjobs(*EVERYTHING)
    assert (result.code, result.stdout.split()) == (0, ids)
    assert result.stderr.count("slow down") >= 1
    assert {round(pause) for pause in hfjobs.pauses} == {7}


def test_progress_tells_of_how_many(hfjobs: Hfjobs, hub: Hub) -> None:
    grow(hub, {"COMPLETED": 1000})
    stderr = Terminal()
    assert hfjobs(*EVERYTHING, stderr=stderr).code == 0
    shown = stderr.getvalue().split("\r\x1b[K")
    assert shown[1] == "100 of about 1,245 jobs read, 100 match ..."
    assert "1,000 of about 1,245 jobs read, 1,000 match ..." in shown
    silent = Terminal()
    assert hfjobs(*EVERYTHING, "--label", "team=data", stderr=silent).code == 0
    assert "about" not in silent.getvalue()


def test_every_format_holds_the_same(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = grow(hub, {"COMPLETED": 500, "CANCELED": 80, "RUNNING": 30})
    jobs: list[dict[str, Any]] = hfjobs.jobs("ps", "-a", "--limit", "0", "--json")
    assert [job["id"] for job in jobs] == ids
    by_sort = hfjobs("ps", "-a", "--sort", "-created", "-q", "--limit", "0").stdout.split()
    assert sorted(by_sort) == sorted(ids)
