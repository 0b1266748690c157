"""The emulator's Jobs API by itself, asked with the standard library so that no code is shared with the client."""

import base64
import http.client
import json
import os
import socket
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import psutil
import pytest

from hfjobs_cli.emulator.api_types import Document
from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.http_server import Server
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.store import Store
from tests.emulator import emulation
from tests.emulator.emulation import Answer, Serve
from tests.emulator.schemas import JOB, SCHEDULED_JOB, check
from tests.support import BY_HAND, NOW, TOKEN, USER, Hfjobs, Hub, Result, run_command, run_python


def ask(
    hub: Hub,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None = TOKEN,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    return emulation.ask(hub.endpoint, method, path, body, token=token, headers=headers)


@pytest.mark.parametrize("token", [None, "hf_wrong", ""])
@pytest.mark.parametrize("path", ["/api/whoami-v2", f"/api/jobs/{USER}", f"/api/scheduled-jobs/{USER}/x"])
def test_nobody_gets_in_without_the_token(hub: Hub, path: str, token: str | None) -> None:
    status, data, headers = ask(hub, "GET", path, token=token)
    assert (status, data) == (401, {"error": "Invalid credentials in Authorization header"})
    assert headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert headers["X-Request-Id"].startswith("Root=1-")


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/api/jobs/nobody", 404, "Namespace not found"),
        ("GET", "/api/jobs/nobody/x", 404, "Namespace not found"),
        ("GET", f"/api/jobs/{USER}/x", 404, "Job not found"),
        ("POST", f"/api/jobs/{USER}/x/duplicate", 404, "Job not found"),
        ("POST", f"/api/jobs/{USER}/x/cancel", 404, "Job not found"),
        ("GET", f"/api/jobs/{USER}/x/logs", 404, "Job not found"),
        ("GET", f"/api/jobs/{USER}/x/metrics", 404, "Job not found"),
        ("GET", "/api/jobs/nobody/count", 404, "Namespace not found"),
        ("POST", f"/api/jobs/{USER}/x/auth-check/read", 404, "Job not found"),
        ("GET", "/api/scheduled-jobs/nobody", 404, "Namespace not found"),
        ("GET", f"/api/scheduled-jobs/{USER}/x", 404, "Scheduled job not found"),
        ("DELETE", f"/api/scheduled-jobs/{USER}/x", 404, "Scheduled job not found"),
        ("POST", f"/api/scheduled-jobs/{USER}/x/run", 404, "Scheduled job not found"),
        ("GET", f"/api/jobs/aurora-lab/{BY_HAND}", 404, "Job not found"),
        (
            "GET",
            f"/api/jobs/{USER}?stage=running",
            400,
            "Invalid option for stage: expected one of COMPLETED|CANCELED|ERROR|DELETED|RUNNING|SCHEDULING",
        ),
        ("GET", f"/api/jobs/{USER}?label=x", 400, "Invalid label: expected key=value"),
        ("GET", f"/api/jobs/{USER}?{'&'.join(['label=a=b'] * 101)}", 400, "Too many labels: expected at most 100"),
        ("GET", f'/api/jobs/{USER}?label=a"b=c', 400, "Invalid label: expected key=value"),
        ("GET", f"/api/jobs/{USER}?cursor=%FF", 400, "Invalid cursor"),
        ("GET", f"/api/jobs/{USER}?cursor=abcd", 400, "Invalid cursor"),
    ],
)
def test_errors_have_the_shape_of_the_hub(hub: Hub, method: str, path: str, status: int, error: str) -> None:
    assert ask(hub, method, path)[:2] == (status, {"error": error})


def test_what_is_not_an_endpoint(hub: Hub) -> None:
    elsewhere = ask(hub, "POST", "/api/models/alice/x")
    message = "/api/models/alice/x not found: this server provides only the Jobs API"
    assert (elsewhere.status, elsewhere.data) == (404, {"error": message})
    assert ask(hub, "GET", f"/api/jobs/{USER}//{BY_HAND}").status == 404
    assert ask(hub, "DELETE", f"/api/jobs/{USER}/{BY_HAND}")[0] == 405


