"""Completion of values from the Hub: jobs, schedules, flavors, namespaces."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

from hfjobs_cli.cli.binding import load_kind
from hfjobs_cli.config import Overrides
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.query.references import JOBS, SCHEDULES, ReferenceSyntax, selector_words
from hfjobs_cli.text.values import age, is_id, is_name

if TYPE_CHECKING:
    from decimal import Decimal

    import typer

    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.models.fields import Record
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kinds import Kind
    from hfjobs_cli.models.schedule import ScheduledJob


T = TypeVar("T")
R = TypeVar("R", "JobInfo", "ScheduledJob")

_LISTED: dict[str, Callable[[JobsClient, str | None], Iterable[Record]]] = {
    "job": lambda client, namespace: next(client.list_jobs(namespace)).jobs,
    "schedule": lambda client, namespace: client.list_schedules(namespace),
    "flavor": lambda client, _namespace: client.list_hardware(),
}
"""How the newest records of a kind are listed, by what one of them is called."""

_WITHOUT_VALUES = (datetime, int, float, bool)
"""Types whose existing values are not worth offering."""

_VALUE = re.compile(r"[\w./][\w./:@=+-]{0,199}(?<![/=])")
"""A value that is the same word in every shell, one item of a list, and at its end."""

_NOT_PLAIN = re.compile(r"[^\w .,/@+*-]")  # the scripts quote the stars of cron


class HubCompletion:
    """Completions of a command line from the Hub. They print nothing and never fail."""

    def __init__(self, ctx: typer.Context) -> None:
        """Send no request yet. The words before the cursor were parsed into `ctx`."""
        self._ctx = ctx

    def jobs(self, incomplete: str, stages: Sequence[str] = ()) -> list[tuple[str, str]]:
        """Return the names of the newest jobs, and their ids with name, status and age; or what can follow an `@`.

        With `stages` only jobs in these are listed, and a name is offered if a single one of them has it.
        """
        namespace, slash, _ = incomplete.rpartition("/")
        if "@" in incomplete:
            return [(word, "") for word in self._described(incomplete, JOBS)]
        found: list[JobInfo] = self._asked(namespace, lambda client, name: next(client.list_jobs(name, stages)).jobs)
        now: datetime = self._ctx.obj.clock()
        names = [(name, _summary(jobs[0], now)) for name, jobs in _by_name(found) if not stages or len(jobs) == 1]
        ids = [(job.id, _summary(job, now)) for job in found if is_name(job.id)]
        return [(f"{namespace}{slash}{word}", about) for word, about in (*names, *ids)]

    def schedules(self, incomplete: str) -> list[tuple[str, str]]:
        """Return the names of the schedules, and their ids with name, status and terms; or what can follow an `@`."""
        namespace, slash, _ = incomplete.rpartition("/")
        if "@" in incomplete:
            return [(word, "") for word in self._described(incomplete, SCHEDULES)]
        found = self._asked(namespace, lambda client, name: client.list_schedules(name))
        about = {each.id: _plain(each.name or "", str(each.status), each.schedule or "") for each in found}
        names = [(name, about[same[0].id]) for name, same in _by_name(found) if len(same) == 1]
        offers = [*names, *about.items()]
        return [(f"{namespace}{slash}{word}", about) for word, about in offers if is_name(word)]

    def flavors(self) -> list[tuple[str, str]]:
        """Return the flavors with their prices, from the cache if there is one."""
        session = self._session()
        prices: Mapping[str, Decimal] = _soon(session, lambda: session.prices.all(), {})
        return [(name, f"{60 * price:.2f} USD an hour") for name, price in prices.items() if is_name(name)]

    def namespaces(self) -> list[str]:
        """Return the token's user, and their organizations."""
        return self._asked("", lambda client, _name: [client.whoami(), *client.organizations()])

    def values(self, kind: Kind, name: str, begun: str, namespace: str = "") -> list[str]:
        """Return values of a field that start with `begun`, from the newest records; for labels first the keys.

        Values that need quotes in some shell are left out.
        """
        words = self._texts(kind, name, namespace)
        field = kind.find(name)
        if field is not None and field.type.base is dict:
            words = [word if "=" in begun else f"{word}=" for word in words if ("=" in word) == ("=" in begun)]
        return [word for word in words if word.startswith(begun)]

    def keys(self, kind: Kind, name: str) -> list[str]:
        """Return the keys of what the newest records have in a field."""
        return [word for word in self._texts(kind, name, "") if "=" not in word]

    def _texts(self, kind: Kind, name: str, namespace: str) -> list[str]:
        """Return the texts that a filter compares in a field, of the newest records, each once."""
        field, listed = kind.find(name), _LISTED.get(kind.noun)
        if field is None or listed is None or field.type.base in _WITHOUT_VALUES:
            return []
        now: datetime = self._ctx.obj.clock()
        texts = (text for record in self._asked(namespace, listed) for text in field.texts(record, now))
        return [text for text in dict.fromkeys(texts) if _VALUE.fullmatch(text)]

    def _described(self, incomplete: str, syntax: ReferenceSyntax) -> list[str]:
        """Return completions of a selector: `@latest`, and after `@name=` the existing names."""
        before, at, what = incomplete.partition("@")
        name, equals, begun = what.partition("=")
        if not equals:
            return [f"{before}{each}" for each in selector_words(syntax) if each.startswith(f"@{what.lower()}")]
        if name not in syntax.filters:
            return []
        kind = load_kind(syntax.noun)
        field = kind.find(name)
        words = [word for word in (field.meta.known_values if field else ()) if word.startswith(begun.lower())]
        found = words or self.values(kind, name, begun, before.rstrip("/"))
        return [f"{before}{at}{name}={value}" for value in found]

    def _asked(self, namespace: str, ask: Callable[[JobsClient, str | None], Iterable[T]]) -> list[T]:
        """Return what the Hub lists in the given namespace; nothing if it does not respond within a second."""
        session = self._session()
        with suppress(Exception):
            client = session.client  # importing it takes time, however fast the Hub is
            return _soon(session, lambda: list(ask(client, namespace or _given(self._ctx.params, "namespace"))), [])
        return []

    def _session(self) -> Session:
        """Return a session with the settings on the command line, which prints nothing and never retries."""
        own: Session = self._ctx.obj
        overrides = Overrides()
        context: Any = self._ctx
        while context is not None:
            overrides = overrides.over(_overrides(context.params))  # the last one on the line wins
            context = context.parent
        return replace(own, stderr=StringIO(), overrides=overrides, sleep=_give_up)


