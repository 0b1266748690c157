"""`--format tree`: a line per relative, with branches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.styling import inked
from hfjobs_cli.formats.table import ABSENT, fit
from hfjobs_cli.models.fields import NEVER_LEAVES, About, Field, Shape
from hfjobs_cli.models.relative import Relative
from hfjobs_cli.text.display import cell_width, cut, padding

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
    """Write a line for each node; many children are folded. Writes nothing if reading fails."""
    marks = _Marks() if view.holds("".join(_Marks())) else _ASCII
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    heads = {line: _head(line, marks, view) for line in drawn}
    jobs = [line for line in drawn if line.relative is not None and line.relative.is_job]
    rows: dict[Field, dict[Line, str]] = {_BRANCH: heads}

    def measure(column: Field) -> int:
        if column not in rows:
            rows[column] = {line: _cell(column, line.relative, view) for line in jobs}
        return max((cell_width(rows[column][line]) for line in jobs), default=0)

    fitted = fit([_BRANCH, *shown_columns(drawn, view)], measure, view.width)
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


def shown_columns(drawn: Sequence[Line], view: View) -> list[Field]:
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
    """Return the text of a cell. Columns that are empty for most jobs have no dash."""
    cell = view.cell(column, relative) if relative is not None else None
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


MOST = 12
"""How many that came of the same are drawn; more of them are folded into one line."""


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a tree: a relative, or those that are folded into it.

    `follows` says of each generation down to its own, but the first, whether another line of it follows. `place` is
    that of the relative in the list, `parent` that of what it came of.
    """

    follows: tuple[bool, ...]
    place: int
    parent: int | None
    relative: Relative | None
    folded: Sequence[Relative] = ()

    @property
    def summary(self) -> str:
        """How many are folded into it, and how many of them failed: `2,988 more, 41 failed`."""
        failed = sum(each.status == "ERROR" for each in self.folded)
        return f"{len(self.folded):,} more" + (f", {failed:,} failed" if failed else "")


class _Node(NamedTuple):
    """Where a relative is in the list, where those end that came of it, and where those are that came of it at once."""

    place: int
    end: int
    children: list[int]
    parent: int | None


def tree_lines(relatives: Sequence[Relative], most: int | None = MOST) -> Iterator[Line]:
    """Yield the lines of trees. Of more than `most` nodes that came of one the first, and those of interest, are drawn.

    There may be more generations than Python recurses.
    """
    nodes = _nodes(relatives)
    asked = next((place for place, each in enumerate(relatives) if each.is_asked), -1)
    todo = [Line((), node.place, None, relatives[node.place]) for node in nodes if node.parent is None][::-1]
    while todo:
        line = todo.pop()
        yield line
        if line.relative is None:
            continue
        children = nodes[line.place].children
        shown = children if most is None else _shown([nodes[each] for each in children], asked, most)
        below = [
            Line((*line.follows, at < len(children) - 1), child, line.place, relatives[child])
            for at, child in enumerate(shown)
        ]
        if len(shown) < len(children):
            below[-1:] = [replace(below[-1], follows=(*line.follows, True))]
            left = [each for child in sorted({*children} - {*shown}) for each in relatives[child : nodes[child].end]]
            below.append(Line((*line.follows, False), -1, line.place, None, left))
        todo += below[::-1]


def _nodes(relatives: Sequence[Relative]) -> list[_Node]:
    ends = [len(relatives)] * len(relatives)
    parents: list[int | None] = []
    children: list[list[int]] = [[] for _ in relatives]
    line: list[int] = []
    for place, each in enumerate(relatives):
        while line and relatives[line[-1]].generation >= each.generation:
            ends[line.pop()] = place
        parents.append(line[-1] if line else None)
        if line:
            children[line[-1]].append(place)
        line.append(place)
    return [_Node(place, ends[place], children[place], parents[place]) for place in range(len(relatives))]


def _shown(children: Sequence[_Node], asked: int, most: int) -> list[int]:
    """Return which are drawn: what leads to the one asked for, half of the first, those of which more came, others."""
    places = [each.place for each in children]
    if len(children) <= most + 1:  # one line would stand for one
        return places
    leading = [each.place for each in children if each.place <= asked < each.end]
    fertile = [each.place for each in children if each.children]
    chosen = dict.fromkeys([*leading, *places[: most // 2], *fertile, *places])
    return sorted(list(chosen)[:most])


def edges(drawn: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
    """Yield each line with that of what it came of."""
    by_place: dict[int, Line] = {}
    for line in drawn:
        if line.parent is not None:
            yield by_place[line.parent], line
        by_place[line.place] = line
