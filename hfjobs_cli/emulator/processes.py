"""Processes: start one in a group of its own, end it with all of its descendants, and measure what they use.

On Linux, re-parented descendants are adopted (as a subreaper), and `watchdog.py` kills those that this process leaves.

Windows has no such groups, and there a process is killed without being asked to end first.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from hfjobs_cli.emulator import watchdog
from hfjobs_cli.emulator.api_types import Document, Process
from hfjobs_cli.emulator.private_directory import open_itself

try:
    from ctypes import CDLL, c_ulong
except ImportError:  # Python can be built without it
    CDLL = None  # type: ignore[assignment, misc]

GRACE_SECS = 5.0
"""How long a job that was asked to end may take, before it is killed."""

INHERITED_VARIABLES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR") + (
    ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "TEMP", "TMP", "WINDIR") if os.name == "nt" else ()
)
"""The variables that a job gets from the environment of this process. It gets no others, so no tokens."""

_PYTHON_VARIABLES = (
    *("HOME", "USERPROFILE", "APPDATA", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8", "PYTHONSAFEPATH"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"),
)
"""The variables that Python needs besides, to find the same packages as this process."""

_PR_SET_CHILD_SUBREAPER = 36

_HAS_GROUPS = os.name == "posix"
_POLL_SECS = 0.02
_MAX_POLL_SECS = 0.2
_KILL_POLL_SECS = 0.005
_TIMEOUT_SECS = 5.0
"""How long killing is repeated while processes do not end."""

ProcessSet = set[psutil.Process]


def start(argv: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a process without input; its output and that of its children can be read.

    On Linux it is a subreaper, as the first process of a container is. Raises OSError, and ValueError for words that
    no command line can hold.
    """
    return _start(
        argv,
        directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # It runs no Python, so it cannot wait for a lock that another thread holds.
        preexec_fn=subreaper_call(),
    )


def start_python(code: str, *argv: str, directory: Path, errors: Path) -> "subprocess.Popen[bytes]":
    """Start Python code in the background that outlives this process; errors go to a file. Raises OSError.

    All processes of the user can read its environment, so it holds only what Python needs, and no token.
    """
    environment = {name: os.environ[name] for name in (*INHERITED_VARIABLES, *_PYTHON_VARIABLES) if name in os.environ}
    paths = environment.pop("PYTHONPATH", "").split(os.pathsep)
    if absolute := [path for path in paths if Path(path).is_absolute()]:  # others depend on the user's directory
        environment["PYTHONPATH"] = os.pathsep.join(absolute)
    with open_itself(errors, "ab") as log:
        argv = (sys.executable, "-c", code, *argv)
        return _start(argv, directory, env=environment, stdout=subprocess.DEVNULL, stderr=log)


def _start(argv: Sequence[str], directory: Path, **streams: Any) -> "subprocess.Popen[bytes]":
    flags = 0
    if not _HAS_GROUPS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined, unused-ignore]
    return subprocess.Popen(  # noqa: S603 - to run the command of a job is the purpose
        argv,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        start_new_session=_HAS_GROUPS,
        creationflags=flags,
        **streams,
    )


def subreaper_call() -> Callable[[], object] | None:
    """Return the call that makes a process a subreaper, None on a system without subreapers.

    The call runs no Python, so a process that has just forked can make it, whatever other threads were doing.
    """
    if sys.platform != "linux" or CDLL is None:
        return None
    try:
        return partial(CDLL(None).prctl, _PR_SET_CHILD_SUBREAPER, c_ulong(1), c_ulong(0), c_ulong(0), c_ulong(0))
    except (OSError, AttributeError):
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
        os.execv(sys.executable, [sys.executable, "-I", "-S", watchdog.__file__, str(child)])  # noqa: S606
    except OSError:
        os._exit(watchdog.watch_child(child))


