"""`hfjobs describe`: all there is to tell of a job, on a page."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.commands.families import GONE_SCHEDULE, ORGANIZATION, Family
from tests.support import BY_SCHEDULE, DAILY_SCHEDULE, USER, Golden, Hfjobs, Hub, Result

LONG = ["bash", "-c", "python train.py --lr 0.1 && " * 30, "--token", "sesame"]


@pytest.fixture
def family(hub: Hub) -> Family:
    return Family(hub)


class Western(io.StringIO):
    """A stream that cannot hold every character."""

    encoding = "cp1252"


def wrote(tmp_path: Path, job: str, *lines: str) -> None:
    """Have a job of the Hub have written something."""
    path = tmp_path / "hub" / "logs" / f"{job}.jsonl"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    header = "===== Job started at 2026-05-12 08:00:00 ====="
    events = [{"data": line, "timestamp": "2026-05-12T08:00:00.000Z"} for line in (header, *lines)]
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="ascii", newline="\n")


def described(hfjobs: Hfjobs, job: str, *options: str) -> dict[str, Any]:
    (found,) = hfjobs.jobs("describe", job, "--format", "json", *options)
    return found


class TestPage:
    """What a person reads."""

    @pytest.mark.parametrize("columns", [60, 80, 120])
    def test_of_a_job_that_failed(
        self, hfjobs: Hfjobs, hub: Hub, family: Family, tmp_path: Path, golden: Golden, columns: int
    ) -> None:
        runs = [family.add("nightly", by=("scheduled-job", DAILY_SCHEDULE), command=LONG) for _ in range(3)]
        job = family.add(
            "nightly",
            by=("scheduled-job", DAILY_SCHEDULE),
            command=LONG,
            stage="ERROR",
            message="Job failed with exit code: 3. Reason: Error.",
        )
        family.add("nightly", by=("duplicated-job", job))
        wrote(tmp_path, job, *(f"step {number}" for number in range(20)), "\x1b[31mTraceback\x1b[0m", "10%\r100%\n")
        result = hfjobs("describe", job, "--tail", "3", columns=columns).without(hub.endpoint)
        assert result == Result(0, golden(f"describe-{columns}.txt", result.stdout), "")
        plain = hfjobs("describe", job, "--tail", "3", columns=columns, NO_COLOR="1").stdout
        assert max(len(line) for line in plain.splitlines() if "http" not in line) <= columns
        assert "sesame" not in plain
        assert runs[-1] in plain

    def test_in_a_pipe(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        result = hfjobs("describe", BY_SCHEDULE).without(hub.endpoint)
        assert result == Result(0, golden("describe-pipe.txt", result.stdout), "")

    def test_ascii_where_there_is_no_unicode(self, hfjobs: Hfjobs) -> None:
        printed = hfjobs("describe", BY_SCHEDULE, stdout=Western()).stdout
        assert printed.isascii()
        assert "Times        --------====" in printed

    def test_has_no_bar_where_no_time_passed(self, hfjobs: Hfjobs, family: Family) -> None:
        durations = {"schedulingSecs": 0, "runningSecs": 0, "totalSecs": 0}
        job = family.add("quick", stage="COMPLETED", durations=durations)
        printed = hfjobs("describe", job).stdout
        assert "\nTimes        ─ waited 0s  ━ ran 0s\nCost " in printed

    @pytest.mark.parametrize(
        ("name", "changes"),
        [
            ("scheduling", {"stage": "SCHEDULING"}),
            ("running", {"stage": "RUNNING", "finishedAt": None, "durations": None, "timeout": 7200}),
            ("no-credits", {"status": {"stage": "CANCELED", "message": None, "cancelReason": "NO_CREDITS"}}),
            ("timeout", {"stage": "ERROR", "message": "Job timeout", "timeout": 600}),
            ("out-of-memory", {"stage": "ERROR", "message": "Job failed with exit code: 137. Reason: OOMKilled."}),
            ("deleted", {"stage": "DELETED"}),
        ],
    )
    def test_of_each_stage(
        self, hfjobs: Hfjobs, hub: Hub, family: Family, golden: Golden, name: str, changes: dict[str, Any]
    ) -> None:
        if name == "scheduling":
            changes = {**changes, "startedAt": None, "finishedAt": None, "durations": None}
        job = family.add(**changes)
        result = hfjobs("describe", job, columns=80, NO_COLOR="1").without(hub.endpoint)
        assert result == Result(0, golden(f"describe-{name}.txt", result.stdout), "")

    def test_of_an_old_job_of_which_little_is_known(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        keys = (
            "startedAt",
            "finishedAt",
            "durations",
            "initiator",
            "labels",
            "flavor",
            "command",
            "createdBy",
            "timeout",
        )
        job = hub.add(**dict.fromkeys(keys), arguments=[], createdAt="2025-08-29T10:05:00.000Z")
        result = hfjobs("describe", job, columns=80, NO_COLOR="1").without(hub.endpoint)
        assert result == Result(0, golden("describe-old.txt", result.stdout), "")


class TestWhy:
    """How it stands and why, each only if the Hub says so."""

    @pytest.mark.parametrize(
        ("status", "why", "reason", "exit_code"),
        [
            ({"stage": "COMPLETED"}, "It completed 18h ago, after 6m43s.", None, None),
            (
                {"stage": "ERROR", "message": "Job failed with exit code: 1. Reason: Error."},
                "It failed 18h ago, after 6m43s, with exit code 1.",
                "exit-code",
                1,
            ),
            (
                {"stage": "ERROR", "message": "Job failed with exit code: 137. Reason: Error.", "failureCount": 3},
                "It failed 18h ago, after 6m43s, with exit code 137 (SIGKILL), after 2 attempts that also failed.",
                "exit-code",
                137,
            ),
            (
                {"stage": "ERROR", "message": "Job failed with exit code: 137. Reason: OOMKilled."},
                "It ran out of memory 18h ago, after 6m43s (exit code 137).",
                "out-of-memory",
                137,
            ),
            (
                {"stage": "ERROR", "message": "Job timeout"},
                "It timed out 18h ago, after 6m43s (timeout 2h).",
                "timeout",
                None,
            ),
            ({"stage": "ERROR", "message": "Disk."}, "It failed 18h ago, after 6m43s: Disk.", "failed", None),
            ({"stage": "ERROR"}, "It failed 18h ago, after 6m43s.", "failed", None),
            ({"stage": "CANCELED"}, "It was canceled 18h ago, after 6m43s.", "canceled", None),
            (
                {"stage": "CANCELED", "cancelReason": "NO_SUBSCRIPTION"},
                "It was canceled 18h ago, after 6m43s, because there is no subscription.",
                "no-subscription",
                None,
            ),
            (
                {"stage": "CANCELED", "cancelReason": "RESOURCE_GROUP_LIMIT"},
                "It was canceled 18h ago, after 6m43s, because its resource group reached its spending limit.",
                "resource-group-limit",
                None,
            ),
            (
                {"stage": "CANCELED", "cancelReason": "COMET"},
                "It was canceled 18h ago, after 6m43s: COMET.",
                "comet",
                None,
            ),
            ({"stage": "DELETED"}, "It was deleted.", "deleted", None),
            ({"stage": "ORBITING", "message": "round 3"}, "Its status is ORBITING: round 3.", None, None),
        ],
    )
    def test_ended(
        self,
        hfjobs: Hfjobs,
        family: Family,
        status: dict[str, Any],
        why: str,
        reason: str | None,
        exit_code: int | None,
    ) -> None:
        found = described(hfjobs, family.add(status={"message": None, **status}, timeout=7200))
        assert (found["why"], found["reason"], found["exit_code"]) == (why, reason, exit_code)

    def test_waiting_says_for_what(self, hfjobs: Hfjobs, family: Family) -> None:
        changes = {"startedAt": None, "finishedAt": None, "durations": None}
        job = family.add(**changes, stage="SCHEDULING", message="Waiting for h200.")
        found = described(hfjobs, job)
        assert found["why"] == "It has been waiting for 19h: Waiting for h200."
        assert found["last_lines"] is None
        assert found["waited_secs"] == 19 * 3600


class TestStartedBy:
    """One sentence, with names instead of ids, and its family in another."""

    def test_person(self, hfjobs: Hfjobs, family: Family) -> None:
        found = described(hfjobs, family.add())
        assert (found["started_by"], found["family"]) == (f"{USER} started it by hand.", "No child jobs.")

    def test_schedule(self, hfjobs: Hfjobs) -> None:
        found = described(hfjobs, BY_SCHEDULE)
        assert found["started_by"] == f"The schedule refresh-index started it, on behalf of {USER}."
        assert found["family"] == (
            "One of 48 runs of that schedule: 41 completed, 5 canceled, 1 running, 1 failed. No child jobs."
        )

    def test_gone_schedule(self, hfjobs: Hfjobs, family: Family) -> None:
        found = described(hfjobs, family.add(by=("scheduled-job", GONE_SCHEDULE)))
        assert found["started_by"] == f"The schedule {GONE_SCHEDULE} started it, on behalf of {USER}."
        assert found["family"] == "The only run of that schedule. No child jobs."

    def test_webhook(self, hfjobs: Hfjobs, family: Family) -> None:
        variables = {"WEBHOOK_REPO_ID": "alice/cards", "WEBHOOK_REPO_TYPE": "dataset"}
        found = described(hfjobs, family.add(by=("webhook", GONE_SCHEDULE), environment=variables))
        assert found["started_by"] == f"A webhook of the dataset alice/cards started it, on behalf of {USER}."

    def test_copies(self, hfjobs: Hfjobs, family: Family) -> None:
        source = family.add("a")
        again = family.add("b", by=("duplicated-job", source), stage="ERROR")
        changed = family.add("c", label=again, createdBy=None)
        assert described(hfjobs, source)["family"] == "2 descendants: 1 failed, 1 completed."
        found = described(hfjobs, again)
        assert found["started_by"] == f"It is a copy of a ({source}), made by {USER}."
        assert found["family"] == f"Its first ancestor is {USER}. 1 child job: completed."
        assert described(hfjobs, changed)["started_by"] == f"It is a changed copy of b ({again})."

    def test_gone_source(self, hfjobs: Hfjobs, family: Family) -> None:
        gone = family.job()["id"]
        found = described(hfjobs, family.add(by=("duplicated-job", gone), createdBy=None))
        assert found["started_by"] == f"It is a copy of {gone}, which no longer exists."

    def test_organization(self, hfjobs: Hfjobs, family: Family) -> None:
        initiator = {"type": "org", "id": "1", "name": "aurora-lab"}
        found = described(hfjobs, f"aurora-lab/{family.add(initiator=initiator, owner=ORGANIZATION)}")
        assert found["started_by"] == f"The organization aurora-lab started it, on behalf of {USER}."
        assert found["next"][0]["command"].startswith("hfjobs duplicate aurora-lab/")

    def test_unknown(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert described(hfjobs, hub.add(initiator=None))["started_by"] == "It is unknown what started it."
        other = described(hfjobs, hub.add(id="6a02000000000000000000bb", initiator={"type": "comet", "id": "c1"}))
        assert other["started_by"] == f"comet c1 started it, on behalf of {USER}."


class TestSameLaunch:
    """Whether image, command and flavor worked before."""

    def test_compares_image_command_and_flavor(self, hfjobs: Hfjobs, family: Family) -> None:
        launch: dict[str, Any] = {"command": ["a", "b"], "arguments": [], "flavor": "h200"}
        family.add(**launch, stage="ERROR")
        good = family.add(command=["a"], arguments=["b"], flavor="h200")
        family.add(**{**launch, "flavor": "t4-small"})
        family.add(**{**launch, "command": ["a"]})
        family.add(**launch, dockerImage="other")
        job = family.add(**launch, stage="ERROR")
        family.add(**launch)
        found = described(hfjobs, job)["same_launch"]
        assert (found["completed"], found["failed"], found["last_good"], found["is_whole"]) == (1, 1, good, True)
        assert f"1 of 2 earlier jobs completed, last 2026-05-11T15:00:00Z ({good})" in hfjobs("describe", job).stdout

    @pytest.mark.parametrize(
        ("changed", "worked"),
        [(b"print(2)\n", False), (b"print(1)\n", True)],
    )
    def test_the_script_that_travels_with_it_belongs_to_it(
        self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, changed: bytes, worked: bool
    ) -> None:
        """What it is called does not tell an edited one from another."""
        (tmp_path / "train.py").write_bytes(b"print(1)\n")
        assert hfjobs("uv", "run", "-d", "--name", "t", str(tmp_path / "train.py")).code == 0
        good = hub.all_jobs()[0]
        (tmp_path / "train.py").write_bytes(changed)
        assert hfjobs("uv", "run", "--dry-run", "--name", "t", str(tmp_path / "train.py")).code == 0
        launch = {key: good[key] for key in ("dockerImage", "command", "flavor", "labels")}
        hub.add(**launch, environment=good["environment"], id="6a0200000000000000000001")
        body = json.loads(hfjobs("uv", "run", "--dry-run", "--json", "--name", "t", str(tmp_path / "train.py")).stdout)
        failed = {"stage": "ERROR", "message": "Job failed with exit code: 1"}
        bad = hub.add(
            **launch,
            environment=body["environment"],
            id="6a0200000000000000000002",
            status=failed,
            createdAt="2026-05-12T08:59:59.500Z",
        )
        told = hfjobs("describe", bad, "--tail", "0").stdout
        assert ("run it again: it completed before" in told) is worked
        assert ("1 of 1 earlier jobs completed" in told) is worked
        assert f"hfjobs diff --with-last-good {bad}" in told

    def test_files_in_a_bucket_are_those_of_one_launch(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The official client takes them there, and what they hold is not known."""

        def volumes(path: str) -> list[dict[str, Any]]:
            return [{"type": "bucket", "source": f"{USER}/jobs-artifacts", "mountPath": "/data", "path": path}]

        hub.add(id="6a0200000000000000000001", labels={"name": "t"}, volumes=volumes("a"))
        status = {"stage": "ERROR", "message": "Job failed with exit code: 1"}
        for number, path in ((2, "b"), (3, "a")):
            job = hub.add(
                id=f"6a020000000000000000000{number}",
                labels={"name": "t"},
                volumes=volumes(path),
                status=status,
                createdAt="2026-05-12T08:59:59.500Z",
            )
            assert ("it completed before" in hfjobs("describe", job, "--tail", "0").stdout) is (path == "a")

    def test_what_never_worked_is_compared_with_nothing(self, hfjobs: Hfjobs, hub: Hub) -> None:
        failed = {"stage": "ERROR", "message": "Job failed with exit code: 1"}
        job = hub.add(labels={"name": "never"}, status=failed)
        told = hfjobs("describe", job, "--tail", "0").stdout
        assert "with-last-good" not in told
        assert hfjobs("diff", "--with-last-good", job).code == 3

    def test_never(self, hfjobs: Hfjobs, family: Family) -> None:
        family.add(flavor="h200", stage="ERROR")
        assert "no earlier job completed, 1 failed\n" in hfjobs("describe", family.add(flavor="h200")).stdout

    def test_first(self, hfjobs: Hfjobs, family: Family) -> None:
        printed = hfjobs("describe", family.add(flavor="h200")).stdout
        assert "no earlier jobs (same image, command and flavor)\n" in printed


