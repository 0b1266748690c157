"""The watchdog above the supervisor on Linux: the script `python -I -S watchdog.py PID`, so it imports little.

It is the parent of the supervisor. It waits until that has ended, and then kills all descendants that are left: should
the supervisor be killed, the watchdog, a subreaper too, adopts what it had adopted. So no process of a job outlives the
supervisor, not even one that cannot be recognized as such.
"""

import os
import signal
import sys
import time

_TIMEOUT_SECS = 5.0
"""How long killing is repeated while processes do not end, such as those of another user."""

_POLL_SECS = 0.005


def watch_child(supervisor: int) -> int:
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
    os._exit(watch_child(int(sys.argv[1])))
