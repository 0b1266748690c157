"""Show long texts page by page on a terminal."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

from hfjobs_cli.cli import subprocesses, terminal

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session

LESS_OPTIONS = "FRX"
"""What git gives less: quit if all fits, show colors, leave the text on the screen."""


def show(session: Session, text: str) -> None:
    """Write a text to stdout, through PAGER if stdout is a terminal that it does not fit on."""
    words = _pager(session) if _is_too_long(session, text) else []
    if not words or not _paged(session, words, text):
        session.write(text)


def _is_too_long(session: Session, text: str) -> bool:
    if not terminal.obeys_codes(session.stdout, session.environ):
        return False
    return text.count("\n") >= terminal.size_of(session.stdout).lines


def _pager(session: Session) -> list[str]:
    """Return the command of the pager; nothing if there is none. An empty PAGER, or `cat`, asks for none."""
    asked = session.environ.get("PAGER")
    if asked is None:
        places = (subprocesses.found_program(name, session.environ) for name in ("less", "more"))
        return list(filter(None, places))[:1]
    try:
        first, *rest = shlex.split(asked, posix=os.name != "nt") or ["cat"]
    except ValueError:  # a quote is missing
        return []
    found = None if first == "cat" else subprocesses.found_program(first.strip('"'), session.environ)
    return [] if found is None else [found, *rest]


def _paged(session: Session, words: list[str], text: str) -> bool:
    """Show a text in a pager, and return whether it could be started."""
    try:
        number = session.stdout.fileno()
    except (OSError, ValueError):
        return False
    session.flush()
    environ = {"LESS": LESS_OPTIONS, "LV": "-c", **session.environ}
    interrupts = signal.signal(signal.SIGINT, lambda _signal, _frame: None)  # Ctrl-C is for the pager
    try:
        process = subprocess.Popen(  # noqa: S603 - what the user has chosen
            words, stdin=subprocess.PIPE, stdout=number, env=environ, encoding="utf-8", errors="replace"
        )
    except OSError:
        return False
    else:
        with suppress(OSError):  # it was left before it had read all
            process.communicate(text)
        process.wait()
        return True
    finally:
        signal.signal(signal.SIGINT, interrupts)
