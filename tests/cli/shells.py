"""Real shells on a pseudo-terminal: what a line has become once keys were pressed."""

from __future__ import annotations

import atexit
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tests.support import ROOT, command, command_environ

PATIENCE_SECS = 90

TAB = "\t"
_TELL = "\x14"  # Ctrl-T: tells the line
_FORGET = "\x05\x15"  # Ctrl-E, Ctrl-U: empties it

# Named like words that could be completed, so that it shows where files are offered in place of them.
_FILES = ["error.log", "completed.txt", "user.txt", "status=error.log", "json.txt", "flavor", "-runtime", "12", "use"]
_DIRECTORIES = ["states", "my dir"]

# Each shell loads the script for completion and tells, through a pipe of its own, when it is ready, and its line.
_STARTUP = {
    "bash": """
        set -o noglob; bind 'set bell-style none'; bind 'set completion-query-items 0'; bind 'set page-completions off'
        bind -x '"\\C-t": printf "%s\\0" "$READLINE_LINE" > "$TOLD"'
        PROMPT_COMMAND='printf "ready\\0" > "$TOLD"; PROMPT_COMMAND='
        set +o noglob
        {before}
        {load}
    """,
    "zsh": """
        {before}
        autoload -Uz compinit; compinit -D -u
        {load}
        setopt no_beep no_list_beep; LISTMAX=-1
        tell() {{ printf '%s\\0' "$BUFFER" > "$TOLD" }}
        zle -N tell; bindkey -e; bindkey '^T' tell; KEYTIMEOUT=1
        precmd() {{ printf 'ready\\0' > "$TOLD"; precmd() {{ }} }}
    """,
    "fish": """
        {before}
        {load}
        set -g fish_greeting; set -g fish_autosuggestion_enabled 0
        bind \\ct 'printf "%s\\0" (commandline | string collect) > "$TOLD"'
        function fish_prompt; printf 'ready\\0' > "$TOLD"; function fish_prompt; end; end
    """,
}
_ARGV = {"bash": ["bash", "--noprofile", "--rcfile", "{startup}", "-i"], "zsh": ["zsh", "-i"], "fish": ["fish", "-i"]}
_LOAD = {
    "bash": f"source '{ROOT}/completions/hfjobs.bash'",
    "zsh": "",  # found in fpath
    "fish": f"source '{ROOT}/completions/hfjobs.fish'",
}
_BEFORE = {"bash": "", "zsh": f"fpath=('{ROOT}/completions' $fpath)", "fish": ""}


_SERVER = """
import os, pkgutil, select, signal, socket, sys
from contextlib import suppress
from importlib import import_module
import hfjobs_cli
from hfjobs_cli.__main__ import run
for module in pkgutil.walk_packages(hfjobs_cli.__path__, "hfjobs_cli."):
    with suppress(ImportError):  # what is for another system
        import_module(module.name)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that answer
while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
    connection, _ = listener.accept()
    if os.fork():
        connection.close()
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    data, streams, _, _ = socket.recv_fds(connection, 2**20, 3)
    directory, count, *words = data.decode().split("\\0")
    program = os.fork()
    if program:
        _, status = os.waitpid(program, 0)
        connection.send(bytes([os.waitstatus_to_exitcode(status) % 256]))
        os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")
    os.chdir(directory)
    sys.argv = ["hfjobs", *words[: int(count)]]
    os.environ.clear()
    os.environ.update(word.split("=", 1) for word in words[int(count) :])
    run()
"""
"""Runs command lines as the installed command does, in processes that have imported all of it already."""

_CLIENT = """#!{python} -ISB
import _socket, array, os, sys
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
words = [os.getcwd(), str(len(sys.argv) - 1), *sys.argv[1:], *map("=".join, os.environ.items())]
rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))
server.sendmsg(["\\0".join(words).encode()], [rights])
sys.exit(server.recv(1)[0])
"""
"""Hands a command line to that, with its streams, directory and environment: a tenth of the time of a new process."""


