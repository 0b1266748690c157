"""The API on loopback: a threaded HTTP server, the scheduler beside it, and a line for each request."""

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
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from hfjobs_cli.emulator import processes, request_models  # noqa: F401 - what some requests need must not be missing later
from hfjobs_cli.emulator.api_types import Clock, present
from hfjobs_cli.emulator.app import ADMIT, IS_LEFT, MAX_BODY_BYTES, App
from hfjobs_cli.emulator.connections import Connections
from hfjobs_cli.emulator.schedules import Scheduler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"

_IDLE_SECS = 60.0
"""How long a client that has shown the token may take to send the rest of a request, or to read on."""

_MAX_HEAD_BYTES = 64 * 1024

_POLL_SECS = 0.05

_FAREWELL_SECS = 1.0
"""How long the end of jobs can still be asked for, by those who follow them."""


class PortError(Exception):
    """The port cannot be listened on."""


class Server:
    """Serves a WSGI application on this machine, to this machine."""

    def __init__(
        self,
        app: WSGIApplication,
        port: int,
        *,
        log: Callable[[str], None],
        clock: Clock = present,
        poll_secs: float = _POLL_SECS,
    ) -> None:
        """Listen on `port`, or a free one if it is 0; `log` is called with a line for each request. Raises PortError.

        `stop` takes up to `poll_secs` to be noticed.
        """

        class Handler(_Handler):
            note = staticmethod(log)
            now = staticmethod(clock)

        # werkzeug would end the process if the port is taken.
        with socket.socket() as listener:
            if os.name == "posix":  # elsewhere this lets others take the port over
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((HOST, port))
                listener.listen(128)
            except OSError as error:
                raise PortError(error.strerror or str(error)) from error
            self._server = _Server(HOST, port, app, Handler, fd=listener.fileno())
        self._poll_secs = poll_secs
        self.endpoint = f"http://{HOST}:{self._server.socket.getsockname()[1]}"

    def serve(self) -> None:
        """Answer requests until `stop` is called in another thread."""
        self._server.serve_forever(poll_interval=self._poll_secs)

    def stop(self) -> None:
        """Answer no more requests; return when `serve` is done with them."""
        self._server.shutdown()


class _Server(ThreadedWSGIServer):
    """A thread for each connection, of which there are not too many."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connections = Connections()

    def verify_request(self, request: Any, _client_address: Any) -> bool:
        return self.connections.take(request)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.connections.release(request)

    def service_actions(self) -> None:
        self.connections.close_late()


class _Head(io.BufferedReader):
    """What a client sends, of which the head is bounded as a whole."""

    left = _MAX_HEAD_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        # What nobody wants werkzeug reads, and drops, in pieces of 10 MB.
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
            self.server.connections.has_asked(self.request)
        return is_whole

    def make_environ(self) -> WSGIEnvironment:
        return {
            **super().make_environ(),
            ADMIT: lambda: self.server.connections.admit(self.request),
            IS_LEFT: self._is_left,
        }

    def _is_left(self) -> bool:
        with suppress(ValueError, OSError):  # a number that is too high to ask for, or a connection that was closed
            is_readable, _, _ = select.select([self.connection], [], [], 0)
            return bool(is_readable) and self.connection.recv(1, socket.MSG_PEEK) == b""
        return False

    def send_response(self, code: int, message: str | None = None) -> None:
        self.server.connections.is_answered(self.request)
        super().send_response(code, message)

    def date_time_string(self, _timestamp: float | None = None) -> str:
        return format_datetime(self.now(), usegmt=True)

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        if self.server.connections.is_closed(self.request):
            return  # else strangers fill the screen
        self.note(f"{self.requestline.removesuffix(' HTTP/1.1')} {int(code) if isinstance(code, int) else code}")

    def log(self, _type: str, message: str, *args: Any) -> None:
        if self.server.connections.is_closed(self.request):
            return
        self.note(message % args if args else message)


def serve(app: App, port: int, *, started: Callable[[str], None], log: Callable[[str], None]) -> int:
    """Serve the API and run scheduled jobs until KeyboardInterrupt, then end the jobs that were created through it.

    `started` is told the endpoint as soon as it can be used. Returns how many jobs were ended. Raises PortError, and
    StoreError if the store cannot be used.
    """
    server = Server(app, port, log=log)
    app.schedules.skip_missed()
    app.jobs.look()
    scheduler = Scheduler(app.schedules, log)
    scheduler.start()
    answering = threading.Thread(target=server.serve, daemon=True)
    canceled = 0
    try:
        started(server.endpoint)  # who connects from now on is answered in a moment
        answering.start()
        while answering.is_alive():
            answering.join(_POLL_SECS)  # in small steps, or Ctrl-C would not be seen on Windows
    except KeyboardInterrupt:
        canceled = app.jobs.stop()
        if canceled:
            time.sleep(_FAREWELL_SECS)
    finally:
        scheduler.stop()
        if answering.ident is not None:
            server.stop()
    return canceled + app.jobs.stop()
