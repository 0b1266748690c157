"""A process between the supervisor and the command of a job, on Linux: whatever the command starts stays below it.

Processes whose parent has ended become children of this one, though they cleared their environment and left their
session, so that all of a job are found below it. It ends with the command's exit code, 128 and more for a signal, once
the rest is killed. A SIGTERM tells it that the job is being ended: then it waits for the rest, and kills nothing.

It is run as a script, `python -I -S keeper.py COMMAND...`, with what the command is to have: nothing of the package is
imported, and little else.
"""

import os
import signal
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_NOT_FOUND, _NOT_EXECUTABLE = 127, 126
_PATIENCE_SECS = 5.0
"""How long processes are killed that do not end, such as those of another user."""

_POLL_SECS = 0.005


class _Keeper:
    def __init__(self) -> None:
        self._is_ending = False

    def run(self, argv: list[str]) -> int:
        """Run a command and return its exit code when it has ended, with all that it started."""
        from ctypes import CDLL

        CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # on a system that cannot, all else is done as well
        signal.signal(signal.SIGTERM, self._end)
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)  # not ignored, which the command would inherit
        command = os.fork()
        if command == 0:
            _become(argv)
        code = 0
        while True:
            try:
                pid, status = os.wait()
            except ChildProcessError:
                return code
            if pid == command:
                code = os.waitstatus_to_exitcode(status)
                code = code if code >= 0 else 128 - code
                if not self._is_ending:
                    _kill_rest(command)
                    return code

    def _end(self, *_: object) -> None:
        self._is_ending = True


def _become(argv: list[str]) -> None:
    """Make this process the command, in a session of its own. Does not return."""
    code = _NOT_EXECUTABLE
    try:
        os.setsid()
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(argv[0], argv, _environment())  # noqa: S606 - to run what is asked for is what this is for
    except OSError as error:
        os.write(2, os.fsencode(f"{argv[0]}: {error.strerror}\n"))
        code = _NOT_FOUND if isinstance(error, FileNotFoundError) else _NOT_EXECUTABLE
    finally:
        os._exit(code)


def _environment() -> dict[bytes, bytes]:
    """Return the environment as it was given; Python adds to its own in some locales."""
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - pathlib takes as long to import as all the rest
        pairs = [entry.partition(b"=") for entry in file.read().split(b"\0") if entry]
    return {name: value for name, _, value in pairs}


def _kill_rest(leader: int) -> None:
    """Kill what has become a child of this process, and what becomes one by that, until nothing is left."""
    deadline = time.monotonic() + _PATIENCE_SECS
    _kill(-leader)  # its group, which is all that can be done on a system that does not keep the rest together
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                for pid in _children():
                    _kill(pid)
                time.sleep(_POLL_SECS)
        except ChildProcessError:
            return


def _kill(pid: int) -> None:
    try:  # noqa: SIM105 - contextlib takes as long to import as well
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass  # it has ended, or is another user's


def _children() -> list[int]:
    """Return the processes whose parent is this one."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                with open(f"{entry.path}/stat", "rb") as file:  # noqa: PTH123
                    _state, parent, *_ = file.read().rpartition(b")")[2].split()
            except (OSError, ValueError):
                continue  # it has ended
            if int(parent) == os.getpid():
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    os._exit(_Keeper().run(sys.argv[1:]))
