"""What jobs cost: billed where the Hub tells, else reckoned from prices that are asked for once a day."""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support import BY_HAND, NOW, USER, Hfjobs, Hub, Result, hang_up

BILLING = "/api/settings/billing/usage/jobs"
HARDWARE = "/api/jobs/hardware"
FIELDS = "{{.id}} {{.cost}} {{.cost_usd}} {{.cost_is_estimated}}"


def cache(hfjobs: Hfjobs) -> Path:
    return Path(hfjobs.environ["XDG_CACHE_HOME"]) / "hfjobs" / "prices.json"


def charge(identifier: str, micro_usd: int, *, has_ended: bool = True) -> dict[str, Any]:
    ended = {"completedAt": "2026-05-12T08:30:00.000Z"} if has_ended else {}
    started = {"startedAt": "2026-05-12T08:00:00.000Z"}
    return {
        "jobId": identifier,
        "hardwareFlavor": "x",
        "totalMinutes": 1,
        "totalCostMicroUsd": micro_usd,
        **started,
        **ended,
    }


def billed(hub: Hub, *charges: dict[str, Any]) -> None:
    """Have the Hub tell that this was billed, and nothing else."""
    usage = {"usedMicroUsd": 0, "totalMinutes": 0, "periodStart": "x", "periodEnd": "x", "jobDetails": list(charges)}
    hub.replies_to(BILLING, 200, json.dumps({"usage": usage, "hasAccess": True}))


def cost_of(hfjobs: Hfjobs, hub: Hub, **changes: Any) -> str:
    """Return how the cost of a job is shown, nothing having been billed."""
    billed(hub)
    identifier = hub.add(**changes)
    result = hfjobs("ps", "-a", "-f", f"id={identifier}", "--limit", "1", "--format", "{{.cost}}")
    assert result.code == 0, result
    return result.stdout.rstrip("\n")


