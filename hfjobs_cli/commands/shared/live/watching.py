"""`ps --watch`: a listing in place on a terminal, or its changes as lines of JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfjobs_cli.commands.shared.live.in_place import is_in_place
from hfjobs_cli.commands.shared.live.looking import Ask, Background, Breaks, Look, LookUp, looks
from hfjobs_cli.commands.shared.live.watched_table import WatchedTable
from hfjobs_cli.commands.shared.selection import scan
from hfjobs_cli.errors import ExitCode, HfJobsError
from hfjobs_cli.live.changes import pace_of_looks
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.query.filters import JobFilter
    from hfjobs_cli.records.job import JobInfo


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

        return self._in_place(session, ask, look_up) if in_place else self._as_events(session, ask, look_up)

    def _as_events(self, session: Session, ask: Ask, look_up: LookUp) -> ExitCode:
        for look in looks(session, ask, pace_of_looks(self.every_secs), Breaks(session), look_up=look_up):
            for change in look.changes:
                session.write(self.listing.json(change.asdict()) + "\n")
            session.flush()
            if self._is_over(look):
                break
        return ExitCode.DONE

    def _in_place(self, session: Session, ask: Ask, look_up: LookUp) -> ExitCode:
        table = WatchedTable(self.listing, "; ends when all have ended" if self.is_until_done else "")
        with session.live() as live:
            background = Background(session, ask, pace_of_looks(self.every_secs), live.wake, look_up)
            for key in live.turns():
                if key in ("q", "Q"):
                    break
                changes = background.changes()
                if background.last is not None:
                    table.note(background.last, changes)
                now, size = session.clock(), live.size
                live.leave(table.rows(size, now) if background.last is not None else ())
                live.paint(table.lines(size, now, background.trouble))
                if background.last is not None and self._is_over(background.last):
                    break
        return ExitCode.DONE

    def _is_over(self, look: Look) -> bool:
        return self.is_until_done and all(job.has_ended for job in look.jobs)
