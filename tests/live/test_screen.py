"""The screen itself: whatever is painted one after the other, what stands there is what was painted last."""

from __future__ import annotations

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfjobs_cli.terminal import Size
from hfjobs_cli.tui.screen import Screen
from tests.support import posix_only

pytestmark = posix_only

LINES = st.lists(st.text("ab é世", max_size=12), max_size=5)
SIZES = st.sampled_from([Size(12, 6), Size(20, 4), Size(40, 8)])


class Receiver:
    """A terminal that shows what is written to it, and counts."""

    def __init__(self, size: Size) -> None:
        from tests.live.terminals import Emulated

        self.screen = Emulated(size.columns, size.lines)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.Stream(self.screen)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        self.written.append(text)
        self._stream.feed(text)

    def resize(self, size: Size) -> None:
        self.screen.resize(size.lines, size.columns)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]


def fitting(line: str, columns: int) -> str:
    """Return as much of a line as a terminal is wide."""
    from rich.cells import set_cell_size

    return set_cell_size(line, columns).rstrip()


@settings(max_examples=150)
@given(st.lists(st.tuples(LINES, SIZES), min_size=1, max_size=6))
def test_a_whole_screen_shows_what_was_painted_last(frames: list[tuple[list[str], Size]]) -> None:
    """Also after changes of its size."""
    receiver = Receiver(frames[0][1])
    receiver.write("$ hfjobs\n")
    screen = Screen(receiver.write)
    screen.open()
    for lines, size in frames:
        receiver.resize(size)
        shown = [fitting(line, size.columns) for line in lines]
        screen.paint(shown, size)
        expected = [*shown[: size.lines], *[""] * (size.lines - len(shown))]
        assert receiver.lines == [line.rstrip() for line in expected]
    screen.close()
    assert receiver.screen.shows_cursor()
    assert not receiver.screen.is_other_screen


@settings(max_examples=150)
@given(st.lists(LINES, min_size=1, max_size=6), LINES)
def test_lines_below_the_command_line(frames: list[list[str]], last: list[str]) -> None:
    """They grow and shrink, and those that are to stay take their place; nothing above them changes."""
    size = Size(20, 10)
    receiver = Receiver(size)
    receiver.write("one\ntwo\n")
    screen = Screen(receiver.write, is_whole=False)
    screen.open()
    for lines in frames:
        screen.paint(lines, size)
        expected = ["one", "two", *(line.rstrip() for line in lines)]
        assert receiver.lines == [*expected, *[""] * (size.lines - len(expected))]
    screen.close(last)
    expected = ["one", "two", *(line.rstrip() for line in (last or frames[-1]))]
    assert receiver.lines == [*expected, *[""] * (size.lines - len(expected))]
    assert receiver.screen.shows_cursor()


@pytest.mark.parametrize("is_whole", [True, False])
def test_nothing_is_written_for_lines_that_are_as_they_were(is_whole: bool) -> None:
    """Of others no more than they are."""
    size = Size(20, 10)
    receiver = Receiver(size)
    screen = Screen(receiver.write, is_whole=is_whole)
    screen.open()
    screen.paint(["first", "second", "third"], size)
    before = len(receiver.written)
    screen.paint(["first", "second", "third"], size)
    assert len(receiver.written) == before
    screen.paint(["first", "second", "3rd"], size)
    assert "3rd" in receiver.written[-1]
    assert "first" not in receiver.written[-1]
    assert "second" not in receiver.written[-1]