def ended(seconds: float, **changes: Any) -> dict[str, Any]:
    """Return the keys of a job that ran for so long."""
    finished = (NOW - timedelta(hours=1) + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    times = {"startedAt": "2026-05-12T08:00:00.000Z", "finishedAt": finished, "durations": None}
    return {"flavor": "a100-large", **times, **changes}


class TestEstimates:
    """Begun minutes from the start to the end, times the price of the flavor."""

    @pytest.mark.parametrize(
        ("seconds", "shown"),
        [(0, "~$0.00"), (0.5, "~$0.04"), (60, "~$0.04"), (60.001, "~$0.08"), (3600, "~$2.50"), (-5, "~$0.00")],
    )
    def test_count_begun_minutes(self, hfjobs: Hfjobs, hub: Hub, seconds: float, shown: str) -> None:
        assert cost_of(hfjobs, hub, **ended(seconds)) == shown

    @pytest.mark.parametrize(
        ("changes", "shown"),
        [
            ({"status": {"stage": "SCHEDULING", "message": None}, "startedAt": None, "finishedAt": None}, "~$0.00"),
            ({"status": {"stage": "DELETED", "message": None}}, "<no value>"),
            ({"startedAt": None, "finishedAt": None, "durations": {"totalSecs": 90}}, "~$0.00"),
            ({"startedAt": None, "finishedAt": None, "durations": {"totalSecs": 90, "runningSecs": 61}}, "~$0.08"),
            ({"startedAt": None, "finishedAt": None, "durations": None}, "<no value>"),
            ({"flavor": "v5e-16"}, "<no value>"),
            ({"expose": {"ports": [8000, 8001]}}, "~$1.26"),
            ({"flavor": "cpu-basic"}, "~$0.0050"),
        ],
    )
    def test_tell_what_can_be_known(self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], shown: str) -> None:
        """Nothing for what never started; not known for what was deleted, or has neither times nor a price."""
        assert cost_of(hfjobs, hub, **ended(1800, **changes)) == shown

    def test_of_what_runs_are_up_to_now(self, hfjobs: Hfjobs, hub: Hub) -> None:
        status = {"stage": "RUNNING", "message": None}
        shown = cost_of(hfjobs, hub, **ended(0, status=status, startedAt="2026-05-12T08:30:30.000Z", finishedAt=None))
        assert shown == "~$1.25"

    def test_are_exact(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Sums of money are no sums of binary fractions."""
        hub.replies_to(HARDWARE, 200, json.dumps([{"name": "a100-large", "unitCostUSD": 0.1, "unitLabel": "minute"}]))
        billed(hub)
        identifier = hub.add(**ended(180))
        assert hfjobs("ps", "-a", "--limit", "1", "--format", FIELDS).stdout == f"{identifier} ~$0.30 0.3 true\n"


class TestBilled:
    """What the Hub says was billed takes the place of the estimate, and has no `~`."""

    def test_is_shown_as_it_is(self, hfjobs: Hfjobs, hub: Hub) -> None:
        identifier = hub.add(**ended(60))
        billed(hub, charge(identifier, 1_234_567))
        lines = hfjobs("ps", "-a", "--limit", "2", "--format", FIELDS).stdout.splitlines()
        assert lines[0] == f"{identifier} $1.23 1.234567 false"
        assert lines[1].split()[2:] == ["0", "true"]

    def test_is_known_of_what_was_deleted(self, hfjobs: Hfjobs, hub: Hub) -> None:
        identifier = hub.add(**ended(60, status={"stage": "DELETED", "message": None}))
        billed(hub, charge(identifier, 500_000))
        assert hfjobs("ps", "-a", "--limit", "1", "--format", "{{.cost}}").stdout == "$0.50\n"

    @pytest.mark.parametrize(("micro_usd", "shown"), [(2_000_000, "$2.00"), (100, "~$1.25")])
    def test_before_the_end_counts_if_it_is_up_to_date(
        self, hfjobs: Hfjobs, hub: Hub, micro_usd: int, shown: str
    ) -> None:
        times = {"startedAt": "2026-05-12T08:30:30.000Z", "finishedAt": None}
        identifier = hub.add(**ended(0, status={"stage": "RUNNING", "message": None}, **times))
        billed(hub, charge(identifier, micro_usd, has_ended=False))
        assert hfjobs("ps", "--limit", "1", "--format", "{{.cost}}").stdout == f"{shown}\n"

    def test_is_not_asked_for_where_an_organisation_pays(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "-a", "--namespace", "aurora-lab", "--columns", "id,cost")
        assert result.code == 0
        assert "~$" in result.stdout
        assert hub.paths == ["GET /api/jobs/aurora-lab", f"GET {HARDWARE}"]

    @pytest.mark.parametrize(
        ("status", "body"),
        [(403, '{"error": "no"}'), (404, "{}"), (200, "[]"), (200, '{"usage": {"jobDetails": [{}, 7]}}')],
    )
    def test_may_not_be_told(self, hfjobs: Hfjobs, hub: Hub, status: int, body: str) -> None:
        """A token need not have the right to see bills; then all costs are marked as estimates."""
        hub.replies_to(BILLING, status, body)
        result = hfjobs("ps", "-a", "--limit", "0", "--format", "{{.cost}}")
        assert (result.code, result.stderr) == (0, "")
        assert {line[:1] for line in result.stdout.splitlines()} == {"~", "<"}

    def test_is_what_the_emulator_counts(self, either: Hfjobs) -> None:
        """It bills this month as estimates would have it, and knows nothing of the months before."""
        argv = ("ps", "-a", "--limit", "0", "--format", "{{.created}} {{.status}} {{.cost}}")
        known = [line.split() for line in either(*argv).stdout.splitlines()]
        this_month = {cost[0] for created, stage, cost, *_ in known if created >= "2026-05" and stage != "SCHEDULING"}
        assert this_month == {"$"}
        assert {cost[0] for created, _, cost, *_ in known if created < "2026-05"} == {"~", "<"}


class TestAsked:
    """Costs are asked for by name, and only then cost requests."""

    def test_by_nobody_who_does_not_want_them(self, hfjobs: Hfjobs, hub: Hub) -> None:
        for options in (
            ["--json"],
            ["-w"],
            ["--format", "{{json .}}"],
            ["--format", "{{range $k, $v := .}}{{$k}}{{end}}"],
        ):
            result = hfjobs("ps", "-a", "--limit", "3", *options)
            assert result.code == 0
            assert "cost" not in result.stdout
        assert {path.rpartition("/")[2] for path in hub.paths} == {"whoami-v2", USER}

    @pytest.mark.parametrize(
        "options",
        [
            ["--columns", "+cost"],
            ["--columns", "id,cost_usd", "--format", "csv"],
            ["--sort", "-cost"],
            ["--format", "{{.cost}}"],
            ["--format", "{{$job := .}}{{$job.cost}}"],
            ["-f", "cost=~$1*"],
        ],
    )
    def test_costs_two_requests_then_one(self, hfjobs: Hfjobs, hub: Hub, options: list[str]) -> None:
        """Prices hold for a day; what was billed may be more by now."""
        argv = ("ps", "-a", "--namespace", USER, *options)
        first = hfjobs(*argv)
        assert first.code == 0
        assert [hub.paths.count(f"GET {path}") for path in (HARDWARE, BILLING)] == [1, 1]
        del hub.requests[:]
        assert hfjobs(*argv) == first
        assert [hub.paths.count(f"GET {path}") for path in (HARDWARE, BILLING)] == [0, 1]

    def test_sorts_by_the_amount(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--sort", "-cost", "--limit", "0", "--format", "{{.cost_usd}}")
        amounts = [float(line) for line in result.stdout.splitlines() if line != "<no value>"]
        assert amounts == sorted(amounts, reverse=True)
        assert amounts[0] > 30

    def test_holds_for_every_command_that_shows_jobs(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("inspect", BY_HAND, "--columns", "id,flavor,cost,cost_is_estimated")
        expected = "JOB ID                    FLAVOR  COST   COST IS ESTIMATED\n"
        assert result == Result(0, expected + f"{BY_HAND}  l40sx1  $1.80  false\n", "")


class TestPrices:
    """Prices are remembered for a day, for each Hub, in a file that may be broken at any time."""

    ARGV = ("ps", "-a", "--limit", "5", "--columns", "id,cost")

    def asked(self, hub: Hub) -> int:
        return hub.paths.count(f"GET {HARDWARE}")

    def test_are_in_a_file_of_their_own(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs(*self.ARGV).code == 0
        kept = json.loads(cache(hfjobs).read_text(encoding="utf-8"))
        assert kept[hub.endpoint]["minute_costs"]["a100-large"] == "0.041667"
        assert kept[hub.endpoint]["asked_at"] == NOW.isoformat()
        assert os.name == "nt" or cache(hfjobs).stat().st_mode & 0o777 == 0o600

    def test_of_other_hubs_are_others(self, hfjobs: Hfjobs, hub: Hub, elsewhere: Hub) -> None:
        assert hfjobs(*self.ARGV).code == 0
        assert hfjobs(*self.ARGV, "--endpoint", elsewhere.endpoint).code == 0
        assert (self.asked(hub), self.asked(elsewhere)) == (1, 1)
        assert set(json.loads(cache(hfjobs).read_text(encoding="utf-8"))) == {hub.endpoint, elsewhere.endpoint}

    @pytest.mark.parametrize(
        ("kept", "is_used"),
        [
            ({"asked_at": "2026-05-11T09:00:01+00:00", "minute_costs": {}}, True),
            ({"asked_at": "2026-05-11T09:00:00+00:00", "minute_costs": {}}, False),
            ({"asked_at": "2026-05-12T09:00:01+00:00", "minute_costs": {}}, False),
            ({"asked_at": "soon", "minute_costs": {}}, False),
            ({"asked_at": None, "minute_costs": {}}, False),
            ({"minute_costs": {}}, False),
            ({"asked_at": "2026-05-12T08:00:00+00:00", "minute_costs": []}, False),
            ({"asked_at": "2026-05-12T08:00:00+00:00", "minute_costs": {"cpu-xl": 3}}, False),
            ({"asked_at": "2026-05-12T08:00:00+00:00", "minute_costs": {"cpu-xl": "many"}}, False),
            ({"asked_at": "2026-05-12T08:00:00+00:00", "minute_costs": {"cpu-xl": "-1"}}, False),
            ({"asked_at": "2026-05-12T08:00:00+00:00", "minute_costs": {"cpu-xl": "NaN"}}, False),
            ("text", False),
            ([], False),
        ],
    )
    def test_that_are_old_or_make_no_sense_are_asked_for_again(
        self, hfjobs: Hfjobs, hub: Hub, kept: Any, is_used: bool
    ) -> None:
        assert hfjobs(*self.ARGV).code == 0
        if isinstance(kept, dict) and kept.get("minute_costs") == {}:
            kept["minute_costs"] = json.loads(cache(hfjobs).read_text(encoding="utf-8"))[hub.endpoint]["minute_costs"]
        cache(hfjobs).write_text(json.dumps({hub.endpoint: kept}), encoding="utf-8")
        assert hfjobs(*self.ARGV).code == 0
        assert self.asked(hub) == (1 if is_used else 2)

    @pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b'{"x":' * 5000])
    def test_survive_a_broken_file(self, hfjobs: Hfjobs, hub: Hub, content: bytes) -> None:
        expected = hfjobs(*self.ARGV)
        cache(hfjobs).write_bytes(content)
        assert hfjobs(*self.ARGV) == expected
        assert hfjobs(*self.ARGV) == expected
        assert self.asked(hub) == 2

    def test_survive_a_file_that_cannot_be_written(self, hfjobs: Hfjobs, hub: Hub) -> None:
        cache(hfjobs).mkdir(parents=True)
        assert "~$" in hfjobs(*self.ARGV).stdout
        assert "~$" in hfjobs(*self.ARGV).stdout
        assert self.asked(hub) == 2

    def test_of_a_new_flavor_are_asked_for_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Also if the Hub does not know it: old jobs ran on what is no longer sold."""
        billed(hub)
        assert hfjobs(*self.ARGV).code == 0
        known = {"name": "b300", "unitCostMicroUSD": 100_000, "unitLabel": "minute"}
        hub.replies_to(HARDWARE, 200, json.dumps([known]))
        for number, flavor in enumerate(("b300", "v5e-16")):
            hub.add(**ended(60, id=f"bb{number}", flavor=flavor))
        for _ in range(2):
            shown = hfjobs("ps", "-a", "-f", "flavor=b300,v5e-16", "--format", "{{.flavor}} {{.cost}}").stdout
            assert sorted(shown.splitlines()) == ["b300 ~$0.10", "v5e-16 <no value>"]
        assert self.asked(hub) == 2

    def test_may_be_written_by_several_runs_at_once(self, hfjobs: Hfjobs, hub: Hub) -> None:
        expected = hfjobs(*self.ARGV)
        cache(hfjobs).unlink()
        results: list[Result] = []
        threads = [threading.Thread(target=lambda: results.append(hfjobs(*self.ARGV))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [expected] * 8
        assert [path.name for path in cache(hfjobs).parent.iterdir() if "prices" in path.name] == ["prices.json"]
        assert "a100-large" in json.loads(cache(hfjobs).read_text(encoding="utf-8"))[hub.endpoint]["minute_costs"]

    def test_that_cannot_be_had_leave_the_listing_whole(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It is shown without them; the exit code tells that something is missing, and one line what."""
        billed(hub)
        hub.replies_to(HARDWARE, 400, '{"error": "not today"}')
        result = hfjobs("ps", "--columns", "id,cost", "--status", "running")
        assert result.code == 1
        assert [line.split()[-1] for line in result.stdout.splitlines()] == ["COST", *["-"] * 5]
        assert result.stderr == f"error: the Hub refused the request: not today (GET {HARDWARE}: 400)\n"
        assert self.asked(hub) == 1

    def test_wait_no_longer_than_other_requests(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.then(hang_up)
        assert hfjobs("ps", "--namespace", USER, "--columns", "id,cost").code == 0
        assert len(hfjobs.pauses) == 1
