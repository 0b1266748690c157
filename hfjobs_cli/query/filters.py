"""Filters of job listings: `--status`, `--initiator`, `--label`, `--name`, `--filter`, `--since`, `--until`.

The Hub filters by some of them; all are checked again here. Stages and types of initiators that are newer than this
version can be given as patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from hfjobs_cli.errors import NotFound, UsageError, did_you_mean, empty_option, one_of
from hfjobs_cli.models.job import KIND, JobInfo, JobInitiator, initiator_type
from hfjobs_cli.models.kind import Kind
from hfjobs_cli.models.vocabulary import (
    ACTIVE_STAGES,
    INITIATOR_TYPES,
    NO_INITIATOR,
    SCHEDULED_JOB,
    STAGE_WORDS,
    STAGES,
)
from hfjobs_cli.query.conditions import Comparison, Condition, FieldPattern, all_match, is_exact, parse_conditions
from hfjobs_cli.query.label_edits import is_label, new_labels
from hfjobs_cli.text.values import is_name, split_values, without_negation

NEWER = ":*"
"""Suffix of a status, or of a type of initiator, that is newer than this version: `NAME:*`."""

_OTHER_STATUSES = {
    "failure": "error",
    "finished": "completed",
    "stopped": "canceled",
}
"""Statuses by words that people may try, for suggestions."""

_TYPO = 0.85
"""The ratio of difflib from which a word is a typing mistake of another: `schedule-job`, not `scheduled-run`."""

_OTHER_INITIATORS = {
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
"""Types of initiators by words that people may try, for suggestions."""

_PART_OF_ID = r"[0-9a-f]{6,24}"


class JobFilter(NamedTuple):
    """The filters of a listing. `stages` and `labels` are sent to the Hub; None or empty = any.

    `statuses` are the options from which `stages` follow; they may exclude more. Jobs must have been created at or
    after `since`, and before `until`.
    """

    now: datetime
    statuses: tuple[StatusFilter, ...] = ()
    stages: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    initiators: tuple[InitiatorPattern, ...] = ()
    patterns: tuple[Condition, ...] = ()
    name: Condition | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def local_options(self) -> list[str]:
        """The options that are applied locally; pages then contain jobs that do not match."""
        # With `stages` the Hub does all filtering by status.
        by_status = set() if self.stages is not None else {each.option for each in self.statuses}
        given = {
            "--status": "--status" in by_status,
            "--initiator": self.initiators,
            "--name": self.name,
            "--filter": self.patterns or "--filter" in by_status,
            "--since": self.since,
            "--until": self.until,
        }
        return [option for option, value in given.items() if value]

    @property
    def earliest(self) -> datetime | None:
        """The earliest creation time of matching jobs, by `--since` and `created>2h`; None if any."""
        bounds = [
            each.bound
            for each in self.patterns
            if isinstance(each, Comparison) and each.field.name == "created" and ">" in each.sign
        ]
        if self.since is not None:
            bounds.append(self.since)
        return max(bounds, default=None)

    @property
    def is_about_initiators(self) -> bool:
        """Return whether it filters by initiator."""
        return bool(self.initiators) or any(pattern.field.name == "initiator" for pattern in self.patterns)

    @property
    def narrows(self) -> bool:
        """Return whether it filters by more than status, or by other statuses than the default."""
        return bool(self.labels or self.local_options) or self.stages not in (None, ACTIVE_STAGES)

    @property
    def names_schedules(self) -> bool:
        """Return whether it contains names of schedules, to be resolved."""
        return any(pattern.is_named_schedule for pattern in self.initiators)

    def with_schedules(self, names: Mapping[str, str | None]) -> JobFilter:
        """Return the filter with names of schedules resolved. `names` are the names of all schedules by id.

        Raises NotFound if there is no such schedule.
        """
        found = (each.resolved(names) if each.is_named_schedule else each for each in self.initiators)
        return self._replace(initiators=tuple(found))

    def within(self, stages: tuple[str, ...]) -> JobFilter:
        """Return the filter with only these stages."""
        if self.stages is not None and set(self.stages) <= set(stages):
            return self
        statuses = (*self.statuses, StatusFilter("--status", stages))
        left = tuple(stage for stage in stages if all(each.fits(stage) for each in statuses))
        return self._replace(statuses=statuses, stages=left or stages)

    def matches(self, job: JobInfo) -> bool:
        """Return whether `job` passes every filter."""
        return (
            (job.status.stage is None or all(each.fits(job.status.stage) for each in self.statuses))
            and all((job.labels or {}).get(key) == value for key, value in self.labels)
            and _initiators_match(self.initiators, job.initiator)
            and (self.name is None or self.name.fits(job, self.now))
            and all_match(self.patterns, job, self.now)
            and (self.since is None or (job.created_at is not None and job.created_at >= self.since))
            and (self.until is None or (job.created_at is not None and job.created_at < self.until))
        )


def parse_filter(
    now: datetime,
    *,
    status: Sequence[str] = (),
    all_: bool = False,
    initiator: Sequence[str] = (),
    label: Sequence[str] = (),
    name: str | None = None,
    filters: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    kind: Kind = KIND,
) -> JobFilter:
    """Parse all filters of a listing. Raises UsageError.

    `kind` is the kind of jobs, with computed fields such as costs.
    """
    if since is not None and until is not None and since >= until:
        raise UsageError("--since must be earlier than --until", hint="swap the two")
    labels = list(parse_labels(label, name))
    globs: list[str] = []
    patterns: list[Condition] = []
    parsed = parse_conditions(kind, filters, now)
    for pattern in parsed:
        if isinstance(pattern, Comparison):
            patterns.append(pattern)
        elif pattern.field.name == "status":
            globs += (f"{'!' * pattern.negated}{glob}" for glob in pattern.globs)
        elif _is_label(pattern, parsed):
            prefix = "name=" if pattern.field.name == "name" else ""
            labels += parse_labels([prefix + pattern.globs[0]])
        else:
            patterns.append(pattern)
    statuses = [each for each in (_parse_statuses(status), _parse_statuses(globs, "--filter")) if each is not None]
    if not statuses and not all_:
        statuses = [StatusFilter("--status", ACTIVE_STAGES)]
    return JobFilter(
        now,
        statuses=tuple(statuses),
        stages=_common_stages(statuses),
        labels=tuple(dict.fromkeys(labels)),
        initiators=_parse_initiators(initiator),
        patterns=tuple(patterns),
        name=name_pattern(kind, name, now),
        since=since,
        until=until,
    )


def _is_label(pattern: FieldPattern, patterns: Sequence[Condition]) -> bool:
    """Return whether a pattern is a label and its value, by which the Hub can filter.

    The Hub requires all labels. Of several names one is enough, so it cannot filter by those. It refuses to filter by
    what no label can be.
    """
    if pattern.negated or not pattern.is_exact:
        return False
    if pattern.field.name == "name":
        return (
            is_label("name", pattern.globs[0])
            and sum(each.field.name == "name" and not each.negated for each in patterns) == 1
        )
    key, equals, value = pattern.globs[0].partition("=")
    return pattern.field.name == "labels" and bool(equals) and is_label(key, value)


def parse_labels(values: Iterable[str], name: str | None = None) -> tuple[tuple[str, str], ...]:
    """Parse `--label KEY=VALUE`, where all must match, and `--name` unless it is a pattern. Raises UsageError."""
    labels = []
    for item in values:
        key, equals, value = item.partition("=")
        hint = "use --label env=prod; repeat --label to require several labels"
        if not is_exact(item):
            raise UsageError(f"--label '{item}' must not be a pattern", hint=f"use -f 'label={item}'")
        if equals and "," in value:
            raise UsageError(f"label '{item}' contains a comma, which labels cannot contain", hint=hint)
        if not is_name(key) or not equals:
            raise UsageError(f"label '{item}' is not KEY=VALUE", hint=hint)
        new_labels([item])  # the Hub refuses to filter by what no label can be
        labels.append((key, value))
    if name == "":
        raise empty_option("--name")
    if name is not None and is_exact(name):
        labels += new_labels((), name).items()
    return tuple(labels)


def name_pattern(kind: Kind, name: str | None, now: datetime) -> Condition | None:
    """Return the filter for `--name` if it is a pattern; None if the Hub filters by the label."""
    return None if name is None or is_exact(name) else parse_conditions(kind, [f"name={name}"], now)[0]


class StatusFilter(NamedTuple):
    """An option that filters by status: glob patterns of `wanted` stages (none = all) and of `unwanted` ones."""

    option: str
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()

    def fits(self, stage: str) -> bool:
        """Return whether a stage matches."""
        return (not self.wanted or _matches_any(self.wanted, stage)) and not _matches_any(self.unwanted, stage)

    @property
    def stages(self) -> tuple[str, ...] | None:
        """The matching stages, if the Hub can filter by them; None if newer ones may match too."""
        if not self.wanted or not all(stage in STAGES for stage in self.wanted):
            return None
        return tuple(stage for stage in STAGES if self.fits(stage))


def _parse_statuses(values: Iterable[str], option: str = "--status") -> StatusFilter | None:
    """Parse an option that filters by status; None if it is not given. Raises UsageError for an unknown status.

    A status is one of STAGES, another tool's name for it (STAGE_WORDS), a glob pattern, or `NAME:*` for one that is
    newer than this version. `!` before it excludes.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for item in split_values(values, option):
        negated, name = without_negation(item)
        (unwanted if negated else wanted).append(_stage_pattern(name))
    if not wanted and not unwanted:
        return None
    chosen = StatusFilter(option, tuple(wanted), tuple(unwanted))
    if chosen.stages == () or not any(map(chosen.fits, [*STAGES, *wanted])):
        raise UsageError(f"{option} excludes every status", hint="remove one of the exclusions !STATUS")
    return chosen


