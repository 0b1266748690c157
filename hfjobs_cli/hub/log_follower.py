"""Read the logs of one job, once or until it ends, through lost connections and idle streams.

Each connection starts the log over. `log_resume` finds the new lines, `log_completeness` whether all have come.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import (
    BadResponse,
    HfJobsError,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    RequestRefused,
    Unavailable,
)
from hfjobs_cli.hub.concurrency import BackgroundCall, started
from hfjobs_cli.hub.log_completeness import BUSY_SECS, TAIL_IDLE_SECS, TailChecker
from hfjobs_cli.hub.log_lines import Line, parse_lines
from hfjobs_cli.hub.log_resume import LogResumer, TailCheck
from hfjobs_cli.hub.retry import (
    END_PAUSES_SECS,
    LOG_READS,
    OUTAGES,
    TRANSIENT_ERRORS,
    Retries,
    doubled,
    retry_after_of,
)
from hfjobs_cli.hub.sse import MAX_LINE_MIB, BufferedEventReader, IdleTimer
from hfjobs_cli.models.job import JobInfo

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.retry import GracePeriod
    from hfjobs_cli.hub.sse import Event
    from hfjobs_cli.query.references import JobReference

logger = logging.getLogger(__name__)


HEALTHY_SECS = 10.0
"""A connection that lasted this long resets the retries, even if no new line came."""

FLUSH_IDLE_SECS, MAX_HELD_SECS = 0.5, 2.0
"""How long a stream must be idle before held lines count as new; and how long lines are held at most."""

END_IDLE_SECS, MORE_IDLE_SECS = 8.0, 30.0
"""How long a stream must be idle before no more lines are expected; the second value, if more are known to exist.

