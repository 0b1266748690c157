"""`hfjobs scheduled suspend|resume|reschedule|labels|delete`: what is named is changed, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.commands.scheduled.support import LIST, NEW, WEEKLY_SCHEDULE, add_schedule, named, schedule
from tests.support import (
    DAILY_SCHEDULE,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Terminal,
    act_and_hang_up,
    act_and_reply,
    hang_up,
    pass_on,
)

NOWHERE = "69c4179671691dc46f160000"
Find = Callable[[str], dict[str, object]]


@pytest.fixture
def kept(hub: Hub) -> Find:
    """Return a function from an id to the schedule as the Hub has it."""

    def find(identifier: str) -> dict[str, object]:
        with hub.store.read() as tables:
            found = tables.schedule(USER, identifier)
        assert found is not None
        return found

    return find


def changes(hub: Hub) -> list[str]:
    return [path for path in hub.paths if not path.startswith("GET")]


def ids(hub: Hub) -> list[str]:
    with hub.store.read() as tables:
        return [each["id"] for each in tables.schedules(USER)]


class TestSuspendAndResume:
    """They change whether a schedule runs jobs."""

    def test_one_and_the_other(self, either: Hfjobs) -> None:
        assert either("scheduled", "resume", DAILY_SCHEDULE) == Result(0, f"{DAILY_SCHEDULE}  active\n", "")
        assert either("scheduled", "ps", "-q").stdout == f"{DAILY_SCHEDULE}\n"
        assert either("scheduled", "suspend", "@name=refresh-index") == Result(0, f"{DAILY_SCHEDULE}  suspended\n", "")
        assert either("scheduled", "ps", "-q").stdout == ""

    def test_one_that_is_already_is_no_failure(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("scheduled", "suspend", DAILY_SCHEDULE) == Result(0, f"{DAILY_SCHEDULE}  suspended\n", "")

    def test_several_are_done_in_order(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("scheduled", "resume", WEEKLY_SCHEDULE, NOWHERE, DAILY_SCHEDULE)
        assert (code, stdout) == (3, f"{WEEKLY_SCHEDULE}  active\n{DAILY_SCHEDULE}  active\n")
        assert stderr.startswith(f"error: no schedule '{NOWHERE}' in namespace '{USER}'")
        assert f"POST {LIST}/{WEEKLY_SCHEDULE}/resume" in changes(hub)

    def test_formats_show_them_as_they_are_then(self, hfjobs: Hfjobs) -> None:
        (made,) = hfjobs.jobs("scheduled", "resume", DAILY_SCHEDULE, "--json")
        assert (made["id"], made["suspend"], made["status"]["state"]) == (DAILY_SCHEDULE, False, "active")

    def test_filters_choose_those_that_can_be_changed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Nobody is asked where one fits, and so nobody needs to know how it last ran."""
        active = add_schedule(hub)
        assert hfjobs("scheduled", "suspend", "--label", "team=data") == Result(0, f"{active}  suspended\n", "")
        result = hfjobs("scheduled", "resume", "--label", "team=ml")
        assert result == Result(0, f"{WEEKLY_SCHEDULE}  active\n", "")
        assert changes(hub) == [f"POST {LIST}/{active}/suspend", f"POST {LIST}/{WEEKLY_SCHEDULE}/resume"]
        assert not [path for path in hub.paths if path.startswith("GET /api/jobs/")]

    def test_filters_that_choose_none(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("scheduled", "suspend", "--name", "x") == Result(0, "", "no active schedules match\n")
        assert hfjobs("scheduled", "resume", "-a", "--name", "x") == Result(0, "", "no schedules match\n")
        assert changes(hub) == []

    @pytest.mark.parametrize("command", ["suspend", "resume"])
    def test_a_dry_run_changes_nothing(self, hfjobs: Hfjobs, hub: Hub, command: str) -> None:
        result = hfjobs("scheduled", command, DAILY_SCHEDULE, WEEKLY_SCHEDULE, "--dry-run", "--format", "{{.id}}")
        done = "suspended" if command == "suspend" else "resumed"
        told = f"would {command} 2 schedules; nothing was {done}\n"
        assert result == Result(0, f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n", told)
        assert changes(hub) == []

    def test_is_sent_again_if_the_answer_is_lost(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Twice is as good as once."""
        hfjobs("scheduled", "ps")
        hub.then(act_and_hang_up)
        code, stdout, stderr = hfjobs("scheduled", "suspend", DAILY_SCHEDULE)
        assert (code, stdout) == (0, f"{DAILY_SCHEDULE}  suspended\n")
        assert stderr.startswith("warning: lost the connection to ")
        assert len(changes(hub)) == 2

    def test_an_answer_counts_for_nothing(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The Hub says nothing of a body, so any will do."""
        hub.replies_to(f"{LIST}/{DAILY_SCHEDULE}/suspend", 200, "OK")
        assert hfjobs("scheduled", "suspend", DAILY_SCHEDULE).code == 0


class TestReschedule:
    """It changes when a schedule runs."""

    def test_prints_when_it_runs(self, either: Hfjobs) -> None:
        result = either("scheduled", "reschedule", DAILY_SCHEDULE, "0 9 * * 1")
        told = f"{DAILY_SCHEDULE}  0 9 * * 1  next 2026-05-18T09:00:00Z once it is resumed\n"
        assert result == Result(0, told, "")
        (made,) = either.jobs("scheduled", "inspect", DAILY_SCHEDULE)
        assert (made["schedule"], made["suspend"]) == ("0 9 * * 1", True)

    def test_several(self, hfjobs: Hfjobs, hub: Hub) -> None:
        active = add_schedule(hub)
        result = hfjobs(
            "scheduled", "reschedule", active, DAILY_SCHEDULE, "@hourly", "--format", "{{.id}} {{.schedule}}"
        )
        assert result == Result(0, f"{active} @hourly\n{DAILY_SCHEDULE} @hourly\n", "")

    def test_those_on_stdin(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("scheduled", "reschedule", "-", "@daily", "-q", stdin=f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n")
        assert result == Result(0, f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n", "")

    @pytest.mark.parametrize("words", [[], [DAILY_SCHEDULE], ["@daily"]])
    def test_one_of_the_two_may_be_forgotten(self, hfjobs: Hfjobs, hub: Hub, words: list[str]) -> None:
        assert hfjobs("scheduled", "reschedule", *words) == Result(
            2,
            "",
            "error: missing argument: a schedule and WHEN are required\n"
            "hint: use for example: hfjobs scheduled reschedule ID @daily\n",
        )
        assert hub.requests == []

    def test_a_dry_run_knows_when_it_would_run(self, hfjobs: Hfjobs, hub: Hub, kept: Find) -> None:
        active = add_schedule(hub)
        result = hfjobs("scheduled", "reschedule", active, "0 9 * * 1", "--dry-run")
        told = f"{active}  0 9 * * 1  next 2026-05-18T09:00:00Z\n"
        assert result == Result(0, told, "would reschedule 1 schedule; nothing was rescheduled\n")
        assert (changes(hub), kept(active)["schedule"]) == ([], "17 12 * * *")

    @pytest.mark.parametrize(
        ("when", "message"),
        [
            (
                "nonsense",
                "invalid cron expression 'nonsense'\nhint: use five fields such as '0 9 * * 1' (minute, hour",
            ),
            ("daily", "invalid cron expression 'daily'\nhint: did you mean '@daily'?"),
            ("@midnight", "invalid cron expression '@midnight'\nhint: did you mean '@daily'?"),
            (
                "1",
                "invalid cron expression '1'\nhint: quote it, so that the shell passes it as one argument: '0 9 * * 1'",
            ),
            ("0 9 * *", "invalid cron expression '0 9 * *': 4 fields\nhint: use five fields"),
            ("0 9 * * * * * *", "invalid cron expression '0 9 * * * * * *': 8 fields\n"),
            ("0 9 * * MON", "invalid cron expression '0 9 * * MON': invalid day of the week 'MON'\nhint: use *"),
            ("*/5-10 * * * *", "invalid cron expression '*/5-10 * * * *': invalid minute '*/5-10'\n"),
            (
                "0  9 * * 1",
                "invalid cron expression '0  9 * * 1': fields must be separated by one space\nhint: use '0 9 * * 1'",
            ),
            ("61 * * * *", "invalid cron expression '61 * * * *': minute out of range\n"),
            ("0 24 * * *", "invalid cron expression '0 24 * * *': hour out of range\n"),
            ("0 0 30 2 *", "invalid cron expression '0 0 30 2 *': day of month out of range\n"),
            ("0 0 31 4,6 *", "invalid cron expression '0 0 31 4,6 *': day of month out of range\n"),
            ("", "the cron expression is empty\n"),
        ],
    )
    def test_what_is_no_schedule_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, when: str, message: str) -> None:
        code, stdout, stderr = hfjobs("scheduled", "reschedule", DAILY_SCHEDULE, when)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []

    @pytest.mark.parametrize("when", ["* * * * *", "*/15 9-17 1,15 * 1", "30 0 9 * * 1", "0 0 29 2 *", "@annually"])
    def test_what_is_one_is_sent_as_it_is(self, hfjobs: Hfjobs, when: str) -> None:
        assert (
            hfjobs("scheduled", "reschedule", DAILY_SCHEDULE, when, "--format", "{{.schedule}}").stdout == f"{when}\n"
        )

    def test_what_a_seventh_field_means_is_left_to_the_hub(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("scheduled", "reschedule", DAILY_SCHEDULE, "0 0 9 * * 1 2027")
        assert changes(hub) == [f"POST {LIST}/{DAILY_SCHEDULE}/schedule"]


class TestLabels:
    """They are added or changed, and the others stay."""

    @pytest.mark.parametrize(
        ("argv", "after"),
        [
            (["-l", "env=prod"], {"name": "refresh-index", "team": "data", "env": "prod"}),
            (["--label", "team=ml"], {"name": "refresh-index", "team": "ml"}),
            (["--name", "nightly"], {"name": "nightly", "team": "data"}),
            (["--remove", "team"], {"name": "refresh-index"}),
            (["--replace", "-l", "a=b"], {"a": "b"}),
            (["--clear"], {}),
        ],
    )
    def test_what_is_there_then(self, hfjobs: Hfjobs, kept: Find, argv: list[str], after: dict[str, str]) -> None:
        (change,) = hfjobs.jobs("scheduled", "labels", DAILY_SCHEDULE, *argv, "--json")
        before = {"name": "refresh-index", "team": "data"}
        assert change == {"id": DAILY_SCHEDULE, "name": after.get("name"), "before": before, "after": after}
        spec = kept(DAILY_SCHEDULE)["jobSpec"]
        assert isinstance(spec, dict)
        assert spec["labels"] == after

    def test_a_dry_run_changes_nothing(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("scheduled", "labels", "@name=refresh-index", "--clear", "--dry-run")
        assert (result.code, result.stderr) == (0, "nothing was changed (--dry-run)\n")
        assert result.stdout.splitlines()[1].split() == [DAILY_SCHEDULE, "name=refresh-index,team=data", "-"]
        assert changes(hub) == []

    @pytest.mark.parametrize("argv", [[], ["-l", "bad key=x"], ["--clear", "-l", "a=b"], ["--name", "a b"]])
    def test_what_cannot_be_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, argv: list[str]) -> None:
        assert hfjobs("scheduled", "labels", DAILY_SCHEDULE, *argv).code == 2
        assert hub.requests == []


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"labels": {"team": "ml", "n": 3}}, "would be lost, because their values are not strings: n\n"),
        ({"labels": [1]}, "; they would be lost\n"),
        (7, "; they would be lost\n"),
    ],
)
def test_labels_that_would_be_lost_are_refused(hfjobs: Hfjobs, hub: Hub, spec: object, said: str) -> None:
    made = schedule(hub, id=DAILY_SCHEDULE)
    spec = {**made["jobSpec"], **spec} if isinstance(spec, dict) else spec
    hub.replies_to(f"{LIST}/{DAILY_SCHEDULE}", 200, json.dumps({**made, "jobSpec": spec}))
    name = f"{USER}/{DAILY_SCHEDULE}"
    code, _, stderr = hfjobs("scheduled", "labels", name, "-l", "a=b")
    assert (code, changes(hub)) == (1, [])
    assert said in stderr
    assert hfjobs("scheduled", "labels", name, "-l", "a=b", "--replace").code == 0


class TestDescribed:
    """One that is described is changed without a question only if no other fits; so are those that filters choose."""

    @pytest.mark.parametrize(
        ("argv", "what"),
        [
            (["delete", "@latest"], "delete"),
            (["delete", "@suspended"], "delete"),
            (["resume", "@latest"], "resume"),
            (["reschedule", "@latest", "@daily"], "reschedule"),
            (["labels", "@0", "-l", "a=b"], "change the labels of"),
        ],
    )
    def test_nothing_is_changed_where_nobody_can_answer(
        self, hfjobs: Hfjobs, hub: Hub, argv: list[str], what: str
    ) -> None:
        result = hfjobs("scheduled", *argv)
        text = argv[1]
        (first, *shown, hint) = result.stderr.splitlines()
        assert (result.code, result.stdout) == (2, "")
        assert first == f"error: '{text}' matches 2 schedules; refusing to {what} {DAILY_SCHEDULE} without confirmation"
        assert [line.split()[0] for line in shown] == [DAILY_SCHEDULE, WEEKLY_SCHEDULE]
        assert hint == "hint: use the id of the schedule, or pass --yes"
        assert changes(hub) == []
        assert hfjobs("scheduled", *argv, "--yes").code == 0
        assert len(changes(hub)) == 1

    def test_only_those_that_could_be_changed_count(self, hfjobs: Hfjobs, hub: Hub) -> None:
        active = add_schedule(hub)
        assert hfjobs("scheduled", "suspend", "@latest") == Result(0, f"{active}  suspended\n", "")

    @pytest.mark.parametrize(("command", "done"), [("suspend", "suspended"), ("resume", "resumed")])
    def test_several_that_filters_choose_are_asked_for(self, hfjobs: Hfjobs, hub: Hub, command: str, done: str) -> None:
        code, stdout, stderr = hfjobs("scheduled", command, "-a")
        assert (code, stdout) == (2, "")
        assert stderr == (
            f"error: refusing to {command} the matching schedules without confirmation: stdin is not a terminal\n"
            "hint: pass --yes, or --dry-run to see which schedules match\n"
        )
        keyboard, argv = Terminal("n\n"), ("scheduled", command, "-a")
        no = hfjobs(*argv, keyboard=keyboard, stderr=Terminal(), COLUMNS="100", NO_COLOR="1")
        assert (no.code, no.stdout, changes(hub)) == (1, "", [])
        assert no.stderr.endswith(f"{command.capitalize()} 2 schedules? [y/N] nothing was {done}\n")
        assert hfjobs("scheduled", command, "-a", "--yes").code == 0
        assert len(changes(hub)) == 2


class TestDelete:
    """What is named is meant; what filters choose is shown before it is deleted."""

    def test_named_ones(self, either: Hfjobs) -> None:
        result = either("scheduled", "delete", DAILY_SCHEDULE, "@name=weekly-eval")
        assert result == Result(0, f"{DAILY_SCHEDULE}  deleted\n{WEEKLY_SCHEDULE}  deleted\n", "")
        assert either("scheduled", "ps", "-a", "-q") == Result(0, "", "")

    def test_formats_show_what_they_were(self, hfjobs: Hfjobs, hub: Hub) -> None:
        (before,) = hfjobs.jobs("scheduled", "inspect", DAILY_SCHEDULE)
        (deleted,) = hfjobs.jobs("scheduled", "delete", DAILY_SCHEDULE, "--json")
        before["status"]["last_job"]["stage"] = None  # which nobody asked for
        assert (deleted, ids(hub)) == (before, [WEEKLY_SCHEDULE])

    def test_one_that_does_not_exist(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("scheduled", "delete", f"{USER}/{NOWHERE}", DAILY_SCHEDULE)
        assert (code, stdout) == (3, f"{DAILY_SCHEDULE}  deleted\n")
        assert stderr.startswith(f"error: no schedule '{NOWHERE}' in namespace '{USER}': Scheduled job not found")
        assert ids(hub) == [WEEKLY_SCHEDULE]

    def test_by_filters_where_nobody_is(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("scheduled", "delete", "--status", "suspended") == Result(
            2,
            "",
            "error: refusing to delete the matching schedules without confirmation: stdin is not a terminal\n"
            "hint: pass --yes, or --dry-run to see which schedules match\n",
        )
        assert hub.requests == []

    @pytest.mark.parametrize("yes", ["-y", "--yes"])
    def test_by_filters_with_yes(self, hfjobs: Hfjobs, hub: Hub, yes: str) -> None:
        active = add_schedule(hub)
        result = hfjobs("scheduled", "delete", "--label", "team=data", yes)
        assert result == Result(0, f"{active}  deleted\n{DAILY_SCHEDULE}  deleted\n", "")
        assert ids(hub) == [WEEKLY_SCHEDULE]

    def test_by_filters_dry(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("scheduled", "delete", "-a", "--dry-run", "--format", "{{.id}}")
        told = "would delete 2 schedules; nothing was deleted\n"
        assert result == Result(0, f"{DAILY_SCHEDULE}\n{WEEKLY_SCHEDULE}\n", told)
        assert changes(hub) == []

    @staticmethod
    def ask(hfjobs: Hfjobs, answer: str, *argv: str) -> Result:
        return hfjobs(
            "scheduled",
            "delete",
            *argv,
            keyboard=Terminal(answer),
            stderr=Terminal(),
            COLUMNS="120",
            NO_COLOR="1",
        )

    @pytest.mark.parametrize("answer", ["y\n", "YES\n"])
    def test_by_filters_asks(self, hfjobs: Hfjobs, hub: Hub, answer: str) -> None:
        code, stdout, stderr = self.ask(hfjobs, answer, "--label", "team=ml")
        assert (code, stdout) == (0, f"{WEEKLY_SCHEDULE}  deleted\n")
        header, shown, question = stderr.splitlines()
        assert header.split()[:3] == ["SCHEDULE", "ID", "NAME"]
        assert shown.split()[:2] == [WEEKLY_SCHEDULE, "weekly-eval"]
        assert question == "Delete 1 schedule? [y/N] "
        assert ids(hub) == [DAILY_SCHEDULE]

    @pytest.mark.parametrize("answer", ["", "\n", "n\n", "yo\n"])
    def test_all_but_yes_is_no(self, hfjobs: Hfjobs, hub: Hub, answer: str) -> None:
        code, stdout, stderr = self.ask(hfjobs, answer, "-a")
        assert (code, stdout) == (1, "")
        end = "" if answer else "\n"  # a terminal shows what is typed
        assert stderr.endswith(f"Delete 2 schedules? [y/N] {end}nothing was deleted\n")
        assert changes(hub) == []

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            ([], "no schedules given\nhint: use an ID or @latest, or select"),
            ([DAILY_SCHEDULE, "-a"], "schedules and filters cannot be used together\n"),
            (["--status", "x", "-y"], "unknown schedule status 'x'\n"),
            (["-f", "name=x"], "no such option: -f\n"),
        ],
    )
    def test_what_says_nothing_clear_makes_no_request(
        self, hfjobs: Hfjobs, hub: Hub, argv: list[str], message: str
    ) -> None:
        code, stdout, stderr = hfjobs("scheduled", "delete", *argv)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []

    @pytest.mark.parametrize(
        "misbehavior", [act_and_hang_up, act_and_reply(303, ""), act_and_reply(307, ""), act_and_reply(502, "")]
    )
    def test_a_lost_answer_is_looked_into(self, hfjobs: Hfjobs, hub: Hub, misbehavior: Misbehavior) -> None:
        """It is not sent again: by then there is no such schedule, which would be an error."""
        assert hfjobs("scheduled", "inspect", "-q", DAILY_SCHEDULE).code == 0
        hub.then(pass_on, misbehavior)
        code, stdout, stderr = hfjobs("scheduled", "delete", DAILY_SCHEDULE)
        assert (code, stdout) == (0, f"{DAILY_SCHEDULE}  deleted\n")
        assert stderr.startswith("warning: ")
        assert stderr.endswith("; but the schedule no longer exists\n")
        assert changes(hub) == [f"DELETE {LIST}/{DAILY_SCHEDULE}"]

    def test_a_lost_request_is_an_error(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("scheduled", "inspect", "-q", DAILY_SCHEDULE).code == 0
        hub.then(pass_on, hang_up)
        code, stdout, stderr = hfjobs("scheduled", "delete", DAILY_SCHEDULE)
        assert (code, stdout) == (5, "")
        assert stderr.startswith("error: lost the connection to ")
        assert DAILY_SCHEDULE in ids(hub)


def test_is_found_in_an_organisation_and_changed_there(hfjobs: Hfjobs, hub: Hub) -> None:
    with hub.store.read() as tables:
        (theirs,) = tables.newest_jobs("aurora-lab", limit=1)
    identifier = named(hub, "shared", owner=theirs["owner"])
    assert hfjobs("scheduled", "suspend", identifier).stdout == f"{identifier}  suspended\n"
    assert [path for path in changes(hub) if "aurora-lab" in path] == [
        f"POST /api/scheduled-jobs/aurora-lab/{identifier}/suspend"
    ]
    assert json.loads(hfjobs("scheduled", "inspect", f"aurora-lab/{NEW}").stdout)[0]["suspend"] is True
