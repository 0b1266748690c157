"""Submit new jobs and schedules: preview them, create them once, show or follow them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hfjobs_cli.commands._create import ID_AND_URL, announce, left_running, show_created
from hfjobs_cli.commands._listing import Listing, id_and
from hfjobs_cli.commands._new_jobs import checked_and_limited, flavor_of, flavors_of, local_environment
from hfjobs_cli.errors import ExitCode, UsageError, conflict
from hfjobs_cli.formats.renderer import HUMAN, QUIET, format_name
from hfjobs_cli.hub.create_once import RequestMatcher, changed_fields, same_schedule, why_different
from hfjobs_cli.insight.costs import max_cost
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_job import matches_spec
from hfjobs_cli.jobspec.model import LOCAL, PROPERTIES, Launch, NewJob, RawOptions
from hfjobs_cli.jobspec.volumes import Bucket, format_volume
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.spec import PACKED_VARIABLES, typed_words
from hfjobs_cli.query.cron import next_run
from hfjobs_cli.text.display import printable
from hfjobs_cli.text.redaction import masked_value, masked_words
from hfjobs_cli.text.values import span, timestamp

if TYPE_CHECKING:
    from datetime import datetime

    from hfjobs_cli.cli.job_options import Following, Sweeping
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.schedule_options import Terms
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.from_options import ImageRun
    from hfjobs_cli.jobspec.uv import ScriptRun
    from hfjobs_cli.models.schedule import ScheduledJob


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
    compose = run.composer(local, lambda url: session.client.download(url))
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


def schedule(
    session: Session, run: ImageRun | ScriptRun, raw: RawOptions, when: str | None, terms: Terms, output: Output
) -> ExitCode:
    """Create or dry-run a schedule as the options say, and return the exit code."""
    when, due = _checked_when(session, when)
    local = local_environment(session, dry_run=terms.dry_run)
    launch = run.composer(local, lambda url: session.client.download(url))(raw, None)
    listing = Listing(session, output, default=id_and(_name_and_next), indent=4, is_one=True)
    _check_for_schedule(launch.job)
    launch = replace(launch, job=checked_and_limited(session, launch.job, raw, launch.namespace, local))

    if terms.dry_run:
        body = partial(_body, when=when, terms=terms)
        show_plan(session, launch, output, local, body, _terms_shown(when, due, terms), cost="cost of each job")
        return ExitCode.DONE
    note_script_values(session, launch, cost="cost of each job")
    made = create_schedule(session, with_bucket(session, launch), launch.namespace, when, terms)
    show_created(session, listing, [made])
    return ExitCode.DONE


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
    variables = [f"{key}={_shortened(key, value)}" for key, value in job.environment.items()]
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


def _shortened(key: str, value: str) -> str:
    if key in PACKED_VARIABLES:
        return f"({len(value)} bytes: the local files)"
    shown = masked_value(key, value)
    return shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "..."


def _cost(session: Session, job: NewJob) -> str:
    flavor = flavor_of(job, flavors_of(session))
    usd = None if flavor is None else max_cost(job, flavor)
    if flavor is None or usd is None:
        return "unknown: the Hub lists no price"
    times = f", {job.attempts} attempts" if (job.attempts or 1) > 1 else ""
    ports = ", plus its ports" if job.ports else ""
    shown = f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}"
    return f"at most ${shown}: {span(job.longest_secs)}{times} at ${flavor.price:,.2f} per hour{ports}"


def note_script_values(session: Session, launch: Launch, *, cost: str = "cost") -> None:
    """Print notes about the values that a script has set, and the maximum cost, before anything is sent.

    With `--quiet` those of a script from a URL are warnings: its author decides about money and secrets.
    """
    if not launch.from_script or (session.is_quiet and not launch.is_untrusted):
        return
    level = "warning" if session.is_quiet else "note"
    for key, value in launch.from_script:
        shown = value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "..."
        session.notice(f"{level}: {key} {shown} (from script)")
    session.notice(f"{level}: {cost} {_cost(session, launch.job)}")


def create(session: Session, launch: Launch, known: Collection[str] = (), *, waits_for_id: bool = False) -> JobInfo:
    """Upload the files of a job that must be in a bucket, and create the job with a single request.

    `known` are ids of jobs like it that were created before. If it `waits_for_id`, Ctrl-C does not end it before the
    id of the job to cancel is known.
    """
    job = with_bucket(session, launch)
    search = f"--name {shlex.quote(job.name)}" if job.name else "--since 1h"
    asked: RequestMatcher[JobInfo] = RequestMatcher(
        lambda found: matches_spec(found, job),
        lambda found: why_different(found, job),
        lambda found: changed_fields(found, job),
    )
    return session.client.create_job(launch.namespace, job.body(), asked, search, known, waits_for_id=waits_for_id)


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


def _checked_when(session: Session, when: str | None) -> tuple[str, datetime | None]:
    """Return the cron expression, and the first run if it is known. Raises UsageError."""
    if when is None:
        raise UsageError(
            "missing argument 'WHEN'", hint=("give it before the image or script, for example '0 9 * * 1' or @daily")
        )
    return when, next_run(when, session.clock())


def _check_for_schedule(job: NewJob) -> None:
    """Raise UsageError for properties that jobs of schedules cannot have."""
    if job.ssh:
        raise UsageError("jobs of a schedule cannot have SSH", hint="remove --ssh, or start the job with 'hfjobs run'")
    if job.network_group is not None or job.network_aliases:
        raise UsageError(
            "jobs of a schedule cannot join a network group",
            hint="remove the network group, or start the job with 'hfjobs run'",
        )


def _terms_shown(when: str, due: datetime | None, terms: Terms) -> Iterator[tuple[str, str]]:
    """Yield the rows of a summary about the schedule itself."""
    yield "schedule", when + (f" (first at {timestamp(due)})" if due and not terms.suspend else "")
    yield "suspended", "yes, until it is resumed" if terms.suspend else ""
    yield "concurrency", "yes, jobs may overlap" if terms.concurrency else ""


def _name_and_next(made: ScheduledJob) -> str:
    due = made.status.next_job_run_at
    suspended = "suspended" if made.suspend else ""
    return "  ".join(filter(None, [made.name, suspended or (f"next {timestamp(due)}" if due else "")]))


def create_schedule(session: Session, job: NewJob, namespace: str | None, when: str, terms: Terms) -> ScheduledJob:
    """Create a schedule with a single request."""
    check = f"--name {shlex.quote(job.name)}" if job.name else ""
    body = _body(job.body(), when, terms)
    return session.client.create_schedule(namespace, body, _asked(job, when, terms), check)


def _body(job: dict[str, Any], when: str, terms: Terms) -> dict[str, Any]:
    """Return the body of the request for a schedule from that for a job."""
    asked = {"suspend": terms.suspend, "concurrency": terms.concurrency}
    given = {key: value for key, value in asked.items() if value is not None}
    return {"jobSpec": job, "schedule": when, **given}


def _asked(job: NewJob, when: str, terms: Terms) -> RequestMatcher[ScheduledJob]:
    """Return how to recognize the requested schedule among existing ones."""

    def changed(made: ScheduledJob) -> list[str]:
        found = changed_fields(made.job_spec, job)
        found += [] if same_schedule(made.schedule, when) else ["schedule"]
        for name in ("suspend", "concurrency"):
            told, sent = getattr(made, name), getattr(terms, name)
            found += [] if told is None or told == bool(sent) else [name]
        return found

    return RequestMatcher(
        lambda made: same_schedule(made.schedule, when) and matches_spec(made.job_spec, job),
        lambda made: why_different(made.job_spec, job),
        changed,
    )
