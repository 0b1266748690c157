"""`hfjobs run` and `hfjobs uv run`."""

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
    from hfjobs_cli.commands._submit import start  # help and completion do without these
    from hfjobs_cli.jobspec.from_options import ImageRun

    what = ImageRun(image, command or (), arguments, spec, default_command, namespace)
    return start(session, what, job, sweeping, following, output)


def uv_run(
    session: Session,
    script: job_options.Script,
    words: job_options.ScriptWords = None,
    *,
    job: job_options.JobOptions,
    sweeping: job_options.Sweeping,
    uv: job_options.UvOptions,
    following: job_options.Following,
    output: Annotated[options.Output, "job"],
    namespace: options.Namespace = None,
) -> ExitCode:
    """Run a script with uv, as a new job.

    SCRIPT is a Python file, a URL, or a command such as 'lighteval'. Dependencies can be declared in the script itself
    (PEP 723) or with --with. The script and the files among its arguments are sent inside the request, so no bucket is
    needed; --bucket is for files that are too large.

    Words after SCRIPT are its arguments. Until the first --, options of the job are accepted there too, as in hf jobs,
    and a note says so: long ones, and -s NAME, -e KEY=VALUE and the like. Write SCRIPT -- ARGS to pass them to the
    script. --name and --token there belong to the script.

    A [tool.hf-jobs] table in the script's metadata may set image, flavor, python, timeout, name, namespace,
    network_group, env, labels, secrets, volumes and network_aliases. Command-line options override it. What it sets is
    printed before anything is sent. A script from a URL gets no secrets, namespace, network group, local directories or
    buckets that you do not name, unless you pass --trust-script.

    Following, Ctrl-C, -d, --dry-run and sweeps with --each work as in 'hfjobs run'.

    \b
    Examples:
      hfjobs uv run train.py --epochs 3
      hfjobs uv run --flavor a10g-small --with trl train.py config.yaml
      hfjobs uv run -d -s HF_TOKEN https://example.org/embed.py
      hfjobs uv run --with lighteval lighteval --help
      hfjobs uv run --dry-run train.py
      hfjobs uv run --each lr=1e-4,3e-4 --sweep lr train.py --lr {lr}
    """
    from hfjobs_cli.commands._submit import start
    from hfjobs_cli.jobspec.uv import ScriptRun

    what = ScriptRun(script, words or (), uv, namespace)
    return start(session, what, job, sweeping, following, output)
