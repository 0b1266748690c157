"""Schedules on the Hub."""

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub

LIST = Endpoint("GET", "/api/scheduled-jobs/{namespace}")


class Schedules(Hub):
    """The schedules of the Hub."""

    def schedule_names(self, namespace: str | None = None) -> dict[str, str | None]:
        """Return the name of each schedule of a namespace by its id (`GET /api/scheduled-jobs/{namespace}`)."""
        from hfjobs_cli.records.reading import read_list
        from hfjobs_cli.records.schedule import ScheduledJob

        def ignore(*_odd: object) -> None:
            """Leave out what is not as documented: it has no name to be found by."""

        answer = self._in_namespace(namespace, lambda name: self._listing(LIST, name))
        endpoint = self._transport.endpoint
        found = self._parsed(answer, lambda data: read_list(ScheduledJob, data, endpoint, "schedules", ignore, ignore))
        return {schedule.id: schedule.name for schedule in found}
