"""Resolve references to jobs and schedules: ids, prefixes of ids, names, and selectors such as `@latest`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.commands._listing import scan
from hfjobs_cli.errors import HfJobsError, NotFound, UsageError, did_you_mean
from hfjobs_cli.query.references import (
    JOBS,
    SCHEDULES,
    JobReference,
    ReferenceSyntax,
    parse_references,
)
from hfjobs_cli.text.values import EARLIEST, age, check_name, is_id

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._actions import Plan
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.references import Selector
    from hfjobs_cli.query.schedule_filters import ScheduleFilter

MAX_SHOWN = 10
"""How many of several matches are shown."""

MAX_COUNTED = 100
"""How many with one name are counted: a page of a listing."""

PROOF = 100
"""After how many records in descending order of ids the rest is assumed to be in this order, too."""


def named_jobs(
    session: Session, texts: Iterable[str], namespace: str | None, stages: Sequence[str] = ()
) -> list[JobReference]:
    """Return the jobs given as arguments and on stdin, with a note if there are none.

    Names, selectors such as `@latest` and prefixes of ids are resolved; one that does not exist is reported at the end.
    A name is that of the newest job with it, in `stages` if one of them is. Raises UsageError, also for a prefix of
    several ids.
    """
    return _resolved(session, texts, namespace, _JOBS, stages=stages) or []


def jobs_to_change(
    session: Session, texts: Iterable[str], namespace: str | None, plan: Plan
) -> list[JobReference] | None:
    """Resolve references to jobs; None if a selector is ambiguous and confirmation is denied.

    Raises UsageError if the `plan` would change several jobs with one name.
    """
    return _resolved(session, texts, namespace, _JOBS, plan)


def named_schedules(session: Session, texts: Iterable[str], namespace: str | None) -> list[JobReference]:
    """Return the schedules given as arguments and on stdin, with a note if there are none.

    Names, selectors such as `@latest` and prefixes of ids are resolved; one that does not exist is reported at the end.
    A name is that of the newest schedule with it. Raises UsageError, also for a prefix of several ids.
    """
    return _resolved(session, texts, namespace, _SCHEDULES) or []


def schedules_to_change(
    session: Session, texts: Iterable[str], namespace: str | None, plan: Plan
) -> list[JobReference] | None:
    """Resolve references to schedules; None if a selector is ambiguous and confirmation is denied.

    Raises UsageError if the `plan` would change several schedules with one name.
    """
    return _resolved(session, texts, namespace, _SCHEDULES, plan)


def newest_run(session: Session, schedule: str, namespace: str | None) -> JobReference:
    """Return the newest job of a schedule that is named by its name or its id. Raises UsageError or NotFound."""
    found = named_schedules(session, [schedule], namespace)
    if not found:
        raise session.failures.pop()
    made = session.client.inspect_schedule(found[0])
    if made.status.last_job is None:
        raise NotFound(
            f"schedule '{schedule}' has not run yet", hint=f"'hfjobs scheduled trigger {found[0]}' runs it now"
        )
    return JobReference(made.owner.name or found[0].namespace, made.status.last_job.id)


LAST_RUN = ("last_status",)
"""The fields that need a request of their own: the Hub does not send them with a schedule."""


def list_schedules(
    session: Session, wanted: ScheduleFilter, namespace: str | None, *, with_runs: bool
) -> list[ScheduledJob]:
    """Return the schedules of a namespace that match, and `with_runs` the stages of their newest jobs."""
    if namespace is not None:
        check_name(namespace, "namespace")
    found = session.client.list_schedules(namespace, wanted.labels)
    asks_runs = wanted.is_about(*LAST_RUN)
    if asks_runs:
        rough = wanted._replace(patterns=tuple(each for each in wanted.patterns if each.field.name not in LAST_RUN))
        found = session.client.with_last_runs([each for each in found if rough.matches(each)])
    found = [each for each in found if wanted.matches(each)]
    return session.client.with_last_runs(found) if with_runs and not asks_runs else found


def note_newest(session: Session, name: str, syntax: ReferenceSyntax, found: Sequence[JobInfo | ScheduledJob]) -> None:
    """Write a note that several have a name, and that the newest, the first, is used."""
    more = " or more" if len(found) >= MAX_COUNTED else ""
    session.note(f"note: {found[0].id} is the newest of {len(found)}{more} {syntax.plural} named '{name}'")


class _Lookup(NamedTuple):
    """How jobs or schedules are looked up.

    `list_newest_first` yields those in a namespace that match a filter; `by_id` returns one.
    """

    syntax: ReferenceSyntax
    list_newest_first: Callable[[Session, Any, str | None], Iterator[JobInfo | ScheduledJob]]
    by_id: Callable[[Session, JobReference], JobInfo | ScheduledJob]


def _newest_first(session: Session, wanted: Any, namespace: str | None) -> Iterator[ScheduledJob]:
    found = list_schedules(session, wanted, namespace, with_runs=False)
    created = {each.id: each.created_at.timestamp() if each.created_at else 0.0 for each in found}
    yield from sorted(found, key=lambda each: created[each.id], reverse=True)


_JOBS = _Lookup(
    JOBS,
    lambda session, wanted, namespace: scan(session, wanted, namespace, may_stop=True).jobs(),
    lambda session, reference: session.client.inspect_job(reference),
)


_SCHEDULES = _Lookup(SCHEDULES, _newest_first, lambda session, reference: session.client.inspect_schedule(reference))


def _resolved(
    session: Session,
    texts: Iterable[str],
    namespace: str | None,
    lookup: _Lookup,
    plan: Plan | None = None,
    stages: Sequence[str] = (),
) -> list[JobReference] | None:
    """Resolve references; one that does not exist is reported at the end.

    With a `plan` a selector that matches several needs confirmation; None if the answer is no. Of several with one name
    those in `stages` come first. Raises UsageError.
    """
    syntax = lookup.syntax
    wanted = parse_references(texts, session.stdin, namespace, session.settings.endpoint, session.clock(), syntax)
    if not wanted:
        session.note(f"no {syntax.plural} on stdin")
    resolver = _Resolver(session, lookup, plan, stages)
    found: list[JobReference] = []
    failures: list[HfJobsError] = []
    for each in wanted:
        try:
            if isinstance(each, JobReference):
                found.append(each)
                continue
            reference = resolver.resolve(each)
            if not resolver.is_confirmed(each):
                return None
            found.append(reference)
        except NotFound as error:
            failures.append(error)
    session.failures += failures
    return found


class _Resolver:
    """Resolves selectors and names. Equal selectors share a listing, which is read only as far as needed."""

    def __init__(self, session: Session, lookup: _Lookup, plan: Plan | None, stages: Sequence[str]) -> None:
        """Send no request yet. `plan` is the action on what is found, None if it is only shown.

        Of several with one name, those in `stages` come first.
        """
        self._session = session
        self._lookup = lookup
        self._syntax = lookup.syntax
        self._plan = plan
        self._stages = tuple(stages)
        self._listings: list[tuple[str | None, Any, _LazyListing]] = []

    def resolve(self, selector: Selector) -> JobReference:
        """Resolve a selector. Raises NotFound if nothing matches, UsageError if it is ambiguous."""
        found = self._resolve(selector)
        self._session.debug(f"{selector.text} is {self._syntax.noun} {found}")
        return found

    def _resolve(self, selector: Selector) -> JobReference:
        """Resolve a selector by what it names: a schedule, a prefix of an id, a name, or a place in a listing."""
        if selector.schedule:
            return newest_run(self._session, selector.schedule, selector.namespace)
        if selector.prefix:
            found = self._of_prefix(selector)
            if found is not None:
                return found
        if selector.name:
            return self._of_name(selector)
        return JobReference.of(self._at_place(selector), selector.namespace)

    def is_confirmed(self, selector: Selector) -> bool:
        """Return whether to act on the newest match of a selector; ask if the action could also affect others.

        Raises UsageError if stdin cannot answer.
        """
        plan = self._plan
        if plan is None or not plan.asks or selector.name or selector.schedule:
            return True
        newest, wanted = self._at_place(selector), selector.wanted
        if not plan.could_hit(newest):
            return True
        fitting = self._fitting(selector.namespace, wanted, plan)
        if len(fitting) < 2:
            return True
        shown, now = fitting[:MAX_SHOWN], self._session.clock()
        lines = [_line(each, now) for each in shown]
        return plan.confirms_newest(selector.text, newest, shown, lines, more=len(fitting) > MAX_SHOWN)

    def _fitting(self, namespace: str | None, wanted: Any, plan: Plan) -> list[JobInfo | ScheduledJob]:
        """Return the newest records that the plan would change, at most one more than are shown."""
        if plan.stages is not None:
            wanted = wanted.within(plan.stages)
        return self._listing(namespace, wanted).first(MAX_SHOWN + 1, plan.could_hit)

    def _at_place(self, selector: Selector) -> JobInfo | ScheduledJob:
        """Return the record at the place of a selector, such as the newest. Raises NotFound."""
        found = self._listing(selector.namespace, selector.wanted).at(selector.place)
        if found is None:
            place, syntax = selector.place, self._syntax
            status = selector.text.rpartition("@")[2].lower()
            such = status if status in syntax.statuses else "such"
            what = f"fewer than {place + 1} {syntax.plural}" if place else f"no {such} {syntax.noun}"
            raise NotFound(
                f"{selector.text}: {what} in {_namespace_text(selector.namespace)}", hint=self._hint(selector.namespace)
            )
        return found

    def _hint(self, namespace: str | None) -> str:
        where = f" --namespace {namespace}" if namespace is not None else ""
        return f"'hfjobs {self._syntax.listing} -a{where}' lists the {self._syntax.plural}"

    def _places(self, selector: Selector) -> Iterator[list[str | None]]:
        """Yield the namespaces to search: the given one, or the token's user and then their organizations."""
        yield [selector.namespace]
        if selector.namespace is None:
            yield list(self._session.client.other_namespaces())

    def _of_prefix(self, selector: Selector) -> JobReference | None:
        """Return the only record whose id starts with the prefix, or None. Raises UsageError if there are several."""
        for namespaces in self._places(selector):
            found: list[JobInfo | ScheduledJob] = []
            for namespace in namespaces:
                found += self._listing(namespace, selector.wanted).with_prefix(selector.prefix)
            if len(found) > 1:
                raise UsageError(
                    f"'{selector.text}' matches {len(found)} {self._syntax.plural}:",
                    hint="give more digits of the id",
                    details=self._lines(found, len(found)),
                )
            if found:
                return JobReference.of(found[0], selector.namespace)
        return None

    def _of_name(self, selector: Selector) -> JobReference:
        """Return the newest with a name, or the only one that the plan would change. Raises NotFound or UsageError."""
        for namespaces in self._places(selector):
            if self._plan is not None:
                fitting: list[JobInfo | ScheduledJob] = []
                for namespace in namespaces:
                    fitting += self._fitting(namespace, selector.named, self._plan)
                if len(fitting) > 1:
                    raise self._ambiguous(selector.name, fitting, self._plan)
                if fitting:
                    return JobReference.of(fitting[0], selector.namespace)
            known = self._newest(namespaces, selector.named.within(self._stages)) if self._stages else []
            known = known or self._newest(namespaces, selector.named)
            if known:
                if len(known) > 1 and self._plan is None:
                    note_newest(self._session, selector.name, self._syntax, known)
                return JobReference.of(known[0], selector.namespace)
        return self._by_id(selector)

    def _newest(self, namespaces: Iterable[str | None], wanted: Any) -> list[JobInfo | ScheduledJob]:
        """Return what passes a filter, the newest first, and of each namespace no more than are counted."""
        found: list[JobInfo | ScheduledJob] = []
        for namespace in namespaces:
            found += self._listing(namespace, wanted).first(MAX_COUNTED, lambda _record: True)
        return sorted(found, key=lambda each: each.created_at or EARLIEST, reverse=True)

    def _ambiguous(self, name: str, fitting: list[JobInfo | ScheduledJob], plan: Plan) -> UsageError:
        more = "more than " if len(fitting) > MAX_SHOWN else ""
        count = f"{more}{min(len(fitting), MAX_SHOWN)}"
        stages = f"{' or '.join(map(str.lower, plan.stages))} " if plan.stages else ""
        return UsageError(
            f"cannot {plan.verb} '{name}': {count} {stages}{self._syntax.plural} have this name:",
            hint=f"give the id of one; @name={name} is the newest",
            details=self._lines(fitting, None),
        )

    def _lines(self, found: list[JobInfo | ScheduledJob], count: int | None) -> tuple[str, ...]:
        """Return a line for each of the first records, and one for the rest; `count` is their number, if known."""
        now, left = self._session.clock(), f"{count - MAX_SHOWN} more" if count is not None else "more"
        lines = [_line(each, now) for each in found[:MAX_SHOWN]]
        return (*lines, f"  and {left}") if len(found) > MAX_SHOWN else tuple(lines)

    def _by_id(self, selector: Selector) -> JobReference:
        """Look up a name as an id, for ids that do not look like an ObjectId. Raises NotFound."""
        name, noun = selector.name, self._syntax.noun
        others = self._session.client.other_namespaces() if selector.namespace is None else []
        nor = f"; also not in {', '.join(others)}" if others else ""
        where = f"in {_namespace_text(selector.namespace)}{nor}"
        if selector.prefix:
            raise NotFound(
                f"no {noun} with an id that starts with '{name}' {where}", hint=self._hint(selector.namespace)
            )
        reference = JobReference(selector.namespace, name)
        if is_id(name):
            try:
                return JobReference.of(self._lookup.by_id(self._session, reference), selector.namespace)
            except NotFound:
                pass
            except HfJobsError:
                return reference  # the command itself will get this error
        raise NotFound(f"no {noun} named '{name}' {where}", hint=self._near(selector) or self._hint(selector.namespace))

    def _near(self, selector: Selector) -> str | None:
        """Return a hint with a similar name, or that an id needs more digits."""
        newest = self._newest([selector.namespace], selector.wanted)
        if all(char in "0123456789abcdef" for char in selector.name):
            return f"an id needs 6 digits or more; {self._hint(selector.namespace)}"
        return did_you_mean(selector.name, {each.name for each in newest if each.name})

    def _listing(self, namespace: str | None, wanted: Any) -> _LazyListing:
        for known_namespace, known_filter, listing in self._listings:
            if (known_namespace, known_filter) == (namespace, wanted):
                return listing
        listing = _LazyListing(self._lookup.list_newest_first(self._session, wanted, namespace))
        self._listings.append((namespace, wanted, listing))
        return listing


