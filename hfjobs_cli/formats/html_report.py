"""`--format html` of groups: bars of jobs and of cost, lines over time, and the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from hfjobs_cli.formats.charts import Part, Series, bar, legend, line_chart
from hfjobs_cli.formats.facts import amount
from hfjobs_cli.formats.html import counted, table, text, write_page
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.models.group import COUNTS, INITIATOR_NAME, TOTAL, Group
from hfjobs_cli.models.vocabulary import PERIODS

_MOST = 30
"""How many bars are drawn; the table has all groups."""

_OUTCOMES = {"completed": "green", "failed": "red", "canceled": "magenta", "active": "cyan"}
"""The counts that make up a bar of jobs, and their classes."""


def render(records: Iterable[Group], view: View) -> None:
    """Write a page with charts above the table; nothing if reading the groups fails."""
    groups = list(records)
    write_page(_title(groups, view), [*_charts(groups), *table(groups, view)], view)


def _title(groups: Sequence[Group], view: View) -> str:
    by = [name for name in groups[0].values() if name not in (*COUNTS, INITIATOR_NAME)] if groups else []
    return f"Jobs by {', '.join(by)}" if by else counted(groups, view)


def _charts(groups: Sequence[Group]) -> Iterator[str]:
    by = [name for name in groups[0].values() if name not in (*COUNTS, INITIATOR_NAME)] if groups else []
    shown = [group for group in groups if group.label(by[0]) != TOTAL or not group.is_sum]
    if not shown:
        return
    yield '<div class="charts">\n'
    if by[0] in PERIODS:
        yield from _lines([group for group in shown if not group.is_sum], by[0])
        if len(shown) > _MOST:
            yield "</div>\n"
            return
    names = [" / ".join(group.label(name) or "-" for name in by if group.label(name) != "") for group in shown]
    yield _bars("Jobs", [_of_jobs(group) for group in shown], names, _outcomes(shown))
    if any(group.values()["cost_usd"] for group in shown):
        yield _bars("Cost", [_of_cost(group) for group in shown], names, [])
    yield "</div>\n"


def _lines(groups: Sequence[Group], period: str) -> Iterator[str]:
    """Yield lines of jobs and of cost, each period the sum of its groups. Jobs without a time are left out."""
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
    counts = [Series("jobs", [jobs[name] for name in names], "cyan")]
    if any(failed.values()):
        counts.append(Series("failed", [failed[name] for name in names], "red"))
    yield line_chart(f"Jobs by {period}", counts, names, f"{max(jobs.values()):,.0f}")
    if is_priced:
        costs = Series("cost", [usd[name] for name in names], "cost")
        yield line_chart(f"Cost by {period}", [costs], names, amount(max(usd.values()), is_estimated))


def _outcomes(groups: Sequence[Group]) -> list[Part]:
    """Return the parts of bars that there are, for the legend."""
    return [
        Part(name, total, style)
        for name, style in _OUTCOMES.items()
        if (total := sum(group.values()[name] for group in groups))
    ]


def _of_jobs(group: Group) -> tuple[list[Part], str]:
    values = group.values()
    parts = [Part(f"{values[name]:,} {name}", values[name], style) for name, style in _OUTCOMES.items()]
    return parts, f"{values['jobs']:,}"


def _of_cost(group: Group) -> tuple[list[Part], str]:
    values = group.values()
    shown = amount(values["cost_usd"], values["cost_is_estimated"])
    return [Part(shown, values["cost_usd"] or 0, "cost")], shown or "-"


def _bars(title: str, bars: Sequence[tuple[list[Part], str]], names: Sequence[str], parts: list[Part]) -> str:
    """Return a chart with a bar for each name; the longest one is as wide as there is room."""
    most = max(sum(part.amount for part in each) for each, _ in bars)
    drawn = [
        f"<li><span>{text(name)}</span>{bar(each, most)}<b>{text(shown)}</b></li>\n"
        for name, (each, shown) in zip(names[:_MOST], bars, strict=False)
    ]
    left = len(names) - len(drawn)
    more = f'<p class="more">{left:,} more in the table</p>' if left else ""
    return (
        f"<figure><figcaption>{text(title)}</figcaption>{legend(parts) if parts else ''}"
        f'<ul class="bars">\n{"".join(drawn)}</ul>{more}</figure>\n'
    )
