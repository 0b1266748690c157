"""To write records causes no requests: all that their fields need is fetched before, or comes with the stream."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from hfjobs_cli.formats.renderer import RENDERERS, Renderer, View
from hfjobs_cli.models.record import Record
from tests.support import BY_HAND, Hfjobs, Hub


@pytest.mark.parametrize(
    "argv",
    [
        ("ps", "-a", "--limit", "3", "--columns", "id,cost,cost_usd"),
        ("inspect", BY_HAND, "--columns", "id,cost"),
        ("scheduled", "ps", "-a", "--columns", "id,cost,success"),
    ],
    ids=lambda argv: argv[0],
)
def test_cells_need_no_requests(
    hfjobs: Hfjobs, hub: Hub, monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]
) -> None:
    """Prices and runs of schedules are asked for while records are read, and never while one is written."""

    def render(records: Iterable[Record], view: View) -> None:
        rows = list(records)
        before = len(hub.requests)
        cells = [view.cell(column, row) for row in rows for column in view.columns]
        view.write(f"{len(hub.requests) - before} requests, costs: {any('$' in (cell or '') for cell in cells)}\n")

    monkeypatch.setitem(RENDERERS, "probe", Renderer("probe", render, has_columns=True))
    result = hfjobs(*argv, "--format", "probe")
    assert (result.code, result.stdout) == (0, "0 requests, costs: True\n")
    assert any("hardware" in path for path in hub.paths)
