"""Log lines as text, prefixed with the name of the job if there are several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.text.terminal_text import (
    cell_width,
    colors_left_on,
    escaped_line,
    last_state,
    printable,
    without_colors,
)

_COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""The colors of the names, in the order of the jobs."""

_RESET = "\x1b[0m"
_REDRAW = "\x1b[A\r\x1b[K"
"""Go up to the line above and clear it."""

TimedLine = tuple["str | None", str]
"""The timestamp of a line, as the Hub sends it, and its text."""


class LogText:
    r"""Writes log lines to a view: to a pipe their last state, to a terminal escaped.

    A line that begins with `\r` is a new state of the line before, as in progress bars, and replaces it on a terminal.
    """

    def __init__(self, view: View, names: Sequence[str], *, timestamps: bool = False) -> None:
        """Write lines of jobs with these names. The name is not shown if there is only one."""
        self._view = view
        self._timestamps = timestamps
        self._prefixes = list(_prefixes(names, view.color)) if len(names) > 1 else [""]
        self._is_plain = not timestamps and len(self._prefixes) == 1
        self._colors = [""] * len(self._prefixes)
        self._bar: int | None = None

    def write(self, place: int, lines: Sequence[TimedLine]) -> None:
        """Write lines of the job whose name has the index `place`."""
        if self._is_plain:
            text = "\n".join([line for _, line in lines])
            if text.count("\n") + 1 == len(lines) and self._is_simple(text):
                self._view.write(text + "\n")
                self._bar = None
                return
        for timestamp, line in lines:
            self._write_line(place, timestamp, line)

    def interrupted(self) -> None:
        """Remember that something else was written, so that the next line replaces none."""
        self._bar = None

    def _is_simple(self, text: str) -> bool:
        """Return whether lines can be written without changes."""
        if self._view.reader.is_tty:
            return text.isascii() and text.replace("\n", "").isprintable() and not self._colors[0]
        return "\r" not in text

    def _write_line(self, place: int, timestamp: str | None, line: str) -> None:
        """Write one line of output: its lines of text, or a new state of the progress bar above."""
        start = self._prefixes[place]
        if self._timestamps:
            start += f"{printable(timestamp or '-')} "
        parts = line.removesuffix("\n").split("\n")
        if not self._view.reader.is_tty:
            self._view.write("".join(f"{start}{last_state(part)}\n" for part in parts))
            return
        shown = [start + self._colored(place, last_state(part)) for part in parts]
        is_bar = self._is_bar(line, shown[0])
        redraw = _REDRAW if is_bar and self._bar == place else ""
        self._view.write(redraw + "".join(each + "\n" for each in shown))
        self._bar = place if is_bar else None

    def _colored(self, place: int, text: str) -> str:
        """Return an escaped line; open colors are reset at its end and restored in the next."""
        shown = escaped_line(text, color=self._view.color)
        if not self._view.color:
            return shown
        before = self._colors[place]
        self._colors[place] = colors_left_on(text, before)
        is_colored = before or "\x1b" in shown
        return f"{before}{shown}{_RESET}" if is_colored else shown

    def _is_bar(self, line: str, shown: str) -> bool:
        r"""Return whether a line is a state of a progress bar: `\r` and a text that fits on a line of the terminal."""
        if not self._view.reader.can_redraw or line.rfind("\r") != 0 or "\n" in line or "\t" in line:
            return False
        return self._view.width is None or cell_width(without_colors(shown)) < self._view.width


def _prefixes(names: Sequence[str], color: bool) -> Iterator[str]:
    shown = [printable(name) for name in names]
    width = max(map(cell_width, shown))
    for place, name in enumerate(shown):
        text = f"{name}{' ' * (width - cell_width(name))} | "
        yield f"\x1b[{_COLORS[place % len(_COLORS)]}m{text}{_RESET}" if color else text