def test_whoami(hub: Hub) -> None:
    status, body, _ = ask(hub, "GET", "/api/whoami-v2")
    assert (status, body["type"], body["name"]) == (200, "user", USER)
    assert [organization["name"] for organization in body["orgs"]] == ["aurora-lab"]


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


def test_the_history_is_as_the_schema_wants_it(hub: Hub) -> None:
    """Every job and schedule, on whatever page; ids tell when a job was created, as those of the Hub do."""
    with hub.store.read() as tables:
        for schedule in tables.schedules():
            check(SCHEDULED_JOB, schedule)
    for job in hub.all_jobs() + hub.all_jobs("aurora-lab"):
        check(JOB, job)
        assert int(job["id"][:8], 16) == int(NOW.fromisoformat(job["createdAt"].replace("Z", "+00:00")).timestamp())
        assert ("dockerImage" in job) != ("spaceId" in job)


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
    """The second process finds the sample jobs and does not create them again."""
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


class TestBodies:
    """Bodies are validated as the OpenAPI document says; errors name the key."""

    SPEC: ClassVar[dict[str, Any]] = {"dockerImage": "python:3.12", "command": ["true"], "flavor": "cpu-basic"}

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"flavor": None}, "body: flavor must not be null"),
            ({"labels": None}, "body: labels must not be null"),
            ({"expose": {"ports": None}}, "expose: ports must not be null"),
            ({"command": ["a\0b"]}, "command.0: String should match pattern"),
            ({"environment": {"AB": "\0"}}, "environment.AB: String should match pattern"),
            ({"flavor": "cpu-tiny"}, "flavor: expected one of cpu-basic|cpu-upgrade|"),
            ({"command": []}, "command: List should have at least 1 item"),
            ({"command": [""]}, "command.0: String should have at least 1 character"),
            ({"command": "true"}, "command: Input should be a valid array"),
            ({"arguments": [1]}, "arguments.0: Input should be a valid string"),
            ({"environment": {"A": "one letter"}}, "environment.A: String should match pattern"),
            ({"environment": {"AB": 1}}, "environment.AB: Input should be a valid string"),
            ({"secrets": {"1A": "x"}}, "secrets.1A: String should match pattern"),
            ({"arch": "riscv"}, "arch: String should match pattern"),
            ({"timeoutSeconds": 0}, "timeoutSeconds: Input should be greater than 0"),
            ({"timeoutSeconds": 1.5}, "timeoutSeconds: Input should be a valid integer"),
            ({"timeoutSeconds": "60"}, "timeoutSeconds: Input should be a valid integer"),
            ({"attempts": 0}, "attempts: Input should be greater than or equal to 1"),
            ({"labels": {"a b": "x"}}, "labels.a b: String should match pattern"),
            ({"labels": {"a": "x" * 101}}, "labels.a: String should have at most 100 characters"),
            ({"volumes": []}, "volumes: List should have at least 1 item"),
            ({"volumes": [{"type": "disk", "source": "x", "mountPath": "/x"}]}, "volumes.0.type: String should match"),
            ({"volumes": [{"type": "bucket", "source": "x", "mountPath": "x"}]}, "volumes.0.mountPath: String should"),
            ({"expose": {"ports": [0]}}, "expose.ports.0: Input should be greater than or equal to 1"),
            ({"expose": {"ports": [*range(1, 22)]}}, "expose.ports: List should have at most 20 items"),
            ({"expose": {"ports": [1], "portsPublic": [2]}}, "expose: portsPublic must be a subset of ports"),
            ({"ssh": {"enabled": True}}, "ssh: the emulator has no SSH"),
            ({"resourceGroupId": "x"}, "resourceGroupId: String should match pattern"),
            ({"network": {"group": "A"}}, "network.group: String should match pattern"),
            ({"spaceId": "a/b"}, "body: one of dockerImage and spaceId is needed, and not both"),
            ({"dockerImage": ...}, "body: one of dockerImage and spaceId is needed, and not both"),
            ({"flavor": ...}, "flavor: Field required"),
        ],
    )
    def test_of_jobs(self, hub: Hub, changes: dict[str, Any], error: str) -> None:
        spec = {key: value for key, value in {**self.SPEC, **changes}.items() if value is not ...}
        status, data, headers = ask(hub, "POST", f"/api/jobs/{USER}", spec)
        assert status == 400
        assert data["error"].startswith(error)
        assert headers["X-Error-Message"] == data["error"]
        wrapped = {"jobSpec": spec, "schedule": "@daily"}
        status, data, _ = ask(hub, "POST", f"/api/scheduled-jobs/{USER}", wrapped)
        assert status == 400
        assert data["error"].startswith(f"jobSpec.{error}" if not error.startswith("body") else "jobSpec: ")

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"flavor": NaN}'])
    @pytest.mark.parametrize("path", [f"jobs/{USER}", f"scheduled-jobs/{USER}"])
    def test_that_are_no_json_object(self, hub: Hub, path: str, body: bytes) -> None:
        status, data, _ = ask(hub, "POST", f"/api/{path}", body)
        assert status == 400
        assert set(data) == {"error"}

    def test_what_is_not_known_is_dropped(self, hub: Hub) -> None:
        spec = {**self.SPEC, "tags": ["x"], "ssh": {"enabled": False}, "timeoutSeconds": None, "arch": "arm64"}
        status, job, _ = ask(hub, "POST", f"/api/jobs/{USER}", spec)
        assert status == 200
        assert {"tags", "ssh", "timeoutSeconds", "secrets", "labels"} & set(job) == set()
        assert (job["timeout"], job["retry"], job["environment"], job["arch"]) == (1800, 0, {}, "arm64")
        body = {"jobSpec": spec, "schedule": "@daily", "tags": ["x"]}
        status, made, _ = ask(hub, "POST", f"/api/scheduled-jobs/{USER}", body)
        assert status == 200
        assert ({"tags", "ssh"} & set(made["jobSpec"]), made["jobSpec"]["timeout"]) == (set(), 1800)

    def test_that_are_too_large(self, hub: Hub) -> None:
        status, data, _ = ask(hub, "POST", f"/api/jobs/{USER}", {**self.SPEC, "arguments": ["x" * 1024 * 1024]})
        assert (status, set(data)) == (413, {"error"})

    def test_that_are_too_large_and_come_in_pieces(self, hub: Hub) -> None:
        """The first pieces alone are valid JSON, so the rest must not be cut off silently."""
        connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"), timeout=60)
        pieces = iter([json.dumps(self.SPEC).encode(), b" " * 1024 * 1024, b"x"])
        headers = {"Authorization": f"Bearer {TOKEN}", "Transfer-Encoding": "chunked"}
        connection.request("POST", f"/api/jobs/{USER}", pieces, headers, encode_chunked=True)
        assert connection.getresponse().status == 413
        connection.close()

    def test_that_make_a_long_error(self, hub: Hub) -> None:
        """The header of it is bounded, and of one line."""
        answer = ask(hub, "POST", f"/api/jobs/{USER}", {**self.SPEC, "environment": {"\x07" * 100_000: "x"}})
        assert answer.status == 400
        assert len(answer.headers["X-Error-Message"]) == 500
        assert answer.headers["X-Error-Message"].isprintable()

    @pytest.mark.parametrize(
        ("schedule", "error"),
        [
            ("", "schedule: String should match pattern"),
            ("@fortnightly", "schedule: String should match pattern"),
            ("* * * *", "schedule: String should match pattern"),
            ("0 9 * * MON", "schedule: String should match pattern"),
            ("99 * * * *", "schedule: Bad minute"),
            ("0 0 31 2 *", "schedule: Bad day-of-month"),
            ("0 0 0 1 1 * 2030", "schedule: Wrong number of fields"),
        ],
    )
    def test_of_schedules(self, hub: Hub, schedule: str, error: str) -> None:
        body = {"jobSpec": self.SPEC, "schedule": schedule}
        status, data, _ = ask(hub, "POST", f"/api/scheduled-jobs/{USER}", body)
        assert status == 400
        assert data["error"].startswith(error)

    def test_of_labels_and_ports(self, hub: Hub) -> None:
        path = f"/api/jobs/{USER}/{BY_HAND}"
        assert ask(hub, "PUT", f"{path}/labels", {"labels": {"a": "1"}}).data["labels"] == {"a": "1"}
        assert ask(hub, "PUT", f"{path}/labels", {"labels": {"a": None}}).status == 400
        assert ask(hub, "PUT", f"{path}/labels", {}).data == {"error": "labels: Field required"}
        refused = ask(hub, "PUT", f"{path}/expose", {"ports": [80]})
        assert (refused.status, refused.data) == (400, {"error": "Job is not running"})


