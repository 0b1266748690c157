"""Where to go on in a log that begins again: after as many events as were taken, or where the last of them are.

Of each way: `take` what comes until the place is found, `settle` when nothing comes; both return what is behind it.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Sequence

from hfjobs_cli.api.log_lines import is_header_event, moment_of

COMPARED_FIRST = 16
"""How many of the first events are compared one by one, so that it is seen at once if they are others."""

MAX_HELD = 20_000
"""How many events may be held back until it is known whether they are new."""


class Astray(Exception):
    """What comes is not what came before."""


class Index:
    """The first events of a log, up to some number: how many they are, their checksum, and the very first ones."""

    def __init__(self) -> None:
        """Hold none."""
        self.count = 0
        self.checksum = 0
        self.first: list[str] = []

    def add(self, events: Sequence[str]) -> None:
        """Add what comes next."""
        if self.count < COMPARED_FIRST:
            self.first += events[: COMPARED_FIRST - self.count]
        self.count += len(events)
        self.checksum = zlib.crc32("\n".join([*events, ""]).encode("utf-8", "surrogatepass"), self.checksum)

    def begins_as(self, other: Index) -> bool:
        """Tell whether this can be the beginning of another."""
        return all(a == b for a, b in zip(self.first, other.first, strict=False))


class Counted:
    """The place is after as many events as were taken."""

    def __init__(self, taken: Index) -> None:
        """Look behind the events that were taken."""
        self._taken = taken
        self._here = Index()

    def take(self, events: Sequence[str], latest: str) -> Sequence[str] | None:
        """Return what is behind the place, None before that. Raises Astray if it is another log."""
        passed = events[: self._taken.count - self._here.count]
        if passed:
            self._here.add(passed)
            if not self._here.begins_as(self._taken):
                raise Astray("the Hub does not have the first lines any more; going on after the last one that came")
            if moment_of(passed[-1]) > latest:
                raise Astray("the Hub does not have all lines any more; going on after the last one that came")
        if self._here.count < self._taken.count:
            return None
        if self._here.checksum != self._taken.checksum:
            raise Astray("the Hub has other lines than before; going on after the last one that came")
        return events[len(passed) :]

    def settle(self) -> None:
        """Go on waiting: what comes late are events that were taken."""


class Overlap:
    """The place is found in the last lines, asked for again, when all that were taken are known.

    They are the same but for those that have come since, which as many at their beginning make room for: as few as
    fit.
    """

    def __init__(self, taken: Sequence[int]) -> None:
        """Look behind all lines that were taken, each as a number."""
        self._taken = taken
        self._shifts = list(range(len(taken)))
        self._lines = 0
        self._held: list[str] = []  # lines, and headers among them
        self._places: list[int] = []  # of lines in that

    def take(self, events: Sequence[str], _latest: str) -> Sequence[str] | None:
        """Return what is behind the place, None before that. Raises Astray if there is no such place."""
        for at, event in enumerate(events):
            self._held.append(event)
            if not is_header_event(event):
                self._places.append(len(self._held))
                self._compare(hash(event))
                lines = len(self._taken) - self._shifts[0]
                if lines <= self._lines:
                    return [*self._behind(lines), *events[at + 1 :]]
        return None

    def settle(self) -> Sequence[str] | None:
        """Return what is behind the place if all lines that there are have come."""
        size = len(self._taken)
        whole = [shift for shift in self._shifts if shift + self._lines >= size]
        return self._behind(size - whole[0]) if whole else None

    def _compare(self, key: int) -> None:
        size, at = len(self._taken), self._lines
        self._shifts = [shift for shift in self._shifts if shift + at >= size or self._taken[shift + at] == key]
        self._lines += 1
        if not self._shifts:
            raise Astray("more lines have come than were asked for")

    def _behind(self, lines: int) -> list[str]:
        """Return what was held back of what comes after so many lines, and headers before them."""
        place = self._places[lines - 1]
        return [event for event in self._held[:place] if is_header_event(event)] + self._held[place:]


class Search:
    """The place is behind the last of the lines that were taken, wherever that is in the log.

    Where they fit several times, as equal lines do, it is the last of these places. It is certain when something comes
    that is newer than all that was taken.
    """

    def __init__(self, taken: list[int], latest: str, since: str) -> None:
        """Look behind the last lines that were taken, none of which is newer than `latest`.

        If none was taken, what came from `since` on is new.
        """
        self._taken = taken
        self._known = set(taken)
        self._latest = latest
        self._since = since
        self._window: deque[int] = deque(maxlen=len(taken))
        self._is_found = False
        self._held: list[str] = []
        self.index = Index()
        self.is_lost = False

    def take(self, events: Sequence[str], _latest: str) -> Sequence[str] | None:
        """Return what is behind the place, None before that."""
        self.index.add(events)
        for at, event in enumerate(events):
            if self._is_new(event) or len(self._held) > MAX_HELD:
                self.is_lost = bool(self._taken) and not self._is_found
                return [*self._held, *events[at:]]
            self._hold(event)
        return None

    def settle(self) -> Sequence[str] | None:
        """Return what is behind the place, if it was found."""
        return self._held if self._is_found else None

    def _is_new(self, event: str) -> bool:
        if not self._taken:
            return bool(self._since) and moment_of(event) >= self._since
        return moment_of(event) > self._latest

    def _hold(self, event: str) -> None:
        """Keep an event if it can be new."""
        if is_header_event(event):
            if self._is_found:
                self._held.append(event)
            return
        key = hash(event)
        self._window.append(key)
        if self._fits(key):
            self._is_found = True
            self._held = []
        elif self._is_found or (self._taken and key not in self._known and moment_of(event) == self._latest):
            self._held.append(event)

    def _fits(self, key: int) -> bool:
        """Tell whether the last lines are the last that were taken. The log may begin in the middle of those."""
        if not self._taken or key != self._taken[-1]:
            return False
        return list(self._window) == self._taken[-len(self._window) :]
