"""New jobs: check and preview them, create each once, show or follow them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hfjobs_cli.commands._create_several import left_running
from hfjobs_cli.commands._listing import ID_AND_URL, Listing, announce, show_created
from hfjobs_cli.config import Overrides, load_settings
from hfjobs_cli.errors import ExitCode, HfJobsError, Unavailable, UsageError, conflict
from hfjobs_cli.formats.renderer import HUMAN, QUIET, format_name
from hfjobs_cli.hub.create_once import RequestMatcher, changed_fields, why_different
from hfjobs_cli.insight.costs import longest_for, max_cost, most_expensive
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_job import matches_spec
from hfjobs_cli.jobspec.new_job import DEFAULT_FLAVOR, LOCAL, PROPERTIES, Launch, NewJob, RawOptions
from hfjobs_cli.jobspec.validate import check, check_flavor
from hfjobs_cli.jobspec.volumes import Bucket, check_local, format_volume
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.spec import PACKED_VARIABLES, typed_words
from hfjobs_cli.text.redaction import LEAST_SECRET, masked_value, masked_words
from hfjobs_cli.text.terminal_text import printable
from hfjobs_cli.text.values import check_name, span

if TYPE_CHECKING:
    from hfjobs_cli.cli.job_options import Following, Sweeping
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.from_options import ImageRun
    from hfjobs_cli.jobspec.uv import ScriptRun
    from hfjobs_cli.models.hardware import Hardware


def start(
    session: Session,
    run: ImageRun | ScriptRun,
    raw: RawOptions,
    sweeping: Sweeping,
    following: Following,
    output: Output,
) -> ExitCode:
    """Create, dry-run or follow a job, or the jobs of a sweep, as the options say, and return the exit code."""
    local = local_environment(session, dry_run=following.dry_run)
    compose = run.composer(local, lambda url: session.client.download(url))  # makes a client only for a URL
    if sweeping.is_sweep():
        from hfjobs_cli.commands._sweep import run_sweep

        return run_sweep(session, sweeping, raw, compose, run.words, following, output, local)
    launch = compose(raw, None)
    if following.detach and following.cancel_on_interrupt:
        raise conflict("--cancel-on-interrupt", "--detach")
    listing = Listing(session, output, default=ID_AND_URL, indent=4, is_one=True)
    launch = replace(launch, job=checked_and_limited(session, launch.job, raw, launch.namespace, local))
    if following.dry_run:
        show_plan(session, launch, output, local)
        return ExitCode.DONE
    note_script_values(session, launch)
    if following.detach:
        show_created(session, listing, [create(session, launch)])
        return ExitCode.DONE
    with left_running(session, cancels=following.cancel_on_interrupt):
        job = create(session, launch, waits_for_id=following.cancel_on_interrupt)
        if listing.renderer is QUIET:
            show_created(session, listing, [job])
        else:
            announce(session, job)
            session.unreported_ids.clear()
        from hfjobs_cli.commands._follow import follow_new  # -d and --dry-run do without

        return follow_new(session, [job], listing)


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
        check_flavor(job.flavor, flavors)
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
    if not flavors:
        raise Unavailable(
            f"cannot apply --max-cost: {why_unpriced(flavors)}", hint="try again later, or use --timeout instead"
        )
    flavor = flavor_of(job, flavors)
    if flavor is None:
        raise HfJobsError(
            f"cannot apply --max-cost: the price of {job.flavor} is unknown",
            hint="the Hub does not list it; use --timeout instead",
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


def why_unpriced(flavors: list[Hardware]) -> str:
    """Return why the price of a flavor that is not among `flavors`, or has none, is unknown."""
    return "the Hub lists no price" if flavors else "the prices could not be fetched"


MAX_SHOWN = 200
"""How much of a value is shown in a summary."""


def show_plan(
    session: Session,
    launch: Launch,
    output: Output,
    local: LocalEnvironment,
    body: Callable[[dict[str, Any]], dict[str, Any]] = lambda job: job,
    more: Iterable[tuple[str, str]] = (),
    cost: str = "cost",
) -> None:
    """Print what would be sent: the request body with `--format json` or `jsonl`, a summary otherwise.

    `body` makes the body of the request from that of the job, `more` are rows above the summary, and `cost` is the
    title of the maximum cost. Raises UsageError for another format.
    """
    format_ = "json" if output.json else format_name(output.format_)
    format_ = None if format_ == HUMAN else format_
    if output.quiet or format_ not in (None, "json", "jsonl"):
        raise UsageError(
            "--dry-run supports only --format json and jsonl", hint="remove the format, or use one of them"
        )
    if format_ is not None:
        if launch.uploads:
            raise UsageError(
                "the request with --bucket is known only after the upload",
                hint="remove --bucket to send the files in the request, or remove --format",
            )
        indent = 4 if format_ == "json" else None
        session.write(json.dumps(body(launch.job.shown(local.environ.get("HF_TOKEN"))), indent=indent) + "\n")
    else:
        rows = [(key, value) for key, value in (*more, *_summary(session, launch, cost)) if value]
        width = max(len(key) for key, _ in rows)
        session.write("".join(f"{key:<{width}}  {printable(value)}\n" for key, value in rows))
    session.flush()
    session.note("nothing was sent (--dry-run)")


def _summary(session: Session, launch: Launch, cost: str) -> Iterator[tuple[str, str]]:
    """Yield the rows of the summary of a job; a key with several values is shown before the first."""
    job = launch.job
    yield "image", job.image
    yield "command", shlex.join(masked_words(typed_words([*job.command, *job.arguments], job.environment, job.volumes)))
    yield "flavor", job.flavor + (f", {job.arch}" if job.arch else "")
    yield "timeout", span(job.longest_secs) + ("" if job.timeout_secs else " (the Hub's default)")
    yield "attempts", str(job.attempts or "")
    variables = [f"{key}={_variable_shown(key, value)}" for key, value in job.environment.items()]
    secrets = [f"{key}={'(not set here)' if value is None else '***'}" for key, value in job.secrets.items()]
    labels = [f"{key}={value}" for key, value in job.labels.items() if key != "name"]
    yield "name", job.name or ""
    for key, values in (
        ("labels", labels),
        ("variables", variables),
        ("secrets", secrets),
        ("volumes", [format_volume(volume) for volume in job.volumes]),
        ("files", [f"{file.name} ({len(file.content)} bytes, to a bucket)" for file in launch.uploads.values()]),
    ):
        for place, value in enumerate(values):
            yield key if place == 0 else "", value
    yield "ports", ", ".join(f"{port}{' (public)' if port in job.expose_public else ''}" for port in job.ports)
    yield "ssh", "yes" if job.ssh else ""
    yield "network", " as ".join(filter(None, [job.network_group, ", ".join(job.network_aliases)]))
    for row in PROPERTIES:
        if row.about.title:
            value = getattr(job, row.name)
            yield row.about.title, "" if value is None else str(value)
    yield "namespace", launch.namespace or ""
    yield "set by script", ", ".join(dict.fromkeys(key for key, _ in launch.from_script))
    yield cost, _cost(session, job)


def _variable_shown(key: str, value: str) -> str:
    if key in PACKED_VARIABLES:
        return f"({len(value)} bytes: the local files)"
    return _shortened(masked_value(key, value))


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


def _cost(session: Session, job: NewJob) -> str:
    flavors = flavors_of(session)
    flavor = flavor_of(job, flavors)
    usd = None if flavor is None else max_cost(job, flavor)
    if flavor is None or usd is None:
        return f"unknown: {why_unpriced(flavors)}"
    times = f", {job.attempts} attempts" if (job.attempts or 1) > 1 else ""
    ports = ", plus its ports" if job.ports else ""
    return f"{at_most(usd)}: {span(job.longest_secs)}{times} at ${flavor.price:,.2f} per hour{ports}"


def at_most(usd: Decimal) -> str:
    """Format a maximum cost: with four decimals below one dollar, as jobs are cheap."""
    return f"at most ${usd:,.2f}" if usd >= 1 else f"at most ${usd:.4f}"


def note_script_values(session: Session, launch: Launch, *, cost: str = "cost") -> None:
    """Print notes about the values that a script has set, and the maximum cost, before anything is sent.

    With `--quiet` those of a script from a URL are warnings: its author decides about money and secrets.
    """
    if not launch.from_script or (session.is_quiet and not launch.is_untrusted):
        return
    level = "warning" if session.is_quiet else "note"
    for key, value in launch.from_script:
        session.notice(f"{level}: {key} {_shortened(value)} (from script)")
    session.notice(f"{level}: {cost} {_cost(session, launch.job)}")


def create(session: Session, launch: Launch, known: Collection[str] = (), *, waits_for_id: bool = False) -> JobInfo:
    """Upload the files of a job that must be in a bucket, and create the job with a single request.

    `known` are ids of jobs like it that were created before. If it `waits_for_id`, Ctrl-C does not end it before the
    id of the job to cancel is known.
    """
    job = with_bucket(session, launch)
    search = f"--name {shlex.quote(job.name)}" if job.name else "--since 1h"
    matcher: RequestMatcher[JobInfo] = RequestMatcher(
        lambda found: matches_spec(found, job),
        lambda found: why_different(found, job),
        lambda found: changed_fields(found, job),
    )
    return session.client.create_job(launch.namespace, job.body(), matcher, search, known, waits_for_id=waits_for_id)


def with_bucket(session: Session, launch: Launch) -> NewJob:
    """Upload the local files of a job that must be in a bucket, and return the job that uses them."""
    return Uploads(session).filled([launch])[0]


class Uploads:
    """Uploads local files and directories of new jobs to the bucket of their namespace."""

    def __init__(self, session: Session) -> None:
        """Send no request yet."""
        self._session = session
        self._buckets: dict[str, Bucket] = {}

    def filled(self, launches: Sequence[Launch]) -> list[NewJob]:
        """Return jobs of one namespace with what they need in the bucket. Raises HfJobsError."""
        if not any(each.uploads or any(volume.type == LOCAL for volume in each.job.volumes) for each in launches):
            return [each.job for each in launches]
        session, settings = self._session, self._session.settings
        namespace = launches[0].namespace or settings.namespace or session.client.whoami()
        if namespace not in self._buckets:
            self._buckets[namespace] = Bucket(namespace, settings.endpoint, settings.token, session.clock())
            session.note(f"uploading local files to the bucket {namespace}/jobs-artifacts ...")
        return self._buckets[namespace].upload(launches)