class ProcessGroup:
    """The commands that this process started, with their descendants. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._commands: set[int] = set()
        self._ending: dict[int, ProcessSet] = {}

    def start(self, start: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
        """Start a command. Raises what `start` raises."""
        with self._lock:
            command = start()
            self._commands.add(command.pid)
            return command

    def end(self, command: Process) -> None:
        """End a command and its descendants: ask them to end, and kill them GRACE_SECS later."""
        found = find(command)
        if found is not None and _HAS_GROUPS:
            with self._protected(command) as tree:
                _ask_to_end(found, tree, GRACE_SECS)
            tree -= {found}
            _kill_all(lambda: filter(_is_alive, tree))
        end(command)

    def collect(self, command: "subprocess.Popen[bytes]") -> int:
        """Wait for a command to end, kill its descendants, and return its exit code."""
        code = command.wait()
        with self._lock:
            self._commands.discard(command.pid)
        _kill_group(command.pid)
        self.sweep()
        return code

    def sweep(self) -> None:
        """Kill leftover processes of finished commands; they are known only with a subreaper."""
        if subreaper_call() is not None:
            _kill_all(self._leftovers)

    @contextlib.contextmanager
    def _protected(self, command: Process) -> Iterator[ProcessSet]:
        """Yield a set of processes that `sweep` leaves alone until the end of the block: they may still clean up."""
        tree: ProcessSet = set()
        with self._lock:
            self._ending[command.pid] = tree
        try:
            yield tree
        finally:
            with self._lock:
                del self._ending[command.pid]

    def _leftovers(self) -> ProcessSet:
        """Return the processes that finished commands have left, without those that may still clean up.

        Those that have ended are reaped. They are returned too, once: they may have started others while all processes
        were listed.
        """
        with self._lock:
            children = {each for each in psutil.Process().children() if each.pid not in self._commands}
            protected = {each for each in children if any(each in tree for tree in self._ending.values())}
            for each in children - protected:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(each.pid, os.WNOHANG)
            return children - protected


def _ask_to_end(process: psutil.Process, tree: ProcessSet, timeout_secs: float) -> None:
    """Send SIGTERM to a process, its group and its descendants; return once they ended or `timeout_secs` later.

    They are added to `tree`, with the descendants that they start meanwhile.
    """
    tree |= {process, *_descendants(process)}
    outside = [each for each in tree if _group_of(each) != process.pid]
    _signal_group(process.pid, signal.SIGTERM)
    for each in outside:
        with contextlib.suppress(psutil.Error):
            each.terminate()
    deadline = time.monotonic() + timeout_secs
    pause = _POLL_SECS
    while (alive := list(filter(_is_alive, tree))) and time.monotonic() < deadline:
        for each in [process] if process in alive else alive:
            tree.update(_descendants(each))
        time.sleep(pause)
        pause = min(pause * 1.5, _MAX_POLL_SECS)  # to search all processes of the machine takes a while


def end(process: Process) -> None:
    """Kill a process with its group and its descendants."""
    found = find(process)
    if found is not None:  # else the pid may be another's by now
        _end(found)


def _end(process: psutil.Process) -> None:
    """Kill a process, its group and its descendants, itself last: until then it adopts orphans."""
    if _HAS_GROUPS:
        with contextlib.suppress(psutil.Error):
            process.suspend()
    _kill_all(lambda: filter(_is_alive, _descendants(process)))
    if _group_of(process) == process.pid:
        _kill_group(process.pid)
    _kill(process)


def kill_marked(name: str, values: Container[str]) -> None:
    """Kill all processes of this user with one of these values in a variable, and their descendants."""
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(name) in values and process.pid != os.getpid():
            _end(process)


def _kill_all(find: Callable[[], Iterable[psutil.Process]]) -> None:
    """Kill processes until none is found: they may start others, or take time to die.

    A process that starts another and ends while all processes are listed hides both, so they are listed twice.
    """
    deadline = time.monotonic() + _TIMEOUT_SECS
    times_none = 0
    while times_none < 2 and time.monotonic() < deadline:
        killed = [_kill(each) for each in find()]
        if any(killed):
            times_none = 0
            time.sleep(_KILL_POLL_SECS)
        else:
            times_none += 1


def _kill(process: psutil.Process) -> bool:
    """Kill a process, and return whether that was allowed, though it may have ended before."""
    try:
        process.kill()
    except psutil.AccessDenied:
        return False
    except psutil.Error:
        pass
    return True


def _kill_group(leader: int) -> None:
    """Kill the group that a process leads, or led until a moment ago."""
    if _HAS_GROUPS:
        _signal_group(leader, signal.SIGKILL)


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def identify(pid: int) -> Process | None:
    """Return the process that has this pid now, None if there is none."""
    try:
        return Process(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def find(process: Process) -> psutil.Process | None:
    """Return the process if it has not ended."""
    try:
        found = psutil.Process(process.pid)
        # Creation times are counted from a clock that may be set in between.
        if abs(found.create_time() - process.created) > 2:
            return None
    except psutil.Error:
        return None
    return found if _is_alive(found) else None


def _is_alive(process: psutil.Process) -> bool:
    """Return whether a process has not ended. Its exit code is not collected: that is for its parent to do."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid) if _HAS_GROUPS else None
    except OSError:
        return None


def _descendants(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def measurements(process: Process, replica: str, every_secs: float) -> Iterator[Document]:
    """Yield the resource usage of a process and its descendants while it runs.

    The network is not measured: no system counts it by process.
    """
    known: dict[int, psutil.Process] = {}
    cores = psutil.cpu_count() or 1
    pause = min(0.2, every_secs)  # for the first sample: CPU usage is measured between two moments
    while (found := find(process)) is not None:
        known = {each.pid: known.get(each.pid, each) for each in [found, *_descendants(found)]}
        for each in known.values():
            _percent(each)
        time.sleep(pause)
        pause = every_secs
        percent = sum(map(_percent, known.values()))
        yield {
            "cpu_usage_pct": round(percent / cores, 1),
            "cpu_millicores": cores * 1000,
            "memory_used_bytes": sum(map(_memory, known.values())),
            "memory_total_bytes": psutil.virtual_memory().total,
            "rx_bps": 0,
            "tx_bps": 0,
            "gpus": {},
            "replica": replica,
        }


def _percent(process: psutil.Process) -> float:
    try:
        return process.cpu_percent()
    except psutil.Error:
        return 0.0


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
