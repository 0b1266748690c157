"""What a stream can show (a terminal or not, its width and colors), and what its reader prefers: `Preferences`.

Also whether a pipe still has a reader.
"""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from functools import cached_property
from typing import NamedTuple, TextIO

from hfjobs_cli.config import choice
from hfjobs_cli.immutable_class import value
from hfjobs_cli.text.terminal_text import printable
from hfjobs_cli.text.values import digits

FALLBACK_WIDTH = 80
FALLBACK_LINES = 24

MAX_HELP_WIDTH = 100
"""How wide help is at most; lines that are longer are hard to read."""

LEAST_HELP_WIDTH = 40

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


def preferences(
    stream: TextIO, environ: Mapping[str, str], clock: Callable[[], datetime], times: str | None = None
) -> Preferences:
    """Return what the reader of a stream prefers. Raises UsageError for a setting that is invalid.

    `times` is what the configuration file says, which is for terminals: no script gets something else because of it.
    """
    is_tty = is_terminal(stream)
    return Preferences(
        clock=clock,
        is_tty=is_tty,
        can_redraw=obeys_codes(stream, environ),
        color=has_color(stream, environ),
        width=width_of(stream, environ) if is_tty else None,
        encoding=getattr(stream, "encoding", None) or "utf-8",
        times=choice(environ, "HFJOBS_TIMES", TIMES) or (times if is_tty else None),
    )


def is_unicode(stream: TextIO) -> bool:
    """Return whether a stream can hold every character."""
    return Preferences(encoding=getattr(stream, "encoding", None) or "utf-8").is_unicode


def is_terminal(stream: TextIO) -> bool:
    """Return whether a stream is a terminal."""
    return not stream.closed and stream.isatty()


def obeys_codes(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether a stream is a terminal that obeys codes for cursor and colors."""
    return is_terminal(stream) and environ.get("TERM") != "dumb" and not _is_legacy_console()


def has_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Return whether to color (https://no-color.org, https://force-color.org)."""
    forced = environ.get("FORCE_COLOR", "")
    if environ.get("NO_COLOR") or forced.lower() in ("0", "false"):
        return False
    return bool(forced) or obeys_codes(stream, environ)


def width_of(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return the width of a terminal in characters."""
    columns = environ.get("COLUMNS", "")
    asked = digits(columns)
    if asked and len(columns) < 6:
        return asked
    try:
        return os.get_terminal_size(stream.fileno()).columns or FALLBACK_WIDTH
    except OSError:
        return FALLBACK_WIDTH


def help_width(stream: TextIO, environ: Mapping[str, str]) -> int:
    """Return how wide help is: as the terminal is, within limits; 80 in a pipe."""
    if not is_terminal(stream):
        return FALLBACK_WIDTH
    return max(LEAST_HELP_WIDTH, min(width_of(stream, environ), MAX_HELP_WIDTH))


def size_of(stream: TextIO) -> Size:
    """Return the current size of a terminal; COLUMNS, which does not follow resizes, is ignored."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except OSError:
        columns = lines = 0
    return Size(columns or FALLBACK_WIDTH, lines or FALLBACK_LINES)


def _is_legacy_console() -> bool:
    """Return whether this is a Windows console that shows codes instead of colors."""
    if os.name != "nt":
        return False
    from rich.console import detect_legacy_windows

    return detect_legacy_windows()


class PipeWatcher:
    """Detects that the reader of a pipe has closed it, for several threads; never on Windows."""

    def __init__(self, stream: TextIO) -> None:
        """Check whether the reader of this stream can be watched."""
        self._descriptor: int | None = None
        if hasattr(select, "poll"):
            try:
                descriptor = stream.fileno()
                if not _poll_errors(descriptor, 0) & select.POLLNVAL:  # macOS cannot poll files
                    self._descriptor = descriptor
            except (OSError, ValueError):  # it is closed, or not a file of the system
                pass

    @property
    def works(self) -> bool:
        """Return whether the pipe can be polled."""
        return self._descriptor is not None

    def closes_within(self, seconds: float) -> bool:
        """Wait up to so many seconds, and return whether the reader has closed the pipe."""
        return self._descriptor is not None and bool(_poll_errors(self._descriptor, seconds))


def _poll_errors(descriptor: int, seconds: float) -> int:
    """Poll a descriptor for an error or a closed end, for so many seconds."""
    poller = select.poll()  # one per thread
    poller.register(descriptor, 0)  # errors and closed ends are always reported
    return sum(events for _, events in poller.poll(1000 * seconds))
