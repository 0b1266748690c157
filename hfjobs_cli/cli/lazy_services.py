"""What not every run needs, made on first use: the client of the Hub or of the demo, prices, costs, live screens.

What they are made of is imported then and here, because that takes time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hfjobs_cli import terminal
from hfjobs_cli.cli.interrupts import may_be_cut_short
from hfjobs_cli.config import ConfigFile, config_path, wants_demo
from hfjobs_cli.errors import HfJobsError, Unavailable, UsageError
from hfjobs_cli.text.values import check_name

if TYPE_CHECKING:
    from hfjobs_cli.cli.binding import LoadKind
    from hfjobs_cli.cli.debug import DebugLog
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.insight.costs import Costs, Prices
    from hfjobs_cli.insight.schedule_runs import ScheduleRuns
    from hfjobs_cli.models.account import JobCharge
    from hfjobs_cli.models.cost import Cost
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.models.kind import Kind
    from hfjobs_cli.models.schedule import ScheduledJob
    from hfjobs_cli.tui.screen import Live


def config_file_of(session: Session) -> ConfigFile:
    """Return the content of the configuration file, which the demo does not read. Raises UsageError."""
    if wants_demo(session.environ, session.overrides):
        return ConfigFile()
    path = config_path(session.environ)
    if not session.environ.get("HFJOBS_CONFIG") and not os.path.exists(path):  # noqa: PTH110 - it never raises
        return ConfigFile()
    from hfjobs_cli.cli.config_file import read_config_file

    return read_config_file(path, terminal.TIMES)


def apply_defaults(session: Session, words: Sequence[str], kind: LoadKind | None, given: dict[str, Any]) -> None:
    """Add what the configuration file says about a command to its options, in `given`. Raises UsageError."""
    if session.config_file.commands:
        from hfjobs_cli.cli import config_file

        config_file.apply_defaults(session, words, kind, given)


def debug_log_of(session: Session) -> DebugLog:
    """Return what prints the records of loggers on stderr, from now on."""
    from hfjobs_cli.cli.debug import DebugLog

    return DebugLog(session.notice, session.redacted)


def live_screen(session: Session, write: Callable[[str], None], *, is_whole: bool) -> Live:
    """Return the terminal for output that is updated in place, by `write`."""
    from hfjobs_cli.tui.screen import Live

    return Live(session.stdin, write, lambda: terminal.size_of(session.stdout), is_whole=is_whole)


def client_of(session: Session) -> JobsClient:
    """Return the client that the settings ask for. Raises UsageError or Unavailable."""
    _ = session.preferences  # an invalid preference is an error before any request
    settings = session.settings
    if settings.is_offline:
        raise Unavailable("HF_HUB_OFFLINE is set: no requests are allowed", hint="unset it, or try --demo")
    if settings.is_demo:
        return _demo_client(session)
    return _client_with(session, settings.token)


def _demo_client(session: Session) -> JobsClient:
    """Return a client of an emulator in this process. Raises HfJobsError if the jobs of the demo cannot be stored."""
    from hfjobs_cli.emulator.private_directory import Untrusted

    directory = session.settings.emulator_dir
    try:
        with emulator_needed("the demo"):
            from hfjobs_cli.emulator.app import DEMO_TOKEN, open_app

            app = open_app(directory, token=DEMO_TOKEN, clock=session.clock, runs_jobs=session.runs_demo_jobs)
    except Untrusted as error:
        raise HfJobsError(
            f"cannot store the jobs of the demo in {directory}: {error}",
            hint=error.remedy or "set XDG_STATE_HOME to a directory that only you can write to",
        ) from error
    except OSError as error:
        raise HfJobsError(
            f"cannot store the jobs of the demo in {directory}: {error}",
            hint="set XDG_STATE_HOME to a writable directory, or run 'hfjobs emulator reset'",
        ) from error
    return _client_with(session, DEMO_TOKEN, wsgi_app=app)


def _client_with(
    session: Session,
    token: str | None,
    wsgi_app: Callable[..., Iterable[bytes]] | None = None,
) -> JobsClient:
    """Return a client with this token: of the Hub, or of an app in this process. Raises UsageError."""
    from hfjobs_cli.hub.cache import WhoamiCache
    from hfjobs_cli.hub.client import JobsClient
    from hfjobs_cli.hub.transport import Transport

    settings = session.settings
    if settings.namespace is not None:
        try:
            check_name(settings.namespace, "namespace")
        except UsageError as error:
            raise UsageError(f"{settings.namespace_source}: {error.message}", error.hint) from None
    whoami_cache = None
    if token is not None and wsgi_app is None:
        whoami_cache = WhoamiCache(settings.cache_dir / "namespaces.json", settings.endpoint, token)
    transport = Transport(
        settings.endpoint,
        token,
        token_source=settings.token_source or "the demo",
        timeout_secs=settings.timeout_secs,
        wsgi_app=wsgi_app,
        warn=lambda line: (session.on_wait or session.warning)(line),
        redacted=session.redacted,
        redacted_quotes=session.redacted_quotes,
        sleep=session.sleep,
    )
    return JobsClient(
        transport,
        whoami_cache=whoami_cache,
        warn=session.warning,
        unusable=session.failures.append,
        made=session.record_new,
        cut_short=may_be_cut_short,
        sleep=session.sleep,
        clock=session.clock,
        namespace=settings.namespace,
    )


@contextmanager
def emulator_needed(what: str) -> Iterator[None]:
    """Turn a missing dependency of the emulator into an error that says how to install it. Raises UsageError."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{what} needs {(error.name or '').partition('.')[0]}, which is not installed",
            hint="pip install 'hfjobs-cli[emulator]'",
        ) from error


