"""Trees of jobs: `--format tree`, with a line per node and branches, and as graphs `json`, `mermaid` and `dot`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hfjobs_cli.formats.plain_formats import encoder
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.table import ABSENT, fit
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.kind import Field
from hfjobs_cli.models.record import ALWAYS_SHOWN, FieldType, Meta
from hfjobs_cli.models.tree_node import JOB, TreeNode
from hfjobs_cli.text.terminal_text import cell_width, cut, join_pieces, padding

_BRANCH = Field("branch", (), FieldType(str), Meta("where it is", "", rank=ALWAYS_SHOWN), lambda _node, _now: None)
"""The first column, which holds the branches and the ids."""

_ROOM = 56
"""The part of a line that is kept for id, status and times; branches use the rest."""

_LONGEST_ID = 250
"""Up to how many characters, with its branches, an id is never cut, however narrow the terminal is."""


class _Marks(NamedTuple):
    """The characters that branches are drawn with."""

    middle: str = "├─ "
    last: str = "└─ "
    middle_asked: str = "├► "
    last_asked: str = "└► "
    passing: str = "│  "
    nothing: str = "   "
    root_asked: str = "► "
    ellipsis: str = "…"


_ASCII = _Marks("|- ", "`- ", "|> ", "`> ", "|  ", "   ", "> ", "...")


def render(records: Iterable[TreeNode], view: View) -> None:
    """Write a line for each node; many children are folded. Writes nothing if reading fails."""
    marks = _Marks() if view.holds("".join(_Marks())) else _ASCII
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    heads = {line: _head(line, marks, view) for line in drawn}
    jobs = [line for line in drawn if line.node is not None and line.node.is_job]
    rows: dict[Field, dict[Line, str]] = {_BRANCH: heads}

    def measure(column: Field) -> int:
        if column not in rows:
            rows[column] = {line: _cell(column, line.node, view) for line in jobs}
        return max((cell_width(rows[column][line]) for line in jobs), default=0)

    fitted = fit([_BRANCH, *shown_columns(drawn, view)], measure, view.width)
    aligned = set(jobs)
    pieces: list[tuple[str, str | None]] = []
    for number, line in enumerate(drawn):
        if number and not line.follows:
            pieces.append(("\n", None))  # between two trees
        if line in aligned:
            texts = [cut(rows[column][line], width, marks.ellipsis) for column, width in fitted]
            pieces += _aligned(texts, fitted, is_asked=line.node is not None and line.node.is_asked)
        else:
            pieces.append((_free(line, heads[line], marks, view), None))
    view.write(join_pieces(pieces, color=view.color))


def shown_columns(drawn: Sequence[Line], view: View) -> list[Field]:
    """Return the columns without the id; with the namespace if there are several and the user chose no columns."""
    chosen = [column for column in view.columns if column.name != view.kind.key]
    namespaces = {line.node.namespace for line in drawn if line.node is not None} - {None}
    namespace = view.kind.cells["namespace"]
    if len(namespaces) > 1 and namespace not in chosen and not view.columns_asked:
        chosen.insert(0, namespace)
    return chosen


def _head(line: Line, marks: _Marks, view: View) -> str:
    """Return the branches and the id of a line.

    Branches that are too wide are cut on the left, and begin with the number of the generation.
    """
    node = line.node
    is_asked = node is not None and node.is_asked
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
    text = f"{marks.ellipsis} {line.summary}" if node is None else view.spell(view.kind.key_of(node))
    return branches + text


def _cell(column: Field, node: TreeNode | None, view: View) -> str:
    """Return the text of a cell. Columns that are empty for most jobs have no dash."""
    cell = view.cell(column, node) if node is not None else None
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
            pieces.append((text, column.meta.styles.get(text)))
        pieces.append((padding(cell_width(text), width) if place < filled else "\n", None))
    return pieces


def _free(line: Line, head: str, marks: _Marks, view: View) -> str:
    """Return a line without columns: of what starts jobs, of what the Hub no longer knows, or of folded children."""
    node = line.node
    more = [] if node is None else [node.name, node.note and f"({node.note})"]
    text = "  ".join([head, *(view.spell(each) for each in more if each)])
    if view.width is None:
        return text + "\n"
    least = cell_width(head) if len(head) < _LONGEST_ID else 0
    return cut(text, max(view.width, least), marks.ellipsis) + "\n"


MOST = 12
"""How many children of a node are drawn; the others are folded into one line."""


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a tree: a node, or several that are folded into it.

    `follows` has a value for each generation below the root, down to its own: whether that branch goes on below.
    `place` is the index of the node in the list, `parent` that of its parent.
    """

    follows: tuple[bool, ...]
    place: int
    parent: int | None
    node: TreeNode | None
    folded: Sequence[TreeNode] = ()

    @property
    def summary(self) -> str:
        """How many nodes are folded, and how many of them failed: `2,988 more, 41 failed`."""
        failed = sum(each.status == "ERROR" for each in self.folded)
        return f"{len(self.folded):,} more" + (f", {failed:,} failed" if failed else "")


