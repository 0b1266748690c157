"""The API on loopback: a threaded HTTP server, the scheduler beside it, and a line for each request."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from hfjobs_cli.emulator import bodies, processes  # noqa: F401 - what some requests need must not be missing later
from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.scheduler import Scheduler
from hfjobs_cli.emulator.wire import Clock, present

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "127.0.0.1"

_IDLE_SECS = 60.0
"""How long a client may take to send a request, or to read on."""

_POLL_SECS = 0.05

_FAREWELL_SECS = 1.0
"""How long the end of jobs can still be asked for, by those who follow them."""


class PortError(Exception):
    """The port cannot be listened on."""


class Server:
    """Serves a WSGI application on this machine, to this machine."""

    def __init__(self, app: WSGIApplication, port: int, *, log: Callable[[str], None], clock: Clock = present) -> None:
        """Listen on `port`, or a free one if it is 0; `log` is told of each request. Raises PortError."""

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
            self._server = make_server(HOST, port, app, threaded=True, request_handler=Handler, fd=listener.fileno())
        self.endpoint = f"http://{HOST}:{self._server.socket.getsockname()[1]}"

    def serve(self) -> None:
        """Answer requests until `stop` is called in another thread."""
        self._server.serve_forever(poll_interval=_POLL_SECS)

    def stop(self) -> None:
        """Answer no more requests; return when `serve` is done with them."""
        self._server.shutdown()


class _Handler(WSGIRequestHandler):
    timeout = _IDLE_SECS
    note: Callable[[str], None]
    now: Clock

    def date_time_string(self, _timestamp: float | None = None) -> str:
        return format_datetime(self.now(), usegmt=True)

    def log_request(self, code: int | str = "-", _size: int | str = "-") -> None:
        self.note(f"{self.requestline.removesuffix(' HTTP/1.1')} {int(code) if isinstance(code, int) else code}")

    def log(self, _type: str, message: str, *args: Any) -> None:
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