def _common_stages(filters: Sequence[StatusFilter]) -> tuple[str, ...] | None:
    """Return the stages to request from the Hub; None for all. Raises UsageError if no stage passes all filters."""
    known = [each.stages for each in filters if each.stages is not None]
    if not known:
        return None
    common = tuple(stage for stage in STAGES if all(each.fits(stage) for each in filters))
    if not common:
        options = " and ".join(each.option for each in filters)
        raise UsageError(f"{options} exclude every status", hint="remove one of them")
    return common


def _stage_pattern(name: str) -> str:
    """Return the glob pattern of a status. Raises UsageError for an unknown status."""
    if name.endswith(NEWER) and len(name) > len(NEWER):
        return name.removesuffix(NEWER).upper()
    if name.lower() in STAGE_WORDS:
        return STAGE_WORDS[name.lower()]
    if name.upper() not in STAGES and is_exact(name):
        meant = _OTHER_STATUSES.get(name.lower(), name)
        known = [stage.lower() for stage in STAGES]
        hint = one_of(meant, known)
        if name and not did_you_mean(meant, known):
            hint += f"; for a status that is newer than this version, use '{name}{NEWER}'"
        raise UsageError(f"unknown status '{name}'", hint=hint)
    return name.upper()


def _matches_any(patterns: Iterable[str], stage: str) -> bool:
    return any(fnmatchcase(stage.upper(), pattern) for pattern in patterns)


