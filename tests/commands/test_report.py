"""`hfjobs report`: jobs counted in groups, as they would be by hand."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.support import DAILY_SCHEDULE, USER, Golden, Hfjobs, Hub, Result, Terminal, run_python

Job = dict[str, Any]

KEYS = [
    "jobs",
    "completed",
    "failed",
    "canceled",
    "active",
    "success_rate",
    "waiting_secs",
    "waiting_p95_secs",
    "running_secs",
    "running_p50_secs",
    "running_p95_secs",
    "cost_usd",
    "cost_is_estimated",
    "job_share",
    "cost_share",
    "groups",
]


def week(created: str) -> str:
    year, number, _ = datetime.fromisoformat(created).isocalendar()
    return f"{year}-W{number:02}"


FIELDS: dict[str, Callable[[Job], str | None]] = {
    "initiator": lambda job: (
        job["initiator"] and f"{job['initiator']['type']}:{job['initiator']['name'] or job['initiator']['id']}"
    ),
    "initiator-type": lambda job: job["initiator"] and job["initiator"]["type"],
    "flavor": lambda job: job["flavor"],
    "name": lambda job: (job["labels"] or {}).get("name"),
    "image": lambda job: job["docker_image"] or f"hf.co/spaces/{job['space_id']}",
    "owner": lambda job: job["owner"]["name"],
    "status": lambda job: job["status"]["stage"],
    "day": lambda job: job["created_at"][:10],
    "week": lambda job: week(job["created_at"]),
    "month": lambda job: job["created_at"][:7],
    "label.team": lambda job: (job["labels"] or {}).get("team"),
    "message": lambda job: job["status"]["message"],
}


def percentile(values: list[float], number: int) -> float | None:
    """Return a percentile as `statistics` has it, which wants two values."""
    if len(values) < 2:
        return values[0] if values else None
    return round(quantiles(values, n=100, method="inclusive")[number - 1], 3)


def by_hand(jobs: list[Job], costs: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Return what a group of jobs comes to, from the objects that `ps` prints, and costs as its columns tell them."""
    stages = [job["status"]["stage"] for job in jobs]
    completed, failed = stages.count("COMPLETED"), stages.count("ERROR")
    durations = [job["durations"] or {} for job in jobs]
    waits = [each["scheduling_secs"] for each in durations if each.get("scheduling_secs") is not None]
    runs = [each["running_secs"] for each in durations if each.get("running_secs") is not None]
    known = [costs[job["id"]] for job in jobs if costs[job["id"]][0]]
    billed = sum(Decimal(usd) for usd, _ in costs.values() if usd)
    return {
        "jobs": len(jobs),
        "completed": completed,
        "failed": failed,
        "canceled": stages.count("CANCELED") + stages.count("DELETED"),
        "active": stages.count("RUNNING") + stages.count("SCHEDULING"),
        "success_rate": round(completed / (completed + failed), 4) if completed + failed else None,
        "waiting_secs": percentile(waits, 50),
        "waiting_p95_secs": percentile(waits, 95),
        "running_secs": sum(runs),
        "running_p50_secs": percentile(runs, 50),
        "running_p95_secs": percentile(runs, 95),
        "cost_usd": float(sum(Decimal(usd) for usd, _ in known)) if known else None,
        "cost_is_estimated": (
            any(is_estimated == "true" for _, is_estimated in known) or len(known) < len(jobs) if known else None
        ),
        "job_share": round(len(jobs) / len(costs), 6),
        "cost_share": round(float(sum(Decimal(usd) for usd, _ in known) / billed), 6) if known else None,
        "groups": 1,
    }


def costs_of(hfjobs: Hfjobs) -> dict[str, tuple[str, str]]:
    columns = "id,cost_usd,cost_is_estimated"
    lines = hfjobs("ps", "-a", "--limit", "0", "--format", "csv", "--columns", columns).stdout.splitlines()[1:]
    return {identifier: (usd, is_estimated) for identifier, usd, is_estimated in (line.split(",") for line in lines)}


def test_sums_are_those_by_hand(hfjobs: Hfjobs) -> None:
    jobs = hfjobs.jobs("ps", "-a", "--limit", "0", "--json")
    costs = costs_of(hfjobs)
    for names in (*FIELDS, "status,flavor", "month,initiator-type", "label.team,week"):
        check_sums(hfjobs, names, jobs, costs)


