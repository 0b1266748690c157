"""`hfjobs ps`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._listing import Listing, job_filter, scan
from hfjobs_cli.errors import ExitCode, conflict
from hfjobs_cli.formats.renderer import RecordStream
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.query.conditions import no_match_hints

if TYPE_CHECKING:
    from hfjobs_cli.query.filters import JobFilter, Scan

WATCHED_SECS = 2.0
"""The pause between polls at first, if `--watch` names none."""


def ps(
    session: Session,
    selection: options.Selection,
    *,
    sort: options.Sort = None,
    watch: options.Watch = None,
    until_done: options.UntilDone = False,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
    from_: options.From = None,
) -> ExitCode:
    """List jobs, newest first (also: ls, list).

    By default running and scheduling jobs are listed; -a lists all jobs, --status those in other states. A job must
    match every filter. The Hub filters by status, labels and name; other filters, and --sort, read page after page.
    Costs are shown only in columns requested by name. --from lists saved jobs.

    --watch refreshes until q or Ctrl-C. On a terminal the table is updated in place, and rows are marked: + new, *
    changed, - gone. In a pipe each change is a line of JSON, {"event": "added|changed|gone", "from": STATUS, "job":
    {...}}; at first every job is "added". A job that leaves the list is fetched once more and shown in its final state.
    Network errors are reported and retried. With --until-done the exit code is that of 'hfjobs wait': 10 if a job
    failed, 11 if one was canceled.

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
      hfjobs ps -a --since 7d --columns +cost --sort -cost
      hfjobs ps -a --limit 0 --format jsonl > jobs.jsonl; hfjobs ps -a --from jobs.jsonl --status error
      hfjobs ps -q
      hfjobs ps --watch
      hfjobs ps -a --since 1h --watch 5
      hfjobs ps --name train --watch --until-done | jq .event
    """
    wanted = job_filter(session, selection)
    also = ["initiator"] if wanted.is_about_initiators else []
    if watch is not None or until_done:
        if from_ is not None:
            raise conflict("--watch", "--from", hint="remove --watch")
        from hfjobs_cli.commands._watch import Watch, live_renderer

        listing = Listing(session, output, default=live_renderer(session), sort=sort, also=also)
        return Watch(listing, watch or WATCHED_SECS, until_done).run(session, wanted, namespace, selection.limit)
    listing = Listing(session, output, sort=sort, also=also)
    snapshot = None
    if from_ is not None:
        from hfjobs_cli.commands._hub_or_file import open_snapshot

        snapshot = open_snapshot(session, from_)
    found = scan(session, wanted, namespace, 0 if listing.is_sorted else selection.limit, snapshot=snapshot)

    listing.show(RecordStream(found.jobs()), selection.limit or None)

    for note in _notes(found, wanted, selection.limit):
        session.note(note)
    if session.is_quiet and found.has_more and selection.limit == options.DEFAULT_LIMIT:
        session.warning(f"stopped after {found.matched} jobs; --limit 0 lists all")  # the default limit
    return ExitCode.DONE


def _notes(found: Scan, wanted: JobFilter, limit: int) -> Iterator[str]:
    """Yield what a reader should know besides the jobs."""
    is_default = wanted.stages == ACTIVE_STAGES
    if wanted.local_options:
        pages = f" on {found.pages} pages" if found.pages > 1 else ""
        jobs = "running and scheduling jobs" if is_default else "jobs"
        yield f"{found.matched} of {found.read} {jobs} read{pages} match {' and '.join(wanted.local_options)}"
    if found.has_more:
        yield f"hint: showing the first {found.matched}, there may be more; --limit 0 lists all"
    elif limit and found.matched > limit:
        yield f"hint: showing the first {limit} of {found.matched}; --limit 0 lists all"
    if not found.matched:
        jobs = "running or scheduling jobs" if is_default else "jobs"
        more = "; -a lists finished ones too" if is_default else ""
        yield f"no {jobs}{' match' if wanted.narrows else ''}{more}"
        yield from no_match_hints(wanted.patterns)
