"""Fixtures of the tests on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import Hfjobs

if TYPE_CHECKING:
    from tests.live.terminals import Terminal

Open = Callable[..., "Terminal"]
"""Runs a command line on a terminal of its own: words, `environ`, and options of the terminal."""


@pytest.fixture
def open_terminal(directories: dict[str, str]) -> Iterator[Open]:
    """A function that runs the installed command on a terminal."""
    from tests.live.terminals import Terminal

    opened: list[Terminal] = []

    def start(*argv: str, environ: Mapping[str, str] | None = None, **options: Any) -> Terminal:
        opened.append(Terminal(*argv, environ={**directories, **(environ or {})}, **options))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def on_hub(hfjobs: Hfjobs, open_terminal: Open) -> Open:
    """The same, logged in to `hub`."""

    def start(*argv: str, **options: Any) -> Terminal:
        return open_terminal(*argv, environ=hfjobs.environ, **options)

    return start
