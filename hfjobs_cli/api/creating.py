"""Creating what bills somebody: the request is sent once, and if its answer is lost, what it made is looked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Generic, TypeVar

from hfjobs_cli.api.headers import CLOCKS_DIFFER_SECS
from hfjobs_cli.errors import HfJobsError, Interrupted, Unavailable

if TYPE_CHECKING:
    from hfjobs_cli.api.outcomes import Answer
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import ScheduledJob

Made = TypeVar("Made", "JobInfo", "ScheduledJob")

RECOVERY_PAUSES_SECS = (0.0, 1.0, 3.0)
"""When to look for a job whose answer was lost: it may still be in the making."""


@dataclass(frozen=True)
class Creation(Generic[Made]):
    """How one job, or schedule, is created. `send` asks for it, once, and `read` returns what the answer holds.

    `newest` returns the newest ones where it will be, and the moment of the answer by the server's clock; `is_it` tells
    whether one of them, made since `send` was called, is what was asked for, which is seen by its `mark`. `in_doubt`
    returns message and hint of the error after which nobody knows whether it was created, from a reason. `known` are
    ids of what was there before, which is not it, even if an answer says so.
    """

    send: Callable[[], Answer]
    read: Callable[[Answer], Made]
    newest: Callable[[], tuple[list[Made], datetime | None]]
    is_it: Callable[[Made], bool]
    in_doubt: Callable[[str], tuple[str, str]]
    known: Collection[str] = ()
    mark: str = "its initiator"
    noun: str = "job"

    def run(
        self,
        made: Callable[[str], None],
        warn: Callable[[str], None],
        sleep: Callable[[float], None],
        present: Callable[[datetime | None], datetime | None],
    ) -> Made:
        """Create it and return it.

        `made` is told the id before anything else happens: until then a KeyboardInterrupt becomes Interrupted, and from
        then on whoever was told knows what there is to pay for. Raises what `send` raises if it is certain that nothing
        was created, and Unavailable with `maybe_done` if it is not. `warn` is told if it had to be found. `present`
        returns the present moment by the server's clock from that of its last answer, which may be none of now.
        """
        try:
            new = self._sent_or_found(warn, sleep, present)
            made(new.id)
        except KeyboardInterrupt:
            raise Interrupted(*self.in_doubt("interrupted")) from None
        return new

    def _sent_or_found(
        self,
        warn: Callable[[str], None],
        sleep: Callable[[float], None],
        present: Callable[[datetime | None], datetime | None],
    ) -> Made:
        started = time.monotonic()
        try:
            return self._sent(started, present)
        except HfJobsError as error:
            if not error.maybe_done:
                raise
            reason = error
        found = self._find(started, sleep)
        if len(found) != 1:
            several = f"; candidates: {' '.join(job.id for job in found)}" if found else ""
            raise Unavailable(*self.in_doubt(reason.message + several), maybe_done=True) from reason
        warn(f"{reason.message}; the new {self.noun} was found by {self.mark}")
        return found[0]

    def _sent(self, started: float, present: Callable[[datetime | None], datetime | None]) -> Made:
        """Send the request, and return what is answered. Raises BadResponse if that was there before."""
        answer = self.send()
        new = self.read(answer)
        try:
            was_there = new.id in self.known or _is_older(new, started, present(answer.sent_at))
        except KeyboardInterrupt:
            raise Interrupted(*self.in_doubt(f"interrupted; the answer is about {self.noun} {new.id}")) from None
        if was_there:
            raise answer.problem(f"it is about {self.noun} '{new.id}', which was there before the request")
        return new

    def _find(self, started: float, sleep: Callable[[float], None]) -> list[Made]:
        """Return those that may be it, made since `started` (monotonic), as soon as there are any."""
        for pause in RECOVERY_PAUSES_SECS:
            sleep(pause)
            try:
                jobs, answered = self.newest()
            except HfJobsError:
                return []  # why the answer was lost tells more than this second failure
            since = _began(started, answered or datetime.now(timezone.utc))
            found = [job for job in jobs if self._may_be(job, since)]
            if found:
                return found
        return []

    def _may_be(self, job: Made, since: datetime) -> bool:
        is_new = job.created_at is not None and job.created_at >= since and job.id not in self.known
        return is_new and self.is_it(job)


def _is_older(new: JobInfo | ScheduledJob, started: float, now: datetime | None) -> bool:
    """Tell whether something was made clearly before `started` (monotonic); `now` is by the clock of the server."""
    if now is None or new.created_at is None:
        return False
    return (_began(started, now) - new.created_at).total_seconds() > CLOCKS_DIFFER_SECS


def _began(started: float, answered: datetime) -> datetime:
    """Return when `started` (monotonic) was by the clock of a server, which has just `answered`.

    Its `Date` comes in whole seconds, rounded down, and what has passed here since is no less than what has passed
    there, so no later moment is taken for it.
    """
    return answered - timedelta(seconds=time.monotonic() - started)
