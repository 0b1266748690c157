"""One-line summaries of how jobs ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfjobs_cli.errors import Unavailable
from hfjobs_cli.query.references import JobReference
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.cost import Cost
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.models.job import JobInfo

_VERBS = {"COMPLETED": "completed", "ERROR": "failed", "CANCELED": "was canceled", "DELETED": "was deleted"}


def ending(session: Session, job: JobInfo, cost: Cost | None = None) -> str:
    """Return name, status, running time and cost of a job in a line; of a failed one the command that explains it."""
    name = f"{job.name} ({job.id})" if job.name else job.id
    verb = _VERBS.get(job.status.stage or "", f"is {job.status}")
    ran = job.running_secs(session.clock())
    after = f" after {span(ran)}" if ran is not None else ""
    why = f": {session.redacted(job.status.message).strip().rstrip('.')}" if job.status.message else ""
    reference = JobReference.of(job, None) if job.owner.type == "org" else job.id  # which is found faster
    explained = f"; see 'hfjobs describe {reference}'" if job.status.stage == "ERROR" else ""
    return f"{name} {verb}{after}{f', cost {cost}' if cost is not None else ''}{why}{explained}"


def estimated_cost(session: Session, job: JobInfo) -> Cost | None:
    """Return the cost of a job that has just finished, by current prices; None if they are not available."""
    from hfjobs_cli.cli.factories import prices_of
    from hfjobs_cli.insight.costs import Costs

    def prices() -> list[Hardware]:
        found = session.client.hardware_if_known()
        if not found:
            raise Unavailable("prices are unknown")  # which must not be remembered
        return found

    return Costs(prices_of(session, prices), tuple).of(job, session.clock())
