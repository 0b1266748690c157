"""Billing of the account, and the hardware catalog."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.hub.base import Hub
from hfjobs_cli.hub.concurrency import call_with_timeout
from hfjobs_cli.hub.connection import Endpoint

if TYPE_CHECKING:
    from hfjobs_cli.models.account import JobCharge
    from hfjobs_cli.models.hardware import Hardware


JOBS = Endpoint("GET", "/api/settings/billing/usage/jobs")


class Billing(Hub):
    """What the token's user was billed."""

    def job_charges(self) -> list[JobCharge]:
        """Return what was billed for each job in the present period (`GET /api/settings/billing/usage/jobs`).

        Only to the token's user: the Hub does not tell what organizations were billed by job.
        """
        from hfjobs_cli.models.account import JobsUsage

        answer = self._transport.ask(JOBS)
        return self._parsed(answer, lambda data: JobsUsage.from_api(data, self._transport.endpoint, "answer")).charges


LIST = Endpoint("GET", "/api/jobs/hardware", needs_token=False)

OPTIONAL_TIMEOUT_SECS = 5.0
"""How long something else waits for the list, which goes better with it and does without."""


class Flavors(Hub):
    """The flavors of hardware of the Hub."""

    _known: list[Hardware] | None = None

    def list_hardware(self) -> list[Hardware]:
        """Return every flavor that jobs can run on, in the Hub's order (`GET /api/jobs/hardware`). Needs no token."""
        from hfjobs_cli.models.hardware import KIND, Hardware  # a command pays for the records that it shows only

        return self._records(Hardware, self._transport.ask(LIST), KIND)

    def hardware_if_known(self) -> list[Hardware]:
        """Return the same, or nothing if the Hub does not answer soon: it is asked once, failures are not told."""
        from hfjobs_cli.models.hardware import KIND, Hardware

        def ask() -> list[Hardware]:
            return self._records(Hardware, self._transport.ask(LIST._replace(is_repeatable=False)), KIND)

        if self._known is None:
            self._known = []
            with suppress(HfJobsError, TimeoutError):
                self._known = call_with_timeout(ask, OPTIONAL_TIMEOUT_SECS)
        return self._known
