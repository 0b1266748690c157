"""`hfjobs scheduled inspect`, and how schedules are named."""

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.commands.scheduled.support import LIST, NEW, WEEKLY_SCHEDULE, add_schedule, named, schedule
from tests.peer import by_us, local_environment, recording
from tests.support import DAILY_SCHEDULE, USER, Hfjobs, Hub, Result

INSPECT = ("scheduled", "inspect", "--format", "{{.id}}")


def test_has_the_schema_of_ps(hfjobs: Hfjobs) -> None:
    listed = hfjobs.jobs("scheduled", "ps", "-a", "--json")
    assert hfjobs.jobs("scheduled", "inspect", DAILY_SCHEDULE, WEEKLY_SCHEDULE) == listed
    assert hfjobs("scheduled", "inspect", DAILY_SCHEDULE).stdout.startswith('[\n    {\n        "id": "69c4179671691')


@pytest.mark.parametrize(
    ("reference", "identifier"),
    [
        (DAILY_SCHEDULE, DAILY_SCHEDULE),
        (f"{USER}/{DAILY_SCHEDULE}", DAILY_SCHEDULE),
        ("69c417", DAILY_SCHEDULE),
        (f"{USER}/6979ee80", WEEKLY_SCHEDULE),
        ("@name=weekly-eval", WEEKLY_SCHEDULE),
        (f"{USER}/@name=weekly-eval", WEEKLY_SCHEDULE),
        ("@label=team=ml", WEEKLY_SCHEDULE),
        ("@latest", NEW),
        ("@last", NEW),
        ("@0", NEW),
        ("@2", WEEKLY_SCHEDULE),
        ("@active", NEW),
        ("@suspended", DAILY_SCHEDULE),
        ("@status=suspended", DAILY_SCHEDULE),
    ],
)
def test_a_schedule_has_many_names(hfjobs: Hfjobs, hub: Hub, reference: str, identifier: str) -> None:
    named(hub, "new", createdAt="2026-05-12T00:00:00.000Z")
    assert hfjobs(*INSPECT, reference) == Result(0, f"{identifier}\n", "")


def test_a_whole_id_needs_no_listing(hfjobs: Hfjobs, hub: Hub) -> None:
    hfjobs("scheduled", "inspect", "--columns", "id", DAILY_SCHEDULE)
    assert hub.paths == ["GET /api/whoami-v2", f"GET {LIST}/{DAILY_SCHEDULE}"]


def test_names_are_read_from_stdin(hfjobs: Hfjobs) -> None:
    listed = hfjobs("scheduled", "ps", "-a", "-q").stdout
    assert hfjobs(*INSPECT, "-", stdin=listed) == Result(0, listed, "")
    assert hfjobs(*INSPECT, "-") == Result(0, "", "no schedules on stdin\n")


def test_those_that_exist_are_shown(hfjobs: Hfjobs) -> None:
    missing = "69c4179671691dc46f160000"
    code, stdout, stderr = hfjobs(*INSPECT, f"{USER}/{missing}", DAILY_SCHEDULE, "@name=nobody")
    assert (code, stdout) == (3, f"{DAILY_SCHEDULE}\n")
    assert stderr.splitlines() == [
        "error: @name=nobody: no such schedule in your namespace",
        f"error: no schedule '{missing}' in namespace '{USER}': Scheduled job not found "
        f"(GET {LIST}/{missing}: 404, request id {stderr.partition('request id ')[2].partition(')')[0]})",
        "hint: 'hfjobs scheduled ps -a' lists the schedules",
        f"hint: 'hfjobs scheduled ps -a --namespace {USER}' lists the schedules there",
    ]


def test_is_found_in_an_organisation(hfjobs: Hfjobs, hub: Hub) -> None:
    with hub.store.read() as tables:
        (theirs,) = tables.newest_jobs("aurora-lab", limit=1)
    identifier = named(hub, "shared", owner=theirs["owner"])
    (found,) = hfjobs.jobs("scheduled", "inspect", identifier)
    assert (found["id"], found["owner"]["name"]) == (identifier, "aurora-lab")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("a/b/c", "invalid schedule 'a/b/c'\nhint: use ID, NAME, NAMESPACE/ID or @latest; 'hfjobs scheduled"),
        ("https://huggingface.co/jobs/a/b", "invalid schedule 'https://huggingface.co/jobs/a/b'\n"),
        ("@failed", "invalid schedule '@failed'\nhint: "),
        ("@nmae=x", "invalid schedule '@nmae=x'\nhint: did you mean '@name='?"),
        ("@status=paused", "unknown schedule status 'paused'\nhint: did you mean 'suspended'?"),
    ],
)
def test_what_is_no_name_makes_no_request(hfjobs: Hfjobs, hub: Hub, reference: str, message: str) -> None:
    code, stdout, stderr = hfjobs("scheduled", "inspect", reference)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"error: {message}")
    assert hub.requests == []


