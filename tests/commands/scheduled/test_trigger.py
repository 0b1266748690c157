"""`hfjobs scheduled trigger`: a job that bills somebody is created once, and never lost sight of."""

import json
from typing import Any

import pytest

from tests.commands.scheduled.support import LIST, NEW, WEEKLY_SCHEDULE, named
from tests.support import (
    DAILY_SCHEDULE,
    EQUAL,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    act_and_hang_up,
    act_and_reply,
    hang_up,
    pass_on,
    truncate,
)

RUN = f"POST {LIST}/{WEEKLY_SCHEDULE}/run"


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def newest(program: Hfjobs) -> dict[str, Any]:
    (job,) = json.loads(program("ps", "--limit", "1", "--json").stdout)
    assert isinstance(job, dict)
    return job


def test_creates_a_job_and_prints_its_id_and_page(either: Hfjobs) -> None:
    """It has the schedule as its initiator, and the schedule has it as its last one."""
    result = either("scheduled", "trigger", "@name=weekly-eval")
    job = newest(either)
    assert result == Result(0, f"{job['id']}  {job['url']}\n", "")
    assert job["initiator"] == {"type": "scheduled-job", "id": WEEKLY_SCHEDULE, "name": None}
    (schedule,) = either.jobs("scheduled", "inspect", WEEKLY_SCHEDULE)
    assert schedule["status"]["last_job"] == {"id": job["id"], "at": job["created_at"], "stage": "SCHEDULING"}
    assert schedule["suspend"] is True
    for key in ("docker_image", "command", "arguments", "environment", "secrets", "flavor", "timeout", "labels"):
        assert job[key] == schedule["job_spec"][key]


def test_formats_are_those_of_jobs(hfjobs: Hfjobs) -> None:
    (job,) = hfjobs.jobs("scheduled", "trigger", DAILY_SCHEDULE, "--json")
    assert (job["status"]["stage"], job["initiator"]["id"]) == ("SCHEDULING", DAILY_SCHEDULE)
    assert hfjobs("scheduled", "trigger", DAILY_SCHEDULE, "--format", "{{.name}}").stdout == "refresh-index\n"


class TestBusy:
    """A schedule that allows one job at a time is not run while another is under way."""

    def test_the_job_that_runs_is_named(self, hfjobs: Hfjobs, hub: Hub) -> None:
        running = hfjobs("scheduled", "trigger", "-q", WEEKLY_SCHEDULE).stdout.strip()
        code, stdout, stderr = hfjobs("scheduled", "trigger", WEEKLY_SCHEDULE)
        assert (code, stdout) == (1, "")
        assert stderr.startswith(
            f"error: schedule {USER}/{WEEKLY_SCHEDULE} was not triggered: its job {running} is running, and it "
            "allows only one at a time (the Hub refused the request: "
            "Another job is already running at the same time, set `concurrency`"
        )
        assert stderr.endswith(f"\nhint: 'hfjobs inspect {USER}/{running}' shows it\n")
        assert posts(hub) == [RUN, RUN]

    def test_the_others_are_run(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("scheduled", "trigger", WEEKLY_SCHEDULE)
        other = named(hub, "other")
        code, stdout, stderr = hfjobs("scheduled", "trigger", WEEKLY_SCHEDULE, other, "--format", "{{.initiator.id}}")
        assert (code, stdout) == (1, f"{other}\n")
        assert stderr.count("error: ") == 1

    @pytest.mark.parametrize("status", [200, 403])
    def test_which_one_may_not_be_known(self, hfjobs: Hfjobs, hub: Hub, status: int) -> None:
        hfjobs("ps")
        hub.then(act_and_reply(409, '{"error": "Busy"}'))
        hub.replies(status, "[]" if status == 200 else "{}")
        code, stdout, stderr = hfjobs("scheduled", "trigger", f"{USER}/{WEEKLY_SCHEDULE}")
        assert (code, stdout) == (1, "")
        assert "was not triggered: another of its jobs is running, and it allows only one at a time" in stderr


class TestLostAnswer:
    """A request that may have reached the server is not sent again; the new job is looked for by its initiator."""

    @pytest.mark.parametrize(
        "misbehavior",
        [act_and_hang_up, truncate, act_and_reply(200, "{}"), act_and_reply(303, ""), act_and_reply(502, "<html>")],
    )
    def test_the_new_job_is_found(self, hfjobs: Hfjobs, hub: Hub, misbehavior: Misbehavior) -> None:
        hfjobs("ps")
        hub.then(misbehavior)
        code, stdout, stderr = hfjobs("scheduled", "trigger", "-q", WEEKLY_SCHEDULE)
        job = newest(hfjobs)
        assert (code, stdout, job["initiator"]["id"]) == (0, f"{job['id']}\n", WEEKLY_SCHEDULE)
        assert stderr.startswith("warning: ")
        assert stderr.endswith(f"; found the new job by its initiator{EQUAL}\n")
        assert posts(hub) == [RUN]

    def test_one_that_is_not_found_is_in_doubt(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        hub.then(hang_up)
        code, stdout, stderr = hfjobs("scheduled", "trigger", WEEKLY_SCHEDULE, DAILY_SCHEDULE)
        assert (code, stdout) == (5, "")
        assert stderr.startswith(f"error: schedule {USER}/{WEEKLY_SCHEDULE} may or may not have been triggered: ")
        assert stderr.splitlines()[1:] == [
            "hint: before retrying, check with: "
            f"hfjobs ps -a --namespace {USER} --initiator scheduled-job:{WEEKLY_SCHEDULE}",
            f"not triggered: {DAILY_SCHEDULE}",
        ]
        assert posts(hub) == [RUN]

    def test_an_earlier_job_is_not_taken_for_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Of a schedule that is named twice."""
        hfjobs("ps")
        hub.then(pass_on, hang_up)
        code, stdout, _ = hfjobs("scheduled", "trigger", "-q", DAILY_SCHEDULE, DAILY_SCHEDULE)
        assert (code, len(stdout.split())) == (5, 1)

    def test_without_money(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(f"{LIST}/{WEEKLY_SCHEDULE}/run", 402, json.dumps({"error": "no credits"}))
        code, stdout, stderr = hfjobs("scheduled", "trigger", WEEKLY_SCHEDULE, DAILY_SCHEDULE)
        assert (code, stdout) == (1, "")
        assert stderr.startswith("error: payment required: no credits")
        assert stderr.endswith(f"not triggered: {DAILY_SCHEDULE}\n")


def test_a_dry_run_shows_the_schedules(hfjobs: Hfjobs, hub: Hub) -> None:
    told = "would trigger 2 schedules; nothing was triggered\n"
    argv = ("scheduled", "trigger", "--dry-run", DAILY_SCHEDULE, WEEKLY_SCHEDULE)
    assert hfjobs(*argv, "--format", "{{.id}}") == Result(0, f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n", told)
    assert hfjobs(*argv).stdout.splitlines()[1].split()[:2] == [DAILY_SCHEDULE, "refresh-index"]
    assert posts(hub) == []


def test_one_that_does_not_exist(hfjobs: Hfjobs, hub: Hub) -> None:
    code, stdout, stderr = hfjobs("scheduled", "trigger", NEW, DAILY_SCHEDULE, "-q")
    assert (code, len(stdout.split())) == (3, 1)
    assert stderr.startswith(f"error: no schedule '{NEW}' in namespace '{USER}'")
    assert posts(hub) == [f"POST {LIST}/{NEW}/run", f"POST {LIST}/{DAILY_SCHEDULE}/run"]
