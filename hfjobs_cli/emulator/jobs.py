"""What can be asked of jobs, apart from HTTP. Whatever is given from outside has been checked for its form."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.accounts import ORGANISATION, USER, owner_of
from hfjobs_cli.emulator.store import Store, Tables
from hfjobs_cli.emulator.wire import ApiError, Document, new_id

Clock = Callable[[], datetime]


class Jobs:
    """The jobs of one store. Methods raise ApiError and StoreError."""

    def __init__(self, store: Store, *, clock: Clock, look_after: Callable[[], None]) -> None:
        """Use `store`; `look_after` is called to have jobs run, and before they are shown."""
        self._store = store
        self._clock = clock
        self._look_after = look_after
        self._server = new_id(clock())

    def page(
        self,
        namespace: str,
        stages: Sequence[str],
        labels: Iterable[tuple[str, str]],
        after: tuple[str, str] | None,
        size: int,
    ) -> tuple[list[Document], bool]:
        """Return up to `size` jobs, the newest first, and whether more follow.

        `after` is the `createdAt` and `id` of the job before the first.
        """
        owner_of(namespace)
        self._look_after()
        with self._store.read() as tables:
            found = tables.newest_jobs(namespace, stages=stages, labels=labels, after=after, limit=size + 1)
        now = self._clock()
        return [lifecycle.live(job, now) for job in found[:size]], len(found) > size

    def count(self, namespace: str, stages: Sequence[str]) -> int:
        """Return how many jobs of a namespace are in any of these stages, or in all."""
        owner_of(namespace)
        self._look_after()
        with self._store.read() as tables:
            return tables.count_jobs(namespace, stages)

    def find(self, namespace: str, identifier: str) -> Document:
        """Return a job."""
        self._look_after()
        with self._store.read() as tables:
            return self._live(self._in(tables, namespace, identifier))

    def create(self, namespace: str, specification: Document, secrets: dict[str, str]) -> Document:
        """Have a job run that somebody asked for: an organisation if it is in its namespace, else the user."""
        owner = owner_of(namespace)
        job = lifecycle.new_job(
            specification,
            owner=owner,
            initiator=ORGANISATION if owner is ORGANISATION else USER,
            now=self._clock(),
        )
        with self._store.write() as tables:
            self.add(tables, job, secrets)
        return self._begun(job)

    def duplicate(self, namespace: str, identifier: str) -> Document:
        """Have a job run that is like another, secrets and all."""
        with self._store.write() as tables:
            source = self._in(tables, namespace, identifier)
            job = lifecycle.new_job(
                source,
                owner=source["owner"],
                initiator={"type": "duplicated-job", "id": identifier},
                now=self._clock(),
            )
            self.add(tables, job, tables.secrets_of_job(identifier))
        return self._begun(job)

    def add(self, tables: Tables, job: Document, secrets: dict[str, str]) -> None:
        """Keep a job that was made through this server."""
        tables.add_job(job, secrets, server=self._server)

    def begin(self) -> None:
        """Have what was added run. Nothing is lost if that fails: whoever looks next tries again."""
        with suppress(OSError):
            self._look_after()

    def cancel(self, namespace: str, identifier: str) -> Document:
        """End a job that has not ended; the supervisor sees to its process."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            if lifecycle.is_active(job):
                lifecycle.end(job, "CANCELED", None, self._clock())
                tables.save_job(job)
        return job

    def set_labels(self, namespace: str, identifier: str, labels: dict[str, str]) -> Document:
        """Replace the labels of a job."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            job["labels"] = labels
            tables.save_job(job)
        return self._live(job)

    def expose(self, namespace: str, identifier: str, ports: Document) -> Document:
        """Replace the ports of a job that runs."""
        with self._store.write() as tables:
            job = self._in(tables, namespace, identifier)
            if job["status"]["stage"] != "RUNNING":
                raise ApiError(400, "Job is not running")
            lifecycle.expose(job, ports)
            tables.save_job(job)
        return self._live(job)

    def stop(self) -> int:
        """Cancel the jobs that were created through this server, and return how many."""
        with self._store.write() as tables:
            jobs = tables.unfinished_jobs(server=self._server)
            for job in jobs:
                lifecycle.end(job, "CANCELED", "The emulator was stopped", self._clock())
                tables.save_job(job)
        return len(jobs)

    def _begun(self, job: Document) -> Document:
        self.begin()
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
