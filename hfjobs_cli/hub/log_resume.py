"""Find the new lines of a log that starts over at each connection: every line once, in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from enum import Enum

from hfjobs_cli.hub.log_lines import HEADER, MAX_REMEMBERED, Line, LineHistory, comparable, is_header
from hfjobs_cli.hub.log_position import (
    ContentPosition,
    CountPosition,
    Diverged,
    TimePosition,
    remove_known,
)

MAX_HEADERS = 1024
"""How many headers are remembered."""

MAX_SHORT_STREAMS = 2
"""After how many complete streams in a row that end before the position another way to find it is used."""

MIN_RUN = 3
"""Without timestamps, fewer matching lines in a row prove nothing, unless they are all that were received."""


class TailCheck(Enum):
    """How the last lines of the Hub compare with the received ones."""

    COMPLETE = "all lines were received"
    INCOMPLETE = "some lines were not received"
    AMBIGUOUS = "perhaps all lines were received: some are equal"
    UNKNOWN = "too few lines to compare"


class LogResumer:
    """The received lines of one log, and which of the lines that come are new.

    Call `connect` before each connection, `accept` with its lines, `flush` when none came for a moment, and `end` after
    the last ones.
    """

    def __init__(self, tail: int | None = None, on_loss: Callable[[str], None] = lambda _text: None) -> None:
        """Read all of the log, or from its last `tail` lines on.

        `on_loss` is called with a notice if the Hub no longer has all lines.
        """
        self._tail = tail
        self._on_loss = on_loss
        self._history = LineHistory()
        self._headers: dict[str, None] = {}
        self._is_counting = tail is None  # the Hub has the first lines, so the number of lines is the position
        self._overlaps = True  # the last lines of the log may still overlap the received ones
        self._since = ""
        self._search: CountPosition | ContentPosition | TimePosition | None = None  # None once the position is found
        self._repeats: Counter[int] = Counter()  # received lines that come again after the position
        self._keeps_times: bool | None = None
        self._short_streams = 0
        self.has_diverged = False
        self.ends_early = False
        """Whether the Hub has ended a stream normally before lines that were received from another."""
        self.has_gap = False
        """Whether lines may be lost, because the Hub no longer has the last received line."""

    @property
    def count(self) -> int:
        """How many lines were received, without headers."""
        return self._history.count

    @property
    def has_position(self) -> bool:
        """Return whether the position is found, so that all lines that come are new."""
        return self._search is None

    @property
    def is_holding(self) -> bool:
        """Return whether lines are held back that may be new."""
        return isinstance(self._search, ContentPosition) and self._search.has_candidate

    @property
    def is_uncertain(self) -> bool:
        """Return whether lines are held back because the position found may be a coincidence."""
        return isinstance(self._search, ContentPosition) and self._search.has_candidate and self._search.is_uncertain

    @property
    def has_enough(self) -> bool:
        """Return whether as many lines as requested were received, and at least one."""
        return self._tail == 0 or self.count >= (self._tail or 1)

    def connect(self) -> int | None:
        """Start a connection. Return how many of the last lines to request, None for all."""
        self.has_diverged = False
        self._repeats = Counter()
        history = self._history
        if not history.count:
            is_later = self._tail == 0 and bool(self._since)
            self._search = TimePosition(self._since) if is_later else None
            return None if is_later else self._tail
        if self._is_counting:
            self._search = CountPosition(history)
            return None
        if self._tail is not None and history.count < self._tail and history.count <= MAX_REMEMBERED and self._overlaps:
            # This does not find lines with new timestamps; then all lines are requested.
            is_by_text = not history.has_timestamp
            self._search = ContentPosition(history, anchored=True, keeps_times=self._keeps_times, by_text=is_by_text)
            return self._tail
        self._search = self._content_search()
        return None

    def _content_search(self) -> ContentPosition:
        """Return the search for the last received lines in the whole log, which may begin after them, or before."""
        is_anchored = self._tail is None and self._history.count <= MAX_REMEMBERED
        return ContentPosition(self._history, anchored=is_anchored, keeps_times=self._keeps_times)

    def note_server_time(self, moment: datetime) -> None:
        """Remember when the first response was sent, by the clock of the Hub: existing lines are older."""
        self._since = self._since or f"{moment.astimezone(timezone.utc):%Y-%m-%dT%H:%M:%S}"

    def accept(self, lines: list[Line]) -> list[Line]:
        """Return the new lines. If it `has_diverged` afterwards, no more of this connection is needed."""
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
        """Return a header if it is new. The Hub sends the header above the last lines again with these."""
        is_new = line[1] not in self._headers and not isinstance(self._search, CountPosition)
        if is_new and len(self._headers) < MAX_HEADERS:
            self._headers[line[1]] = None
        # Before the position there may be attempts whose lines are not wanted.
        return [line] if is_new and (self._search is None or self.is_holding) else []

    def _accept(self, lines: list[Line]) -> list[Line]:
        """Return those of some lines that are new. None of them is a header."""
        search = self._search
        if search is None:
            lines = remove_known(lines, self._repeats) if self._repeats else lines
            self._history.add(lines)
            return lines
        if self.has_diverged or not lines:
            return []
        try:
            new = search.accept(lines)
        except Diverged as error:
            self._diverge(str(error))
            if error.passed is None:
                return []
            # Search this connection, as the Hub may have dropped more by the next one.
            self.has_diverged = False
            self._search = self._content_search()
            return self._accept([*error.passed, *lines])
        if isinstance(search, ContentPosition) and search.cannot_match and self._tail is not None:
            self._overlaps = False  # the job wrote more lines meanwhile than were requested
            self.has_diverged = True
            return []
        return [] if new is None else self._resume_at(new)

    def flush(self) -> list[Line]:
        """Return the held lines, because no more lines come now."""
        new = self._search.flush(is_last=False) if isinstance(self._search, ContentPosition) else None
        return [] if new is None else self._resume_at(new)

    def end(self, *, is_whole: bool) -> list[Line]:
        """Return the held lines, because the connection has ended.

        If the log `is_whole`, and ends before the position several times in a row, it is a different log.
        """
        search = self._search
        if search is None:
            self._short_streams = 0
        elif is_whole:
            self._short_streams += 1
            self.ends_early = True
        if self._short_streams >= MAX_SHORT_STREAMS:
            self.give_up_position()
        # Newer lines may be received ones with new timestamps, of a stream that broke off before the position.
        is_last = bool(self._keeps_times) or self._short_streams >= MAX_SHORT_STREAMS
        new = search.flush(is_last=is_last) if isinstance(search, ContentPosition) else None
        return [] if new is None else self._resume_at(new)

    def give_up_position(self) -> None:
        """Find the position in another way at the next connection, as the Hub no longer sends so many lines."""
        if isinstance(self._search, CountPosition):
            self._diverge("the Hub no longer has all lines; continuing after the last line received")

    def _diverge(self, why: str) -> None:
        self.has_diverged = True
        if self._is_counting:
            self._is_counting = False
            self._on_loss(why)

    def _resume_at(self, new: list[Line]) -> list[Line]:
        """Continue from the position that was found, with the `new` lines after it."""
        search = self._search
        self._search = None
        if search is not None:
            self._repeats = search.repeats
            self._keeps_times = search.keeps_times if self._keeps_times is None else self._keeps_times
        if isinstance(search, ContentPosition) and search.has_gap:
            self.has_gap = True
            self._on_loss("some lines may be missing: the Hub no longer has the last line received")
        self._history.add(new)
        return new

    def check(self, lines: Sequence[Line], asked: int, *, is_whole: bool) -> TailCheck:
        """Compare the last lines of the Hub with the received ones. `asked` is how many were requested.

        If `is_whole`, there are no more than these: the server has ended the response.
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
        is_alike = repeats or len(keys) == 1  # one more equal line would look the same
        is_ambiguous = (is_alike and (is_by_text or len(lines) >= asked)) or len(lines) < min(asked, history.count)
        return TailCheck.AMBIGUOUS if is_ambiguous else TailCheck.COMPLETE

    def _check_first(self, lines: Sequence[Line], *, is_whole: bool) -> TailCheck:
        if not lines:
            return TailCheck.AMBIGUOUS if is_whole else TailCheck.UNKNOWN
        if self._tail == 0:  # these existed before, or were written since
            is_older = bool(lines[-1][0]) and comparable(lines[-1][0]) < self._since
            return TailCheck.COMPLETE if is_older else TailCheck.AMBIGUOUS
        return TailCheck.INCOMPLETE

    def join_tail(self, last: Sequence[Line], asked: int) -> list[Line] | None:
        """Add and return what is new in the `last` lines of the Hub; None if they do not overlap the received ones.

        They count only if they are as many as `asked` for, as only then they certainly end with the last line.
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
        """Return whether lines that once were the last ones have been received."""
        lines = [line for line in lines if not is_header(line)]
        keys, recent = list(map(hash, lines)), list(self._history.recent)
        if _holds(recent, keys):
            return True
        if self._keeps_times or set(keys) & set(recent):
            return False
        texts = [hash(text) for _, text in lines]
        return len(set(texts)) >= min(MIN_RUN, self.count) and _holds(list(self._history.recent_texts), texts)


def _holds(recent: list[int], keys: list[int]) -> bool:
    """Return whether the keys occur in a row in the recent ones."""
    size = len(keys)
    ends = range(size - 1, len(recent)) if size else ()
    return any(recent[at + 1 - size : at + 1] == keys for at in ends if recent[at] == keys[-1])


def _overlap(keys: list[int], history: list[int]) -> int:
    """Return how many of the first keys are the last ones of `history`; 0 if none are, or if it is ambiguous."""
    sizes = [size for size in range(1, min(len(keys), len(history)) + 1) if keys[:size] == history[-size:]]
    return sizes[0] if len(sizes) == 1 else 0
