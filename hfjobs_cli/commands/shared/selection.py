"""Which jobs are meant: the options that filter, read."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from hfjobs_cli.query.filters import JobFilter, parse_filter
from hfjobs_cli.records.job import KIND
from hfjobs_cli.records.kind import Kind

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Selection


def job_filter(selection: Selection, now: datetime, kind: Kind = KIND) -> JobFilter:
    """Return what the options ask for, of jobs as `kind` reads them. Raises UsageError."""
    return parse_filter(
        now,
        status=selection.status or (),
        all_=selection.all_,
        initiator=selection.initiator or (),
        label=selection.label or (),
        name=selection.name,
        filters=selection.filter_ or (),
        since=_moment(selection.since, now, "--since"),
        until=_moment(selection.until, now, "--until"),
        kind=kind,
    )


def _moment(text: str | None, now: datetime, option: str) -> datetime | None:
    if text is None:
        return None
    from hfjobs_cli.query.moments import parse_moment  # its patterns take as long to make as the rest of this

    return parse_moment(text, now, option)
