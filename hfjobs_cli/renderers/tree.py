"""`--format tree`: a line for each relative, with branches to the left of it, for eyes.

Ids and states stay whole; where space is short, names are cut and columns leave, as in tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hfjobs_cli.records.declared import About, Shape
from hfjobs_cli.records.field import NEVER_LEAVES, Field
from hfjobs_cli.records.relative import Relative
from hfjobs_cli.renderers.branches import MOST, Line, lines
from hfjobs_cli.renderers.ink import inked
from hfjobs_cli.renderers.layout import cut, fit
from hfjobs_cli.renderers.table import ABSENT
from hfjobs_cli.renderers.view import View
from hfjobs_cli.text.widths import cell_width, padding

_BRANCH = Field("branch", (), Shape(str), About("where it is", "", rank=NEVER_LEAVES), lambda _relative, _now: None)
"""The first column, which holds the branches and the ids."""

_ROOM = 56
"""What is left of a line for an id, a status and times when the branches take their share."""

_LONGEST_ID = 250
"""How many characters an id has, with what stands to the left of it, that is whole however narrow the terminal."""


class _Marks(NamedTuple):
    """What branches are drawn with, each as wide as the others of its kind."""

    middle: str = "├─ "
    last: str = "└─ "
    middle_asked: str = "├► "
    last_asked: str = "└► "
    passing: str = "│  "
    nothing: str = "   "
    root_asked: str = "► "
    ellipsis: str = "…"


_ASCII = _Marks("|- ", "`- ", "|> ", "`> ", "|  ", "   ", "> ", "...")


def render(records: Iterable[Relative], view: View) -> None:
    """Write a line for each relative, many that came of the same folded; nothing if reading them fails."""
    marks = _Marks() if view.holds("".join(_Marks())) else _ASCII
    drawn = list(lines(list(records), MOST if view.folds else None))
    heads = {line: _head(line, marks, view) for line in drawn}
    jobs = [line for line in drawn if line.relative is not None and line.relative.is_job]
    rows: dict[Field, dict[Line, str]] = {_BRANCH: heads}

    def measure(column: Field) -> int:
        if column not in rows:
            rows[column] = {line: _cell(column, line.relative, view) for line in jobs}
        return max((cell_width(rows[column][line]) for line in jobs), default=0)

    fitted = fit([_BRANCH, *_columns(drawn, view)], measure, view.width)
    aligned = set(jobs)
    pieces: list[tuple[str, str | None]] = []
    for number, line in enumerate(drawn):
        if number and not line.follows:
            pieces.append(("\n", None))  # between two trees
        if line in aligned:
            texts = [cut(rows[column][line], width, marks.ellipsis) for column, width in fitted]
            pieces += _aligned(texts, fitted, is_asked=line.relative is not None and line.relative.is_asked)
        else:
            pieces.append((_free(line, heads[line], marks, view), None))
    view.write(inked(pieces) if view.color else "".join(text for text, _ in pieces))


def _columns(drawn: Sequence[Line], view: View) -> list[Field]:
    """Return the columns but the id, and that of the namespace if there are several and the columns are ours."""
    chosen = [column for column in view.columns if column.name != view.kind.key]
    namespaces = {line.relative.namespace for line in drawn if line.relative is not None} - {None}
    namespace = view.kind.cells["namespace"]
    if len(namespaces) > 1 and namespace not in chosen and not view.columns_asked:
        chosen.insert(0, namespace)
    return chosen


def _head(line: Line, marks: _Marks, view: View) -> str:
    """Return the branches of a line, and whose line it is.

    Where they would take all the room their left end makes place for the number of the generation.
    """
    relative = line.relative
    is_asked = relative is not None and relative.is_asked
    if not line.follows:
        branches = marks.root_asked if is_asked else ""
    else:
        *outer, follows = line.follows
        most = max(2, ((view.width or 120) - _ROOM) // len(marks.nothing))
        branches = f"{len(outer) + 1:>2}{marks.ellipsis} " if len(outer) > most else ""
        branches += "".join(marks.passing if each else marks.nothing for each in outer[-most:])
        if is_asked:
            branches += marks.middle_asked if follows else marks.last_asked
        else:
            branches += marks.middle if follows else marks.last
    text = f"{marks.ellipsis} {line.summary}" if relative is None else view.spell(view.kind.key_of(relative))
    return branches + text


def _cell(column: Field, relative: Relative | None, view: View) -> str:
    """Return the text of a cell of a job. What is not said of most of them has no dash."""
    cell = column.cell(relative, view.now, view.for_eyes) if relative is not None else None
    if cell is None:
        return ABSENT if column.name == "runtime" else ""
    return view.spell(cell)


def _aligned(
    texts: Sequence[str], fitted: Sequence[tuple[Field, int]], *, is_asked: bool
) -> list[tuple[str, str | None]]:
    """Return the pieces of a line of a job, without blanks at its end."""
    filled = max(place for place, text in enumerate(texts) if text)
    pieces: list[tuple[str, str | None]] = []
    for place, (text, (column, width)) in enumerate(zip(texts, fitted, strict=True)):
        if place > filled:
            break
        if is_asked and column is _BRANCH:
            branches, blank, identifier = text.rpartition(" ")
            pieces += [(branches + blank, None), (identifier, "bold")]
        else:
            pieces.append((text, column.about.styles.get(text)))
        pieces.append((padding(cell_width(text), width) if place < filled else "\n", None))
    return pieces


def _free(line: Line, head: str, marks: _Marks, view: View) -> str:
    """Return a line of its own: of what starts jobs, with its name, of what is gone, or of those that are folded."""
    relative = line.relative
    more = [] if relative is None else [relative.name, relative.note and f"({relative.note})"]
    text = "  ".join([head, *(view.spell(each) for each in more if each)])
    if view.width is None:
        return text + "\n"
    least = cell_width(head) if len(head) < _LONGEST_ID else 0
    return cut(text, max(view.width, least), marks.ellipsis) + "\n"
