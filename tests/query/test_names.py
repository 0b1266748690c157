"""Jobs and schedules that are named by their names."""

from pathlib import Path

import pytest

from tests.support import BY_HAND, DAILY_SCHEDULE, USER, Hfjobs, Hub, Result

OLD, NEW, NEWEST = (f"6b0000000000000000000{place}ab" for place in range(1, 4))
LISTING = f"GET /api/jobs/{USER}"


@pytest.fixture
def three(hub: Hub) -> Hub:
    """Three jobs of one name, of which two have not ended; another job is the newest of all."""
    for identifier, stage in ((OLD, "COMPLETED"), (NEW, "RUNNING"), (NEWEST, "SCHEDULING")):
        day = 9 + int(identifier[-3])
        hub.add(
            id=identifier,
            createdAt=f"2026-05-{day}T08:00:00.000Z",
            labels={"name": "decade"},
            status={"stage": stage, "message": None},
        )
    hub.requests.clear()
    return hub


@pytest.mark.usefixtures("three")
def test_those_that_look_take_the_newest_and_say_how_many_there_are(hfjobs: Hfjobs, tmp_path: Path) -> None:
    """A word that could be the beginning of an id is a name if it is none; the namespace may stand before it."""
    note = f"note: {NEWEST} is the newest of 3 jobs named 'decade'\n"
    assert hfjobs("inspect", "decade", "--format", "{{.id}}") == Result(0, f"{NEWEST}\n", note)
    assert hfjobs("inspect", f"{USER}/decade", "-q") == Result(0, f"{NEWEST}\n", "")
    saved = tmp_path / "jobs.json"
    saved.write_text(hfjobs("ps", "-a", "--json").stdout)
    asked = ("inspect", "decade", "--from", str(saved), "--format", "{{.id}}")
    assert hfjobs(*asked) == Result(0, f"{NEWEST}\n", note)
    assert hfjobs("tree", "decade", "-q", "--from", str(saved)).stdout.split()[:1] == [NEWEST]
    assert hfjobs("inspect", "-", "-q", stdin="decade\n").stdout == f"{NEWEST}\n"


def test_take_one_request_to_find(hfjobs: Hfjobs, hub: Hub) -> None:
    assert hfjobs("inspect", "refresh-index", "--namespace", USER, "-q").code == 0
    assert hub.paths[:2] == [LISTING, f"GET /api/jobs/{USER}/6a02e814aff1cd33e8f34583"]
    assert hub.requests[0].query == [("label", "name=refresh-index")]


@pytest.mark.parametrize(
    ("argv", "verb", "count"),
    [
        (("cancel", "decade", "--yes"), "cancel", "2 running or scheduling"),
        (("ssh", "decade"), "log in to", "2 running or scheduling"),
        (("labels", "decade", "--label", "a=b"), "change the labels of", "3"),
        (("duplicate", BY_HAND, "decade"), "duplicate", "3"),
    ],
)
def test_those_that_act_need_one(hfjobs: Hfjobs, three: Hub, argv: tuple[str, ...], verb: str, count: str) -> None:
    lines = [
        f"error: cannot {verb} 'decade': {count} jobs have this name:",
        f"  {NEWEST}  decade  SCHEDULING  1h ago",
        f"  {NEW}  decade  RUNNING  1d ago",
        *[f"  {OLD}  decade  COMPLETED  2d ago"] * (count == "3"),
        "hint: give the id of one; @name=decade is the newest",
        "",
    ]
    assert hfjobs(*argv) == Result(2, "", "\n".join(lines))
    assert {request.method for request in three.requests} == {"GET"}


@pytest.mark.usefixtures("three")
def test_of_one_that_can_be_acted_on_are_enough(hfjobs: Hfjobs) -> None:
    """And if there is none, the newest is meant, of which is said why nothing is done."""
    assert hfjobs("expose", "decade", "8000", "-q") == Result(0, f"{NEW}\n", "")
    assert hfjobs("cancel", NEW).code == 0
    assert hfjobs("cancel", "decade") == Result(0, f"{NEWEST}  CANCELED\n", "")
    ended = f"{NEWEST} had already finished: CANCELED\n"
    assert hfjobs("cancel", "decade", "--dry-run").stderr.startswith(ended)


