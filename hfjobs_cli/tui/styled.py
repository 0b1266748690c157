"""Lines of styled text, and figures as bars."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from hfjobs_cli.formats.styling import styled
from hfjobs_cli.text.display import cell_width, cut, printable


class Piece(NamedTuple):
    """A piece of text, and its style in rich's words, None for none."""

    text: str
    style: str | None = None


Line = Sequence[Piece]


class Canvas(NamedTuple):
    """How wide lines may be, whether they may have styles, and whether the terminal can show every character."""

    width: int
    color: bool
    is_unicode: bool = True

    def cell(self, text: str, width: int, style: str | None = None, *, right: bool = False) -> Piece:
        """Return untrusted text, harmless, cut and filled up to a width."""
        shown = self.cut(self.formatted(text), width)
        blanks = " " * (width - cell_width(shown))
        return Piece(blanks + shown if right else shown + blanks, style)

    def cut(self, text: str, width: int) -> str:
        """Return text, cut and marked if it is too wide."""
        return cut(text, width, "…" if self.is_unicode else ".")

    def formatted(self, text: str) -> str:
        """Return untrusted text harmless and on one line, in characters that the terminal has."""
        shown = printable(text)
        return shown if self.is_unicode else shown.encode("ascii", "backslashreplace").decode()

    def line(self, pieces: Iterable[Piece]) -> str:
        """Return a line no wider than there is room for, without blanks at its end."""
        room = self.width
        parts: list[str] = []
        for text, style in pieces:
            shown = self.cut(text, room)
            room -= cell_width(shown)
            parts.append(styled(shown, style) if style is not None and self.color else shown)
            if room <= 0:
                break
        return "".join(parts) if parts and parts[-1].endswith("m") else "".join(parts).rstrip()

    def bar(self, pieces: Iterable[Piece], style: str) -> str:
        """Return a line in one style, up to the edge."""
        text = self.cut("".join(text for text, _ in pieces).rstrip(), self.width)
        return self.line([Piece(text + " " * (self.width - cell_width(text)), style)])


BUCKET_SECS = 10
"""How much time one bar stands for."""

MAX_BUCKETS = 60

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.:-=+*#"
"""What stands for bars where they cannot be shown."""


class Series:
    """A time series of a metric, as means over a few seconds."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._buckets: dict[int, tuple[float, int]] = {}
        self.last: float | None = None

    def add(self, value: float | None, now: datetime) -> None:
        """Take note of the present figure, None if it is not known."""
        self.last = value
        if value is None:
            return
        bucket = _bucket(now)
        total, count = self._buckets.get(bucket, (0.0, 0))
        self._buckets[bucket] = (total + value, count + 1)
        if len(self._buckets) > MAX_BUCKETS:
            del self._buckets[min(self._buckets)]

    def means(self, count: int, now: datetime) -> list[float | None]:
        """Return the means of the last `count` buckets, the present one last, None where nothing is known."""
        present = _bucket(now)
        found = (self._buckets.get(bucket) for bucket in range(present - count + 1, present + 1))
        return [None if each is None else each[0] / each[1] for each in found]


def _bucket(moment: datetime) -> int:
    return int(moment.timestamp()) // BUCKET_SECS


def sparkline(values: Sequence[float | None], top: float, *, is_unicode: bool = True) -> str:
    """Draw values from 0 to `top` as bars, and a blank where there is none. What is more than nothing shows."""
    bars = BARS if is_unicode else PLAIN_BARS
    return "".join(" " if value is None else bars[_height(value, top, len(bars) - 1)] for value in values)


def _height(value: float, top: float, highest: int) -> int:
    if top <= 0 or value <= 0:
        return 0
    return min(highest, math.ceil(value / top * highest))
