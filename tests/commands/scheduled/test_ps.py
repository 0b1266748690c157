"""`hfjobs scheduled ps`: what is run by itself, when, and how that went last."""

import json
from typing import Any

import pytest

from tests.commands.scheduled.support import LIST, NEW, WEEKLY_SCHEDULE, add_schedule, named, schedule
from tests.support import DAILY_SCHEDULE, TOKEN, USER, Golden, Hfjobs, Hub, Result, hang_up
from tests.words import FORMATS, SCHEDULE_COLUMNS

BOTH = f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n"
RUNS = {"lastJob": None, "nextJobRunAt": "2026-05-12T12:17:00.000Z"}


def with_stage(hub: Hub, stage: str) -> str:
    """Add a schedule whose last job stands at a stage."""
    job = hub.add(status={"stage": stage, "message": None})
    return named(hub, "late", status={**RUNS, "lastJob": {"id": job, "at": "2026-05-12T08:59:59.000Z"}})


@pytest.mark.parametrize("columns", [None, 60, 80, 120])
def test_lists_schedules_as_a_table(either: Hfjobs, golden: Golden, columns: int | None) -> None:
    result = either("scheduled", "ps", "-a", columns=columns, NO_COLOR="1")
    assert result == Result(0, golden(f"ps-{columns or 'pipe'}.txt", result.stdout), "")
    assert DAILY_SCHEDULE in result.stdout


def test_when_it_runs_next_is_shown_before_how_the_last_run_went(hfjobs: Hfjobs, hub: Hub) -> None:
    """Where there is no room for both, as on 80 columns."""
    with_stage(hub, "COMPLETED")
    shown = hfjobs("scheduled", "ps", "-a", columns=80, NO_COLOR="1").stdout
    assert shown.splitlines()[:2] == [
        "SCHEDULE ID               NAME        SCHEDULE     LAST RUN  NEXT RUN  STATUS",
        f"{NEW}  late        17 12 * * *  1s ago    in 3h17m  active",
    ]


@pytest.mark.parametrize("alias", ["ls", "list"])
def test_has_the_aliases_of_the_official_client(hfjobs: Hfjobs, alias: str) -> None:
    assert hfjobs("scheduled", alias, "-a") == hfjobs("scheduled", "ps", "-a")


def test_suspended_ones_are_listed_if_asked_for(hfjobs: Hfjobs, hub: Hub) -> None:
    assert hfjobs("scheduled", "ps", "-q") == Result(0, "", "")
    active = add_schedule(hub)
    assert hfjobs("scheduled", "ps", "-q") == Result(0, f"{active}\n", "")
    assert hfjobs("scheduled", "ps", "-q", "-a").stdout.split() == [active, DAILY_SCHEDULE, WEEKLY_SCHEDULE]


def test_active_and_suspended_have_colours(hfjobs: Hfjobs, hub: Hub) -> None:
    add_schedule(hub)
    shown = hfjobs("scheduled", "ps", "-a", "--columns", "id,status,next_run", columns=80).stdout
    assert f"{NEW}  \x1b[32mactive\x1b[0m     in 3h17m" in shown
    assert f"{DAILY_SCHEDULE}  \x1b[38;5;136msuspended\x1b[0m  -" in shown


