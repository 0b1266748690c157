"""The emulator as a process of its own, asked with the standard library, so that no code is shared with the client."""

from __future__ import annotations

import http.client
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import psutil

from tests.emulator.schemas import check_answer
from tests.support import USER, Hfjobs, Result, command, command_environ, coverage_environ

T = TypeVar("T")
Json = Any

PATIENCE_SECS = 180.0
BUSY = "import time\nwhile True: sum(range(300_000)); time.sleep(0.01)"
"""A job that uses a good part of a processor, but leaves some for the tests beside it."""
FINISHED = ("COMPLETED", "ERROR", "CANCELED", "DELETED")


class Answer(NamedTuple):
    """What came back for one request. `data` is None if there was no body."""

    status: int
    data: Json
    headers: dict[str, str]


def ask(
    endpoint: str,
    method: str,
    path: str,
    body: object = None,
    *,
    token: str | None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request; the answer must be as the Hub's OpenAPI document says. `body` is JSON, or bytes as they are."""
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"), timeout=PATIENCE_SECS)
    given = {} if token is None else {"Authorization": f"Bearer {token}"}
    content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    connection.request(method, path, content, {**given, **(headers or {})})
    response = connection.getresponse()
    text = response.read()
    connection.close()
    data = json.loads(text) if text else None
    if data is not None:
        check_answer(method, path, response.status, data)
    return Answer(response.status, data, dict(response.getheaders()))


def until(found: Callable[[], T | None], what: str) -> T:
    """Return the first thing that `found` finds, looking for it less and less often for a while."""
    began = time.monotonic()
    while (waited := time.monotonic() - began) < PATIENCE_SECS:
        result = found()
        if result:
            return result
        time.sleep(min(0.1, 0.02 + waited / 10))
    raise AssertionError(f"waited in vain for {what}")


def is_gone(pid: int) -> bool:
    """Return whether a process has ended, also if it has not been reaped."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


Serve = Callable[..., "Emulator"]
"""Starts an emulator as `Emulator` does, and sees to its end."""


class Emulator:
    """`hfjobs emulator` on a free port, over the state in a directory."""

    def __init__(self, directory: Path, *options: str, environ: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._log = directory.with_name(f"{directory.name}.log")
        self._options = options
        # Nothing that this and its supervisor do is done in-process.
        self._environ = command_environ({**coverage_environ(), **(environ or {})})
        self.start()

    def start(self) -> None:
        """Start it, for the first time or again."""
        port = () if "--port" in self._options else ("--port", "0")
        with self._log.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command("emulator", *port, "--state-dir", str(self.directory), *self._options),
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
            )
        assert self.process.stdout is not None
        self.exports = [self.process.stdout.readline(), self.process.stdout.readline()]
        values = [re.fullmatch(r"export (\w+)=(\S+)\n", line) for line in self.exports]
        assert all(values), self.log
        self.environ = {each[1]: each[2] for each in values if each}
        self.endpoint, self.token = self.environ["HF_ENDPOINT"], self.environ["HF_TOKEN"]

    def stop(self, number: int = signal.SIGTERM) -> Result:
        """End it with a signal and return all that it printed since it was started, but the exports."""
        self.process.send_signal(number)
        stdout, _ = self.process.communicate(timeout=PATIENCE_SECS)
        return Result(self.process.returncode, stdout, self.log)

    def kill(self) -> None:
        """End it without a chance to do anything."""
        self.process.kill()
        self.process.communicate(timeout=PATIENCE_SECS)

    def close(self) -> None:
        """End it, whatever it does, with all its jobs."""
        self.kill()
        Hfjobs({})("emulator", "reset", "--state-dir", str(self.directory))

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        return ask(self.endpoint, method, path, body, token=self.token)

    def run(self, *argv: str, namespace: str = USER, **specification: Json) -> str:
        """Create a job and return its id."""
        body = {"dockerImage": "python:3.12", "command": list(argv), "flavor": "cpu-basic", **specification}
        status, data, _ = self.ask("POST", f"/api/jobs/{namespace}", body)
        assert status == 200, data
        identifier: str = data["id"]
        return identifier

    def python(self, code: str, **specification: Json) -> str:
        """Create a job that runs Python code and return its id."""
        return self.run(sys.executable, "-c", code, **specification)

    def job(self, identifier: str) -> Json:
        return self.ask("GET", f"/api/jobs/{USER}/{identifier}").data

    def wait(self, identifier: str, *stages: str) -> Json:
        """Return a job as soon as it is in one of these stages, or has ended."""

        def look() -> Json:
            job = self.job(identifier)
            return job if job["status"]["stage"] in (*stages, *FINISHED) else None

        return until(look, f"the end of {identifier}")

    def log_of(self, identifier: str) -> str:
        """Return the file with the output of a job as it is now."""
        path = self.directory / "logs" / f"{identifier}.jsonl"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def wait_for_line(self, identifier: str, line: str) -> None:
        """Wait until a job has printed a line."""
        until(lambda: json.dumps(line) in self.log_of(identifier), f"the line {line}")

    def events(self, identifier: str, query: str = "") -> list[Json]:
        """Read the output of a job to the end of the stream: `data` and `timestamp` of each line."""
        return [json.loads(line) for line in self.stream(f"{identifier}/logs{query}") if line]

    def output(self, identifier: str, query: str = "") -> list[str]:
        """Read the lines of a job to the end of the stream, without headers."""
        lines = [event["data"] for event in self.events(identifier, query)]
        return [line for line in lines if not line.startswith("===== Job started at ")]

    def stream(self, path: str) -> Iterator[str]:
        """Read a stream to its end and yield the data of its events as they come."""
        connection = http.client.HTTPConnection(self.endpoint.removeprefix("http://"), timeout=PATIENCE_SECS)
        connection.request("GET", f"/api/jobs/{USER}/{path}", headers={"Authorization": f"Bearer {self.token}"})
        response = connection.getresponse()
        assert (response.status, response.getheader("Content-Type")) == (200, "text/event-stream")
        for line in response:
            if line.startswith(b"data: "):
                yield line.decode().removeprefix("data: ").rstrip("\n")
        connection.close()

    def supervisor(self) -> psutil.Process:
        """Return the process that runs the jobs."""

        def look() -> psutil.Process | None:
            for process in psutil.process_iter(["cmdline"]):
                line = process.info["cmdline"] or []
                if any("emulator.supervisor" in word for word in line) and str(self.directory) in line:
                    return process
            return None

        return until(look, "a supervisor")
