"""What the operating system does with processes: start one in a group of its own, find its descendants, kill, measure.

Windows has no such groups, and there no process is asked to end before it is ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from hfjobs_cli.emulator.api_types import Document, Process
from hfjobs_cli.emulator.state import open_itself
from hfjobs_cli.emulator.subreaper import adopting

OF_THIS_MACHINE = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR") + (
    ("SYSTEMROOT", "SYSTEMDRIVE", "COMSPEC", "PATHEXT", "TEMP", "TMP", "WINDIR") if os.name == "nt" else ()
)
"""What a job sees of the environment. The rest, tokens above all, is not its business."""

_OF_PYTHON = (
    *("HOME", "USERPROFILE", "APPDATA", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
    *("PYTHONHOME", "PYTHONPATH", "PYTHONUSERBASE", "PYTHONNOUSERSITE", "PYTHONUTF8", "PYTHONSAFEPATH"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG"),
)
"""What Python needs besides, to find the same packages as this process."""

_HAS_GROUPS = os.name == "posix"
_POLL_SECS = 0.02
_MAX_POLL_SECS = 0.2
_KILL_POLL_SECS = 0.005
_TIMEOUT_SECS = 5.0
"""How long processes are killed that do not end by that."""

Family = set[psutil.Process]


def start(argv: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a process without input whose output, with that of its children, can be read.

    On Linux it adopts, as the first process of a container does. Raises OSError, and ValueError for words that no
    command line can hold.
    """
    return _start(
        argv,
        directory,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # It runs no Python, so that nothing waits for a lock that another thread has.
        preexec_fn=adopting(),
    )


def start_python(code: str, *argv: str, directory: Path, errors: Path) -> "subprocess.Popen[bytes]":
    """Start Python code in the background that outlives this process; errors go to a file. Raises OSError.

    Its environment, which all processes of the user can read, holds what Python needs, and no token.
    """
    environment = {name: os.environ[name] for name in (*OF_THIS_MACHINE, *_OF_PYTHON) if name in os.environ}
    paths = environment.pop("PYTHONPATH", "").split(os.pathsep)
    if absolute := [path for path in paths if Path(path).is_absolute()]:  # others lead to where the user happens to be
        environment["PYTHONPATH"] = os.pathsep.join(absolute)
    with open_itself(errors, "ab") as log:
        argv = (sys.executable, "-c", code, *argv)
        return _start(argv, directory, env=environment, stdout=subprocess.DEVNULL, stderr=log)


def _start(argv: Sequence[str], directory: Path, **streams: Any) -> "subprocess.Popen[bytes]":
    flags = 0
    if not _HAS_GROUPS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined, unused-ignore]
    return subprocess.Popen(  # noqa: S603 - to run what is asked for is what this is for
        argv,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        start_new_session=_HAS_GROUPS,
        creationflags=flags,
        **streams,
    )


def identify(pid: int) -> Process | None:
    """Return the process that has this pid now, None if there is none."""
    try:
        return Process(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def end(process: Process) -> None:
    """Kill a process with its group and its descendants."""
    found = find(process)
    if found is not None:  # its number may be somebody else's by now
        _end(found)


def _end(process: psutil.Process) -> None:
    """Kill a process, its group and its descendants, itself last: until then it adopts orphans."""
    if _HAS_GROUPS:
        with contextlib.suppress(psutil.Error):
            process.suspend()
    kill_all(lambda: filter(is_alive, descendants(process)))
    if _group_of(process) == process.pid:
        kill_group(process.pid)
    _kill(process)


def kill_all(find: Callable[[], Iterable[psutil.Process]]) -> None:
    """Kill processes until none is found: they may start others, or take time to die.

    One that starts another and ends while the system is asked for all of them hides both. So it is asked again.
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


def ask_to_end(process: psutil.Process, family: Family, timeout_secs: float) -> None:
    """Ask a process to end, with its group and all of its family, and return when they have or `timeout_secs` later.

    The family is what is below it, and what such processes start meanwhile is added.
    """
    family |= {process, *descendants(process)}
    outside = [each for each in family if _group_of(each) != process.pid]
    _signal_group(process.pid, signal.SIGTERM)
    for each in outside:
        with contextlib.suppress(psutil.Error):
            each.terminate()
    deadline = time.monotonic() + timeout_secs
    pause = _POLL_SECS
    while (alive := list(filter(is_alive, family))) and time.monotonic() < deadline:
        for each in [process] if process in alive else alive:
            family.update(descendants(each))
        time.sleep(pause)
        pause = min(pause * 1.5, _MAX_POLL_SECS)  # to look through all processes of the machine takes a while


def kill_group(leader: int) -> None:
    """Kill the group that a process leads, or led until a moment ago."""
    if _HAS_GROUPS:
        _signal_group(leader, signal.SIGKILL)


def kill_marked(name: str, values: Container[str]) -> None:
    """Kill all processes of this user with one of these values in a variable, and their descendants."""
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(name) in values and process.pid != os.getpid():
            _end(process)


def measurements(process: Process, replica: str, every_secs: float) -> Iterator[Document]:
    """Yield the resource usage of a process and its descendants while it runs.

    The network is not measured: no system tells it apart by process.
    """
    known: dict[int, psutil.Process] = {}
    cores = psutil.cpu_count() or 1
    pause = min(0.2, every_secs)  # for the first figure; one moment alone tells nothing of the use of a processor
    while (found := find(process)) is not None:
        known = {each.pid: known.get(each.pid, each) for each in [found, *descendants(found)]}
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


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def find(process: Process) -> psutil.Process | None:
    """Return the process if it has not ended."""
    try:
        found = psutil.Process(process.pid)
        # The clock that times of creation are counted from may be set in between.
        if abs(found.create_time() - process.created) > 2:
            return None
    except psutil.Error:
        return None
    return found if is_alive(found) else None


def is_alive(process: psutil.Process) -> bool:
    """Return whether a process has not ended. It is not asked for its exit code, which is for its parent to get."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid) if _HAS_GROUPS else None
    except OSError:
        return None


def children() -> list[psutil.Process]:
    """Return the processes whose parent is this one, those too that have ended and were not waited for."""
    return psutil.Process().children()


def descendants(process: psutil.Process) -> list[psutil.Process]:
    """Return the descendants of a process."""
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


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
