"""`--format html` of descriptions, trees and reports, and the charts of these pages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hfjobs_cli.formats.detail import Fact, amount, facts_of, place, sentences
from hfjobs_cli.formats.html_document import (
    address,
    cell,
    counted,
    lines,
    linked,
    marked,
    moment,
    rows,
    table,
    text,
    write_page,
)
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.tree import MOST, Line, shown_columns, tree_lines
from hfjobs_cli.models.describe_result import Description, Run
from hfjobs_cli.models.group import COUNTS, INITIATOR_NAME, TOTAL, Group
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.kind import Field
from hfjobs_cli.models.schedule import STATE_STYLES
from hfjobs_cli.models.tree_node import TreeNode
from hfjobs_cli.models.vocabulary import PERIODS
from hfjobs_cli.text.values import span

_TYPED = frozenset(("Id", "Image", "Command", "Labels", "Variables", "Files", "Secrets", "Volumes", "Schedule"))
"""The labels of facts that show input of users."""

_RUNS = {"RUN": "code", "CREATED": "", "STATUS": "", "RUNTIME": "number", "COST": "number", "MESSAGE": ""}


def render_summary(records: Iterable[Description], view: View) -> None:
    """Write a page with an article for each job or schedule; nothing if reading them fails."""
    found = list(records)
    title = _name(found[0]) if len(found) == 1 else counted(found, view)
    write_page(title, (piece for each in found for piece in _article(each, view)), view, has_heading=len(found) != 1)


def _name(each: Description) -> str:
    return each.name or f"unnamed {each.type}"


def _article(each: Description, view: View) -> Iterator[str]:
    state = str(each.subject.status)
    url = address(each, view)
    yield f"<article>\n<h1>{text(_name(each))} {marked(state, {**STATE_STYLES, **STAGE_STYLES}.get(state))}</h1>\n"
    yield f'<p class="place">{linked(text(place(each)), url)}</p>\n'
    yield from (f"<p>{text(sentence)}</p>\n" for sentence in sentences(each) if sentence)
    yield "<dl>\n"
    for fact in facts_of(each, view):
        typed = ' class="code"' if fact.label in _TYPED else ""
        yield f"<div><dt>{text(fact.label)}</dt><dd{typed}>{_value(fact)}</dd></div>\n"
    yield "</dl>\n"
    if each.runs is not None and each.runs.newest:
        yield "<h2>Last runs</h2>\n"
        yield from rows(_RUNS, map(_run, each.runs.newest))
    if each.last_lines:
        written = "\n".join(map(text, each.last_lines))
        yield f"<h2>Last lines</h2>\n<pre>{written}</pre>\n"
    if each.next:
        yield '<h2>Next</h2>\n<dl class="steps">\n'
        for step in each.next:
            yield f'<div><dt>{text(step.purpose)}</dt><dd class="code">{text(step.command)}</dd></div>\n'
        yield "</dl>\n"
    yield "</article>\n"


def _value(fact: Fact) -> str:
    """Return the content of a fact: its times, a bar of its periods, or its text."""
    if fact.moments:
        return "<br>".join(map(moment, fact.moments))
    if not fact.periods:
        return lines(fact.text.rstrip("\n"))
    parts = [
        _Part(f"{period.word} {span(period.seconds)}", period.seconds, period.style or "rest")
        for period in fact.periods
        if period.seconds is not None
    ]
    return _bar(parts, sum(part.amount for part in parts)) + _legend(parts)


def _run(run: Run) -> Sequence[str]:
    return (
        text(run.id),
        "-" if run.created_at is None else moment(run.created_at),
        marked(run.status or "-", STAGE_STYLES.get(run.status or "")),
        "-" if run.running_secs is None else span(run.running_secs),
        text(amount(run.cost_usd, run.cost_is_estimated)),
        text((run.message or "").partition("\n")[0]),
    )


def render_tree(records: Iterable[TreeNode], view: View) -> None:
    """Write a page with a list for each tree; nothing if reading fails."""
    nodes = list(records)
    drawn = list(tree_lines(nodes, MOST if view.folds else None))
    jobs, trees = sum(each.is_job for each in nodes), sum(not each.generation for each in nodes)
    title = f"{jobs:,} {'job' if jobs == 1 else 'jobs'} in {trees:,} {'tree' if trees == 1 else 'trees'}"
    write_page(title, _trees(drawn, shown_columns(drawn, view), view), view)


def _trees(drawn: Sequence[Line], columns: Sequence[Field], view: View) -> Iterator[str]:
    """Yield nested lists: each item has the list of its children."""
    yield '<div class="tree">\n'
    depth = 0
    for line in drawn:
        level = len(line.follows) + 1
        yield "<ul>\n" if level > depth else "</li>\n" + "</ul></li>\n" * (depth - level)
        depth = level
        yield f"<li>{_node(line, columns, view)}"
    yield "</li></ul>\n" * depth + "</div>\n"


def _node(line: Line, columns: Sequence[Field], view: View) -> str:
    node = line.node
    if node is None:
        return f'<span class="node folded">{text(line.summary)}</span>'
    parts = [f"<code>{linked(text(node.id), address(node, view))}</code>"]
    for column in columns:
        if column.cell(node, view.now) is not None:
            class_ = "name" if column.name == "name" else "value"
            parts.append(f'<span class="{class_}" title="{text(column.header)}">{cell(column, node, view)}</span>')
    asked = ' aria-current="true"' if node.is_asked else ""
    return f'<span class="node"{asked}>{" ".join(parts)}</span>'


_MOST_BARS = 30
"""How many bars are drawn at most; the table has all groups."""

_OUTCOMES = {"completed": "green", "failed": "red", "canceled": "magenta", "active": "cyan"}
"""The counts that a bar of jobs consists of, with their classes."""


def render_report(records: Iterable[Group], view: View) -> None:
    """Write a page with charts above the table; nothing if reading the groups fails."""
    groups = list(records)
    write_page(_report_title(groups, view), [*_charts(groups), *table(groups, view)], view)


def _report_title(groups: Sequence[Group], view: View) -> str:
    by = [name for name in groups[0].values() if name not in (*COUNTS, INITIATOR_NAME)] if groups else []
    return f"Jobs by {', '.join(by)}" if by else counted(groups, view)


def _charts(groups: Sequence[Group]) -> Iterator[str]:
    by = [name for name in groups[0].values() if name not in (*COUNTS, INITIATOR_NAME)] if groups else []
    shown = [group for group in groups if group.label(by[0]) != TOTAL or not group.is_sum]
    if not shown:
        return
    yield '<div class="charts">\n'
    if by[0] in PERIODS:
        yield from _charts_over_time([group for group in shown if not group.is_sum], by[0])
        if len(shown) > _MOST_BARS:
            yield "</div>\n"
            return
    names = [" / ".join(group.label(name) or "-" for name in by if group.label(name) != "") for group in shown]
    yield _bars("Jobs", [_of_jobs(group) for group in shown], names, _outcomes(shown))
    if any(group.values()["cost_usd"] for group in shown):
        yield _bars("Cost", [_of_cost(group) for group in shown], names, [])
    yield "</div>\n"


def _charts_over_time(groups: Sequence[Group], period: str) -> Iterator[str]:
    """Yield line charts of jobs and of cost, summed up by period. Jobs without a time are left out."""
    jobs: dict[str, float] = defaultdict(float)
    failed: dict[str, float] = defaultdict(float)
    usd: dict[str, float] = defaultdict(float)
    is_estimated = is_priced = False
    for values in (group.values() for group in groups):
        name = values[period]
        if name is not None:
            jobs[name] += values["jobs"]
            failed[name] += values["failed"]
            usd[name] += values["cost_usd"] or 0
            is_estimated |= bool(values["cost_is_estimated"])
            is_priced |= bool(values["cost_usd"])
    names = sorted(jobs)
    if not names:
        return
    counts = [_Series("jobs", [jobs[name] for name in names], "cyan")]
    if any(failed.values()):
        counts.append(_Series("failed", [failed[name] for name in names], "red"))
    yield _line_chart(f"Jobs by {period}", counts, names, f"{max(jobs.values()):,.0f}")
    if is_priced:
        costs = _Series("cost", [usd[name] for name in names], "cost")
        yield _line_chart(f"Cost by {period}", [costs], names, amount(max(usd.values()), is_estimated))


def _outcomes(groups: Sequence[Group]) -> list[_Part]:
    """Return the parts that occur in bars, for the legend."""
    return [
        _Part(name, total, style)
        for name, style in _OUTCOMES.items()
        if (total := sum(group.values()[name] for group in groups))
    ]


def _of_jobs(group: Group) -> tuple[list[_Part], str]:
    values = group.values()
    parts = [_Part(f"{values[name]:,} {name}", values[name], style) for name, style in _OUTCOMES.items()]
    return parts, f"{values['jobs']:,}"


def _of_cost(group: Group) -> tuple[list[_Part], str]:
    values = group.values()
    shown = amount(values["cost_usd"], values["cost_is_estimated"])
    return [_Part(shown, values["cost_usd"] or 0, "cost")], shown or "-"


def _bars(title: str, bars: Sequence[tuple[list[_Part], str]], names: Sequence[str], parts: list[_Part]) -> str:
    """Return a chart with a bar for each name; the longest bar has the whole width."""
    most = max(sum(part.amount for part in each) for each, _ in bars)
    drawn = [
        f"<li><span>{text(name)}</span>{_bar(each, most)}<b>{text(shown)}</b></li>\n"
        for name, (each, shown) in zip(names[:_MOST_BARS], bars, strict=False)
    ]
    left = len(names) - len(drawn)
    more = f'<p class="more">{left:,} more in the table</p>' if left else ""
    return (
        f"<figure><figcaption>{text(title)}</figcaption>{_legend(parts) if parts else ''}"
        f'<ul class="bars">\n{"".join(drawn)}</ul>{more}</figure>\n'
    )


_WIDTH, _HEIGHT = 1000, 200
"""The size of a line chart in its own units; it is stretched to the width of the page."""


class _Part(NamedTuple):
    """A part of a bar: its label, its amount and its class."""

    label: str
    amount: float
    style: str


class _Series(NamedTuple):
    """A line over time: its label, a number for each period, and its class."""

    label: str
    numbers: Sequence[float]
    style: str


def _bar(parts: Sequence[_Part], most: float) -> str:
    """Return a bar of parts side by side; an amount of `most` has the whole width."""
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


def _legend(parts: Sequence[_Part | _Series]) -> str:
    """Return the legend of the colors."""
    rect = '<rect class="{}" width="100%" height="100%"/>'.format
    keys = (f'<svg class="key" aria-hidden="true">{rect(part.style)}</svg>{text(part.label)}' for part in parts)
    return f'<ul class="legend">{"".join(f"<li>{each}</li>" for each in keys)}</ul>'


def _line_chart(title: str, series: Sequence[_Series], periods: Sequence[str], most: str) -> str:
    """Return a line chart, labeled with the first and the last period. `most` is the highest number as text."""
    top = max((number for each in series for number in each.numbers), default=0) or 1
    drawn = "".join(_polyline(each, top) for each in series)
    label = f"{title}, {periods[0]} to {periods[-1]}, at most {most}"
    return (
        f'<figure class="line"><figcaption>{text(title)}</figcaption><p class="most">{text(most)}</p>'
        f'<svg role="img" aria-label="{text(label)}" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none">'
        f'<path class="grid" d="M0 {_HEIGHT / 2:g}H{_WIDTH}M0 0H{_WIDTH}M0 {_HEIGHT}H{_WIDTH}"/>{drawn}</svg>'
        f'<p class="ends"><span>{text(periods[0])}</span><span>{text(periods[-1])}</span></p>'
        f"{_legend(series) if len(series) > 1 else ''}</figure>\n"
    )


def _polyline(series: _Series, top: float) -> str:
    """Return a line and the area below it."""
    step = _WIDTH / max(1, len(series.numbers) - 1)
    points = [f"{at * step:.1f} {_HEIGHT * (1 - number / top):.1f}" for at, number in enumerate(series.numbers)]
    if len(points) == 1:
        points.append(f"{_WIDTH} {points[0].partition(' ')[2]}")
    path = "L".join(points)
    area = f'<path class="area {series.style}" d="M0 {_HEIGHT}L{path}L{_WIDTH} {_HEIGHT}Z"/>'
    return f'{area}<path class="stroke {series.style}" d="M{path}"/>'
