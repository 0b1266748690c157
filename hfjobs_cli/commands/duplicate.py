"""`hfjobs duplicate`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from hfjobs_cli.cli import job_options, options
from hfjobs_cli.cli.binding import BEHIND_DASHES
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._create import ID_AND_URL, create_each, left_running
from hfjobs_cli.commands._follow import follow_new
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._new_jobs import prepared
from hfjobs_cli.commands._resolve import jobs_to_change
from hfjobs_cli.commands._select import show_results
from hfjobs_cli.commands._submit import create
from hfjobs_cli.errors import ExitCode, HfJobsError, UsageError, conflict
from hfjobs_cli.formats.renderer import QUIET, RENDERERS
from hfjobs_cli.hub.concurrency import MAX_FOLLOWED
from hfjobs_cli.insight.differences import differences
from hfjobs_cli.jobspec.from_job import Changes
from hfjobs_cli.jobspec.model import Launch
from hfjobs_cli.jobspec.packing import read_file
from hfjobs_cli.models.small_kinds import DIFFERENCE, LAUNCH

if TYPE_CHECKING:
    from hfjobs_cli.commands._create import Create
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.references import JobReference


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
    file = None if script is None else read_file(Path(script), Path(script).name)
    changes = Changes(job, image, unset_env or (), drop_secrets, command or (), file)
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
        _changed(session, references, changes, takes_stdin="-" in jobs, waits_for_id=cancel_on_interrupt)
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


def _as_it_is(session: Session, *, waits_for_id: bool) -> Create:
    """Return a function that lets the Hub copy a job, with its secrets."""
    return lambda reference, known: session.client.duplicate_job(reference, known, waits_for_id=waits_for_id)


def _changed(
    session: Session, references: Sequence[JobReference], changes: Changes, *, takes_stdin: bool, waits_for_id: bool
) -> Create:
    """Return a function that creates a changed job. All changes are checked before the first job is created."""
    ready = prepared(session, references, changes, takes_stdin=takes_stdin, dry_run=False)

    def again(reference: JobReference, known: list[str]) -> JobInfo:
        found = ready[reference]
        if isinstance(found, HfJobsError):
            raise found
        return create(session, Launch(found.job, found.source.owner.name), known, waits_for_id=waits_for_id)

    return again


def _show_copied(session: Session, references: Sequence[JobReference], output: options.Output) -> ExitCode:
    """Show the jobs that would be run again unchanged, and create none."""
    found = session.client.inspect_jobs([*references])
    count = sum(not isinstance(each, HfJobsError) for each in found)
    show_results(session, Listing(session, output, default=RENDERERS["table"], indent=4), found)
    session.note(f"would run {count} {output.kind.noun if count == 1 else output.kind.plural} again, unchanged")
    session.note("nothing was sent (--dry-run)")
    return ExitCode.DONE


def _show_differences(
    session: Session, references: Sequence[JobReference], changes: Changes, output: options.Output, *, takes_stdin: bool
) -> ExitCode:
    """Show the differences between old and new jobs, and create none."""
    listing = Listing(session, replace(output, kind=DIFFERENCE), indent=4)
    now = session.clock()
    found = []
    ready = prepared(session, references, changes, takes_stdin=takes_stdin, dry_run=True)
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
