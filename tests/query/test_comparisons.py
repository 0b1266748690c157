"""Comparisons in `--filter`, and the fields `label.KEY`, `env.KEY`, `exit_code`, `reason` and `waited`, everywhere."""

import json
from pathlib import Path

import pytest

from tests.support import Hfjobs, Hub, Result

FIRST, SECOND, THIRD, FOURTH = (f"6a0300000000000000000{place}0" + "ab" for place in range(1, 5))


@pytest.fixture
def sweep(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> dict[str, tuple[str, ...]]:
    """Four jobs of a sweep, on the Hub and in a file. Return the options that read them there."""
    failed = {"stage": "ERROR", "message": "Job failed with exit code: 137. Reason: OOMKilled.", "failureCount": 1}
    evicted = {"stage": "ERROR", "message": "Job failed with exit code: 2. Reason: NodeLost.", "failureCount": 1}
    canceled = {"stage": "CANCELED", "message": None, "cancelReason": "NO_CREDITS"}
    for identifier, rate, status, secs in (
        (FIRST, "1e-4", failed, 60),
        (SECOND, "3e-4", evicted, 3600),
        (THIRD, "0.01", {"stage": "COMPLETED", "message": None}, 5400),
        (FOURTH, "auto", canceled, 7200),
    ):
        hub.add(
            id=identifier,
            createdAt=f"2026-05-12T0{identifier[-4]}:00:00.000Z",
            labels={"sweep": "s", "lr": rate, "a.b": rate},
            environment={"EPOCHS": "10" if identifier == FIRST else "9"},
            status=status,
            flavor="a10g-small",
            startedAt="2026-05-12T05:00:00.000Z",
            finishedAt=f"2026-05-12T0{5 + secs // 3600}:{secs % 3600 // 60:02}:00.000Z",
            durations={"schedulingSecs": secs // 60, "runningSecs": secs, "totalSecs": secs},
        )
    saved = tmp_path / "jobs.jsonl"
    saved.write_text(hfjobs("ps", "-a", "-l", "sweep=s", "--format", "jsonl").stdout)
    return {"hub": ("-a", "-l", "sweep=s"), "saved": ("-a", "-l", "sweep=s", "--from", str(saved))}


@pytest.mark.parametrize("source", ["hub", "saved"])
def test_compare_what_has_an_order(hfjobs: Hfjobs, sweep: dict[str, tuple[str, ...]], source: str) -> None:
    """Numbers, durations, money and moments; what has no value never matches."""
    expected = {
        "runtime>1h": [FOURTH, THIRD],
        "runtime>=60m": [FOURTH, THIRD, SECOND],
        "RUNTIME <= 1.5h": [THIRD, SECOND, FIRST],
        "runtime<61": [FIRST],
        "waited>=1m30s": [FOURTH, THIRD],
        "label.lr<0.001": [SECOND, FIRST],
        "label.lr>=1e-2": [THIRD],
        "label.a.b<2e-4": [FIRST],
        "env.EPOCHS>9": [FIRST],
        "environment.EPOCHS<=9": [FOURTH, THIRD, SECOND],
        "label.LR>0": [],
        "exit_code>2": [FIRST],
        "exit_code<=2": [SECOND],
        "exit_code=137": [FIRST],
        "reason=out-of-memory": [FIRST],
        "reason=OOMKilled,node-*": [SECOND, FIRST],
        "reason!=*": [THIRD],
        "reason=NO_CREDITS": [FOURTH],
        "created>5.5h": [FOURTH],
        "created<=2026-05-12T02:00:00Z": [SECOND, FIRST],
        "created<today": [],
        "status.failure_count>=1": [SECOND, FIRST],
        "retry>=0": [],
    }
    if source == "hub":
        expected |= {"cost>=$1.5": [FOURTH, THIRD], "cost_usd<0.5": [FIRST]}
    for given, ids in expected.items():
        found = hfjobs("ps", "-q", *sweep[source], "-f", given)
        assert (found.code, found.stdout.split()) == (0, ids), given
    both = hfjobs("ps", "-q", *sweep[source], "-f", "runtime>=1h", "-f", "runtime<2h", "-f", "label.lr=auto,0.01")
    assert both.stdout.split() == [THIRD]


@pytest.mark.parametrize("source", ["hub", "saved"])
def test_stand_wherever_a_field_can(hfjobs: Hfjobs, sweep: dict[str, tuple[str, ...]], source: str) -> None:
    """As column in each format, sort key, group and in templates; numbers before other texts, and by value."""
    options, columns = sweep[source], "label.lr,env.EPOCHS,exit_code,reason"
    asked = ("ps", *options, "--columns", columns, "--sort", "label.lr,-env.EPOCHS")
    assert hfjobs(*asked, "--format", "csv").stdout == (
        f"{columns}\r\n1e-4,10,137,out-of-memory\r\n3e-4,9,2,node-lost\r\n0.01,9,,\r\nauto,9,,no-credits\r\n"
    )
    assert hfjobs(*asked).stdout.splitlines()[:2] == [
        "LABEL.LR  ENV.EPOCHS  EXIT  REASON",
        "1e-4      10          137   out-of-memory",
    ]
    assert "| 3e-4 | 9 | 2 | node-lost |" in hfjobs(*asked, "--format", "markdown").stdout
    edited = hfjobs("ps", *options, "--columns", "+label.lr,+label.a.b,-label.lr", "--format", "tsv").stdout
    assert edited.splitlines()[0].split("\t")[-2:] == ["runtime", "label.a.b"]
    template = "{{.label.lr}} {{.env.EPOCHS}} {{.exit_code}} {{.reason}} {{.waited}}"
    assert hfjobs("ps", *options, "--sort", "-label.lr", "--format", template).stdout.splitlines() == [
        "auto 9 <no value> no-credits 2m",
        "0.01 9 <no value> <no value> 1m30s",
        "3e-4 9 2 node-lost 1m",
        "1e-4 10 137 out-of-memory 1s",
    ]
    listed = [(each["exit_code"], each["reason"]) for each in hfjobs.jobs("ps", *options, "--json")]
    assert listed == [(None, "no-credits"), (None, None), (2, "node-lost"), (137, "out-of-memory")]
    counted = [each for each in options if each != "-a"]
    groups = hfjobs("report", *counted, "--by", "label.lr,env.EPOCHS", "--format", "{{.label.lr}} {{.env.EPOCHS}}")
    assert groups.stdout.split("\n")[:2] == ["1e-4 10", "3e-4 9"]
    report = json.loads(hfjobs("report", *counted, "--by", "label.lr,reason,env.EPOCHS", "--json").stdout)
    assert [tuple(each.values())[:3] for each in report] == [
        ("1e-4", "out-of-memory", "10"),
        ("3e-4", "node-lost", "9"),
        ("0.01", None, "9"),
        ("auto", "no-credits", "9"),
    ]


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("runtime>", "filter 'runtime>' has no duration", "use 90s, 30m, 2d or 1.5h, for example 'runtime>1.5h'"),
        (
            "runtime>x",
            "invalid duration 'x' in filter 'runtime>x'",
            "use 90s, 30m, 2d or 1.5h, for example 'runtime>1.5h'",
        ),
        ("cost<=much", "invalid cost 'much' in filter 'cost<=much'", "use 5 or 1.25, for example 'cost<=1.25'"),
        (
            "label.lr>high",
            "invalid number 'high' in filter 'label.lr>high'",
            "use 2 or 0.5, for example 'label.lr>0.5'",
        ),
        (
            "created>soon",
            "invalid time 'soon' in filter 'created>soon'",
            "use 30m, 2h, 7d, yesterday or 2026-05-11, for example 'created>2026-05-11'",
        ),
        (
            "name>a",
            "filter 'name>a' cannot compare 'name' with >",
            "compare numbers, durations, times or costs; match text with name=PATTERN",
        ),
        ("label>3", "filter 'label>3' cannot compare 'label' with >", "compare one of them: label.KEY>2"),
        ("label=lr>0.1", "filter 'label=lr>0.1' does not compare a label", "write 'label.lr>0.1'"),
        ("runtime=>1h", "filter 'runtime=>1h' mixes = and >", "use 'runtime>=1h'"),
        (
            "runtime",
            "filter 'runtime' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE",
            "quote comparisons, because > is special in shells: -f 'runtime>1.5h'",
        ),
    ],
)
def test_that_cannot_be_made_are_one_line(hfjobs: Hfjobs, hub: Hub, given: str, message: str, hint: str) -> None:
    assert hfjobs("ps", "-a", "-f", given) == Result(2, "", f"error: {message}\nhint: {hint}\n")
    assert hub.requests == []


