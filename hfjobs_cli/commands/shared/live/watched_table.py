"""The table of a listing that is watched, with a mark before each row that is not as it was."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.commands.shared.live.in_place import NO_MARK, table_in_place
from hfjobs_cli.live.changes import Change, aged
from hfjobs_cli.live.screen import Size
from hfjobs_cli.text.times import span

if TYPE_CHECKING:
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.live.looking import Look
    from hfjobs_cli.records.job import JobInfo

MARKED_SECS = 5.0
"""For how long a row is marked at least after something happened to its job."""

_MARKS = {"added": "+ ", "changed": "* ", "gone": "- "}


class _Mark(NamedTuple):
    """What happened to a job, and until when that is shown."""

    event: str
    until: datetime
    job: JobInfo


class WatchedTable:
    """Jobs as they were last seen. One that is gone keeps its row for as long as it is marked."""

    def __init__(self, listing: Listing, remark: str) -> None:
        """Show nothing yet. `remark` is told below the table."""
        self._listing = listing
        self._remark = remark
        self._look: Look | None = None
        self._rows: list[JobInfo] = []
        self._marks: dict[str, _Mark] = {}

    def note(self, look: Look, changes: Sequence[Change]) -> None:
        """Take note of a look, and of what has happened since the last one. What was there at first is not new."""
        is_first, is_new = self._look is None, look is not self._look
        until = look.at + timedelta(seconds=max(MARKED_SECS, look.pause_secs))
        if not is_first:
            self._marks.update({each.job.id: _Mark(each.event, until, each.job) for each in changes})
        if is_new or changes:
            self._look = look
            self._arrange()

    def lines(self, size: Size, now: datetime, trouble: str | None) -> list[str]:
        """Return what is to be seen now: the table, and below it how it stands with the looks, or what troubles."""
        look = self._look
        if look is None:
            return [self._told(trouble or "asking the Hub ...", size)]
        age = (now - look.at).total_seconds()
        soon = span(max(1.0, look.pause_secs - age + 0.5))
        count = f"{len(look.jobs)} {'job' if len(look.jobs) == 1 else 'jobs'}"
        told = f"{count}, seen {span(age)} ago, again in {soon}{self._remark}; q or Ctrl-C ends"
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
        """Put the jobs in order, each that is gone before the first that is older."""
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
