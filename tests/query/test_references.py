"""Jobs that are named by what they are, or by how their id begins."""

from __future__ import annotations

import pytest

from tests.support import BY_HAND, NOW, USER, Hfjobs, Hub, Result

SCHEDULE = "69c4179671691dc46f166314"


def listed(program: Hfjobs, *argv: str) -> list[str]:
    return program("ps", "-a", "-q", *argv).stdout.split()


@pytest.mark.parametrize("word", ["@latest", "@last", "@0"])
def test_the_newest_is_found_in_whatever_status(hfjobs: Hfjobs, word: str) -> None:
    assert hfjobs("inspect", word, "-q") == Result(0, f"{listed(hfjobs, '--limit', '1')[0]}\n", "")


def test_are_counted_from_the_newest_in_one_listing(hfjobs: Hfjobs, hub: Hub) -> None:
    ids = listed(hfjobs, "--limit", "120")
    hub.requests.clear()
    assert hfjobs("inspect", "@2", "@0", "@110", "@2", "-q").stdout.split() == [ids[2], ids[0], ids[110], ids[2]]
    listings = [path for path in hub.paths if path == f"GET /api/jobs/{USER}"]
    assert len(listings) == 2  # as many as there are pages before the last


@pytest.mark.parametrize(
    ("word", "filters"),
    [
        ("@running", ["--status", "running"]),
        ("@failed", ["--status", "error"]),
        ("@Error", ["--status", "error"]),
        ("@completed", ["--status", "completed"]),
        ("@status=canceled", ["--status", "canceled"]),
        ("@status=running,error", ["--status", "running,error"]),
        ("@name=train-judge", ["--name", "train-judge"]),
        ("@label=team=data", ["--label", "team=data"]),
        ("@initiator=webhook", ["--initiator", "webhook"]),
        (f"@initiator=scheduled-job:{SCHEDULE}", ["--initiator", f"scheduled-job:{SCHEDULE}"]),
        ("@initiator=scheduled-job:refresh-index", ["--initiator", "scheduled-job:refresh-index"]),
    ],
)
def test_are_the_newest_that_ps_would_list(hfjobs: Hfjobs, word: str, filters: list[str]) -> None:
    (job,) = listed(hfjobs, "--limit", "1", *filters)
    assert hfjobs("inspect", word, "-q") == Result(0, f"{job}\n", "")


def test_in_another_namespace(hfjobs: Hfjobs, hub: Hub) -> None:
    (job,) = listed(hfjobs, "--limit", "1", "--namespace", "aurora-lab")
    hub.requests.clear()
    assert hfjobs("inspect", "aurora-lab/@latest", "-q") == Result(0, f"{job}\n", "")
    assert hfjobs("inspect", "--namespace", "aurora-lab", "@latest", "-q") == Result(0, f"{job}\n", "")
    assert {path.split("/")[3] for path in hub.paths} == {"aurora-lab"}


def test_that_are_none_keep_nobody_else(hfjobs: Hfjobs) -> None:
    code, stdout, stderr = hfjobs("inspect", "@name=nobody", "@9999", "--namespace", USER, BY_HAND, "-q")
    assert (code, stdout) == (3, f"{BY_HAND}\n")
    assert stderr == (
        f"error: @name=nobody: no such job in namespace '{USER}'\n"
        f"error: @9999: fewer than 10000 jobs in namespace '{USER}'\n"
        f"hint: 'hfjobs ps -a --namespace {USER}' lists the jobs\n"
    )


