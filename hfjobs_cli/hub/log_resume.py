"""What is new in a log that begins again at each connection: every line once, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from enum import Enum

from hfjobs_cli.hub.log_lines import HEADER, Line, comparable, is_header
from hfjobs_cli.hub.log_position import (
    MAX_REMEMBERED,
    ContentPosition,
    CountPosition,
    Diverged,
    LineHistory,
    TimePosition,
    remove_known,
)

MAX_HEADERS = 1024
"""How many headers are remembered."""

MAX_SHORT_STREAMS = 2
"""After how many replays in a row that end before the place it is looked for in another way."""


MIN_RUN = 3
"""How many lines in a row are no proof, if their timestamps do not tell, unless they are all that were taken."""


class TailCheck(Enum):
    """What the last lines that the Hub has say of those that were taken."""

    COMPLETE = "they are the last that were taken"
    INCOMPLETE = "there are others"
    AMBIGUOUS = "they may be the last that were taken, or not, as some are alike"
    UNKNOWN = "too few came to tell"


class LogResumer:
    """What was taken of one log, and what is new of what comes.

    Call `connect` at each connection, `accept` with what comes, `flush` when nothing came for a moment, `end` when no
    more will.
    """

    def __init__(self, tail: int | None = None, on_loss: Callable[[str], None] = lambda _text: None) -> None:
        """Take all of the log, or what comes from its last `tail` lines on.

        `on_loss` is told, once, if the Hub does not have all that it had.
        """
        self._tail = tail
        self._tell: Callable[[str], None] = on_loss
        self._history = LineHistory()
        self._headers: dict[str, None] = {}
        self._is_counting = tail is None  # the Hub has the first lines, and how many came is known
        self._overlaps = True  # the last lines that it is asked for can be those that were asked for before
        self._since = ""
        self._position: CountPosition | ContentPosition | TimePosition | None = None
        self._repeats: Counter[int] = Counter()  # lines that were taken, and come again after the place
        self._keeps_times: bool | None = None
        self._short_streams = 0
        self.has_diverged = False
        self.ends_early = False
        """Whether the Hub has ended a stream as if that were all, before what had come of another."""
        self.has_gap = False
        """Whether lines may be lost, as the Hub does not have the last one that came before."""

    @property
    def count(self) -> int:
        """How many lines were taken, without headers."""
        return self._history.count

    @property
    def has_position(self) -> bool:
        """Tell whether the place is found, so that all that comes is new."""
        return self._position is None

    @property
    def is_holding(self) -> bool:
        """Tell whether lines may be held back that are new."""
        return isinstance(self._position, ContentPosition) and self._position.has_candidate

    @property
    def is_uncertain(self) -> bool:
        """Tell whether lines are held back behind a place that may be a coincidence, and the true one still to come."""
        return (
            isinstance(self._position, ContentPosition) and self._position.has_candidate and self._position.is_uncertain
        )

    @property
    def has_enough(self) -> bool:
        """Tell whether as many lines were taken as were asked for, and at least one."""
        return self._tail == 0 or self.count >= (self._tail or 1)

    def connect(self) -> int | None:
        """Return how many lines to ask for at a new connection, None for all. The lines of that are to be taken."""
        self.has_diverged = False
        self._repeats = Counter()
        history = self._history
        if not history.count:
            is_later = self._tail == 0 and bool(self._since)
            self._position = TimePosition(self._since) if is_later else None
            return None if is_later else self._tail
        if self._is_counting:
            self._position = CountPosition(history)
            return None
        if self._tail is not None and history.count < self._tail and history.count <= MAX_REMEMBERED and self._overlaps:
            # Lines that were stamped anew are not found so: then all are asked for.
            is_by_text = not history.has_timestamp
            self._position = ContentPosition(history, anchored=True, keeps_times=self._keeps_times, by_text=is_by_text)
            return self._tail
        self._position = self._content_position()
        return None

    def _content_position(self) -> ContentPosition:
        """Return what looks for the last lines in all that there are, which may begin after them, or before."""
        is_anchored = self._tail is None and self._history.count <= MAX_REMEMBERED
        return ContentPosition(self._history, anchored=is_anchored, keeps_times=self._keeps_times)

    def note_server_time(self, moment: datetime) -> None:
        """Take note of when the first answer came, by the clock of the Hub: what was there before is older."""
        self._since = self._since or f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}"

    def accept(self, lines: list[Line]) -> list[Line]:
        """Return those of the lines that are new. If it `has_diverged` then the connection is of no use any more."""
        if HEADER not in "\n".join([text for _, text in lines]):
            return self._accept(lines)
        new: list[Line] = []
        begun = 0
        for at, line in enumerate(lines):
            if is_header(line):
                new += self._accept(lines[begun:at])
                begun = at + 1
                new += self._accept_header(line)
        return new + self._accept(lines[begun:])

    def _accept_header(self, line: Line) -> list[Line]:
        """Return a header if it is new. With the last lines comes that above them, which may have come before."""
        is_new = line[1] not in self._headers and not isinstance(self._position, CountPosition)
        if is_new and len(self._headers) < MAX_HEADERS:
            self._headers[line[1]] = None
        # Before the place there may be attempts of which no line was asked for.
        return [line] if is_new and (self._position is None or self.is_holding) else []

    def _accept(self, lines: list[Line]) -> list[Line]:
        position = self._position
        if position is None:
            lines = remove_known(lines, self._repeats) if self._repeats else lines
            self._history.add(lines)
            return lines
        if self.has_diverged or not lines:
            return []
        try:
            new = position.accept(lines)
        except Diverged as error:
            self._diverge(str(error))
            if error.passed is None:
                return []
            # It is looked for here, as the Hub may have dropped more by the next connection.
            self.has_diverged = False
            self._position = self._content_position()
            return self._accept([*error.passed, *lines])
        if isinstance(position, ContentPosition) and position.cannot_match and self._tail is not None:
            self._overlaps = False  # more lines have come than were asked for
            self.has_diverged = True
            return []
        return [] if new is None else self._resume_at(new)

    def flush(self) -> list[Line]:
        """Return what was held back, now that nothing comes."""
        new = self._position.flush(is_last=False) if isinstance(self._position, ContentPosition) else None
        return [] if new is None else self._resume_at(new)

    def end(self, *, is_whole: bool) -> list[Line]:
        """Return what was held back, now that nothing will come.

        A log that `is_whole`, and ends before the place again and again, is another one than before.
        """
        position = self._position
        if position is None:
            self._short_streams = 0
        elif is_whole:
            self._short_streams += 1
            self.ends_early = True
        if self._short_streams >= MAX_SHORT_STREAMS:
            self.give_up_position()
        # What is newer may be what was taken, stamped anew, and broken off before the place.
        is_last = bool(self._keeps_times) or self._short_streams >= MAX_SHORT_STREAMS
        new = position.flush(is_last=is_last) if isinstance(position, ContentPosition) else None
        return [] if new is None else self._resume_at(new)

    def give_up_position(self) -> None:
        """Look for the place in another way at the next connection, as so many lines do not come any more."""
        if isinstance(self._position, CountPosition):
            self._diverge("the Hub no longer has all lines; continuing after the last line received")

    def _diverge(self, why: str) -> None:
        self.has_diverged = True
        if self._is_counting:
            self._is_counting = False
            self._tell(why)

    def _resume_at(self, new: list[Line]) -> list[Line]:
        """Go on from the place that was found."""
        position = self._position
        self._position = None
        if position is not None:
            self._repeats = position.repeats
            self._keeps_times = position.keeps_times if self._keeps_times is None else self._keeps_times
        if isinstance(position, ContentPosition) and position.has_gap:
            self.has_gap = True
            self._tell("some lines may be missing: the Hub no longer has the last line received")
        self._history.add(new)
        return new

    def check(self, lines: Sequence[Line], asked: int, *, is_whole: bool) -> TailCheck:
        """Compare the last lines that there are, of `asked` ones, with those that were taken.

        If it `is_whole`, there are no more than these: the server has ended the answer.
        """
        if any(line[1] not in self._headers for line in lines if is_header(line)):
            return TailCheck.INCOMPLETE
        lines = [line for line in lines if not is_header(line)][-asked:]
        history = self._history
        if not history.count:
            return self._check_first(lines, is_whole=is_whole)
        if not lines:
            return TailCheck.UNKNOWN
        keys, texts = list(map(hash, lines)), [hash(text) for _, text in lines]
        recent, recent_texts = list(history.recent), list(history.recent_texts)
        has_dropped = is_whole and self._tail is None and not self._is_counting
        is_short = len(lines) < asked and (not is_whole or len(lines) < history.count) and not has_dropped
        is_by_text = False
        is_same = keys[-history.count :] == recent[-len(keys) :]
        if not is_same and not self._keeps_times and not set(keys) & set(recent):
            is_same = texts[-history.count :] == recent_texts[-len(texts) :]
            keys, is_by_text = texts, True
        if not is_same:
            if not all(line[0] for line in lines) or Counter(keys) - Counter(recent):
                return TailCheck.INCOMPLETE
            return TailCheck.UNKNOWN if is_short else TailCheck.AMBIGUOUS
        if history.count < min(len(lines), len(lines) if self._tail is None else self._tail):
            return TailCheck.INCOMPLETE
        if is_short:
            return TailCheck.UNKNOWN
        repeats = any(keys[by:] == keys[:-by] for by in range(1, len(keys)))
        is_alike = repeats or len(keys) == 1  # one more that is alike would show the same
        is_ambiguous = (is_alike and (is_by_text or len(lines) >= asked)) or len(lines) < min(asked, history.count)
        return TailCheck.AMBIGUOUS if is_ambiguous else TailCheck.COMPLETE

    def _check_first(self, lines: Sequence[Line], *, is_whole: bool) -> TailCheck:
        if not lines:
            return TailCheck.AMBIGUOUS if is_whole else TailCheck.UNKNOWN
        if self._tail == 0:  # these were there before, or have come since
            is_older = bool(lines[-1][0]) and comparable(lines[-1][0]) < self._since
            return TailCheck.COMPLETE if is_older else TailCheck.AMBIGUOUS
        return TailCheck.INCOMPLETE

    def join_tail(self, last: Sequence[Line], asked: int) -> list[Line] | None:
        """Take what follows in the `last` lines that there are, if they begin with lines that were taken; else None.

        They count only if they are as many as were `asked` for, as then they do end with the last one.
        """
        lines = [line for line in last if not is_header(line)]
        history = self._history
        if len(lines) < asked or not history.count:
            return None
        place = _overlap(list(map(hash, lines)), list(history.recent)) if history.has_timestamp else 0
        if not place and not self._keeps_times:
            place = _overlap([hash(text) for _, text in lines], list(history.recent_texts))
            if place < min(MIN_RUN, history.count):
                return None
        if not place:
            return None
        new: list[Line] = []
        passed = 0
        for line in last:
            if is_header(line):
                new += self._accept_header(line) if passed >= place else []
            else:
                passed += 1
                new += [line] if passed > place else []
        history.add([line for line in new if not is_header(line)])
        return new

    def has_passed(self, lines: Sequence[Line]) -> bool:
        """Tell whether lines that were the last ones are among those that were taken."""
        lines = [line for line in lines if not is_header(line)]
        keys, recent = list(map(hash, lines)), list(self._history.recent)
        if _holds(recent, keys):
            return True
        if self._keeps_times or set(keys) & set(recent):
            return False
        texts = [hash(text) for _, text in lines]
        return len(set(texts)) >= min(MIN_RUN, self.count) and _holds(list(self._history.recent_texts), texts)


def _holds(recent: list[int], keys: list[int]) -> bool:
    """Tell whether keys stand in a row in recent ones."""
    size = len(keys)
    ends = range(size - 1, len(recent)) if size else ()
    return any(recent[at + 1 - size : at + 1] == keys for at in ends if recent[at] == keys[-1])


def _overlap(keys: list[int], history: list[int]) -> int:
    """Return how many of the first keys are the last that were taken, 0 if none are, or if that is not certain."""
    sizes = [size for size in range(1, min(len(keys), len(history)) + 1) if keys[:size] == history[-size:]]
    return sizes[0] if len(sizes) == 1 else 0
