"""A decorator for immutable classes, which all layers use and which costs nothing at the start."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform

    @dataclass_transform(frozen_default=True, eq_default=False)
    def value(cls: type[T]) -> type[T]:
        """Make a class a dataclass that is never changed."""
        ...

else:

    def value(cls: type[T]) -> type[T]:
        """Make a class a dataclass that is never changed. Only the type checker enforces it.

        Frozen by dataclasses, each would cost a quarter of a millisecond at every start, and no user gets at one.
        """
        return dataclass(eq=False, repr=False)(cls)
