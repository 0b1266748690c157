"""The supervisor: the process that runs the jobs of one state directory. `reset` ends them and deletes the data.

There is at most one, started when there is something to run. It outlives the command or server that started it, so
its jobs go on when that ends or is killed. While it runs it holds a lock, which the system releases however it ends.
A job that is running while nobody holds the lock has lost its supervisor.
"""

import shutil
import threading
import time
from collections.abc import Container, Iterable
from contextlib import suppress
from pathlib import Path

from hfjobs_cli.emulator import lifecycle, processes
from hfjobs_cli.emulator.api_types import Document, present
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.runner import MARK, Run
from hfjobs_cli.emulator.store import Store, StoreError, Uninitialized, Unreadable, supervisor_lock

LEFT_BEHIND = "The process that ran the job no longer exists, so its result is unknown"

_POLL_SECS = 0.05
_LINGER_SECS = 1.0
_LOCK_SECS = 1.0
_START_SECS = 10.0
_RETRY_SECS = 5.0

_RESET_SECS = 20.0
"""How long `reset` waits for jobs to end; longer than the supervisor gives them."""

# It runs in the state directory, so that nothing is imported from the user's current directory.
_PROGRAM = (
    "import sys; sys.path[0] = sys.argv[1]; "
    "from hfjobs_cli.emulator.supervisor import supervise; supervise(sys.argv[2], int(sys.argv[3]))"
)


class Launcher:
    """Starts a supervisor for the jobs of a store when there is none, and settles jobs that have lost theirs."""

    def __init__(self, store: Store, state: State, max_running: int) -> None:
        """Do nothing yet. A supervisor that is started here runs up to `max_running` jobs at once."""
        self._max_running = max_running
        self._store = store
        self._state = state
        self._failed_at: float | None = None

    def poll(self) -> None:
        """Start a supervisor if jobs wait and none is running. Call it in one thread at a time. Raises StoreError.

        If it cannot be started, that becomes the message of the waiting jobs, and there is no new attempt for some
        seconds.
        """
        if self._failed_at is not None and time.monotonic() - self._failed_at < _RETRY_SECS:
            return
        with supervisor_lock(self._state) as is_idle:
            if not is_idle:
                return
            settle(self._store, self._state)
        if _is_waiting(self._store):
            self._start()

    def measurements(self, identifier: str, every_secs: float) -> Iterable[Document]:
        """Yield the resource usage of a job while its process runs. Raises StoreError."""
        with self._store.read() as tables:
            process = tables.process_of(identifier)
        return () if process is None else processes.measurements(process, identifier[-5:], every_secs)

    def _start(self) -> None:
        """Start a supervisor and wait until it, or another, holds the lock."""
        errors = self._state.supervisor_errors
        try:
            process = processes.start_python(
                _PROGRAM,
                str(Path(__file__).parents[2]),
                str(self._state.root),
                str(self._max_running),
                directory=self._state.root,
                errors=errors,
            )
        except OSError as error:
            self._fail(str(error))
            return
        # It is reaped here, should this process live longer.
        threading.Thread(target=process.wait, daemon=True).start()
        until = time.monotonic() + _START_SECS
        while process.poll() is None and time.monotonic() < until:
            with supervisor_lock(self._state) as is_idle:
                if not is_idle:
                    return
            time.sleep(0.01)
        if process.poll():
            self._fail(f"see {errors}")

    def _fail(self, reason: str) -> None:
        self._failed_at = time.monotonic()
        with self._store.write() as tables:
            for job in tables.unfinished_jobs(["SCHEDULING"]):
                job["status"]["message"] = f"Cannot start a process for the job: {reason}"
                tables.save_job(job)


def settle(store: Store, state: State, own_jobs: Container[str] = ()) -> None:
    """End the jobs that have lost their supervisor, and kill their processes. The caller holds the lock.

    `own_jobs` are the ids of the jobs that the caller runs.
    """
    with store.read() as tables:
        left = {each: tables.process_of(each) for each in tables.jobs_with_processes() if each not in own_jobs}
    directories = [path for path in state.directories_at_work() if path.name not in own_jobs]
    for process in left.values():
        if process is not None:
            processes.end(process)
    if directories:
        processes.kill_marked(MARK, {str(path) for path in directories})
    with store.write() as tables:
        for job in tables.unfinished_jobs(["RUNNING"]):
            if job["id"] not in own_jobs:
                lifecycle.end(job, "ERROR", LEFT_BEHIND, present())
                tables.save_job(job)
        for identifier in left:
            tables.set_process(identifier, None)
    for path in directories:
        shutil.rmtree(path, ignore_errors=True)


def supervise(root: str, max_running: int) -> None:
    """Run the jobs of a state directory until none is left, unless another supervisor does. Raises StoreError."""
    processes.start_watchdog()
    state = State(Path(root))
    store = Store(state)
    while _is_waiting(store):
        with supervisor_lock(state, _LOCK_SECS) as is_mine:
            if not is_mine:
                return
            settle(store, state)
            _run_all(store, state, max_running)
        # A job may have been added after the last poll but before the lock was released.


def _run_all(store: Store, state: State, max_running: int) -> None:
    process_group = processes.ProcessGroup()
    runs: dict[str, Run] = {}
    idle_since = time.monotonic()
    while runs or time.monotonic() - idle_since < _LINGER_SECS:
        with store.read() as tables:
            stages = tables.unfinished_stages()
        for identifier, run in runs.items():
            if identifier not in stages:
                run.stop()
        if any(stage == "RUNNING" and identifier not in runs for identifier, stage in stages.items()):
            settle(store, state, own_jobs=runs)  # the thread that ran it failed
            process_group.sweep()
        waiting = [each for each, stage in stages.items() if stage == "SCHEDULING" and each not in runs]
        for identifier in waiting[: max(0, max_running - len(runs))]:
            runs[identifier] = Run(store, state, process_group, identifier)
            runs[identifier].start()
        runs = {identifier: run for identifier, run in runs.items() if run.is_alive()}
        if runs:
            idle_since = time.monotonic()
        time.sleep(_POLL_SECS)


def _is_waiting(store: Store) -> bool:
    with store.read() as tables:
        return tables.has_unfinished_jobs(["SCHEDULING"])


def reset(directory: Path) -> bool:
    """Cancel all jobs of a state directory and delete its data; return False if it is not a state directory.

    A running server goes on, with a new store and its old token. Nothing is removed through symbolic links. Raises
    OSError: Untrusted if others can change or replace the files.
    """
    state = State(directory.absolute())
    if not state.is_made():
        return False
    store: Store | None = None
    with suppress(Uninitialized, Unreadable):
        store = Store(state)
        with store.write() as tables:
            for job in tables.unfinished_jobs():
                lifecycle.end(job, "CANCELED", None, present())
                tables.save_job(job)
            for schedule in tables.schedules():
                tables.delete_schedule(schedule["id"])
    with supervisor_lock(state, _RESET_SECS) as is_idle:
        if not is_idle:
            raise StoreError("some of them are still stopping")
        try:
            if store is not None:
                settle(store, state)
                store.clear()
        except Unreadable:
            store = None
        if store is None:
            for path in (state.database, state.database.with_name(f"{state.database.name}-journal")):
                path.unlink(missing_ok=True)
        for path in (state.logs, state.work, state.buckets, state.xet):
            shutil.rmtree(path, ignore_errors=True)
        for path in (state.supervisor_errors, state.token):
            path.unlink(missing_ok=True)
    return True
