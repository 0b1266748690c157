"""`hfjobs scheduled uv run`."""

from __future__ import annotations

from typing import Annotated

from hfjobs_cli.cli import job_options, options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode, UsageError


def run(
    session: Session,
    when: schedule_options.NewWhen = None,
    script: schedule_options.NewScript = None,
    words: job_options.ScriptWords = None,
    *,
    job: job_options.ScheduledJobOptions,
    uv: job_options.UvOptions,
    terms: schedule_options.Terms,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Run a script with uv, on a schedule.

    SCRIPT is the same as for 'hfjobs uv run'. It is stored in the schedule as it is now: later changes to the local
    file have no effect on future jobs. Options after SCRIPT are read as there.

    The [tool.hf-jobs] table in the script's metadata applies, except for network_group and network_aliases, which
    schedules do not have.

    \b
    Examples:
      hfjobs scheduled uv run @daily --name nightly sync.py --all
      hfjobs scheduled uv run --with trl --flavor a10g-small '0 3 * * 6' train.py config.yaml
      hfjobs scheduled uv run '*/30 * * * *' --dry-run https://example.org/poll.py
    """
    from hfjobs_cli.commands._create import check_when, schedule
    from hfjobs_cli.commands._submit import local_environment
    from hfjobs_cli.jobspec.uv import compose_uv, is_address

    when, due = check_when(session, when)
    if script is None:
        raise UsageError("missing argument 'SCRIPT'", hint="use for example: hfjobs scheduled uv run @daily sync.py")
    local = local_environment(session, dry_run=terms.dry_run)
    downloaded = session.client.download(script) if is_address(script) else None
    launch = compose_uv(job, uv, script, words or (), namespace, local, downloaded)
    return schedule(session, launch, job, when, due, terms, output, local)
