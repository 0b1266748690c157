"""What the reader of a stream prefers: one value, made once by the session and given to all that draws."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple

from hfjobs_cli.immutable import value
from hfjobs_cli.text.display import printable

RELATIVE, ISO = TIMES = ("relative", "iso")
"""How tables can show times: `3h ago`, or ISO 8601 in UTC."""

_ASCII_BARS = str.maketrans({"█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "", "▎": "", "▏": ""})
"""Bars for outputs that have no block characters."""


class Size(NamedTuple):
    """The size of a terminal: columns and lines."""

    columns: int
    lines: int


@value
class Preferences:
    """What the reader of a stream prefers, and what the stream can show. The defaults are those of a pipe.

    `is_tty`: the stream is a terminal. `can_redraw`: the terminal obeys cursor codes. `color`: text may have colors.
    `width`: of the terminal in character cells; None cuts nothing. `encoding`: of the stream. `times`: one of `TIMES`;
    None means relative on a terminal and ISO 8601 elsewhere.
    """

    clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc)
    is_tty: bool = False
    can_redraw: bool = False
    color: bool = False
    width: int | None = None
    encoding: str = "utf-8"
    times: str | None = None

    @cached_property
    def has_relative_times(self) -> bool:
        """Return whether tables show times such as `3h ago`."""
        return self.is_tty if self.times is None else self.times == RELATIVE

    @cached_property
    def is_unicode(self) -> bool:
        """Return whether the output can hold every character."""
        return self.encoding.lower().replace("-", "").startswith("utf")

    def holds(self, text: str) -> bool:
        """Return whether the output can hold a text as it is."""
        if self.is_unicode or text.isascii():
            return True
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def spell(self, text: str) -> str:
        """Return untrusted `text` harmless, on one line, and in characters that the output can hold."""
        shown = printable(text)
        if self.is_unicode:
            return shown
        return shown.translate(_ASCII_BARS).encode(self.encoding, "backslashreplace").decode(self.encoding)


EXACT = Preferences()
"""What programs read: exact times and complete texts."""
