"""Jobs as the Hub's JSON documents in one SQLite file, shared safely by threads and processes."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from hfjobs_cli.emulator.wire import Document

_SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    namespace TEXT NOT NULL,
    created_at TEXT NOT NULL,
    stage TEXT NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX jobs_newest_first ON jobs (namespace, created_at DESC, id DESC);
"""


class StoreError(OSError):
    """The file cannot be made, opened or understood."""


class Store:
    """The jobs of the emulator. Each call opens the file for itself."""

    def __init__(self, path: Path, seed: Callable[[], Iterable[Document]]) -> None:
        """Open the store at `path`; a new one is filled with what `seed` returns. Raises StoreError."""
        self._path = path
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._transaction("IMMEDIATE") as connection:
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version == 0:
                    self._create(connection, seed())
                elif version != _SCHEMA_VERSION:
                    raise StoreError(f"{path} was written by another version of hfjobs; delete it to start anew")
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(f"{path}: {error.strerror}") from error

    def add(self, job: Document) -> None:
        """Keep a new job."""
        with self._transaction("IMMEDIATE") as connection:
            _insert(connection, job)

    def get(self, namespace: str, identifier: str) -> Document | None:
        """Return a job of a namespace, None if there is none."""
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT document FROM jobs WHERE namespace = ? AND id = ?", (namespace, identifier)
            ).fetchone()
        return None if row is None else json.loads(row[0])

    def newest(
        self,
        namespace: str,
        *,
        limit: int,
        stages: Sequence[str] = (),
        labels: Iterable[tuple[str, str]] = (),
        after: tuple[str, str] | None = None,
    ) -> list[Document]:
        """Return up to `limit` jobs, newest first, that are in any of `stages` and have all of `labels`.

        `after` is the `createdAt` and `id` of the job before the first, so that new jobs do not shift later pages.
        """
        where, values = ["namespace = ?"], [namespace]
        if stages:
            where.append(f"stage IN ({', '.join('?' * len(stages))})")
            values += stages
        for key, value in labels:
            where.append("json_extract(document, ?) = ?")
            values += [f'$.labels."{key}"', value]
        if after is not None:
            where.append("(created_at, id) < (?, ?)")
            values += after
        # Only placeholders are put together here.
        query = f"SELECT document FROM jobs WHERE {' AND '.join(where)} ORDER BY created_at DESC, id DESC LIMIT ?"  # noqa: S608
        with self._transaction() as connection:
            rows = connection.execute(query, (*values, limit)).fetchall()
        return [json.loads(document) for (document,) in rows]

    @contextmanager
    def _transaction(self, mode: Literal["IMMEDIATE", "DEFERRED"] = "DEFERRED") -> Iterator[sqlite3.Connection]:
        """Open the file for one transaction; IMMEDIATE for those that write. Raises StoreError."""
        try:
            with closing(sqlite3.connect(self._path, timeout=30, isolation_level=None)) as connection:
                connection.execute(f"BEGIN {mode}")
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}") from error

    def _create(self, connection: sqlite3.Connection, jobs: Iterable[Document]) -> None:
        for statement in _SCHEMA.split(";"):
            connection.execute(statement)
        for job in jobs:
            _insert(connection, job)
        connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")


def _insert(connection: sqlite3.Connection, job: Document) -> None:
    connection.execute(
        "INSERT INTO jobs VALUES (?, ?, ?, ?, ?)",
        (job["id"], job["owner"]["name"], job["createdAt"], job["status"]["stage"], json.dumps(job)),
    )
