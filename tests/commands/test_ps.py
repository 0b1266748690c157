"""`hfjobs ps`: what it lists, asks for, and prints."""

import json

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, DAILY_SCHEDULE, USER, Golden, Hfjobs, Hub, Result, Terminal

UNDER_WAY = 7
ALL_JOBS = 245


@pytest.mark.parametrize("alias", ["ps", "ls", "list"])
def test_lists_running_and_scheduling_jobs_as_a_table(either: Hfjobs, golden: Golden, alias: str) -> None:
    """In a pipe nothing is cut, times are exact, and there is no INITIATOR column."""
    result = either(alias)
    assert result == Result(0, golden("ps-pipe.txt", result.stdout), "")


@pytest.mark.parametrize("columns", [36, 60, 80, 120, 200])
def test_a_terminal_gets_a_table_that_fits(hfjobs: Hfjobs, golden: Golden, columns: int) -> None:
    """Elastic columns shrink, then columns leave; ids and states stay whole; the stage has its color."""
    result = hfjobs("ps", columns=columns)
    assert result == Result(0, golden(f"ps-{columns}.txt", result.stdout), "")


def test_all_lists_every_stage_newest_first(either: Hfjobs) -> None:
    jobs = either.jobs("ps", "-a", "--limit", "0", "--format", "json")
    assert len(jobs) == ALL_JOBS
    assert {job["status"]["stage"] for job in jobs} == {
        "SCHEDULING",
        "RUNNING",
        "COMPLETED",
        "ERROR",
        "CANCELED",
        "DELETED",
    }
    created = [job["created_at"] for job in jobs]
    assert created == sorted(created, reverse=True)


def test_the_history_holds_63_scheduled_runs(either: Hfjobs) -> None:
    jobs = either.jobs("ps", "-a", "--limit", "0", "--json")
    initiators = [job["initiator"] and job["initiator"]["type"] for job in jobs]
    assert initiators.count("scheduled-job") == 63
    assert set(initiators) == {"user", "org", "scheduled-job", "duplicated-job", "webhook", None}


def test_json_has_one_whole_job_on_each_line(hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
    result = hfjobs("ps", "-a", "--name", "weekly-eval", "--limit", "3", "--format", "json").without(hub.endpoint)
    remark = "hint: showing the first 3, there may be more; --limit 0 lists all\n"
    assert result == Result(0, golden("ps.json", result.stdout), remark)
    assert len(result.stdout.splitlines()) == 1 + 3 + 1


def test_jsonl_holds_the_same_objects_as_json(hfjobs: Hfjobs) -> None:
    lines = hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl")
    assert (lines.code, lines.stderr) == (0, "")
    objects = [json.loads(line) for line in lines.stdout.splitlines()]
    assert objects == hfjobs.jobs("ps", "-a", "--limit", "0", "--format", "json")


def test_quiet_prints_ids_only(hfjobs: Hfjobs) -> None:
    ids = [job["id"] for job in hfjobs.jobs("ps", "--json")]
    assert hfjobs("ps", "-q") == Result(0, "".join(f"{id_}\n" for id_ in ids), "")


def test_wide_adds_flavor_and_initiator(hfjobs: Hfjobs, golden: Golden) -> None:
    result = hfjobs("ps", "-w")
    assert result == Result(0, golden("ps-wide.txt", result.stdout), "")


def test_no_trunc_cuts_nothing_on_a_terminal(hfjobs: Hfjobs) -> None:
    """The columns are those of a pipe, the times those of a terminal."""
    result = hfjobs("ps", "--no-trunc", columns=60, NO_COLOR="1")
    assert "…" not in result.stdout
    assert (
        "python -c 'print(\"1842 cards read, 37 of them new\")' --source davanstrien/model-cards --push"
        in result.stdout
    )
    assert "17m ago" in result.stdout
    assert hfjobs("ps", "--no-truncate", columns=60, NO_COLOR="1") == result


class TestWidth:
    """`--width` cuts a pipe like a terminal; nothing else does."""

    @pytest.mark.parametrize("columns", [36, 60, 80, 120])
    def test_makes_a_pipe_fit(self, hfjobs: Hfjobs, columns: int) -> None:
        """Times stay exact and there are no colors, as in any pipe."""
        result = hfjobs("ps", "-w", "--width", str(columns))
        assert result.code == 0
        lines = result.stdout.splitlines()
        assert len(lines) == 1 + UNDER_WAY
        assert max(map(len, lines)) <= columns
        assert "\x1b" not in result.stdout

    def test_overrides_the_terminal(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "--width", "80", columns=200)
        assert result == hfjobs("ps", columns=80)

    def test_is_never_cut_without_it(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("ps", COLUMNS="20", LINES="2") == hfjobs("ps")

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (("--width", "80", "--no-trunc"), "--width cannot be used with --no-trunc"),
            (("--width", "0"), "invalid value for '--width': 0 is not in the range x>=1"),
            (("--width", "wide"), "invalid value for '--width': 'wide' is not a whole number"),
        ],
    )
    def test_that_makes_no_sense_is_a_usage_error(
        self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], message: str
    ) -> None:
        code, stdout, stderr = hfjobs("ps", *options)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\n")
        assert hub.requests == []


class TestColour:
    """Only the stage is colored, and only where colors are wanted."""

    @pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}])
    def test_can_be_switched_off(self, hfjobs: Hfjobs, golden: Golden, environ: dict[str, str]) -> None:
        result = hfjobs.given(environ)("ps", columns=80)
        assert result == Result(0, golden("ps-80-plain.txt", result.stdout), "")
        assert "\x1b" not in result.stdout

    @pytest.mark.parametrize("columns", ["0", "\u00b2", "9" * 5000, "-1", "x"])
    def test_is_drawn_whatever_columns_says(
        self, hfjobs: Hfjobs, monkeypatch: pytest.MonkeyPatch, columns: str
    ) -> None:
        monkeypatch.setenv("COLUMNS", columns)
        expected = hfjobs("ps", columns=80)
        assert hfjobs("ps", stdout=Terminal(), COLUMNS=columns) == expected

    def test_can_be_forced_in_a_pipe(self, hfjobs: Hfjobs) -> None:
        plain, colored = hfjobs("ps"), hfjobs("ps", FORCE_COLOR="1")
        assert "\x1b[36mRUNNING\x1b[0m" in colored.stdout
        assert (
            colored.stdout.replace("\x1b[36m", "").replace("\x1b[38;5;136m", "").replace("\x1b[0m", "") == plain.stdout
        )


