"""`--format json`: one array, all or nothing."""

from collections.abc import Iterable

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.json_text import encoder
from hfjobs_cli.renderers.view import View


def render(records: Iterable[Record], view: View) -> None:
    """Write an array of whole records, one a line or indented by `view.indent`; nothing if reading fails."""
    if view.indent is not None:
        view.write(encoder(view, view.indent)(list(records)) + "\n")
        return
    # As text a record takes 1.3 kB, as an object 3 kB.
    lines = list(map(encoder(view), records))
    view.write("[")
    for place, line in enumerate(lines):
        view.write((",\n" if place else "\n") + line)
    view.write("\n]\n" if lines else "]\n")
