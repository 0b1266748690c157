"""What the tests share: a front door to the program, a Hub on loopback that can be told to misbehave, golden files."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache, cached_property
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qsl

import pytest
from werkzeug.wrappers import Response

from hfjobs_cli.cli.app import main
from hfjobs_cli.cli.session import Session
from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.http_server import Server
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

T = TypeVar("T")

NOW = datetime(2026, 5, 12, 9, 0, 0, tzinfo=timezone.utc)
"""The present moment of every test that does not run the installed command."""

TOKEN = "hf_a5ecretThatMustNotShow"
USER = "davanstrien"
BY_HAND = "6a01d697aff1cd33e8f33a64"
BY_SCHEDULE = "6a01c8c2aff1cd33e8f339d4"
DAILY_SCHEDULE = "69c4179671691dc46f166314"

EQUAL = " (it cannot be told apart from an identical one that was created at the same time)"
"""How a warning ends that something was found whose answer was lost."""

Golden = Callable[[str, str], str]
"""From the name of a golden file, and what was printed, to what is expected."""


def measure_nothing() -> None:
    """Measure no coverage in this thread from now on: it runs nothing that is tested here, and is faster so."""
    sys.settrace(None)


unmeasured = pytest.mark.usefixtures("unmeasured")
"""For what runs a few lines a million times, which takes four times as long when their coverage is measured."""

posix_only = pytest.mark.skipif(os.name == "nt", reason="needs a pseudo-terminal or signals of POSIX")

ROOT = Path(__file__).parent.parent


class Result(NamedTuple):
    """All that came out of one run."""

    code: int
    stdout: str
    stderr: str

    def without(self, address: str) -> Result:
        """Return the result with an address that differs in each run spelled HUB."""
        return Result(self.code, self.stdout.replace(address, "HUB"), self.stderr.replace(address, "HUB"))


class Terminal(io.StringIO):
    """A stream that calls itself a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Hfjobs:
    """The program, called in-process with local_environment of its own. `pauses` holds what it would have slept."""

    environ: dict[str, str]
    pauses: list[float] = field(default_factory=list)
    now: datetime = NOW
    completion_secs: float = 30.0
    """Longer than for users, as this machine may be busy."""

    def __call__(
        self,
        *argv: str,
        stdin: str = "",
        columns: int | None = None,
        stdout: io.StringIO | None = None,
        stderr: io.StringIO | None = None,
        keyboard: io.StringIO | None = None,
        **environ: str,
    ) -> Result:
        """Run a command line; with `columns`, stdout is a terminal of that width. A `keyboard` is what stdin is."""
        if stdout is None:
            stdout = io.StringIO() if columns is None else Terminal()
        stderr = stderr or io.StringIO()
        width = {} if columns is None else {"COLUMNS": str(columns)}
        session = Session(
            stdin=keyboard or io.StringIO(stdin),
            stdout=stdout,
            stderr=stderr,
            environ={**self.environ, **width, **environ},
            clock=lambda: self.now,
            sleep=self._pause,
            runs_demo_jobs=False,
            completion_secs=self.completion_secs,
        )
        code = main(argv, session)
        return Result(code, stdout.getvalue(), stderr.getvalue())

    def _pause(self, seconds: float) -> None:
        """Note a pause instead of making it. Nobody waits for ever for what never comes."""
        self.pauses.append(seconds)
        assert len(self.pauses) < 500

    def given(self, environ: Mapping[str, str]) -> Hfjobs:
        """Return the program with further settings."""
        return Hfjobs({**self.environ, **environ}, self.pauses, self.now, self.completion_secs)

    def jobs(self, *argv: str) -> list[dict[str, Any]]:
        """Run a command line that prints a JSON array and must succeed without a word on stderr."""
        code, stdout, stderr = self(*argv)
        assert (code, stderr) == (0, "")
        parsed: list[dict[str, Any]] = json.loads(stdout)
        return parsed