class TestNext:
    """What to type next."""

    @pytest.mark.parametrize(
        ("changes", "commands"),
        [
            ({}, ["logs JOB", "duplicate JOB", "ps -a --name train"]),
            (
                {"stage": "ERROR", "message": "exit code: 1"},
                ["logs -n 100 JOB", "diff --with-last-good JOB", "duplicate JOB"],
            ),
            (
                {"stage": "ERROR", "message": "OOMKilled"},
                ["hardware --sort price", "duplicate JOB --flavor FLAVOR -s HF_TOKEN"],
            ),
            (
                {"stage": "ERROR", "message": "Job timeout", "timeout": 5400},
                ["duplicate JOB --timeout 3h -s HF_TOKEN", "logs -n 20 JOB"],
            ),
            ({"stage": "CANCELED", "name": None}, ["duplicate JOB"]),
            ({"stage": "DELETED"}, ["tree JOB"]),
            ({"stage": "RUNNING"}, ["logs -f JOB", "stats JOB", "cancel JOB"]),
            ({"stage": "SCHEDULING"}, ["logs -f JOB", "cancel JOB"]),
        ],
    )
    def test_by_stage_and_reason(
        self, hfjobs: Hfjobs, family: Family, changes: dict[str, Any], commands: list[str]
    ) -> None:
        family.add()
        job = family.add(**changes)
        found = described(hfjobs, job, "--tail", "0")["next"]
        assert [each["command"] for each in found] == [f"hfjobs {each.replace('JOB', job)}" for each in commands]

    def test_of_a_job_without_logs(self, hfjobs: Hfjobs, family: Family) -> None:
        """Of one that wrote nothing, or never started, none are suggested."""
        silent = family.add(stage="ERROR", message="exit code: 1")
        never = family.add(stage="ERROR", message="no such image", startedAt=None, durations={"totalSecs": 3})
        for options in ((silent,), (never,), (never, "--tail", "0")):
            assert not any("logs" in each["command"] for each in described(hfjobs, *options)["next"])


