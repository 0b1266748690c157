"""Which jobs are meant: the options that filter, read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.query.filters import JobFilter, parse_filter
from hfjobs_cli.query.moments import parse_moment

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Selection


def job_filter(selection: Selection, now: datetime) -> JobFilter:
    """Return what the options ask for. Raises UsageError."""
    return parse_filter(
        now,
        status=selection.status or (),
        all_=selection.all_,
        initiator=selection.initiator or (),
        label=selection.label or (),
        name=selection.name,
        filters=selection.filter_ or (),
        since=None if selection.since is None else parse_moment(selection.since, now, "--since"),
        until=None if selection.until is None else parse_moment(selection.until, now, "--until"),
    )
