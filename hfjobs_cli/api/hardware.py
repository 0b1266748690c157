"""The hardware that the Hub offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub

if TYPE_CHECKING:
    from hfjobs_cli.records.hardware import Hardware

LIST = Endpoint("GET", "/api/jobs/hardware", needs_token=False)


class Flavors(Hub):
    """The flavors of hardware of the Hub."""

    def list_hardware(self) -> list[Hardware]:
        """Return every flavor that jobs can run on, in the Hub's order (`GET /api/jobs/hardware`). Needs no token."""
        from hfjobs_cli.records.hardware import KIND, Hardware  # a command pays for the records that it shows only

        return self._records(Hardware, self._transport.ask(LIST), KIND)
