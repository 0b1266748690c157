"""The clockwork of a server: it runs scheduled jobs when they are due."""

import threading
from collections.abc import Callable

from hfjobs_cli.emulator.schedules import Schedules
from hfjobs_cli.emulator.store import StoreError

_TICK_SECS = 0.2


class Scheduler(threading.Thread):
    """Runs what is due until it is stopped. Two of them on one store run nothing twice."""

    def __init__(self, schedules: Schedules, warn: Callable[[str], None]) -> None:
        """Run the schedules of `schedules`; `warn` is told if the store cannot be used."""
        super().__init__(name="scheduler", daemon=True)
        self._schedules = schedules
        self._warn = warn
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look again and again, until `stop`."""
        while not self._stopped.wait(_TICK_SECS):
            try:
                self._schedules.run_due()
            except StoreError as error:
                self._warn(f"scheduled jobs were not run: {error}")

    def stop(self) -> None:
        """Start nothing more, and return when nothing is being started."""
        self._stopped.set()
        self.join()
