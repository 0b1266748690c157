"""`--status`: which stages a job may be in. Stages that are newer than this version count as any other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from hfjobs_cli.errors import UsageError, did_you_mean, one_of
from hfjobs_cli.models.vocabulary import STAGE_WORDS, STAGES
from hfjobs_cli.query.conditions import is_exact
from hfjobs_cli.text.values import split_values, without_negation

NEWER = ":*"
"""What is put behind a status, or the type of an initiator, to say that this version need not know it."""

_OTHER_WORDS = {
    "failure": "error",
    "finished": "completed",
    "stopped": "canceled",
}
"""What may be meant by other words, for suggestions."""


class StatusFilter(NamedTuple):
    """One option that asks for statuses: glob patterns of those that are wanted, none for all, and of others."""

    option: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def fits(self, stage: str) -> bool:
        """Return whether a stage is asked for."""
        return (not self.wanted or _any(self.wanted, stage)) and not _any(self.unwanted, stage)

    @property
    def stages(self) -> tuple[str, ...] | None:
        """The matching stages, if the Hub can filter by them; None if newer ones may match too."""
        if not self.wanted or not all(stage in STAGES for stage in self.wanted):
            return None
        return tuple(stage for stage in STAGES if self.fits(stage))


def parse_statuses(values: Iterable[str], option: str = "--status") -> StatusFilter | None:
    """Read an option that asks for statuses, None if it is not given.

    A status is one of STAGES, what other tools call it (STAGE_WORDS), a glob pattern, or `NAME:*` if it is newer than
    this version, each perhaps behind a `!`. Raises UsageError for an unknown status.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for item in split_values(values, option):
        negated, name = without_negation(item)
        (unwanted if negated else wanted).append(_pattern(name))
    if not wanted and not unwanted:
        return None
    chosen = StatusFilter(option, tuple(wanted), tuple(unwanted))
    if chosen.stages == () or not any(map(chosen.fits, [*STAGES, *wanted])):
        raise UsageError(f"{option} excludes every status", hint="remove one of the exclusions !STATUS")
    return chosen


def common_stages(filters: Sequence[StatusFilter]) -> tuple[str, ...] | None:
    """Return the stages that the Hub can be asked for, None for all of them. Raises UsageError if none is left."""
    known = [each.stages for each in filters if each.stages is not None]
    if not known:
        return None
    common = tuple(stage for stage in STAGES if all(each.fits(stage) for each in filters))
    if not common:
        options = " and ".join(each.option for each in filters)
        raise UsageError(f"{options} exclude every status", hint="remove one of them")
    return common


def _pattern(name: str) -> str:
    """Return a status, or a pattern of some, as it is compared. Raises UsageError for an unknown one."""
    if name.endswith(NEWER) and len(name) > len(NEWER):
        return name.removesuffix(NEWER).upper()
    if name.lower() in STAGE_WORDS:
        return STAGE_WORDS[name.lower()]
    if name.upper() not in STAGES and is_exact(name):
        meant = _OTHER_WORDS.get(name.lower(), name)
        known = [stage.lower() for stage in STAGES]
        hint = one_of(meant, known)
        if name and not did_you_mean(meant, known):
            hint += f"; for a status that is newer than this version, use '{name}{NEWER}'"
        raise UsageError(f"unknown status '{name}'", hint=hint)
    return name.upper()


def _any(patterns: Iterable[str], stage: str) -> bool:
    return any(fnmatchcase(stage.upper(), pattern) for pattern in patterns)
