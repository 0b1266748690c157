"""`hfjobs inspect`, and with it the parsing of every shape a job may have."""

import json
from typing import Any

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, USER, Golden, Hfjobs, Hub, Result
from tests.words import JOB_FIELDS

NOT_A_JOB = "use ID, NAME, NAMESPACE/ID, @latest or the URL of a job; 'hfjobs ps -q' prints ids"


def test_prints_an_indented_array(hfjobs: Hfjobs, hub: Hub, golden: Golden) -> None:
    result = hfjobs("inspect", BY_HAND).without(hub.endpoint)
    assert result == Result(0, golden("inspect.json", result.stdout), "")
    assert list(json.loads(result.stdout)[0]) == JOB_FIELDS


def test_shows_what_started_the_jobs_the_tool_is_known_by(either: Hfjobs) -> None:
    by_hand, by_schedule = either.jobs("inspect", BY_HAND, BY_SCHEDULE)
    owner = {"id": "60107b385ac3e86b3ea4fc34", "name": "davanstrien", "type": "user"}
    assert by_hand["owner"] == by_schedule["owner"] == owner
    assert by_hand["initiator"] == {"type": "user", "id": "60107b385ac3e86b3ea4fc34", "name": "davanstrien"}
    assert by_hand["status"]["stage"] == "COMPLETED"
    assert by_schedule["initiator"] == {"type": "scheduled-job", "id": "69c4179671691dc46f166314", "name": None}


@pytest.mark.parametrize("options", [("--columns", "id,status"), ("--columns", "-initiator"), ("-w",)])
def test_is_a_table_if_columns_are_chosen(hfjobs: Hfjobs, options: tuple[str, ...]) -> None:
    assert hfjobs("inspect", BY_HAND, *options) == hfjobs("inspect", BY_HAND, "--format", "table", *options)
    assert hfjobs("inspect", BY_HAND, "--json", "-w") == hfjobs("inspect", BY_HAND)


def test_prints_the_objects_of_ps(hfjobs: Hfjobs) -> None:
    listed = hfjobs.jobs("ps", "--json")
    assert hfjobs.jobs("inspect", *[job["id"] for job in listed]) == listed


