"""`hfjobs top`."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options, subprocesses
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._select import job_filter
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.text.display import printable

if TYPE_CHECKING:
    from hfjobs_cli.commands._usage import Monitor
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.tui.screen import Live
    from hfjobs_cli.tui.top_state import Top

TAIL = 200
"""How many lines are shown of what a job has written before it is followed."""


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
    if not session.reader.can_redraw:
        raise UsageError(
            "top needs a terminal with cursor control",
            hint="use 'hfjobs stats -f' for usage or 'hfjobs ps --watch' for status changes, as jsonl",
        )
    if wanted.names_schedules:
        wanted = wanted.with_schedules(session.client.schedule_names(namespace))
    from hfjobs_cli.commands._usage import Monitor
    from hfjobs_cli.tui.top_state import Top

    with session.live() as live:
        _run(session, live, Monitor(session, wanted, namespace, live.wake), Top())
    for failure in session.failures:  # of what could not be shown beside the rest
        session.warning(failure.message)
    session.failures.clear()
    return ExitCode.DONE


def _run(session: Session, live: Live, monitor: Monitor, state: Top) -> None:
    """Paint the state each second, and do what keys ask for, until it is to end."""
    from hfjobs_cli.tui.top_view import drawn

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
            live.paint(drawn(state, live.size, now, session.reader))


def _show(session: Session, live: Live, job: JobInfo, command: str, *rest: str) -> None:
    """Show what a command prints about a job until q, Escape or Ctrl-C, or Enter after its end."""
    words = subprocesses.this_program(command, *rest)
    title = "logs of" if command == "logs" else "page of"
    with live.lent(), _signals_are_for_others() as pressed:
        session.write(f"-- {title} {printable(job.name or job.id)}; q or Ctrl-C goes back --\n")
        session.flush()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, env=_environ(session))  # noqa: S603
        is_told = False
        try:
            while not pressed.is_set() and not {"q", "Q", "escape"} & {*(keys := live.wait(0.2))}:
                if process.poll() is not None and not is_told:
                    is_told = True
                    session.write(f"-- end of the {'logs' if command == 'logs' else 'page'}; q goes back --\n")
                    session.flush()
                elif is_told and "enter" in keys:
                    return
        finally:
            process.kill()
            process.wait()


def _environ(session: Session) -> dict[str, str]:
    """Return the environment with the connection options. A token must not be an argument."""
    given = session.overrides
    told = {"HF_TOKEN": given.token, "HF_ENDPOINT": given.endpoint, "HFJOBS_DEMO": "1" if given.demo else None}
    given_here = {name: value for name, value in told.items() if value is not None}
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
