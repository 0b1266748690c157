"""`--format page`: a job on a page, with its times as a bar, or a schedule with its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hfjobs_cli.formats import facts
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.styling import inked
from hfjobs_cli.models.description import Description, Run
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.schedule import STATE_STYLES
from hfjobs_cli.text.display import block, cell_width, cut
from hfjobs_cli.text.values import span

_WIDEST = 100
"""Longer lines are hard to read; a pipe gets them too."""

_LABEL = 13
"""How wide the labels to the left are, with blanks behind them."""

_BAR = 48

_LEAST_MESSAGE = 16
"""How much room there must be beside a run for its message."""

Piece = tuple[str, "str | None"]


def render(records: Iterable[Description], view: View) -> None:
    """Write a page for each job, a blank line between two; nothing if reading them fails."""
    for number, each in enumerate(list(records)):
        pieces = [("\n", None)] * (number > 0) + list(_page(each, view))
        view.write(inked(pieces) if view.color else "".join(text for text, _ in pieces))


def _page(each: Description, view: View) -> Iterator[Piece]:
    yield from _head(each, view)
    for fact in facts.of_description(each, view):
        yield from _bar(fact, view) if fact.periods else _wrapped(fact.label, fact.text, view, fact.most)
    if each.runs is not None and each.runs.newest:
        yield "\nLast runs\n", "bold"
        yield from _runs(each.runs.newest, view)
    if each.last_lines:
        yield "\nLast lines\n", "bold"
        for line in each.last_lines:
            yield from ((f"  {part}\n", None) for part in _block(line, 2, view))
    if each.next:
        yield "\nNext\n", "bold"
        yield from _steps(each, view)


def _head(each: Description, view: View) -> Iterator[Piece]:
    subject = each.subject
    state = str(subject.status)
    name = view.spell(each.name or f"unnamed {each.type}")
    yield f"{cut(name, _width(view) - len(state) - 2, '...')}  ", "bold"
    yield view.spell(state), {**STATE_STYLES, **STAGE_STYLES}.get(state)
    yield f"\n{view.spell(facts.place(each))}\n\n", None
    for sentence in facts.sentences(each):
        yield from _wrapped("", sentence, view)
    yield "\n", None


def _runs(newest: list[Run], view: View) -> Iterator[Piece]:
    """Yield a line for each run, with its message if there is room."""
    rows = [
        (
            view.spell(run.id),
            facts.relative(run.created_at, view),
            view.spell(run.status or "-"),
            "-" if run.running_secs is None else span(run.running_secs),
            facts.amount(run.cost_usd, run.cost_is_estimated),
        )
        for run in newest
    ]
    widths = [max(cell_width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for run, row in zip(newest, rows, strict=True):
        cells = [f"{cell}{' ' * (width - cell_width(cell))}" for cell, width in zip(row, widths, strict=True)]
        yield f"  {cells[0]}  {cells[1]}  ", None
        yield cells[2], STAGE_STYLES.get(run.status or "")
        rest = f"  {cells[3]}  {cells[4]}"
        room = _width(view) - sum(widths) - 2 * len(widths) - 2
        message = view.spell((run.message or "").partition("\n")[0])
        shown = cut(message, room, "…" if view.holds("…") else "...") if room >= _LEAST_MESSAGE else ""
        yield f"{rest}  {shown}".rstrip() + "\n", None


def _width(view: View) -> int:
    return min(view.width or _WIDEST, _WIDEST)


def _wrapped(label: str, text: str, view: View, most: int = facts.MOST_LINES) -> Iterator[Piece]:
    """Yield a wrapped text beside its label, or from the left edge without one.

    The lines of a text stay lines: a script in a command is read as one.
    """
    if not text:
        return
    start = " " * _LABEL if label else ""
    lines = _block(text.rstrip("\n"), len(start), view, most)
    if label:
        yield f"{label:<{_LABEL}}", "bold"
    yield f"\n{start}".join(lines) + "\n", None


def _block(text: str, indent: int, view: View, most: int = facts.MOST_LINES) -> list[str]:
    lines = (view.spell(line) for line in text.split("\n"))
    return block(lines, max(20, _width(view) - indent), most if view.folds else None, "…" if view.holds("…") else "...")


def _bar(fact: facts.Fact, view: View) -> Iterator[Piece]:
    """Yield periods as a bar, followed by a legend. There is no bar of what took no second."""
    signs = "─━·" if view.holds("─━·") else "-=."
    room = max(10, min(_BAR, _width(view) - _LABEL))
    lengths = _lengths([period.seconds or 0.0 for period in fact.periods], room)
    yield f"{fact.label:<{_LABEL}}", "bold"
    for sign, length, period in zip(signs, lengths, fact.periods, strict=True):
        if length:
            yield sign * length, period.style
    if any(lengths):
        yield f"\n{' ' * _LABEL}", None
    words = [
        f"{sign} {period.word} {span(period.seconds)}"
        for sign, period in zip(signs, fact.periods, strict=True)
        if period.seconds is not None
    ]
    yield f"{'  '.join(words)}\n", None


def _lengths(seconds: list[float], room: int) -> list[int]:
    """Share cells among lengths of time, one at least for each that is not 0."""
    total = sum(seconds)
    if not total:
        return [0] * len(seconds)
    found = [max(1, round(each / total * room)) if each else 0 for each in seconds]
    found[found.index(max(found))] += room - sum(found)
    return found


def _steps(each: Description, view: View) -> Iterator[Piece]:
    """Yield the next commands, with their purposes beside them if there is room."""
    steps = [(view.spell(step.command), view.spell(step.purpose)) for step in each.next]
    widest = max((cell_width(command) for command, _ in steps), default=0)
    beside = all(widest + cell_width(purpose) + 6 <= _width(view) for _, purpose in steps)
    for command, purpose in steps:
        if beside:
            yield f"  {command}{' ' * (widest - cell_width(command))}  # {purpose}\n", None
        else:
            yield f"  # {purpose}\n  {command}\n", None