def test_that_nothing_has_are_not_found(hfjobs: Hfjobs, hub: Hub) -> None:
    """What may be a typing mistake is named, and for a few digits how many an id needs."""
    where = "in your namespace; also not in aurora-lab"
    for name, hint in (
        ("train-jugde", "did you mean 'train-judge'?"),
        ("qqqqqq", "'hfjobs ps -a' lists the jobs"),
        ("6a01d", "an id needs 6 digits or more; 'hfjobs ps -a' lists the jobs"),
    ):
        assert hfjobs("cancel", name) == Result(3, "", f"error: no job named '{name}' {where}\nhint: {hint}\n")
    assert {request.method for request in hub.requests} == {"GET"}


def test_that_are_ids_unlike_those_of_the_hub_so_far_are_ids(hfjobs: Hfjobs, hub: Hub) -> None:
    identifier = hub.add(id="job-0196-7c1f", labels={"name": "x"})
    assert hfjobs("inspect", identifier, "-q") == Result(0, f"{identifier}\n", "")


def test_in_an_organization_are_found_too(hfjobs: Hfjobs, hub: Hub) -> None:
    owner = {"id": "66f1a0c2b7d04e2f9c318a55", "name": "aurora-lab", "type": "org"}
    identifier = hub.add(labels={"name": "ours"}, owner=owner)
    assert hfjobs("inspect", "ours", "-q") == Result(0, f"{identifier}\n", "")


def test_of_a_schedule_mean_its_newest_run(hfjobs: Hfjobs, tmp_path: Path) -> None:
    (newest,) = hfjobs(
        "ps", "-a", "-q", "--limit", "1", "--initiator", f"scheduled-job:{DAILY_SCHEDULE}"
    ).stdout.split()
    saved = tmp_path / "jobs.jsonl"
    saved.write_text(hfjobs("ps", "-a", "--limit", "0", "--format", "jsonl").stdout)
    for reference in ("scheduled-job:refresh-index", f"scheduled-job:{DAILY_SCHEDULE}"):
        for options in ((), ("--from", str(saved))):
            assert hfjobs("inspect", reference, "-q", *options) == Result(0, f"{newest}\n", "")
    assert hfjobs("diff", "scheduled-job:refresh-index", newest).stderr == "no differences in launch and outcome\n"
    assert hfjobs("logs", "scheduled-job:nobody").stderr == (
        "error: no schedule named 'nobody' in your namespace; also not in aurora-lab\n"
        "hint: 'hfjobs scheduled ps -a' lists the schedules\n"
    )


def test_are_those_of_schedules(hfjobs: Hfjobs) -> None:
    assert hfjobs("scheduled", "inspect", "refresh-index", "-q") == Result(0, f"{DAILY_SCHEDULE}\n", "")
    second = hfjobs("scheduled", "run", "-q", "--name", "refresh-index", "@daily", "ubuntu", "ls").stdout.strip()
    found = hfjobs("scheduled", "inspect", "refresh-index", "--format", "{{.id}}")
    assert found == Result(0, f"{second}\n", f"note: {second} is the newest of 2 schedules named 'refresh-index'\n")
    for words in (("trigger",), ("delete", "--yes"), ("suspend", "--dry-run"), ("labels", "--clear")):
        result = hfjobs("scheduled", words[0], "refresh-index", *words[1:])
        # Of the two only one can be suspended.
        if words[0] == "suspend":
            assert (result.code, result.stderr) == (0, "would suspend 1 schedule; nothing was suspended\n")
        else:
            assert (result.code, result.stdout) == (2, "")
            assert "'refresh-index': 2 schedules have this name:\n" in result.stderr
