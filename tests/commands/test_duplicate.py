"""`hfjobs duplicate`: a job that bills somebody is created once, and never lost sight of."""

import io
import json

import pytest

from tests.support import (
    BY_HAND,
    BY_SCHEDULE,
    EQUAL,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Stall,
    act_and_hang_up,
    act_and_reply,
    hang_up,
    truncate,
)


def posts(hub: Hub) -> list[str]:
    return [path for path in hub.paths if path.startswith("POST")]


def newest(program: Hfjobs) -> dict[str, object]:
    (job,) = json.loads(program("ps", "--limit", "1", "--json").stdout)
    assert isinstance(job, dict)
    return job


@pytest.mark.parametrize("line", [("duplicate",), ("rerun", "-d")])
def test_creates_a_job_and_prints_its_id_and_page(either: Hfjobs, line: tuple[str, ...]) -> None:
    """The next ps lists it; it has the spec of its source and says what it was made from."""
    result = either(*line, BY_HAND)
    job = newest(either)
    assert result == Result(0, f"{job['id']}  {job['url']}\n", "")
    assert job["initiator"] == {"type": "duplicated-job", "id": BY_HAND, "name": None}
    (source,) = either.jobs("inspect", BY_HAND)
    for key in ("docker_image", "command", "environment", "secrets", "flavor", "timeout", "labels", "owner"):
        assert job[key] == source[key]
    listed = either("ps", "-q", "--initiator", f"duplicated-job:{BY_HAND}")
    assert listed.stdout == f"{job['id']}\n"


def test_none_is_created_if_there_are_more_than_can_be_followed(hfjobs: Hfjobs, hub: Hub) -> None:
    told = (
        "error: cannot follow 21 jobs at once, at most 20; none was created\n"
        "hint: remove --follow, and use 'hfjobs logs -f --max-log-requests N' after that\n"
    )
    assert hfjobs("duplicate", "--follow", *[BY_HAND] * 21) == Result(2, "", told)
    assert posts(hub) == []


@pytest.mark.parametrize("option", ["-d", "--detach"])
def test_is_not_followed_if_that_is_said_too(hfjobs: Hfjobs, hub: Hub, option: str) -> None:
    """As scripts say that were written for a tool that follows."""
    result = hfjobs("rerun", option, BY_HAND)
    job = newest(hfjobs)
    assert result == Result(0, f"{job['id']}  {job['url']}\n", "")
    contradiction = hfjobs("duplicate", option, "-f", BY_HAND)
    assert contradiction == Result(2, "", "error: --detach cannot be used with --follow\nhint: remove one of them\n")
    assert len(posts(hub)) == 1


def test_is_canceled_by_an_interrupt_only_if_it_is_followed(hfjobs: Hfjobs, hub: Hub) -> None:
    assert hfjobs("duplicate", "--cancel-on-interrupt", BY_HAND) == Result(
        2,
        "",
        "error: --cancel-on-interrupt requires --follow\nhint: add --follow\n",
    )
    assert posts(hub) == []


def test_the_namespace_is_that_of_the_source(hfjobs: Hfjobs, hub: Hub) -> None:
    theirs = hfjobs.jobs("ps", "-a", "--namespace", "aurora-lab", "--json")[0]["id"]
    (job,) = json.loads(hfjobs("duplicate", "--json", f"aurora-lab/{theirs}").stdout)
    assert job["owner"]["name"] == "aurora-lab"
    assert posts(hub) == [f"POST /api/jobs/aurora-lab/{theirs}/duplicate"]


def test_a_job_of_an_organisation_is_found_by_its_id(hfjobs: Hfjobs, hub: Hub) -> None:
    """A 404 has created nothing, so it is looked for, and then created where it is, once."""
    theirs = hfjobs("ps", "-a", "-q", "--namespace", "aurora-lab", "--limit", "1").stdout.strip()
    (job,) = json.loads(hfjobs("duplicate", "--json", theirs).stdout)
    assert (job["owner"]["name"], job["initiator"]["id"]) == ("aurora-lab", theirs)
    tried = [f"POST /api/jobs/{USER}/{theirs}/duplicate", f"POST /api/jobs/aurora-lab/{theirs}/duplicate"]
    assert posts(hub) == tried


def test_a_job_that_is_nowhere_is_created_nowhere(hfjobs: Hfjobs, hub: Hub) -> None:
    code, stdout, stderr = hfjobs("duplicate", "6a01d697aff1cd33e8f30000")
    assert (code, stdout) == (3, "")
    assert "; also not in aurora-lab\n" in stderr
    assert posts(hub) == [f"POST /api/jobs/{USER}/6a01d697aff1cd33e8f30000/duplicate"]