class InitiatorPattern(NamedTuple):
    """One item of `--initiator`: a type or a glob pattern of types; None matches jobs without an initiator.

    `who` is a name, an id, a prefix of an id, or a glob pattern of names or ids; `ids` are those of the schedules of
    that name.
    """

    type: str | None
    who: str | None = None
    negated: bool = False
    ids: tuple[str, ...] | None = None

    @property
    def is_named_schedule(self) -> bool:
        """Return whether it is an unresolved name of a schedule. Jobs contain only its id."""
        return (
            self.ids is None
            and self.type == SCHEDULED_JOB
            and self.who is not None
            and not re.fullmatch(_PART_OF_ID, self.who)
        )

    def fits(self, initiator: JobInitiator | None) -> bool:
        """Return whether an initiator matches, ignoring `negated`."""
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

        `names` are the names of all schedules by id.
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


def _initiators_match(patterns: Collection[InitiatorPattern], initiator: JobInitiator | None) -> bool:
    """Return whether an initiator matches a wanted pattern, if there is one, and no excluded one."""
    if not patterns:
        return True
    wanted = [pattern for pattern in patterns if not pattern.negated]
    if wanted and not any(pattern.fits(initiator) for pattern in wanted):
        return False
    return not any(pattern.fits(initiator) for pattern in patterns if pattern.negated)


def _parse_initiators(values: Iterable[str]) -> tuple[InitiatorPattern, ...]:
    """Parse `--initiator`: `TYPE`, `TYPE:WHO`, `TYPE:*`, `none`; `!` before it excludes, `*` is any initiator.

    Raises UsageError for a type that is not in INITIATOR_TYPES, except as `TYPE:*`, or as `TYPE:WHO` if it is not a
    typing mistake of a known one.
    """
    return tuple(_parse_initiator(item) for item in split_values(values, "--initiator"))


def _parse_initiator(item: str) -> InitiatorPattern:
    negated, text = without_negation(item)
    if text.lower() == NO_INITIATOR:
        return InitiatorPattern(None, negated=negated)
    kind, colon, who = text.partition(":")
    known = kind.lower() in INITIATOR_TYPES or not is_exact(kind)
    meant = _OTHER_INITIATORS.get(kind.lower(), kind)
    near = meant != kind or get_close_matches(kind.lower(), (*INITIATOR_TYPES, NO_INITIATOR), cutoff=_TYPO)
    if not kind or (colon and not who) or not (known or who == "*" or (who and not near)):
        hint = one_of(meant, (*INITIATOR_TYPES, NO_INITIATOR))
        if kind and not near:
            hint += f"; for a type that is newer than this version, use '{kind}:*'"
        raise UsageError(f"unknown initiator '{text}'", hint=hint)
    return InitiatorPattern(kind.lower() if known else kind, None if who in ("", "*") else who, negated)


class Page(NamedTuple):
    """A page of a listing, newest jobs first, and whether there is a next page."""

    jobs: list[JobInfo]
    has_next: bool


class Scan:
    """Filters the pages of a listing, and counts jobs.

    `read` counts all jobs, `matched` the matching ones. `has_more` means that the limit ended it and more jobs may
    match.
    """

    def __init__(self, pages: Iterable[Page], wanted: JobFilter, limit: int, page_read: Callable[[Scan], None]) -> None:
        """Stop after `limit` matching jobs; 0 = no limit. `page_read` is called after each page but the last."""
        self._pages = pages
        self._wanted = wanted
        self._limit = limit
        self._page_read = page_read
        self.matched = self.read = self.pages = 0
        self.has_more = False

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the matching jobs. Pages are requested as they are needed."""
        for page in self._pages:
            self.pages += 1
            for place, job in enumerate(page.jobs):
                self.read += 1
                if self._wanted.matches(job):
                    self.matched += 1
                    yield job
                if self._limit and self.matched == self._limit:
                    self.has_more = page.has_next or any(map(self._wanted.matches, page.jobs[place + 1 :]))
                    return
            if page.has_next:
                self._page_read(self)
