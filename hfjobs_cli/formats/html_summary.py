"""`--format html` of descriptions: a job or a schedule on a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hfjobs_cli.formats import facts
from hfjobs_cli.formats.charts import Part, bar, legend
from hfjobs_cli.formats.html import address, counted, lines, linked, marked, moment, rows, text, write_page
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.models.description import Description, Run
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.schedule import STATE_STYLES
from hfjobs_cli.text.values import span

_TYPED = frozenset(("Id", "Image", "Command", "Labels", "Variables", "Files", "Secrets", "Volumes", "Schedule"))
"""The labels of facts that are as somebody typed them."""

_RUNS = {"RUN": "code", "CREATED": "", "STATUS": "", "RUNTIME": "number", "COST": "number", "MESSAGE": ""}


def render(records: Iterable[Description], view: View) -> None:
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
    yield f'<p class="place">{linked(text(facts.place(each)), url)}</p>\n'
    yield from (f"<p>{text(sentence)}</p>\n" for sentence in facts.sentences(each) if sentence)
    yield "<dl>\n"
    for fact in facts.of_description(each, view):
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


def _value(fact: facts.Fact) -> str:
    """Return the content of a fact: moments, a bar of its periods, or its text."""
    if fact.moments:
        return "<br>".join(map(moment, fact.moments))
    if not fact.periods:
        return lines(fact.text.rstrip("\n"))
    parts = [
        Part(f"{period.word} {span(period.seconds)}", period.seconds, period.style or "rest")
        for period in fact.periods
        if period.seconds is not None
    ]
    return bar(parts, sum(part.amount for part in parts)) + legend(parts)


def _run(run: Run) -> Sequence[str]:
    return (
        text(run.id),
        "-" if run.created_at is None else moment(run.created_at),
        marked(run.status or "-", STAGE_STYLES.get(run.status or "")),
        "-" if run.running_secs is None else span(run.running_secs),
        text(facts.amount(run.cost_usd, run.cost_is_estimated)),
        text((run.message or "").partition("\n")[0]),
    )