def _by_name(found: Sequence[R]) -> Iterator[tuple[str, list[R]]]:
    """Yield each name that can be a reference, with those that have it, the newest first."""
    same: dict[str, list[R]] = {}
    for each in found:
        if each.name and is_id(each.name):
            same.setdefault(each.name, []).append(each)
    yield from same.items()


def _soon(session: Session, look: Callable[[], T], otherwise: T) -> T:
    """Return the result of a request, or `otherwise` if it fails or takes too long."""
    with suppress(Exception):
        return call_with_timeout(look, math.inf if session.settings.is_demo else session.completion_secs)
    return otherwise


def _give_up(_seconds: float) -> None:
    """Raise TimeoutError instead of a pause before a retry."""
    raise TimeoutError


def _overrides(options: Mapping[str, Any]) -> Overrides:
    """Return the connection options before the TAB."""
    return Overrides(_given(options, "token"), _given(options, "endpoint"), bool(options.get("demo")))


def _given(options: Mapping[str, Any], name: str) -> str | None:
    """Return the value of an option before the TAB; typer has a list of them."""
    found = options.get(name)
    return found if isinstance(found, str) else found[-1] if found else None


def _summary(job: JobInfo, now: datetime) -> str:
    """Return name, status and age."""
    return _plain(job.name or "", str(job.status).lower(), age(job.created_at, now) if job.created_at else "")


def _plain(*parts: str) -> str:
    """Join parts that are not empty. Shells may evaluate the result, so all but plain characters are replaced."""
    return _NOT_PLAIN.sub("?", " ".join(part for part in parts if part))
