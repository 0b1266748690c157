"""A network and a server at their worst: each fault ends in one line, in time, and costs nothing twice."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest

from tests.hub.faults import BODY, HEAD, Fault, FaultyHub, bomb, drips, sends, sends_and_resets, sends_forever, stalls
from tests.support import TOKEN, Hfjobs, at_once

LENGTH = b"Content-Length: %d\r\n\r\n"

BROKEN = "lost the connection to HUB: "
TIMEOUT_SECS = 1.2
"""How long the program waits where time is the matter; four times that for a whole answer."""

SILENT = f"no response from HUB within {TIMEOUT_SECS} s"
SLOW = f"the response from HUB was not complete within {4 * TIMEOUT_SECS} s"

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
    "silence": (lambda: stalls, 5, SILENT),
    "silence in the body": (
        lambda: drips(HEAD + LENGTH % len(BODY) + BODY[:40], b"", 0.05),
        5,
        SILENT,
    ),
    "a dripping head": (lambda: drips(HEAD, b"X", 0.05), 5, SLOW),
    "a dripping body": (lambda: drips(HEAD + b"\r\n[", b" ", 0.05), 5, SLOW),
    "dripping promises": (lambda: drips(b"", b"HTTP/1.1 102 Processing\r\n\r\n", 0.05), 5, SLOW),
}


IN_TIME = [name for name, (_, _, message) in FAULTS.items() if message in (SILENT, SLOW)]
"""The faults that take their time, which are all tried at once."""


class Faulty(NamedTuple):
    """The program before a server with a fault, and the exit code and message that are expected."""

    program: Hfjobs
    hub: FaultyHub
    code: int
    message: str


@pytest.fixture(params=[*([name] for name in FAULTS if name not in IN_TIME), IN_TIME], ids=lambda names: names[0])
def faulty(request: pytest.FixtureRequest, directories: dict[str, str]) -> Iterator[list[tuple[Faulty]]]:
    """One of the faults, or all that take their time: cases for `at_once`."""
    cases = []
    for name in request.param:
        fault, code, message = FAULTS[name]
        hub = FaultyHub(fault())
        timeout = str(TIMEOUT_SECS if name in IN_TIME else 30)
        environ = {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN, "HFJOBS_TIMEOUT": timeout}
        cases.append((Faulty(Hfjobs(environ), hub, code, message.replace("HUB", hub.endpoint)),))
    yield cases
    for (case,) in cases:
        case.hub.close()


def test_a_listing_ends_in_one_line(faulty: list[tuple[Faulty]]) -> None:
    """What may pass was tried four times; what took its time, or makes no sense, was not."""

    def check(case: Faulty) -> None:
        result = case.program("ps", "-a", "--namespace", "x", "--format", "jsonl")
        assert (result.code, result.stdout) == (case.code, "")
        lines = result.stderr.splitlines()
        warnings = [line for line in lines if line.startswith("warning: ")]
        (error,) = (line for line in lines if line.startswith("error: "))
        assert error.startswith(f"error: {case.message}")
        assert "(GET /api/jobs/x" in error
        assert len(lines) - len(warnings) - 1 == sum(line.startswith("hint: ") for line in lines) <= 1
        assert case.hub.requests == ["GET /api/jobs/x"] * (len(warnings) + 1)
        may_pass = case.message.startswith(("lost the connection", "no response"))
        assert len(warnings) == (3 if may_pass else 0)

    at_once(check, faulty)


def test_an_inspection_prints_what_could_be_read(faulty: list[tuple[Faulty]]) -> None:
    def check(case: Faulty) -> None:
        result = case.program("inspect", f"x/{ONE}")
        assert (result.code, result.stdout) == (case.code, "[]\n")
        (error,) = (line for line in result.stderr.splitlines() if line.startswith("error: "))
        assert error.startswith(f"error: {case.message}")

    at_once(check, faulty)


def test_nothing_is_created_twice(faulty: list[tuple[Faulty]]) -> None:
    """Not even when looking for the new job fails as well."""

    def check(case: Faulty) -> None:
        result = case.program("duplicate", f"x/{ONE}", f"x/{TWO}")
        assert (result.code, result.stdout) == (5, "")
        lines = [line for line in result.stderr.splitlines() if not line.startswith("warning: ")]
        assert lines[0].startswith(f"error: x/{ONE} may or may not have been duplicated: {case.message}")
        assert lines[1:] == [
            f"hint: before retrying, check with: hfjobs ps -a --namespace x --initiator duplicated-job:{ONE}",
            f"not duplicated: x/{TWO}",
        ]
        posts = [path for path in case.hub.requests if path.startswith("POST")]
        assert posts == [f"POST /api/jobs/x/{ONE}/duplicate"]

    at_once(check, faulty)
