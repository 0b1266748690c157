"""The jobs that a filter keeps, read from the Hub, with the progress of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hfjobs_cli.query.scan import Page, Scan

if TYPE_CHECKING:
    from hfjobs_cli.api.history import History
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.filters import JobFilter


def read_jobs(session: Session, wanted: JobFilter, namespace: str | None, limit: int = 0) -> Scan:
    """Return a scan of the newest jobs of a namespace that match, up to `limit`, 0 = all. Nothing is asked for yet."""
    history: History | None = None
    pages: Iterable[Page]
    if limit:
        pages = session.client.list_jobs(namespace, wanted.stages, wanted.labels, wanted.since)
    else:
        pages = history = session.client.all_jobs(
            namespace, wanted.stages, wanted.labels, wanted.since, tells_total=session.shows_progress
        )

    def page_read(scan: Scan) -> None:
        session.flush()  # what is written as it comes should also arrive as it comes
        total = history.total if history else None
        read = f"{scan.read:,} jobs read" if total is None else f"{scan.read:,} of about {total:,} jobs read"
        session.progress(f"{read}, {scan.matched:,} match ...")

    return Scan(pages, wanted, limit, page_read)
