"""A line for each record that something was done to: its id, and what there is to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from hfjobs_cli.renderers.renderer import Renderer

if TYPE_CHECKING:
    from hfjobs_cli.renderers.view import View


def id_and(what: Callable[[Any], str]) -> Renderer:
    """Return what writes the id of a record, and `what` is said of it, as soon as it is known."""

    def render(records: Iterable[Any], view: View) -> None:
        for each in records:
            view.write(f"{view.spell(each.id)}  {view.spell(what(each))}\n")

    return Renderer("brief", render, streams=True)


ID_AND_STATUS = id_and(lambda record: str(record.status))
