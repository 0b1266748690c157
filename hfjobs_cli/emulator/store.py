"""Jobs and scheduled jobs as the Hub's JSON documents in one SQLite file, shared safely by threads and processes.

The lock of the supervisor is a second SQLite file.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Literal, NamedTuple

from hfjobs_cli.emulator.api_types import ACTIVE_STAGES, Document, Process
from hfjobs_cli.emulator.private_directory import State, Untrusted, make_private

_SCHEMA_VERSION = 2
_UNFINISHED = f"is_real AND stage IN {ACTIVE_STAGES}"
_SCHEMA = f"""
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    created_at TEXT NOT NULL,
    stage TEXT NOT NULL,
    document TEXT NOT NULL,
    secrets TEXT NOT NULL,     -- JSON, with values; the document has the names
    is_real INTEGER NOT NULL,  -- 0 for sample jobs, which are never run
    opener TEXT,               -- identifies the run of a server or command that created it
    process TEXT               -- JSON, [pid, time of creation], while there may be one
) WITHOUT ROWID;
CREATE INDEX jobs_newest_first ON jobs (namespace, created_at DESC, id DESC);
CREATE INDEX jobs_unfinished ON jobs (stage) WHERE {_UNFINISHED};
CREATE INDEX jobs_with_processes ON jobs (id) WHERE process IS NOT NULL;
CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    document TEXT NOT NULL,
    secrets TEXT NOT NULL
) WITHOUT ROWID;
"""
_WEBHOOKS = """
CREATE TABLE IF NOT EXISTS webhooks (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    secrets TEXT NOT NULL      -- of its job; the document has the names
) WITHOUT ROWID
"""
"""Stores of earlier versions lack this table; those versions can still use a store that has it."""

Secrets = dict[str, str]


class StoreError(OSError):
    """The database cannot be created, opened or read."""


class Unreadable(StoreError):
    """The database is damaged, or was written by another version."""


class Uninitialized(StoreError):
    """The database is empty, and the caller has no seed for it."""


class History(NamedTuple):
    """The sample data of a new store. These jobs are never run."""

    jobs: Iterable[Document] = ()
    schedules: Iterable[Document] = ()
    webhooks: Iterable[Document] = ()


class Tables:
    """Reads and writes in one transaction. Jobs and schedules are documents, changed by saving them."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Use the transaction that `connection` is in."""
        self._connection = connection

    def add_job(
        self, job: Document, secrets: Secrets | None = None, *, is_real: bool = True, opener: str | None = None
    ) -> None:
        """Store a new job."""
        values = (job["id"], job["owner"]["name"], job["createdAt"], job["status"]["stage"], json.dumps(job))
        self._connection.execute(
            "INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL)",
            (*values, json.dumps(secrets or {}), is_real, opener),
        )

    def save_job(self, job: Document) -> None:
        """Replace the document of a job."""
        self._connection.execute(
            "UPDATE jobs SET stage = ?, document = ? WHERE id = ?", (job["status"]["stage"], json.dumps(job), job["id"])
        )

    def job(self, namespace: str, identifier: str) -> Document | None:
        """Return a job of a namespace, None if there is none."""
        return self._one("SELECT document FROM jobs WHERE namespace = ? AND id = ?", namespace, identifier)

    def job_anywhere(self, identifier: str) -> Document | None:
        """Return a job of any namespace, None if there is none."""
        return self._one("SELECT document FROM jobs WHERE id = ?", identifier)

    def secrets_of_job(self, identifier: str) -> Secrets:
        """Return the secrets of a job with their values."""
        return self._one("SELECT secrets FROM jobs WHERE id = ?", identifier) or {}

    def newest_jobs(
        self,
        namespace: str,
        *,
        limit: int,
        stages: Sequence[str] = (),
        labels: Iterable[tuple[str, str]] = (),
        after: tuple[str, str] | None = None,
    ) -> list[Document]:
        """Return up to `limit` jobs, newest first, that are in any of `stages` and have all of `labels`.

        `after` is the `createdAt` and `id` of the last job of the previous page, so that new jobs do not shift pages.
        """
        where, values = _in_stages(namespace, stages)
        for key, value in labels:
            where += " AND json_extract(document, ?) = ?"
            values += [f'$.labels."{key}"', value]
        if after is not None:
            where += " AND (created_at, id) < (?, ?)"
            values += after
        return self._all(
            f"SELECT document FROM jobs WHERE {where} ORDER BY created_at DESC, id DESC LIMIT ?",  # noqa: S608
            *values,
            limit,
        )

    def all_jobs(self, namespace: str) -> Iterator[Document]:
        """Yield the jobs of a namespace in no order, without keeping them in memory."""
        for (text,) in self._connection.execute("SELECT document FROM jobs WHERE namespace = ?", (namespace,)):
            yield json.loads(text)

    def count_jobs(self, namespace: str, stages: Sequence[str]) -> int:
        """Return how many jobs of a namespace are in any of `stages`, or in all if it is empty."""
        where, values = _in_stages(namespace, stages)
        (count,) = self._connection.execute(f"SELECT count(*) FROM jobs WHERE {where}", values).fetchone()  # noqa: S608
        return int(count)

    def unfinished_jobs(self, stages: Sequence[str] = ACTIVE_STAGES, opener: str | None = None) -> list[Document]:
        """Return the jobs that wait or run on this machine: of one `opener`, or all."""
        where = f"{_UNFINISHED} AND stage IN ({_marks(stages)})" + (" AND opener = ?" if opener else "")
        return self._all(f"SELECT document FROM jobs WHERE {where}", *stages, *([opener] if opener else []))  # noqa: S608

    def has_unfinished_jobs(self, stages: Sequence[str] = ACTIVE_STAGES) -> bool:
        """Return whether there are such jobs."""
        return self._has(f"SELECT 1 FROM jobs WHERE {_UNFINISHED} AND stage IN ({_marks(stages)})", *stages)  # noqa: S608

    def unfinished_stages(self) -> dict[str, str]:
        """Return the stages of such jobs by their ids, the oldest job first."""
        query = f"SELECT id, stage FROM jobs WHERE {_UNFINISHED} ORDER BY created_at, id"  # noqa: S608
        return dict(self._connection.execute(query))

    def has_unfinished_run(self, schedule: str) -> bool:
        """Return whether a run of this schedule has not ended."""
        return self._has(
            f"SELECT 1 FROM jobs WHERE {_UNFINISHED} AND "  # noqa: S608
            "json_extract(document, '$.initiator.type') = 'scheduled-job' AND "
            "json_extract(document, '$.initiator.id') = ?",
            schedule,
        )

    def set_process(self, identifier: str, process: Process | None) -> None:
        """Store the process that runs a job, or None."""
        text = None if process is None else json.dumps(process)
        self._connection.execute("UPDATE jobs SET process = ? WHERE id = ?", (text, identifier))

    def process_of(self, identifier: str) -> Process | None:
        """Return the process that runs a job, None if there is none."""
        query = "SELECT process FROM jobs WHERE id = ? AND process IS NOT NULL"
        row = self._connection.execute(query, (identifier,)).fetchone()
        return None if row is None else Process(*json.loads(row[0]))

    def jobs_with_processes(self) -> list[str]:
        """Return the ids of the jobs with a stored process, which may have been killed."""
        return [row[0] for row in self._connection.execute("SELECT id FROM jobs WHERE process IS NOT NULL")]

    def is_real(self, identifier: str) -> bool:
        """Return whether a job was, is or will be run, unlike the sample jobs."""
        return self._has("SELECT 1 FROM jobs WHERE id = ? AND is_real", identifier)

    def sample_jobs(self, stages: Sequence[str] = ACTIVE_STAGES) -> list[Document]:
        """Return the sample jobs that are in any of `stages`."""
        return self._all(f"SELECT document FROM jobs WHERE NOT is_real AND stage IN ({_marks(stages)})", *stages)  # noqa: S608

    def has_history(self) -> bool:
        """Return whether the store has sample jobs."""
        return self._has("SELECT 1 FROM jobs WHERE NOT is_real")

    def add_schedule(self, schedule: Document, secrets: Secrets | None = None) -> None:
        """Store a new scheduled job."""
        self._connection.execute(
            "INSERT INTO schedules VALUES (?, ?, ?, ?)",
            (schedule["id"], schedule["owner"]["name"], json.dumps(schedule), json.dumps(secrets or {})),
        )

    def save_schedule(self, schedule: Document) -> None:
        """Replace the document of a scheduled job."""
        self._connection.execute(
            "UPDATE schedules SET document = ? WHERE id = ?", (json.dumps(schedule), schedule["id"])
        )

    def delete_schedule(self, identifier: str) -> None:
        """Delete a scheduled job; its runs stay."""
        self._connection.execute("DELETE FROM schedules WHERE id = ?", (identifier,))

    def schedule(self, namespace: str, identifier: str) -> Document | None:
        """Return a scheduled job of a namespace, None if there is none."""
        return self._one("SELECT document FROM schedules WHERE namespace = ? AND id = ?", namespace, identifier)

    def schedules(self, namespace: str | None = None) -> list[Document]:
        """Return the scheduled jobs of a namespace, or all, newest first."""
        where, values = ("namespace = ?", [namespace]) if namespace else ("1", [])
        newest = "json_extract(document, '$.createdAt') DESC, id DESC"
        return self._all(f"SELECT document FROM schedules WHERE {where} ORDER BY {newest}", *values)  # noqa: S608

    def secrets_of_schedule(self, identifier: str) -> Secrets:
        """Return the secrets of a scheduled job with their values."""
        return self._one("SELECT secrets FROM schedules WHERE id = ?", identifier) or {}

    def keep_webhooks(self) -> None:
        """Create the table of webhooks if it is missing."""
        self._connection.execute(_WEBHOOKS)

    def can_keep_webhooks(self) -> bool:
        """Return whether there is a table of webhooks."""
        return self._has("SELECT 1 FROM sqlite_master WHERE name = 'webhooks'")

    def save_webhook(self, webhook: Document, secrets: Secrets) -> None:
        """Store or replace a webhook, with the secrets of its job."""
        values = (webhook["id"], json.dumps(webhook), json.dumps(secrets))
        self._connection.execute("INSERT OR REPLACE INTO webhooks VALUES (?, ?, ?)", values)

    def delete_webhook(self, identifier: str) -> None:
        """Delete a webhook; its jobs stay."""
        self._connection.execute("DELETE FROM webhooks WHERE id = ?", (identifier,))

    def webhook(self, identifier: str) -> Document | None:
        """Return a webhook, None if there is none."""
        return self._one("SELECT document FROM webhooks WHERE id = ?", identifier)

    def webhooks(self) -> list[Document]:
        """Return all webhooks, the oldest first."""
        return self._all("SELECT document FROM webhooks ORDER BY id")

    def secrets_of_webhook(self, identifier: str) -> Secrets:
        """Return the secrets of the job of a webhook with their values."""
        return self._one("SELECT secrets FROM webhooks WHERE id = ?", identifier) or {}

    def _one(self, query: str, *values: object) -> Document | None:
        row = self._connection.execute(query, values).fetchone()
        return None if row is None else json.loads(row[0])

    def _has(self, query: str, *values: object) -> bool:
        return self._connection.execute(f"{query} LIMIT 1", values).fetchone() is not None

    def _all(self, query: str, *values: object) -> list[Document]:
        return [json.loads(row[0]) for row in self._connection.execute(query, values)]


