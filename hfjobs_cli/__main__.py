"""The process: `hfjobs` and `python -m hfjobs_cli`."""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def run() -> None:
    """Run the command line of this process and exit."""
    if "_HFJOBS_COMPLETE" in os.environ:
        # To show help beside completions, typer imports rich (40 ms of a TAB) and reads job names as its markup.
        # A module that is None counts as not installed.
        sys.modules["rich"] = None  # type: ignore[assignment]
    for stream in (sys.stdout, sys.stderr):
        # A terminal or pipe that is not UTF-8 gets escapes in place of characters it cannot hold.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")

    from hfjobs_cli.cli import main

    code = main()
    with suppress(OSError):
        if sys.stdout is not None:
            sys.stdout.flush()
            sys.exit(code)
    # stdout is a broken pipe or a full disk, which has been dealt with; Python would complain again at its exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(code)


if __name__ == "__main__":
    run()
