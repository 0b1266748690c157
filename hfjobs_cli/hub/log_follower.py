"""Read the logs of one job, once or until it ends, over breaks and silence."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import (
    BadResponse,
    HfJobsError,
    LimitReached,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    RequestRefused,
    Unavailable,
)
from hfjobs_cli.hub.log_lines import Line, is_header, parse_lines
from hfjobs_cli.hub.log_resume import Check, Replay
from hfjobs_cli.hub.retry import LONGEST_AWAY_SECS, WAITED_OUT, Look, Silence, Tries, asked_pause_of
from hfjobs_cli.hub.sse import MAX_LINE_MIB, Feed
from hfjobs_cli.models.job import JobInfo

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.retry import GracePeriod
    from hfjobs_cli.hub.sse import Event
    from hfjobs_cli.query.references import JobReference


TRIES = 4
"""How often in a row reading without following may fail."""

SOUND_SECS = 10.0
"""How long a connection must hold to count as a good one, even if nothing new came."""

SETTLED_SECS, LONGEST_HELD_SECS = 0.5, 2.0
"""How long nothing may come before what was held back is taken for new, and how long it is held back at most."""

FIRST_CHECK_SECS = 0.5
"""How long nothing may come, of what is there already, before it is asked whether that is all."""

GAP_SECS, KNOWN_GAP_SECS = 8.0, 30.0
"""How long nothing may come, of what is there already, before no more is expected, and if there is known to be more.

