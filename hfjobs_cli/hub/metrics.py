"""Metrics of running jobs: one sample, or followed until the job ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.errors import BadResponse, HfJobsError, NotFound, NotRunning, Unavailable
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff, retry_after_of
from hfjobs_cli.hub.sse import Event
from hfjobs_cli.models.usage import Usage
from hfjobs_cli.text.json_stream import loads

if TYPE_CHECKING:
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.sse import EventStream
    from hfjobs_cli.query.references import JobReference


IDLE_TIMEOUT_SECS = 10.0
"""How long there must be no sample before the job is checked. There should be one a second."""

FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS = 1.0, 15.0
"""The first and the longest pause between two streams."""


class NoMetrics(HfJobsError):
    """A job is running, but the Hub has no metrics for it."""

    def __init__(self, job_id: str) -> None:
        """Create the error for a job."""
        super().__init__(f"no metrics for job {job_id} yet", hint="if it has just started, try again")


def usage_now(client: JobsClient, reference: JobReference) -> Usage:
    """Return the present usage of a job. Raises NotRunning if it has ended, NoMetrics if the Hub has none."""
    try:
        with client.metric_events(reference, idle_timeout_secs=IDLE_TIMEOUT_SECS) as stream, suppress(Unavailable):
            for sample in _samples(stream, reference):
                return sample
    except NotFound:
        client.inspect_job(reference)  # raises NotFound if there is no such job; else it has no metrics yet
    raise NoMetrics(reference.id)


class UsageFollower:
    """Follows the usage of one job: `for usage in follower` ends when the job has ended, whatever the stream does.

    `trouble` is the message of the present error, None if there is none.
    """

    def __init__(
        self, client: JobsClient, reference: JobReference, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Prepare following; nothing is requested yet."""
        self._client = client
        self._reference = reference
        self._sleep = sleep
        self._stream: EventStream | None = None
        self._is_closed = False
        self.trouble: str | None = None

    def close(self) -> None:
        """End following, from any thread."""
        self._is_closed = True
        if self._stream is not None:
            self._stream.close()

    def __iter__(self) -> Iterator[Usage]:
        """Yield samples until the job has ended. Raises NotFound, NotAllowed, NotLoggedIn or RequestRefused."""
        backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS)
        while not self._is_closed:
            made_progress, retry_after = False, 0.0
            try:
                for sample in self._read_stream():
                    self.trouble, made_progress = None, True
                    yield sample
                # The stream ended or was idle for too long.
                if self._is_closed or self._has_ended():
                    return
            except TRANSIENT_ERRORS as error:
                self.trouble, retry_after = error.message, retry_after_of(error)
                if isinstance(error, BadResponse):  # the Hub responds, so the job can be checked
                    with suppress(*TRANSIENT_ERRORS):
                        if self._has_ended():
                            return
            self._sleep(max(backoff.pause(made_progress=made_progress), retry_after))

    def _read_stream(self) -> Iterator[Usage]:
        """Yield the samples of one connection, until it ends, breaks off or is idle for too long.

        There are none if the job is not running, or if the Hub has no metrics for it yet.
        """
        with (
            suppress(NotRunning, NotFound),
            self._client.metric_events(self._reference, idle_timeout_secs=IDLE_TIMEOUT_SECS, max_attempts=1) as stream,
        ):
            self._stream = stream
            if self._is_closed:  # closed before the stream was open
                return
            try:
                yield from _samples(stream, self._reference)
            except Unavailable as error:
                self.trouble = error.message

    def _has_ended(self) -> bool:
        return self._client.inspect_job(self._reference).has_ended


def _samples(stream: EventStream, reference: JobReference) -> Iterator[Usage]:
    """Yield samples until none arrives for IDLE_TIMEOUT_SECS; comments do not count. Raises BadResponse.

    An event is a sample if its data is an object that is not empty, whatever its name, as in the official client.
    """
    last_sample_at = time.monotonic()
    for events in stream:
        for event in events:
            if event.name == "metric" or (event.data.startswith("{") and event.data != "{}"):
                last_sample_at = time.monotonic()
                yield _sample(event, reference)
        if time.monotonic() - last_sample_at > IDLE_TIMEOUT_SECS:
            return


def _sample(event: Event, reference: JobReference) -> Usage:
    """Return the usage in an event. Raises BadResponse."""
    try:
        values = loads(event.data)
    except (ValueError, RecursionError) as error:
        raise BadResponse(f"unexpected metrics of job {reference.id}: invalid JSON, {error}") from None
    if not isinstance(values, dict):
        raise BadResponse(f"unexpected metrics of job {reference.id}: not an object")
    return Usage.from_api({**values, "job_id": reference.id}, path="metrics")
