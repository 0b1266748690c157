"""`hfjobs expose`: the ports of a running job, and the addresses that follow."""

from __future__ import annotations

import json

import pytest

from tests.support import BY_HAND, USER, Hfjobs, Hub, Result


@pytest.fixture
def job(hub: Hub) -> str:
    """Return the id of a job that runs."""
    return hub.add(status={"stage": "RUNNING", "message": None}, finishedAt=None)


def test_prints_the_addresses(hfjobs: Hfjobs, job: str) -> None:
    assert hfjobs("expose", job, "8000", "--public", "99", "8000") == Result(
        0, "8000   token   http://127.0.0.1:8000\n99     public  http://127.0.0.1:99\n", ""
    )


def test_formats_show_the_job(hfjobs: Hfjobs, job: str) -> None:
    (shown,) = json.loads(hfjobs("expose", job, "8000", "--public", "99", "--json").stdout)
    assert (shown["id"], shown["expose"], shown["expose_public"]) == (job, [8000, 99], [99])


def test_clear_closes_all(hfjobs: Hfjobs, job: str) -> None:
    hfjobs("expose", job, "8000")
    assert hfjobs("expose", job, "--clear") == Result(0, "", f"{job} has no open ports now\n")


def test_a_dry_run_changes_nothing(hfjobs: Hfjobs, hub: Hub, job: str) -> None:
    result = hfjobs("expose", f"{USER}/{job}", "8000", "--dry-run")
    assert result == Result(0, "8000   token   -\n", "nothing was changed (--dry-run)\n")
    assert hub.paths == [f"GET /api/jobs/{USER}/{job}"]


@pytest.mark.parametrize("option", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("stage", "command", "what"),
    [("ERROR", "duplicate", "run it again with"), ("SCHEDULING", "logs -f", "wait for it with")],
)
def test_of_a_job_that_does_not_run_is_refused(
    hfjobs: Hfjobs, hub: Hub, option: list[str], stage: str, command: str, what: str
) -> None:
    job = hub.add(status={"stage": stage, "message": "out of luck"})
    assert hfjobs("expose", job, "8000", *option) == Result(
        1, "", f"error: job {job} is not running: {stage}: out of luck\nhint: {what} 'hfjobs {command} {USER}/{job}'\n"
    )


def test_what_else_is_refused_is_told_as_the_hub_has_it(hfjobs: Hfjobs, hub: Hub, job: str) -> None:
    hub.replies(400, '{"error": "port 8000 is not for you"}')
    code, stdout, stderr = hfjobs("expose", f"{USER}/{job}", "8000")
    assert (code, stdout) == (1, "")
    assert stderr.startswith("error: the Hub refused the request: port 8000 is not for you (PUT ")


@pytest.mark.parametrize(
    ("argv", "message", "hint"),
    [
        ((), "no ports given", "use for example 8000 or --public 8080, or --clear to close all"),
        (("8000", "--clear"), "--clear cannot be used with ports", "remove one of them"),
        (tuple(map(str, range(1, 22))), "too many ports: 21", "use at most 20"),
        (("http",), "invalid value for '[PORT...]': 'http' is not a whole number", "see 'hfjobs expose --help'"),
        (
            ("65536",),
            "invalid value for '[PORT...]': 65536 is not in the range 1<=x<=65535",
            "see 'hfjobs expose --help'",
        ),
    ],
)
def test_usage(hfjobs: Hfjobs, hub: Hub, argv: tuple[str, ...], message: str, hint: str) -> None:
    assert hfjobs("expose", BY_HAND, *argv) == Result(2, "", f"error: {message}\nhint: {hint}\n")
    assert hub.requests == []
