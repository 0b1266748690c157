"""What `--debug` prints: the records of the loggers below `hfjobs_cli`, as lines on stderr.

Requests are `> METHOD URL` and `< STATUS ...`, decisions begin with `*`. Only --debug loads this module.
"""

import logging
from collections.abc import Callable

ROOT = logging.getLogger("hfjobs_cli")


class DebugHandler(logging.Handler):
    """Prints records without tokens and secrets, which may stand in messages and in exceptions."""

    def __init__(self, write_line: Callable[[str], None], redacted: Callable[[str], str]) -> None:
        """Print by `write_line` what `redacted` returns."""
        super().__init__()
        self.lock = None  # writing a line has its own; a thread that cannot write must not hold up the end of the run
        self._write_line, self._redacted = write_line, redacted

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record; of an exception also each line of the traceback."""
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        for line in self._redacted(text).splitlines():
            self._write_line(line)


def show_debug(write_line: Callable[[str], None], redacted: Callable[[str], str]) -> Callable[[], None]:
    """Print what loggers say from now on, and return what ends it."""
    handler, level = DebugHandler(write_line, redacted), ROOT.level
    ROOT.addHandler(handler)
    ROOT.setLevel(logging.DEBUG)

    def end() -> None:
        ROOT.removeHandler(handler)
        ROOT.setLevel(level)

    return end


def decided(line: str) -> None:
    """Log a decision of a command."""
    ROOT.getChild("commands").debug("* %s", line)