class TestStatus:
    """`--status` is told to the server and checked again."""

    @pytest.mark.parametrize(
        ("options", "stages"),
        [
            ((), {"RUNNING", "SCHEDULING"}),
            (("--status", "error"), {"ERROR"}),
            (("--status", "Error,CANCELED"), {"ERROR", "CANCELED"}),
            (("--status", "error", "--status", "deleted"), {"ERROR", "DELETED"}),
            (("-a", "--status", "error"), {"ERROR"}),
            (("--status", "error,canceled,!canceled"), {"ERROR"}),
        ],
    )
    def test_keeps_any_of_them(self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], stages: set[str]) -> None:
        jobs = hfjobs.jobs("ps", "--limit", "0", "--json", *options)
        assert {job["status"]["stage"] for job in jobs} == stages
        assert {value for key, value in hub.requests[-1].query if key == "stage"} == stages

    @pytest.mark.parametrize(
        ("options", "kept"),
        [
            (["--status", "paused:*"], ["PAUSED"]),
            (["--status", "Paused:*,error"], ["PAUSED", "ERROR"]),
            (["--status", "*"], ["PAUSED", "ERROR", "RUNNING"]),
            (["--status", "pau*"], ["PAUSED"]),
            (["--status", "!running"], ["PAUSED", "ERROR"]),
            (["--status", "!paused:*"], ["ERROR", "RUNNING"]),
            (["--status", "*,!p*"], ["ERROR", "RUNNING"]),
            (["-f", "status=paused:*"], ["PAUSED"]),
            (["-f", "status=*", "-f", "status!=p*"], ["ERROR", "RUNNING"]),
            (["-f", "status!=running"], ["PAUSED", "ERROR"]),
        ],
    )
    def test_that_is_newer_than_this_version_is_asked_for_like_any_other(
        self, hfjobs: Hfjobs, hub: Hub, options: list[str], kept: list[str]
    ) -> None:
        """The Hub refuses a stage that it does not know, so it is asked for none."""
        jobs = [hub.job(id=stage.lower(), status={"stage": stage}) for stage in ("PAUSED", "ERROR", "RUNNING")]
        hub.replies_to("/api/jobs/x", 200, json.dumps(jobs))
        result = hfjobs("ps", "--namespace", "x", *options, "--format", "{{.status}}")
        assert (result.code, result.stdout.split()) == (0, kept)
        assert hub.requests[-1].query == []

    def test_is_checked_here_when_the_server_ignores_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, '{"name": "davanstrien"}')
        hub.replies(200, json.dumps([hub.job(), hub.job(id="bb", status={"stage": "ERROR", "message": None})]))
        assert [job["id"] for job in hfjobs.jobs("ps", "--status", "error", "--json")] == ["bb"]

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            (
                "canseled",
                "unknown status 'canseled'",
                "did you mean 'canceled'?",
            ),
            (
                "!bogus",
                "unknown status 'bogus'",
                "use one of running, scheduling, completed, error, canceled, deleted; "
                "for a status that is newer than this version, use 'bogus:*'",
            ),
            (
                "error,!error",
                "--status excludes every status",
                "remove one of the exclusions !STATUS",
            ),
        ],
    )
    def test_unknown_ones_are_a_usage_error(
        self, hfjobs: Hfjobs, hub: Hub, given: str, message: str, hint: str
    ) -> None:
        assert hfjobs("ps", "--status", given) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("failed", "ERROR"),
        ("cancelled", "CANCELED"),
        ("Succeeded", "COMPLETED"),
        ("success", "COMPLETED"),
        ("done", "COMPLETED"),
        ("queued", "SCHEDULING"),
        ("PENDING", "SCHEDULING"),
    ],
)
def test_words_of_other_tools_for_a_status_are_understood(hfjobs: Hfjobs, hub: Hub, given: str, meant: str) -> None:
    same = hfjobs("ps", "--status", meant)
    assert hfjobs("ps", "--status", given) == same
    assert hfjobs("ps", "-f", f"status={given}") == same
    assert hfjobs("ps", "-a", "-f", f"status!={given}") == hfjobs("ps", "-a", "-f", f"status!={meant}")
    assert hfjobs("inspect", f"@{given}", "-q") == hfjobs("inspect", f"@status={meant}", "-q")
    assert same.stdout
    assert {value for each in hub.requests for key, value in each.query if key == "stage"} >= {meant}


@pytest.mark.parametrize(("given", "meant"), [("failure", "error"), ("finished", "completed"), ("stopped", "canceled")])
def test_other_words_for_a_status_get_a_suggestion(hfjobs: Hfjobs, given: str, meant: str) -> None:
    result = hfjobs("ps", "--status", given)
    assert result.code == 2
    assert f"hint: did you mean '{meant}'?" in result.stderr


class TestNamePatterns:
    """`--name` takes a pattern wherever it chooses jobs or schedules."""

    def test_choose_by_the_whole_name(self, hfjobs: Hfjobs, hub: Hub) -> None:
        expected = hfjobs("ps", "-a", "--limit", "0", "-q", "-f", "name=train-*")
        result = hfjobs("ps", "-a", "--limit", "0", "-q", "--name", "train-*")
        assert (result.code, result.stdout) == (0, expected.stdout)
        assert result.stderr == expected.stderr.replace("--filter", "--name")
        assert not any(key == "label" for each in hub.requests for key, _ in each.query)

    def test_hold_beside_a_filter_of_the_name(self, hfjobs: Hfjobs) -> None:
        names = ("ps", "-a", "--limit", "0", "--format", "{{.name}}")
        assert set(hfjobs(*names, "--name", "train-*", "-f", "name=*-judge").stdout.split()) == {"train-judge"}
        assert hfjobs(*names, "--name", "train-*", "-f", "name=refresh-*").stdout == ""

    def test_are_what_is_meant_elsewhere(self, hfjobs: Hfjobs) -> None:
        newest = hfjobs("ps", "-a", "-q", "--limit", "1", "--name", "train-*")
        assert hfjobs("inspect", "@name=train-*", "-q").stdout == newest.stdout
        assert hfjobs("scheduled", "ps", "-a", "--name", "*-eval", "--format", "{{.name}}").stdout == "weekly-eval\n"
        assert hfjobs("cancel", "--name", "train-*", "--dry-run", "-q").stdout.split() != []


