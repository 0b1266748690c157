"""What jobs use, as a Hub on loopback streams it when told to."""

from __future__ import annotations

import json
import queue
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from hfjobs_cli.emulator.app import App
from tests.support import USER, Hub, Misbehavior

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

SAMPLE = {
    "cpu_usage_pct": 12,
    "cpu_millicores": 3500,
    "memory_used_bytes": 1_500_000_000,
    "memory_total_bytes": 15_000_000_000,
    "rx_bps": 2048,
    "tx_bps": 0,
    "gpus": {},
    "replica": "j6qz9",
}


def gpus(*utilization: float) -> dict[str, Any]:
    """Return the figures of GPUs, each a little busier with its memory than the one before."""
    return {
        f"d901cd7{place}": {
            "utilization": busy,
            "memory_used_bytes": 10_000_000_000 * (place + 1),
            "memory_total_bytes": 80_000_000_000,
        }
        for place, busy in enumerate(utilization)
    }


class Metrics:
    """The stream of one job's metrics, of which each connection gets what is said while it is there."""

    def __init__(self, hub: Hub, identifier: str, **first: Any) -> None:
        """Say a first sample to each connection."""
        self.path = f"/api/jobs/{USER}/{identifier}/metrics"
        self._first = {**SAMPLE, **first}
        self._words: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._is_over = False
        self._hub = hub
        self._newest: object = None
        hub.always(self.path, self._answer)

    def say(self, **changes: Any) -> None:
        """Say another sample."""
        self._words.put(_event({**self._first, **changes}))

    def say_text(self, text: str) -> None:
        """Say whatever it is."""
        self._words.put(text)

    def hang_up(self) -> None:
        """End the present connection."""
        self._words.put(None)

    def end(self) -> None:
        """End the present connection, and say from now on that the job is not running."""
        self._is_over = True
        self._words.put(None)

    def first_answer(self, *misbehaviors: Misbehavior) -> None:
        """Answer the next requests like this, each once."""
        answers = iter([*misbehaviors, *[self._answer] * 99])

        def answer(app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            return next(answers)(app, environ, start)

        self._hub.always(self.path, answer)

    def _answer(self, _app: App, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if self._is_over:
            body = json.dumps({"error": "Job is not running"})
            return Response(body, 406, content_type="application/json")(environ, start)
        return Response(self._events(), 200, content_type="text/event-stream")(environ, start)

    def _events(self) -> Iterator[str]:
        self._newest = mine = object()
        yield _event(self._first)
        while mine is self._newest:  # what is said is for the newest connection
            try:
                word = self._words.get(timeout=0.1)
            except queue.Empty:
                word = ": alive\n\n"  # cannot be sent if nobody is there any more
            if word is None:
                return
            if mine is not self._newest:
                self._words.put(word)
                return
            yield word


def _event(sample: dict[str, Any]) -> str:
    return f"event: metric\ndata: {json.dumps(sample)}\n\n"
