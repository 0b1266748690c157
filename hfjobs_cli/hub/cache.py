"""A small JSON file in the cache directory, shared by runs: the default namespace of each token."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from hfjobs_cli.query.references import is_name

_MOST_BYTES = 2**20
"""How much of a file is read, which is more than is ever written. What is longer is garbage."""


class CacheFile:
    """An object of JSON in a file that only its owner reads. Whatever goes wrong with the file, it counts as empty."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which is made with mode 0600 when first needed."""
        self._path = path

    def read(self) -> dict[str, object]:
        """Return what the file holds; nothing if it is not there, or holds something else."""
        try:
            if not self._path.is_file():  # a pipe would have to be waited for
                return {}
            with self._path.open("rb") as file:
                values = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return values if isinstance(values, dict) else {}

    def change(self, key: str, value: object) -> None:
        """Keep a value, or forget what there is if it is None, and leave all else in the file as it is."""
        values = self.read()
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value
        with suppress(OSError):
            self._write(values)

    def _write(self, values: dict[str, object]) -> None:
        """Replace the file in one step, so that two runs at once leave one of their files, whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(values, file)
            draft.replace(self._path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


class WhoamiCache:
    """A file that maps an endpoint and token, hashed together, to the name of the token's user.

    Whatever goes wrong with the file, the name is just asked for again.
    """

    def __init__(self, path: Path, endpoint: str, token: str) -> None:
        """Use the file at `path`, which is made with mode 0600 when first needed."""
        self._file = CacheFile(path)
        self._key = hashlib.sha256(f"{endpoint}\0{token}".encode()).hexdigest()

    def recall(self) -> str | None:
        """Return the name remembered, None if there is none."""
        name = self._file.read().get(self._key)
        return name if isinstance(name, str) and is_name(name) else None

    def remember(self, name: str | None) -> None:
        """Remember `name`, or forget what was remembered if it is None."""
        self._file.change(self._key, name)
