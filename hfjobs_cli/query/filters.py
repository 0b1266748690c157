"""Which jobs a listing keeps: parsed from the command line, told to the server where it can, checked again here."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import NamedTuple

from hfjobs_cli.errors import UsageError
from hfjobs_cli.query.patterns import FieldPattern, all_match, parse_patterns
from hfjobs_cli.query.references import is_name
from hfjobs_cli.records.job import KIND, JobInfo, JobInitiator
from hfjobs_cli.records.vocabulary import ACTIVE_STAGES, INITIATOR_TYPES, NO_INITIATOR, STAGES, UNKNOWN_TYPE
from hfjobs_cli.text.words import empty_option, one_of, split_values

_TYPO = 0.85
"""How alike (difflib's ratio) two words are of which one is a typing mistake: `schedule-job`, not `scheduled-run`."""

_OTHER_WORDS = {
    "failed": "error",
    "failure": "error",
    "finished": "completed",
    "pending": "scheduling",
    "queued": "scheduling",
    "stopped": "canceled",
    "succeeded": "completed",
    "success": "completed",
}
"""What other tools call a status, for suggestions."""


class InitiatorPattern(NamedTuple):
    """One item of `--initiator`: a type, or None for jobs without initiator, and perhaps a name or id."""

    type: str | None
    who: str | None = None
    negated: bool = False

    def fits(self, initiator: JobInitiator | None) -> bool:
        """Tell whether `initiator` is the one meant, leaving `negated` aside."""
        if initiator is None or self.type is None:
            return initiator is None and self.type is None
        return (initiator.type or UNKNOWN_TYPE) == self.type and self.who in (None, initiator.name, initiator.id)


class JobFilter(NamedTuple):
    """What a listing asks for. `stages` and `labels` are also told to the server; None or empty = any.

    `since` is the first moment at which a job may have been created, `until` the first at which it may not; `now` is
    the present one.
    """

    now: datetime
    stages: tuple[str, ...] | None = None
    labels: tuple[tuple[str, str], ...] = ()
    initiators: tuple[InitiatorPattern, ...] = ()
    patterns: tuple[FieldPattern, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def local_options(self) -> list[str]:
        """The options of which the server knows nothing, so that pages hold jobs that do not match."""
        given = {
            "--initiator": self.initiators,
            "--filter": self.patterns,
            "--since": self.since,
            "--until": self.until,
        }
        return [option for option, value in given.items() if value]

    @property
    def is_about_initiators(self) -> bool:
        """Tell whether it asks for jobs by what started them."""
        return bool(self.initiators) or any(pattern.field.name == "initiator" for pattern in self.patterns)

    @property
    def narrows(self) -> bool:
        """Tell whether it asks for more than all jobs, or all that are under way."""
        return bool(self.labels or self.local_options) or self.stages not in (None, ACTIVE_STAGES)

    def matches(self, job: JobInfo) -> bool:
        """Tell whether `job` passes every filter."""
        return (
            (self.stages is None or job.status.stage is None or job.status.stage in self.stages)
            and all((job.labels or {}).get(key) == value for key, value in self.labels)
            and self._initiator_matches(job.initiator)
            and all_match(self.patterns, job, self.now)
            and (self.since is None or (job.created_at is not None and job.created_at >= self.since))
            and (self.until is None or (job.created_at is not None and job.created_at < self.until))
        )

    def _initiator_matches(self, initiator: JobInitiator | None) -> bool:
        wanted = [pattern for pattern in self.initiators if not pattern.negated]
        unwanted = [pattern for pattern in self.initiators if pattern.negated]
        return (not wanted or any(pattern.fits(initiator) for pattern in wanted)) and not any(
            pattern.fits(initiator) for pattern in unwanted
        )


def parse_stages(values: Iterable[str], *, all_: bool = False, option: str = "--status") -> tuple[str, ...] | None:
    """Read `--status`, or what else `option` is: the stages any of which is wanted, None for all of them.

    Nothing given means the active ones, or every one with `all_`. Only exclusions (`!S`) means all the others that
    this version knows. A stage may be given as a glob pattern. Raises UsageError for an unknown status.
    """
    wanted: set[str] = set()
    unwanted: set[str] = set()
    for item in split_values(values, option):
        negated, name = _negation(item)
        stages = {stage for stage in STAGES if fnmatchcase(stage, name.upper())}
        if not stages:
            meant = _OTHER_WORDS.get(name.lower(), name)
            raise UsageError(f"unknown status '{name}'", hint=one_of(meant, [known.lower() for known in STAGES]))
        (unwanted if negated else wanted).update(stages)
    if not wanted and not unwanted:
        return None if all_ else ACTIVE_STAGES
    chosen = tuple(stage for stage in STAGES if stage in (wanted or STAGES) and stage not in unwanted)
    if not chosen:
        raise UsageError(f"{option} leaves no status to list", hint="drop one of the !STATUS exclusions")
    return chosen


def parse_initiators(values: Iterable[str]) -> tuple[InitiatorPattern, ...]:
    """Read `--initiator`: `TYPE`, `TYPE:NAME-OR-ID`, `TYPE:*`, `none`, each perhaps after a `!`.

    Raises UsageError for a type that is not in INITIATOR_TYPES, unless it is spelled `TYPE:*` or, where it is no
    typing mistake of a known one, `TYPE:NAME-OR-ID`.
    """
    return tuple(_parse_initiator(item) for item in split_values(values, "--initiator"))


def _parse_initiator(item: str) -> InitiatorPattern:
    negated, text = _negation(item)
    if text.lower() == NO_INITIATOR:
        return InitiatorPattern(None, negated=negated)
    kind, colon, who = text.partition(":")
    known = kind.lower() in INITIATOR_TYPES
    near = get_close_matches(kind.lower(), (*INITIATOR_TYPES, NO_INITIATOR), cutoff=_TYPO)
    if not kind or (colon and not who) or not (known or who == "*" or (who and not near)):
        hint = one_of(kind, (*INITIATOR_TYPES, NO_INITIATOR))
        if kind and not near:
            hint += f"; a type newer than this version is written '{kind}:*'"
        raise UsageError(f"unknown initiator '{text}'", hint=hint)
    return InitiatorPattern(kind.lower() if known else kind, None if who in ("", "*") else who, negated)


def parse_labels(values: Iterable[str], name: str | None = None) -> tuple[tuple[str, str], ...]:
    """Read `--label KEY=VALUE`, all of which must match, and `--name`, the label `name`. Raises UsageError."""
    labels = []
    for item in values:
        key, equals, value = item.partition("=")
        if not is_name(key) or not equals or not _can_be_value(value):
            hint = "for example --label env=prod; repeat --label for jobs that have several"
            raise UsageError(f"label '{item}' is not KEY=VALUE", hint=hint)
        labels.append((key, value))
    if name == "":
        raise empty_option("--name")
    if name is not None:
        if not _can_be_value(name):
            raise UsageError(f"'{name}' cannot be the name of a job", hint="names hold no commas or control characters")
        labels.append(("name", name))
    return tuple(labels)


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
) -> JobFilter:
    """Read all filters of a listing. What the server can filter by is left to it. Raises UsageError."""
    if since is not None and until is not None and since >= until:
        raise UsageError("--since is not before --until, so that no job can match", hint="exchange the two")
    labels = list(parse_labels(label, name))
    stages: list[FieldPattern] = []
    patterns: list[FieldPattern] = []
    parsed = parse_patterns(KIND, filters)
    for pattern in parsed:
        if pattern.field.name == "status":
            stages.append(pattern)
        elif _is_label(pattern, parsed):
            prefix = "name=" if pattern.field.name == "name" else ""
            labels += parse_labels([prefix + pattern.globs[0]])
        else:
            patterns.append(pattern)
    return JobFilter(
        now,
        stages=_common_stages(status, stages, all_=all_),
        labels=tuple(dict.fromkeys(labels)),
        initiators=parse_initiators(initiator),
        patterns=tuple(patterns),
        since=since,
        until=until,
    )


def _common_stages(status: Sequence[str], patterns: Sequence[FieldPattern], *, all_: bool) -> tuple[str, ...] | None:
    """Return the stages that both `--status` and `--filter status=...` ask for, None for all of them."""
    items = [f"{'!' * each.negated}{glob}" for each in patterns for glob in each.globs]
    if not items:
        return parse_stages(status, all_=all_)
    filtered = parse_stages(items, option="--filter")
    if not status:
        return filtered
    common = tuple(stage for stage in parse_stages(status) or () if stage in (filtered or ()))
    if not common:
        raise UsageError("--status and --filter leave no status to list", hint="give one of them")
    return common


def _is_label(pattern: FieldPattern, patterns: Sequence[FieldPattern]) -> bool:
    """Tell whether a pattern is a label with its value, which the server can filter by.

    Labels have to be there all, and of several names one is enough, which the server cannot be asked.
    """
    if pattern.negated or not pattern.is_exact or not _can_be_value(pattern.globs[0]):
        return False
    if pattern.field.name == "name":
        return sum(each.field.name == "name" and not each.negated for each in patterns) == 1
    key, equals, _ = pattern.globs[0].partition("=")
    return pattern.field.name == "labels" and is_name(key) and bool(equals)


def _can_be_value(text: str) -> bool:
    """Tell whether a label may have this value, more generously than the Hub, which refuses what it does not like."""
    return text.isprintable() and "," not in text


def _negation(item: str) -> tuple[bool, str]:
    return (True, item[1:]) if item.startswith("!") else (False, item)
