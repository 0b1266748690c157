"""Follow the logs of several jobs at once."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import HfJobsError, LimitReached, ReaderGone
from hfjobs_cli.hub.concurrency import LONGEST_WAIT_SECS, start_thread

if TYPE_CHECKING:
    from hfjobs_cli.hub.log_follower import Item, LogReading


MAX_FOLLOWED = 20
"""How many readings may go on at once, unless more are asked for: each takes two threads, and two descriptors."""

MAX_WAITING = 4
"""How many items of a reading may wait to be taken."""


class Failed(NamedTuple):
    """What ended a reading before its time."""

    error: HfJobsError


def merged(readings: Sequence[LogReading], *, in_order: bool) -> Iterator[tuple[int, Item | Failed]]:
    """Yield the items of readings, each with its place among them: as they come, or one reading after the other.

    An error ends one reading, and is yielded; ReaderGone and LimitReached end all, and are raised.
    """
    if len(readings) == 1:
        for item in _items(readings[0]):
            yield 0, item
    elif in_order:
        yield from _one_after_the_other(readings)
    else:
        yield from _as_they_come(readings)


def _items(reading: LogReading) -> Iterator[Item | Failed]:
    try:
        yield from reading.items()
    except (ReaderGone, LimitReached):
        raise
    except HfJobsError as error:
        yield Failed(error)


_Waiting = queue.Queue["tuple[int, Item | Failed | BaseException | None]"]


def _as_they_come(readings: Sequence[LogReading]) -> Iterator[tuple[int, Item | Failed]]:
    waiting: _Waiting = queue.Queue(MAX_WAITING)
    for place, reading in enumerate(readings):
        _start(place, reading, waiting)
    left = len(readings)
    while left:
        place, item = _next(waiting)
        if item is None:
            left -= 1
        else:
            yield place, item


def _one_after_the_other(readings: Sequence[LogReading]) -> Iterator[tuple[int, Item | Failed]]:
    queues: list[_Waiting] = []
    for place in range(len(readings)):
        for started in range(len(queues), min(place + MAX_FOLLOWED, len(readings))):
            queues.append(queue.Queue(MAX_WAITING))
            _start(started, readings[started], queues[started])
        while (item := _next(queues[place])[1]) is not None:
            yield place, item


def _start(place: int, reading: LogReading, waiting: _Waiting) -> None:
    def work() -> None:
        try:
            for item in _items(reading):
                waiting.put((place, item))
        except BaseException as error:
            waiting.put((place, error))
        else:
            waiting.put((place, None))

    start_thread(work)


def _next(waiting: _Waiting) -> tuple[int, Item | Failed | None]:
    while True:
        try:
            place, item = waiting.get(timeout=LONGEST_WAIT_SECS)  # on Windows Ctrl-C is noticed only between two waits
        except queue.Empty:
            continue
        if isinstance(item, BaseException):
            raise item
        return place, item