class TestEntries:
    """Labels and variables by their keys."""

    @pytest.fixture
    def ours(self, hub: Hub) -> dict[str, str]:
        """Ids of three jobs by what they are."""
        made = {"a": {"grp": "a", "Case": "X"}, "b": {"grp": "b"}, "none": {}}
        return {
            name: hub.add(
                id=f"6a0200000000000000000{place:03}",
                labels={**labels, "mine": "1"},
                environment={"SWEEP": name, "sweep": "small"},
            )
            for place, (name, labels) in enumerate(made.items())
        }

    @pytest.mark.parametrize(
        ("filters", "found"),
        [
            (["label=grp!=a"], ["b", "none"]),
            (["label=grp!=a,grp!=b"], ["none"]),
            (["labels=grp!=*"], ["none"]),
            (["label=grp!=a", "label=grp=b"], ["b"]),
            (["label=grp=a"], ["a"]),
            (["label.grp=a"], ["a"]),
            (["label.grp=a,b"], ["a", "b"]),
            (["label.grp!=a"], ["b", "none"]),
            (["labels.Case=X"], ["a"]),
            (["label.case=X"], []),
            (["environment.SWEEP=a"], ["a"]),
            (["env.SWEEP=[ab]"], ["a", "b"]),
            (["environment.SWEEP=small"], []),
            (["env.sweep=small"], ["a", "b", "none"]),
            (["env.SWEEP!=a"], ["b", "none"]),
            (["environment=SWEEP!=b"], ["a", "none"]),
        ],
    )
    def test_are_compared(self, hfjobs: Hfjobs, ours: dict[str, str], filters: list[str], found: list[str]) -> None:
        argv = [word for each in filters for word in ("-f", each)]
        result = hfjobs("ps", "-a", "--limit", "0", "-q", "-l", "mine=1", *argv)
        assert result.code == 0
        assert set(result.stdout.split()) == {ours[name] for name in found}

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("label=grp!=a,grp=b", "filter 'label=grp!=a,grp=b' both includes and excludes"),
            ("label!=grp!=a", "filter 'label!=grp!=a' both includes and excludes"),
            ("Enviroment.SWEEP=1", "unknown field 'Enviroment.SWEEP' in filter 'Enviroment.SWEEP=1'"),
        ],
    )
    def test_what_says_nothing_clear_is_an_error(self, hfjobs: Hfjobs, hub: Hub, given: str, message: str) -> None:
        code, stdout, stderr = hfjobs("ps", "-f", given)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\n")
        assert hub.requests == []


@pytest.mark.parametrize("option", ["--status", "--initiator", "--name", "--columns"])
@pytest.mark.parametrize("value", ["", ","])
def test_an_empty_variable_in_a_script_does_not_mean_everything(
    hfjobs: Hfjobs, hub: Hub, option: str, value: str
) -> None:
    if (option, value) == ("--name", ","):
        message, hint = "invalid job name ','", "use at most 100 letters, digits and . _ -"
    else:
        message, hint = f"{option} is empty", f"remove {option}, or give it a value"
    assert hfjobs("ps", "-a", option, value) == Result(2, "", f"error: {message}\nhint: {hint}\n")
    assert hub.requests == []


