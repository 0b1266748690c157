"""The output of a job: its log file, with timestamps and in the format of the Hub, and its events over HTTP."""

import codecs
import errno
import io
import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO

from hfjobs_cli.emulator.api_types import Document, present, wire_time
from hfjobs_cli.emulator.private_directory import open_itself

MAX_LINE_CHARACTERS = 64 * 1024
MAX_LOG_BYTES = 64 * 1024 * 1024
"""How much output of a job is kept: a job that prints forever must not fill the disk."""

HEADER = "===== Job started at "
"""The beginning of the header line before the output of each attempt."""

KEEP_ALIVE = ": keep-alive\n\n"

_READ_BYTES = 1024 * 1024
_ROOM_BYTES = 256 * 1024
_END = 'Z"}'
"""The end of each complete line of the file. A full disk leaves incomplete lines."""

_POLL_SECS = 0.1
_CLOSED_SECS = 0.5


class Log:
    """The log file of a job, appended to as far as the disk allows. Thread-safe."""

    def __init__(self, path: Path) -> None:
        """Open the file, or create it; if that fails, no output is kept."""
        self._path = path
        self._file: io.FileIO | None = None
        self._size = 0
        self._is_torn = False
        self._lock = threading.Lock()
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            self._file = open_itself(path, "ab")
            self._size = os.fstat(self._file.fileno()).st_size

    def add(self, *lines: str) -> None:
        """Append lines, unless the limit is reached. They can be read at once."""
        with self._lock:
            if self._size <= MAX_LOG_BYTES:
                self._write(lines)
                if self._size > MAX_LOG_BYTES:
                    self._write([(f"(the rest is dropped: the output is larger than {MAX_LOG_BYTES >> 20} MiB)")])

    def add_header(self, now: datetime) -> None:
        """Append the header line of an attempt."""
        self.add(f"{HEADER}{now:%Y-%m-%d %H:%M:%S} =====")

    def close(self) -> None:
        """Close the file; nothing can be added any more."""
        with self._lock, suppress(OSError):  # some systems report a full disk only now
            file, self._file = self._file, None
            if file is not None:
                file.close()

    def make_room(self) -> None:
        """Cut off the end of a long output, to free space on a full disk."""
        with suppress(OSError):
            size = self._path.stat().st_size
            if size > _ROOM_BYTES:
                os.truncate(self._path, size - _ROOM_BYTES)

    def _write(self, lines: Iterable[str]) -> None:
        """Write in one call. Readers skip what a full disk left incomplete."""
        if self._file is None:
            return
        now = wire_time(present())
        text = "".join(json.dumps({"data": line, "timestamp": now}) + "\n" for line in lines)
        content = (("\n" if self._is_torn else "") + text).encode("ascii")
        try:
            self._is_torn = self._file.write(content) != len(content)
        except OSError:
            self._is_torn = True
        self._size += len(content)


class Collector(threading.Thread):
    """Copies the output of a process to a log, until it ends."""

    def __init__(self, stream: IO[bytes], log: Log) -> None:
        """Collect from `stream`, once started."""
        super().__init__(daemon=True)
        self._stream = stream
        self._log = log
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._heard_at = time.monotonic()
        self._lock = threading.Lock()
        self._is_done = False

    def run(self) -> None:
        """Read until all writers have closed the pipe."""
        with self._stream:
            while content := os.read(self._stream.fileno(), _READ_BYTES):
                with self._lock:
                    self._heard_at = time.monotonic()
                    if not self._is_done:
                        self._take(self._decoder.decode(content))

    def finish(self, timeout_secs: float) -> None:
        """Return when all has been collected, or nothing came for `timeout_secs`. Later output is not kept."""
        while self.is_alive() and time.monotonic() - self._heard_at < timeout_secs:
            self.join(0.05)
        with self._lock:
            self._take(self._decoder.decode(b"", final=True))
            if self._rest:
                self._log.add(self._rest)
            self._is_done = True

    def _take(self, text: str) -> None:
        """Add the complete lines; those of more than MAX_LINE_CHARACTERS are split."""
        *lines, self._rest = (self._rest + text).split("\n")
        *parts, self._rest = _parts(self._rest)
        lines += parts
        if os.name == "nt":
            lines = [line.removesuffix("\r") for line in lines]
        if lines:
            self._log.add(*(part for line in lines for part in _parts(line)))


def _parts(line: str) -> list[str]:
    return [line[at : at + MAX_LINE_CHARACTERS] for at in range(0, len(line), MAX_LINE_CHARACTERS)] or [""]


class LogReader:
    """The lines of a file that may still grow, each once."""

    def __init__(self, path: Path, tail: int | None = None) -> None:
        """Read nothing yet. With `tail`, the first call of `new_lines` returns the last header and that many lines."""
        self._path = path
        self._tail = tail
        self._place = 0

    def new_lines(self) -> list[str]:
        """Return the lines that were added since the last call, as JSON.

        A line that is still being written is left for a later call, and so is what exceeds a limit of bytes.
        """
        try:
            with open_itself(self._path, "rb") as file:
                file.seek(self._place)
                text = file.read(_READ_BYTES if self._tail is None else -1)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ELOOP):
                raise
            return []
        whole, newline, _ = text.rpartition(b"\n")
        self._place += len(whole) + len(newline)
        lines = [line for line in whole.decode("ascii").split("\n") if line.endswith(_END)]
        tail, self._tail = self._tail, None
        return lines if tail is None else _last(lines, tail)


def _last(lines: list[str], count: int) -> list[str]:
    """Return the last lines of output with the header before them, which the Hub always sends."""
    header: list[str] = []
    output: list[str] = []
    for line in lines:
        if json.loads(line)["data"].startswith(HEADER):
            header = [line]
        else:
            output.append(line)
    return header + (output[-count:] if count else [])


def log_events(reader: LogReader, is_active: Callable[[], bool]) -> Iterator[str | None]:
    """Yield server-sent events with the output of a job until it has ended; None when there is nothing new."""
    while True:
        has_ended = not is_active()  # asked before the file is read, so that nothing is missed
        lines = reader.new_lines()
        for line in lines:
            yield f"data: {line}\n\n"
        if not lines:
            if has_ended:
                return
            yield None


def metric_events(measure: Callable[[], Iterable[Document]], is_active: Callable[[], bool]) -> Iterator[str | None]:
    """Yield server-sent events with the resource usage of a job while it runs; None while `measure` has nothing."""
    while is_active():
        for each in measure():
            yield f"event: metric\ndata: {json.dumps(each)}\n\n"
        yield None


def one_line(text: str, timestamp: str) -> Iterator[str]:
    """Yield an event with a single line, in place of output."""
    yield f"data: {json.dumps({'data': text, 'timestamp': timestamp})}\n\n"


def kept_alive(events: Iterable[str | None], every_secs: float, may_be_gone: Callable[[], bool]) -> Iterator[str]:
    """Yield events, with keep-alive comments while there are none.

    If there is no event at first, a comment is sent at once, so that the client gets the head of the answer. Comments
    are sent more often once the client `may_be_gone`: if it is, sending fails and the answer ends.
    """
    sent_at = -math.inf
    for event in events:
        if event is not None:
            yield event
            sent_at = time.monotonic()
        elif time.monotonic() - sent_at >= (_CLOSED_SECS if may_be_gone() else every_secs):
            yield KEEP_ALIVE
            sent_at = time.monotonic()
        else:
            time.sleep(_POLL_SECS)
