"""The hardware that the Hub offers."""

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub
from hfjobs_cli.records.hardware import Hardware
from hfjobs_cli.records.reading import read_list

LIST = Endpoint("GET", "/api/jobs/hardware", needs_token=False)


class Flavors(Hub):
    """The flavors of hardware of the Hub."""

    def list_hardware(self) -> list[Hardware]:
        """Return every flavor that jobs can run on, in the Hub's order (`GET /api/jobs/hardware`). Needs no token."""
        answer = self._transport.ask(LIST)
        return self._parsed(answer, lambda data: read_list(Hardware, data, self._transport.endpoint, "hardware"))
