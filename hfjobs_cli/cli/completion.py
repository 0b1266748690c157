"""What a TAB offers: words that options accept, from the same tables as their checks, and values from the Hub.

Completers print nothing and never fail.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from hfjobs_cli.cli.binding import kind_of_option, load_kind
from hfjobs_cli.cli.registry import ANY_FILE, COMMANDS, KINDS, TOPICS, Command
from hfjobs_cli.config import Overrides
from hfjobs_cli.formats.renderer import added_formats, formats_of
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.models.vocabulary import (
    ACTIVE_STAGES,
    GROUPED_BY,
    INITIATOR_TYPES,
    NO_INITIATOR,
    SCHEDULE_STATES,
    STAGES,
)
from hfjobs_cli.query.references import JOBS, SCHEDULES, ReferenceSyntax, selector_words
from hfjobs_cli.text.values import age, is_id, is_name

if TYPE_CHECKING:
    from decimal import Decimal

    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kind import Kind
    from hfjobs_cli.models.record import Record
    from hfjobs_cli.models.schedule import ScheduledJob


T = TypeVar("T")
R = TypeVar("R", "JobInfo", "ScheduledJob")

_NOT_IN_LISTS = r"[^\w .,/@+:*!-]"

Completer = Callable[[str], list[str]]
Asking = Callable[[typer.Context, str], list[str]]


def from_list(words: Iterable[str], signs: str = "") -> Completer:
    """Return a completer for a comma-separated list of `words`, each optionally prefixed by one of `signs`."""
    known = list(words)

    def complete(incomplete: str) -> list[str]:
        if re.search(_NOT_IN_LISTS, incomplete):
            return []  # no list begins so, and some shells would evaluate it
        done, comma, last = incomplete.rpartition(",")
        sign = last[:1] if last[:1] and last[:1] in signs else ""
        used = {word.lstrip(signs) for word in done.split(",")}
        begun = last[len(sign) :]
        return [
            f"{done}{comma}{sign}{begun}{word[len(begun) :]}"
            for word in known
            if word.lower().startswith(begun.lower()) and word not in used
        ]

    return complete


complete_status = from_list([stage.lower() for stage in STAGES], signs="!")
complete_schedule_status = from_list(SCHEDULE_STATES, signs="!")
complete_when = from_list([f"@{word}" for word in ("hourly", "daily", "weekly", "monthly", "yearly")])


def complete_file(incomplete: str) -> list[str]:
    """Offer files."""
    return [incomplete + ANY_FILE]


def complete_volume(incomplete: str) -> list[str]:
    """Offer the prefixes of repositories and buckets; for anything else directories."""
    words = [f"hf://{each}/" for each in ("models", "datasets", "spaces", "buckets")]
    return [word for word in words if word.startswith(incomplete)] or [incomplete + ANY_FILE]


def complete_initiator(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete types of initiators, and after a colon those of the newest jobs."""
    known = from_list([*INITIATOR_TYPES, NO_INITIATOR], signs="!")(incomplete)
    if known:
        return known
    return _seen_in_list(ctx, load_kind("job"), "initiator", incomplete)


def complete_by(ctx: typer.Context, incomplete: str) -> list[str]:
    """Offer what jobs are grouped by, and after `label.` the labels that the newest have."""
    begun = incomplete.rpartition(",")[2]
    words = [each for each in GROUPED_BY if "KEY" not in each]
    return from_list([*words, *_entries(ctx, load_kind("job"), begun)] if begun else [*words, "label."])(incomplete)


