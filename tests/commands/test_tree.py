"""`hfjobs tree`: what jobs came from, what came of them, and how it is drawn."""

import io
import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest

from tests.commands.families import GONE_SCHEDULE, ORGANIZATION, Family
from tests.support import BY_SCHEDULE, DAILY_SCHEDULE, NOW, USER, Golden, Hfjobs, Hub, Result, Terminal

WEBHOOK = "69a8b1d05c0f3e7d21b4a906"


class Western(io.StringIO):
    """A stream that cannot hold every character."""

    encoding = "cp1252"


def grown(hub: Hub) -> dict[str, str]:
    """Put a family of every kind of relation into a Hub, and return its ids by their roles."""
    family = Family(hub)
    runs = [family.add("nightly", by=("scheduled-job", GONE_SCHEDULE)) for _ in range(3)]
    again = family.add("nightly", by=("duplicated-job", runs[1]), stage="ERROR", message="Job timeout")
    twice = family.add("nightly", by=("duplicated-job", again))
    fixed = family.add("nightly-with-a-rather-long-name", label=again)
    return {"first": runs[0], "run": runs[1], "again": again, "twice": twice, "fixed": fixed}


class TestDrawn:
    """A line a node: id, name, status, age, runtime."""

    @pytest.mark.parametrize("columns", [60, 80, 120])
    def test_fits_a_terminal(self, hfjobs: Hfjobs, hub: Hub, golden: Golden, columns: int) -> None:
        """Ids and states are whole, the job asked for is marked, names are cut, then columns leave."""
        ids = grown(hub)
        result = hfjobs("tree", ids["again"], columns=columns)
        assert result == Result(
            0, golden(f"tree-{columns}.txt", result.stdout), "6 relatives among 100 jobs read on 1 page\n"
        )
        assert all(each in result.stdout for each in ids.values())

    def test_in_a_pipe_nothing_is_cut(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        result = hfjobs("tree", grown(hub)["again"])
        assert result.stdout == golden("tree-pipe.txt", result.stdout)

    def test_ascii_where_there_is_no_unicode(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        stdout = Western()
        result = hfjobs("tree", grown(hub)["again"], "--width", "80", stdout=stdout)
        assert result.code == 0
        assert result.stdout.isascii()
        assert result.stdout == golden("tree-ascii.txt", result.stdout)

    def test_a_thousand_runs_are_folded(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        """The one asked for is drawn, however old, and one that was duplicated."""
        family = Family(hub, NOW - timedelta(hours=20))
        minute = timedelta(seconds=20)
        by = ("scheduled-job", GONE_SCHEDULE)
        runs = [
            family.job("nightly", by=by, after=minute, stage="ERROR" if n in range(1, 42) else "COMPLETED")
            for n in range(1100)
        ]
        ids = family.add_all(runs)
        again = family.add("nightly", by=("duplicated-job", ids[100]))
        result = hfjobs("tree", ids[0], columns=80, NO_COLOR="1")
        assert result.stdout == golden("tree-folded.txt", result.stdout)
        assert "└─ … 1,088 more, 41 failed\n" in result.stdout
        assert again in result.stdout
        whole = hfjobs("tree", ids[0], "--no-trunc", columns=80, NO_COLOR="1")
        assert len(whole.stdout.splitlines()) == 1 + 1100 + 1
        (graph,) = json.loads(hfjobs("tree", ids[0], "--format", "json").stdout)
        assert len(graph["nodes"]) == 1 + 1100 + 1
        for format_ in ("mermaid", "dot"):
            drawn = hfjobs("tree", ids[0], "--format", format_).stdout
            assert "1,088 more, 41 failed" in drawn
            assert len(drawn.splitlines()) < 50

    def test_one_more_than_fit_is_drawn(self, hfjobs: Hfjobs, hub: Hub) -> None:
        family = Family(hub)
        source = family.add()
        ids = [family.add(by=("duplicated-job", source), after=timedelta(minutes=1)) for _ in range(13)]
        assert "more" not in hfjobs("tree", source).stdout
        family.add(by=("duplicated-job", source))
        result = hfjobs("tree", source)
        assert "└─ … 2 more\n" in result.stdout
        assert ids[1] not in result.stdout

    def test_many_generations_scroll_to_the_left(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        family = Family(hub)
        ids = [family.add()]
        for _ in range(20):
            ids.append(family.add(by=("duplicated-job", ids[-1]), after=timedelta(minutes=1)))
        result = hfjobs("tree", ids[-1], columns=60, NO_COLOR="1")
        assert result.stdout == golden("tree-deep.txt", result.stdout)
        assert max(map(len, result.stdout.splitlines())) <= 60
        assert all(each in result.stdout for each in ids)

    def test_text_of_the_hub_does_no_harm(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = hub.add(
            labels={"name": 'a\x1b[2J"]\nb<script>#1'}, initiator={"type": "user\x1b", "id": "1", "name": "x\n"}
        )
        stdout = hfjobs("tree", job, columns=120).stdout
        assert "\x1b[2J" not in stdout
        assert "user\\x1b:x\\n" in stdout
        mermaid = hfjobs("tree", job, "--format", "mermaid").stdout
        assert "<br>a#92;x1b#91;2J#34;#93;#92;nb#60;script#62;#35;1<br>" in mermaid
        dot = hfjobs("tree", job, "--format", "dot").stdout
        assert r"\na\\x1b[2J\"]\\nb<script>#1\n" in dot


class TestFamily:
    """Which relatives are shown."""

    @pytest.mark.parametrize(
        ("options", "roles"),
        [
            (("--up",), ["run", "again"]),
            (("--down",), ["again", "fixed", "twice"]),
            (("--up", "--down"), ["run", "again", "fixed", "twice"]),
            (("--depth", "0"), ["again"]),
            (("--depth", "1"), ["run", "again", "fixed", "twice"]),
            (("--up", "--depth", "1"), ["run", "again"]),
        ],
    )
    def test_up_down_and_depth(self, hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], roles: list[str]) -> None:
        ids = grown(hub)
        printed = hfjobs("tree", ids["again"], *options, "-q").stdout.split()
        assert printed == [ids[role] for role in roles]

    def test_of_a_schedule_by_name(self, hfjobs: Hfjobs) -> None:
        by_name = hfjobs("tree", "scheduled-job:refresh-index", columns=120)
        assert by_name.code == 0
        assert by_name.stdout.startswith(f"► scheduled-job:{DAILY_SCHEDULE}  refresh-index\n├─ ")
        assert by_name == hfjobs("tree", f"scheduled-job:{DAILY_SCHEDULE}", columns=120)
        assert by_name.stderr == "48 relatives among 200 jobs read on 2 pages\n"

    def test_of_a_webhook(self, hfjobs: Hfjobs) -> None:
        (printed,) = json.loads(hfjobs("tree", f"webhook:{WEBHOOK}", "--format", "json").stdout)
        assert printed["root"] == f"webhook:{WEBHOOK}"
        assert len(printed["nodes"]) == 1 + 31
        assert {edge["kind"] for edge in printed["edges"]} == {"run"}

    def test_a_person_is_a_root_whose_other_jobs_are_no_family(self, hfjobs: Hfjobs, hub: Hub) -> None:
        family = Family(hub)
        source = family.add()
        again = family.add(by=("duplicated-job", source))
        result = hfjobs("tree", again, "--format", "jsonl")
        assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [f"user:{USER}", source, again]

    def test_what_is_gone_is_said_to_be(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The Hub is asked for it once no page can hold it; siblings are found all the same."""
        family = Family(hub)
        gone = family.job()["id"]
        ids = [family.add(by=("duplicated-job", gone)) for _ in range(2)]
        result = hfjobs("tree", ids[0])
        assert result.stdout.splitlines()[0] == f"{gone}  (gone)"
        assert ids[1] in result.stdout
        assert hfjobs("tree", ids[0], "-q").stdout.split() == ids[::-1]

    def test_a_circle_ends(self, hfjobs: Hfjobs, hub: Hub) -> None:
        family = Family(hub)
        first, second = family.job(), family.job()
        first["labels"]["duplicated-from"] = second["id"]
        second["labels"]["duplicated-from"] = first["id"]
        family.add_all([first, second])
        (graph,) = json.loads(hfjobs("tree", second["id"], "--format", "json").stdout)
        assert [(node["id"], node["note"]) for node in graph["nodes"]] == [
            (first["id"], "circle"),
            (second["id"], None),
        ]

    def test_of_several_namespaces(self, hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
        """What a job came from is found wherever it is; what came of it elsewhere, if it is looked for."""
        family = Family(hub)
        source = family.add()
        copied = family.add(label=source, owner=ORGANIZATION)
        result = hfjobs("tree", f"aurora-lab/{copied}", columns=120, NO_COLOR="1")
        assert result.stdout == golden("tree-namespaces.txt", result.stdout)
        assert hfjobs("tree", source, "-q").stdout.split() == [source]
        assert hfjobs("tree", source, "-q", "-A").stdout.split() == [source, copied]


class TestForest:
    """Without a job the trees of those that the filters choose."""

    @pytest.mark.parametrize("columns", [60, 80, 120])
    def test_of_jobs_under_way(self, either: Hfjobs, golden: Golden, columns: int) -> None:
        result = either("tree", columns=columns, NO_COLOR="1")
        assert result == Result(
            0, golden(f"tree-forest-{columns}.txt", result.stdout), "7 jobs in 3 trees, 7 jobs read on 1 page\n"
        )

    def test_what_jobs_came_from_is_asked_for(self, hfjobs: Hfjobs, hub: Hub) -> None:
        family = Family(hub)
        source = family.add("a")
        again = family.add("a", by=("duplicated-job", source), stage="RUNNING", finishedAt=None, durations=None)
        result = hfjobs("tree", "--name", "a", "--format", "json")
        (graph,) = json.loads(result.stdout)
        assert graph["root"] == f"user:{USER}"
        assert [node["id"] for node in graph["nodes"]] == [f"user:{USER}", source, again]
        assert hub.paths.count(f"GET /api/jobs/{USER}/{source}") == 1

    def test_of_very_many_some_are_not_looked_for(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """They may be there; those that were asked for and are not are gone."""
        family = Family(hub)
        gone = [family.job()["id"] for _ in range(60)]
        family.add_all([family.job("a", by=("duplicated-job", each)) for each in gone])
        printed = hfjobs("tree", "-a", "--name", "a").stdout
        assert (printed.count("  (gone)\n"), printed.count("  (not read)\n")) == (50, 10)

    def test_limit_is_told_of(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("tree", "-a", "--limit", "3", "--depth", "0")
        assert result.stderr == (
            "3 jobs in 2 trees, 3 jobs read on 1 page\n"
            "hint: showing the first 3, there may be more; --limit 0 shows all\n"
        )
        assert result.stdout == f"user:{USER}\n\nwebhook:{WEBHOOK}\n"

    def test_all_jobs_are_read_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("tree", "-a", "--limit", "0", "-q")
        assert len(result.stdout.split()) == 245
        assert hub.paths.count(f"GET /api/jobs/{USER}") == 3

    def test_without_a_match(self, hfjobs: Hfjobs) -> None:
        told = "no running or scheduling jobs match; -a includes finished ones\n"
        assert hfjobs("tree", "--name", "nothing") == Result(0, "", told)
        assert hfjobs("tree", "-a", "--name", "nothing") == Result(0, "", "no jobs match\n")


class TestRequests:
    """No more pages are read than the root is old."""

    def test_one_page_for_a_young_root(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("tree", grown(hub)["again"])
        listed = [path for path in hub.paths if path == f"GET /api/jobs/{USER}"]
        assert len(listed) == 1

    def test_one_page_for_a_young_job_and_its_copies(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """No page is asked for that can only hold what is older than the first job."""
        family = Family(hub)
        source = family.add()
        again = family.add(by=("duplicated-job", source))
        assert hfjobs("tree", f"{USER}/{again}").code == 0
        assert hub.paths == [f"GET /api/jobs/{USER}/{again}", f"GET /api/jobs/{USER}"]

    def test_two_pages_for_a_schedule_of_some_months(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("tree", BY_SCHEDULE).code == 0
        assert [path for path in hub.paths if not path.endswith(("whoami-v2", "/count"))] == [
            f"GET /api/jobs/{USER}/{BY_SCHEDULE}",
            f"GET /api/jobs/{USER}",
            f"GET /api/jobs/{USER}",
            f"GET /api/scheduled-jobs/{USER}",
        ]

    def test_names_are_not_needed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(f"/api/scheduled-jobs/{USER}", 403, '{"error": "no"}')
        code, stdout, stderr = hfjobs("tree", BY_SCHEDULE)
        assert code == 0
        assert stdout.startswith(f"scheduled-job:{DAILY_SCHEDULE}\n")
        assert stderr.startswith("warning: cannot look up the names of schedules: ")


class TestSaved:
    """`--from` reads what was saved, and asks nothing of the Hub."""

    @pytest.mark.parametrize("format_", ["json", "jsonl"])
    def test_family(self, hfjobs: Hfjobs, hub: Hub, tmp_path: Path, format_: str) -> None:
        ids = grown(hub)
        saved = hfjobs("ps", "-a", "--limit", "0", "--format", format_).stdout
        (tmp_path / "jobs").write_text(saved, encoding="utf-8")
        whole = hfjobs("tree", ids["again"], "-q", "--down").stdout
        hub.requests.clear()
        found = hfjobs("tree", ids["again"], "-q", "--down", "--from", str(tmp_path / "jobs"))
        assert found == Result(0, whole, "")
        assert hfjobs("tree", ids["again"], "-q", "--down", "--from", "-", stdin=saved).stdout == whole
        assert hub.requests == []

    def test_forest(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """In whatever order."""
        saved = hfjobs("ps", "-a", "--limit", "0", "--sort", "created", "--format", "jsonl").stdout
        hub.requests.clear()
        result = hfjobs("tree", "-a", "--initiator", "webhook", "--from", "-", stdin=saved)
        assert result.stdout.startswith(f"webhook:{WEBHOOK}\n├─ 6a02eae4aff1cd33e8f345a0")
        assert "… 19 more" in result.stdout
        assert hub.requests == []

    def test_of_a_schedule(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Its name was not saved."""
        saved = hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl").stdout
        hub.requests.clear()
        result = hfjobs("tree", f"scheduled-job:{DAILY_SCHEDULE}", "--from", "-", stdin=saved)
        assert result.stdout.startswith(f"► scheduled-job:{DAILY_SCHEDULE}\n├─ ")
        code, _, stderr = hfjobs("tree", "scheduled-job:refresh-index", "--from", "-", stdin=saved)
        hint = "use its id, scheduled-job:ID"
        assert (code, stderr) == (
            2,
            f"error: cannot look up the schedule named 'refresh-index'\nhint: {hint}\n",
        )
        assert hub.requests == []


class TestFormats:
    """Other programs draw it."""

    @pytest.mark.parametrize("format_", ["mermaid", "dot", "json"])
    def test_format(self, hfjobs: Hfjobs, hub: Hub, golden: Golden, format_: str) -> None:
        result = hfjobs("tree", grown(hub)["again"], "--format", format_)
        assert result.stdout == golden(f"tree.{format_}", result.stdout)

    def test_trees_fit_their_schema(self, hfjobs: Hfjobs, hub: Hub) -> None:
        schema = json.loads(hfjobs("help", "schema", "relative").stdout)
        (graph,) = json.loads(hfjobs("tree", grown(hub)["again"], "--format", "json").stdout)
        jsonschema.validate([graph], schema)
        trees = json.loads(hfjobs("tree", "-a", "--limit", "30", "--format", "json").stdout)
        jsonschema.validate(trees, schema)
        assert len(trees) == len({tree["root"] for tree in trees}) > 1
        assert hfjobs("tree", "--name", "nobody", "--format", "json").stdout == "[]\n"
        ids = {node["id"] for node in graph["nodes"]}
        assert {end for edge in graph["edges"] for end in (edge["from"], edge["to"])} <= ids

    def test_columns_can_be_chosen(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("tree", grown(hub)["again"], "--down", "--format", "tree", "--columns", "id,flavor")
        assert [line.split()[-1] for line in result.stdout.splitlines()] == ["l40sx1"] * 3
        table = hfjobs("tree", grown_again(hub), "--columns", "+flavor", "--format", "table")
        assert table.stdout.split("\n")[0].split() == ["ID", "NAME", "STATUS", "CREATED", "RUNTIME", "LINK", "FLAVOR"]


def grown_again(hub: Hub) -> str:
    return Family(hub, NOW - timedelta(hours=1)).add(after=timedelta(minutes=7))


@pytest.mark.parametrize(
    ("argv", "code", "message", "hint"),
    [
        (("--up",), 2, "--up requires a job", "use hfjobs tree --up JOB"),
        (
            ("-A",),
            2,
            "--all-namespaces requires a job",
            "use hfjobs tree --all-namespaces JOB",
        ),
        (
            (BY_SCHEDULE, "-a"),
            2,
            "a job and filters cannot be used together",
            "remove one of them",
        ),
        (
            ("user:alice",),
            2,
            "cannot show a tree of all jobs that user:alice started",
            "run: hfjobs tree -a --initiator user:alice",
        ),
        (("duplicated-job:abc",), 2, "'duplicated-job:abc' is a job", "run: hfjobs tree abc"),
        (("comet:1",), 2, "'comet:1' has no tree", "use a job, scheduled-job:ID-OR-NAME or webhook:ID"),
        (
            (BY_SCHEDULE, "-A", "--from", "jobs.json"),
            2,
            "--all-namespaces cannot be used with --from",
            "remove one of them",
        ),
        (
            ("scheduled-job:refresh",),
            3,
            "no schedule named 'refresh'",
            "did you mean 'refresh-index'?",
        ),
        (
            ("webhook:6a01d697aff1cd33e8f33a64",),
            3,
            "no job was started by webhook:6a01d697aff1cd33e8f33a64",
            "'hfjobs ps -a --columns +initiator' shows what started jobs",
        ),
    ],
)
def test_what_cannot_be(hfjobs: Hfjobs, argv: tuple[str, ...], code: int, message: str, hint: str) -> None:
    assert hfjobs("tree", *argv) == Result(code, "", f"error: {message}\nhint: {hint}\n")


def test_what_was_read_is_shown_on_the_way(hfjobs: Hfjobs) -> None:
    stderr = Terminal()
    hfjobs("tree", BY_SCHEDULE, stderr=stderr)
    assert "\r\x1b[K100 jobs read ..." in stderr.getvalue()
