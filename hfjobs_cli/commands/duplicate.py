"""`hfjobs duplicate`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

from hfjobs_cli.cli import job_options, options
from hfjobs_cli.cli.binding import BEHIND_DASHES
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._create_several import create_each, left_running
from hfjobs_cli.commands._follow import follow_new
from hfjobs_cli.commands._listing import ID_AND_URL, Listing
from hfjobs_cli.commands._resolve import jobs_to_change
from hfjobs_cli.commands._submit import checked_and_limited, create, local_environment
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError, conflict
from hfjobs_cli.formats.renderer import QUIET, RENDERERS
from hfjobs_cli.hub.concurrency import MAX_FOLLOWED
from hfjobs_cli.immutable_class import value
from hfjobs_cli.insight.differences import differences
from hfjobs_cli.jobspec.environment import LocalEnvironment
from hfjobs_cli.jobspec.from_job import spec_of_job
from hfjobs_cli.jobspec.from_options import compose, with_image_and_command
from hfjobs_cli.jobspec.new_job import Launch, LocalFile, NewJob, RawOptions
from hfjobs_cli.jobspec.packing import read_file, replace_file
from hfjobs_cli.models.changes import DIFFERENCE, LAUNCH
from hfjobs_cli.models.job import JobInfo
from hfjobs_cli.models.vocabulary import DUPLICATED_FROM
from hfjobs_cli.text.redaction import without_password

if TYPE_CHECKING:
    from hfjobs_cli.commands._create_several import Create
    from hfjobs_cli.query.references import JobReference


@value
class _Changes:
    """Overrides for a job that is started again. None, empty or False keeps the old value."""

    raw: RawOptions
    image: str | None = None
    unset_env: Sequence[str] = ()
    drop_secrets: bool = False
    command: Sequence[str] = ()
    script: LocalFile | None = None

    def __bool__(self) -> bool:
        """Return whether any option is new."""
        own = (self.image is not None, self.unset_env, self.drop_secrets, self.command, self.script)
        raw = (getattr(self.raw, field.name) for field in fields(self.raw))
        return any(own) or any(value is not None and value is not False for value in raw)


def duplicate(
    session: Session,
    ctx: Any,
    jobs: options.Jobs,
    *,
    job: job_options.JobOptions,
    image: job_options.OtherImage = None,
    script: job_options.OtherScript = None,
    unset_env: job_options.UnsetEnv = None,
    drop_secrets: job_options.DropSecrets = False,
    command: Annotated[list[str] | None, BEHIND_DASHES] = None,
    follow: job_options.Follow = False,
    detach: job_options.Detach = False,
    cancel_on_interrupt: job_options.CancelOnInterrupt = False,
    dry_run: options.DryRun = False,
    output: Annotated[options.Output, "job", "initiator"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run jobs again, as new jobs (also: rerun).

    Each new job has the spec of an old one; its id and URL are printed. As 'hfjobs rerun', the command follows the new
    jobs until they finish, unless -d is given, as in hf jobs. A job that is named twice is run twice.

    A new job costs money, so each request is sent once: if the response is lost, hfjobs looks for the new job instead.

    Options change the spec: variables and labels are added, or replace those with the same name. --script replaces the
    local script that 'uv run' sent with the job. Words after -- replace the command. Only the Hub can copy secrets:
    with a change, use --drop-secrets or pass them again with -s. The label duplicated-from then records the original
    job.

    \b
    Examples:
      hfjobs duplicate 6a01d697aff1cd33e8f33a64
      hfjobs duplicate -q alice/6a01d697aff1cd33e8f33a64
      hfjobs duplicate --format json 6a01d697aff1cd33e8f33a64
      hfjobs duplicate --follow @failed
      hfjobs duplicate @latest --flavor a100-large -s HF_TOKEN
      hfjobs duplicate @latest -e LR=1e-4 --drop-secrets --dry-run
      hfjobs duplicate @failed --script train.py -s HF_TOKEN
      hfjobs duplicate @latest --drop-secrets -- python train.py --epochs 1
    """
    if follow and detach:
        raise conflict("--detach", "--follow")
    follow = follow or (ctx.info_name == "rerun" and not detach and not dry_run)
    if cancel_on_interrupt and not follow:
        raise UsageError("--cancel-on-interrupt requires --follow", hint="add --follow")
    if script is not None and command:
        raise conflict("--script", "a new command")
    if script is not None and (script == "-" or "://" in script):
        raise UsageError(f"--script requires a local file, not '{without_password(script)}'", hint="save it in a file")
    file = None if script is None else read_file(Path(script), Path(script).name)
    changes = _Changes(job, image, unset_env or (), drop_secrets, command or (), file)
    listing = Listing(session, output, default=ID_AND_URL, indent=4)
    plan = Plan(session, output.kind, "duplicate", "duplicated", asks=False)
    references = jobs_to_change(session, jobs, namespace, plan) or []
    if follow and len(references) > MAX_FOLLOWED:
        raise UsageError(
            f"cannot follow {len(references)} jobs at once, at most {MAX_FOLLOWED}; none was created",
            hint="remove --follow, and use 'hfjobs logs -f --max-log-requests N' after that",
        )
    if dry_run:
        if not changes:
            return _show_copied(session, references, output)
        return _show_differences(session, references, changes, output, takes_stdin="-" in jobs)

    created: list[JobInfo] = []
    # Followed jobs are shown after they finish, but ids at once.
    shown_at_once = listing if listing.renderer is QUIET or not follow else None
    again = (
        _with_changes(session, references, changes, takes_stdin="-" in jobs, waits_for_id=cancel_on_interrupt)
        if changes
        else _as_it_is(session, waits_for_id=cancel_on_interrupt)
    )
    if not follow:
        return create_each(session, listing, references, again, "duplicated", created=created)
    with left_running(session, cancels=cancel_on_interrupt):
        done = create_each(session, shown_at_once, references, again, "duplicated", created=created)
        if done == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt  # which is about those that were created before
        if not created:
            return done
        outcome = follow_new(session, created, listing)
        return done or outcome


