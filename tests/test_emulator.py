"""The emulator's Jobs API by itself, asked with the standard library so that no code is shared with the client."""

import http.client
import json
import threading
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.state import State
from hfjobs_cli.emulator.store import Store
from hfjobs_cli.emulator.wire import Document
from tests.support import BY_HAND, NOW, TOKEN, USER, Hfjobs, Hub


def ask(hub: Hub, method: str, path: str, token: str | None = TOKEN) -> tuple[int, Any, dict[str, str]]:
    """Send one request and return status, JSON and headers."""
    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"))
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    connection.request(method, path, headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, json.loads(body) if body else None, dict(response.getheaders())


@pytest.mark.parametrize("token", [None, "hf_wrong", ""])
@pytest.mark.parametrize("path", ["/api/whoami-v2", f"/api/jobs/{USER}", "/nowhere"])
def test_nobody_gets_in_without_the_token(hub: Hub, path: str, token: str | None) -> None:
    status, body, headers = ask(hub, "GET", path, token)
    assert (status, body) == (401, {"error": "Invalid credentials in Authorization header"})
    assert headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert headers["X-Request-Id"].startswith("Root=1-")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/api/jobs/nobody", 404, "Namespace not found"),
        ("GET", "/api/jobs/nobody/x", 404, "Namespace not found"),
        ("GET", f"/api/jobs/{USER}/x", 404, "Job not found"),
        ("POST", f"/api/jobs/{USER}/x/duplicate", 404, "Job not found"),
        ("GET", f"/api/jobs/aurora-lab/{BY_HAND}", 404, "Job not found"),
        (
            "GET",
            f"/api/jobs/{USER}?stage=running",
            400,
            "Invalid option for stage: expected one of COMPLETED|CANCELED|ERROR|DELETED|RUNNING|SCHEDULING",
        ),
        ("GET", f"/api/jobs/{USER}?label=x", 400, "Invalid label: expected key=value"),
        ("GET", f'/api/jobs/{USER}?label=a"b=c', 400, "Invalid label: expected key=value"),
        ("GET", f"/api/jobs/{USER}?cursor=%FF", 400, "Invalid cursor"),
        ("GET", f"/api/jobs/{USER}?cursor=abcd", 400, "Invalid cursor"),
    ],
)
def test_errors_have_the_shape_of_the_hub(hub: Hub, method: str, path: str, status: int, error: str) -> None:
    assert ask(hub, method, path)[:2] == (status, {"error": error})


def test_what_is_not_an_endpoint(hub: Hub) -> None:
    assert ask(hub, "GET", "/nowhere")[0] == 404
    assert ask(hub, "DELETE", f"/api/jobs/{USER}/{BY_HAND}")[0] == 405


def test_whoami(hub: Hub) -> None:
    status, body, _ = ask(hub, "GET", "/api/whoami-v2")
    assert (status, body["type"], body["name"]) == (200, "user", USER)
    assert [organisation["name"] for organisation in body["orgs"]] == ["aurora-lab"]


def test_pages_hold_100_jobs_and_link_to_the_next(hub: Hub) -> None:
    """New jobs do not shift what is on later pages, and filters hold on all of them."""
    _, first, headers = ask(hub, "GET", f"/api/jobs/{USER}?stage=COMPLETED&stage=ERROR&label=team%3Ddata")
    assert len(first) == 100
    link, _, relation = headers["Link"].partition("; ")
    assert relation == 'rel="next"'
    assert link.startswith(f"<{hub.endpoint}/api/jobs/{USER}?stage=COMPLETED&stage=ERROR&label=team%3Ddata&cursor=")
    hub.add()
    _, second, headers = ask(hub, "GET", link.strip("<>").removeprefix(hub.endpoint))
    assert "Link" not in headers
    jobs = first + second
    assert {job["status"]["stage"] for job in jobs} == {"COMPLETED", "ERROR"}
    assert {job["labels"]["team"] for job in jobs} == {"data"}
    assert len({job["id"] for job in jobs}) == len(jobs)
    assert [job["createdAt"] for job in jobs] == sorted((job["createdAt"] for job in jobs), reverse=True)


def test_durations_of_what_is_under_way_are_counted_to_now(hub: Hub) -> None:
    _, jobs, _ = ask(hub, "GET", f"/api/jobs/{USER}?stage=RUNNING&stage=SCHEDULING")
    assert jobs[0]["status"]["stage"] == "SCHEDULING"
    assert jobs[0]["durations"] == {"totalSecs": 40}
    assert jobs[2]["status"]["stage"] == "RUNNING"
    assert jobs[2]["durations"] == {"schedulingSecs": 11, "runningSecs": 289, "totalSecs": 300}


def test_every_seeded_job_is_as_the_schema_wants_it(hub: Hub) -> None:
    """Required keys, known initiators and stages, as the Hub's OpenAPI document has them."""
    for job in (job for name in (USER, "aurora-lab") for job in hub.all_jobs(name)):
        assert {"id", "createdAt", "environment", "flavor", "createdBy", "type", "owner", "status"} <= set(job)
        assert len(job["id"]) == 24
        assert int(job["id"][:8], 16) == int(NOW.fromisoformat(job["createdAt"].replace("Z", "+00:00")).timestamp())
        assert ("dockerImage" in job) != ("spaceId" in job)
        initiator = job.get("initiator", {"type": "none", "id": ""})
        needs = {"user": {"name", "avatarUrl"}, "org": {"name", "avatarUrl"}}
        assert initiator["type"] in ("user", "org", "scheduled-job", "duplicated-job", "webhook", "none")
        assert job["status"]["stage"] in ("COMPLETED", "CANCELED", "ERROR", "DELETED", "RUNNING", "SCHEDULING")
        assert set(initiator) == {"type", "id"} | needs.get(initiator["type"], set())


def test_duplicates_made_at_once_are_all_kept(hub: Hub) -> None:
    answers: list[tuple[int, Any, dict[str, str]]] = []
    path = f"/api/jobs/{USER}/{BY_HAND}/duplicate"
    threads = [threading.Thread(target=lambda: answers.append(ask(hub, "POST", path))) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {body["id"] for status, body, _ in answers if status == 200}
    assert len(made) == 12
    assert made <= {job["id"] for job in hub.all_jobs()}


def test_several_may_make_the_demo_at_once(demo: Hfjobs) -> None:
    """Whoever comes second finds the history there and does not make it again."""
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(demo("ps", "-a", "-q", "--limit", "0"))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(result.code, len(result.stdout.split()), result.stderr) for result in results} == {(0, 245, "")}


def test_a_store_keeps_the_history_it_was_made_with(tmp_path: Path) -> None:
    """Opened a week later it holds the same jobs, none newer."""

    def jobs(now: datetime) -> list[Document]:
        with Store(State(tmp_path), seed=lambda: history(now)).read() as tables:
            return tables.newest_jobs(USER, limit=999)

    first = jobs(NOW)
    assert len(first) == 245
    assert jobs(NOW + timedelta(days=7)) == first
