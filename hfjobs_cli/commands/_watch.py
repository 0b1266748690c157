"""Poll a listing and show it in place, or its changes as events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.commands._action_results import ending, outcome
from hfjobs_cli.commands._listing import scan
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError, either
from hfjobs_cli.formats.plain_formats import encoder
from hfjobs_cli.formats.renderer import RENDERERS, Renderer
from hfjobs_cli.hub.concurrency import start_thread
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff, poll_backoff, retry_after_of
from hfjobs_cli.models.vocabulary import FINISHED_STAGES
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.terminal import Size
from hfjobs_cli.text.terminal_text import cell_width
from hfjobs_cli.text.values import span
from hfjobs_cli.tui.job_changes import Change, aged, changes

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.filters import JobFilter


Ask = Callable[[], "Sequence[JobInfo]"]
"""Lists the jobs in their current state."""

LookUp = Callable[["Sequence[JobInfo]"], "Mapping[str, JobInfo]"]
"""Reads jobs that have left a listing, by id; jobs that cannot be read are left out."""

Trouble = Callable[["str | None"], None]
"""Is called with the error while polling fails, and with None when the Hub responds."""


@dataclass(frozen=True, slots=True)
class Poll:
    """The result of a poll: the jobs, the time, the changes since the previous poll, and the pause after it."""

    jobs: Sequence[JobInfo]
    at: datetime
    changes: Sequence[Change]
    pause_secs: float


def polls(
    session: Session,
    ask: Ask,
    backoff: Backoff,
    trouble: Trouble,
    rest: Callable[[float, float], object] | None = None,
    look_up: LookUp | None = None,
) -> Iterator[Poll]:
    """Poll `ask`, and yield each result, with a pause after it.

    `rest` pauses for the first number of seconds or less, but at least for the second, the Retry-After of the Hub.
    `look_up` is called once for jobs that have left the listing before they finished.

    After the first poll, transient errors are passed to `trouble`, and polling continues. Raises HfJobsError.
    """
    before: dict[str, JobInfo] | None = None
    rest = rest or (lambda secs, least: session.sleep_while_read(max(secs, least)))
    while True:
        try:
            with _waits_shown_by(session, trouble):
                jobs = ask()
        except TRANSIENT_ERRORS as error:
            if before is None:
                raise
            trouble(error.message)
            rest(backoff.pause(made_progress=False), retry_after_of(error))
            continue
        trouble(None)
        _keep_one_of_equal_failures(session)
        now = {job.id: job for job in jobs}
        happened = list(changes(before or {}, now))
        left = [each.job for each in happened if each.event == "gone" and not each.job.has_ended]
        if left and look_up is not None:
            with _waits_shown_by(session, trouble):
                current = look_up(left)
            happened = [
                each._replace(job=current.get(each.job.id, each.job)) if each.event == "gone" else each
                for each in happened
            ]
        pause = backoff.pause(made_progress=before is None or bool(happened))
        before = now
        yield Poll(jobs, session.clock(), happened, pause)
        rest(pause, 0.0)


@contextmanager
def _waits_shown_by(session: Session, trouble: Trouble) -> Iterator[None]:
    """Show pauses before retries as an error in the footer."""
    before, session.on_wait = session.on_wait, trouble
    try:
        yield
    finally:
        session.on_wait = before


def _keep_one_of_equal_failures(session: Session) -> None:
    """Keep one of equal errors: an invalid entry of a listing is invalid at each poll."""
    session.failures[:] = {failure.message: failure for failure in session.failures}.values()


@dataclass(eq=False)
class OutageNotices:
    """Reports the first failure of an outage on stderr, and its end."""

    session: Session
    _is_broken: bool = False

    def __call__(self, message: str | None) -> None:
        """Report the first error, or that the Hub responds again."""
        if message is not None and not self._is_broken:
            self.session.warning(message)
        elif message is None and self._is_broken:
            self.session.notice("the Hub is reachable again")
        self._is_broken = message is not None


class BackgroundPoller:
    """Polls in a background thread, so that the screen stays responsive.

    `last` is the last result, `trouble` the error of polling since then, or None.
    """

    def __init__(
        self, session: Session, ask: Ask, backoff: Backoff, wake: Callable[[], None], look_up: LookUp | None = None
    ) -> None:
        """Start a daemon thread. `wake` is called after each poll, and when `trouble` changes."""
        self.last: Poll | None = None
        self.trouble: str | None = None
        self._session = session
        self._wake = wake
        self._hurry = threading.Event()
        self._polls = polls(session, ask, backoff, self._set_trouble, self._rest, look_up)
        self._seen: deque[Change] = deque()
        self._error: Exception | None = None
        start_thread(self._run)

    def hurry(self) -> None:
        """Poll at once."""
        self._hurry.set()

    def changes(self) -> list[Change]:
        """Return the changes since the last call. Raises the error that ended the polling."""
        if self._error is not None:
            raise self._error
        return [self._seen.popleft() for _ in range(len(self._seen))]

    def _rest(self, seconds: float, least: float) -> None:
        if least:
            self._session.sleep(least)
        self._hurry.wait(seconds - least)
        self._hurry.clear()

    def _set_trouble(self, message: str | None) -> None:
        if message != self.trouble:
            self.trouble = message
            self._wake()

    def _run(self) -> None:
        try:
            for poll in self._polls:
                self._seen += poll.changes
                self.last = poll
                self._wake()
        except Exception as error:
            self._error = error
            self._wake()


NO_MARK = "  "
BELOW = 2
"""How many lines are left below the rows."""

_TABLES = ("table", "table template")


def live_renderer(session: Session) -> Renderer:
    """Return the default format of live output: a table in place on a terminal, jsonl in a pipe."""
    return RENDERERS["table" if session.preferences.can_redraw else "jsonl"]


def is_in_place(session: Session, listing: Listing, option: str, writes: Callable[[Renderer], bool]) -> bool:
    """Return whether output is a table in place. Raises UsageError for an unsupported format."""
    if listing.renderer.name in _TABLES and session.preferences.can_redraw:
        return True
    if not writes(listing.renderer):
        formats = either(each.name for each in RENDERERS.values() if writes(each))
        raise UsageError(
            f"{option} does not support --format {listing.renderer.name} here",
            hint=f"use a table on a terminal, or {formats} in a pipe",
        )
    return False


def table_in_place(
    listing: Listing,
    rows: Sequence[Any],
    size: Size,
    mark: Callable[[Any], str],
    as_now: Callable[[Sequence[Any]], Sequence[Any]] = lambda rows: rows,
) -> list[str]:
    """Return the header and a line for each row that fits on the screen. `as_now` updates these rows."""
    room = max(1, size.lines - 1 - BELOW)
    shown = rows if len(rows) <= room else rows[: room - 1]
    head, *lines = listing.text(as_now(shown), size.columns - len(NO_MARK)).splitlines()
    more = len(rows) - len(shown)
    last = [f"... and {more} more"] if more else [] if shown else [f"no {listing.plural}"]
    marked = (mark(row) + line for row, line in zip(shown, lines, strict=True))
    return [NO_MARK + head, *marked, *(NO_MARK + line for line in last)]


MARKED_SECS = 5.0
"""The least time for which a row is marked after a change of its job."""

MAX_ENDINGS = 20
"""How many jobs that finished while they were watched are listed at the end."""

_MARKS = {"added": "+ ", "changed": "* ", "gone": "- "}


class _Mark(NamedTuple):
    """A change of a job, and until when it is marked."""

    event: str
    until: datetime
    job: JobInfo


class WatchedTable:
    """The table of watched jobs. A job that left the listing keeps its row for as long as it is marked."""

    def __init__(self, listing: Listing, remark: str) -> None:
        """Show nothing yet. `remark` stands in the footer."""
        self._listing = listing
        self.remark = remark
        self._poll: Poll | None = None
        self._rows: list[JobInfo] = []
        self._marks: dict[str, _Mark] = {}

    def note(self, poll: Poll, changes: Sequence[Change]) -> None:
        """Apply a poll and its changes. Jobs of the first poll are not new."""
        is_first, is_new = self._poll is None, poll is not self._poll
        until = poll.at + timedelta(seconds=max(MARKED_SECS, poll.pause_secs))
        if not is_first:
            self._marks.update({each.job.id: _Mark(each.event, until, each.job) for each in changes})
        if is_new or changes:
            self._poll = poll
            self._arrange()

    def lines(self, size: Size, now: datetime, trouble: str | None) -> list[str]:
        """Return the lines of the screen: the table, and a footer with the state of polling or an error."""
        poll = self._poll
        if poll is None:
            return [self._footer(trouble or "loading ...", size)]
        age = (now - poll.at).total_seconds()
        soon = span(max(1.0, poll.pause_secs - age + 0.5))
        count = f"{len(poll.jobs)} {'job' if len(poll.jobs) == 1 else 'jobs'}"
        polling, keys = f", updated {span(age)} ago, next in {soon}", "; q or Ctrl-C quits"
        footers = [f"{count}{polling}{self.remark}{keys}", f"{count}{self.remark}{keys}", f"{count}{self.remark}"]
        state = next((each for each in footers if cell_width(each) <= size.columns), footers[-1])
        return [*self.rows(size, now), "", self._footer(trouble or state, size)]

    def rows(self, size: Size, now: datetime) -> list[str]:
        """Return the header, and a line for each job that fits on the screen."""
        assert self._poll is not None  # noqa: S101 - there is no table before the first poll
        if any(mark.until <= now for mark in self._marks.values()):
            self._marks = {key: mark for key, mark in self._marks.items() if mark.until > now}
            self._arrange()
        age = (now - self._poll.at).total_seconds()
        return table_in_place(self._listing, self._rows, size, self._mark, lambda jobs: aged(jobs, age))

    def _mark(self, job: JobInfo) -> str:
        return _MARKS[self._marks[job.id].event] if job.id in self._marks else NO_MARK

    def _arrange(self) -> None:
        """Order the jobs; a job that left the listing comes before the first older one."""
        assert self._poll is not None  # noqa: S101 - jobs are arranged after a poll
        rows = list(self._poll.jobs)
        for mark in self._marks.values():
            if mark.event == "gone":
                rows.insert(_place(mark.job, rows), mark.job)
        self._rows = self._listing.ordered(rows)

    def _footer(self, text: str, size: Size) -> str:
        return self._listing.line(text, size.columns)


def _place(job: JobInfo, jobs: Sequence[JobInfo]) -> int:
    """Return the place of a job in a listing that has the newest first."""
    if job.created_at is None:
        return len(jobs)
    for place, each in enumerate(jobs):
        if each.created_at is not None and each.created_at < job.created_at:
            return place
    return len(jobs)


@dataclass(frozen=True, eq=False)
class Watch:
    """Watches a listing: its format, the first pause in seconds, and whether to stop when all jobs have finished."""

    listing: Listing
    every_secs: float
    is_until_done: bool

    def run(self, session: Session, wanted: JobFilter, namespace: str | None, limit: int) -> ExitCode:
        """Watch the matching jobs of a namespace until the end. Raises UsageError for unsupported formats."""
        in_place = is_in_place(session, self.listing, "--watch", lambda each: each.name == "jsonl")
        if wanted.names_schedules:
            wanted = wanted.with_schedules(session.client.schedule_names(namespace))  # once, not at each poll

        def ask() -> list[JobInfo]:
            present = wanted._replace(now=session.clock())
            jobs = scan(session, present, namespace, 0 if self.listing.is_sorted else limit).jobs()
            return self.listing.ordered(jobs)[: limit or None]

        def look_up(jobs: Sequence[JobInfo]) -> dict[str, JobInfo]:
            """Return the current state of jobs that are no longer listed."""
            found = session.client.inspect_jobs([JobReference.of(job, namespace) for job in jobs])
            return {job.id: job for job in found if not isinstance(job, HfJobsError)}

        seen: dict[str, JobInfo] = {}
        show = self._in_place if in_place else self._as_events
        is_over = show(session, ask, look_up, seen)
        return outcome(job for job in seen.values() if job.has_ended) if is_over else ExitCode.DONE

    def _as_events(self, session: Session, ask: Ask, look_up: LookUp, seen: dict[str, JobInfo]) -> bool:
        """Write changes of jobs, which are kept in `seen`, and return whether all of them have finished."""
        encode = encoder(self.listing.view)
        for poll in polls(session, ask, poll_backoff(self.every_secs), OutageNotices(session), look_up=look_up):
            for change in poll.changes:
                session.write(encode(change.asdict()) + "\n")
                seen[change.job.id] = change.job
            session.flush()
            if self._is_over(poll):
                return True
        return False

    def _in_place(self, session: Session, ask: Ask, look_up: LookUp, seen: dict[str, JobInfo]) -> bool:
        """Show the jobs in place, and at the end how jobs ended meanwhile; return whether all have finished."""
        is_over, finished = False, dict[str, "JobInfo"]()
        table = WatchedTable(self.listing, "; until all have finished" if self.is_until_done else "")
        with session.live() as live:
            background = BackgroundPoller(session, ask, poll_backoff(self.every_secs), live.wake, look_up)
            for key in live.turns():
                if key in ("q", "Q"):
                    break
                changes = background.changes()
                if background.last is not None:
                    table.note(background.last, changes)
                for each in changes:
                    seen[each.job.id] = each.job
                    if each.job.has_ended and each.stage not in (None, *FINISHED_STAGES):
                        finished[each.job.id] = each.job
                now, size = session.clock(), live.size
                live.leave(table.rows(size, now) if background.last is not None else ())
                live.paint(table.lines(size, now, background.trouble))
                if background.last is not None and self._is_over(background.last):
                    is_over = True
                    break
        for job in list(finished.values())[:MAX_ENDINGS]:
            session.note(ending(session, job))
        if len(finished) > MAX_ENDINGS:
            session.note(f"and {len(finished) - MAX_ENDINGS:,} more have finished")
        return is_over

    def _is_over(self, poll: Poll) -> bool:
        return self.is_until_done and all(job.has_ended for job in poll.jobs)
