"""Processes of this machine: started in a group of their own, ended with what they started, and measured.

Windows has no such groups, and there no process is asked to end before it is ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psutil

from hfjobs_cli.emulator.state import open_itself
from hfjobs_cli.emulator.wire import Document, Process

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


def start(argv: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a process without input whose output, with that of its children, can be read.

    Raises OSError, and ValueError for words that no command line can hold.
    """
    return _start(argv, directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def start_python(code: str, *argv: str, directory: Path, errors: Path) -> "subprocess.Popen[bytes]":
    """Start Python code that goes on when this process ends, and writes what fails to a file. Raises OSError.

    Its environment, which all processes of the user can read, holds what Python needs, and no token.
    """
    environment = {name: os.environ[name] for name in (*OF_THIS_MACHINE, *_OF_PYTHON) if name in os.environ}
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


def end(process: Process, grace_secs: float = 0.0) -> None:
    """End a process, its group and its descendants: they are asked to, and killed `grace_secs` later."""
    found = _find(process)
    if found is None:
        return  # its number may be somebody else's by now
    family = [found, *_descendants(found)]
    if grace_secs and _HAS_GROUPS:
        outside = [each for each in family if _group_of(each) != process.pid]
        _signal_group(process.pid, signal.SIGTERM)
        for each in outside:
            with contextlib.suppress(psutil.Error):
                each.terminate()
        deadline = time.monotonic() + grace_secs
        while any(map(_is_alive, family)) and time.monotonic() < deadline:
            time.sleep(_POLL_SECS)
    kill_group(process.pid)
    for each in filter(_is_alive, family):
        with contextlib.suppress(psutil.Error):
            each.kill()


def kill_group(leader: int) -> None:
    """Kill the group that a process leads, or led until a moment ago."""
    if _HAS_GROUPS:
        _signal_group(leader, signal.SIGKILL)


def kill_marked(name: str, values: Container[str]) -> None:
    """Kill all processes of this user in whose environment a variable has one of these values."""
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get(name) in values and process.pid != os.getpid():
            with contextlib.suppress(psutil.Error):
                process.kill()


def measurements(process: Process, replica: str, every_secs: float) -> Iterator[Document]:
    """Yield what a process and its descendants use, as long as it runs.

    The network is not measured: no system tells it apart by process.
    """
    known: dict[int, psutil.Process] = {}
    cores = psutil.cpu_count() or 1
    pause = min(0.2, every_secs)  # for the first figure; one moment alone tells nothing of the use of a processor
    while (found := _find(process)) is not None:
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


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)


def _find(process: Process) -> psutil.Process | None:
    try:
        found = psutil.Process(process.pid)
        # The clock that times of creation are counted from may be set in between.
        if abs(found.create_time() - process.created) > 2:
            return None
    except psutil.Error:
        return None
    return found if _is_alive(found) else None


def _is_alive(process: psutil.Process) -> bool:
    """Tell whether a process has not ended. It is not asked for its exit code, which is for its parent to get."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _group_of(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except OSError:
        return None


def _descendants(process: psutil.Process) -> list[psutil.Process]:
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