def test_an_id_that_is_short_for_several(hfjobs: Hfjobs, hub: Hub) -> None:
    named(hub, "twin", f"{DAILY_SCHEDULE[:20]}aaaa")
    assert hfjobs("scheduled", "inspect", "69c417") == Result(
        2,
        "",
        "error: '69c417' matches 2 schedules:\n"
        f"  {DAILY_SCHEDULE[:20]}aaaa  twin  active  1mo ago\n"
        f"  {DAILY_SCHEDULE}  refresh-index  suspended  1mo ago\n"
        "hint: give more digits of the id\n",
    )


class TestCommandLine:
    """`--format command` prints the line that makes a schedule again."""

    LINE = (
        "hfjobs scheduled run --suspend --concurrency --flavor cpu-upgrade --timeout 3600 --arguments 3 "
        "--name refresh-index -l team=data -e HF_XET_HIGH_PERFORMANCE=1 -s HF_TOKEN --namespace davanstrien "
        "'17 12 * * *' ghcr.io/astral-sh/uv:python3.12-bookworm -- python -c "
        """'print("1842 cards read, 37 of them new")' --source davanstrien/model-cards --push\n"""
    )

    def test_is_quoted_for_a_shell(self, hfjobs: Hfjobs) -> None:
        result = Result(0, self.LINE, "")
        assert hfjobs("scheduled", "inspect", "--format", "command", DAILY_SCHEDULE) == result
        assert hfjobs("scheduled", "ps", "-a", "--name", "refresh-index", "--format", "command") == result

    @pytest.mark.parametrize(
        "argv",
        [
            ["@daily", "ubuntu", "true"],
            ["0 9 * * 1", "--no-name", "--default-command", "ubuntu"],
            ["@hourly", "--suspend", "--name", "asleep", "ubuntu", "true"],
            ["@hourly", "--concurrency", "ubuntu", "true"],
            ["@weekly", "--no-suspend", "--no-concurrency", "--attempts", "1", "ubuntu", "true"],
            ["*/15 9-17 * * *", "--attempts", "4", "--timeout", "90s", "--flavor", "t4-small", "ubuntu", "echo", "-e"],
            ["@yearly", "-e", "MSG=it's # a $HOME", "-s", "KEY=s3cret", "-l", "a=b", "hf.co/spaces/alice/app", "x y"],
            ["@daily", "-v", "hf://datasets/a/b@v1/p:/d", "-v", "hf://buckets/a/o:/o:rw", "--arch", "arm64", "i", "x"],
            ["@daily", "--expose", "80", "--expose-public", "81", "--arguments", "2", "ubuntu", "echo", "a", "--name"],
            ["@daily", "--resource-group-id", "66f1a0c2b7d04e2f9c318a55", "ubuntu", "sh", "-c", "a\nb"],
        ],
    )
    def test_sends_what_the_schedule_was_made_of(self, hfjobs: Hfjobs, argv: list[str], tmp_path: Path) -> None:
        """But for what the Hub does by itself, and the timeout that it has added."""
        made = hfjobs("scheduled", "run", "-q", *argv)
        name, *again = shlex.split(hfjobs("scheduled", "inspect", "--format", "command", made.stdout.strip()).stdout)
        assert (name, "KEY=s3cret" in again) == ("hfjobs", False)
        with recording() as recorder:
            environ = local_environment(tmp_path, recorder, KEY="s3cret")
            sent, said = by_us([["scheduled", "run", *argv], again], tmp_path, recorder, environ)
        assert said[1] == ""
        first, second = (sent[number][0].body for number in (0, 1))
        assert second == without_defaults({**first, "jobSpec": {"timeoutSeconds": 1800, **first["jobSpec"]}})

    def test_cannot_be_told_of_what_the_hub_does_not_say(self, hfjobs: Hfjobs, hub: Hub) -> None:
        spec = schedule(hub)["jobSpec"]
        add_schedule(hub, jobSpec={key: value for key, value in spec.items() if key != "dockerImage"})
        assert hfjobs("scheduled", "inspect", "--format", "command", NEW) == Result(
            2,
            "",
            f"error: the Hub reports no image or Space for schedule {NEW}\n"
            "hint: create a new schedule with 'hfjobs scheduled run'\n",
        )


def without_defaults(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a schedule without what the Hub's schema says of one that does not say it."""
    spec = {key: value for key, value in body["jobSpec"].items() if (key, value) != ("attempts", 1)}
    return {key: value for key, value in body.items() if value is not False} | {"jobSpec": spec}
