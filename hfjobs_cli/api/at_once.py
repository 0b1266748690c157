"""Many requests at a time."""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

A = TypeVar("A")
T = TypeVar("T")

MAX_AT_ONCE = 32
"""How many requests may be under way at a time."""


def map_at_once(function: Callable[[A], T], items: Sequence[A]) -> list[T]:
    """Return `function` of each item in order, called in several threads; raises what one of them raised.

    The threads are daemons: Ctrl-C ends the program at once, where a thread pool would first wait for its requests.
    """
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
        while thread.is_alive():
            thread.join(0.1)  # on Windows Ctrl-C is noticed only between two waits
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(items))]
