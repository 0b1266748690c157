"""`hfjobs ps`."""

from collections.abc import Iterator

from hfjobs_cli import options
from hfjobs_cli.columns import choose_columns, columns_help, replaces_columns
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.filters import JobFilter, parse_initiators, parse_labels, parse_stages
from hfjobs_cli.listing import Scan
from hfjobs_cli.models import ACTIVE_STAGES
from hfjobs_cli.references import check_name
from hfjobs_cli.renderers import RENDERERS, choose_renderer
from hfjobs_cli.session import Session


def ps(
    session: Session,
    all_: options.All = False,
    status: options.Status = None,
    initiator: options.Initiator = None,
    label: options.Label = None,
    name: options.Name = None,
    limit: options.Limit = 100,
    columns: options.Columns = None,
    wide: options.Wide = False,
    format_: options.Format = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    no_trunc: options.NoTrunc = False,
    namespace: options.Namespace = None,
) -> ExitCode:
    """List jobs, newest first (also: ls, list).

    Running and scheduling jobs are listed; -a lists all of them, --status those in other states. A job must pass
    every filter given.

    \b
    Examples:
      hfjobs ps
      hfjobs ps -a --limit 20
      hfjobs ps --status error,canceled
      hfjobs ps -a --initiator scheduled-job
      hfjobs ps -a --initiator user:alice --label team=ml
      hfjobs ps -a --limit 0 --format json
      hfjobs ps --columns id,name,status
      hfjobs ps -q
    """
    if columns == "help":
        session.write(columns_help())
        return ExitCode.DONE
    wanted = JobFilter(
        stages=parse_stages(status or (), all_=all_),
        labels=parse_labels(label or (), name),
        initiators=parse_initiators(initiator or ()),
    )
    chosen = choose_columns(columns, wide=wide, initiator=bool(initiator))
    renderer = choose_renderer(format_, json=json, quiet=quiet, default=RENDERERS["table"])
    if namespace is not None:
        check_name(namespace, "namespace")

    def page_read(scan: Scan) -> None:
        session.flush()  # what is written as it comes should also arrive as it comes
        session.progress(f"{scan.read} jobs read, {scan.matched} match ...")

    pages = session.client.list_jobs(namespace, wanted.stages, wanted.labels)
    scan = Scan(pages, wanted, limit, page_read)
    view = session.view(chosen, columns_asked=replaces_columns(columns), full=no_trunc)
    renderer.render(scan.jobs(), view)

    session.flush()
    for remark in _remarks(scan, wanted):
        session.remark(remark)
    return ExitCode.DONE


def _remarks(scan: Scan, wanted: JobFilter) -> Iterator[str]:
    """Yield what a reader should know besides the jobs."""
    is_default = wanted.stages == ACTIVE_STAGES
    if wanted.is_local:
        pages = f" on {scan.pages} pages" if scan.pages > 1 else ""
        jobs = "running and scheduling jobs" if is_default else "jobs"
        yield f"{scan.matched} of {scan.read} {jobs} read{pages} match --initiator"
    if scan.has_more:
        yield f"hint: stopped after {scan.matched}, there may be more; --limit 0 lists all"
    if not scan.matched:
        jobs = "running or scheduling jobs" if is_default else "jobs"
        more = "; -a lists finished ones too" if is_default else ""
        yield f"no {jobs}{' match' if wanted.narrows else ''}{more}"
