"""A Hub in real time whose jobs run and end by themselves, and whose answers are late, lost or refused at random.

As a program it checks what a sweep promises, for as long as one likes:

    python -m tests.commands.busy_hub --items 60 --parallel 8 --kills 20 --latency 0.5 --faults 0.2
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.api_types import parse_time, present
from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.http_server import Server
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.store import History, Store
from tests.support import TOKEN, USER, act_and_hang_up, act_and_reply, command, command_environ, hang_up

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

CREATE = f"/api/jobs/{USER}"
SCHEDULES = f"/api/scheduled-jobs/{USER}"
FAILS = "3"
"""Jobs fail whose label `n` is divided by this number without rest."""


class BusyHub:
    """Answers on loopback. `created` counts the requests that created a job, `most_active` how many were so at once.

    `asked` counts all requests, `changes` those that are to change something.

    At most `slots` jobs run at a time, each for up to `run_secs`; others wait. Answers take up to `latency_secs`, and a
    part of `faults` of them goes wrong, in one of these `kinds` of ways.
    """

    def __init__(
        self,
        directory: Path,
        *,
        seed: int = 0,
        run_secs: float = 0.3,
        latency_secs: float = 0.0,
        faults: float = 0.0,
        slots: int = 32,
        kinds: Sequence[str] = ("429", "503", "hang up", "lost", "503 though done"),
    ) -> None:
        state = State(directory / "busy")
        self.store = Store(state, seed=History)
        self._app = App(self.store, state, token=TOKEN)
        self._kinds = kinds
        self._chance = random.Random(seed)
        self._run_secs, self._latency_secs, self._faults, self._slots = run_secs, latency_secs, faults, slots
        self.created = self.asked = self.changes = self.most_active = 0
        self.answers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._server = Server(self._answer, 0, log=lambda _line: None)
        self.environ = {
            "HF_ENDPOINT": self._server.endpoint,
            "HF_TOKEN": TOKEN,
            "HOME": str(directory / "home"),
            "XDG_CACHE_HOME": str(directory / "cache"),
            "XDG_STATE_HOME": str(directory / "state"),
        }
        self._threads = [threading.Thread(target=self._server.serve), threading.Thread(target=self._run)]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._is_over.set()
        self._server.stop()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def faultless(self) -> Iterator[None]:
        """Answer everything within this block, at once."""
        kept = self._latency_secs, self._faults
        self._latency_secs, self._faults = 0.0, 0.0
        try:
            yield
        finally:
            self._latency_secs, self._faults = kept

    def jobs(self) -> list[dict[str, Any]]:
        with self.store.read() as tables:
            return list(tables.all_jobs(USER))

    def _run(self) -> None:
        """Start and end jobs."""
        while not self._is_over.wait(0.03):
            with self.store.write() as tables:
                now = present()
                active = tables.unfinished_jobs()
                self.most_active = max(self.most_active, len(active))
                running = [job for job in active if job["status"]["stage"] == "RUNNING"]
                for job in active:
                    if job in running:
                        secs = int(job["id"][-4:], 16) / 0xFFFF * self._run_secs
                        if (now - parse_time(job["startedAt"])).total_seconds() >= secs:
                            is_failed = int(job["labels"].get("n", "1")) % int(FAILS) == 0
                            lifecycle.end(job, "ERROR" if is_failed else "COMPLETED", None, now)
                            tables.save_job(job)
                    elif len(running) < self._slots:
                        lifecycle.start(job, now)
                        running.append(job)
                        tables.save_job(job)

    def _counting(self, environ: WSGIEnvironment, start: Any) -> Iterable[bytes]:
        """Create a job, and count the request if it does: whoever was killed may have sent half of it."""

        def started(status: str, headers: Any, *more: Any) -> Any:
            if status.startswith("2"):
                with self._lock:
                    self.created += 1
            return start(status, headers, *more)

        return self._app(environ, started)

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        is_creating = (method, path) == ("POST", CREATE)
        is_risky = is_creating or (method != "GET" and path.startswith(SCHEDULES))
        with self._lock:
            late = self._chance.uniform(0, self._latency_secs)
            is_wrong = self._chance.random() < (self._faults if is_risky else self._faults / 4)
            fault = self._chance.choice(self._kinds) if is_wrong else "good"
            self.asked += 1
            self.changes += method != "GET"
            self.answers[fault] += 1
        time.sleep(late / 2)
        try:
            if fault == "hang up":
                return hang_up(self._app, environ, start)
            if fault in ("429", "503"):
                headers = {"Retry-After": "1"} if fault == "429" else {}
                return Response("{}", int(fault), headers, content_type="application/json")(environ, start)
            app: Any = self._counting if is_creating else self._app
            if fault == "lost":
                return act_and_hang_up(app, environ, start)
            if fault == "503 though done":
                return act_and_reply(503, "{}")(app, environ, start)
            answer: Iterable[bytes] = app(environ, start)
            return answer
        finally:
            time.sleep(late / 2)


def line(items: int, parallel: int | None, *more: str) -> list[str]:
    """Return the command line of a sweep."""
    bound = [] if parallel is None else ["--parallel", str(parallel)]
    sweep = ["run", "--each", f"n=1..{items}", "--sweep", "busy", "--yes", *bound, *more]
    return command(*sweep, "python:3.12", "python", "-c", "print({n})")


def started(hub: BusyHub, argv: Sequence[str]) -> subprocess.Popen[str]:
    """Start a process."""
    return subprocess.Popen(
        argv,
        env=command_environ(hub.environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def check(hub: BusyHub, items: int, parallel: int | None) -> None:
    """Make sure that each item has one job, that no other was asked for, and that it ended as it was to."""
    jobs = hub.jobs()
    counts = Counter(job["labels"]["n"] for job in jobs)
    assert counts == Counter(str(number) for number in range(1, items + 1)), counts
    assert len({job["labels"]["sweep-item"] for job in jobs}) == items
    assert hub.created == len(jobs), (hub.created, len(jobs))
    for job in jobs:
        stage, number = job["status"]["stage"], int(job["labels"]["n"])
        assert stage == ("ERROR" if number % int(FAILS) == 0 else "COMPLETED"), (number, stage)
    if parallel is not None:
        assert hub.most_active <= parallel, hub.most_active


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind, default in (
        ("items", int, 60),
        ("parallel", int, 8),
        ("kills", int, 20),
        ("latency", float, 0.5),
        ("faults", float, 0.0),
        ("processes", int, 1),
        ("seed", int, 1),
        ("run", float, 3.0),
        ("life", float, 4.0),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        hub = BusyHub(
            Path(directory), seed=given.seed, run_secs=given.run, latency_secs=given.latency, faults=given.faults
        )
        try:
            argv = line(given.items, given.parallel)
            for _ in range(given.kills):
                victims = [started(hub, argv) for _ in range(given.processes)]
                time.sleep(chance.uniform(0.3, given.life))
                for victim in victims:
                    victim.send_signal(signal.SIGKILL)
                    victim.communicate()
                sys.stdout.write(f"{len(hub.jobs())} ")
            codes = []
            for _ in range(10):
                last = [started(hub, argv) for _ in range(given.processes)]
                said = [each.communicate()[1] for each in last]
                codes = [each.returncode for each in last]
                if codes == [10] * given.processes:
                    break
                sys.stdout.write(f"\ncodes {codes}: {said[0][-300:]}\n")
            check(hub, given.items, given.parallel)
            assert codes == [10] * given.processes, codes
            stages = Counter(job["status"]["stage"] for job in hub.jobs())
            sys.stdout.write(
                f"\n{vars(given)}\n{dict(stages)}; {hub.created} requests created {len(hub.jobs())} jobs, at most"
                f" {hub.most_active} active; {hub.asked} requests, {dict(hub.answers)};"
                f" {time.monotonic() - began:.0f} s\n"
            )
        finally:
            hub.close()


if __name__ == "__main__":
    main()
