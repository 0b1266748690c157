"""Server-sent events: the logs and metrics of a job."""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator

from hfjobs_cli.emulator.api_types import Document
from hfjobs_cli.emulator.output import LogReader

KEEP_ALIVE = ": keep-alive\n\n"

_POLL_SECS = 0.1
_LEFT_SECS = 0.5


def log_events(reader: LogReader, is_active: Callable[[], bool]) -> Iterator[str | None]:
    """Yield the output so far and what comes, until the job has ended; None when nothing came."""
    while True:
        is_last_look = not is_active()  # asked before the file is read, so that nothing is missed
        lines = reader.new_lines()
        for line in lines:
            yield f"data: {line}\n\n"
        if not lines:
            if is_last_look:
                return
            yield None


def metric_events(measure: Callable[[], Iterable[Document]], is_active: Callable[[], bool]) -> Iterator[str | None]:
    """Yield what a job uses, as long as it runs; None while `measure` has nothing."""
    while is_active():
        for each in measure():
            yield f"event: metric\ndata: {json.dumps(each)}\n\n"
        yield None


def one_line(text: str, timestamp: str) -> Iterator[str]:
    """Yield a single line in place of output."""
    yield f"data: {json.dumps({'data': text, 'timestamp': timestamp})}\n\n"


def kept_alive(events: Iterable[str | None], every_secs: float, is_left: Callable[[], bool]) -> Iterator[str]:
    """Yield events, with keep-alive comments while there are none.

    If there is none at first the comment comes at once, and with it the head of the answer. Comments come faster once
    `is_left` says that the client sends nothing any more: if it is gone they cannot be sent.
    """
    told_at = -math.inf
    for event in events:
        if event is not None:
            yield event
            told_at = time.monotonic()
        elif time.monotonic() - told_at >= (_LEFT_SECS if is_left() else every_secs):
            yield KEEP_ALIVE
            told_at = time.monotonic()
        else:
            time.sleep(_POLL_SECS)
