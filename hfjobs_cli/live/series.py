"""Figures of the last minutes, and how they are drawn in a line of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime

BUCKET_SECS = 10
"""How much time one bar stands for."""

MAX_BUCKETS = 60

BARS = "▁▂▃▄▅▆▇█"
PLAIN_BARS = "_.:-=+*#"
"""What stands for bars where they cannot be shown."""


class Series:
    """A figure as it was told of, in means over a few seconds each."""

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
