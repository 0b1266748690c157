"""Costs of jobs, as billed or estimated from the price of the flavor, and the maximum cost of new jobs."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from hfjobs_cli.errors import HfJobsError, UsageError
from hfjobs_cli.hub.concurrency import map_parallel
from hfjobs_cli.jobspec.new_job import NewJob
from hfjobs_cli.jobspec.property_declaration import MAX_INTEGER
from hfjobs_cli.models.cost import Cost, dollars, micro_usd, to_micro
from hfjobs_cli.models.hardware import UNITS_PER_HOUR, Hardware
from hfjobs_cli.text.values import LARGEST, parse_time

if TYPE_CHECKING:
    from hfjobs_cli.hub.cache import CacheFile
    from hfjobs_cli.models.account import JobCharge
    from hfjobs_cli.models.job import JobInfo

logger = logging.getLogger(__name__)


CACHED_FOR = timedelta(days=1)
"""How long prices are cached."""

PORTS_A_MINUTE = Decimal("0.01") / 60
"""US dollars per minute for exposed ports, for any number of ports."""


def exact_price(flavor: Hardware) -> Decimal | None:
    """Return exact US dollars per minute of a flavor; None without a price, or with an unknown unit.

    If its two numbers differ, the larger one counts.
    """
    units = UNITS_PER_HOUR.get(flavor.unit_label or "")
    prices = []
    if flavor.unit_cost_micro_usd is not None:
        prices.append(micro_usd(flavor.unit_cost_micro_usd))
    if flavor.unit_cost_usd is not None:
        prices.append(Decimal(str(flavor.unit_cost_usd)))
    price = max(prices, default=None)
    return None if price is None or units is None or price < 0 else price * Decimal(units) / 60


def most_expensive(flavors: Iterable[Hardware]) -> dict[str, Hardware]:
    """Return flavors by name. Of duplicates the most expensive one counts, or one without a price."""
    found: dict[str, Hardware] = {}
    for flavor in flavors:
        known = found.get(flavor.name)
        if known is None or _is_more_expensive(flavor, known):
            found[flavor.name] = flavor
    return found


def _is_more_expensive(flavor: Hardware, than: Hardware) -> bool:
    price, other = exact_price(flavor), exact_price(than)
    return other is not None and (price is None or price > other)


class Prices:
    """The price per minute of each flavor, cached for a day, and requested when the first one is needed."""

    def __init__(
        self,
        request: Callable[[], Iterable[Hardware]],
        clock: Callable[[], datetime],
        *,
        cache: CacheFile | None = None,
        endpoint: str = "",
    ) -> None:
        """Request prices by `request`; `cache` stores those of each `endpoint` between runs."""
        self._request = request
        self._clock = clock
        self._cache = cache
        self._endpoint = endpoint
        self._is_fresh = False
        self._unpriced: set[str] = set()
        self._known: dict[str, Decimal | None] | None = None

    def of(self, flavor: str) -> Decimal | None:
        """Return US dollars per minute; None for a flavor without a price.

        A flavor that is not cached may be new, so all prices are requested again, once per run. Unknown flavors are
        cached too. Raises the errors of requests.
        """
        known = self._known if self._known is not None else self._cached_prices()
        if flavor not in known:
            self._refresh(known)
            known.setdefault(flavor, None)
            self._store(known)
        self._known = known
        return known[flavor]

    def all(self) -> Mapping[str, Decimal]:
        """Return US dollars per minute of each flavor with a price. Raises the errors of requests."""
        known = self._cached_prices()
        if not known:
            self._refresh(known)
            self._store(known)
        return {flavor: price for flavor, price in known.items() if price is not None}

    def _refresh(self, known: dict[str, Decimal | None]) -> None:
        """Request all prices, once per run."""
        if not self._is_fresh:
            listed = {name: exact_price(each) for name, each in most_expensive(self._request()).items()}
            known.update(listed)
            self._unpriced = {name for name, price in listed.items() if price is None}
            self._is_fresh = True

    def _cached_prices(self) -> dict[str, Decimal | None]:
        """Return cached prices that are less than a day old; empty if the cache is invalid."""
        kept = self._cache.read().get(self._endpoint) if self._cache else None
        try:
            if not isinstance(kept, dict):
                return {}
            asked_at, prices = parse_time(kept["asked_at"]), kept["minute_costs"]
            if not timedelta(0) <= self._clock() - asked_at < CACHED_FOR:
                return {}
            found = {flavor: None if text is None else _amount(text) for flavor, text in prices.items()}
            logger.debug("* prices from the cache, as of %s", asked_at.isoformat(timespec="seconds"))
            return found
        except (KeyError, TypeError, AttributeError, ValueError, OverflowError, InvalidOperation):
            return {}

    def _store(self, known: Mapping[str, Decimal | None]) -> None:
        """Cache prices for other runs, except flavors that the Hub lists without a valid price, which may change."""
        if self._cache is None:
            return
        kept = known.keys() - self._unpriced
        costs = {flavor: None if known[flavor] is None else str(known[flavor]) for flavor in sorted(kept)}
        self._cache.change(self._endpoint, {"asked_at": self._clock().isoformat(), "minute_costs": costs})


class _Charge(NamedTuple):
    """Billed US dollars, and whether the job had finished by then."""

    usd: Decimal
    is_final: bool


class Costs:
    """Costs of jobs. Prices and charges are requested when the first job needs them."""

    def __init__(
        self,
        prices: Prices,
        charges: Callable[[], Iterable[JobCharge]],
        failed: Callable[[HfJobsError], None] = lambda _error: None,
    ) -> None:
        """Estimate costs by `prices` for jobs that are not in `charges`.

        `failed` is called once if prices cannot be requested; costs are then unknown. Without `charges`, which need
        permissions that not every token has, all costs are estimates.
        """
        self._prices = prices
        self._charges = charges
        self._failed = failed
        self._has_failed = False
        self._billed: dict[str, _Charge] | None = None
        self._lock = Lock()

    def of(self, job: JobInfo, now: datetime) -> Cost | None:
        """Return the cost of a job, up to `now` if it is still running; None if it is unknown.

        A charge from before it finished counts only if it is not less than the estimate.
        """
        charge = self._charge_for(job)
        if charge is not None and charge.is_final:
            return Cost(charge.usd, is_estimated=False)
        minutes = job.billed_minutes(now)
        estimate = None
        if minutes is not None and job.flavor is not None:
            estimate = self.of_minutes(job.flavor, minutes, has_ports=bool(job.expose))
        if charge is not None and (estimate is None or charge.usd >= estimate.usd):
            return Cost(charge.usd, is_estimated=False)
        return estimate

    def of_minutes(self, flavor: str, minutes: int, *, has_ports: bool = False) -> Cost | None:
        """Return the estimated cost of a job by its flavor and minutes; None if the flavor has no price."""
        if minutes == 0:
            return Cost(Decimal(0), is_estimated=True)
        price = self.minute_price(flavor, has_ports=has_ports)
        return None if price is None else Cost(to_micro(price * minutes), is_estimated=True)

    def minute_price(self, flavor: str, *, has_ports: bool = False) -> Decimal | None:
        """Return US dollars per minute of a flavor, and of exposed ports; None if unknown."""
        if self._has_failed:
            return None
        try:
            price = self._prices.of(flavor)
        except HfJobsError as error:
            self._has_failed = True
            self._failed(error)
            return None
        return None if price is None else price + (PORTS_A_MINUTE if has_ports else 0)

    def _charge_for(self, job: JobInfo) -> _Charge | None:
        """Return the charge for a job. The Hub reports charges only to the user who pays them."""
        if job.owner.type == "org":
            return None
        with self._lock:
            if self._billed is None:
                found: dict[str, _Charge] = {}
                asks: list[Callable[[], None]] = [
                    lambda: found.update(self._request_charges()),
                    lambda: self._prefetch_price(job),
                ]
                map_parallel(lambda ask: ask(), asks)  # in parallel, to wait once
                self._billed = found
        return self._billed.get(job.id)

    def _prefetch_price(self, job: JobInfo) -> None:
        """Request the price that will be needed next."""
        if job.flavor is not None:
            self.minute_price(job.flavor)

    def _request_charges(self) -> dict[str, _Charge]:
        """Return the charges of jobs by id; none if they cannot be requested."""
        try:
            charges = list(self._charges())
        except HfJobsError:
            return {}
        return {
            each.job_id: _Charge(micro_usd(each.total_cost_micro_usd), each.completed_at is not None)
            for each in charges
            if each.job_id is not None and each.total_cost_micro_usd is not None
        }


def _amount(text: object) -> Decimal:
    amount = Decimal(text) if isinstance(text, str) else Decimal("NaN")
    if not 0 <= amount <= LARGEST:
        raise ValueError(f"invalid amount {text!r}")
    return amount


def max_cost(job: NewJob, flavor: Hardware) -> Decimal | None:
    """Return the maximum cost in US dollars, by started minutes; None if the price is unknown."""
    price = _minute_price(job, flavor)
    return None if price is None else price * math.ceil(job.longest_secs / 60)


def longest_for(job: NewJob, flavor: Hardware, usd: Decimal) -> int:
    """Return the longest timeout, in seconds, with which a job costs at most `usd`. Raises UsageError."""
    price = _minute_price(job, flavor)
    if not price:
        raise UsageError(
            f"cannot apply --max-cost: the Hub lists no price for {flavor.name}",
            hint="use --timeout instead",
        )
    minutes = min(int(usd / price), MAX_INTEGER // 60)
    if minutes < 1:
        attempts = job.attempts or 1
        raise UsageError(
            (f"{dollars(usd)} is less than the price of one minute of {flavor.name}, {dollars(price / attempts)}")
            + (f", {attempts} times" if attempts > 1 else ""),
            hint="'hfjobs hardware --sort price' lists cheaper flavors",
        )
    return minutes * 60


def _minute_price(job: NewJob, flavor: Hardware) -> Decimal | None:
    """Return US dollars per minute of all attempts."""
    price = exact_price(flavor)
    return None if price is None else (price + (PORTS_A_MINUTE if job.ports else 0)) * (job.attempts or 1)
