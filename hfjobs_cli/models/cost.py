"""Costs of jobs: exact amounts of US dollars, and what the Hub billed."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Annotated, NamedTuple

from hfjobs_cli.models.fields import Meta, Record, record

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


@record
class JobCharge(Record):
    """The charge for one job. Without `completed_at` the job was still running when it was last counted."""

    job_id: Annotated[str | None, Meta("the job", "6a01d697aff1cd33e8f33a64")]
    hardware_flavor: Annotated[str | None, Meta("its flavor", "a10g-small")]
    total_minutes: Annotated[int | float | None, Meta("minutes billed", "60")]
    total_cost_micro_usd: Annotated[int | float | None, Meta("millionths of a US dollar", "1000000")]
    started_at: Annotated[datetime | None, Meta("start time", "2026-05-11T13:18:02+00:00")]
    completed_at: Annotated[datetime | None, Meta("end time", "2026-05-11T14:17:32+00:00")] = None


@record
class JobsUsage(Record):
    """The charges to the token's user in the current billing period."""

    charges: Annotated[list[JobCharge], Meta("of each job", "[...]", key="usage.jobDetails")]