@pytest.mark.parametrize(
    "argv", [("--demo", "scheduled", "ps"), ("scheduled", "--demo", "ps"), ("scheduled", "ps", "--demo")]
)
def test_the_options_of_the_connection_stand_anywhere(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
    del hfjobs.environ["HF_ENDPOINT"], hfjobs.environ["HF_TOKEN"]
    assert hfjobs(*argv, "-a", "-q") == Result(0, BOTH, "")
    assert hub.requests == []


@pytest.mark.parametrize(
    "argv",
    [
        ("scheduled", "--token", TOKEN, "ps"),
        ("--token", "hf_x", "scheduled", "--token", TOKEN, "ps"),
        ("scheduled", "--token", "hf_x", "ps", "--token", TOKEN),
    ],
)
def test_the_last_token_counts(hfjobs: Hfjobs, argv: tuple[str, ...]) -> None:
    del hfjobs.environ["HF_TOKEN"]
    assert hfjobs(*argv, "-a", "-q") == Result(0, BOTH, "")


def test_a_flag_is_true_or_false(hfjobs: Hfjobs, hub: Hub) -> None:
    """What is neither would match nothing."""
    add_schedule(hub)
    assert hfjobs("scheduled", "ps", "-a", "-q", "-f", "suspend=TRUE") == Result(0, BOTH, "")
    assert hfjobs("scheduled", "ps", "-a", "-q", "-f", "suspend!=true") == Result(0, f"{NEW}\n", "")
    error = "error: field suspend is true or false, but not 'yes'\nhint: use suspend!=* to find those without a value\n"
    assert hfjobs("scheduled", "ps", "-f", "suspend=yes") == Result(2, "", error)


def test_a_pattern_that_matches_nothing_is_explained(hfjobs: Hfjobs) -> None:
    hint = "hint: a pattern must match the whole value; use '*refresh*' to match a part of it\n"
    result = hfjobs("scheduled", "ps", "-a", "--format", "tsv", "--columns", "id", "-f", "name=refresh")
    assert result == Result(0, "id\n", "no schedules match\n" + hint)


class TestFilters:
    """A schedule must pass all of them."""

    @pytest.mark.parametrize(
        ("argv", "expected"),
        [
            (["--status", "suspended"], BOTH),
            (["--status", "active"], f"{NEW}\n"),
            (["--status", "active,suspended"], f"{NEW}\n{BOTH}"),
            (["--status", "!suspended"], f"{NEW}\n"),
            (["-f", "status=suspended"], BOTH),
            (["-f", "status!=active"], BOTH),
            (["-a", "--name", "weekly-eval"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "--label", "team=data"], f"{NEW}\n{DAILY_SCHEDULE}\n"),
            (["-a", "-l", "team=data", "-l", "name=nightly"], f"{NEW}\n"),
            (["-a", "-l", "name=nightly", "-l", "team=data"], f"{NEW}\n"),
            (["-a", "--label", "team=data", "--name", "weekly-eval"], ""),
            (["-a", "-f", "schedule=0 3 *"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "-f", "command=*gsm8k*"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "-f", "flavor=l4x1"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "-f", "job_spec.flavor=l4x1"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "-f", "label=team=data", "-f", "name!=nightly"], f"{DAILY_SCHEDULE}\n"),
            (["-a", "-f", "suspend=true"], BOTH),
            (["-a", "-f", "last_status=completed"], f"{WEEKLY_SCHEDULE}\n"),
            (["-a", "-f", "last_status=RUN*"], f"{DAILY_SCHEDULE}\n"),
            (["-a", "-f", "last_status!=*"], f"{NEW}\n"),
        ],
    )
    def test_keeps_what_matches(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], expected: str) -> None:
        named(hub, "nightly", status=RUNS)
        result = hfjobs("scheduled", "ps", "-q", *argv)
        assert result == Result(0, expected, "")

    def test_the_hub_is_asked_for_one_label(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It takes no more; so does the official client. The others are checked here."""
        hfjobs("scheduled", "ps", "-q", "-l", "team=data", "-l", "env=prod", "--name", "x")
        (request,) = [each for each in hub.requests if each.path == LIST]
        assert request.query == [("label", "team=data")]

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (["--status", "paused"], "unknown schedule status 'paused'\nhint: did you mean 'suspended'?"),
            (["--status", "!active,!suspended"], "--status excludes every status"),
            (["--status", ""], "--status is empty"),
            (["-f", "cron=x"], "unknown field 'cron' in filter 'cron=x'\nhint: did you mean 'schedule'?"),
            (["-l", "team"], "label 'team' is not KEY=VALUE"),
            (["--sort", "next"], "unknown column 'next'\nhint: did you mean 'next_run'?"),
            (["--namespace", "a/b"], "invalid namespace 'a/b'"),
            (["x"], "unexpected argument 'x'"),
        ],
    )
    def test_a_wrong_one_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str) -> None:
        code, stdout, stderr = hfjobs("scheduled", "ps", *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []


class TestOrder:
    """`--sort` orders by any column; without it the order is the Hub's."""

    @pytest.mark.parametrize(
        ("sort", "first"),
        [
            ("name", "aaa"),
            ("-name", "weekly-eval"),
            ("next_run", "aaa"),
            ("last_run", "weekly-eval"),
            ("-created", "aaa"),
        ],
    )
    def test_orders(self, hfjobs: Hfjobs, hub: Hub, sort: str, first: str) -> None:
        named(hub, "aaa", status=RUNS, createdAt="2026-05-12T00:00:00.000Z")
        assert hfjobs("scheduled", "ps", "-a", "--sort", sort, "--format", "{{.name}}").stdout.split()[0] == first


class TestFormats:
    """Every format there is writes them."""

    @pytest.mark.parametrize("format_", [*FORMATS, "{{.name}} {{.status}} {{.last_status}}"])
    def test_writes_every_schedule(self, hfjobs: Hfjobs, golden: Golden, format_: str) -> None:
        result = hfjobs("scheduled", "ps", "-a", "--format", format_)
        assert (result.code, result.stderr) == (0, "")
        printed = "".join(f"{line}\n" for line in result.stdout.splitlines())
        assert printed == golden(f"ps-{format_ if format_.isalnum() else 'template'}.txt", printed)

    def test_json_holds_what_the_official_client_prints(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Keys of its records, and all their values; beside them ours has what the Hub says and it drops."""
        hub.replies_to(LIST, 200, json.dumps([schedule(hub, suspendReason="no credits", suspend=True)]))
        (made,) = hfjobs.jobs("scheduled", "ps", "-a", "--json")
        assert made == {
            "id": NEW,
            "name": "refresh-index",
            "created_at": "2026-03-25T17:12:54+00:00",
            "job_spec": {
                "docker_image": "ghcr.io/astral-sh/uv:python3.12-bookworm",
                "space_id": None,
                "command": ["python", "-c", 'print("1842 cards read, 37 of them new")'],
                "arguments": ["--source", "davanstrien/model-cards", "--push"],
                "environment": {"HF_XET_HIGH_PERFORMANCE": "1"},
                "secrets": ["HF_TOKEN"],
                "flavor": "cpu-upgrade",
                "arch": None,
                "timeout": 3600,
                "retry": None,
                "labels": {"name": "refresh-index", "team": "data"},
                "volumes": None,
                "network": None,
                "expose": None,
                "expose_public": None,
                "resource_group_id": None,
            },
            "schedule": "17 12 * * *",
            "suspend": True,
            "suspend_reason": "no credits",
            "concurrency": True,
            "status": {
                "state": "suspended",
                "last_job": {
                    "id": made["status"]["last_job"]["id"],
                    "at": made["status"]["last_job"]["at"],
                    "stage": "RUNNING",
                },
                "next_job_run_at": "2026-05-12T12:17:00+00:00",
            },
            "owner": {"id": "60107b385ac3e86b3ea4fc34", "name": USER, "type": "user"},
            "initiator": {"type": "user", "id": "60107b385ac3e86b3ea4fc34", "name": USER},
        }

    @pytest.mark.parametrize(
        ("template", "expected"),
        [
            ("{{.labels.team}} {{.job_spec.labels.team}} {{.flavor}}", "data data cpu-upgrade"),
            ('{{join .arguments " "}}', "--source davanstrien/model-cards --push"),
            ('{{or .next_run "-"}} {{.status.next_job_run_at}}', "- 2026-05-12T12:17:00+00:00"),
            ("{{.timeout}} {{.secrets}}", "3600 [HF_TOKEN]"),
            ("{{if .suspend}}asleep{{end}}", "asleep"),
        ],
    )
    def test_templates_read_what_is_run_as_of_a_job(self, hfjobs: Hfjobs, template: str, expected: str) -> None:
        result = hfjobs("scheduled", "ps", "-a", "--name", "refresh-index", "--format", template)
        assert result == Result(0, f"{expected}\n", "")

    def test_columns_help(self, hfjobs: Hfjobs, hub: Hub) -> None:
        _, *rows = hfjobs("scheduled", "ps", "--columns", "help").stdout.partition("\n\n")[0].splitlines()
        assert [row.split()[0] for row in rows] == SCHEDULE_COLUMNS
        assert hub.requests == []

    def test_format_help(self, hfjobs: Hfjobs, golden: Golden) -> None:
        result = hfjobs("scheduled", "ps", "--format", "help")
        shown = result.stdout.partition("\n\n")[2].partition("\nFunctions:")[0] + "\n"
        assert (result.code, shown) == (0, golden("format-help.txt", shown))
        assert max(map(len, result.stdout.splitlines())) <= 80

    def test_every_field_of_the_help_can_be_used(self, hfjobs: Hfjobs) -> None:
        listed = hfjobs("scheduled", "ps", "--format", "help").stdout.partition("Fields:\n")[2].partition("\n\n")[0]
        names = [row.split()[0] for row in listed.splitlines() if "[]" not in row.split()[0]]
        template = " ".join(f"{{{{{name}}}}}" for name in names)
        assert (len(names) > 40, hfjobs("scheduled", "ps", "-a", "--format", template).code) == (True, 0)

    def test_examples_of_the_help_can_be_used(self, hfjobs: Hfjobs) -> None:
        section = hfjobs("scheduled", "ps", "--format", "help").stdout.partition("by \\t.\n\n")[2].partition("\n\n")[0]
        for row in section.splitlines():
            template = row.rpartition("}}")[0] + "}}"
            assert hfjobs("scheduled", "ps", "-a", "--format", template.strip()).code == 0


class TestLastRuns:
    """How a schedule ran last is asked for, as the Hub does not say it with the schedule."""

    @pytest.mark.parametrize("stage", ["COMPLETED", "ERROR", "RUNNING", "SOMETHING_NEW"])
    def test_is_the_stage_of_the_newest_job(self, hfjobs: Hfjobs, hub: Hub, stage: str) -> None:
        identifier = with_stage(hub, stage)
        result = hfjobs("scheduled", "ps", "--columns", "id,last_run,last_status", "--format", "tsv")
        assert result.stdout.splitlines()[1] == f"{identifier}\t2026-05-12T08:59:59Z\t{stage}"

    def test_is_asked_for_only_where_it_is_shown(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for argv in (["-q"], ["--columns", "id,name"], ["--format", "csv", "--columns", "id"]):
            hfjobs("scheduled", "ps", "-a", *argv)
        assert {each.path for each in hub.requests} == {"/api/whoami-v2", LIST}

    def test_many_are_looked_for_in_the_listing_first(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Twenty schedules are no reason for twenty requests."""
        for number in range(20):
            job = hub.add(id=f"6a0200000000000000000{number:03x}", status={"stage": "ERROR", "message": None})
            last = {"id": job, "at": "2026-05-12T08:59:59.000Z"}
            named(hub, f"s{number}", f"6a02000000000000000b0{number:03x}", status={**RUNS, "lastJob": last})
        result = hfjobs("scheduled", "ps", "--format", "{{.last_status}}")
        assert result.stdout.split() == ["ERROR"] * 20
        assert [path for path in hub.paths if "/api/jobs/" in path] == [f"GET /api/jobs/{USER}"]

    def test_a_job_that_is_gone_has_no_status(self, hfjobs: Hfjobs, hub: Hub) -> None:
        named(hub, "late", status={**RUNS, "lastJob": {"id": "6a0200000000000000000fff", "at": "2026-05-12T08:00:00Z"}})
        result = hfjobs("scheduled", "ps", "--columns", "name,last_run,last_status", "--format", "tsv")
        assert result == Result(0, "name\tlast_run\tlast_status\nlate\t2026-05-12T08:00:00Z\t\n", "")

    def test_what_cannot_be_asked_is_a_warning(self, hfjobs: Hfjobs, hub: Hub) -> None:
        with_stage(hub, "ERROR")
        hub.replies_to(f"/api/jobs/{USER}/6a02000000000000000000aa", 403, '{"error": "no"}')
        code, stdout, stderr = hfjobs("scheduled", "ps", "--columns", "name,last_status")
        assert (code, stdout.split()) == (0, ["NAME", "LAST", "STATUS", "late", "-"])
        assert stderr.startswith("warning: the token from HF_TOKEN has no permission for this: no")
        assert stderr.endswith("; the last runs of some schedules are unknown\n")


class TestParsing:
    """The Hub may send what nobody expects."""

    def test_what_is_odd_is_a_warning(self, hfjobs: Hfjobs, hub: Hub) -> None:
        sent: list[Any] = [
            {"id": "a"},
            schedule(hub, id="b", status={"lastJob": 7, "nextJobRunAt": None}, jobSpec={}, schedule=5),
            {},
            schedule(hub, id="c", status=None, newKey=1),
        ]
        hub.replies_to(LIST, 200, json.dumps(sent))
        result = hfjobs("scheduled", "ps", "--format", "tsv", "--columns", "id,name,schedule,next_run,status")
        assert result == Result(
            1,
            "id\tname\tschedule\tnext_run\tstatus\n"
            "a\t\t\t\tactive\nb\t\t\t\tactive\nc\trefresh-index\t17 12 * * *\t\tactive\n",
            "warning: schedule a: unexpected value from the Hub: jobSpec is missing\n"
            "warning: schedule a: unexpected value from the Hub: schedule is missing\n"
            "warning: schedule a: unexpected value from the Hub: suspend is missing\n"
            "warning: schedule a: unexpected value from the Hub: status is missing\n"
            "warning: schedule a: unexpected value from the Hub: owner is missing\n"
            "warning: schedule b: unexpected value from the Hub: schedule should be a string, but is 5\n"
            "warning: schedule b: unexpected value from the Hub: status.lastJob should be an object, but is 7\n"
            "warning: schedule c: unexpected value from the Hub: status is missing\n"
            f"error: unexpected response from the Hub: schedules[2].id is missing (GET {LIST}: 200)\n",
        )

    def test_nothing_in_it_commands_the_terminal(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(LIST, 200, json.dumps([schedule(hub, schedule="\x1b]0;owned\x07")]))
        assert "\x1b]" not in hfjobs("scheduled", "ps", "--columns", "id,schedule", columns=80).stdout


def test_is_asked_for_again_after_a_failure_that_may_pass(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.then(hang_up, hang_up)
    assert hfjobs("scheduled", "ps", "-a", "-q").stdout == BOTH


def test_an_unknown_namespace(hfjobs: Hfjobs) -> None:
    code, stdout, stderr = hfjobs("scheduled", "ps", "--namespace", "nobody")
    assert (code, stdout) == (3, "")
    assert stderr.startswith("error: no namespace 'nobody'")
