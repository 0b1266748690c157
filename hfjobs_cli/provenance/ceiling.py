"""What a new job may cost at most: the price of its flavor, times its timeout, for each of its attempts."""

from __future__ import annotations

import math
from decimal import Decimal

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.new_job import NewJob
from hfjobs_cli.launch.timeouts import MAX_SECS
from hfjobs_cli.provenance.costs import PORTS_A_MINUTE
from hfjobs_cli.records.cost import dollars
from hfjobs_cli.records.hardware import Hardware


def most(job: NewJob, flavor: Hardware) -> Decimal | None:
    """Return US dollars, with begun minutes counted whole; None if the price is not known."""
    price = _minute_price(job, flavor)
    return None if price is None else price * math.ceil(job.longest_secs / 60)


def longest_for(job: NewJob, flavor: Hardware, usd: Decimal) -> int:
    """Return the seconds that each attempt may run for the job to cost no more. Raises UsageError."""
    price = _minute_price(job, flavor)
    if not price:
        raise UsageError(
            f"the Hub names no price of {flavor.name}, so it is not known what --max-cost allows",
            hint="give --timeout instead",
        )
    minutes = min(int(usd / price), MAX_SECS // 60)
    if minutes < 1:
        attempts = job.attempts or 1
        raise UsageError(
            f"{dollars(usd)} does not pay for a minute of {flavor.name}, which costs {dollars(price / attempts)}"
            + (f", {attempts} times" if attempts > 1 else ""),
            hint="'hfjobs hardware --sort price' lists what costs less",
        )
    return minutes * 60


def _minute_price(job: NewJob, flavor: Hardware) -> Decimal | None:
    """Return what a minute of all attempts costs."""
    price = flavor.minute_cost
    return None if price is None else (price + (PORTS_A_MINUTE if job.ports else 0)) * (job.attempts or 1)
