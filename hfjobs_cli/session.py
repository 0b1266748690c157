"""One run's surroundings: streams, clock, width, environment, settings and the client. Nothing else is global."""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hfjobs_cli.cells import printable
from hfjobs_cli.config import Overrides, Settings, load_settings
from hfjobs_cli.errors import HfJobsError, NotLoggedIn, OutputFailed, ReaderGone, Unavailable, UsageError

if TYPE_CHECKING:
    from hfjobs_cli.api.client import JobsClient
    from hfjobs_cli.columns import Column
    from hfjobs_cli.renderers.view import View

FALLBACK_WIDTH = 80


@dataclass
class Session:
    """What a command works with. Tests make their own; `main()` makes one of the process."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))
    sleep: Callable[[float], None] = time.sleep
    overrides: Overrides = field(default_factory=Overrides)
    _progress_shown: bool = False

    @classmethod
    def from_process(cls) -> Session:
        """Return the session of this process."""
        # A stream is None if the process was started with it closed.
        nowhere = Path(os.devnull)
        return cls(
            stdin=sys.stdin or nowhere.open(encoding="utf-8"),
            stdout=sys.stdout or nowhere.open("w", encoding="utf-8"),
            stderr=sys.stderr or nowhere.open("w", encoding="utf-8"),
            environ=os.environ,
        )

    @cached_property
    def settings(self) -> Settings:
        """The settings, read on first use. Raises UsageError."""
        return load_settings(self.environ, self.overrides)

    @cached_property
    def client(self) -> JobsClient:
        """The client, made on first use: httpx is not imported before. Raises NotLoggedIn, UsageError, Unavailable."""
        settings = self.settings
        if settings.is_offline:
            raise Unavailable("HF_HUB_OFFLINE is set, so no request is made", hint="unset it, or try --demo")
        if settings.is_demo:
            return self._demo_client()
        if settings.token is None:
            raise NotLoggedIn(
                "no token was found",
                hint="log in with 'hf auth login', or set HF_TOKEN; 'hfjobs --demo ps' needs none",
            )
        from hfjobs_cli.api.client import JobsClient
        from hfjobs_cli.api.transport import Transport
        from hfjobs_cli.namespace import NamespaceMemory

        transport = Transport(
            settings.endpoint,
            settings.token,
            token_source=settings.token_source or "the token",
            timeout_secs=settings.timeout_secs,
            warn=self.warn,
            log=self.remark if settings.is_debug else None,
            sleep=self.sleep,
        )
        memory = NamespaceMemory(settings.cache_dir / "namespaces.json", settings.endpoint, settings.token)
        return JobsClient(transport, memory=memory, sleep=self.sleep)

    def _demo_client(self) -> JobsClient:
        from hfjobs_cli.api.client import JobsClient
        from hfjobs_cli.api.transport import Transport

        try:
            from hfjobs_cli.emulator import DEMO_TOKEN, open_app
        except ModuleNotFoundError as error:
            raise UsageError(
                f"the demo needs {(error.name or '').partition('.')[0]}, which is not installed",
                hint="pip install 'hfjobs-cli[emulator]'",
            ) from error
        settings = self.settings
        try:
            app = open_app(settings.state_dir / "demo.sqlite3", clock=self.clock)
        except OSError as error:
            raise HfJobsError(
                f"the demo cannot keep its jobs in {settings.state_dir}: {error}",
                hint="set XDG_STATE_HOME to a directory that can be written",
            ) from error
        transport = Transport(
            settings.endpoint,
            DEMO_TOKEN,
            wsgi_app=app,
            warn=self.warn,
            log=self.remark if settings.is_debug else None,
            sleep=self.sleep,
        )
        return JobsClient(transport, sleep=self.sleep)

    def view(
        self,
        columns: Sequence[Column] = (),
        *,
        columns_asked: bool = False,
        full: bool = False,
        indent: int | None = None,
    ) -> View:
        """Return the view of stdout for a renderer; `full` (`--no-trunc`) cuts nothing."""
        from hfjobs_cli.renderers.view import View

        on_terminal = _is_terminal(self.stdout)
        return View(
            write=self.write,
            remark=self.remark,
            now=self.clock(),
            columns=columns,
            columns_asked=columns_asked,
            width=self._width() if on_terminal and not full else None,
            for_eyes=on_terminal,
            color=self._has_color(on_terminal),
            encoding=getattr(self.stdout, "encoding", None) or "utf-8",
            indent=indent,
        )

    def write(self, text: str) -> None:
        """Write to stdout. Raises ReaderGone or OutputFailed."""
        self.progress(None)
        self._guarded(lambda: self.stdout.write(text))

    def flush(self) -> None:
        """Hand on what was written. Raises ReaderGone or OutputFailed."""
        self._guarded(self.stdout.flush)

    def remark(self, line: str) -> None:
        """Tell the reader one line on stderr. Untrusted text in it is made harmless."""
        self.progress(None)
        with suppress(OSError):  # nobody listens
            self.stderr.write(printable(line) + "\n")
            self.stderr.flush()

    def warn(self, line: str) -> None:
        """Tell of something that went wrong but is being dealt with."""
        self.remark(f"warning: {line}")

    def report(self, *errors: HfJobsError) -> None:
        """Tell of failures: a line for each of what, then each different line of what to do."""
        for error in errors:
            self.remark(f"error: {error.message}")
        for hint in dict.fromkeys(error.hint for error in errors if error.hint):
            self.remark(f"hint: {hint}")

    def progress(self, text: str | None) -> None:
        """Show where a long work stands, on a terminal only; None takes it away."""
        if text is None and not self._progress_shown:
            return
        if _is_terminal(self.stderr) and self.environ.get("TERM") != "dumb":
            with suppress(OSError):
                self.stderr.write(f"\r\x1b[K{printable(text or '')}")
                self.stderr.flush()
            self._progress_shown = text is not None

    def _guarded(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as error:
            # A closed pipe is EPIPE, on Windows EINVAL.
            if isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL):
                raise ReaderGone("nobody reads stdout any more") from error
            raise OutputFailed(f"stdout cannot be written: {error.strerror}", hint="is the disk full?") from error

    def _width(self) -> int:
        columns = self.environ.get("COLUMNS", "")
        if columns.isascii() and columns.isdigit() and int(columns) > 0:
            return int(columns)
        try:
            return os.get_terminal_size(self.stdout.fileno()).columns or FALLBACK_WIDTH
        except OSError:
            return FALLBACK_WIDTH

    def _has_color(self, on_terminal: bool) -> bool:
        """Tell whether to colour (https://no-color.org, https://force-color.org)."""
        if self.environ.get("NO_COLOR"):
            return False
        if self.environ.get("FORCE_COLOR"):
            return True
        return on_terminal and self.environ.get("TERM") != "dumb" and not _is_legacy_console()


def _is_terminal(stream: TextIO) -> bool:
    return not stream.closed and stream.isatty()


def _is_legacy_console() -> bool:
    """Tell whether this is a Windows console that shows codes instead of colours."""
    if os.name != "nt":
        return False
    from rich.console import detect_legacy_windows

    return detect_legacy_windows()
