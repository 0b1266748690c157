"""Relatives as graphs: `--format json`, with nodes and edges, and `mermaid` and `dot`, to be drawn by others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from hfjobs_cli.formats.json_text import encoder
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.tree import MOST, Line, edges, tree_lines
from hfjobs_cli.models.job import STAGE_STYLES
from hfjobs_cli.models.relative import JOB, Relative

_COLORS = {"cyan": "#0891b2", "yellow": "#ca8a04", "green": "#16a34a", "red": "#dc2626", "magenta": "#a21caf"}
"""What pictures have for the colors of stages; a line in each is seen on white and on black."""

_MARKUP = re.compile(r"[^\w .,:/()+-]")
"""What may be more than itself in a label of mermaid."""


def render_json(records: Iterable[Relative], view: View) -> None:
    """Write an array with an object for each tree: the id of its root, its nodes and its edges."""
    trees: list[list[Relative]] = []
    for each in records:
        if not each.generation:
            trees.append([])
        trees[-1].append(each)
    encode = encoder(view)
    view.write(f"[{_lined(_tree(nodes, encode) for nodes in trees)}]\n")


def _tree(nodes: list[Relative], encode: Callable[[object], str]) -> str:
    links = [{"from": each.parent, "to": each.id, "kind": each.link} for each in nodes if each.parent is not None]
    lists = (f'"{name}": [{_lined(map(encode, each))}]' for name, each in (("nodes", nodes), ("edges", links)))
    return f'{{"root": {encode(nodes[0].id)}, {", ".join(lists)}}}'


def _lined(texts: Iterable[str]) -> str:
    """Return the items of an array of JSON, one a line."""
    joined = ",\n".join(texts)
    return f"\n{joined}\n" if joined else ""


def render_mermaid(records: Iterable[Relative], view: View) -> None:
    """Write a flowchart. Nodes are numbered, since ids may be words of its language."""
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    numbers = {line: f"n{number}" for number, line in enumerate(drawn)}
    view.write("flowchart TD\n")
    for line, number in numbers.items():
        view.write(f'  {number}["{"<br>".join(_escaped(text, view) for text in _texts(line))}"]\n')
    for above, below in edges(drawn):
        arrow = {"duplicate": "-->|duplicate|", "override": "-.->|override|"}.get(_link(below), "-->")
        view.write(f"  {numbers[above]} {arrow} {numbers[below]}\n")
    for stage, style in STAGE_STYLES.items():
        found = [number for line, number in numbers.items() if line.relative and line.relative.status == stage]
        if found:
            view.write(f"  classDef {stage} stroke:{_COLORS[style]},stroke-width:2px\n")
            view.write(f"  class {','.join(found)} {stage}\n")
    for line, number in numbers.items():
        if line.relative is not None and line.relative.is_asked:
            view.write(f"  style {number} stroke-width:4px\n")


def render_dot(records: Iterable[Relative], view: View) -> None:
    """Write a graph of Graphviz."""
    drawn = list(tree_lines(list(records), MOST if view.folds else None))
    numbers = {line: f"n{number}" for number, line in enumerate(drawn)}
    view.write('digraph jobs {\n  node [shape=box, style=rounded, fontname="sans-serif"]\n  edge [fontsize=10]\n')
    for line, number in numbers.items():
        options = [f"label={_quoted(_texts(line), view)}"]
        if line.relative is not None and line.relative.status in STAGE_STYLES:
            options.append(f'color="{_COLORS[STAGE_STYLES[line.relative.status]]}"')
        if line.relative is None or line.relative.type != JOB:
            options.append("style=dashed" if line.relative is None else "shape=oval")
        elif line.relative.is_asked:
            options.append("penwidth=3")
        view.write(f"  {number} [{', '.join(options)}]\n")
    for above, below in edges(drawn):
        link = _link(below)
        attributes = {"duplicate": " [label=duplicate]", "override": " [label=override, style=dashed]"}.get(link, "")
        view.write(f"  {numbers[above]} -> {numbers[below]}{attributes}\n")
    view.write("}\n")


def _link(line: Line) -> str:
    return (line.relative.link if line.relative is not None else None) or ""


def _texts(line: Line) -> Iterator[str]:
    """Yield the lines of text of a node."""
    if line.relative is None:
        yield line.summary
        return
    each = line.relative
    yield each.id
    if each.name:
        yield each.name
    if each.status or each.note:
        yield each.status or f"({each.note})"


def _escaped(text: str, view: View) -> str:
    """Return a text for a label of mermaid, where an entity is `#` and a number."""
    return _MARKUP.sub(lambda found: f"#{ord(found[0])};", view.spell(text))


def _quoted(texts: Iterable[str], view: View) -> str:
    r"""Return lines as a text of Graphviz, in which `\n` parts them."""
    escaped = (view.spell(text).replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return '"' + "\\n".join(escaped) + '"'
