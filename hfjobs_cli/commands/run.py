"""`hfjobs run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import job_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.model import RawOptions
    from hfjobs_cli.jobspec.sweep import Fill


def run(
    session: Session,
    image: job_options.Image = None,
    command: job_options.CommandWords = None,
    *,
    job: job_options.JobOptions,
    sweeping: job_options.Sweeping,
    arguments: job_options.ArgumentCount = 0,
    default_command: job_options.DefaultCommand = False,
    spec: job_options.Spec = None,
    following: job_options.Following,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run a command in an image, as a new job.

    hfjobs follows the output until the job finishes, and its outcome is the exit code; with -d it only prints the id
    and URL. Ctrl-C leaves the job running and shows how to follow or cancel it.

    Words after IMAGE are the command. Until the first --, long options of the job are accepted there too, as in hf
    jobs, and a note says so; write IMAGE -- COMMAND to pass them to the command. --name and --token there belong to the
    command.

    A job costs money, so the request is validated before it is sent, and sent once: if the response is lost, hfjobs
    looks for the new job instead. --dry-run sends nothing and shows what the job may cost.

    --each runs a job for each of several values, a sweep: see 'hfjobs help sweeps'.

    \b
    Examples:
      hfjobs run python:3.12 python -c "print('Hello!')"
      hfjobs run -d --flavor a10g-small --timeout 2h IMAGE python train.py
      hfjobs run -e EPOCHS=3 -s HF_TOKEN IMAGE sh -c 'echo "$EPOCHS"'
      hfjobs run -v hf://datasets/alice/cards:/data IMAGE ls /data
      hfjobs run --max-cost 0.50 --flavor t4-small IMAGE nvidia-smi
      hfjobs run --dry-run --format json python:3.12 env > job.json
      hfjobs run --spec job.json --flavor cpu-upgrade
      hfjobs run --each lr=1e-4,3e-4 --each seed=0..4 --sweep grid IMAGE python train.py --lr {lr} --seed {seed}
    """
    # Help and completion do without these.
    from hfjobs_cli.commands._create import start
    from hfjobs_cli.commands._submit import described_job, local_environment
    from hfjobs_cli.jobspec.model import Launch

    local = local_environment(session, dry_run=following.dry_run)
    if sweeping.is_sweep():
        from hfjobs_cli.commands._sweep import run_sweep
        from hfjobs_cli.jobspec.sweep import filled_job

        def describe(typed: RawOptions, fill: Fill) -> Launch:
            words = [fill(word) for word in command or ()]
            described = described_job(
                typed,
                image and fill(image),
                words,
                arguments,
                namespace,
                spec,
                local,
                runs_default=default_command,
                fill=lambda written: filled_job(written, fill),
            )
            return Launch(described, namespace)

        words = [*filter(None, [image or spec]), *(command or ())]
        return run_sweep(session, sweeping, job, describe, words, following, output, local)
    described = described_job(
        job, image, command or (), arguments, namespace, spec, local, runs_default=default_command
    )
    return start(session, Launch(described, namespace), job, following, output, local)
