"""What the Hub has billed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub

if TYPE_CHECKING:
    from hfjobs_cli.records.billing import JobCharge

JOBS = Endpoint("GET", "/api/settings/billing/usage/jobs")


class Billing(Hub):
    """What the token's user was billed."""

    def job_charges(self) -> list[JobCharge]:
        """Return what was billed for each job in the present period (`GET /api/settings/billing/usage/jobs`).

        Only to the token's user: the Hub does not tell what organisations were billed by job.
        """
        from hfjobs_cli.records.billing import JobsUsage

        answer = self._transport.ask(JOBS)
        return self._parsed(answer, lambda data: JobsUsage.from_api(data, self._transport.endpoint, "answer")).charges
