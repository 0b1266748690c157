"""Webhooks that the user fires: the jobs that they start, and the event that these get."""

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.emulator.emulation import Serve, until
from tests.support import BY_HAND, USER, Hfjobs, Result, run_here

SEEDED = "69a8b1d05c0f3e7d21b4a906"
PRINT = "import os; [print(key, os.environ[key]) for key in sorted(os.environ) if key.startswith('WEBHOOK')]"


def test_a_job_is_run_again_and_told_what_has_happened(serve: Serve, tmp_path: Path) -> None:
    """Each time by the same webhook, by a server that need not know of it."""
    served = serve(tmp_path / "own", "--empty")
    source = served.python(PRINT, secrets={"WEBHOOK_SECRET": "s3cret"}, labels={"name": "hooked"})
    argv = ("emulator", "fire", "--state-dir", str(served.directory), source)
    first = run_here(*argv, "--repo", "model:alice/judge", environ={})
    second = run_here(*argv, environ={})
    assert (first.code, first.stderr, second.code, second.stderr) == (0, "", 0, "")
    jobs = [served.wait(result.stdout.strip()) for result in (first, second)]
    assert {job["status"]["stage"] for job in jobs} == {"COMPLETED"}
    assert {job["initiator"]["type"] for job in jobs} == {"webhook"}
    assert len({job["initiator"]["id"] for job in jobs}) == 1
    assert {job["labels"]["name"] for job in jobs} == {"hooked"}
    identifier, payload, *others = served.output(jobs[0]["id"])
    assert identifier == f"WEBHOOK_ID {jobs[0]['initiator']['id']}"
    assert others == ["WEBHOOK_REPO_ID alice/judge", "WEBHOOK_REPO_TYPE model", "WEBHOOK_SECRET s3cret"]
    told = json.loads(payload.removeprefix("WEBHOOK_PAYLOAD "))
    assert told["event"] == {"action": "update", "scope": "repo.content"}
    assert (told["repo"]["type"], told["repo"]["name"]) == ("model", "alice/judge")
    assert told["webhook"]["id"] == jobs[0]["initiator"]["id"]
    assert "WEBHOOK_REPO_ID davanstrien/model-cards" in served.output(jobs[1]["id"])


def test_the_webhook_of_the_history_goes_on(demo: Hfjobs) -> None:
    """It starts what it has started before; a job that was started by hand gets a webhook of its own."""
    hooked, *_ = demo("ps", "-a", "--initiator", "webhook", "-q").stdout.split()
    result = demo("emulator", "fire", hooked, BY_HAND)
    assert (result.code, result.stderr) == (0, "")
    one, other = result.stdout.split()
    by_repository = demo("emulator", "fire", "--repo", "dataset:davanstrien/model-cards").stdout.strip()
    jobs = {job["id"]: job for job in demo.jobs("inspect", one, other, by_repository)}
    assert jobs[by_repository]["initiator"] == jobs[one]["initiator"]
    assert jobs[one]["initiator"] == {"type": "webhook", "id": SEEDED, "name": None}
    assert jobs[other]["initiator"]["id"] != SEEDED
    assert jobs[other]["owner"]["name"] == USER
    assert jobs[other]["created_by"] == {"id": "60107b385ac3e86b3ea4fc34", "name": USER}


def test_jobs_are_named_as_anywhere(demo: Hfjobs, tmp_path: Path) -> None:
    """They are resolved in the state directory, whatever Hub the environment names."""
    hooked, *_ = demo("ps", "-a", "--initiator", "webhook", "-q").stdout.split()
    (newest,) = demo("ps", "-a", "--limit", "1", "-q").stdout.split()
    references = ("@initiator=webhook", hooked[:23], f"{USER}/{hooked}", "@latest", "-")
    away = {"HFJOBS_DEMO": "", "HF_ENDPOINT": "http://127.0.0.1:1", "HF_TOKEN": "hf_x"}
    result = demo.given(away)("emulator", "fire", *references, stdin=f"{hooked}\n")
    assert (result.code, result.stderr) == (0, "")
    made = demo.jobs("inspect", *result.stdout.split())
    commands = {each: demo.jobs("inspect", each)[0]["command"] for each in (hooked, newest)}
    assert [job["command"] for job in made] == [commands[each] for each in (hooked, hooked, hooked, newest, hooked)]
    elsewhere = demo("emulator", "fire", "--state-dir", str(tmp_path / "own"), "@name=nobody", result.stdout.split()[0])
    assert (elsewhere.code, elsewhere.stdout) == (3, "")
    assert elsewhere.stderr.startswith("error: @name=nobody: no such job")


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (("fire",), 2, "'fire' needs a job, a webhook or --repo"),
        (("fire", "@nmae=x"), 2, "invalid job '@nmae=x'"),
        (("fire", "x", "--repo", "y"), 2, "invalid --repo 'y'"),
        (("fire", "x", "--repo", "kernel:a/b"), 2, "invalid --repo 'kernel:a/b'"),
        (("reset", "x"), 2, "jobs and --repo can only be used with 'fire'"),
        (("reset", "--repo", "model:a/b"), 2, "jobs and --repo can only be used with 'fire'"),
    ],
)
def test_mistakes_are_told(demo: Hfjobs, argv: tuple[str, ...], code: int, message: str) -> None:
    result = demo("emulator", *argv)
    assert (result.code, result.stdout) == (code, "")
    assert result.stderr.startswith(f"error: {message}\nhint: ")