def prices_of(session: Session, ask: Callable[[], Iterable[Hardware]] | None = None) -> Prices:
    """Return the prices of flavors, cached for a day. `ask` requests them when the first is needed."""
    from hfjobs_cli.hub.cache import CacheFile
    from hfjobs_cli.insight.costs import Prices

    settings = session.settings
    cache = None if settings.is_demo else CacheFile(settings.cache_dir / "prices.json")
    ask = ask or (lambda: session.client.list_hardware())
    return Prices(ask, session.clock, cache=cache, endpoint=settings.endpoint)


def costs_of(session: Session, failed: Callable[[HfJobsError], None], *, has_bills: bool) -> Costs:
    """Return the costs of jobs, with bills if `has_bills`. `failed` is called if there are no prices."""
    return _costs(session.prices, (lambda: session.client.job_charges()) if has_bills else tuple, failed)


def estimated_cost(session: Session, job: JobInfo) -> Cost | None:
    """Return the cost of a job that has just finished, by current prices; None if they are not available."""

    def prices() -> list[Hardware]:
        found = session.client.hardware_if_known()
        if not found:
            raise Unavailable("prices are unknown")  # which must not be remembered
        return found

    return _costs(prices_of(session, prices), tuple).of(job, session.clock())


def _costs(
    prices: Prices, charges: Callable[[], Iterable[JobCharge]], failed: Callable[[HfJobsError], None] | None = None
) -> Costs:
    from hfjobs_cli.insight.costs import Costs

    return Costs(prices, charges) if failed is None else Costs(prices, charges, failed)


def schedule_runs_of(session: Session) -> ScheduleRuns:
    """Return the runs of schedules, read once for each namespace on first use."""
    from hfjobs_cli.insight.schedule_runs import ScheduleRuns

    return ScheduleRuns(lambda namespace, since: session.client.all_jobs(namespace, since=since), session.clock())


def with_runs(session: Session, kind: Kind) -> Kind:
    """Return the kind of schedules with its fields about runs, which are read from the Hub on first use."""

    def success(schedule: ScheduledJob, _now: datetime) -> float | None:
        return session.schedule_runs.success(schedule)

    def cost(schedule: ScheduledJob, now: datetime) -> Cost | None:
        return session.schedule_runs.cost(schedule, lambda job: session.costs.of(job, now))

    def usd(schedule: ScheduledJob, now: datetime) -> float | None:
        found = cost(schedule, now)
        return None if found is None else float(found.usd)

    return kind.with_reads({"success": success, "cost": cost, "cost_usd": usd})


def priced(session: Session, kind: Kind) -> Kind:
    """Return a kind whose cost fields are computed from prices and bills, which are fetched when first needed."""

    def cost(job: JobInfo, now: datetime) -> Cost | None:
        return session.costs.of(job, now)

    def usd(job: JobInfo, now: datetime) -> float | None:
        found = cost(job, now)
        return None if found is None else float(found.usd)

    def is_estimated(job: JobInfo, now: datetime) -> bool | None:
        found = cost(job, now)
        return None if found is None else found.is_estimated

    return kind.with_reads({"cost": cost, "cost_usd": usd, "cost_is_estimated": is_estimated})