def test_bills_are_of_this_month_and_of_the_user(hub: Hub) -> None:
    """By the minute, begun ones whole; up to now of what runs, and nothing of what never started."""
    status, data, _ = ask(hub, "GET", "/api/settings/billing/usage/jobs")
    assert status == 200
    usage, details = data["usage"], {each["jobId"]: each for each in data["usage"]["jobDetails"]}
    assert (usage["periodStart"], usage["periodEnd"]) == ("2026-05-01T00:00:00.000Z", "2026-06-01T00:00:00.000Z")
    assert usage["usedMicroUsd"] == sum(each["totalCostMicroUsd"] for each in details.values())
    jobs = {job["id"]: job for job in hub.all_jobs() if job.get("startedAt", "") >= usage["periodStart"]}
    assert set(details) == set(jobs)
    assert details[BY_HAND] == {
        "jobId": BY_HAND,
        "hardwareFlavor": "l40sx1",
        "totalMinutes": 60,
        "totalCostMicroUsd": 60 * 30_000,
        "startedAt": "2026-05-11T13:16:41.000Z",
        "completedAt": "2026-05-11T14:16:11.000Z",
    }
    running = [each for each in details.values() if "completedAt" not in each]
    assert {each["totalMinutes"] for each in running} == {5, 9, 17, 48, 192}


