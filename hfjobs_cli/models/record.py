"""The base class of records: made from the Hub's JSON, and back to plain values."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from hfjobs_cli.config import DEFAULT_ENDPOINT

R = TypeVar("R", bound="Record")


class Record:
    """Base of every record and of its parts, which are frozen dataclasses with slots, made without `eq` and `repr`.

    A field is declared once, `name: Annotated[TYPE, About(...)]`; all else that is known of it follows from there. What
    the Hub leaves out is None. A record that defines `__str__` is shown as that short text where a cell is wanted. One
    that `is_sent_back`, in parts, knows what was left out of it.
    """

    __slots__ = ("_left_out",)

    is_sent_back: ClassVar[bool] = False

    # Written once here, as dataclasses would write them anew for each record, each time the program starts.
    def __eq__(self, other: object) -> bool:
        """Return whether it is a record of the same class with the same values."""
        return self.values() == other.values() if isinstance(other, Record) and type(other) is type(self) else False

    def __hash__(self) -> int:
        """Hash the values. Raises TypeError if one of them is a list or a dict."""
        return hash(tuple(self.values().values()))

    def __repr__(self) -> str:
        """Format it as it could be made: `JobOwner(id='...', name='alice', type='user')`."""
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.values().items())})"

    @classmethod
    def from_api(
        cls: type[R],
        values: object,
        endpoint: str = DEFAULT_ENDPOINT,
        path: str | None = None,
        odd: Callable[[str], None] = lambda _message: None,
    ) -> R:
        """Parse a JSON value as the Hub at `endpoint` sent it.

        What is not as documented is absent, and `odd` is told of it, with its place below `path`, by default the name
        of the class. Unknown keys are ignored. Raises BadResponse, which names the place too, if the value is no
        object, or has nothing by which the record could be asked for.
        """
        from hfjobs_cli.models.decode import reader
        from hfjobs_cli.models.fields import Source

        return reader(cls)(values, cls.__name__ if path is None else path, Source(endpoint, odd))

    def asdict(self) -> dict[str, Any]:
        """Return the fields by name as plain values, copied, those of parts too: what `dataclasses.asdict` gives."""
        return dataclasses.asdict(self)  # type: ignore[call-overload, no-any-return]

    @property
    def left_out(self) -> Mapping[str, Any]:
        """The JSON, by the names of fields, of which something is not as documented, and so not in the record."""
        found: Mapping[str, Any] = getattr(self, "_left_out", {})
        return found

    def keep_left_out(self, found: Mapping[str, Any]) -> None:
        """Remember the fields with invalid values. They are neither shown nor compared."""
        object.__setattr__(self, "_left_out", found)

    def values(self) -> dict[str, Any]:
        """Return the fields by name, not copied, and parts as they are."""
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names}


def has_text(record: object) -> bool:
    """Return whether this is a record, or a class of records, that is shown as a short text."""
    model = record if isinstance(record, type) else type(record)
    return issubclass(model, Record) and model.__str__ is not object.__str__
