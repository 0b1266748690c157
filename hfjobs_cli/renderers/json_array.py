"""`--format json`: one array, all or nothing, or the one record that there is."""

from collections.abc import Iterable

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.json_text import encoder
from hfjobs_cli.renderers.view import View


def render(records: Iterable[Record], view: View) -> None:
    """Write an array of whole records, one a line or indented by `view.indent`; nothing if reading fails.

    What makes one thing only prints it without an array.
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
    for place, line in enumerate(lines):
        view.write((",\n" if place else "\n") + line)
    view.write("\n]\n" if lines else "]\n")
