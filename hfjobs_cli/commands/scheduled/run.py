"""`hfjobs scheduled run`."""

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
    job: schedule_options.ScheduledJobOptions,
    arguments: job_options.ArgumentCount = 0,
    default_command: job_options.DefaultCommand = False,
    spec: job_options.Spec = None,
    terms: schedule_options.Terms,
    output: Annotated[options.Output, "schedule"],
    namespace: schedule_options.Namespace = None,
) -> ExitCode:
    """Run a command in an image, by a schedule.

    Every job of the schedule is made from the same description, which is that of 'hfjobs run'. The id and name of
    the schedule is printed, and when it runs first.

    What comes after IMAGE is the command. Up to a --, long options of the job are taken there too, as in hf jobs, and a
    note says so; write IMAGE -- COMMAND to keep them. --name and --token are the command's there.

    Jobs cost money, so what the Hub would refuse is found before anything is sent, and the request is sent once: if its
    answer is lost, the schedule is looked for. --dry-run sends nothing and tells what each job may cost.

    \b
    Examples:
      hfjobs scheduled run '0 9 * * 1' python:3.12 python -c "print('Monday')"
      hfjobs scheduled run @daily --name nightly -s HF_TOKEN IMAGE python sync.py
      hfjobs scheduled run --flavor t4-small --timeout 2h @weekly IMAGE python eval.py
      hfjobs scheduled run @hourly --suspend --concurrency IMAGE python poll.py
      hfjobs scheduled run '30 4 * * *' --dry-run --format json python:3.12 env
    """
    # Help and completion do without these.
    from hfjobs_cli.commands._create import check_when, schedule
    from hfjobs_cli.commands._submit import described_job, surroundings
    from hfjobs_cli.jobspec.model import Launch

    when, due = check_when(session, when)
    around = surroundings(session, dry_run=terms.dry_run)
    described = described_job(
        job, image, command or (), arguments, namespace, spec, around, runs_default=default_command
    )
    return schedule(session, Launch(described, namespace), job, when, due, terms, output, around)
