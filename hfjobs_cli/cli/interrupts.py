"""Signal handling: the first signal interrupts the command, the third also ends its clean-up."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LAST_WORDS_SECS = 1.0
"""How long reports about jobs that cost money may take before the third signal ends the process."""

_INSISTS_WITH = 3
_INTERRUPTED = 130

_signals = 0
_first_at = 0.0
_waits = False


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Raise KeyboardInterrupt at the first signal; from the third on, exit if the reports take too long.

    The second is ignored: reports about jobs that cost money must not be cut short by a signal that is sent twice.
    """
    global _signals, _first_at, _waits
    _signals += 1
    if _signals == 1:
        _first_at = time.monotonic()
        raise KeyboardInterrupt
    if _signals < _INSISTS_WITH:
        return
    if _waits:
        _waits = False
        raise KeyboardInterrupt
    if time.monotonic() - _first_at > LAST_WORDS_SECS:
        os._exit(_INTERRUPTED)


@contextmanager
def may_be_cut_short() -> Iterator[None]:
    """Let a third signal raise KeyboardInterrupt in this block, which waits for the Hub and reports nothing."""
    global _waits
    _waits = True
    try:
        yield
    finally:
        _waits = False
