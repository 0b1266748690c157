"""The actions on jobs, a row each: `hfjobs cancel`, `labels`, `expose`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import done_to_each, is_running, not_running, refused
from hfjobs_cli.commands._actions import (
    NOTHING_CHANGED,
    Action,
    Asks,
    OwnOptions,
    Run,
    Targets,
    label_action,
    planned,
    written,
)
from hfjobs_cli.commands._listing import filtered_jobs
from hfjobs_cli.commands._resolve import jobs_to_change
from hfjobs_cli.errors import NotFound, RequestRefused, UsageError, conflict
from hfjobs_cli.formats.renderer import Renderer
from hfjobs_cli.immutable_class import value
from hfjobs_cli.jobspec.validate import MAX_PORTS
from hfjobs_cli.models.changes import LabelChange
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.label_edits import LabelChanges
from hfjobs_cli.query.references import JOBS, JobReference

if TYPE_CHECKING:
    from hfjobs_cli.formats.renderer import View
    from hfjobs_cli.models.job import JobInfo


class _Jobs(Targets):
    """Jobs, as actions select and read them."""

    syntax = JOBS
    choice = options.Choice
    yes = options.Yes
    namespace = options.Namespace
    selects_by_status = True

    def named(self, run: Run) -> list[JobReference] | None:
        references = jobs_to_change(run.session, run.words, run.namespace, run.plan)
        failures = run.session.failures
        if all(each.rpartition("@")[2].lower() in JOBS.statuses for each in run.words):
            # If no job has such a status, there is nothing to do.
            for failure in failures:
                if isinstance(failure, NotFound):
                    run.session.note(failure.message)
            failures[:] = [each for each in failures if not isinstance(each, NotFound)]
        return references

    def filtered(self, run: Run, choice: options.Choice) -> "list[JobInfo]":
        if run.plan.asks and run.action.asks is Asks.IF_FILTERED:
            run.plan.check_it_can_ask()
        found = filtered_jobs(run.session, choice, run.namespace)
        affected = [job for job in found if run.action.affects(job)]
        if found and not affected:
            run.session.note(f"none of the matching jobs can be {run.action.done}")
        return affected

    def unchanged(
        self, run: Run, references: Sequence[JobReference], filtered: "list[JobInfo] | None"
    ) -> "list[JobInfo]":
        if filtered is not None:
            return filtered
        jobs = list(done_to_each(run.session, references, run.session.client.inspect_job, "read"))
        for job in jobs:
            _note_end(run.session, job)
        return [job for job in jobs if run.action.affects(job)]


_JOBS = _Jobs()


def _note_end(session: Session, job: "JobInfo") -> None:
    if job.has_ended:
        session.note(f"{job.id} had already finished: {job.status}")


def _note_canceled(session: Session, _reference: JobReference, job: "JobInfo") -> None:
    if job.status.stage != "CANCELED":
        _note_end(session, job)


@Action(
    _JOBS,
    verb="cancel",
    done="canceled",
    words=options.ChosenActiveJobs,
    asks=Asks.IF_FILTERED,
    affects=lambda job: not job.has_ended,
    states=ACTIVE_STAGES,
    prints=lambda job: str(job.status),
    note=_note_canceled,
)
def cancel(session: Session, job: JobReference, _asked: None) -> "JobInfo":
    """Cancel jobs.

    Named jobs are canceled in parallel; the id and status of each is printed. A job that has already finished is not an
    error.

    Jobs that filters select are listed first, and canceled only after confirmation or with --yes. The same holds for a
    selector such as @running that matches several jobs.

    \b
    Examples:
      hfjobs cancel 6a01d697aff1cd33e8f33a64
      hfjobs cancel @latest
      hfjobs cancel --name train-judge
      hfjobs cancel --label sweep=3 --status scheduling --yes
      hfjobs cancel -a --initiator scheduled-job --dry-run
      hfjobs ps --since 1h -q | hfjobs cancel -
    """
    return session.client.cancel_job(job)


def _new_labels(session: Session, job: JobReference, changes: LabelChanges) -> LabelChange:
    return planned(job, session.client.inspect_job(job), changes)


@label_action(_JOBS, options.Jobs, _new_labels)
def labels(session: Session, job: JobReference, changes: LabelChanges) -> LabelChange:
    """Change the labels and the name of jobs.

    Given labels are added or updated; all others stay, unless --replace removes them. The Hub replaces all labels of a
    job at once, so the current ones are read just before. The labels before and after are printed.

    If a selector such as @latest matches several jobs, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs labels 6a01d697aff1cd33e8f33a64 --label team=ml -l env=prod
      hfjobs labels 6a01d697aff1cd33e8f33a64 --name train-v2
      hfjobs labels @latest --yes --remove env
      hfjobs labels 6a01d697aff1cd33e8f33a64 --replace --label team=ml
      hfjobs ps --name train-v2 -q | hfjobs labels - --label sweep=3 --dry-run
    """
    new = _new_labels(session, job, changes)
    return written(new, session.client.label_job(job, new.after).labels)


@value
class _PortOptions(OwnOptions):
    """The ports to expose."""

    ports: options.Ports = None
    public: options.PublicPorts = None
    clear: options.ClearPorts = False

    def checked(self, _session: Session, _words: list[str]) -> tuple[list[int], list[int]]:
        """Return all ports, and those of them that are public. Raises UsageError."""
        public = list(dict.fromkeys(self.public or ()))
        wanted = list(dict.fromkeys([*(self.ports or ()), *public]))
        if self.clear and wanted:
            raise conflict("--clear", "ports")
        if not self.clear and not wanted:
            raise UsageError("no ports given", hint="use for example 8000 or --public 8080, or --clear to close all")
        if len(wanted) > MAX_PORTS:
            raise UsageError(f"too many ports: {len(wanted)}", hint=f"use at most {MAX_PORTS}")
        return wanted, public


def _addresses(jobs: "Iterable[JobInfo]", view: "View") -> None:
    """Write each port with its address, which are in the same order."""
    for job in jobs:
        addresses = job.status.expose_urls or []
        for place, port in enumerate(job.expose or ()):
            address = addresses[place] if place < len(addresses) else "-"
            access = "public" if port in (job.expose_public or ()) else "token"
            view.write(f"{port:<5}  {access:<6}  {view.spell(address)}\n")


def _new_ports(session: Session, job: JobReference, ports: tuple[list[int], list[int]]) -> "JobInfo":
    now = session.client.inspect_job(job)
    if not is_running(now):
        raise not_running(now)
    return replace(now, expose=ports[0], expose_public=ports[1], status=replace(now.status, expose_urls=None))


def _note_closed(session: Session, reference: JobReference, job: "JobInfo") -> None:
    if not job.expose:
        session.note(f"{reference} has no open ports now")


@Action(
    _JOBS,
    verb="change the ports of",
    done="changed",
    words=options.OneActiveJob,
    affects=is_running,
    states=("RUNNING",),
    options=_PortOptions,
    prints=Renderer("addresses", _addresses, streams=True),
    preview=_new_ports,
    dry_run_note=NOTHING_CHANGED,
    note=_note_closed,
)
def expose(session: Session, job: JobReference, ports: tuple[list[int], list[int]]) -> "JobInfo":
    """Change the exposed ports of a running job.

    The given ports replace the current ones, and their URLs are printed. Opening a port requires a token with read
    access to the namespace of the job's owner, unless the port is --public.

    If a selector such as @running matches several jobs, they are listed first and need confirmation or --yes.

    \b
    Examples:
      hfjobs expose 6a01d697aff1cd33e8f33a64 8000
      hfjobs expose @running 8000 --public 8080
      hfjobs expose 6a01d697aff1cd33e8f33a64 --clear
    """
    try:
        return session.client.expose_job(job, *ports)
    except RequestRefused as error:
        raise refused(session, job, error) from error
