"""Pauses that grow between polls and retries."""


class Pace:
    """Pauses that are longer and longer while nothing happens, and short again when something did."""

    def __init__(self, first_secs: float, longest_secs: float, growth: float = 1.5) -> None:
        """Begin with the first pause; each is `growth` times as long as the one before, up to the longest."""
        self._first = self._next = first_secs
        self._longest = longest_secs
        self._growth = growth

    def pause(self, *, happened: bool = False) -> float:
        """Return the seconds to pause after a look at which something `happened`, or not."""
        pause = self._first if happened else self._next
        self._next = min(self._longest, pause * self._growth)
        return pause
