"""The process: `hfjobs` and `python -m hfjobs_cli`."""

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable
from threading import Thread
from types import FrameType

from hfjobs_cli.cli.interrupts import interrupt

_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""What ends the program early. Windows has no SIGHUP."""


def run() -> None:
    """Run the command line of this process and exit."""
    # What imports make is there to stay. To search it for garbage once, with a page of jobs some 55,000 objects, takes
    # 10 of the 100 ms of a short `ps`. Even 200,000 cost no memory that can be measured: hardly anything is a cycle.
    gc.set_threshold(200_000)
    try:
        code = _run()
    except KeyboardInterrupt:  # before the program could see to it itself
        code = 130
    except (ImportError, SyntaxError) as error:  # of the program itself, or of what it is made with
        sys.stderr.write(
            f"error: hfjobs cannot start: {type(error).__name__}: {error}\nhint: the installation is "
            "incomplete; run: pip install --force-reinstall hfjobs-cli\n"
        )
        code = 1
    if code == 130:
        _say_last_words()
    else:
        _flush()
    # The command is over; a traceback from now on would only show where Python was.
    _on_signals(_nothing)  # for one that is just being delivered, about which Python would complain
    _on_signals(signal.SIG_IGN)
    if code != 130:
        atexit._run_exitfuncs()
    # Python's other last steps take apart all that there is, in 3 of those 100 ms, and fail where threads are at work.
    os._exit(code)


def _say_last_words() -> None:
    """Hand on what was said, and wait for no reader."""
    last_words = Thread(target=_flush, daemon=True)
    last_words.start()
    last_words.join(1)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, KeyboardInterrupt):
            # A broken pipe or a full disk, which was reported, or a pipe that nobody reads;
            # Python would try and complain again at its exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _run() -> int:
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as under nohup
            # A signal to end first reports the jobs that were created, as Ctrl-C does.
            signal.signal(number, interrupt)
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        # A stream that is not UTF-8 gets escapes in place of characters it cannot hold.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(newline="\n")  # values stay as they are on Windows too
    if os.name == "posix" and sys.stdout is not None:
        os.set_blocking(sys.stdout.fileno(), True)  # Python drops what a non-blocking pipe does not take at once

    from hfjobs_cli.cli.app import main

    return main()


def _nothing(_signal: int, _frame: FrameType | None) -> None:
    pass


def _on_signals(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in _SIGNALS:
        signal.signal(number, handler)


if __name__ == "__main__":
    run()
