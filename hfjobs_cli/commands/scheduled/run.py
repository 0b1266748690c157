"""`hfjobs scheduled run` and `hfjobs scheduled uv run`."""

from __future__ import annotations

from typing import Annotated

from hfjobs_cli.cli import job_options, options, schedule_options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode


def run(
    session: Session,
    when: schedule_options.NewWhen = None,
    image: job_options.Image = None,
    command: job_options.CommandWords = None,
    *,
    job: job_options.ScheduledJobOptions,
    arguments: job_options.ArgumentCount = 0,
    default_command: job_options.DefaultCommand = False,
    spec: job_options.Spec = None,
    terms: schedule_options.Terms,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Run a command in an image, on a schedule.

    Every job of the schedule has the same spec; the options are those of 'hfjobs run'. The id, the name and the first
    run of the schedule are printed.

    Words after IMAGE are the command. Until the first --, long options of the job are accepted there too, as in hf
    jobs, and a note says so; write IMAGE -- COMMAND to pass them to the command. --name and --token there belong to the
    command.

    Jobs cost money, so the request is validated before it is sent, and sent once: if the response is lost, hfjobs looks
    for the new schedule instead. --dry-run sends nothing and shows what each job may cost.

    \b
    Examples:
      hfjobs scheduled run '0 9 * * 1' python:3.12 python -c "print('Monday')"
      hfjobs scheduled run @daily --name nightly -s HF_TOKEN IMAGE python sync.py
      hfjobs scheduled run --flavor t4-small --timeout 2h @weekly IMAGE python eval.py
      hfjobs scheduled run @hourly --suspend --concurrency IMAGE python poll.py
      hfjobs scheduled run '30 4 * * *' --dry-run --format json python:3.12 env
    """
    from hfjobs_cli.commands.scheduled._submit_schedule import schedule  # help and completion do without these
    from hfjobs_cli.jobspec.from_options import ImageRun

    what = ImageRun(image, command or (), arguments, spec, default_command, namespace)
    return schedule(session, what, job, when, terms, output)


def uv_run(
    session: Session,
    when: schedule_options.NewWhen = None,
    script: job_options.OptionalScript = None,
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
    from hfjobs_cli.commands.scheduled._submit_schedule import schedule
    from hfjobs_cli.jobspec.uv import ScriptRun

    what = ScriptRun(script, words or (), uv, namespace)
    return schedule(session, what, job, when, terms, output)
