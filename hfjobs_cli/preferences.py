"""Preferences of the reader of a stream: one value, created by the session and passed to all renderers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple

from hfjobs_cli.immutable_class import value
from hfjobs_cli.text.display import printable

RELATIVE, ISO = TIMES = ("relative", "iso")
"""How tables can show times: `3h ago`, or ISO 8601 in UTC."""

_ASCII_BARS = str.maketrans({"█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "", "▎": "", "▏": ""})
"""Replaces block characters where the encoding lacks them."""


class Size(NamedTuple):
    """The size of a terminal: columns and lines."""

    columns: int
    lines: int


@value
class Preferences:
    """Preferences of the reader of a stream, and abilities of the stream. The defaults are those of a pipe.

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
        """Return whether the encoding has all characters."""
        return self.encoding.lower().replace("-", "").startswith("utf")

    def holds(self, text: str) -> bool:
        """Return whether the encoding has all characters of a text."""
        if self.is_unicode or text.isascii():
            return True
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def spell(self, text: str) -> str:
        """Escape untrusted `text` on one line, and characters that the encoding lacks."""
        shown = printable(text)
        if self.is_unicode:
            return shown
        return shown.translate(_ASCII_BARS).encode(self.encoding, "backslashreplace").decode(self.encoding)


EXACT = Preferences()
"""For programs: exact times and complete texts."""