class TestReferences:
    """A job is named by its id, with its namespace, by its page, or on stdin."""

    @pytest.mark.parametrize(
        "reference",
        [BY_HAND, f"{USER}/{BY_HAND}", "HUB/jobs/davanstrien/" + BY_HAND, f"HUB/jobs/{USER}/{BY_HAND}/?x=1#y"],
    )
    def test_can_be_any_of_these(self, hfjobs: Hfjobs, hub: Hub, reference: str) -> None:
        (job,) = hfjobs.jobs("inspect", reference.replace("HUB", hub.endpoint))
        assert job["id"] == BY_HAND

    @pytest.mark.parametrize("host", ["https://huggingface.co", "https://hf.co"])
    def test_pages_of_the_hub_are_known_by_both_its_names(self, hfjobs: Hfjobs, host: str) -> None:
        """Checked up to the point where a connection would be made."""
        result = hfjobs("inspect", f"{host}/jobs/{USER}/..", HF_ENDPOINT="https://huggingface.co")
        assert result.stderr.startswith(f"error: invalid job '{host}/jobs/{USER}/..'\n")

    def test_are_read_from_stdin_by_a_dash(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("inspect", BY_SCHEDULE, "-", "--format", "jsonl", stdin=f"\n  {BY_HAND} \n\n{USER}/{BY_HAND}\n")
        ids = [json.loads(line)["id"] for line in result.stdout.splitlines()]
        assert (result.code, ids, result.stderr) == (0, [BY_SCHEDULE, BY_HAND, BY_HAND], "")

    def test_on_stdin_may_come_with_a_byte_order_mark(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("inspect", "-", stdin=f"\ufeff{BY_HAND}\n") == hfjobs("inspect", BY_HAND)

    def test_on_stdin_must_be_references(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("inspect", "-", stdin="JOB ID  NAME  IMAGE/SPACE\n")
        assert result == Result(2, "", f"error: invalid job 'JOB ID  NAME  IMAGE/SPACE'\nhint: {NOT_A_JOB}\n")
        assert hub.requests == []

    def test_may_be_none_on_stdin(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("inspect", "-", stdin="\n") == Result(0, "[]\n", "no jobs on stdin\n")
        assert hub.requests == []

    def test_may_be_in_several_namespaces(self, hfjobs: Hfjobs) -> None:
        theirs = hfjobs.jobs("ps", "-a", "--namespace", "aurora-lab", "--limit", "0", "--json")[0]["id"]
        jobs = hfjobs.jobs("inspect", f"aurora-lab/{theirs}", BY_HAND)
        assert [job["owner"]["name"] for job in jobs] == ["aurora-lab", USER]

    def test_namespace_option_holds_for_bare_ids(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert [job["id"] for job in hfjobs.jobs("inspect", "--namespace", USER, BY_HAND, f"{USER}/{BY_HAND}")] == [
            BY_HAND
        ] * 2
        assert set(hub.paths) == {f"GET /api/jobs/{USER}/{BY_HAND}"}

    @pytest.mark.parametrize(
        ("argv", "message", "hint"),
        [
            (
                ("--namespace", "aurora-lab", f"{USER}/{BY_HAND}"),
                f"'{USER}/{BY_HAND}' is in namespace '{USER}', but --namespace is 'aurora-lab'",
                "remove one of them",
            ),
            (("a/b/c",), "invalid job 'a/b/c'", NOT_A_JOB),
            ((f"{USER}/",), f"invalid job '{USER}/'", NOT_A_JOB),
            (("/x",), "invalid job '/x'", NOT_A_JOB),
            (("x?y",), "invalid job 'x?y'", NOT_A_JOB),
            (("",), "invalid job ''", NOT_A_JOB),
            (("http://[::1",), "invalid URL 'http://[::1'", "use HUB/jobs/NAMESPACE/ID"),
            (
                ("--namespace", "a b", "x"),
                "invalid namespace 'a b'",
                "use letters, digits, '-', '_' and '.'",
            ),
            (
                ("https://elsewhere.example/jobs/a/b",),
                "'https://elsewhere.example/jobs/a/b' is not a page of HUB",
                "use NAMESPACE/ID, or give its Hub with --endpoint",
            ),
            (
                ("HUB/spaces/a/b",),
                "'HUB/spaces/a/b' is not the URL of a job",
                "use HUB/jobs/NAMESPACE/ID",
            ),
            ((), "missing argument '[NAMESPACE/]JOB...'", "see 'hfjobs inspect --help'"),
        ],
    )
    def test_bad_ones_are_a_usage_error(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str, hint: str
    ) -> None:
        result = hfjobs("inspect", *[word.replace("HUB", hub.endpoint) for word in argv])
        assert result.without(hub.endpoint) == Result(2, "", f"error: {message}\nhint: {hint}\n")
        assert hub.requests == []


NOWHERE = "6a01d697aff1cd33e8f30000"
A, B = "a" * 24, "b" * 24


class TestSeveral:
    """Several jobs are asked for at once; those that exist are shown whatever happens to the others."""

    def test_are_shown_in_the_order_asked(self, hfjobs: Hfjobs, hub: Hub) -> None:
        ids = [job["id"] for job in hfjobs.jobs("ps", "-a", "--limit", "0", "--json")][::5]
        del hub.requests[:]
        assert [job["id"] for job in hfjobs.jobs("inspect", *ids)] == ids
        assert len(hub.requests) == len(ids)

    def test_that_exist_are_shown_beside_those_that_do_not(self, hfjobs: Hfjobs) -> None:
        hfjobs("ps")
        code, stdout, stderr = hfjobs("inspect", A, BY_HAND, f"{USER}/{B}")
        assert code == 3
        assert [job["id"] for job in json.loads(stdout)] == [BY_HAND]
        lines = [line.partition(", request id")[0] for line in stderr.splitlines()]
        assert lines == [
            f"error: no job '{A}' in namespace '{USER}': Job not found (GET /api/jobs/{USER}/{A}: 404",
            f"error: no job '{B}' in namespace '{USER}': Job not found (GET /api/jobs/{USER}/{B}: 404",
            "hint: 'hfjobs ps -a --namespace NAME' lists the jobs of a namespace",
            f"hint: 'hfjobs ps -a --namespace {USER}' lists the jobs there",
        ]

    def test_are_looked_for_in_organisations_too(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Ids that -q prints of another namespace are found, all with one question who the user is."""
        listed = hfjobs("ps", "-a", "-q", "--namespace", "aurora-lab").stdout
        del hub.requests[:]
        result = hfjobs("inspect", "-", BY_HAND, "--format", "{{.id}} {{.owner}}", stdin=listed)
        expected = [*(f"{id_} aurora-lab" for id_ in listed.split()), f"{BY_HAND} {USER}"]
        assert result == Result(0, "".join(f"{line}\n" for line in expected), "")
        assert hub.paths.count("GET /api/whoami-v2") == 1

    def test_that_are_nowhere_say_where_they_were_looked_for(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("inspect", NOWHERE, "--format", "jsonl")
        assert (code, stdout) == (3, "")
        assert stderr.startswith(f"error: no job '{NOWHERE}' in namespace '{USER}': Job not found (GET ")
        assert (
            "); also not in aurora-lab\nhint: 'hfjobs ps -a --namespace NAME' lists the jobs of a namespace" in stderr
        )
        assert hub.paths[-2:] == [f"GET /api/jobs/{USER}/{NOWHERE}", f"GET /api/jobs/aurora-lab/{NOWHERE}"]

    def test_are_looked_for_though_one_organisation_is_odd(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """It is told of, and hides no other."""
        theirs = hfjobs("ps", "-a", "-q", "--namespace", "aurora-lab", "--limit", "1").stdout.strip()
        user = {"type": "user", "name": USER, "orgs": [{"name": None}, 7, {"name": "aurora-lab"}]}
        hub.replies_to("/api/whoami-v2", 200, json.dumps(user))
        code, stdout, stderr = hfjobs("inspect", theirs, "--format", "{{.id}}")
        assert (code, stdout) == (0, f"{theirs}\n")
        assert stderr.splitlines() == [
            f"warning: user {USER}: unexpected value from the Hub: orgs[0].name is missing",
            f"warning: user {USER}: unexpected value from the Hub: orgs[1] should be an object, but is 7",
        ]

    def test_of_a_namespace_are_looked_for_nowhere_else(self, hfjobs: Hfjobs, hub: Hub) -> None:
        theirs = hfjobs("ps", "-a", "-q", "--namespace", "aurora-lab", "--limit", "1").stdout.strip()
        del hub.requests[:]
        for argv in ((f"{USER}/{theirs}",), ("--namespace", USER, theirs)):
            assert hfjobs("inspect", *argv).code == 3
        assert hub.paths == [f"GET /api/jobs/{USER}/{theirs}"] * 2

    def test_may_be_kept_from_the_token_in_an_organisation(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to(f"/api/jobs/aurora-lab/{NOWHERE}", 403, '{"error": "no"}')
        assert hfjobs("inspect", NOWHERE).code == 3

    @pytest.mark.parametrize(("order", "code"), [((0, 1, 2), 4), ((1, 0, 2), 3), ((2, 1, 0), 3)])
    def test_exit_with_the_code_of_the_first_failure(
        self, hfjobs: Hfjobs, hub: Hub, order: tuple[int, ...], code: int
    ) -> None:
        """The first in the order asked, whichever answer came first."""
        hub.replies_to(f"/api/jobs/{USER}/6a01d697aff1cd33e8f30003", 403, '{"error": "no"}')
        references = [f"{USER}/6a01d697aff1cd33e8f30003", f"{USER}/{NOWHERE}", f"{USER}/{BY_HAND}"]
        result = hfjobs("inspect", *[references[place] for place in order])
        assert result.code == code
        assert len(json.loads(result.stdout)) == 1

    def test_do_not_all_wait_for_a_hub_that_is_down(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Those that come after the first failure share it."""
        ids = [f"x/{number:024x}" for number in range(200)]
        for id_ in ids:
            hub.replies_to(f"/api/jobs/{id_}", 503, '{"error": "down"}')
        result = hfjobs("inspect", *ids)
        assert (result.code, result.stdout) == (5, "[]\n")
        assert result.stderr.count("error: ") == 200
        assert len(hub.requests) < 4 * 100

    def test_say_once_that_the_token_is_wrong(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("inspect", "--namespace", USER, "a" * 24, "b" * 24, "c" * 24, HF_TOKEN="hf_wrong")
        assert (result.code, result.stdout) == (4, "")
        assert result.stderr.count("error:") == 1


@pytest.mark.parametrize("options", [(), ("--json",), ("--format", "JSON")])
def test_json_is_the_default(hfjobs: Hfjobs, options: tuple[str, ...]) -> None:
    assert hfjobs("inspect", BY_HAND, *options) == hfjobs("inspect", BY_HAND)


def test_can_be_a_table(hfjobs: Hfjobs, golden: Golden) -> None:
    result = hfjobs("inspect", "--format", "table", BY_SCHEDULE, BY_HAND, columns=120, NO_COLOR="1")
    assert result == Result(0, golden("inspect-table.txt", result.stdout), "")
    assert "…" not in hfjobs("inspect", "--format", "table", "--no-trunc", BY_SCHEDULE, columns=80).stdout


class TestParsing:
    """What the Hub may send, and what is made of it."""

    def inspect(self, hfjobs: Hfjobs, hub: Hub, job: dict[str, Any]) -> dict[str, Any]:
        hub.replies(200, json.dumps(job))
        (parsed,) = hfjobs.jobs("inspect", "--namespace", "x", job["id"])
        return parsed

    @pytest.mark.parametrize(
        ("sent", "parsed"),
        [
            (
                {"type": "user", "id": "1", "name": "alice", "avatarUrl": "https://x"},
                {"type": "user", "id": "1", "name": "alice"},
            ),
            (
                {"type": "org", "id": "2", "name": "lab", "avatarUrl": "https://x"},
                {"type": "org", "id": "2", "name": "lab"},
            ),
            ({"type": "scheduled-job", "id": "3"}, {"type": "scheduled-job", "id": "3", "name": None}),
            ({"type": "duplicated-job", "id": "4"}, {"type": "duplicated-job", "id": "4", "name": None}),
            ({"type": "webhook", "id": "5"}, {"type": "webhook", "id": "5", "name": None}),
            ({"type": "comet", "id": "6", "tail": [1]}, {"type": "comet", "id": "6", "name": None}),
            ({"type": "webhook"}, {"type": "webhook", "id": None, "name": None}),
            ({}, {"type": None, "id": None, "name": None}),
            (None, None),
        ],
    )
    def test_of_every_initiator(
        self, hfjobs: Hfjobs, hub: Hub, sent: dict[str, Any] | None, parsed: dict[str, Any] | None
    ) -> None:
        assert self.inspect(hfjobs, hub, hub.job(initiator=sent))["initiator"] == parsed

    @pytest.mark.parametrize(
        ("initiator", "cell"),
        [({}, "unknown"), ({"type": "webhook"}, "webhook"), ({"id": 24 * "6"}, "unknown:" + 24 * "6")],
    )
    def test_of_odd_initiators_ends_in_a_cell(
        self, hfjobs: Hfjobs, hub: Hub, initiator: dict[str, str], cell: str
    ) -> None:
        hub.add(initiator=initiator)
        for columns, shown in ((None, cell), (40, cell.partition(":")[0])):
            result = hfjobs("ps", "-a", "--limit", "1", "--columns", "id,initiator", columns=columns)
            assert result.stdout.splitlines()[1].split()[1] == shown

    @pytest.mark.parametrize("stage", ["SCHEDULING", "RUNNING", "COMPLETED", "ERROR", "CANCELED", "DELETED", "PAUSED"])
    def test_of_every_stage_and_an_unknown_one(self, hfjobs: Hfjobs, hub: Hub, stage: str) -> None:
        job = hub.job(status={"stage": stage, "message": "why", "cancelReason": "NO_CREDITS", "failureCount": 2})
        assert self.inspect(hfjobs, hub, job)["status"] == {
            "stage": stage,
            "message": "why",
            "cancel_reason": "NO_CREDITS",
            "failure_count": 2,
            "expose_urls": None,
            "ssh_url": None,
        }

    def test_an_unknown_stage_is_listed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.add(status={"stage": "PAUSED"})
        row = hfjobs("ps", "-a", "--limit", "1", columns=120).stdout.splitlines()[1]
        assert "  PAUSED  " in row
        assert "\x1b" not in row

    @pytest.mark.parametrize(
        ("sent", "parsed", "runtime"),
        [
            (None, None, "59m30s"),
            ({"totalSecs": 9}, {"scheduling_secs": None, "running_secs": None, "total_secs": 9}, "59m30s"),
            (
                {"schedulingSecs": 1.5, "runningSecs": 93784, "totalSecs": 93785.5},
                {"scheduling_secs": 1.5, "running_secs": 93784, "total_secs": 93785.5},
                "1d2h",
            ),
        ],
    )
    def test_of_durations_and_what_the_table_makes_of_them(
        self, hfjobs: Hfjobs, hub: Hub, sent: dict[str, float] | None, parsed: dict[str, float] | None, runtime: str
    ) -> None:
        """A table works out the running time from the moments if the server did not."""
        job = hub.job(durations=sent)
        assert self.inspect(hfjobs, hub, job)["durations"] == parsed
        hub.add(durations=sent)
        assert hfjobs("ps", "-a", "--limit", "1", "--columns", "runtime").stdout == f"RUNTIME\n{runtime}\n"

    @pytest.mark.parametrize(
        ("changes", "runtime"),
        [
            ({"startedAt": None, "finishedAt": None}, "-"),
            ({"finishedAt": None}, "-"),
            ({"finishedAt": None, "status": {"stage": "PAUSED"}, "startedAt": "2026-05-12T08:59:15Z"}, "45s"),
            ({"startedAt": "2026-05-12T10:00:00Z", "finishedAt": "2026-05-12T09:00:00Z"}, "0s"),
        ],
    )
    def test_of_moments_without_durations(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], runtime: str
    ) -> None:
        hub.add(durations=None, **changes)
        shown = hfjobs("ps", "-a", "--limit", "1", "--columns", "runtime").stdout
        assert shown == f"RUNTIME\n{runtime}\n"

    @pytest.mark.parametrize(
        ("sent", "parsed"),
        [(["B", "A"], ["B", "A"]), ({"B": None, "A": "x"}, ["B", "A"]), ([], []), ({}, []), (None, None)],
    )
    def test_of_secrets(self, hfjobs: Hfjobs, hub: Hub, sent: object, parsed: list[str] | None) -> None:
        assert self.inspect(hfjobs, hub, hub.job(secrets=sent))["secrets"] == parsed

    def test_of_everything_else(self, hfjobs: Hfjobs, hub: Hub) -> None:
        job = hub.job(
            dockerImage=None,
            spaceId="a/b",
            arch="arm64",
            retry=2,
            timeout=1.5,
            volumes=[
                {"type": "bucket", "source": "a/b", "mountPath": "/m", "revision": "r", "readOnly": True, "path": "p"},
                {},
            ],
            expose={"ports": [80, 81], "portsPublic": [81]},
            network={"group": "g", "aliases": ["m"]},
            resourceGroupId="65f",
            createdBy={"id": "9", "name": "bob", "extra": 1},
            status={"stage": "RUNNING", "exposeUrls": ["https://u"], "sshUrl": "ssh://x"},
            somethingNew={"deep": [1, 2]},
        )
        parsed = self.inspect(hfjobs, hub, job)
        assert (parsed["docker_image"], parsed["space_id"], parsed["arch"]) == (None, "a/b", "arm64")
        assert (parsed["retry"], parsed["timeout"], parsed["resource_group_id"]) == (2, 1.5, "65f")
        nothing = dict.fromkeys(("type", "source", "mount_path", "revision", "read_only", "path"))
        assert parsed["volumes"] == [
            {"type": "bucket", "source": "a/b", "mount_path": "/m", "revision": "r", "read_only": True, "path": "p"},
            nothing,
        ]
        assert (parsed["expose"], parsed["expose_public"]) == ([80, 81], [81])
        assert parsed["network"] == {"group": "g", "aliases": ["m"]}
        assert parsed["created_by"] == {"id": "9", "name": "bob"}
        assert (parsed["status"]["expose_urls"], parsed["status"]["ssh_url"]) == (["https://u"], "ssh://x")

    def test_of_the_least_a_job_may_hold(self, hfjobs: Hfjobs, hub: Hub) -> None:
        parsed = self.inspect(hfjobs, hub, {"id": A, "owner": {"name": "x"}, "status": {"stage": "RUNNING"}})
        assert list(parsed) == JOB_FIELDS
        given = ("id", "owner", "status", "endpoint", "url")
        assert {key: value for key, value in parsed.items() if value is not None and key not in given} == {}
        assert parsed["url"] == f"{hub.endpoint}/jobs/x/{A}"
        assert parsed["owner"] == {"id": None, "name": "x", "type": None}

    @pytest.mark.parametrize(
        ("sent", "parsed", "shown"),
        [
            ("2026-05-12T08:00:00Z", "2026-05-12T08:00:00+00:00", "2026-05-12T08:00:00Z"),
            ("2026-05-12T08:00:00.5Z", "2026-05-12T08:00:00.500000+00:00", "2026-05-12T08:00:00Z"),
            ("2026-05-12T08:00:00.123456789Z", "2026-05-12T08:00:00.123456+00:00", "2026-05-12T08:00:00Z"),
            ("2026-05-12T10:00:00+02:00", "2026-05-12T08:00:00+00:00", "2026-05-12T08:00:00Z"),
            ("2026-05-12T08:00:00", "2026-05-12T08:00:00+00:00", "2026-05-12T08:00:00Z"),
        ],
    )
    def test_of_times(self, hfjobs: Hfjobs, hub: Hub, sent: str, parsed: str, shown: str) -> None:
        job = hub.job(createdAt=sent)
        assert self.inspect(hfjobs, hub, job)["created_at"] == parsed
        hub.replies(200, json.dumps([job]))
        assert hfjobs("ps", "-a", "--namespace", "x", "--columns", "created").stdout == f"CREATED\n{shown}\n"

    @pytest.mark.parametrize(
        ("created", "shown"),
        [
            ("2026-05-12T08:59:18Z", "42s ago"),
            ("2026-05-12T08:01:00Z", "59m ago"),
            ("2026-05-10T09:00:00Z", "2d ago"),
            ("2026-02-10T09:00:00Z", "3mo ago"),
            ("2024-05-10T09:00:00Z", "2y ago"),
            ("2026-05-12T09:00:00Z", "now"),
            ("2026-05-12T09:00:30Z", "now"),
            ("2026-05-12T11:00:00Z", "in 2h"),
        ],
    )
    def test_of_ages_for_eyes(self, hfjobs: Hfjobs, hub: Hub, created: str, shown: str) -> None:
        hub.replies(200, json.dumps([hub.job(createdAt=created)]))
        result = hfjobs("ps", "-a", "--namespace", "x", "--columns", "created", columns=80)
        assert result.stdout == f"CREATED\n{shown}\n"

    @pytest.mark.parametrize(
        ("job", "what"),
        [
            ([], "job should be an object, but is an array"),
            (None, "job should be an object, but is null"),
            ({"owner": {"name": "x"}, "status": {"stage": "RUNNING"}}, "job.id is missing"),
            ({"id": 7, "owner": {}, "status": {}}, "job.id should be a string, but is 7"),
        ],
    )
    def test_of_a_job_without_what_must_be_there(self, hfjobs: Hfjobs, hub: Hub, job: object, what: str) -> None:
        hub.replies(200, json.dumps(job))
        expected = f"error: unexpected response from the Hub: {what} (GET /api/jobs/x/{A}: 200)\n"
        assert hfjobs("inspect", f"x/{A}") == Result(1, "[]\n", expected)

    def test_of_another_job_than_asked_for(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies(200, json.dumps(hub.job(id=B)))
        expected = f"error: unexpected response from the Hub: it is about job '{B}' (GET /api/jobs/x/{A}: 200)\n"
        assert hfjobs("inspect", f"x/{A}") == Result(1, "[]\n", expected)

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"createdAt": "yesterday"}, "createdAt should be an ISO 8601 time, but is 'yesterday'"),
            ({"createdAt": 5}, "createdAt should be a string, but is 5"),
            ({"labels": {"a": 1}}, "labels.a should be a string, but is 1"),
            ({"labels": []}, "labels should be an object, but is an array"),
            ({"command": ["a", {}]}, "command[1] should be a string, but is an object"),
            (
                {"createdAt": "0001-01-01T00:00:00+09:00"},
                "createdAt should be an ISO 8601 time, but is '0001-01-01T00:00:00+09:00'",
            ),
            ({"timeout": True}, "timeout should be a number, but is true"),
            ({"timeout": float("nan")}, "timeout should be a number up to 9007199254740991, but is nan"),
            (
                {"durations": {"runningSecs": float("inf")}},
                "durations.runningSecs should be a number up to 9007199254740991, but is inf",
            ),
            ({"expose": {"ports": ["80"]}}, "expose.ports[0] should be a whole number, but is '80'"),
            ({"volumes": [7]}, "volumes[0] should be an object, but is 7"),
            ({"flavor": ["x"]}, "flavor should be a string, but is an array"),
            ({"initiator": "user"}, "initiator should be an object, but is 'user'"),
            (
                {"status": {"stage": "RUNNING", "message": 10**50}},
                "status.message should be a string, but is " + "1" + "0" * 50,
            ),
        ],
    )
    def test_of_wrong_types_leaves_them_out(self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], what: str) -> None:
        """The job is shown all the same, and its place is told once."""
        job = hub.job(**changes)
        hub.replies(200, json.dumps([hub.job(id="bb"), job]))
        listed = hfjobs("ps", "-a", "--namespace", "x", "--format", "jsonl")
        warning = f"warning: job {job['id']}: unexpected value from the Hub: {what}\n"
        assert (listed.code, listed.stderr) == (0, warning)
        good, odd = map(json.loads, listed.stdout.splitlines())
        assert (good["id"], odd["id"]) == ("bb", job["id"])
        hub.replies(200, json.dumps(job))
        assert hfjobs("inspect", f"x/{job['id']}", "--format", "jsonl") == Result(0, json.dumps(odd) + "\n", warning)

    def test_of_labels_keeps_the_others(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(labels={"name": None, "team": "ml"})
        result = hfjobs("ps", "-a", "--limit", "1", "--format", "{{.id}} {{json .labels}} {{.name}}")
        assert result.stdout == f'{id_} {{"team":"ml"}} <no value>\n'
        assert result.stderr.startswith(
            f"warning: job {id_}: unexpected value from the Hub: labels.name should be a string, but is null\n"
        )

    @pytest.mark.parametrize(
        ("changes", "what"),
        [
            ({"status": None}, "status is missing"),
            ({"status": {}}, "status.stage is missing"),
            ({"status": "RUNNING"}, "status should be an object, but is 'RUNNING'"),
            ({"status": {"stage": 7}}, "status.stage should be a string, but is 7"),
            ({"owner": None}, "owner is missing"),
            ({"owner": {}}, "owner.name is missing"),
            ({"owner": "x"}, "owner should be an object, but is 'x'"),
        ],
    )
    def test_of_a_job_whose_id_is_all_that_is_known_for_sure(
        self, hfjobs: Hfjobs, hub: Hub, changes: dict[str, Any], what: str
    ) -> None:
        """It is listed, whatever it looks like: with -q, in a table, in every format, and without -a."""
        job = hub.job(**changes)
        hub.replies_to("/api/jobs/x", 200, json.dumps([job]))
        warning = f"warning: job {job['id']}: unexpected value from the Hub: {what}\n"
        assert hfjobs("ps", "-q", "--namespace", "x", "-a") == Result(0, f"{job['id']}\n", warning)
        columns = ("--columns", "id,status,owner,url,runtime", "-w")
        for options in (
            columns,
            ("--sort", "status,owner"),
            ("--json",),
            ("--format", "{{.status}} {{.owner}} {{.url}}"),
        ):
            shown = hfjobs("ps", "-a", "--namespace", "x", *options)
            assert (shown.code, shown.stderr) == (0, warning)

    def test_of_many_odd_values_is_told_in_few_lines(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to("/api/jobs/x", 200, json.dumps([hub.job(id=f"{n:024x}", flavor=n) for n in range(50)]))
        code, stdout, stderr = hfjobs("ps", "-a", "-q", "--namespace", "x")
        assert (code, len(stdout.splitlines())) == (0, 50)
        *told, last = stderr.splitlines()
        assert told == [
            f"warning: job {n:024x}: unexpected value from the Hub: flavor should be a string, but is {n}"
            for n in range(10)
        ]
        assert last == "warning: 40 more unexpected values from the Hub"

    def test_of_what_is_no_job_does_not_hide_the_others(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hub.replies_to("/api/jobs/x", 200, json.dumps([hub.job(id="aa"), {"name": "x"}, 7, hub.job(id="bb")]))
        errors = "".join(
            f"error: unexpected response from the Hub: {what} (GET /api/jobs/x: 200)\n"
            for what in ("jobs[1].id is missing", "jobs[2] should be an object, but is 7")
        )
        for format_, stdout in (("{{.id}}", "aa\nbb\n"), ("csv", "id\r\naa\r\nbb\r\n")):
            columns = ("--columns", "id") if format_ == "csv" else ()
            result = hfjobs("ps", "-a", "--namespace", "x", "--format", format_, *columns)
            assert result == Result(1, stdout, errors)
        jobs = json.loads(hfjobs("ps", "-a", "--namespace", "x", "--json").stdout)
        assert [job["id"] for job in jobs] == ["aa", "bb"]


def test_columns_help_marks_what_is_shown_here(hfjobs: Hfjobs) -> None:
    """Which is more than what `ps` shows."""
    columns = {command: hfjobs(*command, "--columns", "help").stdout for command in (("ps",), ("inspect",))}
    assert "what started it (-w)\n" in columns["ps",]
    assert "what started it (default)\n" in columns["inspect",]
    header = hfjobs("inspect", BY_HAND, "--format", "csv").stdout.partition("\r\n")[0].split(",")
    marked = [line.split()[0] for line in columns["inspect",].splitlines() if line.endswith("(default)")]
    assert sorted(marked) == sorted(header)
