"""Whose token it is, remembered from one run to the next: the default namespace.

The Hub limits whoami requests strictly, and without this every `ps` would make two requests.
"""

import hashlib
from pathlib import Path

from hfjobs_cli.api.cache import CacheFile
from hfjobs_cli.query.names import is_name


class KnownUsers:
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
