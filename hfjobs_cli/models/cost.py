"""What a job costs: an amount of money, and whether it is what was billed."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

MICRO = Decimal("0.000001")
"""A millionth of a US dollar, in which the Hub counts."""

_EXACT = Context(prec=100)
"""Has room for the sum of what all jobs cost, at the highest prices that are taken from a Hub."""

_CENT = Decimal("0.01")
_SMALL = Decimal("0.0001")


class Cost(NamedTuple):
    """US dollars, to the millionth. What `is_estimated` is worked out here from the price of the flavor."""

    usd: Decimal
    is_estimated: bool

    def __str__(self) -> str:
        """Format it for people: `$1.25`, `~$1.25` if it is estimated, `~$0.0017` below a cent."""
        return ("~" if self.is_estimated else "") + dollars(self.usd)


def micro_usd(amount: float) -> Decimal:
    """Return so many millionths of a US dollar as US dollars."""
    return Decimal(str(amount)) * MICRO


def to_micro(usd: Decimal) -> Decimal:
    """Return US dollars rounded to the millionth."""
    return usd.quantize(MICRO, context=_EXACT)


def dollars(usd: Decimal) -> str:
    """Format US dollars with cents, or with four decimals below one cent."""
    step = _SMALL if 0 < abs(usd) < _CENT else _CENT
    return f"${usd.quantize(step, ROUND_HALF_UP, _EXACT):,}"
