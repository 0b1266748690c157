"""A tree as lines: which nodes are drawn, which are folded into one line, and what stands to the left of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from hfjobs_cli.records.relative import Relative

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


def lines(relatives: Sequence[Relative], most: int | None = MOST) -> Iterator[Line]:
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
