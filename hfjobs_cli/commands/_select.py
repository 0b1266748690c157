"""Which jobs are meant: references, selectors, or filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from hfjobs_cli.errors import HfJobsError, NotFound, NotRunning, UsageError
from hfjobs_cli.hub.concurrency import results_parallel
from hfjobs_cli.models.job import KIND
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.filters import JobFilter, Page, Scan, parse_filter
from hfjobs_cli.query.references import JOBS, JobReference, Naming, check_name, parse_references
from hfjobs_cli.text.times import age

if TYPE_CHECKING:
    from hfjobs_cli.cli.options import Filters
    from hfjobs_cli.cli.schedule_options import ScheduleSelection
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands._actions import Plan
    from hfjobs_cli.commands._listing import Listing
    from hfjobs_cli.hub.listing import ParallelListing
    from hfjobs_cli.hub.saved import Snapshot
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.query.selectors import Description


_CONDITION = re.compile(r"[a-z][\w.]*(?:!?=|[<>])")
"""How a filter begins, which is no reference: `status=error`."""


def is_by_filters(words: list[str] | None, filters: Filters | ScheduleSelection, naming: Naming = JOBS) -> bool:
    """Tell whether filters choose what is meant, and not references. Raises UsageError if both do, or neither."""
    if condition := next((word for word in words or () if _CONDITION.match(word)), None):
        raise UsageError(f"'{condition}' is not a {naming.noun}", hint=f"did you mean --filter '{condition}'?")
    if words and (filters.are_given or filters.limit):
        raise UsageError(f"{naming.plural} and filters cannot be used together", hint="remove one of them")
    if not words and not filters.are_given:
        raise UsageError(
            f"no {naming.plural} given",
            hint="use an ID or @latest, or select with --name NAME, --label KEY=VALUE, or -a for all",
        )
    return not words


def filtered_jobs(session: Session, filters: Filters, namespace: str | None) -> list[JobInfo]:
    """Return the jobs that pass the filters, newest first, and say so if there are none. Raises UsageError."""
    wanted = job_filter(session, filters)
    found = list(scan(session, wanted, namespace, filters.limit).jobs())
    if not found:
        session.note(none_found(wanted))
    return found


def none_found(wanted: JobFilter) -> str:
    """Return what to say if no job is as it is wanted."""
    is_default = wanted.stages == ACTIVE_STAGES
    return "no running or scheduling jobs match; -a includes finished ones" if is_default else "no jobs match"


def scan(
    session: Session,
    wanted: JobFilter,
    namespace: str | None,
    limit: int = 0,
    *,
    may_stop: bool = False,
    snapshot: Snapshot | None = None,
) -> Scan:
    """Return a pass over the jobs of a namespace that are wanted, which begins when it is read. Raises UsageError.

    It reads ahead if there is no limit, unless whoever takes the jobs `may_stop` before the last. With a `snapshot` the
    jobs are those in it.
    """
    if namespace is not None:
        check_name(namespace, "namespace")
    if wanted.names_schedules:
        if snapshot is not None:
            raise UsageError(f"{snapshot.name} has no names of schedules", hint="use the id, scheduled-job:ID")
        wanted = wanted.with_schedules(session.client.schedule_names(namespace))
    history: ParallelListing | None = None
    pages: Iterable[Page]
    asked = (namespace, wanted.stages, wanted.labels, wanted.earliest)
    if snapshot is not None:
        pages = snapshot.pages(namespace)
    elif limit or may_stop:
        pages = session.client.list_jobs(*asked)
    else:
        pages = history = session.client.all_jobs(*asked, tells_total=session.shows_progress)

    def page_read(scan: Scan) -> None:
        session.flush()  # what is written as it comes should also arrive as it comes
        total = history.total if history else None
        read = f"{scan.read:,} jobs read" if total is None else f"{scan.read:,} of about {total:,} jobs read"
        session.progress(f"{read}, {scan.matched:,} match ...")

    return Scan(pages, wanted, limit, page_read)


def job_filter(session: Session, selection: Filters) -> JobFilter:
    """Return what the options ask for. Raises UsageError."""
    now = session.clock()
    return parse_filter(
        now,
        status=selection.status or (),
        all_=selection.all_,
        initiator=selection.initiator or (),
        label=selection.label or (),
        name=selection.name,
        filters=selection.filter_ or (),
        since=_moment(selection.since, now, "--since"),
        until=_moment(selection.until, now, "--until"),
        kind=session.bound(KIND),
    )


def _moment(text: str | None, now: datetime, option: str) -> datetime | None:
    if text is None:
        return None
    from hfjobs_cli.query.times import parse_moment  # its patterns take as long to make as the rest of this

    return parse_moment(text, now, option)


List = Callable[["Session", Any, "str | None"], "Iterator[JobInfo | ScheduledJob]"]
"""A session, a filter and a namespace -> what passes the filter there, the newest first."""

MAX_SHOWN = 10
"""How many of those that an id may be short for are shown."""

PROOF = 100
"""After how many whose ids fall, from the newest on, they are taken to go on so."""


class Resolver:
    """Looks for what is described. What is described alike shares a listing, which is read as far as it must be."""

    def __init__(self, session: Session, naming: Naming, list_them: List) -> None:
        """Ask for nothing yet."""
        self._session = session
        self._naming = naming
        self._list = list_them
        self._listings: list[tuple[str | None, Any, _Listing]] = []

    def resolve(self, description: Description) -> JobReference:
        """Return the one that is meant. Raises NotFound if there is none, UsageError if it may be one of several."""
        if description.prefix:
            found = self._beginning(description)
        else:
            found = JobReference.of(self._described(description), description.namespace)
        self._session.debug(f"{description.text} is {self._naming.noun} {found}")
        return found

    def is_meant(self, description: Description, plan: Plan) -> bool:
        """Tell whether the one that a description means is to be hit: asked for if others fit that could be, too.

        Raises UsageError if nobody can answer.
        """
        if description.prefix or not plan.asks:
            return True
        meant, wanted = self._described(description), description.wanted
        if not plan.could_hit(meant):
            return True
        if plan.stages is not None:
            wanted = wanted.within(plan.stages)
        fitting = self._listing(description.namespace, wanted).first(MAX_SHOWN + 1, plan.could_hit)
        if len(fitting) < 2:
            return True
        shown, now = fitting[:MAX_SHOWN], self._session.clock()
        lines = [_line(each, now) for each in shown]
        return plan.is_meant_by(description.text, meant, shown, lines, more=len(fitting) > MAX_SHOWN)

    def _described(self, description: Description) -> JobInfo | ScheduledJob:
        found = self._listing(description.namespace, description.wanted).at(description.place)
        if found is None:
            place, naming = description.place, self._naming
            what = f"fewer than {place + 1} {naming.plural}" if place else f"no such {naming.noun}"
            raise NotFound(f"{description.text}: {what} in {_place(description.namespace)}", hint=self._hint)
        return found

    @property
    def _hint(self) -> str:
        return f"see 'hfjobs {self._naming.listing} -a'"

    def _beginning(self, description: Description) -> JobReference:
        """Return the only one whose id begins as given, in the organizations of the token's user too."""
        namespace, prefix = description.namespace, description.prefix
        found = self._listing(namespace, description.wanted).beginning(prefix)
        others = self._session.client.organizations() if not found and namespace is None else []
        for name in others:
            found += self._listing(name, description.wanted).beginning(prefix)
        if len(found) == 1:
            return JobReference.of(found[0], namespace)
        if not found:
            nor = f"; also not in {', '.join(others)}" if others else ""
            what = f"no {self._naming.noun} with an id that starts with '{prefix}'"
            raise NotFound(f"{what} in {_place(namespace)}{nor}", hint=self._hint)
        now = self._session.clock()
        more = [f"  and {len(found) - MAX_SHOWN} more"] if len(found) > MAX_SHOWN else []
        raise UsageError(
            f"'{description.text}' matches {len(found)} {self._naming.plural}:",
            hint="give more digits of the id",
            details=(*(_line(each, now) for each in found[:MAX_SHOWN]), *more),
        )

    def _listing(self, namespace: str | None, wanted: Any) -> _Listing:
        for known_namespace, known_filter, listing in self._listings:
            if (known_namespace, known_filter) == (namespace, wanted):
                return listing
        listing = _Listing(self._list(self._session, wanted, namespace))
        self._listings.append((namespace, wanted, listing))
        return listing


