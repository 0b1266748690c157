"""What a renderer is. Packages that add a format make one of these (entry point group `hfjobs.renderers`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from hfjobs_cli.renderers.view import View

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
