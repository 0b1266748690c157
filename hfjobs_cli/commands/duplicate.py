"""`hfjobs duplicate`."""

from __future__ import annotations

from collections.abc import Iterable

from hfjobs_cli import options
from hfjobs_cli.columns import choose_columns
from hfjobs_cli.errors import ExitCode, HfJobsError, NotFound
from hfjobs_cli.models import JobInfo
from hfjobs_cli.references import JobReference, parse_references
from hfjobs_cli.renderers import choose_renderer, ids
from hfjobs_cli.renderers.view import View
from hfjobs_cli.session import Session


def duplicate(
    session: Session,
    jobs: options.Jobs,
    format_: options.Format = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_trunc: options.NoTrunc = False,
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run jobs again, as new jobs of the same spec (also: rerun).

    Prints the id and the page of each new job. A new job costs money, so each request is sent once: if its answer is
    lost, the new job is looked for by its initiator instead.

    \b
    Examples:
      hfjobs duplicate 6a01d697aff1cd33e8f33a64
      hfjobs duplicate -q alice/6a01d697aff1cd33e8f33a64
      hfjobs duplicate --format json 6a01d697aff1cd33e8f33a64
    """
    render = choose_renderer(format_, json=json, quiet=quiet, default=_id_and_url)
    references = parse_references(jobs, session.stdin, namespace, session.settings.endpoint)
    streams = render in (_id_and_url, ids.render)
    view = session.view(choose_columns(None, initiator=True), full=no_trunc, indent=4)

    created: list[JobInfo] = []
    failures: list[HfJobsError] = []
    try:
        for place, reference in enumerate(references):
            try:
                job = _create(session, reference, created)
            except HfJobsError as error:
                failures.append(error)
                session.report(error)
                if isinstance(error, NotFound):
                    continue
                _tell_what_is_left(session, references[place + 1 :])
                break
            created.append(job)
            if streams:
                render([job], view)
                session.flush()
    finally:
        # A job that bills somebody is told of, whatever happened to those after it.
        if not streams:
            render(created, view)
    if not references:
        session.remark("no jobs named on stdin")
    return failures[0].exit_code if failures else ExitCode.DONE


def _create(session: Session, reference: JobReference, created: list[JobInfo]) -> JobInfo:
    """Duplicate one job; on Ctrl-C say that it may have been created all the same."""
    client = session.client
    try:
        return client.duplicate_job(reference, known=[job.id for job in created])
    except KeyboardInterrupt:
        session.remark(f"it is not known whether {reference} was duplicated")
        session.remark(f"hint: check with: hfjobs ps -a --initiator duplicated-job:{reference.id}")
        raise


def _tell_what_is_left(session: Session, references: list[JobReference]) -> None:
    if references:
        session.remark(f"not duplicated: {' '.join(map(str, references))}")


def _id_and_url(jobs: Iterable[JobInfo], view: View) -> None:
    """Write the id and the page of each job, for eyes."""
    for job in jobs:
        view.write(f"{view.spell(job.id)}  {view.spell(job.url)}\n")
