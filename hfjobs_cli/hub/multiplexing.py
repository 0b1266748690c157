"""Follow the logs of several jobs at once."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import HfJobsError, LimitReached, ReaderGone
from hfjobs_cli.hub.concurrency import WAIT_SLICE_SECS, start_thread

if TYPE_CHECKING:
    from hfjobs_cli.hub.log_follower import LogFollower, LogItem


MAX_FOLLOWED = 20
"""How many readings may go on at once, unless more are asked for: each takes two threads, and two descriptors."""

MAX_QUEUED = 4
"""How many items of a reading may wait to be taken."""


class FollowFailed(NamedTuple):
    """What ended a reading before its time."""

    error: HfJobsError


def multiplexed(followers: Sequence[LogFollower], *, in_order: bool) -> Iterator[tuple[int, LogItem | FollowFailed]]:
    """Yield the items of readings, each with its place among them: as they come, or one reading after the other.

    An error ends one reading, and is yielded; ReaderGone and LimitReached end all, and are raised.
    """
    if len(followers) == 1:
        for item in _items(followers[0]):
            yield 0, item
    elif in_order:
        yield from _one_after_the_other(followers)
    else:
        yield from _as_they_come(followers)


def _items(follower: LogFollower) -> Iterator[LogItem | FollowFailed]:
    try:
        yield from follower.items()
    except (ReaderGone, LimitReached):
        raise
    except HfJobsError as error:
        yield FollowFailed(error)


_Queue = queue.Queue["tuple[int, LogItem | FollowFailed | BaseException | None]"]


def _as_they_come(followers: Sequence[LogFollower]) -> Iterator[tuple[int, LogItem | FollowFailed]]:
    queued: _Queue = queue.Queue(MAX_QUEUED)
    for place, follower in enumerate(followers):
        _start(place, follower, queued)
    left = len(followers)
    while left:
        place, item = _next(queued)
        if item is None:
            left -= 1
        else:
            yield place, item


def _one_after_the_other(followers: Sequence[LogFollower]) -> Iterator[tuple[int, LogItem | FollowFailed]]:
    queues: list[_Queue] = []
    for place in range(len(followers)):
        for started in range(len(queues), min(place + MAX_FOLLOWED, len(followers))):
            queues.append(queue.Queue(MAX_QUEUED))
            _start(started, followers[started], queues[started])
        while (item := _next(queues[place])[1]) is not None:
            yield place, item


def _start(place: int, follower: LogFollower, queued: _Queue) -> None:
    def work() -> None:
        try:
            for item in _items(follower):
                queued.put((place, item))
        except BaseException as error:
            queued.put((place, error))
        else:
            queued.put((place, None))

    start_thread(work)


def _next(queued: _Queue) -> tuple[int, LogItem | FollowFailed | None]:
    while True:
        try:
            place, item = queued.get(timeout=WAIT_SLICE_SECS)  # on Windows Ctrl-C is noticed only between two waits
        except queue.Empty:
            continue
        if isinstance(item, BaseException):
            raise item
        return place, item
