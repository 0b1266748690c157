"""What `--debug` prints: the records of the loggers below `hfjobs_cli`, as lines on stderr.

Requests are `> METHOD URL` and `< STATUS ...`, decisions begin with `*`. Only --debug loads this module,
and with it logging.
"""

import logging
from collections.abc import Callable

ROOT = logging.getLogger("hfjobs_cli")


class _DebugHandler(logging.Handler):
    """Prints records without tokens and secrets, which may stand in messages and in exceptions."""

    def __init__(self, write_line: Callable[[str], None], redacted: Callable[[str], str]) -> None:
        """Print by `write_line` what `redacted` returns."""
        super().__init__()
        self._write_line, self._redacted = write_line, redacted

    def createLock(self) -> None:  # noqa: N802 - the name of the base class
        """Have no lock: `write_line` has one, and a blocked thread must not delay the exit."""
        self.lock = None

    def handle(self, record: logging.LogRecord) -> bool:
        """Print a record. From Python 3.13 on the base class needs a lock for that."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record; of an exception also each line of the traceback."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        for line in self._redacted(text).splitlines():
            self._write_line(line)


class DebugLog:
    """Prints what loggers say, and decisions of commands, from the start to the end."""

    def __init__(self, write_line: Callable[[str], None], redacted: Callable[[str], str]) -> None:
        """Start to print."""
        self._handler, self._level = _DebugHandler(write_line, redacted), ROOT.level
        ROOT.addHandler(self._handler)
        ROOT.setLevel(logging.DEBUG)

    def decided(self, line: str) -> None:
        """Log a decision of a command."""
        ROOT.getChild("commands").debug("* %s", line)

    def end(self) -> None:
        """Print no more."""
        ROOT.removeHandler(self._handler)
        ROOT.setLevel(self._level)
