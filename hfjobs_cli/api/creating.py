"""Creating what bills somebody: the request is sent once, and if its answer is lost, what it made is looked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Generic, TypeVar

from hfjobs_cli.errors import BadResponse, HfJobsError, Interrupted, Unavailable

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import ScheduledJob

Made = TypeVar("Made", "JobInfo", "ScheduledJob")

RECOVERY_PAUSES_SECS = (0.0, 1.0, 3.0)
"""When to look for a job whose answer was lost: it may still be in the making."""


@dataclass(frozen=True)
class Creation(Generic[Made]):
    """How one job, or schedule, is created. `send` asks for it, once.

    `newest` returns the newest ones where it will be, and the moment of the answer by the server's clock; `is_it` tells
    whether one of them, made since `send` was called, is what was asked for, which is seen by its `mark`. `in_doubt`
    returns message and hint of the error after which nobody knows whether it was created, from a reason.
    """

    send: Callable[[], Made]
    newest: Callable[[], tuple[list[Made], datetime | None]]
    is_it: Callable[[Made], bool]
    in_doubt: Callable[[str], tuple[str, str]]
    mark: str = "its initiator"
    noun: str = "job"

    def run(self, made: Callable[[str], None], warn: Callable[[str], None], sleep: Callable[[float], None]) -> Made:
        """Create it and return it.

        `made` is told the id before anything else happens: until then a KeyboardInterrupt becomes Interrupted, and from
        then on whoever was told knows what there is to pay for. Raises what `send` raises if it is certain that nothing
        was created, and Unavailable with `maybe_done` if it is not. `warn` is told if it had to be found.
        """
        try:
            new = self._sent_or_found(warn, sleep)
            made(new.id)
        except KeyboardInterrupt:
            raise Interrupted(*self.in_doubt("interrupted")) from None
        return new

    def _sent_or_found(self, warn: Callable[[str], None], sleep: Callable[[float], None]) -> Made:
        started = time.monotonic()
        try:
            return self.send()
        except Unavailable as error:
            if not error.maybe_done:
                raise
            reason: HfJobsError = error
        except BadResponse as error:
            reason = error
        found = self._find(started, sleep)
        if len(found) != 1:
            several = f"; candidates: {' '.join(job.id for job in found)}" if found else ""
            raise Unavailable(*self.in_doubt(reason.message + several), maybe_done=True) from reason
        warn(f"{reason.message}; the new {self.noun} was found by {self.mark}")
        return found[0]

    def _find(self, started: float, sleep: Callable[[float], None]) -> list[Made]:
        """Return those that may be it, made since `started` (monotonic), as soon as there are any.

        The server's clock says when that was: its `Date` comes in whole seconds, rounded down, and what has passed
        here since `started` is no less than what has passed there, so no later moment is taken for it.
        """
        for pause in RECOVERY_PAUSES_SECS:
            sleep(pause)
            try:
                jobs, answered = self.newest()
            except HfJobsError:
                return []  # why the answer was lost tells more than this second failure
            since = (answered or datetime.now(timezone.utc)) - timedelta(seconds=time.monotonic() - started)
            found = [job for job in jobs if job.created_at is not None and job.created_at >= since and self.is_it(job)]
            if found:
                return found
        return []
