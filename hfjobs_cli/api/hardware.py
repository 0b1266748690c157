"""The hardware that the Hub offers."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub
from hfjobs_cli.api.threads import in_time
from hfjobs_cli.errors import HfJobsError

if TYPE_CHECKING:
    from hfjobs_cli.records.hardware import Hardware

LIST = Endpoint("GET", "/api/jobs/hardware", needs_token=False)

PATIENCE_SECS = 5.0
"""How long something else waits for the list, which goes better with it and does without."""


class Flavors(Hub):
    """The flavors of hardware of the Hub."""

    _known: list[Hardware] | None = None

    def list_hardware(self) -> list[Hardware]:
        """Return every flavor that jobs can run on, in the Hub's order (`GET /api/jobs/hardware`). Needs no token."""
        from hfjobs_cli.records.hardware import KIND, Hardware  # a command pays for the records that it shows only

        return self._records(Hardware, self._transport.ask(LIST), KIND)

    def hardware_if_known(self) -> list[Hardware]:
        """Return the same, or nothing if the Hub does not answer soon: it is asked once, failures are not told."""
        from hfjobs_cli.records.hardware import KIND, Hardware

        def ask() -> list[Hardware]:
            return self._records(Hardware, self._transport.ask(LIST._replace(is_repeatable=False)), KIND)

        if self._known is None:
            self._known = []
            with suppress(HfJobsError, TimeoutError):
                self._known = in_time(ask, PATIENCE_SECS)
        return self._known