class _Listing:
    """A listing, newest first, of which no more is read than is asked for."""

    def __init__(self, records: Iterator[JobInfo | ScheduledJob]) -> None:
        self._records = records
        self._read: list[JobInfo | ScheduledJob] = []

    def at(self, place: int) -> JobInfo | ScheduledJob | None:
        """Return what is at a place, None if there are fewer."""
        return next((each for count, each in enumerate(self._all()) if count == place), None)

    def first(self, count: int, fits: Callable[[Any], bool]) -> list[JobInfo | ScheduledJob]:
        """Return the newest that fit, so many at most."""
        return list(islice(filter(fits, self._all()), count))

    def beginning(self, prefix: str) -> list[JobInfo | ScheduledJob]:
        """Return those whose ids begin so. Ids hold the time of their making, so it need not read the oldest."""
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


def resolved(
    session: Session,
    wanted: list[JobReference | Description],
    naming: Naming,
    list_them: List,
    plan: Plan | None = None,
) -> list[JobReference | HfJobsError] | None:
    """Return what is meant in order; in the place of what there is not stands its error.

    What is described is asked for as `plan` says; None if the answer is no. Raises UsageError.
    """
    resolver = Resolver(session, naming, list_them)
    found: list[JobReference | HfJobsError] = []
    for each in wanted:
        try:
            if not isinstance(each, JobReference):
                reference = resolver.resolve(each)
                if plan is not None and not resolver.is_meant(each, plan):
                    return None
                each = reference
            found.append(each)
        except NotFound as error:
            found.append(error)
    return found


