"""Processes of this machine: started in a group of their own, ended with all that they started, and measured."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psutil

from hfjobs_cli.emulator.store import Process
from hfjobs_cli.emulator.wire import Document

_HAS_GROUPS = os.name == "posix"


def start(argv: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a process without input whose output, with that of its children, can be read. Raises OSError."""
    return subprocess.Popen(  # noqa: S603 - to run what is asked for is what this is for
        argv,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=_HAS_GROUPS,
        creationflags=0 if _HAS_GROUPS else subprocess.CREATE_NEW_PROCESS_GROUP,  # type: ignore[attr-defined, unused-ignore]
    )


def identify(pid: int) -> Process | None:
    """Return the process that has this pid now, None if there is none."""
    try:
        return Process(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def end(process: Process, *, force: bool) -> None:
    """Ask a process, its group and its descendants to end; with `force` they are not asked."""
    found = _find(process)
    if found is None:
        return  # its number may be somebody else's by now
    descendants = _descendants(found)
    end_group(process.pid, force=force)
    for each in [found, *descendants]:
        with contextlib.suppress(psutil.Error):
            each.kill() if force else each.terminate()


def end_group(leader: int, *, force: bool) -> None:
    """End the group that a process leads, or led until a moment ago."""
    if _HAS_GROUPS:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL if force else signal.SIGTERM)


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


def _find(process: Process) -> psutil.Process | None:
    try:
        found = psutil.Process(process.pid)
        # The clock that times of creation are counted from may be set in between.
        if abs(found.create_time() - process.created) > 2 or found.status() == psutil.STATUS_ZOMBIE:
            return None
    except psutil.Error:
        return None
    return found


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


def detached(argv: Sequence[str], *, errors: Path) -> "subprocess.Popen[bytes]":
    """Start a process of this Python that goes on when this one ends. Raises OSError."""
    flags = 0
    if not _HAS_GROUPS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS  # type: ignore[attr-defined, unused-ignore]
    with errors.open("ab") as log:
        return subprocess.Popen(  # noqa: S603
            [sys.executable, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=_HAS_GROUPS,
            creationflags=flags,
        )
