"""The process: `hfjobs` and `python -m hfjobs_cli`."""

import gc
import os
import signal
import sys
from types import FrameType


def run() -> None:
    """Run the command line of this process and exit."""
    # What imports make is there to stay. Searching it for garbage, again and again and at the exit, takes a seventh of
    # a short `ps`: 250 of which 213 ms remain.
    gc.set_threshold(50_000)
    try:
        code = _run()
    except KeyboardInterrupt:  # before the program could see to it itself
        code = 130
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, KeyboardInterrupt):
            # A broken pipe or a full disk, which has been told of, or a pipe that nobody
            # empties; Python would try and complain again at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is over; Python's own last steps would show where they were
    gc.freeze()
    sys.exit(code)


def _run() -> int:
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            # Whoever is told to end tells first of the jobs it has created, as after Ctrl-C.
            signal.signal(number, _interrupt)
    if "_HFJOBS_COMPLETE" in os.environ:
        # To show help beside completions, typer imports rich (40 ms of a TAB) and reads job names as its markup.
        # A module that is None counts as not installed.
        sys.modules["rich"] = None  # type: ignore[assignment]
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # A stream that is not UTF-8 gets escapes in place of characters it cannot hold.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")  # values stay as they are on Windows too
    if os.name == "posix" and sys.stdout is not None:
        os.set_blocking(sys.stdout.fileno(), True)  # Python drops what a non-blocking pipe does not take at once

    from hfjobs_cli.cli import main

    return main()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    run()