def test_columns_are_those_of_a_table(hfjobs: Hfjobs) -> None:
    result = hfjobs("duplicate", BY_HAND, "--columns", "id,name")
    assert result == Result(0, f"JOB ID                    NAME\n{newest(hfjobs)['id']}  classify-cards\n", "")


def test_several_are_lines_of_one_table(hfjobs: Hfjobs) -> None:
    code, stdout, stderr = hfjobs("duplicate", BY_HAND, BY_SCHEDULE, "--format", "csv", "--columns", "name,status")
    assert (code, stderr) == (0, "")
    assert stdout == "name,status\r\nclassify-cards,SCHEDULING\r\nrefresh-index,SCHEDULING\r\n"


def test_quiet_prints_the_id(hfjobs: Hfjobs) -> None:
    result = hfjobs("duplicate", "-q", BY_HAND)
    assert result == Result(0, f"{newest(hfjobs)['id']}\n", "")


@pytest.mark.parametrize("options", [("--format", "json"), ("--json",)])
def test_json_is_that_of_inspect(hfjobs: Hfjobs, options: tuple[str, ...]) -> None:
    result = hfjobs("duplicate", *options, BY_HAND)
    assert result == hfjobs("inspect", str(newest(hfjobs)["id"]))


def test_a_table_shows_the_initiator(hfjobs: Hfjobs) -> None:
    result = hfjobs("duplicate", "--format", "table", BY_HAND)
    header, row = result.stdout.splitlines()
    assert header.split()[-1] == "INITIATOR"
    assert row.split()[-1] == f"duplicated-job:{BY_HAND}"


def test_quiet_with_a_format_is_a_usage_error(hfjobs: Hfjobs, hub: Hub) -> None:
    result = hfjobs("duplicate", "-q", "--format", "json", BY_HAND)
    assert result == Result(2, "", "error: -q/--quiet cannot be used with --format\nhint: remove one of them\n")
    assert hub.requests == []


