"""The position in a log from which to resume: by the number of lines, by the content of the last ones, or by time.

Each class has a method `accept`, which is given all lines of a connection, and returns those after the position; None
before it. Then `repeats` are received lines that come again after the position, with their number, and `keeps_times`
says whether the Hub sends lines again with the same timestamps; None if that is unknown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hfjobs_cli.hub.log_lines import COMPARED_FIRST, Line, LineHistory, comparable

MAX_HELD = 20_000
"""How many lines may be held back until it is known whether they are new."""

MAX_REORDERED = 1024
"""Up to how many of the last lines may come in another order."""

MAX_CANDIDATES = 2048
"""How many possible positions among equal lines are tracked at once: the last ones."""

SURE_RUN = 32
"""How many matching lines in a row prove a position, even without timestamps."""


class Diverged(Exception):
    """The log is not the one received before. `passed` are its lines so far, None if they are too many to keep."""

    def __init__(self, message: str, passed: list[Line] | None = None) -> None:
        """Create the error; the message says what differs."""
        super().__init__(message)
        self.passed = passed


class CountPosition:
    """The position after as many lines as were received, if they are the same, in the same or nearly the same order."""

    def __init__(self, history: LineHistory) -> None:
        """Look for the position after the lines of `history`."""
        self._history = history
        self._first = set(history.first)
        self._first_texts = {text for _, text in history.first}
        self._first_times = {time for time, _ in history.first if time}
        self._window_begins = history.count - min(MAX_REORDERED, len(history.recent))
        window = history.count - self._window_begins
        self._recent = list(history.recent)[-window:]
        self._before_window = history.text_sum - sum(list(history.recent_texts)[-window:])
        self._left: Counter[int] | None = None  # of the last received lines, those that have not come again
        self._unknown: list[Line] = []  # lines that came in their place
        self._passed: list[Line] = []  # as long as it may be needed
        self._may_be_other = False
        self._count = 0
        self._sum = 0
        self._text_sum = 0
        self._text_sum_before_window = 0
        self.keeps_times: bool | None = None
        self.repeats: Counter[int] = Counter()

    def accept(self, lines: Sequence[Line]) -> list[Line] | None:
        """Return the lines after the position, None before it. Raises Diverged if it is a different log."""
        passed = lines[: self._history.count - self._count]
        if self._count < COMPARED_FIRST:
            for at, line in enumerate(passed[: COMPARED_FIRST - self._count]):
                self._compare(self._count + at, line)
        before = max(0, self._window_begins - self._count)
        for part, is_window in ((passed[:before], False), (passed[before:], True)):
            texts = sum(hash(text) for _, text in part)
            self._sum += sum(map(hash, part))
            self._text_sum += texts
            self._count += len(part)
            if is_window:
                self._record(part)
            else:
                self._text_sum_before_window += texts
        if self._count < self._history.count:
            self._keep(passed)
            return None
        new = self._new_among_passed(passed)
        return [*new, *remove_known(lines[len(passed) :], self.repeats)]

    def _keep(self, passed: Sequence[Line]) -> None:
        """Keep the lines while the log may turn out to be a different one."""
        if self._count < COMPARED_FIRST or (self._may_be_other and self._count < MAX_HELD):
            self._passed += passed
        else:
            self._passed = []

    def _compare(self, at: int, line: Line) -> None:
        """Compare one of the first lines, at an index. Raises Diverged if it was not received among the first ones."""
        is_other = line[1] not in self._first_texts and (not line[0] or line[0] not in self._first_times)
        # Lines of equal text: if the Hub dropped the beginning, the first line is one of the later ones.
        is_later = at == 0 and line[0] != self._history.first[0][0] and hash(line) in self._history.recent
        if is_other or is_later:
            raise Diverged(
                "the Hub no longer has the first lines; continuing after the last line received",
                self._passed,
            )
        self._may_be_other |= line != self._history.first[at]

    def _record(self, lines: Sequence[Line]) -> None:
        """Record which of the last lines were not received before."""
        if self._left is None:
            self._left = Counter(self._recent)
        for line in lines:
            key = hash(line)
            if self._left[key] > 0:
                self._left[key] -= 1
            elif len(self._unknown) <= MAX_REORDERED:
                self._unknown.append(line)

    def _new_among_passed(self, last: Sequence[Line]) -> list[Line]:
        """Return new lines before the position: lines with the same timestamp may come in another order.

        `last` are the lines before the position in the present call. Raises Diverged if more than the order differs.
        """
        if self._sum == self._history.sum:
            self.keeps_times = True
            return []
        if self._text_sum == self._history.text_sum:
            self.keeps_times = False
            return []
        is_reordered = (
            self._text_sum_before_window == self._before_window
            and self._left is not None
            and 2 * len(self._unknown) <= len(self._recent)
            and all(time for time, _ in self._unknown)
        )
        is_kept = len(self._passed) == self._count - len(last)
        if is_reordered and is_kept and self._is_shifted([*self._passed, *last]):
            is_reordered = False
        if not is_reordered or self._left is None:
            raise Diverged(
                "the Hub has other lines than before; continuing after the last line received",
                self._passed if is_kept else None,
            )
        self.repeats = +self._left
        return self._unknown

    def _is_shifted(self, passed: Sequence[Line]) -> bool:
        """Return whether the lines are the same without the first ones, which the Hub has dropped."""
        keys = [hash(line) for line in passed[-len(self._recent) :]]
        return any(keys[:-by] == self._recent[by:] for by in range(1, len(keys) - 2))


class _Aligner:
    """Finds the end of the received keys (hashes of lines) among the keys that come now.

    The keys that come may begin in the middle of the received ones or, unless `anchored`, before them.
    """

    def __init__(self, keys: list[int], *, anchored: bool) -> None:
        self._keys = keys
        self._anchored = anchored
        self._shifts: list[int] = []  # where in the received keys those that come may begin; the end is still to come
        self._failure = [] if anchored else _failure_table(keys)
        self._state = 0
        self.seen = 0
        self.place = 0
        """After how many of the keys that come the end is, as far as is known; 0 if it was not found."""
        self.run = 0
        """How many keys matched there."""

    def add(self, key: int, *, may_end: bool = True) -> None:
        """Add the next key. Without `may_end` it is not the last of the received ones."""
        keys, size, seen = self._keys, len(self._keys), self.seen
        if seen == 0:
            self._shifts = [at for at, each in enumerate(keys) if each == key][-MAX_CANDIDATES:]
        elif self._shifts:
            self._shifts = [shift for shift in self._shifts if keys[shift + seen] == key]
        self.seen = seen = seen + 1
        if self._shifts and self._shifts[-1] + seen >= size:
            self._shifts.pop()
            if may_end:
                self.place = self.run = seen
        if not self._anchored:
            self._search(key, may_end=may_end)

    def _search(self, key: int, *, may_end: bool) -> None:
        """Advance the search of Knuth, Morris and Pratt."""
        state = self._state
        if state == len(self._keys):
            state = self._failure[state - 1]
        while state and self._keys[state] != key:
            state = self._failure[state - 1]
        self._state = state + (self._keys[state] == key)
        if self._state == len(self._keys) and may_end:
            self.place, self.run = self.seen, self._state

    @property
    def is_certain(self) -> bool:
        """Return whether the place is found, and no later one can follow."""
        if not self.place or self._shifts:
            return False
        state = self._state
        if not self._anchored and state == len(self._keys):
            state = self._failure[state - 1]
        return state <= self.seen - self.place

    @property
    def cannot_match(self) -> bool:
        """Return whether the keys that come do not begin with any of the received ones, although they should."""
        return self._anchored and self.seen > 0 and not self.place and not self._shifts


def _failure_table(keys: list[int]) -> list[int]:
    """Return for each prefix of the keys the length of its longest proper suffix that is a prefix of the keys too."""
    table = [0] * len(keys)
    length = 0
    for at in range(1, len(keys)):
        while length and keys[at] != keys[length]:
            length = table[length - 1]
        length += keys[at] == keys[length]
        table[at] = length
    return table


class ContentPosition:
    """The position after the last received lines, wherever they are in the log.

    If they match at several places, as equal lines do, the last place counts.
    """

    def __init__(self, history: LineHistory, *, anchored: bool, keeps_times: bool | None, by_text: bool = True) -> None:
        """Look for the last lines of `history`. If `anchored`, the log begins with some of them, or after all of them.

        Lines with the same text and other timestamps are different lines if the Hub `keeps_times`, or unless `by_text`.
        """
        self._history = history
        self._anchored = anchored
        self._by_line = _Aligner(list(history.recent), anchored=anchored)
        self._by_text = _Aligner(list(history.recent_texts), anchored=anchored) if by_text and not keeps_times else None
        self._held: list[Line] = []  # lines after the position, or perhaps after it
        self.keeps_times = keeps_times
        self.repeats: Counter[int] = Counter()
        self.has_gap = False

    @property
    def has_candidate(self) -> bool:
        """Return whether a position was found; a later one may match too."""
        return bool(self._by_line.place or (self._by_text is not None and self._by_text.place))

    @property
    def is_uncertain(self) -> bool:
        """Return whether the match may be a coincidence: few lines match, and timestamps do not identify them."""
        if self._anchored or (self._by_line.place and self._history.are_identified_by_times):
            return False
        return max(each.run for each in (self._by_line, self._by_text or self._by_line)) < SURE_RUN

    def _discard_candidate(self) -> None:
        """Discard the position found, as more lines follow it than can be held back, and look for a later one."""
        self._held.clear()
        self._by_line.place = self._by_line.run = 0
        if self._by_text is not None:
            self._by_text.place = self._by_text.run = 0

    def accept(self, lines: Sequence[Line]) -> list[Line] | None:
        """Return the lines after the position, None while it is not certain."""
        for at, line in enumerate(lines):
            self._hold(line)
            if len(self._held) > MAX_HELD and self.has_candidate and self.is_uncertain:
                self._discard_candidate()
                continue
            if self._is_found() or len(self._held) > MAX_HELD:
                new = self.flush(is_last=True)
            elif self.cannot_match:
                new = self._new_lines()
            else:
                continue
            return None if new is None else [*new, *remove_known(lines[at + 1 :], self.repeats)]
        return None

    def flush(self, *, is_last: bool) -> list[Line] | None:
        """Return the lines after the position, if one was found, because no more lines come now.

        If `is_last`, none will come at all: then every line that is newer than all received ones is new, wherever it
        is.
        """
        if self._by_line.place:
            self.keeps_times = self.keeps_times or (True if self._history.has_timestamp else None)
            return self._held
        if self._by_text is not None and self._by_text.place:
            return self._held
        if is_last and self._by_line.seen:
            newer = [line for line in self._held if comparable(line[0]) > self._history.latest]
            self.has_gap = bool(newer)
            return newer or None
        return None

    def _hold(self, line: Line) -> None:
        """Add a line to the held ones, unless it is certainly not new, and look for the position after it."""
        self._held.append(line)
        self._by_line.add(hash(line))
        if self._by_text is not None:
            # A line that gets a new timestamp gets a later one.
            is_older = bool(line[0]) and comparable(line[0]) < comparable(self._history.last)
            self._by_text.add(hash(line[1]), may_end=not is_older)
        place = self._by_line.place or (self._by_text.place if self._by_text is not None else 0)
        if place == self._by_line.seen:
            self._held.clear()
        elif not place and not self._anchored and comparable(line[0]) <= self._history.latest:
            self._held.pop()

    def _is_found(self) -> bool:
        by_line, by_text = self._by_line, self._by_text
        if by_line.place:
            is_proof = self._history.has_timestamp if self._anchored else self._history.are_identified_by_times
            return by_line.is_certain and (is_proof or by_line.run >= SURE_RUN)
        return by_text is not None and self._anchored and by_text.is_certain and by_text.run >= SURE_RUN

    @property
    def cannot_match(self) -> bool:
        """Return whether the log does not begin with any of the received lines, although it should."""
        return self._by_line.cannot_match and (self._by_text is None or self._by_text.cannot_match)

    def _new_lines(self) -> list[Line]:
        """Return the held lines that were not received before, in any order. If all are new, there may be a gap."""
        left = Counter(self._history.recent)
        new = []
        for line in self._held:
            key = hash(line)
            if line[0] and left[key] > 0:
                left[key] -= 1
            else:
                new.append(line)
        self.has_gap = len(new) == len(self._held)
        if not self.has_gap:
            self.repeats = +left
        return new


class TimePosition:
    """The position before the first line from some time on: no line was received yet, and older ones are not wanted."""

    def __init__(self, since: str) -> None:
        """Skip the lines before `since`, by the clock of the Hub."""
        self._since = since
        self.keeps_times: bool | None = None
        self.repeats: Counter[int] = Counter()

    def accept(self, lines: Sequence[Line]) -> list[Line] | None:
        """Return the lines after the position, None before it."""
        for at, (time, _) in enumerate(lines):
            if self._since and comparable(time) >= self._since:
                return list(lines[at:])
        return None


def remove_known(lines: Sequence[Line], known: Counter[int]) -> list[Line]:
    """Return the lines that are not known. A known line is removed as often as `known` counts it, which decreases."""
    if not known:
        return list(lines)
    new = []
    for line in lines:
        key = hash(line)
        if key in known:
            known[key] -= 1
            if not known[key]:
                del known[key]
        else:
            new.append(line)
    return new
