"""Start other processes, this program again or one of the PATH, and import nothing from the current directory.

That may be a stranger's clone, and what is started has the token. The pager, which shows long texts, is one of them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hfjobs_cli import terminal

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session

_CODE = (
    "import os, sys; root = sys.argv[1]; del sys.argv[1]; sys.argv[0] = 'hfjobs'; "
    "del sys.path[0]; root in sys.path or sys.path.insert(0, root); "
    "from hfjobs_cli.__main__ import run; run()"
)
"""What `python -m hfjobs_cli` does, which would import from the current directory first. `python -P` needs 3.11."""


def this_program(*words: str) -> list[str]:
    """Return the command line that runs this program again, with other words; `environ_of_python` belongs to it."""
    return [sys.executable, "-c", _CODE, str(Path(__file__).parents[2]), *words]


def environ_of_python(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which Python imports from no directory that depends on the current one.

    An empty entry of PYTHONPATH, as `:/opt/lib` begins with, is the current directory.
    """
    kept = {key: value for key, value in environ.items() if key != "PYTHONPATH"}
    if entries := _absolute(environ.get("PYTHONPATH", "")):
        kept["PYTHONPATH"] = os.pathsep.join(entries)
    return kept


def found_program(name: str, environ: Mapping[str, str]) -> str | None:
    """Return the path of a program on the PATH, or None. On Windows the current directory is not searched."""
    file = f"{name}.exe" if os.name == "nt" else name
    places = (shutil.which(str(Path(directory, file))) for directory in _absolute(environ.get("PATH", os.defpath)))
    return next(filter(None, places), None)


def _absolute(paths: str) -> list[str]:
    return [entry for entry in paths.split(os.pathsep) if Path(entry).is_absolute()]


LESS_OPTIONS = "FRX"
"""What git gives less: quit if all fits, show colors, leave the text on the screen."""


def show_paged(session: Session, text: str) -> None:
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
        places = (found_program(name, session.environ) for name in ("less", "more"))
        return list(filter(None, places))[:1]
    try:
        first, *rest = shlex.split(asked, posix=os.name != "nt") or ["cat"]
    except ValueError:  # a quote is missing
        return []
    found = None if first == "cat" else found_program(first.strip('"'), session.environ)
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
        with suppress(OSError):  # the pager was closed early
            process.communicate(text)
        process.wait()
        return True
    finally:
        signal.signal(signal.SIGINT, interrupts)
