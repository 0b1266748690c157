"""`--quiet`: ids only, one a line, as soon as they are known."""

from collections.abc import Iterable

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.view import View


def render(records: Iterable[Record], view: View) -> None:
    """Write one id a line, or what else a record is asked for by."""
    for record in records:
        view.write(view.spell(view.kind.key_of(record)) + "\n")
