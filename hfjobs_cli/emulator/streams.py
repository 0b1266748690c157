"""Server-sent events: the output of a job, and what it uses."""

import json
import time
from collections.abc import Callable, Iterable, Iterator

from hfjobs_cli.emulator.output import LogReader
from hfjobs_cli.emulator.wire import Document

KEEP_ALIVE = ": keep-alive\n\n"

_POLL_SECS = 0.1


def log_events(reader: LogReader, is_active: Callable[[], bool], keep_alive_secs: float) -> Iterator[str]:
    """Yield the output so far and what comes, until the job has ended; a comment whenever nothing came for a while."""
    told_at = time.monotonic()
    while True:
        is_last_look = not is_active()  # asked before the file is read, so that nothing is missed
        for line in reader.new_lines():
            yield f"data: {line}\n\n"
            told_at = time.monotonic()
        if is_last_look:
            return
        if time.monotonic() - told_at >= keep_alive_secs:
            yield KEEP_ALIVE
            told_at = time.monotonic()
        time.sleep(_POLL_SECS)


def one_line(text: str, timestamp: str) -> Iterator[str]:
    """Yield a single line in place of output."""
    yield f"data: {json.dumps({'data': text, 'timestamp': timestamp})}\n\n"


def metric_events(
    measure: Callable[[], Iterable[Document] | None], is_active: Callable[[], bool], keep_alive_secs: float
) -> Iterator[str]:
    """Yield what a job uses, as long as it runs. `measure` returns None while it has no process."""
    told_at = time.monotonic()
    while is_active():
        for each in measure() or ():
            yield f"event: metric\ndata: {json.dumps(each)}\n\n"
            told_at = time.monotonic()
        if time.monotonic() - told_at >= keep_alive_secs:
            yield KEEP_ALIVE
            told_at = time.monotonic()
        time.sleep(_POLL_SECS)