class TestLastLines:
    """What it wrote last, as a terminal would show it."""

    def test_tail(self, hfjobs: Hfjobs, family: Family, tmp_path: Path) -> None:
        job = family.add()
        wrote(tmp_path, job, *(f"line {number}" for number in range(30)), "\x1b[1mbold\x1b[0m", "0%\r50%\r100%")
        assert described(hfjobs, job)["last_lines"] == [*(f"line {n}" for n in range(22, 30)), "bold", "100%"]
        assert described(hfjobs, job, "-n", "1")["last_lines"] == ["100%"]

    def test_tokens_are_masked(self, hfjobs: Hfjobs, family: Family, tmp_path: Path) -> None:
        """A page is meant to be shared."""
        job = family.add()
        wrote(tmp_path, job, f"login with hf_{'x' * 34}")
        assert described(hfjobs, job)["last_lines"] == ["login with ***"]

    def test_may_be_left_out(self, hfjobs: Hfjobs, hub: Hub, family: Family) -> None:
        assert described(hfjobs, family.add(), "--tail", "0")["last_lines"] is None
        assert not any(path.endswith("/logs") for path in hub.paths)

    def test_that_cannot_be_read_are_no_failure(self, hfjobs: Hfjobs, hub: Hub, family: Family) -> None:
        job = family.add()
        hub.replies_to(f"/api/jobs/{USER}/{job}/logs", 403, '{"error": "no"}')
        code, stdout, stderr = hfjobs("describe", job)
        assert code == 0
        assert "Last lines" not in stdout
        assert stderr.startswith("warning: cannot read its output: ")

    def test_do_no_harm(self, hfjobs: Hfjobs, family: Family, tmp_path: Path) -> None:
        job = family.add()
        wrote(tmp_path, job, "\x1b[2Jcleared", "x" * 100_000)
        printed = hfjobs("describe", job, columns=80).stdout
        assert "\\x1b[2Jcleared" in printed
        assert len(printed) < 5000


