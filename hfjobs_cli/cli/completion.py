"""What a TAB offers. Completers print nothing and never fail; values from the Hub come from `hub_completion`.

Only accepted values are offered: they come from the same tables as the checks of options.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

from hfjobs_cli.cli.binding import kind_of_option, load_kind
from hfjobs_cli.cli.registry import ANY_FILE, COMMANDS, KINDS, SHELLS, TOPICS, Command
from hfjobs_cli.formats.renderer import added_formats, formats_of
from hfjobs_cli.models.vocabulary import (
    ACTIVE_STAGES,
    GROUPED_BY,
    INITIATOR_TYPES,
    NO_INITIATOR,
    SCHEDULE_STATES,
    STAGES,
)

if TYPE_CHECKING:
    from hfjobs_cli.cli.hub_completion import HubCompletion
    from hfjobs_cli.models.kinds import Kind

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


def _hub(ctx: typer.Context) -> HubCompletion:
    """Return the completions from the Hub, which help and most completions do without."""
    from hfjobs_cli.cli.hub_completion import HubCompletion

    return HubCompletion(ctx)


def complete_file(incomplete: str) -> list[str]:
    """Offer files."""
    return [incomplete + ANY_FILE]


def complete_volume(incomplete: str) -> list[str]:
    """Offer the prefixes of repositories and buckets; for anything else directories."""
    words = [f"hf://{each}/" for each in ("models", "datasets", "spaces", "buckets")]
    return [word for word in words if word.startswith(incomplete)] or [incomplete + ANY_FILE]


def complete_seen(kind: str, field: str) -> Asking:
    """Offer the values that the newest records of a kind have in a field; of labels first the keys."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        return _hub(ctx).values(load_kind(kind), field, incomplete)

    return complete


def complete_seen_keys(kind: str, field: str) -> Callable[[typer.Context], list[str]]:
    """Offer the keys that the newest records of a kind have in a field."""

    def complete(ctx: typer.Context) -> list[str]:
        return _hub(ctx).keys(load_kind(kind), field)

    return complete


def complete_namespace(ctx: typer.Context) -> list[str]:
    """Offer the token's user, and their organizations."""
    return _hub(ctx).namespaces()


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


def _seen_in_list(ctx: typer.Context, kind: Kind, field: str, incomplete: str) -> list[str]:
    """Return the lists that `incomplete` can become with values that the newest records have in a field."""
    if re.search(_NOT_IN_LISTS, incomplete.replace("=", "")):
        return []
    done, comma, last = incomplete.rpartition(",")
    sign, used = "!" * last.startswith("!"), done.split(",")
    found = _hub(ctx).values(kind, field, last[len(sign) :])
    return [f"{done}{comma}{sign}{value}" for value in found if value not in used]


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
    return [f"{outer}.{key}" for key in _hub(ctx).keys(kind, field.name) if key.startswith(typed)]


def complete_format(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the formats of the kind that is shown, those that packages add, and `help`."""
    names = (*formats_of(kind_of_option(ctx, "format_")), *added_formats(), "help")
    return [name for name in names if name.startswith(incomplete.lower())]


def complete_shell() -> list[str]:
    """Offer the shells that have a completion."""
    return list(SHELLS)


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
    return _hub(ctx).jobs(incomplete)


def complete_active_jobs(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete like `complete_jobs`, but only jobs that have not finished."""
    return _hub(ctx).jobs(incomplete, ACTIVE_STAGES)


def complete_schedules(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Complete schedules with name, status and cron expression, or selectors after `@`."""
    return _hub(ctx).schedules(incomplete)


def complete_flavor(ctx: typer.Context) -> list[tuple[str, str]]:
    """Offer the flavors with their prices."""
    return _hub(ctx).flavors()
