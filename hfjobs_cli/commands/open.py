"""`hfjobs open`."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hfjobs_cli.cli import options, single_command_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._hub_or_file import AtHub, only
from hfjobs_cli.errors import BadResponse, ExitCode, UsageError
from hfjobs_cli.query.references import JobReference

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo

_SCHEDULE = "scheduled-job:"
"""How the reference of a schedule begins, which has no page."""

_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
"""Variables that are set where a browser would open on another machine."""


def open(  # noqa: A001 - the name of the command
    session: Session,
    job: single_command_options.FirstJob,
    *,
    print_: single_command_options.PrintsUrl = False,
    namespace: options.Namespace = None,
) -> ExitCode:
    """Open the page of a job in a browser.

    Without a browser, over ssh and in a pipe the URL is printed instead. Schedules have no page: see 'hfjobs describe'.

    \b
    Examples:
      hfjobs open @latest
      hfjobs open 6a01d697aff1cd33e8f33a64
      hfjobs open @failed --print
    """
    if job.startswith(_SCHEDULE):
        raise UsageError("schedules have no page on the Hub", hint=f"use 'hfjobs describe {job}'")
    url = _page(only(AtHub(session).named([job], namespace), job))
    is_printed = (
        print_ or not session.preferences.is_tty or session.settings.is_demo or not _has_browser(session.environ)
    )
    if is_printed or not _shown(url, session.environ):
        session.write(f"{url}\n")
        session.flush()
    else:
        session.note(f"opening {url}")
    return ExitCode.DONE


def _page(job: JobInfo) -> str:
    """Return the address of a job's page. Raises BadResponse if it can have none."""
    reference = JobReference.of(job, None)
    if job.url is None or reference.namespace is None:
        raise BadResponse(f"the Hub reports no owner of job {job.id}, so its URL is unknown")
    return job.url


def _has_browser(environ: Mapping[str, str]) -> bool:
    """Return whether a browser with windows can be expected: here, and not at the other end of ssh."""
    if environ.get("BROWSER"):
        return True
    if any(environ.get(name) for name in _REMOTE):
        return False
    is_own = os.name == "nt" or sys.platform == "darwin"
    return is_own or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME"))


def _shown(url: str, environ: Mapping[str, str]) -> bool:
    """Open a page, and return whether a browser took it: the first of BROWSER that does, or that of the system."""
    named = [each for each in environ.get("BROWSER", "").split(os.pathsep) if each]
    for using in named or (None,):
        try:
            if webbrowser.get(using).open(url):
                return True
        except (webbrowser.Error, OSError, ValueError):
            continue
    return False
