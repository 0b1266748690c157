"""A listing looked at again and again, over breaks of the network."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.api.patience import WAITED_OUT, asked_pause_of
from hfjobs_cli.api.threads import start_thread
from hfjobs_cli.live.changes import Change, changes
from hfjobs_cli.pace import Pace

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.records.job import JobInfo

Ask = Callable[[], "Sequence[JobInfo]"]
"""Asks for the jobs of a listing, as they are now."""

LookUp = Callable[["Sequence[JobInfo]"], "Mapping[str, JobInfo]"]
"""Asks for jobs that have left a listing: as they are now, by their ids, as far as that can be known."""

Trouble = Callable[["str | None"], None]
"""Is told what keeps the Hub from answering, and None when it answers."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a listing held at some moment, what had happened since the look before, and how long the next one is off."""

    jobs: Sequence[JobInfo]
    at: datetime
    changes: Sequence[Change]
    pause_secs: float


def looks(
    session: Session,
    ask: Ask,
    pace: Pace,
    trouble: Trouble,
    rest: Callable[[float, float], object] | None = None,
    look_up: LookUp | None = None,
) -> Iterator[Look]:
    """Yield what `ask` finds, again and again, with a pause after each time.

    `rest` makes it, and may make it shorter than the first number of seconds, but not than the second: for so long the
    Hub asks to be left alone. `look_up` asks once for what has left the listing before it had ended.

    Once there has been an answer, failures that may pass are told to `trouble` and survived. Raises HfJobsError.
    """
    before: dict[str, JobInfo] | None = None
    rest = rest or (lambda secs, least: session.rest(max(secs, least)))
    while True:
        try:
            with _waits_told_to(session, trouble):
                jobs = ask()
        except WAITED_OUT as error:
            if before is None:
                raise
            trouble(error.message)
            rest(pace.pause(happened=False), asked_pause_of(error))
            continue
        trouble(None)
        _told_once(session)
        now = {job.id: job for job in jobs}
        happened = list(changes(before or {}, now))
        left = [each.job for each in happened if each.event == "gone" and not each.job.has_ended]
        if left and look_up is not None:
            with _waits_told_to(session, trouble):
                current = look_up(left)
            happened = [
                each._replace(job=current.get(each.job.id, each.job)) if each.event == "gone" else each
                for each in happened
            ]
        pause = pace.pause(happened=before is None or bool(happened))
        before = now
        yield Look(jobs, session.clock(), happened, pause)
        rest(pause, 0.0)


@contextmanager
def _waits_told_to(session: Session, trouble: Trouble) -> Iterator[None]:
    """Have pauses before a request is tried again told as trouble."""
    before, session.told_of_wait = session.told_of_wait, trouble
    try:
        yield
    finally:
        session.told_of_wait = before


def _told_once(session: Session) -> None:
    """Keep one of equal failures: what is unusable in a listing is so at each look."""
    session.failures[:] = {failure.message: failure for failure in session.failures}.values()


@dataclass(eq=False)
class Breaks:
    """Tells of the first failure of a break on stderr, and of its end."""

    session: Session
    _is_broken: bool = False

    def __call__(self, message: str | None) -> None:
        """Take note of what keeps the Hub from answering, or that it answers."""
        if message is not None and not self._is_broken:
            self.session.warn(message)
        elif message is None and self._is_broken:
            self.session.remark("the Hub answers again")
        self._is_broken = message is not None


class Background:
    """Looks made in a thread of their own, so that a screen goes on meanwhile.

    `last` is the last look, `trouble` what keeps the Hub from answering since then.
    """

    def __init__(
        self, session: Session, ask: Ask, pace: Pace, wake: Callable[[], None], look_up: LookUp | None = None
    ) -> None:
        """Begin in a thread that does not keep the program from ending. `wake` is called when something is new."""
        self.last: Look | None = None
        self.trouble: str | None = None
        self._session = session
        self._wake = wake
        self._hurry = threading.Event()
        self._looks = looks(session, ask, pace, self._told, self._rest, look_up)
        self._seen: deque[Change] = deque()
        self._error: Exception | None = None
        start_thread(self._run)

    def hurry(self) -> None:
        """Look at once."""
        self._hurry.set()

    def changes(self) -> list[Change]:
        """Return what has happened since this was last asked. Raises what ended the looks."""
        if self._error is not None:
            raise self._error
        return [self._seen.popleft() for _ in range(len(self._seen))]

    def _rest(self, seconds: float, least: float) -> None:
        if least:
            self._session.sleep(least)
        self._hurry.wait(seconds - least)
        self._hurry.clear()

    def _told(self, message: str | None) -> None:
        if message != self.trouble:
            self.trouble = message
            self._wake()

    def _run(self) -> None:
        try:
            for look in self._looks:
                self._seen += look.changes
                self.last = look
                self._wake()
        except Exception as error:
            self._error = error
            self._wake()