class TestPrefix:
    def test_of_one_job_names_it(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("inspect", BY_HAND[:9], f"{USER}/{BY_HAND[:23]}", "-q") == Result(0, f"{BY_HAND}\n" * 2, "")

    def test_of_several_lists_them(self, hfjobs: Hfjobs, hub: Hub) -> None:
        first, second = (
            hub.add(id=f"abcdef00000000000000000{digit}", labels={"name": name})
            for digit, name in ((2, "one"), (1, "two"))
        )
        assert hfjobs("inspect", "abcdef", BY_HAND) == Result(
            2,
            "",
            "error: 'abcdef' matches 2 jobs:\n"
            f"  {first}  one  COMPLETED  1s ago\n"
            f"  {second}  two  COMPLETED  1s ago\n"
            "hint: give more digits of the id\n",
        )
        assert f"GET /api/jobs/{USER}/{BY_HAND}" not in hub.paths  # a mistake is found before anything is done

    def test_of_very_many_lists_some(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for place in range(12):
            hub.add(id=f"abcdef{place:018x}")
        lines = hfjobs("cancel", "abcdef").stderr.splitlines()
        assert (len(lines), lines[0], lines[-2]) == (13, "error: 'abcdef' matches 12 jobs:", "  and 2 more")

    def test_of_none(self, hfjobs: Hfjobs) -> None:
        message = "error: no job with an id that starts with 'abcdef00' in your namespace; also not in aurora-lab\n"
        assert hfjobs("inspect", "abcdef00", "-q") == Result(3, "", f"{message}hint: 'hfjobs ps -a' lists the jobs\n")

    def test_in_an_organisation_is_found_too(self, hfjobs: Hfjobs) -> None:
        (job,) = listed(hfjobs, "--limit", "1", "--namespace", "aurora-lab")
        assert hfjobs("inspect", job[:23], "-q") == Result(0, f"{job}\n", "")

    def test_reads_no_further_than_it_must(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Ids hold the time of their making: once they have fallen below it, it cannot come any more."""
        begin = f"{int(NOW.timestamp()) - 100:x}"
        hub.add(id=f"{begin}{0:016x}", createdAt="2026-05-12T08:58:20.000Z")
        hub.requests.clear()
        assert hfjobs("inspect", begin, "-q").code == 0
        assert hub.paths.count(f"GET /api/jobs/{USER}") < len(hub.all_jobs()) / 100

    def test_is_not_trusted_where_ids_do_not_fall(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.add(id=f"000000{0:018x}")
        old = hub.add(id=f"ffffff{0:018x}", createdAt="2024-01-01T00:00:00.000Z")
        assert hfjobs("inspect", "ffffff", "-q") == Result(0, f"{old}\n", "")


@pytest.mark.parametrize("word", [BY_HAND, f"{USER}/{BY_HAND}"])
def test_ids_need_no_listing(hfjobs: Hfjobs, hub: Hub, word: str) -> None:
    hfjobs("inspect", word)
    assert f"GET /api/jobs/{USER}" not in hub.paths


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("@", "invalid job '@'", "did you mean '@0'?"),
        ("@latst", "invalid job '@latst'", "did you mean '@latest'?"),
        ("@name", "invalid job '@name'", "did you mean '@name='?"),
        ("@name=", "--name is empty", "remove --name"),
        ("@status=undone", "unknown status 'undone'", "use one of running"),
        ("@label=x", "label 'x' is not KEY=VALUE", "use --label"),
        ("@-1", "invalid job '@-1'", ""),
        ("a b/@latest", "invalid namespace 'a b'", "use letters"),
    ],
)
def test_bad_ones_are_a_usage_error(hfjobs: Hfjobs, hub: Hub, word: str, message: str, hint: str) -> None:
    code, stdout, stderr = hfjobs("inspect", word)
    assert (code, stdout) == (2, "")
    assert stderr.startswith(f"error: {message}\nhint: {hint}")
    assert hub.requests == []


def test_another_namespace_than_the_options(hfjobs: Hfjobs, hub: Hub) -> None:
    result = hfjobs("inspect", "bob/@latest", "--namespace", "alice")
    message = "error: 'bob/@latest' is in namespace 'bob', but --namespace is 'alice'\nhint: remove one of them\n"
    assert result == Result(2, "", message)
    assert hub.requests == []
