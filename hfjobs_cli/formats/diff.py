"""`--format diff`: differences part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import unified_diff
from itertools import groupby

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.table import ABSENT
from hfjobs_cli.models.changes import FILES, Difference
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.text.terminal_text import block, cell_width, cut, join_pieces

_PIPE_WIDTH = 100
"""The width for pipes: a value that is wider goes on lines of its own."""

_MOST_LINES = 12
"""How many lines of one value are shown."""

_MOST_CHANGED = 60
"""How many lines of the changes of a file are shown."""

_MOST_COMPARED = 5_000
"""Up to how many lines are compared one by one; the time grows with their square."""

_STYLES = {"-": "red", "+": "green", "@": "cyan"}

_WIDEST_FIELD = 32
"""Up to this width fields share one column; values of wider fields begin further to the right."""

Pieces = Iterator[tuple[str, "str | None"]]


def render(records: Iterable[Difference], view: View) -> None:
    """Write a header with both jobs, then the differences part by part; nothing if there are none."""
    found = list(records)
    if not found:
        return
    pieces = [piece for part in (_heads(found[0], view), *_parts(found, view)) for piece in part]
    view.write(join_pieces(pieces, color=view.color))


def _heads(first: Difference, view: View) -> Pieces:
    yield f"--- {view.spell(first.job_a)}\n+++ {view.spell(first.job_b)}\n", None


def _parts(found: Iterable[Difference], view: View) -> Iterator[Pieces]:
    for part, group in groupby(found, key=lambda each: each.part):
        differences = list(group)
        if differences[0].is_none:
            yield iter([(f"\n{part.upper()}", "bold"), (" identical\n", None)])
            continue
        yield iter([(f"\n{view.spell(part).upper()}\n", "bold")])
        width = min(max(cell_width(view.spell(each.field)) for each in differences), _WIDEST_FIELD)
        for each in differences:
            yield _difference(each, width, view)


def _difference(each: Difference, width: int, view: View) -> Pieces:
    """Yield the pieces of one difference: on one line if there is room, else both values below the field."""
    room = view.width or _PIPE_WIDTH
    arrow = "→" if view.holds("→") else "->"
    field = cut(view.spell(each.field), room - 2, "...")
    a, b = (ABSENT if value is None else value.strip() or "''" for value in (each.a, each.b))
    start = f"  {field}{' ' * (width - cell_width(field))}  "
    is_short = len(a) + len(b) < room and "\n" not in a + b
    if is_short and cell_width(f"{start}{view.spell(a)} {arrow} {view.spell(b)}") <= room:
        yield start, None
        yield view.spell(a), STAGE_STYLES.get(a)
        yield f" {arrow} ", None
        yield view.spell(b), STAGE_STYLES.get(b)
        yield "\n", None
        return
    yield f"  {field}\n", None
    if each.field.startswith(FILES) and (lines := _unified(each, room - 4, view)):
        for line in lines:
            yield f"    {line}\n", _STYLES.get(line[:1])
        return
    for sign, value in (("-", each.a), ("+", each.b)):
        if value is not None:
            for number, line in enumerate(_lines(value, room - 6, view)):
                yield f"    {sign if not number else ' '} {line}\n", None


def _unified(each: Difference, room: int, view: View) -> list[str]:
    """Return the changes of a file as a unified diff, without the two lines that name it.

    Return nothing if only one of the jobs has the file, or if too many lines changed to be compared one by one.
    """
    if each.a is None or each.b is None:
        return []
    a, b = each.a.splitlines(), each.b.splitlines()
    if _changed_lines(a, b) > _MOST_COMPARED:
        return []
    lines = list(unified_diff(a, b, lineterm="", n=2))[2:]
    return block(map(view.spell, lines), room, _MOST_CHANGED if view.folds else None, "…" if view.holds("…") else "...")


def _changed_lines(a: list[str], b: list[str]) -> int:
    """Return how many lines two texts have between their common beginning and their common end."""
    most = min(len(a), len(b))
    first = next((at for at in range(most) if a[at] != b[at]), most)
    last = next((at for at in range(most - first) if a[-1 - at] != b[-1 - at]), most - first)
    return len(a) + len(b) - 2 * (first + last)


def _lines(value: str, room: int, view: View) -> list[str]:
    """Return the lines of a value, wrapped; of a long value the first ones, unless the output may not be cut."""
    lines = (view.spell(line) for line in value.split("\n"))
    return block(lines, room, _MOST_LINES if view.folds else None, "…" if view.holds("…") else "...")
