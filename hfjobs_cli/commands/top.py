"""`hfjobs top`."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, subprocesses
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._listing import job_filter, scan
from hfjobs_cli.commands._watch import BackgroundPoller
from hfjobs_cli.errors import ExitCode, HfJobsError, LimitReached, UsageError, max_descriptors
from hfjobs_cli.hub.concurrency import start_thread
from hfjobs_cli.hub.log_lines import LastLine
from hfjobs_cli.hub.metrics import UsageFollower
from hfjobs_cli.hub.retry import poll_backoff
from hfjobs_cli.models.vocabulary import FINISHED_STAGES
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.terminal_text import printable
from hfjobs_cli.tui.top_state import Ended, Top
from hfjobs_cli.tui.top_view import drawn

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.usage import Usage
    from hfjobs_cli.query.filters import JobFilter
    from hfjobs_cli.tui.screen import Live

TAIL = 200
"""How many existing log lines are shown before a job is followed."""


def top(
    session: Session,
    filters: Annotated[options.Filters, "job"],
    *,
    namespace: options.Namespace = None,
) -> ExitCode:
    """Monitor running jobs: usage, cost and last log line.

    Each job has a row with bars of the last minutes for CPU, memory, GPUs and network, and its last log line; below are
    the recently finished jobs. Arrows select a job, Enter follows its logs, d describes it, s opens a shell in it, c
    cancels it, o sorts, / filters, ? explains the keys, and q quits. A job whose GPUs have all been below 5% for a
    minute or more is marked with how long, and what that cost. If more than 50 jobs are running, the newest 50 are
    measured.

    \b
    Examples:
      hfjobs top
      hfjobs top --label sweep=3
      hfjobs top -f 'flavor=a100*' --namespace my-team
    """
    wanted = job_filter(session, filters)
    if not session.preferences.can_redraw:
        raise UsageError(
            "top needs a terminal with cursor control",
            hint="use 'hfjobs stats -f' for usage or 'hfjobs ps --watch' for status changes, as jsonl",
        )
    if wanted.names_schedules:
        wanted = wanted.with_schedules(session.client.schedule_names(namespace))
    with session.live() as live:
        _run(session, live, Monitor(session, wanted, namespace, live.wake), Top())
    for failure in session.failures:  # of what could not be shown beside the rest
        session.warning(failure.message)
    session.failures.clear()
    return ExitCode.DONE


def _run(session: Session, live: Live, monitor: Monitor, state: Top) -> None:
    """Paint the state each second, and do what keys ask for, until it is to end."""
    for key in live.turns():
        action = None if key is None else state.press(key)
        row = state.chosen_row
        if action == "quit":
            return
        if action == "cancel" and row is not None:
            monitor.cancel(row.job)
        elif action == "logs" and row is not None:
            _show(session, live, row.job, "logs", "--follow", "--tail", str(TAIL), str(monitor.reference(row.job)))
        elif action == "describe" and row is not None:
            _show(session, live, row.job, "describe", str(monitor.reference(row.job)))
        elif action == "ssh" and row is not None:
            with live.suspended(), _signals_are_for_others():
                words = subprocesses.this_program("ssh", str(monitor.reference(row.job)))
                subprocess.run(words, env=_environ(session), check=False)  # noqa: S603
        if key is None:
            now = session.clock()
            monitor.bring(state, now)
            live.paint(drawn(state, live.size, now, session.preferences))


def _show(session: Session, live: Live, job: JobInfo, command: str, *rest: str) -> None:
    """Show what a command prints about a job until q, Escape or Ctrl-C, or Enter after its end."""
    words = subprocesses.this_program(command, *rest)
    title = "logs of" if command == "logs" else "page of"
    with live.lent(), _signals_are_for_others() as pressed:
        session.write(f"-- {title} {printable(job.name or job.id)}; q or Ctrl-C goes back --\n")
        session.flush()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=_environ(session))  # noqa: S603
        has_ended = False
        try:
            while not pressed.is_set() and not {"q", "Q", "escape"} & {*(keys := live.wait(0.2))}:
                if process.poll() is not None and not has_ended:
                    has_ended = True
                    session.write(f"-- end of the {'logs' if command == 'logs' else 'page'}; q goes back --\n")
                    session.flush()
                elif has_ended and "enter" in keys:
                    return
        finally:
            process.kill()
            process.wait()


def _environ(session: Session) -> dict[str, str]:
    """Return the environment with the connection options. A token must not be an argument."""
    given = session.overrides
    options = {"HF_TOKEN": given.token, "HF_ENDPOINT": given.endpoint, "HFJOBS_DEMO": "1" if given.demo else None}
    given_here = {name: value for name, value in options.items() if value is not None}
    return {**subprocesses.environ_of_python(session.environ), **given_here}


@contextmanager
def _signals_are_for_others() -> Iterator[threading.Event]:
    """Leave Ctrl-C to the child program; the event is set when it was pressed. Ctrl-Z has no effect."""
    pressed = threading.Event()
    before = {signal.SIGINT: signal.signal(signal.SIGINT, lambda *_signal: pressed.set())}
    if hasattr(signal, "SIGTSTP"):
        before[signal.SIGTSTP] = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


FIRST_PAUSE_SECS = 2.0
MAX_FOLLOWED = 50
"""The largest number of jobs, the newest, whose usage and logs are read: each takes two connections."""

DESCRIPTORS_EACH, SPARE_DESCRIPTORS = 4, 40
"""Descriptors per followed job, and for everything else; fewer jobs are followed if the system limits them."""

MAX_LATELY = 50
"""How many recently finished jobs are shown at the start."""


class Follower:
    """The usage and the last log line of a running job, each read in a thread."""

    def __init__(self, session: Session, reference: JobReference, ended: Callable[[], None]) -> None:
        """Start the threads. `ended` is called when the job may have ended. Raises LimitReached."""
        self._ended = ended
        self._usages: deque[Usage] = deque()
        self._feed = UsageFollower(session.client, reference, session.sleep)
        self._line = LastLine(session.client, reference, session.sleep)
        try:
            start_thread(self._follow)
            start_thread(self._read)
        except LimitReached:
            self.close()
            raise

    @property
    def event(self) -> str:
        """The event of the last line."""
        return self._line.event

    def usages(self) -> list[Usage]:
        """Return the samples since the last call."""
        return [self._usages.popleft() for _ in range(len(self._usages))]

    def close(self) -> None:
        """Stop both threads."""
        self._feed.close()
        self._line.close()

    def _follow(self) -> None:
        with suppress(HfJobsError):  # then the row has no figures
            for usage in self._feed:
                self._usages.append(usage)
            self._ended()

    def _read(self) -> None:
        with suppress(HfJobsError):
            self._line.run()


class Monitor:
    """Watches the matching jobs of a namespace, and updates the state of the screen."""

    def __init__(self, session: Session, wanted: JobFilter, namespace: str | None, wake: Callable[[], None]) -> None:
        """Start polling. `wake` is called for changes that should be shown at once."""
        self._session = session
        self._costs = session.costs
        self._wanted = wanted
        self._namespace = namespace
        self._wake = wake
        self._followers: dict[str, Follower] = {}
        self._ended: deque[Ended] = deque()
        self._messages: deque[str] = deque()
        self._shown: object = None
        self._background = BackgroundPoller(session, self._ask, poll_backoff(FIRST_PAUSE_SECS), wake)
        self._start(self._ask_what_ended)

    def bring(self, state: Top, now: datetime) -> None:
        """Update the state. Raises the error that ended the polling, for example HfJobsError."""
        gone = [change.job for change in self._background.changes() if change.event == "gone"]
        look = self._background.last
        if look is not None and look is not self._shown:
            self._shown = look
            state.update(look.jobs, look.at)
            self._follow(look.jobs)
        if gone:
            self._start(lambda: self._ask_how_they_ended(gone))
        for identifier, follower in self._followers.items():
            row = state.rows[identifier]
            row.event = follower.event
            for usage in follower.usages():
                row.note(usage, now)
        for row in state.rows.values():
            row.cost = self._costs.of(row.job, now)
        state.end([self._ended.popleft() for _ in range(len(self._ended))])
        if self._messages:
            state.message = self._messages.popleft()
        state.trouble = self._background.trouble

    def cancel(self, job: JobInfo) -> None:
        """Cancel a job in the background; the result is shown later."""

        def cancel() -> None:
            try:
                done = self._session.client.cancel_job(self.reference(job))
                self._messages.append(f"{job.name or job.id}: {done.status}")
            except HfJobsError as error:
                self._messages.append(f"could not cancel {job.name or job.id}: {error.message}")
            self._background.hurry()
            self._wake()

        self._start(cancel)

    def reference(self, job: JobInfo) -> JobReference:
        """Return the reference of a job."""
        return JobReference.of(job, self._namespace)

    def _ask(self) -> Sequence[JobInfo]:
        present = self._wanted._replace(now=self._session.clock())
        jobs = [job for job in scan(self._session, present, self._namespace).jobs() if not job.has_ended]
        for job in jobs:  # request prices here, in the background
            self._costs.of(job, present.now)
        return jobs

    def _follow(self, jobs: Sequence[JobInfo]) -> None:
        """Start following jobs that run now, and stop following the others."""
        most = min(MAX_FOLLOWED, (max_descriptors() - SPARE_DESCRIPTORS) // DESCRIPTORS_EACH)
        running = [job for job in jobs if job.status.stage == "RUNNING"][: max(1, most)]
        for identifier in self._followers.keys() - {job.id for job in running}:
            self._followers.pop(identifier).close()
        try:
            for job in running:
                if job.id not in self._followers:
                    self._followers[job.id] = Follower(self._session, self.reference(job), self._background.hurry)
        except LimitReached as error:  # the others have no figures
            self._messages.append(error.message)

    def _ask_what_ended(self) -> None:
        """Fetch recently finished jobs that match the filters, except for the status."""
        finished = tuple(sorted(FINISHED_STAGES))
        wanted = self._wanted._replace(stages=finished, statuses=())
        with suppress(HfJobsError):
            jobs = scan(self._session, wanted, self._namespace, MAX_LATELY).jobs()
            self._end([job for job in jobs if job.has_ended])

    def _ask_how_they_ended(self, jobs: Sequence[JobInfo]) -> None:
        for job in jobs:
            with suppress(HfJobsError):
                now = self._session.client.inspect_job(self.reference(job))
                if now.has_ended:
                    self._end([now])

    def _end(self, jobs: Sequence[JobInfo]) -> None:
        now = self._session.clock()
        self._ended += [Ended(job, self._costs.of(job, now)) for job in jobs]
        self._wake()

    def _start(self, work: Callable[[], None]) -> None:
        start_thread(work)
