"""Reading what one job wrote, once or until it has ended: over breaks, silences, and a computer that was asleep."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.api.feed import Feed
from hfjobs_cli.api.log_lines import Line, parse_lines
from hfjobs_cli.api.patience import LONGEST_AWAY_SECS, WAITED_OUT, Look, Silence, Tries, asked_pause_of
from hfjobs_cli.api.replay import Replay
from hfjobs_cli.errors import BadResponse, NotAllowed, NotFound, NotLoggedIn, RequestRefused
from hfjobs_cli.records.job import JobInfo
from hfjobs_cli.text.times import parse_time

if TYPE_CHECKING:
    from datetime import datetime

    from hfjobs_cli.api.client import JobsClient
    from hfjobs_cli.api.events import Event
    from hfjobs_cli.api.patience import GracePeriod
    from hfjobs_cli.query.references import JobReference

TRIES = 4
"""How often in a row reading without following may fail."""

SOUND_SECS = 10.0
"""How long a connection must hold to count as a good one, even if nothing new came."""

SETTLED_SECS = 0.5
"""How long nothing may come before what was held back is taken for new."""

REPLAYED_SECS, LONGEST_GAP_SECS = 0.2, 5.0
"""How long nothing may come before it is asked whether all that there is has come, and before that is supposed."""

STAGE_PAUSES_SECS = (0.0, 0.5, 1.0, 2.0)
"""When to ask for a job's stage once its output has ended: it lags behind the last line, by 1.3 s."""

LOOK_SECS, LONGEST_LOOK_SECS = 5.0, 30.0
WAITING_LOOK_SECS, LONGEST_WAITING_LOOK_SECS = 1.0, 10.0
"""How long nothing may come before a job is looked at, first and later; and one that waits for its hardware."""

SILENT_TIMEOUTS = 2.5
"""How many timeouts a stream may be silent for: the Hub sends a comment every 30 s, which is one."""

ASLEEP_TIMEOUTS = 0.5
"""How many timeouts more than it should a short wait takes if the computer was asleep meanwhile."""

TICK_SECS = 0.25
LAST_LINES = 8
"""How many of the last lines are asked for to see whether all have come."""

MOST_BARREN_ENDS = 3
"""After how many streams that end without anything new all has come, whatever else the Hub says."""


MOST_MISSES = 3
"""How often the log of a job that answers may be missing before there is none; a job that goes on may get one."""


class Notice(NamedTuple):
    """Something that the reader should be told about a job besides its output."""

    text: str


class Waiting(NamedTuple):
    """The job waits for its hardware, still."""

    job: JobInfo


Item = list[Line] | Notice | Waiting


class _End(Enum):
    """How one connection came to its end."""

    ENDED = "the server ended it, or has nothing for it"
    USELESS = "another one may bring more"
    COMPLETE = "there is no more to come"


class _LineTooLong(BadResponse):
    """A stream holds what cannot be read, now or later."""


