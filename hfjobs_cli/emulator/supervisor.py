"""The process that runs the jobs of one state directory: one at a time, started when there is something to run.

It outlives the command or the server that started it, so that neither takes jobs with it when it ends or is killed.
As long as it is at work it holds a lock that the system takes from it at its end, whatever that is. So whoever looks
can tell jobs that are being run from jobs that were left behind.
"""

import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.state import State
from hfjobs_cli.emulator.store import Store
from hfjobs_cli.emulator.wire import present

MAX_RUNNING = 32
"""How many jobs run at once; others wait in SCHEDULING."""

LEFT_BEHIND = "The process that ran the job on this machine is gone, so how it ended is not known"

_POLL_SECS = 0.05
_LINGER_SECS = 1.0
_PATIENCE_SECS = 1.0
_START_SECS = 10.0

_starting = threading.Lock()


@contextmanager
def held(state: State, patience_secs: float = 0.0) -> Iterator[bool]:
    """Hold the lock of a state directory for a block; yield False if somebody else has it for that long.

    The lock is a transaction on an empty SQLite file: it is let go of when the process ends, on every system.
    """
    with closing(sqlite3.connect(state.lock, timeout=patience_secs, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            yield False
        else:
            yield True


def look_after(store: Store, state: State) -> None:
    """Make sure that the jobs of a store are being run, and that those left behind are not said to run.

    Raises OSError if no supervisor can be started.
    """
    with store.read() as tables:
        if not tables.unfinished_jobs():
            return
    with _starting:
        with held(state) as is_idle:
            if not is_idle:
                return
            settle(store, state)
        if _is_waiting(store):
            _start(state)


def _start(state: State) -> None:
    """Start a supervisor and wait until it is at work."""
    from hfjobs_cli.emulator.processes import detached

    process = detached(["-m", __name__, str(state.root)], errors=state.supervisor_errors)
    # Nobody else collects its exit code, should this process live longer.
    threading.Thread(target=process.wait, daemon=True).start()
    until = time.monotonic() + _START_SECS
    while process.poll() is None and time.monotonic() < until:
        with held(state) as is_idle:
            if not is_idle:
                return
        time.sleep(0.01)


def settle(store: Store, state: State) -> None:
    """Write down the truth about jobs that a supervisor left behind, and end their processes. Needs the lock."""
    from hfjobs_cli.emulator import processes

    with store.write() as tables:
        for identifier in tables.jobs_with_processes():
            process = tables.process_of(identifier)
            if process is not None:
                processes.end(process, force=True)
            tables.set_process(identifier, None)
            shutil.rmtree(state.work_of(identifier), ignore_errors=True)
        for job in tables.unfinished_jobs(["RUNNING"]):
            lifecycle.end(job, "ERROR", LEFT_BEHIND, present())
            tables.save_job(job)


def _is_waiting(store: Store) -> bool:
    with store.read() as tables:
        return bool(tables.unfinished_jobs(["SCHEDULING"]))


def supervise(store: Store, state: State) -> None:
    """Run the jobs that wait until none is left, unless somebody else does."""
    while _is_waiting(store):
        with held(state, _PATIENCE_SECS) as is_mine:
            if not is_mine:
                return
            settle(store, state)
            _run_all(store, state)
        # A job that came after the last look, and found the lock taken, is seen by the next.


def _run_all(store: Store, state: State) -> None:
    from hfjobs_cli.emulator.runner import Run

    runs: dict[str, Run] = {}
    idle_since = time.monotonic()
    while runs or time.monotonic() - idle_since < _LINGER_SECS:
        with store.read() as tables:
            unfinished = tables.unfinished_jobs()
        ids = {job["id"] for job in unfinished}
        for run in runs.values():
            if run.job_id not in ids:
                run.stop()
        waiting = [job for job in unfinished if job["status"]["stage"] == "SCHEDULING" and job["id"] not in runs]
        for job in waiting[: MAX_RUNNING - len(runs)]:
            runs[job["id"]] = Run(store, state, job)
            runs[job["id"]].start()
        runs = {identifier: run for identifier, run in runs.items() if run.is_alive()}
        if runs:
            idle_since = time.monotonic()
        time.sleep(_POLL_SECS)


if __name__ == "__main__":
    _state = State(Path(sys.argv[1]))
    supervise(Store(_state), _state)
