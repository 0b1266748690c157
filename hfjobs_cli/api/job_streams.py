"""What jobs write and use, as streams of events (`GET /api/jobs/{namespace}/{id}/logs` and `/metrics`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hfjobs_cli.api.endpoint import Endpoint
from hfjobs_cli.api.hub import Hub
from hfjobs_cli.api.transport import MAX_TRIES, Query
from hfjobs_cli.errors import NotFound

if TYPE_CHECKING:
    from hfjobs_cli.api.events import EventStream
    from hfjobs_cli.query.references import JobReference

LOGS = Endpoint("GET", "/api/jobs/{namespace}/{id}/logs")
METRICS = Endpoint("GET", "/api/jobs/{namespace}/{id}/metrics")


class JobStreams(Hub):
    """The streams of the Hub's jobs. They are asked for once or a few times, and never resumed: that is up to callers.

    Silence of more than `silence_secs` breaks a stream off; the Hub sends a comment every 30 s.
    """

    def log_events(
        self, reference: JobReference, *, tail: int | None = None, silence_secs: float, tries: int = MAX_TRIES
    ) -> EventStream:
        """Return what a job wrote, from the start or the last `tail` lines, and what it writes until it ends.

        The data of each event is JSON: `{"data": LINE, "timestamp": ISO 8601}`. Before the output of each attempt
        stands a line `===== Job started at ...`, which comes with `tail` too, and is not one of those.
        """
        query = [] if tail is None else [("tail", str(tail))]
        return self._events(LOGS, reference, query, silence_secs, tries)

    def metric_events(self, reference: JobReference, *, silence_secs: float, tries: int = MAX_TRIES) -> EventStream:
        """Return what a running job uses, once a second: the data of each event named `metric` is JSON.

        There is no history, and the stream need not end with the job. Raises NotRunning if that has ended already.
        """
        return self._events(METRICS, reference, (), silence_secs, tries)

    def _events(
        self, endpoint: Endpoint, reference: JobReference, query: Query, silence_secs: float, tries: int
    ) -> EventStream:
        from hfjobs_cli.api.events import EventStream  # which what reads no streams does without

        def ask(namespace: str) -> EventStream:
            try:
                stream = self._transport.stream(
                    endpoint, query, silence_secs=silence_secs, tries=tries, namespace=namespace, id=reference.id
                )
            except NotFound as error:
                raise self._no_job(error, namespace, reference.id) from error
            return EventStream(stream)

        return self._in_namespace(reference.namespace, ask)
