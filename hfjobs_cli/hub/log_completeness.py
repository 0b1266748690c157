"""Check whether all lines of a log have come: request its last lines again, and compare them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import HfJobsError, LimitReached, RequestRefused
from hfjobs_cli.hub.concurrency import started
from hfjobs_cli.hub.log_lines import Line, is_header, parse_lines
from hfjobs_cli.hub.log_resume import LogResumer, TailCheck
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS

if TYPE_CHECKING:
    from hfjobs_cli.hub.concurrency import BackgroundCall
    from hfjobs_cli.hub.sse import BufferedEventReader

TAIL_LINES = 8
"""How many of the last lines are requested to check whether all have come."""

JOIN_LINES = 256
"""How many of the last lines are requested if streams end before them several times."""

TAIL_IDLE_SECS = 0.3
"""How long such a request must be idle before it ends."""

FIRST_CHECK_SECS = 0.5
"""How long a stream must be idle before the first check whether all existing lines have come."""

BUSY_SECS = 1.0
"""How long after the start of a connection the last existing lines are looked up: a running job may write forever."""


class _Tail(NamedTuple):
    """The last lines of the Hub, headers included. `asked` is how many were requested.

    `is_whole`: the server ended the response. `is_open`: it was still open when no more data came. `is_short`: the Hub
    must have more lines than these.
    """

    lines: list[Line]
    asked: int
    is_whole: bool
    is_open: bool
    is_short: bool


class TailChecker:
    """Checks whether all lines of a log have come: requests the last ones again, and compares them.

    Of the present connection, `result` is how they compared, None before that, and `is_empty` whether there were none.
    `delay_secs` is how long the stream must be idle before the next check.
    """

    def __init__(
        self,
        connect: Callable[[int, float], BufferedEventReader],
        resumer: LogResumer,
        job_has_ended: Callable[[], bool],
        *,
        idle_secs: Callable[[], float],
        first_secs: Callable[[], float],
    ) -> None:
        """Compare with the lines that `resumer` has received.

        A log that is idle for `idle_secs()` has no more lines; its first may take `first_secs()`.
        `connect` opens a stream of a number of last lines, which fails after a number of idle seconds.
        """
        self._connect = connect
        self._resumer = resumer
        self._job_has_ended = job_has_ended
        self._idle_secs = idle_secs
        self._first_secs = first_secs
        self.restart()

    def restart(self) -> None:
        """Forget all results, because a connection begins."""
        self.result: TailCheck | None = None
        self.is_empty = False
        self.delay_secs = FIRST_CHECK_SECS
        self._request: BackgroundCall[_Tail] | None = None
        self._count_at_request = 0
        self._end: Sequence[Line] = ()  # lines of a running job that were the last ones when they were requested

    @property
    def is_waiting(self) -> bool:
        """Return whether the last lines were requested and have not been compared yet."""
        return self._request is not None

    @property
    def knows_end(self) -> bool:
        """Return whether it is known which lines of a running job are to be waited for."""
        return bool(self._end)

    @property
    def has_passed_end(self) -> bool:
        """Return whether these lines have come."""
        return self._resumer.has_passed(self._end)

    def poll(self, count: int) -> bool:
        """Request the last lines in the background or, once they are here, compare them. Return whether all have come.

        `count` is how many new lines have come so far. If some come while it waits, the comparison proves nothing.
        """
        if self._request is None:
            self._count_at_request = count
            self.delay_secs = min(self._idle_secs() / 2, 2 * self.delay_secs)
            self._request = started(self._fetch)
            return False
        if not self._request.is_done:
            return False
        request, self._request = self._request, None
        try:
            last = request.result()
        except HfJobsError:
            return False
        self.is_empty = last.is_open and all(map(is_header, last.lines))
        check = self._resumer.check(last.lines, last.asked, is_whole=last.is_whole)
        if count == self._count_at_request:
            self.result = check
            if check is TailCheck.COMPLETE:
                return True
        if self._job_has_ended() or last.is_short:
            return False
        self._end = last.lines[-TAIL_LINES:]
        return self.has_passed_end

    def check_now(self) -> TailCheck:
        """Request the last lines, and compare them with the received ones."""
        try:
            last = self._fetch()
        except LimitReached:
            raise
        except RequestRefused:  # this server has no last lines, but may have ended its stream normally
            return TailCheck.AMBIGUOUS
        except HfJobsError:
            return TailCheck.UNKNOWN
        check = self._resumer.check(last.lines, last.asked, is_whole=last.is_whole)
        # A running job may have written more meanwhile.
        is_running = not self._job_has_ended() and not last.is_short
        return TailCheck.COMPLETE if is_running and self._resumer.has_passed(last.lines[-TAIL_LINES:]) else check

    def join(self) -> list[Line] | None:
        """Return lines at the end of the log that no stream sends; None if they cannot be identified."""
        for asked in (TAIL_LINES, JOIN_LINES) if self._resumer.count else ():
            try:
                last = self._fetch_last(asked)
            except LimitReached:
                raise
            except HfJobsError:
                continue
            new = self._resumer.join_tail(last.lines, last.asked)
            if new is not None:
                return new
        return None

    def _fetch(self) -> _Tail:
        """Return the last lines of the Hub. If a short log does not end, request just as many as were received."""
        count = self._resumer.count
        is_mark = not self._job_has_ended() and not count  # to be found later among the received lines
        last = self._fetch_last(TAIL_LINES if is_mark else min(TAIL_LINES, count + 1))
        is_sure = last.is_whole and not self._resumer.ends_early
        return self._fetch_last(count) if not is_sure and 0 < count < TAIL_LINES else last

    def _fetch_last(self, asked: int) -> _Tail:
        """Request the last `asked` lines, and return those that come before a pause."""
        lines: list[Line] = []
        invalid: list[str] = []  # the Hub counts these too
        count, enough = 0, min(asked, self._resumer.count)
        is_broken = False
        began = last_event_at = time.monotonic()
        with self._connect(asked, 2 * self._first_secs()) as reader:  # the loop below ends first
            while not reader.is_finished:
                has_enough = count >= enough > 0
                gap = TAIL_IDLE_SECS if has_enough else self._idle_secs() if lines else self._first_secs()
                now = time.monotonic()
                is_busy = has_enough and not self._job_has_ended() and now - began > BUSY_SECS
                if now - last_event_at >= gap or is_busy:
                    break
                try:
                    events = reader.read(last_event_at + gap - now)
                except TRANSIENT_ERRORS:
                    if not lines:
                        raise
                    is_broken = True
                    break  # what came before can be compared
                found = parse_lines([event.data for event in events or ()], invalid.append)
                if found or events:
                    last_event_at = time.monotonic()
                    count += sum(not is_header(line) for line in found)
                    lines = [*lines, *found][-2 * asked :]  # with headers, at most one for each line
            asked = max(1, asked - len(invalid))
            is_open = reader.is_open and not reader.is_finished and not is_broken
            return _Tail(lines, asked, reader.is_finished and not reader.is_cut, is_open, count + len(invalid) < enough)