class _Indexes(NamedTuple):
    """Indexes in the list: of a node, of the end of its descendants, of its children, and of its parent."""

    place: int
    end: int
    children: list[int]
    parent: int | None


def tree_lines(nodes: Sequence[TreeNode], most: int | None = MOST) -> Iterator[Line]:
    """Yield the lines of trees. Of more than `most` children the first are drawn, and those of interest.

    It does not recurse: there may be more generations than Python allows.
    """
    indexes = _indexes(nodes)
    asked = next((place for place, each in enumerate(nodes) if each.is_asked), -1)
    todo = [Line((), each.place, None, nodes[each.place]) for each in indexes if each.parent is None][::-1]
    while todo:
        line = todo.pop()
        yield line
        if line.node is None:
            continue
        children = indexes[line.place].children
        shown = children if most is None else _shown([indexes[each] for each in children], asked, most)
        below = [
            Line((*line.follows, at < len(children) - 1), child, line.place, nodes[child])
            for at, child in enumerate(shown)
        ]
        if len(shown) < len(children):
            below[-1:] = [replace(below[-1], follows=(*line.follows, True))]
            left = [each for child in sorted({*children} - {*shown}) for each in nodes[child : indexes[child].end]]
            below.append(Line((*line.follows, False), -1, line.place, None, left))
        todo += below[::-1]


def _indexes(nodes: Sequence[TreeNode]) -> list[_Indexes]:
    ends = [len(nodes)] * len(nodes)
    parents: list[int | None] = []
    children: list[list[int]] = [[] for _ in nodes]
    line: list[int] = []
    for place, each in enumerate(nodes):
        while line and nodes[line[-1]].generation >= each.generation:
            ends[line.pop()] = place
        parents.append(line[-1] if line else None)
        if line:
            children[line[-1]].append(place)
        line.append(place)
    return [_Indexes(place, ends[place], children[place], parents[place]) for place in range(len(nodes))]


