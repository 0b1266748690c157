"""What a TAB offers. Completers print nothing, never fail, and import httpx only to ask for job ids.

They depend on the models for words that are listed there, so that what is offered is what is accepted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime

import typer

from hfjobs_cli.cells import age, printable
from hfjobs_cli.columns import COLUMNS
from hfjobs_cli.config import Overrides
from hfjobs_cli.filters import NO_INITIATOR
from hfjobs_cli.models import INITIATOR_TYPES, STAGES, JobInfo
from hfjobs_cli.renderers import RENDERERS
from hfjobs_cli.session import Session

PATIENCE_SECS = 1.0
"""How long a TAB may wait for the Hub."""

Completer = Callable[[str], list[str]]


def _from_list(words: Iterable[str], signs: str = "") -> Completer:
    """Make a completer for a comma-separated list of `words`, each perhaps behind one of `signs`."""
    known = list(words)

    def complete(incomplete: str) -> list[str]:
        done, comma, last = incomplete.rpartition(",")
        sign = last[:1] if last[:1] and last[:1] in signs else ""
        used = {word.lstrip(signs) for word in done.split(",")}
        begun = last[len(sign) :]
        return [
            f"{done}{comma}{sign}{begun}{word[len(begun) :]}"
            for word in known
            if word.startswith(begun.lower()) and word not in used
        ]

    return complete


complete_status = _from_list([stage.lower() for stage in STAGES], signs="!")
complete_initiator = _from_list([*INITIATOR_TYPES, NO_INITIATOR], signs="!")
complete_columns = _from_list([*COLUMNS, "help"], signs="+-")


def complete_format(incomplete: str) -> list[str]:
    """Offer the formats."""
    return [name for name in RENDERERS if name.startswith(incomplete.lower())]


def complete_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the newest jobs with name, status and age; nothing if the Hub does not answer within a second."""
    session = ctx.find_root().obj
    if not isinstance(session, Session):
        return []
    given = [_overrides(ctx), _overrides(ctx.find_root())]
    session.overrides = given[0].over(given[1]).over(session.overrides)
    namespace, slash, _ = incomplete.rpartition("/")
    jobs: list[JobInfo] = []

    def ask() -> None:
        with suppress(Exception):
            page = next(session.client.list_jobs(namespace or ctx.params.get("namespace")))
            jobs.extend(page.jobs)

    thread = threading.Thread(target=ask, daemon=True)
    session.remark = _say_nothing  # type: ignore[method-assign]
    thread.start()
    thread.join(PATIENCE_SECS)
    now = session.clock()
    return [(f"{namespace}{slash}{job.id}", _summary(job, now)) for job in list(jobs)]


def _say_nothing(_line: str) -> None:
    """Stand in for `Session.remark` while the shell draws its prompt."""


def _overrides(ctx: typer.Context) -> Overrides:
    """Return what the command line has said about the connection so far."""
    given = ctx.params
    return Overrides(
        token=given.get("token"),
        endpoint=given.get("endpoint"),
        demo=bool(given.get("demo")),
        debug=False,
    )


def _summary(job: JobInfo, now: datetime) -> str:
    created = age(job.created_at, now) if job.created_at else ""
    parts = [printable(job.name or ""), job.status.stage.lower(), created]
    return " ".join(part for part in parts if part)