def test_count_and_access(hub: Hub) -> None:
    assert ask(hub, "GET", f"/api/jobs/{USER}/count").data == {"count": 245}
    assert ask(hub, "GET", f"/api/jobs/{USER}/count?stage=RUNNING&stage=SCHEDULING").data == {"count": 7}
    assert ask(hub, "GET", f"/api/jobs/{USER}/count?stage=x").status == 400
    for path in ("auth-check/read", f"{BY_HAND}/auth-check/write"):
        assert ask(hub, "POST", f"/api/jobs/{USER}/{path}").data["user"]["name"] == USER


def test_hardware_is_for_everybody(hub: Hub) -> None:
    """As on the Hub, where it needs no token."""
    assert len(ask(hub, "GET", "/api/jobs/hardware", token=None).data) == 26


class TestNobodyElse:
    @pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "0.0.0.0"])
    def test_reaches_it_by_another_name(self, hub: Hub, host: str) -> None:
        """A web page whose name was made to point to this machine sends its own name."""
        assert ask(hub, "GET", "/api/jobs/hardware", headers={"Host": host}).status == 400

    @pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1"])
    def test_but_by_names_of_this_machine(self, hub: Hub, host: str) -> None:
        assert ask(hub, "GET", "/api/whoami-v2", headers={"Host": host}).status == 200

    @pytest.mark.parametrize("method", ["GET", "OPTIONS"])
    def test_is_answered_as_a_web_page(self, hub: Hub, method: str) -> None:
        answer = ask(hub, method, "/api/whoami-v2", headers={"Origin": "https://evil.example"})
        assert (answer.status, answer.data) == (403, {"error": "Requests from web pages are not allowed"})
        assert not any(name.startswith("Access-Control") for name in answer.headers)

    def test_can_connect_from_elsewhere(self, hub: Hub) -> None:
        """It listens on loopback alone."""
        address = hub.endpoint.removeprefix("http://").partition(":")
        assert address[0] == "127.0.0.1"
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", int(address[2])))

    def test_can_smuggle_a_label_into_a_query(self, hub: Hub) -> None:
        assert ask(hub, "GET", f"/api/jobs/{USER}?label=a%27=x").status == 400

    @pytest.mark.parametrize("cursor", ["%FF", "abcd", "x" * 3000, base64.urlsafe_b64encode(b"a b c").decode()])
    def test_can_invent_a_cursor(self, hub: Hub, cursor: str) -> None:
        assert ask(hub, "GET", f"/api/jobs/{USER}?cursor={cursor}")[:2] == (400, {"error": "Invalid cursor"})


