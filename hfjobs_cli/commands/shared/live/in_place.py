"""A table in place on a terminal: as many rows as there is room for, each behind a mark."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from hfjobs_cli.cli import terminal
from hfjobs_cli.errors import UsageError
from hfjobs_cli.renderers.registry import RENDERERS
from hfjobs_cli.renderers.renderer import Renderer

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.listing import Listing
    from hfjobs_cli.live.screen import Size

NO_MARK = "  "
BELOW = 2
"""How many lines are left for what stands below the rows."""

_TABLES = ("table", "table template")


def live_renderer(session: Session) -> Renderer:
    """Return the format of what goes on, unless another is asked for: a table in place, in a pipe a line for each."""
    return RENDERERS["table" if terminal.obeys_codes(session.stdout, session.environ) else "jsonl"]


def is_in_place(session: Session, listing: Listing, option: str, writes: Callable[[Renderer], bool]) -> bool:
    """Tell whether what goes on is shown in place. Raises UsageError for a format that it is neither, nor `writes`."""
    if listing.renderer.name in _TABLES and terminal.obeys_codes(session.stdout, session.environ):
        return True
    if not writes(listing.renderer):
        formats = " or ".join(each.name for each in RENDERERS.values() if writes(each))
        raise UsageError(
            f"{option} cannot write the format {listing.renderer.name} here",
            hint=f"on a terminal it shows a table, in a pipe it writes {formats}",
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
