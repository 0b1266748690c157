"""`--initiator`: what started a job."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple

from hfjobs_cli.errors import NotFound, UsageError, one_of
from hfjobs_cli.models.job import JobInitiator, initiator_type
from hfjobs_cli.models.vocabulary import INITIATOR_TYPES, NO_INITIATOR, SCHEDULED_JOB
from hfjobs_cli.query.conditions import is_exact
from hfjobs_cli.text.values import split_values, without_negation

_TYPO = 0.85
"""How alike (difflib's ratio) two words are of which one is a typing mistake: `schedule-job`, not `scheduled-run`."""

_OTHER_WORDS = {
    "cron": SCHEDULED_JOB,
    "schedule": SCHEDULED_JOB,
    "scheduled": SCHEDULED_JOB,
    "manual": "user",
    "me": "user",
    "organization": "org",
    "organisation": "org",
    "rerun": "duplicated-job",
    "duplicate": "duplicated-job",
    "duplicated": "duplicated-job",
    "hook": "webhook",
}
"""What an initiator is called elsewhere, for suggestions."""

_PART_OF_ID = r"[0-9a-f]{6,24}"


class InitiatorPattern(NamedTuple):
    """One item of `--initiator`: a type or a glob pattern of types, None for jobs without initiator, and perhaps who.

    `who` is a name or an id, a part of an id from its beginning, or a glob pattern of either; `ids` are those of the
    schedules that are called so.
    """

    type: str | None
    who: str | None = None
    negated: bool = False
    ids: tuple[str, ...] | None = None

    @property
    def is_named_schedule(self) -> bool:
        """Return whether it is an unresolved name of a schedule; jobs contain only the id."""
        return (
            self.ids is None
            and self.type == SCHEDULED_JOB
            and self.who is not None
            and not re.fullmatch(_PART_OF_ID, self.who)
        )

    def fits(self, initiator: JobInitiator | None) -> bool:
        """Return whether `initiator` matches, ignoring `negated`."""
        if initiator is None or self.type is None:
            return initiator is None and self.type is None
        if not fnmatchcase(initiator_type(initiator), self.type):
            return False
        return self.who is None or initiator.id in (self.ids or ()) or self._is_who(initiator.name, initiator.id)

    def _is_who(self, name: str | None, identifier: str | None) -> bool:
        who = self.who or ""
        if identifier is not None and re.fullmatch(_PART_OF_ID, who) and identifier.startswith(who):
            return True
        return any(text is not None and fnmatchcase(text, who) for text in (name, identifier))

    def resolved(self, names: Mapping[str, str | None]) -> InitiatorPattern:
        """Return the pattern with the ids of the schedules that it names. Raises NotFound if there is none.

        `names` are those of all schedules, by id.
        """
        who = self.who or ""
        ids = tuple(key for key, name in names.items() if fnmatchcase(key, who) or (name and fnmatchcase(name, who)))
        if not ids and is_exact(who):
            known = sorted({name for name in names.values() if name})
            raise NotFound(
                f"no schedule named '{who}'",
                hint=one_of(who, known) if known else "there are no schedules in this namespace",
            )
        return self._replace(ids=ids)


def initiators_match(patterns: Collection[InitiatorPattern], initiator: JobInitiator | None) -> bool:
    """Return whether an initiator is one of those that are wanted, if any are, and none of those that are not."""
    if not patterns:
        return True
    wanted = [pattern for pattern in patterns if not pattern.negated]
    if wanted and not any(pattern.fits(initiator) for pattern in wanted):
        return False
    return not any(pattern.fits(initiator) for pattern in patterns if pattern.negated)


def parse_initiators(values: Iterable[str]) -> tuple[InitiatorPattern, ...]:
    """Read `--initiator`: `TYPE`, `TYPE:WHO`, `TYPE:*`, `none`, each perhaps after a `!`; `*` is any initiator.

    Raises UsageError for a type that is not in INITIATOR_TYPES, unless it is spelled `TYPE:*` or, where it is no
    typing mistake of a known one, `TYPE:WHO`.
    """
    return tuple(_parse(item) for item in split_values(values, "--initiator"))


def _parse(item: str) -> InitiatorPattern:
    from difflib import get_close_matches

    negated, text = without_negation(item)
    if text.lower() == NO_INITIATOR:
        return InitiatorPattern(None, negated=negated)
    kind, colon, who = text.partition(":")
    known = kind.lower() in INITIATOR_TYPES or not is_exact(kind)
    meant = _OTHER_WORDS.get(kind.lower(), kind)
    near = meant != kind or get_close_matches(kind.lower(), (*INITIATOR_TYPES, NO_INITIATOR), cutoff=_TYPO)
    if not kind or (colon and not who) or not (known or who == "*" or (who and not near)):
        hint = one_of(meant, (*INITIATOR_TYPES, NO_INITIATOR))
        if kind and not near:
            hint += f"; for a type that is newer than this version, use '{kind}:*'"
        raise UsageError(f"unknown initiator '{text}'", hint=hint)
    return InitiatorPattern(kind.lower() if known else kind, None if who in ("", "*") else who, negated)
