"""The output of a job: lines with the moment at which they came, kept in a file as the Hub sends them."""

import codecs
import json
import os
import threading
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TextIO

from hfjobs_cli.emulator.wire import present, wire_time

MAX_LINE_BYTES = 64 * 1024
MAX_LOG_BYTES = 64 * 1024 * 1024
"""What is kept of one job; a job that prints without end must not fill the disk."""

HEADER = "===== Job started at "
"""How the line begins that stands before the output of each attempt."""

_READ_BYTES = 1024 * 1024


class Log:
    """The file that one job's output is added to. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Open the file, which is made if it is not there. Raises OSError."""
        path.parent.mkdir(mode=0o700, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8", newline="\n")
        self._size = path.stat().st_size
        self._lock = threading.Lock()

    def add(self, line: str) -> None:
        """Keep a line, unless there is no room for it or the file is closed. It can be read at once."""
        with self._lock, suppress(OSError):
            if self._size <= MAX_LOG_BYTES and not self._file.closed:
                self._write(line)
                if self._size > MAX_LOG_BYTES:
                    self._write(f"(what follows is not kept, the output is more than {MAX_LOG_BYTES >> 20} MiB)")

    def add_header(self, now: datetime) -> None:
        """Keep the line that stands before the output of an attempt."""
        self.add(f"{HEADER}{now:%Y-%m-%d %H:%M:%S} =====")

    def copy(self, stream: BinaryIO) -> None:
        """Keep all lines of a stream until it ends, and close it. Lines of more than MAX_LINE_BYTES are parted."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        with stream:
            while chunk := stream.readline(MAX_LINE_BYTES):
                line = decoder.decode(chunk, final=chunk.endswith(b"\n")).removesuffix("\n")
                self.add(line.removesuffix("\r") if os.name == "nt" else line)

    def close(self) -> None:
        """Close the file. Raises OSError."""
        with self._lock:
            self._file.close()

    def _write(self, line: str) -> None:
        # In ASCII, so that characters are bytes.
        self._size += self._file.write(json.dumps({"data": line, "timestamp": wire_time(present())}) + "\n")
        self._file.flush()


class LogReader:
    """The lines of a file that may still grow, each once."""

    def __init__(self, path: Path, tail: int | None = None) -> None:
        """Read nothing yet. With `tail` the first look gives the last so many lines, below the last header."""
        self._path = path
        self._tail = tail
        self._place = 0

    def new_lines(self) -> list[str]:
        """Return lines that came since the last call, as JSON; none if there are none.

        A line that is being written is left for later, and so are those of many bytes.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                text = file.read(_READ_BYTES if self._tail is None else -1)
        except FileNotFoundError:
            return []
        whole, newline, _ = text.rpartition(b"\n")
        self._place += len(whole) + len(newline)
        lines = whole.decode("utf-8").split("\n") if newline else []
        tail, self._tail = self._tail, None
        return lines if tail is None else _last(lines, tail)


def _last(lines: list[str], count: int) -> list[str]:
    """Return the last lines of output, with the header before them, which the Hub sends whatever is asked."""
    header: list[str] = []
    output: list[str] = []
    for line in lines:
        if json.loads(line)["data"].startswith(HEADER):
            header = [line]
        else:
            output.append(line)
    return header + (output[-count:] if count else [])
