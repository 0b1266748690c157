"""`ps` answers a question by itself: `--filter`, `--since`, `--until` and `--sort`."""

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import BY_HAND, DAILY_SCHEDULE, TOKEN, USER, Hfjobs, Hub, Result, Terminal

ALL_JOBS = 245


def labels(job: dict[str, Any]) -> dict[str, str]:
    return job["labels"] or {}


def name(job: dict[str, Any]) -> str:
    return labels(job).get("name") or ""


def initiator(job: dict[str, Any]) -> dict[str, Any]:
    return job["initiator"] or {"type": None, "id": None}


@pytest.fixture(scope="module")
def all_jobs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What the Hub of each test begins with."""
    directory = tmp_path_factory.mktemp("all")
    hub = Hub(directory)
    program = Hfjobs({"HOME": str(directory), "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN})
    try:
        return program.jobs("ps", "-a", "--limit", "0", "--json")
    finally:
        hub.close()


def matches(hfjobs: Hfjobs, *options: str) -> list[str]:
    """Return the ids that a listing of all jobs keeps."""
    result = hfjobs("ps", "-a", "--format={{.id}}", "--limit", "0", *options)
    assert result.code == 0, result.stderr
    return result.stdout.split()


class TestFilter:
    """`--filter FIELD=GLOB` on every field that is listed; what the Hub can filter by is left to it."""

    @pytest.mark.parametrize(
        ("filters", "is_meant"),
        [
            (["id=6a01*"], lambda job: job["id"].startswith("6a01")),
            (["name=train-*"], lambda job: name(job).startswith("train-")),
            (["NAME!=train-*"], lambda job: not name(job).startswith("train-")),
            (["name=train-*", "name=weekly-*"], lambda job: name(job).startswith(("train-", "weekly-"))),
            (["name!=train-*", "name!=weekly-*"], lambda job: not name(job).startswith(("train-", "weekly-"))),
            (["name=*-*", "name!=*judge"], lambda job: "-" in name(job) and not name(job).endswith("judge")),
            (["image=hf.co/spaces/*"], lambda job: job["space_id"] is not None),
            (["image=python:3.1?"], lambda job: job["docker_image"] == "python:3.12"),
            (["command=*train*"], lambda job: "train" in shlex.join(job["command"] + (job["arguments"] or []))),
            (["command=*step*", "flavor=a100-*"], lambda job: job["flavor"] == "a100-large"),
            (["flavor=[!c]*"], lambda job: not job["flavor"].startswith("c")),
            (["flavor=[^c]*"], lambda job: not job["flavor"].startswith("c")),
            (["flavor=h200,a100-*"], lambda job: job["flavor"] in ("h200", "a100-large")),
            (["flavor!=l40sx1,cpu-*"], lambda job: job["flavor"] != "l40sx1" and not job["flavor"].startswith("cpu-")),
            (["initiator=org,webhook"], lambda job: initiator(job)["type"] in ("org", "webhook")),
            (["label=env=prod,env=dev"], lambda job: labels(job).get("env") in ("prod", "dev")),
            (["initiator=scheduled-job"], lambda job: initiator(job)["type"] == "scheduled-job"),
            (["initiator=scheduled-job:69c4*"], lambda job: initiator(job)["id"] == DAILY_SCHEDULE),
            (["initiator=none"], lambda job: job["initiator"] is None),
            (["initiator=*"], lambda job: job["initiator"] is not None),
            (["initiator!=*"], lambda job: job["initiator"] is None),
            (["initiator=none,webhook"], lambda job: initiator(job)["type"] in (None, "webhook")),
            (["initiator!=none", "initiator!=user*"], lambda job: initiator(job)["type"] not in (None, "user")),
            (["label=team=ml"], lambda job: labels(job).get("team") == "ml"),
            (["label=team=*"], lambda job: "team" in labels(job)),
            (["label=env"], lambda job: "env" in labels(job)),
            (["label!=env"], lambda job: "env" not in labels(job)),
            (
                ["label=team=ml", "label=env=prod"],
                lambda job: {"team": "ml", "env": "prod"}.items() <= labels(job).items(),
            ),
            (["labels=env=prod"], lambda job: labels(job).get("env") == "prod"),
            (["message=*OOM*"], lambda job: "OOM" in (job["status"]["message"] or "")),
            (["status.message=*OOM*"], lambda job: "OOM" in (job["status"]["message"] or "")),
            (["message!=*"], lambda job: job["status"]["message"] is None),
            (["timeout=3600"], lambda job: job["timeout"] == 3600),
            (["timeout=1h"], lambda job: job["timeout"] == 3600),
            (["timeout=60m"], lambda job: job["timeout"] == 3600),
            (["timeout=3600.0"], lambda job: job["timeout"] == 3600),
            (["timeout=1 hour,21600s"], lambda job: job["timeout"] in (3600, 21600)),
            (["timeout!=60min"], lambda job: job["timeout"] != 3600),
            (["timeout!=3600,6h"], lambda job: job["timeout"] not in (3600, 21600)),
            (["secrets=HF_TOKEN"], lambda job: "HF_TOKEN" in (job["secrets"] or ())),
            (["secrets=*"], lambda job: bool(job["secrets"])),
            (["arguments=--source * --push"], lambda job: (job["arguments"] or [])[-1:] == ["--push"]),
            (["environment=HF_XET_HIGH_PERFORMANCE"], lambda job: "HF_XET_HIGH_PERFORMANCE" in job["environment"]),
            (["docker_image=python:*"], lambda job: (job["docker_image"] or "").startswith("python:")),
            (["owner.type=user", "space_id=*"], lambda job: job["space_id"] is not None),
            (["initiator.id=69c4*"], lambda job: (initiator(job)["id"] or "").startswith("69c4")),
            (["created=2026-05-11*"], lambda job: job["created_at"].startswith("2026-05-11")),
            (["created=2026-05-11T13:16:07+00:00"], lambda job: job["created_at"] == "2026-05-11T13:16:07+00:00"),
            (["created=2026-05-11t15:16:07.9+02:00"], lambda job: job["created_at"] == "2026-05-11T13:16:07+00:00"),
            (["finished_at=2026-05-11T*Z"], lambda job: (job["finished_at"] or "").startswith("2026-05-11")),
            (["runtime=59m30s"], lambda job: (job["durations"] or {}).get("running_secs") == 3570),
            (["durations.running_secs=3570"], lambda job: (job["durations"] or {}).get("running_secs") == 3570),
            (["label=te*=ml", "label=en*=*"], lambda job: labels(job).get("team") == "ml" and "env" in labels(job)),
        ],
    )
    def test_keeps_what_matches(
        self,
        hfjobs: Hfjobs,
        all_jobs: list[dict[str, Any]],
        filters: list[str],
        is_meant: Callable[[dict[str, Any]], bool],
    ) -> None:
        expected = [job["id"] for job in all_jobs if is_meant(job)]
        assert 0 < len(expected) < ALL_JOBS
        assert matches(hfjobs, *(word for each in filters for word in ("-f", each))) == expected

    @pytest.mark.parametrize(
        ("filters", "count"), [("owner=davan*", ALL_JOBS), ("owner!=davan*", 0), ("owner=DAVAN*", 0)]
    )
    def test_minds_the_case_of_letters(self, hfjobs: Hfjobs, filters: str, count: int) -> None:
        assert len(matches(hfjobs, "-f", filters)) == count

    @pytest.mark.parametrize(
        ("options", "sent"),
        [
            (["-f", "status=error"], [("stage", "ERROR")]),
            (["-f", "status=Err*"], []),
            (["-f", "status=[^crs]*"], []),
            (["-f", "status=error,canceled"], [("stage", "ERROR"), ("stage", "CANCELED")]),
            (["-f", "status=error", "-f", "status=canceled"], [("stage", "ERROR"), ("stage", "CANCELED")]),
            (["-f", "status!=completed,running"], []),
            (["--status", "error,deleted", "-f", "status!=deleted"], [("stage", "ERROR")]),
            (["-f", "label==team=ml"], [("label", "team=ml")]),
            (["-f", "label=team=ml", "-l", "env=prod"], [("label", "env=prod"), ("label", "team=ml")]),
            (["-f", "name=weekly-eval"], [("label", "name=weekly-eval")]),
            (["-f", "label=team=m*"], []),
            (["-f", "label=team"], []),
            (["-f", "name!=weekly-eval"], []),
            (["-f", "name=a", "-f", "name=b"], []),
            (["-f", "flavor=l40sx1", "--since", "2d"], []),
        ],
    )
    def test_what_the_hub_can_do_is_left_to_it(
        self, hfjobs: Hfjobs, hub: Hub, options: list[str], sent: list[tuple[str, str]]
    ) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--limit", "0", *options)
        assert result.code == 0
        assert [pair for pair in hub.requests[1].query if pair[0] != "cursor"] == sent
        assert ("read" in result.stderr) == (sent == [])

    def test_status_needs_no_all(self, hfjobs: Hfjobs) -> None:
        """Whoever names a status means it, as with --status."""
        assert hfjobs("ps", "-q", "-f", "status=error").stdout == hfjobs("ps", "-q", "--status", "error").stdout != ""
        listed = hfjobs("ps", "--limit", "0", "-f", "status!=completed", "--format", "{{.status}}").stdout
        assert set(listed.split()) == {"RUNNING", "SCHEDULING", "ERROR", "CANCELED", "DELETED"}

    def test_initiator_adds_its_column(self, hfjobs: Hfjobs) -> None:
        header = hfjobs("ps", "-a", "-f", "initiator=webhook").stdout.partition("\n")[0]
        assert header.endswith("  INITIATOR")

    def test_stops_when_enough_match_and_tells_what_was_read(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--limit", "2", "-f", "name=weekly-*", "-f", "initiator!=none")
        assert len(result.stdout.split()) == 2
        assert result.stderr == (
            "2 of 38 jobs read match --filter\nhint: showing the first 2, there may be more; --limit 0 lists all\n"
        )
        assert len(hub.requests) == 2

    def test_reads_on_until_enough_match(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--limit", "0", "-f", "id=6a01d697*", "--initiator", "user")
        assert result == Result(
            0, f"{BY_HAND}\n", f"1 of {ALL_JOBS} jobs read on 3 pages match --initiator and --filter\n"
        )

    def test_a_pattern_is_a_glob_and_nothing_else(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(command=["a.b", "(x|y)+\n"], labels={"name": "x"})
        assert matches(hfjobs, "-f", "command=a?b*") == [id_]
        assert matches(hfjobs, "-f", "command=*[(]x|y)+*") == [id_]
        assert matches(hfjobs, "-f", "command=.*") == []

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            (
                "nmae=x",
                "unknown field 'nmae' in filter 'nmae=x'",
                "did you mean 'name'?",
            ),
            (
                "train",
                "filter 'train' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE",
                "use for example -f 'command=*train*' -f 'label.team=ml' -f 'runtime>1h'",
            ),
            (
                "=x",
                "filter '=x' is not FIELD=PATTERN, FIELD!=PATTERN or FIELD>VALUE",
                "use for example -f 'command=*train*' -f 'label.team=ml' -f 'runtime>1h'",
            ),
            ("name=", "filter 'name=' has no pattern", "use name!=* to find jobs without a value"),
            ("label.lr=", "filter 'label.lr=' has no pattern", "use label.lr!=* to find jobs without a value"),
            ("status=running,!running", "--filter excludes every status", "remove one of the exclusions !STATUS"),
            ("name=,", "filter 'name=,' has no pattern", "use name!=* to find jobs without a value"),
            (
                "stage=error",
                "unknown field 'stage' in filter 'stage=error'",
                "did you mean 'status'?",
            ),
            (
                "created=2h",
                "invalid time '2h' in a filter: not like 2026-05-11T13:16:07Z",
                "use created=2026-05-11* for a day, or --since and --until with 2h or yesterday",
            ),
            (
                "finished_at=2026-05-11",
                "invalid time '2026-05-11' in a filter: not like 2026-05-11T13:16:07Z",
                "use finished_at=2026-05-11* for a day",
            ),
            ("timeout=soon", "field timeout is a number, but 'soon' is not", "use for example timeout=2"),
            ("timeout=nan", "field timeout is a number, but 'nan' is not", "use for example timeout=2"),
            ("runtime!=2x", "invalid filter runtime '2x'", "use 90s, 30m, 1.5h, 1h30m, 2d or 1w"),
            ("retry=twice", "field retry is a number, but 'twice' is not", "use for example retry=2"),
            ("since=2h", "unknown field 'since' in filter 'since=2h'", "use the option --since"),
            (
                "status=bogus",
                "unknown status 'bogus'",
                "use one of running, scheduling, completed, error, canceled, deleted; "
                "for a status that is newer than this version, use 'bogus:*'",
            ),
        ],
    )
    def test_a_wrong_one_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, given: str, message: str, hint: str) -> None:
        assert hfjobs("ps", "-f", given) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []

    def test_whole_numbers_are_compared_whole(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Also the largest that are taken from a Hub."""
        large = 2**53 - 1
        id_ = hub.add(timeout=large)
        hub.add(id="6a02000000000000000000ab", timeout=large - 1)
        assert matches(hfjobs, "-f", f"timeout={large}") == matches(hfjobs, "-f", f"timeout=0{large}") == [id_]

    def test_of_status_must_agree_with_the_option(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("ps", "--status", "error", "-f", "status=completed") == Result(
            2, "", "error: --status and --filter exclude every status\nhint: remove one of them\n"
        )
        assert hub.requests == []

    def test_that_matches_nothing_explains_patterns(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "-f", "image=vllm", "--limit", "0")
        assert result == Result(
            0,
            "",
            f"0 of {ALL_JOBS} jobs read on 3 pages match --filter\nno jobs match\n"
            "hint: a pattern must match the whole value; use '*vllm*' to match a part of it\n",
        )

    @pytest.mark.parametrize("pattern", ["a|b", "^weekly-eval$", ".*eval", "weekly.+", r"\w*"])
    def test_that_is_a_regular_expression_is_told_so(self, hfjobs: Hfjobs, pattern: str) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "-f", f"image={pattern}")
        hint = f"hint: '{pattern}' looks like a regular expression; patterns support only *, ? and [abc]\n"
        assert (result.code, result.stdout) == (0, "")
        assert result.stderr.endswith(f"no jobs match\n{hint}")

    @pytest.mark.parametrize("given", ["flavor=!h200", "name=!x", "label.team=!ml", "image=a*,!b"])
    def test_that_excludes_as_status_does_is_told_so(self, hfjobs: Hfjobs, given: str) -> None:
        hint = "hint: ! before a pattern excludes only in --status and --initiator; use FIELD!=PATTERN\n"
        code, stdout, stderr = hfjobs("ps", "-a", "--format={{.id}}", "-f", given)
        assert (code, stdout) == (0, "")
        assert stderr.endswith(f"no jobs match\n{hint}")

    def test_finds_an_initiator_without_a_type(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """By what its cell shows, and by --initiator too."""
        id_ = hub.add(initiator={"id": "q"})
        for options in (["-f", "initiator=unknown"], ["-f", "initiator=unknown:q"], ["--initiator", "unknown:q"]):
            assert matches(hfjobs, *options) == [id_]
        assert matches(hfjobs, "--initiator", "unknown:*") == [id_]

    @pytest.mark.parametrize(
        "given", ["*print('hello')*", "python -c print('hello')", """python -c 'print('"'"'hello'"'"')'"""]
    )
    def test_compares_the_words_of_a_command_and_what_is_shown(self, hfjobs: Hfjobs, hub: Hub, given: str) -> None:
        """Exclusions likewise."""
        id_ = hub.add(command=["python", "-c", "print('hello')"], arguments=[])
        assert matches(hfjobs, "-f", f"command={given}") == [id_]
        assert id_ not in matches(hfjobs, "-f", f"command!={given}")

    def test_a_bracket_that_is_not_closed_is_a_bracket(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(labels={"name": "a[^b"})
        assert matches(hfjobs, "-f", "name=a[^b") == [id_]

    def test_what_is_absent_matches_no_pattern(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(labels=None, flavor=None)
        assert id_ not in matches(hfjobs, "-f", "name=*")
        assert id_ in matches(hfjobs, "-f", "name!=*")
        assert matches(hfjobs, "-f", "flavor!=*", "-f", "label!=*") == [id_]


class TestTime:
    """`--since` and `--until` say when a job was created. The present moment is 2026-05-12T09:00:00Z."""

    @pytest.mark.parametrize(
        ("given", "moment"),
        [
            ("2h", "2026-05-12T07:00:00"),
            ("90m", "2026-05-12T07:30:00"),
            ("90 mins", "2026-05-12T07:30:00"),
            ("1d2h30m", "2026-05-11T06:30:00"),
            ("1.5h", "2026-05-12T07:30:00"),
            ("5h ago", "2026-05-12T04:00:00"),
            ("20 hours ago", "2026-05-11T13:00:00"),
            ("1 day 1 hour", "2026-05-11T08:00:00"),
            ("1w", "2026-05-05T09:00:00"),
            ("1mo", "2026-04-12T09:00:00"),
            ("today", "2026-05-12T00:00:00"),
            ("Yesterday", "2026-05-11T00:00:00"),
            ("now", "2026-05-12T09:00:00"),
            ("2026-05-11", "2026-05-11T00:00:00"),
            ("2026-05-11T13:16:07Z", "2026-05-11T13:16:07"),
            ("2026-05-11T13:16:07", "2026-05-11T13:16:07"),
            ("2026-05-11 13:16", "2026-05-11T13:16:00"),
            ("2026-05-11T15:16:07+02:00", "2026-05-11T13:16:07"),
        ],
    )
    def test_part_the_listing(self, hfjobs: Hfjobs, all_jobs: list[dict[str, Any]], given: str, moment: str) -> None:
        """A job that was created at that very moment is since it."""
        created = [job["created_at"][:19] for job in all_jobs]
        since = hfjobs("ps", "-a", "--limit", "0", "--since", given, "--format", "{{slice .created 0 19}}")
        until = hfjobs("ps", "-a", "--limit", "0", "--until", given, "--format", "{{slice .created 0 19}}")
        assert since.stdout.split() == [time for time in created if time >= moment]
        assert until.stdout.split() == [time for time in created if time < moment]

    def test_keep_what_is_between_them(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--since", "2026-05-10", "--until", "2026-05-11", "--format", "{{.created}}")
        days = {line[:10] for line in result.stdout.split()}
        assert days == {"2026-05-10"}
        assert result.stderr == "6 of 100 jobs read match --since and --until\n"

    def test_older_pages_are_not_read(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--limit", "0", "--since", "3d")
        assert result.stderr == "19 of 100 jobs read match --since\n"
        assert len(hub.requests) == 2

    def test_older_pages_are_read_if_the_newest_are_not_first(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """The Hub lists the newest first, but does not promise it."""
        old, new = "2026-05-01T00:00:00.000Z", "2026-05-12T08:00:00.000Z"
        first = [hub.job(id="aa", createdAt=old), hub.job(id="bb", createdAt=new), hub.job(id="cc", createdAt=old)]
        hub.replies(200, json.dumps(first), {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'})
        hub.replies(200, json.dumps([hub.job(id="dd", createdAt=new), hub.job(id="ee", createdAt=None)]))
        result = hfjobs("ps", "-a", "--format={{.id}}", "--namespace", "x", "--since", "1d")
        assert result == Result(0, "bb\ndd\n", "2 of 5 jobs read on 2 pages match --since\n")

    @pytest.mark.parametrize("option", ["--since", "--until"])
    @pytest.mark.parametrize(
        "given", [" ", "soon", "2", "2x", "-2h", "1M", "ago", "2026-13-01", "h", "99999999999d", "1e9d", "²d"]
    )
    def test_a_wrong_one_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, option: str, given: str) -> None:
        assert hfjobs("ps", option, given) == Result(
            2,
            "",
            f"error: invalid time '{given}' for {option}\n"
            "hint: use 30m, 2h, 7d, 1mo, yesterday, 2026-05-11 or 2026-05-11T13:16:07Z\n",
        )
        assert hub.requests == []

    def test_more_is_not_promised_where_later_pages_are_too_old(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = [hub.job(id="aa"), hub.job(id="bb", createdAt="2026-05-01T00:00:00.000Z")]
        hub.replies(200, json.dumps(jobs), {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'})
        result = hfjobs("ps", "-a", "--format={{.id}}", "--namespace", "x", "--since", "1d", "--limit", "1")
        assert result == Result(0, "aa\n", "1 of 1 jobs read match --since\n")

    def test_one_old_job_alone_does_not_end_the_listing(self, hfjobs: Hfjobs, hub: Hub) -> None:
        old = hub.job(id="aa", createdAt="2026-05-01T00:00:00.000Z")
        hub.replies(200, json.dumps([old]), {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'})
        hub.replies(200, json.dumps([hub.job(id="bb")]))
        assert hfjobs("ps", "-a", "--format={{.id}}", "--namespace", "x", "--since", "1d").stdout == "bb\n"

    def test_must_leave_something_between_them(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("ps", "--since", "1h", "--until", "2h") == Result(
            2, "", "error: --since must be earlier than --until\nhint: swap the two\n"
        )
        assert hub.requests == []


class TestSort:
    """`--sort` reads the whole listing and orders it."""

    @pytest.mark.parametrize("sort", ["created", "-created", "name,-created", "runtime", "-runtime", "flavor,runtime"])
    def test_orders_by_columns(self, hfjobs: Hfjobs, sort: str) -> None:
        """Those without a value come last, and equal ones stay as they were."""
        jobs = hfjobs.jobs("ps", "-a", "--limit", "0", "--json")
        read: dict[str, Callable[[dict[str, Any]], Any]] = {
            "created": lambda job: job["created_at"],
            "name": lambda job: labels(job).get("name"),
            "runtime": lambda job: (job["durations"] or {}).get("running_secs"),
            "flavor": lambda job: job["flavor"],
        }
        for key in reversed(sort.split(",")):
            value = read[key.lstrip("-")]
            present = [job for job in jobs if value(job) is not None]
            present.sort(key=value, reverse=key.startswith("-"))
            jobs = present + [job for job in jobs if value(job) is None]
        assert matches(hfjobs, "--sort", sort) == [job["id"] for job in jobs]

    def test_puts_active_jobs_first(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--limit", "0", "--sort", "status", "--format", "{{.status}}")
        seen = list(dict.fromkeys(result.stdout.split()))
        assert seen == ["RUNNING", "SCHEDULING", "COMPLETED", "ERROR", "CANCELED", "DELETED"]

    def test_the_limit_counts_after_it(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--sort", "-runtime", "--limit", "3")
        assert result.stdout.split() == matches(hfjobs, "--sort", "-runtime")[:3]
        assert result.stderr == f"hint: showing the first 3 of {ALL_JOBS}; --limit 0 lists all\n"

    def test_goes_with_filters(self, either: Hfjobs) -> None:
        options = ("-f", "command=*train*", "-f", "label=team=ml", "-f", "status!=completed", "--since", "30d")
        code, stdout, stderr = either("ps", "-a", *options, "--sort", "-runtime", "--format", "{{.status}}")
        assert (code, stderr) == (0, "4 of 66 jobs read match --filter and --since\n")
        assert stdout.split() == ["ERROR", "RUNNING", "CANCELED", "SCHEDULING"]

    def test_shows_progress_on_a_terminal(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--format={{.id}}", "--sort", "created", "--limit", "0", stderr=Terminal())
        assert result.stderr == (
            "\r\x1b[K100 of about 245 jobs read, 100 match ...\r\x1b[K200 of about 245 jobs read, 200 match ...\r\x1b[K"
        )

    def test_nothing_is_printed_if_it_fails_half_way(self, hfjobs: Hfjobs, hub: Hub) -> None:
        link = {"Link": f'<{hub.endpoint}/api/jobs/{USER}?cursor=2>; rel="next"'}
        hub.replies(200, json.dumps([hub.job()]), link)
        hub.replies(400, '{"error": "Invalid cursor"}')
        result = hfjobs("ps", "-a", "--namespace", USER, "--sort", "id", "--format", "jsonl")
        assert (result.code, result.stdout) == (1, "")

    def test_a_newer_stage_comes_last(self, hfjobs: Hfjobs, hub: Hub) -> None:
        jobs = [hub.job(id=stage.lower(), status={"stage": stage}) for stage in ("NEWER", "ERROR", "RUNNING")]
        hub.replies(200, json.dumps(jobs))
        assert (
            hfjobs("ps", "-a", "--format={{.id}}", "--namespace", "x", "--sort", "status").stdout
            == "running\nerror\nnewer\n"
        )

    @pytest.mark.parametrize(
        ("given", "message", "hint"),
        [
            ("creatd", "unknown column 'creatd'", "did you mean 'created'?"),
            ("-duration", "unknown column 'duration'", "did you mean 'runtime'?"),
            ("-", "unknown column ''", "use one of id, name, image"),
            ("", "--sort is empty", "remove --sort, or give it a value"),
        ],
    )
    def test_a_wrong_one_makes_no_request(self, hfjobs: Hfjobs, hub: Hub, given: str, message: str, hint: str) -> None:
        code, stdout, stderr = hfjobs("ps", "--sort", given)
        assert (code, stdout) == (2, "")
        assert stderr.startswith(f"error: {message}\nhint: {hint}")
        assert hub.requests == []
