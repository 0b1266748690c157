"""`hfjobs scheduled run` and `scheduled uv run`: checked before it is sent, sent once, and told of."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.scheduled.support import LIST
from tests.support import (
    EQUAL,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    act_and_hang_up,
    act_and_reply,
    hang_up,
    truncate,
)

RUN = ("scheduled", "run")
JOB = ("--name", "nightly", "python:3.12", "python", "-c", "print(1)")


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def made(hub: Hub) -> dict[str, Any]:
    """Return the newest schedule in the store."""
    with hub.store.read() as tables:
        found: dict[str, Any] = tables.schedules(USER)[0]
    return found


def test_creates_a_schedule_and_prints_what_it_is(either: Hfjobs) -> None:
    result = either(*RUN, "0 9 * * 1", *JOB)
    (schedule,) = either.jobs("scheduled", "ps", "--json")
    assert result == Result(0, f"{schedule['id']}  nightly  next 2026-05-18T09:00:00Z\n", "")
    assert (schedule["schedule"], schedule["status"]["state"]) == ("0 9 * * 1", "active")
    assert schedule["job_spec"]["command"] == ["python", "-c", "print(1)"]


def test_one_that_begins_suspended(hfjobs: Hfjobs) -> None:
    result = hfjobs(*RUN, "@daily", "--suspend", *JOB)
    assert (result.code, result.stdout.split()[1:]) == (0, ["nightly", "suspended"])
    assert hfjobs("scheduled", "ps", "-q").stdout == ""


def test_formats_are_those_of_schedules(hfjobs: Hfjobs) -> None:
    code, stdout, stderr = hfjobs(*RUN, "@daily", "--concurrency", "--json", *JOB)
    schedule = json.loads(stdout)
    assert (code, stderr, schedule["name"]) == (0, "", "nightly")
    assert (schedule["schedule"], schedule["concurrency"], schedule["suspend"]) == ("@daily", True, False)
    assert hfjobs.jobs("scheduled", "inspect", "@latest") == [schedule]


class TestWhereOptionsStand:
    """Before IMAGE, on either side of WHEN; what is behind IMAGE is the command's."""

    @pytest.mark.parametrize(
        "argv",
        [
            ["-e", "ONE=1", "-e", "TWO=2", "--name", "n", "@daily", "ubuntu", "env", "-e", "--name"],
            ["@daily", "-e", "ONE=1", "-e", "TWO=2", "--name", "n", "ubuntu", "env", "-e", "--name"],
            ["-e", "ONE=1", "@daily", "-e", "TWO=2", "--name", "n", "ubuntu", "env", "-e", "--name"],
            ["--name", "m", "-e", "ONE=1", "@daily", "-eTWO=2", "--name=n", "ubuntu", "env", "-e", "--name"],
            ["-e", "ONE=1", "@daily", "-e", "TWO=2", "--name", "n", "--", "ubuntu", "env", "-e", "--name"],
        ],
    )
    def test_all_are_read(self, hfjobs: Hfjobs, hub: Hub, argv: list[str]) -> None:
        assert hfjobs(*RUN, "-q", *argv).code == 0
        spec = made(hub)["jobSpec"]
        assert (spec["dockerImage"], spec["command"]) == ("ubuntu", ["env", "-e", "--name"])
        assert (spec["environment"], spec["labels"]["name"]) == ({"ONE": "1", "TWO": "2"}, "n")

    def test_flags_behind_the_time(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs(*RUN, "@daily", "--suspend", "-q", "--no-name", "ubuntu", "true").stdout == f"{made(hub)['id']}\n"
        assert (made(hub)["suspend"], made(hub)["jobSpec"].get("labels")) == (True, None)

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            ([], "missing argument 'WHEN'\n"),
            (["@daily"], "missing argument 'IMAGE'\n"),
            (["@daily", "--name", "n"], "missing argument 'IMAGE'\n"),
            (["@daily", "--nmae", "n", "ubuntu"], "no such option: --nmae"),
            (["@daily", "--attempts", "x", "ubuntu"], "invalid value for '--attempts': 'x' is not a whole number"),
            (["python:3.12", "env"], "invalid cron expression 'python:3.12'\n"),
            (["daily", "ubuntu", "env"], "invalid cron expression 'daily'\nhint: did you mean '@daily'?"),
            (["@daily", "--ssh", "ubuntu"], "no such option: --ssh"),
            (["@daily", "--network-group", "g", "ubuntu"], "no such option: --network-group"),
            (["@daily", "--timeout", "90x", "ubuntu", "true"], "invalid timeout '90x'\n"),
            (["@daily", "--name", "bad name!", "ubuntu", "true"], "invalid job name 'bad name!'\n"),
        ],
    )
    def test_what_is_wrong_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str) -> None:
        code, stdout, stderr = hfjobs(*RUN, *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []


@pytest.mark.parametrize(
    "argv", [("--columns", "help"), ("@daily", "--columns", "help"), ("@daily", "--format", "help")]
)
def test_help_on_output_needs_no_image(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
    expected = hfjobs("scheduled", "ps", *argv[-2:])
    assert hfjobs(*RUN, *argv) == expected
    assert (expected.code, hub.requests) == (0, [])


class TestDryRun:
    """It sends nothing that changes anything."""

    def test_prints_the_body(self, hfjobs: Hfjobs, hub: Hub) -> None:
        argv = ("--no-concurrency", "-s", "KEY", *JOB)
        result = hfjobs(*RUN, "@daily", "--dry-run", "--format", "json", *argv, KEY="s3cret")
        assert (result.code, result.stderr) == (0, "nothing was sent (--dry-run)\n")
        assert json.loads(result.stdout) == {
            "jobSpec": {
                "command": ["python", "-c", "print(1)"],
                "arguments": [],
                "environment": {},
                "flavor": "cpu-basic",
                "secrets": {"KEY": None},
                "labels": {"name": "nightly"},
                "dockerImage": "python:3.12",
            },
            "schedule": "@daily",
            "concurrency": False,
        }
        assert posts(hub) == []

    def test_prints_a_summary(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs(*RUN, "@daily", "--dry-run", "--concurrency", "-s", "KEY=s3cret", *JOB)
        rows = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
        assert rows[:2] == [
            ["schedule", "@daily (first at 2026-05-13T00:00:00Z)"],
            ["concurrency", "yes, jobs may overlap"],
        ]
        assert ["secrets", "KEY=***"] in rows
        assert rows[-1][0] == "cost"
        assert rows[-1][1].startswith("of each job  at most $0.0050: 30m at $0.01 per hour")
        assert posts(hub) == []


class TestLostAnswer:
    """A request that may have reached the server is not sent again; the new schedule is looked for."""

    @pytest.mark.parametrize(
        "misbehavior", [act_and_hang_up, truncate, act_and_reply(200, "{}"), act_and_reply(502, "<html>")]
    )
    def test_the_new_schedule_is_found(self, hfjobs: Hfjobs, hub: Hub, misbehavior: Misbehavior) -> None:
        hfjobs("ps")
        hub.then(misbehavior)
        code, stdout, stderr = hfjobs(*RUN, "-q", "@daily", *JOB)
        assert (code, stdout) == (0, f"{made(hub)['id']}\n")
        assert stderr.startswith("warning: ")
        assert stderr.endswith(f"; found the new schedule by its image and command{EQUAL}\n")
        assert posts(hub) == [f"POST {LIST}"]

    def test_one_that_is_not_found_is_in_doubt(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Though there is one that would do, which was made before."""
        hfjobs(*RUN, "@daily", *JOB)
        with hub.store.write() as tables:
            tables.save_schedule({**made(hub), "createdAt": "2026-05-12T08:59:00.000Z"})
        hub.then(hang_up)
        code, stdout, stderr = hfjobs(*RUN, "@daily", *JOB)
        assert (code, stdout) == (5, "")
        assert stderr.startswith("error: the schedule may or may not have been created: lost the connection to ")
        assert stderr.endswith(
            f"\nhint: before retrying, check with: hfjobs scheduled ps -a --namespace {USER} --name nightly\n"
        )
        assert posts(hub) == [f"POST {LIST}"] * 2

    def test_another_schedule_is_not_taken_for_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Of the same job, made a moment ago."""
        hfjobs(*RUN, "@weekly", *JOB)
        hub.then(hang_up)
        assert hfjobs(*RUN, "@daily", *JOB).code == 5


class TestScripts:
    """A script travels with the schedule."""

    def test_is_in_the_request(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
        script = tmp_path / "sync.py"
        script.write_text("print('synced')\n", encoding="utf-8")
        result = hfjobs("scheduled", "uv", "run", "-q", "@daily", "--with", "httpx", str(script), "--all", "-e")
        assert result == Result(0, f"{made(hub)['id']}\n", "")
        spec = made(hub)["jobSpec"]
        assert spec["command"][3:] == ["uv", "run", "--with", "httpx", "@/sync.py", "--all", "-e"]

    @pytest.mark.parametrize("line", ['network_group = "g"', 'network_aliases = ["a"]\n# network_group = "g"'])
    def test_that_wants_a_network_is_refused(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, line: str) -> None:
        script = tmp_path / "sync.py"
        script.write_text(f"# /// script\n# [tool.hf-jobs]\n# {line}\n# ///\n", encoding="utf-8")
        code, stdout, stderr = hfjobs("scheduled", "uv", "run", "@daily", str(script))
        assert (code, stdout) == (2, "")
        assert stderr.startswith("error: jobs of a schedule cannot join a network group\n")
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            ([], "missing argument 'WHEN'\n"),
            (["@daily"], "missing argument 'SCRIPT'\n"),
            (["@daily", "--with", "x"], "missing argument 'SCRIPT'\n"),
            (["@daily", "nothing.py"], "no such file: 'nothing.py'\n"),
            (["sync.py"], "invalid cron expression 'sync.py'\n"),
        ],
    )
    def test_what_is_wrong_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str) -> None:
        code, stdout, stderr = hfjobs("scheduled", "uv", "run", *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []


def test_a_written_job_with_ssh_is_refused(hfjobs: Hfjobs, hub: Hub) -> None:
    spec = hfjobs("run", "--ssh", "--dry-run", "--json", "ubuntu", "true").stdout
    hub.requests.clear()
    code, _, stderr = hfjobs(*RUN, "@daily", "--spec", "-", stdin=spec)
    assert (code, hub.requests) == (2, [])
    assert stderr.startswith("error: jobs of a schedule cannot have SSH\n")
