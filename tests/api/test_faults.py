"""A network and a server at their worst: each fault ends in one line, in time, and costs nothing twice."""

from collections.abc import Callable, Iterator

import pytest

from tests.api.faults import BODY, HEAD, Fault, FaultyHub, bomb, drips, sends, sends_and_resets, sends_forever, stalls
from tests.support import TOKEN, Hfjobs

LENGTH = b"Content-Length: %d\r\n\r\n"

BROKEN = "lost the connection to HUB: "
SLOW = "the response from HUB was not complete within 1.6 s"

ONE, TWO = "a" * 24, "b" * 24
"""Ids of two jobs."""

# What happens, and what is said of it.
FAULTS: dict[str, tuple[Callable[[], Fault], int, str]] = {
    "closed at once": (lambda: sends(b""), 5, BROKEN + "Server disconnected without sending a response."),
    "reset at once": (lambda: sends_and_resets(b""), 5, BROKEN),
    "reset in the head": (lambda: sends_and_resets(HEAD[:20]), 5, BROKEN),
    "reset in the body": (lambda: sends_and_resets(HEAD + LENGTH % len(BODY) + BODY[:40]), 5, BROKEN),
    "closed in the head": (lambda: sends(HEAD), 5, BROKEN),
    "closed in the body": (lambda: sends(HEAD + LENGTH % len(BODY) + BODY[:40]), 5, BROKEN + "peer closed connection"),
    "closed in a chunk": (lambda: sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n["), 5, BROKEN),
    "too short a length": (
        lambda: sends(HEAD + LENGTH % 40 + BODY),
        1,
        "unexpected response from the Hub: invalid JSON",
    ),
    "a length that is none": (lambda: sends(HEAD + b"Content-Length: x\r\n\r\n" + BODY), 5, BROKEN),
    "a length below zero": (lambda: sends(HEAD + b"Content-Length: -1\r\n\r\n" + BODY), 5, BROKEN),
    "two lengths": (lambda: sends(HEAD + b"Content-Length: 1\r\n" + LENGTH % 2 + BODY), 5, BROKEN),
    "chunks that are none": (lambda: sends(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY), 5, BROKEN),
    "not http": (lambda: sends(b"220 mail.example ESMTP\r\n\r\n"), 5, BROKEN),
    "no head": (lambda: sends(BODY + b"\r\n\r\n"), 5, BROKEN),
    "a head without end": (lambda: sends_forever(HEAD, b"X-A: " + b"b" * 1000 + b"\r\n"), 5, BROKEN),
    "a line without end": (lambda: sends_forever(b"HTTP/1.1 200 ", b"O" * 1000), 5, BROKEN),
    "not gzip": (lambda: sends(HEAD + b"Content-Encoding: gzip\r\n" + LENGTH % len(BODY) + BODY), 5, BROKEN),
    "a body without end": (
        lambda: sends_forever(HEAD + b"\r\n[", b" " * 2**20),
        1,
        "the response is larger than 256 MiB",
    ),
    "a bomb": (lambda: sends(bomb()), 1, "the response is larger than 256 MiB"),
    "silence": (lambda: stalls, 5, "no response from HUB within 0.4 s"),
    "silence in the body": (
        lambda: drips(HEAD + LENGTH % len(BODY) + BODY[:40], b""),
        5,
        "no response from HUB within 0.4 s",
    ),
    "a dripping head": (lambda: drips(HEAD, b"X"), 5, SLOW),
    "a dripping body": (lambda: drips(HEAD + b"\r\n[", b" "), 5, SLOW),
    "dripping promises": (lambda: drips(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), 5, SLOW),
}


@pytest.fixture(params=FAULTS)
def faulty(request: pytest.FixtureRequest) -> Iterator[tuple[FaultyHub, int, str]]:
    """A server with a fault, and the exit code and message that are expected."""
    fault, code, message = FAULTS[request.param]
    hub = FaultyHub(fault())
    yield hub, code, message.replace("HUB", hub.endpoint)
    hub.close()


@pytest.fixture
def program(directories: dict[str, str], faulty: tuple[FaultyHub, int, str]) -> Hfjobs:
    """The program; where time is the matter it waits 0.4 seconds, and four times that for a whole answer."""
    hub, _, message = faulty
    timeout = "0.4" if "within" in message else "30"
    return Hfjobs({**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HFJOBS_TIMEOUT": timeout})


def test_a_listing_ends_in_one_line(program: Hfjobs, faulty: tuple[FaultyHub, int, str]) -> None:
    """What may pass was tried four times; what took its time, or makes no sense, was not."""
    hub, code, message = faulty
    result = program("ps", "-a", "--namespace", "x", "--format", "jsonl")
    assert (result.code, result.stdout) == (code, "")
    lines = result.stderr.splitlines()
    warnings = [line for line in lines if line.startswith("warning: ")]
    (error,) = (line for line in lines if line.startswith("error: "))
    assert error.startswith(f"error: {message}")
    assert "(GET /api/jobs/x" in error
    assert len(lines) - len(warnings) - 1 == sum(line.startswith("hint: ") for line in lines) <= 1
    assert hub.requests == ["GET /api/jobs/x"] * (len(warnings) + 1)
    may_pass = message.startswith(("lost the connection", "no response"))
    assert len(warnings) == (3 if may_pass else 0)


def test_an_inspection_prints_what_could_be_read(program: Hfjobs, faulty: tuple[FaultyHub, int, str]) -> None:
    _, code, message = faulty
    result = program("inspect", f"x/{ONE}")
    assert (result.code, result.stdout) == (code, "[]\n")
    (error,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
    assert error.startswith(f"error: {message}")


def test_nothing_is_created_twice(program: Hfjobs, faulty: tuple[FaultyHub, int, str]) -> None:
    """Not even when looking for the new job fails as well."""
    hub, _, message = faulty
    result = program("duplicate", f"x/{ONE}", f"x/{TWO}")
    assert (result.code, result.stdout) == (5, "")
    lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
    assert lines[0].startswith(f"error: x/{ONE} may or may not have been duplicated: {message}")
    assert lines[1:] == [
        f"hint: before retrying, check with: hfjobs ps -a --namespace x --initiator duplicated-job:{ONE}",
        f"not duplicated: x/{TWO}",
    ]
    assert [path for path in hub.requests if path.startswith("POST")] == [f"POST /api/jobs/x/{ONE}/duplicate"]
