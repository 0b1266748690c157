"""What a TAB offers. Completers print nothing, never fail, and import httpx only to ask for job ids.

What is offered is what is accepted: words come from where options take them from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any

import typer

from hfjobs_cli.cli.bridge import LoadKind
from hfjobs_cli.cli.registry import COMMANDS, TOPICS
from hfjobs_cli.cli.session import Session
from hfjobs_cli.config import Overrides
from hfjobs_cli.records.vocabulary import INITIATOR_TYPES, NO_INITIATOR, STAGES
from hfjobs_cli.renderers.registry import formats_of
from hfjobs_cli.text.times import age

if TYPE_CHECKING:
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.kind import Kind

PATIENCE_SECS = 1.0
"""How long a TAB may wait for the Hub."""

_NOT_PLAIN = re.compile(r"[^\w .,/@+-]")
_NOT_IN_LISTS = re.compile(r"[^\w .,/@+:*!-]")

Completer = Callable[[str], list[str]]


def _from_list(words: Iterable[str], signs: str = "") -> Completer:
    """Make a completer for a comma-separated list of `words`, each perhaps behind one of `signs`."""
    known = list(words)

    def complete(incomplete: str) -> list[str]:
        if _NOT_IN_LISTS.search(incomplete):
            return []  # no list begins so, and some shells would evaluate it
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


def complete_sort(kind: LoadKind) -> Completer:
    """Offer the columns of a kind."""

    def complete(incomplete: str) -> list[str]:
        return _from_list(_names(kind(), incomplete), signs="-")(incomplete)

    return complete


def complete_columns(kind: LoadKind) -> Completer:
    """Offer the columns of a kind, and `help` by itself."""

    def complete(incomplete: str) -> list[str]:
        names = _from_list(_names(kind(), incomplete), signs="+-")(incomplete)
        return names + ["help"] * "help".startswith(incomplete)

    return complete


def complete_filter(kind: LoadKind) -> Completer:
    """Offer the fields of a kind, and behind `status=` and `initiator=` of jobs their values."""

    def complete(incomplete: str) -> list[str]:
        name, equals, begun = incomplete.partition("=")
        if not equals:
            return [f"{each}=" for each in _names(kind(), name) if each.startswith(name.lower())]
        known = {"status": complete_status, "initiator": complete_initiator}.get(name.removesuffix("!").lower())
        return [f"{name}={value}" for value in (known(begun) if known and not begun.startswith("!") else [])]

    return complete


def _names(kind: Kind, begun: str) -> list[str]:
    """Return the fields of a kind that are worth offering: parts of parts only where one is being typed."""
    return list(kind.cells) if "." in begun else kind.words


def complete_format(kind: LoadKind) -> Completer:
    """Offer the formats of a kind, those that packages add, and `help`."""

    def complete(incomplete: str) -> list[str]:
        from hfjobs_cli.renderers.plugins import names

        return [name for name in (*formats_of(kind()), *names(), "help") if name.startswith(incomplete.lower())]

    return complete


def complete_topic(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer what can be explained: topics and commands, each once, and behind `schema` the kinds of records."""
    before = list(ctx.params.get("words") or ())
    if before == ["schema"]:
        from hfjobs_cli.records.kind import kind_of, kinds

        words = {name: f"what lists of {kind_of(name).plural} look like" for name in kinds()}
    elif before:
        words = {}
    else:
        words = {command.name: command.summary for command in COMMANDS if command.is_here}
        words = {**TOPICS, **{name: about for name, about in words.items() if name not in TOPICS}}
    return [(name, about) for name, about in words.items() if name.startswith(incomplete.lower())]


def complete_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the newest jobs with name, status and age; nothing if the Hub does not answer within a second."""
    from hfjobs_cli.query.names import is_name

    said = [context.params for context in (ctx, ctx.parent) if context is not None]
    own: Session = ctx.obj
    session = replace(own, stderr=StringIO(), overrides=_overrides(said[0]).over(_overrides(said[-1])))
    namespace, slash, _ = incomplete.rpartition("/")
    jobs: list[JobInfo] = []

    def ask() -> None:
        with suppress(Exception):
            jobs.extend(next(session.client.list_jobs(namespace or _given(ctx.params, "namespace"))).jobs)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE_SECS)
    now = session.clock()
    return [(f"{namespace}{slash}{job.id}", _summary(job, now)) for job in jobs if is_name(job.id)]


def _overrides(options: Mapping[str, Any]) -> Overrides:
    """Return what the words before the TAB say about the connection."""
    return Overrides(_given(options, "token"), _given(options, "endpoint"), bool(options.get("demo")))


def _given(options: Mapping[str, Any], name: str) -> str | None:
    """Return the value of an option before the TAB; typer has a list of them."""
    values = options.get(name)
    return values[-1] if values else None


def _summary(job: JobInfo, now: datetime) -> str:
    """Return name, status and age. Shells evaluate what they are given, so all but plain characters is replaced."""
    created = age(job.created_at, now) if job.created_at else ""
    parts = [job.name or "", str(job.status).lower(), created]
    return _NOT_PLAIN.sub("?", " ".join(part for part in parts if part))
