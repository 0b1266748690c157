"""`ps --watch`: a listing in place on a terminal, or its changes as lines of JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hfjobs_cli.cli import terminal
from hfjobs_cli.commands.shared.looking import Background, Breaks, Look, looks
from hfjobs_cli.commands.shared.watched_table import WatchedTable
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.live.changes import Pace, is_under_way
from hfjobs_cli.renderers.registry import RENDERERS
from hfjobs_cli.renderers.renderer import Renderer

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.records.job import JobInfo

_IN_PLACE = ("table", "table template")


def watched_renderer(session: Session) -> Renderer:
    """Return the format in which something is watched unless another is asked for."""
    return RENDERERS["table" if terminal.obeys_codes(session.stdout, session.environ) else "jsonl"]


@dataclass(frozen=True, eq=False)
class Watch:
    """What is watched: how it is asked for and shown, how many seconds apart at first, and whether that has an end."""

    ask: Callable[[], Sequence[JobInfo]]
    listing: Listing
    every_secs: float
    is_until_done: bool

    def run(self, session: Session) -> ExitCode:
        """Watch until it is over, if it ever is. Raises UsageError for formats that have no changes."""
        name = self.listing.format_name
        if name == "jsonl":
            return self._as_events(session)
        if name in _IN_PLACE and terminal.obeys_codes(session.stdout, session.environ):
            return self._in_place(session)
        raise UsageError(
            f"--watch cannot write {name} here", hint="on a terminal it shows a table, in a pipe it writes jsonl"
        )

    def _as_events(self, session: Session) -> ExitCode:
        for look in looks(session, self.ask, Pace(self.every_secs), Breaks(session)):
            for change in look.changes:
                session.write(self.listing.json(change.asdict()) + "\n")
            session.flush()
            if self._is_over(look):
                break
        return ExitCode.DONE

    def _in_place(self, session: Session) -> ExitCode:
        table = WatchedTable(self.listing, "; ends when all have ended" if self.is_until_done else "")
        with session.live() as live:
            background = Background(session, self.ask, Pace(self.every_secs), live.wake)
            for key in live.turns():
                if key in ("q", "Q"):
                    break
                changes = background.changes()
                if background.last is not None:
                    table.note(background.last, changes)
                now, size = session.clock(), live.size
                live.paint(table.lines(size, now, background.trouble))
                live.leave(table.rows(size, now) if background.last is not None else ())
                if background.last is not None and self._is_over(background.last):
                    break
        return ExitCode.DONE

    def _is_over(self, look: Look) -> bool:
        return self.is_until_done and not any(map(is_under_way, look.jobs))
