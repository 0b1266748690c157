"""Jobs that are started again with something changed: looked at before anything is made, and compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.commands.shared.starting.launching import checked, surroundings
from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.launch.changes import Changes, changed, check_unset
from hfjobs_cli.launch.existing import described
from hfjobs_cli.launch.new_job import NewJob
from hfjobs_cli.records.job import JobInfo

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.query.references import JobReference


class Prepared(NamedTuple):
    """A job that is there, and what is to be made from it."""

    source: JobInfo
    job: NewJob

    @property
    def as_it_would_be(self) -> JobInfo:
        """The new job as the Hub would show it, which has no id yet."""
        body = self.job.shown()
        spec = {
            **body,
            "timeout": body.get("timeoutSeconds"),
            "retry": None if self.job.attempts is None else self.job.attempts - 1,
            "secrets": list(self.job.secrets),
        }
        owner = {"id": self.source.owner.id, "name": self.source.owner.name, "type": self.source.owner.type}
        return JobInfo.from_api({**spec, "id": "new", "owner": owner, "status": {"stage": "SCHEDULING"}})


def prepared(
    session: Session, references: Sequence[JobReference], changes: Changes, *, takes_stdin: bool, dry_run: bool
) -> dict[JobReference, Prepared | HfJobsError]:
    """Return what is to be made of each job that is named, or why that cannot be looked at.

    Raises UsageError for the first that cannot be started again like this, before any is.
    """
    around = surroundings(session, dry_run=dry_run)
    if takes_stdin:
        around.take_stdin("the list of jobs")
    places = list(dict.fromkeys(references))
    found = dict(zip(places, session.client.inspect_jobs(places), strict=True))
    sources = {place: job for place, job in found.items() if not isinstance(job, HfJobsError)}
    old = {place: described(job) for place, job in sources.items()}
    check_unset(changes.unset_env, list(old.values()))
    new = {place: changed(old[place], source.id, changes, around) for place, source in sources.items()}
    ready = {
        place: Prepared(source, checked(session, new[place], changes.typed, source.owner.name, around, was_run=True))
        for place, source in sources.items()
    }
    return {**{place: job for place, job in found.items() if isinstance(job, HfJobsError)}, **ready}
