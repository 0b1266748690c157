"""Ctrl-C, or a failure, at any moment after a request that creates something: what was made is named, or in doubt."""

from __future__ import annotations

import gc
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Response

from tests.formats.test_registry import metadata, with_package
from tests.support import (
    BY_HAND,
    BY_SCHEDULE,
    DAILY_SCHEDULE,
    TOKEN,
    USER,
    Hfjobs,
    Hub,
    Misbehavior,
    Result,
    Stall,
    command,
    command_environ,
    hang_up,
    posix_only,
    run_command,
    signalled,
)

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from hfjobs_cli.emulator.app import App

WAITING = "warning: interrupted while creating the job; waiting for its id to cancel it"

# What was just opened at such a moment nobody closes but the garbage collector.
leaves_files_open = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")

EVERY = 11
"""One of so many moments is tried, from a first one that differs."""


@pytest.fixture
def environ(directories: dict[str, str], hub: Hub) -> dict[str, str]:
    return {**directories, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": TOKEN}


@contextmanager
def interrupted_at(hub: Hub, moment: int, error: type[BaseException] = KeyboardInterrupt) -> Iterator[list[str]]:
    """Raise an error at the so manieth line of commands and client after something was asked to be created.

    Yields where that was, once it has been.
    """
    here, passed = threading.get_ident(), 0
    place: list[str] = []

    def trace(frame: FrameType, _event: str, _argument: object) -> Any:
        name = frame.f_globals.get("__name__", "")
        return at_line if name.startswith(("hfjobs_cli.hub.", "hfjobs_cli.commands.")) else None

    def at_line(frame: FrameType, event: str, _argument: object) -> Any:
        nonlocal passed
        is_asked = any(request.method == "POST" for request in hub.requests)
        if not place and is_asked and event in ("line", "return") and threading.get_ident() == here:
            passed += 1
            # Python swallows what is raised in a generator that is being closed.
            if passed >= moment and frame.f_code.co_name != "<genexpr>":
                place.append(f"{frame.f_globals['__name__']}:{frame.f_lineno}")
                raise error
        return at_line

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        yield place
    finally:
        sys.settrace(before)


def settle(others: list[threading.Thread]) -> None:
    """Wait for the requests that the program has left in threads, besides others: what they create is of this run.

    One whose connection was closed waits for its answer in vain; the Hub has long done what it was asked by then.
    """
    for thread in threading.enumerate():
        if thread not in others and "process_request" not in thread.name:  # that is how the Hub calls its own
            thread.join(2)
            others.append(thread)


@leaves_files_open
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
    moment, others = first, threading.enumerate()
    while True:
        before = _ids(hub)
        hub.requests.clear()
        try:
            with interrupted_at(hub, moment) as place:
                code, stdout, stderr = hfjobs(*argv)
        except KeyboardInterrupt:  # all has been said, and the process ends
            break
        settle(others)
        made = _ids(hub) - before
        if not place:
            break
        assert code == 130, place
        in_doubt = "may or may not" in stderr
        assert in_doubt or all(each in stdout + stderr for each in made), (place, Result(code, stdout, stderr))
        for word in _words_after("not duplicated:", stderr):
            # Of what is said not to be done there is nothing.
            assert len(made) <= argv[1:].index(word), (place, stderr)
        moment += EVERY
    assert moment > 5 * EVERY
    gc.collect()


@leaves_files_open
@pytest.mark.parametrize("error", [MemoryError, SystemExit, GeneratorExit])
@pytest.mark.parametrize(
    ("first", "argv"),
    [
        (3, ["run", "-d", "python:3.12", "env"]),
        (5, ["duplicate", "--json", BY_HAND, BY_SCHEDULE]),
        (9, ["scheduled", "run", "@daily", "python:3.12", "env"]),
    ],
    ids=["run", "duplicate", "schedule"],
)
def test_what_was_created_is_told_of_whatever_fails(
    hfjobs: Hfjobs, hub: Hub, first: int, argv: list[str], error: type[BaseException]
) -> None:
    assert hfjobs("ps", "-q", "--limit", "1").code == 0
    moment, others = first, threading.enumerate()
    while True:
        before = _ids(hub)
        hub.requests.clear()
        hfjobs.pauses.clear()
        try:
            with interrupted_at(hub, moment, error) as place:
                code, stdout, stderr = hfjobs(*argv)
        except error:  # all has been said, and the client is being closed
            break
        settle(others)
        made = _ids(hub) - before
        if not place:
            break
        in_doubt = "may or may not" in stderr
        assert in_doubt or all(each in stdout + stderr for each in made), (place, Result(code, stdout, stderr))
        posts = [path for path in hub.paths if path.startswith("POST")]
        assert len(posts) == len(set(posts))
        moment += 3 * EVERY
    assert moment > 6 * EVERY
    gc.collect()


ENDS = """
from hfjobs_cli import Renderer


class Odd(BaseException):
    pass


def render(records, view):
    raise {error}


FORMAT = Renderer("yaml", render, streams={streams})
"""


CREATE = [
    ("run", "-d", "ubuntu", "true"),
    ("duplicate", BY_HAND),
    ("scheduled", "trigger", DAILY_SCHEDULE),
    ("scheduled", "run", "@daily", "ubuntu", "true"),
]


@pytest.mark.parametrize(
    ("argv", "error", "streams"),
    [
        (CREATE[(2 * place + streams) % len(CREATE)], error, bool(streams))
        for place, error in enumerate(["SystemExit(0)", "SystemExit('x')", "MemoryError", "GeneratorExit", "Odd"])
        for streams in (1, 0)
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_format_that_ends_the_program_does_not_hide_what_was_created(
    hfjobs: Hfjobs, hub: Hub, tmp_path: Path, argv: tuple[str, ...], error: str, streams: bool
) -> None:
    before = _ids(hub)
    directory = tmp_path / "packages"
    directory.mkdir()
    words = 2 if argv[1] in ("-d", "trigger", "run") else 1
    with with_package(directory, "odd-format", ENDS.format(error=error, streams=streams)):
        result = hfjobs(*argv[:words], "--format", "yaml", *argv[words:])
    (new,) = _ids(hub) - before
    assert (result.code, result.stdout) == (1, "")
    assert f"created: {new}\n" in result.stderr
    assert result.stderr.count(new) == 1


def test_a_format_that_shows_the_first_only_says_what_was_not_created(hfjobs: Hfjobs, hub: Hub, tmp_path: Path) -> None:
    directory = tmp_path / "packages"
    directory.mkdir()
    code = ENDS.format(error="NotImplementedError", streams=True).replace(
        "raise NotImplementedError", "next(iter(records))"
    )
    installed = metadata(directory, "first-format", code)
    before = _ids(hub)
    argv = ("duplicate", "--format", "yaml", BY_HAND, BY_SCHEDULE)
    result = run_command(*argv, environ={**hfjobs.environ, **installed})
    assert len(_ids(hub) - before) == 1
    assert result.code == 1
    assert f"not duplicated: {BY_SCHEDULE}\n" in result.stderr


def test_an_answer_that_memory_does_not_suffice_for_is_a_lost_one(
    hfjobs: Hfjobs, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = _ids(hub)
    assert hfjobs("ps", "-q").code == 0
    read: Callable[..., Any] = json.loads

    def loads(text: Any) -> Any:
        if type(text) is bytes and b"duplicated-job" in text:
            monkeypatch.setattr(json, "loads", read)
            raise MemoryError
        return read(text)

    monkeypatch.setattr(json, "loads", loads)
    code, stdout, stderr = hfjobs("duplicate", "-q", BY_HAND)
    (new,) = _ids(hub) - before
    assert (code, stdout) == (0, f"{new}\n")
    assert stderr.startswith("warning: cannot read the response: MemoryError; found the new job by ")


def late(stall: Stall, then: str) -> Misbehavior:
    """Create what is asked for at once, and answer, or hang up, as soon as the stall is released."""

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return app(environ, start)
        made = b"".join(app(environ, lambda *_args: lambda _data: None))
        stall.arrived.set()
        stall.released.wait(60)
        if then == "hang up":
            return hang_up(app, environ, start)
        return Response(made, 200, content_type="application/json")(environ, start)

    return reply


@posix_only
class TestCancelOnInterrupt:
    """Whoever asked for it pays for nothing more after Ctrl-C."""

    @pytest.mark.parametrize("then", ["answer", "hang up", "nothing"])
    @pytest.mark.parametrize(
        ("path", "argv"),
        [
            (f"/api/jobs/{USER}", ("run", "--cancel-on-interrupt", "--namespace", USER, "ubuntu", "true")),
            (
                f"/api/jobs/{USER}/{BY_HAND}/duplicate",
                ("duplicate", "--follow", "--cancel-on-interrupt", f"{USER}/{BY_HAND}"),
            ),
        ],
        ids=["run", "duplicate"],
    )
    def test_while_the_job_is_being_created(
        self, environ: dict[str, str], hub: Hub, stall: Stall, path: str, argv: tuple[str, ...], then: str
    ) -> None:
        hub.always(path, late(stall, then))
        before = _ids(hub)

        def go_on() -> None:
            if then != "nothing":
                stall.released.set()

        code, stdout, stderr = signalled(command(*argv), environ, stall.arrived, signal.SIGINT, then=go_on)
        (new,) = _ids(hub) - before
        assert (code, stdout) == (130, "")
        assert stderr.startswith("warning: interrupted while creating the job; waiting for its id to cancel it\n")
        assert stderr.endswith(f"error: interrupted; canceled {USER}/{new}\n")
        assert [path for path in hub.paths if path.startswith("POST")] == [
            f"POST {path}",
            f"POST /api/jobs/{USER}/{new}/cancel",
        ]

    def test_while_the_second_of_two_is_being_created(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        hub.always(f"/api/jobs/{USER}/{BY_SCHEDULE}/duplicate", late(stall, "answer"))
        before = _ids(hub)
        argv = command("duplicate", "--follow", "--cancel-on-interrupt", f"{USER}/{BY_HAND}", f"{USER}/{BY_SCHEDULE}")
        code, _, stderr = signalled(argv, environ, stall.arrived, signal.SIGINT, then=stall.released.set)
        new = _ids(hub) - before
        assert (code, len(new)) == (130, 2)
        assert {job["id"] for job in hub.all_jobs() if job["status"]["stage"] == "CANCELED"} >= new
        assert "error: interrupted; canceled " in stderr

    def test_one_that_was_refused_is_not_looked_for(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        def refuse(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["REQUEST_METHOD"] != "POST":
                return app(environ, start)
            stall.arrived.set()
            stall.released.wait(60)
            return Response('{"error": "no credit"}', 402, content_type="application/json")(environ, start)

        hub.always(f"/api/jobs/{USER}", refuse)
        argv = command("run", "--cancel-on-interrupt", "--namespace", USER, "ubuntu", "true")
        result = signalled(argv, environ, stall.arrived, signal.SIGINT, then=stall.released.set)
        assert result.code == 130
        assert result.stderr == f"{WAITING}\ninterrupted\n"
        assert hub.paths == [f"POST /api/jobs/{USER}"]

    def test_the_third_ends_waiting_for_the_new_job(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        hub.always(f"/api/jobs/{USER}", late(stall, "nothing"))
        argv = command("run", "--cancel-on-interrupt", "--namespace", USER, "ubuntu", "true")
        result = insisted(argv, environ, stall.arrived, "waiting for its id")
        assert result.code == 130
        assert result.stderr.splitlines()[1] == "error: the job may or may not have been created: interrupted"

    def test_the_third_ends_canceling(self, environ: dict[str, str], hub: Hub, stall: Stall) -> None:
        """A Hub that does not answer holds it for as long as four requests may take."""
        watched = threading.Event()

        def stall_cancels(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"].endswith("/cancel"):
                return stall(app, environ, start)
            if environ["REQUEST_METHOD"] == "GET":
                watched.set()
            return app(environ, start)

        hub.then(*[stall_cancels] * 200)
        argv = command("run", "--cancel-on-interrupt", "--namespace", USER, "ubuntu", "true")
        process = subprocess.Popen(argv, env=command_environ(environ), stderr=subprocess.PIPE, encoding="utf-8")
        assert watched.wait(60)
        process.send_signal(signal.SIGINT)
        assert stall.arrived.wait(60)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=60)
        assert time.monotonic() - began < 25  # a request takes up to 30 s
        named = f"{USER}/{hub.all_jobs()[0]['id']}"
        assert process.returncode == 130
        assert stderr.endswith(
            f"error: interrupted; {named} may or may not have been canceled\n"
            f"hint: cancel with 'hfjobs cancel {named}'\n"
        )


@posix_only
def test_whoever_insists_ends_what_takes_too_long(environ: dict[str, str], tmp_path: Path) -> None:
    """A format of a package, say, that goes on after Ctrl-C."""
    directory = tmp_path / "packages"
    directory.mkdir()
    code = """
import sys, time
from hfjobs_cli import Renderer

def render(records, view):
    for _ in range(2):
        try:
            print("here", file=sys.stderr, flush=True)
            time.sleep(60)
        except BaseException:
            pass

FORMAT = Renderer("yaml", render)
"""
    installed = metadata(directory, "slow-format", code)
    argv = command("ps", "--format", "yaml", "--namespace", USER)
    process = subprocess.Popen(
        argv, env=command_environ({**environ, **installed}), stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.readline() == "here\n"
        process.send_signal(signal.SIGINT)
        assert process.stderr.readline() == "here\n"
        deadline = time.monotonic() + 30
        while process.poll() is None and time.monotonic() < deadline:
            process.send_signal(signal.SIGINT)
            time.sleep(0.1)
        process.kill()
        assert process.wait() == 130


def insisted(argv: list[str], environ: dict[str, str], arrived: threading.Event, said: str) -> Result:
    """Run a process, interrupt it once its request has arrived, and twice more once it says that it goes on."""
    process = subprocess.Popen(
        argv, env=command_environ(environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stderr is not None
    assert arrived.wait(60)
    process.send_signal(signal.SIGINT)
    first = process.stderr.readline()
    assert said in first
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    stdout, stderr = process.communicate(timeout=60)
    assert time.monotonic() - began < 25  # a request takes up to 30 s
    return Result(process.returncode, stdout, first + stderr)


def _words_after(words: str, stderr: str) -> list[str]:
    line = next((line for line in stderr.splitlines() if line.startswith(words)), "")
    return line.removeprefix(words).split()


def _ids(hub: Hub) -> set[str]:
    with hub.store.read() as tables:
        schedules = tables.schedules(USER)
    return {each["id"] for each in (*hub.all_jobs(), *schedules)}
