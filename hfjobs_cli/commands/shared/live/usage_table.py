"""What jobs use as a table in place on a terminal. A job that has ended keeps its row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.commands.shared.live.in_place import NO_MARK, table_in_place
from hfjobs_cli.records.usage import STALE_SECS, Usage

if TYPE_CHECKING:
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.commands.shared.live.usage_feeds import News
    from hfjobs_cli.live.screen import Size

_ENDED, _STALE = "- ", "? "


class UsageTable:
    """The last sample of each job."""

    def __init__(self, listing: Listing, job_ids: Iterable[str], now: datetime) -> None:
        """Show that nothing is known yet."""
        self._listing = listing
        self._samples = {each: Usage(each, *[None] * (len(Usage.__slots__) - 1)) for each in job_ids}
        self._told_at = dict.fromkeys(self._samples, now)
        self._ended: set[str] = set()
        self._now = now

    def note(self, news: Iterable[News], now: datetime) -> None:
        """Take note of what is new."""
        self._now = now
        for each in news:
            if each.usage is None:
                self._ended.add(each.job_id)
            else:
                self._samples[each.job_id] = each.usage
                self._told_at[each.job_id] = now

    def lines(self, size: Size, trouble: str | None) -> list[str]:
        """Return what is to be seen now: the table, and below it how many still run, or what troubles."""
        running = len(self._samples) - len(self._ended)
        ended = f", {len(self._ended)} ended" if self._ended else ""
        told = f"{running} of {len(self._samples)} running{ended}; q or Ctrl-C ends"
        return [*self.rows(size), "", self._listing.line(trouble or told, size.columns)]

    def rows(self, size: Size) -> list[str]:
        """Return the header, and a line for each job that there is room for."""
        return table_in_place(self._listing, self._ordered(), size, self._mark)

    def _ordered(self) -> Sequence[Usage]:
        return self._listing.ordered(self._samples.values())

    def _mark(self, usage: Usage) -> str:
        if usage.job_id in self._ended:
            return _ENDED
        silent = (self._now - self._told_at[usage.job_id]).total_seconds()
        return _STALE if silent > STALE_SECS else NO_MARK
