"""What a format is: a name and a function from records and a view (entry point group `hfjobs.renderers`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.immutable import value

if TYPE_CHECKING:
    from hfjobs_cli.models.fields import Field, Record
    from hfjobs_cli.models.kinds import Kind
    from hfjobs_cli.preferences import Preferences

Render = Callable[["Iterable[Any]", "View"], None]
"""Writes records, all of the view's kind, to a view."""


class RecordStream:
    """Records that are fetched while they are written, such as the pages of a long listing.

    This is the only way in which writing records may cause requests: all else is a sequence, fetched before.
    """

    def __init__(self, records: Iterable[Any]) -> None:
        """Stream `records`, which are read once."""
        self._records = records

    def __iter__(self) -> Iterator[Any]:
        """Yield the records as they come."""
        return iter(self._records)


class Renderer(NamedTuple):
    """A format: its name, the function that writes records to a view, and what help says of it.

    One that `streams` writes each record by itself, as soon as it is known. The others leave no half of an answer: they
    read all records before they write the first byte. One that `has_columns` writes those of the view. `fields` are
    names of other fields that it writes, as a template does; None if that cannot be known before.
    """

    name: str
    render: Render
    streams: bool = False
    has_columns: bool = False
    about: str = ""
    fields: Collection[str] | None = ()


@value
class View:
    """Everything that decides the output, besides the records, which are all of one `kind`.

    `reader` is what the reader of the output prefers: colors, times, what a terminal can do. `now` is when the view was
    made. `width` is how many character cells a line may have, None where nothing is to be cut. `columns_asked` says
    that the user chose the columns. `indent` is for json, None = one record a line. `is_one` says that there is exactly
    one record, which json shows without an array. `folds` says that many of the same may be drawn as one. `safe_cells`
    says that a spreadsheet will read it. `notice` takes a line for stderr. `endpoint` returns that of the Hub
    whose pages may be linked, None if there is none.
    """

    kind: Kind
    write: Callable[[str], None]
    notice: Callable[[str], None]
    reader: Preferences
    now: datetime
    columns: Sequence[Field] = field(default_factory=tuple)
    columns_asked: bool = False
    width: int | None = None
    indent: int | None = None
    is_one: bool = False
    folds: bool = True
    safe_cells: bool = False
    endpoint: Callable[[], str | None] = lambda: None

    def cell(self, column: Field, record: Record) -> str | None:
        """Return the short text of a field of a record as the reader prefers it, None if there is nothing to say."""
        return column.cell(record, self.now, self.reader)

    @property
    def color(self) -> bool:
        """Return whether text may have colors."""
        return self.reader.color

    @property
    def for_eyes(self) -> bool:
        """Return whether the output is a terminal; the old name of `reader.is_tty`."""
        from warnings import warn  # for renderers of packages

        warn("view.for_eyes is view.reader.is_tty now; for cells call view.cell(column, record)", DeprecationWarning, 2)
        return self.reader.is_tty

    @property
    def remark(self) -> Callable[[str], None]:
        """Return the function that writes a line to stderr; the old name of `notice`."""
        from warnings import warn  # for renderers of packages

        warn("view.remark is view.notice now", DeprecationWarning, 2)
        return self.notice

    @property
    def is_unicode(self) -> bool:
        """Return whether the output can hold every character."""
        return self.reader.is_unicode

    def holds(self, text: str) -> bool:
        """Return whether the output can hold a text as it is."""
        return self.reader.holds(text)

    def spell(self, text: str) -> str:
        """Return untrusted `text` harmless, on one line, and in characters that the output can hold."""
        return self.reader.spell(text)