class Store:
    """The database file. Each transaction opens it, and fills it if it is new or was cleared."""

    def __init__(self, state: State, seed: Callable[[], History] | None = None) -> None:
        """Open the store in `state`; a new one is filled with what `seed` returns.

        Raises Untrusted if others can change or replace it, and StoreError: Uninitialized if it is new and there is no
        seed, Unreadable if it can only be deleted.
        """
        self._path = state.database
        self._seed = seed
        try:
            state.make()
        except Untrusted:
            raise
        except OSError as error:
            raise StoreError(f"{state.database}: {error.strerror}") from error
        with self.read() as tables:
            is_complete = tables.can_keep_webhooks()
        if not is_complete:
            with self.write() as tables:
                tables.keep_webhooks()

    @contextmanager
    def read(self) -> Iterator[Tables]:
        """Open a transaction that reads. Raises StoreError."""
        with self._transaction("DEFERRED") as tables:
            yield tables

    @contextmanager
    def write(self) -> Iterator[Tables]:
        """Open a transaction that writes; an exception in the block rolls it back. Raises StoreError."""
        with self._transaction("IMMEDIATE") as tables:
            yield tables

    def clear(self) -> None:
        """Delete all data; the next open with a seed fills the store. Raises StoreError."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                connection.execute(f'DROP TABLE "{name}"')
            connection.execute("PRAGMA user_version = 0")
            connection.execute("COMMIT")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            make_private(self._path)  # somebody may have removed it
            with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as connection:
                yield connection
        except sqlite3.OperationalError as error:  # busy, a full disk, no permission
            raise StoreError(f"{self._path}: {error}") from error
        except sqlite3.Error as error:
            raise Unreadable(f"{self._path}: {error}") from error
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(f"{self._path}: {error.strerror}") from error

    @contextmanager
    def _transaction(self, mode: Literal["IMMEDIATE", "DEFERRED"]) -> Iterator[Tables]:
        with self._connection() as connection:
            connection.execute(f"BEGIN {mode}")
            if not self._is_made(connection):
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                if not self._is_made(connection):
                    self._make(connection)
            yield Tables(connection)
            connection.execute("COMMIT")

    def _is_made(self, connection: sqlite3.Connection) -> bool:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version not in (0, _SCHEMA_VERSION):
            raise Unreadable(f"{self._path} was written by another version of hfjobs")
        return bool(version)

    def _make(self, connection: sqlite3.Connection) -> None:
        if self._seed is None:
            raise Uninitialized(f"{self._path}: not a database of jobs")
        for statement in _SCHEMA.split(";\n"):
            connection.execute(statement)
        tables = Tables(connection)
        tables.keep_webhooks()
        history = self._seed()
        for job in history.jobs:
            tables.add_job(job, is_real=False)
        for schedule in history.schedules:
            tables.add_schedule(schedule)
        for webhook in history.webhooks:
            tables.save_webhook(webhook, {})
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _in_stages(namespace: str, stages: Sequence[str]) -> tuple[str, list[str]]:
    where = "namespace = ?" + (f" AND stage IN ({_marks(stages)})" if stages else "")
    return where, [namespace, *stages]


def _marks(values: Sequence[str]) -> str:
    return ", ".join("?" * len(values))


@contextmanager
def supervisor_lock(state: State, timeout_secs: float = 0.0) -> Iterator[bool]:
    """Hold the lock of a state directory for a block; yield False if another holds it for all of `timeout_secs`.

    The lock is a transaction on an empty SQLite file: every system releases it when the process ends. Raises
    StoreError if the file cannot be used.
    """
    try:
        make_private(state.lock)
        with closing(sqlite3.connect(state.lock, timeout=timeout_secs, isolation_level=None)) as connection:
            yield _takes_lock(connection)
    except sqlite3.Error as error:
        raise StoreError(f"{state.lock}: {error}") from error
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"{state.lock}: {error.strerror}") from error


def _takes_lock(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        return False
    return True
