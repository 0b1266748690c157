"""Formats of a line per record: ids (`-q`), `csv`, `tsv` and `markdown`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from hfjobs_cli.formats.renderer import Render, View
from hfjobs_cli.models.fields import Record


def render_ids(records: Iterable[Record], view: View) -> None:
    """Write one id a line, or what else a record is asked for by."""
    for record in records:
        view.write(view.spell(view.kind.key_of(record)) + "\n")


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count, too
"""How a text begins that a spreadsheet runs."""


def _render_delimited(delimiter: str, line_end: str, records: Iterable[Record], view: View) -> None:
    """Write the names of the columns, then a line for each record; nothing if reading the first one fails."""
    import csv
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")  # it quotes what holds either

    def write(values: Sequence[Any]) -> None:
        # On a terminal a value must not draw what it likes; in a pipe it is whole.
        harmless = view.spell if view.reader.is_tty else str
        texts = [harmless(value) if isinstance(value, str) else value for value in values]
        writer.writerow([*map(_safe, texts)] if view.safe_cells else texts)
        view.write(buffer.getvalue().removesuffix("\r\n") + line_end)
        buffer.seek(0)
        buffer.truncate()

    records = iter(records)
    first = list(islice(records, 1))
    write([column.name for column in view.columns])
    for record in chain(first, records):
        write([column.value(record, view.now) for column in view.columns])


def _safe(value: Any) -> Any:
    """Return a cell with an apostrophe before what a spreadsheet would run as a formula (OWASP)."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


render_csv: Render = partial(_render_delimited, ",", "\r\n")
render_tsv: Render = partial(_render_delimited, "\t", "\n")


_MARKUP = re.compile(r"([\\`*_\[\]<>|~&$#!])")
"""What GitHub's Markdown takes for more than itself in a cell: emphasis, code, links, HTML, entities, formulas."""


def render_markdown(records: Iterable[Record], view: View) -> None:
    """Write two lines of header, then a row for each record; nothing if reading the first one fails."""

    def write(cells: Sequence[str]) -> None:
        view.write(f"| {' | '.join(cells)} |\n")

    records = iter(records)
    first = list(islice(records, 1))
    write([_escaped(column.header, view) for column in view.columns])
    write(["---"] * len(view.columns))
    for record in chain(first, records):
        write([_escaped(column.cell(record, view.now) or "", view) for column in view.columns])


def _escaped(text: str, view: View) -> str:
    return _MARKUP.sub(r"\\\1", view.spell(text))
