"""Selectors, which need a listing: names, prefixes of ids, `scheduled-job:NAME`, `@latest`, `@2`, `@name=train`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, NamedTuple

from hfjobs_cli.errors import UsageError, one_of
from hfjobs_cli.query.references import ReferenceSyntax, check_name, is_name
from hfjobs_cli.text.values import digits

NEWEST = ("latest", "last")
"""Words for the newest one, whatever its status."""


SCHEDULED = "scheduled-job"
"""The type of initiator whose newest run is meant by `scheduled-job:NAME`."""

_PREFIX = re.compile(r"[0-9a-f]{6,23}")
"""The beginning of an id, which has 24 digits. Fewer than 6 fit too many."""


class Selector(NamedTuple):
    """A parsed selector: number `place`, from the newest, of the records that match the filter `wanted`.

    With a `prefix` it is the only one whose id begins so, if there is one. With a `name` it is one of that name, which
    the filter `named` finds; with a `schedule` it is the newest run of that. `text` is how it was written.
    """

    text: str
    namespace: str | None
    wanted: Any
    place: int = 0
    prefix: str = ""
    name: str = ""
    named: Any = None
    schedule: str = ""

    def __str__(self) -> str:
        """Format it as it was written."""
        return self.text


def parse_selector(text: str, namespace: str | None, now: datetime, syntax: ReferenceSyntax) -> Selector | None:
    """Parse a selector, optionally after `NAMESPACE/`; None if it is not one. Raises UsageError."""
    before, at, what = text.partition("@")
    own, slash, rest = before.rpartition("/")
    type_, colon, who = rest.partition(":")
    is_run = bool(colon) and type_ == SCHEDULED and syntax.has_pages and is_name(who)
    if not at and ((slash and not is_name(own)) or not (is_name(rest) or is_run)):
        return None
    if slash:
        check_name(own, "namespace")
        if namespace not in (None, own):
            raise UsageError(
                f"'{text}' is in namespace '{own}', but --namespace is '{namespace}'", hint="remove one of them"
            )
        namespace = own
    if is_run and not at:
        return Selector(text, namespace, syntax.parser()(now, all_=True, initiator=[rest]), schedule=who)
    if not at:
        prefix = rest if _PREFIX.fullmatch(rest) else ""
        parse = syntax.parser()
        named = parse(now, all_=True, name=rest)
        return Selector(text, namespace, parse(now, all_=True), prefix=prefix, name=rest, named=named)
    place = digits(what)
    if place is not None and len(what) < 10:
        return Selector(text, namespace, syntax.parser()(now, all_=True), place=place)
    return Selector(text, namespace, _wanted(text, what, now, syntax))


def _wanted(text: str, what: str, now: datetime, syntax: ReferenceSyntax) -> Any:
    """Return the filter for the word after `@`. Raises UsageError."""
    parse = syntax.parser()
    word, equals, value = what.partition("=")
    if not equals and word in NEWEST:
        return parse(now, all_=True)
    if not equals and word.lower() in syntax.statuses:
        return parse(now, status=[syntax.statuses[word.lower()]])
    if equals and word in syntax.filters:
        given = value if word == "name" else [value]
        return parse(now, all_=word != "status", **{word: given})
    raise UsageError(f"invalid {syntax.noun} '{text}'", hint=one_of(f"@{word}", selector_words(syntax)))


def selector_words(syntax: ReferenceSyntax) -> list[str]:
    """Return the words that can follow `@`, with it."""
    return [f"@{each}" for each in (*NEWEST, "0", *syntax.statuses, *(f"{name}=" for name in syntax.filters))]
