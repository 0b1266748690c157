"""What is new in a log that begins again at each connection: every line once, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from enum import Enum

from hfjobs_cli.hub.log_lines import HEADER, Line, comparable, is_header
from hfjobs_cli.hub.log_position import REMEMBERED, Astray, Counted, Search, Since, Taken, without

MAX_HEADERS = 1024
"""How many headers are remembered."""

MOST_SHORT_REPLAYS = 2
"""After how many replays in a row that end before the place it is looked for in another way."""


FEW = 3
"""How many lines in a row are no proof, if their timestamps do not tell, unless they are all that were taken."""


class Check(Enum):
    """What the last lines that the Hub has say of those that were taken."""

    SAME = "they are the last that were taken"
    MORE = "there are others"
    ALIKE = "they may be the last that were taken, or not, as some are alike"
    NOTHING = "too few came to tell"


class Replay:
    """What was taken of one log, and what is new of what comes.

    Call `begin` at each connection, `take` with what comes, `settle` when nothing came for a moment, and `end` when no
    more will.
    """

    def __init__(self, tail: int | None = None, told: Callable[[str], None] = lambda _text: None) -> None:
        """Take all of the log, or what comes from its last `tail` lines on.

        `told` is told, once, if the Hub does not have all that it had.
        """
        self._tail = tail
        self._tell: Callable[[str], None] = told
        self._taken = Taken()
        self._headers: dict[str, None] = {}
        self._is_counted = tail is None  # the Hub has the first lines, and how many came is known
        self._overlaps = True  # the last lines that it is asked for can be those that were asked for before
        self._since = ""
        self._finder: Counted | Search | Since | None = None
        self._expected: Counter[int] = Counter()  # lines that were taken, and come again after the place
        self._keeps_times: bool | None = None
        self._short_replays = 0
        self.is_astray = False
        self.ends_early = False
        """Whether the Hub has ended a stream as if that were all, before what had come of another."""
        self.has_lost = False
        """Whether lines may be lost, as the Hub does not have the last one that came before."""

    @property
    def count(self) -> int:
        """How many lines were taken, without headers."""
        return self._taken.count

    @property
    def is_settled(self) -> bool:
        """Tell whether the place is found, so that all that comes is new."""
        return self._finder is None

    @property
    def is_held(self) -> bool:
        """Tell whether lines may be held back that are new."""
        return isinstance(self._finder, Search) and self._finder.has_candidate

    @property
    def is_doubtful(self) -> bool:
        """Tell whether lines are held back behind a place that may be a coincidence, and the true one still to come."""
        return isinstance(self._finder, Search) and self._finder.has_candidate and self._finder.is_doubtful

    @property
    def has_enough(self) -> bool:
        """Tell whether as many lines were taken as were asked for, and at least one."""
        return self._tail == 0 or self.count >= (self._tail or 1)

    def begin(self) -> int | None:
        """Return how many lines to ask for at a new connection, None for all. The lines of that are to be taken."""
        self.is_astray = False
        self._expected = Counter()
        taken = self._taken
        if not taken.count:
            is_later = self._tail == 0 and bool(self._since)
            self._finder = Since(self._since) if is_later else None
            return None if is_later else self._tail
        if self._is_counted:
            self._finder = Counted(taken)
            return None
        if self._tail is not None and taken.count < self._tail and taken.count <= REMEMBERED and self._overlaps:
            # Lines that were stamped anew are not found so: then all are asked for.
            is_by_text = not taken.is_stamped
            self._finder = Search(taken, anchored=True, keeps_times=self._keeps_times, by_text=is_by_text)
            return self._tail
        self._finder = self._search()
        return None

    def _search(self) -> Search:
        """Return what looks for the last lines in all that there are, which may begin after them, or before."""
        is_anchored = self._tail is None and self._taken.count <= REMEMBERED
        return Search(self._taken, anchored=is_anchored, keeps_times=self._keeps_times)

    def answered(self, moment: datetime) -> None:
        """Take note of when the first answer came, by the clock of the Hub: what was there before is older."""
        self._since = self._since or f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}"

    def take(self, lines: list[Line]) -> list[Line]:
        """Return those of the lines that are new. If it `is_astray` then the connection is of no use any more."""
        if HEADER not in "\n".join([text for _, text in lines]):
            return self._take(lines)
        new: list[Line] = []
        begun = 0
        for at, line in enumerate(lines):
            if is_header(line):
                new += self._take(lines[begun:at])
                begun = at + 1
                new += self._take_header(line)
        return new + self._take(lines[begun:])

    def _take_header(self, line: Line) -> list[Line]:
        """Return a header if it is new. With the last lines comes that above them, which may have come before."""
        is_new = line[1] not in self._headers and not isinstance(self._finder, Counted)
        if is_new and len(self._headers) < MAX_HEADERS:
            self._headers[line[1]] = None
        # Before the place there may be attempts of which no line was asked for.
        return [line] if is_new and (self._finder is None or self.is_held) else []

    def _take(self, lines: list[Line]) -> list[Line]:
        finder = self._finder
        if finder is None:
            lines = without(lines, self._expected) if self._expected else lines
            self._taken.add(lines)
            return lines
        if self.is_astray or not lines:
            return []
        try:
            new = finder.take(lines)
        except Astray as error:
            self._lose(str(error))
            if error.passed is None:
                return []
            # It is looked for here, as the Hub may have dropped more by the next connection.
            self.is_astray = False
            self._finder = self._search()
            return self._take([*error.passed, *lines])
        if isinstance(finder, Search) and finder.is_hopeless and self._tail is not None:
            self._overlaps = False  # more lines have come than were asked for
            self.is_astray = True
            return []
        return [] if new is None else self._found(new)

    def settle(self) -> list[Line]:
        """Return what was held back, now that nothing comes."""
        new = self._finder.settle(is_last=False) if isinstance(self._finder, Search) else None
        return [] if new is None else self._found(new)

    def end(self, *, is_whole: bool) -> list[Line]:
        """Return what was held back, now that nothing will come.

        A log that `is_whole`, and ends before the place again and again, is another one than before.
        """
        finder = self._finder
        if finder is None:
            self._short_replays = 0
        elif is_whole:
            self._short_replays += 1
            self.ends_early = True
        if self._short_replays >= MOST_SHORT_REPLAYS:
            self.lose_place()
        # What is newer may be what was taken, stamped anew, and broken off before the place.
        is_last = bool(self._keeps_times) or self._short_replays >= MOST_SHORT_REPLAYS
        new = finder.settle(is_last=is_last) if isinstance(finder, Search) else None
        return [] if new is None else self._found(new)

    def lose_place(self) -> None:
        """Look for the place in another way at the next connection, as so many lines do not come any more."""
        if isinstance(self._finder, Counted):
            self._lose("the Hub does not have all lines any more; going on after the last one that came")

    def _lose(self, why: str) -> None:
        self.is_astray = True
        if self._is_counted:
            self._is_counted = False
            self._tell(why)

    def _found(self, new: list[Line]) -> list[Line]:
        """Go on from the place that was found."""
        finder = self._finder
        self._finder = None
        if finder is not None:
            self._expected = finder.expected
            self._keeps_times = finder.keeps_times if self._keeps_times is None else self._keeps_times
        if isinstance(finder, Search) and finder.is_lost:
            self.has_lost = True
            self._tell("some lines may be missing: the Hub does not have the last one that came before")
        self._taken.add(new)
        return new

    def check(self, lines: Sequence[Line], asked: int, *, is_whole: bool) -> Check:
        """Compare the last lines that there are, of `asked` ones, with those that were taken.

        If it `is_whole`, there are no more than these: the server has ended the answer.
        """
        if any(line[1] not in self._headers for line in lines if is_header(line)):
            return Check.MORE
        lines = [line for line in lines if not is_header(line)][-asked:]
        taken = self._taken
        if not taken.count:
            return self._check_nothing(lines, is_whole=is_whole)
        if not lines:
            return Check.NOTHING
        keys, texts = list(map(hash, lines)), [hash(text) for _, text in lines]
        recent, recent_texts = list(taken.recent), list(taken.recent_texts)
        has_dropped = is_whole and self._tail is None and not self._is_counted
        is_short = len(lines) < asked and (not is_whole or len(lines) < taken.count) and not has_dropped
        is_by_text = False
        is_same = keys[-taken.count :] == recent[-len(keys) :]
        if not is_same and not self._keeps_times and not set(keys) & set(recent):
            is_same = texts[-taken.count :] == recent_texts[-len(texts) :]
            keys, is_by_text = texts, True
        if not is_same:
            if not all(line[0] for line in lines) or Counter(keys) - Counter(recent):
                return Check.MORE
            return Check.NOTHING if is_short else Check.ALIKE
        if taken.count < min(len(lines), len(lines) if self._tail is None else self._tail):
            return Check.MORE
        if is_short:
            return Check.NOTHING
        repeats = any(keys[by:] == keys[:-by] for by in range(1, len(keys)))
        is_alike = repeats or len(keys) == 1  # one more that is alike would show the same
        is_ambiguous = (is_alike and (is_by_text or len(lines) >= asked)) or len(lines) < min(asked, taken.count)
        return Check.ALIKE if is_ambiguous else Check.SAME

    def _check_nothing(self, lines: Sequence[Line], *, is_whole: bool) -> Check:
        if not lines:
            return Check.ALIKE if is_whole else Check.NOTHING
        if self._tail == 0:  # these were there before, or have come since
            is_older = bool(lines[-1][0]) and comparable(lines[-1][0]) < self._since
            return Check.SAME if is_older else Check.ALIKE
        return Check.MORE

    def join(self, last: Sequence[Line], asked: int) -> list[Line] | None:
        """Take what follows in the `last` lines that there are, if they begin with lines that were taken; else None.

        They count only if they are as many as were `asked` for, as then they do end with the last one.
        """
        lines = [line for line in last if not is_header(line)]
        taken = self._taken
        if len(lines) < asked or not taken.count:
            return None
        place = _overlap(list(map(hash, lines)), list(taken.recent)) if taken.is_stamped else 0
        if not place and not self._keeps_times:
            place = _overlap([hash(text) for _, text in lines], list(taken.recent_texts))
            if place < min(FEW, taken.count):
                return None
        if not place:
            return None
        new: list[Line] = []
        passed = 0
        for line in last:
            if is_header(line):
                new += self._take_header(line) if passed >= place else []
            else:
                passed += 1
                new += [line] if passed > place else []
        taken.add([line for line in new if not is_header(line)])
        return new

    def has_passed(self, lines: Sequence[Line]) -> bool:
        """Tell whether lines that were the last ones are among those that were taken."""
        lines = [line for line in lines if not is_header(line)]
        keys, recent = list(map(hash, lines)), list(self._taken.recent)
        if _holds(recent, keys):
            return True
        if self._keeps_times or set(keys) & set(recent):
            return False
        texts = [hash(text) for _, text in lines]
        return len(set(texts)) >= min(FEW, self.count) and _holds(list(self._taken.recent_texts), texts)


def _holds(recent: list[int], keys: list[int]) -> bool:
    """Tell whether keys stand in a row in recent ones."""
    size = len(keys)
    ends = range(size - 1, len(recent)) if size else ()
    return any(recent[at + 1 - size : at + 1] == keys for at in ends if recent[at] == keys[-1])


def _overlap(keys: list[int], taken: list[int]) -> int:
    """Return how many of the first keys are the last that were taken, 0 if none are, or if that is not certain."""
    sizes = [size for size in range(1, min(len(keys), len(taken)) + 1) if keys[:size] == taken[-size:]]
    return sizes[0] if len(sizes) == 1 else 0
