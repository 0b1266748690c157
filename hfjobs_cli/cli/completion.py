"""What a TAB offers. Completers print nothing, never fail, and import httpx only to ask for job ids.

What is offered is what is accepted: words come from where options take them from.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from hfjobs_cli.cli.bridge import LoadKind
from hfjobs_cli.cli.registry import COMMANDS, TOPICS
from hfjobs_cli.cli.session import Session
from hfjobs_cli.config import Overrides
from hfjobs_cli.errors import UsageError
from hfjobs_cli.records.vocabulary import (
    ACTIVE_STAGES,
    GROUPED_BY,
    INITIATOR_TYPES,
    NO_INITIATOR,
    SCHEDULE_STATES,
    STAGES,
)
from hfjobs_cli.renderers.registry import formats_of
from hfjobs_cli.text.times import age

if TYPE_CHECKING:
    from hfjobs_cli.api.client import JobsClient
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.kind import Kind

T = TypeVar("T")

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
complete_schedule_status = _from_list(SCHEDULE_STATES, signs="!")
complete_by = _from_list([each for each in GROUPED_BY if "KEY" not in each] + ["label."])
complete_when = _from_list([f"@{word}" for word in ("hourly", "daily", "weekly", "monthly", "yearly")])
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
    """Offer the fields of a kind, and behind `status=`, `initiator=` and whatever else is known the values."""

    def complete(incomplete: str) -> list[str]:
        name, equals, begun = incomplete.partition("=")
        if not equals:
            return [f"{each}=" for each in _names(kind(), name) if each.startswith(name.lower())]
        field = kind().find(name.removesuffix("!"))
        if field is None or begun.startswith("!"):
            return []
        return [f"{name}={value}" for value in _from_list(field.about.words, signs="!")(begun)]

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
        words = {command.name: command.summary for command in COMMANDS}
        words = {**TOPICS, **{name: about for name, about in words.items() if name not in TOPICS}}
    return [(name, about) for name, about in words.items() if name.startswith(incomplete.lower())]


def complete_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the newest jobs with name, status and age, or behind `@` the ways to describe one.

    Of the jobs there are none if the Hub does not answer within a second.
    """
    return _jobs(ctx, incomplete, ())


def complete_active_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer what `complete_jobs` does, but of the jobs those only that have not ended."""
    return _jobs(ctx, incomplete, ACTIVE_STAGES)


def _jobs(ctx: typer.Context, incomplete: str, stages: Sequence[str]) -> list[tuple[str, str]]:
    from hfjobs_cli.query.names import is_name

    namespace, slash, begun = incomplete.rpartition("/")
    if begun.startswith("@"):
        from hfjobs_cli.query.descriptions import descriptions
        from hfjobs_cli.query.namings import JOBS

        return [(f"{namespace}{slash}{each}", "") for each in descriptions(JOBS) if each.startswith(begun.lower())]
    jobs = _asked(ctx, namespace, lambda client, name: next(client.list_jobs(name, stages)).jobs)
    now: datetime = ctx.obj.clock()
    return [(f"{namespace}{slash}{job.id}", _summary(job, now)) for job in jobs if is_name(job.id)]


def complete_schedules(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer schedules by their ids, and by their names where one is being typed; nothing after a second."""
    from hfjobs_cli.query.names import is_name

    namespace, slash, begun = incomplete.rpartition("/")
    found = _asked(ctx, namespace, lambda client, name: client.list_schedules(name))
    offers = [(each.id, _plain(each.name or "", str(each.status), each.schedule or "")) for each in found]
    if begun.startswith("@"):
        offers = [(f"@name={each.name}", _plain(str(each.status), each.schedule or "")) for each in found if each.name]
    return [(f"{namespace}{slash}{word}", about) for word, about in offers if is_name(word.removeprefix("@name="))]


def complete_flavor(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Offer the flavors with their prices; nothing if the Hub does not answer within a second."""
    from hfjobs_cli.query.names import is_name

    flavors = _asked(ctx, "", lambda client, _name: client.list_hardware())
    return [
        (flavor.name, "" if flavor.price is None else f"{flavor.price:.2f} USD an hour")
        for flavor in flavors
        if is_name(flavor.name) and flavor.name.startswith(incomplete)
    ]


def _asked(ctx: typer.Context, namespace: str, ask: Callable[[JobsClient, str | None], Iterable[T]]) -> list[T]:
    """Return what the Hub lists of the namespace that was typed or given, nothing if it does not within a second."""
    own: Session = ctx.obj
    overrides = Overrides()
    context: Any = ctx
    while context is not None:
        overrides = overrides.over(_overrides(context.params))  # what stands further right wins
        context = context.parent
    session = replace(own, stderr=StringIO(), overrides=overrides)
    found: list[T] = []

    def look() -> None:
        with suppress(Exception):
            found.extend(ask(session.client, namespace or _given(ctx.params, "namespace")))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    with suppress(UsageError):  # settings that make no sense offer nothing
        thread.join(None if session.settings.is_demo else PATIENCE_SECS)  # the demo is on this machine
    return found


def _overrides(options: Mapping[str, Any]) -> Overrides:
    """Return what the words before the TAB say about the connection."""
    return Overrides(_given(options, "token"), _given(options, "endpoint"), bool(options.get("demo")))


def _given(options: Mapping[str, Any], name: str) -> str | None:
    """Return the value of an option before the TAB; typer has a list of them."""
    values = options.get(name)
    return values if isinstance(values, str) else values[-1] if values else None


def _summary(job: JobInfo, now: datetime) -> str:
    """Return name, status and age."""
    return _plain(job.name or "", str(job.status).lower(), age(job.created_at, now) if job.created_at else "")


def _plain(*parts: str) -> str:
    """Join what there is. Shells evaluate what they are given, so all but plain characters is replaced."""
    return _NOT_PLAIN.sub("?", " ".join(part for part in parts if part))