def test_a_job_that_is_not_there_does_not_keep_others_from_it(demo: Hfjobs) -> None:
    result = demo("emulator", "fire", "6a0000000000000000000000", BY_HAND)
    assert (result.code, len(result.stdout.split())) == (3, 1)
    assert result.stderr.startswith("error: no job '6a0000000000000000000000' in ")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="one system is enough")
def test_what_it_cost_is_billed(serve: Serve, tmp_path: Path) -> None:
    served = serve(tmp_path / "own", "--empty")
    source = served.python("print('x')")
    served.wait(source)
    fired = run_here("emulator", "fire", "--state-dir", str(served.directory), source, environ={})
    identifier = fired.stdout.strip()
    served.wait(identifier)

    def charge() -> int | None:
        details = served.ask("GET", "/api/settings/billing/usage/jobs").data["usage"]["jobDetails"]
        return next((each["totalCostMicroUsd"] for each in details if each["jobId"] == identifier), None)

    assert until(charge, "the bill") == 167
    assert fired == Result(0, f"{identifier}\n", "")


def test_answers_are_those_of_the_hub(serve: Serve, tmp_path: Path) -> None:
    """`ask` holds each answer against its schema. A store of an earlier version, without webhooks, can be used."""
    served = serve(tmp_path / "own", "--empty")
    with closing(sqlite3.connect(served.directory / "jobs.sqlite3")) as database:
        database.execute("DROP TABLE webhooks")
    fire = ("emulator", "fire", "--state-dir", str(served.directory))
    nothing = run_here(*fire, "--repo", "space:alice/app", environ={})
    assert nothing == Result(0, "", "no webhook that starts a job watches space:alice/app\n")
    path, watched = "/api/settings/webhooks", [{"type": "space", "name": "alice/app"}]
    assert served.ask("GET", path).data == []
    job = {"spaceId": "alice/app", "command": ["true"], "flavor": "cpu-basic", "secrets": {"A": "1"}, "attempts": 2}
    made = served.ask("POST", path, {"watched": watched, "domains": ["repo"], "job": job}).data["webhook"]
    assert (made["job"]["secrets"], made["job"]["attempts"], made["job"]["timeoutSeconds"]) == (["A"], 2, 1800)
    one = f"{path}/{made['id']}"
    job = served.job(run_here(*fire, made["id"], environ={}).stdout.strip())
    assert job["initiator"] == {"type": "webhook", "id": made["id"]}
    assert served.ask("GET", one).data["webhook"]["lastTriggerAt"] == job["createdAt"]
    assert served.ask("POST", f"{one}/disable").data["webhook"]["disabled"] is True
    assert served.ask("POST", one, {"watched": [], "domains": ["discussion"]}).data["webhook"]["watched"] == watched
    for body, error in (
        ({"domains": ["repo"], "watched": watched}, "body: one of url, job and jobSourceId is needed"),
        ({"domains": ["repo"], "watched": [], "url": "http://x"}, "watched: "),
        ({"domains": [], "watched": watched, "url": "http://x"}, "domains: "),
        ({"domains": ["repo"], "watched": [{"type": "job", "name": "x"}], "url": "http://x"}, "watched.0.type: "),
        ({"domains": ["repo"], "watched": watched, "url": "http://x", "jobSourceId": "y"}, "body: only one of url"),
        (
            {"domains": ["repo"], "watched": watched, "url": "http://x", "secrets": {"A": "1"}},
            "body: secrets need a job",
        ),
        ({"domains": ["repo"], "watched": watched, "jobSourceId": "y"}, "Job not found"),
    ):
        answer = served.ask("POST", path, body)
        assert answer.status == (404 if error == "Job not found" else 400)
        assert answer.data["error"].startswith(error)
    assert served.ask("DELETE", one).data == {}
    assert served.ask("DELETE", one).status == 404
    assert served.ask("GET", path).data == []
