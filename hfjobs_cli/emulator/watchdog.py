"""On Linux, adopt re-parented descendants (as a subreaper), and keep a watchdog above the supervisor.

The watchdog is the parent of the supervisor. It waits until that has ended, and then kills all descendants that are
left: should the supervisor be killed, the watchdog adopts what it had adopted. So no process of a job outlives the
supervisor, not even one that cannot be recognized as such.

The watchdog is this file as a script, `python -I -S watchdog.py PID`, so it imports as little as possible.
"""

import os
import signal
import sys
import time
from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PR_SET_CHILD_SUBREAPER = 36

_TIMEOUT_SECS = 5.0
"""How long killing is repeated while processes do not end, such as those of another user."""

_POLL_SECS = 0.005


def subreaper_call() -> "Callable[[], object] | None":
    """Return the call that makes a process a subreaper, None on a system without subreapers.

    The call runs no Python, so a process that has just forked can make it, whatever other threads were doing.
    """
    if sys.platform != "linux":
        return None
    try:
        from ctypes import CDLL, c_ulong

        return partial(CDLL(None).prctl, _PR_SET_CHILD_SUBREAPER, c_ulong(1), c_ulong(0), c_ulong(0), c_ulong(0))
    except (ImportError, OSError, AttributeError):
        return None


def start_watchdog() -> None:
    """Become a subreaper and fork: the child continues, the parent is its watchdog and ends with its exit code.

    Call it before there are threads.
    """
    become_subreaper = subreaper_call()
    if sys.platform != "linux" or become_subreaper is None or become_subreaper() != 0:
        return
    child = os.fork()
    if child == 0:
        become_subreaper()
        return
    try:
        # A new program needs less memory, and is not taken for a second supervisor in a list of processes.
        os.execv(sys.executable, [sys.executable, "-I", "-S", __file__, str(child)])  # noqa: S606
    except OSError:
        os._exit(_watch_child(child))


def _watch_child(supervisor: int) -> int:
    """Wait for a child and kill all its descendants; return its exit code, 128 + N for a signal."""
    pid = 0
    while pid != supervisor:
        pid, status = os.wait()
    code = os.waitstatus_to_exitcode(status)
    deadline = time.monotonic() + _TIMEOUT_SECS
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                _kill_children()
                time.sleep(_POLL_SECS)
        except ChildProcessError:
            break
    return code if code >= 0 else 128 - code


def _kill_children() -> None:
    """Kill the children of this process. Their own children are then its children, and killed by the next call."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"{entry.path}/stat", "rb") as file:  # noqa: PTH123 - pathlib is slow to import
                    _state, parent, *_ = file.read().rpartition(b")")[2].split()
                if int(parent) == os.getpid():
                    os.kill(int(entry.name), signal.SIGKILL)
            except (OSError, ValueError):
                continue  # it has ended, or is another user's


if __name__ == "__main__":
    os._exit(_watch_child(int(sys.argv[1])))