class LogReading:
    """The output of one job: every line once, in order. `job` is its last known state.

    It goes on after breaks, which is told. What it raises is final: the job or the permission to see it is gone, or the
    Hub was away for too long.
    """

    def __init__(
        self,
        client: JobsClient,
        job: JobInfo,
        reference: JobReference,
        *,
        follow: bool = False,
        tail: int | None = None,
        timeout_secs: float,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read all output or the last `tail` lines: what there is, or with `follow` what comes until the job ends.

        `rest` makes pauses, of 0 seconds while nothing comes; what it raises ends the reading.
        """
        self.job = job
        self._client = client
        self._reference = reference
        self._follow = follow
        self._timeout_secs = timeout_secs
        self._rest = rest
        self._notices: list[str] = []
        self._replay = Replay(tail, self._notices.append)
        self._tries = Tries(math.inf if follow else TRIES, LONGEST_AWAY_SECS)
        self._taken = 0
        self._barren_ends = 0
        self._misses = 0
        self._grace: GracePeriod | None = None
        self._told_of_odd = False
        self._looking: Look[JobInfo] | None = None

    def items(self) -> Iterator[Item]:
        """Yield lines as they come, several at once, headers too, and what else there is to tell."""
        end = None
        while end is not _End.COMPLETE:
            taken, began = self._taken, time.monotonic()
            try:
                end = yield from self._connection()
                if end is _End.ENDED:
                    self._barren_ends = 0 if self._taken > taken else self._barren_ends + 1
                    end = yield from self._after_end()
            except _LineTooLong:
                raise
            except WAITED_OUT as error:
                if self._taken > taken or time.monotonic() - began > SOUND_SECS:
                    self._tries.succeeded()
                pause = self._tries.pause_after(error)
                yield from self._told()
                yield Notice(f"{error.message}; trying again in {pause:.1f} s")
                self._rest(pause)

    @property
    def is_over(self) -> bool:
        """Tell whether the job has ended, as far as is known."""
        return self.job.has_ended

    @property
    def _waits(self) -> bool:
        return self._follow and self.job.status.stage == "SCHEDULING"

    def _connection(self) -> Generator[Item, None, _End]:
        """Yield what comes over one connection, and return how that ended."""
        tail = self._replay.begin()
        self._looking = None
        silence = Silence(self._first_check(), self._timeout_secs * ASLEEP_TIMEOUTS)
        if self._waits:
            yield Waiting(self.job)
        end = None
        try:
            with self._feed(tail, self._timeout_secs * SILENT_TIMEOUTS) as feed:
                while end is None:
                    events = self._take(feed, silence)
                    if events:
                        end = yield from self._came(events, feed, silence)
                    elif feed.is_finished:
                        yield from self._settled()
                        end = _End.ENDED
                    else:
                        end = yield from self._when_silent(silence)
        except NotFound as error:
            return (yield from self._without_log(error))
        except RequestRefused as error:
            if self._waits:
                return _End.ENDED  # there is nothing to be read yet
            if self._client.grace_period(self._reference.id) is None:
                raise
            return (yield from self._without_log(error))
        self._misses = 0
        return end

    def _without_log(self, error: NotFound | RequestRefused) -> Generator[Item, None, _End]:
        """Wait for the log of a job that has none yet. Raises NotFound if there is no job, or it ended without one."""
        was_over = self.is_over
        self.job = self._client.inspect_job(self._reference)
        self._misses = 1 if self.is_over > was_over else self._misses + 1
        self._grace = self._grace or self._client.grace_period(self._reference.id)
        pause = None if self._grace is None else self._grace.pause()
        if self._misses >= MOST_MISSES and (pause is None if self.is_over else not self._follow):
            if self.is_over:
                reason = error.__cause__ if isinstance(error.__cause__, NotFound) else error
                raise NotFound(f"job {self._reference.id} has no logs: {reason.message}") from error
            yield Notice("the job has no logs yet")
            return _End.COMPLETE
        if self._waits:
            yield Waiting(self.job)
        self._rest(pause or min(LONGEST_WAITING_LOOK_SECS, 2.0 ** min(self._misses - 1, 9)))
        return _End.USELESS

    def _came(self, events: list[Event], feed: Feed, silence: Silence) -> Generator[Item, None, _End | None]:
        """Yield the lines among events that are new; return an end if no more are wanted of this connection."""
        lines = self._new_lines(events, feed)
        is_all = self._cut(lines, feed.sent_at, silence.secs_since_start)
        yield from self._told()
        if lines:
            yield lines
        silence.broken(self._first_check())
        if self._replay.is_astray:
            return _End.USELESS
        return _End.COMPLETE if is_all else None

    def _when_silent(self, silence: Silence) -> Generator[Item, None, _End | None]:
        """Look what is the matter, if it is time for that; return an end if this connection is of no more use."""
        self._rest(0)
        if silence.was_asleep:
            yield Notice("this computer was asleep; connecting again")
            return _End.USELESS
        if silence.secs >= SETTLED_SECS:
            yield from self._settled()
        if self._looking is not None:
            return (yield from self._seen(self._looking, silence)) if self._looking.is_done else None
        if silence.secs_until_check:
            return None
        if self.is_over or not self._follow:
            return (yield from self._when_quiet(silence))
        self._looking = Look(lambda: self._client.inspect_job(self._reference))
        silence.check_later(LONGEST_WAITING_LOOK_SECS if self._waits else LONGEST_LOOK_SECS)
        return None

    def _feed(self, tail: int | None, silence_secs: float) -> Feed:
        return Feed(lambda: self._client.log_events(self._reference, tail=tail, silence_secs=silence_secs, tries=1))

    def _first_check(self) -> float:
        """Return how long nothing may come before something is asked."""
        if self.is_over or not self._follow:
            return REPLAYED_SECS
        return WAITING_LOOK_SECS if self._waits else LOOK_SECS

    def _take(self, feed: Feed, silence: Silence) -> list[Event] | None:
        """Wait for what comes, but not for long. Raises what the stream raises, and _LineTooLong."""
        wait = min(1.0 if self._replay.is_settled else TICK_SECS, silence.secs_until_check or TICK_SECS)
        try:
            with silence.waiting(wait):
                events = feed.take(wait)
        except BadResponse as error:
            if feed.is_open:
                raise _LineTooLong(error.message, error.hint) from error
            raise
        if feed.sent_at is not None:
            self._replay.answered(feed.sent_at)
        return events

    def _new_lines(self, events: list[Event], feed: Feed) -> list[Line]:
        """Return the lines among events that are new."""
        data = [event.data for event in events if event.data]
        if feed.is_finished:  # it may have ended in the middle of one
            data = [each for each in data if parse_lines([each])]
        return self._lines(self._replay.take(data))

    def _lines(self, events: Sequence[str]) -> list[Line]:
        lines = parse_lines(events, self._is_odd)
        self._replay.note(lines)
        self._taken += len(lines)
        return lines

    def _is_odd(self, _event: str) -> None:
        if not self._told_of_odd:
            self._notices.append("something in the output is not as documented, and is left out")
        self._told_of_odd = True

    def _settled(self) -> Iterator[Item]:
        """Yield what was held back."""
        lines = self._lines(self._replay.settle())
        yield from self._told()
        if lines:
            yield lines

    def _told(self) -> Iterator[Item]:
        notices, self._notices[:] = list(self._notices), []
        yield from map(Notice, notices)

    def _cut(self, lines: list[Line], sent_at: datetime | None, secs: float) -> bool:
        """Take away lines of a running job that came after they were asked for, and tell whether there were any.

        The clock of the Hub is given in whole seconds. Moments that are yet to come are those of another clock. Whoever
        follows a job wants all lines.
        """
        if self._follow or self.is_over or sent_at is None:
            return False
        for at, (timestamp, _) in enumerate(lines):
            with suppress(ValueError, OverflowError):
                if timestamp and 1 < (parse_time(timestamp) - sent_at).total_seconds() < secs + LONGEST_GAP_SECS:
                    del lines[at:]
                    return True
        return False

    def _seen(self, look: Look[JobInfo], silence: Silence) -> Generator[Item, None, _End | None]:
        """Take note of what a look at the job has shown; if it failed for now another will be taken."""
        waited, self._looking = self._waits, None
        if isinstance(look.error, NotFound | NotAllowed | NotLoggedIn):
            raise look.error
        if look.error is not None:
            silence.check_after(asked_pause_of(look.error))
        if look.result is not None:
            self.job = look.result
        if self.is_over:
            silence.check_now()
        if self._waits:
            yield Waiting(self.job)
        # A stream that was opened before the job began may never show anything.
        return _End.USELESS if waited and not self._waits and not silence.was_broken else None

    def _when_quiet(self, silence: Silence) -> Generator[Item, None, _End | None]:
        """Return whether all has come, now that nothing comes, though the stream is open."""
        yield from self._settled()
        if self._is_drained():
            return _End.COMPLETE
        if silence.secs > LONGEST_GAP_SECS:
            return _End.ENDED if self.is_over else _End.COMPLETE
        silence.check_later(LONGEST_GAP_SECS)
        return None

    def _after_end(self) -> Generator[Item, None, _End]:
        """Return whether all has come, now that the server has ended a stream."""
        if not self.is_over and self._has_just_ended():
            self._barren_ends = 0  # those before tell nothing
        if self.is_over or not self._follow:
            is_all = self._barren_ends >= MOST_BARREN_ENDS or self._is_drained()
            return _End.COMPLETE if is_all else _End.USELESS
        if self._waits:
            yield Waiting(self.job)
        if self._barren_ends or self._waits:
            self._rest(min(LONGEST_WAITING_LOOK_SECS, 2.0 ** min(self._barren_ends, 9)))
        return _End.USELESS

    def _has_just_ended(self) -> bool:
        """Tell whether the job has ended, waiting a moment for that if it is followed."""
        for pause in STAGE_PAUSES_SECS if self._follow else (0.0,):
            self._rest(pause)
            self.job = self._client.inspect_job(self._reference)
            if self.is_over:
                return True
        return False

    def _is_drained(self) -> bool:
        """Tell whether the last lines that the Hub has are the last that were taken."""
        found: list[str] = []
        try:
            with suppress(RequestRefused), self._feed(LAST_LINES, 2 * LONGEST_GAP_SECS) as feed:
                while not feed.is_finished:
                    events = feed.take(REPLAYED_SECS if feed.is_open else LONGEST_GAP_SECS)
                    if events is None:
                        if not feed.is_open:
                            return not self.is_over  # it does not say
                        break
                    # Headers, too: at most one for each line.
                    found = [*found, *(event.data for event in events if event.data)][-2 * LAST_LINES :]
        except NotFound:
            return False  # it was there a moment ago
        return self._replay.has_last(found, LAST_LINES)
