"""`hfjobs expose`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._listing import Listing
from hfjobs_cli.commands._select import is_running, jobs_to_change, not_running, refused
from hfjobs_cli.errors import ExitCode, RequestRefused, UsageError
from hfjobs_cli.formats.renderer import Renderer
from hfjobs_cli.jobspec.validate import MAX_PORTS
from hfjobs_cli.text.words import conflict

if TYPE_CHECKING:
    from hfjobs_cli.formats.renderer import View
    from hfjobs_cli.models.job import JobInfo


def expose(
    session: Session,
    job: options.OneActiveJob,
    ports: options.Ports = None,
    *,
    public: options.PublicPorts = None,
    clear: options.ClearPorts = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
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
    open_to_all = list(dict.fromkeys(public or ()))
    wanted = list(dict.fromkeys([*(ports or ()), *open_to_all]))
    if clear and wanted:
        raise conflict("--clear", "ports")
    if not clear and not wanted:
        raise UsageError("no ports given", hint="use for example 8000 or --public 8080, or --clear to close all")
    if len(wanted) > MAX_PORTS:
        raise UsageError(f"too many ports: {len(wanted)}", hint=f"use at most {MAX_PORTS}")
    listing = Listing(session, output, default=ADDRESSES, indent=4)

    plan = Plan(
        session,
        output.kind,
        "change the ports of",
        "changed",
        could_hit=is_running,
        stages=("RUNNING",),
        asks=not (yes or dry_run),
    )
    references = jobs_to_change(session, [job], namespace, plan)
    if references is None:
        return ExitCode.FAILURE
    for reference in references:
        if dry_run:
            now = session.client.inspect_job(reference)
            if not is_running(now):
                raise not_running(now)
            status = replace(now.status, expose_urls=None)
            listing.show([replace(now, expose=wanted, expose_public=open_to_all, status=status)])
            session.note("nothing was changed (--dry-run)")
            continue
        try:
            exposed = session.client.expose_job(reference, wanted, open_to_all)
        except RequestRefused as error:
            raise refused(session, reference, error) from error
        listing.show([exposed])
        if not exposed.expose:
            session.note(f"{reference} has no open ports now")
    return ExitCode.DONE


def _addresses(jobs: Iterable[JobInfo], view: View) -> None:
    """Write each port with its address, which are in the same order."""
    for job in jobs:
        addresses = job.status.expose_urls or []
        for place, port in enumerate(job.expose or ()):
            address = addresses[place] if place < len(addresses) else "-"
            access = "public" if port in (job.expose_public or ()) else "token"
            view.write(f"{port:<5}  {access:<6}  {view.spell(address)}\n")


ADDRESSES = Renderer("addresses", _addresses, streams=True)
"""For eyes."""