def _shown(children: Sequence[_Indexes], asked: int, most: int) -> list[int]:
    """Return the children to draw: what leads to the requested job, half of the first, those with children, others."""
    places = [each.place for each in children]
    if len(children) <= most + 1:  # one line would stand for one
        return places
    leading = [each.place for each in children if each.place <= asked < each.end]
    fertile = [each.place for each in children if each.children]
    chosen = dict.fromkeys([*leading, *places[: most // 2], *fertile, *places])
    return sorted(list(chosen)[:most])


def _edges(drawn: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
    """Yield the line of each parent with the line of its child."""
    by_place: dict[int, Line] = {}
    for line in drawn:
        if line.parent is not None:
            yield by_place[line.parent], line
        by_place[line.place] = line


_GRAPH_COLORS = {"cyan": "#0891b2", "yellow": "#ca8a04", "green": "#16a34a", "red": "#dc2626", "magenta": "#a21caf"}
"""The colors of stages in graphs; a line in each can be seen on white and on black."""

_MERMAID_MARKUP = re.compile(r"[^\w .,:/()+-]")
"""Characters that may have a meaning in a label of mermaid."""


def render_json(records: Iterable[TreeNode], view: View) -> None:
    """Write an array with an object for each tree: the id of its root, its nodes and its edges."""
    trees: list[list[TreeNode]] = []
    for each in records:
        if not each.generation:
            trees.append([])
        trees[-1].append(each)
    encode = encoder(view)
    view.write(f"[{_json_items(_json_tree(nodes, encode) for nodes in trees)}]\n")


def _json_tree(nodes: list[TreeNode], encode: Callable[[object], str]) -> str:
    links = [{"from": each.parent, "to": each.id, "kind": each.link} for each in nodes if each.parent is not None]
    lists = (f'"{name}": [{_json_items(map(encode, each))}]' for name, each in (("nodes", nodes), ("edges", links)))
    return f'{{"root": {encode(nodes[0].id)}, {", ".join(lists)}}}'


def _json_items(texts: Iterable[str]) -> str:
    """Return the items of a JSON array, one a line."""
    joined = ",\n".join(texts)
    return f"\n{joined}\n" if joined else ""


def render_mermaid(records: Iterable[TreeNode], view: View) -> None:
    """Write a flowchart. Nodes are numbered, since ids may be words of its language."""
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    numbers = {line: f"n{number}" for number, line in enumerate(drawn)}
    view.write("flowchart TD\n")
    for line, number in numbers.items():
        view.write(f'  {number}["{"<br>".join(_mermaid_text(text, view) for text in _texts(line))}"]\n')
    for above, below in _edges(drawn):
        arrow = {"duplicate": "-->|duplicate|", "override": "-.->|override|"}.get(_link(below), "-->")
        view.write(f"  {numbers[above]} {arrow} {numbers[below]}\n")
    for stage, style in STAGE_STYLES.items():
        found = [number for line, number in numbers.items() if line.node and line.node.status == stage]
        if found:
            view.write(f"  classDef {stage} stroke:{_GRAPH_COLORS[style]},stroke-width:2px\n")
            view.write(f"  class {','.join(found)} {stage}\n")
    for line, number in numbers.items():
        if line.node is not None and line.node.is_asked:
            view.write(f"  style {number} stroke-width:4px\n")


def render_dot(records: Iterable[TreeNode], view: View) -> None:
    """Write a graph of Graphviz."""
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    numbers = {line: f"n{number}" for number, line in enumerate(drawn)}
    view.write('digraph jobs {\n  node [shape=box, style=rounded, fontname="sans-serif"]\n  edge [fontsize=10]\n')
    for line, number in numbers.items():
        options = [f"label={_dot_text(_texts(line), view)}"]
        if line.node is not None and line.node.status in STAGE_STYLES:
            options.append(f'color="{_GRAPH_COLORS[STAGE_STYLES[line.node.status]]}"')
        if line.node is None or line.node.type != JOB:
            options.append("style=dashed" if line.node is None else "shape=oval")
        elif line.node.is_asked:
            options.append("penwidth=3")
        view.write(f"  {number} [{', '.join(options)}]\n")
    for above, below in _edges(drawn):
        link = _link(below)
        attributes = {"duplicate": " [label=duplicate]", "override": " [label=override, style=dashed]"}.get(link, "")
        view.write(f"  {numbers[above]} -> {numbers[below]}{attributes}\n")
    view.write("}\n")


def _link(line: Line) -> str:
    return (line.node.link if line.node is not None else None) or ""


def _texts(line: Line) -> Iterator[str]:
    """Yield the lines of text of a node."""
    if line.node is None:
        yield line.summary
        return
    each = line.node
    yield each.id
    if each.name:
        yield each.name
    if each.status or each.note:
        yield each.status or f"({each.note})"


def _mermaid_text(text: str, view: View) -> str:
    """Return a text for a label of mermaid, where `#` and a number is an entity."""
    return _MERMAID_MARKUP.sub(lambda found: f"#{ord(found[0])};", view.spell(text))


def _dot_text(texts: Iterable[str], view: View) -> str:
    r"""Return lines as a string of Graphviz, separated by `\n`."""
    escaped = (view.spell(text).replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return '"' + "\\n".join(escaped) + '"'