class TestSeveral:
    """Several are created one after the other."""

    def test_are_told_of_in_order(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("duplicate", "--json", "-", stdin=f"{BY_HAND}\n{BY_SCHEDULE}\n{BY_HAND}\n")
        jobs = json.loads(result.stdout)
        assert [job["initiator"]["id"] for job in jobs] == [BY_HAND, BY_SCHEDULE, BY_HAND]
        assert len({job["id"] for job in jobs}) == len(posts(hub)) == 3

    def test_may_be_none(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("duplicate", "-") == Result(0, "", "no jobs on stdin\n")
        assert hub.requests == []

    def test_none_is_created_if_one_reference_is_wrong(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("duplicate", BY_HAND, "a/b/c").code == 2
        assert hub.requests == []

    def test_go_on_after_one_that_does_not_exist(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("duplicate", "-q", "6a01d697aff1cd33e8f30000", BY_HAND)
        assert code == 3
        assert stdout == f"{newest(hfjobs)['id']}\n"
        assert stderr.startswith("error: no job '6a01d697aff1cd33e8f30000' in namespace 'davanstrien'")

    def test_stop_when_the_money_is_gone(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What was created is told, and so is what was not tried."""
        hfjobs("ps")
        broke = "Pre-paid credit balance is insufficient - add more credits to your account to use Jobs."
        hub.then(lambda app, environ, start: app(environ, start))
        hub.replies(402, json.dumps({"error": broke}))
        code, stdout, stderr = hfjobs("duplicate", "--json", BY_HAND, BY_SCHEDULE, BY_HAND, f"{USER}/{BY_SCHEDULE}")
        assert code == 1
        assert [job["initiator"]["id"] for job in json.loads(stdout)] == [BY_HAND]
        assert stderr == (
            "error: payment required: Pre-paid credit balance is insufficient - add more credits to your account to "
            f"use Jobs (POST /api/jobs/{USER}/{BY_SCHEDULE}/duplicate: 402)\n"
            "hint: add credits at https://huggingface.co/settings/billing, or in the settings of the organization\n"
            f"not duplicated: {BY_HAND} {USER}/{BY_SCHEDULE}\n"
        )


@pytest.mark.parametrize(("options", "made"), [((), 1), (("-q",), 1), (("--json",), 2)])
def test_an_interrupt_while_nobody_empties_stdout_names_what_was_created(
    hfjobs: Hfjobs, hub: Hub, options: tuple[str, ...], made: int
) -> None:
    """Ctrl-C in a pager that shows its first page, say: the write that it ends never came to its end."""

    class Stuck(io.StringIO):
        def flush(self) -> None:
            raise KeyboardInterrupt

    code, _, stderr = hfjobs("duplicate", *options, BY_HAND, BY_SCHEDULE, stdout=Stuck())
    assert code == 130
    told, *rest = stderr.splitlines()
    ids = [job["id"] for job in hub.all_jobs()[:made]]
    assert sorted(told.removeprefix("created: ").split()) == sorted(ids)
    assert len(posts(hub)) == made
    assert rest == ([f"not duplicated: {BY_SCHEDULE}"] if made == 1 else []) + ["interrupted"]


class TestLostAnswer:
    """A request that may have reached the server is not sent again; the new job is looked for by its initiator."""

    @pytest.mark.parametrize(
        "misbehavior",
        [
            act_and_hang_up,
            truncate,
            act_and_reply(200, "<html>"),
            act_and_reply(200, "{"),
            act_and_reply(200, '{"id": "aa"}'),
            act_and_reply(200, "[]"),
            act_and_reply(303, ""),
            act_and_reply(500, ""),
            act_and_reply(502, "<html>Bad Gateway</html>"),
            act_and_reply(504, ""),
        ],
    )
    def test_the_new_job_is_found(self, hfjobs: Hfjobs, hub: Hub, misbehavior: Misbehavior) -> None:
        hfjobs("ps")
        hub.then(misbehavior)
        result = hfjobs("duplicate", BY_HAND)
        job = newest(hfjobs)
        assert job["initiator"] == {"type": "duplicated-job", "id": BY_HAND, "name": None}
        assert (result.code, result.stdout) == (0, f"{job['id']}  {job['url']}\n")
        (warning,) = result.stderr.splitlines()
        assert warning.startswith("warning: ")
        assert warning.endswith(f"; found the new job by its initiator{EQUAL}")
        assert len(posts(hub)) == 1
        assert hfjobs.pauses == [0.0, 1.0, 3.0]

    def test_it_is_found_when_it_takes_a_while(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        hub.then(act_and_hang_up)
        hub.replies(200, "[]", {"Date": "Tue, 12 May 2026 09:00:00 GMT"}, times=2)
        result = hfjobs("duplicate", "-q", BY_HAND)
        assert (result.code, result.stdout) == (0, f"{newest(hfjobs)['id']}\n")
        assert len(posts(hub)) == 1
        assert hfjobs.pauses == [0.0, 1.0, 3.0]

    def test_earlier_duplicates_are_not_taken_for_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Neither one made before the request, nor one made a moment ago by the same command."""
        hub.add(initiator={"type": "duplicated-job", "id": BY_HAND}, createdAt="2026-05-12T08:59:59.000Z")
        hub.add(id="6a02000000000000000000ac", initiator={"type": "duplicated-job", "id": BY_SCHEDULE})
        hub.add(id="6a02000000000000000000ad", initiator={"type": "user", "id": BY_HAND})
        hfjobs("ps")
        hub.then(lambda app, environ, start: app(environ, start), hang_up)
        code, stdout, stderr = hfjobs("duplicate", "-q", BY_HAND, BY_HAND, BY_SCHEDULE)
        assert code == 5
        assert len(stdout.splitlines()) == 1
        assert stderr.splitlines() == [
            f"error: {USER}/{BY_HAND} may or may not have been duplicated: lost the connection to {hub.endpoint}: "
            f"Server disconnected without sending a response. (POST /api/jobs/{USER}/{BY_HAND}/duplicate)",
            f"hint: before retrying, check with: hfjobs ps -a --namespace {USER} --initiator duplicated-job:{BY_HAND}",
            f"not duplicated: {BY_SCHEDULE}",
        ]
        assert len(posts(hub)) == 2

    def test_that_names_the_old_job_is_no_answer(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        hub.then(act_and_reply(200, json.dumps(hub.job(id=BY_HAND))))
        result = hfjobs("duplicate", "-q", BY_HAND)
        assert (result.code, result.stdout) == (0, f"{newest(hfjobs)['id']}\n")
        assert f"it is about job '{BY_HAND}'" in result.stderr
        assert len(posts(hub)) == 1

    def test_of_two_new_jobs_none_is_taken_for_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """Somebody else duplicated the same job at the same time."""
        hfjobs("ps")
        hub.then(act_and_hang_up)
        by_them = {"type": "duplicated-job", "id": BY_HAND}
        other = hub.add(initiator=by_them, createdAt="2026-05-12T09:00:00.000Z")
        result = hfjobs("duplicate", BY_HAND)
        assert (result.code, result.stdout) == (5, "")
        mine = newest(hfjobs)["id"]
        assert f"; candidates: {mine} {other}\n" in result.stderr or f"; candidates: {other} {mine}\n" in result.stderr
        assert len(posts(hub)) == 1

    def test_a_timeout_counts_as_lost(self, hfjobs: Hfjobs, hub: Hub, stall: Stall) -> None:
        hfjobs("ps")
        hub.then(stall)
        result = hfjobs("duplicate", BY_HAND, HFJOBS_TIMEOUT="0.5")
        assert (result.code, result.stdout) == (5, "")
        assert f"been duplicated: no response from {hub.endpoint} within 0.5 s" in result.stderr
        assert len(posts(hub)) == 1

    def test_when_looking_fails_too_the_first_reason_is_told(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hfjobs("ps")
        hub.then(hang_up)
        hub.replies(403, '{"error": "no"}')
        result = hfjobs("duplicate", BY_HAND)
        assert (result.code, result.stdout) == (5, "")
        assert "the connection to" in result.stderr
        assert "hint: before retrying, check with: hfjobs ps -a" in result.stderr


class TestRefused:
    """What was refused for sure is not looked for."""

    @pytest.mark.parametrize(("status", "code"), [(400, 1), (402, 1), (409, 1), (401, 4), (403, 4), (404, 3), (429, 5)])
    def test_one_request_and_the_right_exit_code(self, hfjobs: Hfjobs, hub: Hub, status: int, code: int) -> None:
        hub.replies(status, '{"error": "because"}')
        result = hfjobs("duplicate", f"x/{BY_HAND}")
        assert (result.code, result.stdout) == (code, "")
        assert result.stderr.startswith("error: ")
        assert hub.paths == [f"POST /api/jobs/x/{BY_HAND}/duplicate"]

    @pytest.mark.parametrize("address", ["http://127.0.0.1:9", "https://127.0.0.1:9"])
    def test_a_server_that_is_down_got_nothing(self, hfjobs: Hfjobs, address: str) -> None:
        result = hfjobs("duplicate", f"x/{BY_HAND}", HF_ENDPOINT=address)
        assert (result.code, result.stdout) == (5, "")
        error, hint = result.stderr.splitlines()
        assert error.startswith(f"error: cannot connect to {address}: ")
        assert error.endswith(f" (POST /api/jobs/x/{BY_HAND}/duplicate)")
        assert hint == "hint: check that the server is running; 'hfjobs emulator' starts an emulator"

    def test_a_proxy_that_refuses_let_nothing_through(
        self, hfjobs: Hfjobs, elsewhere: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", elsewhere.endpoint)
        result = hfjobs("duplicate", f"x/{BY_HAND}", HF_ENDPOINT="https://hub.invalid")
        assert (result.code, result.stdout) == (5, "")
        assert result.stderr.startswith("error: lost the connection to https://hub.invalid: 400")
        assert "not known" not in result.stderr

    def test_the_remembered_namespace_is_asked_for_anew(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """A 404 is a refusal: nothing was created under the old name."""
        hub.replies(200, '{"name": "old-name"}')
        hub.replies(200, "[]")
        hfjobs("ps")
        assert hfjobs("duplicate", BY_HAND).code == 0
        assert posts(hub) == [
            f"POST /api/jobs/old-name/{BY_HAND}/duplicate",
            f"POST /api/jobs/{USER}/{BY_HAND}/duplicate",
        ]


def test_the_demo_lasts_from_one_run_to_the_next(demo: Hfjobs) -> None:
    ids = [demo("duplicate", "-q", BY_HAND).stdout.strip() for _ in range(3)]
    assert demo("ps", "-q", "--initiator", "duplicated-job").stdout.split()[:3] == sorted(ids, reverse=True)


ENDED = {"COMPLETED": "completed", "ERROR": "failed", "CANCELED": "was canceled"}


@pytest.mark.parametrize(("stage", "code"), [("COMPLETED", 0), ("ERROR", 10), ("CANCELED", 11)])
def test_rerun_follows_the_new_job_and_ends_as_it_does(hfjobs: Hfjobs, hub: Hub, stage: str, code: int) -> None:
    """As the official client does; duplicate prints it, and -d only that."""
    source = {"type": "duplicated-job", "id": BY_HAND}
    new = hub.add(status={"stage": stage, "message": None}, createdAt="2026-05-12T09:00:00.000Z", initiator=source)
    (job,) = [each for each in hub.all_jobs() if each["id"] == new]
    path = f"/api/jobs/{USER}/{BY_HAND}/duplicate"
    hub.replies_to(path, 200, json.dumps(job))
    for line in (("rerun", "-d"), ("duplicate",)):
        assert hfjobs(*line, f"{USER}/{BY_HAND}").code == 0
    followed = hfjobs("rerun", f"{USER}/{BY_HAND}")
    assert (followed.code, f"{new}) {ENDED[stage]}" in followed.stderr) == (code, True)
    assert posts(hub) == [f"POST {path}"] * 3
