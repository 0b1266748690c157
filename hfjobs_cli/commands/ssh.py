"""`hfjobs ssh`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from hfjobs_cli.cli import options, single_command_options, subprocesses
from hfjobs_cli.cli.registry import kind_of
from hfjobs_cli.cli.session import Session
from hfjobs_cli.commands._action_results import is_running, not_running
from hfjobs_cli.commands._actions import Plan
from hfjobs_cli.commands._resolve import jobs_to_change
from hfjobs_cli.errors import BadResponse, HfJobsError, UsageError
from hfjobs_cli.hub.retry import OUTAGES, TRANSIENT_ERRORS, Backoff, Retries
from hfjobs_cli.models.vocabulary import ACTIVE_STAGES
from hfjobs_cli.text.values import expanded_path, span

if TYPE_CHECKING:
    from hfjobs_cli.models.job import JobInfo
    from hfjobs_cli.query.references import JobReference

FIRST_PAUSE_SECS = 1.0
LONGEST_PAUSE_SECS = 10.0

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_ADDRESS = re.compile(rf"ssh://(?P<user>{_NAME})@(?P<host>{_NAME})(?::(?P<port>[0-9]{{1,5}}))?/?")
"""An ssh address; no part of it can be taken for an option."""


def ssh(
    session: Session,
    job: options.OneActiveJob,
    command: single_command_options.RemoteCommand = None,
    *,
    identity_file: single_command_options.IdentityFile = None,
    dry_run: options.DryRun = False,
    namespace: options.Namespace = None,
) -> int:
    """Open a shell in a running job.

    Words after -- are run as a command instead. If the job is still scheduling, hfjobs waits for it to start. The job
    must have been started with --ssh, and your public key added at https://huggingface.co/settings/keys. The exit code
    is that of ssh.

    \b
    Examples:
      hfjobs ssh @running
      hfjobs ssh 6a01d697aff1cd33e8f33a64 -i ~/.ssh/id_ed25519
      hfjobs ssh 6a01d697aff1cd33e8f33a64 -- nvidia-smi -l 5
      hfjobs ssh 6a01d697aff1cd33e8f33a64 --dry-run
    """
    key = None if identity_file is None else _existing_file(identity_file)
    plan = Plan(
        session,
        kind_of("job"),
        "log in to",
        "logged in to",
        could_hit=lambda each: not each.has_ended,
        stages=ACTIVE_STAGES,
        asks=False,
    )
    for reference in jobs_to_change(session, [job], namespace, plan) or ():
        where = _destination(_running(session, reference, waits=not dry_run))
        identity = [] if key is None else ["-i", str(key)]
        words = ["ssh", *identity, *where, *(command or ())]
        if dry_run:
            session.write(shlex.join(words) + "\n")
            return 0
        return _become(session, words)
    return 0


def _existing_file(given: Path) -> Path:
    """Return the path of a key, with `~` expanded, as ssh does. Raises UsageError if it is no file."""
    path = expanded_path(str(given))
    if path.exists() and not path.is_dir():
        return path
    what = f"file '{given}' is a directory" if path.exists() else f"file '{given}' does not exist"
    raise UsageError(f"invalid value for '--identity-file' / '-i': {what}", hint="see 'hfjobs ssh --help'")


def _running(session: Session, reference: JobReference, *, waits: bool) -> JobInfo:
    """Return the job once it runs. Raises HfJobsError if it has no ssh, or will not run any more."""
    backoff = Backoff(FIRST_PAUSE_SECS, LONGEST_PAUSE_SECS)
    retries = Retries(OUTAGES)
    is_waiting = False
    while True:
        try:
            job = session.client.inspect_job(reference)
        except TRANSIENT_ERRORS as error:
            if not is_waiting:
                raise
            session.warning(f"{error.message}; still waiting")
            session.sleep(retries.pause_after(error))
            continue
        retries.reset()
        if job.has_ended:
            raise not_running(job)
        if job.status.ssh_url is None:
            raise HfJobsError(f"job {job.id} was not started with --ssh", hint="start the job with 'hfjobs run --ssh'")
        if is_running(job) or not waits:
            return job
        waited = job.waited_secs(session.clock()) or 0.0
        reason = f": {job.status.message}" if job.status.message else ""
        session.progress(f"{job.status} for {span(waited)}{reason} ...")
        session.sleep(backoff.pause())
        is_waiting = True


def _destination(job: JobInfo) -> list[str]:
    """Return the destination of a job for ssh. Raises BadResponse for an invalid address."""
    address = _ADDRESS.fullmatch(job.status.ssh_url or "")
    if address is None:
        raise BadResponse(f"invalid ssh address of job {job.id}: '{job.status.ssh_url}'")
    port = ["-p", address["port"]] if address["port"] else []
    return [*port, "--", f"{address['user']}@{address['host']}"]  # no options after --


def _become(session: Session, words: list[str]) -> int:
    """Replace this process by ssh; on Windows run it and return its exit code."""
    program = subprocesses.found_program("ssh", session.environ)
    if program is None:
        raise HfJobsError("ssh not found", hint="install OpenSSH; --dry-run prints the command")
    session.progress(None)
    session.flush()
    session.close()
    if os.name != "nt":
        os.execv(program, words)  # noqa: S606
    # On Windows exec returns the terminal to the shell at once, so ssh is run as a child.
    return subprocess.run([program, *words[1:]], check=False).returncode  # noqa: S603
