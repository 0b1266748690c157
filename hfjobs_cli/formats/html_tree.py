"""`--format html` of relatives: trees as nested lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hfjobs_cli.formats.html import address, cell, linked, text, write_page
from hfjobs_cli.formats.renderer import View
from hfjobs_cli.formats.tree import MOST, Line, lines, shown_columns
from hfjobs_cli.models.fields import Field
from hfjobs_cli.models.relative import Relative


def render(records: Iterable[Relative], view: View) -> None:
    """Write a page with a list for each tree; nothing if reading fails."""
    relatives = list(records)
    drawn = list(lines(relatives, MOST if view.folds else None))
    jobs, trees = sum(each.is_job for each in relatives), sum(not each.generation for each in relatives)
    title = f"{jobs:,} {'job' if jobs == 1 else 'jobs'} in {trees:,} {'tree' if trees == 1 else 'trees'}"
    write_page(title, _trees(drawn, shown_columns(drawn, view), view), view)


def _trees(drawn: Sequence[Line], columns: Sequence[Field], view: View) -> Iterator[str]:
    """Yield lists, whose items hold the list of their children."""
    yield '<div class="tree">\n'
    depth = 0
    for line in drawn:
        level = len(line.follows) + 1
        yield "<ul>\n" if level > depth else "</li>\n" + "</ul></li>\n" * (depth - level)
        depth = level
        yield f"<li>{_node(line, columns, view)}"
    yield "</li></ul>\n" * depth + "</div>\n"


def _node(line: Line, columns: Sequence[Field], view: View) -> str:
    relative = line.relative
    if relative is None:
        return f'<span class="node folded">{text(line.summary)}</span>'
    parts = [f"<code>{linked(text(relative.id), address(relative, view))}</code>"]
    for column in columns:
        if column.cell(relative, view.now) is not None:
            class_ = "name" if column.name == "name" else "value"
            parts.append(f'<span class="{class_}" title="{text(column.header)}">{cell(column, relative, view)}</span>')
    asked = ' aria-current="true"' if relative.is_asked else ""
    return f'<span class="node"{asked}>{" ".join(parts)}</span>'