def _show_copied(session: Session, references: Sequence[JobReference], output: options.Output) -> ExitCode:
    """Show the jobs that would be run again unchanged, and create none."""
    found = session.client.inspect_jobs([*references])
    count = sum(not isinstance(each, HfJobsError) for each in found)
    Listing(session, output, default=RENDERERS["table"], indent=4).show_results(found)
    session.note(f"would run {count} {output.kind.noun if count == 1 else output.kind.plural} again, unchanged")
    session.note("nothing was sent (--dry-run)")
    return ExitCode.DONE


def _show_differences(
    session: Session,
    references: Sequence[JobReference],
    changes: _Changes,
    output: options.Output,
    *,
    takes_stdin: bool,
) -> ExitCode:
    """Show the differences between old and new jobs, and create none."""
    listing = Listing(session, replace(output, kind=DIFFERENCE), indent=4)
    now = session.clock()
    found = []
    ready = _prepared(session, references, changes, takes_stdin=takes_stdin, dry_run=True)
    for reference in references:
        result = ready[reference]
        if isinstance(result, HfJobsError):
            session.failures.append(result)
            continue
        found += [each for each in differences(result.source, result.as_it_would_be, now) if each.part == LAUNCH]
    listing.show(found)
    if not found and not session.failures:
        session.note("nothing would change")
    session.note("nothing was sent (--dry-run)")
    return ExitCode.DONE


def _as_it_is(session: Session, *, waits_for_id: bool) -> Create:
    """Return a function that lets the Hub copy a job, with its secrets."""
    return lambda reference, known: session.client.duplicate_job(reference, known, waits_for_id=waits_for_id)


def _with_changes(
    session: Session, references: Sequence[JobReference], changes: _Changes, *, takes_stdin: bool, waits_for_id: bool
) -> Create:
    """Return a function that creates a changed job. All changes are checked before the first job is created."""
    ready = _prepared(session, references, changes, takes_stdin=takes_stdin, dry_run=False)

    def again(reference: JobReference, known: list[str]) -> JobInfo:
        found = ready[reference]
        if isinstance(found, HfJobsError):
            raise found
        return create(session, Launch(found.job, found.source.owner.name), known, waits_for_id=waits_for_id)

    return again


class _Prepared(NamedTuple):
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


def _prepared(
    session: Session, references: Sequence[JobReference], changes: _Changes, *, takes_stdin: bool, dry_run: bool
) -> dict[JobReference, _Prepared | HfJobsError]:
    """Return the new job for each given job, or the error from reading it.

    Raises UsageError for the first that cannot be started again like this, before any is.
    """
    local = local_environment(session, dry_run=dry_run)
    if takes_stdin:
        local.take_stdin("the list of jobs")
    places = list(dict.fromkeys(references))
    found = dict(zip(places, session.client.inspect_jobs(places), strict=True))
    sources = {place: job for place, job in found.items() if not isinstance(job, HfJobsError)}
    old = {place: spec_of_job(job) for place, job in sources.items()}
    _check_unset(changes.unset_env, list(old.values()))
    new = {place: _changed(old[place], source.id, changes, local) for place, source in sources.items()}
    ready = {
        place: _Prepared(
            source, checked_and_limited(session, new[place], changes.raw, source.owner.name, local, was_run=True)
        )
        for place, source in sources.items()
    }
    return {**{place: job for place, job in found.items() if isinstance(job, HfJobsError)}, **ready}


def _changed(job: NewJob, source: str, changes: _Changes, local: LocalEnvironment) -> NewJob:
    """Apply overrides to a job, and add the id of its source as a label. Raises UsageError.

    The Hub does not return the values of secrets, so they must be given again or dropped.
    """
    if changes.script is not None:
        job = replace_file(job, source, changes.script)
    new = compose(changes.raw, local, with_image_and_command(replace(job, secrets={}), changes.image, changes.command))
    lost = [name for name in job.secrets if name not in new.secrets]
    if lost and not changes.drop_secrets:
        again = " ".join(f"-s {name}" for name in lost)
        raise UsageError(
            f"secret values cannot be read back from job {source}: {', '.join(lost)}",
            hint=f"pass {again}, or --drop-secrets to run without them",
        )
    labels = {**new.labels, DUPLICATED_FROM: source}
    if changes.raw.no_name:
        labels.pop("name", None)
    environment = {key: value for key, value in new.environment.items() if key not in changes.unset_env}
    return replace(new, labels=labels, environment=environment)


def _check_unset(names: Collection[str], jobs: Collection[NewJob]) -> None:
    """Raise UsageError if a variable to remove exists in none of the jobs."""
    known = sorted({name for job in jobs for name in job.environment})
    for name in names:
        if jobs and name not in known:
            raise UsageError(
                f"--unset-env {name}: no such variable",
                hint=f"the variables are: {', '.join(known) or 'none'}",
            )
