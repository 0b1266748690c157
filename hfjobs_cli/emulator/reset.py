"""Forgetting all that the emulator keeps."""

import shutil
from contextlib import suppress
from pathlib import Path

from hfjobs_cli.emulator import lifecycle, supervisor
from hfjobs_cli.emulator.api_types import present
from hfjobs_cli.emulator.state import State
from hfjobs_cli.emulator.store import Store, StoreError, Unmade, Unreadable

_TIMEOUT_SECS = 20.0
"""How long jobs have for their end; it is more than they get from the supervisor."""


def forget(directory: Path) -> bool:
    """End all jobs of a state directory and delete its data; False if it is not a state directory.

    A server that runs goes on, with a store as new, and its token. Nothing is removed through symbolic links, or where
    others may have had a hand in it. Raises OSError.
    """
    state = State(directory.absolute())
    if not state.is_made():
        return False
    store: Store | None = None
    with suppress(Unmade, Unreadable):
        store = Store(state)
        with store.write() as tables:
            for job in tables.unfinished_jobs():
                lifecycle.end(job, "CANCELED", None, present())
                tables.save_job(job)
            for schedule in tables.schedules():
                tables.delete_schedule(schedule["id"])
    with supervisor.held(state, _TIMEOUT_SECS) as is_idle:
        if not is_idle:
            raise StoreError("some of them are still stopping")
        try:
            if store is not None:
                supervisor.settle(store, state)
                store.forget()
        except Unreadable:
            store = None
        if store is None:
            for path in (state.database, state.database.with_name(f"{state.database.name}-journal")):
                path.unlink(missing_ok=True)
        for path in (state.logs, state.work):
            shutil.rmtree(path, ignore_errors=True)
        for path in (state.supervisor_errors, state.token):
            path.unlink(missing_ok=True)
    return True
