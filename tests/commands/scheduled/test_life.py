"""A schedule from its making to its end, on an emulator that runs its jobs when they are due."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.emulator.emulation import Emulator, Serve, until
from tests.support import USER, Result, run_here

FOREVER = [sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(600)"]


class Program:
    """The program, before an emulator."""

    def __init__(self, emulator: Emulator, home: Path) -> None:
        self._environ = {**emulator.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}

    def __call__(self, *argv: str) -> Result:
        return run_here(*argv, environ=self._environ)

    def json(self, *argv: str) -> list[dict[str, Any]]:
        code, stdout, stderr = self(*argv, "--json")
        assert code == 0, stderr
        found: list[dict[str, Any]] = json.loads(stdout)
        return found


@pytest.fixture
def emulator(serve: Serve, tmp_path: Path) -> Emulator:
    return serve(tmp_path / "state", "--empty")


def test_from_its_making_to_its_end(emulator: Emulator, tmp_path: Path) -> None:
    hfjobs = Program(emulator, tmp_path)

    # Every two seconds: the first of six fields is that of seconds.
    created = hfjobs("scheduled", "run", "*/2 * * * * *", "--name", "tick", "-l", "team=ml", "python:3.12", *FOREVER)
    assert created.code == 0, created.stderr
    identifier, name, *_ = created.stdout.split()
    assert name == "tick"

    def runs() -> list[dict[str, Any]]:
        return hfjobs.json("ps", "-a", "--initiator", f"scheduled-job:{identifier}")

    def schedule() -> dict[str, Any]:
        (found,) = hfjobs.json("scheduled", "inspect", "@name=tick")
        return found

    # It runs by itself, and its job is what it describes.
    (job,) = until(runs, "a job that is due")
    assert (job["labels"], job["command"]) == ({"name": "tick", "team": "ml"}, FOREVER)
    emulator.wait_for_line(job["id"], "begun")
    last = schedule()["status"]["last_job"]
    assert (last["id"], last["stage"]) == (job["id"], "RUNNING")

    # One at a time: neither by itself nor by hand is there another.
    busy = hfjobs("scheduled", "trigger", "@name=tick")
    assert busy.code == 1
    assert f"its job {job['id']} is running, and it allows only one at a time" in busy.stderr
    assert len(runs()) == 1

    # Suspended it rests, though its job has ended.
    assert hfjobs("scheduled", "suspend", "--label", "team=ml") == Result(0, f"{identifier}  suspended\n", "")
    emulator.ask("POST", f"/api/jobs/{USER}/{job['id']}/cancel")
    assert hfjobs("scheduled", "ps", "-q") == Result(0, "", "")
    (listed,) = hfjobs.json("scheduled", "ps", "-a")
    assert (listed["status"]["state"], listed["status"]["last_job"]["stage"]) == ("suspended", "CANCELED")
    assert len(runs()) == 1

    # By hand it runs all the same, with the labels that it has by then.
    assert hfjobs("scheduled", "labels", identifier, "--remove", "team", "-l", "by=hand").code == 0
    assert hfjobs("scheduled", "reschedule", identifier, "@yearly").code == 0
    triggered = hfjobs("scheduled", "trigger", identifier)
    assert triggered.code == 0
    second, address = triggered.stdout.split()
    assert address == f"{emulator.endpoint}/jobs/{USER}/{second}"
    assert emulator.job(second)["labels"] == {"name": "tick", "by": "hand"}

    # Resumed it waits for its new time.
    assert hfjobs("scheduled", "resume", "@latest") == Result(0, f"{identifier}  active\n", "")
    assert (schedule()["schedule"], schedule()["status"]["next_job_run_at"][4:]) == ("@yearly", "-01-01T00:00:00+00:00")

    # Its jobs outlive it.
    assert hfjobs("scheduled", "delete", "--name", "tick", "--yes") == Result(0, f"{identifier}  deleted\n", "")
    assert hfjobs("scheduled", "inspect", identifier).code == 3
    assert emulator.job(second)["status"]["stage"] in ("SCHEDULING", "RUNNING")
