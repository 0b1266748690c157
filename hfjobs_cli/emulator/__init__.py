"""A Jobs API on this machine, for trying the tool without an account and for tests.

It speaks the Hub's JSON over WSGI and shares no code with the client, so that a mistake in one shows in the other.
Jobs are recorded, not run.
"""

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from hfjobs_cli.emulator.app import App
from hfjobs_cli.emulator.seed import history
from hfjobs_cli.emulator.store import Store, StoreError

DEMO_TOKEN = "hf_demo"  # noqa: S105 - opens nothing but the demo

__all__ = ["DEMO_TOKEN", "App", "Store", "StoreError", "open_app"]


def open_app(
    path: Path,
    *,
    token: str = DEMO_TOKEN,
    clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
) -> App:
    """Return the API over the store at `path`, which is made and filled with the demo's history if it is not there.

    Raises StoreError if the file cannot be used.
    """
    return App(Store(path, seed=lambda: history(clock())), token=token, clock=clock)
