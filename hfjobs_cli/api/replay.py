"""What is new in a log that begins again at each connection: every event once, in order, and none left out.

The Hub numbers no events and sends all of them, from the first, to whoever connects. Normally those that were taken are
counted and passed over, while a checksum tells whether they are the same. Where their number is not known, after
`tail`, or where the Hub no longer has the first ones, the place is found by the last events that were taken, compared
as a sequence. Nothing here knows of connections, and the memory that it takes does not grow.
"""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from itertools import chain
from operator import itemgetter

HEADER = "===== Job started"
"""How the line begins that the Hub puts before the output of each attempt. It is no line of the job's own."""

REMEMBERED = 1024
"""How many of the last lines are remembered, each as a number."""

COMPARED_FIRST = 16
"""How many of the first events are compared one by one, so that it is seen at once if they are others."""

MAX_HELD = 20_000
"""How many events may be held back until it is known whether they are new."""


Line = tuple["str | None", str]
"""When a line came, as the Hub spells it, and its text. That of all lines of a long output is quickly made."""

_TIME_AND_TEXT = itemgetter("timestamp", "data")


def is_header(line: Line) -> bool:
    """Tell whether a line begins an attempt, and is none of the job's own."""
    return line[1].startswith(HEADER)


def parse_lines(events: Sequence[str], odd: Callable[[str], None] = lambda _event: None) -> list[Line]:
    """Return the lines in the data of events; `odd` is told of each that holds none.

    They are parsed in one piece, which takes half the time.
    """
    with suppress(ValueError, RecursionError, LookupError, TypeError):
        values = json.loads(f"[{','.join(events)}]")
        lines: list[Line] = list(map(_TIME_AND_TEXT, values))
        if len(lines) == len(events) and set(map(type, chain.from_iterable(lines))) <= {str}:
            return lines
    found = []
    for event in events:
        line = _parse(event)
        if line is not None:
            found.append(line)
        else:
            odd(event)
    return found


def _parse(event: str) -> Line | None:
    try:
        value = json.loads(event)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("data"), str):
        return None
    timestamp = value.get("timestamp")
    return timestamp if isinstance(timestamp, str) else None, value["data"]


def _moment(timestamp: str | None) -> str:
    """Return a text by which moments in UTC compare: `...:43` before `...:43.162`, which the Z would turn round."""
    return (timestamp or "").rstrip("Zz")


class _Index:
    """The first events of a log, up to some number: how many they are, their checksum, and the very first ones."""

    def __init__(self) -> None:
        self.count = 0
        self.checksum = 0
        self.first: list[str] = []

    def add(self, events: Sequence[str]) -> None:
        if self.count < COMPARED_FIRST:
            self.first += events[: COMPARED_FIRST - self.count]
        self.count += len(events)
        self.checksum = zlib.crc32("\n".join([*events, ""]).encode("utf-8", "surrogatepass"), self.checksum)

    def begins_as(self, other: _Index) -> bool:
        """Tell whether this can be the beginning of another."""
        return all(a == b for a, b in zip(self.first, other.first, strict=False))


class Replay:
    """What was taken of one log, and what is new of what comes.

    Call `begin` at each connection, `take` with what comes, `settle` when nothing came for a moment or no more will.
    """

    def __init__(self, tail: int | None = None, told: Callable[[str], None] = lambda _text: None) -> None:
        """Take all of the log, or what comes from its last `tail` lines on.

        `told` is told, once, if the Hub does not have all that it had.
        """
        self._tail = tail
        self._asked = tail
        self._tell: Callable[[str], None] = told
        self._index: _Index | None = _Index() if tail is None else None
        self._recent: deque[int] = deque(maxlen=REMEMBERED)
        self._lines = 0
        self._headers: deque[str] = deque(maxlen=64)
        self._latest = ""
        self._begins_later = False  # the Hub has dropped the first events
        self._overlaps = True  # the last lines that it is asked for can be those that were asked for before
        self._since = ""
        self._finder: _Counted | _Overlap | _Search | None = None
        self.is_astray = False

    @property
    def is_settled(self) -> bool:
        """Tell whether the place is found, so that all that comes is new."""
        return self._finder is None

    def begin(self) -> int | None:
        """Return how many lines to ask for at a new connection, None for all. The events of that are to be taken."""
        self.is_astray = False
        index = self._index
        if index is not None and not self._begins_later:
            self._finder = _Counted(index) if index.count else None
            return None
        if self._may_overlap(self._tail):
            self._finder = _Overlap(list(self._recent)) if self._lines else None
            return self._tail
        self._finder = _Search(list(self._recent), self._latest, self._since)
        return None

    def _may_overlap(self, tail: int | None) -> bool:
        """Tell whether the same lines as before can be asked for, until all of them have come."""
        if tail is None or not self._overlaps or self._lines > REMEMBERED:
            return False
        return self._lines < tail or (self._lines == tail and not self._since)

    def answered(self, moment: datetime) -> None:
        """Take note of when the first answer came, by the clock of the Hub: what it leaves out is older."""
        self._since = self._since or f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}"

    def take(self, events: Sequence[str]) -> Sequence[str]:
        """Return those of the events that are new. If it `is_astray` then the connection is of no use any more."""
        finder = self._finder
        if finder is None:
            return self._taken(events, self._index)
        try:
            new = finder.take(events, self._latest)
        except _Astray as error:
            self._lose(error)
            return ()
        return () if new is None else self._found(finder, new)

    def has_last(self, events: Sequence[str], asked: int) -> bool:
        """Tell whether the last events that there are, of `asked` lines, are the last that were taken.

        Where they would also fit further back, as equal lines that came at one moment do, nobody knows.
        """
        lines = [event for event in events if not _is_header(event)]
        if any(event not in self._headers for event in events if _is_header(event)):
            return False
        if not lines:
            return True
        if not self._recent:
            return self._asked == 0 and _moment_of(lines[-1]) < self._since
        if self._asked is None and self._lines < len(lines):
            return False
        last = list(self._recent)[-len(lines) :]
        if list(map(hash, lines[-len(last) :])) != last:
            return False
        return len(lines) < asked or not any(last[by:] == last[:-by] for by in range(1, len(last)))

    def settle(self) -> Sequence[str]:
        """Return what was held back, now that nothing comes."""
        finder = self._finder
        new = None if finder is None else finder.settle()
        return () if finder is None or new is None else self._found(finder, new)

    def _lose(self, error: _Astray) -> None:
        self.is_astray = True
        if isinstance(self._finder, _Overlap):
            self._overlaps = False
        else:
            self._begins_later = True
            self._tell(str(error))

    def _found(self, finder: _Counted | _Overlap | _Search, new: Sequence[str]) -> Sequence[str]:
        """Go on from the place that was found."""
        if isinstance(finder, _Search):
            self._index = finder.index
            self._tail = None
            if finder.is_lost:
                self._tell("some lines may be missing: the Hub does not have the last one that came before")
        self._finder = None
        return self._taken(new, self._index if isinstance(finder, _Counted) else None)

    def _taken(self, events: Sequence[str], index: _Index | None) -> Sequence[str]:
        lines = events
        if HEADER in "\n".join(events):
            if index is None:  # then a header is not where it was in the output, but above it, and may have been there
                events = [event for event in events if event not in self._headers]
            self._headers.extend(event for event in events if _is_header(event))
            lines = [event for event in events if not _is_header(event)]
        if index is not None:
            index.add(events)
        self._lines += len(lines)
        self._recent.extend(map(hash, lines))
        return events

    def note(self, lines: Sequence[Line]) -> None:
        """Take note of when the lines that were taken came."""
        times = [time for time, _ in lines if time]
        if len(set(map(len, times))) > 1:
            times = list(map(_moment, times))
        self._latest = max(self._latest, _moment(max(times, default="")))