class TestCommand:
    """`hfjobs emulator`, started and refused."""

    def refused(self, *argv: str, environ: Mapping[str, str]) -> Result:
        return run_command("emulator", *argv, environ=environ)

    def test_prints_what_a_shell_needs(self, serve: Serve, tmp_path: Path) -> None:
        """Only the owner can read the directory."""
        state = tmp_path / "state"
        served = serve(state)
        assert served.endpoint.startswith("http://127.0.0.1:")
        assert len(served.token) == 37
        if os.name == "posix":
            modes = {path.name: path.stat().st_mode & 0o777 for path in [state, *state.iterdir()]}
            assert modes == {"state": 0o700, "jobs.sqlite3": 0o600}
        with_hfjobs = run_command("ps", "-a", "--limit", "1", "-q", environ={**served.environ, "HOME": str(tmp_path)})
        assert with_hfjobs.code == 0

    def test_makes_a_token_for_each_start(self, serve: Serve, tmp_path: Path) -> None:
        """Who listens on the port in between learns the old one. It is written nowhere."""
        served = serve(tmp_path / "state")
        token = served.token
        remark = "the token is valid until the emulator stops; use --token-file FILE to keep one"
        assert served.ask("GET", "/api/whoami-v2").status == 200
        assert served.stop().stderr.splitlines()[1] == remark
        served.start()
        assert served.token != token
        assert emulation.ask(served.endpoint, "GET", "/api/whoami-v2", token=token).status == 401
        assert served.ask("GET", "/api/whoami-v2").status == 200
        held = [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert not any(each.encode() in content for content in held for each in (token, served.token))

    def test_keeps_a_token_that_is_given(self, serve: Serve, tmp_path: Path) -> None:
        served = serve(tmp_path / "state", "--token", "its-own")
        assert served.ask("GET", "/api/whoami-v2").status == 200
        warning = "warning: other users of this machine can see --token in the process list; "
        lines = served.stop().stderr.splitlines()
        assert lines[0] == f"{warning}use --token-file FILE to hide it"
        assert lines[2:] == ["GET /api/whoami-v2 200", "stopped"]
        served.start()
        assert served.token == "its-own"
        assert served.ask("GET", "/api/whoami-v2").status == 200

    @pytest.mark.parametrize("way", ["file", "environment"])
    def test_keeps_a_token_that_no_other_user_can_read(self, serve: Serve, tmp_path: Path, way: str) -> None:
        """In the list of processes are the words of a command, but not its environment."""
        file = tmp_path / "token"
        file.write_text("its-own\n", encoding="utf-8")
        options = ("--token-file", str(file)) if way == "file" else ()
        environ = {"HFJOBS_EMULATOR_TOKEN": "its-own"} if way == "environment" else {}
        served = serve(tmp_path / "state", *options, environ=environ)
        assert served.token == "its-own"
        assert served.ask("GET", "/api/whoami-v2").status == 200
        assert "its-own" not in psutil.Process(served.process.pid).cmdline()
        assert served.stop().stderr.splitlines()[1:] == ["GET /api/whoami-v2 200", "stopped"]

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            (("--token", "x", "--token-file", "y"), "error: --token cannot be used with --token-file"),
            (("--token-file", "/no/such"), "error: cannot read --token-file /no/such: No such file"),
            (("--token-file", "-"), "error: no token in --token-file -\nhint: use letters"),
        ],
    )
    def test_refuses_what_holds_no_token(self, tmp_path: Path, options: tuple[str, ...], told: str) -> None:
        done = self.refused(*options, "--state-dir", str(tmp_path), environ={})
        assert (done.code, done.stdout) == (2, "")
        assert told in done.stderr

    def test_an_empty_directory_is_not_the_current_one(self, hfjobs: Hfjobs, tmp_path: Path) -> None:
        for action in ([], ["reset"]):
            assert hfjobs("emulator", *action, "--state-dir", "") == Result(
                2, "", "error: --state-dir is empty\nhint: remove --state-dir, or give it a value\n"
            )
        (tmp_path / "file").touch()
        code, _, stderr = hfjobs("emulator", "reset", "--state-dir", str(tmp_path / "file"))
        assert (code, stderr.splitlines()[0]) == (
            1,
            f"error: cannot delete the jobs in {tmp_path / 'file'}: Not a directory",
        )

    def test_takes_a_port_and_a_token(self, serve: Serve, tmp_path: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        served = serve(tmp_path / "state", "--port", str(port), "--token", "its-own")
        assert served.exports == [f"export HF_ENDPOINT=http://127.0.0.1:{port}\n", "export HF_TOKEN=its-own\n"]
        assert emulation.ask(served.endpoint, "GET", "/api/whoami-v2", token="its-own").status == 200
        assert emulation.ask(served.endpoint, "GET", "/api/whoami-v2", token="its").status == 401
        assert not (tmp_path / "state" / "token").exists()
        taken = self.refused("--port", str(port), "--state-dir", str(tmp_path / "other"), environ={})
        assert (taken.code, taken.stdout) == (1, "")
        assert taken.stderr.startswith(f"error: cannot listen on port {port}: ")
        assert taken.stderr.endswith("hint: stop the program that uses it, or use --port 0 for any free port\n")

    def test_begins_empty_or_with_a_history(self, serve: Serve, tmp_path: Path) -> None:
        """Which of them is settled when the directory is made."""
        served = serve(tmp_path / "empty", "--empty")
        assert served.ask("GET", f"/api/jobs/{USER}/count").data == {"count": 0}
        assert served.ask("GET", f"/api/scheduled-jobs/{USER}").data == []
        served.stop()
        served = serve(tmp_path / "history")
        assert served.ask("GET", f"/api/jobs/{USER}/count").data == {"count": 245}
        served.stop()
        directory = tmp_path / "history"
        assert self.refused("--empty", "--state-dir", str(directory), environ={}) == Result(
            2,
            "",
            f"error: --empty cannot be used: {directory} contains the jobs of the demo\n"
            "hint: use another directory with --state-dir, or delete them with 'hfjobs emulator reset'\n",
        )

    def test_uses_the_directory_of_the_demo(self, directories: dict[str, str]) -> None:
        """And needs neither a Hub nor settings for one."""
        blocked = {**directories, "HF_ENDPOINT": "nonsense", "HF_TOKEN": "no token"}
        done = self.refused("reset", environ=blocked)
        assert done == Result(0, "", f"no jobs in {directories['XDG_STATE_HOME']}/hfjobs/emulator\n")

    @pytest.mark.parametrize("token", ["two words", "tab\t", "hf_é", "a=b", "it's"])
    def test_refuses_a_token_that_cannot_be_sent(self, tmp_path: Path, token: str) -> None:
        done = self.refused("--token", token, "--state-dir", str(tmp_path), environ={})
        expected = (
            "error: invalid characters in the token from --token\n"
            "hint: use letters, digits and - . _ ~ + /, or remove it for a new token\n"
        )
        assert (done.code, done.stdout) == (2, "")
        assert done.stderr.endswith(expected)

    def test_leaves_a_directory_of_others_alone(self, tmp_path: Path) -> None:
        """Neither its token is taken for the emulator's, nor its logs are removed."""
        for name in ("token", "logs/train.log", "work/x"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("precious", encoding="utf-8")
        refused = self.refused("--state-dir", str(tmp_path), environ={})
        assert (refused.code, refused.stdout) == (1, "")
        assert "not empty, and not a directory of the emulator" in refused.stderr
        reset = self.refused("reset", "--state-dir", str(tmp_path), environ={})
        assert reset == Result(0, "", f"no jobs in {tmp_path}\n")
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {"token", "train.log", "x"}

    @pytest.mark.parametrize("option", [("--empty",), ("--token", "x")])
    def test_resets_without_further_options(self, tmp_path: Path, option: tuple[str, ...]) -> None:
        done = self.refused("reset", "--state-dir", str(tmp_path), *option, environ={})
        expected = "error: 'reset' accepts only --state-dir\nhint: see 'hfjobs emulator --help'\n"
        assert done == Result(2, "", expected)

    def test_says_where_it_cannot_keep_its_jobs(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        done = self.refused("--state-dir", str(tmp_path / "file" / "below"), environ={})
        assert (done.code, done.stdout) == (1, "")
        assert done.stderr.startswith(
            f"error: cannot store the jobs of the emulator in {tmp_path / 'file' / 'below'}: "
        )

    @pytest.mark.parametrize("module", ["werkzeug", "pydantic", "cronsim", "psutil"])
    def test_says_how_to_install_what_it_needs(self, directories: dict[str, str], module: str) -> None:
        """A module that is None counts as not installed."""
        code = (
            f"import sys; sys.modules[{module!r}] = None; sys.argv = ['hfjobs', 'emulator', '--port', '0']\n"
            "from hfjobs_cli.__main__ import run; run()"
        )
        expected = (
            f"error: the emulator needs {module}, which is not installed\nhint: pip install 'hfjobs-cli[emulator]'\n"
        )
        assert run_python(code, environ=directories) == Result(2, "", expected)


def test_a_silent_stream_is_kept_alive(hub: Hub, tmp_path: Path) -> None:
    """By comments, which clients pass over; here more often than every 30 seconds."""
    app = App(hub.store, State(tmp_path / "hub"), token=TOKEN, clock=lambda: NOW, keep_alive_secs=0.05)
    server = Server(app, 0, log=lambda _line: None)
    thread = threading.Thread(target=server.serve)
    thread.start()
    waiting = hub.add(status={"stage": "SCHEDULING", "message": None})
    connection = http.client.HTTPConnection(server.endpoint.removeprefix("http://"), timeout=60)
    for stream in ("logs", "metrics"):
        path = f"/api/jobs/{USER}/{waiting}/{stream}"
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        response = connection.getresponse()
        assert [response.readline() for _ in range(4)] == [b": keep-alive\n", b"\n"] * 2
        connection.close()
    server.stop()
    thread.join()


def test_invented_jobs_end_with_their_timeout(demo: Hfjobs) -> None:
    """At its timeout, whenever it is read."""
    assert len(demo("ps", "-q").stdout.split()) == 7
    demo.now = NOW + timedelta(hours=1)
    shown = demo("ps", "-a", "--since", "6h", "--format", "{{.name}} {{.status}} {{.runtime}} {{.message}}").stdout
    assert shown.splitlines() == [
        "classify-cards SCHEDULING <no value> <no value>",
        "train-judge SCHEDULING <no value> <no value>",
        "validate-dataset ERROR 30m Job timeout",
        "sft-smol RUNNING 1h8m <no value>",
        "refresh-index ERROR 1h Job timeout",
        "explorer-cache ERROR 1h Job timeout",
        "train-judge RUNNING 4h11m <no value>",
    ]
    demo.now = NOW + timedelta(days=100)
    assert demo("ps", "-q").stdout == ""
    assert demo.jobs("inspect", "6a02bf10aff1cd33e8f343d8")[0]["finished_at"] == "2026-05-12T13:48:11+00:00"
    cost = ("inspect", "6a02bf10aff1cd33e8f343d8", "--format", "{{.cost}}")
    assert demo(*cost).stdout == "~$20.00\n"
