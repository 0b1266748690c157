"""Ctrl-C at any moment after a request that creates something: what was made is named, or said to be in doubt."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, DAILY_SCHEDULE, USER, Hfjobs, Hub, Result

EVERY = 7
"""One of so many moments is tried, from a first one that differs."""


@contextmanager
def interrupted_at(hub: Hub, moment: int) -> Iterator[list[str]]:
    """Raise KeyboardInterrupt at the so manieth line of commands and client after something was asked to be created.

    Yields where that was, once it has been.
    """
    here, passed = threading.get_ident(), 0
    place: list[str] = []

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        name = frame.f_globals.get("__name__", "")
        return at_line if name.startswith(("hfjobs_cli.api.", "hfjobs_cli.commands.")) else None

    def at_line(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal passed
        is_asked = any(request.method == "POST" for request in hub.requests)
        if not place and is_asked and event in ("line", "return") and threading.get_ident() == here:
            passed += 1
            # Python swallows what is raised in a generator that is being closed.
            if passed >= moment and frame.f_code.co_name != "<genexpr>":
                place.append(f"{frame.f_globals['__name__']}:{frame.f_lineno}")
                raise KeyboardInterrupt
        return at_line

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield place
    finally:
        sys.settrace(before)


@pytest.mark.parametrize(
    ("first", "argv"),
    [
        (1, ["run", "-d", "python:3.12", "env"]),
        (2, ["duplicate", BY_HAND, BY_SCHEDULE]),
        (3, ["duplicate", BY_HAND, "--env", "LR=1", "--drop-secrets"]),
        (4, ["scheduled", "trigger", DAILY_SCHEDULE]),
        (5, ["scheduled", "run", "@daily", "python:3.12", "env"]),
    ],
    ids=["run", "duplicate", "duplicate-changed", "trigger", "schedule"],
)
def test_what_was_created_is_told_of_whenever_ctrl_c_comes(
    hfjobs: Hfjobs, hub: Hub, first: int, argv: list[str]
) -> None:
    assert hfjobs("ps", "-q", "--limit", "1").code == 0  # so that the name of the user is remembered
    moment = first
    while True:
        before = _ids(hub)
        hub.requests.clear()
        try:
            with interrupted_at(hub, moment) as place:
                code, stdout, stderr = hfjobs(*argv)
        except KeyboardInterrupt:  # all has been said, and the process ends
            break
        made = _ids(hub) - before
        if not place:
            break
        assert code == 130, place
        in_doubt = "it is not known whether" in stderr
        assert in_doubt or all(each in stdout + stderr for each in made), (place, Result(code, stdout, stderr))
        for word in _words_after("not duplicated:", stderr):
            # Of what is said not to be done there is nothing.
            assert len(made) <= argv[1:].index(word), (place, stderr)
        moment += EVERY
    assert moment > 5 * EVERY


def _words_after(words: str, stderr: str) -> list[str]:
    line = next((line for line in stderr.splitlines() if line.startswith(words)), "")
    return line.removeprefix(words).split()


def _ids(hub: Hub) -> set[str]:
    with hub.store.read() as tables:
        schedules = tables.schedules(USER)
    return {each["id"] for each in (*hub.all_jobs(), *schedules)}
