"""Whether anybody still reads what is written to a pipe, which tells that only to those who write or ask."""

from __future__ import annotations

import select
from typing import TextIO


class Reader:
    """Whoever reads a stream, for several threads. Where none can be seen, as on Windows, there always is one."""

    def __init__(self, stream: TextIO) -> None:
        """Find out whether anybody can be seen there."""
        self._descriptor: int | None = None
        if hasattr(select, "poll"):
            try:
                descriptor = stream.fileno()
                if not _told_of(descriptor, 0) & select.POLLNVAL:  # so macOS says of files, which it cannot ask about
                    self._descriptor = descriptor
            except (OSError, ValueError):  # it is closed, or none of the system's
                pass

    @property
    def can_be_seen(self) -> bool:
        """Tell whether it can be known."""
        return self._descriptor is not None

    def leaves(self, seconds: float) -> bool:
        """Tell whether they are gone, or leave within so many seconds, for which is waited."""
        return self._descriptor is not None and bool(_told_of(self._descriptor, seconds))


def _told_of(descriptor: int, seconds: float) -> int:
    """Return what the system tells of a descriptor within so many seconds, if it is an error or a closed end."""
    asked = select.poll()  # one for each thread that asks
    asked.register(descriptor, 0)  # these are told without being asked for
    return sum(told for _, told in asked.poll(1000 * seconds))
