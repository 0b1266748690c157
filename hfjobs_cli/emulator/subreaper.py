"""On Linux, adopt re-parented descendants, and start a watchdog above the supervisor."""

import os
import sys
from collections.abc import Callable
from functools import cache, partial

from hfjobs_cli.emulator import watchdog

_PR_SET_CHILD_SUBREAPER = 36


@cache
def adopting() -> Callable[[], object] | None:
    """Return what makes the process that calls it adopt, None on a system that has nothing of the kind.

    No line of Python is run by the call, so that a process that has just forked can make it, whatever other threads
    were doing.
    """
    if sys.platform != "linux":
        return None
    try:
        from ctypes import CDLL, c_ulong

        return partial(CDLL(None).prctl, _PR_SET_CHILD_SUBREAPER, c_ulong(1), c_ulong(0), c_ulong(0), c_ulong(0))
    except (ImportError, OSError, AttributeError):
        return None


def become_subreaper() -> None:
    """Become a subreaper and fork: the child continues, the parent is its watchdog.

    Call it before there are threads. The watchdog is the one that has been started, and ends as the other one does.
    """
    adopt = adopting()
    if sys.platform != "linux" or adopt is None or adopt() != 0:
        return
    child = os.fork()
    if child == 0:
        adopt()
        return
    try:
        # By itself it is small, and nobody who looks for the supervisor finds two.
        os.execv(sys.executable, [sys.executable, "-I", "-S", watchdog.__file__, str(child)])  # noqa: S606
    except OSError:
        os._exit(watchdog.watch_child(child))