def test_costs_are_those_of_ps(hfjobs: Hfjobs, family: Family) -> None:
    job = family.add(flavor="a100-large", owner=ORGANIZATION, durations=None)
    found = described(hfjobs, f"aurora-lab/{job}")
    assert (found["cost"], found["cost_is_estimated"]) == ("~$0.29", True)
    printed = hfjobs("describe", f"aurora-lab/{job}").stdout
    assert "\nCost         ~$0.29 (estimated from the price of the flavor)\n" in printed


def test_a_long_history_is_read_in_part(hfjobs: Hfjobs, family: Family) -> None:
    """Ten pages; tree reads all of them."""
    by = ("scheduled-job", DAILY_SCHEDULE)
    runs = [family.job("nightly", by=by, after=timedelta(seconds=20)) for _ in range(1200)]
    ids = family.add_all(runs)
    found = described(hfjobs, ids[-1])
    assert found["family"] == (
        "One of 994 runs of that schedule: 993 completed, 1 running. No child jobs. "
        "Only the newest 1,000 jobs were searched."
    )
    assert found["same_launch"]["is_whole"] is False
    copy = family.add(by=("duplicated-job", ids[0]))
    assert described(hfjobs, copy)["started_by"] == f"It is a copy of nightly ({ids[0]}), made by {USER}."