def complete_sort(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the columns of the kind that is sorted."""
    kind = kind_of_option(ctx, "sort")
    return from_list(_names(ctx, kind, incomplete.rpartition(",")[2]), signs="-")(incomplete)


def complete_columns(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the columns of the kind that is shown, and `help` by itself."""
    kind = kind_of_option(ctx, "columns")
    names = from_list(_names(ctx, kind, incomplete.rpartition(",")[2]), signs="+-")(incomplete)
    return names + ["help"] * "help".startswith(incomplete)


def complete_filter(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the fields of the kind that is filtered, and after `status=` known values, or else the newest ones.

    Comparisons are offered inside quotes, without which shells take them for their own.
    """
    kind = kind_of_option(ctx, "filter_")
    name, equals, begun = incomplete.partition("=")
    if not equals:
        signs = ("=", *_COMPARISONS) if name and _is_quoted(ctx, incomplete) else ("=",)
        names = [each for each in _names(ctx, kind, name) if each.lower().startswith(name.lower())]
        return [word for each in names for word in _with_signs(kind, each, signs)]
    field = kind.find(name.removesuffix("!"))
    if field is None or begun.startswith("!"):
        return []
    known = from_list(field.meta.known_values, signs="!")(begun)
    return [f"{name}={value}" for value in known or _seen_in_list(ctx, kind, field.name, begun)]


_COMPARISONS = (">", ">=", "<", "<=")


def _with_signs(kind: Kind, name: str, signs: Iterable[str]) -> list[str]:
    """Return a field with each sign that can follow it; one that a KEY follows has none."""
    field = kind.find(name)
    if field is None:
        return [name]
    return [f"{name}{sign}" for sign in signs if sign == "=" or field.measure is not None]


def _is_quoted(ctx: typer.Context, incomplete: str) -> bool:
    """Return whether the word at the cursor has an open quote."""
    line: str = ctx.obj.environ.get("_TYPER_COMPLETE_ARGS", "")
    return line.endswith((f"'{incomplete}", f'"{incomplete}'))


def _names(ctx: typer.Context, kind: Kind, begun: str) -> list[str]:
    """Return the fields of a kind that are worth offering: parts of parts only where one is being typed."""
    begun = begun.lstrip("+-")
    names = list(kind.cells) if "." in begun else kind.words
    return [*names, *_entries(ctx, kind, begun)] if begun else names


def _entries(ctx: typer.Context, kind: Kind, begun: str) -> list[str]:
    """Return `label.` and `env.`, and after one of these its keys that the newest records have."""
    outer, dot, typed = begun.partition(".")
    found = [each for each in kind.cells.values() if each.meta.entry]
    if not dot:
        return [f"{each.meta.entry}." for each in found]
    field = next((each for each in found if outer.lower() in (each.meta.entry, each.name)), None)
    if field is None:
        return []
    return [f"{outer}.{key}" for key in _keys(ctx, kind, field.name) if key.startswith(typed)]


def complete_format(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the formats of the kind that is shown, those that packages add, and `help`."""
    names = (*formats_of(kind_of_option(ctx, "format_")), *added_formats(), "help")
    return [name for name in names if name.startswith(incomplete.lower())]


def complete_topic(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete help topics and commands, and after `schema` the kinds of records."""
    before = list(ctx.params.get("words") or ())
    if before == ["schema"]:
        words = {name: f"what lists of {load_kind(name).plural} look like" for name in KINDS}
    else:
        words = {command.name: command.summary for command in _commands_in(before)}
        if not before:
            words = {**TOPICS, **{name: about for name, about in words.items() if name not in TOPICS}}
    return [(name, about) for name, about in words.items() if name.startswith(incomplete.lower())]


def _commands_in(path: Iterable[str]) -> tuple[Command, ...]:
    """Return the commands in the group at a path, all if that is empty; none if there is no such group."""
    commands: tuple[Command, ...] = COMMANDS
    for word in path:
        commands = next((each.commands for each in commands if each.name == word), ())
    return commands


def complete_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete the newest jobs with name, status and age, or selectors after `@`."""
    return _jobs(ctx, incomplete)


def complete_active_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete like `complete_jobs`, but only jobs that have not finished, and names that a single one has."""
    return _jobs(ctx, incomplete, ACTIVE_STAGES)


def _jobs(ctx: typer.Context, incomplete: str, stages: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the names of the newest jobs, and their ids with name, status and age; or what can follow an `@`.

    With `stages` only jobs in these are listed, and a name is offered if a single one of them has it.
    """
    namespace, slash, _ = incomplete.rpartition("/")
    if "@" in incomplete:
        return [(word, "") for word in _selectors(ctx, incomplete, JOBS)]
    found: list[JobInfo] = _asked(ctx, namespace, lambda client, name: next(client.list_jobs(name, stages)).jobs)
    now: datetime = ctx.obj.clock()
    names = [(name, _summary(jobs[0], now)) for name, jobs in _by_name(found) if not stages or len(jobs) == 1]
    ids = [(job.id, _summary(job, now)) for job in found if is_name(job.id)]
    return [(f"{namespace}{slash}{word}", about) for word, about in (*names, *ids)]


def complete_schedules(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete schedules by name, and their ids with name, status and cron expression; or selectors after `@`."""
    namespace, slash, _ = incomplete.rpartition("/")
    if "@" in incomplete:
        return [(word, "") for word in _selectors(ctx, incomplete, SCHEDULES)]
    found = _asked(ctx, namespace, lambda client, name: client.list_schedules(name))
    about = {each.id: _plain(each.name or "", str(each.status), each.schedule or "") for each in found}
    names = [(name, about[same[0].id]) for name, same in _by_name(found) if len(same) == 1]
    offers = [*names, *about.items()]
    return [(f"{namespace}{slash}{word}", about) for word, about in offers if is_name(word)]


def complete_flavor(ctx: typer.Context) -> list[tuple[str, str]]:
    """Offer the flavors with their prices, from the cache if there is one."""
    session = _session(ctx)
    prices: Mapping[str, Decimal] = _soon(session, lambda: session.prices.all(), {})
    return [(name, f"{60 * price:.2f} USD an hour") for name, price in prices.items() if is_name(name)]


def complete_namespace(ctx: typer.Context) -> list[str]:
    """Offer the token's user, and their organizations."""
    return _asked(ctx, "", lambda client, _name: [client.whoami(), *client.organizations()])


def complete_seen(kind: str, field: str) -> Asking:
    """Return a completer for the values that the newest records of a kind have in a field; of labels first the keys."""
    return lambda ctx, incomplete: _values(ctx, load_kind(kind), field, incomplete)


def complete_seen_keys(kind: str, field: str) -> Callable[[typer.Context], list[str]]:
    """Return a completer for the keys that the newest records of a kind have in a field."""
    return lambda ctx: _keys(ctx, load_kind(kind), field)


def _seen_in_list(ctx: typer.Context, kind: Kind, field: str, incomplete: str) -> list[str]:
    """Return the lists that `incomplete` can become with values that the newest records have in a field."""
    if re.search(_NOT_IN_LISTS, incomplete.replace("=", "")):
        return []
    done, comma, last = incomplete.rpartition(",")
    sign, used = "!" * last.startswith("!"), done.split(",")
    found = _values(ctx, kind, field, last[len(sign) :])
    return [f"{done}{comma}{sign}{value}" for value in found if value not in used]


_LISTED: dict[str, Callable[[JobsClient, str | None], Iterable[Record]]] = {
    "job": lambda client, namespace: next(client.list_jobs(namespace)).jobs,
    "schedule": lambda client, namespace: client.list_schedules(namespace),
    "flavor": lambda client, _namespace: client.list_hardware(),
}
"""How the newest records of a kind are listed, by what one of them is called."""

_WITHOUT_VALUES = (datetime, int, float, bool)
"""Types whose existing values are not worth offering."""

_VALUE = r"[\w./][\w./:@=+-]{0,199}(?<![/=])"
"""A value that is the same word in every shell, one item of a list, and at its end."""

_NOT_PLAIN = r"[^\w .,/@+*-]"  # the scripts quote the stars of cron


def _values(ctx: typer.Context, kind: Kind, name: str, begun: str, namespace: str = "") -> list[str]:
    """Return values of a field that start with `begun`, from the newest records; for labels first the keys.

    Values that need quotes in some shell are left out.
    """
    words = _texts(ctx, kind, name, namespace)
    field = kind.find(name)
    if field is not None and field.type.base is dict:
        words = [word if "=" in begun else f"{word}=" for word in words if ("=" in word) == ("=" in begun)]
    return [word for word in words if word.startswith(begun)]


def _keys(ctx: typer.Context, kind: Kind, name: str) -> list[str]:
    """Return the keys of what the newest records have in a field."""
    return [word for word in _texts(ctx, kind, name, "") if "=" not in word]


def _texts(ctx: typer.Context, kind: Kind, name: str, namespace: str) -> list[str]:
    """Return the texts that a filter compares in a field, of the newest records, each once."""
    field, listed = kind.find(name), _LISTED.get(kind.noun)
    if field is None or listed is None or field.type.base in _WITHOUT_VALUES:
        return []
    now: datetime = ctx.obj.clock()
    texts = (text for record in _asked(ctx, namespace, listed) for text in field.texts(record, now))
    return [text for text in dict.fromkeys(texts) if re.fullmatch(_VALUE, text)]


def _selectors(ctx: typer.Context, incomplete: str, syntax: ReferenceSyntax) -> list[str]:
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
    found = words or _values(ctx, kind, name, begun, before.rstrip("/"))
    return [f"{before}{at}{name}={value}" for value in found]


def _asked(ctx: typer.Context, namespace: str, ask: Callable[[JobsClient, str | None], Iterable[T]]) -> list[T]:
    """Return what the Hub lists in the given namespace; nothing if it does not respond within a second."""
    session = _session(ctx)
    with suppress(Exception):
        client = session.client  # importing it takes time, however fast the Hub is
        return _soon(session, lambda: list(ask(client, namespace or _given(ctx.params, "namespace"))), [])
    return []


def _session(ctx: typer.Context) -> Session:
    """Return a session with the settings on the command line, which prints nothing and never retries."""
    own: Session = ctx.obj
    overrides = Overrides()
    context: Any = ctx
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
    return re.sub(_NOT_PLAIN, "?", " ".join(part for part in parts if part))
