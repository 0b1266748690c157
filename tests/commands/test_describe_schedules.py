"""`hfjobs describe` of schedules, and of several jobs and schedules at once; what runs of schedules come to."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from tests.commands.families import Family, wire
from tests.support import BY_HAND, BY_SCHEDULE, DAILY_SCHEDULE, NOW, USER, Golden, Hfjobs, Hub, Result

SPEC: dict[str, Any] = {
    "dockerImage": "python:3.12",
    "command": ["python", "train.py", "--token", "sesame"],
    "arguments": [],
    "environment": {"LR": "0.1", "API_KEY": "sesame", "EMPTY": ""},
    "secrets": ["HF_TOKEN"],
    "flavor": "l4x1",
    "timeout": 3600,
    "labels": {"name": "nightly", "team": "ml"},
    "volumes": [{"type": "dataset", "source": "alice/cards", "mountPath": "/data", "readOnly": True}],
    "expose": {"ports": [8000, 8080], "portsPublic": [8080]},
}


@pytest.fixture
def family(hub: Hub) -> Family:
    return Family(hub, NOW - timedelta(hours=9))


@pytest.fixture
def nightly(hub: Hub, family: Family) -> str:
    """Put a schedule that is active into the Hub, and its runs."""
    identifier = "6a00aaaaaff1cd33e8f00001"
    by = ("scheduled-job", identifier)
    family.add("nightly", by=by)
    family.add("nightly", by=by, stage="ERROR", message="Job failed with exit code: 3. Reason: Error.\nMore")
    last = family.add("nightly", by=by, stage="COMPLETED")
    made = {
        "type": "scheduled-job",
        "id": identifier,
        "createdAt": wire(NOW - timedelta(days=90)),
        "schedule": "0 */6 * * *",
        "suspend": False,
        "concurrency": False,
        "status": {"lastJob": {"id": last, "at": wire(NOW)}, "nextJobRunAt": wire(NOW + timedelta(hours=3))},
        "owner": hub.job()["owner"],
        "initiator": {"type": "user", "id": "1", "name": USER},
        "jobSpec": SPEC,
    }
    with hub.store.write() as tables:
        tables.add_schedule(made)
    return identifier


@pytest.mark.parametrize("columns", [80, 120])
def test_page(hfjobs: Hfjobs, nightly: str, golden: Golden, columns: int) -> None:
    result = hfjobs("describe", f"scheduled-job:{nightly}", columns=columns, NO_COLOR="1")
    assert result == Result(0, golden(f"describe-schedule-{columns}.txt", result.stdout), "")
    assert max(map(len, result.stdout.splitlines())) <= columns
    assert "sesame" not in result.stdout
    narrow = hfjobs("describe", "scheduled-job:weekly-eval", columns=60, NO_COLOR="1").stdout
    runs = narrow.partition("Last runs\n")[2].partition("\n\n")[0].splitlines()
    assert len(runs) == 10
    assert all(len(line) <= 60 and line.split()[-1].endswith(("s", "m")) for line in runs)  # without cost


def test_is_found_by_id_and_by_name(hfjobs: Hfjobs, hub: Hub, nightly: str) -> None:
    """An id alone is looked for among jobs first."""
    page = hfjobs("describe", f"scheduled-job:{nightly}")
    for text in (nightly, "scheduled-job:nightly", f"scheduled-job:{USER}/{nightly}", f"scheduled-job:{nightly[:9]}"):
        assert hfjobs("describe", text) == page
    code, stdout, stderr = hfjobs("describe", "scheduled-job:nope", nightly)
    assert (code, stdout) == (3, page.stdout)
    assert "nope" in stderr
    hub.requests.clear()
    code, stdout, stderr = hfjobs("describe", "scheduled-job:nightly", "--from", "-", stdin="[]")
    assert (code, stdout, hub.requests) == (2, "", [])


def test_several_are_an_array_of_one_schema(hfjobs: Hfjobs, nightly: str) -> None:
    texts = (BY_HAND, f"scheduled-job:{DAILY_SCHEDULE}", nightly, BY_SCHEDULE)
    pages = hfjobs("describe", *texts, "--tail", "0")
    assert pages.stdout == "\n".join(hfjobs("describe", text, "--tail", "0").stdout for text in texts)
    found = hfjobs.jobs("describe", *texts, "--json")
    jsonschema.validate(found, json.loads(hfjobs("help", "schema", "description").stdout))
    assert [each["type"] for each in found] == ["job", "schedule", "schedule", "job"]
    (_, daily, mine, _) = found
    assert mine["schedule"] == hfjobs.jobs("scheduled", "inspect", nightly)[0]
    assert mine["runs"]["next_at"] == [f"2026-05-12T{hour}:00:00+00:00" for hour in (12, 18)] + [
        "2026-05-13T00:00:00+00:00"
    ]
    counts = ("days", "completed", "failed", "canceled", "active", "success_rate")
    assert [mine["runs"][key] for key in counts] == [30, 2, 1, 0, 0, 0.6667]
    assert [each["status"] for each in mine["runs"]["newest"]] == ["COMPLETED", "ERROR", "COMPLETED"]
    assert daily["runs"]["next_at"] == []
    code, stdout, stderr = hfjobs("describe", BY_HAND, "6a01d697aff1cd33e8f30000", "--tail", "0")
    assert (code, "error: no job '6a01d697aff1cd33e8f30000'" in stderr) == (3, True)
    assert stdout == hfjobs("describe", BY_HAND, "--tail", "0").stdout


def test_several_jobs_share_the_pages_that_are_read(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = [job["id"] for job in hub.all_jobs() if job["owner"]["name"] == USER][:5]
    hub.requests.clear()
    assert len(hfjobs.jobs("describe", *ids, "--tail", "0", "--json")) == 5
    asked = [str(request.query) for request in hub.requests if request.path == f"/api/jobs/{USER}"]
    assert len(asked) == len(set(asked)) > 1


def test_suggests_what_can_be_done(hfjobs: Hfjobs, family: Family, nightly: str) -> None:
    def commands(text: str) -> list[list[str]]:
        return [each["command"].split()[1:3] for each in hfjobs.jobs("describe", text, "--json")[0]["next"]]

    assert ["scheduled", "trigger"] in commands(nightly)
    assert ["scheduled", "suspend"] in commands(nightly)
    assert ["scheduled", "resume"] in commands(f"scheduled-job:{DAILY_SCHEDULE}")
    family.add("nightly", by=("scheduled-job", nightly), stage="RUNNING", finishedAt=None, durations=None)
    assert ["scheduled", "trigger"] not in commands(nightly)  # its runs may not overlap


def test_runs_that_cannot_be_read_are_no_failure(hfjobs: Hfjobs, hub: Hub, nightly: str) -> None:
    hub.replies_to(f"/api/jobs/{USER}", 403, '{"error": "no"}')
    code, stdout, stderr = hfjobs("describe", f"scheduled-job:{nightly}")
    assert (code, "Last runs" in stdout, "Schedule     0 */6" in stdout) == (0, False, True)
    assert stderr.startswith(f"warning: cannot read the runs of {nightly}: ")


class TestColumns:
    """`scheduled ps` with `+success` and `+cost`."""

    def test_are_computed_from_the_runs(self, hfjobs: Hfjobs, nightly: str) -> None:
        shown = hfjobs(
            "scheduled", "ps", "-a", "--columns", "name,success,cost", "--sort", "-success", "--format", "tsv"
        )
        assert shown == Result(
            0, "name\tsuccess\tcost\nrefresh-index\t1.0\t~$0.28\nweekly-eval\t1.0\t~$4.21\nnightly\t0.6667\t$0.63\n", ""
        )
        only = hfjobs("scheduled", "ps", "-a", "-f", "success=67%", "-q")
        assert only == Result(0, f"{nightly}\n", "")

    @pytest.mark.usefixtures("nightly")
    def test_are_asked_for_only_where_they_are_needed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        def asked(*options: str) -> int:
            hub.requests.clear()
            assert hfjobs("scheduled", "ps", "-a", *options).code == 0
            return sum(path == f"GET /api/jobs/{USER}" for path in hub.paths)

        assert asked() == 0
        once = asked("--columns", "+success")
        assert once > 0
        assert asked("--columns", "+success,+cost", "--sort", "cost", "-f", "success=*") == once