@cache
def quick_program() -> str:
    """Return a program that does what the installed command does, but starts at once, until this process ends."""
    address = f"{tempfile.mkdtemp()}/hfjobs"
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER, address],
        stdin=subprocess.PIPE,  # its end is the end of the server
        stdout=subprocess.PIPE,
        env=command_environ({}),
        encoding="utf-8",
    )
    atexit.register(shutil.rmtree, Path(address).parent)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    _servers.append(server)
    return _CLIENT.format(python=sys.executable, address=address)


_servers: list[subprocess.Popen[str]] = []


class Shell:
    """An interactive shell, at its prompt."""

    def __init__(self, name: str, directory: Path, before: str = "", *, is_quick: bool = True) -> None:
        """Start the shell in `directory`/work, with `before` run by it before the script is loaded.

        If it `is_quick`, what it calls is not the installed command itself, but starts at once.
        """
        self.name = name
        import fcntl
        import pty
        import termios

        home = directory / "home"
        (directory / "bin").mkdir()
        (home / "fish").mkdir(parents=True)
        for entry in _DIRECTORIES:
            (directory / "work" / entry).mkdir(parents=True)
        for entry in _FILES:
            (directory / "work" / entry).touch()
        program = directory / "bin" / "hfjobs"
        installed = f'#!/bin/sh\nexec {" ".join(command())} "$@"\n'
        program.write_text(quick_program() if is_quick else installed, encoding="utf-8")
        program.chmod(0o755)
        startup = home / {"bash": "startup", "zsh": ".zshrc", "fish": "fish/config.fish"}[name]
        script = _STARTUP[name].format(before=f"{_BEFORE[name]}\n{before}", load=_LOAD[name])
        startup.write_text(script, encoding="utf-8")
        told = directory / "told"
        os.mkfifo(told)
        self._told = os.open(told, os.O_RDWR)
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [word.format(startup=startup) for word in _ARGV[name]],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=directory / "work",
            env=command_environ(
                {
                    "HOME": str(home),
                    "XDG_CACHE_HOME": str(directory / "cache"),
                    "XDG_STATE_HOME": str(directory / "state"),
                    "TERM": "xterm",
                    "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}",
                    "TOLD": str(told),
                    "ZDOTDIR": str(home),
                    "XDG_CONFIG_HOME": str(home),
                }
            ),
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that the shell has jobs and signals
        )
        os.close(theirs)
        self.shown = b""
        assert self._hear() == "ready"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._told)
        os.close(self._terminal)

    def line_after(self, keys: str) -> str:
        """Return what an empty line becomes when these keys are pressed."""
        self._press(keys + _TELL)
        line = self._hear()
        self._press(_FORGET)
        return line

    def _press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def _hear(self) -> str:
        """Return what the shell tells next, and take all that it shows meanwhile."""
        told, deadline = b"", time.monotonic() + PATIENCE_SECS
        while not told.endswith(b"\0"):
            left = max(0, deadline - time.monotonic())
            ready, _, _ = select.select([self._told, self._terminal], [], [], left)
            assert ready and left, f"the shell tells nothing, and shows {self.shown[-2000:]!r}"
            if self._told in ready:
                told += os.read(self._told, 65536)
            if self._terminal in ready:
                self._show()
        return told[:-1].decode()

    def _show(self) -> None:
        try:
            shown = os.read(self._terminal, 65536)
        except OSError:  # so Linux says that the shell has ended
            pytest.fail(f"the shell has ended, and has shown {self.shown[-2000:]!r}")
        self.shown += shown
        if b"\x1b[c" in shown or b"\x1b[0c" in shown:
            self._press("\x1b[?62c")  # fish 4 asks what kind of terminal this is


@contextmanager
def started(name: str, directory: Path, before: str = "", *, is_quick: bool = True) -> Iterator[Shell]:
    """Yield a shell. Skips the test where it is not installed."""
    if os.name == "nt" or shutil.which(name) is None:
        pytest.skip(f"needs {name} and a pseudo-terminal")
    if name == "bash" and subprocess.run(["bash", "-c", "type compopt"], capture_output=True).returncode:
        pytest.skip("needs a bash that tells its line, 4 or later")
    shell = Shell(name, directory, before, is_quick=is_quick)
    try:
        yield shell
    finally:
        shell.close()
