"""The commands that this process has started, with their descendants: started, ended and measured as one."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hfjobs_cli.emulator import processes
from hfjobs_cli.emulator.api_types import Process
from hfjobs_cli.emulator.processes import Family
from hfjobs_cli.emulator.subreaper import adopting

GRACE_SECS = 5.0
"""How long a job that is told to end may take for it, before it is killed."""


class ProcessGroup:
    """The commands that this process started. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._commands: set[int] = set()
        self._families: dict[int, Family] = {}

    def start(self, start: Callable[[], "subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
        """Start a command. Raises what `start` raises."""
        with self._lock:
            command = start()
            self._commands.add(command.pid)
            return command

    def end(self, command: Process) -> None:
        """End a command with all that it started: they are asked to, and killed GRACE_SECS later."""
        found = processes.find(command)
        if found is not None and os.name == "posix":
            with self._tidying(command) as family:
                processes.ask_to_end(found, family, GRACE_SECS)
            family -= {found}
            processes.kill_all(lambda: filter(processes.is_alive, family))
        processes.end(command)

    def collect(self, command: "subprocess.Popen[bytes]") -> int:
        """Return the exit code of a command that ends, once all that it started has been killed."""
        code = command.wait()
        with self._lock:
            self._commands.discard(command.pid)
        processes.kill_group(command.pid)
        self.sweep()
        return code

    def sweep(self) -> None:
        """Kill leftover processes of finished commands; they are known only with a subreaper."""
        if adopting() is not None:
            processes.kill_all(self._rest)

    @contextmanager
    def _tidying(self, command: Process) -> Iterator[Family]:
        """Yield a set of processes that are not killed by others until the end of the block."""
        family: Family = set()
        with self._lock:
            self._families[command.pid] = family
        try:
            yield family
        finally:
            with self._lock:
                del self._families[command.pid]

    def _rest(self) -> Family:
        """Return the processes that are left of commands, but for those that may still tidy up."""
        with self._lock:
            rest = {each for each in processes.children() if each.pid not in self._commands}
            tidying = {each for each in rest if any(each in family for family in self._families.values())}
            return {each for each in rest - tidying if not _has_ended(each.pid)}


def _has_ended(child: int) -> bool:
    """Return whether a child has ended, whose exit code then nobody wants to know."""
    try:
        return os.waitpid(child, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return True