def test_json_holds_the_job_as_inspect_prints_it(hfjobs: Hfjobs) -> None:
    assert [described(hfjobs, BY_SCHEDULE)["job"]] == hfjobs.jobs("inspect", BY_SCHEDULE)


def test_other_formats(hfjobs: Hfjobs, family: Family) -> None:
    job = family.add(stage="ERROR", message="Job timeout")
    assert hfjobs("describe", job, "-q").stdout == f"{job}\n"
    template = "{{.reason}} {{.job.flavor}} {{len .next}} {{.name}} {{.type}}"
    assert hfjobs("describe", job, "--format", template).stdout == "timeout l40sx1 1 train job\n"
    table = hfjobs("describe", job, "--columns", "id,reason,job.command").stdout.splitlines()
    assert table[0].split() == ["ID", "REASON", "JOB.COMMAND"]
    assert "python -c" in table[1]


def test_without_a_job(hfjobs: Hfjobs) -> None:
    code, stdout, stderr = hfjobs("describe", "6a01d697aff1cd33e8f30000")
    assert (code, stdout) == (3, "")
    assert stderr.startswith("error: no job '6a01d697aff1cd33e8f30000'")


def test_of_what_was_saved(hfjobs: Hfjobs, hub: Hub, family: Family, tmp_path: Path) -> None:
    """All but what the Hub alone knows."""
    source = family.add(flavor="h200")
    job = family.add(flavor="h200", by=("duplicated-job", source), stage="ERROR", message="Job timeout")
    wrote(tmp_path, job, "a line")
    expected = described(hfjobs, job)
    saved = hfjobs("ps", "-a", "--limit", "0", "--json").stdout
    hub.requests.clear()
    found = json.loads(hfjobs("describe", job, "--from", "-", "--json", stdin=saved).stdout)
    unknown = dict.fromkeys(("cost", "cost_usd", "cost_is_estimated", "last_lines"))
    assert found == [{**expected, **unknown}]
    assert hub.requests == []


def test_json_fits_its_schema(hfjobs: Hfjobs, family: Family) -> None:
    schema = json.loads(hfjobs("help", "schema", "description").stdout)
    family.add()
    jsonschema.validate([described(hfjobs, each) for each in (BY_SCHEDULE, family.add(stage="ERROR"))], schema)
