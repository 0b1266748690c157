"""`hfjobs run`."""

from __future__ import annotations

from typing import Annotated

from hfjobs_cli.cli import job_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode


def run(
    session: Session,
    image: job_options.Image = None,
    command: job_options.CommandWords = None,
    *,
    job: job_options.JobOptions,
    arguments: job_options.ArgumentCount = 0,
    default_command: job_options.DefaultCommand = False,
    spec: job_options.Spec = None,
    following: job_options.Following,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run a command in an image, as a new job.

    Its output is followed until it ends, and how it ended is the exit code; -d only prints its id and page. Ctrl-C
    leaves it running, and says how to follow or cancel it.

    What comes after IMAGE is the command. Up to a --, long options of the job are taken there too, as in hf jobs, and a
    note says so; write IMAGE -- COMMAND to keep them. --name and --token are the command's there.

    A job costs money, so what the Hub would refuse is found before anything is sent, and the request is sent once: if
    its answer is lost, the job is looked for. --dry-run sends nothing and tells what the job may cost.

    \b
    Examples:
      hfjobs run python:3.12 python -c "print('Hello!')"
      hfjobs run -d --flavor a10g-small --timeout 2h IMAGE python train.py
      hfjobs run -e EPOCHS=3 -s HF_TOKEN IMAGE sh -c 'echo "$EPOCHS"'
      hfjobs run -v hf://datasets/alice/cards:/data IMAGE ls /data
      hfjobs run --max-cost 0.50 --flavor t4-small IMAGE nvidia-smi
      hfjobs run --dry-run --format json python:3.12 env > job.json
      hfjobs run --spec job.json --flavor cpu-upgrade
    """
    # Help and completion do without these.
    from hfjobs_cli.commands._create import start
    from hfjobs_cli.commands._submit import described_job, surroundings
    from hfjobs_cli.jobspec.model import Launch

    around = surroundings(session, dry_run=following.dry_run)
    described = described_job(
        job, image, command or (), arguments, namespace, spec, around, runs_default=default_command
    )
    return start(session, Launch(described, namespace), job, following, output, around)
