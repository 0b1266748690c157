"""Run requests in parallel or in the background, with limits in number and time. All threads start here."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

from hfjobs_cli.errors import HfJobsError, LimitReached, NotLoggedIn, Unavailable

A = TypeVar("A")
T = TypeVar("T")

MAX_PARALLEL = 32
"""How many requests may be under way at a time."""

WAIT_SLICE_SECS = 0.1
"""The longest wait in one piece: on Windows Ctrl-C is noticed only between two waits."""

MAX_FOLLOWED = 20
"""How many logs are followed at once unless the user asks for more: each takes two threads and two descriptors."""


def map_parallel(function: Callable[[A], T], items: Sequence[A]) -> list[T]:
    """Return `function` of each item in order, called in several threads; raises what one of them raised."""
    return list(iter_parallel(function, items))


def iter_parallel(function: Callable[[A], T], items: Sequence[A], most: int = MAX_PARALLEL) -> Iterator[T]:
    """Yield `function` of each item in order, called in up to `most` threads; raises what one of them raised.

    Items that have not been started when the iterator is closed are skipped.
    """
    if len(items) < 2:
        yield from map(function, items)
        return
    results: dict[int, T] = {}
    errors: list[BaseException] = []
    todo = deque(enumerate(items))
    changed = threading.Condition()

    def work() -> None:
        while not errors:
            try:
                place, item = todo.popleft()
            except IndexError:
                return
            try:
                result = function(item)
            except BaseException as error:
                errors.append(error)
            else:
                results[place] = result
            with changed:
                changed.notify()

    try:
        threads = 0
        while threads < min(most, len(items)) and _has_started(work):
            threads += 1
        if not threads:
            work()
        for place in range(len(items)):
            with changed:
                while not (place in results or errors):
                    changed.wait(WAIT_SLICE_SECS)
            if errors:
                raise errors[0]
            yield results.pop(place)
    finally:
        todo.clear()


def results_parallel(function: Callable[[A], T], items: Sequence[A]) -> Iterator[T | HfJobsError]:
    """Yield `function` of each item in order, or the error that it raised, called in parallel.

    Raises NotLoggedIn instead of yielding it, as every call would raise it.
    """
    down: list[Unavailable] = []

    def attempt(item: A) -> T | HfJobsError:
        if down:
            return down[0]  # each of them would wait through the same retries
        try:
            return function(item)
        except NotLoggedIn:
            raise
        except Unavailable as error:
            down.append(error)
            return error
        except HfJobsError as error:
            return error

    return iter_parallel(attempt, items)


def call_with_timeout(function: Callable[[], T], seconds: float) -> T:
    """Return what `function` returns, or raise what it raises; TimeoutError if it has not ended after `seconds`.

    The thread in which it is called goes on after a timeout: a lookup of a host name, for one, cannot be canceled.
    """
    later = BackgroundCall(function)
    later.start()
    return later.result(seconds)


class BackgroundCall(Generic[T]):
    """A call of a function in a thread. It goes on even if its caller is interrupted while waiting for the result."""

    def __init__(self, function: Callable[[], T]) -> None:
        """Prepare the call; `start` starts it."""
        self._function = function
        self._results: list[T] = []
        self._errors: list[BaseException] = []
        # `Thread.is_alive` is no help: after an interrupted `join` Python takes the thread for ended.
        self._done = threading.Event()
        self.has_started = False

    def start(self) -> None:
        """Call the function in a thread, or here if the system allows no more threads."""
        self.has_started = True
        if not _has_started(self.run):
            self.run()

    def result(self, seconds: float = math.inf) -> T:
        """Return the result of the function, or raise its exception. Raises TimeoutError after `seconds`."""
        end = time.monotonic() + seconds
        while not self._done.is_set() and time.monotonic() < end:
            self._done.wait(max(0.0, min(WAIT_SLICE_SECS, end - time.monotonic())))
        if self._errors:
            raise self._errors[0]
        if not self._results:
            raise TimeoutError
        return self._results[0]

    @property
    def is_done(self) -> bool:
        """Return whether the function has returned or raised."""
        return self._done.is_set()

    def run(self) -> None:
        """Call the function in this thread."""
        try:
            self._results.append(self._function())
        except BaseException as error:
            self._errors.append(error)
        finally:
            self._done.set()


def started(function: Callable[[], T]) -> BackgroundCall[T]:
    """Call `function` in a thread, and return the call. Raises LimitReached if the system allows no more threads."""
    call = BackgroundCall(function)
    call.has_started = True
    start_thread(call.run)
    return call


def start_thread(work: Callable[[], object]) -> None:
    """Call `work` in a daemon thread. Raises LimitReached if the system allows no more threads."""
    if not _has_started(work):
        raise LimitReached(
            f"cannot start more threads: {threading.active_count()} are running",
            hint="follow fewer jobs at once, or raise the limit on processes: ulimit -u",
        )


def _has_started(work: Callable[[], object]) -> bool:
    """Call `work` in a daemon thread; return False if the system allows no more threads."""
    try:
        threading.Thread(target=work, daemon=True).start()
    except RuntimeError:
        return False
    return True


class Prefetch(Iterator[T]):
    """Reads an iterator in a thread, from the start, up to `count` items ahead of its reader."""

    def __init__(self, items: Iterator[T], count: int) -> None:
        """Start to read `items`, which nothing else may read."""
        self._items = items
        self._count = count
        self._made: deque[T] = deque()
        self._error: BaseException | None = None
        self._is_over = False
        self._changed = threading.Condition()
        self._is_ahead = _has_started(self._make)  # else items are read when they are needed

    def __next__(self) -> T:
        """Return the next item; raises what reading it raised."""
        if not self._is_ahead:
            return next(self._items)
        with self._changed:
            while not self._made and not self._is_over:
                self._changed.wait(WAIT_SLICE_SECS)
            if self._made:
                self._changed.notify_all()
                return self._made.popleft()
            if self._error is not None:
                raise self._error
            raise StopIteration

    def close(self) -> None:
        """Stop reading."""
        with self._changed:
            self._is_over = True
            self._changed.notify_all()

    def _make(self) -> None:
        """Read items until the reader has closed; wait while `count` of them are not taken yet."""
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
