"""`hfjobs ps`."""

from __future__ import annotations

from collections.abc import Iterator

from hfjobs_cli import options
from hfjobs_cli.columns import choose_columns, columns_help
from hfjobs_cli.errors import ExitCode
from hfjobs_cli.filters import JobFilter, parse_initiators, parse_labels, parse_stages
from hfjobs_cli.models import JobInfo
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
    render = choose_renderer(format_, json=json, quiet=quiet, default=RENDERERS["table"])
    if namespace is not None:
        check_name(namespace, "namespace")

    scan = Scan(session, namespace, wanted, limit)
    render(scan.jobs(), session.view(chosen, columns_asked=columns is not None, full=no_trunc))

    session.flush()
    for remark in scan.remarks(listed_all=all_ or bool(status)):
        session.remark(remark)
    return ExitCode.DONE


class Scan:
    """Reads a listing page by page, keeps what matches up to a limit, and counts."""

    def __init__(self, session: Session, namespace: str | None, wanted: JobFilter, limit: int) -> None:
        """Ask for nothing yet; a `limit` of 0 is none."""
        self._session = session
        self._namespace = namespace
        self._wanted = wanted
        self._limit = limit
        self._matched = self._scanned = self._pages = 0
        self._has_more = False

    def jobs(self) -> Iterator[JobInfo]:
        """Yield the matching jobs."""
        pages = self._session.client.list_jobs(self._namespace, self._wanted.stages, self._wanted.labels)
        for page in pages:
            self._pages += 1
            for job in page.jobs:
                self._scanned += 1
                if not self._wanted.matches(job):
                    continue
                if self._matched == self._limit != 0:
                    self._has_more = True
                    return
                self._matched += 1
                yield job
            if self._matched == self._limit != 0:
                self._has_more = page.has_next
                return
            if page.has_next:
                self._session.flush()  # what is written as it comes should also arrive as it comes
                self._session.progress(f"{self._scanned} jobs read, {self._matched} match …")

    def remarks(self, *, listed_all: bool) -> Iterator[str]:
        """Yield what a reader should know besides the jobs."""
        if self._wanted.is_local:
            scope = "jobs" if listed_all else "running and scheduling jobs"
            pages = f" on {self._pages} pages" if self._pages > 1 else ""
            yield f"{self._matched} of {self._scanned} {scope} read{pages} match --initiator"
        if self._has_more:
            yield f"hint: stopped after {self._matched}, there may be more; --limit 0 lists all"
        if not self._matched:
            yield "no jobs" if listed_all else "no running or scheduling jobs; -a lists finished ones too"
