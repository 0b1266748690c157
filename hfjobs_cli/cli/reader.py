"""Whether anybody still reads what is written to a pipe, which tells that only to those who write or ask."""

from __future__ import annotations

import select
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable


class Reader:
    """Whoever reads a stream. Where none can be seen, as on Windows and of files on macOS, there always is one."""

    def __init__(self, stream: TextIO) -> None:
        """Look at nothing yet."""
        self._asked: Callable[[float], list[tuple[int, int]]] | None = None
        if not hasattr(select, "poll"):
            return
        try:
            asked = select.poll()
            asked.register(stream.fileno(), 0)  # errors and a closed end are told without being asked for
        except (OSError, ValueError):  # it is closed, or none of the system's
            return
        if not any(told & select.POLLNVAL for _, told in asked.poll(0)):
            self._asked = asked.poll

    @property
    def can_be_seen(self) -> bool:
        """Tell whether it can be known."""
        return self._asked is not None

    def leaves(self, seconds: float) -> bool:
        """Tell whether they are gone, or leave within so many seconds, for which is waited."""
        return self._asked is not None and bool(self._asked(1000 * seconds))
