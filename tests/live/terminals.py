"""A terminal on which the installed command runs: a pseudo-terminal, read by an emulated one that can be looked at."""

from __future__ import annotations

import contextlib
import copy
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyte

from tests.support import command_environ, coverage_environ, installed, measure_nothing

PATIENCE_SECS = 90.0
OTHER_SCREEN = 1049 << 5  # pyte shifts the numbers of private modes


class Emulated(pyte.Screen):
    """pyte's terminal, with the other screen, which pyte has not."""

    def __init__(self, columns: int, lines: int) -> None:
        super().__init__(columns, lines)
        self.clears = 0
        self._first: tuple[Any, Any] | None = None

    def set_mode(self, *modes: int, **options: Any) -> None:
        if options.get("private") and 1049 in modes and self._first is None:
            self._first = copy.deepcopy(self.buffer), copy.copy(self.cursor)
        super().set_mode(*modes, **options)

    def reset_mode(self, *modes: int, **options: Any) -> None:
        super().reset_mode(*modes, **options)
        if options.get("private") and 1049 in modes and self._first is not None:
            self.buffer, self.cursor = self._first
            self._first = None

    def erase_in_display(self, how: int = 0, *args: Any, **options: Any) -> None:
        self.clears += how == 2
        super().erase_in_display(how, *args, **options)

    @property
    def is_other_screen(self) -> bool:
        return self._first is not None

    def shows_cursor(self) -> bool:
        return not self.cursor.hidden


SHELL = """
import os, signal, sys, termios

def to_front(group):
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, signal.SIG_DFL)

child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    to_front(os.getpid())
    os.execv(sys.argv[1], sys.argv[1:])
while True:
    _, status = os.waitpid(child, os.WUNTRACED)
    to_front(os.getpgrp())
    if not os.WIFSTOPPED(status):
        sys.exit(os.waitstatus_to_exitcode(status))
    print("Stopped", flush=True)
    sys.stdin.readline()
    to_front(child)
    os.killpg(child, signal.SIGCONT)
"""
"""A shell that does no more than to say when its job is stopped, and to let it go on after a line of input."""


class Terminal:
    """The installed command on a terminal of its own, perhaps with a shell around it that knows of stopped jobs."""

    def __init__(
        self,
        *argv: str,
        environ: Mapping[str, str],
        columns: int = 80,
        lines: int = 24,
        in_shell: bool = False,
        directory: Path | None = None,
    ) -> None:
        """Start it, in this directory, or in another one."""
        self.screen = Emulated(columns, lines)
        self.screen.set_mode(pyte.modes.LNM)
        self._stream = pyte.ByteStream(self.screen)
        self.received = bytearray()
        self._changed = threading.Condition()
        self._master, self.slave = pty.openpty()
        self._set_size(columns, lines)
        self.modes = termios.tcgetattr(self.slave)
        os.write(self.slave, b"$ hfjobs\r\n")  # what was on the terminal before
        self.process = subprocess.Popen(
            [*((sys.executable, "-c", SHELL) if in_shell else ()), *installed(*argv)],
            cwd=directory,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=command_environ({"TERM": "xterm-256color", **coverage_environ(), **environ}),
            preexec_fn=self._take_terminal,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def _take_terminal() -> None:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        measure_nothing()
        with contextlib.suppress(OSError):
            while chunk := os.read(self._master, 65536):
                with self._changed:
                    self.received += chunk
                    self._stream.feed(chunk)
                    self._changed.notify_all()

    @property
    def lines(self) -> list[str]:
        """The lines on the screen, without the blanks at their ends, up to the last one that is not empty."""
        with self._changed:
            return self._lines()

    def _lines(self) -> list[str]:
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip().split("\n")

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, found: Callable[[str], Any], what: str = "") -> str:
        """Return the text on the screen as soon as it is as wanted."""
        with self._changed:
            ok = self._changed.wait_for(lambda: found("\n".join(self._lines())), PATIENCE_SECS)
            shown = "\n".join(self._lines())
        assert ok, f"waited in vain for {what or 'the screen'}; it shows:\n{shown}"
        return shown

    def shows(self, *texts: str) -> str:
        """Return the text on the screen as soon as all of these are in it."""
        return self.until(lambda shown: all(text in shown for text in texts), ", ".join(texts))

    def shows_cursor(self) -> bool:
        return self.screen.shows_cursor()

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def resize(self, columns: int, lines: int) -> None:
        with self._changed:
            self.screen.resize(lines, columns)
            self._set_size(columns, lines)

    def wait(self) -> int:
        """Wait for the end of the command and of what it wrote, and return its exit code."""
        code = self.process.wait(PATIENCE_SECS)
        marker = b"\x1b]0;end\x07"
        os.write(self.slave, marker)
        with self._changed:
            assert self._changed.wait_for(lambda: self.received.endswith(marker), PATIENCE_SECS)
        return code

    def is_sane(self) -> bool:
        """Tell whether the terminal is as it was: its modes, its cursor, its first screen, and lines that wrap."""
        return (
            termios.tcgetattr(self.slave) == self.modes
            and self.screen.shows_cursor()
            and not self.screen.is_other_screen
            and pyte.modes.DECAWM in self.screen.mode
        )

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.slave)
        self._reader.join(PATIENCE_SECS)
        os.close(self._master)