def test_work_for_hardware_and_schedules(hfjobs: Hfjobs) -> None:
    """In the units that are shown: sizes, prices, numbers of processors."""
    for given, names in (
        ("vram>=300GB", ["a100x4", "a100x8", "h200x4", "h200x8"]),
        ("vram>=0.3TB", ["a100x4", "a100x8", "h200x4", "h200x8"]),
        ("price<0.2", ["cpu-basic", "cpu-upgrade"]),
        ("cpu<=2", ["cpu-basic"]),
    ):
        found = hfjobs("hardware", "-q", "-f", given).stdout.split()
        assert set(names) <= set(found), given
        assert "t4-small" not in found, given
    listed = hfjobs(
        "scheduled", "ps", "-a", "--columns", "name,label.team,timeout", "-f", "timeout>2h", "--sort", "name"
    )
    assert listed == Result(0, "NAME         LABEL.TEAM  TIMEOUT\nweekly-eval  ml          4h\n", "")


def test_of_a_time_to_come(hfjobs: Hfjobs) -> None:
    made = hfjobs("scheduled", "run", "-q", "@daily", "ubuntu", "ls").stdout
    for given, found in (("in 1d", made), ("in 1h", "")):
        assert hfjobs("scheduled", "ps", "-q", "-f", f"next_run<{given}").stdout == found


def test_select_groups_and_samples(hfjobs: Hfjobs, hub: Hub) -> None:
    """Fields that only groups, or samples of usage, have select those."""
    counted = hfjobs("report", "--by", "name", "-f", "jobs>40", "-f", "success>=90%", "--format", "{{.name}} {{.jobs}}")
    assert counted == Result(0, "refresh-index 48\n", "1 of 9 groups match --filter\n")
    hub.requests.clear()
    for command, given in (("report", "jobs>many"), ("stats", "gpu<idle")):
        assert hfjobs(command, "--filter", given).code == 2
    assert hub.requests == []


def test_of_creation_end_the_reading(hfjobs: Hfjobs, hub: Hub) -> None:
    """As --since does: pages that are older are not asked for."""
    result = hfjobs("ps", "-a", "-q", "--limit", "0", "-f", "created>2d")
    assert (result.code, len(hub.requests)) == (0, 2)
    assert result.stdout == hfjobs("ps", "-a", "-q", "--limit", "0", "--since", "2d").stdout != ""
