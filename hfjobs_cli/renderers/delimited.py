"""`--format csv` and `tsv`: a line for each record, below the columns' names, as soon as it is known.

Values are whole and exact: times are ISO 8601, lengths of time are seconds. RFC 4180 says how csv is quoted; tsv is
the same with tabs, and its lines end as lines of text do.
"""

from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.renderer import Render
from hfjobs_cli.renderers.view import View

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - wide ones count, too
"""How a text begins that a spreadsheet runs."""


def _render(delimiter: str, line_end: str, records: Iterable[Record], view: View) -> None:
    """Write the names of the columns, then a line for each record; nothing if reading the first one fails."""
    import csv
    from io import StringIO

    buffer = StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\r\n")  # it quotes what holds either

    def write(values: Sequence[Any]) -> None:
        # On a terminal a value must not draw what it likes; in a pipe it is whole.
        harmless = view.spell if view.for_eyes else str
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
    """Return a text that a spreadsheet would take for a formula behind an apostrophe, as OWASP advises."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


render_csv: Render = partial(_render, ",", "\r\n")
render_tsv: Render = partial(_render, "\t", "\n")
