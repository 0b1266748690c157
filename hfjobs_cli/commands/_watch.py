"""Poll a listing and show it in place, or its changes as events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.commands._listing import ending, outcome
from hfjobs_cli.commands._select import scan
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError
from hfjobs_cli.formats.renderer import RENDERERS, Renderer
from hfjobs_cli.hub.concurrency import start_thread
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff, poll_backoff, retry_after_of
from hfjobs_cli.models.vocabulary import FINISHED_STAGES
from hfjobs_cli.preferences import Size
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import span
from hfjobs_cli.tui.changes import Change, aged, changes

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.filters import JobFilter


Ask = Callable[[], "Sequence[JobInfo]"]
"""Asks for the jobs of a listing, as they are now."""

LookUp = Callable[["Sequence[JobInfo]"], "Mapping[str, JobInfo]"]
"""Asks for jobs that have left a listing: as they are now, by their ids, as far as that can be known."""

Trouble = Callable[["str | None"], None]
"""Is told what keeps the Hub from answering, and None when it answers."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a listing held at some moment, what had happened since the look before, and how long the next one is off."""

    jobs: Sequence[JobInfo]
    at: datetime
    changes: Sequence[Change]
    pause_secs: float


def looks(
    session: Session,
    ask: Ask,
    backoff: Backoff,
    trouble: Trouble,
    rest: Callable[[float, float], object] | None = None,
    look_up: LookUp | None = None,
) -> Iterator[Snapshot]:
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
        except TRANSIENT_ERRORS as error:
            if before is None:
                raise
            trouble(error.message)
            rest(backoff.pause(made_progress=False), retry_after_of(error))
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
        pause = backoff.pause(made_progress=before is None or bool(happened))
        before = now
        yield Snapshot(jobs, session.clock(), happened, pause)
        rest(pause, 0.0)


@contextmanager
def _waits_told_to(session: Session, trouble: Trouble) -> Iterator[None]:
    """Show pauses before retries as an error in the footer."""
    before, session.on_wait = session.on_wait, trouble
    try:
        yield
    finally:
        session.on_wait = before


def _told_once(session: Session) -> None:
    """Keep one of equal errors: an invalid entry of a listing is invalid at each poll."""
    session.failures[:] = {failure.message: failure for failure in session.failures}.values()


@dataclass(eq=False)
class OutageNotices:
    """Reports the first failure of an outage on stderr, and its end."""

    session: Session
    _is_broken: bool = False

    def __call__(self, message: str | None) -> None:
        """Take note of what keeps the Hub from answering, or that it answers."""
        if message is not None and not self._is_broken:
            self.session.warning(message)
        elif message is None and self._is_broken:
            self.session.notice("the Hub is reachable again")
        self._is_broken = message is not None


class BackgroundPoller:
    """Polls in a background thread, so that the screen stays responsive.

    `last` is the last look, `trouble` what keeps the Hub from answering since then.
    """

    def __init__(
        self, session: Session, ask: Ask, backoff: Backoff, wake: Callable[[], None], look_up: LookUp | None = None
    ) -> None:
        """Begin in a thread that does not keep the program from ending. `wake` is called when something is new."""
        self.last: Snapshot | None = None
        self.trouble: str | None = None
        self._session = session
        self._wake = wake
        self._hurry = threading.Event()
        self._looks = looks(session, ask, backoff, self._told, self._rest, look_up)
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


NO_MARK = "  "
BELOW = 2
"""How many lines are left for what stands below the rows."""

_TABLES = ("table", "table template")


def live_renderer(session: Session) -> Renderer:
    """Return the default format of live output: a table in place on a terminal, jsonl in a pipe."""
    return RENDERERS["table" if session.reader.can_redraw else "jsonl"]


def is_in_place(session: Session, listing: Listing, option: str, writes: Callable[[Renderer], bool]) -> bool:
    """Return whether output is a table in place. Raises UsageError for an unsupported format."""
    if listing.renderer.name in _TABLES and session.reader.can_redraw:
        return True
    if not writes(listing.renderer):
        formats = " or ".join(each.name for each in RENDERERS.values() if writes(each))
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
    """Return the header and a line for each row that there is room for. `as_now` brings those up to date."""
    room = max(1, size.lines - 1 - BELOW)
    shown = rows if len(rows) <= room else rows[: room - 1]
    head, *lines = listing.text(as_now(shown), size.columns - len(NO_MARK)).splitlines()
    more = len(rows) - len(shown)
    last = [f"... and {more} more"] if more else [] if shown else [f"no {listing.plural}"]
    marked = (mark(row) + line for row, line in zip(shown, lines, strict=True))
    return [NO_MARK + head, *marked, *(NO_MARK + line for line in last)]


MARKED_SECS = 5.0
"""For how long a row is marked at least after something happened to its job."""

MAX_ENDINGS = 20
"""How many jobs that finished while they were watched are named in the end."""

_MARKS = {"added": "+ ", "changed": "* ", "gone": "- "}


