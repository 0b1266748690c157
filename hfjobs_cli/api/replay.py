"""What is new in a log that begins again at each connection: every event once, in order, and none left out.

The Hub numbers no events and sends all of them, from the first, to whoever connects. Normally those that were taken are
counted and passed over, while a checksum tells whether they are the same. Where their number is not known, after
`tail`, or where the Hub no longer has the first ones, the place is found by the last events that were taken, compared
as a sequence. Nothing here knows of connections, and the memory that it takes does not grow.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from hfjobs_cli.api.log_lines import HEADER, Line, comparable, is_header_event, moment_of
from hfjobs_cli.api.resuming import Astray, Counted, Index, Overlap, Search

REMEMBERED = 1024
"""How many of the last lines are remembered, each as a number."""


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
        self._index: Index | None = Index() if tail is None else None
        self._recent: deque[int] = deque(maxlen=REMEMBERED)
        self._lines = 0
        self._headers: deque[str] = deque(maxlen=64)
        self._latest = ""
        self._begins_later = False  # the Hub has dropped the first events
        self._overlaps = True  # the last lines that it is asked for can be those that were asked for before
        self._since = ""
        self._finder: Counted | Overlap | Search | None = None
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
            self._finder = Counted(index) if index.count else None
            return None
        if self._may_overlap(self._tail):
            self._finder = Overlap(list(self._recent)) if self._lines else None
            return self._tail
        self._finder = Search(list(self._recent), self._latest, self._since)
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
        except Astray as error:
            self._lose(error)
            return ()
        return () if new is None else self._found(finder, new)

    def has_last(self, events: Sequence[str], asked: int) -> bool:
        """Tell whether the last events that there are, of `asked` lines, are the last that were taken.

        Where they would also fit further back, as equal lines that came at one moment do, nobody knows.
        """
        lines = [event for event in events if not is_header_event(event)]
        if any(event not in self._headers for event in events if is_header_event(event)):
            return False
        if not lines:
            return True
        if not self._recent:
            return self._asked == 0 and moment_of(lines[-1]) < self._since
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

    def _lose(self, error: Astray) -> None:
        self.is_astray = True
        if isinstance(self._finder, Overlap):
            self._overlaps = False
        else:
            self._begins_later = True
            self._tell(str(error))

    def _found(self, finder: Counted | Overlap | Search, new: Sequence[str]) -> Sequence[str]:
        """Go on from the place that was found."""
        if isinstance(finder, Search):
            self._index = finder.index
            self._tail = None
            if finder.is_lost:
                self._tell("some lines may be missing: the Hub does not have the last one that came before")
        self._finder = None
        return self._taken(new, self._index if isinstance(finder, Counted) else None)

    def _taken(self, events: Sequence[str], index: Index | None) -> Sequence[str]:
        lines = events
        if HEADER in "\n".join(events):
            if index is None:  # then a header is not where it was in the output, but above it, and may have been there
                events = [event for event in events if event not in self._headers]
            self._headers.extend(event for event in events if is_header_event(event))
            lines = [event for event in events if not is_header_event(event)]
        if index is not None:
            index.add(events)
        self._lines += len(lines)
        self._recent.extend(map(hash, lines))
        return events

    def note(self, lines: Sequence[Line]) -> None:
        """Take note of when the lines that were taken came."""
        times = [time for time, _ in lines if time]
        if len(set(map(len, times))) > 1:
            times = list(map(comparable, times))
        self._latest = max(self._latest, comparable(max(times, default="")))
