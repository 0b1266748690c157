"""`JobsClient`: the Jobs API, one method per endpoint."""

from __future__ import annotations

from contextlib import suppress

from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.hub.connection import Endpoint
from hfjobs_cli.hub.schedules import Schedules
from hfjobs_cli.models.account import JobCharge, JobsUsage
from hfjobs_cli.models.hardware import KIND, Hardware

HARDWARE = Endpoint("GET", "/api/jobs/hardware", needs_token=False)

OPTIONAL_TIMEOUT_SECS = 5.0
"""How long to wait for the hardware where it is useful but not required."""

CHARGES = Endpoint("GET", "/api/settings/billing/usage/jobs")


class JobsClient(Schedules):
    """The Jobs API of one Hub for one token. Methods may be called from several threads.

    A `namespace` of None is the token's user. All methods raise NotLoggedIn, NotAllowed, NotFound, RequestRefused,
    Unavailable or BadResponse, and UsageError for a name that cannot be one.
    """

    _hardware: list[Hardware] | None = None

    def list_hardware(self) -> list[Hardware]:
        """Return every flavor that jobs can run on, in the Hub's order (`GET /api/jobs/hardware`). Needs no token."""
        return self._hardware_from(HARDWARE)

    def hardware_if_known(self) -> list[Hardware]:
        """Return the same, or nothing if the Hub does not answer soon. It is requested once; failures are ignored."""
        if self._hardware is None:
            self._hardware = []
            once = HARDWARE._replace(is_repeatable=False)
            with suppress(HfJobsError, TimeoutError):
                self._hardware = call_with_timeout(lambda: self._hardware_from(once), OPTIONAL_TIMEOUT_SECS)
        return self._hardware

    def _hardware_from(self, endpoint: Endpoint) -> list[Hardware]:
        return self._records(Hardware, KIND, self._transport.ask(endpoint))

    def job_charges(self) -> list[JobCharge]:
        """Return the cost of each job in the current billing period (`GET /api/settings/billing/usage/jobs`).

        Only for the token's user: the Hub does not list what each job costs an organization.
        """
        response = self._transport.ask(CHARGES)
        return self._parsed(response, lambda data: JobsUsage.from_api(data, self._transport.endpoint, "answer")).charges
