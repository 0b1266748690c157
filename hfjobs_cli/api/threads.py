"""Many requests at a time, and a limit to the time that one may take.

The threads are daemons: Ctrl-C ends the program at once, where a thread pool would first wait for its requests.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")

MAX_AT_ONCE = 32
"""How many requests may be under way at a time."""


def map_at_once(function: Callable[[A], T], items: Sequence[A]) -> list[T]:
    """Return `function` of each item in order, called in several threads; raises what one of them raised."""
    if len(items) < 2:
        return [function(item) for item in items]
    results: dict[int, T] = {}
    errors: list[BaseException] = []
    todo = deque(enumerate(items))

    def work() -> None:
        while not errors:
            try:
                place, item = todo.popleft()
            except IndexError:
                return
            try:
                results[place] = function(item)
            except BaseException as error:
                errors.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(MAX_AT_ONCE, len(items)))]
    with suppress(RuntimeError):  # no more threads allowed here; those that started do it all
        for thread in threads:
            thread.start()
    if not threads[0].is_alive():
        work()
    for thread in threads:
        _wait(thread)
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(items))]


def in_time(function: Callable[[], T], seconds: float) -> T:
    """Return what `function` returns, or raise what it raises; TimeoutError if it has not ended after `seconds`.

    It is called in a thread, which is then left to itself: looking up a host name, for one, cannot be ended.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=work, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no more threads allowed here
        work()
    _wait(thread, seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]


def _wait(thread: threading.Thread, seconds: float = math.inf) -> None:
    """Wait until a thread ends, or for some seconds. On Windows Ctrl-C is noticed only between two waits."""
    end = time.monotonic() + seconds
    while thread.is_alive() and time.monotonic() < end:
        thread.join(min(0.1, end - time.monotonic()))


class Ahead(Iterator[T]):
    """What an iterator yields, made in a thread that begins at once, and stays up to `count` items ahead."""

    def __init__(self, items: Iterator[T], count: int) -> None:
        """Take from `items`, which nobody else may take from."""
        self._items = items
        self._count = count
        self._made: deque[T] = deque()
        self._error: BaseException | None = None
        self._is_over = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._make, daemon=True)
        with suppress(RuntimeError):  # no more threads allowed here, so that they are made when they are taken
            self._thread.start()

    def __next__(self) -> T:
        """Return the next item; raises what making it raised."""
        if self._thread.ident is None:
            return next(self._items)
        with self._changed:
            while not self._made and not self._is_over:
                self._changed.wait(0.1)  # on Windows Ctrl-C is noticed only between two waits
            if self._made:
                self._changed.notify_all()
                return self._made.popleft()
            if self._error is not None:
                raise self._error
            raise StopIteration

    def close(self) -> None:
        """Make no more."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _make(self) -> None:
        try:
            for item in self._items:
                with self._changed:
                    self._made.append(item)
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._is_over or len(self._made) < self._count)
                    if self._is_over:
                        return
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()
