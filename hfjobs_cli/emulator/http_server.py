"""The API on loopback: a threaded HTTP server that limits open connections, with the scheduler beside it.

Anyone on this machine can connect. Until a client has sent the token, its connection is unauthenticated: there are few
of these, each has little time, and the oldest is closed to make room for a new one. They never use up the connections
of authenticated clients.
"""

from __future__ import annotations

import io
import os
import select
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from hfjobs_cli.emulator import supervisor, write_endpoints  # noqa: F401 - loaded now: they may be missing later
from hfjobs_cli.emulator.api_types import Clock, present
from hfjobs_cli.emulator.app import ADMIT, MAX_BODY_BYTES, MAY_BE_GONE, App
from hfjobs_cli.emulator.schedules import Scheduler

if sys.platform != "win32":
    import resource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"

_IDLE_SECS = 60.0
"""How long an authenticated client may pause while it sends a request or reads the answer."""

HEAD_SECS = 10.0
"""How long an unauthenticated client may take to send the head of a request, and again to receive the answer."""

_MAX_HEAD_BYTES = 64 * 1024

_POLL_SECS = 0.05

_FAREWELL_SECS = 1.0
"""How long the server still answers after it has canceled its jobs, so that clients that follow them see their end."""

_MAX_UNAUTHENTICATED = 64
_MAX_AUTHENTICATED = 512
_SPARE_FILES = 48
_FILES_EACH = 3
"""How many files an authenticated request may have open: the connection, the database and its journal."""

_ACCEPT_SECS = 10.0
"""How long a new connection waits for a closed one to make room: a moment, unless the machine is very busy."""


class PortError(Exception):
    """The server cannot listen on the port."""


def serve(app: App, port: int, *, started: Callable[[str], None], log: Callable[[str], None]) -> int:
    """Serve the API and run scheduled jobs until KeyboardInterrupt, then cancel the jobs that were created through it.

    `started` is called with the endpoint as soon as it can be used. Returns how many jobs were canceled. Raises
    PortError, and StoreError if the store cannot be used.
    """
    server = Server(app, port, log=log)
    app.schedules.skip_missed()
    app.jobs.poll()
    scheduler = Scheduler(app.schedules, log)
    scheduler.start()
    answering = threading.Thread(target=server.serve, daemon=True)
    canceled = 0
    try:
        started(server.endpoint)  # connections wait from now on, and are answered in a moment
        answering.start()
        while answering.is_alive():
            answering.join(_POLL_SECS)  # in small steps, or Ctrl-C would have no effect on Windows
    except KeyboardInterrupt:
        canceled = app.jobs.stop()
        if canceled:
            time.sleep(_FAREWELL_SECS)
    finally:
        scheduler.stop()
        if answering.ident is not None:
            server.stop()
    return canceled + app.jobs.stop()


class Server:
    """Serves a WSGI application on loopback."""

    def __init__(
        self,
        app: WSGIApplication,
        port: int,
        *,
        log: Callable[[str], None],
        clock: Clock = present,
        head_secs: float = HEAD_SECS,
    ) -> None:
        """Listen on `port`, or a free one if it is 0; `log` is called with a line for each request. Raises PortError.

        An unauthenticated client has `head_secs` to send the head of a request, and again to receive the answer.
        """

        class Handler(_Handler):
            note = staticmethod(log)
            now = staticmethod(clock)

        # werkzeug would end the process if the port is taken.
        with socket.socket() as listener:
            if os.name == "posix":  # on Windows it would let others take the port over
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
                listener.listen(128)
            except OSError as error:
                raise PortError(error.strerror or str(error)) from error
            self._server = _Server(head_secs, HOST, port, app, Handler, fd=listener.fileno())
        self._address = (HOST, self._server.socket.getsockname()[1])
        self.endpoint = f"http://{HOST}:{self._address[1]}"

    def serve(self) -> None:
        """Answer requests until `stop` is called in another thread."""
        with suppress(_Stopped):
            self._server.serve_forever(poll_interval=_POLL_SECS)

    def stop(self) -> None:
        """Answer no more requests; return when `serve` ends."""
        self._server.is_stopping = True
        with suppress(OSError), socket.create_connection(self._address, _POLL_SECS):
            pass  # `serve` waits for connections, and notices at once with this one
        self._server.shutdown()


class _Stopped(Exception):
    """The server is to answer no more requests."""


