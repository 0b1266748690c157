"""What a new job may cost at most: the price of its flavor, times its timeout, for each of its attempts."""

from __future__ import annotations

import math

from hfjobs_cli.errors import UsageError
from hfjobs_cli.launch.new_job import NewJob
from hfjobs_cli.launch.timeouts import MAX_SECS
from hfjobs_cli.records.hardware import Hardware

PORTS_USD_HOUR = 0.01
"""What a job with ports costs more, by the Hub's documentation."""


def most(job: NewJob, flavor: Hardware) -> float | None:
    """Return US dollars, with begun minutes counted whole; None if the price is not known."""
    price = _price_minute(job, flavor)
    return None if price is None else price * math.ceil(job.longest_secs / 60) * (job.attempts or 1)


def longest_for(job: NewJob, flavor: Hardware, usd: float) -> int:
    """Return the seconds that each attempt may run for the job to cost no more. Raises UsageError."""
    price = _price_minute(job, flavor)
    if not price:
        raise UsageError(
            f"the Hub names no price of {flavor.name}, so it is not known what --max-cost allows",
            hint="give --timeout instead",
        )
    minutes = math.floor(min(usd / (price * (job.attempts or 1)) + 1e-9, MAX_SECS // 60))
    if minutes < 1:
        raise UsageError(
            f"${usd:g} do not pay for a minute of {flavor.name}, which costs ${price:.4f}"
            + (f", {job.attempts} times" if (job.attempts or 1) > 1 else ""),
            hint="'hfjobs hardware --sort price' lists what costs less",
        )
    return minutes * 60


def _price_minute(job: NewJob, flavor: Hardware) -> float | None:
    price = flavor.price_minute
    return price + PORTS_USD_HOUR / 60 if price is not None and job.ports else price