class _LazyListing:
    """A lazily read listing, newest first."""

    def __init__(self, records: Iterator[JobInfo | ScheduledJob]) -> None:
        self._records = records
        self._read: list[JobInfo | ScheduledJob] = []

    def at(self, place: int) -> JobInfo | ScheduledJob | None:
        """Return the record at an index; None if there are fewer."""
        return next((each for count, each in enumerate(self._all()) if count == place), None)

    def first(self, count: int, fits: Callable[[Any], bool]) -> list[JobInfo | ScheduledJob]:
        """Return the newest matches, up to a limit."""
        return list(islice(filter(fits, self._all()), count))

    def with_prefix(self, prefix: str) -> list[JobInfo | ScheduledJob]:
        """Return the records whose ids start with a prefix. Ids contain their creation time, so reading stops early."""
        found: list[JobInfo | ScheduledJob] = []
        falls, last = True, ""
        for place, each in enumerate(self._all()):
            falls = falls and (not last or each.id < last)
            last = each.id
            if each.id.startswith(prefix):
                found.append(each)
            elif each.id < prefix and falls and place >= PROOF:
                break
        return found

    def _all(self) -> Iterator[JobInfo | ScheduledJob]:
        yield from self._read
        for each in self._records:
            self._read.append(each)
            yield each


def _namespace_text(namespace: str | None) -> str:
    return f"namespace '{namespace}'" if namespace else "your namespace"


def _line(each: JobInfo | ScheduledJob, now: datetime) -> str:
    created = age(each.created_at, now) if each.created_at else ""
    return "  " + "  ".join(part for part in (each.id, each.name or "-", str(each.status), created) if part)