class _Mark(NamedTuple):
    """What happened to a job, and until when that is shown."""

    event: str
    until: datetime
    job: JobInfo


class WatchedTable:
    """The table of watched jobs. A job that left the listing keeps its row for as long as it is marked."""

    def __init__(self, listing: Listing, remark: str) -> None:
        """Show nothing yet. `remark` is told below the table."""
        self._listing = listing
        self.remark = remark
        self._look: Snapshot | None = None
        self._rows: list[JobInfo] = []
        self._marks: dict[str, _Mark] = {}

    def note(self, look: Snapshot, changes: Sequence[Change]) -> None:
        """Apply a poll and its changes. Jobs of the first poll are not new."""
        is_first, is_new = self._look is None, look is not self._look
        until = look.at + timedelta(seconds=max(MARKED_SECS, look.pause_secs))
        if not is_first:
            self._marks.update({each.job.id: _Mark(each.event, until, each.job) for each in changes})
        if is_new or changes:
            self._look = look
            self._arrange()

    def lines(self, size: Size, now: datetime, trouble: str | None) -> list[str]:
        """Return the lines of the screen: the table, and a footer with the state of polling or an error."""
        look = self._look
        if look is None:
            return [self._told(trouble or "loading ...", size)]
        age = (now - look.at).total_seconds()
        soon = span(max(1.0, look.pause_secs - age + 0.5))
        count = f"{len(look.jobs)} {'job' if len(look.jobs) == 1 else 'jobs'}"
        told = f"{count}, updated {span(age)} ago, next in {soon}{self.remark}; q or Ctrl-C quits"
        return [*self.rows(size, now), "", self._told(trouble or told, size)]

    def rows(self, size: Size, now: datetime) -> list[str]:
        """Return the header, and a line for each job that there is room for."""
        assert self._look is not None  # noqa: S101 - there is no table before the first look
        if any(mark.until <= now for mark in self._marks.values()):
            self._marks = {key: mark for key, mark in self._marks.items() if mark.until > now}
            self._arrange()
        age = (now - self._look.at).total_seconds()
        return table_in_place(self._listing, self._rows, size, self._mark, lambda jobs: aged(jobs, age))

    def _mark(self, job: JobInfo) -> str:
        return _MARKS[self._marks[job.id].event] if job.id in self._marks else NO_MARK

    def _arrange(self) -> None:
        """Order the jobs; a job that left the listing comes before the first older one."""
        assert self._look is not None  # noqa: S101 - what is arranged was seen
        rows = list(self._look.jobs)
        for mark in self._marks.values():
            if mark.event == "gone":
                rows.insert(_place(mark.job, rows), mark.job)
        self._rows = self._listing.ordered(rows)

    def _told(self, text: str, size: Size) -> str:
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
    """How a listing is watched: shown in some format, so many seconds apart at first, and whether that has an end."""

    listing: Listing
    every_secs: float
    is_until_done: bool

    def run(self, session: Session, wanted: JobFilter, namespace: str | None, limit: int) -> ExitCode:
        """Watch the jobs of a namespace that are wanted, until it is over. Raises UsageError for most formats."""
        in_place = is_in_place(session, self.listing, "--watch", lambda each: each.name == "jsonl")
        if wanted.names_schedules:
            wanted = wanted.with_schedules(session.client.schedule_names(namespace))  # once, not at each look

        def ask() -> list[JobInfo]:
            present = wanted._replace(now=session.clock())
            jobs = scan(session, present, namespace, 0 if self.listing.is_sorted else limit).jobs()
            return self.listing.ordered(jobs)[: limit or None]

        def look_up(jobs: Sequence[JobInfo]) -> dict[str, JobInfo]:
            """Tell how jobs ended that are not listed any more, or that they match no longer."""
            found = session.client.inspect_jobs([JobReference.of(job, namespace) for job in jobs])
            return {job.id: job for job in found if not isinstance(job, HfJobsError)}

        seen: dict[str, JobInfo] = {}
        show = self._in_place if in_place else self._as_events
        is_over = show(session, ask, look_up, seen)
        return outcome(job for job in seen.values() if job.has_ended) if is_over else ExitCode.DONE

    def _as_events(self, session: Session, ask: Ask, look_up: LookUp, seen: dict[str, JobInfo]) -> bool:
        """Write what happens to jobs, which are kept in `seen`; tell whether all of them have finished."""
        for look in looks(session, ask, poll_backoff(self.every_secs), OutageNotices(session), look_up=look_up):
            for change in look.changes:
                session.write(self.listing.json(change.asdict()) + "\n")
                seen[change.job.id] = change.job
            session.flush()
            if self._is_over(look):
                return True
        return False

    def _in_place(self, session: Session, ask: Ask, look_up: LookUp, seen: dict[str, JobInfo]) -> bool:
        """Show the jobs, and in the end how those ended that finished meanwhile; otherwise the same."""
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

    def _is_over(self, look: Snapshot) -> bool:
        return self.is_until_done and all(job.has_ended for job in look.jobs)
