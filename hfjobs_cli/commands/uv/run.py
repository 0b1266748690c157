"""`hfjobs uv run`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from hfjobs_cli.cli import job_options, options
from hfjobs_cli.cli.session import Session
from hfjobs_cli.errors import ExitCode

if TYPE_CHECKING:
    from hfjobs_cli.jobspec.model import Launch, RawOptions
    from hfjobs_cli.jobspec.sweep import Fill


def run(
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
    from hfjobs_cli.commands._create import start
    from hfjobs_cli.commands._submit import local_environment
    from hfjobs_cli.jobspec.uv import compose_uv, is_address

    local = local_environment(session, dry_run=following.dry_run)
    downloaded = session.client.download(script) if is_address(script) else None
    if sweeping.is_sweep():
        from hfjobs_cli.commands._sweep import run_sweep
        from hfjobs_cli.jobspec.sweep import filled

        def describe(typed: RawOptions, fill: Fill) -> Launch:
            program = script if downloaded is not None else fill(script)
            arguments = [fill(word) for word in words or ()]
            return compose_uv(typed, filled(uv, fill), program, arguments, namespace, local, downloaded)

        return run_sweep(session, sweeping, job, describe, [script, *(words or ())], following, output, local)
    launch = compose_uv(job, uv, script, words or (), namespace, local, downloaded)
    return start(session, launch, job, following, output, local)
