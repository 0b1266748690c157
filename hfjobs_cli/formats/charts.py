"""Charts of pages for a browser: bars, and lines over time, as SVG. Colors are classes of the style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hfjobs_cli.formats.html import text

_WIDTH, _HEIGHT = 1000, 200
"""The size of the drawing of a line, which is stretched to the width of the page."""


class Part(NamedTuple):
    """A part of a bar: what it stands for, how much that is, and its class."""

    label: str
    amount: float
    style: str


class Series(NamedTuple):
    """A line over time: what it stands for, a number for each period, and its class."""

    label: str
    numbers: Sequence[float]
    style: str


def bar(parts: Sequence[Part], most: float) -> str:
    """Return a bar of parts, one beside the other; `most` is as wide as there is room."""
    drawn = []
    begin = 0.0
    for part in parts:
        share = 100 * part.amount / most if most else 0.0
        if share > 0:
            title = f"<title>{text(part.label)}</title>"
            place = f'x="{begin:.2f}%" width="{max(share, 0.3):.2f}%" height="100%"'
            drawn.append(f'<rect class="{part.style}" {place}>{title}</rect>')
        begin += share
    return f'<svg class="bar" aria-hidden="true">{"".join(drawn)}</svg>'


def legend(parts: Sequence[Part | Series]) -> str:
    """Return what the colors stand for."""
    rect = '<rect class="{}" width="100%" height="100%"/>'.format
    keys = (f'<svg class="key" aria-hidden="true">{rect(part.style)}</svg>{text(part.label)}' for part in parts)
    return f'<ul class="legend">{"".join(f"<li>{each}</li>" for each in keys)}</ul>'


def line_chart(title: str, series: Sequence[Series], periods: Sequence[str], most: str) -> str:
    """Return lines over time, with the first and the last period below. `most` is the highest number as text."""
    top = max((number for each in series for number in each.numbers), default=0) or 1
    drawn = "".join(_line(each, top) for each in series)
    label = f"{title}, {periods[0]} to {periods[-1]}, at most {most}"
    return (
        f'<figure class="line"><figcaption>{text(title)}</figcaption><p class="most">{text(most)}</p>'
        f'<svg role="img" aria-label="{text(label)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        f'<path class="grid" d="M0 {_HEIGHT / 2:g}H{_WIDTH}M0 0H{_WIDTH}M0 {_HEIGHT}H{_WIDTH}"/>{drawn}</svg>'
        f'<p class="ends"><span>{text(periods[0])}</span><span>{text(periods[-1])}</span></p>'
        f"{legend(series) if len(series) > 1 else ''}</figure>\n"
    )


def _line(series: Series, top: float) -> str:
    """Return a line and the area below it."""
    step = _WIDTH / max(1, len(series.numbers) - 1)
    points = [f"{at * step:.1f} {_HEIGHT * (1 - number / top):.1f}" for at, number in enumerate(series.numbers)]
    if len(points) == 1:
        points.append(f"{_WIDTH} {points[0].partition(' ')[2]}")
    path = "L".join(points)
    area = f'<path class="area {series.style}" d="M0 {_HEIGHT}L{path}L{_WIDTH} {_HEIGHT}Z"/>'
    return f'{area}<path class="stroke {series.style}" d="M{path}"/>'
