"""What a TAB offers of what the Hub has."""

import pytest

from tests.cli.tabs import complete, logged_in, offered
from tests.support import BY_HAND, DAILY_SCHEDULE, TOKEN, USER, Hub, Result, Stall


@pytest.fixture
def environ(directories: dict[str, str]) -> dict[str, str]:
    return dict(directories)


class TestJobs:
    """Names and ids of jobs, asked of the Hub, with name, status and age; where one is meant no name of several."""

    @pytest.mark.parametrize("command_", ["inspect", "duplicate"])
    def test_are_offered(self, environ: dict[str, str], hub: Hub, command_: str) -> None:
        settings = logged_in(environ, hub)
        words = offered(f"hfjobs {command_} ", settings)
        assert (words[0], words[-100:]) == ("classify-cards", [job["id"] for job in hub.all_jobs()[:100]])
        row = complete(f"hfjobs {command_} {BY_HAND[:9]}", settings).stdout
        assert row.startswith(f"{BY_HAND}\tclassify-cards completed ")

    @pytest.mark.parametrize("command_", ["cancel", "stats", "ssh", "expose"])
    def test_have_not_ended_where_only_such_are_taken(self, environ: dict[str, str], hub: Hub, command_: str) -> None:
        settings = logged_in(environ, hub)
        active = [job for job in hub.all_jobs() if job["status"]["stage"] in ("RUNNING", "SCHEDULING")]
        names = [(job["labels"] or {}).get("name") for job in active]
        expected = [job["id"] for job in active] + [name for name in names if name and names.count(name) == 1]
        assert sorted(offered(f"hfjobs {command_} ", settings)) == sorted(expected)
        assert offered(f"hfjobs {command_} @r", settings) == ["@running"]

    def test_know_the_namespace(self, environ: dict[str, str], hub: Hub) -> None:
        settings = logged_in(environ, hub)
        assert offered(f"hfjobs inspect {USER}/{BY_HAND[:9]}", settings) == [f"{USER}/{BY_HAND}"]
        theirs = offered("hfjobs inspect --namespace aurora-lab ", settings)
        assert offered("hfjobs inspect aurora-lab/", settings) == [f"aurora-lab/{word}" for word in theirs]
        assert "GET /api/jobs/aurora-lab" in hub.paths

    @pytest.mark.parametrize("line", ["hfjobs --demo inspect ", "hfjobs inspect --demo "])
    def test_know_the_options_before_them(self, environ: dict[str, str], line: str) -> None:
        assert len(offered(line, environ)) == 108

    def test_have_harmless_help(self, environ: dict[str, str], hub: Hub) -> None:
        """Shells evaluate what they are offered: a name or status can do nothing there, and an odd id is left out."""
        id_ = hub.add(labels={"name": "\\$(touch pwned) `x` 'y' \"z\" [bold]\x1b[31m;:é"})
        hub.add(id="6b$(touch pwned)", status={"stage": "RUN$(x)NING"})
        row = complete(f"hfjobs inspect {id_}", logged_in(environ, hub)).stdout
        assert row.startswith(f"{id_}\t???touch pwned? ?x? ?y? ?z? ?bold???31m??é completed ")
        assert "6b" not in complete("hfjobs inspect 6b", logged_in(environ, hub)).stdout

    @pytest.mark.parametrize(
        "settings",
        [{}, {"HF_TOKEN": "hf_wrong"}, {"HF_TOKEN": TOKEN, "HF_ENDPOINT": "http://127.0.0.1:9"}, {"HF_ENDPOINT": "?"}],
    )
    def test_are_none_without_a_word_when_something_is_wrong(
        self, environ: dict[str, str], hub: Hub, settings: dict[str, str]
    ) -> None:
        assert complete("hfjobs inspect 6", {**environ, "HF_ENDPOINT": hub.endpoint, **settings}) == Result(0, "\n", "")

    def test_are_none_when_the_hub_takes_its_time(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        """The Hub here answers only after the completion has ended."""
        hub.then(stall)
        result = complete("hfjobs inspect 6", logged_in(environ, hub), secs=0.5)
        assert result == Result(0, "\n", "")


class TestSchedules:
    """Ids of schedules, and their names where one is being typed."""

    @pytest.mark.parametrize("command_", ["inspect", "suspend", "resume", "trigger", "reschedule", "labels", "delete"])
    def test_are_offered(self, environ: dict[str, str], hub: Hub, command_: str) -> None:
        settings = logged_in(environ, hub)
        line = f"hfjobs scheduled {command_} "
        assert offered(line, settings) == ["refresh-index", "weekly-eval", DAILY_SCHEDULE, "6979ee8071691dc46f0f2c5b"]
        assert complete(f"{line}69c", settings).stdout == f"{DAILY_SCHEDULE}\trefresh-index suspended 17 12 * * *\n"
        assert offered(f"{line}@name=w", settings) == ["@name=weekly-eval"]
        both = ["refresh-index", "weekly-eval"]
        assert offered(f"{line}{USER}/@name=", settings) == [f"{USER}/@name={name}" for name in both]

    @pytest.mark.parametrize(
        "line",
        ["hfjobs --demo scheduled inspect ", "hfjobs scheduled inspect --demo ", "hfjobs scheduled delete --demo "],
    )
    def test_know_the_options_before_them(self, environ: dict[str, str], line: str) -> None:
        assert len(offered(line, environ)) == 4

    def test_may_be_followed_by_when_they_run(self, environ: dict[str, str], hub: Hub) -> None:
        settings = logged_in(environ, hub)
        line = "hfjobs scheduled reschedule "
        assert "@daily" not in offered(line, settings)
        assert offered(f"{line}@name=weekly-eval ", settings)[3:5] == ["6979ee8071691dc46f0f2c5b", "@hourly"]
        assert offered(f"{line}x y @", settings)[-2:] == ["@monthly", "@yearly"]

    def test_when_a_new_one_runs(self, environ: dict[str, str]) -> None:
        words = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly"]
        assert offered("hfjobs scheduled run ", environ) == words
        assert offered("hfjobs scheduled uv run @w", environ) == ["@weekly"]
        assert offered("hfjobs scheduled run @daily --susp", environ) == ["--suspend"]

    def test_are_none_without_a_word_when_something_is_wrong(self, environ: dict[str, str], hub: Hub) -> None:
        settings = {**environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": "hf_wrong"}
        assert complete("hfjobs scheduled inspect 6", settings) == Result(0, "\n", "")


NAMES = ["classify-cards", "train-judge"]
ORIGINS = ["scheduled-job:69c4179671691dc46f166314", "scheduled-job:6979ee8071691dc46f0f2c5b"]


class TestValues:
    """Values that the newest records have."""

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("hfjobs ps --name tr", ["train-judge"]),
            ("hfjobs ps --name=tr", ["--name=train-judge"]),
            ("hfjobs wait --name cl", ["classify-cards"]),
            ("hfjobs run --name tr", ["train-judge"]),
            ("hfjobs labels x --name tr", ["train-judge"]),
            ("hfjobs ps --label ", ["name=", "team=", "env="]),
            ("hfjobs ps -l t", ["team="]),
            ("hfjobs ps --label name=tr", ["name=train-judge"]),
            ("hfjobs run -l team=", ["team=data", "team=ml"]),
            ("hfjobs scheduled run @daily --label t", ["team="]),
            ("hfjobs labels x --remove t", ["team"]),
            ("hfjobs report --by name,label.t", ["name,label.team"]),
            ("hfjobs inspect @name=tr", ["@name=train-judge"]),
            (f"hfjobs inspect {USER}/@name=tr", [f"{USER}/@name=train-judge"]),
            ("hfjobs logs @label=team=d", ["@label=team=data"]),
            ("hfjobs tree @initiator=user:", [f"@initiator=user:{USER}"]),
            ("hfjobs ps --initiator scheduled-job:", ORIGINS),
            ("hfjobs ps --initiator none,!user:", [f"none,!user:{USER}"]),
            ("hfjobs ps -f initiator=user:", [f"initiator=user:{USER}"]),
            ("hfjobs ps -f name!=tr", ["name!=train-judge"]),
            ("hfjobs ps -f name=train-judge,tr", []),
            ("hfjobs ps -f label=team=d", ["label=team=data"]),
            ("hfjobs ps -f label.t", ["label.team="]),
            ("hfjobs ps -f label.team=d", ["label.team=data"]),
            ("hfjobs ps -f 'label.t", [f"label.team{sign}" for sign in ("=", ">", ">=", "<", "<=")]),
            ("hfjobs ps --columns id,+lab", ["id,+labels", "id,+label."]),
            ("hfjobs ps --columns +label.t", ["+label.team"]),
            ("hfjobs ps --sort -env.WA", ["-env.WANDB_PROJECT"]),
            ("hfjobs report --by label.team,env.WA", ["label.team,env.WANDB_PROJECT"]),
            ("hfjobs logs tr", ["train-judge"]),
            ("hfjobs scheduled trigger we", ["weekly-eval"]),
            ("hfjobs ps -f owner=", [f"owner={USER}"]),
            ("hfjobs ps -f created=", []),
            ("hfjobs ps -f command=", []),
            ("hfjobs run py", ["python:3.12", "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel"]),
            ("hfjobs scheduled run @daily --no-name python", ["python:3.12"]),
            ("hfjobs duplicate x --image python", ["python:3.12"]),
            ("hfjobs uv run --image ghcr", ["ghcr.io/astral-sh/uv:python3.12-bookworm"]),
            ("hfjobs uv run -s W", ["WANDB_API_KEY", "WEBHOOK_SECRET"]),
            ("hfjobs run -e WA", ["WANDB_PROJECT="]),
            ("hfjobs duplicate x --unset-env WA", ["WANDB_PROJECT"]),
            ("hfjobs scheduled ps --name ", ["refresh-index", "weekly-eval"]),
            ("hfjobs scheduled delete --name w", ["weekly-eval"]),
            ("hfjobs scheduled ps -f name=w", ["name=weekly-eval"]),
            ("hfjobs hardware -f name=a100x", ["name=a100x4", "name=a100x8"]),
            ("hfjobs ps --namespace ", [USER, "aurora-lab"]),
            ("hfjobs scheduled ps --namespace a", ["aurora-lab"]),
            ("hfjobs run --flavor a100x", ["a100x4", "a100x8"]),
            ("hfjobs scheduled run @daily --flavor a100x", ["a100x4", "a100x8"]),
        ],
    )
    def test_are_offered_for_one_request(self, environ: dict[str, str], hub: Hub, line: str, words: list[str]) -> None:
        settings = logged_in(environ, hub)
        offered("hfjobs inspect 6", settings)  # since then it is known who asks
        hub.requests.clear()
        assert offered(line, settings) == words
        assert len(hub.requests) <= 1

    def test_know_the_namespace(self, environ: dict[str, str], hub: Hub) -> None:
        settings = logged_in(environ, hub)
        offered("hfjobs ps --namespace aurora-lab --name ", settings)
        offered("hfjobs inspect aurora-lab/@name=", settings)
        assert hub.paths == ["GET /api/jobs/aurora-lab"] * 2

    def test_are_harmless(self, environ: dict[str, str], hub: Hub) -> None:
        """Shells evaluate what they are offered, and lists are taken apart at commas."""
        for number, name in enumerate(["$(x)", "a b", "a,b", "~", "`x`", "a'b", "a\x1b[31m", "/", "ok:1"]):
            hub.add(id=f"6a02000000000000000000{number:02}", labels={"name": name, "odd": name})
        settings = logged_in(environ, hub)
        names = offered("hfjobs ps --name ", settings)
        assert names[0] == "ok:1"
        assert not any(char in name for name in names for char in "$` ,'~\x1b")
        assert offered("hfjobs ps --label odd=", settings) == ["odd=ok:1"]
        assert offered("hfjobs ps -f 'name=$(touch pwned),o", settings) == []

    def test_are_none_without_a_word_when_something_is_wrong(self, environ: dict[str, str], hub: Hub) -> None:
        settings = {**logged_in(environ, hub), "HF_TOKEN": "hf_wrong"}
        for line in ("ps --name ", "inspect @label=", "run --image ", "ps --namespace ", "report --by label."):
            assert complete(f"hfjobs {line}", settings) == Result(0, "\n", "")

    def test_are_none_when_the_hub_takes_its_time(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        hub.then(stall)
        assert complete("hfjobs ps --name ", logged_in(environ, hub), secs=0.5) == Result(0, "\n", "")

    def test_are_asked_for_once(self, environ: dict[str, str], hub: Hub) -> None:
        """Nobody who has pressed TAB waits for another try."""
        settings = logged_in(environ, hub)
        offered("hfjobs inspect 6", settings)
        hub.requests.clear()
        hub.replies(503, headers={"Retry-After": "0"}, times=2)
        assert complete("hfjobs ps --name ", settings) == Result(0, "\n", "")
        assert len(hub.paths) < 2

    def test_of_flavors_are_remembered_with_their_prices(self, environ: dict[str, str], hub: Hub) -> None:
        settings = {**environ, "HF_ENDPOINT": hub.endpoint}  # they are told without a token
        for _ in range(2):
            assert complete("hfjobs run --flavor a100x", settings).stdout == (
                "a100x4\t10.00 USD an hour\na100x8\t20.00 USD an hour\n"
            )
        assert hub.paths == ["GET /api/jobs/hardware"]