def _place(namespace: str | None) -> str:
    return f"namespace '{namespace}'" if namespace else "your namespace"


def _line(each: JobInfo | ScheduledJob, now: datetime) -> str:
    created = age(each.created_at, now) if each.created_at else ""
    return "  " + "  ".join(part for part in (each.id, each.name or "-", str(each.status), created) if part)


T = TypeVar("T")


def named_jobs(session: Session, texts: Iterable[str], namespace: str | None) -> list[JobReference]:
    """Return the jobs named on the command line and on stdin, and say so if there are none.

    Those that are described (`@latest`, the beginning of an id) are looked for; one that does not exist is told of
    at the end. Raises UsageError, also if an id may be short for several.
    """
    return named(session, texts, namespace, JOBS, _list_jobs) or []


def jobs_to_change(
    session: Session, texts: Iterable[str], namespace: str | None, plan: Plan
) -> list[JobReference] | None:
    """Return the jobs that are named, None if a description fits several and the one that it means is not meant."""
    return named(session, texts, namespace, JOBS, _list_jobs, plan)


def _list_jobs(session: Session, wanted: Any, namespace: str | None) -> Iterator[JobInfo]:

    return scan(session, wanted, namespace, may_stop=True).jobs()


def named(
    session: Session,
    texts: Iterable[str],
    namespace: str | None,
    naming: Naming,
    list_them: List,
    plan: Plan | None = None,
) -> list[JobReference] | None:
    """Return what is named, as `naming` says; what is described is looked for in what `list_them` lists.

    With a `plan` a description that fits several is shown and asked for; None if the answer is no.
    """
    wanted = parse_references(texts, session.stdin, namespace, session.settings.endpoint, session.clock(), naming)
    if not wanted:
        session.note(f"no {naming.plural} on stdin")
    references = [each for each in wanted if isinstance(each, JobReference)]
    if len(references) == len(wanted):
        return references

    found = resolved(session, wanted, naming, list_them, plan)
    if found is None:
        return None
    session.failures += [each for each in found if isinstance(each, HfJobsError)]
    return [each for each in found if isinstance(each, JobReference)]


def show_results(session: Session, listing: Listing, results: Sequence[Any]) -> None:
    """Show the results that are no errors; those that are will be told of in order, and decide the exit code."""
    session.failures += [result for result in results if isinstance(result, HfJobsError)]
    listing.show([result for result in results if not isinstance(result, HfJobsError)])


def done_to_each(
    session: Session, references: Sequence[JobReference], act: Callable[[JobReference], T], done: str
) -> Iterator[T]:
    """Yield what `act` makes of each job, in order, all begun at once; what fails is told of at the end.

    If Ctrl-C ends it, the jobs of which nobody knows whether they are `done` (a word: canceled) are named.
    """
    todo = list(dict.fromkeys(references))  # a job that is named twice is meant once
    try:
        for result in results_parallel(act, list(todo)):
            if isinstance(result, HfJobsError):
                session.failures.append(result)
            else:
                yield result
            del todo[0]
    except KeyboardInterrupt:
        session.remark(f"these may or may not have been {done}: {' '.join(map(str, todo))}")
        raise


def is_running(job: JobInfo) -> bool:
    """Tell whether a job runs now."""
    return job.status.stage == "RUNNING"


def not_running(job: JobInfo) -> NotRunning:
    """Return the error that a job does not run: where it stands instead, and what can be done about it."""
    name = JobReference.of(job, None)
    why = f": {job.status.message}" if job.status.message else ""
    again, begins = f"run it again with 'hfjobs duplicate {name}'", f"wait for it with 'hfjobs logs -f {name}'"
    return NotRunning(f"job {job.id} is not running: {job.status}{why}", hint=again if job.has_ended else begins)


def refused(session: Session, reference: JobReference, error: HfJobsError) -> HfJobsError:
    """Return why the Hub refused something of a job: that it is not running, if it tells so; else `error`."""
    try:
        job = session.client.inspect_job(reference)
    except HfJobsError:
        return error
    return error if is_running(job) else not_running(job)
