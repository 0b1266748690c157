"""One job from its start to its end: a process, its output, its time, its attempts."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple, cast

from hfjobs_cli.emulator import lifecycle, processes
from hfjobs_cli.emulator.account import built_in_environment
from hfjobs_cli.emulator.api_types import Document, present
from hfjobs_cli.emulator.buckets import mounted
from hfjobs_cli.emulator.output import Collector, Log
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.processes import ProcessGroup
from hfjobs_cli.emulator.store import Store, StoreError, Uninitialized

MARK = "HFJOBS_EMULATOR_JOB"
"""A variable with the job's directory, by which all processes of a job can be found."""

_DRAIN_SECS = 5.0
_RETRY_SECS = 1.0
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126


class _Outcome(NamedTuple):
    stage: str
    message: str | None = None


class Run(threading.Thread):
    """A running job. The caller of `stop` has stored why it ends."""

    def __init__(self, store: Store, state: State, process_group: ProcessGroup, job_id: str) -> None:
        """Prepare to run a waiting job. Nothing happens before `start`."""
        super().__init__(name=job_id, daemon=True)
        self._process_group = process_group
        self.job_id = job_id
        self._store = store
        self._state = state
        self._stopped = threading.Event()
        self._failures = 0

    def stop(self) -> None:
        """End the job: terminate its process, and kill it some seconds later."""
        self._stopped.set()

    def run(self) -> None:
        """Run the job until it ends, unless it was canceled before."""
        try:
            with self._store.write() as tables:
                job = tables.job_anywhere(self.job_id)
                if job is None or job["status"]["stage"] != "SCHEDULING":
                    return
                secrets = tables.secrets_of_job(self.job_id)
                lifecycle.start(job, present())
                tables.save_job(job)
        except StoreError:  # it still waits, and is tried again
            time.sleep(_RETRY_SECS)
            return
        directory = self._state.work_of(self.job_id)
        log = Log(self._state.log_of(self.job_id))
        try:
            directory.parent.mkdir(mode=0o700, exist_ok=True)
            directory.mkdir(mode=0o700)
            job = _with_mounts(job, mounted(self._state, job))
            outcome = self._attempts(job, _environment(job, secrets, directory), directory, log)
        except (OSError, ValueError) as error:
            outcome = _Outcome("ERROR", f"The emulator could not run the job: {error}")
        finally:
            log.close()
            shutil.rmtree(directory, ignore_errors=True)
        while not self._store_outcome(outcome):
            log.make_room()  # how the job ended is worth more than the end of its output
            time.sleep(_RETRY_SECS)

    def _store_outcome(self, outcome: _Outcome) -> bool:
        """Store how the job ended, and return whether that succeeded: a full disk may be temporary."""
        try:
            with self._store.write() as tables:
                tables.set_process(self.job_id, None)
                job = tables.job_anywhere(self.job_id)
                if job is not None and lifecycle.is_active(job):
                    job["status"]["failureCount"] = self._failures
                    lifecycle.end(job, outcome.stage, outcome.message, present())
                    tables.save_job(job)
        except Uninitialized:
            return True
        except StoreError:
            return False
        return True

    def _attempts(self, job: Document, environment: dict[str, str], directory: Path, log: Log) -> _Outcome:
        """Run the command until it succeeds or all attempts are used up."""
        argv = [*job.get("command", ()), *job.get("arguments", ())]
        if not argv:
            return _Outcome("ERROR", "The job has no command, and the emulator does not run the command of its image")
        deadline = time.monotonic() + job["timeout"]
        while True:
            if time.monotonic() > deadline:  # checked here too, for commands that cannot be started
                return _Outcome("ERROR", "Job timeout")
            log.add_header(present())
            code = self._attempt(argv, environment, directory, log, deadline)
            if code == 0:
                return _Outcome("COMPLETED")
            self._failures += 1
            if not self._count_failures():
                return _Outcome("CANCELED")
            if code is None:
                return _Outcome("ERROR", "Job timeout")
            if self._failures > job.get("retry", 0):
                return _Outcome("ERROR", f"Job failed with exit code: {code}. Reason: Error.")

    def _attempt(
        self, argv: list[str], environment: dict[str, str], directory: Path, log: Log, deadline: float
    ) -> int | None:
        """Run the command once and return its exit code, 128 and more for a signal; None if it timed out."""
        try:
            process = self._process_group.start(
                lambda: processes.start(_found(argv, environment), directory=directory, environment=environment)
            )
        except OSError as error:
            log.add(f"{argv[0]}: {error.strerror}")
            return _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
        collector = Collector(cast(IO[bytes], process.stdout), log)
        collector.start()
        identity = processes.identify(process.pid)
        is_in_time = True
        try:
            with suppress(StoreError), self._store.write() as tables:  # only metrics need it
                tables.set_process(self.job_id, identity)
            is_in_time = self._wait(process, deadline)
        finally:
            if process.poll() is None and identity is not None:
                self._process_group.end(identity)
            # Its descendants end with it, as in a container.
            code = self._process_group.collect(process)
            processes.kill_marked(MARK, {environment[MARK]})
            collector.finish(_DRAIN_SECS)
        return (code if code >= 0 else 128 - code) if is_in_time else None

    def _wait(self, process: "subprocess.Popen[bytes]", deadline: float) -> bool:
        """Wait until the process ends or is to be stopped. Return False if it timed out."""
        while process.poll() is None and not self._stopped.wait(0.02):
            if time.monotonic() > deadline:
                return False
        return True

    def _count_failures(self) -> bool:
        """Store the number of failures, if possible, and return whether the job may go on."""
        with suppress(StoreError), self._store.write() as tables:
            job = tables.job_anywhere(self.job_id)
            if job is None or not lifecycle.is_active(job):
                return False
            job["status"]["failureCount"] = self._failures
            tables.save_job(job)
        return not self._stopped.is_set()


def _environment(job: Document, secrets: dict[str, str], directory: Path) -> dict[str, str]:
    """Return the environment of a job. Its own variables take precedence, as in a container."""
    home = str(directory)
    kept = {name: os.environ[name] for name in processes.INHERITED_VARIABLES if name in os.environ}
    # A job always finds `python`, at least the one that runs the emulator.
    kept["PATH"] = os.pathsep.join(filter(None, [kept.get("PATH"), str(Path(sys.executable).parent)]))
    # Temporary files of a job are removed with its directory, as with a container.
    built_in = {"HOME": home, "USERPROFILE": home, "TMPDIR": home, **built_in_environment(job)}
    return {**kept, **built_in, **job["environment"], **secrets, MARK: home}


def _with_mounts(job: Document, mounts: dict[str, Path]) -> Document:
    """Return a job with directories of this machine in place of mount paths, in its command and its variables."""
    paths = sorted(filter(None, mounts), key=len, reverse=True)
    if not paths:
        return job
    pattern = re.compile(rf"(?<![\w./-])({'|'.join(map(re.escape, paths))})(?![\w.-])")

    def here(text: str) -> str:
        return pattern.sub(lambda found: str(mounts[found[1]]), text)

    environment = {name: here(value) for name, value in job["environment"].items()}
    words = {key: list(map(here, job[key])) for key in ("command", "arguments") if key in job}
    return job | words | {"environment": environment}


def _found(argv: list[str], environment: dict[str, str]) -> list[str]:
    """Return the command line; on Windows, with the program found on the job's PATH, which Windows does not search."""
    program = shutil.which(argv[0], path=environment.get("PATH")) if os.name == "nt" else None
    return [program or argv[0], *argv[1:]]
