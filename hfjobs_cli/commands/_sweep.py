"""Run a sweep: a job for each combination of values. Expand, check, show the plan, confirm, create, follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from hfjobs_cli.commands._action_results import outcome
from hfjobs_cli.commands._create_several import cancel_all
from hfjobs_cli.commands._listing import ID_AND_URL, Listing, error_of_showing, show_created
from hfjobs_cli.commands._submit import check_all, flavors_of, note_script_values
from hfjobs_cli.commands._sweep_plan import (
    SweepPlan,
    check_secrets,
    kind_with_values,
    limit_cost,
    notes,
    planned_items,
    sweep_name,
)
from hfjobs_cli.commands._sweep_run import Sweep
from hfjobs_cli.commands._watch import BackgroundPoller, OutageNotices, WatchedTable, is_in_place, polls
from hfjobs_cli.errors import (
    ExitCode,
    HfJobsError,
    Interrupted,
    NotLoggedIn,
    ReaderGone,
    Unavailable,
    UsageError,
    conflict,
)
from hfjobs_cli.formats.renderer import HUMAN, QUIET, format_name
from hfjobs_cli.hub.retry import TRANSIENT_ERRORS, Backoff
from hfjobs_cli.jobspec import sweep
from hfjobs_cli.jobspec.new_job import DEFAULT_FLAVOR, LOCAL
from hfjobs_cli.jobspec.sweep import SWEEP, Item
from hfjobs_cli.jobspec.validate import check, check_flavor

if TYPE_CHECKING:
    from hfjobs_cli.cli.job_options import Following, Sweeping
    from hfjobs_cli.cli.options import Output
    from hfjobs_cli.cli.session import Session
    from hfjobs_cli.jobspec.environment import LocalEnvironment
    from hfjobs_cli.jobspec.from_options import Compose
    from hfjobs_cli.jobspec.new_job import RawOptions
    from hfjobs_cli.models.hardware import Hardware
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.tui.job_changes import Change


FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS = 1.0, 10.0


def run_sweep(
    session: Session,
    sweeping: Sweeping,
    raw: RawOptions,
    compose: Compose,
    words: Sequence[str],
    following: Following,
    output: Output,
    local: LocalEnvironment,
) -> ExitCode:
    """Preview or run a sweep, and return the exit code. `words` are the command or script, with placeholders."""
    _check_options(sweeping, following)
    name = sweep_name(sweeping, raw, words)
    items, given = planned_items(sweeping, raw, compose, name, local)
    output = replace(output, kind=kind_with_values(output.kind, items))
    listing = Listing(session, output, default=ID_AND_URL if following.detach else None, indent=4)
    for item in items:
        with sweep.in_job_with(item.values):
            check(item.launch.job)
    check_all(session, [item.launch.job for item in items], items[0].launch.namespace, local)
    check_secrets(session, items)
    is_quiet = listing.renderer is QUIET
    for line in notes(items, given):
        session.note(line)
    flavors = _checked_flavors(session, items, raw)
    note_script_values(session, items[0].launch, cost="cost of each job")
    if following.dry_run and _prints_requests(listing, output):
        listing_json = [item.launch.job.shown(local.environ.get("HF_TOKEN")) for item in items]
        _print_requests(session, listing, listing_json)
        return ExitCode.DONE

    namespace = items[0].launch.namespace
    try:
        run = Sweep(session, name, namespace or session.client.default_namespace(), items, sweeping.parallel)
        run.poll()
    except (NotLoggedIn, Unavailable) as error:
        if not following.dry_run:
            raise
        session.warning(f"{error.message}; showing all jobs as new")
        run = Sweep(session, name, namespace or "", items)
    if sweeping.retry_failed:
        run.replaced = {item: job.id for item, job in run.jobs.items() if job.status.stage == "ERROR"}
    mounted = {volume.source for item in items for volume in item.launch.job.volumes if volume.type == LOCAL}
    if run.jobs and mounted:
        session.note(
            f"note: edited files in {', '.join(sorted(mounted))} make no new jobs; use another --sweep name for that"
        )
    todo = run.todo
    if raw.max_cost is not None:
        todo = limit_cost(session, run, flavors, Decimal(str(raw.max_cost)))
    plan = SweepPlan(run, todo, flavors)
    if following.dry_run:
        session.write("".join(f"{line}\n" for line in plan.lines(session.stdout, session.environ)))
        session.flush()
        session.note("nothing was created (--dry-run)")
        return ExitCode.DONE
    if not is_quiet:
        session.write_stderr("".join(f"{line}\n" for line in plan.lines(session.stderr, session.environ)))
    if len(todo) > 1 and not sweeping.yes:
        _confirm(session, len(todo))
    return _run(session, run, listing, following)


def _check_options(sweeping: Sweeping, following: Following) -> None:
    if following.detach and following.cancel_on_interrupt:
        raise conflict("--cancel-on-interrupt", "--detach")
    if following.detach and sweeping.parallel is not None:
        raise conflict(
            "--detach",
            "--parallel: hfjobs must keep running to start the next job",
            hint="remove -d; if the run is interrupted, run the same command again to continue",
        )


def _checked_flavors(session: Session, items: Sequence[Item], raw: RawOptions) -> list[Hardware]:
    """Return what the Hub lists. Raises UsageError for a flavor that it does not list."""
    flavors = flavors_of(session)
    for flavor in dict.fromkeys(item.launch.job.flavor for item in items):
        if not (raw.any_flavor or flavor == DEFAULT_FLAVOR):
            check_flavor(flavor, flavors)
    return flavors


def _prints_requests(listing: Listing, output: Output) -> bool:
    """Return whether a dry run prints requests. Raises UsageError for formats that can show neither them nor a plan."""
    if listing.renderer.name in ("json", "jsonl"):
        return True
    if output.quiet or format_name(output.format_) not in (None, HUMAN, "table"):
        raise UsageError(
            "--dry-run supports only --format json and jsonl", hint="remove the format, or use one of them"
        )
    return False


def _print_requests(session: Session, listing: Listing, bodies: Sequence[object]) -> None:
    if listing.renderer.name == "jsonl":
        session.write("".join(json.dumps(body) + "\n" for body in bodies))
    else:
        session.write(json.dumps(bodies, indent=4) + "\n")
    session.flush()
    session.note("nothing was sent (--dry-run)")


def _confirm(session: Session, count: int) -> None:
    """Ask for confirmation to create jobs. Raises UsageError if stdin cannot answer."""
    if not session.can_ask:
        raise UsageError(
            f"refusing to create {count} jobs without confirmation: stdin is not a terminal",
            hint="pass --yes, or --dry-run to see the plan",
        )
    if not session.confirm(f"Create {count} jobs?"):
        raise HfJobsError("nothing was created")


def _run(session: Session, run: Sweep, listing: Listing, following: Following) -> ExitCode:
    """Create the missing jobs, follow all unless -d is given, and return the exit code."""
    is_quiet = listing.renderer is QUIET
    is_table = not following.detach and is_in_place(session, listing, "a sweep", lambda _renderer: True)
    before, count = run.listed, len(run.todo)

    def report(job: JobInfo) -> None:
        if following.detach or is_table:
            session.progress(f"created {run.created} of {count} jobs")
        elif is_quiet:
            session.write(f"{job.id}\n")
            session.flush()
        else:
            session.notice(f"{job.id}  {job.name or ''}  created")

    run.report = report
    try:
        if following.detach:
            run.create_all(waits=True)
            show_created(session, listing, run.listed)
            return ExitCode.DONE
        if is_quiet:
            again = run.replaced.values()
            show_created(session, listing, [job for job in run.listed if job.id not in again])
        run.create_all(waits=False)
        session.progress(None)
        if is_table:
            _in_place(session, run, listing)
        elif not run.is_over or run.created:
            _as_events(session, run, before)
        if not is_table and not is_quiet:
            show_created(session, listing, run.listed)
    except KeyboardInterrupt:
        run.stop()
        session.unreported_ids.clear()
        raise _interrupted(session, run, following) from None
    except BaseException as error:
        session.unreported_ids.clear()
        if run.jobs:
            session.notice(
                f"sweep {run.name}: {run.state}; run the same command again to continue, "
                f"'hfjobs ps -a -l {SWEEP}={run.name}' lists its jobs"
            )
        if isinstance(error, ReaderGone):
            raise error_of_showing(error) from None
        raise
    session.unreported_ids.clear()  # their label finds them
    advice = "; --retry-failed runs failed jobs again" if any(job.status.stage == "ERROR" for job in run.listed) else ""
    session.note(f"sweep {run.name}: {run.state}{advice}")
    return outcome(run.listed)


def _interrupted(session: Session, run: Sweep, following: Following) -> Interrupted:
    """Return the error for Ctrl-C, which says how to continue, and cancel jobs if the options say so."""
    if following.cancel_on_interrupt and run.active:
        return cancel_all(session, run.active)
    return Interrupted(
        f"interrupted; sweep {run.name}: {run.state}",
        hint=(f"run the same command again to continue; 'hfjobs cancel -l {SWEEP}={run.name}' cancels its jobs"),
    )


def _polling(run: Sweep) -> Callable[[], Sequence[JobInfo]]:
    """Return a function that polls a sweep, creates jobs that may start, and returns all jobs, unfinished ones first.

    The Hub has answered before, so the first call ignores a transient error.
    """
    first = [True]

    def ask() -> Sequence[JobInfo]:
        try:
            run.step()
        except TRANSIENT_ERRORS:
            if not first:
                raise
        first.clear()
        return sorted(run.listed, key=lambda job: job.has_ended)

    return ask


def _pace() -> Backoff:
    return Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS)


def _as_events(session: Session, run: Sweep, before: Sequence[JobInfo]) -> None:
    """Write a note for each change of a status since `before`, until all jobs have finished."""
    told = {job.id: job.status.stage for job in before}

    def rest(secs: float, least: float) -> None:
        run.rest(max(secs, least))

    for _ in polls(session, _polling(run), _pace(), OutageNotices(session), rest):
        for job in run.listed:
            if told.get(job.id, "SCHEDULING") != job.status.stage:
                why = f": {session.redacted(job.status.message)}" if job.status.message else ""
                session.note(f"{job.id}  {job.name or ''}  {job.status}{why}")
            told[job.id] = job.status.stage
        if run.is_over:
            return
        session.progress(run.state)


def _in_place(session: Session, run: Sweep, listing: Listing) -> None:
    """Show a table of all jobs in place, until all have ended."""
    table = WatchedTable(listing, "")
    with session.live() as live:
        background = BackgroundPoller(session, _polling(run), _pace(), live.wake)
        for key in live.turns():
            if key in ("q", "Q"):
                raise KeyboardInterrupt
            changes: list[Change] = background.changes()
            if background.last is not None:
                table.note(background.last, changes)
            table.remark = f"; {run.state}"
            now, size = session.clock(), live.size
            live.leave(table.rows(size, now) if background.last is not None else ())
            live.paint(table.lines(size, now, background.trouble))
            if background.last is not None and run.is_over:
                return
