"""Compose, check and preview a new job or schedule."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from hfjobs_cli.config import Overrides, load_settings
from hfjobs_cli.errors import HfJobsError, UsageError, conflict
from hfjobs_cli.formats.renderer import HUMAN, format_name
from hfjobs_cli.jobspec.compose import compose_run, compose_spec
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_job import Changes, changed, check_unset, described
from hfjobs_cli.jobspec.model import DEFAULT_FLAVOR, LOCAL, PROPERTIES, Launch, NewJob, RawOptions
from hfjobs_cli.jobspec.scripts import check_not_a_file
from hfjobs_cli.jobspec.validate import check, check_flavor
from hfjobs_cli.models.hardware import most_expensive
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.packed_files import VARIABLES, typed_words
from hfjobs_cli.query.references import check_name
from hfjobs_cli.text.display import printable
from hfjobs_cli.text.redaction import LEAST_SECRET, masked_value, masked_words
from hfjobs_cli.text.values import span

if TYPE_CHECKING:
    from decimal import Decimal

    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.buckets import Buckets
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.query.references import JobReference


def described_job(
    typed: RawOptions,
    image: str | None,
    command: Sequence[str],
    arguments: int,
    namespace: str | None,
    spec: str | None,
    local: LocalEnvironment,
    *,
    runs_default: bool,
    fill: Callable[[NewJob], NewJob] = lambda job: job,
) -> NewJob:
    """Compose the job from the command line and `--spec`; its last `arguments` words are sent as arguments.

    `fill` replaces what stands for something else in a spec.

    Without a command it is refused, unless it `runs_default`: what the image runs by itself. Raises UsageError.
    """
    words = list(command)
    if words and words[0].startswith("-"):
        local.warnings.append(f"the command starts with '{words[0]}'; put options of hfjobs before IMAGE")
    if words and runs_default:
        raise conflict("--default-command", "a command")
    if spec is not None:
        from hfjobs_cli.jobspec.spec_file import read_spec

        base = fill(read_spec(spec, local))
        job = compose_spec(typed, base, image, words, local)
        local.warnings.extend(_taken_by_spec(base, typed, spec))
    elif image is None:
        raise UsageError(
            "missing argument 'IMAGE'", hint=("give an image and a command, for example: python:3.12 python --version")
        )
    else:
        check_not_a_file(image)
        if not words and not runs_default:
            raise UsageError(
                "missing argument 'COMMAND'",
                hint="add a command, or --default-command to run the default of the image",
            )
        job = compose_run(typed, image, words, namespace, local)
    return _with_arguments(job, arguments)


def _taken_by_spec(base: NewJob, typed: RawOptions, spec: str) -> Iterator[str]:
    """Yield warnings about secrets and directories that a spec takes from this machine."""
    typed_names = {each.partition("=")[0] for each in typed.secrets or ()}
    if names := [name for name, value in base.secrets.items() if value is None and name not in typed_names]:
        yield f"--spec {spec} takes secrets from this environment: {', '.join(names)}"
    if directories := [volume.source for volume in base.volumes if volume.type == LOCAL]:
        yield f"--spec {spec} uploads from this machine: {', '.join(directories)}"


def _with_arguments(job: NewJob, count: int) -> NewJob:
    """Return the job with the last words of its command as arguments."""
    if not count:
        return job
    words = (*job.command, *job.arguments)
    if count >= len(words):
        raise UsageError(
            f"--arguments {count} leaves no command: it has only {len(words)} words", hint="use a smaller number"
        )
    return replace(job, command=words[:-count], arguments=words[-count:])


MAX_SHOWN = 200
"""How much of a value is shown in a summary."""


def local_environment(session: Session, *, dry_run: bool) -> LocalEnvironment:
    """Return the local environment for variables and secrets; HF_TOKEN in it is the token of the login."""
    settings = session.settings
    token = settings.token
    if session.overrides.token is not None:
        # What is passed on is what the environment and the login say; --token is for this request.
        token = load_settings(session.environ, Overrides()).token or token
    environ = session.environ if token is None else {**session.environ, "HF_TOKEN": token}
    return LocalEnvironment(environ, session.stdin, secrets_may_miss=dry_run)


def checked(
    session: Session,
    job: NewJob,
    typed: RawOptions,
    namespace: str | None,
    local: LocalEnvironment,
    *,
    was_run: bool = False,
) -> NewJob:
    """Check a job before it is sent, with warnings. Raises UsageError.

    All but the flavor is checked before anything is asked of the Hub, and that of a job that `was_run` only if another
    is typed. With `--max-cost` the timeout is set.
    """
    check_all(session, [job], namespace, local)
    takes_any = typed.any_flavor or job.flavor == DEFAULT_FLAVOR or (was_run and typed.flavor is None)
    if typed.max_cost is None and takes_any:
        return job
    flavors = flavors_of(session)
    if not takes_any:
        check_flavor(job.flavor, {flavor.name: flavor.price or 0 for flavor in flavors})
    if typed.max_cost is None:
        return job
    from decimal import Decimal

    return limited(job, flavors, Decimal(str(typed.max_cost)))


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
            from hfjobs_cli.jobspec.volumes import check_local

            check_local(job.volumes)
    if namespace is not None:
        check_name(namespace, "namespace")
    for line in dict.fromkeys([*warnings, *local.warnings]):
        session.warning(line)
    local.warnings.clear()


def limited(job: NewJob, flavors: list[Hardware], usd: Decimal) -> NewJob:
    """Return the job with a timeout such that it costs no more. Raises UsageError, and HfJobsError without a price."""
    from hfjobs_cli.insight.costs import longest_for

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

    `body` returns that of the request from that of the job, `more` stands above the summary of it, and `cost` before
    what it may cost. Raises UsageError for another format.
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
    from hfjobs_cli.jobspec.volumes import spell_volume

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
        ("volumes", [spell_volume(volume) for volume in job.volumes]),
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
    if key in VARIABLES:
        return f"({len(value)} bytes: the local files)"
    shown = masked_value(key, value)
    return shown if len(shown) <= MAX_SHOWN else shown[:MAX_SHOWN] + "..."


def _cost(session: Session, job: NewJob) -> str:
    from hfjobs_cli.insight.costs import max_cost

    flavor = flavor_of(job, flavors_of(session))
    usd = None if flavor is None else max_cost(job, flavor)
    if flavor is None or usd is None:
        return "unknown: the Hub lists no price"
    times = f", {job.attempts} attempts" if (job.attempts or 1) > 1 else ""
    ports = ", plus its ports" if job.ports else ""
    shown = f"{usd:,.2f}" if usd >= 1 else f"{usd:.4f}"
    return f"at most ${shown}: {span(job.longest_secs)}{times} at ${flavor.price:,.2f} per hour{ports}"


def tell_from_script(session: Session, launch: Launch, *, cost: str = "cost") -> None:
    """Print notes about the values that a script has set, and the maximum cost, before anything is sent.

    With `--quiet` those of a script from an address are warnings: a stranger decides about money and secrets.
    """
    if not launch.from_script or (session.is_quiet and not launch.is_untrusted):
        return
    level = "warning" if session.is_quiet else "note"
    for key, value in launch.from_script:
        shown = value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "..."
        session.notice(f"{level}: {key} {shown} (from script)")
    session.notice(f"{level}: {cost} {_cost(session, launch.job)}")


def create(session: Session, launch: Launch, known: Collection[str] = (), *, waits_for_id: bool = False) -> JobInfo:
    """Take to a bucket what the job needs there, and create it: one request, whatever happens to it.

    `known` are ids of jobs like it that were created before. If it `waits_for_id`, Ctrl-C does not end it before the
    id of the job to cancel is known.
    """
    from hfjobs_cli.hub.create_once import RequestMatcher, changed_fields, why_different
    from hfjobs_cli.jobspec.from_job import is_made_from

    job = with_bucket(session, launch)
    search = f"--name {shlex.quote(job.name)}" if job.name else "--since 1h"
    asked: RequestMatcher[JobInfo] = RequestMatcher(
        lambda found: is_made_from(found, job),
        lambda found: why_different(found, job),
        lambda found: changed_fields(found, job),
    )
    return session.client.create_job(launch.namespace, job.body(), asked, search, known, waits_for_id=waits_for_id)


def with_bucket(session: Session, launch: Launch) -> NewJob:
    """Return the job with its local files in a bucket, to which those that must be there are taken."""
    return Uploads(session).filled([launch])[0]


class Uploads:
    """Takes local files and directories of new jobs to the bucket of their namespace."""

    def __init__(self, session: Session) -> None:
        """Ask for nothing yet."""
        self._session = session
        self._buckets: dict[str, Buckets] = {}

    def filled(self, launches: Sequence[Launch]) -> list[NewJob]:
        """Return jobs of one namespace with what they need in the bucket. Raises HfJobsError."""
        if not any(each.uploads or any(volume.type == LOCAL for volume in each.job.volumes) for each in launches):
            return [each.job for each in launches]
        from hfjobs_cli.jobspec.buckets import Buckets

        session, settings = self._session, self._session.settings
        namespace = launches[0].namespace or settings.namespace or session.client.whoami()
        if namespace not in self._buckets:
            self._buckets[namespace] = Buckets(namespace, settings.endpoint, settings.token, session.clock())
            session.note(f"uploading local files to the bucket {namespace}/jobs-artifacts ...")
        return self._buckets[namespace].filled(launches)


class Prepared(NamedTuple):
    """An existing job, and the new job to create from it."""

    source: JobInfo
    job: NewJob

    @property
    def as_it_would_be(self) -> JobInfo:
        """The new job as the Hub would show it, which has no id yet."""
        body = self.job.shown()
        spec = {
            **body,
            "timeout": body.get("timeoutSeconds"),
            "retry": None if self.job.attempts is None else self.job.attempts - 1,
            "secrets": list(self.job.secrets),
        }
        owner = {"id": self.source.owner.id, "name": self.source.owner.name, "type": self.source.owner.type}
        return JobInfo.from_api({**spec, "id": "new", "owner": owner, "status": {"stage": "SCHEDULING"}})


def prepared(
    session: Session, references: Sequence[JobReference], changes: Changes, *, takes_stdin: bool, dry_run: bool
) -> dict[JobReference, Prepared | HfJobsError]:
    """Return the new job for each given job, or the error from reading it.

    Raises UsageError for the first that cannot be started again like this, before any is.
    """
    local = local_environment(session, dry_run=dry_run)
    if takes_stdin:
        local.take_stdin("the list of jobs")
    places = list(dict.fromkeys(references))
    found = dict(zip(places, session.client.inspect_jobs(places), strict=True))
    sources = {place: job for place, job in found.items() if not isinstance(job, HfJobsError)}
    old = {place: described(job) for place, job in sources.items()}
    check_unset(changes.unset_env, list(old.values()))
    new = {place: changed(old[place], source.id, changes, local) for place, source in sources.items()}
    ready = {
        place: Prepared(source, checked(session, new[place], changes.typed, source.owner.name, local, was_run=True))
        for place, source in sources.items()
    }
    return {**{place: job for place, job in found.items() if isinstance(job, HfJobsError)}, **ready}