def check_sums(hfjobs: Hfjobs, names: str, jobs: list[Job], costs: dict[str, tuple[str, str]]) -> None:
    """Check the groups of a report against the jobs that were listed."""
    groups = hfjobs.jobs("report", "--by", names, "--json")
    schedules = ["initiator_name"] * (names == "initiator")
    assert {tuple(group) for group in groups} == {(*names.split(","), *schedules, *KEYS)}
    expected: dict[tuple[str | None, ...], list[Job]] = {}
    for job in jobs:
        expected.setdefault(tuple(FIELDS[name](job) for name in names.split(",")), []).append(job)
    called = {group["initiator"]: group.pop("initiator_name") for group in groups if schedules}
    assert not schedules or called[f"scheduled-job:{DAILY_SCHEDULE}"] == "refresh-index"
    found = {tuple(group.pop(name) for name in names.split(",")): group for group in groups if group["jobs"]}
    assert found == {key: by_hand(members, costs) for key, members in expected.items()}
    assert sum(group["jobs"] for group in groups) == len(jobs) == 245


@pytest.mark.parametrize(
    "options",
    [
        ["--initiator", f"scheduled-job:{DAILY_SCHEDULE}", "--since", "2026-05-01"],
        ["--status", "error,canceled"],
        ["-f", "flavor=a100*", "--label", "team=ml"],
        ["--since", "30d", "--until", "2026-05-01"],
    ],
)
def test_filters_are_those_of_ps(hfjobs: Hfjobs, options: list[str]) -> None:
    """But all statuses count, and all jobs."""
    ids = hfjobs("ps", "-a", "--limit", "0", "-q", *options).stdout.split()
    groups = json.loads(hfjobs("report", "--json", *options).stdout)
    assert sum(group["jobs"] for group in groups) == len(ids) > 5


def test_a_limit_counts_the_newest_only(hfjobs: Hfjobs) -> None:
    (group,) = json.loads(hfjobs("report", "--by", "owner", "--limit", "30", "--json").stdout)
    assert (group["owner"], group["jobs"]) == (USER, 30)


class TestPeriods:
    """Days, weeks and months are in their order, also those in which nothing was run."""

    def groups(self, hfjobs: Hfjobs, *argv: str) -> list[tuple[Any, ...]]:
        names = argv[1].split(",")
        return [
            (*(group[name] for name in names), group["jobs"])
            for group in json.loads(hfjobs("report", *argv, "--json").stdout)
        ]

    def test_without_jobs_are_there(self, hfjobs: Hfjobs) -> None:
        options = ["--initiator", "webhook", "--since", "2026-05-04", "--until", "2026-05-11"]
        assert self.groups(hfjobs, "--by", "day", *options) == [
            ("2026-05-04", 0),
            ("2026-05-05", 1),
            ("2026-05-06", 0),
            ("2026-05-07", 1),
            ("2026-05-08", 0),
            ("2026-05-09", 1),
            ("2026-05-10", 0),
        ]

    def test_go_up_to_now_and_from_the_first_job(self, hfjobs: Hfjobs) -> None:
        days = self.groups(hfjobs, "--by", "day", "--since", "3d", "--status", "deleted")
        assert [day for day, _ in days] == []
        days = self.groups(hfjobs, "--by", "day", "--since", "3d", "--initiator", "webhook")
        assert [day for day, _ in days] == ["2026-05-09", "2026-05-10", "2026-05-11", "2026-05-12"]
        months = [month for month, _ in self.groups(hfjobs, "--by", "month")]
        assert months == [f"2025-{month:02}" for month in range(8, 13)] + [f"2026-{month:02}" for month in range(1, 6)]

    def test_hours_without_jobs_are_only_drawn(self, hfjobs: Hfjobs) -> None:
        """There are many; as lines they show when nothing ran."""
        options = ["--initiator", "webhook", "--since", "2026-05-08", "--until", "2026-05-10"]
        hours = self.groups(hfjobs, "--by", "hour", *options)
        assert hours == sorted(hours)
        assert 0 < len(hours) < 20
        assert all(count for _, count in hours)
        page = hfjobs("report", "--by", "hour", *options, "--format", "html").stdout
        drawn = set(re.findall(r"2026-05-\d\dT\d\d:00Z", page))
        assert len(drawn) == 48
        assert drawn > {hour for hour, _ in hours}

    def test_come_with_what_else_is_grouped_by(self, hfjobs: Hfjobs) -> None:
        """Where the period comes first an empty one is one group, else each value has them all."""
        options = ["--initiator", "webhook", "--since", "2026-05-04", "--until", "2026-05-07"]
        assert self.groups(hfjobs, "--by", "day,name", *options) == [
            ("2026-05-04", None, 0),
            ("2026-05-05", "validate-dataset", 1),
            ("2026-05-06", None, 0),
        ]
        options = ["-f", "flavor=cpu-basic,h200", "--since", "2026-05-09", "--until", "2026-05-11"]
        assert self.groups(hfjobs, "--by", "flavor,day", *options) == [
            ("h200", "2026-05-09", 0),
            ("h200", "2026-05-10", 3),
            ("cpu-basic", "2026-05-09", 1),
            ("cpu-basic", "2026-05-10", 0),
        ]

    def test_of_an_odd_date_do_not_fill_the_screen(self, hfjobs: Hfjobs, hub: Hub) -> None:
        before = self.groups(hfjobs, "--by", "day")
        hub.add(createdAt="0001-01-01T00:00:00.000Z")
        first, *others = self.groups(hfjobs, "--by", "day")
        assert first == ("0001-01-01", 1)
        assert others == before

    @pytest.mark.parametrize("by", ["hour", "day", "week", "month"])
    def test_one_job_of_1970_adds_one_group(self, hfjobs: Hfjobs, hub: Hub, by: str) -> None:
        before = self.groups(hfjobs, "--by", by)
        hub.add(createdAt="1970-01-01T00:00:00.000Z")
        first, *others = self.groups(hfjobs, "--by", by)
        assert (first[0][:7], first[1], others) == ({"week": "1970-W0"}.get(by, "1970-01"), 1, before)


