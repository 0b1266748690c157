"""Limits on open connections; unauthenticated ones are closed first to make room.

Whoever is on this machine can connect. Until the token was seen a connection is a stranger's: there are few of those,
each has little time, and the oldest gives way to a new one. They take no place from those who have shown the token.
"""

import os
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass

HEAD_SECS = 10.0
"""How long a stranger may take to send the head of a request, and again to receive the answer."""

_MAX_UNAUTHENTICATED = 64
_MAX_KNOWN = 512
_SPARE_FILES = 48
_FILES_EACH = 3
"""What a request of somebody known may have open at a moment: the connection, the database and its journal."""

_TIMEOUT_SECS = 1.0


@dataclass
class _Unauthenticated:
    deadline: float | None
    has_asked: bool = False
    is_closed: bool = False


class Connections:
    """The connections of one server. Safe to use from several threads."""

    def __init__(self) -> None:
        """Allow as many as this process may have files open for."""
        files = _max_files()
        self._max_strangers = min(_MAX_UNAUTHENTICATED, files // 4)
        self._max_known = min(_MAX_KNOWN, max(1, (files - self._max_strangers - _SPARE_FILES) // _FILES_EACH))
        self._strangers: dict[socket.socket, _Unauthenticated] = {}  # the oldest first
        self._known: set[socket.socket] = set()
        self._changed = threading.Condition()

    def take(self, connection: socket.socket) -> bool:
        """Take a new connection in, in the place of a stranger's if there are many; return whether that was possible.

        The first to go is who has not sent the head of a request, and among those the oldest.
        """
        with self._changed:
            until = time.monotonic() + _TIMEOUT_SECS
            while len(self._strangers) >= self._max_strangers:
                if not any(each.is_closed for each in self._strangers.values()):
                    self._close(min(self._strangers, key=lambda each: self._strangers[each].has_asked))
                if not self._changed.wait(until - time.monotonic()):
                    return False
            self._strangers[connection] = _Unauthenticated(time.monotonic() + HEAD_SECS)
        return True

    def release(self, connection: socket.socket) -> None:
        """Forget a connection that has been closed."""
        with self._changed:
            self._strangers.pop(connection, None)
            self._known.discard(connection)
            self._changed.notify_all()

    def has_asked(self, connection: socket.socket) -> None:
        """Take note that the head of a request is there: what the answer takes is not the client's fault."""
        with self._changed:
            if stranger := self._strangers.get(connection):
                stranger.has_asked, stranger.deadline = True, None

    def is_answered(self, connection: socket.socket) -> None:
        """Take note that the answer is being sent: a stranger has to take it."""
        with self._changed:
            if stranger := self._strangers.get(connection):
                stranger.deadline = time.monotonic() + HEAD_SECS

    def admit(self, connection: socket.socket) -> bool:
        """Mark a connection as authenticated, and return whether the limit allows one more."""
        with self._changed:
            if connection in self._known:
                return True
            if len(self._known) >= self._max_known:
                return False
            if self._strangers.pop(connection, None):
                self._known.add(connection)
                self._changed.notify_all()
        return True

    def is_closed(self, connection: socket.socket) -> bool:
        """Return whether a connection had to give way, or took too long."""
        with self._changed:
            stranger = self._strangers.get(connection)
            return stranger is not None and stranger.is_closed

    def close_late(self) -> None:
        """Close the connections of strangers whose time is up."""
        now = time.monotonic()
        with self._changed:
            for connection, stranger in self._strangers.items():
                if stranger.deadline is not None and stranger.deadline < now:
                    self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        """Shut down a connection, so that its reader and writer end, and close it."""
        self._strangers[connection].is_closed = True
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _max_files() -> int:
    """Return how many files this process may have open."""
    if os.name == "nt":
        return 2048
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2048 if soft == resource.RLIM_INFINITY else soft
