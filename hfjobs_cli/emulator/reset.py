"""Forgetting all that the emulator keeps."""

import shutil
from pathlib import Path

from hfjobs_cli.emulator import lifecycle, supervisor
from hfjobs_cli.emulator.state import State
from hfjobs_cli.emulator.store import Store, StoreError
from hfjobs_cli.emulator.wire import present

_PATIENCE_SECS = 20.0
"""How long jobs have for their end; it is more than they get from the supervisor."""


def forget(directory: Path) -> None:
    """End all jobs of a state directory and remove what is known of them, and the token.

    A server that runs goes on, with a store as new. Raises OSError.
    """
    state = State(directory)
    if not state.database.exists():
        return
    try:
        store = Store(state)
        with store.write() as tables:
            for job in tables.unfinished_jobs():
                lifecycle.end(job, "CANCELED", None, present())
                tables.save_job(job)
    except StoreError:
        state.database.unlink()  # damaged, or of another version
    else:
        with supervisor.held(state, _PATIENCE_SECS) as is_idle:
            if not is_idle:
                raise StoreError("some of them take long to end")
            supervisor.settle(store, state)
            store.forget()
    for path in (state.logs, state.work):
        shutil.rmtree(path, ignore_errors=True)
    for path in (state.token, state.supervisor_errors):
        path.unlink(missing_ok=True)
