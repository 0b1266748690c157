"""`--format jsonl`: one object a line, as soon as it is known."""

from collections.abc import Iterable

from hfjobs_cli.records.record import Record
from hfjobs_cli.renderers.json_text import encoder
from hfjobs_cli.renderers.view import View


def render(records: Iterable[Record], view: View) -> None:
    """Write one whole record a line, keeping none of them."""
    encode = encoder(view)
    for record in records:
        view.write(encode(record) + "\n")
