"""Small JSON files in the cache directory, shared by runs, such as the default namespace of each token."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path

from hfjobs_cli.text.values import is_name

_MOST_BYTES = 2**20
"""How much of a file is read. Valid files are much smaller."""


class CacheFile:
    """A JSON object in a file that only its owner may read. A file that cannot be read or written counts as empty."""

    def __init__(self, path: Path) -> None:
        """Use the file at `path`, which is made with mode 0600 when first needed."""
        self._path = path

    def read(self) -> dict[str, object]:
        """Return the object in the file; an empty one if there is none."""
        try:
            if not self._path.is_file():  # a pipe would block
                return {}
            with self._path.open("rb") as file:
                values = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return values if isinstance(values, dict) else {}

    def change(self, key: str, value: object) -> None:
        """Set a key in the file, or delete it if the value is None, and keep all other keys."""
        values = self.read()
        if value is None:
            values.pop(key, None)
        else:
            values[key] = value
        with suppress(OSError):
            self._write(values)

    def _write(self, values: dict[str, object]) -> None:
        """Replace the file in one step: of two runs at once, one wins, and the file is complete."""
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

    If the file cannot be used, the name is requested again.
    """

    def __init__(self, path: Path, endpoint: str, token: str) -> None:
        """Use the file at `path`, which is made with mode 0600 when first needed."""
        self._file = CacheFile(path)
        self._key = hashlib.sha256(f"{endpoint}\0{token}".encode()).hexdigest()

    def recall(self) -> str | None:
        """Return the cached name, None if there is none."""
        name = self._file.read().get(self._key)
        return name if isinstance(name, str) and is_name(name) else None

    def remember(self, name: str | None) -> None:
        """Cache `name`, or delete the cached name if it is None."""
        self._file.change(self._key, name)
