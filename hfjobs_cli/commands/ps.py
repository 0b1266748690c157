"""`hfjobs ps`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from hfjobs_cli import options
from hfjobs_cli.columns import choose_columns, parse_sort, replaces_columns, sort_jobs
from hfjobs_cli.errors import ExitCode, UsageError
from hfjobs_cli.renderers import RENDERERS, choose_renderer
from hfjobs_cli.session import Session
from hfjobs_cli.vocabulary import ACTIVE_STAGES

if TYPE_CHECKING:
    from hfjobs_cli.filters import JobFilter
    from hfjobs_cli.listing import Scan
    from hfjobs_cli.models import JobInfo


def ps(
    session: Session,
    all_: options.All = False,
    status: options.Status = None,
    initiator: options.Initiator = None,
    label: options.Label = None,
    name: options.Name = None,
    filter_: options.Filter = None,
    since: options.Since = None,
    until: options.Until = None,
    sort: options.Sort = None,
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
    every filter given. Status, labels and name are filtered by the Hub; other filters, and --sort, read page after
    page.

    \b
    Examples:
      hfjobs ps
      hfjobs ps -a --limit 20
      hfjobs ps --status error,canceled
      hfjobs ps -a --initiator scheduled-job
      hfjobs ps -a --initiator user:alice --label team=ml
      hfjobs ps -a -f 'command=*train*' -f 'flavor!=cpu-*' --since 7d
      hfjobs ps -a --sort -runtime --limit 10
      hfjobs ps -a --limit 0 --format json
      hfjobs ps -a --format '{{.id}} {{.status}} {{.initiator}}'
      hfjobs ps -a --format 'table {{.id}}\\t{{.labels.team}}\\t{{.runtime}}'
      hfjobs ps --columns id,name,status
      hfjobs ps -q
    """
    # Help and completion do without these.
    from hfjobs_cli.filters import parse_filter
    from hfjobs_cli.listing import Scan
    from hfjobs_cli.moments import parse_moment
    from hfjobs_cli.references import check_name

    now = session.clock()
    wanted = parse_filter(
        status=status or (),
        all_=all_,
        initiator=initiator or (),
        label=label or (),
        name=name,
        filters=filter_ or (),
        since=None if since is None else parse_moment(since, now, "--since"),
        until=None if until is None else parse_moment(until, now, "--until"),
    )
    order = parse_sort(sort)
    chosen = choose_columns(columns, wide=wide, initiator=wanted.is_about_initiators)
    renderer = choose_renderer(format_, json=json, quiet=quiet, default=RENDERERS["table"])
    if columns is not None and not renderer.has_columns:
        with_columns = [each.name for each in RENDERERS.values() if each.has_columns]
        raise UsageError(f"--columns is for {', '.join(with_columns)}", hint="leave it out, or choose one of them")
    if namespace is not None:
        check_name(namespace, "namespace")

    def page_read(scan: Scan) -> None:
        session.flush()  # what is written as it comes should also arrive as it comes
        session.progress(f"{scan.read} jobs read, {scan.matched} match ...")

    pages = session.client.list_jobs(namespace, wanted.stages, wanted.labels)
    scan = Scan(pages, wanted, 0 if order else limit, page_read)
    jobs: Iterable[JobInfo] = scan.jobs()
    if order:
        jobs = islice(sort_jobs(jobs, order, now), limit or None)
    view = session.view(chosen, columns_asked=replaces_columns(columns), full=no_trunc)
    renderer.render(jobs, view)

    session.flush()
    for remark in _remarks(scan, wanted, limit):
        session.remark(remark)
    return ExitCode.DONE


def _remarks(scan: Scan, wanted: JobFilter, limit: int) -> Iterator[str]:
    """Yield what a reader should know besides the jobs."""
    is_default = wanted.stages == ACTIVE_STAGES
    if wanted.local_options:
        pages = f" on {scan.pages} pages" if scan.pages > 1 else ""
        jobs = "running and scheduling jobs" if is_default else "jobs"
        yield f"{scan.matched} of {scan.read} {jobs} read{pages} match {' and '.join(wanted.local_options)}"
    if scan.has_more:
        yield f"hint: stopped after {scan.matched}, there may be more; --limit 0 lists all"
    elif limit and scan.matched > limit:
        yield f"hint: the first {limit} of {scan.matched}; --limit 0 lists all"
    if not scan.matched:
        jobs = "running or scheduling jobs" if is_default else "jobs"
        more = "; -a lists finished ones too" if is_default else ""
        yield f"no {jobs}{' match' if wanted.narrows else ''}{more}"
        exact = [each.globs[0] for each in wanted.patterns if each.is_exact and not each.negated]
        if exact:
            yield f"hint: a pattern is for the whole value; '*{exact[0]}*' matches what holds it"