class _Astray(Exception):
    """What comes is not what came before."""


def _is_header(event: str) -> bool:
    line = _parse(event) if HEADER in event else None
    return line is not None and is_header(line)


def _moment_of(event: str) -> str:
    line = _parse(event)
    return "" if line is None else _moment(line[0])


class _Counted:
    """The place is after as many events as were taken."""

    def __init__(self, taken: _Index) -> None:
        self._taken = taken
        self._here = _Index()

    def take(self, events: Sequence[str], latest: str) -> Sequence[str] | None:
        """Return what is behind the place, None before that. Raises _Astray if it is another log."""
        passed = events[: self._taken.count - self._here.count]
        if passed:
            self._here.add(passed)
            if not self._here.begins_as(self._taken):
                raise _Astray("the Hub does not have the first lines any more; going on after the last one that came")
            if _moment_of(passed[-1]) > latest:
                raise _Astray("the Hub does not have all lines any more; going on after the last one that came")
        if self._here.count < self._taken.count:
            return None
        if self._here.checksum != self._taken.checksum:
            raise _Astray("the Hub has other lines than before; going on after the last one that came")
        return events[len(passed) :]

    def settle(self) -> None:
        """Go on waiting: what comes late are events that were taken."""


class _Overlap:
    """The place is found in the last lines, asked for again, when all that were taken are known.

    They are the same but for those that have come since, which as many at their beginning make room for: as few as
    fit.
    """

    def __init__(self, taken: Sequence[int]) -> None:
        self._taken = taken
        self._shifts = list(range(len(taken)))
        self._lines = 0
        self._held: list[str] = []  # lines, and headers among them
        self._places: list[int] = []  # of lines in that

    def take(self, events: Sequence[str], _latest: str) -> Sequence[str] | None:
        """Return what is behind the place, None before that. Raises _Astray if there is no such place."""
        for at, event in enumerate(events):
            self._held.append(event)
            if not _is_header(event):
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
            raise _Astray("more lines have come than were asked for")

    def _behind(self, lines: int) -> list[str]:
        """Return what was held back of what comes after so many lines, and headers before them."""
        place = self._places[lines - 1]
        return [event for event in self._held[:place] if _is_header(event)] + self._held[place:]


class _Search:
    """The place is behind the last of the lines that were taken, wherever that is in the log.

    Where they fit several times, as equal lines do, it is the last of these places. It is certain when something comes
    that is newer than all that was taken.
    """

    def __init__(self, taken: list[int], latest: str, since: str) -> None:
        self._taken = taken
        self._known = set(taken)
        self._latest = latest
        self._since = since
        self._window: deque[int] = deque(maxlen=len(taken))
        self._is_found = False
        self._held: list[str] = []
        self.index = _Index()
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
            return bool(self._since) and _moment_of(event) >= self._since
        return _moment_of(event) > self._latest

    def _hold(self, event: str) -> None:
        """Keep an event if it can be new."""
        if _is_header(event):
            if self._is_found:
                self._held.append(event)
            return
        key = hash(event)
        self._window.append(key)
        if self._fits(key):
            self._is_found = True
            self._held = []
        elif self._is_found or (self._taken and key not in self._known and _moment_of(event) == self._latest):
            self._held.append(event)

    def _fits(self, key: int) -> bool:
        """Tell whether the last lines are the last that were taken. The log may begin in the middle of those."""
        if not self._taken or key != self._taken[-1]:
            return False
        return list(self._window) == self._taken[-len(self._window) :]