class Request(NamedTuple):
    """One request as it reached a Hub."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]


Misbehavior = Callable[[App, "WSGIEnvironment", "StartResponse"], Iterable[bytes]]


@cache
def _store_with_history() -> bytes:
    """Return the file of a store that begins with the history as of NOW: written once, not by each test."""
    with TemporaryDirectory() as directory:
        state = State(Path(directory) / "hub")
        Store(state, seed=lambda: history(NOW))
        return state.database.read_bytes()


def fill(state: State) -> None:
    """Put a store with the history as of NOW where there is none."""
    state.root.mkdir(mode=0o700, parents=True)
    state.database.touch(mode=0o600)
    state.database.write_bytes(_store_with_history())


class Hub:
    """The emulator served on loopback, but jobs are not run. It records requests, and misbehaves when told to."""

    def __init__(self, directory: Path, *, is_measured: bool = False) -> None:
        """Begin to answer. Coverage of answers is measured only if asked for, as that takes half of their time."""
        self._is_measured = is_measured
        self._state = State(directory / "hub")
        self._store: Store | None = None
        self._making = threading.RLock()
        self.lag = timedelta()
        """By how much the clock is slow that says when jobs are made, not that of answers."""
        self.requests: list[Request] = []
        self._misbehaviors: list[Misbehavior] = []
        self._of_changes: list[Misbehavior] = []
        self._replies: dict[str, Response] = {}
        self._always: dict[str, Misbehavior] = {}
        self._server = Server(self._answer, 0, log=lambda _line: None, clock=lambda: NOW)
        self.endpoint = self._server.endpoint
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        if not self._is_measured:
            measure_nothing()
        self._server.serve()

    def close(self) -> None:
        self._server.stop()
        self._thread.join()

    @property
    def store(self) -> Store:
        """The jobs and schedules, made when somebody first asks: many tests show that nobody does."""
        with self._making:
            if self._store is None:
                fill(self._state)
                self._store = Store(self._state, seed=lambda: history(NOW))  # of use once a test had it forget
            return self._store

    @cached_property
    def app(self) -> App:
        return App(self.store, self._state, token=TOKEN, clock=lambda: NOW - self.lag)

    @property
    def paths(self) -> list[str]:
        """The requests so far as `METHOD PATH`."""
        return [f"{request.method} {request.path}" for request in self.requests]

    def then(self, *misbehaviors: Misbehavior) -> None:
        """Answer the next requests like this, each once; after them the app answers again."""
        self._misbehaviors.extend(misbehaviors)

    def on_changes(self, *misbehaviors: Misbehavior) -> None:
        """Answer the next requests that change something like this, each once; those planned before are forgotten."""
        self._of_changes[:] = misbehaviors

    def replies(
        self, status: int, body: str | bytes = "", headers: Mapping[str, str] | None = None, times: int = 1
    ) -> None:
        """Answer the next request, or the next few, with this."""
        given = {"Content-Type": "application/json", **(headers or {})}

        def reply(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return Response(body, status, headers=given)(environ, start)

        self.then(*[reply] * times)

    def replies_to(self, path: str, status: int, body: str) -> None:
        """Answer every request for this path with this."""
        self._replies[path] = Response(body, status, content_type="application/json")

    def always(self, path: str, misbehavior: Misbehavior) -> None:
        """Answer every request for this path like this."""
        self._always[path] = misbehavior

    def job(self, **changes: Any) -> dict[str, Any]:
        """Return a job as the Hub sends it: the one run by hand with changed keys; those changed to None are gone."""
        with self.store.read() as tables:
            source = tables.job(USER, BY_HAND)
        assert source is not None
        merged = {**source, "id": "6a02000000000000000000aa", "createdAt": "2026-05-12T08:59:59.000Z", **changes}
        return {key: value for key, value in merged.items() if value is not None}

    def add(self, **changes: Any) -> str:
        """Put such a job into the store and return its id."""
        job = self.job(**changes)
        with self.store.write() as tables:
            tables.add_job(job)
        identifier: str = job["id"]
        return identifier

    def all_jobs(self, namespace: str = USER) -> list[dict[str, Any]]:
        """Return every job in the store, the newest first."""
        with self.store.read() as tables:
            return tables.newest_jobs(namespace, limit=999)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if not self._is_measured:
            measure_nothing()
        headers = {
            key[5:].replace("_", "-").title(): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        query = parse_qsl(environ["QUERY_STRING"])
        self.requests.append(Request(environ["REQUEST_METHOD"], environ["PATH_INFO"], query, headers))
        with self._making:
            app = self.app
        if environ["PATH_INFO"] in self._replies:
            return self._replies[environ["PATH_INFO"]](environ, start)
        if environ["PATH_INFO"] in self._always:
            return self._always[environ["PATH_INFO"]](app, environ, start)
        if self._of_changes and environ["REQUEST_METHOD"] != "GET":
            return self._of_changes.pop(0)(app, environ, start)
        if self._misbehaviors:
            return self._misbehaviors.pop(0)(app, environ, start)
        return app(environ, start)


def in_turn(*axes: Iterable[Any], times: int = 1) -> list[tuple[Any, ...]]:
    """Return cases in which each value of the longest axis comes so many times, each time with other values beside it.

    Those of the other axes take turns. It is for what does not depend on each other, where a product of all with all
    would only say the same again.
    """
    values = [list(axis) for axis in axes]
    longest = max(map(len, values))
    return [
        tuple(each[(place + turn * (len(each) < longest)) % len(each)] for each in values)
        for turn in range(times)
        for place in range(longest)
    ]


def at_once(check: Callable[..., object], cases: Iterable[Sequence[Any]]) -> None:
    """Call a check with each case, all at the same time: for what waits for time to pass. Fails with all failures."""
    told = [tuple(case) for case in cases]
    failures = [
        f"{case}: {type(error).__name__}: {error}"
        for case, call in zip(told, in_threads(check, told), strict=True)
        if (error := call.exception()) is not None
    ]
    assert not failures, "\n".join(failures)


def in_threads(call: Callable[..., T], cases: Iterable[Sequence[Any]]) -> list[Future[T]]:
    """Call something with each case, up to 32 at the same time, and return when all of them have ended."""
    told = [tuple(case) for case in cases]
    # The program redirects the streams of the process, and restores them in any order here.
    with redirect_stdout(sys.stdout), redirect_stderr(sys.stderr), ThreadPoolExecutor(min(32, len(told))) as pool:
        return [pool.submit(call, *case) for case in told]


def moment_ago(**distance: float) -> str:
    """Return a moment before now by the machine's clock, as the Hub writes it: for what the installed command reads."""
    return (datetime.now(timezone.utc) - timedelta(**distance)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def hang_up(_app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Close the connection without an answer."""
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return Response("")(environ, start)


class Stall:
    """A misbehavior: hold each request until released, then hang up. `arrived` is set by the first one."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.released = threading.Event()

    def __call__(self, app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        self.arrived.set()
        self.released.wait(60)
        return hang_up(app, environ, start)


def pass_on(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer as ever, once."""
    return app(environ, start)


def act_and_hang_up(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Do what was asked, then close the connection without an answer."""
    app(environ, lambda *_args: lambda _data: None)
    return hang_up(app, environ, start)


def act_and_reply(status: int, body: str) -> Misbehavior:
    """Do what was asked, then answer something else."""

    def reply(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        app(environ, lambda *_args: lambda _data: None)
        return Response(body, status, content_type="application/json")(environ, start)

    return reply


def truncate(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer with the first 100 bytes of what was announced."""
    body = b"".join(app(environ, lambda *_args: lambda _data: None))
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body[:100]]


def command_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the installed command: this process's without our settings, and `environ`.

    Its coverage is not measured, which would take longer than what it does; what it does is also called in-process. For
    what is not, add `coverage_environ()`.
    """
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("HF_", "HFJOBS_", "HUGGING", "XDG_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "COVERAGE_"))
    }
    return {**kept, "PYTHONUTF8": "1", **environ}


def coverage_environ() -> dict[str, str]:
    """Return the part of the environment by which the coverage of a process is measured, if any is."""
    return {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}


def command(*argv: str) -> list[str]:
    """Return the command line that runs the installed command."""
    return [sys.executable, "-m", "hfjobs_cli", *argv]


def installed(*argv: str) -> list[str]:
    """Return the same, but nothing is imported from the current directory, as by the script that users call."""
    return [str(Path(sys.executable).with_name("hfjobs")), *argv]


def hostile_directory(directory: Path) -> Path:
    """Return a directory whose modules, named as some that the program imports, leave a file `stolen` there."""
    steals = f"import os; open({str(directory / 'stolen')!r}, 'w').write(str(os.environ.get('HF_TOKEN')))\n"
    for name in ("typer", "json", "httpx", "sitecustomize", "hfjobs_cli/__init__", "hfjobs_cli/__main__"):
        path = directory / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(steals, encoding="utf-8")
    return directory


def run(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    encoding: str = "utf-8",
    directory: Path | None = None,
) -> Result:
    """Run a process without input; what goes elsewhere than into a pipe is empty in the result."""
    done = subprocess.run(
        argv,
        env=command_environ(environ),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        encoding=encoding,
        timeout=180,
        cwd=directory,
    )
    return Result(done.returncode, done.stdout or "", done.stderr or "")


def run_command(
    *argv: str,
    environ: Mapping[str, str],
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
    encoding: str = "utf-8",
) -> Result:
    """Run the installed command in a process of its own."""
    return run(command(*argv), environ, stdout=stdout, stderr=stderr, encoding=encoding)


def start_on_terminal(
    columns: int, *argv: str, environ: Mapping[str, str], stderr: int | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the installed command with stdout on a pseudo-terminal of that many columns, stderr too unless it is given.

    Returns the process and the descriptor from which to read what the terminal gets.
    """
    import fcntl
    import pty
    import struct
    import termios

    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        command(*argv),
        stdin=subprocess.DEVNULL,
        stdout=writer,
        stderr=writer if stderr is None else stderr,
        env=command_environ({"TERM": "xterm-256color", **environ}),
    )
    os.close(writer)
    return process, reader


def read_terminal(reader: int) -> str:
    """Return all that a pseudo-terminal gets until nobody can write to it any more."""
    chunks = []
    with suppress(OSError):  # so Linux says that the other side is closed
        while chunk := os.read(reader, 65536):
            chunks.append(chunk)
    os.close(reader)
    return b"".join(chunks).decode().replace("\r\n", "\n")


def on_terminal(columns: int, *argv: str, environ: Mapping[str, str]) -> Result:
    """Run the installed command with stdout on a pseudo-terminal of that many columns."""
    process, reader = start_on_terminal(columns, *argv, environ=environ, stderr=subprocess.PIPE)
    stdout = read_terminal(reader)
    _, stderr = process.communicate(timeout=60)
    return Result(process.returncode, stdout, stderr.decode())


def read_by_head(*argv: str, environ: Mapping[str, str]) -> Result:
    """Run the installed command with a reader that leaves after the first line, as `head -n 1` does."""
    process = subprocess.Popen(
        command(*argv),
        env=command_environ(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        process.stdout.close()
        code = process.wait(60)
    finally:
        process.kill()
    with process.stderr:
        return Result(code, line, process.stderr.read())


def run_here(*argv: str, environ: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> Result:
    """Run a command in this process, but with the clock and the pauses of this machine: for what really takes place.

    It costs a tenth of a process of its own, which is for what only a process has: signals, streams, surroundings.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    code = main(argv, Session(io.StringIO(), stdout, stderr, command_environ(environ), sleep=sleep))
    return Result(code, stdout.getvalue(), stderr.getvalue())


def run_shell(line: str, environ: Mapping[str, str], shell: Sequence[str] = ("sh",)) -> Result:
    """Run a line of shell."""
    return run([*shell, "-c", line], environ)


def run_python(code: str, *argv: str, environ: Mapping[str, str] | None = None) -> Result:
    """Run Python code in a process of its own."""
    return run([sys.executable, "-c", code, *argv], environ or {})


_IMPORTS = """
import contextlib, io, json, os, sys
from hfjobs_cli.__main__ import _run
told = []
for argv, environ in json.loads(sys.argv[1]):
    sys.argv = ["hfjobs", *argv]
    os.environ.update(environ)
    with contextlib.redirect_stdout(io.TextIOWrapper(open(os.devnull, "wb"))):
        try:
            code = _run()
        except SystemExit as end:
            code = end.code
    told.append((code, [*sys.modules]))
print(json.dumps(told))
"""


def imports_of(
    *lines: Sequence[str], environ: Mapping[str, str], then: Iterable[Mapping[str, str]] = repeat({})
) -> list[tuple[int, set[str]]]:
    """Run command lines one after the other in a new process, with `then` added to the environment before each.

    Returns the exit code of each, and the names of all modules that it and those before it have imported.
    """
    asked = [(line, dict(more)) for line, more in zip(lines, then, strict=False)]
    done = run_python(_IMPORTS, json.dumps(asked), environ=environ)
    assert done.code == 0, done.stderr
    told = [(code, set(modules)) for code, modules in json.loads(done.stdout)]
    assert all("typer" in modules for _, modules in told)
    return told


def signalled(
    argv: Sequence[str],
    environ: Mapping[str, str],
    arrived: threading.Event,
    *numbers: int,
    then: Callable[[], None] = lambda: None,
) -> Result:
    """Run a process and send it signals as soon as its request has arrived, then do something."""
    process = subprocess.Popen(
        argv,
        env=command_environ(environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert arrived.wait(60)
    for number in numbers:
        process.send_signal(number)
    then()
    stdout, stderr = process.communicate(timeout=60)
    return Result(process.returncode, stdout, stderr)


@contextmanager
def closed_pipe() -> Iterator[int]:
    """Yield the descriptor of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def full_disk() -> Iterator[int]:
    """Yield the descriptor of a file on which there is no room, as Linux has it."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        yield full.fileno()
