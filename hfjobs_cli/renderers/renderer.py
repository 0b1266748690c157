"""What a renderer is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hfjobs_cli.models import JobInfo
    from hfjobs_cli.renderers.view import View

Render = Callable[["Iterable[JobInfo]", "View"], None]
"""Writes jobs to a view."""


class Renderer(NamedTuple):
    """A format: its name and the function that writes jobs to a view.

    One that `streams` writes each job by itself, as soon as it is known. The others leave no half of an answer: they
    read all jobs before they write the first byte. One that `has_columns` writes those of the view.
    """

    name: str
    render: Render
    streams: bool = False
    has_columns: bool = False