@pytest.mark.parametrize(
    "argv",
    [
        ("ps", "--since"),
        ("ps", "--from"),
        ("ps", "--format"),
        ("ps", "--namespace"),
        ("ps", "--endpoint"),
        ("wait", BY_HAND, "--since"),
        ("cancel", "-a", "--until"),
        ("run", "ubuntu", "--env-file"),
        ("uv", "run", "tool", "--namespace"),
        ("scheduled", "run", "@daily", "ubuntu", "--spec"),
        ("emulator", "fire", BY_HAND, "--repo"),
        ("emulator", "--token"),
    ],
)
def test_nor_do_others(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
    """Whatever the option, and whatever the command would take it for."""
    *words, option = argv
    place = words.index("run") + 1 if "run" in words else len(words)
    result = hfjobs(*words[:place], option, "", *words[place:])
    assert result == Result(2, "", f"error: {option} is empty\nhint: remove {option}, or give it a value\n")
    assert hub.requests == []


class TestInitiator:
    """`--initiator` is applied here, page by page, and adds its column."""

    @pytest.mark.parametrize(
        ("given", "count"),
        [
            ("scheduled-job", 63),
            ("Scheduled-Job", 63),
            (f"scheduled-job:{DAILY_SCHEDULE}", 48),
            ("scheduled-job:*", 63),
            ("user,org", 120),
            ("user:davanstrien", 117),
            ("user:60107b385ac3e86b3ea4fc34", 117),
            ("org:aurora-lab", 3),
            ("webhook", 31),
            ("none", 8),
            ("!*", 8),
            ("*", 237),
            ("*-job", 86),
            ("*:davanstrien", 117),
            ("none,*-job,!duplicated-*", 71),
            ("!none,!user", 120),
            ("duplicated-job,!duplicated-job:nothing", 23),
            ("!user:davanstrien", 128),
            ("user:davan*", 117),
            ("user:60107b", 117),
            ("scheduled-job:69c417", 48),
            ("scheduled-job:*71691dc46f166314", 48),
            ("!scheduled-job:69c4*", 197),
            ("webhook:69a8b1*", 31),
            ("duplicated-job:6*", 23),
            ("comet:*", 0),
            ("comet:12", 0),
            ("scheduled-run:12", 0),
        ],
    )
    def test_keeps_any_of_them(self, hfjobs: Hfjobs, given: str, count: int) -> None:
        code, stdout, stderr = hfjobs("ps", "-a", "--limit", "0", "--initiator", given, "--format", "jsonl")
        assert (code, len(stdout.splitlines())) == (0, count)
        told = f"{count} of {ALL_JOBS} jobs read on 3 pages match --initiator\n"
        assert stderr == told + ("" if count else "no jobs match\n")

    @pytest.mark.parametrize(
        ("given", "count"),
        [
            ("scheduled-job:refresh-index", 48),
            ("scheduled-job:weekly-*", 15),
            ("scheduled-job:weekly-eval,webhook", 46),
            ("!scheduled-job:refresh-index", 197),
            ("scheduled-job:nothing*", 0),
        ],
    )
    def test_may_be_the_name_of_a_schedule(self, hfjobs: Hfjobs, hub: Hub, given: str, count: int) -> None:
        """Which costs one request, as jobs know the id only."""
        result = hfjobs("ps", "-a", "-q", "--limit", "0", "--initiator", given)
        assert (result.code, len(result.stdout.split())) == (0, count)
        assert hub.paths.count(f"GET /api/scheduled-jobs/{USER}") == 1

    def test_that_names_no_schedule_is_an_error(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--initiator", "scheduled-job:refresh-idnex")
        hint = "did you mean 'refresh-index'?"
        assert result == Result(3, "", f"error: no schedule named 'refresh-idnex'\nhint: {hint}\n")
        result = hfjobs("ps", "-a", "--namespace", "aurora-lab", "--initiator", "scheduled-job:flaky")
        hint = "there are no schedules in this namespace"
        assert result == Result(3, "", f"error: no schedule named 'flaky'\nhint: {hint}\n")

    @pytest.mark.parametrize(
        ("word", "meant"),
        [
            ("cron", "scheduled-job"),
            ("Schedule", "scheduled-job"),
            ("manual", "user"),
            ("rerun:6a01", "duplicated-job"),
        ],
    )
    def test_words_of_other_tools_lead_to_the_right_type(self, hfjobs: Hfjobs, hub: Hub, word: str, meant: str) -> None:
        code, stdout, stderr = hfjobs("ps", "-a", "--initiator", word)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: unknown initiator '{word}'\nhint: did you mean '{meant}'?")
        assert hub.requests == []

    def test_adds_its_column(self, either: Hfjobs, golden: Golden) -> None:
        result = either("ps", "--initiator", "scheduled-job", columns=80, NO_COLOR="1")
        remark = f"1 of {UNDER_WAY} running and scheduling jobs read match --initiator\n"
        assert result == Result(0, golden("ps-initiator-80.txt", result.stdout), remark)

    def test_shows_only_the_type_where_space_is_short(self, hfjobs: Hfjobs, golden: Golden) -> None:
        result = hfjobs("ps", "--initiator", "scheduled-job", columns=60, NO_COLOR="1")
        assert result.stdout == golden("ps-initiator-60.txt", result.stdout)

    @pytest.mark.parametrize(
        ("columns", "header"),
        [
            (80, ["JOB ID", "NAME", "CREATED", "STATUS", "INITIATOR"]),
            (100, ["JOB ID", "NAME", "COMMAND", "CREATED", "STATUS", "RUNTIME", "INITIATOR"]),
        ],
    )
    def test_pushes_out_no_column_that_fits(self, hfjobs: Hfjobs, columns: int, header: list[str]) -> None:
        shown = hfjobs("ps", "-a", "--initiator", "webhook", columns=columns).stdout.splitlines()[0]
        assert [word.strip() for word in shown.split("  ") if word] == header

    def test_repeats_add_up(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-q", "--initiator", "webhook", "--initiator", "scheduled-job")
        assert len(result.stdout.splitlines()) == 2

    def test_its_cell_is_spelled_as_the_filter_takes_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Also for a type that this version does not know."""
        id_ = hub.add(initiator={"type": "comet", "id": "c0ffee"})
        cells = hfjobs("ps", "-a", "--columns", "id,initiator").stdout.splitlines()[1:]
        cell = dict(line.split() for line in cells)[id_]
        assert cell == "comet:c0ffee"
        assert hfjobs("ps", "-a", "-q", "--initiator", cell).stdout == f"{id_}\n"

    def test_stops_reading_when_enough_match(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "-a", "--format", "{{.id}}", "--initiator", "webhook", "--limit", "2")
        assert result.code == 0
        assert len(result.stdout.splitlines()) == 2
        assert result.stderr == (
            "2 of 18 jobs read match --initiator\nhint: showing the first 2, there may be more; --limit 0 lists all\n"
        )
        assert hub.paths == ["GET /api/whoami-v2", "GET /api/jobs/davanstrien"]

    @pytest.mark.parametrize(
        ("given", "hint"),
        [
            (
                "schedule-job",
                "did you mean 'scheduled-job'?",
            ),
            (
                "schedule-job:69c4179671691dc46f166314",
                "did you mean 'scheduled-job'?",
            ),
            (
                "comet",
                "use one of user, org, scheduled-job, duplicated-job, webhook, none; "
                "for a type that is newer than this version, use 'comet:*'",
            ),
            ("user:", "did you mean 'user'?"),
            ("none:x", "did you mean 'none'?"),
            (":x", "use one of user, org, scheduled-job, duplicated-job, webhook, none"),
        ],
    )
    def test_misspelt_types_are_a_usage_error(self, hfjobs: Hfjobs, hub: Hub, given: str, hint: str) -> None:
        expected = f"error: unknown initiator '{given}'\nhint: {hint}\n"
        assert hfjobs("ps", "--initiator", given) == Result(2, "", expected)
        assert hub.requests == []


ALLOWED = "use at most 100 letters, digits and . _ -"


class TestLabels:
    """`--label` and `--name` are told to the server and checked again; all must match."""

    def test_all_of_them_must_match(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = hfjobs.jobs("ps", "-l", "team=ml", "--label", "env=prod", "--name", "train-judge", "--json")
        assert [job["labels"] for job in jobs] == [{"name": "train-judge", "team": "ml", "env": "prod"}] * 2
        query = hub.requests[-1].query
        assert [value for key, value in query if key == "label"] == ["team=ml", "env=prod", "name=train-judge"]

    @pytest.mark.parametrize("given", ["label.team=a/b", "label=team=a=b", "name=a b"])
    def test_that_no_job_can_have_are_not_sent(self, hfjobs: Hfjobs, hub: Hub, given: str) -> None:
        """The Hub refuses to filter by them."""
        code, stdout, stderr = hfjobs("ps", "-a", "-q", "-f", given)
        assert (code, stdout, "no jobs match" in stderr) == (0, "", False)
        assert [key for key, _ in hub.requests[-1].query if key == "label"] == []

    def test_are_checked_here_when_the_server_takes_any_of_them(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, '{"name": "davanstrien"}')
        hub.replies(200, json.dumps([hub.job(labels={"a": "1"}), hub.job(id="bb", labels={"a": "1", "b": "2"})]))
        assert hfjobs("ps", "-a", "-q", "-l", "a=1", "-l", "b=2") == Result(0, "bb\n", "")

    @pytest.mark.parametrize("given", ["team", "=ml", "team!=ml"])
    def test_without_key_or_equals_sign_are_a_usage_error(self, hfjobs: Hfjobs, given: str) -> None:
        message = f"label '{given}' is not KEY=VALUE"
        hint = "use --label env=prod; repeat --label to require several labels"
        assert hfjobs("ps", "--label", given) == Result(2, "", f"error: {message}\nhint: {hint}\n")

    @pytest.mark.parametrize(
        ("options", "message", "hint"),
        [
            (
                ("-l", "note=a,b"),
                "label 'note=a,b' contains a comma, which labels cannot contain",
                "use --label env=prod; repeat --label to require several labels",
            ),
            (
                ("-f", "label=note=a,b"),
                "filter 'label=note=a,b' contains a comma, which labels cannot contain",
                "repeat -f to require several labels; use KEY=A,KEY=B for either of two values",
            ),
            (
                ("-f", "labels!=team,note=a"),
                "filter 'labels!=team,note=a' contains a comma, which labels cannot contain",
                "repeat -f to require several labels; use KEY=A,KEY=B for either of two values",
            ),
            (("-l", "team=m?"), "--label 'team=m?' must not be a pattern", "use -f 'label=team=m?'"),
            (("--name", "a,b"), "invalid job name 'a,b'", f"{ALLOWED}, for example 'a-b'"),
            (("--name", "a b"), "invalid job name 'a b'", f"{ALLOWED}, for example 'a-b'"),
            (("-l", "org=a/b"), "invalid value in label 'org=a/b'", f"{ALLOWED}, for example 'a-b'"),
            (("-l", "a=b=c"), "invalid value in label 'a=b=c'", f"{ALLOWED}, for example 'b-c'"),
            (("-l", "a=\n"), "invalid value in label 'a=\\n'", ALLOWED),
        ],
    )
    def test_that_no_job_can_have_are_a_usage_error(
        self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], message: str, hint: str
    ) -> None:
        assert hfjobs("ps", "-a", *options) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []


class TestLimit:
    """`--limit` counts matches, and whoever is shown less than all is told so."""

    HINT = "hint: showing the first {}, there may be more; --limit 0 lists all\n"

    def test_is_100_by_default_and_costs_one_request(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """With -q nobody should take them for all."""
        result = hfjobs("ps", "-a", "--format", "{{.id}}", "--namespace", USER)
        assert (result.code, len(result.stdout.splitlines())) == (0, 100)
        assert result.stderr == self.HINT.format(100)
        assert len(hub.requests) == 1
        warning = "warning: stopped after 100 jobs; --limit 0 lists all\n"
        assert hfjobs("ps", "-a", "-q", "--namespace", USER) == Result(0, result.stdout, warning)

    @pytest.mark.parametrize(("limit", "told"), [("6", True), ("7", False), ("8", False)])
    def test_tells_only_when_something_is_left(self, hfjobs: Hfjobs, limit: str, told: bool) -> None:
        result = hfjobs("ps", "--format", "{{.id}}", "--limit", limit)
        assert len(result.stdout.splitlines()) == min(int(limit), UNDER_WAY)
        assert result.stderr == (self.HINT.format(limit) if told else "")

    def test_may_end_in_the_middle_of_a_page(self, hfjobs: Hfjobs, hub: Hub) -> None:
        ids = [job["id"] for job in hfjobs.jobs("ps", "-a", "--limit", "0", "--json")]
        del hub.requests[:]
        assert hfjobs("ps", "-a", "-q", "--limit", "101").stdout.split() == ids[:101]
        assert len(hub.requests) == 2

    def test_must_not_be_negative(self, hfjobs: Hfjobs) -> None:
        expected = "error: invalid value for '--limit': -1 is not in the range x>=0\nhint: see 'hfjobs ps --help'\n"
        assert hfjobs("ps", "--limit", "-1") == Result(2, "", expected)


class TestColumns:
    """`--columns` replaces or edits the default set."""

    def header(self, hfjobs: Hfjobs, *argv: str) -> list[str]:
        code, stdout, stderr = hfjobs("ps", *argv)
        assert (code, stderr) == (0, "")
        return [word for word in stdout.splitlines()[0].split("  ") if word]

    def test_replaces(self, hfjobs: Hfjobs) -> None:
        header = self.header(hfjobs, "--columns", "status,ID,initiator,labels,owner,status")
        assert [word.strip() for word in header] == ["STATUS", "JOB ID", "INITIATOR", "LABELS", "OWNER"]

    def test_edits(self, hfjobs: Hfjobs) -> None:
        header = self.header(hfjobs, "--columns", "+initiator,- command,-image,-url,+ id")
        assert [word.strip() for word in header] == ["JOB ID", "NAME", "CREATED", "STATUS", "RUNTIME", "INITIATOR"]

    def test_shows_every_column(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        every = (
            "id,name,image,command,created,status,runtime,flavor,initiator,owner,labels,started,finished,message,url"
        )
        result = hfjobs("ps", "-a", "--columns", every, "--namespace", "aurora-lab").without(hub.endpoint)
        assert result == Result(0, golden("ps-every-column.txt", result.stdout), "")

    def test_help_lists_them_without_a_request(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        result = hfjobs("ps", "--columns", "help")
        assert result == Result(0, golden("columns-help.txt", result.stdout), "")
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ("id,stauts", "unknown column 'stauts'\nhint: did you mean 'status'?"),
            ("id,+name", "--columns 'id,+name' mixes names and edits\nhint: use id,name to replace the columns"),
            (",", "--columns is empty\nhint: remove --columns"),
            ("-id,-name,-image,-command,-created,-status,-runtime", "--columns removes every column\n"),
        ],
    )
    def test_bad_lists_are_a_usage_error(self, hfjobs: Hfjobs, hub: Hub, given: str, message: str) -> None:
        code, stdout, stderr = hfjobs("ps", f"--columns={given}")
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}")
        assert hub.requests == []

    @pytest.mark.parametrize("names", ["url", "name", "initiator", "command,image", "url,labels"])
    def test_something_is_shown_however_narrow_it_is(self, hfjobs: Hfjobs, names: str) -> None:
        result = hfjobs("ps", "--columns", names, columns=8, NO_COLOR="1")
        assert result.code == 0
        assert len(result.stdout.splitlines()) == 1 + UNDER_WAY
        assert all(line.strip() for line in result.stdout.splitlines())

    def test_wide_adds_to_any_set(self, hfjobs: Hfjobs) -> None:
        header = self.header(hfjobs, "--columns", "id,initiator", "-w")
        assert [word.strip() for word in header] == ["JOB ID", "INITIATOR", "FLAVOR"]

    @pytest.mark.parametrize(
        ("options", "columns", "shown"),
        [
            (("-w",), 80, ["JOB ID", "CREATED", "STATUS", "FLAVOR", "INITIATOR"]),
            (("-w",), 100, ["JOB ID", "NAME", "CREATED", "STATUS", "FLAVOR", "INITIATOR"]),
            (("-w",), 120, ["JOB ID", "NAME", "COMMAND", "CREATED", "STATUS", "RUNTIME", "FLAVOR", "INITIATOR"]),
            (("--columns", "+flavor"), 80, ["JOB ID", "NAME", "CREATED", "STATUS", "FLAVOR"]),
        ],
    )
    def test_those_asked_for_outlive_the_default_ones(
        self, hfjobs: Hfjobs, options: tuple[str, ...], columns: int, shown: list[str]
    ) -> None:
        result = hfjobs("ps", *options, columns=columns)
        header = [word.strip() for word in result.stdout.splitlines()[0].split("  ") if word]
        assert (header, result.stderr) == (shown, "")

    def test_tells_which_of_those_asked_for_found_no_room(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "--columns", "id,command,url,status", columns=50, NO_COLOR="1")
        assert result.stdout.splitlines()[0].split() == ["JOB", "ID", "COMMAND", "STATUS"]
        assert result.stderr == "no room for URL at 50 columns; --no-trunc shows everything\n"


@pytest.mark.parametrize(
    ("options", "stdout"),
    [
        (("--format", "table"), "JOB ID  NAME  IMAGE/SPACE  COMMAND  CREATED  STATUS  RUNTIME\n"),
        (("--format", "json"), "[]\n"),
        (("--format", "jsonl"), ""),
        (("-q",), ""),
    ],
)
@pytest.mark.parametrize(
    ("filters", "remark"),
    [
        (("--name", "nothing"), "no running or scheduling jobs match; -a lists finished ones too\n"),
        (("-a", "--name", "nothing"), "no jobs match\n"),
        (("--status", "error", "--name", "nothing"), "no jobs match\n"),
    ],
)
def test_no_jobs_are_no_failure(
    hfjobs: Hfjobs, options: tuple[str, ...], stdout: str, filters: tuple[str, ...], remark: str
) -> None:
    assert hfjobs("ps", *filters, *options) == Result(0, stdout, "" if options == ("-q",) else remark)


class TestUntrustedText:
    """What comes from jobs moves no cursor, changes no color and keeps to its row."""

    COMMAND = ("echo", "[bold]red[/bold]", "\x1b[31m\x1b]8;;http://x\x07", "two\nlines\r\t", "a\u202eb\u2028c\x9b\x7f")
    SHOWN = r"echo '[bold]red[/bold]' '\x1b[31m\x1b]8;;http://x\x07' 'two\nlines\r\t' 'a\u202eb\u2028c\x9b\x7f'"

    @pytest.mark.parametrize("columns", [None, 400])
    def test_is_shown_escaped_on_one_row(self, hfjobs: Hfjobs, hub: Hub, columns: int | None) -> None:
        hub.add(command=list(self.COMMAND), labels={"name": "bad\x1b[2Jname"})
        result = hfjobs("ps", "-a", "--limit", "1", "--columns", "command,name,id", columns=columns)
        header, row = result.stdout.splitlines()
        assert row.startswith(self.SHOWN + "  bad\\x1b[2Jname")
        assert result.stdout.count("\x1b") == 0
        assert header.index("NAME") == row.index("bad")

    def test_is_unchanged_in_json(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.add(command=list(self.COMMAND))
        assert json.loads(hfjobs("ps", "-a", "--limit", "1", "--json").stdout)[0]["command"] == list(self.COMMAND)

    def test_is_escaped_where_the_output_cannot_hold_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        class Ascii(Terminal):
            encoding = "ascii"

        hub.add(command=["echo", "größe" * 30], labels={"name": "smørrebrød"})
        table = hfjobs("ps", "-a", "--limit", "1", stdout=Ascii(), columns=100, NO_COLOR="1").stdout
        assert table.isascii()
        assert r"sm\xf8rrebr\xf8d" in table
        header, row = table.splitlines()
        assert header.index("CREATED") == row.index("1s ago")
        assert len(row) <= 100
        for format_ in ("json", "jsonl"):
            text = hfjobs("ps", "-a", "--limit", "1", "--format", format_, stdout=Ascii()).stdout
            assert text.isascii()
            job = json.loads(text)[0] if format_ == "json" else json.loads(text)
            assert job["labels"] == {"name": "smørrebrød"}


def test_wide_and_combining_characters_keep_the_columns_aligned(hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
    hub.add(
        labels={"name": "訓練モデル評価データセット構築"}, command=["echo", "e\u0301te\u0301 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀"]
    )
    result = hfjobs("ps", "-a", "--limit", "3", columns=100, NO_COLOR="1")
    assert result.stdout == golden("ps-wide-characters.txt", result.stdout)


def test_a_job_without_anything_optional_is_shown_with_dashes(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.replies(200, json.dumps([{"id": "aa", "owner": {"name": "x"}, "status": {"stage": "RUNNING"}}]))
    result = hfjobs("ps", "-w", "--namespace", "x")
    assert result == Result(
        0,
        "JOB ID  NAME  IMAGE/SPACE  COMMAND  CREATED  STATUS   RUNTIME  FLAVOR  INITIATOR\n"
        "aa      -     -            -        -        RUNNING  -        -       -\n",
        "",
    )


def test_one_long_command_does_not_pad_all_rows(hfjobs: Hfjobs, hub: Hub) -> None:
    hub.add(command=["bash", "-c", "x" * 5000])
    _, long, *short = hfjobs("ps", "-a", "--limit", "3", "--columns", "command,id").stdout.splitlines()
    assert "x" * 5000 in long
    assert [len(row) for row in short] == [250 + 2 + 24] * 2


def test_a_space_job_shows_its_space(hfjobs: Hfjobs) -> None:
    assert "hf.co/spaces/davanstrien/dataset-explorer  " in hfjobs("ps").stdout


class TestPages:
    """Pages are followed by their cursor, at our own endpoint."""

    def test_all_are_read_from_the_endpoint(self, hfjobs: Hfjobs, hub: Hub) -> None:
        ids = hfjobs("ps", "-a", "-q", "--limit", "0").stdout.split()
        assert len(ids) == len(set(ids)) == ALL_JOBS
        pages = [request.query for request in hub.requests if request.path == "/api/jobs/davanstrien"]
        assert [[key for key, _ in query] for query in pages] == [[], ["cursor"], ["cursor"]]

    def test_filters_hold_on_every_page(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps", "-q", "--limit", "0", "--status", "completed")
        assert [value for request in hub.requests for key, value in request.query if key == "stage"] == [
            "COMPLETED"
        ] * 2

    def test_a_job_that_moves_to_a_later_page_is_shown_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        first = {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'}
        hub.replies(200, json.dumps([hub.job(id="aa"), hub.job(id="bb")]), first)
        hub.replies(200, json.dumps([hub.job(id="bb"), hub.job(id="cc"), hub.job(id="cc")]))
        assert hfjobs("ps", "-a", "-q", "--namespace", "x").stdout.split() == ["aa", "bb", "cc"]

    def test_that_loop_end(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, "[]", {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'}, times=9)
        result = hfjobs("ps", "-a", "--namespace", "x")
        assert result == Result(
            1, "", "error: unexpected response from the Hub: its pages repeat (GET /api/jobs/x: 200)\n"
        )
        assert len(hub.requests) == 2

    @pytest.mark.parametrize(
        "link",
        [
            '<HUB?cursor=2>; rel="next"',
            "<HUB?cursor=2>; rel=next",
            '<HUB?cursor=2>; REL="last Next"',
            '<HUB?cursor=1>; rel="prev", <HUB?cursor=2>; title="a;b, <c>"; rel="next"',
            '<HUB?cursor=1>; title="x\\""; rel=prev, <HUB?cursor=2>; title="p \\" q"; rel="ne\\xt"',
            "</api/jobs/x?a=b&cursor=2>;rel=next",
        ],
    )
    def test_are_found_in_every_form_of_a_link(self, hfjobs: Hfjobs, hub: Hub, link: str) -> None:
        hub.replies(200, json.dumps([hub.job(id="aa")]), {"Link": link.replace("HUB", f"{hub.endpoint}/api/jobs/x")})
        hub.replies(200, json.dumps([hub.job(id="bb")]))
        assert hfjobs("ps", "-a", "-q", "--namespace", "x") == Result(0, "aa\nbb\n", "")
        assert hub.requests[-1].query == [("cursor", "2")]

    @pytest.mark.parametrize(
        "link",
        [
            '<HUB?cursor=2>; rel="prev"',
            "<HUB?cursor=2>",
            '<HUB?cursor=2>; rel="prev"; rel="next"',
            '<HUB?cursor=2>; title*="x; rel=next"; rel=prev',
            "nonsense",
            "<" * 60_000,
        ],
    )
    def test_end_where_no_next_one_is_linked(self, hfjobs: Hfjobs, hub: Hub, link: str) -> None:
        hub.replies(200, json.dumps([hub.job(id="aa")]), {"Link": link})
        assert hfjobs("ps", "-a", "-q", "--namespace", "x") == Result(0, "aa\n", "")

    def test_without_a_new_job_end(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for page in range(20):
            hub.replies(200, "[]", {"Link": f'<{hub.endpoint}/api/jobs/x?cursor={page}>; rel="next"'})
        result = hfjobs("ps", "-a", "--namespace", "x")
        assert (result.code, result.stdout) == (1, "")
        assert "its pages repeat" in result.stderr
        assert len(hub.requests) == 10

    @pytest.mark.parametrize("link", ["https://elsewhere.example/page2", "http://[bad"])
    def test_a_link_without_a_cursor_is_an_error(self, hfjobs: Hfjobs, hub: Hub, link: str) -> None:
        hub.replies(200, "[]", {"Link": f'<{link}>; rel="next"'})
        what = f"the link to the next page has no cursor: '{link}'"
        expected = f"error: unexpected response from the Hub: {what} (GET /api/jobs/x: 200)\n"
        assert hfjobs("ps", "-a", "--namespace", "x") == Result(1, "", expected)

    def test_jsonl_hands_on_each_page_as_it_comes(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What was written before a later page fails is whole lines; json and tables print nothing then."""
        link = {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'}
        for format_, lines in (("jsonl", 1), ("json", 0), ("table", 0)):
            hub.replies(200, json.dumps([hub.job()]), link)
            hub.replies(400, '{"error": "Invalid cursor"}')
            result = hfjobs("ps", "-a", "--namespace", "x", "--format", format_)
            assert result.code == 1
            assert len(result.stdout.splitlines()) == lines
            assert result.stderr == "error: the Hub refused the request: Invalid cursor (GET /api/jobs/x: 400)\n"

    def test_progress_is_shown_on_a_terminal_and_taken_away(self, hfjobs: Hfjobs) -> None:
        stderr = Terminal()
        result = hfjobs("ps", "-a", "-q", "--limit", "0", "--initiator", "none", stderr=stderr)
        assert result.stderr == (
            "\r\x1b[K100 of about 245 jobs read, 0 match ...\r\x1b[K200 of about 245 jobs read, 0 match ...\r\x1b[K"
        )
        narrow = hfjobs("ps", "-a", "-q", "--limit", "0", "--initiator", "none", stderr=Terminal(), COLUMNS="30")
        assert narrow.stderr == "\r\x1b[K100 of about 245 jobs read...\r\x1b[K200 of about 245 jobs read...\r\x1b[K"
        silent = hfjobs("ps", "-a", "-q", "--limit", "0", "--initiator", "none", stderr=Terminal(), TERM="dumb")
        assert silent.stderr == ""

    def test_progress_is_taken_away_even_if_nothing_follows(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, json.dumps([hub.job()]), {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'})
        hub.replies(200, "[]")
        stderr = Terminal()
        assert hfjobs("ps", "-a", "-q", "--namespace", "x", stderr=stderr).code == 0
        assert stderr.getvalue() == "\r\x1b[K1 jobs read, 1 match ...\r\x1b[K"


class TestNamespace:
    """The default is the token's user, asked for once and remembered."""

    def test_the_second_run_is_one_request(self, hfjobs: Hfjobs, hub: Hub) -> None:
        first = hfjobs("ps")
        del hub.requests[:]
        assert hfjobs("ps") == first
        assert hub.paths == ["GET /api/jobs/davanstrien"]

    def test_can_be_an_organisation(self, either: Hfjobs) -> None:
        jobs = either.jobs("ps", "-a", "--namespace", "aurora-lab", "--json")
        assert {job["owner"]["name"] for job in jobs} == {"aurora-lab"}
        assert {job["initiator"]["type"] for job in jobs} == {"org"}

    def test_is_asked_for_again_when_the_remembered_one_is_gone(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """A user who was renamed notices nothing."""
        hub.replies(200, '{"name": "old-name"}')
        hub.replies(200, "[]")
        assert hfjobs("ps", "-q").code == 0
        del hub.requests[:]
        assert len(hfjobs("ps", "-q").stdout.splitlines()) == UNDER_WAY
        assert hub.paths == ["GET /api/jobs/old-name", "GET /api/whoami-v2", "GET /api/jobs/davanstrien"]

    @pytest.mark.parametrize("argv", [("ps", "davanstrien"), ("ls", "-a", "davanstrien")])
    def test_in_the_wrong_place_is_a_usage_error(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...]) -> None:
        hint = "separate lists with commas; give a namespace with --namespace NAME"
        expected = f"error: unexpected argument 'davanstrien'\nhint: {hint}\n"
        assert hfjobs(*argv) == Result(2, "", expected)
        assert hub.requests == []

    def test_an_argument_too_many_is_another_thing(self, hfjobs: Hfjobs) -> None:
        """Where a job is named and has been."""
        assert hfjobs("tree", BY_HAND, "x") == Result(
            2, "", "error: unexpected argument 'x'\nhint: see 'hfjobs tree --help'\n"
        )

    @pytest.mark.parametrize("given", ["a/b", "..", " ", "a b", "ä"])
    def test_is_checked_before_it_enters_an_address(self, hfjobs: Hfjobs, hub: Hub, given: str) -> None:
        expected = f"error: invalid namespace '{given}'\nhint: use letters, digits, '-', '_' and '.'\n"
        assert hfjobs("ps", "--namespace", given) == Result(2, "", expected)
        assert hub.requests == []


def test_the_example_of_a_scheduled_run_is_there(either: Hfjobs) -> None:
    result = either("ps", "-a", "-q", "--initiator", f"scheduled-job:{DAILY_SCHEDULE}", "--limit", "2")
    assert BY_SCHEDULE in result.stdout


def test_nothing_has_no_header_on_a_terminal(hfjobs: Hfjobs, hub: Hub) -> None:
    """What there is none of is said on stderr, and in a pipe a table has its header."""
    with hub.store.write() as tables:
        for job in hub.all_jobs():
            tables.save_job({**job, "status": {"stage": "COMPLETED", "message": None}})
    nothing = "no running or scheduling jobs match; -a includes finished ones\n"
    hint = "hint: 'hfjobs ps -a --namespace alice' lists the jobs\n"
    unknown = f"error: no job named 'nobody' in namespace 'alice'\n{hint}"
    for words, header, code, said in (
        ("ps", "JOB ID", 0, "no running or scheduling jobs; -a lists finished ones too\n"),
        ("wait --name nobody", "JOB ID", 0, nothing),
        ("wait alice/nobody", "JOB ID", 3, unknown),
        ("stats", "JOB ID", 0, "no running jobs\n"),
        ("stats --for 1s", "JOB ID", 0, "no running jobs\n"),
        ("labels alice/nobody -l a=b", "ID", 3, unknown),
        ("report --name nobody", "INITIATOR-TYPE", 0, "no jobs match\n"),
        ("scheduled ps --name nobody", "SCHEDULE ID", 0, "no active schedules match; -a lists suspended ones too\n"),
        ("hardware -f name=nobody*", "NAME", 0, "no flavors match\n"),
    ):
        line = words.split()
        if "alice" in words:
            hub.replies_to("/api/jobs/alice", 200, "[]")
        assert hfjobs(*line, columns=100) == Result(code, "", said), words
        in_pipe = hfjobs(*line)
        assert (in_pipe.code, in_pipe.stderr, in_pipe.stdout.count("\n")) == (code, said, 1), words
        assert in_pipe.stdout.startswith(f"{header}  ")
    declares_none = 'group = "default"\n'
    assert hfjobs("scheduled", "apply", "-", columns=100, stdin=declares_none) == Result(
        0, "", "no schedules to apply\n"
    )
