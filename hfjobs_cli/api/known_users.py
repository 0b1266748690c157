"""Whose token it is, remembered from one run to the next: the default namespace.

The Hub limits whoami requests strictly, and without this every `ps` would make two requests.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path

from hfjobs_cli.query.names import is_name

_MOST_BYTES = 2**20
"""How much of the file is read: ten thousand names. What is longer is garbage."""


class KnownUsers:
    """A file that maps an endpoint and token, hashed together, to the name of the token's user.

    Whatever goes wrong with the file, the name is just asked for again.
    """

    def __init__(self, path: Path, endpoint: str, token: str) -> None:
        """Use the file at `path`, which is made with mode 0600 when first needed."""
        self._path = path
        self._key = hashlib.sha256(f"{endpoint}\0{token}".encode()).hexdigest()

    def recall(self) -> str | None:
        """Return the name remembered, None if there is none."""
        name = self._read().get(self._key)
        return name if isinstance(name, str) and is_name(name) else None

    def remember(self, name: str | None) -> None:
        """Remember `name`, or forget what was remembered if it is None."""
        names = self._read()
        if name is None:
            names.pop(self._key, None)
        else:
            names[self._key] = name
        with suppress(OSError):
            self._write(names)

    def _read(self) -> dict[str, object]:
        try:
            if not self._path.is_file():  # a pipe would have to be waited for
                return {}
            with self._path.open("rb") as file:
                names = json.loads(file.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return names if isinstance(names, dict) else {}

    def _write(self, names: dict[str, object]) -> None:
        """Replace the file in one step, so that two runs at once leave one of their files, whole."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(names, file)
            draft.replace(self._path)
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
