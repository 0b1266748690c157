"""Scheduled jobs: what the API does with them, when they are due, and the thread that runs them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from hfjobs_cli.emulator import lifecycle
from hfjobs_cli.emulator.account import owner_of
from hfjobs_cli.emulator.api_types import ApiError, Clock, Document, new_id, wire_time
from hfjobs_cli.emulator.jobs import Jobs
from hfjobs_cli.emulator.store import Store, StoreError, Tables

MISSED_SECS = 60
_STEP_BACK = timedelta(seconds=2)
"""How far the clock may be set back before runs are planned anew: the last run must not be repeated."""

BUSY = (
    "Another job is already running at the same time, set `concurrency` to allow multiple instances of scheduled jobs "
    "to run concurrently"
)


class Schedules:
    """The scheduled jobs of one store. Methods raise ApiError and StoreError."""

    def __init__(self, store: Store, jobs: Jobs, *, clock: Clock) -> None:
        """Use `store`; `jobs` runs what is due."""
        self._store = store
        self._jobs = jobs
        self._clock = clock
        self._latest = clock()

    def of_namespace(self, namespace: str, label: tuple[str, str] | None) -> list[Document]:
        """Return the scheduled jobs of a namespace, the newest first; with a label, those that have it."""
        owner_of(namespace)
        with self._store.read() as tables:
            found = tables.schedules(namespace)
        return [each for each in found if label is None or label in each["jobSpec"].get("labels", {}).items()]

    def find(self, namespace: str, identifier: str) -> Document:
        """Return a scheduled job."""
        with self._store.read() as tables:
            return self._in(tables, namespace, identifier)

    def create(
        self,
        namespace: str,
        specification: Document,
        secrets: dict[str, str],
        *,
        schedule: str,
        suspend: bool,
        concurrency: bool,
    ) -> Document:
        """Store a scheduled job."""
        owner = owner_of(namespace)
        now = self._clock()
        made: Document = {
            "type": "scheduled-job",
            "id": new_id(now),
            "createdAt": wire_time(now),
            "schedule": schedule,
            "suspend": suspend,
            "concurrency": concurrency,
            "status": {"lastJob": None, "nextJobRunAt": wire_time(next_run(schedule, now))},
            "owner": owner,
            "initiator": owner,
            "jobSpec": specification,
        }
        with self._store.write() as tables:
            tables.add_schedule(made, secrets)
        return made

    def delete(self, namespace: str, identifier: str) -> None:
        """Delete a scheduled job. Jobs that it started continue."""
        with self._store.write() as tables:
            self._in(tables, namespace, identifier)
            tables.delete_schedule(identifier)

    def suspend(self, namespace: str, identifier: str) -> None:
        """Suspend a scheduled job."""
        with self._changed(namespace, identifier) as (_, made):
            made["suspend"] = True

    def resume(self, namespace: str, identifier: str) -> None:
        """Resume a scheduled job, from its next time on: missed runs are not made up for."""
        with self._changed(namespace, identifier) as (_, made):
            made["suspend"] = False
            made.pop("suspendReason", None)
            self._plan(made)

    def reschedule(self, namespace: str, identifier: str, schedule: str) -> Document:
        """Change when a scheduled job is run."""
        with self._changed(namespace, identifier) as (_, made):
            made["schedule"] = schedule
            self._plan(made)
        return made

    def set_labels(self, namespace: str, identifier: str, labels: dict[str, str]) -> Document:
        """Replace the labels of future runs."""
        with self._changed(namespace, identifier) as (_, made):
            made["jobSpec"]["labels"] = labels
        return made

    def run(self, namespace: str, identifier: str) -> Document:
        """Run a scheduled job now. Raises ApiError 409 if it is still running, unless it allows concurrent runs."""
        with self._changed(namespace, identifier) as (tables, made):
            job = self._add_run(tables, made)
        if job is None:
            raise ApiError(409, BUSY)
        self._jobs.poll()
        return lifecycle.live(job, self._clock())

    def run_due(self) -> None:
        """Start the jobs of due schedules. Overlapping runs are skipped unless allowed."""
        moment = self._clock()
        if self._latest - moment > _STEP_BACK:
            self._follow_clock(moment)
            self._latest = moment
        self._latest = max(self._latest, moment)
        now = wire_time(moment)
        with self._store.read() as tables:
            if not any(_is_due(made, now) for made in tables.schedules()):
                return
        with self._store.write() as tables:
            for made in tables.schedules():
                if _is_due(made, now):
                    self._add_run(tables, made)
                    self._plan(made)
                    tables.save_schedule(made)
        self._jobs.poll()

    def skip_missed(self) -> None:
        """Plan the next run of schedules that were due more than a minute ago, when no server ran: they are skipped."""
        self._follow_clock(self._clock())
        long_ago = wire_time(self._clock() - timedelta(seconds=MISSED_SECS))
        with self._store.write() as tables:
            for made in tables.schedules():
                if made["status"]["nextJobRunAt"] < long_ago:
                    self._plan(made)
                    tables.save_schedule(made)

    def _follow_clock(self, now: datetime) -> None:
        """Plan anew the runs that were planned before the clock was set back: they would come too late."""
        with self._store.write() as tables:
            for made in tables.schedules():
                if made["status"]["nextJobRunAt"] > wire_time(next_run(made["schedule"], now) + _STEP_BACK):
                    self._plan(made)
                    tables.save_schedule(made)

    def _add_run(self, tables: Tables, made: Document) -> Document | None:
        if not made["concurrency"] and tables.has_unfinished_run(made["id"]):
            return None
        initiator = {"type": "scheduled-job", "id": made["id"]}
        job = lifecycle.new_job(made["jobSpec"], owner=made["owner"], initiator=initiator, now=self._clock())
        self._jobs.add(tables, job, tables.secrets_of_schedule(made["id"]))
        made["status"]["lastJob"] = {"id": job["id"], "at": job["createdAt"]}
        return job

    def _plan(self, made: Document) -> None:
        made["status"]["nextJobRunAt"] = wire_time(next_run(made["schedule"], self._clock()))

    @contextmanager
    def _changed(self, namespace: str, identifier: str) -> Iterator[tuple[Tables, Document]]:
        with self._store.write() as tables:
            made = self._in(tables, namespace, identifier)
            yield tables, made
            tables.save_schedule(made)

    @staticmethod
    def _in(tables: Tables, namespace: str, identifier: str) -> Document:
        owner_of(namespace)
        made = tables.schedule(namespace, identifier)
        if made is None:
            raise ApiError(404, "Scheduled job not found")
        return made


def _is_due(made: Document, now: str) -> bool:
    """Return whether a scheduled job should be run at `now`."""
    return not made["suspend"] and made["status"]["nextJobRunAt"] <= now


_ALIASES = {
    "@annually": "0 0 1 1 *",
    "@yearly": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def next_run(schedule: str, after: datetime) -> datetime:
    """Return the first time after `after` at which a schedule is due.

    Before the five fields of cron there may be one for seconds. Raises ApiError for a schedule that is invalid, never
    due, or has a seventh field, which the emulator does not support.
    """
    try:
        return next(CronSim(_ALIASES.get(schedule, schedule), after))
    except (CronSimError, ValueError) as error:  # ValueError: a number with too many digits for Python
        raise ApiError(400, f"schedule: {error}") from None
    except StopIteration:
        raise ApiError(400, "schedule: never due") from None


_TICK_SECS = 0.2


class Scheduler(threading.Thread):
    """Runs due schedules until it is stopped. Two schedulers on one store never run a schedule twice."""

    def __init__(self, schedules: Schedules, warn: Callable[[str], None]) -> None:
        """Run the schedules of `schedules`; `warn` is called if the store cannot be used."""
        super().__init__(name="scheduler", daemon=True)
        self._schedules = schedules
        self._warn = warn
        self._stopped = threading.Event()

    def run(self) -> None:
        """Poll until `stop`."""
        while not self._stopped.wait(_TICK_SECS):
            try:
                self._schedules.run_due()
            except StoreError as error:
                self._warn(f"could not run scheduled jobs: {error}")

    def stop(self) -> None:
        """Start no more jobs, and return once no job is being started."""
        self._stopped.set()
        self.join()
