"""Every failure: its exit code, one line that says what happened, and one that says what to do."""

import json
import re

import pytest

from tests.support import BY_HAND, USER, Hfjobs, Hub, Misbehavior, Result, Stall, hang_up, truncate
from tests.words import JOB_FORMATS

LIST = f"GET /api/jobs/{USER}"


@pytest.fixture
def settled(hfjobs: Hfjobs, hub: Hub) -> Hfjobs:
    """The program with its namespace remembered from an earlier run, so that `ps` is one request."""
    assert hfjobs("ps").code == 0
    del hub.requests[:]
    return hfjobs


def one_line(result: Result, code: int, message: str, hint: str | None) -> None:
    """Check that a run failed with nothing but an error line and its hint; request ids differ in each run."""
    assert (result.code, result.stdout) == (code, "")
    lines = [f"error: {message}"] + ([f"hint: {hint}"] if hint else [])
    assert result.stderr.splitlines() == lines


class TestLogin:
    """Exit code 4: not logged in, or not allowed."""

    def test_no_token(self, hfjobs: Hfjobs, hub: Hub) -> None:
        del hfjobs.environ["HF_TOKEN"]
        hint = "log in with 'hf auth login', or set HF_TOKEN; 'hfjobs --demo ps' needs none"
        one_line(hfjobs("ps"), 4, "not logged in: no token found", hint)
        assert hub.requests == []

    @pytest.mark.parametrize("argv", [("ps",), ("inspect", BY_HAND), ("duplicate", BY_HAND)])
    def test_wrong_token(self, hfjobs: Hfjobs, argv: tuple[str, ...]) -> None:
        code, stdout, stderr = hfjobs(*argv, HF_TOKEN="hf_wrong")
        assert (code, stdout) == (4, "")
        first, second = stderr.splitlines()
        assert first.startswith(
            "error: the Hub rejected the token from HF_TOKEN: Invalid credentials in Authorization header "
            "(GET /api/whoami-v2: 401, request id Root=1-"
        )
        assert second == "hint: use a valid token, or unset HF_TOKEN to use that of 'hf auth login'"

    def test_a_token_that_was_good_once(self, settled: Hfjobs, hub: Hub) -> None:
        hub.replies(401, '{"error": "Token expired"}', times=2)
        message = "the Hub rejected the token from HF_TOKEN: Token expired (GET /api/whoami-v2: 401)"
        hint = "use a valid token, or unset HF_TOKEN to use that of 'hf auth login'"
        one_line(settled("ps"), 4, message, hint)
        assert hub.paths == [LIST, "GET /api/whoami-v2"]

    def test_not_allowed(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What the server says in its header comes before what it says in the body."""
        hub.replies(403, '{"error": "Forbidden"}', {"X-Error-Message": "Token lacks the scope jobs."})
        message = (
            "the token from HF_TOKEN has no permission for this: Token lacks the scope jobs (GET /api/jobs/x: 403)"
        )
        hint = "check its permissions at https://huggingface.co/settings/tokens"
        one_line(hfjobs("ps", "--namespace", "x"), 4, message, hint)


class TestNotFound:
    """Exit code 3."""

    def test_a_namespace(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("ps", "--namespace", "nobody")
        assert (code, stdout) == (3, "")
        first, second = stderr.splitlines()
        assert first.startswith(
            "error: no namespace 'nobody': Namespace not found (GET /api/jobs/nobody: 404, request id "
        )
        assert second == "hint: use the name of a user or an organization"

    def test_a_job(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("inspect", "0" * 24)
        assert (code, stdout) == (3, "[]\n")
        assert stderr.startswith(f"error: no job '{'0' * 24}' in namespace '{USER}': Job not found (")


class TestRefused:
    """Exit code 1: the server does not want it, whatever the reason it gives."""

    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ('{"error": "Invalid cursor."}', "Invalid cursor"),
            ('{"error": ["one", "two"]}', "one; two"),
            ('{"message": "three"}', "three"),
            ('{"error": {"deep": 1}}', "{'deep': 1}"),
            ("[1]", "Bad Request"),
            ("<html>", "Bad Request"),
            ("", "Bad Request"),
            ('{"error": "a\\u001b[31m\\nb"}', "a\\x1b[31m b"),
            (json.dumps({"error": "x" * 600}), "x" * 500),
        ],
    )
    def test_says_what_the_server_said(self, settled: Hfjobs, hub: Hub, body: str, said: str) -> None:
        hub.replies(400, body)
        one_line(settled("ps"), 1, f"the Hub refused the request: {said} ({LIST}: 400)", None)

    def test_names_the_request_id(self, settled: Hfjobs, hub: Hub) -> None:
        """The ids are preferred in this order."""
        names = ["X-Request-Id", "X-Amzn-Trace-Id", "X-Amz-Cf-Id"]
        for index, name in enumerate(names):
            headers = dict.fromkeys(names[index + 1 :], "other") | {name: "Root=1-2;3"}
            hub.replies(400, "{}", headers)
            one_line(
                settled("ps"), 1, f"the Hub refused the request: Bad Request ({LIST}: 400, request id Root=1-2;3)", None
            )

    def test_an_unheard_of_status(self, settled: Hfjobs, hub: Hub) -> None:
        hub.replies(430, "")
        one_line(settled("ps"), 1, f"the Hub refused the request: no reason given ({LIST}: 430)", None)


class TestBadAnswers:
    """Exit code 1: an answer that makes no sense."""

    @pytest.mark.parametrize(
        ("body", "content_type", "message", "hint"),
        [
            ("<html>", "text/html; charset=utf-8", "the response is a web page, not JSON", True),
            ("{", "application/json", "unexpected response from the Hub: invalid JSON, Expecting property name", False),
            ("", "application/json", "unexpected response from the Hub: invalid JSON, Expecting value", False),
            (b"[\xff]", "application/json", "unexpected response from the Hub: invalid JSON, 'utf-8' codec", False),
            ("[" * 100_000, "application/json", "unexpected response from the Hub: invalid JSON, nested", False),
            ("{}", "application/json", "unexpected response from the Hub: jobs should be an array", False),
        ],
    )
    def test_are_told_in_one_line(
        self, settled: Hfjobs, hub: Hub, body: str | bytes, content_type: str, message: str, hint: bool
    ) -> None:
        hub.replies(200, body, {"Content-Type": content_type})
        code, stdout, stderr = settled("ps")
        assert (code, stdout) == (1, "")
        lines = stderr.splitlines()
        assert lines[0].startswith(f"error: {message}")
        assert lines[0].endswith(f"({LIST}: 200)")
        expected = (
            [f"hint: check that {hub.endpoint} is the Hub, and that no login page or proxy responds instead"]
            if hint
            else []
        )
        assert lines[1:] == expected

    @pytest.mark.parametrize("name", [None, 7, "", "../x"])
    def test_of_whoami(self, hfjobs: Hfjobs, hub: Hub, name: object) -> None:
        hub.replies(200, json.dumps({"name": name}))
        result = hfjobs("ps")
        assert (result.code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: unexpected response from the Hub: user.name ")
        assert hub.paths == ["GET /api/whoami-v2"]


class TestUnavailable:
    """Exit code 5, after a few tries whose pauses are told."""

    def warnings(self, result: Result) -> list[str]:
        return [line for line in result.stderr.splitlines() if line.startswith("warning: ")]

    def test_a_refused_connection(self, settled: Hfjobs) -> None:
        result = settled("ps", "--namespace", "x", HF_ENDPOINT="http://127.0.0.1:9")
        assert (result.code, result.stdout) == (5, "")
        *warnings, error, hint = result.stderr.splitlines()
        message = error.removeprefix("error: ")
        assert message.startswith("cannot connect to http://127.0.0.1:9: ")
        assert message.endswith(" (GET /api/jobs/x)")
        assert "[" not in message  # no error number
        assert hint == "hint: check that the server is running; 'hfjobs emulator' starts an emulator"
        assert [line.rpartition("(")[2] for line in warnings] == ["2 of 4)", "3 of 4)", "4 of 4)"]
        assert all(line.startswith(f"warning: {message}; retrying in ") for line in warnings)

    def test_pauses_grow_and_differ(self, settled: Hfjobs) -> None:
        settled("ps", "--namespace", "x", HF_ENDPOINT="http://127.0.0.1:9")
        first, second, third = settled.pauses
        assert 0.25 <= first <= 0.75
        assert 0.5 <= second <= 1.5
        assert 1.0 <= third <= 3.0

    def test_a_timeout(self, settled: Hfjobs, hub: Hub, stall: Stall) -> None:
        hub.then(*[stall] * 4)
        result = settled("ps", HFJOBS_TIMEOUT="0.5")
        assert (result.code, result.stdout) == (5, "")
        *warnings, error, hint = result.stderr.splitlines()
        assert len(warnings) == 3
        assert error == f"error: no response from {hub.endpoint} within 0.5 s ({LIST})"
        assert hint == "hint: try again, or set HFJOBS_TIMEOUT=SECONDS to wait longer"

    @pytest.mark.parametrize(
        ("misbehavior", "reason"), [(hang_up, "Server disconnected"), (truncate, "peer closed connection")]
    )
    def test_a_broken_connection(self, settled: Hfjobs, hub: Hub, misbehavior: Misbehavior, reason: str) -> None:
        hub.then(*[misbehavior] * 4)
        result = settled("ps")
        assert (result.code, result.stdout) == (5, "")
        *_, error, hint = result.stderr.splitlines()
        assert error.startswith(f"error: lost the connection to {hub.endpoint}: {reason}")
        assert hint == "hint: try again"
        assert hub.paths == [LIST] * 4

    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
    def test_a_status_that_passes(self, settled: Hfjobs, hub: Hub, status: int) -> None:
        hub.replies(status, '{"error": "busy"}', {"Retry-After": "2"}, times=3)
        expected = settled("ps", "-q").stdout
        assert settled.pauses == [2.0, 2.0, 2.0]
        hub.replies(status, '{"error": "busy"}', {"Retry-After": "2"}, times=1)
        warning = f"warning: the Hub is unavailable: busy ({LIST}: {status}); retrying in 2.0 s (2 of 4)\n"
        assert settled("ps", "-q") == Result(0, expected, warning)

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_status_that_stays(self, settled: Hfjobs, hub: Hub, status: int) -> None:
        hub.replies(status, '{"error": "busy"}', {"Retry-After": "0"}, times=4)
        result = settled("ps")
        assert (result.code, result.stdout) == (5, "")
        *warnings, error, hint = result.stderr.splitlines()
        assert len(warnings) == 3
        assert error == f"error: the Hub is unavailable: busy ({LIST}: {status})"
        assert hint == "hint: try again later"
        assert hub.paths == [LIST] * 4

    @pytest.mark.parametrize(
        ("headers", "pause"),
        [
            ({"Retry-After": "7"}, 7.0),
            ({"Retry-After": "Tue, 12 May 2026 09:00:09 GMT"}, 9.0),
            ({"Retry-After": "Tue, 12 May 2026 08:00:00 GMT"}, 0.0),
            ({"RateLimit": '"api";r=0;t=55', "RateLimit-Policy": '"fixed window";"api";q=500;w=300'}, 55.0),
            ({"RateLimit": '"pages";r=9;t=1, "api"; r=0; t=5'}, 5.0),
            ({"RateLimit": '"api";r=0;t=55', "Retry-After": "3"}, 3.0),
            ({"RateLimit": '"api";r=12;t=55'}, None),
            ({"RateLimit": '"api";r=0;t=soon'}, None),
            ({"RateLimit": "api"}, None),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "-5"}, None),
            ({"Retry-After": "٣"}, None),
            ({}, None),
        ],
    )
    def test_the_server_says_how_long_to_wait(
        self, settled: Hfjobs, hub: Hub, headers: dict[str, str], pause: float | None
    ) -> None:
        encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
        hub.replies(429, "", encoded)
        assert settled("ps").code == 0
        (waited,) = settled.pauses
        if pause is None:
            assert 0.25 <= waited <= 0.75
        else:
            assert waited == pause

    @pytest.mark.parametrize(
        ("seconds", "hint"), [("61", "try again in 1m1s"), ("86400", "try again in 1d"), ("9" * 400, "try again later")]
    )
    def test_a_wait_beyond_all_patience_is_left_to_the_user(
        self, settled: Hfjobs, hub: Hub, seconds: str, hint: str
    ) -> None:
        hub.replies(429, '{"error": "slow down"}', {"Retry-After": seconds})
        one_line(settled("ps"), 5, f"the Hub is unavailable: slow down ({LIST}: 429)", hint)
        assert settled.pauses == []

    def test_offline_mode(self, hfjobs: Hfjobs, hub: Hub) -> None:
        message = "HF_HUB_OFFLINE is set: no requests are allowed"
        one_line(hfjobs("ps", HF_HUB_OFFLINE="1"), 5, message, "unset it, or try --demo")
        assert hub.requests == []
        assert hfjobs("ps", HF_HUB_OFFLINE="0").code == 0
        assert hfjobs("--demo", "ps", HF_HUB_OFFLINE="1").code == 0


FORMATS_HINT = f"use one of {', '.join(JOB_FORMATS)}, or a template such as '{{{{.id}}}} {{{{.status}}}}'"


class TestUsage:
    """Exit code 2, without a request."""

    @pytest.mark.parametrize(
        ("argv", "message", "hint"),
        [
            (("ps", "--format", "jsno"), "unknown format 'jsno'", "did you mean 'json'?"),
            (("inspect", "--format", " ", "x"), "unknown format ''", FORMATS_HINT),
            (("duplicate", "--format", "xml", "x"), "unknown format 'xml'", FORMATS_HINT),
            (("ps", "--json", "--format", "table"), "--json cannot be used with --format table", "remove one of them"),
            (("ps", "-q", "--json"), "-q/--quiet cannot be used with --json", "remove one of them"),
            (
                ("ps", "-q", "--format", "table"),
                "-q/--quiet cannot be used with --format",
                "remove one of them",
            ),
        ],
    )
    def test_is_told_in_one_line(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str, hint: str
    ) -> None:
        one_line(hfjobs(*argv), 2, message, hint)
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("argv", "message"),
        [
            (("ps", "--limit", "ten"), "invalid value for '--limit': 'ten' is not a whole number"),
            (("ps", "--limit", "1e3"), "invalid value for '--limit': '1e3' is not a whole number"),
            (("emulator", "--port", "http"), "invalid value for '--port': 'http' is not a whole number"),
            (("ps", "--statsu", "x"), "no such option: --statsu"),
            (("ps", "--status"), "option '--status' requires an argument"),
            (("inspct",), "no such command 'inspct'"),
            (("--bogus",), "no such option: --bogus"),
        ],
    )
    def test_of_the_parser_looks_the_same(self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str) -> None:
        """The words differ between versions of typer; the form does not."""
        code, stdout, stderr = hfjobs(*argv)
        assert (code, stdout) == (2, "")
        first, second = stderr.splitlines()
        assert first.startswith(f"error: {message}")
        assert second.startswith("hint: ")
        helps = tuple(f"see 'hfjobs{command} --help'" for command in ("", " ps", " emulator"))
        assert second.endswith(helps) or re.fullmatch(r"hint: did you mean '[\w -]+'\?", second)
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("argv", "option", "shown"),
        [
            (("ps", "--name", "a", "--name", "b"), "--name", "'a' and 'b'"),
            (("ps", "--limit", "1", "--limit", "1"), "--limit", "'1' and '1'"),
            (("ps", "--since=1h", "--since", "2h"), "--since", "'1h' and '2h'"),
            (("ps", "--sort", "id", "--sort", "name"), "--sort", "'id' and 'name'"),
            (("ps", "--columns", "id", "--columns", "+name"), "--columns", "'id' and '+name'"),
            (("inspect", "--format", "json", "x", "--format", "csv"), "--format", "'json' and 'csv'"),
            (("inspect", "--namespace", "a", "--namespace", "b", "x"), "--namespace", "'a' and 'b'"),
            (
                ("ps", "--endpoint", "http://127.0.0.1:1", "--endpoint", "x"),
                "--endpoint",
                "'http://127.0.0.1:1' and 'x'",
            ),
            (("--endpoint", "x", "--endpoint", "y", "ps"), "--endpoint", "'x' and 'y'"),
            (("ps", "--token", "hf_a", "--token", "hf_b"), "--token", "... and ..."),
            (("hardware", "--sort", "price", "--sort", "name"), "--sort", "'price' and 'name'"),
            (("emulator", "--port", "1", "--port", "2"), "--port", "'1' and '2'"),
        ],
    )
    def test_of_one_value_given_twice(
        self, hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], option: str, shown: str
    ) -> None:
        one_line(hfjobs(*argv), 2, f"{option} given more than once: {shown}", "give it once")
        assert hub.requests == []

    @pytest.mark.parametrize(
        "argv", [("ps", "-a", "-a", "-q", "-q"), ("ps", "-q", "--status", "error", "--status", "deleted")]
    )
    def test_what_may_be_repeated_may(self, hfjobs: Hfjobs, argv: tuple[str, ...]) -> None:
        assert hfjobs(*argv).code == 0

    def test_json_and_its_format_agree(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("ps", "--json", "--format", "json") == hfjobs("ps", "--json")


def test_an_interrupt_while_waiting(settled: Hfjobs, hub: Hub) -> None:
    """Ctrl-C in one of the pauses ends the program as it does anywhere."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    settled.pauses = Pauses(interrupt)
    hub.replies(503, '{"error": "busy"}', {"Retry-After": "1"})
    warning = f"warning: the Hub is unavailable: busy ({LIST}: 503); retrying in 1.0 s (2 of 4)\n"
    assert settled("ps") == Result(130, "", warning + "interrupted\n")


class Pauses(list[float]):
    """Pauses that do something instead of being remembered."""

    def __init__(self, action: object) -> None:
        super().__init__()
        self.append = action  # type: ignore[assignment,method-assign]


def test_an_interrupt_while_duplicating_says_what_may_have_happened(settled: Hfjobs, hub: Hub) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    settled.pauses = Pauses(interrupt)
    hub.then(hang_up)
    assert settled("duplicate", "--json", BY_HAND, BY_HAND) == Result(
        130,
        "",
        f"error: {USER}/{BY_HAND} may or may not have been duplicated: interrupted\n"
        "hint: before retrying, check with: "
        f"hfjobs ps -a --namespace {USER} --initiator duplicated-job:{BY_HAND}\n"
        f"not duplicated: {BY_HAND}\n",
    )
