"""Costs: exact amounts of US dollars."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

MICRO = Decimal("0.000001")
"""A millionth of a US dollar, the Hub's unit."""

_EXACT = Context(prec=100)
"""Precise enough for the sum of all jobs at the highest prices that are accepted."""

_CENT = Decimal("0.01")
_SMALL = Decimal("0.0001")


class Cost(NamedTuple):
    """US dollars, to the millionth. A cost that `is_estimated` is computed from the price of the flavor."""

    usd: Decimal
    is_estimated: bool

    def __str__(self) -> str:
        """Format the cost: `$1.25`, `~$1.25` if it is estimated, `~$0.0017` below a cent."""
        return ("~" if self.is_estimated else "") + dollars(self.usd)


def micro_usd(amount: float) -> Decimal:
    """Convert millionths of a US dollar to US dollars."""
    return Decimal(str(amount)) * MICRO


def to_micro(usd: Decimal) -> Decimal:
    """Round US dollars to the millionth."""
    return usd.quantize(MICRO, context=_EXACT)


def dollars(usd: Decimal) -> str:
    """Format US dollars with cents, or with four decimals below one cent."""
    step = _SMALL if 0 < abs(usd) < _CENT else _CENT
    return f"${usd.quantize(step, ROUND_HALF_UP, _EXACT):,}"
