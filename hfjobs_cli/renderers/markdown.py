"""`--format markdown`: the columns as a table of GitHub Flavored Markdown, the same on a terminal and in a pipe.

Times are exact and nothing is cut, as it is to be pasted somewhere else. What would be markup is escaped.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain, islice

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.view import View

_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$#!])")
"""What GitHub's Markdown takes for more than itself in a cell: emphasis, code, links, HTML, entities, formulas."""


def render(records: Iterable[Record], view: View) -> None:
    """Write two lines of header, then a row for each record; nothing if reading the first one fails."""

    def write(cells: Sequence[str]) -> None:
        view.write(f"| {' | '.join(cells)} |\n")

    records = iter(records)
    first = list(islice(records, 1))
    write([_escaped(column.header, view) for column in view.columns])
    write(["---"] * len(view.columns))
    for record in chain(first, records):
        write([_escaped(column.cell(record, view.now, False) or "", view) for column in view.columns])


def _escaped(text: str, view: View) -> str:
    return _MARKUP.sub(r"\\\1", view.spell(text))
