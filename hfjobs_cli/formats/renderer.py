"""What a format is: a name and a function from records and a view (entry point group `hfjobs.renderers`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.text.escapes import printable
from hfjobs_cli.values import value

if TYPE_CHECKING:
    from hfjobs_cli.models.fields import Field
    from hfjobs_cli.models.kinds import Kind

Render = Callable[["Iterable[Any]", "View"], None]
"""Writes records, all of the view's kind, to a view."""


class Renderer(NamedTuple):
    """A format: its name, the function that writes records to a view, and what help says of it.

    One that `streams` writes each record by itself, as soon as it is known. The others leave no half of an answer: they
    read all records before they write the first byte. One that `has_columns` writes those of the view.
    """

    name: str
    render: Render
    streams: bool = False
    has_columns: bool = False
    about: str = ""


_BARS = str.maketrans({"█": "#", "▉": "#", "▊": "#", "▋": "#", "▌": "#", "▍": "", "▎": "", "▏": ""})
"""What bars are drawn with where there are no blocks."""


@value
class View:
    """Everything that decides the output, besides the records, which are all of one `kind`.

    `width` is that of the terminal in character cells, None where nothing is to be cut. `for_eyes` says that a person
    reads it, so times are relative, `can_redraw` that lines can be drawn over. `columns_asked` says that the user chose
    the columns. `indent` is for json, None = one record a line. `is_one` says that there is exactly one record, which
    json shows without an array. `folds` says that many of the same may be drawn as one. `safe_cells` says that a
    spreadsheet will read it. `remark` takes a line for stderr.
    """

    kind: Kind
    write: Callable[[str], None]
    remark: Callable[[str], None]
    now: datetime
    columns: Sequence[Field] = field(default_factory=tuple)
    columns_asked: bool = False
    width: int | None = None
    for_eyes: bool = False
    color: bool = False
    can_redraw: bool = False
    encoding: str = "utf-8"
    indent: int | None = None
    is_one: bool = False
    folds: bool = True
    safe_cells: bool = False

    @cached_property
    def is_unicode(self) -> bool:
        """Tell whether the output can hold every character."""
        return self.encoding.lower().replace("-", "").startswith("utf")

    def holds(self, text: str) -> bool:
        """Tell whether the output can hold a text as it is."""
        if self.is_unicode or text.isascii():
            return True
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def spell(self, text: str) -> str:
        """Return untrusted `text` harmless, on one line, and in characters that the output can hold."""
        shown = printable(text)
        return (
            shown
            if self.is_unicode
            else shown.translate(_BARS).encode(self.encoding, "backslashreplace").decode(self.encoding)
        )
