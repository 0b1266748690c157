"""What one run works with: streams, clock, width, environment, settings and the client. Nothing else is global."""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from hfjobs_cli import terminal
from hfjobs_cli.cli import lazy_services
from hfjobs_cli.cli.registry import PROGRAM, program_of, renamed
from hfjobs_cli.config import ConfigFile, Overrides, Settings, is_debug, load_settings
from hfjobs_cli.errors import HfJobsError, Interrupted, OutputFailed, ReaderGone, system_limit_of
from hfjobs_cli.text.redaction import LEAST_TOKEN, quotes_without_secrets, without_secrets, without_token
from hfjobs_cli.text.terminal_text import cut, printable

if TYPE_CHECKING:
    from hfjobs_cli.cli.debug import DebugLog
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.insight.costs import Costs, Prices
    from hfjobs_cli.insight.schedule_runs import ScheduleRuns
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kind import Kind
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.terminal import Preferences
    from hfjobs_cli.tui.screen import Live

STDOUT_CLOSED = "stdout is closed"

MAX_MESSAGE = 1000
"""How many characters of an error are shown; a server decides about some of them."""

MAX_HELD = 10
"""The largest number of held notices that are printed when the terminal is free again."""


@dataclass(eq=False, repr=False)
class Session:
    """What a command works with. Tests make their own; `main()` makes one of the process.

    `failures` are errors of single records: they are reported at the end, and the first is the exit code of a run that
    succeeded otherwise.
    `created` are the new jobs and schedules, which cost money; `unreported_ids` are the ids of those not shown yet.
    `secrets` are redacted in text from outside before it is written to stderr.
    With `is_quiet` (`-q`) there are no notes.
    `answer_tab` prints completions for a context of typer, where TAB was pressed.
    `on_wait` gets a line for each pause before a request is tried again, by default as a warning.
    """

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(timezone.utc))
    sleep: Callable[[float], None] = time.sleep
    overrides: Overrides = field(default_factory=Overrides)
    runs_demo_jobs: bool = True
    completion_secs: float = 1.0
    is_quiet: bool = False
    program: str = PROGRAM
    failures: list[HfJobsError] = field(default_factory=list)
    created: list[JobInfo | ScheduledJob] = field(default_factory=list)
    unreported_ids: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set, repr=False)
    answer_tab: Callable[[Any], int] = lambda _ctx: 0
    on_wait: Callable[[str], None] | None = None
    _held: list[str] | None = None
    _debug_log: DebugLog | None = None
    _progress_shown: bool = False
    _interruption_reported: bool = False
    _is_over: bool = False
    _speaking: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def from_process(cls) -> Session:
        """Return the session of this process."""
        # A stream is None if the process was started with it closed. Writing to stdout must fail then, as it would.
        nowhere = Path(os.devnull)
        return cls(
            stdin=sys.stdin or nowhere.open(encoding="utf-8"),
            stdout=sys.stdout or nowhere.open(encoding="utf-8"),
            stderr=sys.stderr or nowhere.open("w", encoding="utf-8"),
            environ=os.environ,
            program=program_of(sys.argv[0]),
        )

    @cached_property
    def settings(self) -> Settings:
        """The settings, read on first use. Raises UsageError."""
        return load_settings(self.environ, self.overrides, self.config_file)

    @cached_property
    def config_file(self) -> ConfigFile:
        """The content of the configuration file, which the demo does not read. Raises UsageError."""
        return lazy_services.config_file_of(self)

    @cached_property
    def client(self) -> JobsClient:
        """The client, made on first use: httpx is not imported before. Raises UsageError or Unavailable."""
        return lazy_services.client_of(self)

    @cached_property
    def costs(self) -> Costs:
        """Costs of jobs. Prices and bills are fetched when first needed; missing prices are a failure."""
        return lazy_services.costs_of(self, self.failures.append, has_bills=True)

    @cached_property
    def costs_of_saved(self) -> Costs:
        """Costs of saved jobs: without bills, and with a warning if there are no prices."""
        return lazy_services.costs_of(
            self, lambda error: self.warning(f"cannot compute costs: {error.message}"), has_bills=False
        )

    @cached_property
    def schedule_runs(self) -> ScheduleRuns:
        """The runs of schedules in the last days, read when the first are needed."""
        return lazy_services.schedule_runs_of(self)

    @cached_property
    def prices(self) -> Prices:
        """Prices of flavors, cached for a day and requested on first use."""
        return lazy_services.prices_of(self)

    @cached_property
    def preferences(self) -> Preferences:
        """What the reader of stdout prefers. Raises UsageError for a setting that is invalid."""
        return self._preferences_of(self.stdout)

    @property
    def stderr_preferences(self) -> Preferences:
        """What the reader of stderr prefers. Raises UsageError for a setting that is invalid."""
        return self._preferences_of(self.stderr)

    def _preferences_of(self, stream: TextIO) -> Preferences:
        return terminal.preferences(stream, self.environ, self.clock, self.config_file.times)

    @property
    def is_debug(self) -> bool:
        """Return whether `--debug` is given."""
        return is_debug(self.environ, self.overrides)

    def know_token(self) -> None:
        """Read the settings, if they can be read, so that what others say is shown without the token."""
        with suppress(HfJobsError):
            _ = self.settings

    def start_debug(self) -> None:
        """With `--debug`, print the records of the loggers below `hfjobs_cli` from now on."""
        if self.is_debug and self._debug_log is None:
            self.know_token()
            self._debug_log = lazy_services.debug_log_of(self)

    def end_debug(self) -> None:
        """Stop printing log records."""
        if self._debug_log is not None:
            self._debug_log.end()
            self._debug_log = None

    def debug(self, line: str) -> None:
        """Log a decision, which only `--debug` prints."""
        if self._debug_log is not None:
            self._debug_log.decided(line)

    def bound(self, kind: Kind) -> Kind:
        """Return a kind whose computed fields, such as costs, use the prices and bills of this run."""
        if "cost" not in kind.computed:
            return kind
        return lazy_services.with_runs(self, kind) if kind.noun == "schedule" else lazy_services.priced(self, kind)

    def end(self, code: int) -> int:
        """Report the failures of a partly successful run, and return the exit code; `code` is that of the rest."""
        failures, self.failures = self.failures, []
        self.report(*failures)
        return code or (failures[0].exit_code if failures else code)

    def close(self) -> None:
        """Close the client, if one was made."""
        if "client" in self.__dict__:
            self.client.close()

    def write(self, text: str) -> None:
        """Write to stdout. Raises ReaderGone or OutputFailed."""
        self.progress(None)
        with self.writing():
            self.stdout.write(text)

    def flush(self) -> None:
        """Flush stdout. Raises ReaderGone or OutputFailed."""
        with self.writing():
            self.stdout.flush()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Translate errors of writing to a stream into ReaderGone and OutputFailed."""
        try:
            yield
        except OSError as error:
            # A closed pipe is EPIPE, on Windows EINVAL.
            if isinstance(error, BrokenPipeError) or (os.name == "nt" and error.errno == errno.EINVAL):
                raise ReaderGone(STDOUT_CLOSED) from error
            if (limit := system_limit_of(error)) is not None:
                raise limit from error
            reason = error.strerror or "it is closed"
            hint = "is the disk full?" if error.errno == errno.ENOSPC else None
            raise OutputFailed(f"cannot write to stdout: {reason}", hint) from error

    def sleep_while_read(self, seconds: float) -> None:
        """Sleep, unless `seconds` is 0. Raises ReaderGone if the reader of stdout has closed it."""
        if self._stdout_pipe.works:
            if self._stdout_pipe.closes_within(seconds):
                raise ReaderGone(STDOUT_CLOSED)
        elif seconds:
            self.sleep(seconds)

    @cached_property
    def _stdout_pipe(self) -> terminal.PipeWatcher:
        return terminal.PipeWatcher(self.stdout)

    @property
    def can_ask(self) -> bool:
        """Return whether the user can answer a question: stdin and stderr are a terminal."""
        return terminal.is_terminal(self.stdin) and terminal.is_terminal(self.stderr)

    def confirm(self, question: str) -> bool:
        """Ask for confirmation on stderr, and return whether the answer is yes."""
        self.write_stderr(f"{printable(question)} [y/N] ")
        answer = ""
        try:
            with suppress(OSError, ValueError):
                answer = self.stdin.readline(100)
        finally:
            if not answer.endswith("\n"):
                self.write_stderr("\n")  # after Ctrl-D and Ctrl-C
        return answer.strip().lower() in ("y", "yes")

    def write_stderr(self, text: str) -> None:
        """Write text to stderr that is already escaped."""
        with self._speaking, suppress(OSError):  # stderr is closed
            self.progress(None)
            self.stderr.write(text)
            self.stderr.flush()

    def notice(self, line: str) -> None:
        """Write a line to stderr, with untrusted text escaped and the token redacted."""
        with self._speaking:
            self._speak(line)

    def note(self, line: str) -> None:
        """Write a note to stderr, unless `-q` is given."""
        if not self.is_quiet:
            self.notice(line)
        else:
            self.debug(line)

    def warning(self, line: str) -> None:
        """Write a warning to stderr."""
        self.notice(f"warning: {line}")

    def _speak(self, line: str) -> None:
        """Write a line; the caller holds the lock."""
        if self._is_over:
            return
        line = renamed(self._without_token(line), self.program)
        if self._held is not None:
            self._held.append(line)
            return
        self.progress(None)
        with suppress(OSError):  # stderr is closed
            self.stderr.write(printable(line) + "\n")
            self.stderr.flush()

    def redacted(self, text: str) -> str:
        """Redact the token and secrets in text from outside. It must be complete: parts of a secret are not found.

        Messages of the program itself do not go through it: a secret may be a common word.
        """
        return without_secrets(self._without_token(text), self._hidden)

    def redacted_quotes(self, text: str) -> str:
        """Return an error of this program without the token and the secrets in the values that it quotes."""
        return quotes_without_secrets(self._without_token(text), self._hidden)

    @property
    def _hidden(self) -> set[str]:
        token = self._token
        return {*self.secrets, token} if token and len(token) >= LEAST_TOKEN else self.secrets

    @property
    def _token(self) -> str | None:
        settings: Settings | None = self.__dict__.get("settings")
        return settings and settings.token

    def _without_token(self, text: str) -> str:
        return without_token(text, self._token)

    def report(self, *errors: HfJobsError) -> None:
        """Report errors: one line for each, then each different hint once."""
        for error in errors:
            self._interruption_reported |= isinstance(error, Interrupted)
            message = self._without_token(error.message)
            self.notice(f"error: {message if len(message) <= MAX_MESSAGE else message[:MAX_MESSAGE] + '...'}")
            for line in error.details:
                self.notice(line)
        for hint in dict.fromkeys(error.hint for error in errors if error.hint):
            self.notice(f"hint: {hint}")

    def report_interrupted(self) -> None:
        """Report the interruption, unless an error has done so, and the jobs that were created before it.

        Requests that are still running in other threads report nothing after that.
        """
        self.report_created()
        with self._speaking:
            if not self._interruption_reported:
                self._speak("interrupted")
            self._is_over = True

    def record_new(self, new: JobInfo | ScheduledJob) -> None:
        """Record a new job or schedule, once."""
        if all(new.id != each.id for each in self.created):
            self.unreported_ids.append(new.id)
            self.created.append(new)

    def report_created(self) -> None:
        """Report the ids of new jobs once, if stdout may not have shown them."""
        if self.unreported_ids:
            self.notice(f"created: {' '.join(self.unreported_ids)}")
            self.unreported_ids.clear()

    @property
    def shows_progress(self) -> bool:
        """Return whether stderr can show a progress line."""
        return terminal.obeys_codes(self.stderr, self.environ)

    def progress(self, text: str | None) -> None:
        """Show a progress line on a terminal; None removes it.

        It is cut to the width: what is wrapped would stay.
        """
        if self._held is not None or (text is None and not self._progress_shown):
            return
        if self.shows_progress:
            with suppress(OSError):
                room = terminal.width_of(self.stderr, self.environ) - 1
                self.stderr.write(f"\r\x1b[K{cut(printable(text or ''), room, '...')}")
                self.stderr.flush()
            self._progress_shown = text is not None

    @contextmanager
    def live(self, *, is_whole: bool = True) -> Iterator[Live]:
        """Use the terminal for output that is updated in place.

        Notices are held until it is released; then the last ones are written, each once. Pauses before retries are not
        reported: they are over by then.
        """

        def write(text: str) -> None:
            with self.writing():
                self.stdout.write(text)
                self.stdout.flush()

        self.progress(None)
        self.on_wait = lambda _line: None
        if terminal.is_terminal(self.stderr):
            self._held = []
        try:
            with lazy_services.live_screen(self, write, is_whole=is_whole) as taken:
                yield taken
        finally:
            held, self._held, self.on_wait = self._held or [], None, None
            for line in list(dict.fromkeys(held))[-MAX_HELD:]:
                self.notice(line)