class _Server(ThreadedWSGIServer):
    """A thread for each connection, of a limited number of connections."""

    is_stopping = False

    def __init__(self, head_secs: float, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections = Connections(head_secs)

    def verify_request(self, request: Any, _client_address: Any) -> bool:
        return not self.is_stopping and self.connections.accept(request)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.release(request)

    def service_actions(self) -> None:
        if self.is_stopping:
            raise _Stopped
        self.connections.close_overdue()


class _Head(io.BufferedReader):
    """The input of a connection. The size of the head of a request is limited."""

    left = _MAX_HEAD_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        # werkzeug reads and drops unwanted bodies in pieces of 10 MB.
        return super().read(_MAX_HEAD_BYTES if size is not None and size > MAX_BODY_BYTES else size)

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.left -= len(line)
        if self.left < 0:
            raise ConnectionError("the request headers are too long")
        return line


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECS
    note: Callable[[str], None]
    now: Clock
    server: _Server
    rfile: _Head

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self.rfile = _Head(self.connection.makefile("rb", buffering=0))

    def parse_request(self) -> bool:
        is_whole = super().parse_request()
        if is_whole:
            self.rfile.left = sys.maxsize
            self.server.connections.head_received(self.request)
        return is_whole

    def make_environ(self) -> WSGIEnvironment:
        return {
            **super().make_environ(),
            ADMIT: lambda: self.server.connections.admit(self.request),
            MAY_BE_GONE: self._may_be_gone,
        }

    def _may_be_gone(self) -> bool:
        with suppress(ValueError, OSError):  # a descriptor too high for select, or a closed connection
            is_readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(is_readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        return False

    def send_response(self, code: int, message: str | None = None) -> None:
        self.server.connections.answer_started(self.request)
        super().send_response(code, message)

    def date_time_string(self, _timestamp: float | None = None) -> str:
        return format_datetime(self.now(), usegmt=True)

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        if self.server.connections.is_closed(self.request):
            return  # else unauthenticated clients could fill the screen
        self.note(f"{self.requestline.removesuffix(' HTTP/1.1')} {int(code) if isinstance(code, int) else code}")

    def log(self, _type: str, message: str, *args: Any) -> None:
        if self.server.connections.is_closed(self.request):
            return
        self.note(message % args if args else message)


@dataclass
class _Unauthenticated:
    deadline: float | None
    has_sent_head: bool = False
    is_closed: bool = False


class Connections:
    """The open connections of one server, and their limits. Safe to use from several threads."""

    def __init__(self, head_secs: float) -> None:
        """Set the limits by the number of files that this process may open."""
        self._head_secs = head_secs
        files = _max_files()
        self._max_unauthenticated = min(_MAX_UNAUTHENTICATED, files // 4)
        self._max_authenticated = min(
            _MAX_AUTHENTICATED, max(1, (files - self._max_unauthenticated - _SPARE_FILES) // _FILES_EACH)
        )
        self._unauthenticated: dict[socket.socket, _Unauthenticated] = {}  # the oldest first
        self._authenticated: set[socket.socket] = set()
        self._changed = threading.Condition()

    def accept(self, connection: socket.socket) -> bool:
        """Add a new connection, if need be in place of an unauthenticated one; return whether that was possible.

        The first to be closed is the oldest that has not sent the head of a request.
        """
        with self._changed:
            until = time.monotonic() + _ACCEPT_SECS
            while len(self._unauthenticated) >= self._max_unauthenticated:
                if not any(each.is_closed for each in self._unauthenticated.values()):
                    self._close(min(self._unauthenticated, key=lambda each: self._unauthenticated[each].has_sent_head))
                if not self._changed.wait(until - time.monotonic()):
                    return False
            self._unauthenticated[connection] = _Unauthenticated(time.monotonic() + self._head_secs)
        return True

    def release(self, connection: socket.socket) -> None:
        """Remove a connection that has been closed."""
        with self._changed:
            self._unauthenticated.pop(connection, None)
            self._authenticated.discard(connection)
            self._changed.notify_all()

    def head_received(self, connection: socket.socket) -> None:
        """Set no deadline while the answer is prepared: that time is not the client's fault."""
        with self._changed:
            if found := self._unauthenticated.get(connection):
                found.has_sent_head, found.deadline = True, None

    def answer_started(self, connection: socket.socket) -> None:
        """Set the deadline by which an unauthenticated client has to receive the answer."""
        with self._changed:
            if found := self._unauthenticated.get(connection):
                found.deadline = time.monotonic() + self._head_secs

    def admit(self, connection: socket.socket) -> bool:
        """Mark a connection as authenticated, and return whether the limit allows one more."""
        with self._changed:
            if connection in self._authenticated:
                return True
            if len(self._authenticated) >= self._max_authenticated:
                return False
            if self._unauthenticated.pop(connection, None):
                self._authenticated.add(connection)
                self._changed.notify_all()
        return True

    def is_closed(self, connection: socket.socket) -> bool:
        """Return whether a connection was closed to make room, or because its client took too long."""
        with self._changed:
            found = self._unauthenticated.get(connection)
            return found is not None and found.is_closed

    def close_overdue(self) -> None:
        """Close the unauthenticated connections whose deadline has passed."""
        now = time.monotonic()
        with self._changed:
            for connection, found in self._unauthenticated.items():
                if found.deadline is not None and found.deadline < now:
                    self._close(connection)

    def _close(self, connection: socket.socket) -> None:
        """Shut down a connection, so that its reader and writer end, and close it."""
        self._unauthenticated[connection].is_closed = True
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _max_files() -> int:
    """Return how many files this process may have open."""
    if sys.platform == "win32":
        return 2048
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2048 if soft == resource.RLIM_INFINITY else soft
