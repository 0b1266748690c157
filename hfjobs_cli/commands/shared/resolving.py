"""What is described instead of named, looked for in as few listings as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from hfjobs_cli.errors import HfJobsError, NotFound, UsageError
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.times import age

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.commands.shared.plan import Plan
    from hfjobs_cli.query.descriptions import Description
    from hfjobs_cli.query.namings import Naming
    from hfjobs_cli.records.job import JobInfo
    from hfjobs_cli.records.schedule import ScheduledJob

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
            return self._beginning(description)
        return JobReference.of(self._described(description), description.namespace)

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
        """Return the only one whose id begins as given, in the organisations of the token's user too."""
        namespace, prefix = description.namespace, description.prefix
        found = self._listing(namespace, description.wanted).beginning(prefix)
        others = self._session.client.organisations() if not found and namespace is None else []
        for name in others:
            found += self._listing(name, description.wanted).beginning(prefix)
        if len(found) == 1:
            return JobReference.of(found[0], namespace)
        if not found:
            nor = f"; nor in {', '.join(others)}" if others else ""
            what = f"no {self._naming.noun}'s id begins with '{prefix}'"
            raise NotFound(f"{what} in {_place(namespace)}{nor}", hint=self._hint)
        now = self._session.clock()
        more = [f"  and {len(found) - MAX_SHOWN} more"] if len(found) > MAX_SHOWN else []
        raise UsageError(
            f"'{description.text}' fits {len(found)} {self._naming.plural}:",
            hint="give more of the id",
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