The official client waits 5 s for a log that it does not follow. A Hub that is to answer sooner is waited for less.
"""

FLOWING_SECS = 1.0
"""How long what there is may come without a pause before it is asked where that ends, as a running job adds to it."""

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

LAST_LINES_TO_JOIN = 256
"""How many of the last lines are asked for where streams end before them, again and again."""

LAST_GAP_SECS = 0.3
"""How long nothing may come after those."""

MOST_BARREN_ENDS = 4
"""How many streams in a row may end without anything new, though that is not all."""

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
    SILENT = "nothing comes any more"
    USELESS = "another one may bring more"
    COMPLETE = "there is no more to come"


class _Final(HfJobsError):
    """What trying again will not better."""


class _LineTooLong(BadResponse, _Final):
    """A stream holds what cannot be read, now or later."""


class OutputInDoubt(Unavailable, _Final):
    """Perhaps not all lines came."""


class _LastLines(NamedTuple):
    """The last lines that there are, headers too, and how many were asked for.

    It `is_whole` if the server ended the answer, `is_open` if that went on, and nothing came; `is_short` if there must
    be more than these.
    """

    lines: list[Line]
    asked: int
    is_whole: bool
    is_open: bool
    is_short: bool


class LogReading:
    """The output of one job: every line once, in order. `job` is its last known state.

    It goes on after breaks, which is told. What it raises is final: the job or the permission to see it is gone, the
    Hub was away for too long, or it cannot be told whether all lines came.
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
        self._tail = tail
        self._timeout_secs = timeout_secs
        self._gap_secs = min(GAP_SECS, timeout_secs / 2)
        self._known_gap_secs = min(KNOWN_GAP_SECS, 2 * timeout_secs)
        self._rest = rest
        self._notices: list[str] = []
        self._replay = Replay(tail, self._notices.append)
        self._tries = Tries(math.inf if follow else TRIES, LONGEST_AWAY_SECS)
        self._taken = 0
        self._barren = 0
        self._was_cut = False
        self._misses = 0
        self._grace: GracePeriod | None = None
        self._told_of_odd = False
        self._has_left_out = False
        self._looking: Look[JobInfo] | None = None
        self._checking: Look[_LastLines] | None = None
        self._check_secs = FIRST_CHECK_SECS
        self._taken_at_check = 0
        self._last_check: Check | None = None
        self._shows_nothing = False
        self._mark: Sequence[Line] = ()
        self._held_since: float | None = None

    def items(self) -> Iterator[Item]:
        """Yield lines as they come, several at once, headers too, and what else there is to tell."""
        end = None
        while end is not _End.COMPLETE:
            taken, began = self._taken, time.monotonic()
            try:
                end = yield from self._connection()
                if end is not _End.COMPLETE:
                    if end is not _End.USELESS or self._taken > taken:
                        self._barren = 0 if self._taken > taken else self._barren + 1
                    end = yield from self._after(end)
            except _Final:
                raise
            except WAITED_OUT as error:
                yield from self._ended(is_whole=False)
                if self._is_finite and self._replay.count and self._check_now() is Check.SAME:
                    break
                if self._taken > taken or time.monotonic() - began > SOUND_SECS:
                    self._tries.succeeded()
                pause = self._tries.pause_after(error)
                yield Notice(f"{error.message}; trying again in {pause:.1f} s")
                self._rest(pause)
        if self._has_left_out:
            raise _LineTooLong(f"not all of the output of {self._reference} was shown")

    @property
    def is_over(self) -> bool:
        """Tell whether the job has ended, as far as is known."""
        return self.job.has_ended

    @property
    def count(self) -> int:
        """How many lines were read."""
        return self._replay.count

    @property
    def has_lost(self) -> bool:
        """Tell whether the Hub has dropped lines that may not have been read, which was told."""
        return self._replay.has_lost

    @property
    def _is_finite(self) -> bool:
        """Tell whether all that is wanted is there already."""
        return self.is_over or not self._follow

    @property
    def _waits(self) -> bool:
        return self._follow and self.job.status.stage == "SCHEDULING"

    @property
    def _has_not_begun(self) -> bool:
        return self.job.status.stage == "SCHEDULING" and self.job.started_at is None

    def _connection(self) -> Generator[Item, None, _End]:
        """Yield what comes over one connection, and return how that ended."""
        tail = self._replay.begin()
        self._looking = self._checking = self._last_check = self._held_since = None
        self._check_secs = FIRST_CHECK_SECS
        self._shows_nothing = False
        self._mark = ()
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
                    if feed.is_finished:
                        self._was_cut = feed.is_cut and not parse_lines([event.data for event in events or ()])
                        yield from self._ended(is_whole=True)
                        end = end or _End.ENDED
                    elif events is not None and feed.is_amid_event:  # a long line is on its way
                        self._rest(0)
                        silence.broken(self._first_check())
                    elif not events:
                        end = yield from self._when_silent(feed, silence)
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
            return _End.COMPLETE
        if self._waits:
            yield Waiting(self.job)
        self._rest(pause or min(LONGEST_WAITING_LOOK_SECS, 2.0 ** min(self._misses - 1, 9)))
        return _End.USELESS

    def _came(self, events: list[Event], feed: Feed, silence: Silence) -> Generator[Item, None, _End | None]:
        """Yield the lines among events that are new; return an end if no more are wanted of this connection."""
        lines = self._new_lines(events, feed)
        yield from self._told()
        if lines:
            yield lines
        silence.broken(self._first_check())
        yield from self._released(silence)
        if self._replay.is_astray:
            return _End.USELESS
        if not self._is_finite or self.is_over or silence.secs_since_start < FLOWING_SECS:
            return None
        # A running job may write for ever: what there is ends with the line that is the last one now.
        if self._mark:
            return _End.COMPLETE if self._replay.has_passed(self._mark) else None
        return self._checked(silence)

    def _when_silent(self, feed: Feed, silence: Silence) -> Generator[Item, None, _End | None]:
        """Look what is the matter, if it is time for that; return an end if this connection is of no more use."""
        self._rest(0)
        if silence.was_asleep:
            yield Notice("this computer was asleep; connecting again")
            return _End.USELESS
        if not feed.is_open:
            silence.restart(self._first_check())
            return None
        yield from self._released(silence)
        if silence.secs > self._gap_secs and not self._replay.is_settled:
            self._replay.lose_place()
            yield from self._told()
            if self._replay.is_astray:
                return _End.USELESS
        if self._looking is not None:
            return (yield from self._seen(self._looking, silence)) if self._looking.is_done else None
        if self._is_finite:
            return self._when_quiet(silence)
        if not silence.secs_until_check:
            self._looking = Look(lambda: self._client.inspect_job(self._reference))
            silence.check_later(LONGEST_WAITING_LOOK_SECS if self._waits else LONGEST_LOOK_SECS)
        return None

    def _feed(self, tail: int | None, silence_secs: float) -> Feed:
        return Feed(lambda: self._client.log_events(self._reference, tail=tail, silence_secs=silence_secs, tries=1))

    def _first_check(self) -> float:
        """Return how long nothing may come before something is asked."""
        if self._is_finite:
            return self._check_secs
        return WAITING_LOOK_SECS if self._waits else LOOK_SECS

    def _take(self, feed: Feed, silence: Silence) -> list[Event] | None:
        """Wait for what comes, but not for long. Raises what the stream raises, and _LineTooLong."""
        wait = min(1.0 if self._replay.is_settled else TICK_SECS, silence.secs_until_check or TICK_SECS)
        if self._checking is not None:
            wait = min(wait, LAST_GAP_SECS)
        try:
            with silence.waiting(wait):
                events = feed.take(wait)
        except BadResponse as error:
            if feed.is_open:
                raise _LineTooLong(error.message, error.hint) from error
            raise
        if feed.skipped and not self._has_left_out:
            self._has_left_out = True
            self._notices.append(f"a line that is longer than {MAX_LINE_MIB} MiB is left out")
        if feed.sent_at is not None:
            self._replay.answered(feed.sent_at)
        return events

    def _new_lines(self, events: list[Event], feed: Feed) -> list[Line]:
        """Return the lines among events that are new."""
        data = [event.data for event in events if event.data]
        if feed.is_finished:  # it may have ended in the middle of one
            return self._noted(self._replay.take(parse_lines(data)))
        return self._noted(self._replay.take(parse_lines(data, self._is_odd)))

    def _noted(self, lines: list[Line]) -> list[Line]:
        self._taken += len(lines)
        return lines

    def _is_odd(self, _event: str) -> None:
        if not self._told_of_odd:
            self._notices.append("something in the output is not as documented, and is left out")
        self._told_of_odd = True

    def _released(self, silence: Silence) -> Iterator[Item]:
        """Yield what was held back, if nothing came for a while, or it was held back for long."""
        now = time.monotonic()
        if not self._replay.is_held:
            self._held_since = None
            return
        self._held_since = self._held_since or now
        settled, longest = (self._gap_secs, math.inf) if self._replay.is_doubtful else (SETTLED_SECS, LONGEST_HELD_SECS)
        if silence.secs >= settled or now - self._held_since > longest:
            yield from self._tell_and_show(self._replay.settle())

    def _ended(self, *, is_whole: bool) -> Iterator[Item]:
        """Yield what was held back, as the connection brings no more."""
        yield from self._tell_and_show(self._replay.end(is_whole=is_whole))

    def _tell_and_show(self, lines: list[Line]) -> Iterator[Item]:
        lines = self._noted(lines)
        yield from self._told()
        if lines:
            yield lines

    def _told(self) -> Iterator[Item]:
        notices, self._notices[:] = list(self._notices), []
        yield from map(Notice, notices)

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
            silence.restart(self._first_check())
            silence.check_now()
        if self._waits:
            yield Waiting(self.job)
        # A stream that was opened before the job began may never show anything.
        return _End.USELESS if waited and not self._waits and not silence.was_broken else None

    def _when_quiet(self, silence: Silence) -> _End | None:
        """Return whether all has come, now that nothing comes, though the stream is open."""
        if self._tail == 0 and not self._follow:
            return _End.COMPLETE
        if not silence.secs_until_check and not silence.was_broken and self._has_not_begun:
            self.job = self._client.inspect_job(self._reference)
            if self._has_not_begun:
                return _End.COMPLETE
        if self._checking is not None or not silence.secs_until_check:
            end = self._checked(silence)
            if end is not None:
                return end
        is_more = self._last_check is Check.MORE
        if self._checking is not None or silence.secs <= (self._known_gap_secs if is_more else self._gap_secs):
            return None
        if not self.is_over and not is_more and (self._replay.has_enough or self._last_check is Check.ALIKE):
            return _End.COMPLETE
        if not self.is_over and not self.count and self._shows_nothing:
            return _End.COMPLETE  # two connections have shown no line for so long
        return _End.SILENT

    def _checked(self, silence: Silence) -> _End | None:
        """Ask for the last lines, or compare them once they are there, and return an end if all have come."""
        if self._checking is None:
            self._taken_at_check = self._taken
            self._check_secs = min(self._gap_secs / 2, 2 * self._check_secs)
            self._checking = Look(self._last_lines)
            silence.check_later(self._gap_secs)
            return None
        if not self._checking.is_done:
            return None
        last, self._checking = self._checking.result, None
        if last is None:
            return None
        self._shows_nothing = last.is_open and all(map(is_header, last.lines))
        check = self._replay.check(last.lines, last.asked, is_whole=last.is_whole)
        if self._taken == self._taken_at_check:
            self._last_check = check
            if check is Check.SAME:
                return _End.COMPLETE
        if not self.is_over and not last.is_short:
            self._mark = last.lines[-LAST_LINES:]
            if self._replay.has_passed(self._mark):
                return _End.COMPLETE
        return None

    def _after(self, end: _End) -> Generator[Item, None, _End]:
        """Return whether all has come, now that a connection brings no more."""
        if end is _End.ENDED and not self.is_over and self._has_just_ended():
            self._barren = 0  # those before tell nothing
        if not self._is_finite:
            if self._waits:
                yield Waiting(self.job)
            if end is _End.ENDED and (self._barren or self._waits):
                self._rest(min(LONGEST_WAITING_LOOK_SECS, 2.0 ** min(self._barren, 9)))
            return _End.USELESS
        if end is _End.USELESS:
            return end
        if end is _End.ENDED and self._is_all():
            return _End.COMPLETE
        is_alike = self._last_check is Check.ALIKE
        if end is _End.SILENT and is_alike and self._barren > 1:
            return _End.COMPLETE
        most = MOST_BARREN_ENDS
        if end is _End.SILENT and self._last_check is not Check.MORE:
            most = 2 if self.is_over and (is_alike or not self._replay.count) else 1
        if self._barren >= most:
            if (joined := self._joined()) is not None:
                if joined:
                    yield self._noted(joined)
                return _End.COMPLETE
            silent = f"sent nothing for {self._gap_secs:g} s, and did not end it"
            raise OutputInDoubt(
                f"the output of {self._reference} may not be complete: "
                f"the Hub {'ends it early' if end is _End.ENDED else silent}",
                hint=None if self.is_over else f"'hfjobs logs -f {self._reference}' shows what comes",
            )
        if self._barren:
            self._rest(2.0 ** (self._barren - 2))
        return _End.USELESS

    def _is_all(self) -> bool:
        """Tell whether all has come, now that the server has ended a stream."""
        if self._tail == 0 and not self._follow:
            return True
        check = self._check_now()
        if check is Check.NOTHING:  # of a running job there may be more at any time
            return not self.is_over and self._barren > 0
        is_seen_twice = self._barren > (0 if self._replay.count else 1) and not self._was_cut
        return check is Check.SAME or (check is Check.ALIKE and is_seen_twice)

    def _joined(self) -> list[Line] | None:
        """Return what the last lines have that no stream brings up to its end; None if they do not tell."""
        for asked in (LAST_LINES, LAST_LINES_TO_JOIN):
            try:
                last = self._ask_last(asked)
            except LimitReached:
                raise
            except HfJobsError:
                continue
            new = self._replay.join(last.lines, last.asked)
            if new is not None:
                return new
        return None

    def _has_just_ended(self) -> bool:
        """Tell whether the job has ended, waiting a moment for that if it is followed."""
        for pause in STAGE_PAUSES_SECS if self._follow else (0.0,):
            self._rest(pause)
            self.job = self._client.inspect_job(self._reference)
            if self.is_over:
                return True
        return False

    def _check_now(self) -> Check:
        """Compare the last lines that the Hub has with those that were taken."""
        try:
            last = self._last_lines()
        except LimitReached:
            raise
        except HfJobsError:
            return Check.NOTHING
        check = self._replay.check(last.lines, last.asked, is_whole=last.is_whole)
        # A running job may have written more meanwhile.
        has_passed = not self.is_over and not last.is_short and self._replay.has_passed(last.lines[-LAST_LINES:])
        return Check.SAME if has_passed else check

    def _last_lines(self) -> _LastLines:
        """Return the last lines that there are. Where those of a short log come, and no end, just as many are asked."""
        count = self._replay.count
        is_mark = not self.is_over and not count  # what comes is looked for in what is taken later
        last = self._ask_last(LAST_LINES if is_mark else min(LAST_LINES, count + 1))
        is_sure = last.is_whole and not self._replay.ends_early
        return self._ask_last(count) if not is_sure and 0 < count < LAST_LINES else last

    def _ask_last(self, asked: int) -> _LastLines:
        lines: list[Line] = []
        odd: list[str] = []  # which the Hub counts, too
        count, enough = 0, min(asked, self._replay.count)
        began = heard = time.monotonic()
        with self._feed(asked, 2 * self._gap_secs) as feed:  # this ends it, before the transport does
            while not feed.is_finished:
                has_enough = count >= enough > 0
                gap = LAST_GAP_SECS if has_enough else self._gap_secs
                now = time.monotonic()
                if now - heard >= gap or (has_enough and not self.is_over and now - began > FLOWING_SECS):
                    break
                events = feed.take(heard + gap - now)
                found = parse_lines([event.data for event in events or ()], odd.append)
                if found or events:
                    heard = time.monotonic()
                    count += sum(not is_header(line) for line in found)
                    lines = [*lines, *found][-2 * asked :]  # headers, too: at most one for each line
            asked = max(1, asked - len(odd))
            is_open = feed.is_open and not feed.is_finished
            return _LastLines(lines, asked, feed.is_finished and not feed.is_cut, is_open, count + len(odd) < enough)