def test_times_below_zero_are_not_subtracted(hfjobs: Hfjobs, hub: Hub) -> None:
    label = {"odd": "1"}
    hub.add(labels=label, durations={"schedulingSecs": -50, "runningSecs": -5000})
    hub.add(id="6a02000000000000000000bb", labels=label, durations={"schedulingSecs": 30, "runningSecs": 100})
    later = {"startedAt": "2026-05-12T08:30:00.000Z", "finishedAt": "2026-05-12T08:00:00.000Z"}
    hub.add(id="6a02000000000000000000cc", labels=label, durations=None, **later)
    (group,) = json.loads(hfjobs("report", "-l", "odd=1", "--json").stdout)
    assert (group["jobs"], group["running_secs"], group["waiting_secs"]) == (3, 100, 0)


def test_a_group_without_a_value_is_a_dash(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.add(labels={"lone": "x"})
    assert hfjobs("report", "--by", "label.lone", "-q") == Result(0, "-\nx\n", "")
    assert hfjobs("report", "--by", "label.my_key,exit_code").stdout.startswith("LABEL.MY_KEY  EXIT CODE  ")


def test_groups_are_ordered_by_how_many_jobs_they_have(hfjobs: Hfjobs) -> None:
    """By those of the first field, then by those of the second."""
    groups = [
        (group["status"], group["flavor"], group["jobs"])
        for group in hfjobs.jobs("report", "--by", "status,flavor", "--json")
    ]
    statuses = list(dict.fromkeys(status for status, _, _ in groups))
    totals = [sum(count for status, _, count in groups if status == each) for each in statuses]
    assert totals == sorted(totals, reverse=True)
    completed = [count for status, _, count in groups if status == "COMPLETED"]
    assert completed == sorted(completed, reverse=True)


@pytest.mark.parametrize("sort", ["-cost_usd", "-cost", "failed", "-jobs", "-share", "waited"])
def test_can_be_sorted_by_any_column(hfjobs: Hfjobs, sort: str) -> None:
    column = {"cost": "cost_usd", "share": "job_share"}.get(sort.lstrip("-"), sort.lstrip("-"))
    result = hfjobs("report", "--by", "name", "--sort", sort, "--format", "csv", "--columns", f"name,{column}")
    values = [float(line.split(",")[1]) for line in result.stdout.splitlines()[1:]]
    assert len(values) == 9
    assert values == sorted(values, reverse=sort.startswith("-"))


class TestSums:
    """TOTAL is the last row of what people read, and `--top` sums up what it leaves out."""

    def test_are_shown_once_and_called_by_name(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        report = ["report", "--by", "initiator", "--top", "3"]
        shown = hfjobs(*report, "--columns", "initiator,jobs,cost,share,cost_share")
        assert shown == Result(0, golden("report-top.txt", shown.stdout), "")
        assert hub.paths.count(f"GET /api/scheduled-jobs/{USER}") == 1
        *first, rest = hfjobs.jobs(*report, "--json")
        everything = hfjobs.jobs("report", "--by", "initiator", "--json")
        assert first == everything[:3]
        assert (rest["initiator"], rest["initiator_name"], rest["groups"]) == (None, None, len(everything) - 3)
        assert rest["jobs"] == sum(group["jobs"] for group in everything[3:])
        cost = sum(Decimal(str(group["cost_usd"] or 0)) for group in everything)
        (total,) = hfjobs.jobs("report", "--by", "initiator", "--top", "0", "--json")
        assert (total["jobs"], total["cost_usd"], total["job_share"], total["cost_share"]) == (245, float(cost), 1, 1)
        assert hfjobs(*report, "-q").stdout.splitlines() == [group["initiator"] for group in first]

    def test_leave_out_the_last_by_sort_or_the_smallest(self, hfjobs: Hfjobs) -> None:
        cheap = hfjobs("report", "--by", "flavor", "--sort", "cost", "--top", "2", "--columns", "flavor")
        assert cheap == Result(0, "FLAVOR\ncpu-basic\ncpu-upgrade\n(6 others)\nTOTAL\n", "")
        days = hfjobs(
            "report", "--by", "day", "--since", "3d", "--top", "2", "--format", "csv", "--columns", "day,jobs"
        )
        assert days.stdout.splitlines() == ["day,jobs", "2026-05-10,6", "2026-05-12,7", "(2 others),6"]

    def test_schedules_of_one_name_keep_their_ids(self, hfjobs: Hfjobs) -> None:
        made = hfjobs("scheduled", "run", "--name", "refresh-index", "@daily", "python:3.12", "true")
        assert made.code == 0
        shown = hfjobs("report", "--by", "initiator", "--initiator", "scheduled-job", "--columns", "initiator").stdout
        assert shown.splitlines()[1:] == [f"scheduled-job:{DAILY_SCHEDULE}", "scheduled-job:weekly-eval", "TOTAL"]


class TestScreen:
    """A bar on a terminal, a number everywhere else."""

    @pytest.mark.parametrize("columns", [60, 80, 100])
    def test_fits_a_terminal(self, hfjobs: Hfjobs, golden: Golden, columns: int) -> None:
        result = hfjobs("report", columns=columns, NO_COLOR="1")
        assert result == Result(0, golden(f"report-{columns}.txt", result.stdout), "")

    def test_shows_a_month_of_days(self, hfjobs: Hfjobs, golden: Golden) -> None:
        result = hfjobs("report", "--by", "day", "--since", "2026-04-20", "--until", "2026-05-13", columns=100)
        assert result == Result(0, golden("report-days.txt", result.stdout), "")

    def test_has_numbers_in_a_pipe(self, hfjobs: Hfjobs, golden: Golden) -> None:
        result = hfjobs("report", "-w")
        assert result == Result(0, golden("report-pipe.txt", result.stdout), "")
        assert result.stdout.isascii()

    def test_does_without_blocks(self, hfjobs: Hfjobs) -> None:
        class Ascii(Terminal):
            encoding = "ascii"

        shown = hfjobs("report", stdout=Ascii(), COLUMNS="100", NO_COLOR="1").stdout
        assert "100% ########  100% ########\n" in shown
        assert shown.isascii()

    def test_templates_and_ids_have_the_fields(self, hfjobs: Hfjobs) -> None:
        template = '{{index . "label.team"}} {{.jobs}} {{.cost}} {{.success_rate}}'
        lines = hfjobs("report", "--by", "label.team", "--format", template).stdout.splitlines()
        assert len(lines) == 3
        assert all(len(line.split()) >= 4 for line in lines)
        table = hfjobs("report", "--by", "label.team", "--columns", "label.team,jobs", "--sort", "label.team")
        assert table == Result(
            0, "LABEL.TEAM  JOBS\ndata        128\nml          66\n-           51\nTOTAL       245\n", ""
        )
        assert hfjobs("report", "--by", "owner", "-q").stdout == f"{USER}\n"

    def test_is_described_by_its_schema(self, hfjobs: Hfjobs) -> None:
        schema = json.loads(hfjobs("help", "schema", "group").stdout)
        Draft202012Validator(schema).validate(hfjobs.jobs("report", "--json"))


class TestMistakes:
    """Are told before anything is asked for."""

    @pytest.mark.parametrize(
        ("by", "message", "hint"),
        [
            ("initator", "cannot group jobs by 'initator'", "did you mean 'initiator'?"),
            ("label", "cannot group jobs by 'label'", "did you mean 'label.KEY'?"),
            ("waited", "cannot group jobs by 'waited'", "--sort orders groups by it; ps --sort orders jobs\n"),
            ("flavor,cost", "cannot group jobs by 'cost'", "--sort orders"),
            ("label.", "cannot group jobs by 'label.'", ""),
            ("day,name,day", "--by contains 'day' twice", "give each field once"),
            (",", "--by is empty", "remove --by, or give it a value"),
        ],
    )
    def test_in_fields(self, hfjobs: Hfjobs, hub: Hub, by: str, message: str, hint: str) -> None:
        code, stdout, stderr = hfjobs("report", "--by", by)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\nhint: {hint}")
        assert hub.requests == []

    def test_in_columns(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("report", "--by", "name", "--columns", "flavor")
        assert result.stderr.startswith("error: unknown column 'flavor'\nhint: use one of name, jobs, completed, ")
        assert hub.requests == []


def test_no_jobs_are_no_groups(hfjobs: Hfjobs) -> None:
    assert hfjobs("report", "--name", "nothing", "--json") == Result(0, "[]\n", "no jobs match\n")


def test_costs_are_not_asked_for_where_they_are_not_shown(hfjobs: Hfjobs, hub: Hub) -> None:
    assert hfjobs("report", "--columns", "initiator-type,jobs").code == 0
    assert not any("hardware" in path or "billing" in path for path in hub.paths)


def test_what_was_saved_is_counted_without_a_network(hfjobs: Hfjobs, tmp_path: Path) -> None:
    """Without prices there are no costs, which is no failure."""
    saved = tmp_path / "jobs.jsonl"
    saved.write_text(hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl").stdout, encoding="utf-8")
    offline = hfjobs.given({"HF_HUB_OFFLINE": "1", "HF_TOKEN": ""})
    result = offline("report", "--by", "status", "--from", str(saved), "--json")
    assert result.code == 0
    assert result.stderr == "warning: cannot compute costs: HF_HUB_OFFLINE is set: no requests are allowed\n"
    assert {group["cost_usd"] for group in json.loads(result.stdout)} == {None, 0.0}
    counts = {group["status"]: group["jobs"] for group in hfjobs.jobs("report", "--by", "status", "--json")}
    assert {group["status"]: group["jobs"] for group in json.loads(result.stdout)} == counts


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
def test_any_number_of_jobs_takes_the_same_memory(hfjobs: Hfjobs, directories: dict[str, str], tmp_path: Path) -> None:
    """But for 8 bytes of each, and its id."""
    lines = hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl").stdout
    saved = tmp_path / "jobs.jsonl"
    code = """if True:
        import json, resource, subprocess, sys
        argv = [sys.executable, "-m", "hfjobs_cli", "report", "--by", "flavor,day", "--from", sys.argv[1], "--json"]
        printed = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
        print(sum(group["jobs"] for group in json.loads(printed)))
        print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    """
    kib = {}
    for times in (4, 80):
        saved.write_text("".join(lines.replace('"id": "', f'"id": "{n:02}') for n in range(times)), encoding="utf-8")
        result = run_python(code, str(saved), environ={**directories, "HF_HUB_OFFLINE": "1"})
        count, kib[times] = map(int, result.stdout.split())
        assert count == 245 * times
    assert kib[80] < kib[4] + 9_000
