"""Check new jobs before they are sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from hfjobs_cli.config import Overrides, load_settings
from hfjobs_cli.errors import HfJobsError
from hfjobs_cli.insight.costs import longest_for
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR, NewJob, RawOptions
from hfjobs_cli.jobspec.validate import check, check_flavor
from hfjobs_cli.jobspec.volumes import check_local
from hfjobs_cli.models.hardware import most_expensive
from hfjobs_cli.text.redaction import LEAST_SECRET
from hfjobs_cli.text.values import check_name

if TYPE_CHECKING:
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.models.hardware import Hardware


def local_environment(session: Session, *, dry_run: bool) -> LocalEnvironment:
    """Return the local environment for variables and secrets; HF_TOKEN in it is the token of the login."""
    settings = session.settings
    token = settings.token
    if session.overrides.token is not None:
        # The job gets the token of the environment or the login; --token is for this request only.
        token = load_settings(session.environ, Overrides()).token or token
    environ = session.environ if token is None else {**session.environ, "HF_TOKEN": token}
    return LocalEnvironment(environ, session.stdin, secrets_may_miss=dry_run)


def checked_and_limited(
    session: Session,
    job: NewJob,
    raw: RawOptions,
    namespace: str | None,
    local: LocalEnvironment,
    *,
    was_run: bool = False,
) -> NewJob:
    """Check a job before it is sent, with warnings. Raises UsageError.

    All but the flavor is checked before any request. The flavor of a job that `was_run` is checked only if an option
    changes it. With `--max-cost` the timeout is set.
    """
    check_all(session, [job], namespace, local)
    takes_any = raw.any_flavor or job.flavor == DEFAULT_FLAVOR or (was_run and raw.flavor is None)
    if raw.max_cost is None and takes_any:
        return job
    flavors = flavors_of(session)
    if not takes_any:
        check_flavor(job.flavor, {flavor.name: flavor.price or 0 for flavor in flavors})
    if raw.max_cost is None:
        return job
    return limited(job, flavors, Decimal(str(raw.max_cost)))


def check_all(session: Session, jobs: Iterable[NewJob], namespace: str | None, local: LocalEnvironment) -> None:
    """Check jobs except for their flavors, with warnings. Raises UsageError."""
    warnings: list[str] = []
    token = local.environ.get("HF_TOKEN")
    for job in jobs:
        session.secrets.update(filter(None, job.secrets.values()))
        if short := [name for name, value in job.secrets.items() if value and len(value.strip()) < LEAST_SECRET]:
            are = "is" if len(short) == 1 else "are"
            warnings.append(f"{', '.join(short)} {are} too short to be masked in messages of the Hub")
        for key in [key for key, value in job.environment.items() if token and value == token]:
            warnings.append(
                f"{key} is a plain variable that everyone with access to the job can read; use -s {key} "
                "to keep it secret"
            )
        check(job)
        if job.volumes:
            check_local(job.volumes)
    if namespace is not None:
        check_name(namespace, "namespace")
    for line in dict.fromkeys([*warnings, *local.warnings]):
        session.warning(line)
    local.warnings.clear()


def limited(job: NewJob, flavors: list[Hardware], usd: Decimal) -> NewJob:
    """Return the job with a timeout such that it costs no more. Raises UsageError, and HfJobsError without a price."""
    allowed = longest_for(job, priced_flavor(job, flavors), usd)
    return replace(job, timeout_secs=allowed if job.timeout_secs is None else min(job.timeout_secs, allowed))


def priced_flavor(job: NewJob, flavors: list[Hardware]) -> Hardware:
    """Return the flavor of a job, whose price decides about `--max-cost`. Raises HfJobsError."""
    flavor = flavor_of(job, flavors)
    if flavor is None:
        raise HfJobsError(
            f"cannot apply --max-cost: the price of {job.flavor} is unknown",
            hint="the Hub does not list it or does not respond; use --timeout instead",
        )
    return flavor


def flavors_of(session: Session) -> list[Hardware]:
    """Return the flavors of the Hub; none if the request fails, which other requests report."""
    try:
        return session.client.hardware_if_known()
    except HfJobsError:
        return []


def flavor_of(job: NewJob, flavors: list[Hardware]) -> Hardware | None:
    """Return the flavor of a job among those that the Hub lists, None if it is none of them."""
    return most_expensive(flavors).get(job.flavor)
