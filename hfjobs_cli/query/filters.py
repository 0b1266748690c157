"""Which jobs a listing keeps: sent to the server where it can filter, checked again here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.errors import UsageError, empty_option
from hfjobs_cli.models.job import KIND, JobInfo
from hfjobs_cli.models.kinds import Kind
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.conditions import Comparison, Condition, FieldPattern, all_match, is_exact, parse_conditions
from hfjobs_cli.query.initiators import InitiatorPattern, initiators_match, parse_initiators
from hfjobs_cli.query.references import is_name
from hfjobs_cli.query.statuses import StatusFilter, common_stages, parse_statuses

_ACTIVE = StatusFilter("--status", ACTIVE_STAGES)
"""What is asked for if no status is."""


class JobFilter(NamedTuple):
    """The filters of a listing. `stages` and `labels` are sent to the server; None or empty = any.

    `statuses` are what `stages` come from, which may be less than they ask for.

    `since` is the first moment at which a job may have been created, `until` the first at which it may not; `now` is
    the present one.
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
        # With stages that the Hub is asked for, it looks at all that is asked for of the status.
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
        """The first moment at which a job may have been created, also by `created>2h`; None if there is none."""
        compared = [
            each.bound
            for each in self.patterns
            if isinstance(each, Comparison) and each.field.name == "created" and ">" in each.sign
        ]
        return max([*compared, *[self.since] * (self.since is not None)], default=None)

    @property
    def is_about_initiators(self) -> bool:
        """Return whether it filters by initiator."""
        return bool(self.initiators) or any(pattern.field.name == "initiator" for pattern in self.patterns)

    @property
    def narrows(self) -> bool:
        """Return whether it asks for more than all jobs, or all that are under way."""
        return bool(self.labels or self.local_options) or self.stages not in (None, ACTIVE_STAGES)

    @property
    def names_schedules(self) -> bool:
        """Return whether it contains names of schedules, which must be resolved."""
        return any(pattern.is_named_schedule for pattern in self.initiators)

    def with_schedules(self, names: Mapping[str, str | None]) -> JobFilter:
        """Return the filter with the schedules that it names looked up in `names`, which has those of all by their ids.

        Raises NotFound if there is no such schedule.
        """
        found = (each.resolved(names) if each.is_named_schedule else each for each in self.initiators)
        return self._replace(initiators=tuple(found))

    def within(self, stages: tuple[str, ...]) -> JobFilter:
        """Return the filter for those alone that are in one of some stages."""
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
            and initiators_match(self.initiators, job.initiator)
            and (self.name is None or self.name.fits(job, self.now))
            and all_match(self.patterns, job, self.now)
            and (self.since is None or (job.created_at is not None and job.created_at >= self.since))
            and (self.until is None or (job.created_at is not None and job.created_at < self.until))
        )


def parse_labels(values: Iterable[str], name: str | None = None) -> tuple[tuple[str, str], ...]:
    """Parse `--label KEY=VALUE`, all of which must match, and `--name` unless it is a pattern.

    Raises UsageError.
    """
    labels = []
    for item in values:
        key, equals, value = item.partition("=")
        hint = "use --label env=prod; repeat --label to require several labels"
        if not is_exact(item):
            raise UsageError(f"--label '{item}' must not be a pattern", hint=f"use -f 'label={item}'")
        if equals and "," in value:
            raise UsageError(f"label '{item}' contains a comma, which labels cannot contain", hint=hint)
        if not is_name(key) or not equals or not _can_be_value(value):
            raise UsageError(f"label '{item}' is not KEY=VALUE", hint=hint)
        labels.append((key, value))
    if name == "":
        raise empty_option("--name")
    if name is not None and not _can_be_value(name):
        raise UsageError(f"invalid job name '{name}'", hint="names cannot contain commas or control characters")
    if name is not None and is_exact(name):
        labels.append(("name", name))
    return tuple(labels)


def name_pattern(kind: Kind, name: str | None, now: datetime) -> Condition | None:
    """Return the filter for `--name` if it is a pattern; None if the Hub can filter by the label."""
    return None if name is None or is_exact(name) else parse_conditions(kind, [f"name={name}"], now)[0]


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
    """Read all filters of a listing. What the server can filter by is left to it. Raises UsageError.

    `kind` is that of jobs, which reads what a run knows and a record does not, as costs.
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
    statuses = [each for each in (parse_statuses(status), parse_statuses(globs, "--filter")) if each is not None]
    if not statuses and not all_:
        statuses = [_ACTIVE]
    return JobFilter(
        now,
        statuses=tuple(statuses),
        stages=common_stages(statuses),
        labels=tuple(dict.fromkeys(labels)),
        initiators=parse_initiators(initiator),
        patterns=tuple(patterns),
        name=name_pattern(kind, name, now),
        since=since,
        until=until,
    )


def _is_label(pattern: FieldPattern, patterns: Sequence[Condition]) -> bool:
    """Return whether a pattern is a label with its value, which the server can filter by.

    Labels have to be there all, and of several names one is enough, which the server cannot be asked.
    """
    if pattern.negated or not pattern.is_exact or not _can_be_value(pattern.globs[0]):
        return False
    if pattern.field.name == "name":
        return sum(each.field.name == "name" and not each.negated for each in patterns) == 1
    key, equals, _ = pattern.globs[0].partition("=")
    return pattern.field.name == "labels" and is_name(key) and bool(equals)


def _can_be_value(text: str) -> bool:
    """Return whether a label may have this value, more generously than the Hub, which refuses what it does not like."""
    return text.isprintable() and "," not in text


class Page(NamedTuple):
    """Some jobs of a listing, newest first, and whether more follow that may be asked for."""

    jobs: list[JobInfo]
    has_next: bool


class Scan:
    """One pass over the pages of a listing, and what was counted on the way.

    `read` counts the jobs looked at, `matched` those kept. `has_more` says that the limit ended it and that more jobs
    may match.
    """

    def __init__(self, pages: Iterable[Page], wanted: JobFilter, limit: int, page_read: Callable[[Scan], None]) -> None:
        """Read nothing yet. A `limit` of 0 is none; `page_read` is called after each page that is not the last."""
        self._pages = pages
        self._wanted = wanted
        self._limit = limit
        self._page_read = page_read
        self.matched = self.read = self.pages = 0
        self.has_more = False

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the matching jobs, asking for a page when it is needed."""
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
