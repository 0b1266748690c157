"""What the API does with jobs, apart from HTTP. Bodies and queries have been validated by then."""

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.account import USER, jobs_usage, owner_of
from hfjobs_cli.emulator.api_types import ApiError, Clock, Document, new_id
from hfjobs_cli.emulator.output import LogReader, log_events, metric_events, one_line
from hfjobs_cli.emulator.private_directory import State
from hfjobs_cli.emulator.store import Store, StoreError, Tables, supervisor_lock

if TYPE_CHECKING:
    from hfjobs_cli.emulator.supervisor import Launcher

NEVER_RUN = "(this is a sample job of the emulator: it never ran and has no output)"
METRICS_EVERY_SECS = 1.0


class Jobs:
    """The jobs of one store. Methods raise ApiError and StoreError."""

    def __init__(self, store: Store, state: State, *, clock: Clock, max_running: int) -> None:
        """Use `store`. At most `max_running` jobs run at once; with 0 they are stored but not run."""
        self._store = store
        self._state = state
        self._clock = clock
        self._max_running = max_running
        self._launching = threading.Lock()
        self._opener = new_id(clock())
        self._samples: dict[str, datetime] | None = None

    def page(
        self,
        namespace: str,
        stages: Sequence[str],
        labels: Iterable[tuple[str, str]],
        after: tuple[str, str] | None,
        size: int,
    ) -> tuple[list[Document], bool]:
        """Return up to `size` jobs, the newest first, and whether more follow.

        `after` is the `createdAt` and `id` of the last job of the previous page.
        """
        owner_of(namespace)
        self.poll()
        with self._store.read() as tables:
            found = tables.newest_jobs(namespace, stages=stages, labels=labels, after=after, limit=size + 1)
        now = self._clock()
        return [lifecycle.live(job, now) for job in found[:size]], len(found) > size

    def count(self, namespace: str, stages: Sequence[str]) -> int:
        """Return how many jobs of a namespace are in any of these stages, or in all."""
        owner_of(namespace)
        self.poll()
        with self._store.read() as tables:
            return tables.count_jobs(namespace, stages)

    def usage(self) -> Document:
        """Return the usage of the user's jobs of this month, with what the Hub would bill."""
        self.poll()
        with self._store.read() as tables:
            return jobs_usage(tables.all_jobs(USER["name"]), self._clock())

    def find(self, namespace: str, identifier: str) -> Document:
        """Return a job."""
        self.poll()
        with self._store.read() as tables:
            return self._live(self._in(tables, namespace, identifier))

    def create(self, namespace: str, specification: Document, secrets: dict[str, str]) -> Document:
        """Create and start a job; its initiator is the organization of the namespace, or else the user."""
        owner = owner_of(namespace)
        job = lifecycle.new_job(
            specification,
            owner=owner,
            initiator=owner,
            now=self._clock(),
        )
        with self._store.write() as tables:
            self.add(tables, job, secrets)
        return self._started(job)

    def duplicate(self, namespace: str, identifier: str) -> Document:
        """Create and start a copy of a job, with its secrets."""
        with self._store.write() as tables:
            source = self._in(tables, namespace, identifier)
            job = lifecycle.new_job(
                source,
                owner=source["owner"],
                initiator={"type": "duplicated-job", "id": identifier},
                now=self._clock(),
            )
            self.add(tables, job, tables.secrets_of_job(identifier))
        return self._started(job)

    def add(self, tables: Tables, job: Document, secrets: dict[str, str]) -> None:
        """Store a job; the next `poll` starts it."""
        tables.add_job(job, secrets, opener=self._opener)

    def poll(self) -> None:
        """Start added jobs and end canceled ones. After a failure the next call tries again."""
        with suppress(StoreError):
            self._end_samples()
            if self._max_running:
                self._launch()

    def _launch(self) -> None:
        """Start a supervisor if jobs wait or run, or have left processes, while none is running."""
        with self._store.read() as tables:
            if not tables.has_unfinished_jobs() and not tables.jobs_with_processes():
                return
        with self._launching:
            with supervisor_lock(self._state) as is_idle:
                if not is_idle:
                    return
            self._launcher.poll()

    @cached_property
    def _launcher(self) -> "Launcher":
        # Loaded when it is needed: psutil takes some milliseconds.
        from hfjobs_cli.emulator.supervisor import Launcher

        return Launcher(self._store, self._state, self._max_running)

    def _end_samples(self) -> None:
        """End the sample jobs whose timeout has passed. They are not run, so nothing else ends them."""
        if self._samples is None:
            with self._store.read() as tables:
                self._samples = {job["id"]: lifecycle.timeout_at(job) for job in tables.sample_jobs()}
        now = self._clock()
        over = [identifier for identifier, moment in self._samples.items() if moment <= now]
        if not over:
            return
        with self._store.write() as tables:
            for identifier in over:
                job = tables.job_anywhere(identifier)
                if job is not None and lifecycle.is_active(job):
                    lifecycle.end(job, "ERROR", "Job timeout", self._samples[identifier])
                    tables.save_job(job)
        self._samples = {each: moment for each, moment in self._samples.items() if each not in over}

    def cancel(self, namespace: str, identifier: str) -> Document:
        """Mark an unfinished job as canceled; the supervisor ends its process."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            if lifecycle.is_active(job):
                lifecycle.end(job, "CANCELED", None, self._clock())
                tables.save_job(job)
        self.poll()
        return job

    def set_labels(self, namespace: str, identifier: str, labels: dict[str, str]) -> Document:
        """Replace the labels of a job."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            job["labels"] = labels
            tables.save_job(job)
        return self._live(job)

    def expose(self, namespace: str, identifier: str, ports: Document) -> Document:
        """Replace the exposed ports of a running job."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            if job["status"]["stage"] != "RUNNING":
                raise ApiError(400, "Job is not running")
            lifecycle.expose(job, ports)
            tables.save_job(job)
        return self._live(job)

    def stop(self) -> int:
        """Cancel the jobs that were created through this object, and return how many."""
        with self._store.write() as tables:
            jobs = tables.unfinished_jobs(opener=self._opener)
            for job in jobs:
                lifecycle.end(job, "CANCELED", "The emulator was stopped", self._clock())
                tables.save_job(job)
        self.poll()
        return len(jobs)

    def output(self, namespace: str, identifier: str, tail: int | None) -> Iterable[str | None]:
        """Yield the output of a job as events until it ends; None when there is nothing new."""
        job = self.find(namespace, identifier)
        with self._store.read() as tables:
            if not tables.is_real(identifier):
                return one_line(NEVER_RUN, job["createdAt"])
        reader = LogReader(self._state.log_of(identifier), tail)
        return log_events(reader, lambda: self._is_active(namespace, identifier))

    def metrics(self, namespace: str, identifier: str) -> Iterable[str | None]:
        """Yield the metrics of a job as events until it ends; None when there is nothing new."""
        with self._store.read() as tables:
            is_real = tables.is_real(identifier)
        if not lifecycle.is_active(self.find(namespace, identifier)) or not is_real:
            raise ApiError(406, "Job is not running")

        def measure() -> Iterable[Document]:
            return self._launcher.measurements(identifier, METRICS_EVERY_SECS)

        return metric_events(measure, lambda: self._is_active(namespace, identifier))

    def _is_active(self, namespace: str, identifier: str) -> bool:
        """Return whether a job has not ended; False if it does not exist or cannot be read."""
        try:
            return lifecycle.is_active(self.find(namespace, identifier))
        except (ApiError, StoreError):
            return False

    def _started(self, job: Document) -> Document:
        self.poll()
        return self._live(job)

    def _live(self, job: Document) -> Document:
        return lifecycle.live(job, self._clock())

    @staticmethod
    def _in(tables: Tables, namespace: str, identifier: str) -> Document:
        owner_of(namespace)
        job = tables.job(namespace, identifier)
        if job is None:
            raise ApiError(404, "Job not found")
        return job
