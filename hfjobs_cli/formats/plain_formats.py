"""Formats without a layout: ids (`-q`), `csv`, `tsv`, `markdown`, `json` and `jsonl`."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from io import StringIO
from itertools import chain, islice
from typing import Any

from hfjobs_cli.formats.renderer import Render, View
from hfjobs_cli.models.record import VALUES_OF, Record


def render_ids(records: Iterable[Record], view: View) -> None:
    """Write one id a line, or the name of records without ids."""
    for record in records:
        view.write(view.spell(view.kind.key_of(record)) + "\n")


_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count, too
"""First characters of texts that a spreadsheet runs."""


def _render_delimited(delimiter: str, line_end: str, records: Iterable[Record], view: View) -> None:
    """Write the names of the columns, then a line for each record; nothing if reading the first one fails."""
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
"""Characters that mean something in a cell of GitHub's Markdown: emphasis, code, links, HTML, entities, formulas."""


def render_markdown(records: Iterable[Record], view: View) -> None:
    """Write two header lines, then a row for each record; nothing if reading the first one fails."""

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


_LINES_A_WRITE = 100
"""How many lines of JSON are written at once."""


def encoder(view: View, indent: int | None = None) -> Callable[[Any], str]:
    """Return a function that encodes a record, or a list of them, as JSON in characters that the output can hold.

    On a terminal control characters are escaped. Nested records are converted where the encoder meets them: with
    `dataclasses.asdict`, which copies every text first, 20,000 jobs take 2.2 s more.
    """
    encode = json.JSONEncoder(
        ensure_ascii=not view.is_unicode, indent=indent, default=_plain, check_circular=False
    ).encode
    return (lambda value: _harmless(encode(value))) if view.reader.is_tty else encode


def _plain(value: datetime | Record) -> object:
    return value.isoformat() if isinstance(value, datetime) else VALUES_OF[type(value)](value)


def _harmless(text: str) -> str:
    """Return the same JSON with escapes for control and bidirectional characters."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(char if char.isprintable() or char == "\n" else json.dumps(char)[1:-1] for char in text)


def render_json(records: Iterable[Record], view: View) -> None:
    """Write an array of records, one a line or indented by `view.indent`; nothing if reading fails.

    If the view `is_one`, write the record without an array.
    """
    if view.is_one:
        (record,) = records
        view.write(encoder(view, view.indent)(record) + "\n")
        return
    if view.indent is not None:
        view.write(encoder(view, view.indent)(list(records)) + "\n")
        return
    # As text a record takes 1.3 kB, as an object 3 kB.
    lines = list(map(encoder(view), records))
    view.write("[")
    for place in range(0, len(lines), _LINES_A_WRITE):
        view.write((",\n" if place else "\n") + ",\n".join(lines[place : place + _LINES_A_WRITE]))
    view.write("\n]\n" if lines else "]\n")


def render_jsonl(records: Iterable[Record], view: View) -> None:
    """Write one record a line, as they arrive."""
    encode = encoder(view)
    for record in records:
        view.write(encode(record) + "\n")
