"""Start other processes, this program again or one of the PATH, and import nothing from the current directory.

That may be a stranger's clone, and what is started has the token.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

_CODE = (
    "import os, sys; root = sys.argv[1]; del sys.argv[1]; sys.argv[0] = 'hfjobs'; "
    "del sys.path[0]; root in sys.path or sys.path.insert(0, root); "
    "from hfjobs_cli.__main__ import run; run()"
)
"""What `python -m hfjobs_cli` does, which would look in the current directory first. `python -P` needs 3.11."""


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
    """Return where a program is on the PATH, None if it is nowhere. Windows would look here first."""
    file = f"{name}.exe" if os.name == "nt" else name
    places = (shutil.which(str(Path(directory, file))) for directory in _absolute(environ.get("PATH", os.defpath)))
    return next(filter(None, places), None)


def _absolute(paths: str) -> list[str]:
    return [entry for entry in paths.split(os.pathsep) if Path(entry).is_absolute()]