The official client waits 5 s for a log that it does not follow. With a short HFJOBS_TIMEOUT these are shorter.
"""

POLL_SECS, MAX_POLL_SECS = 5.0, 30.0
WAITING_POLL_SECS, MAX_WAITING_POLL_SECS = 1.0, 10.0
"""How long a stream is idle before the job is polled, first and at most; the second pair, if it is not running yet."""

IDLE_TIMEOUTS = 2.5
"""How many timeouts a stream may be idle: the Hub sends a comment every 30 s, which is one timeout."""

SUSPEND_TIMEOUTS = 0.5
"""By how many timeouts a short wait overruns if the computer was suspended meanwhile."""

TICK_SECS = 0.25
"""How long to wait for data at a time while it is not known which lines are new."""

MAX_EMPTY_STREAMS = 4
"""How many streams in a row may end without a new line although lines are missing."""

MAX_BROKEN_STREAMS = 6
"""How many streams of a job that has ended may break in a row without a new line; with pauses of 15 s in all."""

MAX_NOT_FOUND = 3
"""How many 404s mean that an existing job has no log; a running job may still get one."""


class Notice(NamedTuple):
    """A message about a job for the user, in addition to its output."""

    text: str


class WaitingForHardware(NamedTuple):
    """The job is still waiting for hardware."""

    job: JobInfo


LogItem = list[Line] | Notice | WaitingForHardware


class _StreamEnd(Enum):
    """Why reading of one connection ended."""

    CLOSED = "the server ended it, or has no log yet"
    IDLE = "no more data arrives"
    RECONNECT = "another one may bring more"
    COMPLETE = "all lines have come"


class _FatalError(HfJobsError):
    """An error that a retry does not change."""


class _LineTooLong(BadResponse, _FatalError):
    """A line of the stream is too long to be read."""


class IncompleteOutput(Unavailable, _FatalError):
    """Some lines may be missing."""


class LogFollower:
    """The output of one job: every line once, in order. `job` is its last known state.

    It reconnects after errors, with a notice. Errors that it raises are final: the job is gone or may not be read any
    more, the Hub was unreachable for too long, or some lines may be missing.
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
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Read all output, or the last `tail` lines: the existing ones, or with `follow` all until the job ends.

        `pause` sleeps. It is also called with 0 while no data comes; what it raises ends the reading.
        """
        self.job = job
        self._client = client
        self._reference = reference
        self._follow = follow
        self._tail = tail
        self._timeout_secs = timeout_secs
        self._end_idle_secs = min(END_IDLE_SECS, timeout_secs / 2)
        self._more_idle_secs = min(MORE_IDLE_SECS, 2 * timeout_secs)
        self._longest_pause_secs = 0.0
        self._first_data_secs = 0.0
        self._waited_secs = 0.0
        self._pause = pause
        self._notices: list[str] = []
        self._resumer = LogResumer(tail, self._notices.append)
        self._retries = Retries(OUTAGES if follow else LOG_READS)
        self._new_lines_count = 0
        self._empty_streams = 0
        self._broken_streams = 0
        self._has_opened = False
        self._was_cut = False
        self._not_found = 0
        self._grace: GracePeriod | None = None
        self._warned_of_invalid = False
        self._has_skipped = False
        self._job_poll: BackgroundCall[JobInfo] | None = None
        self._tail_checker = TailChecker(
            self._connect,
            self._resumer,
            lambda: self.job_has_ended,
            idle_secs=lambda: self._settled_secs,
            first_secs=lambda: self._first_wait_secs,
        )
        self._held_since: float | None = None

    def items(self) -> Iterator[LogItem]:
        """Yield lines as they arrive, several at a time, headers included; and notices."""
        end = None
        while end is not _StreamEnd.COMPLETE:
            taken, began = self._new_lines_count, time.monotonic()
            try:
                end = yield from self._read_stream()
                if end is not _StreamEnd.COMPLETE:
                    if end is not _StreamEnd.RECONNECT or self._new_lines_count > taken:
                        self._empty_streams = 0 if self._new_lines_count > taken else self._empty_streams + 1
                    end = yield from self._after_stream(end)
            except _FatalError:
                raise
            except TRANSIENT_ERRORS as error:
                yield from self._end_stream(is_whole=False)
                yield from self._poll_after_break()
                if self._is_finite and self._resumer.count and self._tail_checker.check_now() is TailCheck.COMPLETE:
                    break
                if self._new_lines_count > taken:
                    self._broken_streams = 0
                elif self._has_opened:
                    self._broken_streams += 1
                if self._new_lines_count > taken or time.monotonic() - began > HEALTHY_SECS:
                    self._retries.reset()
                if self.job_has_ended and self._broken_streams >= MAX_BROKEN_STREAMS:
                    yield from self._join_tail("broke it off each time")
                    break
                pause = self._retries.pause_after(error)
                yield Notice(f"{error.message}; retrying in {pause:.1f} s")
                self._pause(pause)
        if self._has_skipped:
            raise _LineTooLong(f"the output of {self._reference} is incomplete")

    def _poll_after_break(self) -> Iterator[LogItem]:
        """Poll the job after a connection broke: it may have ended, and have no more output, or run by now."""
        waited = self._waits_for_start
        if not self.job_has_ended:
            with suppress(*TRANSIENT_ERRORS):
                self.job = self._client.inspect_job(self._reference)
        if waited and self._waits_for_start:
            yield WaitingForHardware(self.job)

    @property
    def job_has_ended(self) -> bool:
        """Return whether the job has ended, as far as is known."""
        return self.job.has_ended

    @property
    def count(self) -> int:
        """How many lines were read."""
        return self._resumer.count

    @property
    def has_gap(self) -> bool:
        """Return whether the Hub dropped lines that may not have been read. A notice said so."""
        return self._resumer.has_gap

    @property
    def _is_finite(self) -> bool:
        """Return whether all lines that are wanted exist already."""
        return self.job_has_ended or not self._follow

    @property
    def _settled_secs(self) -> float:
        """Return how long a stream must be idle before no more lines are expected: longer where the Hub has paused."""
        longest = self._longest_pause_secs
        return max(self._end_idle_secs, min(2 * longest, max(self._more_idle_secs, 1.5 * longest)))

    @property
    def _first_wait_secs(self) -> float:
        """Return how long to wait for the first data of a stream: longer where earlier ones began late."""
        return max(self._settled_secs, min(2 * self._first_data_secs, self._more_idle_secs))

    def _max_wait_secs(self, idle: IdleTimer) -> float:
        """Return how long to wait for the next line: longer if nothing has come yet, and the job has ended."""
        if self._empty_streams and self.job_has_ended and not self._resumer.count:
            return self._more_idle_secs
        return self._settled_secs if idle.had_activity else self._first_wait_secs

    @property
    def _waits_for_start(self) -> bool:
        """Return whether the job is followed and still waits for hardware."""
        return self._follow and self.job.status.stage == "SCHEDULING"

    @property
    def _never_started(self) -> bool:
        """Return whether the job waits for hardware and has no start time yet."""
        return self.job.status.stage == "SCHEDULING" and self.job.started_at is None

    @property
    def _never_ran(self) -> bool:
        """Return whether the job has ended without running, as if its image cannot be pulled: it has no output."""
        return self.job_has_ended and self.job.started_at is None and self.job.status.stage != "COMPLETED"

    def _read_stream(self) -> Generator[LogItem, None, _StreamEnd]:
        """Yield the items of one connection, and return why it ended."""
        tail = self._resumer.connect()
        if self._resumer.count:
            asked = "all lines" if tail is None else f"the last {tail} lines"
            logger.debug("* log of %s: reading %s again after %d", self._reference, asked, self._resumer.count)
        self._job_poll = self._held_since = None
        self._tail_checker.restart()
        idle = IdleTimer(self._first_check(), self._timeout_secs * SUSPEND_TIMEOUTS)
        if self._waits_for_start:
            yield WaitingForHardware(self.job)
        end, began, has_opened = None, time.monotonic(), False
        try:
            with self._connect(tail, self._timeout_secs * IDLE_TIMEOUTS) as reader:
                while end is None:
                    events = self._read(reader, idle)
                    if reader.is_open and not has_opened:
                        has_opened = True
                        self._longest_pause_secs = max(self._longest_pause_secs, time.monotonic() - began)
                    if events:
                        end = yield from self._on_events(events, reader, idle)
                    if reader.is_finished:
                        self._was_cut = reader.is_cut and not parse_lines([event.data for event in events or ()])
                        yield from self._end_stream(is_whole=True)
                        end = end or _StreamEnd.CLOSED
                    elif events is not None and reader.is_amid_event:  # a long line is arriving
                        self._pause(0)
                        idle.activity(self._first_check())
                    elif not events:
                        end = yield from self._on_idle(reader, idle)
        except NotFound as error:
            return (yield from self._wait_for_log(error))
        except RequestRefused as error:
            if self._waits_for_start:
                return _StreamEnd.CLOSED  # there is no log yet
            if self._client.grace_period(self._reference.id) is None:
                raise
            return (yield from self._wait_for_log(error))
        self._not_found = 0
        return end

    def _wait_for_log(self, error: NotFound | RequestRefused) -> Generator[LogItem, None, _StreamEnd]:
        """Wait for the log of a job that has none yet. Raises NotFound if the job is gone, or ended without a log."""
        was_over = self.job_has_ended
        self.job = self._client.inspect_job(self._reference)
        self._not_found = 1 if self.job_has_ended and not was_over else self._not_found + 1
        self._grace = self._grace or self._client.grace_period(self._reference.id)
        pause = None if self._grace is None else self._grace.pause()
        if self._not_found >= MAX_NOT_FOUND and (
            (pause is None or self._never_ran) if self.job_has_ended else not self._follow
        ):
            if self.job_has_ended:
                reason = error.__cause__ if isinstance(error.__cause__, NotFound) else error
                raise NotFound(f"job {self._reference.id} has no logs: {reason.message}") from error
            return _StreamEnd.COMPLETE
        if self._waits_for_start:
            yield WaitingForHardware(self.job)
        self._pause(pause or doubled(self._not_found - 1, MAX_WAITING_POLL_SECS))
        return _StreamEnd.RECONNECT

    def _on_events(
        self, events: list[Event], reader: BufferedEventReader, idle: IdleTimer
    ) -> Generator[LogItem, None, _StreamEnd | None]:
        """Yield the new lines of events; return why the connection ends, None if it goes on."""
        lines = self._new_lines(events, reader)
        yield from self._pop_notices()
        if lines:
            yield lines
        if not idle.had_activity:
            self._first_data_secs = max(self._first_data_secs, idle.secs_since_start)
        if self._is_finite:  # so the job does not pause, but the Hub
            self._longest_pause_secs = max(self._longest_pause_secs, idle.idle_secs)
        idle.activity(self._first_check())
        yield from self._flush_if_due(idle)
        if self._resumer.has_diverged:
            return _StreamEnd.RECONNECT
        if not self._is_finite or self.job_has_ended or idle.secs_since_start < BUSY_SECS:
            return None
        # A running job may write forever: stop after the lines that were last when we asked.
        if self._tail_checker.knows_end:
            return _StreamEnd.COMPLETE if self._tail_checker.has_passed_end else None
        return self._check_tail(idle)

    def _on_idle(self, reader: BufferedEventReader, idle: IdleTimer) -> Generator[LogItem, None, _StreamEnd | None]:
        """Check the job and the log if it is time; return why the connection ends, None if it goes on."""
        self._pause(0)
        if idle.was_suspended:
            yield Notice("this computer was asleep; reconnecting")
            return _StreamEnd.RECONNECT
        if not reader.is_open:
            idle.restart(self._first_check())
            return None
        yield from self._flush_if_due(idle)
        # A stream that has sent nothing at all says nothing about where the log ends.
        if idle.had_activity and idle.idle_secs > self._settled_secs and not self._resumer.has_position:
            self._resumer.give_up_position()
            yield from self._pop_notices()
            if self._resumer.has_diverged:
                return _StreamEnd.RECONNECT
        if self._job_poll is not None:
            return (yield from self._on_job_polled(self._job_poll, idle)) if self._job_poll.is_done else None
        if self._is_finite:
            return self._end_if_idle(idle)
        if not idle.secs_until_check:
            self._job_poll = started(lambda: self._client.inspect_job(self._reference))
            idle.back_off(MAX_WAITING_POLL_SECS if self._waits_for_start else MAX_POLL_SECS)
        return None

    def _connect(self, tail: int | None, idle_timeout_secs: float) -> BufferedEventReader:
        return BufferedEventReader(
            lambda: self._client.log_events(
                self._reference, tail=tail, idle_timeout_secs=idle_timeout_secs, max_attempts=1
            )
        )

    def _first_check(self) -> float:
        """Return after how long without data the first check is due."""
        if self._is_finite:
            return self._tail_checker.delay_secs
        return WAITING_POLL_SECS if self._waits_for_start else POLL_SECS

    def _read(self, reader: BufferedEventReader, idle: IdleTimer) -> list[Event] | None:
        """Wait a short time for events. Raises the error of the stream, and _LineTooLong."""
        wait = min(1.0 if self._resumer.has_position else TICK_SECS, idle.secs_until_check or TICK_SECS)
        if self._tail_checker.is_waiting:
            wait = min(wait, TAIL_IDLE_SECS)
        try:
            with idle.timed_wait(wait):
                events = reader.read(wait)
        except BadResponse as error:
            if reader.is_open:
                raise _LineTooLong(error.message, error.hint) from error
            raise
        finally:
            self._has_opened = reader.is_open
        if reader.skipped and not self._has_skipped:
            self._has_skipped = True
            self._notices.append(f"skipped a line that is longer than {MAX_LINE_MIB} MiB")
        if reader.sent_at is not None:
            self._resumer.note_server_time(reader.sent_at)
        return events

    def _new_lines(self, events: list[Event], reader: BufferedEventReader) -> list[Line]:
        """Return the new lines of events."""
        data = [event.data for event in events if event.data]
        if reader.is_finished:  # the last event may be cut off
            return self._count_new(self._resumer.accept(parse_lines(data)))
        return self._count_new(self._resumer.accept(parse_lines(data, self._on_invalid)))

    def _count_new(self, lines: list[Line]) -> list[Line]:
        self._new_lines_count += len(lines)
        return lines

    def _on_invalid(self, _event: str) -> None:
        if not self._warned_of_invalid:
            self._notices.append("skipped an invalid part of the output")
        self._warned_of_invalid = True

    def _flush_if_due(self, idle: IdleTimer) -> Iterator[LogItem]:
        """Yield the held lines if no data came for a while, or if they were held for too long."""
        now = time.monotonic()
        if not self._resumer.is_holding:
            self._held_since = None
            return
        self._held_since = self._held_since or now
        settled, longest = (
            (self._settled_secs, math.inf) if self._resumer.is_uncertain else (FLUSH_IDLE_SECS, MAX_HELD_SECS)
        )
        if idle.idle_secs >= settled or now - self._held_since > longest:
            yield from self._show(self._resumer.flush())

    def _end_stream(self, *, is_whole: bool) -> Iterator[LogItem]:
        """Yield the held lines, because the connection has ended."""
        yield from self._show(self._resumer.end(is_whole=is_whole))

    def _show(self, lines: list[Line]) -> Iterator[LogItem]:
        lines = self._count_new(lines)
        yield from self._pop_notices()
        if lines:
            yield lines

    def _pop_notices(self) -> Iterator[LogItem]:
        notices, self._notices[:] = list(self._notices), []
        yield from map(Notice, notices)

    def _on_job_polled(
        self, poll: BackgroundCall[JobInfo], idle: IdleTimer
    ) -> Generator[LogItem, None, _StreamEnd | None]:
        """Process the result of polling the job; if that failed, it is polled again later."""
        waited, self._job_poll = self._waits_for_start, None
        try:
            self.job = poll.result()
        except (NotFound, NotAllowed, NotLoggedIn):
            raise
        except HfJobsError as error:
            idle.delay_check(retry_after_of(error))
        if self.job_has_ended:
            idle.restart(self._first_check())
            idle.check_now()
        if self._waits_for_start:
            yield WaitingForHardware(self.job)
        # A stream that was opened before the job began may never send anything.
        return _StreamEnd.RECONNECT if waited and not self._waits_for_start and not idle.had_activity else None

    def _end_if_idle(self, idle: IdleTimer) -> _StreamEnd | None:
        """Return why an idle connection ends, COMPLETE if all lines have come; None to wait longer."""
        if self._tail == 0 and not self._follow:
            return _StreamEnd.COMPLETE
        if not idle.secs_until_check and not idle.had_activity and self._never_started:
            self.job = self._client.inspect_job(self._reference)
            if self._never_started:
                return _StreamEnd.COMPLETE
        if self._tail_checker.is_waiting or not idle.secs_until_check:
            end = self._check_tail(idle)
            if end is not None:
                return end
        check = self._tail_checker.result
        is_more = check is TailCheck.INCOMPLETE
        longest = self._more_idle_secs if is_more else self._max_wait_secs(idle)
        if self._tail_checker.is_waiting or idle.idle_secs <= longest:
            return None
        if not self.job_has_ended and not is_more and (self._resumer.has_enough or check is TailCheck.AMBIGUOUS):
            return _StreamEnd.COMPLETE
        if (not self.job_has_ended or self._never_ran) and not self.count and self._tail_checker.is_empty:
            return _StreamEnd.COMPLETE  # two connections have sent no line for so long
        self._waited_secs = longest
        return _StreamEnd.IDLE

    def _check_tail(self, idle: IdleTimer) -> _StreamEnd | None:
        """Check whether all lines have come; return COMPLETE or None."""
        if not self._tail_checker.is_waiting:
            idle.back_off(self._end_idle_secs)
        return _StreamEnd.COMPLETE if self._tail_checker.poll(self._new_lines_count) else None

    def _after_stream(self, end: _StreamEnd) -> Generator[LogItem, None, _StreamEnd]:
        """Return COMPLETE or RECONNECT, after a connection. Raises IncompleteOutput if lines may be missing."""
        if end is _StreamEnd.CLOSED and not self.job_has_ended and self._poll_until_ended():
            self._empty_streams = 0  # earlier streams prove nothing
        if not self._is_finite:
            if self._waits_for_start:
                yield WaitingForHardware(self.job)
            if end is _StreamEnd.CLOSED and (self._empty_streams or self._waits_for_start):
                self._pause(doubled(self._empty_streams, MAX_WAITING_POLL_SECS))
            return _StreamEnd.RECONNECT
        if end is _StreamEnd.RECONNECT:
            return end
        if end is _StreamEnd.CLOSED and self._is_complete():
            return _StreamEnd.COMPLETE
        is_ambiguous = self._tail_checker.result is TailCheck.AMBIGUOUS
        if end is _StreamEnd.IDLE and is_ambiguous and self._empty_streams > 1:
            return _StreamEnd.COMPLETE
        most = MAX_EMPTY_STREAMS
        if end is _StreamEnd.IDLE and self._tail_checker.result is not TailCheck.INCOMPLETE:
            most = 2 if self.job_has_ended and (is_ambiguous or not self._resumer.count) else 1
        if self._empty_streams >= most:
            silent = f"sent nothing for {self._waited_secs:g} s and did not close it"
            yield from self._join_tail("closed it early" if end is _StreamEnd.CLOSED else silent)
            return _StreamEnd.COMPLETE
        if self._empty_streams:
            self._pause(doubled(self._empty_streams - 2, MAX_WAITING_POLL_SECS))
        return _StreamEnd.RECONNECT

    def _join_tail(self, otherwise: str) -> Iterator[LogItem]:
        """Yield the lines that only a request of the last ones brings. Raises IncompleteOutput if that cannot be told.

        `otherwise` is what the Hub did with the output.
        """
        joined = self._tail_checker.join()
        if joined is None:
            raise IncompleteOutput(
                f"the output of {self._reference} may be incomplete: the Hub {otherwise}",
                hint=None if self.job_has_ended else f"use 'hfjobs logs -f {self._reference}' to wait for more",
            )
        if joined:
            yield self._count_new(joined)

    def _is_complete(self) -> bool:
        """Return whether all lines have come, after the server has ended a stream."""
        if self._tail == 0 and not self._follow:
            return True
        check = self._tail_checker.check_now()
        if check is TailCheck.UNKNOWN:  # a running job may write more at any time
            return not self.job_has_ended and self._empty_streams > 0
        is_seen_twice = self._empty_streams > (0 if self._resumer.count else 1) and not self._was_cut
        return check is TailCheck.COMPLETE or (check is TailCheck.AMBIGUOUS and is_seen_twice)

    def _poll_until_ended(self) -> bool:
        """Return whether the job has ended. If it is followed, wait a moment for that."""
        for pause in END_PAUSES_SECS if self._follow else (0.0,):
            self._pause(pause)
            self.job = self._client.inspect_job(self._reference)
            if self.job_has_ended:
                return True
        return False
